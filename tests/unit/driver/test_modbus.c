/* The Modbus profile driver: how reads are joined and split, and who is sent away. */
#include "driver_testing.h"

static void expect_read(const struct bench *bench, size_t index, uint8_t function, unsigned address,
                        unsigned count)
{
    assert_true(index < bench->unit->asked_count);
    assert_int_equal(bench->unit->asked[index].function, function);
    assert_int_equal(bench->unit->asked[index].address, address);
    assert_int_equal(bench->unit->asked[index].count, count);
}

/* ---- joining --------------------------------------------------------------------------------- */

static void test_reads_join_over_the_gap_and_no_further(void **state)
{
    (void)state;
    struct bench bench;
    bench_open_text(&bench,
                    "limits: {gap: 3}\npoints:\n"
                    "  phase-a/voltage: {holding: 10, type: uint16}\n"
                    "  phase-b/voltage: {holding: 14, type: uint16}\n" /* 3 between: joined */
                    "  phase-c/voltage: {holding: 19, type: uint16}\n" /* 4 between: apart */
                    "  phase-a/current: {input: 20, type: uint16}\n"); /* another bank */
    know_all(&bench, PROFILE_HOLDING, 0, 100);
    know_all(&bench, PROFILE_INPUT, 0, 100);
    assert_int_equal(bench_identify(&bench), 0);
    assert_int_equal(bench_round(&bench), 3);
    expect_read(&bench, 0, 3, 10, 5);
    expect_read(&bench, 1, 3, 19, 1);
    expect_read(&bench, 2, 4, 20, 1);
    bench_expect(&bench, "phase-b/voltage", 14);
    bench_deinit(&bench);
}

static void test_reads_end_at_the_limit(void **state)
{
    (void)state;
    struct bench bench;
    bench_open_text(&bench,
                    "limits: {registers: 4, gap: 0}\npoints:\n"
                    "  phase-a/energy: {holding: 0, type: uint32}\n"
                    "  phase-b/energy: {holding: 2, type: uint32}\n" /* exactly 4 */
                    "  phase-c/energy: {holding: 4, type: uint16}\n"
                    "  total/energy: {holding: 5, type: uint64}\n"); /* 5 would be too many */
    know_all(&bench, PROFILE_HOLDING, 0, 100);
    bench.unit->most = 4;
    bench_identify(&bench);
    assert_int_equal(bench_round(&bench), 3);
    expect_read(&bench, 0, 3, 0, 4);
    expect_read(&bench, 1, 3, 4, 1);
    expect_read(&bench, 2, 3, 5, 4);
    bench_deinit(&bench);
}

static void test_the_largest_read(void **state)
{
    (void)state;
    struct bench bench;
    bench_open_text(&bench, "limits: {gap: 125}\npoints:\n"
                            "  phase-a/voltage: {holding: 65411, type: uint16}\n"
                            "  phase-b/voltage: {holding: 65535, type: uint16}\n"
                            "  phase-c/voltage: {holding: 65410, type: uint16}\n");
    know_all(&bench, PROFILE_HOLDING, 65000, 65535);
    bench_identify(&bench);
    assert_int_equal(bench_round(&bench), 2);
    expect_read(&bench, 0, 3, 65410, 2); /* 126 to the last one */
    expect_read(&bench, 1, 3, 65535, 1);
    bench_deinit(&bench);
}

