/* What is not told, and what is told when that is over: shelves, alarms that come and go. */
#include "alarm_testing.h"

#define HOT "alarms: {hot: {points: pdu-a/phase-a/current, when: over, limit: 16, recover: 14"

static void what_is_shelved_is_not_told_until_it_is_over(void **state)
{
    struct fixture *f = *state;
    struct err err = ERR_EMPTY;
    struct point *current = testing_current(f);
    testing_begin(f, HOT "}}");
    uint32_t id = alarms_view(f->alarms, 0).id;
    testing_put(f, current, 10);
    assert_int_equal(testing_do(f, ALARM_SHELVE, id, 3600 * CLOCK_S, &err), 0);
    assert_true(alarms_view(f->alarms, 0).shelved_until == WALL + 3600 * CLOCK_S);
    testing_put(f, current, 17);
    testing_put(f, current, 10);
    testing_put(f, current, 17);
    assert_int_equal(f->raised + f->cleared, 0);
    assert_int_equal(alarms_view(f->alarms, 0).state, ALARM_TRIPPED);
    testing_advance(f, 3600 * CLOCK_S);
    assert_string_equal(f->log, "hot pdu-a/phase-a/current silenced; "
                                "hot pdu-a/phase-a/current silenced; "
                                "hot pdu-a/phase-a/current raised; ");
    assert_true(alarms_view(f->alarms, 0).shelved_until == 0);
    /* Told before, well by the end: the clear is told late, and once. */
    testing_forget(f);
    assert_int_equal(testing_do(f, ALARM_SHELVE, id, 3600 * CLOCK_S, &err), 0);
    testing_put(f, current, 10);
    assert_int_equal(f->cleared, 0);
    assert_int_equal(testing_do(f, ALARM_UNSHELVE, id, 0, &err), 0);
    assert_int_equal(f->cleared, 1);
}

/* Whoever shelved what he had heard of is reminded at the end, unless he acknowledged it too. */
static void what_holds_when_its_shelf_ends_is_told_again(void **state)
{
    struct fixture *f = *state;
    struct err err = ERR_EMPTY;
    struct point *current = testing_current(f);
    testing_begin(f, HOT ", repeat: 10 min}}");
    uint32_t id = alarms_view(f->alarms, 0).id;
    testing_put(f, current, 17);
    assert_int_equal(testing_do(f, ALARM_SHELVE, id, 3600 * CLOCK_S, &err), 0);
    testing_forget(f);
    testing_advance(f, 3600 * CLOCK_S + 599 * CLOCK_S);
    assert_string_equal(f->log, "hot pdu-a/phase-a/current silenced; "
                                "hot pdu-a/phase-a/current repeated; ");
    testing_advance(f, CLOCK_S);
    assert_int_equal(f->repeated, 2);
    assert_int_equal(testing_do(f, ALARM_ACKNOWLEDGE, id, 0, &err), 0);
    assert_int_equal(testing_do(f, ALARM_SHELVE, id, 3600 * CLOCK_S, &err), 0);
    testing_forget(f);
    testing_advance(f, 7200 * CLOCK_S);
    assert_string_equal(f->log, "hot pdu-a/phase-a/current silenced; ");
}

static void of_many_trips_the_first_are_told(void **state)
{
    struct fixture *f = *state;
    struct point *current = testing_current(f);
    testing_begin(f, HOT "}}");
    for (int i = 0; i < 300; i++) {
        testing_put(f, current, i % 2 ? 10 : 17);
        testing_advance(f, CLOCK_S);
    }
    assert_int_equal(f->raised, 4);
    assert_int_equal(f->cleared, 3);
    assert_true(alarms_view(f->alarms, 0).flapping);
    testing_put(f, current, 17); /* for the last time */
    testing_put(f, current, 10);
    testing_advance(f, 599 * CLOCK_S);
    assert_int_equal(f->cleared, 3);
    testing_advance(f, CLOCK_S);
    assert_int_equal(f->raised, 4);
    assert_int_equal(f->cleared, 4);
    assert_false(alarms_view(f->alarms, 0).flapping);
}

