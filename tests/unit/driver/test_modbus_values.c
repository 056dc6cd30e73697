/* Each feature of a value, with small profiles. Expected numbers are worked out by hand from
 * docs/profiles.md. */
#include "driver_testing.h"

/* ---- values ---------------------------------------------------------------------------------- */

static void test_scale_and_offset(void **state)
{
    (void)state;
    struct bench bench;
    bench_open_text(&bench,
                    "points:\n"
                    "  phase-a/voltage: {holding: 0, type: uint16, scale: 0.1}\n"
                    "  sensor-1/temperature: {holding: 1, type: int16, scale: 0.1, offset: -40}\n"
                    "  total/real-power: {holding: 2, type: int16, scale: -10}\n"
                    "  total/reactive-power: {holding: 3, type: int16, scale: -1}\n"
                    "  total/energy: {holding: 4, type: uint64, scale: 0.001}\n"
                    "  total/energy-net: {holding: 8, type: int64, scale: 0.001}\n");
    HOLDING(&bench, 0, 2301, 615, 250, 0);
    HOLDING(&bench, 4, 0, 0, 0, 1);
    HOLDING(&bench, 8, 0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF);
    bench_identify(&bench);
    bench_round(&bench);
    bench_expect(&bench, "phase-a/voltage", 230.1);
    bench_expect(&bench, "sensor-1/temperature", 21.5);
    bench_expect(&bench, "total/real-power", -2500);
    bench_expect(&bench, "total/reactive-power", 0);
    assert_false(signbit(bench_point(&bench, "total/reactive-power")->value.number));
    bench_expect(&bench, "total/energy", 0.001);
    bench_expect(&bench, "total/energy-net", -0.001);
    bench_deinit(&bench);
}

/* All digits that a double can hold: compared with decimal arithmetic on text. */
static void test_large_counters_keep_their_digits(void **state)
{
    (void)state;
    uint64_t seed = test_seed();
    struct bench bench;
    bench_open_text(&bench,
                    "points:\n  total/energy: {holding: 4, type: uint64, scale: 0.00001}\n");
    bench_identify(&bench);
    for (int i = 0; i < 2000; i++) {
        uint64_t raw = test_random(&seed) % UINT64_C(100000000000000000); /* 1e12 kWh at most */
        for (unsigned k = 0; k < 4; k++)
            unit_set(bench.unit, PROFILE_HOLDING, 4 + k, (uint16_t)(raw >> (48 - 16 * k)));
        bench_round(&bench);
        char text[40];
        snprintf(text, sizeof text, "%" PRIu64 ".%05" PRIu64, raw / 100000, raw % 100000);
        double wanted = strtod(text, NULL),
               have = bench_point(&bench, "total/energy")->value.number;
        if (have < nextafter(wanted, 0) || have > nextafter(wanted, INFINITY))
            fail_msg("raw %" PRIu64 ": wanted %.17g, have %.17g", raw, wanted, have);
    }
    bench_deinit(&bench);
}

static void test_sign_and_scale_by(void **state)
{
    (void)state;
    struct bench bench;
    bench_open_text(
        &bench,
        "points:\n"
        "  total/real-power: {holding: 10, type: uint32, sign: {holding: 100, type: uint16, "
        "negative: 1},\n"
        "    scale_by: {holding: 200, type: uint16, below: 5000, scale: 0.01, else: 10}}\n");
    HOLDING(&bench, 10, 1, 0x86A0); /* 100000 */
    HOLDING(&bench, 100, 1);
    HOLDING(&bench, 200, 4999);
    bench_identify(&bench);
    assert_int_equal(bench_round(&bench), 3);
    bench_expect(&bench, "total/real-power", -1000);
    HOLDING(&bench, 200, 5000);
    HOLDING(&bench, 100, 0);
    bench_round(&bench);
    bench_expect(&bench, "total/real-power", 1e6);
    HOLDING(&bench, 100, 2); /* not the number that means minus */
    bench_round(&bench);
    bench_expect(&bench, "total/real-power", 1e6);
    bench_deinit(&bench);
}

