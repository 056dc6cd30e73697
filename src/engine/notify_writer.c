#include "engine/notify_writer.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"

struct notify_writer {
    struct batch_writer *batch;
    struct notify_store *store; /* the thread's own */
};

void notify_note_free(struct notify_note *note)
{
    notify_op_free(note->ops);
    free(note);
}

/* ---- the thread ------------------------------------------------------------------------------ */

static int write_steps(void *user, struct batch_block *const *blocks, size_t count, struct err *err)
{
    struct notify_writer *writer = user;
    struct notify_op *lists[BATCH_WRITER_MOST];
    for (size_t i = 0; i < count; i++)
        lists[i] = ((struct notify_note *)blocks[i])->ops;
    return notify_store_write(writer->store, lists, count, err);
}

static void report(void *user, struct batch_block *block)
{
    const struct notify_writer *writer = user;
    struct notify_note *note = (struct notify_note *)block;
    note->generation = notify_store_generation(writer->store);
    snprintf(note->notice, sizeof note->notice, "%s", notify_store_notice(writer->store));
}

static struct batch_block *blank(void)
{
    struct notify_note *note = calloc(1, sizeof *note);
    return note ? &note->batch : NULL;
}

static void close_store(void *user)
{
    struct notify_writer *writer = user;
    writer->store = notify_store_close(writer->store);
}

/* ---- the loop's side ------------------------------------------------------------------------- */

struct notify_writer *notify_writer_start(struct notify_store *store_take)
{
    static const struct batch_work work = {
        .name = "notices",
        .write = write_steps,
        .report = report,
        .blank = blank,
        .close = close_store,
    };
    struct notify_writer *writer = mem_new(sizeof *writer);
    writer->store = store_take;
    writer->batch = batch_writer_start(&work, writer, SIZE_MAX, SIZE_MAX);
    if (writer->batch)
        return writer;
    free(writer);
    return NULL;
}

void notify_writer_stop(struct notify_writer *writer)
{
    batch_writer_stop(writer->batch);
}

struct notify_writer *notify_writer_free(struct notify_writer *writer)
{
    if (writer)
        batch_writer_free(writer->batch);
    free(writer);
    return NULL;
}

void notify_writer_give(struct notify_writer *writer, struct notify_note *note)
{
    bool taken = batch_writer_give(writer->batch, &note->batch);
    assert(taken);
    (void)taken;
}

struct notify_note *notify_writer_take(struct notify_writer *writer)
{
    return (struct notify_note *)batch_writer_take(writer->batch);
}

int notify_writer_fd(const struct notify_writer *writer)
{
    return batch_writer_fd(writer->batch);
}
