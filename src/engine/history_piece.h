/* history_piece - the table of pieces: what history keeps for long, by level, series and time.
 *
 * A piece holds the readings (history_span) or the rows (history_tier) of one series from its base
 * on. Pieces of a level and series never overlap. The writer's store puts and drops them, readers
 * look them up; each with statements of its own connection.
 */
#pragma once

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "engine/history_calendar.h"

#define HISTORY_PIECE_UNIT_MS 60000 /* bases are whole minutes */

/* level, series, minute of the base: pieces of a series lie side by side, in order of time. */
static inline int64_t history_piece_key(enum history_level level, uint32_t series, int64_t base)
{
    return (int64_t)level << 56 | (int64_t)series << 32 | base / HISTORY_PIECE_UNIT_MS;
}

static inline int64_t history_piece_base(int64_t key)
{
    return (key & UINT32_MAX) * HISTORY_PIECE_UNIT_MS;
}

enum history_piece_statement {
    HISTORY_PIECE_FIRST,
    HISTORY_PIECE_BEFORE,
    HISTORY_PIECE_AFTER,
    HISTORY_PIECE_PUT,
    HISTORY_PIECE_DROP,
    HISTORY_PIECE_STATEMENTS
};

struct history_pieces {
    sqlite3 *db;
    sqlite3_stmt *prepared[HISTORY_PIECE_STATEMENTS];
};

/* One that was found; `bytes` stay valid until the next look-up. */
struct history_piece {
    int64_t key, base;
    const uint8_t *bytes;
    size_t length;
};

/* Prepare the statements; `write` those that change something, too. 0 or a code and `err`. */
int history_pieces_open(struct history_pieces *pieces, sqlite3 *db, bool write, struct err *err);
void history_pieces_close(struct history_pieces *pieces);

/* End the look-up under way, so that the connection lets go of what it reads: before a commit. */
void history_pieces_rest(struct history_pieces *pieces);

/* The last piece that begins at or before `time` (ms): 1, 0 when there is none, or a code and
 * `err`. */
int history_piece_before(struct history_pieces *pieces, enum history_level level, uint32_t series,
                         int64_t time, struct history_piece *piece, struct err *err);

/* The next piece of the same level and series after `key` that begins before `until` (ms, 1 or
 * more; INT64_MAX: any): 1, 0, or a code and `err`. */
int history_piece_after(struct history_pieces *pieces, int64_t key, int64_t until,
                        struct history_piece *piece, struct err *err);

/* Where the first piece of a level and series begins (ms): 1, 0 when there is none, or a code and
 * `err`. Reads no piece. */
int history_piece_first(struct history_pieces *pieces, enum history_level level, uint32_t series,
                        int64_t *base, struct err *err);

/* Insert or replace; remove. 0 or a code and `err`. */
int history_piece_put(struct history_pieces *pieces, int64_t key, const void *bytes, size_t length,
                      struct err *err);
int history_piece_drop(struct history_pieces *pieces, int64_t key, struct err *err);
