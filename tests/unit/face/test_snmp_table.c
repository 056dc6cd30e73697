/* The tree against a flat list of all cells, sorted the slow way: random tables, random questions.
 */

#include "test.h"

#include "face/snmp_table.h"

#define TABLES 6
#define ROWS_MOST 40
#define CELLS_MOST 20000

struct made {
    struct snmp_table table;
    struct snmp_column columns[5];
    struct snmp_row rows[ROWS_MOST];
    size_t row_count;
    uint64_t revision;
    uint64_t seed; /* says which cells have a value */
};

struct cell {
    snmp_sub oid[SNMP_OID_MOST];
    size_t length;
};

struct world {
    struct snmp_tree *tree;
    struct made made[TABLES];
    struct cell cells[CELLS_MOST];
    size_t count;
};

static bool has_value(const struct made *made, uint32_t column, const struct snmp_row *row)
{
    uint64_t state = made->seed ^ (uint64_t)column << 40 ^ (uint64_t)row->index[0] << 20 ^
                     row->index[1] << 8 ^ row->index_length;
    return test_below(&state, 3) != 0;
}

/* The getters do not know their column: one each. */
#define GETTER(nth)                                                                                \
    static bool get_##nth(void *user, const struct snmp_row *row, const struct snmp_ask *ask,      \
                          struct snmp_value *value)                                                \
    {                                                                                              \
        const struct made *made = user;                                                            \
        (void)ask;                                                                                 \
        return has_value(made, made->columns[nth].number, row) &&                                  \
               snmp_unsigned(value, made->columns[nth].number);                                    \
    }
GETTER(0)
GETTER(1)
GETTER(2)
GETTER(3)
GETTER(4)

static void add_rows(void *user, struct snmp_rows *rows)
{
    const struct made *made = user;
    for (size_t i = 0; i < made->row_count; i++)
        snmp_rows_add(rows, &made->rows[i]);
}

static uint64_t revision(void *user)
{
    return ((const struct made *)user)->revision;
}

static int by_oid(const void *a, const void *b)
{
    const struct cell *one = a, *other = b;
    return snmp_oid_order(one->oid, one->length, other->oid, other->length);
}

static void list_cells(struct world *world)
{
    world->count = 0;
    for (size_t t = 0; t < TABLES; t++) {
        const struct made *made = &world->made[t];
        for (size_t c = 0; c < made->table.column_count; c++) {
            for (size_t r = 0; r < made->row_count; r++) {
                const struct snmp_row *row = &made->rows[r];
                if (!has_value(made, made->columns[c].number, row))
                    continue;
                struct cell *cell = &world->cells[world->count++];
                cell->length = made->table.entry_length;
                memcpy(cell->oid, made->table.entry, sizeof made->table.entry);
                cell->oid[cell->length++] = made->columns[c].number;
                for (size_t i = 0; i < row->index_length; i++)
                    cell->oid[cell->length++] = row->index[i];
            }
        }
    }
    qsort(world->cells, world->count, sizeof *world->cells, by_oid);
    size_t kept = 0;
    for (size_t i = 0; i < world->count; i++) {
        if (!kept || by_oid(&world->cells[kept - 1], &world->cells[i]) != 0)
            world->cells[kept++] = world->cells[i];
    }
    world->count = kept;
}

static void make_rows(struct made *made, uint64_t *random)
{
    made->row_count = test_below(random, ROWS_MOST + 1);
    for (size_t r = 0; r < made->row_count; r++) {
        struct snmp_row *row = &made->rows[r];
        *row = (struct snmp_row){.index_length = (uint8_t)(1 + test_below(random, 2))};
        for (size_t i = 0; i < row->index_length; i++)
            row->index[i] = (uint32_t)test_below(random, 12);
    }
    made->revision++;
}

