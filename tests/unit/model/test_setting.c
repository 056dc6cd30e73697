#include "model/setting.h"

#include <errno.h>
#include <math.h>

#include "base/clock.h"
#include "test.h"

struct record {
    bool flag;
    int64_t baud, parity, timeout, count;
    double factor;
    const char *label, *line;
};

static const char *const parities[] = {"none", "even", "odd", NULL};

#define FIELD(name) offsetof(struct record, name)

static const struct setting_row flag = {.key = "flag", .type = SETTING_BOOL, .offset = FIELD(flag)};
static const struct setting_row baud = {
    .key = "baud", .type = SETTING_INT, .offset = FIELD(baud), .min = 1200, .max = 115200};
static const struct setting_row count = {
    .key = "count", .type = SETTING_INT, .offset = FIELD(count)};
static const struct setting_row current = {.key = "current",
                                           .type = SETTING_NUMBER,
                                           .offset = FIELD(factor),
                                           .min = 0.5,
                                           .max = 1e6,
                                           .unit = "A"};
static const struct setting_row factor = {
    .key = "factor", .type = SETTING_NUMBER, .offset = FIELD(factor)};
static const struct setting_row parity = {
    .key = "parity", .type = SETTING_CHOICE, .offset = FIELD(parity), .choices = parities};
static const struct setting_row timeout = {
    .key = "timeout", .type = SETTING_DURATION, .offset = FIELD(timeout), .min = 0.01, .max = 3600};
static const struct setting_row label = {
    .key = "label", .type = SETTING_TEXT, .offset = FIELD(label), .min = 2, .max = 8};
static const struct setting_row password = {
    .key = "password", .type = SETTING_TEXT, .offset = FIELD(label), .max = 8, .secret = true};
static const struct setting_row pin = {.key = "pin",
                                       .type = SETTING_INT,
                                       .offset = FIELD(count),
                                       .min = 1000,
                                       .max = 9999,
                                       .secret = true};
static const struct setting_row line = {
    .key = "line", .type = SETTING_REFERENCE, .offset = FIELD(line), .refers_to = "lines"};

static void test_good_values(void **state)
{
    (void)state;
    /* text given, and how it is written back */
    static const struct {
        const struct setting_row *row;
        const char *text, *back;
    } rows[] = {
        {&flag, "true", "true"},
        {&flag, "off", "false"},
        {&flag, "yes", "true"},
        {&baud, "1200", "1200"},
        {&baud, "115200", "115200"},
        {&baud, "0x2580", "9600"},
        {&count, "-9223372036854775808", "-9223372036854775808"},
        {&factor, "0.1", "0.1"},
        {&factor, "-1e-300", "-1e-300"},
        {&factor, "3", "3"},
        {&factor, "0.30000000000000004", "0.30000000000000004"},
        {&current, "0.5", "0.5"},
        {&current, "1000000", "1000000"},
        {&parity, "odd", "odd"},
        {&timeout, "10 ms", "10 ms"},
        {&timeout, "1 h", "1 h"},
        {&timeout, "90 s", "90 s"},
        {&timeout, "120 s", "2 min"},
        {&timeout, "0.25s", "250 ms"},
        {&label, "ab", "ab"},
        {&label,
         "Stra\xC3\x9F"
         "e",
         "Stra\xC3\x9F"
         "e"},
        {&line, "rack-bus", "rack-bus"},
        {&line, "", ""},
    };
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        struct record record = {0};
        struct err err = ERR_EMPTY;
        char back[100];
        if (setting_parse(rows[i].row, rows[i].text, &record, &err) < 0)
            fail_msg("%s: %s", rows[i].text, err.text);
        setting_format(rows[i].row, &record, back, sizeof back);
        assert_string_equal(back, rows[i].back);
    }
}

static void test_messages(void **state)
{
    (void)state;
    static const struct {
        const struct setting_row *row;
        const char *text, *sentence;
    } rows[] = {
        {&flag, "maybe", "must be true or false, not \"maybe\""},
        {&baud, "1199", "must be 1200 to 115200, not \"1199\""},
        {&baud, "115201", "must be 1200 to 115200, not \"115201\""},
        {&baud, "fast", "must be a whole number, 1200 to 115200, not \"fast\""},
        {&baud, "9600.5", "must be a whole number, 1200 to 115200, not \"9600.5\""},
        {&baud, " 9600", "must be a whole number, 1200 to 115200, not \" 9600\""},
        {&baud, "", "must be a whole number, 1200 to 115200, not \"\""},
        {&baud, "99999999999999999999",
         "must be a whole number, 1200 to 115200, not \"99999999999999999999\""},
        {&count, "0x", "must be a whole number, not \"0x\""},
        {&count, "+-1", "must be a whole number, not \"+-1\""},
        {&current, "0.4", "must be 0.5 to 1000000 A, not \"0.4\""},
        {&current, "nan", "must be a number, 0.5 to 1000000 A, not \"nan\""},
        {&factor, "1e999", "must be a number, not \"1e999\""},
        {&factor, "1,5", "must be a number, not \"1,5\""},
        {&parity, "evne", "must be one of none, even, odd, not \"evne\"; did you mean \"even\"?"},
        {&parity, "mark", "must be one of none, even, odd, not \"mark\""},
        {&parity, "Even", "must be one of none, even, odd, not \"Even\"; did you mean \"even\"?"},
        {&timeout, "5",
         "must be a time with its unit (\"250 ms\", \"1 s\", \"15 min\", \"4 h\", \"7 d\"), 10 ms "
         "to 1 h, not \"5\""},
        {&timeout, "2 h", "must be 10 ms to 1 h, not \"2 h\""},
        {&label, "a", "must be 2 to 8 characters long, not 1"},
        {&label, "123456789", "must be 2 to 8 characters long, not 9"},
        {&label, "a\nb", "must not hold control characters (line ends, tabs)"},
        {&label, "a\xFFz", "must be valid UTF-8 text"},
        {&password, "far too long", "must be 0 to 8 characters long, not 12"},
        {&pin, "12345", "must be 1000 to 9999"},
        {&pin, "abc", "must be a whole number, 1000 to 9999"},
    };
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        struct record record = {0}, untouched = {0};
        struct err err = ERR_EMPTY;
        assert_int_equal(setting_parse(rows[i].row, rows[i].text, &record, &err), -EINVAL);
        assert_string_equal(err.text, rows[i].sentence);
        assert_memory_equal(&record, &untouched, sizeof record);
    }
}

