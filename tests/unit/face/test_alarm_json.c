#include "face_testing.h"

#include <errno.h>
#include <math.h>

#include "face/alarm_json.h"

static struct alarm_view some_alarm(void)
{
    return (struct alarm_view){
        .id = 4000000000u,
        .rule = "amps",
        .label = "Phase \"current\"",
        .path = "m-1/phase-a/current",
        .severity = ALARM_CRITICAL,
        .state = ALARM_TRIPPED,
        .since = 7 * CLOCK_S,
        .since_wall = 1700000000 * CLOCK_S,
        .raised_wall = 1700000000 * CLOCK_S,
        .number = 17.26,
        .limit = 16.125,
        .decimals = 1,
        .unit = "A",
        .by = "",
        .suppressed_by = "",
        .times = 3,
        .recipients = "night-desk,boss , ,c",
        .text = "Phase current: m-1/phase-a/current is 17.3 A, over 16.125 A",
    };
}

static json_t *written(const struct alarm_view *alarm, const struct alarm_json_view *view,
                       enum alarm_change change)
{
    struct buf out = BUF_EMPTY;
    struct json json = json_writer(&out);
    alarm_json_write(&json, alarm, view, change);
    json_t *read = json_loads(buf_text(&out), JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(read);
    buf_deinit(&out);
    return read;
}

static const char *text_in(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

static void test_written(void **state)
{
    (void)state;
    const struct alarm_view alarm = some_alarm();
    const struct alarm_json_view view = {.now = 9 * CLOCK_S + 500 * CLOCK_MS};
    json_t *read = written(&alarm, &view, ALARM_CHANGES);
    assert_int_equal(json_integer_value(json_object_get(read, "id")), 4000000000);
    assert_string_equal(text_in(read, "label"), "Phase \"current\"");
    assert_string_equal(text_in(read, "severity"), "critical");
    assert_string_equal(text_in(read, "state"), "tripped");
    /* 1700000000 is 2023-11-14T22:13:20Z by date(1) */
    assert_string_equal(text_in(read, "since"), "2023-11-14T22:13:20.000Z");
    assert_int_equal(json_integer_value(json_object_get(read, "since_ms")), 2500);
    assert_true(fabs(json_number_value(json_object_get(read, "value")) - 17.3) < 1e-9);
    assert_true(fabs(json_number_value(json_object_get(read, "limit")) - 16.125) < 1e-9);
    const json_t *names = json_object_get(read, "recipients");
    assert_int_equal(json_array_size(names), 3);
    assert_string_equal(json_string_value(json_array_get(names, 1)), "boss");
    assert_true(json_is_null(json_object_get(read, "by")));
    assert_true(json_is_null(json_object_get(read, "shelved_until")));
    assert_true(json_is_false(json_object_get(read, "silent")));
    assert_null(json_object_get(read, "change"));
    json_decref(read);
}

/* What is not known is null, not 0 nor 1970. */
static void test_unknown(void **state)
{
    (void)state;
    struct alarm_view alarm = some_alarm();
    const struct alarm_json_view view = {.form = TIME_FORM_UNIX, .now = CLOCK_S};
    alarm.number = alarm.limit = NAN;
    alarm.since_wall = alarm.raised_wall = 0;
    alarm.recipients = "";
    json_t *read = written(&alarm, &view, ALARM_SEEN);
    assert_true(json_is_null(json_object_get(read, "value")));
    assert_true(json_is_null(json_object_get(read, "limit")));
    assert_true(json_is_null(json_object_get(read, "since")));
    assert_true(json_is_null(json_object_get(read, "raised")));
    assert_int_equal(json_integer_value(json_object_get(read, "since_ms")), 0);
    assert_int_equal(json_array_size(json_object_get(read, "recipients")), 0);
    assert_string_equal(text_in(read, "change"), "seen");
    json_decref(read);
}

static void test_silent(void **state)
{
    (void)state;
    struct alarm_view alarm = some_alarm();
    const struct alarm_json_view view = {.form = TIME_FORM_UNIX, .now = CLOCK_S};
    alarm.shelved_until = 1700000000 * CLOCK_S;
    assert_true(alarm_json_is_silent(&alarm));
    json_t *read = written(&alarm, &view, ALARM_CHANGES);
    assert_true(json_integer_value(json_object_get(read, "shelved_until")) == 1700000000000);
    assert_true(json_is_true(json_object_get(read, "silent")));
    json_decref(read);
    alarm.shelved_until = 0;
    alarm.suppressed_by = "m-1";
    assert_true(alarm_json_is_silent(&alarm));
}

/* The words that clients may send are those that are written. */
static void test_words(void **state)
{
    (void)state;
    static const char *const states[] = {"normal", "pending", "tripped", "acknowledged", "lost"};
    static const char *const severities[] = {"info", "warning", "critical"};
    for (int i = 0; i < ALARM_STATES; i++)
        assert_int_equal(alarm_json_state(states[i]), i);
    for (int i = 0; i < ALARM_SEVERITIES; i++)
        assert_int_equal(alarm_json_severity(severities[i]), i);
    assert_int_equal(alarm_json_state("Tripped"), ALARM_STATES);
    assert_int_equal(alarm_json_severity(""), ALARM_SEVERITIES);
}

static void test_durations(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t seconds; /* -1: refused */
    } cases[] = {{"3600", 3600},      {"90.5", 90}, {"\"30 min\"", 1800}, {"\"2 h\"", 7200},
                 {"\"7 d\"", 604800}, {"0", 0},     {"-1", -1},           {"\"soon\"", -1},
                 {"\"-5 min\"", -1},  {"true", -1}, {"1e300", -1},        {"[60]", -1},
                 {"34560001", -1}};
    for (size_t i = 0; i < TEST_COUNT(cases); i++) {
        json_t *value = json_loads(cases[i].text, JSON_DECODE_ANY, NULL);
        struct err err = ERR_EMPTY;
        clock_us how_long = -1;
        int result = alarm_json_duration(value, &how_long, &err);
        if (result != (cases[i].seconds < 0 ? -EINVAL : 0) ||
            (result == 0 && how_long / CLOCK_S != cases[i].seconds) ||
            (result < 0 && !strstr(err.text, "duration")))
            fail_msg("%s: %d %lld %s", cases[i].text, result, (long long)how_long, err.text);
        json_decref(value);
    }
}

static void test_counts(void **state)
{
    (void)state;
    const struct alarm_counts counts = {
        .tripped = {1, 2, 3}, .acknowledged = 4, .lost = 5, .pending = 6, .silent = 7};
    struct buf out = BUF_EMPTY;
    struct json json = json_writer(&out);
    alarm_json_write_counts(&json, &counts);
    assert_string_equal(buf_text(&out),
                        "{\"critical\":3,\"warning\":2,\"info\":1,\"acknowledged\":4,\"lost\":5,"
                        "\"pending\":6,\"silent\":7}");
    buf_deinit(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_written),   cmocka_unit_test(test_unknown),
        cmocka_unit_test(test_silent),    cmocka_unit_test(test_words),
        cmocka_unit_test(test_durations), cmocka_unit_test(test_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
