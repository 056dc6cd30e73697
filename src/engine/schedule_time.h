/* schedule_time - from what a calendar says to a moment: the one place that knows what daylight
 * saving does to a schedule.
 *
 * Days are those of the site's time zone (base/time_text), counted from 1970-01-01; times are
 * seconds of a day as a clock on the wall shows them. A time that is there twice (the clock goes
 * back) means the first of the two; a time that is skipped (the clock goes forward) means the
 * moment of the jump. So each time of each day is exactly one moment, and later times are never
 * earlier moments. No memory, any thread.
 */
#pragma once

#include <stdint.h>

#include "base/clock.h"

#define SCHEDULE_DAY_S 86400

/* The local day that a wall time lies in. */
int64_t schedule_time_day(clock_us wall);

/* 0 Monday to 6 Sunday. */
int schedule_time_weekday(int64_t day);

/* The moment at which the clocks of the site show `second` (0 to SCHEDULE_DAY_S, which is the next
 * midnight) on `day`. */
clock_us schedule_time_moment(int64_t day, int second);
