/* Lost contact: how long it must last, and one cause, one alarm. */
#include "alarm_testing.h"

static struct device *meter(struct fixture *f, int number, const char *line, const char *fed_by)
{
    char name[20];
    snprintf(name, sizeof name, "meter-%d", number);
    struct device *device = testing_device(f, name, line, fed_by);
    testing_point(device, COMPONENT_TOTAL, 0, QUANTITY_CURRENT);
    return device;
}

static struct point *point_of(struct device *device)
{
    return device->components->points;
}

/* The device answers, or does not, as its poller would say it. */
static void speak(struct fixture *f, struct device *device, bool answers)
{
    if (answers) {
        device_set_state(device, DEVICE_ONLINE, "");
        point_put(point_of(device), 1, loop_now(f->loop), loop_wall(f->loop));
    } else {
        device_set_state(device, DEVICE_SILENT, "no answer within 300 ms");
        device_mark_stale(device, REASON_SILENT);
    }
    loop_poll(f->loop);
}

/* For so many seconds the devices that answer are read each second. */
static void pass(struct fixture *f, struct device **devices, int count, int seconds)
{
    for (int second = 0; second < seconds; second++) {
        for (int i = 0; i < count; i++) {
            if (devices[i]->state == DEVICE_ONLINE)
                point_put(point_of(devices[i]), 1, loop_now(f->loop), loop_wall(f->loop));
        }
        testing_advance(f, CLOCK_S);
    }
}

#define GONE "alarms: {gone: {points: \"meter-*\", when: lost, for: 10 s, severity: critical"

static void a_short_loss_is_no_alarm(void **state)
{
    struct fixture *f = *state;
    struct device *device = meter(f, 1, "", "");
    struct point *current = point_of(device);
    testing_begin(f, GONE "}, low: {points: meter-1/total/current, when: under, limit: 0.5}}");
    speak(f, device, true);
    for (int i = 0; i < 100; i++) {
        speak(f, device, false);
        testing_advance(f, 4 * CLOCK_S);
        speak(f, device, true);
        testing_advance(f, 4 * CLOCK_S);
    }
    assert_string_equal(f->log, "");
    assert_true(current->value.quality == QUALITY_GOOD);
}

static void a_long_loss_is_one_alarm(void **state)
{
    struct fixture *f = *state;
    struct device *device = meter(f, 1, "", "");
    testing_begin(f, GONE "}}");
    assert_int_equal(alarms_view(f->alarms, 0).state, ALARM_LOST); /* not asked yet */
    speak(f, device, true);
    speak(f, device, false);
    assert_int_equal(alarms_view(f->alarms, 0).state, ALARM_PENDING);
    testing_advance(f, 10 * CLOCK_S);
    assert_string_equal(f->log, "gone meter-1 raised; ");
    assert_string_equal(f->text, "gone: meter-1 does not answer: no answer within 300 ms");
    testing_advance(f, 3600 * CLOCK_S);
    speak(f, device, true);
    assert_string_equal(f->log, "gone meter-1 raised; gone meter-1 cleared; ");
    assert_string_equal(f->text, "gone: meter-1 answers");
    /* Who is switched off in the settings is not lost. */
    device_set_state(device, DEVICE_DISABLED, "disabled in the settings");
    loop_poll(f->loop);
    testing_advance(f, 3600 * CLOCK_S);
    assert_int_equal(f->raised, 1);
}

enum { METERS = 40 };

