/* history_file - the SQLite file that holds history: opening, lock, format, and what to do with a
 * damaged one.
 *
 * `history.db` in its folder, in WAL mode with every commit synced, under a lock that keeps a
 * second daemon out. A damaged file is set aside under a new name, never overwritten. A file of a
 * newer program or of something else is refused.
 *
 *   series   permanent number <-> path, quantity, decimals, with a check sum
 *   tick     time in ms -> history_row of all series: the tail, about an hour of it
 *   block    hour * 2^24 + series -> history_block: a day or two of them
 *   piece    level, series, minute (history_piece_key) -> history_span or history_tier: the rest
 *   undated  rows from before the wall clock was known, with the boot they belong to
 *   boot     where such a boot was put on the calendar
 *   state    how far tidying has come
 *
 * Format 2 has what format 1 had and the tables piece, boot and state; a file of format 1 gets them
 * when it is opened.
 */
#pragma once

#include "engine/database.h"

#define HISTORY_FILE_FORMAT 2
#define HISTORY_HOUR_MS 3600000LL

/* Key of a block: hour, part of the hour, series. Part 0 may hold all of the hour; where readings
 * are dense the minutes of the hour are blocks of their own, parts 1 to 60. */
#define HISTORY_SERIES_BITS 0x3ffff
#define HISTORY_PARTS 61

static inline int64_t history_file_block_key(int64_t hour, uint32_t series)
{
    return hour << 24 | series;
}

static inline int64_t history_file_block_hour(int64_t key)
{
    return key >> 24;
}

/* Hour and part together: what all blocks side by side have in common. */
static inline int64_t history_file_slot(int64_t hour, int part)
{
    return hour << 6 | part;
}

static inline int64_t history_file_slot_of(int64_t key)
{
    return key >> 18;
}

static inline int64_t history_file_slot_key(int64_t slot, uint32_t series)
{
    return slot << 18 | series;
}

static inline int64_t history_file_slot_hour(int64_t slot)
{
    return slot >> 6;
}

extern const struct database_kind history_database;

/* For what only a damaged tree of pages can answer (keys out of order, rows that cannot be
 * deleted): -EBADMSG and `err`. Whoever walks on relying on order would walk for ever. */
int history_file_damaged(struct err *err, const char *what);

/* database.h, with our name in the sentences. */
static inline int history_file_err(sqlite3 *db, struct err *err, const char *what)
{
    return database_err(&history_database, db, err, what);
}

static inline int history_file_run(sqlite3 *db, const char *sql, const char *what, struct err *err)
{
    return database_run(&history_database, db, sql, what, err);
}

static inline int history_file_number(sqlite3 *db, const char *sql, int64_t fallback,
                                      int64_t *number, struct err *err)
{
    return database_number(&history_database, db, sql, fallback, number, err);
}
