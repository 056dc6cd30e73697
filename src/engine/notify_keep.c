/* What waits, on the disk: each change as it happens; what is in memory again when the disk has
 * missed some. Texts leave memory when the disk has them. */

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

static struct notify_op *add_entry(struct notify_op **end, const struct notify_target *target,
                                   struct notify_entry *entry, uint64_t job)
{
    struct notify_op *op = add_op(end, NOTIFY_OP_ADD, entry->id);
    if (!op)
        return NULL;
    snprintf(op->recipient, sizeof op->recipient, "%s", target->name);
    op->severity = entry->notice.severity;
    op->job = job;
    op->entry = notify_entry_share(entry);
    return op;
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

void notify_keep_add(struct notify_target *target, struct notify_entry *entry)
{
    struct notify_op *ops = NULL;
    if (keeps(target->notify)) {
        bool complete = add_entry(&ops, target, entry, 0);
        give(target->notify, ops, complete);
    }
}

/* One step for each of the records. */
static void keep_each(struct notify *notify, enum notify_op_kind kind,
                      const struct notify_record *records, size_t count, uint64_t job)
{
    struct notify_op *ops = NULL, **end = &ops;
    bool complete = true;
    if (!keeps(notify))
        return;
    for (size_t i = 0; i < count && complete; i++) {
        struct notify_op *op = add_op(end, kind, records[i].id);
        complete = op;
        if (op) {
            op->job = job;
            end = &op->next;
        }
    }
    give(notify, ops, complete);
}

void notify_keep_job(struct notify_target *target)
{
    keep_each(target->notify, NOTIFY_OP_JOB, target->picked, target->picked_count, target->job_id);
}

void notify_keep_done(struct notify *notify, const struct notify_record *records, size_t count)
{
    keep_each(notify, NOTIFY_OP_DONE, records, count, 0);
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

/* What of this severity the disk has already stays there: all from the oldest on, since they leave
 * in their order; the others are written. (One that passed the others, when the disk could not be
 * read, may stay too and be sent again after a restart, under the same id.) */
static struct notify_op **add_ring(struct notify_op **end, const struct notify_target *target,
                                   enum alarm_severity severity)
{
    const struct notify_ring *ring = &target->queue.rings[severity];
    if (!ring->count)
        return end;
    struct notify_op *op = add_op(end, NOTIFY_OP_KEEP, notify_ring_at(ring, 0)->id);
    if (op) {
        snprintf(op->recipient, sizeof op->recipient, "%s", target->name);
        op->severity = severity;
    }
    end = op ? &op->next : NULL;
    for (uint32_t i = 0; i < ring->count && end; i++) {
        struct notify_entry *entry = notify_ring_at(ring, i)->entry;
        if (!entry)
            continue;
        op = add_entry(end, target, entry, 0);
        end = op ? &op->next : NULL;
    }
    return end;
}

/* The job, of which the disk may have nothing or all. */
static struct notify_op **add_picked(struct notify_op **end, const struct notify_target *target)
{
    for (size_t i = 0; i < target->picked_count && end; i++) {
        const struct notify_record *record = &target->picked[i];
        struct notify_op *op = record->entry ? add_entry(end, target, record->entry, target->job_id)
                                             : add_op(end, NOTIFY_OP_JOB, record->id);
        if (op)
            op->job = target->job_id;
        end = op ? &op->next : NULL;
    }
    return end;
}

static struct notify_op **add_target(struct notify_op **end, const struct notify_target *target)
{
    for (int i = 0; i < ALARM_SEVERITIES && end; i++)
        end = add_ring(end, target, (enum alarm_severity)i);
    if (end)
        end = add_picked(end, target); /* after the rings: those would take it out of its job */
    if (end && target->lost) {
        struct notify_op *op = add_lost(end, target);
        end = op ? &op->next : NULL;
    }
    return end;
}

static void write_all(struct notify *notify)
{
    struct notify_op *ops = NULL;
    struct notify_op *op = add_op(&ops, NOTIFY_OP_MARK, 0), **end = op ? &op->next : NULL;
    for (size_t i = 0; i < notify->target_count && end; i++)
        end = add_target(end, notify->targets[i]);
    op = end ? add_op(end, NOTIFY_OP_SWEEP, 0) : NULL;
    notify->behind = false;
    give(notify, ops, op);
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

/* What is on the disk needs no place in memory any more. What is being sent keeps its texts. */
static void release(struct notify *notify, const struct notify_note *note)
{
    struct notify_target *target = NULL;
    for (const struct notify_op *op = note->ops; op; op = op->next) {
        if (op->kind != NOTIFY_OP_ADD)
            continue;
        if (!target || strcmp(target->name, op->recipient) != 0)
            target = notify_find(notify, op->recipient);
        struct notify_record *record =
            target ? notify_queue_find(&target->queue, op->severity, op->id) : NULL;
        if (record)
            record->entry = notify_entry_drop(record->entry);
    }
}

static void on_back(struct loop_fd *handle, int events, void *user)
{
    struct notify *notify = user;
    (void)handle;
    (void)events;
    for (struct notify_note *note; (note = notify_writer_take(notify->writer));) {
        take_report(notify, note);
        if (note->batch.written)
            release(notify, note);
        notify->unwritten -= note->batch.block.weight;
        notify_note_free(note);
    }
    if (notify->behind && notify->kept)
        write_all(notify);
}

/* ---- life ------------------------------------------------------------------------------------ */

static int start(struct notify *notify, notify_store_fn *fn, struct err *err)
{
    int64_t floor = notify->next_id >> 32; /* of the clock */
    struct notify_store *store = notify_store_open(notify->folder, floor, err);
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

void notify_keep_open(struct notify *notify, notify_store_fn *fn)
{
    struct err err = ERR_EMPTY;
    clock_us wall = clock_wall_known(loop_clock(notify->loop)) ? loop_wall(notify->loop) : CLOCK_S;
    notify->back = LOOP_FD_EMPTY;
    notify->next_id = (uint64_t)(wall / CLOCK_S & 0x7FFFFFFF) << 32 | 1;
    notify->kept = start(notify, fn, &err) == 0;
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
