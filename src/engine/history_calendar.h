/* history_calendar - which stretch of time a moment belongs to: minutes, hours, days, months,
 * years.
 *
 * Days, months and years are those of the site's time zone (base/time_text), with 23 or 25 hours
 * where daylight saving begins or ends; hours begin when the local clock says so, which matters
 * where the zone is half an hour off. The C library is asked for the zone's offset, once a week of
 * the calendar where the user keeps a struct history_zone; all else is arithmetic. Embedded in its
 * user, no memory, any thread. The zone itself never changes while the program runs.
 */
#pragma once

#include <stdint.h>

/* What history keeps of a time: every reading, or one row for each of these. */
enum history_level {
    HISTORY_RAW,
    HISTORY_MINUTE,
    HISTORY_HOUR,
    HISTORY_DAY,
    HISTORY_MONTH,
    HISTORY_YEAR,
    HISTORY_LEVELS
};

/* Begin and end (not included), ms since 1970. */
struct history_stretch {
    int64_t begin, end;
};

#define HISTORY_ZONE_WEEKS 64 /* a year and more */

/* How far local time is ahead in weeks that were asked for before. Begins as zeros. */
struct history_zone {
    struct history_zone_week {
        int32_t number;  /* of the week since 1970, plus 1; 0: empty */
        int32_t ahead_s; /* INT32_MIN: that changes within the week */
    } weeks[HISTORY_ZONE_WEEKS];
};

struct history_calendar {
    enum history_level level;
    int times;    /* so many of them together: 2 days, 3 months; 1 or more */
    int64_t step; /* ms; instead of the calendar, multiples of it since 1970; 0: none */
    struct history_zone *zone; /* what is known of the zone; NULL: nothing is remembered */
    struct history_stretch last;
    /* of minutes and hours: while local time is ahead by so much (ms) */
    struct history_stretch steady;
    int64_t steady_ahead;
};

/* `times` levels (MINUTE to YEAR) together; 7 days are a week that begins on Monday. */
struct history_calendar history_calendar_new(enum history_level level, int times);

/* Multiples of `step` ms (1 or more) since 1970. */
struct history_calendar history_calendar_steps(int64_t step);

/* The stretch that `time` (ms, 0 to the year 9999) lies in. */
struct history_stretch history_calendar_find(struct history_calendar *calendar, int64_t time);
