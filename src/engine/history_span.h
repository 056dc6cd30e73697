/* history_span - the readings of one series over hours to weeks as one stored blob.
 *
 * Like history_block, for long spans: times and qualities as runs, the good values as one column
 * (history_column). Exact. Reading goes in batches and may begin in the middle. Version 2 of what
 * tables of readings may hold; the version byte tells it from a block of an hour (1).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "engine/history_column.h"
#include "engine/history_runs.h"

#define HISTORY_SPAN_VERSION 2
#define HISTORY_SPAN_MOST HISTORY_COLUMN_MOST /* readings */

/* Append the sealed span of `samples`, ordered by time, none before `base` (ms; asserted). */
void history_span_encode(struct buf *out, int64_t key, int64_t base,
                         const struct history_sample *samples, size_t count);

struct history_span_reader {
    size_t count, left;  /* readings in all, and to come */
    int64_t first, time; /* of the first reading, of the one read last */
    const uint8_t *times_at, *qualities_at, *runs_end; /* where the runs begin */
    struct history_runs times, qualities;
    bool begun;
    struct history_column_reader values;
};

/* Start reading the span stored under `key`. 0, -EBADMSG when damaged, -ENOTSUP when a newer
 * program wrote it, -ENOMEM. On success history_span_close must follow. */
int history_span_open(struct history_span_reader *reader, const uint8_t *bytes, size_t length,
                      int64_t key, int64_t base);
void history_span_close(struct history_span_reader *reader);

/* Skip to the first reading at or after `time` (ms). 0 or -EBADMSG. */
int history_span_seek(struct history_span_reader *reader, int64_t time);

/* Up to `most` next samples; their number, 0 at the end, or -EBADMSG. */
int history_span_read(struct history_span_reader *reader, struct history_sample *samples,
                      size_t most);

/* How many readings a span says it has, without decoding it; 0 when that cannot be read. */
size_t history_span_count(const uint8_t *bytes, size_t length);
