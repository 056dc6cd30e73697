#include "engine/schedule_time.h"

#include <stdbool.h>

#include <time.h>

/* A zone is at most 14 hours off, and moved at most a day (Samoa, 2011): two days away from a local
 * time, taken for UTC, lies surely before or after whatever happens to the clock on that day. */
#define FAR_S (2 * (int64_t)SCHEDULE_DAY_S)

/* 1970-01-01 was a Thursday. */
#define FIRST_WEEKDAY 3

static int64_t offset_at(int64_t second)
{
    time_t moment = (time_t)second;
    struct tm parts = {0};
    return localtime_r(&moment, &parts) ? (int64_t)parts.tm_gmtoff : 0;
}

static int64_t floor_div(int64_t value, int64_t by)
{
    return value / by - (value % by < 0);
}

int64_t schedule_time_day(clock_us wall)
{
    int64_t second = floor_div(wall, CLOCK_S);
    return floor_div(second + offset_at(second), SCHEDULE_DAY_S);
}

int schedule_time_weekday(int64_t day)
{
    return (int)(((day + FIRST_WEEKDAY) % 7 + 7) % 7);
}

/* The first second of the offset that is in force at `after`, and not yet at `before`. */
static int64_t find_jump(int64_t before, int64_t after)
{
    int64_t offset = offset_at(after);
    while (after - before > 1) {
        int64_t middle = before + (after - before) / 2;
        if (offset_at(middle) == offset)
            after = middle;
        else
            before = middle;
    }
    return after;
}

clock_us schedule_time_moment(int64_t day, int second)
{
    int64_t shown = day * SCHEDULE_DAY_S + second;
    int64_t early = offset_at(shown - FAR_S), late = offset_at(shown + FAR_S);
    int64_t first = shown - (early > late ? early : late);
    int64_t last = shown - (early > late ? late : early);
    if (first + offset_at(first) == shown)
        return first * CLOCK_S;
    if (last + offset_at(last) == shown)
        return last * CLOCK_S;
    return find_jump(shown - FAR_S, shown + FAR_S) * CLOCK_S;
}

/* ---- spans ------------------------------------------------------------------------------------ */

#define HOPS_MOST 16 /* spans that may touch: a week of days, and what is written double */

static bool begins_on(const struct schedule_hours *span, int64_t day)
{
    return span->days >> schedule_time_weekday(day) & 1;
}

/* The end of the span's turn that `wall` lies in: one of yesterday, which may go on past midnight,
 * or of today; 0: none. */
static clock_us span_end(const struct schedule_hours *span, clock_us wall)
{
    int64_t today = schedule_time_day(wall);
    for (int64_t day = today - 1; day <= today; day++) {
        if (!begins_on(span, day))
            continue;
        clock_us begin = schedule_time_moment(day, span->from);
        clock_us end = schedule_time_moment(day + (span->to < span->from), span->to);
        if (begin <= wall && wall < end)
            return end;
    }
    return 0;
}

clock_us schedule_hours_end(const struct schedule_hours *spans, size_t count, clock_us wall)
{
    clock_us end = 0;
    for (int hops = 0; hops < HOPS_MOST; hops++) {
        clock_us from = end ? end : wall, best = 0;
        for (size_t i = 0; i < count; i++) {
            clock_us one = span_end(&spans[i], from);
            best = one > best ? one : best;
        }
        if (!best)
            return end;
        end = best;
    }
    return end;
}

clock_us schedule_hours_next(const struct schedule_hours *span, clock_us wall)
{
    int64_t today = schedule_time_day(wall);
    for (int64_t day = today; day <= today + 7; day++) {
        clock_us begin = schedule_time_moment(day, span->from);
        if (begins_on(span, day) && begin > wall)
            return begin;
    }
    return CLOCK_NEVER;
}
