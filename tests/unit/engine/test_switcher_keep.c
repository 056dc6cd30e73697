/* A state folder that is full or slow holds up no switching. */
#include "engine/switcher_story.h"

static const char yaml[] = "devices: {pdu-0: {}}\n"
                           "outlets:\n"
                           "  pdu-0/outlet-1: {on_delay: 5 s, reboot_hold: 10 s}\n";

static int set_up(void **state)
{
    *state = rig_running(1, 4, yaml);
    return 0;
}

/* Switching goes on, a reboot included; what waits is saved as soon as there is room, without
 * anybody doing anything. */
static void a_full_disk_holds_up_nothing(void **state)
{
    struct rig *rig = *state;
    char id[24];
    rig->disk_fails = true;
    rig_switch(rig, COMMAND_ON, 1);
    assert_true(rig_closed(rig, 1));
    rig_do(rig, COMMAND_REBOOT, "pdu-0/outlet-1", id);
    rig_run(rig, 10 * CLOCK_MS);
    assert_false(rig_closed(rig, 1));
    rig_run(rig, 15 * CLOCK_S);
    assert_true(rig_closed(rig, 1));
    assert_int_equal(rig_step(rig, id)->state, COMMAND_CONFIRMED);
    rig_switch(rig, COMMAND_OFF, 1);
    rig_do(rig, COMMAND_ON_DELAYED, "pdu-0/outlet-1", id);
    unsigned saves = rig->saves;
    rig_switch(rig, COMMAND_CANCEL, 1);
    assert_int_equal(rig_step(rig, id)->state, COMMAND_CANCELLED);
    rig->disk_fails = false;
    rig_run(rig, 11 * CLOCK_S);
    assert_true(rig->saves > saves);
    assert_null(strstr(rig->kept, id));
    rig_kill(rig, false);
    rig_start(rig);
    rig_run(rig, 10 * CLOCK_S);
    assert_false(rig_closed(rig, 1));
}

/* That the power must come back is waited for, but no longer than two seconds. */
static void a_slow_disk_holds_up_a_reboot_for_two_seconds(void **state)
{
    struct rig *rig = *state;
    rig_switch(rig, COMMAND_ON, 1);
    rig->disk = RIG_MINUTE;
    clock_us begin = clock_mono(&rig->clock);
    rig_do(rig, COMMAND_REBOOT, "pdu-0/outlet-1", NULL);
    rig_run(rig, 3 * CLOCK_S);
    assert_false(rig_closed(rig, 1));
    assert_int_equal(rig->outlets[0][0].changed - begin, 2 * CLOCK_S + 2 * CLOCK_MS);
    rig_run(rig, 15 * CLOCK_S);
    assert_true(rig_closed(rig, 1));
}

/* The same key after a restart: the same command and what became of it, not a second one. */
static enum command_verdict repeat(struct rig *rig, enum command_action action, const char *key,
                                   char *id)
{
    static const char *const target = "pdu-0/outlet-1";
    struct command_answer answer;
    struct command_wish wish = {.action = action,
                                .targets = &target,
                                .target_count = 1,
                                .actor = "anna",
                                .key = key,
                                .role = ROLE_CONTROL};
    commands_submit(rig->commands, &wish, &answer);
    if (answer.command)
        strcpy(id, answer.command->id);
    return answer.verdict;
}

