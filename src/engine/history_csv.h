/* history_csv - an answer about the past as CSV.
 *
 * One row per time, one column per point and chosen figure: `time`, then `PATH [UNIT] avg`, ... A
 * bucket without a reading is an empty cell. Written in pieces, so that a long answer needs no long
 * buffer: begin once, then write until it says that it is done. The answer is borrowed; to write
 * beyond history_ask's `done`, keep it with history_answer_take.
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
};

struct history_csv_options {
    unsigned columns; /* of enum history_csv_column; 0: min, avg, max, last, count */
    char separator;   /* 0: ',' */
    char decimal;     /* 0: '.' */
    bool local;       /* times in the site's zone with offset, else UTC */
};

struct history_csv {
    const struct history_answer *answer;
    struct history_csv_options options;
    size_t next[LIMIT_HISTORY_PATHS]; /* bucket of each series that comes next */
    bool header_written;
};

/* "min,avg,last" -> columns; 0, or -EINVAL and `err` that names the word and the nearest valid one.
 */
int history_csv_parse_columns(const char *text, unsigned *columns, struct err *err);

void history_csv_begin(struct history_csv *csv, const struct history_answer *answer,
                       const struct history_csv_options *options);

/* Append rows to `out` until about `most` bytes have been added; false when everything has been
 * written. */
bool history_csv_write(struct history_csv *csv, struct buf *out, size_t most);
