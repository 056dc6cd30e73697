#include "sim_physics.h"

#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Midnight UTC of some Monday; the state's local time is UTC. */
static const double midnight = 1704067200;

static double get(const struct sim_physics *state, enum sim_physics_component component,
                  enum sim_physics_quantity quantity)
{
    return state->value[component][quantity];
}

static void assert_near(double value, double expected, double tolerance)
{
    if (!(fabs(value - expected) <= tolerance)) {
        fail_msg("%.12g is not %.12g", value, expected);
    }
}

static void test_power_identities(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct sim_physics sim;
        sim_physics_init(&sim, &(struct sim_physics_config){.seed = seed, .solar_w = 3000},
                         midnight);
        for (int i = 1; i <= 2000; i++) {
            sim_physics_step(&sim, midnight + i * 40, 40);
            double real = 0;
            for (unsigned c = SIM_PHYSICS_PHASE_A; c <= SIM_PHYSICS_PHASE_C; c++) {
                const double *value = sim.value[c];
                double p = value[SIM_PHYSICS_REAL_POWER], q = value[SIM_PHYSICS_REACTIVE_POWER];
                double s = value[SIM_PHYSICS_APPARENT_POWER];
                assert_near(value[SIM_PHYSICS_VOLTAGE] * value[SIM_PHYSICS_CURRENT] *
                                value[SIM_PHYSICS_POWER_FACTOR],
                            p, 1e-9 * s);
                assert_near(p * p + q * q, s * s, 1e-9 * s * s);
                assert_near(cos(value[SIM_PHYSICS_PHASE_ANGLE] * M_PI / 180),
                            value[SIM_PHYSICS_POWER_FACTOR], 1e-9);
                assert_in_range((uintmax_t)value[SIM_PHYSICS_VOLTAGE], 207, 253); /* EN 50160 */
                assert_true(value[SIM_PHYSICS_THD_VOLTAGE] > 0 &&
                            value[SIM_PHYSICS_THD_VOLTAGE] < 8);
                assert_true(value[SIM_PHYSICS_THD_CURRENT] > 0);
                real += p;
            }
            assert_near(get(&sim, SIM_PHYSICS_TOTAL, SIM_PHYSICS_REAL_POWER), real, 1e-6);
            assert_near(get(&sim, SIM_PHYSICS_TOTAL, SIM_PHYSICS_FREQUENCY), 50, 0.2);
        }
    }
}

/* Balanced load: no neutral current; line voltage is the phase voltage by the square root of 3. */
static void test_wye(void **state)
{
    (void)state;
    const struct sim_physics_sample flat[2] = {{1000, 200, 231}, {1000, 200, 231}};
    const struct sim_physics_feeder feeder = {flat, 2};
    struct sim_physics sim;
    sim_physics_init(&sim, &(struct sim_physics_config){.seed = 3, .feeder = &feeder}, midnight);
    double current = get(&sim, SIM_PHYSICS_PHASE_A, SIM_PHYSICS_CURRENT);
    assert_near(current, sqrt(1000. * 1000 + 200. * 200) / 231, 0.05);
    assert_near(get(&sim, SIM_PHYSICS_NEUTRAL, SIM_PHYSICS_CURRENT), 0, 0.05);
    assert_near(get(&sim, SIM_PHYSICS_LINE_BC, SIM_PHYSICS_VOLTAGE), 231 * sqrt(3), 0.5);
    assert_near(get(&sim, SIM_PHYSICS_TOTAL, SIM_PHYSICS_CURRENT), 3 * current, 0.1);
}

static void test_single_phase(void **state)
{
    (void)state;
    struct sim_physics sim;
    sim_physics_init(&sim, &(struct sim_physics_config){.seed = 3, .phases = 1}, midnight);
    sim_physics_step(&sim, midnight + 10, 10);
    assert_true(isfinite(get(&sim, SIM_PHYSICS_PHASE_A, SIM_PHYSICS_VOLTAGE)));
    assert_true(isnan(get(&sim, SIM_PHYSICS_PHASE_B, SIM_PHYSICS_VOLTAGE)));
    assert_true(isnan(get(&sim, SIM_PHYSICS_LINE_AB, SIM_PHYSICS_VOLTAGE)));
    assert_near(get(&sim, SIM_PHYSICS_TOTAL, SIM_PHYSICS_ENERGY),
                get(&sim, SIM_PHYSICS_PHASE_A, SIM_PHYSICS_ENERGY), 1e-9);
}