static void a_key_is_known_after_a_restart(void **state)
{
    struct rig *rig = *state;
    char id[24], again[24];
    rig_switch(rig, COMMAND_ON, 1);
    assert_int_equal(repeat(rig, COMMAND_REBOOT, "k-1", id), COMMAND_ACCEPTED);
    rig_run(rig, 30 * CLOCK_S);
    assert_int_equal(rig->outlets[0][0].openings, 1);
    for (int i = 0; i < 3; i++) { /* an orderly end, a kill, and a power cut */
        if (i == 0)
            rig_stop(rig);
        else
            rig_kill(rig, false);
        rig->boot = i == 2 ? "boot-2" : "boot-1";
        rig_run(rig, RIG_MINUTE);
        rig_start(rig);
        assert_int_equal(repeat(rig, COMMAND_REBOOT, "k-1", again), COMMAND_REPEATED);
        assert_string_equal(again, id);
        const struct command *command = commands_find(rig->commands, id);
        assert_true(command->ended != 0);
        assert_int_equal(command->action, COMMAND_REBOOT);
        assert_in_range(command->ended - command->accepted, 10 * CLOCK_S, 11 * CLOCK_S);
        assert_int_equal(rig_step(rig, id)->state, COMMAND_CONFIRMED);
        assert_int_equal(repeat(rig, COMMAND_OFF, "k-1", again), COMMAND_INVALID);
        rig_run(rig, 30 * CLOCK_S);
        assert_int_equal(rig->outlets[0][0].openings, 1);
    }
    assert_int_equal(commands_underway(rig->commands), 0);
}

/* The newest are known; the file does not grow without end. */
static void no_more_keys_are_kept_than_the_limit(void **state)
{
    struct rig *rig = *state;
    char id[24], key[40];
    for (int i = 0; i < 2 * LIMIT_COMMANDS_RECALLED; i++) {
        snprintf(key, sizeof key, "k-%d", i);
        assert_int_equal(repeat(rig, i % 2 ? COMMAND_OFF : COMMAND_ON, key, id), COMMAND_ACCEPTED);
        rig_run(rig, CLOCK_S);
    }
    rig_stop(rig);
    rig_start(rig);
    rig_run(rig, 2 * CLOCK_S);
    assert_int_equal(commands_count(rig->commands), LIMIT_COMMANDS_RECALLED);
    snprintf(key, sizeof key, "k-%d", LIMIT_COMMANDS_RECALLED);
    assert_int_equal(repeat(rig, COMMAND_ON, key, id), COMMAND_REPEATED);
    snprintf(key, sizeof key, "k-%d", LIMIT_COMMANDS_RECALLED - 1);
    assert_int_equal(repeat(rig, COMMAND_OFF, key, id), COMMAND_ACCEPTED);
    assert_true(strlen(rig->kept) < 40000);
}

/* A flipped bit may make another outlet of it, or an On of an Off: it is noticed, nothing is sent,
 * and the outlets are taken as they are read. */
static void a_flipped_bit_switches_nothing(void **state)
{
    struct rig *rig = *state;
    rig_switch(rig, COMMAND_ON, 1);
    rig_contact(&rig->outlets[0][1], true);
    rig_run(rig, 2 * CLOCK_S);
    rig_switch(rig, COMMAND_OFF, 1);
    rig_do(rig, COMMAND_ON_DELAYED, "pdu-0/outlet-1", NULL);
    rig_stop(rig);
    char *sound = mem_text(rig->kept);
    size_t length = strlen(sound);
    uint64_t random = test_seed();
    for (int round = 0; round < 240; round++) {
        free(rig->kept);
        rig->kept = mem_text(sound);
        if (round < 200)
            rig->kept[test_below(&random, length)] ^= (char)(1 << test_below(&random, 8));
        else
            rig->kept[test_below(&random, length)] = '\0'; /* cut */
        unsigned writes = rig->outlets[0][0].writes + rig->outlets[0][1].writes;
        rig_start(rig);
        rig_run(rig, 8 * CLOCK_S);
        assert_int_equal(rig->outlets[0][0].writes + rig->outlets[0][1].writes, writes);
        assert_true(!rig_closed(rig, 1) && rig->outlets[0][1].closed);
        rig_kill(rig, false);
    }
    free(rig->kept);
    rig->kept = sound; /* and as it was written it is done */
    rig_start(rig);
    rig_run(rig, 8 * CLOCK_S);
    assert_true(rig_closed(rig, 1));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, rig_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_full_disk_holds_up_nothing),
        TEST(a_slow_disk_holds_up_a_reboot_for_two_seconds),
        TEST(a_key_is_known_after_a_restart),
        TEST(a_flipped_bit_switches_nothing),
        TEST(no_more_keys_are_kept_than_the_limit),
    };
    return cmocka_run_group_tests_name("switcher_keep", tests, NULL, NULL);
}
