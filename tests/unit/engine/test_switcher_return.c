/* What an outlet needs before its power comes back, equipment that shut itself down although the
 * power never went, power that does not arrive, and a machine that slept. */
#include "engine/switcher_story.h"

static const char yaml[] =
    "devices: {pdu-0: {}, ups: {}, board: {}}\n"
    "outlets:\n"
    "  pdu-0/outlet-1: {power_up_when: ups/battery/charge >= 40, power_up_delay: 4 s}\n"
    "  pdu-0/outlet-2: {power_up_when: ups/battery/charge >= 40, power_up_delay: 6 s}\n"
    "  pdu-0/outlet-3: {power_up_delay: 8 s}\n"
    "  pdu-0/outlet-4: {cycle_after: ups/battery/charge < 15, power_up_delay: 5 s,\n"
    "    power_up_when: ups/battery/charge >= 40, reboot_hold: 10 s}\n"
    "  pdu-0/outlet-5: {cycle_after: ups/battery/charge < 15, lock: true}\n"
    "  pdu-0/outlet-12: {cycle_after: ups/battery/charge < 15, power_up_delay: 3 s}\n"
    "  pdu-0/outlet-6: {fed_by: board/circuit-3, power_up_delay: 3 s}\n"
    "  pdu-0/outlet-7: {fed_by: pdu-0/outlet-6}\n"
    "groups:\n"
    "  row: {members: 'pdu-0/outlet-8, pdu-0/outlet-9, pdu-0/outlet-10', step: 500 ms}\n";

static const struct word breaker_list[] = {{0, "open"}, {1, "closed"}, {2, "tripped"}};
static const struct words breaker_words = {.list = breaker_list, .count = 3};

static void put_point(struct rig *rig, const char *path, double number)
{
    struct point *point = site_point_find(rig->site, path);
    assert_non_null(point);
    point_put(point, number, loop_now(rig->loop), loop_wall(rig->loop));
}

static void battery(struct rig *rig, double charge)
{
    put_point(rig, "ups/battery/charge", charge);
}

/* The rig, a UPS and a board of breakers beside it. */
static void start(struct rig *rig)
{
    rig_start(rig);
    struct device *ups = site_device_add(
        rig->site, &(struct device_spec){.name = "ups", .unit = 1, .every = CLOCK_S});
    component_point_add(device_component(ups, COMPONENT_BATTERY, 0), QUANTITY_CHARGE);
    struct device *board = site_device_add(
        rig->site, &(struct device_spec){.name = "board", .unit = 2, .every = CLOCK_S});
    struct component *circuit = device_component(board, COMPONENT_CIRCUIT, 3);
    component_point_add(circuit, QUANTITY_STATE)->words = &breaker_words;
    component_point_add(device_component(board, COMPONENT_TOTAL, 0), QUANTITY_VOLTAGE);
}

static int set_up(void **state)
{
    struct rig *rig = rig_new(1, 12, yaml);
    start(rig);
    battery(rig, 90);
    put_point(rig, "board/circuit-3/state", 1);
    rig_run(rig, 2 * CLOCK_S);
    *state = rig;
    return 0;
}

/* What is pending at the outlet, as faces show it; "" when nothing is. */
static const char *waits_for(const struct rig *rig, int number)
{
    char path[40];
    struct switcher_outlet outlet;
    snprintf(path, sizeof path, "pdu-0/outlet-%d", number);
    assert_true(switcher_outlet_find(rig->switcher, path, &outlet));
    return outlet.step ? outlet.step->reason : "";
}

/* ---- power that may not come back yet -------------------------------------------------------- */

