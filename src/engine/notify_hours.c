#include "engine/notify_hours.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "engine/schedule_rule.h"
#include "engine/schedule_time.h"

#define ALL_DAYS 0x7Fu

#define FIELD(name) .offset = offsetof(struct business_hours, name)

static const struct setting_row rows[] = {
    {.key = "days",
     .type = SETTING_TEXT,
     FIELD(days),
     .max = 80,
     .initial = "mon-fri",
     .right = ROLE_ADMINISTRATOR,
     .help = "Days of the week on which somebody is there, as in mon-fri, sun."},
    {.key = "from",
     .type = SETTING_TEXT,
     FIELD(from),
     .min = 1,
     .max = 8,
     .initial = "08:00",
     .right = ROLE_ADMINISTRATOR,
     .help = "Local time at which business hours begin."},
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

/* ---- reading --------------------------------------------------------------------------------- */

static int parse_times(const char *from, const char *to, struct schedule_hours *span,
                       struct err *err)
{
    if (schedule_parse_time(from, &span->from) < 0 || span->from == SCHEDULE_DAY_S ||
        schedule_parse_time(to, &span->to) < 0)
        return err_set(err, -EINVAL, "\"%.20s-%.20s\" are no times: write them as in 22:00-06:00",
                       from, to);
    return span->from == span->to
               ? err_set(err, -EINVAL,
                         "%.20s-%.20s is no time at all; the whole day is 00:00-24:00", from, to)
               : 0;
}

static int parse_hours(const struct business_hours *hours, struct schedule_hours *span,
                       const char **key, struct err *err)
{
    *key = "days";
    if (schedule_parse_days(hours->days, &span->days, err) < 0)
        return err->code;
    *key = "from";
    return parse_times(hours->from, hours->to, span, err);
}

/* "[days] HH:MM-HH:MM": the times are what stands behind the last blank. */
static int parse_span(const char *text, size_t length, struct schedule_hours *span, struct err *err)
{
    char days[81], from[9] = "", to[9] = "";
    size_t times = length;
    while (times > 0 && text[times - 1] != ' ' && text[times - 1] != ',')
        times--;
    const char *dash = memchr(text + times, '-', length - times);
    size_t head = dash ? (size_t)(dash - text) - times : 0, tail = length - times - head;
    if (!dash || head >= sizeof from || tail > sizeof to || times >= sizeof days)
        return err_set(err, -EINVAL,
                       "\"%.*s\" is no span of time: write it as in 22:00-06:00 or sat-sun "
                       "00:00-24:00",
                       (int)(length < 60 ? length : 60), text);
    memcpy(days, text, times);
    days[times] = '\0';
    memcpy(from, text + times, head);
    memcpy(to, dash + 1, tail - 1);
    span->days = ALL_DAYS;
    if (days[strspn(days, " ,")] && schedule_parse_days(days, &span->days, err) < 0)
        return err->code;
    return parse_times(from, to, span, err);
}

int notify_hours_parse(const char *text, struct schedule_hours spans[NOTIFY_SPANS_MOST],
                       struct err *err)
{
    int count = 0;
    for (const char *at = text; *at;) {
        size_t length = strcspn(at, ";");
        const char *next = at + length + (at[length] == ';');
        while (length > 0 && at[0] == ' ') {
            at++;
            length--;
        }
        while (length > 0 && at[length - 1] == ' ')
            length--;
        if (length > 0 && count == NOTIFY_SPANS_MOST)
            return err_set(err, -E2BIG, "are more than %d spans of time", NOTIFY_SPANS_MOST);
        if (length > 0 && parse_span(at, length, &spans[count++], err) < 0)
            return err->code;
        at = next;
    }
    return count;
}

static int check(const struct config *config, const void *record, const char **key, struct err *err)
{
    struct schedule_hours span;
    (void)config;
    return parse_hours(record, &span, key, err);
}

const struct setting_table business_hours_table = {
    .name = "business_hours",
    .label = "Business hours",
    .help = "When somebody is there: recipients may be told in these hours only, or outside of "
            "them.",
    .rows = rows,
    .row_count = sizeof rows / sizeof *rows,
    .record_size = sizeof(struct business_hours),
    .check = check,
};

/* ---- asking ---------------------------------------------------------------------------------- */

bool notify_hours_on_duty(const struct recipient *recipient, const struct business_hours *hours,
                          clock_us wall)
{
    struct schedule_hours span;
    struct err err = ERR_EMPTY;
    const char *key;
    if (recipient->when == RECIPIENT_ALWAYS || !wall || parse_hours(hours, &span, &key, &err) < 0)
        return true;
    bool business = schedule_hours_end(&span, 1, wall) != 0;
    return business == (recipient->when == RECIPIENT_BUSINESS_HOURS);
}

clock_us notify_hours_quiet(const struct recipient *recipient, clock_us wall)
{
    struct schedule_hours spans[NOTIFY_SPANS_MOST];
    struct err err = ERR_EMPTY;
    int count = *recipient->quiet && wall ? notify_hours_parse(recipient->quiet, spans, &err) : 0;
    return count > 0 ? schedule_hours_end(spans, (size_t)count, wall) : 0;
}