static void make_world(struct world *world, uint64_t *random)
{
    static bool (*const getters[])(void *, const struct snmp_row *, const struct snmp_ask *,
                                   struct snmp_value *) = {get_0, get_1, get_2, get_3, get_4};
    world->tree = snmp_tree_new();
    for (size_t t = 0; t < TABLES; t++) {
        struct made *made = &world->made[t];
        *made = (struct made){.seed = test_random(random)};
        made->table.entry[0] = 1;
        made->table.entry[1] = 2 * t;
        made->table.entry[2] = 1;
        made->table.entry_length = 3;
        uint32_t number = 0;
        made->table.column_count = 1 + test_below(random, 5);
        for (size_t c = 0; c < made->table.column_count; c++) {
            number += 1 + (uint32_t)test_below(random, 3);
            made->columns[c] = (struct snmp_column){.number = number, .get = getters[c]};
        }
        make_rows(made, random);
        made->table.columns = made->columns;
        made->table.rows = add_rows;
        made->table.revision = revision;
        made->table.user = made;
    }
    /* in another order than that of their entries */
    for (size_t t = 0; t < TABLES; t++)
        snmp_tree_add(world->tree, &world->made[(t * 5 + 1) % TABLES].table);
    list_cells(world);
}

static size_t make_question(const struct world *world, uint64_t *random, snmp_sub *oid)
{
    size_t length = 1 + test_below(random, 6);
    if (world->count && test_below(random, 2)) { /* near a cell */
        const struct cell *cell = &world->cells[test_below(random, world->count)];
        memcpy(oid, cell->oid, sizeof cell->oid);
        length = cell->length - test_below(random, 3);
        oid[length - 1] += test_below(random, 3) - 1;
        return length;
    }
    oid[0] = test_below(random, 3);
    for (size_t i = 1; i < length; i++)
        oid[i] = test_below(random, 14);
    return length;
}

static const struct cell *first_after(const struct world *world, const snmp_sub *oid, size_t length)
{
    for (size_t i = 0; i < world->count; i++) {
        if (snmp_oid_order(world->cells[i].oid, world->cells[i].length, oid, length) > 0)
            return &world->cells[i];
    }
    return NULL;
}

static void assert_same(const struct cell *expected, const struct snmp_cell *cell)
{
    snmp_sub oid[SNMP_OID_MOST];
    size_t length = snmp_cell_oid(cell, oid);
    assert_int_equal(snmp_oid_order(oid, length, expected->oid, expected->length), 0);
}

static void check_question(struct world *world, const snmp_sub *oid, size_t length)
{
    const struct snmp_ask ask = {0};
    struct snmp_cell cell;
    struct snmp_value value;
    const struct cell *expected = first_after(world, oid, length);
    bool found = snmp_tree_next(world->tree, oid, length, &ask, &cell, &value);
    assert_int_equal(found, expected != NULL);
    for (int steps = 0; found && steps < 30; steps++) {
        assert_same(expected, &cell);
        const struct cell *end = world->cells + world->count;
        found = snmp_tree_step(world->tree, &ask, &cell, &value);
        expected = expected + 1 < end ? expected + 1 : NULL;
        assert_int_equal(found, expected != NULL);
    }
    struct cell wanted = {.length = length};
    memcpy(wanted.oid, oid, length * sizeof *oid);
    bool there = bsearch(&wanted, world->cells, world->count, sizeof *world->cells, by_oid) != NULL;
    assert_int_equal(snmp_tree_get(world->tree, oid, length, &ask, &cell, &value) == SNMP_FOUND,
                     there);
    assert_false(snmp_tree_failed(world->tree));
}

static void test_random_tables(void **state)
{
    uint64_t random = test_seed();
    struct world *world = calloc(1, sizeof *world);
    (void)state;
    for (int round = 0; round < 60; round++) {
        make_world(world, &random);
        for (int i = 0; i < 300; i++) {
            snmp_sub oid[SNMP_OID_MOST];
            size_t length = make_question(world, &random, oid);
            check_question(world, oid, length);
            if (i % 100 == 99) { /* rows come and go */
                make_rows(&world->made[test_below(&random, TABLES)], &random);
                list_cells(world);
            }
        }
        for (size_t t = 0; t < TABLES; t++)
            snmp_tree_remove(world->tree, &world->made[t].table);
        snmp_tree_free(world->tree);
    }
    free(world);
}

/* ---- what a request may cost ----------------------------------------------------------------- */

static bool get_nothing(void *user, const struct snmp_row *row, const struct snmp_ask *ask,
                        struct snmp_value *value)
{
    (void)row;
    (void)ask;
    (void)value;
    ++*(size_t *)user;
    return false;
}