static void power_comes_back_when_the_battery_is_charged(void **state)
{
    struct rig *rig = *state;
    rig_switch(rig, COMMAND_ON, 1);
    rig_switch(rig, COMMAND_ON, 2);
    battery(rig, 12);
    rig_lose_power(rig, RIG_MINUTE);
    rig_run(rig, 60 * RIG_MINUTE);
    assert_false(rig_closed(rig, 1));
    assert_string_equal(waits_for(rig, 1),
                        "waits until ups/battery/charge is at least 40 (now 12 %)");
    battery(rig, 40);
    clock_us charged = clock_mono(&rig->clock);
    rig_run(rig, 20 * CLOCK_S);
    assert_true(rig_closed(rig, 1) && rig_closed(rig, 2));
    /* each by its own delay from there on, seen within a second: they do not come at once */
    clock_us first = rig->outlets[0][0].changed - charged;
    clock_us second = rig->outlets[0][1].changed - charged;
    assert_in_range(first, 4 * CLOCK_S, 5 * CLOCK_S + 100 * CLOCK_MS);
    assert_in_range(second, 6 * CLOCK_S, 7 * CLOCK_S + 100 * CLOCK_MS);
}

static void what_nobody_knows_is_not_charged(void **state)
{
    struct rig *rig = *state;
    rig_switch(rig, COMMAND_ON, 1);
    point_mark(site_point_find(rig->site, "ups/battery/charge"), QUALITY_STALE, REASON_SILENT);
    rig_lose_power(rig, RIG_MINUTE);
    rig_run(rig, RIG_MINUTE);
    assert_false(rig_closed(rig, 1));
    assert_non_null(strstr(waits_for(rig, 1), "(not known now)"));
    /* a person may know better */
    rig_switch(rig, COMMAND_ON, 1);
    assert_true(rig_closed(rig, 1));
}

/* The mains come, go before the delay has passed, and come again: it has its whole delay again. */
static void a_delay_begins_anew_with_each_return(void **state)
{
    struct rig *rig = *state;
    rig_switch(rig, COMMAND_ON, 2);
    battery(rig, 12);
    rig_lose_power(rig, RIG_MINUTE);
    rig_run(rig, RIG_MINUTE);
    for (int i = 0; i < 5; i++) {
        battery(rig, 50);
        rig_run(rig, 4 * CLOCK_S);
        battery(rig, 30);
        rig_run(rig, 4 * CLOCK_S);
        assert_false(rig_closed(rig, 2));
    }
    battery(rig, 50);
    rig_run(rig, 5 * CLOCK_S);
    assert_false(rig_closed(rig, 2));
    rig_run(rig, 3 * CLOCK_S);
    assert_true(rig_closed(rig, 2));
}

/* The board itself is without power twice: what had not come up by then waits as long again. */
static void a_second_loss_of_the_board_begins_all_delays_anew(void **state)
{
    struct rig *rig = *state;
    rig_switch(rig, COMMAND_ON, 3);
    rig_switch(rig, COMMAND_ON, 8);
    rig_lose_power(rig, RIG_MINUTE);
    rig_run(rig, 3 * CLOCK_S); /* 8 is on, 3 waits for its 8 s */
    assert_true(rig_closed(rig, 8) && !rig_closed(rig, 3));
    rig_lose_power(rig, RIG_MINUTE);
    rig_run(rig, 6 * CLOCK_S);
    assert_false(rig_closed(rig, 3));
    rig_run(rig, 4 * CLOCK_S);
    assert_true(rig_closed(rig, 3));
}

static void a_restart_in_the_middle_waits_on(void **state)
{
    struct rig *rig = *state;
    rig_switch(rig, COMMAND_ON, 1);
    battery(rig, 12);
    rig_lose_power(rig, RIG_MINUTE);
    rig_run(rig, RIG_MINUTE);
    for (int i = 0; i < 2; i++) {
        if (i)
            rig_stop(rig);
        else
            rig_kill(rig, false);
        start(rig);
        battery(rig, 12);
        rig_run(rig, RIG_MINUTE);
        assert_false(rig_closed(rig, 1));
        assert_non_null(strstr(waits_for(rig, 1), "is at least 40"));
    }
    battery(rig, 45);
    rig_run(rig, 3 * CLOCK_S);
    assert_false(rig_closed(rig, 1));
    rig_run(rig, 3 * CLOCK_S);
    assert_true(rig_closed(rig, 1));
}

