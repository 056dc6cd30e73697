/* The queue of notices: order, together, hours and quiet, bounds, settings, restarts. */
#include "notify_testing.h"

#include <errno.h>

#include "base/time_text.h"
#include "engine/event_log.h"

/* A route that takes jobs of several recipients and says nothing. */
static struct notify_job *held_jobs[8];
static size_t held_count;

static void hold(void *user, struct notify_job *job)
{
    (void)user;
    held_jobs[held_count++] = job;
}

/* ---- at once --------------------------------------------------------------------------------- */

static void a_notice_is_in_the_hands_of_its_route_in_the_same_turn(void **state)
{
    (void)state;
    struct testing t;
    testing_begin(&t, TESTING_MONDAY, ONE);
    assert_int_equal(testing_tell(&t, ALARM_WARNING, "hot"), 0);
    assert_string_equal(testing_words(&t), "hot"); /* the loop has not been run */
    struct notify_status status = testing_status(&t, "ops");
    assert_int_equal(status.waiting, 0);
    assert_int_equal(status.delivered, 1);
    assert_string_equal(status.words, "250 thanks");
    assert_true(status.went_well);
    assert_int_equal(status.last_wall, TESTING_MONDAY);
    testing_end(&t);
}

static void notices_leave_in_their_order_whatever_their_severity(void **state)
{
    (void)state;
    struct testing t;
    testing_begin(&t, TESTING_MONDAY, ONE);
    t.silent = true;
    testing_tell(&t, ALARM_INFO, "a");
    testing_tell(&t, ALARM_CRITICAL, "b");
    testing_tell(&t, ALARM_INFO, "c");
    testing_tell(&t, ALARM_WARNING, "d");
    assert_string_equal(testing_words(&t), "a"); /* one at a time */
    for (int i = 0; i < 4; i++) {
        testing_answer(&t, NOTIFY_DELIVERED);
        testing_settle(&t);
    }
    assert_string_equal(testing_words(&t), "a b c d");
    assert_int_equal(t.jobs, 4);
    testing_end(&t);
}

static void a_recipient_gets_what_it_wants_or_what_names_it(void **state)
{
    (void)state;
    static const struct {
        enum notice_kind kind;
        enum alarm_severity severity;
        enum alarm_change change;
        const char *names, *heard;
    } cases[] = {
        {NOTICE_ALARM, ALARM_INFO, ALARM_RAISED, NULL, "all"},
        {NOTICE_ALARM, ALARM_WARNING, ALARM_RAISED, NULL, "all some"},
        {NOTICE_ALARM, ALARM_WARNING, ALARM_CLEARED, NULL, "all"},
        {NOTICE_ALARM, ALARM_INFO, ALARM_RAISED, "some", "some"},
        {NOTICE_ALARM, ALARM_INFO, ALARM_RAISED, "some, none-such ,all", "all some"},
        {NOTICE_ALARM, ALARM_CRITICAL, ALARM_RAISED, "none", ""},
        {NOTICE_ALARM, ALARM_CRITICAL, ALARM_RAISED, "som", ""},
        {NOTICE_BOOT, ALARM_INFO, 0, NULL, "all"},
        {NOTICE_CONTROL, ALARM_INFO, 0, NULL, "all"},
        {NOTICE_SIGN_IN_REFUSED, ALARM_INFO, 0, NULL, "all"},
        {NOTICE_REPORT, ALARM_INFO, 0, NULL, "all"},
        {NOTICE_EVENT, ALARM_WARNING, 0, NULL, ""}, /* told as the alarm that it is about */
        {NOTICE_TEST, ALARM_INFO, 0, NULL, ""},
        {NOTICE_TEST, ALARM_INFO, 0, "some", "some"},
    };
    for (size_t i = 0; i < TEST_COUNT(cases); i++) {
        struct testing t;
        char heard[100] = "";
        testing_begin(&t, TESTING_MONDAY,
                      "recipients:\n"
                      "  all: {" HOOK ", boot: true, control: true, sign_in: true, reports: true,"
                      " events: true}\n"
                      "  some: {kind: webhook, url: \"http://b/\", cleared: false}\n"
                      "  off: {" HOOK ", enabled: false}\n");
        notify_add(t.notify, &(struct notice){.kind = cases[i].kind,
                                              .severity = cases[i].severity,
                                              .change = cases[i].change,
                                              .recipients = cases[i].names,
                                              .subject = "x"});
        for (size_t j = 0; j < t.heard_count; j++)
            snprintf(heard + strlen(heard), sizeof heard - strlen(heard), "%s%s", j ? " " : "",
                     t.heard[j].name);
        if (strcmp(heard, cases[i].heard) != 0)
            fail_msg("case %zu: \"%s\" instead of \"%s\"", i, heard, cases[i].heard);
        testing_end(&t);
    }
}

