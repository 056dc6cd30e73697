/* The switcher on boards of our own: what is proven, what is said, what must wait. */
#include "engine/switcher_story.h"

#include <math.h>

static const char plain[] = "devices: {pdu-0: {}, pdu-1: {}}\n"
                            "outlets:\n"
                            "  pdu-0/outlet-1: {name: Web, on_delay: 2 s, off_delay: 3 s, "
                            "reboot_delay: 4 s, reboot_hold: 6 s}\n"
                            "  pdu-0/outlet-2: {min_off: 10 s}\n"
                            "  pdu-0/outlet-3: {critical: true}\n"
                            "  pdu-0/outlet-7: {min_current: 0.5}\n"
                            "  pdu-1/outlet-6: {confirm_within: 1 min}\n"
                            "groups:\n"
                            "  row: {members: 'pdu-1/outlet-2, pdu-1/outlet-1, pdu-1/outlet-3', "
                            "step: 100 ms}\n";

static int set_up(void **state)
{
    struct rig *rig = rig_new(2, 8, plain);
    rig->outlets[0][6].measured = true;
    rig_start(rig);
    rig_run(rig, 2 * CLOCK_S);
    *state = rig;
    return 0;
}

/* ---- what is done ---------------------------------------------------------------------------- */

/* A write and a reading, 2 ms each. */
static void on_is_written_at_once_and_proven(void **state)
{
    struct rig *rig = *state;
    char id[24];
    rig_do(rig, COMMAND_ON, "pdu-0/outlet-8", id);
    rig_expect(rig, id, COMMAND_SENT, "");
    rig_run(rig, 3 * CLOCK_MS);
    assert_true(rig->outlets[0][7].closed);
    rig_expect(rig, id, COMMAND_SENT, "");
    rig_run(rig, 2 * CLOCK_MS);
    rig_expect(rig, id, COMMAND_CONFIRMED, "");
    const struct command_step *step = rig_step(rig, id);
    assert_true(step->before == 0 && step->after == 1);
    assert_int_equal(step->written_us, 0);
    assert_int_equal(step->confirmed_us, 4 * CLOCK_MS);
    assert_true(commands_find(rig->commands, id)->ended > 0);
    assert_int_equal(rig->outlets[0][7].writes, 1);
}

static void delayed_actions_wait_for_the_outlets_own_delay(void **state)
{
    struct rig *rig = *state;
    struct rig_outlet *outlet = &rig->outlets[0][0];
    char id[24];
    rig_do(rig, COMMAND_ON_DELAYED, "pdu-0/outlet-1", id);
    rig_expect(rig, id, COMMAND_PENDING, "");
    rig_run(rig, 2 * CLOCK_S);
    assert_false(outlet->closed);
    rig_run(rig, 10 * CLOCK_MS);
    assert_true(outlet->closed);
    rig_expect(rig, id, COMMAND_CONFIRMED, "");
    rig_do(rig, COMMAND_OFF_DELAYED, "pdu-0/outlet-1", id);
    rig_run(rig, 3 * CLOCK_S);
    assert_true(outlet->closed);
    rig_run(rig, 10 * CLOCK_MS);
    assert_false(outlet->closed);
}

static void a_reboot_is_off_proven_held_and_on(void **state)
{
    struct rig *rig = *state;
    struct rig_outlet *outlet = &rig->outlets[0][0];
    char id[24];
    rig_do(rig, COMMAND_ON, "pdu-0/outlet-1", NULL);
    rig_run(rig, CLOCK_S);
    clock_us begin = clock_mono(&rig->clock);
    rig_do(rig, COMMAND_REBOOT_DELAYED, "pdu-0/outlet-1", id);
    rig_run(rig, 4 * CLOCK_S + 20 * CLOCK_MS);
    assert_false(outlet->closed);
    /* 5 ms for the disk, 2 for the way there */
    assert_int_equal(outlet->changed - begin, 4 * CLOCK_S + 7 * CLOCK_MS);
    clock_us off = outlet->changed;
    rig_run(rig, 7 * CLOCK_S);
    assert_true(outlet->closed);
    /* proven 2 ms after, held 6 s, 2 ms for the way */
    assert_int_equal(outlet->changed - off, 6 * CLOCK_S + 4 * CLOCK_MS);
    rig_expect(rig, id, COMMAND_CONFIRMED, "");
}