static void test_scale_register_is_read_each_round(void **state)
{
    (void)state;
    struct bench bench;
    bench_open_text(&bench, "points:\n"
                            "  phase-a/voltage: {holding: 10, type: uint16, scale_register: "
                            "{holding: 90, type: int16, kind: power_of_ten}}\n"
                            "  total/energy: {holding: 11, type: uint16, scale: 0.001,\n"
                            "    scale_register: [{holding: 90, type: int16, kind: power_of_ten}, "
                            "{holding: 5, type: uint16, kind: factor, scale: 0.5}]}\n");
    HOLDING(&bench, 10, 2301, 500);
    HOLDING(&bench, 90, 0xFFFF);
    know_all(&bench, PROFILE_HOLDING, 5, 9);
    HOLDING(&bench, 5, 20);
    bench_identify(&bench);
    assert_int_equal(bench_round(&bench), 2); /* 5 to 11, and 90 */
    bench_expect(&bench, "phase-a/voltage", 230.1);
    bench_expect(&bench, "total/energy", 0.5);
    /* Where the register starts again follows the scale: 65536 * 0.001 * 0.1 * 10. */
    assert_true(fabs(bench_point(&bench, "total/energy")->rollover - 65.536) < 1e-9);
    HOLDING(&bench, 90, 1);
    bench_round(&bench);
    bench_expect(&bench, "phase-a/voltage", 23010);
    HOLDING(&bench, 90, 0x8000);
    bench_round(&bench);
    bench_expect_not(&bench, "phase-a/voltage", QUALITY_BAD, REASON_MALFORMED);
    HOLDING(&bench, 90, 0);
    HOLDING(&bench, 5, 0); /* a factor that is not known yet is not a reading of 0 */
    bench_round(&bench);
    bench_expect(&bench, "phase-a/voltage", 2301);
    bench_expect_not(&bench, "total/energy", QUALITY_BAD, REASON_MALFORMED);
    bench_deinit(&bench);
}

static void test_plus_and_missing_helper(void **state)
{
    (void)state;
    struct bench bench;
    bench_open_text(&bench, "points:\n"
                            "  total/energy: {holding: 0, type: uint32, plus: [{holding: 40, type: "
                            "uint16, scale: 0.001}, {holding: 60, type: uint16, scale: 1000}]}\n"
                            "  phase-a/voltage: {holding: 2, type: uint16, scale_register: "
                            "{holding: 99, type: int16, kind: power_of_ten}}\n");
    HOLDING(&bench, 0, 0, 7, 230);
    HOLDING(&bench, 40, 250);
    HOLDING(&bench, 60, 3);
    bench_identify(&bench);
    bench_round(&bench);
    bench_expect(&bench, "total/energy", 3007.25);
    assert_true(bench_point(&bench, "total/energy")->rollover == 0);
    /* No scale, no voltage; the rest goes on. */
    bench_expect_not(&bench, "phase-a/voltage", QUALITY_ABSENT, REASON_REFUSED);
    bench_deinit(&bench);
}

static void test_bits_values_flags(void **state)
{
    (void)state;
    struct bench bench;
    bench_open_text(
        &bench,
        "points:\n"
        "  output-1/state: {holding: 0, type: uint16, bits: [4, 2], values: {0: off, 1: on, 2: "
        "fault}}\n"
        "  output-2/state: {coil: 7, values: {0: off, 1: on}}\n"
        "  total/fault: {holding: 0, type: uint16, flags: {2: power-failure, 4: over-voltage}}\n"
        "  input-1/state: {discrete: 3}\n");
    HOLDING(&bench, 0, 0x0024);
    unit_set(bench.unit, PROFILE_COIL, 7, 1);
    unit_set(bench.unit, PROFILE_DISCRETE, 3, 0);
    bench_identify(&bench);
    assert_int_equal(bench_round(&bench), 3);
    bench_expect(&bench, "output-1/state", 2);
    bench_expect(&bench, "output-2/state", 1);
    bench_expect(&bench, "total/fault", 0x24);
    bench_expect(&bench, "input-1/state", 0);
    const struct words *words = bench_point(&bench, "output-1/state")->words;
    assert_non_null(words);
    assert_false(words->flags);
    assert_int_equal(words->list[2].number, 2);
    assert_string_equal(words->list[2].text, "fault");
    assert_true(bench_point(&bench, "total/fault")->words->flags);
    bench_deinit(&bench);
}

