/* history_row - one tick of logging as bytes: the reading of every recorded series at one moment.
 *
 * Rows stand alone (nothing refers to the row before), so that one that is damaged costs nothing
 * but itself; they are short-lived and become blocks after an hour. Values are integers in the
 * series' decimals. A series without a good value is kept as a gap with its quality; a series that
 * is not in the row did not exist at that moment. Pure functions.
 *
 * Version 1: head, varint of monotonic ms, varint of the number of readings, then for each,
 * ascending: varint of (series minus the one before, minus 1) * 4 + quality, and for a good one the
 * zigzag varint of its value.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "model/value.h"

#define HISTORY_ROW_VERSION 1
#define HISTORY_SERIES_MOST 0x3ffff /* series numbers are 1 to this */

struct history_reading {
    uint32_t series;
    enum quality quality;
    int64_t value; /* 0 unless good */
};

/* Append the row of `readings`, ascending by series (asserted). Not sealed: see history_code_seal.
 */
void history_row_encode(struct buf *out, int64_t mono_ms, const struct history_reading *readings,
                        size_t count);

struct history_row_reader {
    const uint8_t *at, *end;
    int64_t mono_ms;
    uint64_t left;
    uint32_t series;
};

/* Start reading the row stored under `key`. 0, -EBADMSG when it is damaged, -ENOTSUP when a newer
 * program wrote it. */
int history_row_open(struct history_row_reader *reader, const uint8_t *bytes, size_t length,
                     int64_t key);

/* 1 and the next reading, 0 at the end, -EBADMSG. */
int history_row_next(struct history_row_reader *reader, struct history_reading *reading);