static void a_dead_gateway_is_one_alarm(void **state)
{
    struct fixture *f = *state;
    struct device *devices[METERS];
    for (int i = 0; i < METERS; i++)
        devices[i] = meter(f, i + 1, "cellar", "");
    testing_begin(f, GONE ", latch: false}}");
    for (int i = 0; i < METERS; i++)
        speak(f, devices[i], true);
    /* They are found silent one after the other, half a second apart. */
    for (int i = 0; i < METERS; i++) {
        speak(f, devices[i], false);
        testing_advance(f, CLOCK_S / 2);
    }
    testing_advance(f, 60 * CLOCK_S);
    assert_string_equal(f->log, "gone line/cellar raised; ");
    assert_string_equal(f->text, "gone: line/cellar: none of its devices answers");
    struct alarm_view view = testing_view(f, "gone", "meter-7");
    assert_int_equal(view.state, ALARM_TRIPPED);
    assert_string_equal(view.suppressed_by, "line/cellar");
    /* They answer again one after the other, over nine seconds; one does not. */
    testing_forget(f);
    for (int i = 0; i < METERS; i++) {
        if (i != 12)
            speak(f, devices[i], true);
        testing_advance(f, CLOCK_S / 5);
    }
    assert_string_equal(f->log, "gone line/cellar cleared; ");
    pass(f, devices, METERS, 60);
    assert_string_equal(f->log, "gone line/cellar cleared; gone meter-13 raised; ");
}

static void one_dead_meter_on_a_live_line_is_its_own_alarm(void **state)
{
    struct fixture *f = *state;
    struct device *devices[3];
    for (int i = 0; i < 3; i++)
        devices[i] = meter(f, i + 1, "cellar", "");
    testing_begin(f, GONE "}}");
    for (int i = 0; i < 3; i++)
        speak(f, devices[i], true);
    pass(f, devices, 3, 5);
    speak(f, devices[1], false);
    pass(f, devices, 3, 11);
    assert_string_equal(f->log, "gone meter-2 raised; ");
    /* Then all: what was told stays told, the line is news, the others are explained by it. */
    speak(f, devices[0], false);
    speak(f, devices[2], false);
    pass(f, devices, 3, 60);
    assert_string_equal(f->log, "gone meter-2 raised; gone line/cellar raised; ");
}

static void what_a_lost_device_feeds_is_explained_by_it(void **state)
{
    struct fixture *f = *state;
    struct device *devices[3] = {meter(f, 1, "", ""), meter(f, 2, "", "meter-1"),
                                 meter(f, 3, "", "meter-2")};
    testing_begin(f, GONE "}}");
    for (int i = 0; i < 3; i++)
        speak(f, devices[i], true);
    for (int i = 0; i < 3; i++)
        speak(f, devices[i], false);
    testing_advance(f, 60 * CLOCK_S);
    assert_string_equal(f->log, "gone meter-1 raised; ");
    assert_string_equal(testing_view(f, "gone", "meter-3").suppressed_by, "meter-2");
    speak(f, devices[0], true);
    testing_advance(f, 60 * CLOCK_S);
    assert_string_equal(f->log, "gone meter-1 raised; gone meter-1 cleared; gone meter-2 raised; ");
}

static void points_of_a_lost_device_are_explained_by_it(void **state)
{
    struct fixture *f = *state;
    struct device *device = meter(f, 1, "", "");
    struct point *other = testing_point(device, COMPONENT_TOTAL, 0, QUANTITY_VOLTAGE);
    testing_begin(f, "alarms:\n"
                     "  gone: {points: meter-1, when: lost}\n"
                     "  dark: {points: meter-1/total/*, when: lost, for: 5 s}\n");
    speak(f, device, true);
    testing_put(f, other, 230);
    /* One register alone is lost: that is an alarm. */
    point_mark(other, QUALITY_STALE, REASON_UNANSWERED);
    loop_poll(f->loop);
    testing_advance(f, 5 * CLOCK_S);
    assert_string_equal(f->log, "dark meter-1/total/voltage raised; ");
    testing_put(f, other, 230);
    testing_forget(f);
    speak(f, device, false);
    testing_advance(f, 60 * CLOCK_S);
    assert_string_equal(f->log, "gone meter-1 raised; ");
}

/* Nobody on the line can be heard: the other device has not been asked yet. */
static void proof_is_not_waited_for_for_ever(void **state)
{
    struct fixture *f = *state;
    struct device *device = meter(f, 1, "cellar", "");
    meter(f, 2, "cellar", "");
    testing_begin(f, GONE "}}");
    speak(f, device, true);
    testing_advance(f, 10 * CLOCK_S);
    speak(f, device, false);
    testing_advance(f, 290 * CLOCK_S);
    assert_string_equal(f->log, "");
    assert_int_equal(testing_view(f, "gone", "meter-1").state, ALARM_PENDING);
    testing_advance(f, 20 * CLOCK_S);
    assert_string_equal(f->log, "gone meter-1 raised; ");
}