/* powerman#148: "on" must not come before the off is seen. */
static void a_reboot_without_an_off_reading_goes_no_further(void **state)
{
    struct rig *rig = *state;
    struct rig_outlet *outlet = &rig->outlets[0][0];
    char id[24];
    rig_do(rig, COMMAND_ON, "pdu-0/outlet-1", NULL);
    rig_run(rig, CLOCK_S);
    outlet->fault = RIG_IGNORES;
    rig_do(rig, COMMAND_REBOOT, "pdu-0/outlet-1", id);
    rig_run(rig, 20 * CLOCK_S);
    rig_expect(rig, id, COMMAND_FAILED, "accepted and did not obey: it still reads on");
    assert_int_equal(outlet->writes, 2);
}

static void the_power_that_a_reboot_took_comes_back_through_faults(void **state)
{
    struct rig *rig = *state;
    struct rig_outlet *outlet = &rig->outlets[0][0];
    char id[24];
    rig_do(rig, COMMAND_ON, "pdu-0/outlet-1", NULL);
    rig_run(rig, CLOCK_S);
    rig_do(rig, COMMAND_REBOOT, "pdu-0/outlet-1", id);
    rig_run(rig, CLOCK_S);
    outlet->fault = RIG_LOST; /* three times nothing happens and no answer comes */
    rig_run(rig, 15 * CLOCK_S);
    assert_false(outlet->closed);
    outlet->fault = RIG_OBEYS;
    rig_run(rig, 10 * CLOCK_S);
    assert_true(outlet->closed);
    rig_expect(rig, id, COMMAND_CONFIRMED, "");
}

/* 8 outlets of which each waits: the group's order, 100 ms apart, beside the own delay. */
static void a_group_goes_in_its_order_and_off_the_other_way_round(void **state)
{
    struct rig *rig = *state;
    clock_us begin = clock_mono(&rig->clock);
    rig_do(rig, COMMAND_ON_DELAYED, "group/row", NULL);
    rig_run(rig, CLOCK_S);
    static const size_t order[] = {1, 0, 2};
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(rig->outlets[1][order[i]].changed - begin,
                         (clock_us)i * 100 * CLOCK_MS + 2 * CLOCK_MS);
    begin = clock_mono(&rig->clock);
    rig_do(rig, COMMAND_OFF_DELAYED, "group/row", NULL);
    rig_run(rig, CLOCK_S);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(rig->outlets[1][order[2 - i]].changed - begin,
                         (clock_us)i * 100 * CLOCK_MS + 2 * CLOCK_MS);
}

static void targets_are_outlets_groups_devices_and_patterns(void **state)
{
    struct rig *rig = *state;
    struct err err;
    size_t list[20];
    assert_int_equal(switcher_outlet_count(rig->switcher), 16);
    assert_int_equal(switcher_target(rig->switcher, "pdu-0/outlet-3", list, 20, &err), 1);
    assert_int_equal(list[0], 2);
    assert_int_equal(switcher_target(rig->switcher, "pdu-1", list, 20, &err), 8);
    assert_int_equal(switcher_target(rig->switcher, "*/outlet-1", list, 20, &err), 2);
    assert_int_equal(switcher_target(rig->switcher, "group/row", list, 20, &err), 3);
    assert_int_equal(list[0], 9);
    assert_int_equal(switcher_target(rig->switcher, "group/raw", list, 20, &err), 0);
    assert_non_null(strstr(err.text, "did you mean \"row\"?"));
    rig_expect_refusal(rig, COMMAND_ON, "pdu-0/outlet-33", COMMAND_NOT_FOUND,
                       "there is no outlet \"pdu-0/outlet-33\"; did you mean \"pdu-0/outlet-");
}

