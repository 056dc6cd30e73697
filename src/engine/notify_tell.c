#include "engine/notify_tell.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define GATHER (15 * 60 * CLOCK_S) /* refused sign-ins after the first */
#define UP_SHORTLY (10 * 60 * CLOCK_S)

struct notify_tell {
    struct notify_tell_context context;
    struct alarm_watch watch;
    struct event_tap tap;
    struct loop_timer timer; /* runs while refused sign-ins are gathered */
    unsigned gathered;
    char last_refused[300];
};

/* Which events are notices of their own. */
static const struct {
    enum event_kind event;
    enum notice_kind notice;
} kinds[] = {
    {EVENT_CONTROL_REFUSED, NOTICE_CONTROL},
    {EVENT_CONTROL_DONE, NOTICE_CONTROL},
    {EVENT_CONTROL_CANCELLED, NOTICE_CONTROL},
    {EVENT_CONTROL_FAILED, NOTICE_CONTROL},
    {EVENT_CONTROL_UNKNOWN, NOTICE_CONTROL},
    {EVENT_OUTLET_CHANGED, NOTICE_CONTROL},
    {EVENT_POWER_UP, NOTICE_CONTROL},
    {EVENT_ENERGY_RESET, NOTICE_CONTROL},
    {EVENT_SIGN_IN_REFUSED, NOTICE_SIGN_IN_REFUSED},
    {EVENT_ALARM_RAISED, NOTICE_ALARM},
    {EVENT_ALARM_CLEARED, NOTICE_ALARM},
    {EVENT_START, NOTICE_BOOT},
};

static enum notice_kind kind_of(enum event_kind event)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (kinds[i].event == event)
            return kinds[i].notice;
    }
    return NOTICE_EVENT;
}

static clock_us wall_of(const struct notify_tell *tell)
{
    return clock_wall_known(loop_clock(tell->context.loop)) ? loop_wall(tell->context.loop) : 0;
}

/* ---- alarms ---------------------------------------------------------------------------------- */

/* The engine tells of what is to be heard only: not of what is shelved, explained or flapping. */
static void on_alarm(void *user, const struct alarm_view *view, enum alarm_change change)
{
    static const char *const raised[] = {"Information", "Warning", "Critical"};
    const struct notify_tell *tell = user;
    char subject[400];
    static const char *const words[ALARM_CHANGES] = {
        [ALARM_CLEARED] = "Over", [ALARM_REPEATED] = "Still", [ALARM_SEEN] = "Acknowledged"};
    if (!(change == ALARM_RAISED || words[change]) ||
        (change == ALARM_CLEARED && !view->tell_clear))
        return;
    const char *word = words[change] ? words[change] : raised[view->severity];
    snprintf(subject, sizeof subject, "%s: %s", word, view->label);
    notify_add(tell->context.notify, &(struct notice){
                                         .kind = NOTICE_ALARM,
                                         .severity = view->severity,
                                         .change = change,
                                         .alarm = view->id,
                                         .rule = view->rule,
                                         .path = view->path,
                                         .label = view->label,
                                         .unit = view->unit,
                                         .actor = change == ALARM_SEEN ? view->by : NULL,
                                         .number = view->number,
                                         .limit = view->limit,
                                         .decimals = view->decimals,
                                         .wall = wall_of(tell),
                                         .subject = subject,
                                         .text = view->text,
                                         .recipients = view->recipients,
                                     });
}

/* ---- events ---------------------------------------------------------------------------------- */

static void on_gathered(struct loop_timer *timer, void *user)
{
    struct notify_tell *tell = user;
    char subject[100], text[480];
    unsigned count = tell->gathered;
    if (count == 0)
        return; /* a quiet quarter of an hour: the next one is told at once */
    tell->gathered = 0;
    snprintf(subject, sizeof subject, "%u more sign-in%s refused", count,
             count == 1 ? " was" : "s were");
    snprintf(text, sizeof text, "%s within a quarter of an hour; the last one: %s", subject,
             tell->last_refused);
    notify_add(tell->context.notify,
               &(struct notice){.kind = NOTICE_SIGN_IN_REFUSED,
                                .severity = ALARM_WARNING,
                                .rule = event_kind_row(EVENT_SIGN_IN_REFUSED)->name,
                                .number = count,
                                .limit = NAN,
                                .wall = wall_of(tell),
                                .subject = subject,
                                .text = text});
    loop_timer_at(tell->context.loop, timer, loop_now(tell->context.loop) + GATHER, on_gathered,
                  tell);
}

