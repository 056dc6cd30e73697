/* A site through a year of Europe/Rome: both changes of daylight saving, clocks that are set, a
 * restart a month, counters that roll over and a meter that is exchanged. What is expected is
 * counted hour by hour in whole watt-hours and quarters, by the test alone. */
#include "house.h"

#include "base/time_text.h"
#include "engine/history_answer.h"

#define WALL (1767222000LL * CLOCK_S) /* 2026-01-01T00:00 in Rome, an hour ahead of UTC */
#define TICK (15 * HOUSE_MINUTE)
#define DAYS 366
#define SPRING (87 * HOUSE_DAY)               /* 2026-03-29T00:00, a day of 23 hours */
#define AUTUMN (297 * HOUSE_DAY - HOUSE_HOUR) /* 2026-10-25T00:00, a day of 25 hours */

/* Nothing is used while an electrician exchanges the heat pump's meter. */
enum { EXCHANGED_ON = 200, RESTART_EVERY = 30, METERS = 2 };

static const char *const names[METERS] = {"house", "heat"};
static const uint32_t begin_wh[METERS] = {9000000, 5000000};

static const char site[] = "site: {time_zone: Europe/Rome}\n"
                           "lines: {bus: {kind: modbus-tcp, host: gw}}\n"
                           "devices:\n"
                           "  house: {line: bus, unit: 1, profile: scenario-meter, every: 5 min}\n"
                           "  heat: {line: bus, unit: 2, profile: scenario-meter, every: 5 min}\n"
                           "history: {every: 15 min}\n";

/* Clocks that were set by hand for the summer and set back, and that a time server put right in
 * part. */
static const struct {
    int day;
    clock_us step;
} steps[] = {{50, HOUSE_HOUR}, {53, -HOUSE_HOUR}, {120, -40 * CLOCK_S}, {150, 25 * CLOCK_S}};

struct year {
    struct house house;
    uint64_t ticks, ticks_since_start; /* that there must be */
    int64_t wh[METERS][GATEWAY_PHASES];
};

/* ---- what is expected ------------------------------------------------------------------------ */

/* In watts, whole, and so whole watt-hours an hour: a house with weekends, a heat pump with
 * seasons. */
static int32_t load_of(int meter, int phase, int hour)
{
    int day = hour / 24, of_day = hour % 24;
    if (meter == 0)
        return 300 + 100 * phase + (day % 7 > 4 ? 250 : 0) + (of_day > 17 ? 800 : 0) + hour % 97;
    if (day == EXCHANGED_ON && of_day >= 10 && of_day <= 11)
        return 0;
    return (day < 100 || day > 280 ? 300 : 20) + hour % 13;
}

/* Quarters of an hour on the wall within from < t <= to. */
static uint64_t quarters(clock_us from, clock_us to)
{
    return (uint64_t)(to / TICK - from / TICK);
}

/* ---- life ------------------------------------------------------------------------------------ */

static void pass(struct year *year, clock_us by)
{
    clock_us from = clock_wall(&year->house.clock);
    loop_advance(year->house.loop, by);
    if (!year->house.site)
        return;
    uint64_t ticks = quarters(from, from + by);
    year->ticks += ticks;
    year->ticks_since_start += ticks;
}

/* The first reading comes soon after, not only at the next quarter. */
static void start(struct year *year)
{
    house_start(&year->house);
    year->ticks_since_start = 1;
    year->ticks++;
}

static void restart(struct year *year)
{
    house_wait_written(&year->house, year->ticks_since_start);
    house_stop(&year->house);
    pass(year, HOUSE_MINUTE);
    start(year);
}

static void live_an_hour(struct year *year, int hour)
{
    for (int meter = 0; meter < METERS; meter++) {
        int32_t watts[GATEWAY_PHASES];
        for (int phase = 0; phase < GATEWAY_PHASES; phase++) {
            watts[phase] = load_of(meter, phase, hour);
            year->wh[meter][phase] += watts[phase];
        }
        gateway_load(&year->house.gateway, meter + 1, watts[0], watts[1], watts[2]);
    }
    if (hour % (RESTART_EVERY * 24) == 7) {
        pass(year, 20 * HOUSE_MINUTE);
        restart(year);
        pass(year, 39 * HOUSE_MINUTE);
    } else {
        pass(year, HOUSE_HOUR);
    }
    if (hour == EXCHANGED_ON * 24 + 10)
        gateway_fit(&year->house.gateway, 2, 1234);
}

static void live(struct year *year)
{
    for (int day = 0; day < DAYS; day++) {
        for (size_t i = 0; i < TEST_COUNT(steps); i++) {
            if (steps[i].day == day)
                clock_fake_step_wall(&year->house.clock, steps[i].step);
        }
        for (int hour = 0; hour < 24; hour++)
            live_an_hour(year, day * 24 + hour);
    }
    for (int meter = 1; meter <= METERS; meter++)
        gateway_load(&year->house.gateway, meter, 0, 0, 0);
    pass(year, 20 * HOUSE_MINUTE); /* the last watt-hours are read */
    house_wait_written(&year->house, year->ticks_since_start);
}

