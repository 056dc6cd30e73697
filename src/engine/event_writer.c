#include "engine/event_writer.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"

struct event_writer {
    struct batch_writer *batch;
    /* the thread's own */
    struct event_store *store;
    struct event_policy policy; /* of the last event that was written */
};

/* ---- the thread ------------------------------------------------------------------------------ */

static int write_events(void *user, struct batch_block *const *blocks, size_t count,
                        struct err *err)
{
    struct event_writer *writer = user;
    struct event_record *records[BATCH_WRITER_MOST];
    for (size_t i = 0; i < count; i++)
        records[i] = &((struct event_note *)blocks[i])->record;
    int result = event_store_write(writer->store, records, count, err);
    if (result == 0)
        writer->policy = ((struct event_note *)blocks[count - 1])->policy;
    return result;
}

static void report(void *user, struct batch_block *block)
{
    const struct event_writer *writer = user;
    struct event_note *note = (struct event_note *)block;
    const struct event_store_facts facts = event_store_facts(writer->store);
    note->first = facts.first;
    note->last = facts.last;
    note->bytes = facts.bytes;
    note->generation = facts.generation;
    snprintf(note->notice, sizeof note->notice, "%s", facts.notice);
}

static struct batch_block *blank(void)
{
    struct event_note *note = calloc(1, sizeof *note);
    if (!note)
        return NULL;
    note->is_report = true;
    return &note->batch;
}

/* That some were removed is an event too. */
static int prune(void *user, struct err *err)
{
    struct event_writer *writer = user;
    return event_store_prune(writer->store, &writer->policy, err);
}

static void close_store(void *user)
{
    struct event_writer *writer = user;
    writer->store = event_store_close(writer->store);
}

/* ---- the loop's side ------------------------------------------------------------------------- */

struct event_writer *event_writer_start(struct event_store *store_take)
{
    static const struct batch_work work = {
        .name = "events",
        .write = write_events,
        .report = report,
        .blank = blank,
        .tidy = prune,
        .close = close_store,
    };
    struct event_writer *writer = mem_new(sizeof *writer);
    writer->store = store_take;
    writer->batch = batch_writer_start(&work, writer, EVENT_WAITING_NOTES, EVENT_WAITING_BYTES);
    if (writer->batch)
        return writer;
    free(writer);
    return NULL;
}

void event_writer_stop(struct event_writer *writer)
{
    batch_writer_stop(writer->batch);
}

struct event_writer *event_writer_free(struct event_writer *writer)
{
    if (writer)
        batch_writer_free(writer->batch);
    free(writer);
    return NULL;
}

bool event_writer_give(struct event_writer *writer, struct event_note *note)
{
    return batch_writer_give(writer->batch, &note->batch);
}

struct event_note *event_writer_take(struct event_writer *writer)
{
    return (struct event_note *)batch_writer_take(writer->batch);
}

int event_writer_fd(const struct event_writer *writer)
{
    return batch_writer_fd(writer->batch);
}
