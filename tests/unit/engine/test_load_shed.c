/* What goes off when too much flows, in which order and how slowly, and what is known after a
 * restart. */
#include "load_testing.h"

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
    return cmocka_run_group_tests_name("load_shed", tests, NULL, NULL);
}
