/* schedule_time - from what a calendar says to a moment: the one place that knows what daylight
 * saving does to a schedule.
 *
 * Days are those of the site's time zone (base/time_text), counted from 1970-01-01; times are
 * seconds of a day as a clock on the wall shows them. A time that is there twice (the clock goes
 * back) means the first of the two; a time that is skipped (the clock goes forward) means the
 * moment of the jump. So each time of each day is exactly one moment, and later times are never
 * earlier moments. Spans of the day (quiet times, business hours, active hours) are walked here
 * too. No memory, any thread.
 */
#pragma once

#include <stddef.h>
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

/* ---- spans that come again each week ---------------------------------------------------------- */

struct schedule_hours {
    unsigned days; /* bit 0 Monday: on which it begins */
    int from, to;  /* seconds of the day; `to` earlier than `from`: on the next day */
};

/* The end of the spans that `wall` lies in; those that touch count as one. 0: it lies in none. */
clock_us schedule_hours_end(const struct schedule_hours *spans, size_t count, clock_us wall);

/* When the span begins next, after `wall`; CLOCK_NEVER when on no day. */
clock_us schedule_hours_next(const struct schedule_hours *span, clock_us wall);
