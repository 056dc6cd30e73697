/* An answer about the past as JSON: the same text whatever the size of the pieces, read by jansson.
 */
#include "test.h"

#include <jansson.h>

#include "face/history_json.h"

#define FROM (1790000000LL * CLOCK_S) /* 2026-09-21T14:13:20Z, by date(1) */

static struct history_bucket volts[] = {
    {.time = FROM, .min = 229.5, .sum = 690.75, .max = 231, .last = 230.2, .count = 3},
    {.time = FROM + 60 * CLOCK_S, .count = 0}, /* nothing there: left out */
    {.time = FROM + 120 * CLOCK_S, .min = 1, .sum = 1, .max = 1, .last = 1, .count = 1},
};
static struct history_bucket energy[] = {
    {.time = FROM, .min = 10, .sum = 21, .max = 11, .last = 11, .count = 2, .rise = 1.5},
};
static struct history_series series[] = {
    {.path = "m/phase-a/voltage",
     .quantity = QUANTITY_VOLTAGE,
     .buckets = volts,
     .count = 3,
     .cut = true},
    {.path = "m/total/energy", .quantity = QUANTITY_ENERGY, .buckets = energy, .count = 1},
    {.path = "no\"body/x/y", .quantity = QUANTITY_NONE},
};

static const struct history_json_head head = {
    .from = FROM, .to = FROM + 600 * CLOCK_S, .step = "60", .step_s = 60, .form = TIME_FORM_UNIX};

static json_t *written(clock_us until, size_t most, struct buf *whole)
{
    const struct history_answer answer = {.until = until, .path_count = 3, .series = series};
    struct history_json writer;
    struct buf part = BUF_EMPTY;
    bool more = true;
    history_json_begin(&writer, &head, &answer);
    while (more) {
        buf_clear(&part);
        more = history_json_write(&writer, &part, most);
        buf_add(whole, part.data, part.length);
    }
    assert_false(history_json_write(&writer, &part, most)); /* done is done */
    buf_deinit(&part);
    return json_loadb(whole->data, whole->length, 0, NULL);
}

static void test_rows_are_what_the_buckets_say(void **state)
{
    struct buf text = BUF_EMPTY;
    json_t *json = written(head.to, 1u << 20, &text);
    (void)state;
    /* Three volts' average of 690.75 / 3 = 230.25; rise only for the counter. */
    json_t *expected = json_loads(
        "{\"from\":1790000000000,\"to\":1790000600000,\"step\":\"60\",\"step_s\":60,\"next\":null,"
        "\"series\":["
        "{\"path\":\"m/phase-a/"
        "voltage\",\"quantity\":\"voltage\",\"unit\":\"V\",\"decimals\":1,\"cut\":true,\"rows\":["
        "[1790000000000,229.5,230.25,231,230.2,3],[1790000120000,1,1,1,1,1]]},"
        "{\"path\":\"m/total/"
        "energy\",\"quantity\":\"energy\",\"unit\":\"kWh\",\"decimals\":3,\"cut\":false,\"rows\":["
        "[1790000000000,10,10.5,11,11,2,1.5]]},"
        "{\"path\":\"no\\\"body/x/"
        "y\",\"quantity\":null,\"unit\":null,\"decimals\":0,\"cut\":false,\"rows\":[]}]}",
        0, NULL);
    assert_non_null(expected);
    /* Numbers may be written with or without a point: compare as numbers. */
    char *a = json_dumps(json, JSON_SORT_KEYS | JSON_REAL_PRECISION(9)),
         *b = json_dumps(expected, JSON_SORT_KEYS | JSON_REAL_PRECISION(9));
    assert_string_equal(a, b);
    free(a);
    free(b);
    json_decref(json);
    json_decref(expected);
    buf_deinit(&text);
}

static void test_pieces_make_the_same_whole(void **state)
{
    struct buf whole = BUF_EMPTY;
    json_decref(written(head.to, 1u << 20, &whole));
    (void)state;
    for (size_t most = 1; most < 200; most += 7) {
        struct buf text = BUF_EMPTY;
        json_decref(written(head.to, most, &text));
        assert_int_equal(text.length, whole.length);
        assert_memory_equal(text.data, whole.data, whole.length);
        buf_deinit(&text);
    }
    buf_deinit(&whole);
}

static void test_next_says_from_where_on(void **state)
{
    struct buf text = BUF_EMPTY;
    json_t *json = written(FROM + 180 * CLOCK_S, 100, &text);
    (void)state;
    assert_int_equal(json_integer_value(json_object_get(json, "next")), 1790000180000);
    json_decref(json);
    buf_deinit(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_are_what_the_buckets_say),
        cmocka_unit_test(test_pieces_make_the_same_whole),
        cmocka_unit_test(test_next_says_from_where_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
