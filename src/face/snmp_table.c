#include "face/snmp_table.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "model/limits.h"

struct snmp_tree {
    struct snmp_table **tables; /* by entry */
    size_t count, capacity;
    bool failed;   /* rows could not be made, or the effort was used up */
    size_t effort; /* cells that may still be looked at in this request */
};

/* A request may name thousands of places, each before a long run of cells without a value: looking
 * takes 20 ms at most. Enough to pass over a column of all points that there can be. */
#define EFFORT (2 * (size_t)LIMIT_POINTS)

struct snmp_rows {
    struct snmp_table *table;
    bool failed;
};

#define ROWS_FIRST 64

/* ---- rows ------------------------------------------------------------------------------------ */

static const struct snmp_row scalar_row = {.index = {0}, .index_length = 1};

void snmp_rows_add(struct snmp_rows *rows, const struct snmp_row *row)
{
    struct snmp_table *table = rows->table;
    assert(row->index_length <= SNMP_INDEX_MOST);
    if (table->count == table->capacity) {
        size_t capacity = table->capacity ? 2 * table->capacity : ROWS_FIRST;
        struct snmp_row *list = realloc(table->list, capacity * sizeof *list);
        if (!list) {
            rows->failed = true;
            return;
        }
        table->list = list;
        table->capacity = capacity;
    }
    table->list[table->count++] = *row;
}

static int row_order(const struct snmp_row *a, const struct snmp_row *b)
{
    size_t shared = a->index_length < b->index_length ? a->index_length : b->index_length;
    for (size_t i = 0; i < shared; i++) {
        if (a->index[i] != b->index[i])
            return a->index[i] < b->index[i] ? -1 : 1;
    }
    return (a->index_length > b->index_length) - (a->index_length < b->index_length);
}

static int compare_rows(const void *a, const void *b)
{
    return row_order(a, b);
}

/* Devices, components and points mostly come in the order of their numbers already. */
static bool is_sorted(const struct snmp_table *table)
{
    for (size_t i = 1; i < table->count; i++) {
        if (row_order(&table->list[i - 1], &table->list[i]) >= 0)
            return false;
    }
    return true;
}

static void sort_rows(struct snmp_table *table)
{
    if (is_sorted(table))
        return;
    qsort(table->list, table->count, sizeof *table->list, compare_rows);
    size_t kept = 0;
    for (size_t i = 0; i < table->count; i++) {
        if (kept && row_order(&table->list[kept - 1], &table->list[i]) == 0)
            continue;
        table->list[kept++] = table->list[i];
    }
    table->count = kept;
}

/* Rows as they are now; none, and `failed`, without memory. */
static void refresh(struct snmp_tree *tree, struct snmp_table *table)
{
    uint64_t revision = table->revision ? table->revision(table->user) : 0;
    if (table->fresh && table->seen == revision)
        return;
    table->count = 0;
    struct snmp_rows rows = {.table = table};
    if (table->rows)
        table->rows(table->user, &rows);
    else
        snmp_rows_add(&rows, &scalar_row);
    if (rows.failed) {
        tree->failed = true;
        table->count = 0;
        table->fresh = false;
        return;
    }
    sort_rows(table);
    table->seen = revision;
    table->fresh = true;
}

