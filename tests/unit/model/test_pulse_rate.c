#include "model/pulse_rate.h"

#include <math.h>

#include "test.h"

/* cmocka compares floats, which is too coarse here. */
static void near(double number, double expected, double most)
{
    if (!(fabs(number - expected) <= most))
        fail_msg("%.17g is not %.17g", number, expected);
}

static const clock_us start = 1000 * CLOCK_S;

/* Expected values: pulses a minute by hand. */
static void one_pulse_tells_no_rate(void **state)
{
    (void)state;
    struct pulse_rate rate = {0};
    assert_true(isnan(pulse_rate_at(&rate, start)));
    pulse_rate_count(&rate, 1, start);
    assert_true(isnan(pulse_rate_at(&rate, start + CLOCK_S)));
    pulse_rate_count(&rate, 1, start + 10 * CLOCK_S);
    near(pulse_rate_at(&rate, start + 10 * CLOCK_S), 6, 1e-9);
}

static void a_rate_falls_off_when_pulses_stop(void **state)
{
    (void)state;
    struct pulse_rate rate = {0};
    pulse_rate_count(&rate, 1, start);
    pulse_rate_count(&rate, 1, start + 10 * CLOCK_S);
    /* the next one is not late yet */
    near(pulse_rate_at(&rate, start + 20 * CLOCK_S), 6, 1e-9);
    /* one in 20 s at most, one in 10 min at most */
    near(pulse_rate_at(&rate, start + 30 * CLOCK_S), 3, 1e-9);
    near(pulse_rate_at(&rate, start + 610 * CLOCK_S), 0.1, 1e-9);
    /* and is an average over the pause when they begin again */
    pulse_rate_count(&rate, 1, start + 130 * CLOCK_S);
    near(pulse_rate_at(&rate, start + 130 * CLOCK_S), 0.5, 1e-9);
}

static void fast_pulses_are_averaged(void **state)
{
    (void)state;
    struct pulse_rate rate = {0};
    clock_us now = start;
    /* 10 a second, every other one 30 ms late */
    for (int i = 0; i < 200; i++)
        pulse_rate_count(&rate, 1, now = start + i * 100 * CLOCK_MS + (i & 1) * 30 * CLOCK_MS);
    near(pulse_rate_at(&rate, now), 600, 25);
    /* several seen at once share the time */
    rate = (struct pulse_rate){0};
    pulse_rate_count(&rate, 1, start);
    pulse_rate_count(&rate, 4, start + 2 * CLOCK_S);
    near(pulse_rate_at(&rate, start + 2 * CLOCK_S), 120, 1e-9);
}

static void two_in_one_turn_are_no_infinity(void **state)
{
    (void)state;
    struct pulse_rate rate = {0};
    pulse_rate_count(&rate, 1, start);
    pulse_rate_count(&rate, 1, start);
    assert_true(isfinite(pulse_rate_at(&rate, start)));
    pulse_rate_count(&rate, 8, start + CLOCK_S);
    near(pulse_rate_at(&rate, start + CLOCK_S), 480, 1e-9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_pulse_tells_no_rate),
        cmocka_unit_test(a_rate_falls_off_when_pulses_stop),
        cmocka_unit_test(fast_pulses_are_averaged),
        cmocka_unit_test(two_in_one_turn_are_no_infinity),
    };
    return cmocka_run_group_tests_name("model/pulse_rate", tests, NULL, NULL);
}
