/* Load protection: sums that refuse, and what is counted when readings are missing. Sums are done
 * by hand. */
#include "load_testing.h"

/* ---- settings -------------------------------------------------------------------------------- */

static void mistakes_are_named_with_the_way_out(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *record, *words;
    } rows[] = {
        {"of: rack, limit: 13", "must be site or a component such as pdu-a/circuit-1"},
        {"of: pdu-a/circut-1, limit: 13", "must be site or a component"},
        {"of: pdu-a/circuit-1, limit: 0", "limit"},
        {"of: site, limit: 13, measured: m/total", "\"m/total\" is no point"},
        {"of: site, limit: 13, hysteresis: 13", "less than the limit"},
        {"of: site, limit: 13, shed: pdu-a/fan", "is no path of an outlet"},
        {"of: site, limit: 13, shed_after: 100 ms", "shed_after"},
    };
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        char text[300];
        struct err_list errors = ERR_LIST_EMPTY;
        snprintf(text, sizeof text, "budgets:\n  b: {%s}\n", rows[i].record);
        assert_null(read_settings(f, text, &errors));
        if (!strstr(errors.list[0].text, rows[i].words))
            fail_msg("%s: %s", rows[i].record, errors.list[0].text);
        err_list_deinit(&errors);
    }
}

/* ---- sums ------------------------------------------------------------------------------------ */

static void the_sum_is_shown(void **state)
{
    struct fixture *f = *state;
    begin(f, CIRCUIT);
    switch_outlet(f, 3, true, 1.2); /* what they draw while on, */
    switch_outlet(f, 4, true, 1.1);
    switch_outlet(f, 3, false, 0); /* and then they go off */
    switch_outlet(f, 4, false, 0);
    poll(f, 11.9);
    assert_string_equal(ask(f, "34"), "Circuit 1 would be 14.2 A of 13 A: 11.9 A now + 1.2 A "
                                      "outlet-3 + 1.1 A outlet-4");
    assert_string_equal(ask(f, "4"), ""); /* 13.0 of 13 */
    assert_string_equal(ask(f, "3"), "Circuit 1 would be 13.1 A of 13 A: 11.9 A now + 1.2 A "
                                     "outlet-3");
    assert_string_equal(ask(f, "56"), ""); /* another circuit */
    assert_string_equal(ask(f, ""), "");
    /* never on: the rated current counts */
    assert_string_equal(ask(f, "1"),
                        "Circuit 1 would be 13.9 A of 13 A: 11.9 A now + 2 A outlet-1");
}

static void a_sum_never_looks_like_the_limit(void **state)
{
    struct fixture *f = *state;
    begin(f, CIRCUIT);
    poll(f, 11.004);
    assert_string_equal(ask(f, "1"),
                        "Circuit 1 would be 13.004 A of 13 A: 11 A now + 2 A outlet-1");
}

static void what_is_on_is_counted_once(void **state)
{
    struct fixture *f = *state;
    begin(f, CIRCUIT);
    switch_outlet(f, 3, true, 12.5);
    poll(f, 12.5);
    assert_string_equal(ask(f, "3"), "");
    assert_string_equal(ask(f, "33"), "");
    assert_string_equal(ask(f, "31"),
                        "Circuit 1 would be 14.5 A of 13 A: 12.5 A now + 2 A outlet-1");
}

static void the_highest_counts_not_the_last(void **state)
{
    struct fixture *f = *state;
    begin(f, CIRCUIT);
    switch_outlet(f, 3, true, 1.5);
    put(f, f->current[3], 0); /* read before the state says off */
    loop_poll(f->loop);
    switch_outlet(f, 3, false, 0);
    poll(f, 12);
    assert_string_equal(ask(f, "3"),
                        "Circuit 1 would be 13.5 A of 13 A: 12 A now + 1.5 A outlet-3");
    switch_outlet(f, 3, true, 0.7); /* something smaller is plugged in now */
    switch_outlet(f, 3, false, 0);
    assert_string_equal(ask(f, "3"), "");
}

static void a_stale_reading_is_no_zero(void **state)
{
    struct fixture *f = *state;
    begin(f, CIRCUIT);
    switch_outlet(f, 1, true, 6);
    switch_outlet(f, 2, true, 6.5);
    poll(f, 12.5);
    point_mark(f->circuit, QUALITY_STALE, REASON_TOO_OLD);
    assert_string_equal(ask(f, "3"), "Circuit 1 would be 14.5 A of 13 A: 12.5 A now by its outlets "
                                     "+ 2 A outlet-3");
    assert_int_equal(load_view(f->load, 0).basis, LOAD_SUMMED);
    point_mark(f->state[4], QUALITY_STALE, REASON_TOO_OLD); /* may be on: rated 2 A */
    assert_int_equal(load_view(f->load, 0).basis, LOAD_GUESSED);
    assert_true(fabs(load_view(f->load, 0).now - 14.5) < 1e-9);
}

static void what_cannot_be_told_is_refused(void **state)
{
    struct fixture *f = *state;
    component_set_rated_current(f->state[1]->component, 0);
    begin(f, "budgets:\n  rack: {of: pdu-a/circuit-1, limit: 13}\n");
    assert_string_equal(ask(f, "1"),
                        "rack cannot be checked: what outlet-1 draws is not known; give it a "
                        "rated_current in its settings, or set budgets.rack.refuse_unknown to "
                        "false");
    assert_string_equal(ask(f, "2"), "");
    point_mark(f->circuit, QUALITY_STALE, REASON_SILENT);
    point_mark(f->state[1], QUALITY_STALE, REASON_SILENT);
    assert_non_null(strstr(ask(f, "2"), "what outlet-1 draws is not known"));
    assert_int_equal(load_view(f->load, 0).basis, LOAD_UNKNOWN);
    assert_true(isnan(load_view(f->load, 0).now));
}

