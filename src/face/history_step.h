/* history_step - how fine the past is asked for: `?step=` and the choice for at most N buckets.
 *
 * A step is every reading, so many seconds (multiples since 1970), or an hour, day, week, month,
 * quarter or year of the site's zone. Pure.
 */
#pragma once

#include <stdbool.h>

#include "engine/history.h"

struct history_step {
    clock_us step; /* as in struct history_question */
    enum history_unit unit;
    int units;
    int64_t seconds; /* its length; of days and longer ones the usual one; 0: every reading */
    char name[24];   /* that history_step_parse reads */
};

#define HISTORY_STEPS "raw, a whole number of seconds up to 366 days, or 1h, 1d, 1w, 1mo, 3mo, 1y"

/* False when `text` is none of HISTORY_STEPS. */
bool history_step_parse(const char *text, struct history_step *step);

/* The finest step that people think in with at most `most` (1 or more) buckets from `from` to `to`:
 * from a day on those of the calendar. */
void history_step_choose(clock_us from, clock_us to, int64_t most, struct history_step *step);
