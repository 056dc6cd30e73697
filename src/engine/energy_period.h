/* energy_period - a day, week, month or year of the site's calendar, its steps, and the one before
 * it.
 *
 * Days have 23 to 25 hours where daylight saving says so (engine/history_calendar). Of the period
 * before, as much is compared as has passed of this one: to the same step, and as far into it.
 * Pure; any thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/clock.h"

enum energy_span { ENERGY_DAY, ENERGY_WEEK, ENERGY_MONTH, ENERGY_YEAR, ENERGY_SPANS };

/* "day" ...; -1 when it is none. */
const char *energy_span_name(enum energy_span span);
int energy_span_find(const char *name);

/* Hours of a day, days of a week or month, months of a year; a year by days for a calendar. */
#define ENERGY_STEPS_MOST 366

struct energy_steps {
    clock_us at[ENERGY_STEPS_MOST + 1]; /* begin of each, and the end */
    size_t count;
};

struct energy_period {
    enum energy_span span;
    clock_us from, to;               /* wall */
    clock_us until;                  /* what has passed: `now`, or the end; not before `from` */
    clock_us before_from, before_to; /* compared; what follows lasts to `from` */
    struct energy_steps steps, before;
};

/* The period that `at` lies in. `by_days`: a year's steps are days. */
void energy_period_of(struct energy_period *period, enum energy_span span, bool by_days,
                      clock_us at, clock_us now);
