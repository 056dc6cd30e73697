/* Interlocks, restarts, and what happens when a board had lost its power. */
#include "engine/switcher_story.h"

static const char yaml[] =
    "devices: {pdu-0: {}}\n"
    "outlets:\n"
    "  pdu-0/outlet-1: {on_delay: 5 s, reboot_hold: 10 s, power_up_delay: 2 s}\n"
    "  pdu-0/outlet-2: {power_up: 'on', power_up_delay: 1 s}\n"
    "  pdu-0/outlet-3: {power_up: 'off'}\n"
    "  pdu-0/outlet-4: {power_up: board}\n"
    "  pdu-0/outlet-5: {lock: true}\n"
    "interlocks:\n"
    "  both: {kind: never-both, members: 'pdu-0/outlet-6, pdu-0/outlet-7'}\n"
    "  pick: {kind: one-of, members: 'pdu-0/outlet-8, pdu-0/outlet-9'}\n"
    "  tree: {kind: parent-first, parent: pdu-0/outlet-10, members: 'pdu-0/outlet-11'}\n";

static const char cancelling[] = "devices: {pdu-0: {}}\n"
                                 "outlets:\n"
                                 "  pdu-0/outlet-1: {on_delay: 5 s, reboot_hold: 10 s}\n"
                                 "switching: {pending: cancel}\n";

static const char by_schedule[] = "devices: {pdu-0: {}}\n"
                                  "outlets:\n"
                                  "  pdu-0/outlet-1: {power_up: schedule}\n"
                                  "  pdu-0/outlet-2: {power_up: schedule}\n"
                                  "  pdu-0/outlet-3: {power_up: schedule}\n"
                                  "  pdu-0/outlet-4: {power_up: schedule}\n";

static int set_up(void **state)
{
    *state = rig_running(1, 12, yaml);
    return 0;
}

static unsigned writes(const struct rig *rig)
{
    unsigned sum = 0;
    for (size_t i = 0; i < 12; i++)
        sum += rig->outlets[0][i].writes;
    return sum;
}

/* ---- interlocks ------------------------------------------------------------------------------ */

static void two_are_never_on_together(void **state)
{
    struct rig *rig = *state;
    rig_switch(rig, COMMAND_ON, 6);
    rig_expect_refusal(rig, COMMAND_ON, "pdu-0/outlet-7", COMMAND_NOT_ALLOWED,
                       "must not be on together with pdu-0/outlet-6 (interlock both), which is on");
    rig_switch(rig, COMMAND_OFF, 6);
    rig_switch(rig, COMMAND_ON, 7);
    assert_true(rig_closed(rig, 7));
}

static void both_at_once_are_refused(void **state)
{
    struct rig *rig = *state;
    static const char *const targets[] = {"pdu-0/outlet-6", "pdu-0/outlet-7"};
    struct command_answer answer;
    struct command_wish wish = {.action = COMMAND_ON,
                                .targets = targets,
                                .target_count = 2,
                                .actor = "anna",
                                .role = ROLE_CONTROL};
    commands_submit(rig->commands, &wish, &answer);
    assert_int_equal(answer.verdict, COMMAND_NOT_ALLOWED);
    assert_non_null(strstr(answer.err.text, "is to be on as well"));
}

/* Two clients in the same turn: the second one's write is refused, whatever was accepted. */
static void two_clients_cannot_bring_both_on(void **state)
{
    struct rig *rig = *state;
    char first[24], second[24];
    rig_do(rig, COMMAND_ON, "pdu-0/outlet-6", first);
    rig_do(rig, COMMAND_ON, "pdu-0/outlet-7", second);
    rig_run(rig, CLOCK_S);
    assert_int_equal(rig_step(rig, first)->state, COMMAND_CONFIRMED);
    assert_int_equal(rig_step(rig, second)->state, COMMAND_REFUSED);
    assert_false(rig_closed(rig, 7));
    assert_int_equal(rig->outlets[0][6].writes, 0);
}

