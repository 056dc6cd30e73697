#include "engine/history_repair_names.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "engine/history_file.h"
#include "engine/history_series.h"

/* ---- the list -------------------------------------------------------------------------------- */

void history_repair_names_deinit(struct history_repair_names *names)
{
    for (size_t i = 0; i < names->count; i++)
        free(names->list[i].path);
    free(names->list);
    *names = (struct history_repair_names){0};
}

void history_repair_names_add(struct history_repair_names *names, const struct history_found *found)
{
    if (!found->whole) {
        names->damaged++;
        return;
    }
    for (size_t i = 0; i < names->count; i++) {
        if (names->list[i].found == found->key)
            return;
    }
    names->list = mem_grow(names->list, names->count, &names->capacity, sizeof *names->list);
    names->list[names->count++] = (struct history_repair_name){
        .found = (uint32_t)found->key,
        .number = (uint32_t)found->key,
        .quantity = quantity_of_number(found->quantity),
        .raw_quantity = found->quantity,
        .decimals = (int)found->decimals,
        .first = found->first,
        .path = mem_text(found->text),
    };
}

static int compare_names(const void *a, const void *b)
{
    const struct history_repair_name *left = a, *right = b;
    return (left->found > right->found) - (left->found < right->found);
}

const struct history_repair_name *
history_repair_names_find(const struct history_repair_names *names, uint32_t found)
{
    struct history_repair_name wanted = {.found = found};
    return names->count ? bsearch(&wanted, names->list, names->count, sizeof wanted, compare_names)
                        : NULL;
}

/* ---- in the new history ---------------------------------------------------------------------- */

static int define(sqlite3 *db, const struct history_repair_name *name, struct err *err)
{
    char *sql =
        sqlite3_mprintf("INSERT OR IGNORE INTO series VALUES(%lld, %Q, %lld, %d, %lld, %lld)",
                        (long long)name->number, name->path, (long long)name->raw_quantity,
                        name->decimals, (long long)name->first,
                        (long long)history_series_sum(name->number, name->path, name->raw_quantity,
                                                      name->decimals));
    int result = sql ? history_file_run(db, sql, "repaired", err)
                     : err_set(err, -ENOMEM, "there is no memory to repair the history");
    sqlite3_free(sql);
    return result;
}

/* Its number among `there`, or the next free one. */
static void find_number(struct history_repair_name *name, const struct history_series_list *there,
                        uint32_t *next)
{
    for (size_t i = 0; i < there->count; i++) {
        const struct history_definition *own = &there->list[i];
        if (own->quantity == name->quantity && own->decimals == name->decimals &&
            strcmp(own->path, name->path) == 0) {
            name->number = own->number;
            return;
        }
    }
    name->number = (*next)++;
}

int history_repair_names_settle(struct history_repair_names *names, sqlite3 *db, bool merge,
                                struct err *err)
{
    if (names->count)
        qsort(names->list, names->count, sizeof *names->list, compare_names);
    struct history_series_list there = HISTORY_SERIES_LIST_EMPTY;
    int result = merge ? history_series_load(&there, db, err) : 0;
    uint32_t next = there.next;
    for (size_t i = 0; i < names->count && result == 0; i++) {
        if (merge)
            find_number(&names->list[i], &there, &next);
        result = define(db, &names->list[i], err);
    }
    history_series_deinit(&there);
    return result;
}

int history_repair_names_reserve(struct history_repair_names *names, sqlite3 *db, uint32_t highest,
                                 uint64_t *unnamed, struct err *err)
{
    int result = 0;
    for (uint32_t number = 1; number <= highest && result == 0; number++) {
        char path[40];
        struct history_repair_name name = {.number = number, .path = path};
        if (history_repair_names_find(names, number))
            continue;
        snprintf(path, sizeof path, "lost/series-%u", number);
        result = define(db, &name, err);
        ++*unnamed;
    }
    return result;
}