/* However often and by whatever name; the first mention counts, here without the group's steps. */
static void an_outlet_is_switched_once_however_often_it_is_named(void **state)
{
    struct rig *rig = *state;
    const char *targets[4000];
    static const char *const names[] = {"pdu-1/outlet-2", "pdu-1", "group/row", "*/outlet-*"};
    for (size_t i = 0; i < TEST_COUNT(targets); i++)
        targets[i] = names[i % TEST_COUNT(names)];
    struct command_answer answer;
    struct command_wish wish = {.action = COMMAND_ON_DELAYED,
                                .targets = targets,
                                .target_count = 3,
                                .actor = "anna",
                                .role = ROLE_ADMINISTRATOR};
    commands_submit(rig->commands, &wish, &answer);
    assert_int_equal(answer.command->step_count, 8);
    rig_run(rig, 10 * CLOCK_MS);
    for (size_t i = 0; i < 8; i++)
        assert_int_equal(rig->outlets[1][i].writes, 1);
    wish.action = COMMAND_CANCEL;
    wish.target_count = TEST_COUNT(targets);
    commands_submit(rig->commands, &wish, &answer);
    assert_int_equal(answer.command->step_count, 16);
}

/* ---- what a device does wrong ---------------------------------------------------------------- */

static void each_fault_has_its_sentence(void **state)
{
    struct rig *rig = *state;
    static const struct {
        enum rig_fault fault;
        enum command_state state;
        const char *reason;
        bool closed;
    } rows[] = {
        {RIG_IGNORES, COMMAND_FAILED, "the device accepted and did not obey: it still reads off",
         false},
        {RIG_LATE, COMMAND_CONFIRMED, "", true},
        {RIG_REFUSES, COMMAND_REFUSED, "the device refused: exception 4", false},
        {RIG_LOST_DONE, COMMAND_CONFIRMED, "", true},
        {RIG_LOST, COMMAND_FAILED, "no proper answer came, and it reads off: it did not switch",
         false},
    };
    struct rig_outlet *outlet = &rig->outlets[0][7];
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        char id[24];
        rig_contact(outlet, false);
        rig_run(rig, 2 * CLOCK_S);
        outlet->writes = 0;
        outlet->fault = rows[i].fault;
        rig_do(rig, COMMAND_ON, "pdu-0/outlet-8", id);
        rig_run(rig, 5 * CLOCK_S);
        rig_expect(rig, id, rows[i].state, rows[i].reason);
        assert_int_equal(outlet->closed, rows[i].closed);
        assert_int_equal(outlet->writes, 1); /* never repeated blindly */
    }
}

/* powerman#67: what is slow by its nature is given its time, what is not is not waited for. */
static void slow_equipment_has_a_time_of_its_own(void **state)
{
    struct rig *rig = *state;
    char slow[24], quick[24];
    rig->late_by = 46 * CLOCK_S;
    rig->outlets[1][5].fault = rig->outlets[1][6].fault = RIG_LATE;
    rig_do(rig, COMMAND_ON, "pdu-1/outlet-6", slow);
    rig_do(rig, COMMAND_ON, "pdu-1/outlet-7", quick);
    rig_run(rig, 45 * CLOCK_S);
    rig_expect(rig, slow, COMMAND_SENT, "");
    rig_expect(rig, quick, COMMAND_FAILED, "did not obey");
    rig_run(rig, 2 * CLOCK_S);
    rig_expect(rig, slow, COMMAND_CONFIRMED, "");
    assert_int_equal(rig->outlets[1][5].writes, 1);
}

/* sonic-mgmt#27953: an ambiguous outcome is unknown, read again, reported. */
static void an_outlet_that_cannot_be_read_is_unknown_until_it_can(void **state)
{
    struct rig *rig = *state;
    char id[24];
    rig->outlets[0][7].fault = RIG_LOST_DONE;
    rig_do(rig, COMMAND_ON, "pdu-0/outlet-8", id);
    rig_run(rig, 3 * CLOCK_MS);
    rig_expect(rig, id, COMMAND_UNKNOWN, "no proper answer (no answer within 500 ms)");
    rig->boards[0].contact = false;
    rig_run(rig, RIG_MINUTE);
    rig_expect(rig, id, COMMAND_UNKNOWN, "nobody knows, it is read again");
    assert_int_equal(commands_find(rig->commands, id)->ended, 0);
    rig->boards[0].contact = true;
    rig_run(rig, 5 * CLOCK_S);
    rig_expect(rig, id, COMMAND_CONFIRMED, "");
}

