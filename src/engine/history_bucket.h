/* history_bucket - readings in order of time become buckets, with exact arithmetic.
 *
 * Sums are kept as integers of the series' decimals and become a double once, at the end, so that a
 * year's sum is as good as a minute's. Buckets begin at multiples of the step since 1970. Embedded
 * in its user; pure but for memory.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "engine/history.h"

struct history_bucketer {
    clock_us from, to, step;
    size_t most;
    int decimals;
    struct history_bucket *buckets;
    size_t count, capacity;
    bool cut;
    /* the bucket being filled */
    clock_us begin;
    uint32_t readings;
    int64_t min, max, last;
    int64_t sum_high; /* in units of 2^32 */
    uint64_t sum_low;
};

/* Take a good reading, not earlier than the one before. False when out of memory. */
bool history_bucketer_put(struct history_bucketer *bucketer, clock_us time, int64_t value);

/* Finish the last bucket. False when out of memory. */
bool history_bucketer_end(struct history_bucketer *bucketer);
