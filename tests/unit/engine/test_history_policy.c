/* What is recorded beside the rhythm and after a change, what is cleared, what is foretold, and
 * that none of it allocates. */
#include "engine/history_fixture.h"

#include <errno.h>
#include <math.h>

#include "engine/history_forecast.h"
#include "engine/history_points.h"
#include "engine/history_rhythm.h"

#include "test_allocations.h"

/* ---- changes while it runs ------------------------------------------------------------------- */

/* A device that was gone begins anew; the rule for another one changes nothing for it. */
static void a_device_that_was_gone_begins_anew(void **state)
{
    struct fixture *fixture = *state;
    const struct rule rules[] = {{"r", {"*/total/voltage", HISTORY_MODE_HIGHEST, "1 min", false}}};
    fixture_open(fixture, MINUTE, rules, 1);
    loop_advance(fixture->loop, MINUTE + CLOCK_S / 2);
    fixture_put(fixture, fixture->voltage, 255);
    loop_advance(fixture->loop, 10 * CLOCK_S);
    site_device_remove(fixture->site, fixture->device);
    loop_advance(fixture->loop, 0);
    fixture_add_device(fixture, "m");
    const struct rule more[] = {rules[0], {"x", {"x/total/energy", 0, "1 s", false}}};
    fixture_set_rules(fixture, more, 2);
    fixture_put(fixture, fixture->voltage, 231);
    loop_advance(fixture->loop, MINUTE);
    struct history_answer *answer = fixture_recorded(fixture, "m/total/voltage");
    assert_int_equal(answer->series[0].count, 2); /* soon after it came, and on the minute */
    for (size_t i = 0; i < 2; i++)
        assert_true(answer->series[0].buckets[i].last == 231);
    history_answer_free(answer);
}

/* A device is made anew by a reload in the middle of an interval: what was gathered stays. */
static void a_reload_in_one_turn_keeps_the_peak(void **state)
{
    struct fixture *fixture = *state;
    const struct rule rules[] = {{"r", {"*/total/voltage", HISTORY_MODE_HIGHEST, "1 min", false}}};
    fixture_open(fixture, MINUTE, rules, 1);
    loop_advance(fixture->loop, MINUTE + CLOCK_S / 2);
    fixture_put(fixture, fixture->voltage, 255);
    loop_advance(fixture->loop, 10 * CLOCK_S);
    site_device_remove(fixture->site, fixture->device);
    fixture_add_device(fixture, "m");
    fixture_set_rules(fixture, rules, 1);
    fixture_put(fixture, fixture->voltage, 231);
    loop_advance(fixture->loop, MINUTE);
    struct history_answer *answer = fixture_recorded(fixture, "m/total/voltage");
    assert_int_equal(answer->series[0].count, 1);
    assert_true(answer->series[0].buckets[0].last == 255);
    history_answer_free(answer);
}

/* ---- alarms and by hand ---------------------------------------------------------------------- */

static void loss_of_contact_is_recorded_at_once(void **state)
{
    struct fixture *fixture = *state;
    const struct rule rules[] = {{"v", {"m/total/voltage", HISTORY_MODE_AVERAGE, "off", true}},
                                 {"rest", {"*/*/*", 0, "off", false}}};
    fixture_open(fixture, MINUTE, rules, 2);
    device_set_state(fixture->device, DEVICE_ONLINE, "");
    fixture_put(fixture, fixture->voltage, 230);
    loop_advance(fixture->loop, 20 * CLOCK_S);
    fixture_wait_written(fixture, 0); /* neither by time nor for being there at first */
    device_set_state(fixture->device, DEVICE_SILENT, "no answer");
    loop_advance(fixture->loop, 7 * CLOCK_S);
    fixture_wait_written(fixture, 1);
    fixture_put(fixture, fixture->voltage, 231);
    device_set_state(fixture->device, DEVICE_ONLINE, "");
    loop_advance(fixture->loop, CLOCK_S);
    fixture_wait_written(fixture, 2);
    const char *const alarm[] = {"m/total"}, *const other[] = {"m/tot", "m/outlet-1"};
    assert_int_equal(history_append_alarm(fixture->history, alarm, 1), 1);
    assert_int_equal(history_append_alarm(fixture->history, other, 2), 0);
    history_configure(fixture->history,
                      &(struct history_settings){.enabled = false, .every = MINUTE});
    assert_int_equal(history_append_alarm(fixture->history, alarm, 1), 0);
    fixture_wait_written(fixture, 3);
    struct history_answer *answer = fixture_recorded(fixture, "m/total/voltage");
    assert_int_equal(answer->series[0].count, 3);
    assert_true(answer->series[0].buckets[0].time == T0 + 20 * CLOCK_S);
    assert_true(answer->series[0].buckets[1].time == T0 + 27 * CLOCK_S &&
                answer->series[0].buckets[1].last == 231);
    history_answer_free(answer);
}

