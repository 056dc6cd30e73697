#include "engine/report_rule.h"

#include <errno.h>
#include <string.h>

#include "base/time_text.h"
#include "engine/notify_recipient.h"
#include "engine/schedule_rule.h"
#include "engine/schedule_time.h"
#include "model/config.h"

static const char *const everies[] = {"hourly", "daily", "weekly", "days", NULL};
static const char *const formats[] = {"international", "continental", NULL};

#define HOUR (3600 * CLOCK_S)
/* A day of the week comes again within these; one more for what a jump may move. */
#define DAYS_LOOKED 9

#define FIELD(name) .offset = offsetof(struct report_settings, name)

static const struct setting_row rows[] = {
    {.key = "label",
     .type = SETTING_TEXT,
     FIELD(label),
     .max = 63,
     .initial = "",
     .right = ROLE_ADMINISTRATOR,
     .help = "What people call it, as the subject of the mail says; empty is its name."},
    {.key = "enabled",
     .type = SETTING_BOOL,
     FIELD(enabled),
     .initial = "true",
     .right = ROLE_ADMINISTRATOR,
     .help = "Whether it is sent."},
    {.key = "recipients",
     .type = SETTING_TEXT,
     FIELD(recipients),
     .max = 1000,
     .initial = "",
     .right = ROLE_ADMINISTRATOR,
     .help = "Who gets it: names of recipients with commas between; empty: all that have "
             "\"reports\"."},
    {.key = "every",
     .type = SETTING_CHOICE,
     FIELD(every),
     .choices = everies,
     .initial = "daily",
     .right = ROLE_ADMINISTRATOR,
     .help =
         "How often: hourly, daily, weekly on the one day of \"days\", or on each of \"days\"."},
    {.key = "at",
     .type = SETTING_TEXT,
     FIELD(at),
     .min = 1,
     .max = 8,
     .initial = "07:00",
     .right = ROLE_ADMINISTRATOR,
     .help = "Local time of day, as in 07:00; of hourly reports the minutes count."},
    {.key = "days",
     .type = SETTING_TEXT,
     FIELD(days),
     .min = 1,
     .max = 80,
     .initial = "mon",
     .right = ROLE_ADMINISTRATOR,
     .help = "For weekly and days: days of the week, as in mon or mon-fri, sun."},
    {.key = "devices",
     .type = SETTING_TEXT,
     FIELD(devices),
     .max = 4000,
     .initial = "",
     .right = ROLE_ADMINISTRATOR,
     .help = "What it is about: names of devices with commas between; empty: all."},
    {.key = "energy",
     .type = SETTING_BOOL,
     FIELD(energy),
     .initial = "true",
     .right = ROLE_ADMINISTRATOR,
     .help = "Whether it says what was used this week and month, against the ones before, and what "
             "it cost."},
    {.key = "csv",
     .type = SETTING_BOOL,
     FIELD(csv),
     .initial = "false",
     .right = ROLE_ADMINISTRATOR,
     .help = "Whether what was recorded since the report before is attached as a CSV file."},
    {.key = "csv_step",
     .type = SETTING_DURATION,
     FIELD(csv_step),
     .min = 60,
     .max = 86400,
     .initial = "15 min",
     .right = ROLE_ADMINISTRATOR,
     .help = "Time from one row of that file to the next."},
    {.key = "csv_format",
     .type = SETTING_CHOICE,
     FIELD(csv_format),
     .choices = formats,
     .initial = "international",
     .right = ROLE_ADMINISTRATOR,
     .help = "What spreadsheets expect where you are: international has \",\" between cells and "
             "\"1.5\", continental has \";\" and \"1,5\"."},
};

/* ---- rules ----------------------------------------------------------------------------------- */

size_t report_next_name(const char **at, const char **name)
{
    static const char between[] = ", ";
    *name = *at + strspn(*at, between);
    size_t length = strcspn(*name, between);
    *at = *name + length;
    return length;
}

/* Names of recipients are looked up, so that a slip is found now and not at seven in the morning.
 */