/* Mains that flicker and then fail: whoever was told three times that it is over is told at once
 * that it is not, and may say that he has seen it. */
static void what_flickers_and_then_stays_is_told_at_once(void **state)
{
    struct fixture *f = *state;
    struct point *current = testing_current(f);
    struct err err = ERR_EMPTY;
    testing_begin(f, HOT "}}");
    for (int i = 0; i < 6; i++) {
        testing_put(f, current, i % 2 ? 10 : 17);
        testing_advance(f, CLOCK_S);
    }
    testing_forget(f);
    testing_put(f, current, 17);
    assert_string_equal(f->log, "hot pdu-a/phase-a/current raised; ");
    assert_true(alarms_view(f->alarms, 0).flapping);
    assert_int_equal(testing_do(f, ALARM_ACKNOWLEDGE, alarms_view(f->alarms, 0).id, 0, &err), 0);
    testing_advance(f, 3600 * CLOCK_S);
    assert_int_equal(alarms_view(f->alarms, 0).state, ALARM_ACKNOWLEDGED);
    assert_int_equal(f->raised, 1);
    assert_int_equal(f->cleared, 0);
    testing_put(f, current, 10);
    assert_int_equal(f->cleared, 1);
}

/* What is shown as tripped and was told to nobody says why it cannot be acknowledged. */
static void what_nobody_heard_of_is_not_acknowledged(void **state)
{
    struct fixture *f = *state;
    struct point *current = testing_current(f);
    struct err err = ERR_EMPTY;
    testing_begin(f, HOT "}}");
    uint32_t id = alarms_view(f->alarms, 0).id;
    assert_int_equal(testing_do(f, ALARM_SHELVE, id, 3600 * CLOCK_S, &err), 0);
    testing_put(f, current, 17);
    assert_int_equal(alarms_view(f->alarms, 0).state, ALARM_TRIPPED);
    assert_int_equal(testing_do(f, ALARM_ACKNOWLEDGE, id, 0, &err), -EINVAL);
    assert_non_null(strstr(err.text, "is shelved: nobody was told"));
}

static void trips_far_from_each_other_are_all_told(void **state)
{
    struct fixture *f = *state;
    struct point *current = testing_current(f);
    testing_begin(f, HOT "}}");
    for (int i = 0; i < 8; i++) { /* each four minutes: never more than three in ten */
        testing_put(f, current, 17);
        testing_advance(f, 120 * CLOCK_S);
        testing_put(f, current, 10);
        testing_advance(f, 120 * CLOCK_S);
    }
    assert_int_equal(f->raised, 8);
    assert_int_equal(f->cleared, 8);
}

/* A latch is for what people were told. */
static void what_nobody_heard_of_is_not_latched(void **state)
{
    struct fixture *f = *state;
    struct err err = ERR_EMPTY;
    struct point *current = testing_current(f);
    testing_begin(f, HOT ", latch: true}}");
    uint32_t id = alarms_view(f->alarms, 0).id;
    assert_int_equal(testing_do(f, ALARM_SHELVE, id, 3600 * CLOCK_S, &err), 0);
    testing_put(f, current, 17);
    testing_put(f, current, 10);
    struct alarm_view view = alarms_view(f->alarms, 0);
    assert_true(view.state == ALARM_NORMAL && !view.latched);
    assert_string_equal(view.by, "anna"); /* who shelved it stays */
    testing_advance(f, 3600 * CLOCK_S);
    assert_int_equal(f->raised + f->cleared, 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, testing_setup, testing_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(what_is_shelved_is_not_told_until_it_is_over),
        CASE(what_holds_when_its_shelf_ends_is_told_again),
        CASE(of_many_trips_the_first_are_told),
        CASE(what_flickers_and_then_stays_is_told_at_once),
        CASE(what_nobody_heard_of_is_not_acknowledged),
        CASE(trips_far_from_each_other_are_all_told),
        CASE(what_nobody_heard_of_is_not_latched),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
