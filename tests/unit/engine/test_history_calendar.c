#include "test.h"

#include <stdlib.h>
#include <time.h>

#include "engine/history_calendar.h"

/* Zones with daylight saving of an hour and of half an hour, at midnight, twice a year around
 * Ramadan, on the other half of the world, none, and with odd offsets. */
static const char *const zones[] = {
    "Europe/Rome",      "America/Sao_Paulo", "Australia/Lord_Howe", "Africa/Casablanca",
    "America/Asuncion", "Asia/Kathmandu",    "Pacific/Chatham",     "America/Havana",
    "Asia/Beirut",      "Africa/Cairo",      "America/New_York",    "UTC",
};

#define BEGIN_S 1325376000LL /* 2012: the fewest rules that nobody could keep apart */
#define END_S 2208988800LL   /* 2040 */

static struct tm local(int64_t second)
{
    struct tm parts;
    time_t moment = (time_t)second;
    assert_non_null(localtime_r(&moment, &parts));
    return parts;
}

/* A number that is the same for all moments of a local day, month or year. */
static int name_of(enum history_level level, int64_t second)
{
    struct tm parts = local(second);
    int year = parts.tm_year, month = year * 12 + parts.tm_mon;
    return level == HISTORY_YEAR    ? year
           : level == HISTORY_MONTH ? month
                                    : month * 31 + parts.tm_mday;
}

static int64_t random_second(unsigned *seed)
{
    int64_t random = (int64_t)rand_r(seed) << 31 | rand_r(seed);
    return BEGIN_S + random % (END_S - BEGIN_S);
}

static void check(struct history_calendar *calendar, int64_t second)
{
    struct history_stretch stretch = history_calendar_find(calendar, second * 1000 + 7);
    assert_int_equal(stretch.begin % 1000, 0);
    int64_t begin = stretch.begin / 1000, end = stretch.end / 1000;
    enum history_level level = calendar->level;
    int name = name_of(level, second);
    assert_true(begin <= second && second < end);
    assert_int_equal(name_of(level, begin), name);
    assert_int_equal(name_of(level, end - 1), name);
    assert_int_not_equal(name_of(level, begin - 1), name);
    assert_int_not_equal(name_of(level, end), name);
}

static void days_months_and_years_are_those_of_the_zone(void **state)
{
    (void)state;
    unsigned seed = (unsigned)test_seed();
    for (size_t zone = 0; zone < sizeof zones / sizeof *zones; zone++) {
        assert_int_equal(setenv("TZ", zones[zone], 1), 0);
        tzset();
        struct history_zone known = {0};
        for (int level = HISTORY_DAY; level <= HISTORY_YEAR; level++) {
            struct history_calendar plain = history_calendar_new((enum history_level)level, 1);
            struct history_calendar knowing = plain;
            knowing.zone = &known;
            for (int i = 0; i < 2000; i++) {
                int64_t second = random_second(&seed);
                check(&plain, second);
                check(&knowing, second);
            }
        }
    }
}

/* Hour by hour through the years, so that every change of every zone is met. */
static void what_is_remembered_of_a_zone_changes_nothing(void **state)
{
    (void)state;
    for (size_t zone = 0; zone < sizeof zones / sizeof *zones; zone++) {
        assert_int_equal(setenv("TZ", zones[zone], 1), 0);
        tzset();
        struct history_zone known = {0};
        struct history_calendar plain = history_calendar_new(HISTORY_DAY, 1), knowing = plain;
        struct history_calendar hour = history_calendar_new(HISTORY_HOUR, 1), knowing_hour = hour;
        knowing.zone = knowing_hour.zone = &known;
        for (int64_t second = BEGIN_S; second < BEGIN_S + 8 * 31557600LL; second += 3600) {
            struct history_stretch a = history_calendar_find(&plain, second * 1000);
            struct history_stretch b = history_calendar_find(&knowing, second * 1000);
            assert_true(a.begin == b.begin && a.end == b.end);
            a = history_calendar_find(&hour, second * 1000);
            b = history_calendar_find(&knowing_hour, second * 1000);
            assert_true(a.begin == b.begin && a.end == b.end);
        }
    }
}

static void weeks_begin_on_monday(void **state)
{
    (void)state;
    assert_int_equal(setenv("TZ", "Europe/Rome", 1), 0);
    tzset();
    struct history_zone known = {0};
    struct history_calendar weeks = history_calendar_new(HISTORY_DAY, 7);
    weeks.zone = &known;
    for (int64_t second = BEGIN_S; second < BEGIN_S + 2 * 31557600LL; second += 40000) {
        struct history_stretch week = history_calendar_find(&weeks, second * 1000);
        struct tm begin = local(week.begin / 1000), end = local(week.end / 1000);
        assert_true(begin.tm_wday == 1 && begin.tm_hour == 0 && begin.tm_min == 0);
        assert_true(end.tm_wday == 1 && end.tm_hour == 0 && end.tm_min == 0);
        assert_true(week.end - week.begin <= (7 * 24 + 1) * 3600000LL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(days_months_and_years_are_those_of_the_zone),
        cmocka_unit_test(what_is_remembered_of_a_zone_changes_nothing),
        cmocka_unit_test(weeks_begin_on_monday),
    };
    return cmocka_run_group_tests_name("history_calendar", tests, NULL, NULL);
}