static void test_classes(void **state)
{
    (void)state;
    struct bench bench;
    bench_open_text(&bench,
                    "limits: {gap: 0}\npoints:\n"
                    "  phase-a/voltage: {holding: 0, type: uint16}\n"
                    "  phase-a/energy: {holding: 10, type: uint16, every: slow}\n"
                    "  total/firmware: {holding: 20, type: text, length: 2, every: once}\n");
    know_all(&bench, PROFILE_HOLDING, 0, 19);
    HOLDING(&bench, 20, 0x5631, 0x2E32);
    bench_identify(&bench);
    for (unsigned round = 0; round < 22; round++) {
        int count = bench_round(&bench);
        assert_int_equal(count, round == 0 ? 3 : round % 10 == 0 ? 2 : 1);
    }
    assert_string_equal(bench.device->firmware, "V1.2");
    assert_string_equal(bench_point(&bench, "total/firmware")->text, "V1.2");
    /* Slow and single readings do not grow old between their rounds. */
    assert_true(bench_point(&bench, "phase-a/energy")->good_for >= 20 * CLOCK_S);
    assert_true(bench_point(&bench, "total/firmware")->good_for == CLOCK_NEVER);
    bench_deinit(&bench);
}

static void test_a_missed_round_does_not_lose_the_single_reading(void **state)
{
    (void)state;
    struct bench bench;
    bench_open_text(&bench,
                    "points:\n"
                    "  total/firmware: {holding: 20, type: text, length: 2, every: once}\n");
    HOLDING(&bench, 20, 0x5631, 0x2E32);
    bench_identify(&bench);
    bench.unit->silent = true;
    assert_int_equal(bench_round(&bench), 1);
    bench.unit->silent = false;
    assert_int_equal(bench_round(&bench), 1);
    assert_int_equal(bench_round(&bench), 0);
    assert_string_equal(bench.device->firmware, "V1.2");
    bench_deinit(&bench);
}

/* ---- refusals -------------------------------------------------------------------------------- */

static const char many_points[] = "limits: {gap: 8}\npoints:\n"
                                  "  phase-a/voltage: {holding: 0, type: uint16}\n"
                                  "  phase-b/voltage: {holding: 1, type: uint16}\n"
                                  "  phase-c/voltage: {holding: 2, type: uint16}\n"
                                  "  phase-a/current: {holding: 3, type: uint16}\n"
                                  "  phase-b/current: {holding: 4, type: uint16, optional: true}\n"
                                  "  phase-c/current: {holding: 5, type: uint16}\n"
                                  "  total/current: {holding: 6, type: uint16}\n";

static void test_one_missing_register(void **state)
{
    (void)state;
    struct bench bench;
    bench_open_text(&bench, many_points);
    know_all(&bench, PROFILE_HOLDING, 0, 6);
    bench.unit->known[PROFILE_HOLDING][4] = false;
    bench_identify(&bench);
    int first = bench_round(&bench);
    assert_true(first > 2 && first <= 8);
    bench_expect_not(&bench, "phase-b/current", QUALITY_ABSENT, REASON_REFUSED);
    bench_expect(&bench, "phase-a/current", 3);
    bench_expect(&bench, "total/current", 6);
    /* Remembered, and the reads go around it. */
    assert_int_equal(bench_round(&bench), 2);
    expect_read(&bench, 0, 3, 0, 4);
    expect_read(&bench, 1, 3, 5, 2);
    /* Forgotten when the unit comes back: another firmware may have it. */
    know_all(&bench, PROFILE_HOLDING, 0, 6);
    bench_identify(&bench);
    assert_int_equal(bench_round(&bench), 1);
    bench_expect(&bench, "phase-b/current", 4);
    bench_deinit(&bench);
}

static void test_a_hole_between_registers(void **state)
{
    (void)state;
    struct bench bench;
    bench_open_text(&bench, "limits: {gap: 8}\npoints:\n"
                            "  phase-a/voltage: {holding: 0, type: uint16}\n"
                            "  phase-b/voltage: {holding: 1, type: uint16}\n"
                            "  phase-c/voltage: {holding: 5, type: uint16}\n"
                            "  phase-a/current: {holding: 6, type: uint16}\n");
    know_all(&bench, PROFILE_HOLDING, 0, 1);
    know_all(&bench, PROFILE_HOLDING, 5, 6);
    bench_identify(&bench);
    assert_int_equal(bench_round(&bench), 3); /* all refused, then both sides of the hole */
    bench_expect(&bench, "phase-b/voltage", 1);
    bench_expect(&bench, "phase-a/current", 6);
    assert_int_equal(bench_round(&bench), 2);
    assert_int_equal(bench_round(&bench), 2);
    bench_deinit(&bench);
}