static void an_unknown_one_may_be_on(void **state)
{
    struct rig *rig = *state;
    rig->boards[0].contact = false;
    rig_run(rig, 2 * CLOCK_S);
    rig_expect_refusal(rig, COMMAND_ON, "pdu-0/outlet-7", COMMAND_NOT_ALLOWED,
                       "may be on: its state is not known");
}

static void a_selector_breaks_before_it_makes(void **state)
{
    struct rig *rig = *state;
    char id[24];
    rig_switch(rig, COMMAND_ON, 8);
    rig->outlets[0][7].fault = RIG_LATE; /* a second */
    rig_do(rig, COMMAND_ON, "pdu-0/outlet-9", id);
    const struct command *command = commands_find(rig->commands, id);
    assert_int_equal(command->step_count, 2);
    rig_run(rig, 500 * CLOCK_MS);
    assert_false(rig_closed(rig, 9));
    rig_run(rig, 2 * CLOCK_S);
    assert_true(rig_closed(rig, 9) && !rig_closed(rig, 8));
    assert_true(rig->outlets[0][8].changed > rig->outlets[0][7].changed);
}

static void a_selector_that_does_not_open_lets_nothing_close(void **state)
{
    struct rig *rig = *state;
    rig_switch(rig, COMMAND_ON, 8);
    rig->outlets[0][7].fault = RIG_IGNORES;
    rig_do(rig, COMMAND_ON, "pdu-0/outlet-9", NULL);
    rig_run(rig, 10 * CLOCK_S);
    assert_true(rig_closed(rig, 8) && !rig_closed(rig, 9));
    assert_int_equal(rig->outlets[0][8].writes, 0);
}

static void the_parent_goes_on_first_and_off_last(void **state)
{
    struct rig *rig = *state;
    rig_expect_refusal(rig, COMMAND_ON, "pdu-0/outlet-11", COMMAND_NOT_ALLOWED,
                       "needs pdu-0/outlet-10 to be on first");
    rig_do(rig, COMMAND_ON, "pdu-0/outlet-1*", NULL); /* 1, 10, 11 and 12 */
    rig_run(rig, CLOCK_S);
    assert_true(rig_closed(rig, 10) && rig_closed(rig, 11));
    assert_true(rig->outlets[0][9].changed < rig->outlets[0][10].changed);
    rig_expect_refusal(rig, COMMAND_OFF, "pdu-0/outlet-10", COMMAND_NOT_ALLOWED,
                       "feeds pdu-0/outlet-11, which is on");
    rig_expect_refusal(rig, COMMAND_REBOOT, "pdu-0/outlet-10", COMMAND_NOT_ALLOWED,
                       "switch that off first");
    rig_do(rig, COMMAND_OFF, "pdu-0/outlet-1*", NULL);
    rig_run(rig, CLOCK_S);
    assert_false(rig_closed(rig, 10) || rig_closed(rig, 11));
    assert_true(rig->outlets[0][9].changed > rig->outlets[0][10].changed);
}

/* Tasmota#18670 */
static void an_interlock_holds_through_a_restart(void **state)
{
    struct rig *rig = *state;
    rig_switch(rig, COMMAND_ON, 6);
    rig_kill(rig, true);
    rig_start(rig);
    rig_expect_refusal(rig, COMMAND_ON, "pdu-0/outlet-7", COMMAND_NOT_ALLOWED,
                       "its state is not known");
    rig_run(rig, 2 * CLOCK_S);
    rig_expect_refusal(rig, COMMAND_ON, "pdu-0/outlet-7", COMMAND_NOT_ALLOWED, "which is on");
}

/* ---- restarts -------------------------------------------------------------------------------- */

static void our_restart_changes_no_outlet(void **state)
{
    struct rig *rig = *state;
    for (int i = 1; i <= 4; i++)
        rig_switch(rig, COMMAND_ON, i);
    unsigned before = writes(rig);
    for (int i = 0; i < 4; i++) {
        if (i % 2)
            rig_stop(rig);
        else
            rig_kill(rig, i == 0);
        rig_start(rig);
        rig_run(rig, 20 * CLOCK_S);
    }
    assert_int_equal(writes(rig), before);
    for (int i = 1; i <= 4; i++)
        assert_true(rig_closed(rig, i));
}