static void add_many(void *user, struct snmp_rows *rows)
{
    (void)user;
    for (uint32_t i = 0; i < 200000; i++)
        snmp_rows_add(rows, &(struct snmp_row){.index = {i}, .index_length = 1});
}

/* Columns without a single value: the walk gives up, says so, and the next request begins anew. */
static void test_effort_is_bounded(void **state)
{
    static const struct snmp_column columns[] = {{.number = 1, .get = get_nothing},
                                                 {.number = 2, .get = get_nothing},
                                                 {.number = 3, .get = get_nothing}};
    size_t calls = 0;
    struct snmp_table table = {.entry = {1, 3},
                               .entry_length = 2,
                               .columns = columns,
                               .column_count = 3,
                               .rows = add_many,
                               .user = &calls};
    struct snmp_tree *tree = snmp_tree_new();
    const struct snmp_ask ask = {0};
    struct snmp_cell cell;
    struct snmp_value value;
    const snmp_sub start[] = {1};
    (void)state;
    snmp_tree_add(tree, &table);
    assert_false(snmp_tree_next(tree, start, 1, &ask, &cell, &value));
    assert_false(snmp_tree_failed(tree)); /* one pass over all of it is fine */
    assert_int_equal(calls, 600000);
    for (int i = 0; i < 100; i++)
        snmp_tree_next(tree, start, 1, &ask, &cell, &value);
    assert_true(snmp_tree_failed(tree));
    assert_true(calls < 4000000);
    assert_false(snmp_tree_next(tree, start, 1, &ask, &cell, &value));
    assert_false(snmp_tree_failed(tree));
    snmp_tree_free(tree);
}

/* Scalars, a table within their group, and scalars behind it, as in the system group. */
static bool get_number(void *user, const struct snmp_row *row, const struct snmp_ask *ask,
                       struct snmp_value *value)
{
    (void)row;
    (void)ask;
    return snmp_unsigned(value, *(const uint32_t *)user);
}

static void test_table_among_scalars(void **state)
{
    static const struct snmp_column one[] = {{.number = 1, .get = get_number}};
    static const struct snmp_column three[] = {{.number = 3, .get = get_number}};
    static uint32_t numbers[] = {10, 20, 30};
    struct snmp_table head = {
        .entry = {1, 5}, .entry_length = 2, .columns = one, .column_count = 1, .user = &numbers[0]};
    struct snmp_table middle = {.entry = {1, 5, 2, 1},
                                .entry_length = 4,
                                .columns = one,
                                .column_count = 1,
                                .user = &numbers[1]};
    struct snmp_table tail = {.entry = {1, 5},
                              .entry_length = 2,
                              .columns = three,
                              .column_count = 1,
                              .user = &numbers[2]};
    const struct snmp_ask ask = {0};
    struct snmp_cell cell;
    struct snmp_value value;
    snmp_sub oid[SNMP_OID_MOST] = {1};
    size_t length = 1;
    struct snmp_tree *tree = snmp_tree_new();
    (void)state;
    snmp_tree_add(tree, &tail);
    snmp_tree_add(tree, &head);
    snmp_tree_add(tree, &middle);
    for (int i = 0; i < 3; i++) {
        assert_true(snmp_tree_next(tree, oid, length, &ask, &cell, &value));
        assert_int_equal(value.number, numbers[i]);
        length = snmp_cell_oid(&cell, oid);
        assert_int_equal(snmp_tree_get(tree, oid, length, &ask, &cell, &value), SNMP_FOUND);
        assert_int_equal(value.number, numbers[i]);
    }
    assert_false(snmp_tree_next(tree, oid, length, &ask, &cell, &value));
    snmp_tree_remove(tree, &middle);
    const snmp_sub after_head[] = {1, 5, 1, 0};
    assert_true(snmp_tree_next(tree, after_head, 4, &ask, &cell, &value));
    assert_int_equal(value.number, 30);
    snmp_tree_free(tree);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_tables),
        cmocka_unit_test(test_effort_is_bounded),
        cmocka_unit_test(test_table_among_scalars),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