/* ---- together -------------------------------------------------------------------------------- */

static void what_comes_within_the_least_interval_is_sent_together(void **state)
{
    (void)state;
    struct testing t;
    testing_begin(&t, TESTING_MONDAY, "recipients: {ops: {" HOOK ", min_interval: 5 min}}\n");
    testing_tell(&t, ALARM_WARNING, "a");
    assert_int_equal(t.jobs, 1);
    for (int i = 0; i < 3; i++) {
        testing_advance(&t, MINUTE);
        testing_tell(&t, ALARM_WARNING, i == 0 ? "b" : i == 1 ? "c" : "d");
    }
    assert_int_equal(t.jobs, 1);
    testing_advance(&t, 2 * MINUTE - CLOCK_S);
    assert_int_equal(t.jobs, 1);
    testing_advance(&t, CLOCK_S);
    assert_int_equal(t.jobs, 2);
    assert_int_equal(t.job_sizes[1], 3);
    assert_string_equal(testing_words(&t), "a b c d");
    testing_advance(&t, 5 * MINUTE);
    testing_tell(&t, ALARM_WARNING, "e"); /* the interval has passed: at once again */
    assert_int_equal(t.jobs, 3);
    testing_end(&t);
}

static void a_backlog_is_sent_together_and_no_more_than_fits(void **state)
{
    (void)state;
    struct testing t;
    testing_begin(&t, TESTING_MONDAY, ONE);
    t.silent = true;
    t.route.most = 40;
    testing_tell_many(&t, ALARM_WARNING, 0, 100);
    t.silent = false;
    testing_answer(&t, NOTIFY_DELIVERED);
    testing_settle(&t);
    testing_advance(&t, CLOCK_MS);
    assert_int_equal(t.heard_count, 101);
    assert_int_equal(t.job_sizes[0], 1);
    assert_int_equal(t.job_sizes[1], 40);
    assert_int_equal(t.job_sizes[2], 40);
    assert_int_equal(t.job_sizes[3], 20);
    for (int i = 0; i <= 100; i++)
        assert_int_equal(atoi(t.heard[i].subject), i);
    testing_end(&t);
}

/* All points of a large site at once, for three recipients. */
static void a_storm_is_told_to_all_in_order(void **state)
{
    (void)state;
    enum { ALARMS = 10000 };
    struct testing t;
    int next[3] = {0};
    testing_begin(&t, TESTING_MONDAY,
                  "recipients: {a: {" HOOK "}, b: {" HOOK "}, c: {" HOOK "}}\n");
    held_count = 0;
    t.route.send = hold;
    testing_tell_many(&t, ALARM_WARNING, 0, ALARMS - 1);
    t.route.send = testing_send;
    for (size_t i = 0; i < held_count; i++)
        notify_done(t.notify, held_jobs[i], NOTIFY_LATER, "busy");
    testing_advance(&t, MINUTE);
    assert_int_equal(t.heard_count, 3 * ALARMS);
    for (size_t i = 0; i < t.heard_count; i++)
        assert_int_equal(atoi(t.heard[i].subject), next[t.heard[i].name[0] - 'a']++);
    assert_in_range(t.jobs, 3 * ALARMS / 100, 3 * ALARMS / 100 + 6);
    testing_end(&t);
}

/* ---- hours ----------------------------------------------------------------------------------- */