/* The test integrates what it reads, on its own, and compares with the counters after a day. */
static void test_energy(void **state)
{
    (void)state;
    struct sim_physics sim;
    sim_physics_init(&sim, &(struct sim_physics_config){.seed = 11, .solar_w = 5000}, midnight);
    double drawn[4] = {0}, fed[4] = {0}, before[4], before_fed[4];
    for (unsigned c = 0; c < 4; c++) {
        before[c] = sim.value[c][SIM_PHYSICS_ENERGY];
        before_fed[c] = sim.value[c][SIM_PHYSICS_ENERGY_EXPORT];
    }
    for (int i = 1; i <= 86400 / 10; i++) {
        sim_physics_step(&sim, midnight + i * 10, 10);
        for (unsigned c = 1; c < 4; c++) {
            double kwh = sim.value[c][SIM_PHYSICS_REAL_POWER] * 10 / 3600 / 1000;
            *(kwh > 0 ? &drawn[c] : &fed[c]) += fabs(kwh);
        }
    }
    for (unsigned c = 1; c < 4; c++) {
        drawn[0] += drawn[c];
        fed[0] += fed[c];
    }
    for (unsigned c = 0; c < 4; c++) {
        assert_near(sim.value[c][SIM_PHYSICS_ENERGY] - before[c], drawn[c], 1e-6);
        assert_near(sim.value[c][SIM_PHYSICS_ENERGY_EXPORT] - before_fed[c], fed[c], 1e-6);
    }
    assert_true(drawn[0] > 5 && fed[0] > 5);
}

static void test_determinism(void **state)
{
    (void)state;
    struct sim_physics first, second, other;
    sim_physics_init(&first, &(struct sim_physics_config){.seed = 42}, midnight);
    sim_physics_init(&second, &(struct sim_physics_config){.seed = 42}, midnight);
    sim_physics_init(&other, &(struct sim_physics_config){.seed = 43}, midnight);
    for (int i = 1; i <= 500; i++) {
        sim_physics_step(&first, midnight + i * 7.5, 7.5);
        sim_physics_step(&second, midnight + i * 7.5, 7.5);
        sim_physics_step(&other, midnight + i * 7.5, 7.5);
    }
    assert_memory_equal(first.value, second.value, sizeof(first.value));
    assert_memory_not_equal(first.value, other.value, sizeof(first.value));
}

static double mean_power(uint64_t seed, double solar_w, double from_hour, double to_hour)
{
    struct sim_physics sim;
    double begin = midnight + from_hour * 3600, sum = 0;
    const struct sim_physics_config config = {.seed = seed, .solar_w = solar_w};
    sim_physics_init(&sim, &config, begin);
    int steps = (int)((to_hour - from_hour) * 120);
    for (int i = 1; i <= steps; i++) {
        sim_physics_step(&sim, begin + i * 30, 30);
        sum += get(&sim, SIM_PHYSICS_TOTAL, SIM_PHYSICS_REAL_POWER);
    }
    return sum / steps;
}

static void test_day_curve(void **state)
{
    (void)state;
    double night = 0, evening = 0, whole = 0, noon = 0;
    enum { HOUSES = 30 };
    for (uint64_t seed = 0; seed < HOUSES; seed++) {
        night += mean_power(seed, 0, 1, 5) / HOUSES;
        evening += mean_power(seed, 0, 18, 22) / HOUSES;
        whole += mean_power(seed, 0, 0, 24) / HOUSES;
        noon += mean_power(seed, 9000, 11, 13) / HOUSES;
    }
    printf("# three households: night %.0f W, evening %.0f W, mean %.0f W, solar noon %.0f W\n",
           night, evening, whole, noon);
    assert_true(evening > 2 * night);
    double kwh_each = whole * 24 / 1000 / 3;
    assert_true(kwh_each > 6 && kwh_each < 16);
    assert_true(noon < -2000);
}

/* More load, less voltage: the difference is current times resistance for a load without reactance.
 */
