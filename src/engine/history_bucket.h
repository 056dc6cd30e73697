/* history_bucket - exact rows of whole numbers become the buckets of an answer.
 *
 * Sums are kept as integers of the series' decimals and become a double once, at the end, so that a
 * year's sum is as good as a minute's. Pure but for memory.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/history.h"
#include "engine/history_tier.h"

#define HISTORY_DECIMALS_MOST 9

struct history_buckets_of {
    const struct history_tier_row *rows; /* ordered by time, in ms */
    size_t count;
    int decimals;
    bool counter;
    bool has_before; /* the counter's last reading before the rows, */
    int64_t before;  /* ... in the same decimals */
};

/* New buckets, as many as there are rows; NULL when out of memory. The caller frees them. */
struct history_bucket *history_bucket_make(const struct history_buckets_of *of);

/* Bring a row to `more` further decimals; what does not fit any more is the largest there is. */
void history_bucket_scale(struct history_tier_row *row, int more);