static void an_outcome_that_stays_unknown_ends_as_unknown(void **state)
{
    struct rig *rig = *state;
    char id[24];
    rig_do(rig, COMMAND_ON, "pdu-0/outlet-8", id);
    rig->boards[0].contact = false;
    rig_run(rig, 11 * RIG_MINUTE);
    rig_expect(rig, id, COMMAND_UNKNOWN, "what became of it could not be read");
    assert_true(commands_find(rig->commands, id)->ended > 0);
}

static void current_that_flows_while_off_is_said(void **state)
{
    struct rig *rig = *state;
    struct rig_outlet *outlet = &rig->outlets[0][6];
    char id[24];
    rig_do(rig, COMMAND_ON, "pdu-0/outlet-7", id);
    rig_run(rig, CLOCK_S);
    rig_expect(rig, id, COMMAND_CONFIRMED, "");
    outlet->welded = true;
    rig_do(rig, COMMAND_OFF, "pdu-0/outlet-7", id);
    rig_run(rig, 5 * CLOCK_S);
    rig_expect(rig, id, COMMAND_FAILED,
               "1.00 A flowed while it read off: its contact may be welded");
}

static void too_little_current_after_on_is_said(void **state)
{
    struct rig *rig = *state;
    char id[24];
    rig->outlets[0][6].draws = 0.2;
    rig_do(rig, COMMAND_ON, "pdu-0/outlet-7", id);
    rig_run(rig, 5 * CLOCK_S);
    rig_expect(rig, id, COMMAND_CONFIRMED, "on, but only 0.20 A flow");
}

/* ---- changes meanwhile ----------------------------------------------------------------------- */

static void reconfigure(struct rig *rig, const char *yaml)
{
    struct config *fresh = rig_config(yaml, NULL, 0);
    switcher_configure(rig->switcher, fresh);
    config_free(rig->config);
    rig->config = fresh;
}

static void a_sequence_keeps_its_times_and_obeys_new_rules(void **state)
{
    struct rig *rig = *state;
    char id[24];
    rig_do(rig, COMMAND_ON_DELAYED, "group/row", id);
    reconfigure(rig, "devices: {pdu-0: {}, pdu-1: {}}\n"
                     "outlets:\n"
                     "  pdu-1/outlet-1: {lock: true}\n"
                     "  pdu-1/outlet-3: {on_delay: 1 min}\n");
    rig_run(rig, CLOCK_S);
    const struct command *command = commands_find(rig->commands, id);
    assert_int_equal(command->steps[0].state, COMMAND_CONFIRMED);
    assert_int_equal(command->steps[1].state, COMMAND_REFUSED);
    assert_string_equal(command->steps[1].reason, "pdu-1/outlet-1 was locked meanwhile");
    assert_int_equal(command->steps[2].state, COMMAND_CONFIRMED);
}

static void an_outlet_that_vanishes_ends_its_step(void **state)
{
    struct rig *rig = *state;
    char id[24];
    rig_do(rig, COMMAND_ON_DELAYED, "pdu-0/outlet-1", id);
    site_device_remove(rig->site, site_device_find(rig->site, "pdu-0"));
    loop_timer_stop(&rig->poll_timer);
    rig_run(rig, CLOCK_S);
    rig_expect(rig, id, COMMAND_CANCELLED, "taken out of the settings");
    assert_int_equal(switcher_outlet_count(rig->switcher), 8);
}

static bool no_more_than_two(void *user, const point_id *points, size_t count, struct err *err)
{
    size_t *asked = user;
    *asked = count;
    assert_true(points[0] != 0);
    if (count <= 2)
        return true;
    err_set(err, -1, "12.0 A of 10.0 A on phase a");
    return false;
}

