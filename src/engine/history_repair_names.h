/* history_repair_names - the series of a damaged history: their names, and their numbers in the new
 * one.
 *
 * A series whose row has one flipped bit is mended: the bit is found by the row's check sum. For
 * one whose row is gone a number is kept free, so that no later series inherits its readings. Part
 * of history_repair.
 */
#pragma once

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "engine/history_salvage.h"
#include "model/quantity.h"

struct history_repair_name {
    uint32_t found;  /* number in the damaged history */
    uint32_t number; /* in the new one */
    enum quantity quantity;
    int64_t raw_quantity; /* as it was written, known or not */
    int decimals;
    int64_t first;
    char *path;
};

struct history_repair_names {
    struct history_repair_name *list; /* ordered by `found` once settled */
    size_t count, capacity;
    uint64_t damaged; /* rows that were not whole */
};

void history_repair_names_deinit(struct history_repair_names *names);

/* Take a row of the series table. */
void history_repair_names_add(struct history_repair_names *names,
                              const struct history_found *found);

/* Write the definitions into the new history, inside a transaction of the caller. `merge`: it has
 * series of its own; the same path, quantity and decimals is the same series, others get new
 * numbers. 0 or a code and `err`. */
int history_repair_names_settle(struct history_repair_names *names, sqlite3 *db, bool merge,
                                struct err *err);

/* Define the numbers up to `highest` that have no name as "lost/series-N". 0 or a code and `err`.
 */
int history_repair_names_reserve(struct history_repair_names *names, sqlite3 *db, uint32_t highest,
                                 uint64_t *unnamed, struct err *err);

/* NULL when it has no name. */
const struct history_repair_name *
history_repair_names_find(const struct history_repair_names *names, uint32_t found);