static void append_now_takes_what_is_named(void **state)
{
    struct fixture *fixture = *state;
    const struct rule rules[] = {{"v", {"m/total/voltage", HISTORY_MODE_AVERAGE, "60 min", false}},
                                 {"c", {"m/total/current", 0, "off", false}}};
    fixture_open(fixture, 3600 * CLOCK_S, rules, 2);
    const char *const device[] = {"m"}, *const outlet[] = {"m/outlet-1"},
                      *const nothing[] = {"m/total/current"}, *const prefix[] = {"m/outlet"};
    fixture_put(fixture, fixture->voltage, 230);
    fixture_put(fixture, fixture->voltage, 240);
    assert_int_equal(history_append(fixture->history, NULL, 0), 3);
    loop_advance(fixture->loop, CLOCK_S);
    assert_int_equal(history_append(fixture->history, device, 1), 3);
    assert_int_equal(history_append(fixture->history, outlet, 1), 1);
    assert_int_equal(history_append(fixture->history, nothing, 1), 0);
    assert_int_equal(history_append(fixture->history, prefix, 1), 0);
    fixture_wait_written(fixture, 3);
    loop_advance(fixture->loop, 5 * CLOCK_S); /* the first tick: what was gathered is still there */
    struct history_answer *answer = fixture_recorded(fixture, "m/total/voltage");
    assert_int_equal(answer->series[0].count, 3);
    assert_true(answer->series[0].buckets[0].last == 240);
    assert_true(answer->series[0].buckets[2].last == 235);
    history_answer_free(answer);
}

/* ---- clearing ---- */

struct cleared {
    int calls, result;
};

static void on_cleared(void *user, int result, const struct err *err)
{
    struct cleared *cleared = user;
    (void)err;
    cleared->calls++;
    cleared->result = result;
}

static void wait_cleared(struct fixture *fixture, const struct cleared *cleared, int calls)
{
    for (int i = 0; i < 60000 && cleared->calls < calls; i++) {
        loop_poll(fixture->loop);
        usleep(1000);
    }
    assert_int_equal(cleared->calls, calls);
    assert_int_equal(cleared->result, 0);
}

static size_t count_of(struct fixture *fixture, const char *path)
{
    struct history_answer *answer =
        testing_ask(fixture->folder, &path, 1, 0, INT64_MAX / 2, 0, NULL);
    assert_non_null(answer);
    size_t count = answer->series[0].count;
    history_answer_free(answer);
    return count;
}

/* Three hours of minutes, in blocks and in the tail: what is named goes from both, the rest stays
 * whole, and recording goes on. */
