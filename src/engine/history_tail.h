/* history_tail - the newest rows, as they came: ticks by time, and rows from before the wall clock
 * was known.
 *
 * A row goes under its wall time in ms, or the next free one when the clock stepped back onto it.
 * While the clock is not known it waits beside the calendar with its boot (a start of the machine)
 * and monotonic time. Once the clock is known, rows of this boot are placed exactly. Rows of a boot
 * that never learnt the time are placed as late as they can have been: that boot had ended when the
 * next one began. Writer's thread.
 */
#pragma once

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum history_tail_statement {
    HISTORY_TAIL_INSERT,
    HISTORY_TAIL_GET,
    HISTORY_TAIL_REPLACE,
    HISTORY_TAIL_INSERT_UNDATED,
    HISTORY_TAIL_STATEMENTS
};

struct history_tail {
    sqlite3 *db;
    const char *boot; /* this one; borrowed */
    sqlite3_stmt *prepared[HISTORY_TAIL_STATEMENTS];
    bool undated;        /* some rows wait for the calendar */
    int64_t oldest;      /* ms; of what was placed; INT64_MAX when nothing was */
    uint64_t unreadable; /* rows that failed their check sum and were dropped */
};

/* 0 or a code and `err`. */
int history_tail_open(struct history_tail *tail, sqlite3 *db, const char *boot, struct err *err);
void history_tail_close(struct history_tail *tail);

/* Seal `row` and insert it under `*time` (ms) or the next free one, which comes back. A row that is
 * there byte for byte came from an attempt whose end we did not see: it is written again, because a
 * sync that failed may have lost it. */
int history_tail_insert(struct history_tail *tail, int64_t *time, uint8_t *row, size_t length,
                        struct err *err);

/* Seal `row` and keep it with this boot and its monotonic time (ms). */
int history_tail_insert_undated(struct history_tail *tail, int64_t mono, uint8_t *row,
                                size_t length, struct err *err);

/* Put some rows on the calendar; `offset` is wall minus monotonic time of this boot, ms. 1 when
 * there may be more, 0 when all are placed, or a code and `err`. */
int history_tail_place_step(struct history_tail *tail, int64_t offset, struct err *err);
