/* history_csv - an answer about the past as CSV.
 *
 * One row per time, one column per point and chosen figure: `time`, then `PATH [UNIT] avg`, ... A
 * bucket without a reading is an empty cell. Written in pieces, so that a long answer needs no long
 * buffer: begin once, then write until it says that it is done. The answer is borrowed; to write
 * beyond history_ask's `done`, keep it with history_answer_take. A span that is too long for one
 * answer is written from several: continue with the next, and differences go on across the seam.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "engine/history.h"

enum history_csv_column {
    HISTORY_CSV_MIN = 1,
    HISTORY_CSV_AVG = 2,
    HISTORY_CSV_MAX = 4,
    HISTORY_CSV_LAST = 8,
    HISTORY_CSV_COUNT = 16,
    HISTORY_CSV_DELTA = 32, /* of counters: last minus the row before's last; other quantities have
                               no such column */
    HISTORY_CSV_RISE = 64,  /* of counters: what it rose by, resets seen to (history_bucket.rise) */
};

enum history_csv_time {
    HISTORY_CSV_UTC,   /* 2026-11-21T01:00:00.000Z */
    HISTORY_CSV_LOCAL, /* the same in the site's zone with offset */
    HISTORY_CSV_SHEET, /* two columns: `time` as 2026-11-21 02:00:00 in the site's zone, which a
                          spreadsheet knows as a date, and `utc`, which tells the two hours apart
                          when clocks go back */
};

struct history_csv_options {
    unsigned columns;         /* of enum history_csv_column; 0: min, avg, max, last, count */
    unsigned counter_columns; /* of counters; 0: as `columns` */
    char separator;           /* 0: ',' */
    char decimal;             /* 0: '.' */
    enum history_csv_time time;
    clock_us from; /* buckets that begin earlier are not written: they serve the first difference */
};

/* Where the writing of one series stands. */
struct history_csv_place {
    size_t next; /* bucket that comes next */
    double last; /* of the row before, once there was one */
    bool begun;
};

struct history_csv {
    const struct history_series *series;
    struct history_csv_place *places;
    size_t count;
    struct history_csv_options options;
    bool header_written;
};

/* "min,avg,last" -> columns; 0, or -EINVAL and `err` that names the word and the nearest valid one.
 */
int history_csv_parse_columns(const char *text, unsigned *columns, struct err *err);

/* `places` is the caller's array of `count` elements; it needs no preparation. Series and places
 * are borrowed. */
void history_csv_begin(struct history_csv *csv, const struct history_series *series, size_t count,
                       struct history_csv_place *places, const struct history_csv_options *options);

/* Go on with later buckets of the same series, in the same order. */
void history_csv_continue(struct history_csv *csv, const struct history_series *series);

/* Append rows to `out` until about `most` bytes have been added; false when everything has been
 * written. */
bool history_csv_write(struct history_csv *csv, struct buf *out, size_t most);

/* Time of the row that would be written next, CLOCK_NEVER when there is none. */
clock_us history_csv_next(const struct history_csv *csv);
