#include "engine/schedule_rule.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/crc32c.h"
#include "base/nearest.h"
#include "engine/schedule_time.h"
#include "model/config.h"

#define TARGETS_TEXT_MOST 4000
#define ALL_DAYS 0x7Fu

static const char *const action_names[] = {
    "off", "on", "off-delayed", "on-delayed", "reboot", "reboot-delayed", "pulse", "set", NULL};

/* In the order of the names. */
static const struct {
    enum command_action action;
    enum schedule_state state;
    bool window; /* has an opposite */
} actions[] = {
    {COMMAND_OFF, SCHEDULE_OFF, true},          {COMMAND_ON, SCHEDULE_ON, true},
    {COMMAND_OFF_DELAYED, SCHEDULE_OFF, false}, {COMMAND_ON_DELAYED, SCHEDULE_ON, false},
    {COMMAND_REBOOT, SCHEDULE_ANY, false},      {COMMAND_REBOOT_DELAYED, SCHEDULE_ANY, false},
    {COMMAND_PULSE, SCHEDULE_ANY, false},       {COMMAND_SET, SCHEDULE_LEVEL, true},
};

#define FIELD(name) .offset = offsetof(struct schedule_settings, name)

static const struct setting_row rows[] = {
    {.key = "label",
     .type = SETTING_TEXT,
     FIELD(label),
     .max = 63,
     .initial = "",
     .right = ROLE_ADMINISTRATOR,
     .help = "What people call this schedule."},
    {.key = "targets",
     .type = SETTING_TEXT,
     FIELD(targets),
     .min = 1,
     .max = TARGETS_TEXT_MOST,
     .required = true,
     .right = ROLE_ADMINISTRATOR,
     .help = "What is switched: outlets, outputs and groups with commas between them, as in "
             "pdu-a/outlet-3, group/lights, pdu-b/*."},
    {.key = "action",
     .type = SETTING_CHOICE,
     FIELD(action),
     .choices = action_names,
     .initial = "on",
     .right = ROLE_ADMINISTRATOR,
     .help = "What is wished: on or off for a window, which ends with the opposite; set for a "
             "level; any of these for an instant."},
    {.key = "level",
     .type = SETTING_NUMBER,
     FIELD(level),
     .unit = "%",
     .max = 100,
     .initial = "100",
     .right = ROLE_ADMINISTRATOR,
     .help = "Of set: the level that digital outputs are brought to."},
    {.key = "level_after",
     .type = SETTING_NUMBER,
     FIELD(level_after),
     .unit = "%",
     .max = 100,
     .initial = "0",
     .right = ROLE_ADMINISTRATOR,
     .help = "Of set: the level at the end of the window."},
    {.key = "from",
     .type = SETTING_TEXT,
     FIELD(from),
     .min = 1,
     .max = 8,
     .required = true,
     .right = ROLE_ADMINISTRATOR,
     .help = "Local time at which it begins, as in 22:00 or 06:30:15."},
    {.key = "to",
     .type = SETTING_TEXT,
     FIELD(to),
     .max = 8,
     .initial = "",
     .right = ROLE_ADMINISTRATOR,
     .help = "Local time at which the window ends, at most 24:00; an earlier one than \"from\" is "
             "on the next day. Empty: an instant, with nothing to end."},
    {.key = "days",
     .type = SETTING_TEXT,
     FIELD(days),
     .max = 80,
     .initial = "daily",
     .right = ROLE_ADMINISTRATOR,
     .help = "Days of the week on which it begins: daily, or as in mon-fri, sun."},
    {.key = "enabled",
     .type = SETTING_BOOL,
     FIELD(enabled),
     .initial = "true",
     .right = ROLE_ADMINISTRATOR,
     .help = "Whether the schedule is followed."},
};

const char *schedule_state_name(enum schedule_state state)
{
    static const char *const names[] = {"off", "on", "", "level"};
    return names[state];
}

/* ---- times ----------------------------------------------------------------------------------- */