static void a_chain_of_feeders_is_followed(void **state)
{
    struct fixture *f = *state;
    struct device *first = meter(f, 1, "", ""), *last = meter(f, 3, "", "meter-2");
    meter(f, 2, "", "meter-1"); /* nobody watches it */
    testing_begin(f, "alarms: {gone: {points: 'meter-1, meter-3', when: lost, for: 10 s}}");
    assert_int_equal(alarms_count(f->alarms), 2); /* no line, no alarm of one */
    speak(f, first, true);
    speak(f, last, true);
    speak(f, last, false);
    testing_advance(f, 20 * CLOCK_S);
    assert_string_equal(f->log, "gone meter-3 raised; ");
    speak(f, last, true);
    testing_forget(f);
    device_set_state(first, DEVICE_SILENT, "no answer");
    testing_advance(f, 5 * CLOCK_S);
    device_set_state(last, DEVICE_SILENT, "no answer");
    testing_advance(f, 20 * CLOCK_S);
    assert_string_equal(f->log, "gone meter-1 raised; ");
}

static void in_a_ring_of_feeders_each_counts(void **state)
{
    struct fixture *f = *state;
    struct device *devices[2] = {meter(f, 1, "", "meter-2"), meter(f, 2, "", "meter-1")};
    testing_begin(f, GONE "}}");
    for (int i = 0; i < 2; i++)
        speak(f, devices[i], true);
    for (int i = 0; i < 2; i++)
        speak(f, devices[i], false);
    testing_advance(f, 20 * CLOCK_S);
    assert_string_equal(f->log, "gone meter-1 raised; gone meter-2 raised; ");
}

static void a_device_alone_on_its_line_is_no_line(void **state)
{
    struct fixture *f = *state;
    meter(f, 1, "cellar", "");
    meter(f, 2, "attic", "");
    testing_begin(f, GONE "}}");
    assert_int_equal(alarms_count(f->alarms), 2);
}

/* What was never asked, or is not asked, is not lost. */
static void a_point_is_lost_when_it_was_asked_for(void **state)
{
    struct fixture *f = *state;
    struct device *device = meter(f, 1, "", "");
    testing_begin(f, "alarms: {dark: {points: meter-1/total/current, when: lost, for: 5 s}}");
    testing_advance(f, 60 * CLOCK_S);
    assert_string_equal(f->log, "");
    point_mark(point_of(device), QUALITY_ABSENT, REASON_REFUSED);
    testing_advance(f, 6 * CLOCK_S);
    assert_string_equal(f->log, "dark meter-1/total/current raised; ");
    testing_put(f, point_of(device), 5);
    testing_forget(f);
    device_set_state(device, DEVICE_DISABLED, "disabled in the settings");
    device_mark_stale(device, REASON_LINE_DOWN);
    testing_advance(f, 60 * CLOCK_S);
    assert_string_equal(f->log, "");
}

static void on_gap(void *user)
{
    struct fixture *f = user;
    alarms_stood_still(f->alarms, 3600 * CLOCK_S);
}

/* The machine slept for an hour: nothing is lost or old for that, it has 15 s to be read anew; and
 * the hour is no part of a duration. */
