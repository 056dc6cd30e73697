/* The daemon is restarted in the middle of an outage, in which the meter's register rolls over. */
#include "house.h"

#include "engine/history_answer.h"

#define WALL (1795222800LL * CLOCK_S) /* 2026-11-21T01:00:00Z */
#define BEGIN_WH (GATEWAY_ROLLOVER_WH - 9000)

static const char site[] = "lines: {bus: {kind: modbus-tcp, host: gw}}\n"
                           "devices:\n"
                           "  m: {line: bus, unit: 1, profile: scenario-meter, every: 10 s}\n"
                           "history: {every: 1 min}\n";

static int set_up(void **state)
{
    struct house *house = calloc(1, sizeof *house);
    house_make(house, WALL, site);
    gateway_fit(&house->gateway, 1, BEGIN_WH);
    gateway_load(&house->gateway, 1, 3600, 3600, 7200); /* 3.6, 3.6 and 7.2 kWh an hour */
    house_start(house);
    *state = house;
    return 0;
}

static int tear_down(void **state)
{
    house_remove(*state);
    free(*state);
    return 0;
}

/* An hour of the usual, one of outage, a restart that takes a minute, another hour of outage. */
static void go_through(struct house *house)
{
    loop_advance(house->loop, HOUSE_HOUR);
    house->gateway.away = true;
    loop_advance(house->loop, HOUSE_HOUR);
    house_stop(house);
    loop_advance(house->loop, HOUSE_MINUTE);
    house_start(house);
    loop_advance(house->loop, HOUSE_HOUR);
}

/* After the restart nothing is known: no number is shown for what was not asked since. */
static void nothing_is_known_until_the_meter_answers(void **state)
{
    struct house *house = *state;
    go_through(house);
    static const char *const paths[] = {"m/phase-a/voltage", "m/phase-a/energy", "m/total/energy"};
    for (size_t i = 0; i < TEST_COUNT(paths); i++) {
        const struct value *value = &house_point(house, paths[i])->value;
        assert_int_equal(value->quality, QUALITY_ABSENT);
        assert_int_equal(value->wall, 0);
    }
    struct device *device = site_device_find(house->site, "m");
    assert_int_equal(device->state, DEVICE_SILENT);
    assert_non_null(strstr(device->reason, "no answer to connect"));
    house->gateway.away = false;
    loop_advance(house->loop, 10 * CLOCK_S);
    for (size_t i = 0; i < TEST_COUNT(paths); i++)
        house_expect(house, paths[i], QUALITY_GOOD, REASON_NONE);
}

/* Phase a: 9000 Wh to the roll-over, which at 3600 W come about after two and a half hours. */
static void energy_goes_on_from_where_it_was(void **state)
{
    struct house *house = *state;
    loop_advance(house->loop, HOUSE_HOUR - CLOCK_S);
    int64_t before = house_wh(house, "m/phase-a/energy");
    loop_advance(house->loop, CLOCK_S);
    assert_in_range(before, BEGIN_WH + 3600 - 12, BEGIN_WH + 3600);
    go_through(house);
    house->gateway.away = false;
    loop_advance(house->loop, HOUSE_HOUR);
    gateway_load(&house->gateway, 1, 0, 0, 0);
    loop_advance(house->loop, HOUSE_MINUTE);
    int64_t used = 3600 * 5 + 60; /* 1 Wh a second, five hours and a minute */
    assert_true(BEGIN_WH + used > GATEWAY_ROLLOVER_WH);
    assert_int_equal(house_wh(house, "m/phase-a/energy"), BEGIN_WH + used);
    assert_int_equal(house_wh(house, "m/phase-c/energy"), BEGIN_WH + 2 * used);
    assert_int_equal(house_wh(house, "m/total/energy"), 3 * (int64_t)BEGIN_WH + 4 * used);
}

static void history_is_whole_on_both_sides(void **state)
{
    struct house *house = *state;
    clock_us gone = WALL + HOUSE_HOUR, back = WALL + 3 * HOUSE_HOUR + HOUSE_MINUTE;
    go_through(house);
    house->gateway.away = false;
    loop_advance(house->loop, HOUSE_HOUR + CLOCK_S / 2);
    house_wait_written(house, 2 * 60 + 1);
    /* good for 30 s more, and from the first answer on; the reading soon after the first start */
    assert_int_equal(house_count(house, "m/phase-a/voltage", 0, gone + HOUSE_MINUTE), 61);
    assert_int_equal(house_count(house, "m/phase-a/voltage", gone + HOUSE_MINUTE, back), 0);
    assert_int_equal(house_count(house, "m/phase-a/voltage", back, 0), 60);
    struct history_answer *answer = house_ask(house, "m/total/energy", 0, INT64_MAX / 2, 0);
    double last = 0;
    for (size_t i = 0; i < answer->series[0].count; i++) {
        assert_true(answer->series[0].buckets[i].last >= last);
        last = answer->series[0].buckets[i].last;
    }
    history_answer_free(answer);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(nothing_is_known_until_the_meter_answers),
        TEST(energy_goes_on_from_where_it_was),
        TEST(history_is_whole_on_both_sides),
    };
    return cmocka_run_group_tests_name("restart", tests, NULL, NULL);
}
