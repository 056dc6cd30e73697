#include "engine/history_writer.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/worker.h"

#define WAITING_BYTES (8u << 20)
#define WAITING_NOTES 65536
#define WAITING_CALLS 16
#define BATCH 64 /* ticks in one transaction when several wait */
#define PAUSE_FIRST (250 * CLOCK_MS)
#define PAUSE_LONGEST (5 * CLOCK_S)

/* A job on its way. */
struct call {
    struct history_note note; /* first: it travels as one */
    history_job_fn *job;
    history_job_done_fn *done;
    void *user;
    int result;
    struct err err;
};

struct history_writer {
    struct mailbox *in, *out;
    struct mailbox *calls;  /* beside `in`, where ticks that cannot be written would hold them up */
    _Atomic uint64_t space; /* the loop writes it, the thread hands it on */
    struct worker *worker;
    /* from here on the thread's own */
    struct history_store *store;
    struct history_note *batch[BATCH];
    size_t batch_count;
    bool tidy_due, failing;
    clock_us pause;
    struct err problem; /* empty while all is well */
};

struct history_note *history_note_new(void)
{
    return calloc(1, sizeof(struct history_note));
}

struct history_note *history_note_free(struct history_note *note)
{
    if (note) {
        buf_deinit(&note->row);
        free(note->definitions);
        free(note);
    }
    return NULL;
}

/* ---- the thread ------------------------------------------------------------------------------ */

static void fill_report(struct history_writer *writer, struct history_note *note)
{
    note->facts = history_store_facts(writer->store);
    note->ok = writer->problem.code == 0;
    snprintf(note->problem, sizeof note->problem, "%.199s", writer->problem.text);
    snprintf(note->notice, sizeof note->notice, "%s", note->facts.notice);
}

/* Tell the loop about a change that no tick carries. Without memory the next report will tell. */
static void send_report(struct history_writer *writer)
{
    struct history_note *note = history_note_new();
    if (!note)
        return;
    fill_report(writer, note);
    if (!mailbox_give(writer->out, &note->block))
        history_note_free(note);
}

/* Log and report what changed, once. */
static void set_problem(struct history_writer *writer, const struct err *problem)
{
    bool changed = strcmp(writer->problem.text, problem->text) != 0;
    writer->problem = *problem;
    if (!changed)
        return;
    if (problem->code)
        log_error("history", "%s", problem->text);
    else
        log_notice("history", "the history can be written again");
    send_report(writer);
}

static void give_back(struct history_writer *writer, bool written)
{
    for (size_t i = 0; i < writer->batch_count; i++) {
        struct history_note *note = writer->batch[i];
        note->written = written;
        fill_report(writer, note);
        bool taken = mailbox_give(writer->out, &note->block);
        assert(taken); /* it holds more than all notes there can be */
        (void)taken;
    }
    writer->batch_count = 0;
}

/* Wait for the first tick unless there is other work, and take what else is there. */
static void fill_batch(struct history_writer *writer)
{
    clock_us wait = writer->batch_count > 0 || writer->tidy_due ? 0 : CLOCK_NEVER;
    while (writer->batch_count < BATCH) {
        struct history_note *note = (struct history_note *)mailbox_take(writer->in, wait);
        if (!note)
            return;
        wait = 0;
        if (note->is_tick)
            writer->batch[writer->batch_count++] = note;
        else
            history_note_free(note); /* a nudge: there are calls */
    }
}

static void run_calls(struct history_writer *writer)
{
    struct call *call;
    while ((call = (struct call *)mailbox_take(writer->calls, 0))) {
        call->result = call->job(writer->store, call->user, &call->err);
        writer->tidy_due = true;
        fill_report(writer, &call->note);
        bool taken = mailbox_give(writer->out, &call->note.block);
        assert(taken); /* it has no bound */
        (void)taken;
    }
}

static bool write_batch(struct history_writer *writer)
{
    struct history_record *records[BATCH];
    for (size_t i = 0; i < writer->batch_count; i++)
        records[i] = &writer->batch[i]->record;
    struct err err = ERR_EMPTY;
    int result = history_store_write(writer->store, records, writer->batch_count, &err);
    if (result == -EBADMSG) {
        /* the damaged file has been set aside */
        err = ERR_EMPTY;
        result = history_store_write(writer->store, records, writer->batch_count, &err);
    }
    set_problem(writer, &err);
    if (result < 0)
        return false;
    writer->tidy_due = true;
    writer->pause = 0;
    give_back(writer, true);
    return true;
}

static void tidy(struct history_writer *writer)
{
    struct err err = ERR_EMPTY;
    history_store_set_space(writer->store, writer->space);
    int result = history_store_tidy(writer->store, &err);
    if (result <= 0) {
        writer->tidy_due = false;
        set_problem(writer, &err);
    }
}

