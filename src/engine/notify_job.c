/* What is sent next: picked by its records, with texts from memory or from the disk. */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/time_text.h"
#include "engine/notify_private.h"

/* So many that wait are sent together, though the recipient has no least interval: it was out of
 * reach, or there is a storm. */
#define TOGETHER_FROM 10
/* Texts of one job; what is longer is split. */
#define JOB_BYTES_MOST (256u << 10)
/* A disk that could not be read is asked again so much later. */
#define READ_AGAIN (30 * CLOCK_S)

/* ---- the end --------------------------------------------------------------------------------- */

static void let_go(struct notify_target *target)
{
    target->picked_count = 0;
    target->job_id = 0;
    target->job = (struct notify_job){0};
}

void notify_job_end(struct notify_target *target)
{
    struct notify *notify = target->notify;
    if (target->picked_count)
        notify_keep_done(notify, target->picked, target->picked_count);
    for (size_t i = 0; i < target->picked_count; i++) {
        notify->count--;
        notify->bytes -= target->picked[i].bytes;
        notify_entry_drop(target->picked[i].entry);
    }
    let_go(target);
}

void notify_job_lose(struct notify_target *target)
{
    for (size_t i = 0; i < target->picked_count; i++)
        notify_lose(target, &target->picked[i]);
    let_go(target);
}

void notify_job_forget_fetch(struct notify_target *target)
{
    target->notify->fetching -= target->fetch != NULL;
    target->fetch = notify_fetch_forget(target->fetch);
}

/* ---- what goes together ---------------------------------------------------------------------- */

/* That notices were lost is told before all that remains. */
static bool pick_loss(struct notify_target *target)
{
    struct notify *notify = target->notify;
    char text[300], since[TIME_TEXT_SIZE] = "", subject[100];
    if (target->lost_since)
        time_text_format_local(target->lost_since, since);
    snprintf(subject, sizeof subject, "%" PRIu64 " notices were lost", target->lost);
    snprintf(text, sizeof text,
             "%" PRIu64 " notices for %s were given up%s%.19s, because it could not be reached "
             "for too long. The event log has what happened.",
             target->lost, target->name, *since ? " since " : "", since);
    struct notify_entry *entry = notify_entry_new(&(struct notice){.kind = NOTICE_LOSS,
                                                                   .severity = ALARM_CRITICAL,
                                                                   .rule = "notices-lost",
                                                                   .number = (double)target->lost,
                                                                   .limit = 0,
                                                                   .wall = notify_send_wall(notify),
                                                                   .subject = subject,
                                                                   .text = text},
                                                  notify->next_id);
    if (!entry)
        return false;
    notify->next_id++;
    notify->count++;
    notify->bytes += entry->bytes;
    target->picked[0] = notify_record_of(entry);
    target->picked_count = 1;
    target->lost = 0;
    notify_keep_add(target, entry);
    notify_keep_lost(target);
    return true;
}

/* How many of those that wait go together. */
static size_t count_of(const struct notify_target *target, const struct notify_route *route)
{
    const struct notify_queue *queue = &target->queue;
    size_t most = route->most ? route->most : 1;
    if (most > NOTIFY_TOGETHER_MOST)
        most = NOTIFY_TOGETHER_MOST;
    if (!target->settings->min_interval && queue->count < TOGETHER_FROM)
        most = 1;
    return most < queue->count ? most : queue->count;
}

/* What may be sent now at all. */
static enum alarm_severity least_now(const struct notify_target *target)
{
    return notify_send_quiet(target) && !target->urgent ? ALARM_CRITICAL : ALARM_INFO;
}

/* While the disk cannot be read, what is in memory passes what is not. */
static void pick(struct notify_target *target, const struct notify_route *route)
{
    enum alarm_severity least = least_now(target);
    bool unreadable = target->unreadable_until > loop_now(target->notify->loop);
    size_t count = count_of(target, route), bytes = 0;
    while (target->picked_count < count && bytes < JOB_BYTES_MOST) {
        struct notify_record *record = &target->picked[target->picked_count];
        if (!(unreadable ? notify_queue_take_held(&target->queue, least, record)
                         : notify_queue_take(&target->queue, least, record)))
            break;
        bytes += record->bytes;
        target->picked_count++;
    }
}

