/* Load protection: sums that refuse, what is counted when readings are missing, and what goes off
 * when too much flows. Sums are done by hand. */
#include "test.h"
#include "test_folder.h"

#include <math.h>

#include "base/saver.h"
#include "engine/load.h"
#include "engine/outlet_groups.h"
#include "engine/outlet_settings.h"
#include "model/command.h"

#define WALL (1795262400LL * CLOCK_S)
enum { OUTLETS = 6 };

/* Stands in for the field's: records of outlets name devices that are there. */
static const struct setting_row device_rows[] = {
    {.key = "enabled", .type = SETTING_BOOL, .initial = "true", .help = "Whether."}};
static const struct setting_table devices = {.name = "devices",
                                             .collection = true,
                                             .rows = device_rows,
                                             .row_count = 1,
                                             .record_size = sizeof(bool)};

static const struct setting_table *const tables[] = {&devices, &load_settings_table,
                                                     &outlet_settings_table, NULL};
static const struct config_schema schema = {.tables = tables};

struct fixture {
    struct clock clock;
    struct loop *loop;
    struct site *site;
    struct commands *commands;
    struct config *config;
    struct load *load;
    struct saver *saver; /* NULL but for what is kept over a restart */
    char folder[200];
    struct point *circuit, *volts, *state[OUTLETS + 1], *current[OUTLETS + 1];
    /* the door */
    char log[1000], reason[200], origin[80];
    const char *refuses; /* path that it refuses to switch */
};

static void put(struct fixture *f, struct point *point, double number)
{
    point_put(point, number, loop_now(f->loop), loop_wall(f->loop));
}

/* All points are read as a poll would; outlets that are off draw nothing. */
static void poll(struct fixture *f, double circuit)
{
    put(f, f->circuit, circuit);
    put(f, f->volts, 230);
    for (int i = 1; i <= OUTLETS; i++) {
        put(f, f->state[i], f->state[i]->value.number);
        put(f, f->current[i], f->state[i]->value.number != 0 ? f->current[i]->value.number : 0);
    }
    loop_poll(f->loop);
}

static void switch_outlet(struct fixture *f, int number, bool on, double amperes)
{
    put(f, f->state[number], on);
    put(f, f->current[number], amperes);
    loop_advance(f->loop, CLOCK_MS);
}

static void on_submit(void *user, const struct command_wish *wish, struct command_answer *answer)
{
    struct fixture *f = user;
    size_t used = strlen(f->log);
    assert_true(wish->automatic && wish->action == COMMAND_OFF && wish->target_count == 1);
    snprintf(f->log + used, sizeof f->log - used, "%s;", wish->targets[0]);
    snprintf(f->reason, sizeof f->reason, "%s", wish->reason);
    snprintf(f->origin, sizeof f->origin, "%s", wish->origin);
    bool refused = f->refuses && strcmp(f->refuses, wish->targets[0]) == 0;
    answer->verdict = refused ? COMMAND_NOT_ALLOWED : COMMAND_ACCEPTED;
}

static struct config *read_settings(struct fixture *f, const char *text, struct err_list *errors)
{
    char path[300], whole[1000];
    snprintf(path, sizeof path, "%s/site.yaml", f->folder);
    snprintf(whole, sizeof whole, "devices: {pdu-a: {}}\n%s", text);
    test_write_file(path, whole);
    return config_load(&schema, path, NULL, NULL, 0, errors);
}

static void begin(struct fixture *f, const char *text)
{
    struct err_list errors = ERR_LIST_EMPTY;
    f->config = read_settings(f, text, &errors);
    if (!f->config)
        fail_msg("%s", errors.list[0].text);
    err_list_deinit(&errors);
    f->load = load_new(&(struct load_context){.loop = f->loop,
                                              .site = f->site,
                                              .commands = f->commands,
                                              .saver = f->saver,
                                              .folder = f->folder},
                       f->config);
}