static void unless_it_is_set_so(void **state)
{
    struct fixture *f = *state;
    component_set_rated_current(f->state[1]->component, 0);
    begin(f, "budgets: {rack: {of: pdu-a/circuit-1, limit: 13, refuse_unknown: false}}\n");
    assert_string_equal(ask(f, "1"), "");
}

static void settings_go_before_the_profile(void **state)
{
    struct fixture *f = *state;
    begin(f, CIRCUIT "outlets: {pdu-a/outlet-1: {rated_current: 5}}\n");
    poll(f, 9);
    assert_string_equal(ask(f, "1"), "Circuit 1 would be 14 A of 13 A: 9 A now + 5 A outlet-1");
}

static void phases_reach_over_circuits_and_watts_are_counted(void **state)
{
    struct fixture *f = *state;
    begin(f, "budgets:\n"
             "  a: {of: pdu-a/phase-a, limit: 3}\n" /* not measured: its outlets are added up */
             "  all: {of: site, limit: 2000, unit: W}\n");
    switch_outlet(f, 1, true, 1.5);
    poll(f, 1.5);
    assert_string_equal(ask(f, "2"),
                        "a would be 3.5 A of 3 A: 1.5 A now by its outlets + 2 A outlet-2");
    /* 230 V: outlet 1 has no power reading, so its highest current does not tell watts; its rating
     * of 2 A does: 460 W, and 460 W each for the others */
    assert_string_equal(ask(f, "56"), "");
    switch_outlet(f, 5, true, 1.9);
    switch_outlet(f, 6, true, 1.9);
    assert_string_equal(ask(f, "3456"),
                        "a would be 5.5 A of 3 A: 1.5 A now by its outlets + 2 A outlet-3 + 2 A "
                        "outlet-4");
    put(f, f->volts, 300);
    assert_string_equal(load_view(f->load, 1).name, "all");
    assert_true(fabs(load_view(f->load, 1).now - 3 * 2 * 300) < 1e-9);
}

static void many_are_added_up(void **state)
{
    struct fixture *f = *state;
    begin(f, "budgets: {rack: {of: pdu-a/total, limit: 5}}\n");
    assert_string_equal(ask(f, "123456"),
                        "rack would be 12 A of 5 A: 0 A now by its outlets + 2 A outlet-1 + 2 A "
                        "outlet-2 + 2 A outlet-3 + 2 A outlet-4 + 2 A outlet-5 + 2 A outlet-6");
}

/* ---- what is on its way ---------------------------------------------------------------------- */

static struct command *add_command(struct fixture *f, enum command_action action,
                                   const char *target)
{
    struct command_wish wish = {.action = action,
                                .targets = &target,
                                .target_count = 1,
                                .actor = "anna",
                                .origin = "test",
                                .reason = ""};
    struct command_plan plan = {.target = target, .label = "", .before = 0, .wish = 1};
    struct command *command = commands_add(f->commands, &wish, NULL, &plan, 1);
    commands_touch(f->commands, command);
    return command;
}

static void what_others_switch_on_counts_until_it_is_seen(void **state)
{
    struct fixture *f = *state;
    begin(f, CIRCUIT);
    poll(f, 10);
    assert_string_equal(ask(f, "2"), "");
    struct command *command = add_command(f, COMMAND_ON_DELAYED, "pdu-a/outlet-1");
    const char *sum = "Circuit 1 would be 14 A of 13 A: 10 A now + 2 A on its way + 2 A outlet-2";
    assert_string_equal(ask(f, "2"), sum);
    assert_string_equal(ask(f, "1"), ""); /* it is not counted twice */
    command->steps[0].state = COMMAND_SENT;
    assert_string_equal(ask(f, "2"), sum);
    /* On, and read back so; the circuit was read before. */
    loop_advance(f->loop, CLOCK_S);
    switch_outlet(f, 1, true, 0);
    command->steps[0].state = COMMAND_CONFIRMED;
    commands_end(f->commands, command);
    assert_string_equal(ask(f, "2"), sum);
    loop_advance(f->loop, CLOCK_S);
    put(f, f->current[1], 0.8);
    poll(f, 10.8);
    assert_string_equal(ask(f, "2"), ""); /* 12.8 */
}

static void cancelled_and_off_count_for_nothing(void **state)
{
    struct fixture *f = *state;
    begin(f, CIRCUIT);
    poll(f, 10);
    add_command(f, COMMAND_OFF, "pdu-a/outlet-1");
    struct command *command = add_command(f, COMMAND_ON, "pdu-a/outlet-3");
    command->steps[0].state = COMMAND_CANCELLED;
    commands_end(f->commands, command);
    assert_string_equal(ask(f, "2"), "");
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(mistakes_are_named_with_the_way_out),
        TEST(the_sum_is_shown),
        TEST(a_sum_never_looks_like_the_limit),
        TEST(what_is_on_is_counted_once),
        TEST(the_highest_counts_not_the_last),
        TEST(a_stale_reading_is_no_zero),
        TEST(what_cannot_be_told_is_refused),
        TEST(unless_it_is_set_so),
        TEST(settings_go_before_the_profile),
        TEST(phases_reach_over_circuits_and_watts_are_counted),
        TEST(many_are_added_up),
        TEST(what_others_switch_on_counts_until_it_is_seen),
        TEST(cancelled_and_off_count_for_nothing),
    };
    return cmocka_run_group_tests_name("load", tests, NULL, NULL);
}
