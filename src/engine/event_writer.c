#include "engine/event_writer.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/worker.h"

#define BATCH 64   /* events in one transaction when several wait */
#define UNPRUNED 8 /* transactions without a rest before old ones are removed all the same */
#define PAUSE_FIRST (250 * CLOCK_MS)
#define PAUSE_LONGEST (5 * CLOCK_S)

struct event_writer {
    struct mailbox *in, *out;
    struct worker *worker;
    /* from here on the thread's own */
    struct event_store *store;
    struct event_note *batch[BATCH];
    size_t batch_count;
    struct event_policy policy;
    bool prune_due;
    unsigned writes; /* since the last pruning */
    clock_us pause;
    struct err problem;
};

/* ---- the thread ------------------------------------------------------------------------------ */

static void fill_report(const struct event_writer *writer, struct event_note *note)
{
    const struct event_store_facts facts = event_store_facts(writer->store);
    note->problem = writer->problem;
    note->first = facts.first;
    note->last = facts.last;
    note->bytes = facts.bytes;
    note->generation = facts.generation;
    snprintf(note->notice, sizeof note->notice, "%s", facts.notice);
}

/* Tell the loop about a change that no event carries. Without memory the next one will tell. */
static void send_report(struct event_writer *writer)
{
    struct event_note *note = calloc(1, sizeof *note);
    if (!note)
        return;
    note->is_report = true;
    fill_report(writer, note);
    if (!mailbox_give(writer->out, &note->block))
        free(note);
}

static void set_problem(struct event_writer *writer, const struct err *problem)
{
    bool changed = strcmp(writer->problem.text, problem->text) != 0;
    writer->problem = *problem;
    if (changed)
        send_report(writer);
}

static void give_back(struct event_writer *writer, bool written)
{
    for (size_t i = 0; i < writer->batch_count; i++) {
        struct event_note *note = writer->batch[i];
        note->written = written;
        fill_report(writer, note);
        bool taken = mailbox_give(writer->out, &note->block);
        assert(taken); /* it holds more than all notes there can be */
        (void)taken;
    }
    writer->batch_count = 0;
}

/* Wait for the first event unless there is other work, and take what else is there. */
static void fill_batch(struct event_writer *writer)
{
    clock_us wait = writer->batch_count > 0 || writer->prune_due ? 0 : CLOCK_NEVER;
    while (writer->batch_count < BATCH) {
        struct mailbox_block *block = mailbox_take(writer->in, wait);
        if (!block)
            return;
        writer->batch[writer->batch_count++] = (struct event_note *)block;
        wait = 0;
    }
}

static bool write_batch(struct event_writer *writer)
{
    struct event_record *records[BATCH];
    for (size_t i = 0; i < writer->batch_count; i++)
        records[i] = &writer->batch[i]->record;
    struct err err = ERR_EMPTY;
    int result = event_store_write(writer->store, records, writer->batch_count, &err);
    if (result == -EBADMSG) {
        /* the damaged file has been set aside */
        err = ERR_EMPTY;
        result = event_store_write(writer->store, records, writer->batch_count, &err);
    }
    set_problem(writer, &err);
    if (result < 0)
        return false;
    writer->policy = writer->batch[writer->batch_count - 1]->policy;
    writer->prune_due = true;
    writer->writes++;
    writer->pause = 0;
    give_back(writer, true);
    return true;
}

static void prune(struct event_writer *writer)
{
    struct err err = ERR_EMPTY;
    int result = event_store_prune(writer->store, &writer->policy, &err);
    writer->prune_due = result > 0;
    writer->writes = 0;
    if (result < 0 || writer->problem.code)
        set_problem(writer, &err);
    else if (result > 0)
        send_report(writer); /* that some were removed is an event too */
}

/* Longer after each failure; true when the end has come meanwhile. */
static bool pause_writing(struct event_writer *writer)
{
    writer->pause = writer->pause ? writer->pause * 2 : PAUSE_FIRST;
    if (writer->pause > PAUSE_LONGEST)
        writer->pause = PAUSE_LONGEST;
    return mailbox_pause(writer->in, writer->pause);
}

static void run(void *user)
{
    struct event_writer *writer = user;
    bool last_chance = false;
    for (;;) {
        fill_batch(writer);
        if (writer->writes >= UNPRUNED)
            prune(writer);
        if (writer->batch_count > 0) {
            if (write_batch(writer))
                continue;
            if (last_chance)
                break;
            last_chance = pause_writing(writer);
        } else if (mailbox_pause(writer->in, 0)) {
            break;
        } else if (writer->prune_due) {
            prune(writer);
        }
    }
    give_back(writer, false);
}

/* ---- the loop's side ------------------------------------------------------------------------- */

struct event_writer *event_writer_start(struct event_store *store_take)
{
    struct event_writer *writer = mem_new(sizeof *writer);
    writer->store = store_take;
    writer->in = mailbox_new(EVENT_WAITING_NOTES, EVENT_WAITING_BYTES);
    writer->out = mailbox_new(SIZE_MAX, SIZE_MAX);
    if (writer->in && writer->out)
        writer->worker = worker_start("events", run, writer);
    if (!writer->worker) {
        mailbox_free(writer->in);
        mailbox_free(writer->out);
        free(writer);
        return NULL;
    }
    return writer;
}

void event_writer_stop(struct event_writer *writer)
{
    mailbox_close(writer->in);
    writer->worker = worker_join(writer->worker);
    writer->store = event_store_close(writer->store);
    struct mailbox_block *block;
    while ((block = mailbox_take(writer->in, 0)))
        mailbox_give(writer->out, block);
}

struct event_writer *event_writer_free(struct event_writer *writer)
{
    if (!writer)
        return NULL;
    assert(!writer->worker);
    mailbox_free(writer->in);
    mailbox_free(writer->out);
    free(writer);
    return NULL;
}

bool event_writer_give(struct event_writer *writer, struct event_note *note)
{
    return mailbox_give(writer->in, &note->block);
}

struct event_note *event_writer_take(struct event_writer *writer)
{
    return (struct event_note *)mailbox_take(writer->out, 0);
}

int event_writer_fd(const struct event_writer *writer)
{
    return mailbox_fd(writer->out);
}
