#include "base/json.h"

#include <jansson.h>
#include <math.h>

#include "test.h"

static void test_shape(void **state)
{
    (void)state;
    struct buf buf = BUF_EMPTY;
    struct json json = json_writer(&buf);
    json_open_object(&json);
    json_pair_text(&json, "name", "a \"b\" \\ \n\x01\x7f \xC3\xA9");
    json_pair_text(&json, "none", NULL);
    json_pair_int(&json, "int", INT64_MIN);
    json_pair_bool(&json, "yes", true);
    json_key(&json, "list");
    json_open_array(&json);
    json_decimal(&json, 1.25, 1);
    json_decimal(&json, NAN, 3);
    json_decimal(&json, -INFINITY, 3);
    json_open_object(&json);
    json_close_object(&json);
    json_open_array(&json);
    json_close_array(&json);
    json_raw(&json, "[1,2]", 5);
    json_text_n(&json, "zero\0inside", 11);
    json_close_array(&json);
    json_key_text(&json, "a \"key\"");
    json_bool(&json, false);
    json_close_object(&json);
    assert_int_equal(json.depth, 0);
    assert_string_equal(
        buf_text(&buf),
        "{\"name\":\"a \\\"b\\\" \\\\ \\u000a\\u0001\\u007f \xC3\xA9\",\"none\":null,"
        "\"int\":-9223372036854775808,\"yes\":true,\"list\":[1.3,null,null,{},[],[1,2],"
        "\"zero\\u0000inside\"],\"a \\\"key\\\"\":false}");
    buf_deinit(&buf);
}

/* The text that a reader gets back from what was written. */
static json_t *read_back(const char *bytes, size_t length, struct buf *buf)
{
    buf_clear(buf);
    struct json json = json_writer(buf);
    json_open_array(&json);
    json_text_n(&json, bytes, length);
    json_close_array(&json);
    json_error_t error;
    json_t *root = json_loadb(buf->data, buf->length, JSON_ALLOW_NUL, &error);
    assert_non_null(root);
    return root;
}

static void assert_reads(const char *bytes, size_t length, const char *wanted, size_t wanted_length)
{
    struct buf buf = BUF_EMPTY;
    json_t *root = read_back(bytes, length, &buf);
    json_t *text = json_array_get(root, 0);
    assert_int_equal(json_string_length(text), wanted_length);
    assert_memory_equal(json_string_value(text), wanted, wanted_length);
    json_decref(root);
    buf_deinit(&buf);
}

#define REPLACEMENT "\xEF\xBF\xBD"

static void test_broken_utf8(void **state)
{
    (void)state;
    static const struct {
        const char *bytes, *wanted;
    } rows[] = {
        {"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x94\x8C", "\xC3\xA9\xE2\x82\xAC\xF0\x9F\x94\x8C"},
        {"a\xFFz", "a" REPLACEMENT "z"},
        {"\x80", REPLACEMENT},
        {"\xC0\xAF", REPLACEMENT REPLACEMENT},                                 /* overlong / */
        {"\xE0\x80\xAF", REPLACEMENT REPLACEMENT REPLACEMENT},                 /* overlong / */
        {"\xED\xA0\x80", REPLACEMENT REPLACEMENT REPLACEMENT},                 /* surrogate */
        {"\xF4\x90\x80\x80", REPLACEMENT REPLACEMENT REPLACEMENT REPLACEMENT}, /* > U+10FFFF */
        {"\xE2\x82", REPLACEMENT REPLACEMENT},                                 /* cut */
        {"\xE2\x82z", REPLACEMENT REPLACEMENT "z"},
        {"\xF0\x9F\x94", REPLACEMENT REPLACEMENT REPLACEMENT},
        {"\xC3", REPLACEMENT},
        {"\xEF\xBF\xBF", "\xEF\xBF\xBF"},
        {"\xF4\x8F\xBF\xBF", "\xF4\x8F\xBF\xBF"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_reads(rows[i].bytes, strlen(rows[i].bytes), rows[i].wanted, strlen(rows[i].wanted));
}

/* Any bytes at all: a strict reader takes what comes out, and good text is unchanged. */
static void test_random_bytes(void **state)
{
    (void)state;
    uint64_t random = test_seed();
    struct buf buf = BUF_EMPTY;
    for (int i = 0; i < 20000; i++) {
        char bytes[40];
        size_t length = test_below(&random, sizeof bytes);
        bool ascii = test_below(&random, 2);
        for (size_t j = 0; j < length; j++)
            bytes[j] = (char)(ascii ? test_below(&random, 128) : test_random(&random));
        json_t *root = read_back(bytes, length, &buf);
        if (ascii) {
            assert_int_equal(json_string_length(json_array_get(root, 0)), length);
            assert_memory_equal(json_string_value(json_array_get(root, 0)), bytes, length);
        }
        json_decref(root);
    }
    buf_deinit(&buf);
}

static void test_numbers_read_back(void **state)
{
    (void)state;
    uint64_t random = test_seed();
    struct buf buf = BUF_EMPTY;
    for (int i = 0; i < 20000; i++) {
        double value = (double)(int64_t)test_random(&random) / 1e15;
        int64_t whole = (int64_t)test_random(&random);
        buf_clear(&buf);
        struct json json = json_writer(&buf);
        json_open_array(&json);
        json_decimal(&json, value, 3);
        json_int(&json, whole);
        json_close_array(&json);
        json_error_t error;
        json_t *root = json_loadb(buf.data, buf.length, 0, &error);
        assert_non_null(root);
        assert_true(fabs(json_number_value(json_array_get(root, 0)) - value) <= 0.00050001);
        assert_int_equal(json_integer_value(json_array_get(root, 1)), whole);
        json_decref(root);
    }
    buf_deinit(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shape),
        cmocka_unit_test(test_broken_utf8),
        cmocka_unit_test(test_random_bytes),
        cmocka_unit_test(test_numbers_read_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
