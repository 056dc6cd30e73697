/* A gateway is gone for three hours and comes back, while another one goes on. */
#include "house.h"

#include "engine/history_answer.h"

#define WALL (1795222800LL * CLOCK_S) /* 2026-11-21T01:00:00Z */
#define GOOD_FOR (30 * CLOCK_S)       /* three times `every` */

static const char site[] =
    "lines:\n"
    "  bus: {kind: modbus-tcp, host: gw}\n"
    "  other: {kind: modbus-tcp, host: gw-2}\n"
    "devices:\n"
    "  a: {line: bus, unit: 1, profile: scenario-meter, every: 10 s}\n"
    "  b: {line: bus, unit: 2, profile: scenario-meter, every: 10 s}\n"
    "  witness: {line: other, unit: 1, profile: scenario-meter, every: 10 s}\n"
    "history: {every: 1 min}\n";

struct fixture {
    struct house house;
    struct gateway other;
    clock_us gone, back; /* wall */
};

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    house_make(&fixture->house, WALL, site);
    gateway_add(&fixture->other, fixture->house.loop, "gw-2");
    house_keep_log(&fixture->house);
    gateway_fit(&fixture->house.gateway, 1, 1000);
    gateway_fit(&fixture->house.gateway, 2, 2000);
    gateway_fit(&fixture->other, 1, 3000);
    gateway_load(&fixture->house.gateway, 1, 600, 1200, 1800);
    gateway_load(&fixture->house.gateway, 2, 60, 60, 60);
    gateway_load(&fixture->other, 1, 6000, 6000, 6000);
    house_start(&fixture->house);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    house_stop(&fixture->house);
    gateway_remove(&fixture->other);
    house_remove(&fixture->house);
    free(fixture);
    return 0;
}

/* One hour of the usual, three of outage; `each` is called every second of the outage. */
static void go_through(struct fixture *fixture,
                       void (*each)(struct fixture *fixture, clock_us gone))
{
    struct house *house = &fixture->house;
    loop_advance(house->loop, HOUSE_HOUR);
    fixture->gone = loop_wall(house->loop);
    house->gateway.away = true;
    for (clock_us gone = CLOCK_S; gone <= 3 * HOUSE_HOUR; gone += CLOCK_S) {
        loop_advance(house->loop, CLOCK_S);
        if (each)
            each(fixture, gone);
    }
    fixture->back = loop_wall(house->loop);
    house->gateway.away = false;
}

static void expect_stale(const struct house *house, const char *path)
{
    const struct value *value = &house_point(house, path)->value;
    assert_int_equal(value->quality, QUALITY_STALE);
    assert_true(value->reason == REASON_LINE_DOWN || value->reason == REASON_SILENT ||
                value->reason == REASON_TOO_OLD || value->reason == REASON_NO_SOURCE);
}

/* Nothing that is older than it may be is ever shown as good; what was known stays, with its
 * time; the witness notices nothing. */
static void check_second(struct fixture *fixture, clock_us gone)
{
    const struct house *house = &fixture->house;
    static const char *const paths[] = {"a/phase-a/voltage", "a/phase-b/real-power",
                                        "a/phase-c/energy",  "a/total/real-power",
                                        "a/total/energy",    "b/total/voltage"};
    for (size_t i = 0; i < TEST_COUNT(paths); i++) {
        if (gone > GOOD_FOR + CLOCK_S)
            expect_stale(house, paths[i]);
        assert_in_range(house_point(house, paths[i])->value.wall, fixture->gone - 11 * CLOCK_S,
                        fixture->gone);
    }
    assert_true(house_point(house, "a/total/real-power")->value.number == 3600);
    house_expect(house, "witness/total/real-power", QUALITY_GOOD, REASON_NONE);
    house_expect(house, "witness/total/energy", QUALITY_GOOD, REASON_NONE);
}

static void values_grow_stale_with_a_reason_and_totals_follow(void **state)
{
    struct fixture *fixture = *state;
    const struct house *house = &fixture->house;
    go_through(fixture, check_second);
    house_expect(house, "a/phase-a/voltage", QUALITY_STALE, REASON_LINE_DOWN);
    house_expect(house, "a/total/real-power", QUALITY_STALE, REASON_NO_SOURCE);
    struct device *device = site_device_find(house->site, "a");
    assert_int_equal(device->state, DEVICE_SILENT);
    assert_non_null(strstr(device->reason, "no answer to connect"));
    loop_advance(house->loop, 10 * CLOCK_S); /* found again within 10 s */
    house_expect(house, "a/phase-a/voltage", QUALITY_GOOD, REASON_NONE);
    house_expect(house, "a/total/real-power", QUALITY_GOOD, REASON_NONE);
    house_expect(house, "b/total/energy", QUALITY_GOOD, REASON_NONE);
    assert_int_equal(house_log_count(house, "bus: works again after"), 1);
}

