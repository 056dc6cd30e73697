/* The copy of what waits on the disk: each change as it happens; all of it again when the disk has
 * missed some. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "engine/notify_private.h"

/* Bytes of changes that may wait for a disk that refuses; beyond, all is written anew when it
 * accepts again, which costs no more than that once. */
#define UNWRITTEN_MOST (1u << 20)

static void write_all(struct notify *notify);

/* ---- steps ----------------------------------------------------------------------------------- */

static struct notify_op *add_op(struct notify_op **end, enum notify_op_kind kind, uint64_t id)
{
    struct notify_op *op = calloc(1, sizeof *op);
    if (!op)
        return NULL;
    op->kind = kind;
    op->id = id;
    *end = op;
    return op;
}

/* A step that holds a copy of the entry; NULL without memory. */
static struct notify_op *add_entry(struct notify_op **end, const struct notify_target *target,
                                   const struct notify_entry *entry)
{
    struct notify_op *op = add_op(end, NOTIFY_OP_ADD, entry->id);
    if (!op)
        return NULL;
    snprintf(op->recipient, sizeof op->recipient, "%s", target->name);
    op->job = entry->job;
    op->entry = notify_entry_new(&entry->notice, entry->id);
    return op->entry ? op : NULL;
}

static struct notify_op *add_lost(struct notify_op **end, const struct notify_target *target)
{
    struct notify_op *op = add_op(end, NOTIFY_OP_LOST, 0);
    if (!op)
        return NULL;
    snprintf(op->recipient, sizeof op->recipient, "%s", target->name);
    op->count = target->lost;
    op->since = target->lost_since;
    return op;
}

static size_t weigh(const struct notify_op *op)
{
    size_t bytes = sizeof(struct notify_note);
    for (; op; op = op->next)
        bytes += sizeof *op + (op->entry ? op->entry->bytes : 0);
    return bytes;
}

/* Hand steps over, `complete` telling that there was memory for all of them. */
static void give(struct notify *notify, struct notify_op *ops, bool complete)
{
    struct notify_note *note = complete ? calloc(1, sizeof *note) : NULL;
    if (!note) {
        notify_op_free(ops);
        notify->behind = true;
        return;
    }
    note->ops = ops;
    note->batch.block.weight = weigh(ops);
    notify->unwritten += note->batch.block.weight;
    notify_writer_give(notify->writer, note);
}

/* Whether single changes still make sense. Each says the same when it comes a second time, so it
 * may follow on what was written anew just now. */
static bool keeps(struct notify *notify)
{
    if (notify->unwritten > UNWRITTEN_MOST)
        notify->behind = true;
    else if (notify->behind && notify->writer && notify->kept && !notify->unwritten)
        write_all(notify);
    return notify->writer && !notify->behind;
}

void notify_keep_add(struct notify_target *target, const struct notify_entry *entry)
{
    struct notify_op *ops = NULL;
    if (keeps(target->notify)) {
        bool complete = add_entry(&ops, target, entry);
        give(target->notify, ops, complete);
    }
}

void notify_keep_job(struct notify_target *target)
{
    struct notify_op *ops = NULL, **end = &ops;
    bool complete = true;
    if (!keeps(target->notify))
        return;
    for (const struct notify_entry *entry = target->job_entries.first; entry && complete;
         entry = entry->next) {
        struct notify_op *op = add_op(end, NOTIFY_OP_JOB, entry->id);
        complete = op;
        if (op) {
            op->job = entry->job;
            end = &op->next;
        }
    }
    give(target->notify, ops, complete);
}

void notify_keep_done(struct notify *notify, const struct notify_entry *entries)
{
    struct notify_op *ops = NULL, **end = &ops;
    bool complete = true;
    if (!keeps(notify))
        return;
    for (; entries && complete; entries = entries->next) {
        struct notify_op *op = add_op(end, NOTIFY_OP_DONE, entries->id);
        complete = op;
        if (op)
            end = &op->next;
    }
    give(notify, ops, complete);
}

void notify_keep_lost(struct notify_target *target)
{
    struct notify_op *ops = NULL;
    if (keeps(target->notify)) {
        bool complete = add_lost(&ops, target);
        give(target->notify, ops, complete);
    }
}

/* ---- all of it ------------------------------------------------------------------------------- */

static struct notify_op **add_list(struct notify_op **end, const struct notify_target *target,
                                   const struct notify_list *list)
{
    for (const struct notify_entry *entry = list->first; entry && end; entry = entry->next) {
        struct notify_op *op = add_entry(end, target, entry);
        end = op ? &op->next : NULL;
    }
    return end;
}