void notify_job_resume(struct notify_target *target, struct notify_record record_take, uint64_t job)
{
    bool fits = target->picked_count < NOTIFY_TOGETHER_MOST &&
                (!target->picked_count || target->job_id == job);
    if (job && fits) {
        target->job_id = job;
        target->picked[target->picked_count++] = record_take;
    } else if (!notify_queue_add(&target->queue, record_take)) {
        notify_lose(target, &record_take);
    }
}

/* ---- texts ----------------------------------------------------------------------------------- */

/* Back to where they were; a job that was begun before is one no more, and gets another number. */
static void put_back(struct notify_target *target)
{
    for (size_t i = target->picked_count; i-- > 0;) {
        if (!notify_queue_return(&target->queue, target->picked[i]))
            notify_lose(target, &target->picked[i]);
    }
    let_go(target);
}

/* The disk does not give the texts now: later. */
static void wait_for_disk(struct notify_target *target, const struct err *err)
{
    struct notify *notify = target->notify;
    target->unreadable_until = loop_now(notify->loop) + READ_AGAIN;
    notify_send_problem(target, err->text);
    if (!notify->unreadable)
        notify_event(notify, EVENT_NOTICES_PROBLEM, "notices",
                     "What waits to be sent cannot be read: %.300s", err->text);
    if (!notify->unreadable)
        log_error("notify", "%s", err->text);
    notify->unreadable = true;
    put_back(target);
}

/* Each record its entry; those that the disk has no more are lost. */
static void take_texts(struct notify_target *target, struct notify_entry **entries,
                       const struct err *err)
{
    size_t count = target->picked_count, kept = 0, at = 0;
    for (size_t i = 0; i < count; i++) {
        struct notify_record record = target->picked[i];
        if (!record.entry)
            record.entry = entries[at++];
        if (record.entry) {
            target->picked[kept++] = record;
            continue;
        }
        notify_send_problem(target, err->code == 0 && *err->text
                                        ? err->text
                                        : "their texts are not on the disk any more");
        notify_lose(target, &record);
    }
    target->picked_count = kept;
    if (kept == 0)
        let_go(target);
    else if (kept < count && !target->job_id)
        put_back(target); /* with their texts: that some were lost is told first */
}

static void on_texts(void *user, struct notify_entry **entries, size_t count, const struct err *err)
{
    struct notify_target *target = user;
    (void)count; /* as many as records without an entry: nothing was picked meanwhile */
    target->fetch = NULL;
    target->notify->fetching--;
    if (err->code < 0) {
        wait_for_disk(target, err);
    } else {
        target->unreadable_until = 0;
        target->notify->unreadable = false;
        take_texts(target, entries, err);
    }
    notify_send_due(target);
}

/* Records -> what the route sees. */
static void show(struct notify_target *target)
{
    size_t count = target->picked_count;
    /* A number of its own for several: should the disk not learn what they were in time, others may
     * be put together after a restart, and must not pass for the same. */
    if (!target->job_id) {
        target->job_id = count > 1 ? target->notify->next_id++ : target->picked[0].id;
        notify_keep_job(target); /* of one too: after a restart it must not get company */
    }
    for (size_t i = 0; i < count; i++)
        target->notices[i] = target->picked[i].entry->notice;
    target->job = (struct notify_job){.recipient = target->settings,
                                      .name = target->name,
                                      .id = target->job_id,
                                      .count = count,
                                      .notices = target->notices};
}

bool notify_job_ready(struct notify_target *target, const struct notify_route *route)
{
    struct notify *notify = target->notify;
    uint64_t ids[NOTIFY_TOGETHER_MOST];
    size_t count = 0;
    if (!target->picked_count && !(target->lost && !notify_send_quiet(target) && pick_loss(target)))
        pick(target, route);
    if (!target->picked_count)
        return false;
    for (size_t i = 0; i < target->picked_count; i++) {
        if (!target->picked[i].entry)
            ids[count++] = target->picked[i].id;
    }
    if (count == 0) {
        show(target);
        return true;
    }
    target->fetch = notify_fetch_start(notify->loop, notify->folder, ids, count, on_texts, target);
    notify->fetching += target->fetch != NULL;
    if (!target->fetch)
        wait_for_disk(target,
                      &(struct err){-ENOMEM, "there is no memory to read the queue of notices"});
    return false;
}