/* Index of the first row that is not before `index`, or behind it (`after`). */
static size_t find_row(const struct snmp_table *table, const snmp_sub *index, size_t length,
                       bool after)
{
    size_t low = 0, high = table->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct snmp_row *row = &table->list[middle];
        snmp_sub own[SNMP_INDEX_MOST];
        for (size_t i = 0; i < row->index_length; i++)
            own[i] = row->index[i];
        int order = snmp_oid_order(own, row->index_length, index, length);
        if (order < 0 || (after && order == 0))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Index of the first column whose number is `number` or more. */
static size_t find_column(const struct snmp_table *table, snmp_sub number)
{
    size_t low = 0, high = table->column_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (table->columns[middle].number < number)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* ---- tables ---------------------------------------------------------------------------------- */

struct snmp_tree *snmp_tree_new(void)
{
    struct snmp_tree *tree = mem_new(sizeof *tree);
    tree->effort = EFFORT;
    return tree;
}

static void forget_rows(struct snmp_table *table)
{
    free(table->list);
    table->list = NULL;
    table->count = table->capacity = 0;
    table->fresh = false;
}

struct snmp_tree *snmp_tree_free(struct snmp_tree *tree)
{
    if (!tree)
        return NULL;
    for (size_t i = 0; i < tree->count; i++)
        forget_rows(tree->tables[i]);
    free(tree->tables);
    free(tree);
    return NULL;
}

bool snmp_tree_failed(struct snmp_tree *tree)
{
    bool failed = tree->failed;
    tree->failed = false;
    tree->effort = EFFORT;
    return failed;
}

/* Tables stand in the order of their first column, so that a group of scalars may hold a table, and
 * scalars behind it, as those of the standards do. Index of the first one behind `oid`. */
static size_t find_table(const struct snmp_tree *tree, const snmp_sub *oid, size_t length)
{
    size_t low = 0, high = tree->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct snmp_table *table = tree->tables[middle];
        if (snmp_oid_order(table->entry, table->entry_length + 1, oid, length) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool is_below(const struct snmp_table *table, const snmp_sub *oid, size_t length)
{
    return length >= table->entry_length &&
           memcmp(table->entry, oid, table->entry_length * sizeof *oid) == 0;
}

/* Whether everything in `table` stands before everything in `next`. */
static bool is_before(const struct snmp_table *table, const struct snmp_table *next)
{
    snmp_sub last[SNMP_ENTRY_MOST];
    size_t length = table->entry_length + 1;
    memcpy(last, table->entry, sizeof last);
    last[length - 1] = table->columns[table->column_count - 1].number;
    bool inside =
        next->entry_length + 1 >= length && memcmp(last, next->entry, length * sizeof *last) == 0;
    return !inside && snmp_oid_order(last, length, next->entry, next->entry_length + 1) < 0;
}

void snmp_tree_add(struct snmp_tree *tree, struct snmp_table *table)
{
    assert(table->column_count && table->entry_length < SNMP_ENTRY_MOST);
    for (size_t i = 1; i < table->column_count; i++)
        assert(table->columns[i - 1].number < table->columns[i].number);
    table->entry[table->entry_length] = table->columns[0].number;
    size_t at = find_table(tree, table->entry, table->entry_length + 1);
    assert(at == 0 || is_before(tree->tables[at - 1], table));
    assert(at == tree->count || is_before(table, tree->tables[at]));
    table->fresh = false;
    tree->tables = mem_grow(tree->tables, tree->count, &tree->capacity, sizeof *tree->tables);
    memmove(tree->tables + at + 1, tree->tables + at, (tree->count - at) * sizeof *tree->tables);
    tree->tables[at] = table;
    tree->count++;
}

void snmp_tree_remove(struct snmp_tree *tree, struct snmp_table *table)
{
    size_t at = find_table(tree, table->entry, table->entry_length + 1);
    if (at == 0 || tree->tables[at - 1] != table)
        return;
    forget_rows(table);
    tree->count--;
    memmove(tree->tables + at - 1, tree->tables + at,
            (tree->count - at + 1) * sizeof *tree->tables);
}

/* ---- cells ----------------------------------------------------------------------------------- */

size_t snmp_cell_oid(const struct snmp_cell *cell, snmp_sub *oid)
{
    const struct snmp_table *table = cell->table;
    const struct snmp_row *row = &table->list[cell->row];
    size_t length = table->entry_length;
    memcpy(oid, table->entry, length * sizeof *oid);
    oid[length++] = table->columns[cell->column].number;
    for (size_t i = 0; i < row->index_length; i++)
        oid[length++] = row->index[i];
    return length;
}

static bool read_cell(const struct snmp_cell *cell, const struct snmp_ask *ask,
                      struct snmp_value *value)
{
    const struct snmp_table *table = cell->table;
    const struct snmp_column *column = &table->columns[cell->column];
    return column->get(table->user, &table->list[cell->row], ask, value);
}

enum snmp_found snmp_tree_get(struct snmp_tree *tree, const snmp_sub *oid, size_t length,
                              const struct snmp_ask *ask, struct snmp_cell *cell,
                              struct snmp_value *value)
{
    size_t at = find_table(tree, oid, length);
    struct snmp_table *table = at ? tree->tables[at - 1] : NULL;
    if (!table || !is_below(table, oid, length) || length <= table->entry_length)
        return SNMP_NO_OBJECT;
    size_t column = find_column(table, oid[table->entry_length]);
    if (column == table->column_count ||
        table->columns[column].number != oid[table->entry_length] || !table->columns[column].get)
        return SNMP_NO_OBJECT;
    refresh(tree, table);
    const snmp_sub *index = oid + table->entry_length + 1;
    size_t index_length = length - table->entry_length - 1;
    size_t row = find_row(table, index, index_length, false);
    if (row == table->count || find_row(table, index, index_length, true) == row)
        return SNMP_NO_INSTANCE;
    *cell = (struct snmp_cell){table, column, row};
    return !value || read_cell(cell, ask, value) ? SNMP_FOUND : SNMP_NO_INSTANCE;
}

/* The first cell with a value from this one on, in this table. */
static bool look_on(struct snmp_tree *tree, struct snmp_cell *cell, const struct snmp_ask *ask,
                    struct snmp_value *value)
{
    for (; cell->column < cell->table->column_count; cell->column++, cell->row = 0) {
        if (!cell->table->columns[cell->column].get)
            continue;
        for (; cell->row < cell->table->count; cell->row++, tree->effort--) {
            if (tree->effort == 0) {
                tree->failed = true;
                return false;
            }
            if (read_cell(cell, ask, value))
                return true;
        }
    }
    return false;
}

/* The same in the tables from `at` on. */
static bool look_in_tables(struct snmp_tree *tree, size_t at, const struct snmp_ask *ask,
                           struct snmp_cell *cell, struct snmp_value *value)
{
    for (; at < tree->count && !tree->failed; at++) {
        *cell = (struct snmp_cell){tree->tables[at], 0, 0};
        refresh(tree, cell->table);
        if (look_on(tree, cell, ask, value))
            return true;
    }
    return false;
}

/* Where to begin in a table that `oid` lies in. */
static struct snmp_cell first_after(struct snmp_table *table, const snmp_sub *oid, size_t length)
{
    struct snmp_cell cell = {table, 0, 0};
    snmp_sub number = oid[table->entry_length];
    cell.column = find_column(table, number);
    if (cell.column < table->column_count && table->columns[cell.column].number == number)
        cell.row =
            find_row(table, oid + table->entry_length + 1, length - table->entry_length - 1, true);
    return cell;
}

bool snmp_tree_next(struct snmp_tree *tree, const snmp_sub *oid, size_t length,
                    const struct snmp_ask *ask, struct snmp_cell *cell, struct snmp_value *value)
{
    size_t at = find_table(tree, oid, length);
    if (at && is_below(tree->tables[at - 1], oid, length)) {
        refresh(tree, tree->tables[at - 1]);
        *cell = first_after(tree->tables[at - 1], oid, length);
        if (look_on(tree, cell, ask, value))
            return true;
    }
    return look_in_tables(tree, at, ask, cell, value);
}

bool snmp_tree_step(struct snmp_tree *tree, const struct snmp_ask *ask, struct snmp_cell *cell,
                    struct snmp_value *value)
{
    const struct snmp_table *table = cell->table;
    cell->row++;
    return look_on(tree, cell, ask, value) ||
           look_in_tables(tree, find_table(tree, table->entry, table->entry_length + 1), ask, cell,
                          value);
}

/* ---- SET ------------------------------------------------------------------------------------- */

const struct snmp_set_item *snmp_set_beside(const struct snmp_set *set, size_t item,
                                            uint32_t column)
{
    const struct snmp_set_item *this = &set->items[item];
    for (size_t i = 0; i < set->count; i++) {
        const struct snmp_set_item *other = &set->items[i];
        if (other->table == this->table && other->row == this->row &&
            other->column->number == column)
            return other;
    }
    return NULL;
}
