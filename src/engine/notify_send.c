/* What goes out: when it is due, together with what, and what becomes of it. */

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/time_text.h"
#include "engine/notify_private.h"

#define BACK_OFF_FIRST (10 * CLOCK_S)
#define BACK_OFF_LONGEST (3600 * CLOCK_S)
/* Who has something new to tell does not wait out a long back-off: it tries again, so long after
 * the last try. A receiver that is back hears all within this time when something happens. */
#define NEWS_AFTER (30 * CLOCK_S)
/* So many that wait are sent together, though the recipient has no least interval: it was out of
 * reach, or there is a storm. */
#define TOGETHER_FROM 10
/* Quiet times are the wall clock's, which can be set: looked at again so often. */
#define QUIET_LOOK (60 * CLOCK_S)
#define WORDS_MOST 8000

/* ---- when ------------------------------------------------------------------------------------ */

static clock_us wall_of(const struct notify *notify)
{
    return clock_wall_known(loop_clock(notify->loop)) ? loop_wall(notify->loop) : 0;
}

static const struct notify_route *route_of(const struct notify_target *target)
{
    const char *kind = recipient_kind_name((enum recipient_kind)target->settings->kind);
    for (const struct notify_route *route = target->notify->routes; route; route = route->next) {
        if (strcmp(route->kind, kind) == 0)
            return route;
    }
    return NULL;
}

static bool is_quiet(const struct notify_target *target)
{
    return notify_hours_quiet(target->settings, wall_of(target->notify)) != 0;
}

static bool is_loud(const struct notify_list *list)
{
    for (const struct notify_entry *entry = list->first; entry; entry = entry->next) {
        if (entry->notice.severity == ALARM_CRITICAL || entry->notice.kind == NOTICE_TEST)
            return true;
    }
    return false;
}

/* What may be sent now at all. */
static enum alarm_severity least_now(const struct notify_target *target)
{
    return is_quiet(target) && !target->urgent ? ALARM_CRITICAL : ALARM_INFO;
}

/* Whether there is anything that may go in a quiet time, or at all. */
static bool has_any(const struct notify_target *target, bool quiet)
{
    if (target->job.count)
        return !quiet || is_loud(&target->job_entries);
    return (target->lost && !quiet) ||
           notify_queue_first(&target->queue, quiet ? ALARM_CRITICAL : ALARM_INFO);
}

/* When the next try is due; CLOCK_NEVER when nothing waits. */
static clock_us due_at(const struct notify_target *target)
{
    clock_us now = loop_now(target->notify->loop);
    bool waits = target->job.count || target->queue.count || target->lost;
    if (!waits)
        return CLOCK_NEVER;
    if (target->urgent)
        return now;
    clock_us due = now;
    if (target->back_off)
        due = target->retry_at;
    else if (target->ever_sent && target->settings->min_interval)
        due = target->sent_at + target->settings->min_interval;
    if (!has_any(target, is_quiet(target)) && due < now + QUIET_LOOK)
        due = now + QUIET_LOOK;
    return due;
}

/* ---- a job ----------------------------------------------------------------------------------- */

static void set_problem(struct notify_target *target, const char *words)
{
    snprintf(target->problem, sizeof target->problem, "%.199s", words);
    target->problem[strcspn(target->problem, "\r\n")] = '\0';
}

/* That notices were lost is told before all that remains. */
static bool begin_loss(struct notify_target *target)
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
                                                                   .wall = wall_of(notify),
                                                                   .subject = subject,
                                                                   .text = text},
                                                  notify->next_id);
    if (!entry)
        return false;
    entry->job = notify->next_id++;
    notify->count++;
    notify->bytes += entry->bytes;
    notify_list_add(&target->job_entries, entry);
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

static void fill_job(struct notify_target *target, const struct notify_route *route)
{
    enum alarm_severity least = least_now(target);
    size_t count = count_of(target, route);
    for (size_t i = 0; i < count; i++) {
        struct notify_entry *entry = notify_queue_take(&target->queue, least);
        if (!entry)
            break;
        notify_list_add(&target->job_entries, entry);
    }
}

