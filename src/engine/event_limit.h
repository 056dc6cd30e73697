/* event_limit - so many in an hour, the others are only counted.
 *
 * A bucket that fills evenly: a burst of a whole hour's number passes, then one each 3600 s /
 * number. Pure; embedded, all zeros is a full bucket.
 */
#pragma once

#include <stdbool.h>

#include "base/clock.h"

struct event_limit {
    clock_us empty_until; /* monotonic: how far ahead of now what has passed is spread */
    unsigned held;        /* not let through since the last one that was told */
};

/* Whether one more may pass at monotonic `now`; else it is counted. `an_hour` 0: all. */
bool event_limit_pass(struct event_limit *limit, unsigned an_hour, clock_us now);
