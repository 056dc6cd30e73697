#include "engine/history_calendar.h"

#include <assert.h>
#include <stdbool.h>
#include <time.h>

#define MINUTE_MS 60000
#define HOUR_MS 3600000
#define DAY_S 86400

/* 1970-01-01 was a Thursday: weeks are counted from Monday, four days later. */
#define FIRST_MONDAY 4

static int64_t round_down(int64_t value, int64_t to)
{
    int64_t rest = value % to;
    return value - (rest < 0 ? rest + to : rest);
}

/* ---- the local calendar ---------------------------------------------------------------------- */

static struct tm local_parts(int64_t time)
{
    time_t moment = (time_t)(time / 1000);
    struct tm parts = {.tm_year = 70, .tm_mday = 1};
    localtime_r(&moment, &parts);
    return parts;
}

/* Days from 1970-01-01 to the date, by the calendar alone. */
static int64_t day_number(int year, int month, int day)
{
    struct tm parts = {.tm_year = year, .tm_mon = month, .tm_mday = day};
    return (int64_t)timegm(&parts) / DAY_S;
}

static int64_t day_of(int64_t second)
{
    struct tm parts = local_parts(second * 1000);
    return day_number(parts.tm_year, parts.tm_mon, parts.tm_mday);
}

/* The first second of a local day. Midnight may not exist (the clock goes from 23:59 to 01:00) or be
 * there twice; mktime's answer is right but for these. */
static int64_t day_begin(int64_t number)
{
    time_t noon = (time_t)(number * DAY_S + DAY_S / 2);
    struct tm parts;
    gmtime_r(&noon, &parts);
    parts.tm_hour = parts.tm_min = parts.tm_sec = 0;
    parts.tm_isdst = -1;
    int64_t second = (int64_t)mktime(&parts);
    for (int i = 0; i < 4 && day_of(second) < number; i++)
        second += 1800;
    for (int i = 0; i < 4 && day_of(second - 1800) >= number; i++)
        second -= 1800;
    return second * 1000;
}

static struct history_stretch find_days(int times, int64_t time)
{
    int64_t number = day_of(time / 1000), origin = times == 7 ? FIRST_MONDAY : 0;
    int64_t first = round_down(number - origin, times) + origin;
    return (struct history_stretch){day_begin(first), day_begin(first + times)};
}

static struct history_stretch find_months(int times, int64_t time)
{
    struct tm parts = local_parts(time);
    int month = (int)round_down(parts.tm_year * 12 + parts.tm_mon, times);
    int end = month + times;
    return (struct history_stretch){day_begin(day_number(month / 12, month % 12, 1)),
                                    day_begin(day_number(end / 12, end % 12, 1))};
}

/* Minutes and hours; more than one are counted from the local midnight's side of 1970. */
static struct history_stretch find_clock(int64_t length, int64_t time)
{
    int64_t offset = (int64_t)local_parts(time).tm_gmtoff * 1000;
    int64_t begin = round_down(time + offset, length) - offset;
    return (struct history_stretch){begin, begin + length};
}

/* ---- public ---------------------------------------------------------------------------------- */

struct history_calendar history_calendar_new(enum history_level level, int times)
{
    assert(level > HISTORY_RAW && level < HISTORY_LEVELS && times > 0);
    return (struct history_calendar){.level = level, .times = times};
}

struct history_calendar history_calendar_steps(int64_t step)
{
    assert(step > 0);
    return (struct history_calendar){.times = 1, .step = step};
}

static struct history_stretch find(const struct history_calendar *calendar, int64_t time)
{
    if (calendar->step) {
        int64_t begin = round_down(time, calendar->step);
        return (struct history_stretch){begin, begin + calendar->step};
    }
    switch (calendar->level) {
    case HISTORY_MINUTE:
        return find_clock((int64_t)calendar->times * MINUTE_MS, time);
    case HISTORY_HOUR:
        return find_clock((int64_t)calendar->times * HOUR_MS, time);
    case HISTORY_DAY:
        return find_days(calendar->times, time);
    case HISTORY_MONTH:
        return find_months(calendar->times, time);
    case HISTORY_YEAR:
        return find_months(calendar->times * 12, time);
    case HISTORY_RAW:
    case HISTORY_LEVELS:
        break;
    }
    return (struct history_stretch){time, time + 1};
}

struct history_stretch history_calendar_find(struct history_calendar *calendar, int64_t time)
{
    bool known = time >= calendar->last.begin && time < calendar->last.end;
    if (!known)
        calendar->last = find(calendar, time);
    return calendar->last;
}
