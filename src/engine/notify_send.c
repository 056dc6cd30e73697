/* What goes out: when it is due, and what becomes of it. */

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/time_text.h"
#include "base/utf8.h"
#include "engine/notify_private.h"

#define BACK_OFF_FIRST (10 * CLOCK_S)
#define BACK_OFF_LONGEST (3600 * CLOCK_S)
/* Who has something new to tell does not wait out a long back-off: it tries again, so long after
 * the last try. A receiver that is back hears all within this time when something happens. */
#define NEWS_AFTER (30 * CLOCK_S)
/* Quiet times are the wall clock's, which can be set: looked at again so often. */
#define QUIET_LOOK (60 * CLOCK_S)
#define WORDS_MOST 8000

/* ---- when ------------------------------------------------------------------------------------ */

clock_us notify_send_wall(const struct notify *notify)
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

bool notify_send_quiet(const struct notify_target *target)
{
    return notify_hours_quiet(target->settings, notify_send_wall(target->notify)) != 0;
}

static bool is_loud(const struct notify_target *target)
{
    for (size_t i = 0; i < target->picked_count; i++) {
        if (target->picked[i].loud)
            return true;
    }
    return false;
}

/* Whether there is anything that may go in a quiet time, or at all. */
static bool has_any(const struct notify_target *target, bool quiet)
{
    if (target->picked_count)
        return !quiet || is_loud(target);
    return (target->lost && !quiet) ||
           notify_queue_first(&target->queue, quiet ? ALARM_CRITICAL : ALARM_INFO);
}

/* When the next try is due; CLOCK_NEVER when nothing waits. */
static clock_us due_at(const struct notify_target *target)
{
    clock_us now = loop_now(target->notify->loop);
    bool waits = target->picked_count || target->queue.count || target->lost;
    if (!waits)
        return CLOCK_NEVER;
    if (target->urgent)
        return now;
    clock_us due = now;
    if (target->back_off)
        due = target->retry_at;
    else if (target->ever_sent && target->settings->min_interval)
        due = target->sent_at + target->settings->min_interval;
    if (!has_any(target, notify_send_quiet(target)) && due < now + QUIET_LOOK)
        due = now + QUIET_LOOK;
    return due;
}

/* ---- what becomes of it ---------------------------------------------------------------------- */

/* The first line of it; what a server answers is shown in terminals too. */
void notify_send_problem(struct notify_target *target, const char *words)
{
    size_t length = utf8_fit(words, strcspn(words, "\r\n"), sizeof target->problem - 1);
    target->problem[utf8_clean(target->problem, words, length)] = '\0';
}

static void on_delivered(struct notify_target *target)
{
    struct notify *notify = target->notify;
    target->delivered += target->job.count;
    target->sent_at = loop_now(notify->loop);
    target->last_wall = notify_send_wall(notify);
    target->ever_sent = true;
    target->went_well = true;
    target->problem[0] = '\0';
    notify_job_end(target);
    if (target->back_off && target->delay_told)
        notify_event(notify, EVENT_NOTICES_RESTORED, target->name,
                     "Notices reach %s again after %" PRId64 " s; %zu wait to be sent",
                     target->name, (int64_t)((target->sent_at - target->failing_since) / CLOCK_S),
                     target->queue.count);
    target->back_off = 0;
}

static bool is_old(const struct notify_record *record, clock_us limit)
{
    return record && record->wall && record->wall * CLOCK_S < limit;
}

/* Those that have waited for longer than the settings allow. */
static void give_up_old(struct notify_target *target)
{
    clock_us limit = notify_send_wall(target->notify) - target->notify->settings->keep;
    struct notify_record record;
    if (target->picked_count && is_old(&target->picked[0], limit))
        notify_job_lose(target);
    while (is_old(notify_queue_first(&target->queue, ALARM_INFO), limit) &&
           notify_queue_take(&target->queue, ALARM_INFO, &record))
        notify_lose(target, &record);
}

