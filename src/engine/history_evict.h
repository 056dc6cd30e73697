/* history_evict - keeps the history within its space: the oldest readings go first, then the finer
 * rows, never the days, months and years of counters.
 *
 * Order: readings; rows of minutes; rows of hours; then rows of days, months and years of
 * everything but counters (energy, water, gas: those are kept for ever). Of each, the oldest period
 * of all series goes before the next one is touched. Small transactions on the writer's thread.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "engine/history_fold.h"

struct history_evict {
    bool active;              /* a period is being removed */
    enum history_level level; /* ... of this level, */
    int64_t until;            /* ... pieces that begin before (ms), */
    size_t at;                /* ... in series from here on in the list */
    bool full;                /* nothing was left that may go, and it is still about too much */
    uint64_t removed;         /* pieces, since start */
    int64_t reaches;          /* ms; readings before this were removed; 0 when none was */
};

/* Bytes in use in the file (free pages inside it do not count). 0 or a code and `err`. */
int history_evict_used(sqlite3 *db, uint64_t *bytes, struct err *err);

/* Remove a little when more than `space` bytes (0: no bound) are used. 1 when something was
 * removed, 0, or a code and `err`. */
int history_evict_step(struct history_evict *evict, struct history_fold *fold, uint64_t space,
                       struct err *err);
