/* A round of reading allocates nothing: malloc is counted over a thousand rounds of the driver and
 * of SunSpec. */
#include "driver_testing.h"

#include "test_allocations.h"

static void count_rounds(const char *profile, const char *capture)
{
    struct bench bench;
    char path[512];
    bench_init(&bench);
    bench_load(&bench, TEST_SOURCE_ROOT "/profiles");
    snprintf(path, sizeof path, TEST_SOURCE_ROOT "/tests/captures/%s.cap", capture);
    assert_true(unit_load(bench.unit, path));
    bench_open(&bench, profile);
    assert_int_equal(bench_identify(&bench), 0);
    bench_round(&bench);
    loop_poll(bench.loop);
    size_t before = test_allocations;
    for (int i = 0; i < 1000; i++) {
        /* a register goes missing and comes back, so that splitting is counted too */
        bench.unit->known[PROFILE_HOLDING][3059] = i % 100 < 50;
        bench_round(&bench);
    }
    assert_int_equal(test_allocations - before, 0);
    bench_deinit(&bench);
}

static void test_profiles(void **state)
{
    (void)state;
    count_rounds("schneider-iem3155", "schneider-iem3155");
    count_rounds("legrand-emdx3-412045", "legrand-emdx3-412045");
    count_rounds("carlo-gavazzi-em24", "carlo-gavazzi-em24");
}

static void test_sunspec(void **state)
{
    (void)state;
    count_rounds("sunspec", "sunspec-inverter");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_profiles),
        cmocka_unit_test(test_sunspec),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
