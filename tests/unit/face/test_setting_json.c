#include "test.h"

#include <jansson.h>

#include "face/setting_json.h"

struct record {
    bool flag;
    int64_t count, choice, wait;
    double factor;
    const char *text, *secret;
};

static const char *const words[] = {"one", "two", NULL};
#define FIELD(name) offsetof(struct record, name)
static const struct setting_row rows[] = {
    {.key = "flag", .type = SETTING_BOOL, .offset = FIELD(flag), .initial = "true", .help = "h"},
    {.key = "count",
     .type = SETTING_INT,
     .offset = FIELD(count),
     .min = 1,
     .max = 9,
     .initial = "3",
     .help = "h"},
    {.key = "choice",
     .type = SETTING_CHOICE,
     .offset = FIELD(choice),
     .choices = words,
     .initial = "two",
     .help = "h"},
    {.key = "wait",
     .type = SETTING_DURATION,
     .offset = FIELD(wait),
     .max = 3600,
     .initial = "250 ms",
     .help = "h"},
    {.key = "factor",
     .type = SETTING_NUMBER,
     .offset = FIELD(factor),
     .min = -1,
     .max = 1,
     .initial = "0.5",
     .help = "h"},
    {.key = "text", .type = SETTING_TEXT, .offset = FIELD(text), .max = 63, .help = "h"},
    {.key = "secret",
     .type = SETTING_TEXT,
     .offset = FIELD(secret),
     .max = 63,
     .initial = "x",
     .secret = true,
     .help = "h"},
};
static const struct setting_table table = {.name = "t",
                                           .label = "T",
                                           .help = "h",
                                           .rows = rows,
                                           .row_count = TEST_COUNT(rows),
                                           .record_size = sizeof(struct record)};
static const struct setting_table *const tables[] = {&table, NULL};

static void test_values(void **state)
{
    (void)state;
    const struct record record = {.flag = false,
                                  .count = 7,
                                  .choice = 0,
                                  .wait = 90 * 1000000LL,
                                  .factor = -0.25,
                                  .text = "a \"b\"",
                                  .secret = "hidden"};
    static const char *const wanted[] = {"false",           "7",   "\"one\"", "\"90 s\"", "-0.25",
                                         "\"a \\\"b\\\"\"", "null"};
    static const char *const defaults[] = {"true", "3",    "\"two\"", "\"250 ms\"",
                                           "0.5",  "null", "null"};
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        struct buf out = BUF_EMPTY;
        struct json json = json_writer(&out);
        setting_json_value(&json, &rows[i], &record);
        assert_string_equal(buf_text(&out), wanted[i]);
        buf_clear(&out);
        json = json_writer(&out);
        setting_json_default(&json, &table, &rows[i]);
        assert_string_equal(buf_text(&out), defaults[i]);
        buf_deinit(&out);
    }
}

static void test_schema(void **state)
{
    (void)state;
    const struct config_schema schema = {.tables = tables};
    struct buf out = BUF_EMPTY;
    struct json json = json_writer(&out);
    json_error_t error;
    setting_json_schema(&json, &schema);
    json_t *root = json_loadb(out.data, out.length, JSON_REJECT_DUPLICATES, &error);
    assert_non_null(root);
    json_t *first = json_array_get(json_object_get(root, "tables"), 0);
    json_t *list = json_object_get(first, "rows");
    assert_int_equal(json_array_size(list), TEST_COUNT(rows));
    json_t *choice = json_array_get(list, 2);
    assert_string_equal(json_string_value(json_array_get(json_object_get(choice, "choices"), 1)),
                        "two");
    assert_true(json_is_null(json_object_get(choice, "min")));
    assert_int_equal(json_integer_value(json_object_get(json_array_get(list, 1), "max")), 9);
    assert_null(strstr(buf_text(&out), "hidden"));
    json_decref(root);
    buf_deinit(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_values),
                                       cmocka_unit_test(test_schema)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
