/* What persons do with alarms: acknowledge, shelve, mute, clear. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/time_text.h"
#include "engine/alarm_private.h"
#include "engine/event_log.h"

#define SHELVE_LEAST (60 * CLOCK_S)
#define SHELVE_MOST (30 * (clock_us)86400 * CLOCK_S)

static void remember(struct alarms *alarms, struct alarm *alarm, const char *actor)
{
    free(alarm->by);
    alarm->by = mem_text(actor);
    alarm->by_wall = clock_wall_known(loop_clock(alarms->loop)) ? loop_wall(alarms->loop) : 0;
}

/* Raised, and nobody was told: what is on the pages as tripped or pending all the same. */
static int refuse_unheard(const struct alarm *alarm, struct err *err)
{
    static const char *const reasons[] = {
        [ALARM_HEARD] = "has just been raised",
        [ALARM_SHELVED] = "is shelved",
        [ALARM_CLOSED] = "was raised outside active hours",
        [ALARM_EXPLAINED] = "is explained by another alarm",
        [ALARM_UNPROVEN] = "may be explained by another alarm, which will be known shortly",
        [ALARM_FLAPPING] = "comes and goes",
    };
    return err_set(err, -EINVAL,
                   "%s at %s %s: nobody was told of it, there is nothing to acknowledge; it can be "
                   "shelved",
                   alarm->rule->name, alarm->path, reasons[alarm->silence]);
}

static int acknowledge(struct alarms *alarms, struct alarm *alarm, const struct alarm_wish *wish,
                       struct err *err)
{
    if (alarm->seen)
        return err_set(err, -EALREADY, "%s at %s has been acknowledged by %s already",
                       alarm->rule->name, alarm->path, alarm->by ? alarm->by : "somebody");
    if (alarm_judge_raised(&alarm->mind) && !alarm->told)
        return refuse_unheard(alarm, err);
    if (!alarm_judge_raised(&alarm->mind))
        return err_set(err, -EINVAL, "%s at %s is not raised: there is nothing to acknowledge",
                       alarm->rule->name, alarm->path);
    alarm->seen = true;
    alarm->repeat_due = CLOCK_NEVER;
    remember(alarms, alarm, wish->actor);
    return 0;
}

static int shelve(struct alarms *alarms, struct alarm *alarm, const struct alarm_wish *wish,
                  struct err *err)
{
    if (wish->how_long < SHELVE_LEAST || wish->how_long > SHELVE_MOST)
        return err_set(err, -EINVAL, "an alarm can be shelved for 1 min to 30 d");
    alarm->shelved = loop_now(alarms->loop) + wish->how_long;
    alarm->shelved_wall = 0;
    remember(alarms, alarm, wish->actor);
    return 0;
}

static int unshelve(struct alarms *alarms, struct alarm *alarm, const struct alarm_wish *wish,
                    struct err *err)
{
    (void)alarms;
    (void)wish;
    if (!alarm->shelved)
        return err_set(err, -EALREADY, "%s at %s is not shelved", alarm->rule->name, alarm->path);
    alarm->shelved = 0;
    if (!alarm->seen && !alarm->muted)
        alarm_forget_person(alarm);
    return 0;
}

/* For those who stand beside the horn: they hear each other again, and the alarm is as unseen as
 * before. */
static int mute(struct alarms *alarms, struct alarm *alarm, const struct alarm_wish *wish,
                struct err *err)
{
    if (!*alarm->rule->sounders)
        return err_set(err, -EINVAL, "%s has no sounders: there is nothing to mute",
                       alarm->rule->name);
    if (alarm->muted)
        return err_set(err, -EALREADY, "%s at %s has been muted by %s already", alarm->rule->name,
                       alarm->path, alarm->by ? alarm->by : "somebody");
    if (!alarm_output_sounds(alarm))
        return err_set(err, -EINVAL, "%s at %s does not sound: there is nothing to mute",
                       alarm->rule->name, alarm->path);
    alarm->muted = true;
    remember(alarms, alarm, wish->actor);
    return 0;
}

static int clear(struct alarms *alarms, struct alarm *alarm, const struct alarm_wish *wish,
                 struct err *err)
{
    (void)alarms;
    (void)wish;
    if (!alarm_judge_raised(&alarm->mind))
        return err_set(err, -EALREADY, "%s at %s is not raised", alarm->rule->name, alarm->path);
    if (alarm_judge_clear(&alarm->mind) == ALARM_STAYS)
        return err_set(err, -EINVAL,
                       "%s at %s still holds: it can be cleared when it has recovered; acknowledge "
                       "or shelve it",
                       alarm->rule->name, alarm->path);
    return 0;
}

static const struct {
    int (*act)(struct alarms *alarms, struct alarm *alarm, const struct alarm_wish *wish,
               struct err *err);
    enum event_kind event;
    enum alarm_change change;
    const char *verb;
} deeds[ALARM_DEEDS] = {
    [ALARM_ACKNOWLEDGE] = {acknowledge, EVENT_ALARM_SEEN, ALARM_SEEN, "acknowledged"},
    [ALARM_SHELVE] = {shelve, EVENT_ALARM_SHELVED, ALARM_SILENCED, "shelved"},
    [ALARM_UNSHELVE] = {unshelve, EVENT_ALARM_SHELVED, ALARM_SILENCED, "took off the shelf"},
    [ALARM_MUTE] = {mute, EVENT_ALARM_MUTED, ALARM_SILENCED, "muted"},
    [ALARM_CLEAR] = {clear, EVENT_ALARM_SEEN, ALARM_TOUCHED, "cleared"},
};

static void write_down(struct alarms *alarms, const struct alarm *alarm,
                       const struct alarm_wish *wish)
{
    char text[EVENT_TEXT_MOST + 1], until[TIME_TEXT_SIZE] = "", span[40] = "";
    if (wish->deed == ALARM_SHELVE) {
        setting_format_duration(wish->how_long / CLOCK_S * CLOCK_S, until, sizeof until);
        snprintf(span, sizeof span, " for %s", until);
    }
    bool why = wish->reason && *wish->reason;
    snprintf(text, sizeof text, "%.60s (%.60s) %s the alarm %s at %s%s%s%s", wish->actor,
             wish->origin, deeds[wish->deed].verb, alarm->rule->name, alarm->path, span,
             why ? ": " : "", why ? wish->reason : "");
    event_log_add(alarms->events, &(struct event){.kind = deeds[wish->deed].event,
                                                  .actor = wish->actor,
                                                  .origin = wish->origin,
                                                  .object = alarm->path,
                                                  .text = text});
}

int alarms_do(struct alarms *alarms, const struct alarm_wish *wish, struct err *err)
{
    struct alarm *alarm = alarm_table_find(&alarms->table, wish->id);
    if (wish->role < ROLE_CONTROL)
        return err_set(err, -EACCES,
                       "alarms are acknowledged, shelved, muted and cleared by users with "
                       "the role control or administrator");
    if (!alarm)
        return err_set(err, -ENOENT, "there is no alarm %u: it may have gone with its rule",
                       (unsigned)wish->id);
    int result = deeds[wish->deed].act(alarms, alarm, wish, err);
    if (result < 0)
        return result;
    write_down(alarms, alarm, wish);
    enum alarm_change change = deeds[wish->deed].change;
    alarm_settle(alarms, alarm, ALARM_STAYS);
    if (change != ALARM_TOUCHED)
        alarm_tell(alarms, alarm, change);
    alarms->table.ordered = false;
    alarm_keep_want(alarms);
    alarm_output_want(alarms);
    return 0;
}