static void clearing_takes_what_is_named(void **state)
{
    struct fixture *fixture = *state;
    struct cleared cleared = {0};
    struct err err = ERR_EMPTY;
    fixture->voltage->good_for = fixture->energy->good_for = fixture->state->good_for = EVER;
    fixture_put(fixture, fixture->voltage, 230);
    fixture_put(fixture, fixture->energy, 5);
    fixture_put(fixture, fixture->state, 1);
    fixture_open(fixture, MINUTE, NULL, 0);
    loop_advance(fixture->loop, 190 * MINUTE);
    fixture_wait_written(fixture, 191);
    const char *const total[] = {"m/total/voltage", "m/outlet-1"}, *const nobody[] = {"m/tot"};
    assert_int_equal(history_clear(fixture->history, nobody, 1, on_cleared, &cleared, &err),
                     -ENOENT);
    assert_int_equal(history_clear(fixture->history, total, 2, on_cleared, &cleared, &err), 0);
    wait_cleared(fixture, &cleared, 1);
    assert_int_equal(count_of(fixture, "m/total/voltage"), 0);
    assert_int_equal(count_of(fixture, "m/outlet-1/state"), 0);
    assert_int_equal(count_of(fixture, "m/total/energy"), 191);
    loop_advance(fixture->loop, 2 * MINUTE);
    fixture_wait_written(fixture, 193);
    assert_int_equal(count_of(fixture, "m/total/voltage"), 2);
    assert_int_equal(count_of(fixture, "m/total/energy"), 193);
    assert_int_equal(history_clear(fixture->history, NULL, 0, on_cleared, &cleared, &err), 0);
    wait_cleared(fixture, &cleared, 2);
    assert_int_equal(count_of(fixture, "m/total/energy"), 0);
    loop_advance(fixture->loop, MINUTE);
    fixture_wait_written(fixture, 194);
    assert_int_equal(count_of(fixture, "m/total/energy"), 1);
}

/* ---- the forecast ---------------------------------------------------------------------------- */

static void the_forecast_is_simple_arithmetic(void **state)
{
    struct fixture *fixture = *state;
    struct history_rules rules = HISTORY_RULES_EMPTY;
    const char *key;
    fixture_add_device(fixture, "n");
    history_rules_add(&rules, "fast",
                      &(struct history_rule_settings){.points = "*/total/voltage", .every = "1 s"},
                      &key, NULL);
    history_rules_add(&rules, "off",
                      &(struct history_rule_settings){.points = "n/*/*", .every = "off"}, &key,
                      NULL);
    history_rules_add(&rules, "none",
                      &(struct history_rule_settings){.points = "x/*/*", .every = ""}, &key, NULL);
    const struct history_choice choice = {
        .enabled = true, .every = MINUTE, .space = 100, .rules = &rules};
    const struct history_use use = {
        .bytes = 20000000, .free_bytes = 1000000000, .bytes_per_reading = 0.5};
    struct history_forecast forecast;
    struct history_rule_use uses[3];
    history_forecast_make(fixture->site, &choice, &use, &forecast, uses);
    /* m: voltage each second, current, energy, state each minute; n: voltage each second, since two
     * written out go before one, and nothing else. */
    assert_int_equal(forecast.points, 5);
    assert_int_equal(forecast.kept_points, 1);
    assert_true(forecast.readings_per_day == 2 * 86400 + 3 * 1440);
    assert_true(forecast.bytes_per_day == forecast.readings_per_day / 2 && forecast.measured);
    assert_int_equal(forecast.budget, 100000000);
    assert_true(fabs(forecast.lasts_days - 100e6 / 88560) < 1e-6);
    assert_true(fabs(forecast.full_days - 80e6 / 88560) < 1e-6);
    for (size_t i = 0; i < 3; i++) {
        bool fast = strcmp(rules.list[i].name, "fast") == 0,
             off = strcmp(rules.list[i].name, "off") == 0;
        assert_int_equal(uses[i].fits, fast ? 2 : off ? 4 : 0);
        assert_int_equal(uses[i].counts, fast ? 2 : off ? 3 : 0);
    }
    /* docs/history.md: 2 kB a year and counter */
    assert_true(forecast.kept_bytes_per_year > 2000 && forecast.kept_bytes_per_year < 3000);
    /* a tenth of what it has and what is free; and never more than the disk has */
    assert_int_equal(history_space(0, &use), 102000000);
    struct history_choice wide = choice;
    wide.space = 5000;
    history_forecast_make(fixture->site, &wide, &use, &forecast, NULL);
    assert_true(fabs(forecast.full_days - (969e6 - 20e6) / 88560) < 1e-6);
    wide.enabled = false;
    history_forecast_make(fixture->site, &wide, &use, &forecast, NULL);
    assert_true(forecast.points == 0 && forecast.lasts_days == 0);
    history_rules_deinit(&rules);
}

/* Once hours have been put away, what a reading took here counts and no longer what it took
 * elsewhere. */