/* Entries -> what the route sees. */
static void show_job(struct notify_target *target)
{
    size_t count = 0;
    for (const struct notify_entry *entry = target->job_entries.first; entry; entry = entry->next)
        target->notices[count++] = entry->notice;
    target->job = (struct notify_job){.recipient = target->settings,
                                      .name = target->name,
                                      .id = target->job_entries.first->job,
                                      .count = count,
                                      .notices = target->notices};
}

/* Make a job of what is due first; false when that is nothing. */
static bool begin_job(struct notify_target *target, const struct notify_route *route)
{
    bool loss = target->lost && !is_quiet(target) && begin_loss(target);
    if (!loss)
        fill_job(target, route);
    struct notify_entry *first = target->job_entries.first;
    if (!first)
        return false;
    /* A number of its own for several: should the disk not learn what they were in time, others may
     * be put together after a restart, and must not pass for the same. */
    uint64_t id = first->next ? target->notify->next_id++ : first->id;
    for (struct notify_entry *entry = first; entry; entry = entry->next)
        entry->job = id;
    if (!loss)
        notify_keep_job(target); /* of one too: after a restart it must not get company */
    show_job(target);
    return true;
}

void notify_send_resume(struct notify_target *target, struct notify_entry *entry)
{
    if (target->job.count == NOTIFY_TOGETHER_MOST) {
        notify_queue_add(&target->queue, entry);
        return;
    }
    notify_list_add(&target->job_entries, entry);
    show_job(target);
}

/* ---- what becomes of it ---------------------------------------------------------------------- */

static struct notify_list take_job(struct notify_target *target)
{
    struct notify_list list = target->job_entries;
    target->job_entries = (struct notify_list){0};
    target->job = (struct notify_job){0};
    return list;
}

/* All of the job's entries leave. */
static void end_job(struct notify_target *target)
{
    struct notify_list list = take_job(target);
    notify_keep_done(target->notify, list.first);
    for (struct notify_entry *entry; (entry = notify_list_take(&list));) {
        target->notify->count--;
        target->notify->bytes -= entry->bytes;
        free(entry);
    }
}

static void on_delivered(struct notify_target *target)
{
    struct notify *notify = target->notify;
    target->delivered += target->job.count;
    target->sent_at = loop_now(notify->loop);
    target->last_wall = wall_of(notify);
    target->ever_sent = true;
    target->went_well = true;
    target->problem[0] = '\0';
    end_job(target);
    if (target->back_off)
        notify_event(notify, EVENT_NOTICES_RESTORED, target->name,
                     "Notices reach %s again after %" PRId64 " s; %zu wait to be sent",
                     target->name, (int64_t)((target->sent_at - target->failing_since) / CLOCK_S),
                     target->queue.count);
    target->back_off = 0;
}

/* Those that have waited for longer than the settings allow. */
static void give_up_old(struct notify_target *target)
{
    clock_us limit = wall_of(target->notify) - target->notify->settings->keep;
    const struct notify_entry *first = target->job_entries.first;
    if (first && first->notice.wall && first->notice.wall < limit) {
        struct notify_list list = take_job(target);
        while (list.first)
            notify_lose(target, notify_list_take(&list));
    }
    while ((first = notify_queue_first(&target->queue, ALARM_INFO)) && first->notice.wall &&
           first->notice.wall < limit)
        notify_lose(target, notify_queue_take(&target->queue, ALARM_INFO));
}

static void on_later(struct notify_target *target, const char *words)
{
    struct notify *notify = target->notify;
    clock_us now = loop_now(notify->loop);
    target->went_well = false;
    set_problem(target, words);
    if (!target->back_off) {
        target->failing_since = now;
        notify_event(notify, EVENT_NOTICES_DELAYED, target->name, "Notices for %s wait: %.300s",
                     target->name, target->problem);
    }
    target->back_off = target->back_off ? target->back_off * 2 : BACK_OFF_FIRST;
    if (target->back_off > BACK_OFF_LONGEST)
        target->back_off = BACK_OFF_LONGEST;
    target->retry_at = now + target->back_off;
    target->tried_at = now;
    if (target->job.count == 1 && target->notices[0].kind == NOTICE_TEST)
        end_job(target); /* a person looks at what came of it now */
    give_up_old(target);
}