/* Whether it is one more of those that are told together. */
static bool gather(struct notify_tell *tell, const struct event *event)
{
    bool gathers = loop_timer_running(&tell->timer);
    if (!gathers)
        loop_timer_at(tell->context.loop, &tell->timer, loop_now(tell->context.loop) + GATHER,
                      on_gathered, tell);
    else
        tell->gathered++;
    snprintf(tell->last_refused, sizeof tell->last_refused, "%.299s",
             event->text ? event->text : "");
    return gathers;
}

static void on_event(void *user, const struct event *event, enum event_severity severity)
{
    static const enum alarm_severity severities[] = {
        [EVENT_WARNING] = ALARM_WARNING, [EVENT_ERROR] = ALARM_CRITICAL};
    struct notify_tell *tell = user;
    const struct event_kind_row *row = event_kind_row(event->kind);
    struct notice notice = {
        .kind = NOTICE_EVENT,
        .twin = kind_of(event->kind),
        .severity = severities[severity],
        .rule = row->name,
        .path = event->object,
        .label = row->label,
        .actor = event->actor ? event->actor : "system",
        .origin = event->origin,
        .number = NAN,
        .limit = NAN,
        .wall = wall_of(tell),
        .subject = row->label,
        .text = event->text,
    };
    notify_add(tell->context.notify, &notice);
    if (notice.twin != NOTICE_CONTROL && notice.twin != NOTICE_SIGN_IN_REFUSED)
        return; /* alarms come from the engine, with their numbers, the start from the daemon */
    if (notice.twin == NOTICE_SIGN_IN_REFUSED && gather(tell, event))
        return;
    notice.kind = notice.twin;
    notify_add(tell->context.notify, &notice);
}

/* ---- the start ------------------------------------------------------------------------------- */

static void say_span(clock_us span, char *text, size_t size)
{
    int64_t seconds = span / CLOCK_S;
    if (seconds < 120)
        snprintf(text, size, "%d s", (int)seconds);
    else if (seconds < 7200)
        snprintf(text, size, "%d min", (int)(seconds / 60));
    else if (seconds < 2 * 86400)
        snprintf(text, size, "%d h", (int)(seconds / 3600));
    else
        snprintf(text, size, "%d d", (int)(seconds / 86400));
}

void notify_tell_start(struct notify_tell *tell, const char *version,
                       const struct event_log_status *before, clock_us up)
{
    char text[400], span[20], subject[80];
    bool crashed = before->ran_before && !before->ended_well;
    const char *why = !before->ran_before ? "for the first time"
                      : !crashed          ? "after it had been stopped"
                      : up < UP_SHORTLY   ? "after the machine had lost its power or been restarted"
                                          : "after it had been killed, or had failed";
    say_span(up, span, sizeof span);
    snprintf(subject, sizeof subject, "busbar has started%s",
             crashed ? " again, not after a stop" : "");
    snprintf(text, sizeof text, "busbar %s has started %s; the machine has been up for %s.",
             version, why, span);
    const struct event_kind_row *row = event_kind_row(EVENT_START);
    struct notice notice = {.kind = NOTICE_BOOT,
                            .severity = crashed ? ALARM_WARNING : ALARM_INFO,
                            .rule = row->name,
                            .label = row->label,
                            .actor = "system",
                            .number = NAN,
                            .limit = NAN,
                            .wall = wall_of(tell),
                            .subject = subject,
                            .text = text};
    notify_add(tell->context.notify, &notice);
    notice.kind = NOTICE_EVENT; /* its event was written before anybody listened */
    notice.twin = NOTICE_BOOT;
    notify_add(tell->context.notify, &notice);
}

/* ---- life ------------------------------------------------------------------------------------ */

struct notify_tell *notify_tell_new(const struct notify_tell_context *context)
{
    struct notify_tell *tell = mem_new(sizeof *tell);
    tell->context = *context;
    tell->timer = LOOP_TIMER_EMPTY;
    tell->watch = (struct alarm_watch){.changed = on_alarm, .user = tell};
    tell->tap = (struct event_tap){.fn = on_event, .user = tell};
    if (context->alarms)
        alarms_watch(context->alarms, &tell->watch);
    if (context->events)
        event_log_tap(context->events, &tell->tap);
    return tell;
}

struct notify_tell *notify_tell_free(struct notify_tell *tell)
{
    if (!tell)
        return NULL;
    loop_timer_stop(&tell->timer);
    if (tell->context.alarms)
        alarms_unwatch(tell->context.alarms, &tell->watch);
    if (tell->context.events)
        event_log_untap(tell->context.events, &tell->tap);
    free(tell);
    return NULL;
}
