/* history_gather - the average, highest or lowest of the readings since the last tick.
 *
 * Fed by the point's tap with every reading, repeated ones included, so that an average weighs each
 * of them once. Embedded in what history_points records; nothing is allocated. Loop thread only.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "engine/history_rules.h"

struct history_gather {
    enum history_mode mode;
    uint64_t count; /* readings since the last tick */
    double sum, extreme;
};

static inline void history_gather_add(struct history_gather *gather, double number)
{
    bool first = gather->count++ == 0;
    gather->sum = first ? number : gather->sum + number;
    if (first ||
        (gather->mode == HISTORY_MODE_LOWEST ? number < gather->extreme : number > gather->extreme))
        gather->extreme = number;
}

/* The number of the span that ends now, and begin the next; false when there was no reading in it.
 */
static inline bool history_gather_take(struct history_gather *gather, double *number)
{
    if (gather->count == 0)
        return false;
    *number = gather->mode == HISTORY_MODE_AVERAGE ? gather->sum / (double)gather->count
                                                   : gather->extreme;
    gather->count = 0;
    return true;
}
