#include "driver/sim_testing.h"

#include "driver/sim_battery.h"

static void supply_balances_while_mains_are_on(const struct bench *b)
{
    double out_a = get(b, "output-4/current"), charge_a = get(b, "battery/current");
    assert_near(get(b, "supply/current"), out_a + charge_a, 1e-9);
    assert_near(get(b, "supply/voltage") - get(b, "output-4/voltage"), 0.35, 1e-9);
    assert_true(get(b, "supply/voltage") > 13.9 && get(b, "supply/voltage") < 14.2);
    assert_true(charge_a >= 0 && charge_a <= 7.2 && get(b, "battery/voltage") <= 13.8 + 1e-9);
    double efficiency = get(b, "supply/real-power") / get(b, "mains/real-power");
    assert_true(efficiency > 0.8 && efficiency < 0.92);
    assert_string_equal(word(b, "supply/state"), "on");
    assert_string_equal(word(b, "output-1/state"), "off");
}

static void supply_runs_from_the_battery(const struct bench *b)
{
    assert_true(get(b, "mains/voltage") == 0 && get(b, "mains/real-power") == 0);
    assert_true(get(b, "supply/current") == 0);
    assert_int_equal(point(b, "mains/frequency")->value.quality, QUALITY_ABSENT);
    assert_near(-get(b, "battery/current"), get(b, "output-4/current"), 1e-9);
    assert_string_equal(word(b, "battery/charging"), "discharging");
    assert_string_equal(word(b, "supply/state"), "off");
    assert_string_equal(word(b, "output-1/state"), "on");
    assert_string_equal(word(b, "output-4/state"), "on");
}

/* Second by second over a day: each cut begins with a charged battery, takes out of it what the
 * load draws, and is followed by bulk charging, if it was deep enough, and then float. */
static void battery_lives_through_mains_cuts(void **state)
{
    (void)state;
    struct bench *b = bench_new("sim-supply");
    read_round(b);
    bool was_on = true;
    unsigned cuts = 0, floats = 0, bulks = 0;
    double charge_before = 0, drawn_as = 0, length = 0;
    for (int second = 0; second < 2 * 86400; second++) {
        double charge = get(b, "battery/charge");
        pass(b, 1);
        bool is_on = get(b, "mains/voltage") > 0;
        if (is_on) {
            supply_balances_while_mains_are_on(b);
            floats += strcmp(word(b, "battery/charging"), "float") == 0;
            bulks += strcmp(word(b, "battery/charging"), "bulk") == 0;
        } else {
            supply_runs_from_the_battery(b);
        }
        if (was_on && !is_on) {
            cuts++;
            charge_before = charge;
            drawn_as = length = 0;
        }
        if (!is_on) {
            drawn_as -= get(b, "battery/current");
            length++;
        }
        if (!was_on && is_on) {
            assert_true(length >= 89);
            assert_near(charge_before - charge, 100 * drawn_as / 3600 / 20, 1e-6);
            /* 0.4 A ends bulk charging: that flows when half an ampere-hour is missing */
            if (get(b, "battery/charge") < 97)
                assert_string_equal(word(b, "battery/charging"), "bulk");
            if (get(b, "battery/charge") > 98)
                assert_string_equal(word(b, "battery/charging"), "float");
        }
        was_on = is_on;
    }
    assert_int_equal(cuts, 12);
    assert_true(floats > 10 * 3600 && bulks > 3600);
    bench_free(b);
}

/* In some week of a few months the battery does not last: it opens, and comes back with the mains.
 */
static void battery_opens_before_it_is_ruined(void **state)
{
    (void)state;
    struct bench *b = bench_new("sim-supply");
    read_round(b);
    unsigned opened = 0, closed = 0;
    bool was_connected = true;
    for (int i = 0; i < 90 * 86400 / 20; i++) {
        double volts_before = get(b, "battery/voltage");
        pass(b, 20);
        bool connected = get(b, "output-3/state") == 1;
        bool mains = get(b, "mains/voltage") > 0;
        if (was_connected && !connected) {
            opened++;
            assert_false(mains);
            assert_true(volts_before < 11 && get(b, "battery/charge") < 10);
        }
        if (!connected && !mains) {
            assert_string_equal(word(b, "output-4/state"), "off");
            assert_true(get(b, "output-4/current") == 0 || opened == 0 || was_connected);
        }
        if (!was_connected && connected) {
            closed++;
            assert_true(mains && get(b, "battery/voltage") >= 12.5);
        }
        was_connected = connected;
    }
    assert_true(opened >= 2 && opened - closed <= 1);
    bench_free(b);
}

static void battery_after_a_restart_is_about_as_full(void **state)
{
    (void)state;
    struct bench *b = bench_new("sim-supply");
    for (int i = 0; i < 40; i++) {
        for (int minute = 0; minute < 97; minute++)
            pass(b, 60);
        double charge = get(b, "battery/charge");
        unplug(b);
        plug_in(b, "sim-supply");
        read_round(b);
        assert_near(get(b, "battery/charge"), charge, 2);
    }
    bench_free(b);
}

/* The recorded battery at 3.04 A (25 March 2017): voltage after each tenth of 19.74 Ah, and at the
 * end. The model's own constants come from the run at 0.53 A, a week later. */
