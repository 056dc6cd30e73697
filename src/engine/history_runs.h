/* history_runs - times and qualities of readings as runs: a regular log costs a few bytes.
 *
 * What blocks of an hour and spans of weeks share. Times: varint of the first (ms from a base),
 * then runs (varint of the distance, varint of how often) for the other count - 1; qualities: runs,
 * varint of length * 4 + quality, for all. Pure functions; bytes from a disk are not trusted.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "model/value.h"

#define HISTORY_RUNS_MOST (1u << 22) /* readings: more than an hour has milliseconds */

/* No distance between readings is longer: keeps sums of times far from overflowing. */
#define HISTORY_RUNS_STEP_MOST_MS (INT64_C(1) << 38) /* 8.7 years */

struct history_sample {
    int64_t time;  /* ms since 1970 */
    int64_t value; /* in the series' decimals; 0 unless good */
    enum quality quality;
};

/* Append the runs of `samples`, ordered by time and none before `base` (asserted). */
void history_runs_put_times(struct buf *out, int64_t base, const struct history_sample *samples,
                            size_t count);
void history_runs_put_qualities(struct buf *out, const struct history_sample *samples,
                                size_t count);

struct history_runs {
    const uint8_t *at, *end;
    uint64_t left; /* in this run */
    uint64_t what; /* distance or quality */
};

/* Go on to the next run, which holds at least one; false when damaged. */
bool history_runs_next_time(struct history_runs *runs);
bool history_runs_next_quality(struct history_runs *runs);

/* The first time from between `*at` and `end`, in ms from the base; false when damaged. */
bool history_runs_take_first(const uint8_t **at, const uint8_t *end, int64_t *first);

/* Check runs of times or of qualities that must hold exactly `count`; `*at` ends behind them.
 * `good` unless NULL: how many of them are good. */
bool history_runs_skip_times(const uint8_t **at, const uint8_t *end, uint64_t count);
bool history_runs_skip_qualities(const uint8_t **at, const uint8_t *end, uint64_t count,
                                 uint64_t *good);
