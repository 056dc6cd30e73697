#include "test.h"

#include <errno.h>

#include "base/time_text.h"

/* What the C library says about the same moment. */
static void by_library(int64_t seconds, char *text, size_t size)
{
    time_t moment = (time_t)seconds;
    struct tm parts;
    gmtime_r(&moment, &parts);
    snprintf(text, size, "%04d-%02d-%02dT%02d:%02d:%02d", parts.tm_year + 1900, parts.tm_mon + 1,
             parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
}

static void known_moments_are_written(void **state)
{
    (void)state;
    char text[TIME_TEXT_SIZE];
    assert_int_equal(time_text_format_utc(0, text), 24);
    assert_string_equal(text, "1970-01-01T00:00:00.000Z");
    time_text_format_utc(1795222923456789, text);
    assert_string_equal(text, "2026-11-21T01:02:03.456Z");
    time_text_format_utc(-1, text);
    assert_string_equal(text, "1969-12-31T23:59:59.999Z");
    time_text_format_utc(951782400 * CLOCK_S, text); /* date -u -d 2000-02-29 +%s */
    assert_string_equal(text, "2000-02-29T00:00:00.000Z");
}

static void moments_off_the_calendar_are_clamped(void **state)
{
    (void)state;
    char text[TIME_TEXT_SIZE];
    assert_int_equal(time_text_format_utc(INT64_MAX, text), 24);
    assert_memory_equal(text, "9999-12-31T23:59:59", 19);
    assert_int_equal(time_text_format_utc(INT64_MIN, text), 24);
    assert_memory_equal(text, "0000-01-01T00:00:00", 19);
    assert_int_equal(time_text_format_local(INT64_MAX, text), 29);
    assert_int_equal(time_text_format_local(INT64_MIN, text), 29);
}

static void random_moments_agree_with_the_library(void **state)
{
    (void)state;
    uint64_t seed = test_seed();
    for (int i = 0; i < 200000; i++) {
        int64_t seconds = (int64_t)(test_random(&seed) % 315569519999ull) - 62167219200;
        int64_t us = (int64_t)(test_random(&seed) % 1000000);
        char expected[40], text[TIME_TEXT_SIZE];
        by_library(seconds, expected, sizeof expected);
        time_text_format_utc(seconds * CLOCK_S + us, text);
        assert_memory_equal(text, expected, 19);
        clock_us back;
        assert_int_equal(time_text_parse(text, 0, &back), 0);
        assert_true(back == seconds * CLOCK_S + us / 1000 * 1000);
    }
}

static void the_local_zone_is_used(void **state)
{
    (void)state;
    struct err err = ERR_EMPTY;
    assert_int_equal(time_text_use_zone("Europe/Berlin", &err), 0);
    char text[TIME_TEXT_SIZE];
    assert_int_equal(time_text_format_local(1795222923456789, text), 29);
    assert_string_equal(text, "2026-11-21T02:02:03.456+01:00");
    time_text_format_local(1782000000 * CLOCK_S, text); /* TZ=Europe/Berlin date -d @1782000000 */
    assert_string_equal(text, "2026-06-21T02:00:00.000+02:00");
    /* the hour that comes twice: 02:30 in summer time, an hour later 02:30 again */
    time_text_format_local(1792888200 * CLOCK_S, text);
    assert_string_equal(text, "2026-10-25T02:30:00.000+02:00");
    time_text_format_local(1792891800 * CLOCK_S, text);
    assert_string_equal(text, "2026-10-25T02:30:00.000+01:00");
    assert_int_equal(time_text_use_zone("America/St_Johns", &err), 0);
    time_text_format_local(1795222923456789, text);
    assert_string_equal(text, "2026-11-20T21:32:03.456-03:30");
}

static void unknown_zones_are_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {"Europe/Atlantis", "/etc/localtime", "../../../etc/passwd"};
    for (size_t i = 0; i < TEST_COUNT(wrong); i++) {
        struct err err = ERR_EMPTY;
        assert_int_equal(time_text_use_zone(wrong[i], &err), -EINVAL);
        assert_non_null(strstr(err.text, wrong[i]));
    }
}

static void what_people_type_is_read(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        clock_us expected;
    } cases[] = {
        {"now", 1000 * CLOCK_S},
        {"-24h", (1000 - 86400) * CLOCK_S},
        {"-7d", (1000 - 7 * 86400) * CLOCK_S},
        {"-90s", 910 * CLOCK_S},
        {"+2min", 1120 * CLOCK_S},
        {"-1m", 940 * CLOCK_S},
        {"-2w", (1000 - 14 * 86400) * CLOCK_S},
        {"1763687123", 1763687123 * CLOCK_S},
        {"1763687123.25", 1763687123 * CLOCK_S + 250000},
        {"0", 0},
        {"2026-11-21T01:02:03Z", 1795222923 * CLOCK_S},
        {"2026-11-21t01:02:03.456z", 1795222923456000},
        {"2026-11-21 02:02:03+01:00", 1795222923 * CLOCK_S},
        {"2026-11-20T21:32:03.1234567-03:30", 1795222923123456},
        {"2016-12-31T23:59:60Z", 1483228800 * CLOCK_S},
        {"1969-12-31T23:59:59Z", -CLOCK_S},
    };
    for (size_t i = 0; i < TEST_COUNT(cases); i++) {
        clock_us time = -42;
        assert_int_equal(time_text_parse(cases[i].text, 1000 * CLOCK_S, &time), 0);
        assert_true(time == cases[i].expected);
    }
}

static void nonsense_is_refused(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "",
        "yesterday",
        "-",
        "-h",
        "-24",
        "-24x",
        "--1h",
        "-1.5h",
        "now ",
        "2026-11-21",
        "2026-13-01T00:00:00Z",
        "2026-02-29T00:00:00Z",
        "1900-02-29T00:00:00Z",
        "2026-11-31T00:00:00Z",
        "2026-11-21T24:00:00Z",
        "2026-11-21T00:60:00Z",
        "2026-11-21T00:00:61Z",
        "2026-11-21T00:00:00",
        "2026-11-21T00:00:00.Z",
        "2026-11-21T00:00:00+1:00",
        "2026-11-21T00:00:00+24:00",
        "2026-11-21T00:00:00Zx",
        "1763687123.",
        "99999999999999999999",
        "253402300800",
        "-99999999999999999999d",
        "-3000000d",
        "2026-11-21T00:00:0",
        "17636x",
    };
    for (size_t i = 0; i < TEST_COUNT(cases); i++) {
        clock_us time = -42;
        assert_int_equal(time_text_parse(cases[i], 1000 * CLOCK_S, &time), -EINVAL);
        assert_true(time == -42);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_moments_are_written),
        cmocka_unit_test(moments_off_the_calendar_are_clamped),
        cmocka_unit_test(random_moments_agree_with_the_library),
        cmocka_unit_test(the_local_zone_is_used),
        cmocka_unit_test(unknown_zones_are_refused),
        cmocka_unit_test(what_people_type_is_read),
        cmocka_unit_test(nonsense_is_refused),
    };
    return cmocka_run_group_tests_name("time_text", tests, NULL, NULL);
}