static void hours_decide_for_whom_a_notice_is(void **state)
{
    (void)state;
    struct testing t;
    testing_begin(&t, TESTING_MONDAY,
                  "business_hours: {days: mon-fri, from: \"08:00\", to: \"18:00\"}\n"
                  "recipients:\n"
                  "  day: {" HOOK ", when: business-hours}\n"
                  "  night: {" HOOK ", when: after-hours}\n");
    testing_tell(&t, ALARM_WARNING, "x");
    assert_string_equal(t.heard[0].name, "day");
    testing_advance(&t, 8 * HOUR); /* 18:00 */
    testing_tell(&t, ALARM_WARNING, "x");
    assert_string_equal(t.heard[1].name, "night");
    testing_advance(&t, 4 * 24 * HOUR - 8 * HOUR); /* Friday 10:00 */
    testing_tell(&t, ALARM_WARNING, "x");
    assert_string_equal(t.heard[2].name, "day");
    testing_advance(&t, 24 * HOUR); /* Saturday */
    testing_tell(&t, ALARM_WARNING, "x");
    assert_string_equal(t.heard[3].name, "night");
    assert_int_equal(t.heard_count, 4);
    /* a test is for whoever asked for it */
    notify_add(t.notify, &(struct notice){.kind = NOTICE_TEST, .recipients = "day"});
    assert_string_equal(t.heard[4].name, "day");
    testing_end(&t);
}

static void quiet_times_put_off_all_but_what_is_critical(void **state)
{
    (void)state;
    struct testing t;
    testing_begin(&t, TESTING_MONDAY + 11 * HOUR, /* 21:00 */
                  "recipients: {ops: {" HOOK ", quiet: \"22:00-06:30\"}}\n");
    testing_tell(&t, ALARM_WARNING, "a");
    testing_advance(&t, 2 * HOUR);
    testing_tell(&t, ALARM_WARNING, "b");
    testing_tell(&t, ALARM_INFO, "c");
    testing_advance(&t, HOUR);
    assert_string_equal(testing_words(&t), "a");
    testing_tell(&t, ALARM_CRITICAL, "d");
    assert_string_equal(testing_words(&t), "a d");
    testing_advance(&t, 6 * HOUR + 29 * MINUTE);
    assert_string_equal(testing_words(&t), "a d");
    testing_advance(&t, 2 * MINUTE);
    assert_string_equal(testing_words(&t), "a d b c");
    testing_end(&t);
}

/* ---- bounds ---------------------------------------------------------------------------------- */

static void when_it_is_full_the_oldest_of_the_least_severe_go(void **state)
{
    (void)state;
    struct testing t;
    testing_begin(&t, TESTING_MONDAY, ONE "notices: {most: 100}\n");
    t.answer = NOTIFY_LATER;
    testing_tell_many(&t, ALARM_CRITICAL, 1, 40); /* the first of them is a job by now */
    testing_tell_many(&t, ALARM_INFO, 41, 60);
    testing_tell_many(&t, ALARM_WARNING, 61, 100);
    testing_tell_many(&t, ALARM_WARNING, 101, 130); /* 20 infos and 10 warnings go */
    assert_int_equal(testing_status(&t, "ops").waiting, 100);
    assert_int_equal(testing_status(&t, "ops").given_up, 30);
    t.answer = NOTIFY_DELIVERED;
    t.heard_count = 0;
    testing_advance(&t, MINUTE);
    char expected[1000] = "1 30 notices were lost";
    for (int i = 2; i <= 130; i++) {
        if (i <= 40 || i > 70)
            snprintf(expected + strlen(expected), 8, " %d", i);
    }
    assert_string_equal(testing_words(&t), expected);
    testing_end(&t);
}

static void what_is_less_severe_than_all_that_waits_is_refused(void **state)
{
    (void)state;
    struct testing t;
    testing_begin(&t, TESTING_MONDAY, ONE "notices: {most: 100}\n");
    t.answer = NOTIFY_LATER;
    testing_tell_many(&t, ALARM_CRITICAL, 1, 100);
    assert_int_equal(testing_tell(&t, ALARM_WARNING, "w"), -ENOSPC);
    assert_int_equal(testing_tell(&t, ALARM_CRITICAL, "c"), 0);
    assert_int_equal(testing_status(&t, "ops").waiting, 100);
    assert_int_equal(testing_status(&t, "ops").given_up, 2);
    testing_end(&t);
}

