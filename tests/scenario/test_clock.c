/* A computer without a clock chip: it starts in 1970 and learns the time after ten minutes. */
#include "house.h"

#include "engine/history_answer.h"

#define WALL (1795222800LL * CLOCK_S) /* 2026-11-21T01:00:00Z */
#define UNKNOWN (10 * HOUSE_MINUTE)

static const char site[] = "lines: {bus: {kind: modbus-tcp, host: gw}}\n"
                           "devices:\n"
                           "  m: {line: bus, unit: 1, profile: scenario-meter, every: 5 s}\n"
                           "history: {every: 1 min}\n";

static int set_up(void **state)
{
    struct house *house = calloc(1, sizeof *house);
    house_make(house, 0, site);
    house->clock.fake_wall_known = false;
    gateway_fit(&house->gateway, 1, 0);
    gateway_load(&house->gateway, 1, 3600, 3600, 3600); /* 1 Wh a second */
    *state = house;
    return 0;
}

static int tear_down(void **state)
{
    house_remove(*state);
    free(*state);
    return 0;
}

/* The time server answers. */
static void learn_the_time(struct house *house)
{
    clock_fake_step_wall(&house->clock, WALL + UNKNOWN - clock_wall(&house->clock));
    house->clock.fake_wall_known = true;
}

/* Tidying puts rows on the calendar when it comes to it: ask until it has. */
static struct history_answer *wait_count(struct house *house, const char *path, size_t count)
{
    for (int i = 0; i < 6000; i++) {
        struct history_answer *answer = house_ask(house, path, 0, INT64_MAX / 2, 0);
        if (answer->series[0].count >= count) {
            assert_int_equal(answer->series[0].count, count);
            return answer;
        }
        history_answer_free(answer);
    }
    fail_msg("never %zu readings of %s", count, path);
    return NULL;
}

/* Readings stand where they belong: the energy counts 1 Wh a second from WALL on, so it tells the
 * time at which the meter was asked. */
static void check_calendar(struct house *house, size_t count)
{
    struct history_answer *answer = wait_count(house, "m/phase-a/energy", count);
    const struct history_bucket *buckets = answer->series[0].buckets;
    for (size_t i = 0; i < count; i++) {
        clock_us asked = WALL + (clock_us)(buckets[i].last * 1000 + 0.5) * CLOCK_S;
        assert_in_range(buckets[i].time - asked + CLOCK_S, 0, 7 * CLOCK_S);
        assert_true(i == 0 || buckets[i].time > buckets[i - 1].time);
    }
    history_answer_free(answer);
}

static void measuring_does_not_wait_for_the_time(void **state)
{
    struct house *house = *state;
    house_start(house);
    loop_advance(house->loop, UNKNOWN);
    house_expect(house, "m/phase-a/voltage", QUALITY_GOOD, REASON_NONE);
    assert_false(house_point(house, "m/phase-a/voltage")->value.wall_known);
    unsigned asked = house->gateway.meters[1].requests;
    assert_in_range(asked, 120, 122);
    learn_the_time(house);
    loop_advance(house->loop, UNKNOWN);
    /* fifty-six years passed on the wall and ten minutes for the meter: no value aged, no poll was
     * made up for */
    assert_in_range(house->gateway.meters[1].requests - asked, 119, 121);
    house_expect(house, "m/total/energy", QUALITY_GOOD, REASON_NONE);
    assert_true(house_point(house, "m/phase-a/voltage")->value.wall_known);
    assert_in_range(house_point(house, "m/phase-a/voltage")->value.wall,
                    WALL + 2 * UNKNOWN - 6 * CLOCK_S, WALL + 2 * UNKNOWN);
}

static void readings_find_their_place_on_the_calendar(void **state)
{
    struct house *house = *state;
    house_start(house);
    loop_advance(house->loop, UNKNOWN - CLOCK_S);
    house_wait_written(house, 11); /* soon after the start, and each minute since the machine's */
    assert_int_equal(house_count(house, "m/phase-a/energy", 0, 0), 0);
    loop_advance(house->loop, CLOCK_S);
    learn_the_time(house);
    loop_advance(house->loop, UNKNOWN + CLOCK_S / 2);
    /* the minute that was under way is another one on the wall: one reading at its end, 10 after */
    house_wait_written(house, 11 + 11);
    check_calendar(house, 11 + 11);
}

/* A restart before the time is known: the machine has not been off, so nothing is lost. */
static void a_restart_before_that_loses_nothing(void **state)
{
    struct house *house = *state;
    house_start(house);
    loop_advance(house->loop, UNKNOWN / 2 + CLOCK_S / 2);
    house_wait_written(house, 6);
    house_stop(house);
    house_start(house);
    loop_advance(house->loop, UNKNOWN / 2 - CLOCK_S / 2 - CLOCK_S);
    house_wait_written(house, 6);
    loop_advance(house->loop, CLOCK_S);
    learn_the_time(house);
    loop_advance(house->loop, UNKNOWN + CLOCK_S / 2);
    house_wait_written(house, 6 + 11);
    check_calendar(house, 6 + 6 + 11);
    house_expect(house, "m/total/energy", QUALITY_GOOD, REASON_NONE);
    assert_in_range(house_wh(house, "m/phase-b/energy"), 1200 - 6, 1200);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(measuring_does_not_wait_for_the_time),
        TEST(readings_find_their_place_on_the_calendar),
        TEST(a_restart_before_that_loses_nothing),
    };
    return cmocka_run_group_tests_name("clock", tests, NULL, NULL);
}