/* ---- equipment that shut itself down --------------------------------------------------------- */

/* The battery ran empty, hosts shut down, and the mains came back in time. */
static void run_empty(struct rig *rig)
{
    battery(rig, 14);
    rig_run(rig, RIG_MINUTE);
    battery(rig, 20);
    rig_run(rig, RIG_MINUTE);
    assert_true(rig_closed(rig, 4)); /* 40 % are asked for */
}

static void a_host_that_shut_down_is_cycled(void **state)
{
    struct rig *rig = *state;
    struct rig_outlet *outlet = &rig->outlets[0][3];
    rig_switch(rig, COMMAND_ON, 4);
    run_empty(rig);
    battery(rig, 41);
    clock_us charged = clock_mono(&rig->clock);
    rig_run(rig, 4 * CLOCK_S);
    assert_true(rig_closed(rig, 4));
    rig_run(rig, 3 * CLOCK_S);
    assert_false(rig_closed(rig, 4));
    assert_in_range(outlet->changed - charged, 5 * CLOCK_S, 6 * CLOCK_S + 100 * CLOCK_MS);
    clock_us off = outlet->changed;
    rig_run(rig, RIG_MINUTE);
    assert_true(rig_closed(rig, 4));
    assert_true(outlet->changed - off >= 10 * CLOCK_S);
    const struct command *command = commands_at(rig->commands, 0);
    assert_int_equal(command->action, COMMAND_REBOOT);
    assert_string_equal(command->actor, "system");
    assert_non_null(strstr(command->reason, "ups/battery/charge < 15"));
    rig_run(rig, 60 * RIG_MINUTE);
    assert_int_equal(outlet->openings, 1); /* once */
}

static void who_had_no_power_is_not_cycled(void **state)
{
    struct rig *rig = *state;
    rig_switch(rig, COMMAND_ON, 4);
    battery(rig, 14);
    rig_run(rig, RIG_MINUTE);
    rig_lose_power(rig, RIG_MINUTE);
    rig_run(rig, RIG_MINUTE);
    battery(rig, 60);
    rig_run(rig, 10 * RIG_MINUTE);
    assert_true(rig_closed(rig, 4));
    assert_int_equal(rig->outlets[0][3].openings, 1); /* the loss itself */
}

static void who_was_off_meanwhile_or_stayed_up_is_not_cycled(void **state)
{
    struct rig *rig = *state;
    rig_switch(rig, COMMAND_ON, 4);
    battery(rig, 16); /* low, but nobody shut down */
    rig_run(rig, RIG_MINUTE);
    battery(rig, 60);
    rig_run(rig, RIG_MINUTE);
    assert_int_equal(rig->outlets[0][3].openings, 0);
    battery(rig, 14);
    rig_run(rig, RIG_MINUTE);
    battery(rig, 20);
    rig_switch(rig, COMMAND_OFF, 4); /* by a person */
    rig_switch(rig, COMMAND_ON, 4);
    battery(rig, 60);
    rig_run(rig, RIG_MINUTE);
    assert_int_equal(rig->outlets[0][3].openings, 1);
}

/* Without another condition it is the end of the one that shut it down that counts, if known. */
static void nobody_is_cycled_while_the_battery_is_low(void **state)
{
    struct rig *rig = *state;
    rig_switch(rig, COMMAND_ON, 12);
    battery(rig, 14);
    rig_run(rig, 10 * RIG_MINUTE);
    point_mark(site_point_find(rig->site, "ups/battery/charge"), QUALITY_STALE, REASON_SILENT);
    rig_run(rig, 10 * RIG_MINUTE);
    assert_int_equal(rig->outlets[0][11].openings, 0);
    battery(rig, 16);
    rig_run(rig, 2 * CLOCK_S);
    assert_int_equal(rig->outlets[0][11].openings, 0);
    rig_run(rig, RIG_MINUTE);
    assert_int_equal(rig->outlets[0][11].openings, 1);
    assert_true(rig_closed(rig, 12));
}

