/* Who may switch what and when: rights, locks, confirmation, rest between off and on, who goes
 * before whom, and what cancelling leaves. */
#include "engine/switcher_story.h"

static const char plain[] = "devices: {pdu-0: {}, pdu-1: {}}\n"
                            "outlets:\n"
                            "  pdu-0/outlet-1: {name: Web, on_delay: 2 s, off_delay: 3 s, "
                            "reboot_delay: 4 s, reboot_hold: 6 s}\n"
                            "  pdu-0/outlet-2: {min_off: 10 s}\n"
                            "  pdu-0/outlet-3: {critical: true}\n"
                            "  pdu-0/outlet-4: {lock: true}\n"
                            "  pdu-0/outlet-5: {right: administrator}\n"
                            "  pdu-0/outlet-6: {users: 'bert, carl'}\n"
                            "groups:\n"
                            "  row: {members: 'pdu-1/outlet-2, pdu-1/outlet-1, pdu-1/outlet-3', "
                            "step: 100 ms}\n"
                            "  his: {members: pdu-1/outlet-8, users: bert}\n";

static int set_up(void **state)
{
    *state = rig_running(2, 8, plain);
    return 0;
}

/* ---- rules ----------------------------------------------------------------------------------- */

static void rights_and_locks_are_kept(void **state)
{
    struct rig *rig = *state;
    rig_expect_refusal(rig, COMMAND_ON, "pdu-0/outlet-4", COMMAND_NOT_ALLOWED, "is locked");
    rig_expect_refusal(rig, COMMAND_ON, "pdu-0/outlet-5", COMMAND_NOT_ALLOWED,
                       "administrators only");
    rig_expect_refusal(rig, COMMAND_ON, "pdu-0/outlet-6", COMMAND_NOT_ALLOWED,
                       "may not be switched by anna, only by bert, carl");
    rig_expect_refusal(rig, COMMAND_ON, "pdu-1/outlet-8", COMMAND_NOT_ALLOWED,
                       "the group his may not be switched by anna");
    rig_expect_refusal(rig, COMMAND_ON, "pdu-1", COMMAND_NOT_ALLOWED, "the group his");
    rig_expect_refusal(rig, COMMAND_RESET_ENERGY, "pdu-1", COMMAND_NOT_ALLOWED,
                       "needs the role administrator");
    for (size_t i = 0; i < 16; i++)
        assert_int_equal(rig->outlets[i / 8][i % 8].writes, 0);
}

static void a_critical_outlet_wants_its_code(void **state)
{
    struct rig *rig = *state;
    static const char *const targets[] = {"pdu-0/outlet-3"};
    struct command_wish wish = {.action = COMMAND_OFF,
                                .targets = targets,
                                .target_count = 1,
                                .actor = "anna",
                                .role = ROLE_CONTROL};
    struct command_answer answer;
    rig_do(rig, COMMAND_ON, "pdu-0/outlet-3", NULL); /* switching on takes nothing away */
    rig_run(rig, CLOCK_S);
    commands_submit(rig->commands, &wish, &answer);
    assert_int_equal(answer.verdict, COMMAND_NEEDS_CONFIRM);
    assert_non_null(strstr(answer.err.text, "confirm with the code"));
    assert_non_null(answer.command);
    assert_string_equal(answer.command->id, "");
    char code[16];
    strcpy(code, answer.confirm);
    assert_int_equal(strlen(code), 6);
    wish.confirm = "000000x";
    commands_submit(rig->commands, &wish, &answer);
    assert_int_equal(answer.verdict, COMMAND_NEEDS_CONFIRM);
    wish.confirm = code;
    wish.actor = "bert"; /* it is anna's */
    commands_submit(rig->commands, &wish, &answer);
    assert_int_equal(answer.verdict, COMMAND_NEEDS_CONFIRM);
    wish.actor = "anna";
    wish.action = COMMAND_REBOOT; /* and of this action */
    commands_submit(rig->commands, &wish, &answer);
    assert_int_equal(answer.verdict, COMMAND_NEEDS_CONFIRM);
    wish.action = COMMAND_OFF;
    rig_run(rig, 50 * CLOCK_S);
    commands_submit(rig->commands, &wish, &answer);
    assert_int_equal(answer.verdict, COMMAND_ACCEPTED);
    rig_run(rig, 3 * RIG_MINUTE); /* it does not hold for ever */
    commands_submit(rig->commands, &wish, &answer);
    assert_int_equal(answer.verdict, COMMAND_NEEDS_CONFIRM);
}

static void nobody_confirms_a_schedule(void **state)
{
    struct rig *rig = *state;
    static const char *const targets[] = {"pdu-0/outlet-3"};
    struct command_wish wish = {.action = COMMAND_OFF,
                                .targets = targets,
                                .target_count = 1,
                                .actor = "schedule night",
                                .role = ROLE_ADMINISTRATOR,
                                .automatic = true};
    struct command_answer answer;
    commands_submit(rig->commands, &wish, &answer);
    assert_int_equal(answer.verdict, COMMAND_ACCEPTED);
}