/* Longer after each failure; true when the end has come meanwhile. */
static bool pause_writing(struct history_writer *writer)
{
    writer->pause = writer->pause ? writer->pause * 2 : PAUSE_FIRST;
    if (writer->pause > PAUSE_LONGEST)
        writer->pause = PAUSE_LONGEST;
    return mailbox_pause(writer->in, writer->pause);
}

static void run(void *user)
{
    struct history_writer *writer = user;
    bool last_chance = false;
    for (;;) {
        fill_batch(writer);
        if (writer->batch_count > 0) {
            if (write_batch(writer))
                continue;
            if (last_chance)
                break;
            run_calls(writer);
            last_chance = pause_writing(writer);
            continue;
        }
        run_calls(writer);
        if (mailbox_pause(writer->in, 0)) {
            break;
        } else if (writer->tidy_due) {
            tidy(writer);
        }
    }
    give_back(writer, false);
}

/* ---- the loop's side ------------------------------------------------------------------------- */

static struct history_writer *free_all(struct history_writer *writer)
{
    mailbox_free(writer->in);
    mailbox_free(writer->out);
    mailbox_free(writer->calls);
    free(writer);
    return NULL;
}

struct history_writer *history_writer_start(struct history_store *store_take)
{
    struct history_writer *writer = mem_new(sizeof *writer);
    writer->store = store_take;
    writer->in = mailbox_new(WAITING_NOTES, WAITING_BYTES);
    writer->out = mailbox_new(SIZE_MAX, SIZE_MAX);
    writer->calls = mailbox_new(WAITING_CALLS, SIZE_MAX);
    if (writer->in && writer->out && writer->calls)
        writer->worker = worker_start("history", run, writer);
    return writer->worker ? writer : free_all(writer);
}

/* Calls that came too late, and ticks that nobody took. */
static void return_waiting(struct history_writer *writer)
{
    struct call *call;
    while ((call = (struct call *)mailbox_take(writer->calls, 0))) {
        call->result = err_set(&call->err, -ECANCELED, "the daemon is stopping");
        call->note.ok = true;
        mailbox_give(writer->out, &call->note.block);
    }
    struct history_note *note;
    while ((note = (struct history_note *)mailbox_take(writer->in, 0))) {
        if (note->is_tick)
            mailbox_give(writer->out, &note->block);
        else
            history_note_free(note);
    }
}

void history_writer_stop(struct history_writer *writer)
{
    mailbox_close(writer->in);
    writer->worker = worker_join(writer->worker);
    writer->store = history_store_close(writer->store);
    return_waiting(writer);
}

struct history_writer *history_writer_free(struct history_writer *writer)
{
    if (!writer)
        return NULL;
    assert(!writer->worker);
    return free_all(writer);
}

bool history_writer_give(struct history_writer *writer, struct history_note *note)
{
    note->written = false;
    note->is_tick = true;
    note->block.weight = sizeof *note + note->row.capacity;
    return mailbox_give(writer->in, &note->block);
}

static bool give_call(struct history_writer *writer, struct call *call)
{
    call->note.is_call = true;
    call->note.block.weight = sizeof *call;
    return mailbox_give(writer->calls, &call->note.block);
}

int history_writer_call(struct history_writer *writer, history_job_fn *job,
                        history_job_done_fn *done, void *user)
{
    struct call *call = calloc(1, sizeof *call);
    struct history_note *nudge = history_note_new();
    int result = call && nudge ? 0 : -ENOMEM;
    if (result == 0) {
        *call = (struct call){.job = job, .done = done, .user = user};
        result = give_call(writer, call) ? 0 : -EBUSY;
    }
    if (result < 0) {
        free(call);
        history_note_free(nudge);
        return result;
    }
    nudge->block.weight = sizeof *nudge;
    /* Without room for the nudge the thread is at work, and comes by. */
    if (!mailbox_give(writer->in, &nudge->block))
        history_note_free(nudge);
    return 0;
}

void history_writer_set_space(struct history_writer *writer, uint64_t bytes)
{
    writer->space = bytes;
}

struct history_note *history_writer_push_out(struct history_writer *writer)
{
    struct history_note *note;
    while ((note = (struct history_note *)mailbox_take(writer->in, 0)) && !note->is_tick)
        history_note_free(note);
    return note;
}

struct history_note *history_writer_take(struct history_writer *writer)
{
    struct history_note *note = (struct history_note *)mailbox_take(writer->out, 0);
    if (note && note->is_call) {
        struct call *call = (struct call *)note;
        call->done(call->user, call->result, &call->err);
    }
    return note;
}

int history_writer_fd(const struct history_writer *writer)
{
    return mailbox_fd(writer->out);
}