static void test_sentinels(void **state)
{
    (void)state;
    struct bench bench;
    bench_open_text(
        &bench,
        "points:\n"
        "  phase-a/voltage: {holding: 0, type: uint16, absent: [ones]}\n"
        "  phase-b/voltage: {holding: 1, type: int16, absent: [min, -1]}\n"
        "  phase-c/voltage: {holding: 2, type: int16, absent: [0x7FFF]}\n"
        "  phase-a/real-power: {holding: 3, type: int32, absent: [[0x7FFF0000, 0x7FFFFFFF]]}\n"
        "  phase-b/real-power: {holding: 5, type: float32}\n"
        "  phase-c/real-power: {holding: 7, type: float32, absent: [-1]}\n"
        "  total/energy: {holding: 9, type: bcd16, absent: [0xFFFF]}\n"
        "  total/energy-export: {holding: 10, type: bcd16}\n"
        "  total/frequency: {holding: 11, type: uint16, valid: [45, 65]}\n"
        "  total/power-factor: {holding: 12, type: uint16, scale: 0.001}\n");
    HOLDING(&bench, 0, 0xFFFF, 0x8000, 0x7FFF, 0x7FFF, 0x1234, 0x7FC0, 0, 0xBF80, 0, 0xFFFF, 0x1A34,
            66, 1001);
    bench_identify(&bench);
    bench_round(&bench);
    static const char *const absent[] = {
        "phase-a/voltage",    "phase-b/voltage",    "phase-c/voltage", "phase-a/real-power",
        "phase-b/real-power", "phase-c/real-power", "total/energy"};
    for (size_t i = 0; i < TEST_COUNT(absent); i++)
        bench_expect_not(&bench, absent[i], QUALITY_ABSENT, REASON_NOT_MEASURED);
    bench_expect_not(&bench, "total/energy-export", QUALITY_BAD, REASON_MALFORMED);
    bench_expect_not(&bench, "total/frequency", QUALITY_BAD, REASON_OUT_OF_RANGE);
    bench_expect_not(&bench, "total/power-factor", QUALITY_BAD, REASON_OUT_OF_RANGE);
    /* The neighbours of the sentinels are numbers. */
    HOLDING(&bench, 0, 0xFFFE, 0xFFFE, 0x7FFE, 0x7FFE, 0xFFFF, 0x7F80, 0, 0x3F80, 0, 0x9999, 0x0034,
            65, 1000);
    bench_round(&bench);
    bench_expect(&bench, "phase-a/voltage", 65534);
    bench_expect_not(&bench, "phase-b/voltage", QUALITY_GOOD, REASON_NONE);
    bench_expect(&bench, "phase-b/voltage", -2);
    bench_expect(&bench, "phase-c/voltage", 32766);
    bench_expect(&bench, "phase-a/real-power", 0x7FFEFFFF);
    bench_expect_not(&bench, "phase-b/real-power", QUALITY_ABSENT,
                     REASON_NOT_MEASURED); /* infinity */
    bench_expect(&bench, "phase-c/real-power", 1);
    bench_expect(&bench, "total/energy", 9999);
    bench_expect(&bench, "total/energy-export", 34);
    bench_expect(&bench, "total/frequency", 65);
    bench_expect(&bench, "total/power-factor", 1);
    assert_true(bench_point(&bench, "total/energy")->rollover == 10000);
    bench_deinit(&bench);
}

