/* history_fold - from blocks of an hour to pieces for long, and what became of periods that are
 * over.
 *
 * Each step is one transaction: what is folded is in its pieces and gone from the blocks, or
 * neither. Bounded in readings, so that a waiting tick waits for milliseconds. Writer's thread.
 */
#pragma once

#include <stdint.h>

#include "base/err.h"
#include "engine/history_keeper.h"
#include "engine/history_slots.h"
#include "engine/history_series.h"

struct history_fold {
    sqlite3 *db;
    struct history_keeper keeper;
    const struct history_series_list *series; /* the store's */
    sqlite3_stmt *get, *drop, *next;          /* of blocks */
    struct history_samples day;
    struct history_slots slots; /* of the day at hand */
    int64_t period;             /* the next one to join; -1 when none was folded yet */
    uint32_t at;                /* series of it that are joined */
};

/* 0 or a code and `err`. */
int history_fold_open(struct history_fold *fold, sqlite3 *db,
                      const struct history_series_list *series, struct err *err);
void history_fold_close(struct history_fold *fold);

/* Fold blocks of the oldest day that is over: no hour of it is `current_hour` or later, and no row
 * of it waits in the tail. 1 when something was done, 0, or a code and `err`. */
int history_fold_step(struct history_fold *fold, int64_t current_hour, struct err *err);

/* Join some series of the oldest period that is over and folded. 1, 0, or a code and `err`. */
int history_fold_join_step(struct history_fold *fold, int64_t current_hour, struct err *err);

/* Take `samples` (ordered) of one series into the history, inside a transaction of the caller; what
 * is at a time that is there already is left out and counted in `known`. Days that are not folded
 * yet become blocks. 0 or a code and `err`. */
int history_fold_import(struct history_fold *fold, uint32_t series,
                        const struct history_sample *samples, size_t count, int64_t current_hour,
                        uint64_t *known, struct err *err);

/* What the series is to the keeper. */
struct history_kept history_fold_kept(const struct history_fold *fold, uint32_t series);
