/* history_series - which series the store knows: permanent number <-> path, quantity and decimals.
 *
 * Blobs carry a check sum of their own; the table of series decides under which name and scale they
 * are read, so its rows have one as well. A damaged row is passed over, and its number is never
 * given again. Owned by the store.
 */
#pragma once

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "model/quantity.h"

/* What a series number stands for; permanent. */
struct history_definition {
    uint32_t number;
    enum quantity quantity;
    int decimals;
    const char *path;
};

struct history_series_list {
    struct history_definition *list; /* ordered by number; paths are owned */
    size_t count, capacity;
    uint32_t next; /* the lowest number that was never given */
};

#define HISTORY_SERIES_LIST_EMPTY ((struct history_series_list){.next = 1})

void history_series_deinit(struct history_series_list *series);

/* Read the table. 0, or a negative code and `err`. */
int history_series_load(struct history_series_list *series, sqlite3 *db, struct err *err);

/* Copy `definition` to the end of the list unless it is known; numbers must ascend. */
void history_series_add(struct history_series_list *series,
                        const struct history_definition *definition);

/* Check sum of a row. */
uint32_t history_series_sum(int64_t number, const char *path, int64_t quantity, int64_t decimals);

/* Take the row `statement` stands on, whose columns from `first` are number, path, quantity,
 * decimals, sum; the path lives as long as the row. False when it is damaged. A quantity that a
 * newer program added is QUANTITY_NONE. */
bool history_series_take(sqlite3_stmt *statement, int first, struct history_definition *definition);