static void the_bound_is_one_of_bytes_too(void **state)
{
    (void)state;
    struct testing t;
    char text[10001];
    testing_begin(&t, TESTING_MONDAY, ONE "notices: {most: 100}\n");
    t.answer = NOTIFY_LATER;
    memset(text, 'x', 10000);
    text[10000] = '\0';
    for (int i = 0; i < 50; i++)
        notify_add(t.notify,
                   &(struct notice){.kind = NOTICE_ALARM, .severity = ALARM_WARNING, .text = text});
    assert_in_range(testing_status(&t, "ops").waiting, 8, 10); /* of 102,400 bytes */
    testing_end(&t);
}

/* ---- settings -------------------------------------------------------------------------------- */

static void other_settings_take_the_job_back_and_send_it_anew(void **state)
{
    (void)state;
    struct testing t;
    testing_begin(&t, TESTING_MONDAY, ONE);
    t.silent = true;
    testing_tell(&t, ALARM_WARNING, "a");
    testing_configure(&t, "recipients: {ops: {" HOOK ", label: Me}}\n");
    assert_int_equal(t.abandoned, 0); /* it is reached as before */
    testing_configure(&t, "recipients: {ops: {kind: webhook, url: \"http://b/\"}}\n");
    assert_int_equal(t.abandoned, 1);
    assert_int_equal(t.heard_count, 2);
    assert_int_equal(t.heard[0].id, t.heard[1].id);
    testing_answer(&t, NOTIFY_DELIVERED);
    assert_int_equal(testing_status(&t, "ops").waiting, 0);
    testing_end(&t);
}

static void who_is_removed_or_switched_off_is_not_told(void **state)
{
    (void)state;
    struct testing t;
    testing_begin(&t, TESTING_MONDAY,
                  "recipients: {a: {" HOOK "}, b: {" HOOK "}, c: {" HOOK "}}\n");
    t.answer = NOTIFY_LATER;
    testing_tell_many(&t, ALARM_WARNING, 1, 3);
    testing_configure(&t, "recipients: {b: {" HOOK ", enabled: false}, c: {" HOOK "}}\n");
    assert_int_equal(notify_count(t.notify), 2);
    assert_int_equal(testing_status(&t, "b").waiting, 0);
    assert_int_equal(testing_status(&t, "c").waiting, 3);
    testing_close(&t);
    testing_open(&t); /* and not after a restart either */
    assert_int_equal(testing_status(&t, "b").waiting, 0);
    assert_int_equal(testing_status(&t, "c").waiting, 3);
    testing_end(&t);
}

static void without_a_route_notices_wait_for_one(void **state)
{
    (void)state;
    struct testing t;
    testing_begin(&t, TESTING_MONDAY,
                  "recipients: {ops: {kind: mail, address: ops@example.org}}\n");
    assert_string_equal(testing_status(&t, "ops").problem, ""); /* nothing waits for it */
    testing_tell(&t, ALARM_WARNING, "a");
    assert_int_equal(testing_status(&t, "ops").waiting, 1);
    assert_true(*testing_status(&t, "ops").problem);
    notify_route_remove(t.notify, &t.route);
    t.route.kind = "mail";
    notify_route_add(t.notify, &t.route);
    assert_string_equal(testing_words(&t), "a");
    assert_string_equal(testing_status(&t, "ops").problem, "");
    testing_end(&t);
}

/* ---- restarts -------------------------------------------------------------------------------- */

static void what_waits_outlasts_a_restart_with_its_ids(void **state)
{
    (void)state;
    struct testing t;
    testing_begin(&t, TESTING_MONDAY, ONE);
    t.answer = NOTIFY_LATER;
    testing_tell_many(&t, ALARM_WARNING, 1, 30);
    testing_advance(&t, MINUTE);
    uint64_t first = t.heard[0].id;
    testing_close(&t);
    t.heard_count = t.jobs = 0;
    testing_open(&t);
    testing_settle(&t);
    assert_int_equal(t.heard_count, 1);
    assert_int_equal(t.heard[0].id, first);
    assert_int_equal(testing_status(&t, "ops").waiting, 30);
    t.answer = NOTIFY_DELIVERED;
    testing_advance(&t, MINUTE);
    assert_int_equal(t.heard_count, 31);
    for (int i = 1; i <= 30; i++)
        assert_int_equal(atoi(t.heard[i].subject), i);
    uint64_t last = t.job_ids[2];
    assert_true(last > first);
    /* what has been delivered is not sent again, and no id comes a second time */
    testing_close(&t);
    t.heard_count = t.jobs = 0;
    testing_open(&t);
    testing_settle(&t);
    assert_int_equal(testing_status(&t, "ops").waiting, 0);
    testing_tell(&t, ALARM_WARNING, "new");
    assert_string_equal(testing_words(&t), "new");
    assert_true(t.heard[0].id > last);
    testing_end(&t);
}

