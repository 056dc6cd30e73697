/* history_compact - turns full hours of the tail into one block per series and hour.
 *
 * One call is one transaction: the blocks are there and the rows are gone, or neither. Bounded in
 * readings, so that a waiting tick waits for milliseconds; an hour that is larger takes several
 * steps, each merging into the hour's blocks.
 */
#pragma once

#include <sqlite3.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct history_compact_result {
    uint64_t readings, bytes; /* put into blocks, and how long those are */
    uint64_t unreadable;      /* rows or blocks that failed their check sum */
};

/* Take the oldest hour of the tail other than `current_hour` a step further. 1 when it did, 0 when
 * there was none. */
int history_compact_step(sqlite3 *db, int64_t current_hour, struct history_compact_result *result,
                         struct err *err);

struct history_sample;

/* Merge `samples` (ordered, all of this hour) into the block of a series and hour, inside a
 * transaction of the caller; what stands at a time that is there already is left out and counted in
 * `known`. 0 or a code and `err`. */
int history_compact_merge(sqlite3 *db, uint32_t series, int64_t hour,
                          const struct history_sample *samples, size_t count, size_t *known,
                          struct err *err);
