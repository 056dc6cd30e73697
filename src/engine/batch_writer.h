/* batch_writer - the thread of a store: takes blocks from the loop, writes several in one
 * transaction, gives them back when they are durable.
 *
 * The loop makes blocks, gives them, and takes them back; whoever holds a block owns it. While the
 * disk refuses, blocks wait and are written when it accepts again, tried after longer and longer
 * pauses; at the end there is one more try, and what could not be written comes back as it is.
 * Between writes the thread does what there is to tidy, step by step. The store is the thread's
 * alone.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/mailbox.h"

#define BATCH_WRITER_MOST 64 /* blocks in one transaction when several wait */

struct batch_writer;

/* First member of what is handed over. */
struct batch_block {
    struct mailbox_block block;
    /* filled by the writer */
    bool written;       /* durable; else it only tells, or could not be written before the end */
    struct err problem; /* why the store cannot be written, empty while all is well */
};

/* What the thread does, all of it on the thread. */
struct batch_work {
    const char *name; /* of the thread */
    /* 0: all are durable; else none is, and `err` says why. After -EBADMSG a damaged file has been
     * set aside, and it is called once more. */
    int (*write)(void *user, struct batch_block *const *blocks, size_t count, struct err *err);
    /* Add what the store has to tell to a block that goes back. */
    void (*report)(void *user, struct batch_block *block);
    /* A block that only tells; NULL when out of memory: then the next one will. */
    struct batch_block *(*blank)(void);
    /* A step of what is to be done after writes: positive when there may be more, 0, or negative
     * with `err`. May be NULL. */
    int (*tidy)(void *user, struct err *err);
    void (*close)(void *user); /* at the end; when the start failed it is not called */
};

/* Start the thread. At most `blocks` blocks of `bytes` bytes wait. `work` and `user` are borrowed.
 * NULL when there is no thread. */
struct batch_writer *batch_writer_start(const struct batch_work *work, void *user, size_t blocks,
                                        size_t bytes);

/* Let the thread write what it has, stop it. Blocks that are left must be taken before
 * batch_writer_free. */
void batch_writer_stop(struct batch_writer *writer);
struct batch_writer *batch_writer_free(struct batch_writer *writer); /* accepts NULL */

/* Hand a block over; false when those that wait fill their bound: then it stays the caller's. */
bool batch_writer_give(struct batch_writer *writer, struct batch_block *block);

/* What came back; NULL when nothing did. */
struct batch_block *batch_writer_take(struct batch_writer *writer);

/* Readable while there is something to take. */
int batch_writer_fd(const struct batch_writer *writer);
