/* demand_window - the average of a power or the use of a counter over a window of the clock.
 *
 * A window is made of equal parts, one for block demand; each part ends when the clock of the site
 * says so. A power counts for as long as it holds, until the next reading; of a counter the
 * readings at the ends of a part count, whatever is missing in between. A part with more than a
 * fiftieth of it missing is not known, and neither is a window with such a part. Pure; no memory.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/clock.h"
#include "engine/demand_settings.h"

struct demand_window {
    /* set by the caller */
    clock_us part; /* length of one */
    size_t parts;  /* in a window, at most DEMAND_PARTS_MOST */
    bool counter;  /* readings are a count in kWh, the average is in W */
    /* the part under way, wall; `end` 0: none yet */
    clock_us begin, end;
    clock_us covered; /* of it */
    double sum;       /* value times us */
    double count;     /* of a counter: at its begin, NAN when that is not known */
    /* those that are over, the newest at `at` - 1; NAN when one is not known */
    double ring[DEMAND_PARTS_MOST];
    size_t at, filled;
};

/* Begin the part of the clock that `wall` lies in; what was under way is forgotten. `count` is the
 * counter's reading, NAN for a power and when `wall` is not the begin of the part. */
void demand_window_begin(struct demand_window *window, clock_us wall, double count);

/* The value holds for from <= time < to, both in the part under way. */
void demand_window_hold(struct demand_window *window, clock_us from, clock_us to, double value);

/* The part under way is over, and the next one has begun: the average of the window, NAN when it is
 * not known. `count` as above, at its end. */
double demand_window_end(struct demand_window *window, double count);

/* The average of the part under way so far, NAN when nothing is known. */
double demand_window_running(const struct demand_window *window, clock_us now, double count);
