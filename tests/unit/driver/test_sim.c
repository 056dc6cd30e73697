#include "driver/sim_testing.h"

#include "driver/sim_load.h"
#include "test_allocations.h"

#define JOULES_PER_KWH 3.6e6

static const char *const phases[] = {"a", "b", "c"};
static const char *const pairs[] = {"ab", "bc", "ca"};

/* ---- PDU ------------------------------------------------------------------------------------- */

static void phases_obey_the_power_equations(void **state)
{
    (void)state;
    static const char *const profiles[] = {"sim-pdu-24", "sim-meter"};
    for (size_t p = 0; p < TEST_COUNT(profiles); p++) {
        struct bench *b = bench_new(profiles[p]);
        for (int i = 0; i < 2000; i++) {
            pass(b, 37);
            for (int k = 0; k < 3; k++) {
                double volts = get_abc(b, "phase", phases[k], "voltage");
                double amperes = get_abc(b, "phase", phases[k], "current");
                double watts = get_abc(b, "phase", phases[k], "real-power");
                double va = get_abc(b, "phase", phases[k], "apparent-power");
                double factor = get_abc(b, "phase", phases[k], "power-factor");
                assert_near(volts * amperes * factor, watts, 1e-9 * va);
                assert_near(volts * amperes, va, 1e-9 * va);
                assert_true(factor > 0.5 && factor <= 1 && watts > 100);
                assert_true(volts > 207 && volts < 253); /* EN 50160: 230 V, 10 % */
            }
        }
        bench_free(b);
    }
}

/* Kirchhoff: what enters a circuit leaves by its outlets. Currents of unlike power factors add up
 * to a little more than their sum of arrows. */
static void circuits_are_the_sum_of_their_outlets(void **state)
{
    (void)state;
    struct bench *b = bench_new("sim-pdu-24");
    for (int round = 0; round < 500; round++) {
        pass(b, 61);
        double phase_watts[3] = {0}, phase_kwh[3] = {0};
        for (int circuit = 1; circuit <= 6; circuit++) {
            double watts = 0, amperes = 0, kwh = 0;
            for (int outlet = 4 * circuit - 3; outlet <= 4 * circuit; outlet++) {
                watts += get_of(b, "outlet", outlet, "real-power");
                amperes += get_of(b, "outlet", outlet, "current");
                kwh += get_of(b, "outlet", outlet, "energy");
            }
            assert_near(get_of(b, "circuit", circuit, "real-power"), watts, 1e-6);
            assert_near(get_of(b, "circuit", circuit, "energy"), kwh, 1e-6);
            double current = get_of(b, "circuit", circuit, "current");
            assert_true(current <= amperes + 1e-9 && current > 0.95 * amperes);
            assert_true(current < 16);
            phase_watts[(circuit - 1) % 3] += watts;
            phase_kwh[(circuit - 1) % 3] += kwh;
        }
        for (int k = 0; k < 3; k++) {
            double own = get_abc(b, "phase", phases[k], "real-power") - phase_watts[k];
            double own_kwh = get_abc(b, "phase", phases[k], "energy") - phase_kwh[k];
            assert_near(own, k == 0 ? 6.5 : 0, 0.2); /* the unit's own electronics */
            assert_true(k == 0 ? own_kwh > 0 : fabs(own_kwh) < 1e-6);
        }
    }
    bench_free(b);
}

static void outlets_have_names_feeders_and_states(void **state)
{
    (void)state;
    struct bench *b = bench_new("sim-pdu-24");
    read_round(b);
    const struct component *outlet = device_component_find(b->device, COMPONENT_OUTLET, 7);
    assert_string_equal(outlet->fed_by, "circuit-2");
    assert_string_equal(outlet->label, "Web server 2");
    assert_true(outlet->rated_current == 10);
    const struct component *circuit = device_component_find(b->device, COMPONENT_CIRCUIT, 5);
    assert_string_equal(circuit->fed_by, "phase-b");
    assert_string_equal(b->device->role, "pdu");
    assert_string_equal(word(b, "outlet-1/state"), "on");
    assert_string_equal(word(b, "outlet-23/state"), "off");
    assert_true(get(b, "outlet-23/current") == 0 && get(b, "outlet-23/real-power") == 0);
    /* totals are left to derive */
    assert_null(device_component_find(b->device, COMPONENT_TOTAL, 0));
    bench_free(b);
}

