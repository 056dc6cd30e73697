/* Steps of questions about the past: what is understood, and which one is chosen for N buckets. */
#include "test.h"

#include "engine/history_calendar.h"
#include "face/history_step.h"

#define FROM (1790000000LL * CLOCK_S) /* 2026-09-21T14:13:20Z, by date(1) */

static void test_reads_what_is_promised(void **state)
{
    static const struct {
        const char *text;
        int64_t seconds, step_s;
        enum history_unit unit;
        int units;
    } cases[] = {
        {"raw", 0, 0, HISTORY_UNIT_NONE, 0},
        {"1", 1, 1, HISTORY_UNIT_NONE, 0},
        {"31622400", 31622400, 31622400, HISTORY_UNIT_NONE, 0}, /* 366 days */
        {"1h", 3600, 0, HISTORY_UNIT_HOUR, 1},
        {"1d", 86400, 0, HISTORY_UNIT_DAY, 1},
        {"1w", 604800, 0, HISTORY_UNIT_DAY, 7},
        {"1mo", 2592000, 0, HISTORY_UNIT_MONTH, 1},
        {"3mo", 7862400, 0, HISTORY_UNIT_MONTH, 3},
        {"1y", 31536000, 0, HISTORY_UNIT_YEAR, 1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct history_step step;
        assert_true(history_step_parse(cases[i].text, &step));
        assert_string_equal(step.name, cases[i].text);
        assert_int_equal(step.seconds, cases[i].seconds);
        assert_int_equal(step.step, cases[i].step_s * CLOCK_S);
        assert_int_equal(step.unit, cases[i].unit);
        assert_int_equal(step.units, cases[i].units);
    }
}

static void test_refuses_the_rest(void **state)
{
    static const char *const cases[] = {
        "",    "0",   "-1",  "1.5",  "2d",  "d",        "1D",
        "1 d", "1dd", "+60", "1mo ", "60s", "31622401", "99999999999999999999",
        "RAW"};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct history_step step;
        assert_false(history_step_parse(cases[i], &step));
    }
}

/* How many buckets there really are, one after the other. */
static int64_t count(clock_us from, clock_us to, const struct history_step *step)
{
    static const enum history_level levels[] = {HISTORY_RAW, HISTORY_HOUR, HISTORY_DAY,
                                                HISTORY_MONTH, HISTORY_YEAR};
    struct history_calendar calendar = step->unit
                                           ? history_calendar_new(levels[step->unit], step->units)
                                           : history_calendar_steps(step->step / CLOCK_MS);
    int64_t buckets = 0, at = from / CLOCK_MS;
    for (; at < to / CLOCK_MS; buckets++)
        at = history_calendar_find(&calendar, at).end;
    return buckets;
}

static void test_never_more_than_wished(void **state)
{
    uint64_t chance = test_seed();
    (void)state;
    setenv("TZ", "Europe/Berlin", 1);
    tzset();
    for (int i = 0; i < 400; i++) {
        struct history_step step;
        int64_t most = 1 + (int64_t)test_below(&chance, i % 2 ? 1000 : 8);
        int64_t from = FROM + (int64_t)test_below(&chance, 1u << 31) * CLOCK_MS;
        /* From a second to a century, each length as often as ten times it. */
        int64_t length = (int64_t)test_below(&chance, 1000) << test_below(&chance, 33);
        int64_t to = from + CLOCK_S + length * CLOCK_MS;
        history_step_choose(from, to, most, &step);
        assert_in_range(count(from, to, &step), 1, most);
        struct history_step again;
        if (step.seconds <= 366 * 86400) {
            assert_true(history_step_parse(step.name, &again));
            assert_int_equal(again.step, step.step);
            assert_int_equal(again.unit, step.unit);
        }
    }
}

static void test_is_as_fine_as_it_may(void **state)
{
    static const struct {
        int64_t span_s, most;
        const char *name;
    } cases[] = {
        {60, 600, "1"},           {3600, 600, "10"},           {86400, 600, "300"},
        {7 * 86400, 600, "1800"}, {400 * 86400, 600, "1d"},    {400 * 86400, 100, "1w"},
        {400 * 86400, 30, "1mo"}, {1500 * 86400LL, 30, "3mo"}, {1500 * 86400LL, 10, "1y"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct history_step step;
        history_step_choose(FROM, FROM + cases[i].span_s * CLOCK_S, cases[i].most, &step);
        assert_string_equal(step.name, cases[i].name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_what_is_promised),
        cmocka_unit_test(test_refuses_the_rest),
        cmocka_unit_test(test_never_more_than_wished),
        cmocka_unit_test(test_is_as_fine_as_it_may),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
