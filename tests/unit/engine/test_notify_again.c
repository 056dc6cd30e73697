/* Trying again: later and later, sooner when there are news, never hammering, until it is given up
 * or was only a test. */
#include "notify_testing.h"

#include <errno.h>

#include "base/time_text.h"
#include "engine/event_log.h"

/* ---- trying again ---------------------------------------------------------------------------- */

static void what_fails_is_tried_again_later_and_later(void **state)
{
    (void)state;
    static const int seconds[] = {0,    10,   30,   70,   150,   310,  630,
                                  1270, 2550, 5110, 8710, 12310, 15910};
    struct testing t;
    testing_begin(&t, TESTING_MONDAY, ONE);
    t.answer = NOTIFY_LATER;
    testing_tell(&t, ALARM_WARNING, "a");
    testing_advance(&t, 16000 * CLOCK_S);
    assert_int_equal(t.heard_count, TEST_COUNT(seconds));
    for (size_t i = 0; i < TEST_COUNT(seconds); i++) {
        assert_int_equal(t.heard[i].at / CLOCK_S, seconds[i]);
        assert_int_equal(t.heard[i].id, t.heard[0].id);
        assert_int_equal(t.heard[i].attempt, i + 1);
    }
    struct notify_status status = testing_status(&t, "ops");
    assert_string_equal(status.problem, "451 not  today"); /* a line, which moves no terminal */
    assert_int_equal(status.waiting, 1);
    assert_false(status.went_well);
    testing_end(&t);
}

static void count_events(void *user, const struct event *event, enum event_severity severity)
{
    int *counts = user;
    (void)severity;
    counts[0] += event->kind == EVENT_NOTICES_DELAYED;
    counts[1] += event->kind == EVENT_NOTICES_RESTORED;
}

/* A server that is busy for four minutes is no event, one that is for six is one, and its end too.
 */
static void only_a_long_delay_is_an_event(void **state)
{
    (void)state;
    for (int minutes = 4; minutes <= 6; minutes += 2) {
        struct testing t;
        int counts[2] = {0};
        struct event_tap tap = {.fn = count_events, .user = counts};
        testing_begin(&t, TESTING_MONDAY, ONE);
        testing_close(&t);
        struct event_log *events = event_log_open(t.loop, t.folder, &(struct event_settings){0});
        event_log_tap(events, &tap);
        t.events = events;
        testing_open(&t);
        t.answer = NOTIFY_LATER;
        testing_tell(&t, ALARM_WARNING, "a");
        testing_advance(&t, minutes * MINUTE);
        assert_int_equal(counts[0], minutes > 5);
        t.answer = NOTIFY_DELIVERED;
        testing_advance(&t, HOUR);
        assert_int_equal(testing_status(&t, "ops").waiting, 0);
        assert_int_equal(counts[0], minutes > 5);
        assert_int_equal(counts[1], minutes > 5);
        testing_close(&t);
        event_log_untap(events, &tap);
        event_log_close(events);
        testing_end(&t);
    }
}

static void news_bring_the_next_try_forward(void **state)
{
    (void)state;
    struct testing t;
    testing_begin(&t, TESTING_MONDAY, ONE);
    t.answer = NOTIFY_LATER;
    testing_tell(&t, ALARM_WARNING, "a");
    testing_advance(&t, 6000 * CLOCK_S); /* tries at 5110 and 8710 s */
    size_t tries = t.jobs;
    t.answer = NOTIFY_DELIVERED;
    testing_tell(&t, ALARM_WARNING, "b");
    testing_advance(&t, CLOCK_MS);
    assert_int_equal(t.jobs, tries + 2);
    assert_string_equal(t.heard[tries].subject, "a");
    assert_string_equal(t.heard[tries + 1].subject, "b");
    testing_end(&t);
}