/* Off is done, and nothing of it was saved: that all outlets are off is no loss of power. */
static void a_kill_after_the_last_off_switches_nothing_on(void **state)
{
    struct rig *rig = *state;
    rig_switch(rig, COMMAND_ON, 1);
    rig->disk = RIG_MINUTE;
    rig_switch(rig, COMMAND_OFF, 1);
    assert_false(rig_closed(rig, 1));
    rig_kill(rig, false);
    rig->disk = 5 * CLOCK_MS;
    rig_start(rig);
    rig_run(rig, RIG_MINUTE);
    assert_false(rig_closed(rig, 1));
}

static void pending_actions_go_on_after_a_restart(void **state)
{
    struct rig *rig = *state;
    char id[24];
    rig_do(rig, COMMAND_ON_DELAYED, "pdu-0/outlet-1", id);
    clock_us begin = clock_mono(&rig->clock);
    rig_run(rig, CLOCK_S);
    rig_kill(rig, false);
    rig_run(rig, CLOCK_S);
    rig_start(rig);
    rig_run(rig, 0);
    const struct command *command = commands_find(rig->commands, id);
    assert_non_null(command);
    assert_string_equal(command->actor, "anna");
    assert_string_equal(command->reason, "test");
    rig_run(rig, 10 * CLOCK_S);
    assert_true(rig_closed(rig, 1));
    assert_int_equal(rig->outlets[0][0].changed - begin, 5 * CLOCK_S + 2 * CLOCK_MS);
    assert_int_equal(rig_step(rig, id)->state, COMMAND_CONFIRMED);
}

static void pending_actions_are_cancelled_where_the_settings_say_so(void **state)
{
    struct rig *rig = *state;
    char id[24];
    rig_do(rig, COMMAND_ON_DELAYED, "pdu-0/outlet-1", id);
    rig_run(rig, CLOCK_S);
    rig_stop(rig);
    rig->yaml = cancelling;
    rig_start(rig);
    rig_run(rig, 10 * CLOCK_S);
    assert_false(rig_closed(rig, 1));
    assert_int_equal(rig_step(rig, id)->state, COMMAND_CANCELLED);
    assert_non_null(strstr(rig_step(rig, id)->reason, "busbar was restarted"));
}

/* Also where pending actions are cancelled, and however the disk stood: the off is written only
 * when it is on the disk that an on must follow. */
static void a_reboot_that_took_the_power_brings_it_back(void **state)
{
    struct rig *rig = *state;
    rig_switch(rig, COMMAND_ON, 1);
    for (int after = 0; after < 40; after++) {
        char id[24];
        rig->yaml = after % 2 ? cancelling : yaml;
        rig_do(rig, COMMAND_REBOOT, "pdu-0/outlet-1", id);
        rig_run(rig, after * CLOCK_MS);
        rig_kill(rig, after % 3 == 0);
        rig_run(rig, 50 * CLOCK_MS);
        rig_start(rig);
        rig_run(rig, 30 * CLOCK_S);
        if (!rig_closed(rig, 1))
            fail_msg("killed after %d ms: it stayed off", after);
    }
}

static void what_was_sent_is_read_not_sent_again(void **state)
{
    struct rig *rig = *state;
    char id[24];
    rig->trip = 100 * CLOCK_MS;
    rig_do(rig, COMMAND_ON, "pdu-0/outlet-12", id);
    rig_run(rig, 50 * CLOCK_MS);
    rig_kill(rig, false);
    rig_run(rig, CLOCK_S);
    rig_start(rig);
    rig_run(rig, 2 * CLOCK_S);
    assert_int_equal(rig_step(rig, id)->state, COMMAND_CONFIRMED);
    assert_int_equal(rig->outlets[0][11].writes, 1);
}

