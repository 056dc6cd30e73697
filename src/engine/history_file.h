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

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

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

struct history_file {
    sqlite3 *db;
    int lock;
    char folder[256], path[288];
    dev_t device; /* of the open file: it may be deleted or replaced under us */
    ino_t inode;
    char notice[200]; /* a sentence when a damaged file was set aside, else "" */
};

#define HISTORY_FILE_EMPTY ((struct history_file){.lock = -1})

/* Open or make the file. 0 or negative errno and `err`; -EBADMSG never: what is damaged is set
 * aside. */
int history_file_open(struct history_file *file, const char *folder, struct err *err);
void history_file_close(struct history_file *file);

/* Take the lock that a daemon holds on the history in `folder`: a descriptor to close, or -EBUSY or
 * another code and `err`. */
int history_file_lock(const char *folder, struct err *err);

/* The format of a file that was opened by other means, up to HISTORY_FILE_FORMAT; -EINVAL when it
 * is not a history of busbar, -ENOTSUP when a newer busbar wrote it, another code; and `err`. */
int history_file_format(sqlite3 *db, const char *path, struct err *err);

/* Set the open file aside as damaged and begin a new one, keeping the lock. All statements must be
 * finalized. */
int history_file_replace(struct history_file *file, struct err *err);

/* Close and open again the file at the path, keeping the lock, after it was moved or deleted. */
int history_file_reopen(struct history_file *file, struct err *err);

/* Whether the path still leads to the file that is open. */
bool history_file_in_place(const struct history_file *file);

/* A read-only connection for questions; NULL and `err`. Close with sqlite3_close. */
sqlite3 *history_file_open_reader(const char *folder, struct err *err);

/* Bytes on disk, the log of the latest writes included. */
uint64_t history_file_bytes(const struct history_file *file);

/* ---- SQLite with our errors ------------------------------------------------------------------ */

/* The errno-like code of the connection's last failure: -ENOSPC, -EIO, -EROFS, -EBADMSG (damaged),
 * -EBUSY, -ENOMEM. */
int history_file_code(sqlite3 *db);

/* Fill `err` with "the history cannot be WHAT: reason"; returns the code. */
int history_file_err(sqlite3 *db, struct err *err, const char *what);

/* Run one or more statements without results. 0 or a negative code with `err` filled ("... cannot
 * be WHAT"). */
int history_file_run(sqlite3 *db, const char *sql, const char *what, struct err *err);

/* For what only a damaged tree of pages can answer (keys out of order, rows that cannot be
 * deleted): -EBADMSG and `err`. Whoever walks on relying on order would walk for ever. */
int history_file_damaged(struct err *err, const char *what);

/* Roll back if a transaction is open. */
void history_file_roll_back(sqlite3 *db);

/* The integer that a query without parameters yields; `fallback` when it has no row or it is NULL.
 * 0, or a code and `err`. */
int history_file_number(sqlite3 *db, const char *sql, int64_t fallback, int64_t *number,
                        struct err *err);