static void news_do_not_hammer_a_receiver_that_is_down(void **state)
{
    (void)state;
    struct testing t;
    testing_begin(&t, TESTING_MONDAY, ONE);
    t.answer = NOTIFY_LATER;
    for (int i = 0; i < 3600; i++) {
        testing_tell(&t, ALARM_WARNING, "a");
        loop_advance(t.loop, CLOCK_S);
    }
    assert_in_range(t.jobs, 100, 123); /* every 30 s, more often only at first */
    testing_end(&t);
}

static void what_is_refused_for_good_is_given_up(void **state)
{
    (void)state;
    struct testing t;
    testing_begin(&t, TESTING_MONDAY, ONE);
    t.answer = NOTIFY_NEVER;
    testing_tell(&t, ALARM_WARNING, "a");
    testing_advance(&t, HOUR);
    assert_int_equal(t.jobs, 1);
    struct notify_status status = testing_status(&t, "ops");
    assert_int_equal(status.given_up, 1);
    assert_int_equal(status.waiting, 0);
    testing_end(&t);
}

static void what_is_too_old_is_given_up_and_that_is_told(void **state)
{
    (void)state;
    struct testing t;
    testing_begin(&t, TESTING_MONDAY, ONE "notices: {keep: 2 d}\n");
    t.answer = NOTIFY_LATER;
    testing_tell_many(&t, ALARM_WARNING, 1, 5);
    testing_advance(&t, 50 * HOUR);
    struct notify_status status = testing_status(&t, "ops");
    assert_int_equal(status.given_up, 5);
    t.answer = NOTIFY_DELIVERED;
    t.heard_count = 0;
    testing_tell(&t, ALARM_WARNING, "new");
    testing_advance(&t, HOUR);
    assert_string_equal(testing_words(&t), "5 notices were lost new");
    testing_end(&t);
}

static void a_test_ends_with_its_first_try(void **state)
{
    (void)state;
    struct testing t;
    testing_begin(&t, TESTING_MONDAY, "recipients: {ops: {" HOOK ", min_interval: 1 h}}\n");
    testing_tell(&t, ALARM_WARNING, "a");
    t.answer = NOTIFY_LATER;
    notify_add(t.notify, &(struct notice){.kind = NOTICE_TEST, .recipients = "ops"});
    assert_int_equal(t.jobs, 2); /* the least interval is for others */
    struct notify_status status = testing_status(&t, "ops");
    assert_int_equal(status.tries, 2);
    assert_false(status.went_well);
    assert_string_equal(status.words, "451 not  today\nor later");
    assert_int_equal(status.waiting, 0);
    testing_advance(&t, 2 * HOUR);
    assert_int_equal(t.jobs, 2);
    testing_end(&t);
}

static void a_test_tries_what_waits_already(void **state)
{
    (void)state;
    struct testing t;
    testing_begin(&t, TESTING_MONDAY, ONE);
    t.answer = NOTIFY_LATER;
    testing_tell(&t, ALARM_WARNING, "a");
    testing_advance(&t, 6000 * CLOCK_S);
    t.heard_count = 0;
    t.answer = NOTIFY_DELIVERED;
    notify_add(t.notify,
               &(struct notice){.kind = NOTICE_TEST, .recipients = "ops", .subject = "test"});
    testing_settle(&t);
    assert_string_equal(testing_words(&t), "a test");
    testing_end(&t);
}

int main(void)
{
    struct err err;
    time_text_use_zone("UTC", &err);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_fails_is_tried_again_later_and_later),
        cmocka_unit_test(only_a_long_delay_is_an_event),
        cmocka_unit_test(news_bring_the_next_try_forward),
        cmocka_unit_test(news_do_not_hammer_a_receiver_that_is_down),
        cmocka_unit_test(what_is_refused_for_good_is_given_up),
        cmocka_unit_test(what_is_too_old_is_given_up_and_that_is_told),
        cmocka_unit_test(a_test_ends_with_its_first_try),
        cmocka_unit_test(a_test_tries_what_waits_already),
    };
    return cmocka_run_group_tests_name("notify_again", tests, NULL, NULL);
}
