#include "face/live_channel.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "face/point_list.h"

/* Matching a path against many patterns once per slot, not once per change; the tree changing
 * starts anew. */
enum { MARK_TRIED = 1, MARK_MATCHES = 2, MARK_PENDING = 4 };

struct live_channel *live_channel_new(struct loop *loop, struct site *site,
                                      struct point_json *points, const struct point_select *select,
                                      enum time_form form, clock_us interval)
{
    struct live_channel *channel = calloc(1, sizeof *channel);
    if (!channel)
        return NULL;
    if (point_select_copy(&channel->select, select) < 0 ||
        gnutls_rnd(GNUTLS_RND_NONCE, &channel->epoch, sizeof channel->epoch) < 0)
        return live_channel_free(channel);
    channel->loop = loop;
    channel->site = site;
    channel->points = points;
    channel->form = form;
    channel->interval = interval;
    channel->ring = LIVE_RING_EMPTY;
    return channel;
}

struct live_channel *live_channel_free(struct live_channel *channel)
{
    if (!channel)
        return NULL;
    loop_timer_stop(&channel->flush);
    live_ring_deinit(&channel->ring);
    block_unref(channel->snapshot);
    point_select_deinit(&channel->select);
    buf_deinit(&channel->work);
    free(channel->pending);
    free(channel->marks);
    free(channel);
    return NULL;
}

bool live_channel_is(const struct live_channel *channel, const struct point_select *select,
                     enum time_form form, clock_us interval)
{
    return channel->form == form && channel->interval == interval &&
           point_select_equal(&channel->select, select);
}

/* ---- events ---------------------------------------------------------------------------------- */

static void begin_event(struct live_channel *channel, const char *name, uint64_t number)
{
    buf_clear(&channel->work);
    buf_add_format(&channel->work, "event: %s\nid: %016" PRIx64 "-%" PRIu64 "\ndata: ", name,
                   channel->epoch, number);
}

static struct block *end_event(struct live_channel *channel)
{
    buf_add(&channel->work, "\n\n", 2);
    return channel->work.failed ? NULL : block_from(channel->work.data, channel->work.length);
}

static void push(struct live_channel *channel)
{
    struct block *block = end_event(channel);
    if (block)
        live_ring_push(&channel->ring, block);
    else
        live_ring_skip(&channel->ring);
    channel->ready(channel, channel->user);
}

static void flush(struct live_channel *channel)
{
    loop_timer_stop(&channel->flush);
    if (channel->overflowed)
        live_ring_skip(&channel->ring);
    clock_us now = loop_now(channel->loop);
    size_t written = 0;
    begin_event(channel, "points", channel->ring.next);
    for (size_t i = 0; i < channel->pending_count; i++) {
        point_id id = channel->pending[i];
        const struct point *point = site_point(channel->site, id);
        channel->marks[point_slot(id)] &= (unsigned char)~MARK_PENDING;
        if (!point)
            continue;
        buf_add_char(&channel->work, written++ ? ',' : '[');
        point_json_add(channel->points, &channel->work, point, channel->form, now);
    }
    channel->pending_count = 0;
    channel->flushed = now;
    bool overflowed = channel->overflowed;
    channel->overflowed = false;
    if (written) {
        buf_add_char(&channel->work, ']');
        push(channel);
    } else if (overflowed) {
        channel->ready(channel, channel->user);
    }
}

static void on_flush(struct loop_timer *timer, void *user)
{
    (void)timer;
    flush(user);
}

static void schedule(struct live_channel *channel)
{
    clock_us gap = channel->interval > channel->gap ? channel->interval : channel->gap;
    clock_us due = channel->flushed + gap;
    if (gap == 0 || due <= loop_now(channel->loop))
        flush(channel);
    else if (!loop_timer_running(&channel->flush))
        loop_timer_at(channel->loop, &channel->flush, due, on_flush, channel);
}

/* ---- gathering ------------------------------------------------------------------------------- */

static bool grow_marks(struct live_channel *channel)
{
    size_t count = site_slot_count(channel->site);
    if (count <= channel->mark_count)
        return true;
    unsigned char *marks = realloc(channel->marks, count);
    if (!marks)
        return false;
    memset(marks + channel->mark_count, 0, count - channel->mark_count);
    channel->marks = marks;
    channel->mark_count = count;
    return true;
}