static int set_up(void **state)
{
    struct year *year = calloc(1, sizeof *year);
    house_make(&year->house, WALL, site);
    year->house.age_every = 10 * HOUSE_MINUTE;
    for (int meter = 0; meter < METERS; meter++) {
        gateway_fit(&year->house.gateway, meter + 1, begin_wh[meter]);
        for (int phase = 0; phase < GATEWAY_PHASES; phase++)
            year->wh[meter][phase] = begin_wh[meter];
    }
    start(year);
    live(year);
    *state = year;
    return 0;
}

static int tear_down(void **state)
{
    struct year *year = *state;
    house_remove(&year->house);
    free(year);
    return 0;
}

/* ---- the story ------------------------------------------------------------------------------- */

static const char *path_of(int meter, const char *rest)
{
    static char path[80];
    snprintf(path, sizeof path, "%s/%s", names[meter], rest);
    return path;
}

static void energy_is_the_integral(void **state)
{
    struct year *year = *state;
    static const char *const parts[] = {"phase-a/energy", "phase-b/energy", "phase-c/energy"};
    for (int meter = 0; meter < METERS; meter++) {
        int64_t total = 0;
        for (int phase = 0; phase < GATEWAY_PHASES; phase++) {
            assert_int_equal(house_wh(&year->house, path_of(meter, parts[phase])),
                             year->wh[meter][phase]);
            total += year->wh[meter][phase];
        }
        assert_int_equal(house_wh(&year->house, path_of(meter, "total/energy")), total);
    }
    assert_true(year->wh[0][0] > GATEWAY_ROLLOVER_WH); /* or there was no roll-over to get right */
}

static void no_reading_is_lost_or_doubled(void **state)
{
    struct year *year = *state;
    static const char *const parts[] = {"phase-a/voltage", "phase-b/real-power", "phase-c/energy",
                                        "total/real-power", "total/energy"};
    for (int meter = 0; meter < METERS; meter++) {
        for (size_t i = 0; i < TEST_COUNT(parts); i++)
            assert_int_equal(house_count(&year->house, path_of(meter, parts[i]), 0, 0),
                             year->ticks);
    }
}

/* Days of 23, 25 and 24 hours in Rome, with a quarter between one reading and the next. */
static void days_are_as_long_as_in_rome(void **state)
{
    struct year *year = *state;
    static const struct {
        clock_us begin;
        int hours;
        const char *first, *last;
    } days[] = {
        {WALL + SPRING, 23, "2026-03-29T00:00:00.000+01:00", "2026-03-29T23:45:00.000+02:00"},
        {WALL + AUTUMN, 25, "2026-10-25T00:00:00.000+02:00", "2026-10-25T23:45:00.000+01:00"},
        {WALL + AUTUMN - HOUSE_DAY, 24, "2026-10-24T00:00:00.000+02:00",
         "2026-10-24T23:45:00.000+02:00"},
    };
    for (size_t i = 0; i < TEST_COUNT(days); i++) {
        struct history_answer *answer = house_ask(&year->house, "house/total/energy", days[i].begin,
                                                  days[i].begin + days[i].hours * HOUSE_HOUR, 0);
        const struct history_series *series = &answer->series[0];
        char text[TIME_TEXT_SIZE];
        assert_int_equal(series->count, 4 * days[i].hours);
        for (size_t j = 0; j < series->count; j++)
            assert_true(series->buckets[j].time == days[i].begin + (clock_us)j * TICK);
        time_text_format_local(series->buckets[0].time, text);
        assert_string_equal(text, days[i].first);
        time_text_format_local(series->buckets[series->count - 1].time, text);
        assert_string_equal(text, days[i].last);
        history_answer_free(answer);
    }
}

/* On the day before the clock was set back the hours are told twice, and both are kept. */
static void an_hour_that_came_twice_is_kept_twice(void **state)
{
    struct year *year = *state;
    clock_us day = WALL + 52 * HOUSE_DAY;
    assert_int_equal(house_count(&year->house, "heat/total/energy", day, day + HOUSE_DAY), 96);
    assert_int_equal(
        house_count(&year->house, "heat/total/energy", day + HOUSE_DAY, day + 2 * HOUSE_DAY), 100);
}

static void counters_in_history_never_fall(void **state)
{
    struct year *year = *state;
    for (int meter = 0; meter < METERS; meter++) {
        struct history_answer *answer =
            house_ask(&year->house, path_of(meter, "total/energy"), 0, INT64_MAX / 2, HOUSE_DAY);
        const struct history_series *series = &answer->series[0];
        assert_in_range(series->count, DAYS, DAYS + 2);
        for (size_t i = 1; i < series->count; i++)
            assert_true(series->buckets[i].max >= series->buckets[i - 1].max);
        history_answer_free(answer);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(energy_is_the_integral),
        cmocka_unit_test(no_reading_is_lost_or_doubled),
        cmocka_unit_test(days_are_as_long_as_in_rome),
        cmocka_unit_test(an_hour_that_came_twice_is_kept_twice),
        cmocka_unit_test(counters_in_history_never_fall),
    };
    return cmocka_run_group_tests_name("year", tests, set_up, tear_down);
}