/* A PDU with six outlets rated 2 A: 1 to 4 on circuit 1, of phase a, 5 and 6 on circuit 2. */
static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    test_folder(f->folder, sizeof f->folder);
    f->clock = clock_fake(WALL);
    f->loop = loop_new(&f->clock);
    f->site = site_new(f->loop);
    f->commands = commands_new(&f->clock);
    commands_set_executor(f->commands, &(struct command_executor){.submit = on_submit, .user = f});
    struct device *device = site_device_add(
        f->site, &(struct device_spec){.name = "pdu-a", .unit = 1, .every = CLOCK_S});
    struct component *total = device_component(device, COMPONENT_TOTAL, 0);
    f->volts = component_point_add(total, QUANTITY_VOLTAGE);
    for (int i = 1; i <= 2; i++) {
        struct component *circuit = device_component(device, COMPONENT_CIRCUIT, i);
        component_set_fed_by(circuit, i == 1 ? "phase-a" : "phase-b");
        if (i == 1)
            f->circuit = component_point_add(circuit, QUANTITY_CURRENT);
    }
    for (int i = 1; i <= OUTLETS; i++) {
        struct component *outlet = device_component(device, COMPONENT_OUTLET, i);
        component_set_fed_by(outlet, i <= 4 ? "circuit-1" : "circuit-2");
        component_set_rated_current(outlet, 2);
        f->state[i] = component_point_add(outlet, QUANTITY_STATE);
        f->current[i] = component_point_add(outlet, QUANTITY_CURRENT);
        put(f, f->state[i], 0);
        put(f, f->current[i], 0);
    }
    put(f, f->circuit, 0);
    put(f, f->volts, 230);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    load_free(f->load);
    saver_free(f->saver);
    config_free(f->config);
    commands_free(f->commands);
    site_free(f->site);
    loop_free(f->loop);
    test_folder_remove(f->folder);
    free(f);
    return 0;
}

/* What is said when these outlets (a word of digits) are to be switched on; "" when they may. */
static const char *ask(struct fixture *f, const char *outlets)
{
    static struct err err;
    point_id points[OUTLETS];
    size_t count = 0;
    err = ERR_EMPTY;
    for (; outlets[count]; count++)
        points[count] = f->state[outlets[count] - '0']->id;
    bool allowed = load_allows(f->load, points, count, &err);
    assert_int_equal(allowed, *err.text == '\0');
    return err.text;
}

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

#define CIRCUIT "budgets: {rack: {label: Circuit 1, of: pdu-a/circuit-1, limit: 13}}\n"

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

/* ---- switching off --------------------------------------------------------------------------- */

#define SHED                                                                                       \
    "budgets:\n  rack: {label: Circuit 1, of: pdu-a/circuit-1, limit: 13, hysteresis: 2,\n"        \
    "    shed: 'pdu-a/outlet-4, pdu-a/outlet-2, pdu-a/outlet-3', shed_after: 5 s}\n"

/* Time passes with a reading each second. */
static void pass(struct fixture *f, int seconds, double circuit)
{
    for (int i = 0; i < seconds; i++) {
        poll(f, circuit);
        loop_advance(f->loop, CLOCK_S);
    }
}

static void expect_off(struct fixture *f, const char *paths)
{
    assert_string_equal(f->log, paths);
    f->log[0] = '\0';
}

static void all_on(struct fixture *f)
{
    for (int i = 1; i <= 4; i++)
        switch_outlet(f, i, true, 1);
}

static void the_order_is_kept_with_rests_and_hysteresis(void **state)
{
    struct fixture *f = *state;
    begin(f, SHED);
    all_on(f);
    switch_outlet(f, 2, false, 0); /* what is off cannot go off */
    pass(f, 5, 15);
    expect_off(f, "");
    pass(f, 1, 15);
    expect_off(f, "pdu-a/outlet-4;");
    assert_string_equal(f->origin, "load rack");
    assert_string_equal(f->reason, "Circuit 1: 15 A of 13 A");
    assert_true(load_view(f->load, 0).shedding && load_view(f->load, 0).over);
    switch_outlet(f, 4, false, 0);
    pass(f, 4, 12); /* below the limit, but not by 2 A */
    expect_off(f, "");
    pass(f, 2, 12);
    expect_off(f, "pdu-a/outlet-3;");
    switch_outlet(f, 3, false, 0);
    assert_int_equal(load_view(f->load, 0).shed, 2);
    pass(f, 3, 11);
    assert_false(load_view(f->load, 0).shedding || load_view(f->load, 0).over);
    pass(f, 60, 12.9); /* and it does not begin again before the limit */
    expect_off(f, "");
}

static void a_peak_is_no_overload(void **state)
{
    struct fixture *f = *state;
    begin(f, SHED);
    all_on(f);
    for (int i = 0; i < 10; i++) {
        pass(f, 4, 20);
        pass(f, 1, 12.5);
    }
    expect_off(f, "");
}

static void silence_is_no_overload(void **state)
{
    struct fixture *f = *state;
    begin(f, SHED);
    all_on(f);
    pass(f, 3, 20);
    point_mark(f->circuit, QUALITY_STALE, REASON_SILENT);
    loop_advance(f->loop, 60 * CLOCK_S);
    expect_off(f, "");
    pass(f, 4, 20); /* it begins anew */
    expect_off(f, "");
    pass(f, 3, 20);
    expect_off(f, "pdu-a/outlet-4;");
}

