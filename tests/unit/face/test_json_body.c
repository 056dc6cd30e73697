#include "test.h"

#include <errno.h>

#include "face/json_body.h"

static void refuse(const char *text, size_t length, const char *says)
{
    struct err err = ERR_EMPTY;
    json_t *object = json_body_read(text, length, &err);
    if (object)
        fail_msg("%s was taken", text);
    assert_int_equal(err.code, -EINVAL);
    if (!strstr(err.text, says))
        fail_msg("%s: %s", text, err.text);
}

static void test_refused(void **state)
{
    (void)state;
    const char *const texts[] = {
        "{\"a\":1,\"a\":2}",
        "{\"a\":1}x",
        "{\"a\":01}",
        "{\"a\":NaN}",
        "{'a':1}",
        "{\"a\":1,}",
        "{\"a\":\"\\u0000\"}",
        "{\"a\":\"\xff\"}",
        "{\"a\":\"\xc0\xaf\"}",
        "{\"a\":\"\\ud800\"}",
        "{\"a\":\"\n\"}",
        "\xef\xbb\xbf{}",
        "{\"a\":1e999}",
        "{\"a\":",
        "{",
        "nul",
        "// c\n{}",
    };
    for (size_t i = 0; i < TEST_COUNT(texts); i++)
        refuse(texts[i], strlen(texts[i]), "line 1");
    refuse("", 0, "empty");
    refuse("[1]", 3, "object");
    refuse("{}\0", 3, "line");
}

static void test_depth(void **state)
{
    (void)state;
    char text[256] = "{\"a\":";
    for (int depth = 1; depth < 40; depth++)
        strcat(text, "[");
    refuse(text, strlen(text), "nested");
    /* Brackets inside texts are not nesting. */
    static const char flat[] = "{\"a\":\"[[[[[[[[[[[[[[[[[[\\\"{{{{\"}";
    struct err err = ERR_EMPTY;
    json_t *object = json_body_read(flat, sizeof flat - 1, &err);
    assert_non_null(object);
    json_decref(object);
}

static void test_scalar(void **state)
{
    (void)state;
    static const char text[] =
        "{\"t\":\"250 ms\",\"i\":-7,\"r\":0.1,\"y\":true,\"n\":false,\"z\":null,\"l\":[1],"
        "\"big\":9007199254740993}";
    const struct {
        const char *key, *wanted;
    } cases[] = {{"t", "250 ms"},  {"i", "-7"}, {"r", "0.1"}, {"y", "true"},
                 {"n", "false"},   {"z", NULL}, {"l", NULL},  {"big", "9007199254740993"},
                 {"missing", NULL}};
    struct err err = ERR_EMPTY;
    json_t *object = json_body_read(text, sizeof text - 1, &err);
    assert_non_null(object);
    for (size_t i = 0; i < TEST_COUNT(cases); i++) {
        char out[32];
        int result = json_body_scalar(json_object_get(object, cases[i].key), out, sizeof out);
        assert_int_equal(result, cases[i].wanted ? 0 : -EINVAL);
        if (cases[i].wanted)
            assert_string_equal(out, cases[i].wanted);
    }
    char tight[4];
    assert_int_equal(json_body_scalar(json_object_get(object, "t"), tight, sizeof tight), -ENOSPC);
    json_decref(object);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_depth),
        cmocka_unit_test(test_scalar),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
