/* history_keeper - puts readings where they are kept for long: pieces of readings, and the rows of
 * minutes, hours, days, months and years that are made of them.
 *
 * Works inside a transaction of its caller, on the writer's thread. Readings that arrive late find
 * their place: the pieces that they fall into are read, merged and written again, and so are the
 * rows above them, so that what is kept never depends on the order in which it arrived. Rows are
 * made again from what they are made of; where that is no longer kept, the row that knows of more
 * readings stays.
 */
#pragma once

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "engine/history_piece.h"
#include "engine/history_rows.h"
#include "engine/history_samples.h"

/* Pieces of readings never cross the end of a period: 32 days, counted from 1970. A period that is
 * over is joined: few large pieces instead of one for each day, and rows of days and above. */
#define HISTORY_PERIOD_MS (32 * 86400000LL)

/* Denser readings stay in pieces of a day: those are long enough to be packed well, and joining
 * them would take memory and hold up the next tick. Readings each 10 s are joined, each second are
 * not. */
#define HISTORY_JOIN_MOST 300000

struct history_keeper {
    struct history_pieces pieces;
    struct history_calendar calendars[HISTORY_LEVELS];
    struct history_zone zone;
    struct history_samples samples;   /* readings of the span at hand */
    struct history_rows rows, merged; /* rows that are made, and with those that stay */
    struct history_rows stored;
    int64_t *drops; /* keys of pieces that are replaced */
    size_t drop_count, drop_capacity;
    struct buf blob;
    uint64_t readings, bytes; /* put into pieces of readings, and how long those are */
    uint64_t unreadable;      /* pieces that failed their check sum and were dropped */
};

/* What a series is to the keeper. */
struct history_kept {
    uint32_t series;
    bool counter; /* a fall is a reset */
};

/* 0 or a code and `err`. */
int history_keeper_open(struct history_keeper *keeper, sqlite3 *db, struct err *err);
void history_keeper_close(struct history_keeper *keeper);

/* Merge `samples` (ordered, all in from <= time < until, within one period) into the pieces of
 * readings, then make the rows of hours, and of minutes where readings are denser. `unique`: a
 * reading at a time that is there already is left out; their number comes back in `known` (may be
 * NULL). 0 or a code and `err`. */
int history_keeper_put(struct history_keeper *keeper, struct history_kept kept, int64_t from,
                       int64_t until, const struct history_sample *samples, size_t count,
                       bool unique, size_t *known, struct err *err);

/* Join what is kept of the period that begins at `from`. 0 or a code and `err`. */
int history_keeper_join(struct history_keeper *keeper, struct history_kept kept, int64_t from,
                        struct err *err);

/* ---- for the keeper's own files -------------------------------------------------------------- */

/* Make the rows of `level` in from <= time < until again from the level below (`remake`), and merge
 * them with the rows that are kept; `extend` the piece before instead of beginning a new one. */
int history_keeper_thin(struct history_keeper *keeper, enum history_level level,
                        struct history_kept kept, int64_t from, int64_t until, bool remake,
                        bool extend, struct err *err);

/* The key of a piece that will be replaced. */
int history_keeper_replace(struct history_keeper *keeper, int64_t key, struct err *err);
int history_keeper_drop_replaced(struct history_keeper *keeper, struct err *err);
int history_keeper_no_memory(struct err *err);