/* A server that is busy for a moment is no event. */
static void tell_delay(struct notify_target *target)
{
    const struct notify *notify = target->notify;
    clock_us span = loop_now(notify->loop) - target->failing_since;
    if (target->delay_told || span < notify->settings->tell_after)
        return;
    target->delay_told = true;
    notify_event(target->notify, EVENT_NOTICES_DELAYED, target->name,
                 "Notices for %s have waited for %" PRId64 " s: %.300s", target->name,
                 (int64_t)(span / CLOCK_S), target->problem);
}

static void on_later(struct notify_target *target, const char *words)
{
    struct notify *notify = target->notify;
    clock_us now = loop_now(notify->loop);
    target->went_well = false;
    notify_send_problem(target, words);
    if (!target->back_off) {
        target->failing_since = now;
        target->delay_told = false;
    }
    tell_delay(target);
    target->back_off = target->back_off ? target->back_off * 2 : BACK_OFF_FIRST;
    if (target->back_off > BACK_OFF_LONGEST)
        target->back_off = BACK_OFF_LONGEST;
    target->retry_at = now + target->back_off;
    target->tried_at = now;
    if (target->job.count == 1 && target->notices[0].kind == NOTICE_TEST)
        notify_job_end(target); /* a person looks at what came of it now */
    give_up_old(target);
}

static void on_never(struct notify_target *target, const char *words)
{
    size_t count = target->job.count;
    target->went_well = false;
    target->given_up += count;
    notify_send_problem(target, words);
    notify_event(target->notify, EVENT_NOTICES_LOST, target->name,
                 "%s refused %zu notice%s, which %s given up: %.300s", target->name, count,
                 count == 1 ? "" : "s", count == 1 ? "is" : "are", target->problem);
    notify_job_end(target);
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

bool notify_job_is_test(const struct notify_job *job)
{
    for (size_t i = 0; i < job->count; i++) {
        if (job->notices[i].kind == NOTICE_TEST)
            return true;
    }
    return false;
}

/* Line by line: a server's words are shown in terminals too. NULL without memory. */
static char *copy_words(const char *words)
{
    size_t left = utf8_fit(words, strlen(words), WORDS_MOST);
    char *copy = malloc(left + 1), *to = copy;
    while (copy && left) {
        const char *end = memchr(words, '\n', left);
        size_t line = end ? (size_t)(end - words) : left;
        to += utf8_clean(to, words, line);
        if (end)
            *to++ = '\n';
        left -= line + (end != NULL);
        words += line + (end != NULL);
    }
    if (copy)
        *to = '\0';
    return copy;
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
    if (outcome == NOTIFY_LATER || notify_job_is_test(job))
        target->urgent = false;
    free(target->words);
    target->words = copy_words(words);
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

static const char no_way[] = "this program has no way to send it";

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
    if (target->flying || target->abandoning || target->fetch || notify->closing)
        return;
    const struct notify_route *route = route_of(target);
    if (!route) { /* at the start it comes a moment later */
        if (target->queue.count || target->job.count)
            notify_send_problem(target, no_way);
        return;
    }
    if (strcmp(target->problem, no_way) == 0)
        target->problem[0] = '\0';
    clock_us now = loop_now(notify->loop);
    target->due = due_at(target);
    if (target->due > now) {
        if (target->due != CLOCK_NEVER)
            loop_timer_at(notify->loop, &target->timer, target->due, on_timer, target);
        return;
    }
    if (!target->job.count && !notify_job_ready(target, route)) {
        if (target->fetch)
            return; /* and comes back with the texts */
        /* no memory, a disk that cannot be read, or the hours changed this very moment */
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

void notify_send_new(struct notify_target *target, bool is_test)
{
    clock_us now = loop_now(target->notify->loop), soon = target->tried_at + NEWS_AFTER;
    if (is_test)
        target->urgent = true;
    if (target->back_off && soon < target->retry_at)
        target->retry_at = soon > now ? soon : now;
    notify_send_due(target);
}
