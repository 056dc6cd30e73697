#include "engine/batch_writer.h"

#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/worker.h"

#define UNTIDY_MOST 8 /* transactions without a rest before it is tidied all the same */
#define PAUSE_FIRST (250 * CLOCK_MS)
#define PAUSE_LONGEST (5 * CLOCK_S)

struct batch_writer {
    const struct batch_work *work;
    void *user;
    struct mailbox *in, *out;
    struct worker *worker;
    /* from here on the thread's own */
    struct batch_block *batch[BATCH_WRITER_MOST];
    size_t batch_count;
    bool tidy_due;
    unsigned writes; /* since it was tidied */
    clock_us pause;
    struct err problem;
};

/* ---- the thread ------------------------------------------------------------------------------ */

static void send(struct batch_writer *writer, struct batch_block *block, bool written)
{
    block->written = written;
    block->problem = writer->problem;
    writer->work->report(writer->user, block);
    bool taken = mailbox_give(writer->out, &block->block);
    assert(taken); /* it has no bound, and is not closed */
    (void)taken;
}

/* Tell the loop what no other block carries. */
static void send_report(struct batch_writer *writer)
{
    struct batch_block *block = writer->work->blank();
    if (block)
        send(writer, block, false);
}

static void set_problem(struct batch_writer *writer, const struct err *problem)
{
    bool changed = strcmp(writer->problem.text, problem->text) != 0;
    writer->problem = *problem;
    if (changed)
        send_report(writer);
}

static void give_back(struct batch_writer *writer, bool written)
{
    for (size_t i = 0; i < writer->batch_count; i++)
        send(writer, writer->batch[i], written);
    writer->batch_count = 0;
}

/* Wait for the first block unless there is other work, and take what else is there. */
static void fill_batch(struct batch_writer *writer)
{
    clock_us wait = writer->batch_count > 0 || writer->tidy_due ? 0 : CLOCK_NEVER;
    while (writer->batch_count < BATCH_WRITER_MOST) {
        struct mailbox_block *block = mailbox_take(writer->in, wait);
        if (!block)
            return;
        writer->batch[writer->batch_count++] = (struct batch_block *)block;
        wait = 0;
    }
}

static int try_to_write(struct batch_writer *writer, struct err *err)
{
    *err = ERR_EMPTY;
    return writer->work->write(writer->user, writer->batch, writer->batch_count, err);
}

static bool write_batch(struct batch_writer *writer)
{
    struct err err;
    int result = try_to_write(writer, &err);
    if (result == -EBADMSG)
        result = try_to_write(writer, &err);
    set_problem(writer, &err);
    if (result < 0)
        return false;
    writer->tidy_due = writer->work->tidy != NULL;
    writer->writes++;
    writer->pause = 0;
    give_back(writer, true);
    return true;
}

static void tidy(struct batch_writer *writer)
{
    struct err err = ERR_EMPTY;
    int result = writer->work->tidy(writer->user, &err);
    writer->tidy_due = result > 0;
    writer->writes = 0;
    if (result < 0 || writer->problem.code)
        set_problem(writer, &err);
    else if (result > 0)
        send_report(writer); /* what was done is to be told too */
}

/* Longer after each failure; true when the end has come meanwhile. */
static bool pause_writing(struct batch_writer *writer)
{
    writer->pause = writer->pause ? writer->pause * 2 : PAUSE_FIRST;
    if (writer->pause > PAUSE_LONGEST)
        writer->pause = PAUSE_LONGEST;
    return mailbox_pause(writer->in, writer->pause);
}

static void run(void *user)
{
    struct batch_writer *writer = user;
    bool last_chance = false;
    for (;;) {
        fill_batch(writer);
        if (writer->tidy_due && writer->writes >= UNTIDY_MOST)
            tidy(writer);
        if (writer->batch_count > 0) {
            if (write_batch(writer))
                continue;
            if (last_chance)
                break;
            last_chance = pause_writing(writer);
        } else if (mailbox_pause(writer->in, 0)) {
            break; /* closed, and all is written */
        } else if (writer->tidy_due) {
            tidy(writer);
        }
    }
    give_back(writer, false);
}

/* ---- the loop's side ------------------------------------------------------------------------- */

struct batch_writer *batch_writer_start(const struct batch_work *work, void *user, size_t blocks,
                                        size_t bytes)
{
    struct batch_writer *writer = mem_new(sizeof *writer);
    writer->work = work;
    writer->user = user;
    writer->in = mailbox_new(blocks, bytes);
    writer->out = mailbox_new(SIZE_MAX, SIZE_MAX);
    if (writer->in && writer->out)
        writer->worker = worker_start(work->name, run, writer);
    if (writer->worker)
        return writer;
    mailbox_free(writer->in);
    mailbox_free(writer->out);
    free(writer);
    return NULL;
}

void batch_writer_stop(struct batch_writer *writer)
{
    struct mailbox_block *block;
    mailbox_close(writer->in);
    writer->worker = worker_join(writer->worker);
    writer->work->close(writer->user);
    while ((block = mailbox_take(writer->in, 0)))
        mailbox_give(writer->out, block);
}

struct batch_writer *batch_writer_free(struct batch_writer *writer)
{
    if (!writer)
        return NULL;
    assert(!writer->worker);
    mailbox_free(writer->in);
    mailbox_free(writer->out);
    free(writer);
    return NULL;
}

bool batch_writer_give(struct batch_writer *writer, struct batch_block *block)
{
    return mailbox_give(writer->in, &block->block);
}

struct batch_block *batch_writer_take(struct batch_writer *writer)
{
    return (struct batch_block *)mailbox_take(writer->out, 0);
}

int batch_writer_fd(const struct batch_writer *writer)
{
    return mailbox_fd(writer->out);
}