static void an_outlet_rests_before_it_goes_on_again(void **state)
{
    struct rig *rig = *state;
    char id[24];
    rig_do(rig, COMMAND_ON, "pdu-0/outlet-2", NULL);
    rig_run(rig, 20 * CLOCK_S);
    rig_do(rig, COMMAND_OFF, "pdu-0/outlet-2", NULL);
    rig_run(rig, CLOCK_S);
    clock_us off = rig->outlets[0][1].changed;
    rig_do(rig, COMMAND_ON, "pdu-0/outlet-2", id);
    rig_run(rig, CLOCK_S);
    rig_expect(rig, id, COMMAND_PENDING, "must stay off for at least 10 s");
    assert_true(rig_step(rig, id)->due != CLOCK_NEVER);
    rig_run(rig, 10 * CLOCK_S);
    rig_expect(rig, id, COMMAND_CONFIRMED, "");
    /* seen off 2 ms after it went off, and 2 ms for the way */
    assert_int_equal(rig->outlets[0][1].changed - off, 10 * CLOCK_S + 4 * CLOCK_MS);
}

static void a_busy_outlet_says_with_what(void **state)
{
    struct rig *rig = *state;
    rig_do(rig, COMMAND_ON_DELAYED, "pdu-0/outlet-1", NULL);
    rig_expect_refusal(rig, COMMAND_OFF, "pdu-0/outlet-1", COMMAND_CONFLICT,
                       "pdu-0/outlet-1 is busy: On Delayed of anna, due in 2.0 s (command ");
    rig_run(rig, 3 * CLOCK_S);
    rig_do(rig, COMMAND_OFF, "pdu-0/outlet-1", NULL);
}

static void a_person_goes_before_a_schedule_never_the_other_way(void **state)
{
    struct rig *rig = *state;
    static const char *const targets[] = {"pdu-0/outlet-1"};
    struct command_wish wish = {.action = COMMAND_ON_DELAYED,
                                .targets = targets,
                                .target_count = 1,
                                .actor = "schedule",
                                .role = ROLE_ADMINISTRATOR,
                                .automatic = true};
    struct command_answer answer;
    char first[24], second[24];
    commands_submit(rig->commands, &wish, &answer);
    strcpy(first, answer.command->id);
    rig_do(rig, COMMAND_OFF_DELAYED, "pdu-0/outlet-1", second);
    rig_expect(rig, first, COMMAND_CANCELLED, "replaced by Off Delayed of anna");
    commands_submit(rig->commands, &wish, &answer);
    assert_int_equal(answer.verdict, COMMAND_CONFLICT);
    rig_expect(rig, second, COMMAND_PENDING, "");
}

/* ---- cancelling ------------------------------------------------------------------------------ */

static void cancel_always_wins(void **state)
{
    struct rig *rig = *state;
    char id[24], cancel[24];
    rig_do(rig, COMMAND_ON_DELAYED, "group/row", id);
    rig_run(rig, 50 * CLOCK_MS);
    rig_do(rig, COMMAND_CANCEL, "pdu-1/outlet-*", cancel);
    rig_run(rig, 10 * CLOCK_S);
    rig_expect(rig, cancel, COMMAND_CONFIRMED, "");
    assert_true(rig->outlets[1][1].closed); /* its turn had come */
    assert_false(rig->outlets[1][0].closed);
    assert_false(rig->outlets[1][2].closed);
    const struct command *command = commands_find(rig->commands, id);
    assert_int_equal(command->steps[0].state, COMMAND_CONFIRMED);
    assert_int_equal(command->steps[1].state, COMMAND_CANCELLED);
    assert_string_equal(command->steps[1].reason, "cancelled by anna");
    assert_true(command->ended > 0);
}

static void a_reboot_cancelled_in_the_middle_says_what_it_left(void **state)
{
    struct rig *rig = *state;
    char id[24];
    rig_do(rig, COMMAND_ON, "pdu-0/outlet-1", NULL);
    rig_run(rig, CLOCK_S);
    rig_do(rig, COMMAND_REBOOT, "pdu-0/outlet-1", id);
    rig_run(rig, CLOCK_S);
    struct err err;
    assert_int_equal(commands_cancel(rig->commands, id, "anna", "192.0.2.9", ROLE_CONTROL, &err),
                     0);
    rig_expect(rig, id, COMMAND_CANCELLED, "cancelled by anna (192.0.2.9): it stays off");
    rig_run(rig, 20 * CLOCK_S);
    assert_false(rig->outlets[0][0].closed);
}

static void what_was_sent_cannot_be_cancelled_any_more(void **state)
{
    struct rig *rig = *state;
    char id[24];
    rig_do(rig, COMMAND_ON, "pdu-0/outlet-8", id);
    rig_run(rig, CLOCK_MS);
    rig_do(rig, COMMAND_CANCEL, "pdu-0/outlet-8", NULL);
    rig_run(rig, CLOCK_S);
    rig_expect(rig, id, COMMAND_CONFIRMED, "it had been sent when it was cancelled");
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, rig_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(rights_and_locks_are_kept),
        TEST(a_critical_outlet_wants_its_code),
        TEST(nobody_confirms_a_schedule),
        TEST(an_outlet_rests_before_it_goes_on_again),
        TEST(a_busy_outlet_says_with_what),
        TEST(a_person_goes_before_a_schedule_never_the_other_way),
        TEST(cancel_always_wins),
        TEST(a_reboot_cancelled_in_the_middle_says_what_it_left),
        TEST(what_was_sent_cannot_be_cancelled_any_more),
    };
    return cmocka_run_group_tests_name("switcher_rules", tests, NULL, NULL);
}
