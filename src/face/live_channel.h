/* live_channel - what all live streams with the same question share: pending changes, rendered
 * events, snapshot.
 *
 * A change is gathered once and rendered once per channel, however many streams listen. Streams
 * keep a cursor into the ring; one that falls out of it (slow client, long absence) gets a fresh
 * snapshot instead, so nobody's backlog grows. Owned by live.c.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "face/live_ring.h"
#include "face/point_json.h"
#include "face/point_select.h"

struct live_stream;

struct live_channel {
    struct live_channel *next;
    struct loop *loop;
    struct site *site;
    struct point_json *points;
    struct point_select select;
    enum time_form form;
    clock_us interval; /* wished by the clients */
    clock_us gap;      /* imposed by live.c while there are many streams */
    uint64_t epoch;    /* random: event ids of another channel or an earlier start never fit */

    struct live_ring ring;
    point_id *pending;
    size_t pending_count, pending_capacity;
    unsigned char *marks; /* per slot, see live_channel.c */
    size_t mark_count;
    bool overflowed; /* pending could not be kept: a snapshot says it all */
    struct loop_timer flush;
    clock_us flushed;
    struct block *snapshot;
    uint64_t snapshot_number;
    clock_us snapshot_made;
    struct buf work;

    void (*ready)(struct live_channel *channel, void *user); /* there are new events */
    void *user;

    struct live_stream *streams; /* live.c's */
    size_t stream_count;
    clock_us left; /* when the last one went */
};

/* A channel without streams; copies `select`. NULL when out of memory. */
struct live_channel *live_channel_new(struct loop *loop, struct site *site,
                                      struct point_json *points, const struct point_select *select,
                                      enum time_form form, clock_us interval);
struct live_channel *live_channel_free(struct live_channel *channel);

bool live_channel_is(const struct live_channel *channel, const struct point_select *select,
                     enum time_form form, clock_us interval);

/* From the feed. */
void live_channel_changed(struct live_channel *channel, const point_id *points, size_t count);
void live_channel_tree(struct live_channel *channel);

/* The event log has grown to the id `last`. */
void live_channel_events(struct live_channel *channel, uint64_t last);

/* An event of that name with these bytes. */
void live_channel_say(struct live_channel *channel, const char *name, const char *data,
                      size_t length);

/* Where a stream begins: after the event `last_id` (may be NULL) when that is still held, else 0:
 * with a snapshot. */
uint64_t live_channel_cursor(const struct live_channel *channel, const char *last_id);

/* The next thing to send to a stream whose cursor is given, with a reference, or NULL when there is
 * nothing now. */
struct block *live_channel_next(struct live_channel *channel, uint64_t *cursor);
