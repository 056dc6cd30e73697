/* event_writer - the thread that owns the store of events: takes notes from the loop, gives them
 * back when they are durable.
 *
 * A batch_writer whose blocks are events; between writes it removes what the policy does not want,
 * step by step.
 */
#pragma once

#include <stdbool.h>

#include "engine/batch_writer.h"
#include "engine/event_store.h"

#define EVENT_WAITING_NOTES 4096
#define EVENT_WAITING_BYTES (4u << 20)

struct event_writer;

/* An event on its way, or only a report. Freed with free(). */
struct event_note {
    struct batch_block batch;
    struct event_record record; /* its texts lie behind this struct */
    struct event_policy policy;
    void (*durable)(void *user, uint64_t id);
    void *user;
    bool is_report;
    /* filled by the writer */
    uint64_t first, last, bytes, generation;
    char notice[200];
};

/* Start the thread, which takes over `store`. NULL (the store stays the caller's) when there is no
 * thread. */
struct event_writer *event_writer_start(struct event_store *store_take);

/* Let the thread write what it has, stop it, close the store. Notes that are left must be taken
 * before event_writer_free. */
void event_writer_stop(struct event_writer *writer);
struct event_writer *event_writer_free(struct event_writer *writer);

/* Hand an event over; false when the waiting ones fill their bound: then it stays the caller's. */
bool event_writer_give(struct event_writer *writer, struct event_note *note);

/* What came back; NULL when nothing did. */
struct event_note *event_writer_take(struct event_writer *writer);

/* Readable while there is something to take. */
int event_writer_fd(const struct event_writer *writer);