static void peaks_hold_what_happened_between_readings(void **state)
{
    (void)state;
    struct bench *b = bench_new("sim-pdu-24");
    read_round(b);
    unsigned higher = 0;
    for (int round = 0; round < 1000; round++) {
        double before = get(b, "phase-a/current"), volts_before = get(b, "phase-a/voltage");
        pass(b, 60);
        assert_true(get(b, "phase-a/current-max") >= fmax(before, get(b, "phase-a/current")));
        assert_true(get(b, "phase-a/voltage-max") >= fmax(volts_before, get(b, "phase-a/voltage")));
        higher += get(b, "phase-a/current-max") > fmax(before, get(b, "phase-a/current"));
    }
    assert_true(higher > 300);
    bench_free(b);
}

/* RMS of the difference of two currents, from a thousand samples of one period. */
static double rms_of_difference(double first, double first_angle, double second,
                                double second_angle)
{
    double squares = 0;
    for (int i = 0; i < 1000; i++) {
        double angle = 2 * M_PI * i / 1000;
        double now = first * sin(angle + first_angle) - second * sin(angle + second_angle);
        squares += 2 * now * now;
    }
    return sqrt(squares / 1000);
}

static void delta_lines_carry_the_difference_of_two_pairs(void **state)
{
    (void)state;
    struct bench *b = bench_new("sim-pdu-24-delta");
    for (int round = 0; round < 200; round++) {
        pass(b, 300);
        double amperes[3], angle[3];
        for (int i = 0; i < 3; i++) {
            double va = get_abc(b, "line", pairs[i], "apparent-power");
            double factor = get_abc(b, "line", pairs[i], "power-factor");
            amperes[i] = va / get_abc(b, "line", pairs[i], "voltage");
            angle[i] = -2 * M_PI / 3 * i - acos(factor);
            assert_near(va * factor, get_abc(b, "line", pairs[i], "real-power"), 1e-9 * va);
        }
        for (int i = 0; i < 3; i++) {
            int other = (i + 2) % 3;
            double expected = rms_of_difference(amperes[i], angle[i], amperes[other], angle[other]);
            assert_near(get_abc(b, "phase", phases[i], "current"), expected, 1e-6);
        }
    }
    bench_free(b);
}

/* ---- energy ---------------------------------------------------------------------------------- */

/* Trapezoids over readings every 0.1 s; a job that begins between two readings costs at most its
 * power for that time. */
static void counters_are_the_integral_of_power(void **state)
{
    (void)state;
    static const struct {
        const char *profile, *part;
    } cases[] = {
        {"sim-pdu-24", "phase-a"}, {"sim-pdu-24", "outlet-3"},      {"sim-pdu-24", "outlet-19"},
        {"sim-pdu-24", "group-2"}, {"sim-pdu-24-delta", "line-bc"}, {"sim-meter", "phase-c"},
    };
    for (size_t i = 0; i < TEST_COUNT(cases); i++) {
        char power[64], energy[64];
        snprintf(power, sizeof power, "%s/real-power", cases[i].part);
        snprintf(energy, sizeof energy, "%s/energy", cases[i].part);
        struct bench *b = bench_new(cases[i].profile);
        read_round(b);
        double begin = get(b, energy), joules = 0, before = get(b, power);
        for (int k = 0; k < 20000; k++) {
            pass(b, 0.1);
            joules += 0.1 * (before + get(b, power)) / 2;
            before = get(b, power);
        }
        double counted = (get(b, energy) - begin) * JOULES_PER_KWH;
        assert_near(counted, joules, 2e-4 * joules + 100);
        bench_free(b);
    }
}

/* The first reading is average power times the time since 2024 began, and what was counted before.
 */
static void counters_begin_where_the_years_have_brought_them(void **state)
{
    (void)state;
    struct bench *b = bench_new("sim-pdu-24");
    read_round(b);
    double begin = get(b, "outlet-1/energy");
    double hours = ((double)clock_wall(&b->clock) / CLOCK_S - 1704067200) / 3600 + 90 * 24;
    assert_near(begin, 0.118 * hours, 0.01 * begin);
    bench_free(b);
}

static void counters_survive_a_restart(void **state)
{
    (void)state;
    uint64_t random = test_seed();
    static const char *const profiles[] = {"sim-pdu-24", "sim-pdu-24-delta", "sim-meter"};
    for (int round = 0; round < 60; round++) {
        struct bench *b = bench_new(profiles[round % 3]);
        clock_fake_advance(&b->clock, (clock_us)(test_random(&random) % (400 * 86400)) * CLOCK_S);
        read_round(b);
        for (int i = 0; i < 50; i++)
            pass(b, (double)(test_random(&random) % 4000) / 10);
        double before[80];
        size_t count = 0;
        for (struct component *part = b->device->components; part; part = part->next) {
            struct point *energy = component_point(part, QUANTITY_ENERGY);
            if (energy)
                before[count++] = energy->value.number;
        }
        double pause = 0.01 + (double)(test_random(&random) % 100);
        clock_fake_advance(&b->clock, (clock_us)(pause * CLOCK_S));
        unplug(b);
        plug_in(b, profiles[round % 3]);
        read_round(b);
        size_t again = 0;
        for (struct component *part = b->device->components; part; part = part->next) {
            struct point *energy = component_point(part, QUANTITY_ENERGY);
            if (!energy)
                continue;
            double gained = energy->value.number - before[again++];
            assert_true(gained >= 0 && gained <= 12 * pause / 3600); /* 12 kW at most */
        }
        assert_int_equal(again, count);
        assert_true(count >= 3);
        bench_free(b);
    }
}

