#include "engine/history_rows.h"

#include <errno.h>
#include <stdlib.h>

#define CAPACITY_FIRST 64

bool history_rows_reserve(struct history_rows *rows, size_t more)
{
    if (rows->count + more <= rows->capacity)
        return true;
    size_t capacity = rows->capacity ? rows->capacity : CAPACITY_FIRST;
    while (capacity < rows->count + more)
        capacity *= 2;
    struct history_tier_row *list = realloc(rows->list, capacity * sizeof *list);
    if (!list)
        return false;
    rows->list = list;
    rows->capacity = capacity;
    return true;
}

int history_rows_mix(struct history_rows *rows, struct history_rows *later, bool combine,
                     bool counter)
{
    struct history_rows earlier = *rows, mixed = {0};
    if (earlier.count == 0) { /* nearly always: a path seldom has a second series */
        *rows = *later;
        *later = earlier;
        return 0;
    }
    if (!history_rows_reserve(&mixed, earlier.count + later->count))
        return -ENOMEM;
    size_t a = 0, b = 0;
    while (a < earlier.count || b < later->count) {
        const struct history_tier_row *left = a < earlier.count ? &earlier.list[a] : NULL;
        const struct history_tier_row *right = b < later->count ? &later->list[b] : NULL;
        bool take_left = left && (!right || left->time <= right->time);
        struct history_tier_row *row = &mixed.list[mixed.count++];
        *row = take_left ? *left : *right;
        if (combine && left && right && left->time == right->time) {
            history_tier_combine(row, right, counter);
            b++;
        }
        a += take_left;
        b += !take_left;
    }
    free(earlier.list);
    *rows = mixed;
    return 0;
}