static void battery_discharges_like_the_recorded_one(void **state)
{
    (void)state;
    static const double recorded[] = {12.52, 12.38, 12.26, 12.12, 11.97,
                                      11.81, 11.65, 11.46, 11.21};
    struct sim_battery battery;
    sim_battery_init(&battery, 1);
    double drawn_ah = 0, hours = 0;
    size_t next = 0;
    while (battery.voltage > 10.8) {
        /* the load is of constant power: ask for that which draws 3.04 A now */
        sim_battery_discharge(&battery, 3.04 * battery.voltage, 0, 1);
        assert_near(-battery.current, 3.04, hours > 0 ? 0.02 : 0.05);
        drawn_ah -= battery.current / 3600;
        hours += 1.0 / 3600;
        if (next < TEST_COUNT(recorded) && drawn_ah >= 19.74 * (double)(next + 1) / 10)
            assert_near(battery.voltage, recorded[next++], 0.08);
        assert_true(hours < 8);
    }
    assert_int_equal(next, TEST_COUNT(recorded));
    assert_near(hours, 6.5, 0.3);
}

/* The same battery charged with 2.7 A and 14.43 V: 21 Ah in, most of it in eight hours, the last
 * tenth at a third of the current. */
static void battery_charges_like_the_recorded_one(void **state)
{
    (void)state;
    struct sim_battery battery;
    sim_battery_init(&battery, 0.02);
    double into_ah = 0, hours = 0, at_90 = 0, last = 0;
    while (battery.charge < 0.97 && hours < 20) {
        sim_battery_charge(&battery, 14.43, 2.7, 1);
        into_ah += battery.current / 3600;
        hours += 1.0 / 3600;
        assert_true(battery.voltage <= 14.43 + 1e-9 && battery.voltage >= last - 1e-6);
        last = battery.voltage;
        if (battery.charge >= 0.9 && at_90 == 0)
            at_90 = battery.current;
    }
    assert_near(into_ah, 20.7, 1); /* recorded: 19.8 to 21.3 */
    assert_near(hours, 10.4, 1.2); /* recorded: 9.5 to 11.2 */
    assert_near(at_90, 1.3, 0.15); /* recorded: 1.23 to 1.43 */
    /* what is left of the charger's voltage is gone within minutes */
    for (int i = 0; i < 600; i++)
        sim_battery_discharge(&battery, 0, 0, 1);
    assert_near(battery.voltage, 12.75, 0.1);
}

static void tell(struct bench *b, int number, bool on)
{
    struct driver_request request = {0};
    struct err err = ERR_EMPTY;
    char path[20];
    snprintf(path, sizeof path, "output-%d/state", number);
    const struct driver_answer answer = {.result = DRIVER_ANSWERED,
                                         .bytes = (const uint8_t *)"",
                                         .mono = clock_mono(&b->clock),
                                         .wall = clock_wall(&b->clock)};
    assert_int_equal(sim_driver.encode(b->state, point(b, path), on, &request, &err), 1);
    assert_int_equal(sim_driver.written(b->state, point(b, path), &answer, &request, &err), 0);
    read_round(b);
    assert_string_equal(word(b, path), on ? "on" : "off");
}

/* Two outputs are free for the site; the alarm contact follows the mains, and cannot be told. */
static void free_outputs_can_be_switched(void **state)
{
    (void)state;
    struct bench *b = bench_new("sim-supply");
    struct driver_request request = {0};
    struct err err = ERR_EMPTY;
    read_round(b);
    assert_string_equal(word(b, "output-5/state"), "off");
    double power = get(b, "mains/real-power");
    tell(b, 5, true);
    tell(b, 6, true);
    assert_near(get(b, "mains/real-power"), power, 1e-9);
    assert_int_equal(sim_driver.encode(b->state, point(b, "output-1/state"), 1, &request, &err),
                     -ENOTSUP);
    bench_free(b);
}

/* Supply off: the battery carries the loads and gets empty; loads off: it does not; battery off:
 * nothing is left. Each goes back to what it was. */
static void supply_battery_and_loads_can_be_switched(void **state)
{
    (void)state;
    struct bench *b = bench_new("sim-supply");
    read_round(b);
    assert_true(get(b, "mains/voltage") > 200 && get(b, "output-4/current") > 0);
    tell(b, 2, false);
    assert_string_equal(word(b, "supply/state"), "off");
    pass(b, 300);
    assert_true(get(b, "mains/voltage") > 200);
    assert_string_equal(word(b, "output-1/state"), "off"); /* the mains are there */
    assert_string_equal(word(b, "battery/charging"), "discharging");
    assert_near(-get(b, "battery/current"), get(b, "output-4/current"), 1e-9);
    double charge = get(b, "battery/charge");
    pass(b, 300);
    assert_true(get(b, "battery/charge") < charge - 0.5);
    tell(b, 4, false);
    pass(b, 300);
    assert_true(get(b, "output-4/voltage") == 0 && get(b, "output-4/real-power") == 0);
    charge = get(b, "battery/charge");
    pass(b, 300);
    assert_near(get(b, "battery/charge"), charge, 0.01);
    tell(b, 4, true);
    tell(b, 3, false);
    pass(b, 60);
    assert_string_equal(word(b, "battery/charging"), "off");
    assert_string_equal(word(b, "output-4/state"), "off"); /* nothing is left that feeds it */
    assert_true(get(b, "output-4/current") == 0);
    tell(b, 3, true);
    tell(b, 2, true);
    pass(b, 60);
    assert_string_equal(word(b, "output-4/state"), "on");
    assert_string_equal(word(b, "battery/charging"), "bulk");
    assert_true(get(b, "battery/current") > 0);
    bench_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(battery_lives_through_mains_cuts),
        cmocka_unit_test(battery_opens_before_it_is_ruined),
        cmocka_unit_test(battery_after_a_restart_is_about_as_full),
        cmocka_unit_test(battery_discharges_like_the_recorded_one),
        cmocka_unit_test(battery_charges_like_the_recorded_one),
        cmocka_unit_test(free_outputs_can_be_switched),
        cmocka_unit_test(supply_battery_and_loads_can_be_switched),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
