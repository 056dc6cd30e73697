/* pulse_rate - how fast pulses come, from the time between them.
 *
 * Between two pulses nobody knows more than that the next one has not come yet: the rate is one
 * pulse in the last interval, or in the time since the last pulse when that is longer, so it falls
 * off when pulses stop. Fast pulses are averaged over a second, or over `shortest` where pulses are
 * seen late. Pure; a zeroed struct knows
 * nothing.
 */
#pragma once

#include <stdbool.h>

#include "base/clock.h"

struct pulse_rate {
    clock_us last;     /* pulse; 0: none yet */
    clock_us since;    /* of the interval being measured */
    unsigned pulses;   /* in it */
    clock_us interval; /* between two pulses; 0: not known yet */
    clock_us shortest; /* an interval is measured over that long at least, and over 1 s */
};

/* `pulses` (at least 1) were seen at `now`. */
void pulse_rate_count(struct pulse_rate *rate, unsigned pulses, clock_us now);

/* Pulses a minute; NAN before the second pulse. */
double pulse_rate_at(const struct pulse_rate *rate, clock_us now);
