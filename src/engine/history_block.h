/* history_block - the readings of one series in one span of time as a few bytes.
 *
 * Times, qualities and values are coded apart: times and qualities as runs (a regular log costs a
 * few bytes), values as their changes in Rice codes with the parameter that fits best. Exact: what
 * was put in comes out. Pure functions; bytes from a disk are not trusted. A new form gets a new
 * version and its own reader; old readers stay.
 *
 * Version 1: head; varint count; times: varint of the first (ms from the block's base), then runs
 * (varint of the distance, varint of how often) for the other count - 1; qualities: runs, varint of
 * length * 4 + quality, for count; values of the good ones: a byte mode + 4 * k, zigzag varint of
 * the first, then by mode 0  varint of the one change that all share 1  each change in Rice codes
 *   2  varint of the first change, then the changes of the change in Rice codes
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "engine/history_code.h"
#include "engine/history_runs.h"

#define HISTORY_BLOCK_VERSION 1
#define HISTORY_BLOCK_MOST HISTORY_RUNS_MOST /* readings */

/* Append the sealed block of `samples`, ordered by time and none before `base` (asserted; equal
 * times are fine). */
void history_block_encode(struct buf *out, int64_t key, int64_t base,
                          const struct history_sample *samples, size_t count);

struct history_block_reader {
    uint64_t left; /* samples to come */
    int64_t time;
    struct history_runs times, qualities;
    bool begun, has_values;
    unsigned mode, k;
    uint64_t good_seen;
    int64_t value, change;
    struct history_bits_reader bits;
};

/* Start reading the block stored under `key`. 0, -EBADMSG when it is damaged, -ENOTSUP when a newer
 * program wrote it. */
int history_block_open(struct history_block_reader *reader, const uint8_t *bytes, size_t length,
                       int64_t key, int64_t base);

/* 1 and the next sample, 0 at the end, -EBADMSG. */
int history_block_next(struct history_block_reader *reader, struct history_sample *sample);