static void test_voltage_drop(void **state)
{
    (void)state;
    struct sim_physics weak, strong;
    const struct sim_physics_config at_weak = {.seed = 5, .source_ohm = 1.5, .load = 2};
    const struct sim_physics_config at_strong = {.seed = 5, .source_ohm = 1e-9, .load = 2};
    sim_physics_init(&weak, &at_weak, midnight);
    sim_physics_init(&strong, &at_strong, midnight);
    for (int i = 1; i < 3000; i++) {
        sim_physics_step(&weak, midnight + i * 20, 20);
        sim_physics_step(&strong, midnight + i * 20, 20);
        double drop = get(&strong, SIM_PHYSICS_PHASE_A, SIM_PHYSICS_VOLTAGE) -
                      get(&weak, SIM_PHYSICS_PHASE_A, SIM_PHYSICS_VOLTAGE);
        double angle = get(&weak, SIM_PHYSICS_PHASE_A, SIM_PHYSICS_PHASE_ANGLE) * M_PI / 180;
        double current = get(&weak, SIM_PHYSICS_PHASE_A, SIM_PHYSICS_CURRENT);
        assert_near(drop, current * 1.5 * (cos(angle) + sin(angle) / 2), 0.01 + 0.01 * drop);
    }
}

/* A pause of an hour counts about as much as the same hour in small steps, and counters only rise.
 */
static void test_long_step(void **state)
{
    (void)state;
    struct sim_physics sim;
    sim_physics_init(&sim, &(struct sim_physics_config){.seed = 9}, midnight);
    double last = get(&sim, SIM_PHYSICS_TOTAL, SIM_PHYSICS_ENERGY);
    double begin = last;
    for (int day = 1; day <= 40; day++) {
        sim_physics_step(&sim, midnight + day * 86400., 86400);
        double energy = get(&sim, SIM_PHYSICS_TOTAL, SIM_PHYSICS_ENERGY);
        assert_true(energy > last);
        last = energy;
    }
    assert_near((last - begin) / 40 / 3, 11, 5);
    sim_physics_step(&sim, midnight, -5);
    assert_true(get(&sim, SIM_PHYSICS_TOTAL, SIM_PHYSICS_ENERGY) == last);
}

static void test_names(void **state)
{
    (void)state;
    for (unsigned c = 0; c < SIM_PHYSICS_COMPONENT_COUNT; c++) {
        for (unsigned q = 0; q < SIM_PHYSICS_QUANTITY_COUNT; q++) {
            char path[64];
            snprintf(path, sizeof(path), "%s/%s",
                     sim_physics_component_name((enum sim_physics_component)c),
                     sim_physics_quantity_name((enum sim_physics_quantity)q));
            enum sim_physics_component component = SIM_PHYSICS_COMPONENT_COUNT;
            enum sim_physics_quantity quantity = SIM_PHYSICS_QUANTITY_COUNT;
            assert_int_equal(sim_physics_find(path, &component, &quantity), 0);
            assert_int_equal(component, c);
            assert_int_equal(quantity, q);
        }
    }
    enum sim_physics_component component;
    enum sim_physics_quantity quantity;
    assert_int_equal(sim_physics_find("phase-d/voltage", &component, &quantity), -ENOENT);
    assert_int_equal(sim_physics_find("phase-a/voltages", &component, &quantity), -ENOENT);
    assert_int_equal(sim_physics_find("phase-a", &component, &quantity), -ENOENT);
}

static void test_feeder_parse(void **state)
{
    (void)state;
    const char text[] = "# about\ntime,w,var,v\n2006-12-18T00:00,278,126,246.17\n"
                        "2006-12-18T00:01,238,56,246.40";
    struct sim_physics_sample samples[2];
    size_t line;
    assert_int_equal(sim_physics_feeder_parse(text, sizeof(text) - 1, samples, 2, &line), 2);
    assert_near((double)samples[1].real_power, 238, 0);
    assert_near((double)samples[1].reactive_power, 56, 0);
    assert_near((double)samples[0].voltage, 246.17, 1e-4);
    assert_int_equal(sim_physics_feeder_parse(text, sizeof(text) - 1, samples, 1, &line), -ENOSPC);
    assert_int_equal(line, 4);
    static const char *const bad[] = {"2006,1,2", "2006", "2006,a,2,3", "2006,nan,2,3",
                                      "2006,1,2,"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(sim_physics_feeder_parse(bad[i], strlen(bad[i]), samples, 2, &line),
                         -EINVAL);
        assert_int_equal(line, 1);
    }
    /* Cut anywhere, nothing is read beyond the end. */
    for (size_t length = 0; length < sizeof(text); length++) {
        char *copy = malloc(length + 1);
        assert_non_null(copy);
        memcpy(copy, text, length);
        copy[length] = 'x';
        int result = sim_physics_feeder_parse(copy, length, samples, 2, &line);
        assert_true(result >= -EINVAL && result <= 2);
        free(copy);
    }
}