static void test_a_limit_nobody_wrote_down(void **state)
{
    (void)state;
    struct bench bench;
    bench_open_text(&bench, many_points);
    know_all(&bench, PROFILE_HOLDING, 0, 6);
    bench.unit->most = 3; /* refuses more with exception 3 */
    bench_identify(&bench);
    bench_round(&bench);
    for (int i = 0; i < 3; i++) {
        assert_in_range(bench_round(&bench), 3, 4);
        bench_expect(&bench, "phase-b/current", 4);
        bench_expect(&bench, "total/current", 6);
    }
    bench_deinit(&bench);
}

/* Whatever is missing: what is there is read, the rest is refused, and the third round asks for
 * nothing in vain. */
static void test_random_holes(void **state)
{
    (void)state;
    uint64_t seed = test_seed();
    for (int run = 0; run < 300; run++) {
        struct bench bench;
        char body[4000] = "points:\n";
        unsigned address[40], count = 5 + (unsigned)(test_random(&seed) % 35), at = 0;
        for (unsigned i = 0; i < count; i++) {
            at += 1 + (unsigned)(test_random(&seed) % 4 ? 0 : test_random(&seed) % 12);
            address[i] = at;
            snprintf(body + strlen(body), sizeof body - strlen(body),
                     "  circuit-%u/current: {holding: %u, type: uint16}\n", i + 1, at);
        }
        bench_open_text(&bench, body);
        for (unsigned i = 0; i <= at; i++) {
            if (test_random(&seed) % 5)
                unit_set(bench.unit, PROFILE_HOLDING, i, (uint16_t)(i + 100));
        }
        bench_identify(&bench);
        for (int round = 0; round < 6; round++)
            assert_true(bench_round(&bench) >= 0);
        for (unsigned i = 0; i < count; i++) {
            char path[64];
            snprintf(path, sizeof path, "circuit-%u/current", i + 1);
            if (bench.unit->known[PROFILE_HOLDING][address[i]])
                bench_expect(&bench, path, address[i] + 100);
            else
                bench_expect_not(&bench, path, QUALITY_ABSENT, REASON_REFUSED);
        }
        for (size_t i = 0; i < bench.unit->asked_count; i++) {
            for (unsigned k = 0; k < bench.unit->asked[i].count; k++)
                assert_true(bench.unit->known[PROFILE_HOLDING][bench.unit->asked[i].address + k]);
        }
        bench_deinit(&bench);
    }
}

static void test_other_exceptions_are_failures(void **state)
{
    (void)state;
    struct bench bench;
    bench_open_text(&bench, many_points);
    know_all(&bench, PROFILE_HOLDING, 0, 6);
    bench_identify(&bench);
    bench_round(&bench);
    bench.unit->exception = MODBUS_PDU_BUSY;
    assert_int_equal(bench_round(&bench), -EPROTO);
    bench_expect(&bench, "phase-a/current", 3); /* untouched: field decides when it is stale */
    bench.unit->exception = 0;
    assert_int_equal(bench_round(&bench), 1);
    bench_deinit(&bench);
}