static struct notify_op **add_target(struct notify_op **end, const struct notify_target *target)
{
    if (target->job.count)
        end = add_list(end, target, &target->job_entries);
    for (size_t i = 0; i < ALARM_SEVERITIES && end; i++)
        end = add_list(end, target, &target->queue.lists[i]);
    if (end && target->lost) {
        struct notify_op *op = add_lost(end, target);
        end = op ? &op->next : NULL;
    }
    return end;
}

static void write_all(struct notify *notify)
{
    struct notify_op *ops = NULL;
    struct notify_op *first = add_op(&ops, NOTIFY_OP_CLEAR, 0), **end = first ? &first->next : NULL;
    for (size_t i = 0; i < notify->target_count && end; i++)
        end = add_target(end, notify->targets[i]);
    notify->behind = false;
    give(notify, ops, end);
}

/* ---- what comes back ------------------------------------------------------------------------- */

static void take_report(struct notify *notify, const struct notify_note *note)
{
    bool kept = note->batch.problem.code == 0;
    if (kept != notify->kept) {
        notify->kept = kept;
        snprintf(notify->kept_problem, sizeof notify->kept_problem, "%.199s",
                 note->batch.problem.text);
        if (kept)
            log_notice("notify", "what waits to be sent is on the disk again");
        else
            log_error("notify", "%s", note->batch.problem.text);
    }
    if (note->generation != notify->generation) {
        notify->generation = note->generation;
        notify->behind = true;
    }
    if (*note->notice && strcmp(note->notice, notify->damage) != 0) {
        snprintf(notify->damage, sizeof notify->damage, "%s", note->notice);
        notify_event(notify, EVENT_NOTICES_PROBLEM, "notices", "%s", note->notice);
    }
}

static void on_back(struct loop_fd *handle, int events, void *user)
{
    struct notify *notify = user;
    (void)handle;
    (void)events;
    for (struct notify_note *note; (note = notify_writer_take(notify->writer));) {
        take_report(notify, note);
        notify->unwritten -= note->batch.block.weight;
        notify_note_free(note);
    }
    if (notify->behind && notify->kept)
        write_all(notify);
}

/* ---- life ------------------------------------------------------------------------------------ */

static int start(struct notify *notify, const char *folder, notify_store_fn *fn, struct err *err)
{
    int64_t floor = notify->next_id >> 32; /* of the clock */
    struct notify_store *store = notify_store_open(folder, floor, err);
    if (!store)
        return err->code;
    notify->next_id = (uint64_t)notify_store_run(store) << 32 | 1;
    int result = notify_store_read(store, fn, notify, err);
    if (result == 0 && *notify_store_notice(store)) {
        snprintf(notify->damage, sizeof notify->damage, "%s", notify_store_notice(store));
        notify_event(notify, EVENT_NOTICES_PROBLEM, "notices", "%s", notify->damage);
    }
    if (result == 0)
        notify->writer = notify_writer_start(store);
    if (!notify->writer) {
        notify_store_close(store);
        return result < 0 ? result : err_set(err, -1, "the writer of notices cannot be started");
    }
    return loop_fd_start(notify->loop, &notify->back, notify_writer_fd(notify->writer), LOOP_READ,
                         on_back, notify);
}

void notify_keep_open(struct notify *notify, const char *folder, notify_store_fn *fn)
{
    struct err err = ERR_EMPTY;
    clock_us wall = clock_wall_known(loop_clock(notify->loop)) ? loop_wall(notify->loop) : CLOCK_S;
    notify->back = LOOP_FD_EMPTY;
    notify->next_id = (uint64_t)(wall / CLOCK_S & 0x7FFFFFFF) << 32 | 1;
    notify->kept = start(notify, folder, fn, &err) == 0;
    if (notify->kept)
        return;
    snprintf(notify->kept_problem, sizeof notify->kept_problem, "%.199s", err.text);
    log_error("notify", "what waits to be sent is not kept over a restart: %s", err.text);
}

void notify_keep_close(struct notify *notify)
{
    loop_fd_stop(&notify->back);
    if (!notify->writer)
        return;
    if (notify->behind)
        write_all(notify);
    notify_writer_stop(notify->writer);
    size_t lost = 0;
    for (struct notify_note *note; (note = notify_writer_take(notify->writer));) {
        lost += note->ops && !note->batch.written;
        notify_note_free(note);
    }
    if (lost)
        log_error("notify", "what waits to be sent could not be written: %s", notify->kept_problem);
    notify->writer = notify_writer_free(notify->writer);
}