static bool add_pending(struct live_channel *channel, point_id id)
{
    if (channel->pending_count == channel->pending_capacity) {
        size_t capacity = channel->pending_capacity ? channel->pending_capacity * 2 : 64;
        point_id *pending = realloc(channel->pending, capacity * sizeof *pending);
        if (!pending)
            return false;
        channel->pending = pending;
        channel->pending_capacity = capacity;
    }
    channel->pending[channel->pending_count++] = id;
    return true;
}

static bool wants(struct live_channel *channel, point_id id)
{
    unsigned char *mark = &channel->marks[point_slot(id)];
    if (!(*mark & MARK_TRIED)) {
        const struct point *point = site_point(channel->site, id);
        *mark |= MARK_TRIED;
        if (point && point_select_matches(&channel->select, point))
            *mark |= MARK_MATCHES;
    }
    if (!(*mark & MARK_MATCHES) || (*mark & MARK_PENDING))
        return false;
    *mark |= MARK_PENDING;
    return true;
}

void live_channel_changed(struct live_channel *channel, const point_id *points, size_t count)
{
    if (!grow_marks(channel)) {
        channel->overflowed = true;
        schedule(channel);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        if (wants(channel, points[i]) && !add_pending(channel, points[i]))
            channel->overflowed = true;
    }
    if (channel->pending_count || channel->overflowed)
        schedule(channel);
}

void live_channel_tree(struct live_channel *channel)
{
    /* What is pending may die with its slot: send it first, and forget what is known of slots. */
    if (channel->pending_count || channel->overflowed)
        flush(channel);
    if (channel->mark_count)
        memset(channel->marks, 0, channel->mark_count);
    channel->snapshot = block_unref(channel->snapshot);
    begin_event(channel, "site", channel->ring.next);
    buf_add_format(&channel->work, "{\"revision\":%" PRIu64 "}", site_revision(channel->site));
    push(channel);
}

void live_channel_events(struct live_channel *channel, uint64_t last)
{
    begin_event(channel, "events", channel->ring.next);
    buf_add_format(&channel->work, "{\"last\":%" PRIu64 "}", last);
    push(channel);
}

void live_channel_say(struct live_channel *channel, const char *name, const char *data,
                      size_t length)
{
    begin_event(channel, name, channel->ring.next);
    buf_add(&channel->work, data, length);
    push(channel);
}

/* ---- reading --------------------------------------------------------------------------------- */

uint64_t live_channel_cursor(const struct live_channel *channel, const char *last_id)
{
    uint64_t epoch, number;
    int used = 0;
    if (!last_id || sscanf(last_id, "%16" SCNx64 "-%" SCNu64 "%n", &epoch, &number, &used) != 2 ||
        last_id[used] || epoch != channel->epoch || number >= channel->ring.next)
        return 0;
    /* All has been heard, or what follows is still held. */
    return number + 1 == channel->ring.next || live_ring_get(&channel->ring, number + 1)
               ? number + 1
               : 0;
}

/* Everything as it is now; its id is that of the last event, since what that said is contained. */
static struct block *snapshot(struct live_channel *channel)
{
    clock_us now = loop_now(channel->loop);
    uint64_t number = channel->ring.next - 1;
    if (channel->snapshot && channel->snapshot_number == number &&
        now - channel->snapshot_made < POINT_LIST_MS * CLOCK_MS)
        return channel->snapshot;
    block_unref(channel->snapshot);
    begin_event(channel, "snapshot", number);
    point_list_write(channel->points, channel->site, &channel->select, channel->form, now,
                     &channel->work);
    channel->snapshot = end_event(channel);
    channel->snapshot_number = number;
    channel->snapshot_made = now;
    return channel->snapshot;
}

struct block *live_channel_next(struct live_channel *channel, uint64_t *cursor)
{
    struct block *block;
    if (*cursor == channel->ring.next)
        return NULL;
    block = *cursor ? live_ring_get(&channel->ring, *cursor) : NULL;
    if (block) {
        ++*cursor;
        return block_ref(block);
    }
    block = snapshot(channel);
    if (!block)
        return NULL; /* out of memory: the next event tries again */
    *cursor = channel->ring.next;
    return block_ref(block);
}