static void test_long_texts_are_cut_in_messages(void **state)
{
    (void)state;
    char text[1000];
    struct record record;
    struct err err = ERR_EMPTY;
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    assert_int_equal(setting_parse(&baud, text, &record, &err), -EINVAL);
    assert_true(strlen(err.text) < 130);
    assert_non_null(strstr(err.text, "xxx...\""));
}

static void test_durations(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int result;
        int64_t us;
    } rows[] = {
        {"250 ms", 0, 250000},
        {"250ms", 0, 250000},
        {"1 s", 0, 1000000},
        {"15 min", 0, 900000000},
        {"4 h", 0, 14400000000},
        {"7 d", 0, 604800000000},
        {"1.5 s", 0, 1500000},
        {"0.5 d", 0, 43200000000},
        {"1.75 ms", 0, 1750},
        {"3 us", 0, 3},
        {"0", 0, 0},
        {"0 s", 0, 0},
        {"106751991 d", 0, 106751991LL * 86400 * 1000000}, /* the last day of 64 bits */
        {"106751992 d", -EINVAL, 0},
        {"99999999999999999999 s", -EINVAL, 0},
        {"5", -EINVAL, 0},
        {"-1 s", -EINVAL, 0},
        {" 1 s", -EINVAL, 0},
        {"1 s ", -EINVAL, 0},
        {"1 sec", -EINVAL, 0},
        {"1 S", -EINVAL, 0},
        {"1. s", -EINVAL, 0},
        {".5 s", -EINVAL, 0},
        {"1.5 us", -EINVAL, 0},
        {"1.1234567 s", -EINVAL, 0},
        {"s", -EINVAL, 0},
        {"", -EINVAL, 0},
        {"1e3 s", -EINVAL, 0},
        {"0x10 s", -EINVAL, 0},
    };
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        int64_t us = 0;
        assert_int_equal(setting_parse_duration(rows[i].text, &us), rows[i].result);
        assert_int_equal(us, rows[i].us);
    }
}

static void test_durations_round_trip(void **state)
{
    (void)state;
    uint64_t random = test_seed();
    for (int i = 0; i < 50000; i++) {
        int64_t us = (int64_t)(test_random(&random) >> (1 + test_below(&random, 63))), back = -1;
        static const int64_t steps[] = {1, 1000, 1000000, 60000000, 3600000000};
        us -= us % steps[test_below(&random, 5)];
        char text[40];
        setting_format_duration(us, text, sizeof text);
        assert_int_equal(setting_parse_duration(text, &back), 0);
        assert_int_equal(back, us);
    }
}

/* Whatever the number, what is written reads back as the same one. */
static void test_numbers_round_trip(void **state)
{
    (void)state;
    uint64_t random = test_seed();
    for (int i = 0; i < 50000; i++) {
        struct record record = {0}, back = {0};
        uint64_t bits = test_random(&random);
        char text[60];
        memcpy(&record.factor, &bits, sizeof bits);
        if (!isfinite(record.factor))
            continue;
        setting_format(&factor, &record, text, sizeof text);
        assert_int_equal(setting_parse(&factor, text, &back, NULL), 0);
        assert_true(back.factor == record.factor);
    }
}

static void test_type_names(void **state)
{
    (void)state;
    assert_string_equal(setting_type_name(SETTING_BOOL), "bool");
    assert_string_equal(setting_type_name(SETTING_REFERENCE), "reference");
    assert_string_equal(setting_type_name(SETTING_DURATION), "duration");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good_values),
        cmocka_unit_test(test_messages),
        cmocka_unit_test(test_long_texts_are_cut_in_messages),
        cmocka_unit_test(test_durations),
        cmocka_unit_test(test_durations_round_trip),
        cmocka_unit_test(test_numbers_round_trip),
        cmocka_unit_test(test_type_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