static void the_forecast_reckons_with_what_was_measured(void **state)
{
    struct fixture *fixture = *state;
    struct history_forecast forecast;
    fixture->voltage->good_for = fixture->energy->good_for = fixture->state->good_for = EVER;
    fixture_put(fixture, fixture->voltage, 230);
    fixture_put(fixture, fixture->energy, 5);
    fixture_open(fixture, MINUTE, NULL, 0);
    history_foretell(fixture->history, NULL, &forecast, NULL);
    assert_false(forecast.measured);
    double elsewhere = forecast.bytes_per_reading;
    for (int hour = 0; hour < 200 && !forecast.measured; hour++) {
        uint64_t before = history_status(fixture->history).ticks_written;
        loop_advance(fixture->loop, 60 * MINUTE);
        fixture_wait_written(fixture,
                             before + (hour ? 60 : 61)); /* the first comes soon after the start */
        history_foretell(fixture->history, NULL, &forecast, NULL);
    }
    assert_true(forecast.measured);
    /* Points that stay the same cost next to nothing. */
    assert_true(forecast.bytes_per_reading > 0 && forecast.bytes_per_reading < elsewhere);
    double days =
        (double)forecast.budget / (forecast.readings_per_day * forecast.bytes_per_reading);
    assert_true(fabs(forecast.lasts_days / days - 1) < 1e-9);
    assert_true(fabs(history_status(fixture->history).lasts_days / days - 1) < 0.01);
}

/* ---- memory ---------------------------------------------------------------------------------- */

/* A thousand ticks of three intervals and ten thousand readings: rows grow to their size, then
 * nothing is allocated on the loop's side. (The writer's thread has SQLite, which has its own.) */
static void steady_state_allocates_nothing(void **state)
{
    struct fixture *fixture = *state;
    struct history_series_list known = HISTORY_SERIES_LIST_EMPTY;
    struct history_points points;
    struct history_rules rules = HISTORY_RULES_EMPTY;
    struct history_rhythm rhythm = HISTORY_RHYTHM_EMPTY;
    struct buf row = BUF_EMPTY;
    const char *key;
    static const clock_us every[] = {CLOCK_S, 10 * CLOCK_S};
    history_rules_add(&rules, "a",
                      &(struct history_rule_settings){
                          .points = "*/*/voltage", .mode = HISTORY_MODE_AVERAGE, .every = "1 s"},
                      &key, NULL);
    history_points_init(&points, fixture->site, &known);
    history_points_set_every(&points, 10 * CLOCK_S);
    history_points_set_rules(&points, &rules);
    assert_true(history_points_refresh(&points));
    assert_int_equal(points.interval_count, 2);
    history_rhythm_set(&rhythm, every, 2, CLOCK_S, CLOCK_S, T0);
    size_t before = 0, readings = 0;
    for (int i = 0; i < 1100; i++) {
        for (int reading = 0; reading < 10; reading++)
            fixture_put(fixture, fixture->voltage, 230 + reading + i % 7);
        loop_advance(fixture->loop, CLOCK_S);
        bool due[2];
        history_rhythm_beat(&rhythm, clock_mono(&fixture->clock), clock_wall(&fixture->clock));
        for (size_t at = 0; at < 2; at++)
            due[at] = rhythm.list[at].now;
        buf_clear(&row);
        assert_false(history_points_refresh(&points));
        readings += history_points_read_due(&points, due, i, &row);
        if (i == 99)
            before = test_allocations;
    }
    assert_int_equal(test_allocations - before, 0);
    assert_true(before > 0 || !TEST_ALLOCATIONS_COUNTED);
    assert_true(readings >= 1100 + 3 * 110);
    buf_deinit(&row);
    history_rhythm_deinit(&rhythm);
    history_points_deinit(&points);
    assert_null(fixture->voltage->tap.saw);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, fixture_set_up, fixture_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_device_that_was_gone_begins_anew),
        TEST(a_reload_in_one_turn_keeps_the_peak),
        TEST(loss_of_contact_is_recorded_at_once),
        TEST(append_now_takes_what_is_named),
        TEST(clearing_takes_what_is_named),
        TEST(the_forecast_is_simple_arithmetic),
        TEST(the_forecast_reckons_with_what_was_measured),
        TEST(steady_state_allocates_nothing),
    };
    return cmocka_run_group_tests_name("history_policy", tests, NULL, NULL);
}
