#include "base/err.h"

#include <errno.h>

#include "test.h"

static void test_set(void **state)
{
    (void)state;
    struct err err = ERR_EMPTY;
    assert_int_equal(err.code, 0);
    assert_int_equal(err_set(&err, -EINVAL, "line %d: %s", 3, "wrong"), -EINVAL);
    assert_int_equal(err.code, -EINVAL);
    assert_string_equal(err.text, "line 3: wrong");
    assert_int_equal(err_set(NULL, -EIO, "nobody reads this"), -EIO);
    assert_int_equal(err_set_errno(&err, -ENOENT, "cannot open %s", "x.yaml"), -ENOENT);
    assert_string_equal(err.text, "cannot open x.yaml: No such file or directory");
    assert_int_equal(err_set_errno(NULL, -ENOENT, "x"), -ENOENT);
}

static void test_too_long(void **state)
{
    (void)state;
    struct {
        struct err err;
        char guard[16];
    } box;
    memset(&box, 'G', sizeof box);
    char text[2 * ERR_TEXT_MAX];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    err_set(&box.err, -EINVAL, "%s", text);
    assert_int_equal(strlen(box.err.text), ERR_TEXT_MAX - 1);
    /* every length around the end of the sentence */
    for (size_t length = ERR_TEXT_MAX - 40; length < ERR_TEXT_MAX + 10; length++) {
        err_set_errno(&box.err, -ENOENT, "%.*s", (int)length, text);
        size_t whole = length + strlen(": No such file or directory");
        assert_int_equal(strlen(box.err.text), whole < ERR_TEXT_MAX ? whole : ERR_TEXT_MAX - 1);
    }
    for (size_t i = 0; i < sizeof box.guard; i++)
        assert_int_equal(box.guard[i], 'G');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_set),
        cmocka_unit_test(test_too_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
