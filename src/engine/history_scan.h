/* history_scan - walks over what is kept of one series and gives it to history_collect, exactly.
 *
 * Of each stretch of time the coarsest rows are taken that lie inside one bucket and inside the
 * span asked for; where rows end, or a bucket's border cuts one, the next finer level is read, down
 * to the readings. So the answer is the same whatever is kept, and a year costs as many rows as it
 * has buckets. Where finer readings have been thinned out, a row counts whole for the bucket that
 * its begin lies in. Readings that are not in pieces yet (tail, blocks of an hour) are given by the
 * caller and mixed in. Used by history_reader, one thread at a time.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>

#include "engine/history_collect.h"
#include "engine/history_piece.h"
#include "engine/history_span.h"

struct history_scan {
    /* set by the caller */
    struct history_collect collect;
    struct history_pieces *pieces;
    uint32_t series;
    bool reach;                /* history_scan_before: however old it is */
    int64_t to;                /* ms: collect.from <= time < to */
    struct history_zone *zone; /* for all calendars */
    const atomic_bool *cancel;
    /* results: those of `collect`, and */
    bool damaged; /* a piece could not be read: a gap */
    /* before this (ms) the rows of a level stand for buckets that are shorter; 0: nowhere */
    int64_t thinned[HISTORY_LEVELS];
    /* at work */
    struct history_calendar calendars[HISTORY_LEVELS];
    struct history_rows stored[HISTORY_LEVELS];
    int64_t oldest[HISTORY_LEVELS];  /* begin of what is kept of a level, once asked */
    struct history_span_reader span; /* of the piece `span_key`, whose bytes are copied */
    int64_t span_key, span_at;       /* readings before `span_at` have been read */
    uint8_t *span_bytes;
    size_t span_capacity;
};

/* Gather; what the caller sets is set, the rest zero. 0, or a code and `err`. */
int history_scan_run(struct history_scan *scan, struct err *err);

/* The last good reading in the day before `from`, or with `reach` the last one: 1 and `value`, 0,
 * or a code. Call it before history_scan_run. */
int history_scan_before(struct history_scan *scan, int64_t *value, struct err *err);

/* Frees everything but the buckets, which is the caller's. */
void history_scan_end(struct history_scan *scan);
