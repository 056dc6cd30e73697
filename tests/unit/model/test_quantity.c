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
        cmocka_unit_test(unknown_names_are_none),
    };
    return cmocka_run_group_tests_name("quantity", tests, NULL, NULL);
}
