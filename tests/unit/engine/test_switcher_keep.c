/* A state folder that is full or slow holds up no switching. */
#include "engine/switcher_testing.h"

static const char yaml[] = "devices: {pdu-0: {}}\n"
                           "outlets:\n"
                           "  pdu-0/outlet-1: {on_delay: 5 s, reboot_hold: 10 s}\n";

static int set_up(void **state)
{
    struct rig *rig = malloc(sizeof *rig);
    rig_make(rig, 1, 4, yaml);
    rig_start(rig);
    rig_run(rig, 2 * CLOCK_S);
    *state = rig;
    return 0;
}

static int tear_down(void **state)
{
    rig_free(*state);
    free(*state);
    return 0;
}

static bool closed(const struct rig *rig)
{
    return rig->outlets[0][0].closed;
}

static void put(struct rig *rig, enum command_action action)
{
    rig_do(rig, action, "pdu-0/outlet-1", NULL);
    rig_run(rig, CLOCK_S);
}

/* Switching goes on, a reboot included; what waits is saved as soon as there is room, without
 * anybody doing anything. */
static void a_full_disk_holds_up_nothing(void **state)
{
    struct rig *rig = *state;
    char id[24];
    rig->disk_fails = true;
    put(rig, COMMAND_ON);
    assert_true(closed(rig));
    rig_do(rig, COMMAND_REBOOT, "pdu-0/outlet-1", id);
    rig_run(rig, 10 * CLOCK_MS);
    assert_false(closed(rig));
    rig_run(rig, 15 * CLOCK_S);
    assert_true(closed(rig));
    assert_int_equal(rig_step(rig, id)->state, COMMAND_CONFIRMED);
    put(rig, COMMAND_OFF);
    rig_do(rig, COMMAND_ON_DELAYED, "pdu-0/outlet-1", id);
    unsigned saves = rig->saves;
    put(rig, COMMAND_CANCEL);
    assert_int_equal(rig_step(rig, id)->state, COMMAND_CANCELLED);
    rig->disk_fails = false;
    rig_run(rig, 11 * CLOCK_S);
    assert_true(rig->saves > saves);
    assert_null(strstr(rig->kept, id));
    rig_kill(rig, false);
    rig_start(rig);
    rig_run(rig, 10 * CLOCK_S);
    assert_false(closed(rig));
}

/* That the power must come back is waited for, but no longer than two seconds. */
static void a_slow_disk_holds_up_a_reboot_for_two_seconds(void **state)
{
    struct rig *rig = *state;
    put(rig, COMMAND_ON);
    rig->disk = RIG_MINUTE;
    clock_us begin = clock_mono(&rig->clock);
    rig_do(rig, COMMAND_REBOOT, "pdu-0/outlet-1", NULL);
    rig_run(rig, 3 * CLOCK_S);
    assert_false(closed(rig));
    assert_int_equal(rig->outlets[0][0].changed - begin, 2 * CLOCK_S + 2 * CLOCK_MS);
    rig_run(rig, 15 * CLOCK_S);
    assert_true(closed(rig));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_full_disk_holds_up_nothing),
        TEST(a_slow_disk_holds_up_a_reboot_for_two_seconds),
    };
    return cmocka_run_group_tests_name("switcher_keep", tests, NULL, NULL);
}
