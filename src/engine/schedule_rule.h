/* schedule_rule - one record of `schedules:`: what is wished for which targets, on which days, at
 * which times.
 *
 * With `from` and `to` it is a window: its state holds from one to the other, and at the end the
 * opposite is wished. Without `to` it is an instant. A window over midnight belongs to the day on
 * which it begins. Loop thread only.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "model/command.h"
#include "model/setting.h"

#define SCHEDULES_MOST 256
#define SCHEDULE_TARGETS_MOST 64 /* written in one record; a group counts as one */

/* A record as the settings hold it. */
struct schedule_settings {
    const char *label, *targets, *from, *to, *days;
    int64_t action; /* index of schedule_rule's table of actions */
    double level, level_after;
    bool enabled;
};

extern const struct setting_table schedule_settings_table;

enum schedule_state {
    SCHEDULE_OFF,
    SCHEDULE_ON,
    SCHEDULE_ANY,   /* none holds, or none is wished */
    SCHEDULE_LEVEL, /* of a digital output, in percent */
};

/* "off", "on", "", "level" */
const char *schedule_state_name(enum schedule_state state);

struct schedule_rule {
    const char *name, *label; /* owned by an arena */
    bool enabled;
    enum command_action action;
    enum schedule_state state; /* what the action leaves; ANY: reboot and pulse */
    double level, level_after; /* of SCHEDULE_LEVEL: percent, and percent at the end */
    int from, to;         /* seconds of the day; to: SCHEDULE_INSTANT, or below `from`: next day */
    unsigned days;        /* bit 0 Monday to bit 6 Sunday: on which it begins */
    const char **targets; /* as written: paths, "group/NAME", "DEVICE/... *" */
    size_t target_count;
    uint32_t sum; /* of all that decides what happens: changes when a record is changed */
};

#define SCHEDULE_INSTANT (-1)

/* Texts and targets go to `arena`. 0, or -EINVAL with the sentence in `err` and in `*key` the key
 * that it is about. */
int schedule_rule_parse(struct schedule_rule *rule, struct arena *arena, const char *name,
                        const struct schedule_settings *settings, const char **key,
                        struct err *err);

/* When the rule's event of `day` begins and ends (the same for an instant); false when there is
 * none: another day of the week, or a window that lies wholly in an hour that is skipped. */
bool schedule_rule_on(const struct schedule_rule *rule, int64_t day, clock_us *begin,
                      clock_us *end);

/* "06:30", "22:00:15" -> seconds; "24:00" is SCHEDULE_DAY_S. 0 or -EINVAL. */
int schedule_parse_time(const char *text, int *second);

/* "mon-fri, sun", "fri-mon", "daily" -> bits; 0 or -EINVAL and a sentence. */
int schedule_parse_days(const char *text, unsigned *days, struct err *err);