static void a_locked_outlet_is_not_cycled(void **state)
{
    struct rig *rig = *state;
    rig_contact(&rig->outlets[0][4], true);
    rig_run(rig, 2 * CLOCK_S);
    battery(rig, 14);
    rig_run(rig, RIG_MINUTE);
    battery(rig, 60);
    rig_run(rig, RIG_MINUTE);
    assert_true(rig_closed(rig, 5));
    assert_int_equal(rig->outlets[0][4].writes, 0);
}

/* Killed at any moment, from the empty battery to the middle of the reboot: it is cycled, once. */
static void a_kill_in_the_middle_of_a_cycle_loses_nothing(void **state)
{
    struct rig *rig = *state;
    for (int round = 0; round < 40; round++) {
        struct rig_outlet *outlet = &rig->outlets[0][3];
        if (!rig_closed(rig, 4))
            rig_switch(rig, COMMAND_ON, 4);
        unsigned openings = outlet->openings;
        run_empty(rig);
        battery(rig, 50);
        rig_run(rig, round * 500 * CLOCK_MS + round * CLOCK_MS);
        rig_kill(rig, round % 2);
        start(rig);
        battery(rig, 50);
        rig_run(rig, 5 * RIG_MINUTE);
        assert_true(rig_closed(rig, 4));
        assert_int_equal(outlet->openings, openings + 1);
    }
}

static void a_board_that_does_not_obey_is_asked_three_times(void **state)
{
    struct rig *rig = *state;
    rig_switch(rig, COMMAND_ON, 4);
    unsigned writes = rig->outlets[0][3].writes;
    run_empty(rig);
    rig->outlets[0][3].fault = RIG_IGNORES;
    battery(rig, 50);
    rig_run(rig, 60 * RIG_MINUTE);
    assert_true(rig_closed(rig, 4));
    assert_int_equal(rig->outlets[0][3].writes - writes, 3);
}

/* ---- all of it, at random -------------------------------------------------------------------- */

/* What must hold whatever happens to the battery, the board and the program. */
static struct watched {
    double charge;
    bool low; /* below 15 while outlet 4 was on, and it has not been off since */
    char boot[24];
} watched;

static void on_wrote(struct rig *rig, struct rig_outlet *outlet, bool on)
{
    (void)rig;
    if (on && outlet->number <= 2)
        assert_true(watched.charge >= 40);
}

static void on_moved(struct rig *rig, struct rig_outlet *outlet, bool cut)
{
    (void)rig;
    if (outlet->number != 4 || outlet->closed)
        return;
    assert_true(cut || watched.low); /* nobody else switches it off */
    watched.low = false;
}

static void set_charge(struct rig *rig, double charge)
{
    watched.charge = charge;
    battery(rig, charge);
    watched.low = watched.low || (charge < 15 && rig_closed(rig, 4));
}

static void one_thing(struct rig *rig, uint64_t *random)
{
    switch (test_below(random, 6)) {
    case 0: /* long enough to be noticed: a shorter one is none by the rules */
        rig_cut(rig, 0);
        rig_run(rig, 3 * CLOCK_S);
        break;
    case 1:
        if (!rig->boards[0].powered)
            rig_power(rig, 0);
        break;
    case 2:
        if (test_below(random, 2)) {
            rig_stop(rig);
        } else { /* without power itself: after a crash alone nothing kept is believed */
            rig_kill(rig, test_below(random, 2));
            snprintf(watched.boot, sizeof watched.boot, "boot-%u",
                     (unsigned)test_below(random, 1000000));
            rig->boot = watched.boot;
        }
        start(rig);
        set_charge(rig, watched.charge);
        put_point(rig, "board/circuit-3/state", 1);
        break;
    default:
        set_charge(rig, (double)test_below(random, 101));
    }
}