static void test_wrong_answers(void **state)
{
    (void)state;
    struct bench bench;
    bench_open_text(&bench, many_points);
    know_all(&bench, PROFILE_HOLDING, 0, 6);
    bench_identify(&bench);
    bench.driver->round(bench.state, 0);
    struct driver_request request;
    uint8_t bytes[DRIVER_ANSWER_MAX];
    assert_true(bench.driver->plan(bench.state, &request));
    struct driver_answer good = bench_ask(&bench, &request, bytes);
    for (size_t length = 0; length < good.length; length++) {
        struct driver_answer cut = good;
        cut.length = length;
        assert_int_equal(bench.driver->decode(bench.state, &request, &cut), -EPROTO);
    }
    bench_expect_not(&bench, "phase-a/voltage", QUALITY_ABSENT, REASON_NOT_ASKED);
    struct driver_request other = request;
    other.tag++;
    assert_int_equal(bench.driver->decode(bench.state, &other, &good), -EPROTO);
    assert_int_equal(bench.driver->decode(bench.state, &request, &good), 0);
    bench_expect(&bench, "phase-a/current", 3);
    /* The same answer twice is none. */
    assert_int_equal(bench.driver->decode(bench.state, &request, &good), -EPROTO);
    bench_deinit(&bench);
}

/* ---- identity -------------------------------------------------------------------------------- */

static void test_identify(void **state)
{
    (void)state;
    struct bench bench;
    bench_open_text(&bench, "identify:\n"
                            "  - {input: 70, type: float32, between: [40, 70]}\n"
                            "  - {holding: 0x1000, type: uint16, equals: 0xA1B1}\n"
                            "  - {holding: 8, type: text, length: 2, equals: ABC}\n"
                            "points:\n  total/voltage: {holding: 0, type: uint16}\n");
    HOLDING(&bench, 0x1000, 0xA1B1);
    HOLDING(&bench, 8, 0x4142, 0x4300);
    assert_string_equal(bench.device->vendor, "Maker");
    assert_int_equal(bench_identify(&bench), 0);
    assert_int_equal(bench.unit->asked_count,
                     2); /* a range is for scans: there may be no voltage */
    HOLDING(&bench, 0x1000, 0xA1B2);
    assert_int_equal(bench_identify(&bench), -ENODEV);
    assert_string_equal(bench.err.text,
                        "another device than Maker M1: its holding register 4096 is "
                        "0xA1B1, but this one has 0xA1B2");
    bench.unit->known[PROFILE_HOLDING][0x1000] = false;
    assert_int_equal(bench_identify(&bench), -ENODEV);
    assert_string_equal(bench.err.text,
                        "another device than Maker M1: its holding register 4096 is "
                        "0xA1B1, but this one refuses it: illegal address");
    HOLDING(&bench, 0x1000, 0xA1B1);
    HOLDING(&bench, 8, 0x4142, 0x4400);
    assert_int_equal(bench_identify(&bench), -ENODEV);
    assert_non_null(strstr(bench.err.text, "is \"ABC\", but this one has \"ABD\""));
    bench.unit->exception = MODBUS_PDU_BUSY; /* neither yes nor no */
    assert_int_equal(bench_identify(&bench), 0);
    bench_deinit(&bench);
}

static void test_limits(void **state)
{
    (void)state;
    struct bench bench;
    bench_open_text(&bench, "limits: {timeout_ms: 120, pause_ms: 75, write_gap_ms: 30}\n"
                            "points:\n  total/voltage: {holding: 0, type: uint16}\n");
    struct driver_limits limits = bench.driver->limits(bench.state);
    assert_true(limits.timeout == 120000 && limits.pause == 75000 && limits.write_gap == 30000);
    bench_deinit(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_join_over_the_gap_and_no_further),
        cmocka_unit_test(test_reads_end_at_the_limit),
        cmocka_unit_test(test_the_largest_read),
        cmocka_unit_test(test_classes),
        cmocka_unit_test(test_a_missed_round_does_not_lose_the_single_reading),
        cmocka_unit_test(test_one_missing_register),
        cmocka_unit_test(test_a_hole_between_registers),
        cmocka_unit_test(test_a_limit_nobody_wrote_down),
        cmocka_unit_test(test_random_holes),
        cmocka_unit_test(test_other_exceptions_are_failures),
        cmocka_unit_test(test_wrong_answers),
        cmocka_unit_test(test_identify),
        cmocka_unit_test(test_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