static void a_broken_file_switches_nothing(void **state)
{
    struct rig *rig = *state;
    static const char *const texts[] = {"",
                                        "{",
                                        "[]",
                                        "{\"version\":7}",
                                        "nonsense",
                                        "{\"version\":1,\"outlets\":[],\"commands\":{}}",
                                        "{\"version\":1,\"commands\":[{\"steps\":[{}]}]}"};
    rig_switch(rig, COMMAND_ON, 1);
    for (size_t i = 0; i < TEST_COUNT(texts); i++) {
        rig_stop(rig);
        unsigned before = writes(rig);
        free(rig->kept);
        rig->kept = mem_text(texts[i]);
        rig_start(rig);
        rig_run(rig, 10 * CLOCK_S);
        assert_int_equal(writes(rig), before);
    }
    assert_true(rig_closed(rig, 1));
}

/* ---- losses of power ------------------------------------------------------------------------- */

static void outlets_come_back_as_the_settings_say(void **state)
{
    struct rig *rig = *state;
    static const int on[] = {1, 3, 4, 12};
    for (size_t i = 0; i < TEST_COUNT(on); i++)
        rig_switch(rig, COMMAND_ON, on[i]);
    rig_lose_power(rig, RIG_MINUTE);
    clock_us back = clock_mono(&rig->clock);
    rig_run(rig, 10 * CLOCK_S);
    assert_true(rig_closed(rig, 1));  /* last */
    assert_true(rig_closed(rig, 2));  /* on */
    assert_false(rig_closed(rig, 3)); /* off */
    assert_false(rig_closed(rig, 4)); /* the board's own affair */
    assert_true(rig_closed(rig, 12)); /* last, without a record */
    assert_false(rig_closed(rig, 8)); /* last: it was off */
    /* in sequence: 0, 1 and 2 s after the board was read again (at most 1 s, and 0.1 s to judge) */
    clock_us first = rig->outlets[0][11].changed;
    assert_in_range(first - back, 0, 1200 * CLOCK_MS);
    assert_int_equal(rig->outlets[0][1].changed - first, CLOCK_S);
    assert_int_equal(rig->outlets[0][0].changed - first, 2 * CLOCK_S);
}

/* The relays are another unit than the meter at which they are shown. */
/* Off for outlet 1, on for 2, nothing for the others. */
static int says_the_clock(void *user, const char *path)
{
    (void)user;
    char last = path[strlen(path) - 1];
    return last == '1' ? 0 : last == '2' ? 1 : -1;
}

/* Tasmota#11852: as the schedules say at that time, whatever was before; where none speaks, as it
 * was. */
static void an_outlet_can_come_back_by_the_clock(void **state)
{
    struct rig *rig = *state;
    rig_stop(rig);
    rig->yaml = by_schedule;
    rig_start(rig);
    switcher_set_schedule(rig->switcher, says_the_clock, NULL);
    rig_run(rig, 2 * CLOCK_S);
    rig_switch(rig, COMMAND_ON, 1);
    rig_switch(rig, COMMAND_ON, 3);
    rig_lose_power(rig, RIG_MINUTE);
    rig_run(rig, 10 * CLOCK_S);
    assert_false(rig_closed(rig, 1));
    assert_true(rig_closed(rig, 2));
    assert_true(rig_closed(rig, 3));
    assert_false(rig_closed(rig, 4));
}

static void the_loss_of_a_part_alone_is_noticed(void **state)
{
    struct rig *rig = *state;
    rig->boards[0].part = true;
    rig_switch(rig, COMMAND_ON, 1);
    rig_lose_power(rig, RIG_MINUTE);
    rig_run(rig, 10 * CLOCK_S);
    assert_true(rig_closed(rig, 1));
    rig->boards[0].contact = false;
    rig_run(rig, 5 * CLOCK_S);
    char id[24];
    rig_do(rig, COMMAND_OFF, "pdu-0/outlet-1", id);
    assert_int_equal(rig_step(rig, id)->state, COMMAND_REFUSED);
    assert_non_null(strstr(rig_step(rig, id)->reason, "pdu-0 does not answer"));
    rig->boards[0].contact = true;
    rig_run(rig, 5 * CLOCK_S);
    rig_switch(rig, COMMAND_OFF, 1);
    assert_false(rig_closed(rig, 1));
}