static void let_happen(struct rig *rig, uint64_t random)
{
    watched = (struct watched){.charge = 90};
    for (int i = 1; i <= 4; i++)
        rig_switch(rig, COMMAND_ON, i);
    rig->wrote = on_wrote;
    rig->moved = on_moved;
    for (int round = 0; round < 40; round++) {
        for (int i = 0; i < 25; i++) {
            one_thing(rig, &random);
            rig_run(rig, (clock_us)test_below(&random, 20 * CLOCK_S));
            /* a board that is on by then may have closed outlet 4 in a low battery */
            watched.low = watched.low || (watched.charge < 15 && rig_closed(rig, 4));
        }
        if (!rig->boards[0].powered)
            rig_power(rig, 0);
        set_charge(rig, 80);
        rig_run(rig, 10 * RIG_MINUTE);
        for (int i = 1; i <= 4; i++)
            assert_true(rig_closed(rig, i));
    }
}

static void whatever_happens_nothing_comes_too_early_or_never(void **state)
{
    let_happen(*state, test_seed());
}

/* The board loses its power again between the writing of an outlet and its reading: that outlet was
 * forgotten. The seed is of a run that met it. */
static void what_was_written_as_the_power_went_again_is_not_forgotten(void **state)
{
    let_happen(*state, 1795266419);
}

/* ---- power that does not arrive -------------------------------------------------------------- */

static int powered(const struct rig *rig, int number, char *reason)
{
    return switcher_powered(rig->switcher, (size_t)number - 1, reason, 160);
}

static void an_outlet_behind_an_open_breaker_says_so(void **state)
{
    struct rig *rig = *state;
    char reason[160];
    assert_int_equal(powered(rig, 6, reason), 0);
    assert_string_equal(reason, "off");
    rig_switch(rig, COMMAND_ON, 6);
    rig_switch(rig, COMMAND_ON, 7);
    assert_int_equal(powered(rig, 6, reason), -1); /* closed, and nothing measures */
    put_point(rig, "board/total/voltage", 229);
    assert_int_equal(powered(rig, 6, reason), 1);
    assert_int_equal(powered(rig, 7, reason), 1);
    put_point(rig, "board/circuit-3/state", 2);
    assert_int_equal(powered(rig, 6, reason), 0);
    assert_string_equal(reason, "board/circuit-3 is tripped");
    assert_int_equal(powered(rig, 7, reason), 0); /* through the other outlet */
    assert_string_equal(reason, "board/circuit-3 is tripped");
    put_point(rig, "board/circuit-3/state", 1);
    put_point(rig, "board/total/voltage", 0.4);
    assert_int_equal(powered(rig, 6, reason), 0);
    assert_string_equal(reason, "board/total has no voltage (0.4 V)");
    rig_switch(rig, COMMAND_OFF, 6);
    assert_int_equal(powered(rig, 7, reason), 0);
    assert_string_equal(reason, "pdu-0/outlet-6 is off");
    point_mark(site_point_find(rig->site, "pdu-0/outlet-7/state"), QUALITY_STALE, REASON_SILENT);
    assert_int_equal(powered(rig, 7, reason), -1);
}

/* Two that are said to feed each other: nobody knows, and nothing hangs. */
static void a_ring_of_feeders_is_not_known(void **state)
{
    struct rig *rig = *state;
    char reason[160];
    rig_stop(rig);
    rig->yaml =
        "devices: {pdu-0: {}}\n"
        "outlets: {pdu-0/outlet-1: {fed_by: outlet-2}, pdu-0/outlet-2: {fed_by: outlet-1}}\n";
    start(rig);
    rig_run(rig, 2 * CLOCK_S);
    rig_switch(rig, COMMAND_ON, 1);
    rig_switch(rig, COMMAND_ON, 2);
    assert_int_equal(powered(rig, 1, reason), -1);
    rig_switch(rig, COMMAND_OFF, 2);
    assert_int_equal(powered(rig, 1, reason), 0);
}