/* Two digits; moves `at` past them. -1 when there are none. */
static int take_two(const char **at)
{
    if (!isdigit((unsigned char)(*at)[0]) || !isdigit((unsigned char)(*at)[1]))
        return -1;
    int number = ((*at)[0] - '0') * 10 + ((*at)[1] - '0');
    *at += 2;
    return number;
}

int schedule_parse_time(const char *text, int *second)
{
    const char *at = text;
    int hours = take_two(&at), minutes = -1, seconds = 0;
    if (hours >= 0 && *at == ':') {
        at++;
        minutes = take_two(&at);
    }
    if (minutes >= 0 && *at == ':') {
        at++;
        seconds = take_two(&at);
    }
    if (*at || minutes < 0 || minutes > 59 || seconds < 0 || seconds > 59)
        return -EINVAL;
    int sum = hours * 3600 + minutes * 60 + seconds;
    if (sum > SCHEDULE_DAY_S)
        return -EINVAL;
    *second = sum;
    return 0;
}

/* ---- days ------------------------------------------------------------------------------------ */

static const char *const day_names[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

static int find_day(const char *word, size_t length)
{
    for (int i = 0; i < 7; i++) {
        if (length == 3 && strncmp(word, day_names[i], 3) == 0)
            return i;
    }
    return -1;
}

/* "mon" or "mon-fri"; 0 when it is neither. */
static unsigned parse_span(const char *word, size_t length)
{
    const char *dash = memchr(word, '-', length);
    size_t head = dash ? (size_t)(dash - word) : length;
    int first = find_day(word, head);
    int last = dash ? find_day(dash + 1, length - head - 1) : first;
    if (first < 0 || last < 0)
        return 0;
    unsigned days = 1u << last;
    for (int day = first; day != last; day = (day + 1) % 7)
        days |= 1u << day;
    return days;
}

int schedule_parse_days(const char *text, unsigned *days, struct err *err)
{
    static const char between[] = ", ";
    unsigned all = 0;
    for (const char *at = text + strspn(text, between); *at;) {
        size_t length = strcspn(at, between);
        unsigned some =
            length == 5 && strncmp(at, "daily", 5) == 0 ? ALL_DAYS : parse_span(at, length);
        if (!some)
            return err_set(err, -EINVAL,
                           "\"%.*s\" is no day: write daily, or mon, tue, wed, thu, fri, sat, sun "
                           "with commas between them, or spans as in mon-fri",
                           (int)(length < 40 ? length : 40), at);
        all |= some;
        at += length;
        at += strspn(at, between);
    }
    *days = all ? all : ALL_DAYS;
    return 0;
}

/* ---- targets --------------------------------------------------------------------------------- */

/* Names, "/" and "*": whether there is such a thing is known when it is switched, since devices
 * come and go. */
static int check_target(const char *text, size_t length, struct err *err)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789._-/*";
    int shown = (int)(length < 60 ? length : 60);
    if (strspn(text, allowed) < length || !memchr(text, '/', length) || length > LIMIT_PATH)
        return err_set(err, -EINVAL,
                       "\"%.*s\" is no target: write a path such as pdu-a/outlet-3 or "
                       "dc-1/output-1, a group as group/lights, or all of a device as pdu-a/*",
                       shown, text);
    return 0;
}

static int parse_targets(struct schedule_rule *rule, struct arena *arena, const char *text,
                         struct err *err)
{
    static const char between[] = ", ";
    rule->targets = arena_take(arena, SCHEDULE_TARGETS_MOST * sizeof *rule->targets);
    for (const char *at = text + strspn(text, between); *at;) {
        size_t length = strcspn(at, between);
        if (rule->target_count == SCHEDULE_TARGETS_MOST)
            return err_set(err, -E2BIG, "are more than %d: make a group of them",
                           SCHEDULE_TARGETS_MOST);
        if (check_target(at, length, err) < 0)
            return err->code;
        rule->targets[rule->target_count++] = arena_text_n(arena, at, length);
        at += length;
        at += strspn(at, between);
    }
    return rule->target_count ? 0 : err_set(err, -EINVAL, "must name at least one target");
}

/* ---- a record -------------------------------------------------------------------------------- */

static int parse_times(struct schedule_rule *rule, const struct schedule_settings *settings,
                       const char **key, struct err *err)
{
    static const char shape[] = "must be a time from 00:00 to %s, as in 06:30, not \"%s\"";
    *key = "from";
    if (schedule_parse_time(settings->from, &rule->from) < 0 || rule->from == SCHEDULE_DAY_S)
        return err_set(err, -EINVAL, shape, "23:59:59", settings->from);
    *key = "to";
    rule->to = SCHEDULE_INSTANT;
    if (!*settings->to)
        return 0;
    if (schedule_parse_time(settings->to, &rule->to) < 0)
        return err_set(err, -EINVAL, shape, "24:00", settings->to);
    if (rule->to == rule->from)
        return err_set(err, -EINVAL,
                       "must differ from \"from\"; the whole day is 00:00 to 24:00, and an instant "
                       "has no \"to\"");
    *key = "action";
    if (!actions[settings->action].window)
        return err_set(err, -EINVAL, "must be on, off or set for a window; leave \"to\" out for %s",
                       action_names[settings->action]);
    return 0;
}

static uint32_t sum_of(const struct schedule_rule *rule)
{
    int numbers[] = {(int)rule->action, rule->from, rule->to, (int)rule->days, rule->enabled};
    uint32_t sum = crc32c(0, numbers, sizeof numbers);
    for (size_t i = 0; i < rule->target_count; i++)
        sum = crc32c(sum, rule->targets[i], strlen(rule->targets[i]) + 1);
    if (rule->state == SCHEDULE_LEVEL) { /* of others the sum is what it was before levels */
        double levels[] = {rule->level, rule->level_after};
        sum = crc32c(sum, levels, sizeof levels);
    }
    return sum;
}

int schedule_rule_parse(struct schedule_rule *rule, struct arena *arena, const char *name,
                        const struct schedule_settings *settings, const char **key, struct err *err)
{
    *rule = (struct schedule_rule){
        .name = arena_text(arena, name),
        .label = arena_text(arena, *settings->label ? settings->label : name),
        .enabled = settings->enabled,
        .action = actions[settings->action].action,
        .state = actions[settings->action].state,
        .level = settings->level,
        .level_after = settings->level_after,
    };
    if (parse_times(rule, settings, key, err) < 0)
        return err->code;
    *key = "days";
    if (schedule_parse_days(settings->days, &rule->days, err) < 0)
        return err->code;
    *key = "targets";
    if (parse_targets(rule, arena, settings->targets, err) < 0)
        return err->code;
    rule->sum = sum_of(rule);
    return 0;
}

static int check(const struct config *config, const void *record, const char **key, struct err *err)
{
    *key = NULL;
    if (config_count(config, &schedule_settings_table) > SCHEDULES_MOST)
        return err_set(err, -E2BIG, "there are more than %d schedules", SCHEDULES_MOST);
    struct schedule_rule rule;
    struct arena *arena = arena_new();
    int result = schedule_rule_parse(&rule, arena, "", record, key, err);
    arena_free(arena);
    return result;
}

const struct setting_table schedule_settings_table = {
    .name = "schedules",
    .label = "Schedules",
    .help = "What is switched by the clock, on which days.",
    .collection = true,
    .rows = rows,
    .row_count = sizeof rows / sizeof *rows,
    .record_size = sizeof(struct schedule_settings),
    .check = check,
};

bool schedule_rule_on(const struct schedule_rule *rule, int64_t day, clock_us *begin, clock_us *end)
{
    if (!(rule->days >> schedule_time_weekday(day) & 1))
        return false;
    *begin = *end = schedule_time_moment(day, rule->from);
    if (rule->to == SCHEDULE_INSTANT)
        return true;
    *end = schedule_time_moment(day + (rule->to < rule->from), rule->to);
    return *end > *begin;
}
