/* notify_writer - the thread that owns the store of notices: takes notes from the loop, gives them
 * back when they are durable.
 *
 * A batch_writer whose blocks are lists of steps that belong together. Who gives them keeps their
 * number within bounds.
 */
#pragma once

#include "engine/batch_writer.h"
#include "engine/notify_store.h"

struct notify_writer;

/* Steps on their way to the disk, or only a report. */
struct notify_note {
    struct batch_block batch;
    struct notify_op *ops; /* NULL: it only tells */
    /* filled by the writer */
    uint64_t generation;
    char notice[200]; /* of a damaged file, "" */
};

void notify_note_free(struct notify_note *note);

/* Start the thread, which takes over `store`. NULL (the store stays the caller's) when there is no
 * thread. */
struct notify_writer *notify_writer_start(struct notify_store *store_take);

/* Let the thread write what it has, stop it, close the store. Notes that are left must be taken
 * before notify_writer_free. */
void notify_writer_stop(struct notify_writer *writer);
struct notify_writer *notify_writer_free(struct notify_writer *writer);

void notify_writer_give(struct notify_writer *writer, struct notify_note *note);

/* What came back; NULL when nothing did. */
struct notify_note *notify_writer_take(struct notify_writer *writer);

/* Readable while there is something to take. */
int notify_writer_fd(const struct notify_writer *writer);
