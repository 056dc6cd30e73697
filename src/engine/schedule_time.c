#include "engine/schedule_time.h"

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