/* powerman PR#164: a power-up goes from the parent to what it feeds. */
static void a_power_up_waits_for_what_feeds_it(void **state)
{
    struct rig *rig = *state;
    rig_switch(rig, COMMAND_ON, 6);
    rig_switch(rig, COMMAND_ON, 7);
    put_point(rig, "board/circuit-3/state", 2);
    rig_lose_power(rig, RIG_MINUTE);
    rig_run(rig, 10 * RIG_MINUTE);
    assert_false(rig_closed(rig, 6) || rig_closed(rig, 7));
    assert_string_equal(waits_for(rig, 6), "waits for power: board/circuit-3 is tripped");
    assert_string_equal(waits_for(rig, 7), "waits for power: pdu-0/outlet-6 is off");
    put_point(rig, "board/circuit-3/state", 1);
    rig_run(rig, 10 * CLOCK_S);
    assert_true(rig_closed(rig, 6) && rig_closed(rig, 7));
    assert_true(rig->outlets[0][5].changed < rig->outlets[0][6].changed);
}

/* ---- a machine that slept -------------------------------------------------------------------- */

/* Time goes on while it sleeps (the clock is the one that counts suspend); what is overdue is done
 * once on waking, and a sequence keeps its steps apart. */
static void a_machine_that_slept_keeps_a_sequence_apart(void **state)
{
    struct rig *rig = *state;
    char id[24];
    rig_do(rig, COMMAND_ON_DELAYED, "group/row", id);
    rig_run(rig, 100 * CLOCK_MS);
    assert_true(rig_closed(rig, 8) && !rig_closed(rig, 9));
    clock_fake_advance(&rig->clock, 60 * RIG_MINUTE);
    clock_us woke = clock_mono(&rig->clock);
    rig_run(rig, 5 * CLOCK_S);
    const struct rig_outlet *second = &rig->outlets[0][8], *third = &rig->outlets[0][9];
    assert_true(second->closed && third->closed);
    assert_in_range(second->changed - woke, 0, 500 * CLOCK_MS);
    assert_in_range(third->changed - second->changed, 490 * CLOCK_MS, 510 * CLOCK_MS);
    assert_int_equal(second->writes + third->writes, 2);
    assert_true(commands_find(rig->commands, id)->ended != 0);
}

static void an_absence_keeps_a_sequence_apart(void **state)
{
    struct rig *rig = *state;
    rig_do(rig, COMMAND_ON_DELAYED, "group/row", NULL);
    rig_run(rig, 100 * CLOCK_MS);
    rig_kill(rig, true);
    rig_run(rig, RIG_MINUTE);
    start(rig);
    rig_run(rig, 10 * CLOCK_S);
    const struct rig_outlet *second = &rig->outlets[0][8], *third = &rig->outlets[0][9];
    assert_true(second->closed && third->closed);
    assert_in_range(third->changed - second->changed, 400 * CLOCK_MS, 510 * CLOCK_MS);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, rig_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(power_comes_back_when_the_battery_is_charged),
        TEST(what_nobody_knows_is_not_charged),
        TEST(a_delay_begins_anew_with_each_return),
        TEST(a_second_loss_of_the_board_begins_all_delays_anew),
        TEST(a_restart_in_the_middle_waits_on),
        TEST(a_host_that_shut_down_is_cycled),
        TEST(who_had_no_power_is_not_cycled),
        TEST(who_was_off_meanwhile_or_stayed_up_is_not_cycled),
        TEST(nobody_is_cycled_while_the_battery_is_low),
        TEST(a_locked_outlet_is_not_cycled),
        TEST(a_kill_in_the_middle_of_a_cycle_loses_nothing),
        TEST(a_board_that_does_not_obey_is_asked_three_times),
        TEST(whatever_happens_nothing_comes_too_early_or_never),
        TEST(what_was_written_as_the_power_went_again_is_not_forgotten),
        TEST(an_outlet_behind_an_open_breaker_says_so),
        TEST(a_ring_of_feeders_is_not_known),
        TEST(a_power_up_waits_for_what_feeds_it),
        TEST(a_machine_that_slept_keeps_a_sequence_apart),
        TEST(an_absence_keeps_a_sequence_apart),
    };
    return cmocka_run_group_tests_name("switcher_return", tests, NULL, NULL);
}