/* IEC 61000-4-7, 3.3.1: THD is the root of the sum of the squares of the harmonics. */
static void harmonics_make_up_the_distortion(void **state)
{
    (void)state;
    static const char *const profiles[] = {"sim-pdu-24", "sim-meter"};
    static const char *const kinds[] = {"voltage", "current"};
    for (size_t p = 0; p < TEST_COUNT(profiles); p++) {
        struct bench *b = bench_new(profiles[p]);
        for (int round = 0; round < 300; round++) {
            pass(b, 53);
            for (int k = 0; k < 6; k++) {
                char quantity[32];
                double squares = 0, before = 1000;
                for (int order = 3; order <= 21; order += 2) {
                    snprintf(quantity, sizeof quantity, "harmonic-%s-%d", kinds[k % 2], order);
                    double percent = get_abc(b, "phase", phases[k / 2], quantity);
                    assert_true(percent > 0);
                    if (k % 2 == 1) /* power supplies: falling from the 3rd on */
                        assert_true(percent < before);
                    before = percent;
                    squares += percent * percent;
                }
                snprintf(quantity, sizeof quantity, "thd-%s", kinds[k % 2]);
                double thd = get_abc(b, "phase", phases[k / 2], quantity);
                assert_near(sqrt(squares), thd, 1e-9);
                assert_true(thd > 0.5 && thd < (k % 2 ? 35 : 8)); /* EN 50160: 8 % of voltage */
            }
        }
        bench_free(b);
    }
}

/* A spectrum that moved with every round would fill each stream and each history with noise. */
static void the_spectrum_stands_still_between_analyses(void **state)
{
    (void)state;
    struct bench *b = bench_new("sim-meter");
    pass(b, 1);
    double last = get(b, "phase-a/harmonic-current-3");
    int changes = 0;
    for (int i = 0; i < 100; i++) {
        pass(b, 1);
        double now = get(b, "phase-a/harmonic-current-3");
        changes += now != last;
        last = now;
        assert_true(point(b, "phase-a/harmonic-current-3")->value.mono == clock_mono(&b->clock));
    }
    assert_true(changes >= 9 && changes <= 11);
    bench_free(b);
}

static void counters_ignore_steps_of_the_wall_clock(void **state)
{
    (void)state;
    struct bench *b = bench_new("sim-meter");
    read_round(b);
    double before = get(b, "phase-a/energy");
    clock_fake_step_wall(&b->clock, -3600 * CLOCK_S);
    pass(b, 10);
    double after = get(b, "phase-a/energy");
    assert_true(after > before && after - before < 0.02);
    clock_fake_step_wall(&b->clock, 400 * 86400 * CLOCK_S);
    pass(b, 10);
    assert_true(get(b, "phase-a/energy") > after && get(b, "phase-a/energy") - after < 0.02);
    bench_free(b);
}

/* ---- determinism, memory --------------------------------------------------------------------- */

static void equal_times_give_equal_numbers(void **state)
{
    (void)state;
    static const char *const profiles[] = {"sim-pdu-24", "sim-pdu-24-delta", "sim-supply",
                                           "sim-meter"};
    for (size_t p = 0; p < TEST_COUNT(profiles); p++) {
        struct bench *one = bench_new(profiles[p]), *two = bench_new(profiles[p]);
        for (int i = 0; i < 300; i++) {
            pass(one, 13);
            pass(two, 13);
        }
        struct component *other = two->device->components;
        for (struct component *part = one->device->components; part; part = part->next) {
            struct point *twin = other->points;
            for (struct point *point = part->points; point; point = point->next) {
                assert_memory_equal(&point->value.number, &twin->value.number, sizeof(double));
                assert_int_equal(point->value.quality, QUALITY_GOOD);
                assert_true(point->value.mono == clock_mono(&one->clock));
                assert_true(point->value.wall == clock_wall(&one->clock));
                twin = twin->next;
            }
            other = other->next;
        }
        bench_free(one);
        bench_free(two);
    }
}

