/* PINs and PUKs: which digits are refused, and what is made at random. */
#include "model/access_code.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>

#include "test.h"

static void test_form(void **state)
{
    (void)state;
    static const char *const good[] = {"4829", "048291", "93726518"};
    static const char *const bad[] = {"",     "482",  "482915637", "48 29",
                                      "48x9", "-482", "٤٨٢٩",      "4829\n"};
    for (size_t i = 0; i < TEST_COUNT(good); i++)
        assert_true(access_code_is(good[i]));
    for (size_t i = 0; i < TEST_COUNT(bad); i++) {
        struct err err = ERR_EMPTY;
        assert_false(access_code_is(bad[i]));
        assert_int_equal(access_pin_check(bad[i], 4, &err), -EINVAL);
        assert_string_equal(err.text, "a PIN has 4 to 8 digits and nothing else");
    }
    struct err err = ERR_EMPTY;
    assert_int_equal(access_pin_check("48291", 6, &err), -EINVAL);
    assert_string_equal(err.text, "a PIN has 6 to 8 digits and nothing else");
    assert_int_equal(access_pin_check("4829156", 8, &err), -EINVAL);
    assert_string_equal(err.text, "a PIN has 8 digits and nothing else");
    assert_int_equal(access_pin_check("482915", 6, &err), 0);
}

/* The PINs of the equipment's manual, the most used ones of public lists, and their kin. */
static void test_trivial_ones(void **state)
{
    (void)state;
    static const char *const trivial[] = {
        "99999",  "55555",  "11111",    "0000",     "1234",   "12345",    "123456",   "12345678",
        "654321", "987654", "7890",     "8901",     "1212",   "123123",   "12341234", "7777777",
        "2580",   "1122",   "112233",   "121212",   "696969", "147258",   "159753",   "2468",
        "13579",  "1221",   "123321",   "987789",   "102030", "00000000", "88888888", "2000",
        "1004",   "111222", "12344321", "25802580",
    };
    for (size_t i = 0; i < TEST_COUNT(trivial); i++) {
        struct err err = ERR_EMPTY;
        if (access_pin_check(trivial[i], 4, &err) != -EINVAL)
            fail_msg("%s is taken", trivial[i]);
        assert_string_equal(err.text, "this PIN is among the first that are tried; choose another");
    }
}

/* The rules must leave nearly all: of the million of six digits less than one in thirty goes. */
static void test_rules_leave_room(void **state)
{
    (void)state;
    int refused = 0;
    for (int number = 0; number < 1000000; number++) {
        char pin[ACCESS_CODE_SIZE];
        snprintf(pin, sizeof pin, "%06d", number);
        struct err err = ERR_EMPTY;
        refused += access_pin_check(pin, 6, &err) < 0;
    }
    assert_in_range(refused, 100, 33000);
}

/* Of 4,000 made ones none is trivial, hardly any comes twice, and each digit stands at each place
 * about 400 times; the bound is eight standard deviations away. */
static void test_made_ones(void **state)
{
    (void)state;
    enum { MADE = 4000, DIGITS = 8 };
    static char made[MADE][ACCESS_CODE_SIZE];
    int counts[DIGITS][10] = {{0}}, twice = 0;
    for (int i = 0; i < MADE; i++) {
        struct err err = ERR_EMPTY;
        access_code_make(made[i], DIGITS);
        assert_int_equal(strlen(made[i]), DIGITS);
        assert_int_equal(access_pin_check(made[i], DIGITS, &err), 0);
        for (int at = 0; at < DIGITS; at++)
            counts[at][made[i][at] - '0']++;
        for (int other = 0; other < i; other++)
            twice += strcmp(made[i], made[other]) == 0;
    }
    assert_in_range(twice, 0, 5); /* 0.08 are expected */
    for (int at = 0; at < DIGITS; at++) {
        for (int digit = 0; digit < 10; digit++)
            assert_in_range(counts[at][digit], MADE / 10 - 150, MADE / 10 + 150);
    }
    char four[ACCESS_CODE_SIZE];
    access_code_make(four, 4);
    assert_int_equal(strlen(four), 4);
}

int main(void)
{
    if (sodium_init() < 0)
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_form),
        cmocka_unit_test(test_trivial_ones),
        cmocka_unit_test(test_rules_leave_room),
        cmocka_unit_test(test_made_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
