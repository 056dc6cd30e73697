/* history_slots - the hours, and parts of hours, in which there are blocks: found by leaps over the
 * table, a look-up for each, whatever the number of series. Of the connection whose statement is
 * used; one thread.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "engine/history_file.h"

struct history_slots {
    int64_t *list; /* ascending; see history_file_slot() */
    size_t count, capacity;
};

#define HISTORY_SLOTS_EMPTY ((struct history_slots){0})

/* What `next` must be prepared from. */
#define HISTORY_SLOTS_NEXT "SELECT key FROM block WHERE key >= ?1 ORDER BY key LIMIT 1"

/* Fill the list, whose memory is kept, with the slots of from <= hour < until. 0, or a code and
 * `err`
 * ("the history cannot be WHAT"). */
int history_slots_find(struct history_slots *slots, sqlite3 *db, sqlite3_stmt *next, int64_t from,
                       int64_t until, const char *what, struct err *err);

void history_slots_deinit(struct history_slots *slots);