static void test_word_orders(void **state)
{
    (void)state;
    struct bench bench;
    /* 123456.5 is 0x47F12040; its letters ABCD are 47 F1 20 40 */
    bench_open_text(&bench, "order: CDAB\npoints:\n"
                            "  phase-a/voltage: {holding: 0, type: float32}\n"
                            "  phase-b/voltage: {holding: 2, type: float32, order: ABCD}\n"
                            "  phase-c/voltage: {holding: 4, type: float32, order: BADC}\n"
                            "  total/voltage: {holding: 6, type: float32, order: DCBA}\n"
                            "  total/current: {holding: 8, type: uint16, order: BA}\n"
                            "  total/frequency: {holding: 9, type: uint16}\n"
                            "  total/energy: {holding: 10, type: uint64}\n");
    HOLDING(&bench, 0, 0x2040, 0x47F1, 0x47F1, 0x2040, 0xF147, 0x4020, 0x4020, 0xF147, 0x0500, 50,
            4, 3, 2, 0);
    bench_identify(&bench);
    bench_round(&bench);
    bench_expect(&bench, "phase-a/voltage", 123456.5);
    bench_expect(&bench, "phase-b/voltage", 123456.5);
    bench_expect(&bench, "phase-c/voltage", 123456.5);
    bench_expect(&bench, "total/voltage", 123456.5);
    bench_expect(&bench, "total/current", 5);
    bench_expect(&bench, "total/frequency", 50);
    bench_expect(&bench, "total/energy", 4 + 3 * 65536.0 + 2 * 4294967296.0);
    bench_deinit(&bench);
}

static void test_text(void **state)
{
    (void)state;
    struct bench bench;
    bench_open_text(&bench,
                    "points:\n"
                    "  total/serial-number: {holding: 0, type: uint32}\n"
                    "  total/firmware: {holding: 2, type: text, length: 3}\n"
                    "  battery/serial-number: {holding: 5, type: text, length: 2, order: BA}\n");
    HOLDING(&bench, 0, 0x0012, 0xD687, 0x3120, 0x0720, 0x2000, 0x4241, 0x0043);
    bench_identify(&bench);
    bench_round(&bench);
    assert_string_equal(bench_point(&bench, "total/serial-number")->text, "1234567");
    assert_string_equal(bench.device->serial, "1234567");
    assert_string_equal(bench_point(&bench, "total/firmware")->text, "1 ?");
    assert_string_equal(bench_point(&bench, "battery/serial-number")->text, "ABC");
    HOLDING(&bench, 2, 0x2020, 0, 0);
    bench_round(&bench);
    bench_expect_not(&bench, "total/firmware", QUALITY_ABSENT, REASON_NOT_MEASURED);
    bench_deinit(&bench);
}

static void test_time_of_a_reading_is_that_of_its_own_register(void **state)
{
    (void)state;
    struct bench bench;
    bench_open_text(&bench, "limits: {gap: 0}\npoints:\n"
                            "  phase-a/voltage: {holding: 0, type: uint16, scale_register: "
                            "{holding: 9, type: int16, kind: power_of_ten}}\n");
    HOLDING(&bench, 0, 230);
    HOLDING(&bench, 9, 0);
    bench_identify(&bench);
    bench.driver->round(bench.state, 0);
    struct driver_request request;
    uint8_t bytes[DRIVER_ANSWER_MAX];
    clock_us first = clock_mono(&bench.clock);
    while (bench.driver->plan(bench.state, &request)) {
        struct driver_answer answer = bench_ask(&bench, &request, bytes);
        assert_int_equal(bench.driver->decode(bench.state, &request, &answer), 0);
        clock_fake_advance(&bench.clock, CLOCK_S);
    }
    assert_true(bench_point(&bench, "phase-a/voltage")->value.mono == first);
    bench_deinit(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scale_and_offset),
        cmocka_unit_test(test_large_counters_keep_their_digits),
        cmocka_unit_test(test_sign_and_scale_by),
        cmocka_unit_test(test_scale_register_is_read_each_round),
        cmocka_unit_test(test_plus_and_missing_helper),
        cmocka_unit_test(test_bits_values_flags),
        cmocka_unit_test(test_sentinels),
        cmocka_unit_test(test_word_orders),
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_time_of_a_reading_is_that_of_its_own_register),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