static int check_recipients(const struct config *config, const struct report_settings *settings,
                            struct err *err)
{
    const char *at = settings->recipients, *name;
    for (size_t length; (length = report_next_name(&at, &name)) > 0;) {
        char word[64];
        if (length < sizeof word) {
            memcpy(word, name, length);
            word[length] = '\0';
            if (recipient_find(config, word))
                continue;
        }
        return err_set(err, -EINVAL, "there is no recipient \"%.*s\"",
                       (int)(length < 60 ? length : 60), name);
    }
    return 0;
}

static int check(const struct config *config, const void *record, const char **key, struct err *err)
{
    const struct report_settings *settings = record;
    int second;
    unsigned days;
    *key = NULL;
    if (config_count(config, &report_settings_table) > REPORTS_MOST)
        return err_set(err, -E2BIG, "there are more than %d reports", REPORTS_MOST);
    *key = "at";
    if (schedule_parse_time(settings->at, &second) < 0 || second >= SCHEDULE_DAY_S)
        return err_set(err, -EINVAL,
                       "must be a time from 00:00 to 23:59:59, as in 07:00, not "
                       "\"%.20s\"",
                       settings->at);
    *key = "days";
    if (schedule_parse_days(settings->days, &days, err) < 0)
        return err->code;
    if (settings->every == REPORT_WEEKLY && (days & (days - 1)))
        return err_set(err, -EINVAL,
                       "must be one day for a weekly report; with several days write "
                       "every: days");
    *key = "csv_step";
    if (settings->csv_step % CLOCK_S != 0 || 86400 * CLOCK_S % settings->csv_step != 0)
        return err_set(err, -EINVAL,
                       "a day must be a whole number of steps, as with 1 min, 15 min or 1 h");
    *key = "recipients";
    return check_recipients(config, settings, err);
}

const struct setting_table report_settings_table = {
    .name = "reports",
    .label = "Reports",
    .help = "Status reports that are sent by mail at chosen times.",
    .collection = true,
    .rows = rows,
    .row_count = sizeof rows / sizeof *rows,
    .record_size = sizeof(struct report_settings),
    .check = check,
};

/* ---- when ------------------------------------------------------------------------------------ */

/* By how much the minutes of the site's clocks differ from those of UTC, in seconds: not 0 in
 * India. */
static int64_t minutes_ahead(clock_us wall)
{
    char text[TIME_TEXT_SIZE]; /* 2026-11-21T02:02:03.456+05:30 */
    time_text_format_local(wall, text);
    int64_t second = ((text[27] - '0') * 10 + text[28] - '0') * 60;
    return text[23] == '-' ? -second : second;
}

static clock_us hourly_before(int second, clock_us wall)
{
    clock_us shift = (minutes_ahead(wall) - second % 3600) * CLOCK_S, shown = wall + shift;
    clock_us rest = shown % HOUR;
    return wall - rest - (rest < 0 ? HOUR : 0);
}

static unsigned days_of(const struct report_settings *settings)
{
    unsigned days = 0x7F;
    if (settings->every == REPORT_WEEKLY || settings->every == REPORT_DAYS)
        schedule_parse_days(settings->days, &days, NULL);
    return days;
}

clock_us report_due_before(const struct report_settings *settings, clock_us wall)
{
    int second = 0;
    unsigned days = days_of(settings);
    schedule_parse_time(settings->at, &second);
    if (settings->every == REPORT_HOURLY)
        return hourly_before(second, wall);
    int64_t day = schedule_time_day(wall) + 1;
    for (int i = 0; i < DAYS_LOOKED; i++, day--) {
        clock_us moment = schedule_time_moment(day, second);
        if (days >> schedule_time_weekday(day) & 1 && moment <= wall)
            return moment;
    }
    return 0; /* there is no day in `days`: cannot be */
}

clock_us report_due_after(const struct report_settings *settings, clock_us wall)
{
    int second = 0;
    unsigned days = days_of(settings);
    schedule_parse_time(settings->at, &second);
    if (settings->every == REPORT_HOURLY)
        return hourly_before(second, wall) + HOUR;
    int64_t day = schedule_time_day(wall) - 1;
    for (int i = 0; i <= DAYS_LOOKED; i++, day++) {
        clock_us moment = schedule_time_moment(day, second);
        if (days >> schedule_time_weekday(day) & 1 && moment > wall)
            return moment;
    }
    return CLOCK_NEVER;
}
