/* history_rows - a growing list of rows (history_tier), ordered by time.
 *
 * The rows that a question gathers, and those that thinning makes. Memory is checked: a list that
 * could not grow says so and is as it was. Embedded in its user, who frees `list`; empty is zero.
 * One thread at a time.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "engine/history_tier.h"

struct history_rows {
    struct history_tier_row *list;
    size_t count, capacity;
};

/* Room for `more` rows beyond `count`; false when there is no memory. */
bool history_rows_reserve(struct history_rows *rows, size_t more);

/* Mix `later`, the rows of a series that was begun after, into `rows`; of two at the same time the
 * one of `rows` comes first, or with `combine` they become one (`counter`: see
 * history_tier_combine). What `later` holds afterwards is memory without meaning. 0 or -ENOMEM. */
int history_rows_mix(struct history_rows *rows, struct history_rows *later, bool combine,
                     bool counter);
