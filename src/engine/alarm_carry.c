/* What is known goes over to a new table: states, people's deeds, what waits for a device to tell
 * what it has. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "engine/alarm_private.h"

/* What is left of an alarm when its rule asks otherwise: it holds on if the last reading is beyond
 * by the new rule as well. The band in which nothing changes is not for what never was beyond. */
static enum alarm_phase phase_under(const struct alarm_test *test, const struct alarm_mind *mind)
{
    if (!alarm_judge_raised(mind))
        return ALARM_CALM;
    if (mind->phase == ALARM_LATCHED && test->latch)
        return ALARM_LATCHED;
    return mind->blind || alarm_judge_may_hold(test, mind->last) ? ALARM_HOLDS : ALARM_CALM;
}

/* When it is told again, by the rule as it is now. */
static clock_us repeat_under(const struct alarm *alarm, clock_us now)
{
    clock_us next = now + alarm->rule->repeat;
    if (!alarm->told || alarm->seen || !alarm->rule->repeat)
        return CLOCK_NEVER;
    return alarm->repeat_due < next ? alarm->repeat_due : next;
}

/* Raised and told, nobody has seen it, and its rule has a higher severity now. What was kept on the
 * disk has no rule. */
static bool is_worse(const struct alarm *fresh, const struct alarm *old)
{
    return old->rule && old->told && !old->seen && fresh->rule->severity > old->rule->severity;
}

/* All that lasts; the fresh alarm keeps its place. */
static void take_over(struct alarm *fresh, struct alarm *old, clock_us now)
{
    bool same = alarm_judge_same(fresh->test, old->test);
    struct alarm whole = *old;
    if (!same) {
        whole.mind = fresh->mind;
        whole.mind.phase = (uint8_t)phase_under(fresh->test, &old->mind);
    }
    if (fresh->test->when == ALARM_CHANGED && whole.mind.phase == ALARM_HOLDS) {
        whole.mind.phase = ALARM_EASING; /* no reading ends a change, only time */
        whole.mind.due = fresh->test->recover_for;
    }
    whole.test = fresh->test;
    whole.rule = fresh->rule;
    whole.path = fresh->path;
    whole.point = fresh->point;
    whole.id = fresh->id;
    whole.due = CLOCK_NEVER;
    whole.repeat_due = repeat_under(&whole, now);
    if (is_worse(fresh, old)) /* others may want to know now */
        whole.repeat_due = now;
    whole.heap_place = whole.active_place = whole.parent = 0;
    *fresh = whole;
    old->by = NULL;
}

void alarm_kept_free(struct alarm_kept *kept)
{
    free(kept->alarm.by);
    free(kept->label);
    free(kept->recipients);
    free(kept->rule);
    free(kept->path);
    free(kept);
}

/* Whether a point of this path may still come: its device is there, and may tell what it has. */
static bool is_expected(const struct alarms *alarms, const char *rule_name, const char *path)
{
    char device[LIMIT_NAME + 1];
    size_t length = strcspn(path, "/");
    if (length > LIMIT_NAME || !path[length])
        return false;
    memcpy(device, path, length);
    device[length] = '\0';
    if (!site_device_find(alarms->site, device))
        return false;
    for (size_t i = 0; i < alarms->table.rule_count; i++) {
        const struct alarm_rule *rule = &alarms->table.rules[i];
        if (strcmp(rule->name, rule_name) == 0)
            return rule->enabled && alarm_rule_fits(rule, path);
    }
    return false;
}

struct alarm_rule alarm_kept_rule(const struct alarm_kept *kept)
{
    return (struct alarm_rule){
        .name = kept->rule,
        .label = kept->label ? kept->label : kept->rule,
        .points = "",
        .recipients = kept->recipients ? kept->recipients : "",
        .outputs = "",
        .outputs_off = "",
        .sounders = "",
        .word = "",
        .said = "",
        .severity = (enum alarm_severity)kept->severity,
        .test = {.when = ALARM_CHANGED},
        .tell_clear = !kept->quiet_end,
    };
}

/* Raised and told when the program ended, and there is no such rule or device any more: it is over,
 * and whoever heard of it hears that. */
static void tell_gone(struct alarms *alarms, struct alarm_kept *kept)
{
    const struct alarm_rule rule = alarm_kept_rule(kept);
    struct alarm *alarm = &kept->alarm;
    alarm->rule = &rule;
    alarm->test = &rule.test;
    alarm->path = kept->path;
    alarm->id = alarm_id(kept->rule, kept->path);
    alarm->mind.phase = ALARM_CALM;
    alarm->mind.number = NAN; /* in which unit is not known any more */
    alarm->told = false;
    alarm->gone = true;
    alarm_tell(alarms, alarm, ALARM_CLEARED);
    alarm->rule = NULL;
    alarm_keep_want(alarms);
}

static void take_kept(struct alarms *alarms)
{
    for (struct alarm_kept **at = &alarms->kept; *at;) {
        struct alarm_kept *kept = *at;
        struct alarm *fresh = alarm_table_named(&alarms->table, kept->rule, kept->path);
        bool to_tell = kept->alarm.told && !alarms->heard;
        if (!fresh && (to_tell || is_expected(alarms, kept->rule, kept->path))) {
            at = &kept->next;
            continue;
        }
        kept->alarm.test = fresh ? fresh->test : NULL;
        if (fresh)
            take_over(fresh, &kept->alarm, loop_now(alarms->loop));
        *at = kept->next;
        if (!fresh && kept->alarm.told)
            tell_gone(alarms, kept);
        alarm_kept_free(kept);
    }
}

/* An alarm that is not watched any more: it waits while its device may still tell of the point,
 * else it is over. */
static void let_go(struct alarms *alarms, struct alarm *old)
{
    bool lasts = old->told || old->shelved || alarm_judge_raised(&old->mind);
    if (lasts && is_expected(alarms, old->rule->name, old->path)) {
        struct alarm_kept *kept = mem_new(sizeof *kept);
        *kept = (struct alarm_kept){.next = alarms->kept,
                                    .rule = mem_text(old->rule->name),
                                    .path = mem_text(old->path),
                                    .label = mem_text(old->rule->label),
                                    .recipients = mem_text(old->rule->recipients),
                                    .severity = (uint8_t)old->rule->severity,
                                    .quiet_end = !old->rule->tell_clear,
                                    .alarm = *old};
        kept->alarm.rule = NULL; /* which goes with its table */
        alarms->kept = kept;
        return;
    }
    if (old->told) {
        old->mind.phase = ALARM_CALM;
        old->state = ALARM_NORMAL;
        old->told = false;
        old->gone = true;
        old->parent = 0;
        alarm_tell(alarms, old, ALARM_CLEARED);
    }
    free(old->by);
}

void alarm_carry(struct alarms *alarms, struct alarm_table *old)
{
    for (uint32_t i = 0; i < old->count; i++) {
        struct alarm *was = &old->list[i];
        struct alarm *fresh = alarm_table_named(&alarms->table, was->rule->name, was->path);
        if (fresh)
            take_over(fresh, was, loop_now(alarms->loop));
        else
            let_go(alarms, was);
    }
    take_kept(alarms);
}
