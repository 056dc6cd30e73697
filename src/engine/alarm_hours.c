#include "engine/alarm_hours.h"

#include <errno.h>
#include <stddef.h>

#include "engine/schedule_rule.h"
#include "engine/schedule_time.h"

#define FIELD(name) .offset = offsetof(struct active_hours_settings, name)

static const struct setting_row rows[] = {
    {.key = "enabled",
     .type = SETTING_BOOL,
     FIELD(enabled),
     .initial = "false",
     .right = ROLE_ADMINISTRATOR,
     .help = "Whether alarms count only in these hours; else they always do."},
    {.key = "days",
     .type = SETTING_TEXT,
     FIELD(days),
     .max = 80,
     .initial = "mon-fri",
     .right = ROLE_ADMINISTRATOR,
     .help = "Days of the week on which the hours begin: daily, or as in mon-fri, sun."},
    {.key = "from",
     .type = SETTING_TEXT,
     FIELD(from),
     .min = 1,
     .max = 8,
     .initial = "08:00",
     .right = ROLE_ADMINISTRATOR,
     .help = "Local time at which they begin, as in 08:00."},
    {.key = "to",
     .type = SETTING_TEXT,
     FIELD(to),
     .min = 1,
     .max = 8,
     .initial = "18:00",
     .right = ROLE_ADMINISTRATOR,
     .help = "Local time at which they end, at most 24:00; an earlier one than \"from\" is on the "
             "next day."},
};

static int parse(const struct active_hours_settings *settings, struct active_hours *hours,
                 const char **key, struct err *err)
{
    static const char shape[] = "must be a time from 00:00 to %s, as in 06:30, not \"%s\"";
    hours->enabled = settings->enabled;
    *key = "days";
    if (schedule_parse_days(settings->days, &hours->span.days, err) < 0)
        return err->code;
    *key = "from";
    if (schedule_parse_time(settings->from, &hours->span.from) < 0 ||
        hours->span.from == SCHEDULE_DAY_S)
        return err_set(err, -EINVAL, shape, "23:59:59", settings->from);
    *key = "to";
    if (schedule_parse_time(settings->to, &hours->span.to) < 0)
        return err_set(err, -EINVAL, shape, "24:00", settings->to);
    if (hours->span.to == hours->span.from)
        return err_set(err, -EINVAL, "must differ from \"from\"; a whole day is 00:00 to 24:00");
    return 0;
}

static int check(const struct config *config, const void *record, const char **key, struct err *err)
{
    struct active_hours hours;
    (void)config;
    return parse(record, &hours, key, err);
}

const struct setting_table active_hours_table = {
    .name = "active_hours",
    .label = "Active hours of alarms",
    .help = "The master schedule: outside these hours no alarm is raised, told or drives anything.",
    .rows = rows,
    .row_count = sizeof rows / sizeof *rows,
    .record_size = sizeof(struct active_hours_settings),
    .check = check,
};

struct active_hours active_hours_parse(const struct active_hours_settings *settings)
{
    struct active_hours hours = {0};
    const char *key;
    struct err err = ERR_EMPTY;
    if (parse(settings, &hours, &key, &err) < 0)
        return (struct active_hours){0};
    return hours;
}

bool active_hours_at(const struct active_hours *hours, clock_us wall, clock_us *until)
{
    *until = CLOCK_NEVER;
    if (!hours->enabled || wall <= 0)
        return true;
    clock_us end = schedule_hours_end(&hours->span, 1, wall);
    *until = end ? end : schedule_hours_next(&hours->span, wall);
    return end != 0;
}
