#include "test.h"

#include <errno.h>

#include "face/form_body.h"

static int read_text(struct form *form, const char *text)
{
    return form_read(form, text, strlen(text));
}

/* The example of the URL standard's parser and of RFC 1866 section 8.2.1: plus is a blank, the rest
 * is escaped. */
static void test_fields(void **state)
{
    (void)state;
    struct form form;
    assert_int_equal(read_text(&form, "user=a+b%2Bc&password=%C3%A4%26%3D&empty=&bare&&x=1=2"), 0);
    assert_int_equal(form.count, 5);
    assert_string_equal(form_get(&form, "user"), "a b+c");
    assert_string_equal(form_get(&form, "password"), "\xc3\xa4&=");
    assert_string_equal(form_get(&form, "empty"), "");
    assert_string_equal(form_get(&form, "bare"), "");
    assert_string_equal(form_get(&form, "x"), "1=2");
    assert_null(form_get(&form, "User"));
    form_deinit(&form);
}

static void test_repeated(void **state)
{
    (void)state;
    struct form form;
    assert_int_equal(read_text(&form, "target=a%2f1&target=a%2F2"), 0);
    assert_int_equal(form.count, 2);
    assert_string_equal(form.fields[0].value, "a/1");
    assert_string_equal(form.fields[1].value, "a/2");
    assert_string_equal(form_get(&form, "target"), "a/1");
    form_deinit(&form);
}

static void test_empty(void **state)
{
    (void)state;
    struct form form;
    assert_int_equal(form_read(&form, NULL, 0), 0);
    assert_int_equal(form.count, 0);
    assert_null(form_get(&form, "x"));
    form_deinit(&form);
    assert_null(form_get(&FORM_EMPTY, "x"));
}

static void test_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"a=%",    "a=%4",  "a=%zz",       "%=1",     "a=%00b",
                                      "a=\xff", "a=%C3", "a=%ED%A0%80", "a=%C0%AF"};
    struct form form;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(read_text(&form, bad[i]), -EINVAL);
    assert_int_equal(form_read(&form, "a=\0b", 4), -EINVAL);
}

/* As many fields as there may be, of the shortest kind, fit; one more does not. */
static void test_many(void **state)
{
    (void)state;
    char text[2 * FORM_FIELDS + 2];
    for (size_t i = 0; i <= FORM_FIELDS; i++)
        memcpy(text + 2 * i, "a&", 2);
    struct form form;
    assert_int_equal(form_read(&form, text, 2 * FORM_FIELDS), 0);
    assert_int_equal(form.count, FORM_FIELDS);
    form_deinit(&form);
    assert_int_equal(form_read(&form, text, sizeof text), -E2BIG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fields), cmocka_unit_test(test_repeated),
        cmocka_unit_test(test_empty),  cmocka_unit_test(test_refused),
        cmocka_unit_test(test_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
