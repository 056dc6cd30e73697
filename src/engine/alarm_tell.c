/* Whether people are to hear of an alarm, and the telling: watchers and the event log. */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "engine/alarm_private.h"
#include "engine/event_log.h"

/* The clock is looked at so often: it may step, or become known. */
#define HOURS_EVERY (30 * CLOCK_S)

/* ---- hours ------------------------------------------------------------------------------------- */

static void on_hours(struct loop_timer *timer, void *user);

void alarm_hours_look(struct alarms *alarms)
{
    clock_us now = loop_now(alarms->loop), until, wall = alarm_wall_now(alarms), wait = HOURS_EVERY;
    if (now < alarms->hours_look)
        return;
    alarm_keep_shelves(alarms);
    bool open = active_hours_at(&alarms->hours, wall, &until);
    if (until != CLOCK_NEVER && until - wall < wait)
        wait = until - wall;
    alarms->hours_look = now + wait;
    loop_timer_at(alarms->loop, &alarms->hours_timer, now + wait, on_hours, alarms);
    if (open == alarms->open)
        return;
    alarms->open = open;
    for (uint32_t i = 0; i < alarms->table.count; i++)
        alarm_settle(alarms, &alarms->table.list[i], ALARM_STAYS);
}

static void on_hours(struct loop_timer *timer, void *user)
{
    (void)timer;
    alarm_hours_look(user);
}

/* ---- silence --------------------------------------------------------------------------------- */

enum alarm_silence alarm_silence(struct alarms *alarms, const struct alarm *alarm,
                                 const struct alarm **parent)
{
    bool unproven;
    *parent = NULL;
    if (!alarms->open && !alarm->rule->ignores_hours)
        return ALARM_CLOSED;
    if (alarm->shelved)
        return ALARM_SHELVED;
    if (alarm_judge_raised(&alarm->mind) && !alarm->told) {
        *parent = alarm_parent_of(alarms, alarm, &unproven);
        if (*parent)
            return ALARM_EXPLAINED;
        if (unproven)
            return ALARM_UNPROVEN;
    }
    return alarm->flap_until ? ALARM_FLAPPING : ALARM_HEARD;
}

static enum event_severity severity_of(const struct alarm *alarm, enum alarm_change change)
{
    static const enum event_severity severities[] = {EVENT_NOTICE, EVENT_WARNING, EVENT_ERROR};
    return change == ALARM_RAISED ? severities[alarm->rule->severity] : EVENT_USUAL;
}

static void add_detail(struct buf *text, const struct alarm_view *view)
{
    struct json json = json_writer(text);
    json_open_object(&json);
    json_pair_int(&json, "alarm", view->id);
    json_pair_text(&json, "rule", view->rule);
    json_pair_text(&json, "path", view->path);
    json_pair_text(&json, "severity", alarm_severity_name(view->severity));
    json_key(&json, "number");
    json_decimal(&json, view->number, view->decimals);
    json_key(&json, "limit");
    json_decimal(&json, view->limit, 6);
    json_close_object(&json);
}

/* What persons do is written down where they do it (alarm_deed.c). */
static void write_down(struct alarms *alarms, const struct alarm *alarm,
                       const struct alarm_view *view, enum alarm_change change)
{
    struct buf detail = BUF_EMPTY;
    if (change != ALARM_RAISED && change != ALARM_CLEARED)
        return;
    add_detail(&detail, view);
    event_log_add(alarms->events,
                  &(struct event){
                      .kind = change == ALARM_RAISED ? EVENT_ALARM_RAISED : EVENT_ALARM_CLEARED,
                      .severity = severity_of(alarm, change),
                      .actor = "alarm",
                      .object = view->path,
                      .text = view->text,
                      .detail = buf_text(&detail),
                  });
    buf_deinit(&detail);
}

void alarm_tell(struct alarms *alarms, const struct alarm *alarm, enum alarm_change change)
{
    struct alarm_view view = alarm_view_of(alarms, alarm);
    write_down(alarms, alarm, &view, change);
    for (struct alarm_watch *watch = alarms->watches, *next; watch; watch = next) {
        next = watch->next;
        watch->changed(watch->user, &view, change);
    }
}
