#include "test.h"

#include <errno.h>

#include "face/time_form.h"

static void check(clock_us wall, enum time_form form, const char *wanted)
{
    struct buf out = BUF_EMPTY;
    time_form_json(&out, wall, form);
    assert_string_equal(buf_text(&out), wanted);
    buf_deinit(&out);
}

static void test_forms(void **state)
{
    (void)state;
    setenv("TZ", "XYZ-5:30", 1); /* POSIX: east of Greenwich is negative */
    tzset();
    /* 1700000000 is 2023-11-14T22:13:20Z by date(1) */
    check(1700000000123456, TIME_FORM_UTC, "\"2023-11-14T22:13:20.123Z\"");
    check(1700000000123456, TIME_FORM_LOCAL, "\"2023-11-15T03:43:20.123+05:30\"");
    check(1700000000123456, TIME_FORM_UNIX, "1700000000123");
    assert_int_equal(time_form_find(NULL), TIME_FORM_UTC);
    assert_int_equal(time_form_find("local"), TIME_FORM_LOCAL);
    assert_int_equal(time_form_find("unix"), TIME_FORM_UNIX);
    assert_int_equal(time_form_find("UTC"), -1);
}

/* A plus sign that was not escaped reaches us as a blank. */
static void test_blank_for_plus(void **state)
{
    (void)state;
    clock_us wall;
    assert_int_equal(time_form_parse("2023-11-15T03:43:20 05:30", 0, &wall), 0);
    assert_true(wall == 1700000000 * CLOCK_S);
    assert_int_equal(time_form_parse(" 1h", 0, &wall), 0);
    assert_true(wall == 3600 * CLOCK_S);
    assert_int_equal(time_form_parse("-24h", 86400 * CLOCK_S, &wall), 0);
    assert_true(wall == 0);
    assert_int_equal(time_form_parse("", 0, &wall), -EINVAL);
    assert_int_equal(time_form_parse("yesterday", 0, &wall), -EINVAL);
    char text[100];
    memset(text, '1', sizeof text - 1);
    text[99] = '\0';
    assert_int_equal(time_form_parse(text, 0, &wall), -EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_forms),
                                       cmocka_unit_test(test_blank_for_plus)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
