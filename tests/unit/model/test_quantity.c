#include "test.h"

#include "model/quantity.h"

/* Numbers are permanent: history, register maps and object ids are built on them. The golden file
 * may only grow. */
static void numbers_match_the_golden_file(void **state)
{
    (void)state;
    FILE *golden = fopen(TEST_SOURCE_ROOT "/tests/golden/quantities.txt", "r");
    assert_non_null(golden);
    int number, rows = 0;
    char name[64];
    while (fscanf(golden, "%d %63s", &number, name) == 2) {
        assert_int_equal(quantity_find(name), number);
        assert_string_equal(quantity_row((enum quantity)number)->name, name);
        rows++;
    }
    fclose(golden);
    size_t count;
    quantity_rows(&count);
    assert_int_equal(rows, count);
}

static void rows_are_sound(void **state)
{
    (void)state;
    size_t count;
    const struct quantity_row *rows = quantity_rows(&count);
    for (size_t i = 0; i < count; i++) {
        assert_ptr_equal(quantity_row(rows[i].number), &rows[i]);
        assert_true(rows[i].decimals >= 0 && rows[i].decimals <= 6);
        if (rows[i].kind != QUANTITY_KIND_TEXT)
            assert_true(rows[i].low < rows[i].high);
        if (rows[i].kind == QUANTITY_KIND_COUNTER)
            assert_true(rows[i].low == 0);
        for (size_t j = 0; j < i; j++) {
            assert_string_not_equal(rows[i].name, rows[j].name);
            assert_true(rows[i].number > rows[j].number);
        }
    }
}

/* IEC 61000-4-30 asks for 50 orders, meters tell up to 63; the number says which one it is. */
static void harmonics_have_a_range_of_their_own(void **state)
{
    (void)state;
    for (int order = 2; order <= 63; order++) {
        char name[32], label[32];
        snprintf(name, sizeof name, "harmonic-voltage-%d", order);
        snprintf(label, sizeof label, "Voltage harmonic %d", order);
        assert_int_equal(quantity_find(name), 1000 + order);
        assert_string_equal(quantity_row(quantity_find(name))->label, label);
        snprintf(name, sizeof name, "harmonic-current-%d", order);
        assert_int_equal(quantity_find(name), 1100 + order);
        assert_string_equal(quantity_row(quantity_find(name))->unit, "%");
    }
    assert_int_equal(quantity_find("harmonic-voltage-1"), QUANTITY_NONE);
    assert_int_equal(quantity_find("harmonic-voltage-64"), QUANTITY_NONE);
}

/* What a newer program wrote into the history must not become another quantity. */
static void numbers_that_nobody_has_are_none(void **state)
{
    (void)state;
    static const long long strange[] = {-1,   0,    29,   92,   255,  256,       1000,     1001,
                                        1064, 1100, 1101, 1164, 1257, INT64_MAX, INT64_MIN};
    for (size_t i = 0; i < sizeof strange / sizeof *strange; i++)
        assert_int_equal(quantity_of_number(strange[i]), QUANTITY_NONE);
    size_t count;
    const struct quantity_row *rows = quantity_rows(&count);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(quantity_of_number(rows[i].number), rows[i].number);
}

static void unknown_names_are_none(void **state)
{
    (void)state;
    assert_int_equal(quantity_find("volts"), QUANTITY_NONE);
    assert_int_equal(quantity_find(""), QUANTITY_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_match_the_golden_file),
        cmocka_unit_test(rows_are_sound),
        cmocka_unit_test(harmonics_have_a_range_of_their_own),
        cmocka_unit_test(numbers_that_nobody_has_are_none),
        cmocka_unit_test(unknown_names_are_none),
    };
    return cmocka_run_group_tests_name("quantity", tests, NULL, NULL);
}