/* The meter went on counting: 1200 W for 4 h and 10 s and a bit are 4803 Wh and a bit. */
static void energy_catches_up(void **state)
{
    struct fixture *fixture = *state;
    const struct house *house = &fixture->house;
    loop_advance(house->loop, HOUSE_HOUR);
    int64_t before = house_wh(house, "a/phase-b/energy");
    assert_in_range(before, 1000 + 1200 - 4, 1000 + 1200);
    go_through(fixture, NULL);
    assert_in_range(house_wh(house, "a/phase-b/energy"), 1000 + 2400 - 4, 1000 + 2400);
    int64_t last = 0;
    for (int second = 0; second < 120; second++) {
        loop_advance(house->loop, CLOCK_S);
        int64_t total = house_wh(house, "a/total/energy");
        assert_true(total >= last);
        last = total;
    }
    int64_t expected = 1000 + 1200 * 5 + 1200 * 120 / 3600;
    assert_in_range(house_wh(house, "a/phase-b/energy"), expected - 4, expected);
    assert_in_range(last, 3 * 1000 + 3600 * 5 + 3600 * 110 / 3600, 3 * 1000 + 3600 * 5 + 120);
}

/* Every tick is there: with a value, or, for the time of the outage, with none. */
static void history_has_a_gap_and_nothing_else(void **state)
{
    struct fixture *fixture = *state;
    struct house *house = &fixture->house;
    go_through(fixture, NULL);
    loop_advance(house->loop, HOUSE_HOUR + CLOCK_S / 2);
    house_wait_written(house, 5 * 60 + 1); /* one more soon after the start */
    clock_us silent = fixture->gone + GOOD_FOR + CLOCK_S;
    assert_int_equal(house_count(house, "a/phase-a/voltage", silent, fixture->back), 0);
    assert_int_equal(house_count(house, "a/total/real-power", silent, fixture->back), 0);
    assert_int_equal(house_count(house, "a/phase-a/voltage", WALL, silent), 61);
    /* the tick at the very moment of the return is not answered yet */
    assert_int_equal(house_count(house, "a/phase-a/voltage", fixture->back, 0), 60);
    assert_int_equal(house_count(house, "witness/phase-a/voltage", 0, 0), 5 * 60 + 1);
    struct history_answer *answer =
        house_ask(house, "a/phase-a/voltage", WALL, fixture->back + HOUSE_HOUR, 0);
    for (size_t i = 0; i < answer->series[0].count; i++)
        assert_true(answer->series[0].buckets[i].last == 230.0);
    history_answer_free(answer);
}

/* What was missed is not made up for: the line is asked no more at once than on any other day. */
static void the_return_is_no_burst(void **state)
{
    struct fixture *fixture = *state;
    struct house *house = &fixture->house;
    struct gateway *gateway = &house->gateway;
    loop_advance(house->loop, 10 * HOUSE_MINUTE);
    unsigned begin = gateway->requests;
    loop_advance(house->loop, 10 * HOUSE_MINUTE);
    unsigned usual = gateway->requests - begin; /* of ten minutes */
    assert_in_range(usual, 2 * 60 - 2, 2 * 60 + 2);
    go_through(fixture, NULL);
    begin = gateway->requests;
    gateway->most_in_second = 0;
    loop_advance(house->loop, 10 * HOUSE_MINUTE);
    assert_in_range(gateway->requests - begin, usual - 4, usual + 4);
    assert_true(gateway->most_in_second <= 4);  /* each device once on return, once on its grid */
    assert_true(gateway->opens < 3 * 3600 / 5); /* one attempt each five seconds at most */
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(values_grow_stale_with_a_reason_and_totals_follow),
        TEST(energy_catches_up),
        TEST(history_has_a_gap_and_nothing_else),
        TEST(the_return_is_no_burst),
    };
    return cmocka_run_group_tests_name("outage", tests, NULL, NULL);
}
