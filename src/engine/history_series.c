#include "engine/history_series.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crc32c.h"
#include "base/log.h"
#include "base/mem.h"
#include "engine/history_file.h"
#include "engine/history_row.h"

#define DECIMALS_MOST 9

void history_series_deinit(struct history_series_list *series)
{
    for (size_t i = 0; i < series->count; i++)
        free((void *)(uintptr_t)series->list[i].path);
    free(series->list);
    *series = HISTORY_SERIES_LIST_EMPTY;
}

void history_series_add(struct history_series_list *series,
                        const struct history_definition *definition)
{
    if (definition->number < series->next)
        return;
    series->list = mem_grow(series->list, series->count, &series->capacity, sizeof *series->list);
    struct history_definition *own = &series->list[series->count++];
    *own = *definition;
    own->path = mem_text(definition->path);
    series->next = definition->number + 1;
}

uint32_t history_series_sum(int64_t number, const char *path, int64_t quantity, int64_t decimals)
{
    char facts[80];
    int length = snprintf(facts, sizeof facts, "%lld %lld %lld ", (long long)number,
                          (long long)quantity, (long long)decimals);
    return crc32c(crc32c(0, facts, (size_t)length), path, strlen(path));
}

bool history_series_take(sqlite3_stmt *statement, int first, struct history_definition *definition)
{
    int64_t number = sqlite3_column_int64(statement, first);
    const char *path = (const char *)sqlite3_column_text(statement, first + 1);
    int64_t quantity = sqlite3_column_int64(statement, first + 2);
    int64_t decimals = sqlite3_column_int64(statement, first + 3);
    int64_t sum = sqlite3_column_int64(statement, first + 4);
    if (!path || number < 1 || number > HISTORY_SERIES_MOST || decimals < 0 ||
        decimals > DECIMALS_MOST || history_series_sum(number, path, quantity, decimals) != sum)
        return false;
    *definition = (struct history_definition){
        .number = (uint32_t)number,
        .quantity = quantity_of_number(quantity),
        .decimals = (int)decimals,
        .path = path,
    };
    return true;
}

int history_series_load(struct history_series_list *series, sqlite3 *db, struct err *err)
{
    sqlite3_stmt *rows = NULL;
    sqlite3_prepare_v2(db,
                       "SELECT number, path, quantity, decimals, sum FROM series ORDER BY number",
                       -1, &rows, NULL);
    int step = SQLITE_ERROR;
    uint32_t damaged = 0;
    while (rows && (step = sqlite3_step(rows)) == SQLITE_ROW) {
        struct history_definition definition;
        if (history_series_take(rows, 0, &definition))
            history_series_add(series, &definition);
        else
            damaged++;
    }
    int result = step == SQLITE_DONE ? 0 : history_file_err(db, err, "read");
    sqlite3_finalize(rows);
    /* Numbers are dense: the damaged ones lie among the others or right behind them. */
    series->next += damaged;
    if (damaged)
        log_error("history", "%u series are damaged: their past cannot be read", damaged);
    return result;
}