static void on_never(struct notify_target *target, const char *words)
{
    size_t count = target->job.count;
    target->went_well = false;
    target->given_up += count;
    set_problem(target, words);
    notify_event(target->notify, EVENT_NOTICES_LOST, target->name,
                 "%s refused %zu notice%s, which %s given up: %.300s", target->name, count,
                 count == 1 ? "" : "s", count == 1 ? "is" : "are", target->problem);
    end_job(target);
    target->back_off = 0;
}

static void on_defer(struct loop_defer *defer, void *user)
{
    (void)defer;
    notify_send_due(user);
}

/* Jobs are part of their targets; the list is short. */
static struct notify_target *target_of(struct notify *notify, const struct notify_job *job)
{
    for (size_t i = 0; i < notify->target_count; i++) {
        if (&notify->targets[i]->job == job)
            return notify->targets[i];
    }
    return NULL;
}

static bool has_test(const struct notify_target *target)
{
    for (size_t i = 0; i < target->job.count; i++) {
        if (target->notices[i].kind == NOTICE_TEST)
            return true;
    }
    return false;
}

void notify_done(struct notify *notify, struct notify_job *job, enum notify_outcome outcome,
                 const char *words)
{
    struct notify_target *target = target_of(notify, job);
    assert(target && target->flying);
    target->flying = false;
    target->route = NULL;
    if (target->abandoning && outcome == NOTIFY_LATER)
        return;
    target->tries++;
    if (outcome == NOTIFY_LATER || has_test(target))
        target->urgent = false;
    free(target->words);
    target->words = strndup(words, WORDS_MOST);
    if (outcome == NOTIFY_DELIVERED)
        on_delivered(target);
    else if (outcome == NOTIFY_LATER)
        on_later(target, words);
    else
        on_never(target, words);
    loop_defer(notify->loop, &target->defer, on_defer, target);
}

void notify_send_abandon(struct notify_target *target)
{
    if (!target->flying)
        return;
    target->abandoning = true;
    target->route->abandon(target->route->user, &target->job);
    target->abandoning = false;
    assert(!target->flying);
}

/* ---- sending --------------------------------------------------------------------------------- */

static void on_timer(struct loop_timer *timer, void *user)
{
    (void)timer;
    notify_send_due(user);
}

void notify_send_due(struct notify_target *target)
{
    struct notify *notify = target->notify;
    loop_timer_stop(&target->timer);
    target->due = CLOCK_NEVER;
    if (target->flying || target->abandoning || notify->closing)
        return;
    const struct notify_route *route = route_of(target);
    if (!route) {
        set_problem(target, "this program has no way to send it");
        return;
    }
    clock_us now = loop_now(notify->loop);
    target->due = due_at(target);
    if (target->due > now) {
        if (target->due != CLOCK_NEVER)
            loop_timer_at(notify->loop, &target->timer, target->due, on_timer, target);
        return;
    }
    if (!target->job.count && !begin_job(target, route)) {
        /* no memory, or the hours changed this very moment */
        target->urgent = false;
        loop_timer_at(notify->loop, &target->timer, now + QUIET_LOOK, on_timer, target);
        return;
    }
    target->due = CLOCK_NEVER;
    target->flying = true;
    target->route = route;
    target->tried_at = now;
    target->job.recipient = target->settings;
    target->job.site = notify->site->name;
    target->job.attempt++;
    route->send(route->user, &target->job);
}

void notify_send_new(struct notify_target *target, const struct notify_entry *entry)
{
    clock_us now = loop_now(target->notify->loop), soon = target->tried_at + NEWS_AFTER;
    if (entry->notice.kind == NOTICE_TEST)
        target->urgent = true;
    if (target->back_off && soon < target->retry_at)
        target->retry_at = soon > now ? soon : now;
    notify_send_due(target);
}