static void what_is_refused_is_passed_over_once(void **state)
{
    struct fixture *f = *state;
    begin(f, SHED);
    all_on(f);
    f->refuses = "pdu-a/outlet-4";
    pass(f, 6, 20);
    expect_off(f, "pdu-a/outlet-4;pdu-a/outlet-2;");
    switch_outlet(f, 2, false, 0);
    pass(f, 6, 20);
    expect_off(f, "pdu-a/outlet-3;");
    switch_outlet(f, 3, false, 0);
    pass(f, 60, 20); /* nothing is left */
    expect_off(f, "");
}

static void without_an_order_nothing_goes_off(void **state)
{
    struct fixture *f = *state;
    begin(f, CIRCUIT);
    all_on(f);
    pass(f, 30, 20);
    expect_off(f, "");
    assert_true(load_view(f->load, 0).over);
    assert_false(load_view(f->load, 0).shedding);
}

static void a_reload_keeps_what_it_knows(void **state)
{
    struct fixture *f = *state;
    begin(f, SHED);
    all_on(f);
    pass(f, 3, 20);
    struct err_list errors = ERR_LIST_EMPTY;
    struct config *fresh = read_settings(f, SHED "  more: {of: site, limit: 100}\n", &errors);
    assert_non_null(fresh);
    load_configure(f->load, fresh);
    config_free(f->config);
    f->config = fresh;
    assert_int_equal(load_count(f->load), 2);
    pass(f, 3, 20);
    expect_off(f, "pdu-a/outlet-4;");
}

/* The program ends in order, or is killed: then what was written in the last minute counts. */
static void again(struct fixture *f, const char *text, bool orderly)
{
    if (orderly)
        load_save(f->load);
    while (saver_busy(f->saver))
        loop_poll(f->loop);
    f->load = load_free(f->load);
    f->config = config_free(f->config);
    begin(f, text);
}

static void what_outlets_drew_is_kept_over_a_restart(void **state)
{
    struct fixture *f = *state;
    f->saver = saver_new(f->loop);
    begin(f, CIRCUIT);
    switch_outlet(f, 3, true, 1.2);
    switch_outlet(f, 4, true, 1.1);
    switch_outlet(f, 3, false, 0);
    poll(f, 11.9);
    again(f, CIRCUIT, true);
    assert_string_equal(ask(f, "3"), "Circuit 1 would be 13.1 A of 13 A: 11.9 A now + 1.2 A "
                                     "outlet-3");
    /* 4 goes off and on while nobody looks: something else may hang on it */
    put(f, f->state[4], 0);
    loop_poll(f->loop);
    again(f, CIRCUIT, true);
    put(f, f->state[4], 1);
    put(f, f->current[4], 0);
    loop_poll(f->loop);
    put(f, f->state[4], 0);
    loop_poll(f->loop);
    assert_string_equal(ask(f, "4"),
                        "Circuit 1 would be 13.9 A of 13 A: 11.9 A now + 2 A outlet-4");
}

static void a_kill_loses_the_last_minute(void **state)
{
    struct fixture *f = *state;
    f->saver = saver_new(f->loop);
    begin(f, CIRCUIT);
    switch_outlet(f, 3, true, 1.5);
    loop_advance(f->loop, 61 * CLOCK_S);
    while (saver_busy(f->saver))
        loop_poll(f->loop);
    put(f, f->current[3], 1.9);
    loop_poll(f->loop);
    put(f, f->current[3], 0.7);
    again(f, CIRCUIT, false);
    switch_outlet(f, 3, false, 0);
    poll(f, 12);
    assert_non_null(strstr(ask(f, "3"), "13.5 A of 13 A: 12 A now + 1.5 A outlet-3"));
}

static void a_broken_file_is_no_knowledge(void **state)
{
    struct fixture *f = *state;
    char path[300];
    f->saver = saver_new(f->loop);
    snprintf(path, sizeof path, "%s/loads.json", f->folder);
    test_write_file(path, "{\"version\": 1, \"outlets\": {\"pdu-a/outlet-3\": {\"amperes\": 0.1}");
    begin(f, CIRCUIT);
    poll(f, 11.9);
    assert_non_null(strstr(ask(f, "3"), "+ 2 A outlet-3")); /* what it is rated for */
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
        TEST(the_order_is_kept_with_rests_and_hysteresis),
        TEST(a_peak_is_no_overload),
        TEST(silence_is_no_overload),
        TEST(what_is_refused_is_passed_over_once),
        TEST(without_an_order_nothing_goes_off),
        TEST(a_reload_keeps_what_it_knows),
        TEST(what_outlets_drew_is_kept_over_a_restart),
        TEST(a_kill_loses_the_last_minute),
        TEST(a_broken_file_is_no_knowledge),
    };
    return cmocka_run_group_tests_name("load", tests, NULL, NULL);
}
