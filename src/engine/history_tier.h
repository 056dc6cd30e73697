/* history_tier - what is kept of many readings: one row for a minute, an hour, a day, a month, a
 * year.
 *
 * A row holds count, least, greatest, sum, first and last reading of its bucket and what was lost
 * by resets of a counter, all exact, so that rows of a bucket's parts combine into the bucket's row
 * and thinning never loses a peak or a watt-hour: the rise of a counter over any row is last -
 * first + lost. Rows are stored in pieces, one column per figure. Pure functions.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "engine/history_column.h"

#define HISTORY_TIER_VERSION 3
#define HISTORY_TIER_ROWS_MOST 65536 /* in one piece */

struct history_tier_row {
    int64_t time;   /* ms, begin of the bucket */
    uint32_t count; /* good readings, never 0 */
    int64_t min, max, first, last;
    int64_t sum_high; /* exact sum: sum_high * 2^32 + sum_low */
    uint64_t sum_low;
    int64_t lost; /* of a counter: the sum of what it had reached whenever it fell; saturates */
};

/* The row of one reading. */
static inline struct history_tier_row history_tier_begin(int64_t time, int64_t value)
{
    return (struct history_tier_row){
        .time = time,
        .count = 1,
        .min = value,
        .max = value,
        .first = value,
        .last = value,
        .sum_high = value >> 32, /* rounds down, which the unsigned low half makes good */
        .sum_low = (uint64_t)value & UINT32_MAX,
    };
}

/* Add a later reading. `counter`: a fall is a reset. */
static inline void history_tier_add(struct history_tier_row *row, int64_t value, bool counter)
{
    if (counter && value < row->last && __builtin_add_overflow(row->lost, row->last, &row->lost))
        row->lost = INT64_MAX;
    if (value < row->min)
        row->min = value;
    if (value > row->max)
        row->max = value;
    row->last = value;
    row->sum_low += (uint64_t)value & UINT32_MAX;
    row->sum_high += value >> 32;
    row->count++;
}

/* Add the row of a later part; `row` keeps its time. */
void history_tier_combine(struct history_tier_row *row, const struct history_tier_row *later,
                          bool counter);

/* Append the sealed piece of `rows` (ascending by time, none before `base`, at least one,
 * asserted), complete for base <= time < until (ms). Of gauges `first` and `lost` are not kept:
 * they read as `last` and 0. In the bytes a sum is its mean, rounded down, and the rest. */
void history_tier_encode(struct buf *out, int64_t key, int64_t base, int64_t until, bool counter,
                         const struct history_tier_row *rows, size_t count);

/* Decode a whole piece stored under `key` onto the end of `rows`, which has room for `room` rows.
 * The number of rows, -EBADMSG, -ENOTSUP, -ENOMEM, or -ENOSPC when there is not room enough.
 * `until` and `counter` are filled. */
int history_tier_decode(const uint8_t *bytes, size_t length, int64_t key, int64_t base,
                        struct history_tier_row *rows, size_t room, int64_t *until, bool *counter);

/* How many rows a piece says it has, without decoding it: at most HISTORY_TIER_ROWS_MOST; 0 when
 * that cannot be read. */
size_t history_tier_count(const uint8_t *bytes, size_t length);
