/* Expected moments come from the time zone database by way of `date -d`, not from our own
 * arithmetic. */
#include "test.h"

#include "base/time_text.h"
#include "engine/export_name.h"

static clock_us at(const char *text)
{
    clock_us wall;
    assert_int_equal(time_text_parse(text, 0, &wall), 0);
    return wall;
}

static void periods_follow_the_zone(void **state)
{
    (void)state;
    static const struct {
        const char *zone;
        enum export_period period;
        const char *moment, *begin, *end;
    } cases[] = {
        {"UTC", EXPORT_DAY, "2026-11-21T12:00:00Z", "2026-11-21T00:00:00Z", "2026-11-22T00:00:00Z"},
        /* 23 hours and 25 hours */
        {"Europe/Berlin", EXPORT_DAY, "2026-03-29T12:00:00Z", "2026-03-28T23:00:00Z",
         "2026-03-29T22:00:00Z"},
        {"Europe/Berlin", EXPORT_DAY, "2026-10-25T12:00:00Z", "2026-10-24T22:00:00Z",
         "2026-10-25T23:00:00Z"},
        {"Europe/Berlin", EXPORT_DAY, "2026-10-24T22:00:00Z", "2026-10-24T22:00:00Z",
         "2026-10-25T23:00:00Z"},
        {"Europe/Berlin", EXPORT_DAY, "2026-10-25T22:59:59Z", "2026-10-24T22:00:00Z",
         "2026-10-25T23:00:00Z"},
        /* Monday to Monday, over the change and over the end of the year */
        {"Europe/Berlin", EXPORT_WEEK, "2026-10-25T22:59:59Z", "2026-10-18T22:00:00Z",
         "2026-10-25T23:00:00Z"},
        {"Europe/Berlin", EXPORT_WEEK, "2027-01-01T12:00:00Z", "2026-12-27T23:00:00Z",
         "2027-01-03T23:00:00Z"},
        {"Europe/Berlin", EXPORT_MONTH, "2026-10-31T22:59:00Z", "2026-09-30T22:00:00Z",
         "2026-10-31T23:00:00Z"},
        {"Europe/Berlin", EXPORT_MONTH, "2026-12-31T22:59:59Z", "2026-11-30T23:00:00Z",
         "2026-12-31T23:00:00Z"},
        /* an offset that is no whole hour, and half an hour of summer time */
        {"Asia/Kolkata", EXPORT_DAY, "2026-11-21T00:00:00Z", "2026-11-20T18:30:00Z",
         "2026-11-21T18:30:00Z"},
        {"Australia/Lord_Howe", EXPORT_DAY, "2026-04-05T00:00:00Z", "2026-04-04T13:00:00Z",
         "2026-04-05T13:30:00Z"},
        /* midnight does not exist: the day begins at 1 o'clock */
        {"America/Santiago", EXPORT_DAY, "2026-09-06T12:00:00Z", "2026-09-06T04:00:00Z",
         "2026-09-07T03:00:00Z"},
        /* the hour before midnight comes twice */
        {"America/Santiago", EXPORT_DAY, "2026-04-05T01:00:00Z", "2026-04-04T03:00:00Z",
         "2026-04-05T04:00:00Z"},
    };
    for (size_t i = 0; i < TEST_COUNT(cases); i++) {
        assert_int_equal(time_text_use_zone(cases[i].zone, NULL), 0);
        print_message("# %s %s\n", cases[i].zone, cases[i].moment);
        clock_us moment = at(cases[i].moment);
        assert_int_equal(export_period_begin(cases[i].period, moment), at(cases[i].begin));
        assert_int_equal(export_period_end(cases[i].period, moment), at(cases[i].end));
    }
    time_text_use_zone("UTC", NULL);
}

/* Whatever the moment: it lies in its period, and the next one begins where this one ends. */
static void periods_leave_no_gap(void **state)
{
    (void)state;
    static const char *const zones[] = {"UTC",           "Europe/Berlin",  "America/Santiago",
                                        "Asia/Kolkata",  "Africa/Cairo",   "America/Havana",
                                        "Pacific/Apia",  "Asia/Kathmandu", "America/St_Johns",
                                        "Europe/London", "Atlantic/Azores"};
    uint64_t seed = test_seed();
    for (int i = 0; i < 3000; i++) {
        assert_int_equal(time_text_use_zone(zones[test_below(&seed, TEST_COUNT(zones))], NULL), 0);
        enum export_period period = (enum export_period)test_below(&seed, 3);
        clock_us moment = (clock_us)test_below(&seed, 4000000000u) * CLOCK_S;
        clock_us begin = export_period_begin(period, moment);
        clock_us end = export_period_end(period, moment);
        assert_true(begin <= moment && moment < end);
        assert_int_equal(export_period_begin(period, begin), begin);
        assert_int_equal(export_period_begin(period, end - CLOCK_S), begin);
        assert_int_equal(export_period_begin(period, end), end);
    }
    time_text_use_zone("UTC", NULL);
}

static void names_come_back(void **state)
{
    (void)state;
    static const struct {
        const char *text, *device, *date;
        unsigned part;
    } cases[] = {
        {"meter-1_2026-11-21.csv", "meter-1", "2026-11-21", 1},
        {"meter-1_2026-11-21_2.csv", "meter-1", "2026-11-21", 2},
        {"a_2026-01-01_2026-11-21_9999.csv", "a_2026-01-01", "2026-11-21", 9999},
        {"pdu_5_2026-11-21.csv", "pdu_5", "2026-11-21", 1},
    };
    for (size_t i = 0; i < TEST_COUNT(cases); i++) {
        struct export_name name;
        char text[EXPORT_NAME_SIZE];
        assert_true(export_name_parse(cases[i].text, &name));
        assert_string_equal(name.device, cases[i].device);
        assert_string_equal(name.date, cases[i].date);
        assert_int_equal(name.part, cases[i].part);
        export_name_format(&name, text);
        assert_string_equal(text, cases[i].text);
    }
}

static void other_names_are_refused(void **state)
{
    (void)state;
    static const char *const others[] = {
        "",
        ".csv",
        "_2026-11-21.csv",
        "m_2026-11-21.csv.old",
        "m_2026-11-21.CSV",
        ".new-m_2026-11-21.csv",
        "../m_2026-11-21.csv",
        "a/m_2026-11-21.csv",
        "m_2026-11-21_1.csv",
        "m_2026-11-21_02.csv",
        "m_2026-11-21_12345.csv",
        "m_2026-11-21_.csv",
        "m-2026-11-21.csv",
        "m_2026-1-21.csv",
        "notes.csv",
    };
    struct export_name name;
    for (size_t i = 0; i < TEST_COUNT(others); i++) {
        print_message("# %s\n", others[i]);
        assert_false(export_name_parse(others[i], &name));
    }
    char longest[300];
    memset(longest, 'x', sizeof longest);
    strcpy(longest + LIMIT_NAME, "_2026-11-21.csv");
    assert_true(export_name_parse(longest, &name));
    longest[LIMIT_NAME] = 'x';
    strcpy(longest + LIMIT_NAME + 1, "_2026-11-21.csv");
    assert_false(export_name_parse(longest, &name));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(periods_follow_the_zone),
        cmocka_unit_test(periods_leave_no_gap),
        cmocka_unit_test(names_come_back),
        cmocka_unit_test(other_names_are_refused),
    };
    return cmocka_run_group_tests_name("export_name", tests, NULL, NULL);
}
