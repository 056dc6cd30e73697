#include "base/clock.h"

#include <time.h>

#include "test.h"

static void test_fake(void **state)
{
    (void)state;
    const clock_us wall = 1790000000LL * CLOCK_S;
    struct clock clock = clock_fake(wall);
    assert_int_equal(clock_mono(&clock), CLOCK_S);
    assert_int_equal(clock_wall(&clock), wall);
    assert_true(clock_wall_known(&clock));
    clock_fake_advance(&clock, 90 * CLOCK_S);
    assert_int_equal(clock_mono(&clock), 91 * CLOCK_S);
    assert_int_equal(clock_wall(&clock), wall + 90 * CLOCK_S);
    /* a step of the wall clock leaves deadlines alone */
    clock_fake_step_wall(&clock, -3600 * CLOCK_S);
    assert_int_equal(clock_mono(&clock), 91 * CLOCK_S);
    assert_int_equal(clock_wall(&clock), wall - 3510 * CLOCK_S);
    clock.fake_wall_known = false;
    assert_false(clock_wall_known(&clock));
}

static void test_system(void **state)
{
    (void)state;
    struct clock clock = clock_system();
    struct timespec boot, real;
    clock_us before = clock_mono(&clock), wall = clock_wall(&clock);
    clock_gettime(CLOCK_BOOTTIME, &boot);
    clock_gettime(CLOCK_REALTIME, &real);
    clock_us after = clock_mono(&clock);
    clock_us now = (clock_us)boot.tv_sec * CLOCK_S + boot.tv_nsec / 1000;
    assert_true(before <= now && now <= after);
    assert_true((clock_us)real.tv_sec * CLOCK_S + real.tv_nsec / 1000 - wall < 5 * CLOCK_S);
    /* 1704067200 is `date -u -d 2024-01-01 +%s` */
    assert_int_equal(clock_wall_known(&clock), wall >= 1704067200LL * CLOCK_S);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fake),
        cmocka_unit_test(test_system),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