static void test_feeder_time(void **state)
{
    (void)state;
    const struct sim_physics_sample samples[] = {{0, 0, 230}, {60, 6, 236}, {120, 0, 230}};
    const struct sim_physics_feeder feeder = {samples, 3};
    struct sim_physics_sample sample = sim_physics_feeder_at(&feeder, 30, 0);
    assert_near((double)sample.real_power, 30, 1e-6);
    assert_near((double)sample.reactive_power, 3, 1e-6);
    assert_near((double)sample.voltage, 233, 1e-4);
    sample = sim_physics_feeder_at(&feeder, 150, 0); /* from the last back to the first */
    assert_near((double)sample.real_power, 60, 1e-6);
    sample = sim_physics_feeder_at(&feeder, 180 + 60, 0);
    assert_near((double)sample.real_power, 60, 1e-6);
    sample = sim_physics_feeder_at(&feeder, -60, 0);
    assert_near((double)sample.real_power, 120, 1e-6);
    sample = sim_physics_feeder_at(&(struct sim_physics_feeder){0}, 5, 0);
    assert_near((double)sample.voltage, 0, 0);
}

/* The recording that the demo plays: whole days, believable, and followed by the phases. */
static void test_demo_recording(void **state)
{
    (void)state;
    FILE *file = fopen(TEST_SOURCE_ROOT "/deploy/demo/feeder.csv", "r");
    assert_non_null(file);
    static char text[300000];
    size_t length = fread(text, 1, sizeof(text), file), line;
    fclose(file);
    struct sim_physics_sample *samples = calloc(3 * 1440, sizeof(*samples));
    assert_non_null(samples);
    int count = sim_physics_feeder_parse(text, length, samples, 3 * 1440, &line);
    assert_int_equal(count, 3 * 1440);
    const struct sim_physics_feeder feeder = {samples, (size_t)count};
    struct sim_physics sim;
    sim_physics_init(&sim, &(struct sim_physics_config){.seed = 1, .feeder = &feeder}, midnight);
    for (int minute = 1; minute < 1440; minute++) {
        double wall = midnight + minute * 60;
        sim_physics_step(&sim, wall, 60);
        for (unsigned phase = 0; phase < 3; phase++) {
            struct sim_physics_sample sample = sim_physics_feeder_at(&feeder, wall, phase);
            const double *value = sim.value[SIM_PHYSICS_PHASE_A + phase];
            assert_near(value[SIM_PHYSICS_REAL_POWER], (double)sample.real_power,
                        0.02 * (double)sample.real_power);
            assert_in_range((uintmax_t)value[SIM_PHYSICS_VOLTAGE], 220, 255);
        }
    }
    free(samples);
}

/* What is drawn besides comes on top of the rest, in equal parts, at a power factor of 0.95. */
static void test_base(void **state)
{
    (void)state;
    const struct sim_physics_sample flat[] = {{500, 100, 235}, {500, 100, 235}};
    const struct sim_physics_feeder feeder = {flat, 2};
    struct sim_physics_config config = {.seed = 5, .feeder = &feeder};
    struct sim_physics without, with;
    sim_physics_init(&without, &config, midnight);
    config.base_w = 6000;
    sim_physics_init(&with, &config, midnight);
    for (int second = 1; second <= 100; second++) {
        sim_physics_step(&without, midnight + second, 1);
        sim_physics_step(&with, midnight + second, 1);
        for (unsigned i = SIM_PHYSICS_PHASE_A; i <= SIM_PHYSICS_PHASE_C; i++) {
            const double *less = without.value[i], *more = with.value[i];
            assert_near(more[SIM_PHYSICS_REAL_POWER] - less[SIM_PHYSICS_REAL_POWER], 2000, 1e-6);
            assert_near(more[SIM_PHYSICS_REACTIVE_POWER] - less[SIM_PHYSICS_REACTIVE_POWER],
                        2000 * tan(acos(0.95)), 1e-6);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_power_identities),
        cmocka_unit_test(test_wye),
        cmocka_unit_test(test_single_phase),
        cmocka_unit_test(test_energy),
        cmocka_unit_test(test_determinism),
        cmocka_unit_test(test_day_curve),
        cmocka_unit_test(test_voltage_drop),
        cmocka_unit_test(test_long_step),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_base),
        cmocka_unit_test(test_feeder_parse),
        cmocka_unit_test(test_feeder_time),
        cmocka_unit_test(test_demo_recording),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