static void nothing_is_allocated_by_a_round(void **state)
{
    (void)state;
    static const char *const profiles[] = {"sim-pdu-24", "sim-supply", "sim-meter"};
    for (size_t p = 0; p < TEST_COUNT(profiles); p++) {
        struct bench *b = bench_new(profiles[p]);
        read_round(b);
        size_t before = test_allocations;
        for (int i = 0; i < 1000; i++)
            pass(b, 1);
        assert_int_equal(test_allocations, before);
        bench_free(b);
    }
    assert_true(test_allocations > 0 || !TEST_ALLOCATIONS_COUNTED);
}

static void only_an_empty_answer_is_an_answer(void **state)
{
    (void)state;
    struct bench *b = bench_new("sim-meter");
    struct driver_request request;
    sim_driver.round(b->state, 0);
    assert_true(sim_driver.plan(b->state, &request));
    assert_false(sim_driver.plan(b->state, &request));
    struct driver_answer answer = {
        .result = DRIVER_ANSWERED, .bytes = (const uint8_t *)"?", .length = 1};
    assert_int_equal(sim_driver.decode(b->state, &request, &answer), -EPROTO);
    answer = (struct driver_answer){.result = DRIVER_LINE_DOWN};
    assert_int_equal(sim_driver.decode(b->state, &request, &answer), 0);
    assert_int_equal(point(b, "phase-a/voltage")->value.quality, QUALITY_ABSENT);

    struct err err = ERR_EMPTY;
    const struct driver_settings settings = {.name = "y", .profile = "sim-toaster"};
    assert_null(sim_driver.open(NULL, &settings, b->device, &err));
    assert_string_equal(err.text, "sim-toaster is no simulated device");
    assert_null(sim_driver.close(NULL));
    bench_free(b);
}

/* ---- loads ----------------------------------------------------------------------------------- */

/* Whatever the numbers: never negative, and the counter follows the power. */
static void any_load_counts_what_it_draws(void **state)
{
    (void)state;
    uint64_t random = test_seed();
    for (int round = 0; round < 200; round++) {
        const struct sim_load load = {
            .watts = (double)(test_random(&random) % 1000),
            .power_factor = 0.9,
            .daily = (double)(test_random(&random) % 50) / 100,
            .peak_hour = (double)(test_random(&random) % 24),
            .noise = (double)(test_random(&random) % 50) / 100,
            .job_watts = (double)(test_random(&random) % 2000),
            .job_share = (double)(test_random(&random) % 101) / 100,
            .job_slot_s = 1 + (double)(test_random(&random) % 5000),
        };
        uint64_t seed = test_random(&random);
        double t = (double)(test_random(&random) % 100000000);
        double before = sim_load_energy(&load, seed, t), sum = 0;
        for (int i = 0; i < 3000; i++) {
            double watts = sim_load_power(&load, seed, t + (i + 0.5) * 0.25);
            assert_true(watts >= 0);
            sum += watts * 0.25;
        }
        double gained = sim_load_energy(&load, seed, t + 750) - before;
        /* each begin and end of a job may miss half a step */
        double edges = 2 * (750 / load.job_slot_s + 2);
        assert_near(gained, sum, 1e-3 * sum + edges * 0.125 * load.job_watts + 0.01);
    }
}

static void profiles_are_listed_in_order(void **state)
{
    (void)state;
    const struct sim_entry *entry, *last = NULL;
    size_t count = 0;
    for (; (entry = sim_entry_at(count)); count++) {
        assert_true(!last || strcmp(last->name, entry->name) < 0);
        assert_true(*entry->vendor && *entry->model && *entry->title && *entry->role);
        struct bench *b = bench_new(entry->name);
        assert_string_equal(b->device->role, entry->role);
        assert_true(b->device->point_count > 0 && *b->device->serial);
        bench_free(b);
        last = entry;
    }
    assert_int_equal(count, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(phases_obey_the_power_equations),
        cmocka_unit_test(circuits_are_the_sum_of_their_outlets),
        cmocka_unit_test(outlets_have_names_feeders_and_states),
        cmocka_unit_test(peaks_hold_what_happened_between_readings),
        cmocka_unit_test(delta_lines_carry_the_difference_of_two_pairs),
        cmocka_unit_test(counters_are_the_integral_of_power),
        cmocka_unit_test(counters_begin_where_the_years_have_brought_them),
        cmocka_unit_test(counters_survive_a_restart),
        cmocka_unit_test(harmonics_make_up_the_distortion),
        cmocka_unit_test(the_spectrum_stands_still_between_analyses),
        cmocka_unit_test(counters_ignore_steps_of_the_wall_clock),
        cmocka_unit_test(equal_times_give_equal_numbers),
        cmocka_unit_test(nothing_is_allocated_by_a_round),
        cmocka_unit_test(only_an_empty_answer_is_an_answer),
        cmocka_unit_test(any_load_counts_what_it_draws),
        cmocka_unit_test(profiles_are_listed_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
