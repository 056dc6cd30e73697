#include "engine/history_slots.h"

#include <errno.h>
#include <stdlib.h>

static bool add(struct history_slots *slots, int64_t slot)
{
    if (slots->count == slots->capacity) {
        size_t capacity = slots->capacity ? slots->capacity * 2 : 64;
        int64_t *list = realloc(slots->list, capacity * sizeof *list);
        if (!list)
            return false;
        slots->list = list;
        slots->capacity = capacity;
    }
    slots->list[slots->count++] = slot;
    return true;
}

/* The first slot from `slot` on, INT64_MAX when there is none. 0 or a code. */
static int next_slot(sqlite3 *db, sqlite3_stmt *next, int64_t slot, int64_t *found,
                     const char *what, struct err *err)
{
    sqlite3_bind_int64(next, 1, history_file_slot_key(slot, 0));
    int step = sqlite3_step(next), result = 0;
    *found = step == SQLITE_ROW ? history_file_slot_of(sqlite3_column_int64(next, 0)) : INT64_MAX;
    if (step != SQLITE_ROW && step != SQLITE_DONE)
        result = history_file_err(db, err, what);
    else if (*found < slot)
        result = history_file_damaged(err, what);
    sqlite3_reset(next);
    return result;
}

int history_slots_find(struct history_slots *slots, sqlite3 *db, sqlite3_stmt *next, int64_t from,
                       int64_t until, const char *what, struct err *err)
{
    int64_t found = history_file_slot(from, 0) - 1;
    slots->count = 0;
    for (;;) {
        int result = next_slot(db, next, found + 1, &found, what, err);
        if (result < 0 || found == INT64_MAX || history_file_slot_hour(found) >= until)
            return result;
        if (!add(slots, found))
            return err_set(err, -ENOMEM, "the history cannot be %s: there is no memory", what);
    }
}

void history_slots_deinit(struct history_slots *slots)
{
    free(slots->list);
    *slots = HISTORY_SLOTS_EMPTY;
}