static void a_standstill_is_no_alarm(void **state)
{
    struct fixture *f = *state;
    struct point *points[] = {point_of(meter(f, 1, "", "")), point_of(meter(f, 2, "", ""))};
    testing_begin(f, "alarms:\n"
                     "  dark: {points: meter-*/total/current, when: lost}\n"
                     "  old: {points: meter-*/total/current, when: older, limit: 5 s}\n"
                     "  high: {points: meter-*/total/current, when: over, limit: 9, for: 5 s}\n");
    for (size_t i = 0; i < 2; i++)
        testing_put(f, points[i], 10);
    testing_advance(f, 3 * CLOCK_S);
    loop_on_gap(f->loop, 1800 * CLOCK_S, on_gap, f);
    clock_fake_advance(&f->clock, 3600 * CLOCK_S);
    loop_poll(f->loop);
    for (size_t i = 0; i < 2; i++)
        point_mark(points[i], QUALITY_STALE, REASON_TOO_OLD);
    testing_advance(f, 10 * CLOCK_S);
    testing_put(f, points[0], 10); /* the other one does not come back */
    testing_advance(f, CLOCK_S);
    assert_string_equal(f->log, "");
    testing_advance(f, CLOCK_S);
    assert_string_equal(f->log, "high meter-1/total/current raised; ");
    testing_forget(f);
    testing_put(f, points[0], 10);
    testing_advance(f, 4 * CLOCK_S);
    assert_int_equal(f->raised, 2);
    assert_non_null(strstr(f->log, "dark meter-2/total/current raised; "));
    assert_non_null(strstr(f->log, "old meter-2/total/current raised; "));
}

/* All in one turn, and with a latch. */
static void a_line_that_is_back_at_once_leaves_no_rest(void **state)
{
    struct fixture *f = *state;
    struct device *devices[2] = {meter(f, 1, "cellar", ""), meter(f, 2, "cellar", "")};
    testing_begin(f, GONE ", latch: true}}");
    for (int i = 0; i < 2; i++)
        speak(f, devices[i], true);
    for (int i = 0; i < 2; i++)
        speak(f, devices[i], false);
    testing_advance(f, 60 * CLOCK_S);
    for (int i = 0; i < 2; i++)
        device_set_state(devices[i], DEVICE_ONLINE, "");
    testing_advance(f, 60 * CLOCK_S);
    assert_string_equal(f->log, "gone line/cellar raised; ");
    assert_int_equal(alarms_active(f->alarms), 1);
}

static void a_line_that_explains_and_latches_leaves_no_rest(void **state)
{
    struct fixture *f = *state;
    struct device *devices[2] = {meter(f, 1, "cellar", ""), meter(f, 2, "cellar", "")};
    struct err err = ERR_EMPTY;
    testing_begin(f, GONE ", latch: true}}");
    for (int i = 0; i < 2; i++)
        speak(f, devices[i], true);
    for (int i = 0; i < 2; i++)
        speak(f, devices[i], false);
    testing_advance(f, 60 * CLOCK_S);
    for (int i = 0; i < 2; i++)
        speak(f, devices[i], true);
    pass(f, devices, 2, 60);
    assert_string_equal(f->log, "gone line/cellar raised; ");
    struct alarm_view view = testing_view(f, "gone", "line/cellar");
    assert_true(view.latched);
    assert_int_equal(alarms_active(f->alarms), 1);
    /* It has recovered: one device that is lost now is another matter. */
    speak(f, devices[0], false);
    pass(f, devices, 2, 15);
    assert_string_equal(f->log, "gone line/cellar raised; gone meter-1 raised; ");
    speak(f, devices[0], true);
    assert_int_equal(testing_do(f, ALARM_CLEAR, testing_view(f, "gone", "meter-1").id, 0, &err), 0);
    assert_int_equal(testing_do(f, ALARM_CLEAR, view.id, 0, &err), 0);
    assert_int_equal(alarms_active(f->alarms), 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, testing_setup, testing_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_short_loss_is_no_alarm),
        CASE(a_long_loss_is_one_alarm),
        CASE(a_dead_gateway_is_one_alarm),
        CASE(one_dead_meter_on_a_live_line_is_its_own_alarm),
        CASE(what_a_lost_device_feeds_is_explained_by_it),
        CASE(points_of_a_lost_device_are_explained_by_it),
        CASE(proof_is_not_waited_for_for_ever),
        CASE(a_chain_of_feeders_is_followed),
        CASE(in_a_ring_of_feeders_each_counts),
        CASE(a_device_alone_on_its_line_is_no_line),
        CASE(a_point_is_lost_when_it_was_asked_for),
        CASE(a_standstill_is_no_alarm),
        CASE(a_line_that_is_back_at_once_leaves_no_rest),
        CASE(a_line_that_explains_and_latches_leaves_no_rest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