/* A receiver that takes a job and dies before it answers: it must be able to tell by the id that
 * the same comes again, so it must be the same notices. */
static void a_job_of_several_stays_the_same_over_a_restart(void **state)
{
    (void)state;
    struct testing t;
    testing_begin(&t, TESTING_MONDAY, ONE);
    t.silent = true;
    testing_tell_many(&t, ALARM_WARNING, 0, 30);
    testing_answer(&t, NOTIFY_DELIVERED);
    testing_settle(&t);
    assert_int_equal(t.job_sizes[1], 30);
    uint64_t id = t.job_ids[1];
    testing_tell_many(&t, ALARM_WARNING, 31, 50);
    testing_close(&t);
    t.heard_count = t.jobs = 0;
    testing_open(&t);
    testing_settle(&t);
    assert_int_equal(t.job_sizes[0], 30);
    assert_int_equal(t.job_ids[0], id);
    testing_answer(&t, NOTIFY_DELIVERED);
    testing_settle(&t);
    assert_int_equal(t.job_sizes[1], 20);
    assert_true(t.job_ids[1] > id);
    testing_end(&t);
}

static void that_some_were_lost_outlasts_a_restart(void **state)
{
    (void)state;
    struct testing t;
    testing_begin(&t, TESTING_MONDAY, ONE "notices: {most: 100}\n");
    t.answer = NOTIFY_LATER;
    testing_tell_many(&t, ALARM_WARNING, 1, 150);
    testing_close(&t);
    t.heard_count = 0;
    testing_open(&t);
    testing_settle(&t);
    t.answer = NOTIFY_DELIVERED;
    testing_advance(&t, MINUTE);
    assert_int_equal(t.heard_count, 102); /* the first one twice */
    assert_string_equal(t.heard[2].subject, "50 notices were lost");
    testing_close(&t);
    t.heard_count = 0;
    testing_open(&t);
    testing_settle(&t);
    testing_advance(&t, MINUTE);
    assert_int_equal(t.heard_count, 0); /* once */
    testing_end(&t);
}

int main(void)
{
    struct err err;
    time_text_use_zone("UTC", &err);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_notice_is_in_the_hands_of_its_route_in_the_same_turn),
        cmocka_unit_test(notices_leave_in_their_order_whatever_their_severity),
        cmocka_unit_test(a_recipient_gets_what_it_wants_or_what_names_it),
        cmocka_unit_test(what_comes_within_the_least_interval_is_sent_together),
        cmocka_unit_test(a_backlog_is_sent_together_and_no_more_than_fits),
        cmocka_unit_test(a_storm_is_told_to_all_in_order),
        cmocka_unit_test(hours_decide_for_whom_a_notice_is),
        cmocka_unit_test(quiet_times_put_off_all_but_what_is_critical),
        cmocka_unit_test(when_it_is_full_the_oldest_of_the_least_severe_go),
        cmocka_unit_test(what_is_less_severe_than_all_that_waits_is_refused),
        cmocka_unit_test(the_bound_is_one_of_bytes_too),
        cmocka_unit_test(other_settings_take_the_job_back_and_send_it_anew),
        cmocka_unit_test(who_is_removed_or_switched_off_is_not_told),
        cmocka_unit_test(without_a_route_notices_wait_for_one),
        cmocka_unit_test(what_waits_outlasts_a_restart_with_its_ids),
        cmocka_unit_test(a_job_of_several_stays_the_same_over_a_restart),
        cmocka_unit_test(that_some_were_lost_outlasts_a_restart),
    };
    return cmocka_run_group_tests_name("notify", tests, NULL, NULL);
}
