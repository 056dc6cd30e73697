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

static int32_t ask_ahead(int64_t second)
{
    return (int32_t)local_parts(second * 1000).tm_gmtoff;
}

/* The first second of a local day. By the offset of the day before it is right unless the clock is
 * put back from midnight; midnight may also not exist (the clock goes from 23:59 to 01:00). */
static int64_t ask_day_begin(int64_t number)
{
    int64_t second = number * DAY_S - ask_ahead((number - 1) * DAY_S);
    for (int i = 0; i < 4 && day_of(second) < number; i++)
        second += 1800;
    for (int i = 0; i < 4 && day_of(second - 1800) >= number; i++)
        second -= 1800;
    return second;
}

/* ---- what is known of the zone --------------------------------------------------------------- */

#define WEEK_S (7 * DAY_S)
#define CHANGES INT32_MIN /* no offset that a zone has */

/* By how much local time is ahead all through the week of `second`, or CHANGES. No zone on record
 * changes and changes back within a week. */
static int32_t ahead_all_week(const struct history_calendar *calendar, int64_t second)
{
    int64_t number = round_down(second, WEEK_S) / WEEK_S;
    if (!calendar->zone || number < 0 || number >= INT32_MAX)
        return CHANGES;
    struct history_zone_week *week = &calendar->zone->weeks[number % HISTORY_ZONE_WEEKS];
    if (week->number != number + 1) {
        int32_t begin = ask_ahead(number * WEEK_S), end = ask_ahead((number + 1) * WEEK_S);
        *week = (struct history_zone_week){(int32_t)number + 1, begin == end ? begin : CHANGES};
    }
    return week->ahead_s;
}

static int64_t ahead_at(const struct history_calendar *calendar, int64_t second)
{
    int32_t ahead = ahead_all_week(calendar, second);
    return ahead != CHANGES ? ahead : ask_ahead(second);
}

/* The first second of a local day. */
static int64_t day_begin(const struct history_calendar *calendar, int64_t number)
{
    int32_t ahead = ahead_all_week(calendar, number * DAY_S);
    int64_t second = number * DAY_S - ahead;
    /* local midnight may lie in the week before or after that of the same hour of UTC; and the
     * second before it must be of the same kind, else midnight may be there twice */
    if (ahead != CHANGES && ahead_all_week(calendar, second) == ahead &&
        ahead_all_week(calendar, second - DAY_S) == ahead)
        return second * 1000;
    return ask_day_begin(number) * 1000;
}

/* ---- stretches ------------------------------------------------------------------------------- */

static int64_t local_day(const struct history_calendar *calendar, int64_t time)
{
    int64_t second = round_down(time, 1000) / 1000;
    return round_down(second + ahead_at(calendar, second), DAY_S) / DAY_S;
}

static struct history_stretch find_days(const struct history_calendar *calendar, int64_t time)
{
    int times = calendar->times;
    int64_t origin = times == 7 ? FIRST_MONDAY : 0;
    int64_t first = round_down(local_day(calendar, time) - origin, times) + origin;
    return (struct history_stretch){day_begin(calendar, first), day_begin(calendar, first + times)};
}

static struct history_stretch find_months(const struct history_calendar *calendar, int times,
                                          int64_t time)
{
    time_t noon = (time_t)(local_day(calendar, time) * DAY_S + DAY_S / 2);
    struct tm parts = {.tm_year = 70, .tm_mday = 1};
    gmtime_r(&noon, &parts);
    int month = (int)round_down(parts.tm_year * 12 + parts.tm_mon, times);
    int end = month + times;
    return (struct history_stretch){
        day_begin(calendar, day_number(month / 12, month % 12, 1)),
        day_begin(calendar, day_number(end / 12, end % 12, 1)),
    };
}

/* By how much (ms) local time is ahead. Rows are looked up one after the other: those of a week in
 * which the clocks stay as they are cost a comparison. */
static int64_t ahead_of_clock(struct history_calendar *calendar, int64_t time)
{
    if (time >= calendar->steady.begin && time < calendar->steady.end)
        return calendar->steady_ahead;
    int64_t second = round_down(time, 1000) / 1000, week = round_down(second, WEEK_S);
    int32_t ahead = ahead_all_week(calendar, second);
    if (ahead == CHANGES)
        return (int64_t)ask_ahead(second) * 1000;
    calendar->steady = (struct history_stretch){week * 1000, (week + WEEK_S) * 1000};
    calendar->steady_ahead = (int64_t)ahead * 1000;
    return calendar->steady_ahead;
}

/* Minutes and hours; more than one are counted from the local midnight's side of 1970. */
static struct history_stretch find_clock(struct history_calendar *calendar, int64_t length,
                                         int64_t time)
{
    int64_t offset = ahead_of_clock(calendar, time);
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

static struct history_stretch find(struct history_calendar *calendar, int64_t time)
{
    if (calendar->step) {
        int64_t begin = round_down(time, calendar->step);
        return (struct history_stretch){begin, begin + calendar->step};
    }
    switch (calendar->level) {
    case HISTORY_MINUTE:
        return find_clock(calendar, (int64_t)calendar->times * MINUTE_MS, time);
    case HISTORY_HOUR:
        return find_clock(calendar, (int64_t)calendar->times * HOUR_MS, time);
    case HISTORY_DAY:
        return find_days(calendar, time);
    case HISTORY_MONTH:
        return find_months(calendar, calendar->times, time);
    case HISTORY_YEAR:
        return find_months(calendar, calendar->times * 12, time);
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