/* The board says since when it runs: that it was switched off by hand meanwhile is no loss. */
static void a_board_that_runs_on_had_no_loss(void **state)
{
    struct rig *rig = *state;
    rig_stop(rig);
    rig->boards[0].tells_uptime = true;
    rig_start(rig);
    rig_run(rig, 2 * CLOCK_S);
    rig_switch(rig, COMMAND_ON, 1);
    rig->boards[0].contact = false;
    rig_run(rig, RIG_MINUTE);
    rig_contact(&rig->outlets[0][0], false);
    rig->boards[0].contact = true;
    rig_run(rig, RIG_MINUTE);
    assert_false(rig_closed(rig, 1));
    rig_switch(rig, COMMAND_ON, 1);
    rig_lose_power(rig, RIG_MINUTE);
    rig_run(rig, 10 * CLOCK_S);
    assert_true(rig_closed(rig, 1));
}

static void a_board_that_comes_up_on_is_brought_back_too(void **state)
{
    struct rig *rig = *state;
    rig_stop(rig);
    rig->boards[0].tells_uptime = rig->boards[0].comes_up_on = true;
    rig_start(rig);
    rig_run(rig, 2 * CLOCK_S);
    rig_switch(rig, COMMAND_ON, 1);
    rig_switch(rig, COMMAND_ON, 3);
    rig_lose_power(rig, RIG_MINUTE);
    rig_run(rig, 10 * CLOCK_S);
    assert_true(rig_closed(rig, 1));   /* last */
    assert_true(rig_closed(rig, 2));   /* on */
    assert_false(rig_closed(rig, 3));  /* off */
    assert_true(rig_closed(rig, 4));   /* the board's own affair */
    assert_false(rig_closed(rig, 12)); /* last: it was off */
}

static void a_locked_outlet_comes_back_too(void **state)
{
    struct rig *rig = *state;
    rig_contact(&rig->outlets[0][4], true); /* by hand */
    rig_run(rig, 2 * CLOCK_S);
    rig_lose_power(rig, RIG_MINUTE);
    rig_run(rig, 5 * CLOCK_S);
    assert_true(rig_closed(rig, 5));
}

static void a_lost_cable_is_no_loss_of_power(void **state)
{
    struct rig *rig = *state;
    rig_switch(rig, COMMAND_ON, 1);
    rig_switch(rig, COMMAND_ON, 12);
    unsigned before = writes(rig);
    rig->boards[0].contact = false;
    rig_run(rig, RIG_MINUTE);
    rig_contact(&rig->outlets[0][0], false); /* by hand, meanwhile */
    rig->boards[0].contact = true;
    rig_run(rig, RIG_MINUTE);
    assert_int_equal(writes(rig), before);
    assert_false(rig_closed(rig, 1));
    assert_true(rig_closed(rig, 12));
}

static void outlets_switched_off_by_hand_stay_off(void **state)
{
    struct rig *rig = *state;
    rig_switch(rig, COMMAND_ON, 1);
    rig_contact(&rig->outlets[0][0], false);
    rig_run(rig, RIG_MINUTE);
    assert_false(rig_closed(rig, 1));
    rig->boards[0].contact = false;
    rig_run(rig, RIG_MINUTE);
    rig->boards[0].contact = true;
    rig_run(rig, RIG_MINUTE);
    assert_false(rig_closed(rig, 1));
}

/* Rack and processor lose their power together: 'last' survives it. */
static void last_survives_a_power_cut_of_everything(void **state)
{
    struct rig *rig = *state;
    rig_switch(rig, COMMAND_ON, 1);
    rig_kill(rig, false);
    rig_lose_power(rig, RIG_MINUTE);
    rig->boot = "boot-2";
    rig_start(rig);
    rig_run(rig, 10 * CLOCK_S);
    assert_true(rig_closed(rig, 1));
}