static void the_load_budget_is_asked_for_what_goes_on(void **state)
{
    struct rig *rig = *state;
    size_t asked = 0;
    switcher_set_budget(rig->switcher, no_more_than_two, &asked);
    rig_expect_refusal(rig, COMMAND_ON, "group/row", COMMAND_NOT_ALLOWED, "12.0 A of 10.0 A");
    assert_int_equal(asked, 3);
    rig_do(rig, COMMAND_ON, "pdu-1/outlet-1", NULL);
    rig_run(rig, CLOCK_S);
    rig_do(rig, COMMAND_ON, "group/row", NULL); /* one of them is on already */
    assert_int_equal(asked, 2);
}

static void a_question_changes_nothing(void **state)
{
    struct rig *rig = *state;
    static const char *const targets[] = {"group/row"};
    struct command_wish wish = {.action = COMMAND_ON_DELAYED,
                                .targets = targets,
                                .target_count = 1,
                                .actor = "anna",
                                .role = ROLE_CONTROL,
                                .only_ask = true};
    struct command_answer answer;
    commands_submit(rig->commands, &wish, &answer);
    assert_int_equal(answer.verdict, COMMAND_ACCEPTED);
    assert_int_equal(answer.command->step_count, 3);
    assert_string_equal(answer.command->steps[0].target, "pdu-1/outlet-2");
    assert_int_equal(answer.command->steps[2].due - clock_mono(&rig->clock), 200 * CLOCK_MS);
    rig_run(rig, CLOCK_S);
    assert_int_equal(rig->outlets[1][1].writes, 0);
    assert_int_equal(commands_count(rig->commands), 0);
}

/* 480 outlets on 20 boards, one every 100 ms: exact on this clock. */
static void a_long_sequence_is_exact(void **state)
{
    (void)state;
    struct rig *rig = malloc(sizeof *rig);
    char yaml[2000] = "devices: {";
    for (int i = 0; i < 20; i++)
        sprintf(yaml + strlen(yaml), "%spdu-%d: {}", i ? ", " : "", i);
    strcat(yaml, "}\ngroups: {all: {members: '*/outlet-*', step: 100 ms}}\n");
    rig_make(rig, 20, 24, yaml);
    rig->trip = 0;
    rig_start(rig);
    rig_run(rig, 2 * CLOCK_S);
    clock_us begin = clock_mono(&rig->clock);
    char id[24];
    rig_do(rig, COMMAND_ON_DELAYED, "group/all", id);
    rig_run(rig, 49 * CLOCK_S);
    for (size_t i = 0; i < 480; i++)
        assert_int_equal(rig->outlets[i / 24][i % 24].changed - begin,
                         (clock_us)i * 100 * CLOCK_MS);
    assert_true(commands_find(rig->commands, id)->ended > 0);
    rig_free(rig);
    free(rig);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, rig_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(on_is_written_at_once_and_proven),
        TEST(delayed_actions_wait_for_the_outlets_own_delay),
        TEST(a_reboot_is_off_proven_held_and_on),
        TEST(a_reboot_without_an_off_reading_goes_no_further),
        TEST(the_power_that_a_reboot_took_comes_back_through_faults),
        TEST(a_group_goes_in_its_order_and_off_the_other_way_round),
        TEST(targets_are_outlets_groups_devices_and_patterns),
        TEST(an_outlet_is_switched_once_however_often_it_is_named),
        TEST(each_fault_has_its_sentence),
        TEST(slow_equipment_has_a_time_of_its_own),
        TEST(an_outlet_that_cannot_be_read_is_unknown_until_it_can),
        TEST(an_outcome_that_stays_unknown_ends_as_unknown),
        TEST(current_that_flows_while_off_is_said),
        TEST(too_little_current_after_on_is_said),
        TEST(a_sequence_keeps_its_times_and_obeys_new_rules),
        TEST(an_outlet_that_vanishes_ends_its_step),
        TEST(the_load_budget_is_asked_for_what_goes_on),
        TEST(a_question_changes_nothing),
        cmocka_unit_test(a_long_sequence_is_exact),
    };
    return cmocka_run_group_tests_name("switcher", tests, NULL, NULL);
}
