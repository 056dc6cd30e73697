/* Amounts as exact digits, against what long division by hand says. */
#include "test.h"

#include "face/energy_text.h"

static void amounts_are_rounded_halves_away_from_zero(void **state)
{
    static const struct {
        int64_t value;
        int scale, decimals;
        const char *text;
    } rows[] = {
        {12345, 3, 3, "12.345"},
        {-12345, 3, 3, "-12.345"},
        {5, 3, 3, "0.005"},
        {12345, 3, 2, "12.35"},
        {12344, 3, 2, "12.34"},
        {-12345, 3, 2, "-12.35"},
        {999999, 3, 0, "1000"},
        {-4, 3, 2, "0.00"},
        {0, 9, 6, "0.000000"},
        {1234567890123, 9, 6, "1234.567890"},
        {INT64_MIN, 9, 6, "-9223372036.854776"},
        {INT64_MAX, 3, 3, "9223372036854775.807"},
    };
    (void)state;
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        char text[ENERGY_TEXT_SIZE];
        energy_text(rows[i].value, rows[i].scale, rows[i].decimals, text);
        assert_string_equal(text, rows[i].text);
    }
}

static void what_is_not_known_is_empty(void **state)
{
    const struct energy_row row = {.decimals = 3, .meters = 2};
    struct energy_figure figure = {.used = 5, .cost = 7};
    char text[ENERGY_TEXT_SIZE];
    (void)state;
    energy_text_used(&row, &figure, text);
    assert_string_equal(text, "");
    energy_text_cost(&row, &figure, 2, text);
    assert_string_equal(text, "");
    energy_text_co2(&row, &figure, 2, text);
    assert_string_equal(text, "");
    figure.known = figure.costed = true;
    energy_text_used(&row, &figure, text);
    assert_string_equal(text, "0.005");
    figure.covered = 30 * CLOCK_S;
    assert_true(energy_text_covered(&row, &figure, 0, 60 * CLOCK_S) == 0.25);
    assert_true(energy_text_covered(&row, &figure, 0, 0) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(amounts_are_rounded_halves_away_from_zero),
        cmocka_unit_test(what_is_not_known_is_empty),
    };
    return cmocka_run_group_tests_name("face/energy_text", tests, NULL, NULL);
}