static void a_second_cut_in_the_middle_of_a_power_up_forgets_nothing(void **state)
{
    struct rig *rig = *state;
    rig_switch(rig, COMMAND_ON, 1);
    rig_switch(rig, COMMAND_ON, 12);
    rig_lose_power(rig, RIG_MINUTE);
    rig_run(rig, 1500 * CLOCK_MS); /* 12 is on again, 1 waits for its turn */
    assert_true(rig_closed(rig, 12) && !rig_closed(rig, 1));
    rig_lose_power(rig, RIG_MINUTE);
    rig_run(rig, 10 * CLOCK_S);
    assert_true(rig_closed(rig, 12) && rig_closed(rig, 1));
}

static void a_power_up_is_finished_after_a_kill(void **state)
{
    struct rig *rig = *state;
    rig_switch(rig, COMMAND_ON, 1);
    rig_lose_power(rig, RIG_MINUTE);
    rig_run(rig, 1500 * CLOCK_MS);
    rig_kill(rig, false);
    rig->yaml = cancelling; /* nobody asked for it to be dropped */
    rig_start(rig);
    rig_run(rig, 10 * CLOCK_S);
    assert_true(rig_closed(rig, 1));
}

static void an_interlock_holds_in_a_power_up(void **state)
{
    struct rig *rig = *state;
    rig_contact(&rig->outlets[0][5], true);
    rig_contact(&rig->outlets[0][6], true); /* somebody broke the rule by hand */
    rig_run(rig, 2 * CLOCK_S);
    rig_lose_power(rig, RIG_MINUTE);
    rig_run(rig, 10 * CLOCK_S);
    assert_int_equal(rig_closed(rig, 6) + rig_closed(rig, 7), 1);
}

static void power_that_goes_midway_is_said(void **state)
{
    struct rig *rig = *state;
    char id[24];
    rig_switch(rig, COMMAND_ON, 1);
    rig->outlets[0][11].fault = RIG_DIES;
    rig_do(rig, COMMAND_ON, "pdu-0/outlet-12", id);
    rig_run(rig, RIG_MINUTE);
    assert_int_equal(rig_step(rig, id)->state, COMMAND_UNKNOWN);
    rig->outlets[0][11].fault = RIG_OBEYS;
    rig_power(rig, 0);
    rig_run(rig, 10 * CLOCK_S);
    assert_int_equal(rig_step(rig, id)->state, COMMAND_FAILED);
    assert_true(rig_closed(rig, 1));
    assert_false(rig_closed(rig, 12)); /* it was never seen on */
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, rig_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(two_are_never_on_together),
        TEST(both_at_once_are_refused),
        TEST(two_clients_cannot_bring_both_on),
        TEST(an_unknown_one_may_be_on),
        TEST(a_selector_breaks_before_it_makes),
        TEST(a_selector_that_does_not_open_lets_nothing_close),
        TEST(the_parent_goes_on_first_and_off_last),
        TEST(an_interlock_holds_through_a_restart),
        TEST(our_restart_changes_no_outlet),
        TEST(a_kill_after_the_last_off_switches_nothing_on),
        TEST(pending_actions_go_on_after_a_restart),
        TEST(pending_actions_are_cancelled_where_the_settings_say_so),
        TEST(a_reboot_that_took_the_power_brings_it_back),
        TEST(what_was_sent_is_read_not_sent_again),
        TEST(a_broken_file_switches_nothing),
        TEST(outlets_come_back_as_the_settings_say),
        TEST(an_outlet_can_come_back_by_the_clock),
        TEST(the_loss_of_a_part_alone_is_noticed),
        TEST(a_board_that_runs_on_had_no_loss),
        TEST(a_board_that_comes_up_on_is_brought_back_too),
        TEST(a_locked_outlet_comes_back_too),
        TEST(a_lost_cable_is_no_loss_of_power),
        TEST(outlets_switched_off_by_hand_stay_off),
        TEST(last_survives_a_power_cut_of_everything),
        TEST(a_second_cut_in_the_middle_of_a_power_up_forgets_nothing),
        TEST(a_power_up_is_finished_after_a_kill),
        TEST(an_interlock_holds_in_a_power_up),
        TEST(power_that_goes_midway_is_said),
    };
    return cmocka_run_group_tests_name("switcher_power", tests, NULL, NULL);
}
