/* What becomes a notice: events by their kind, refused sign-ins together, the start with its
 * reason. */
#include "notify_testing.h"

#include "base/time_text.h"
#include "engine/event_log.h"
#include "engine/notify_tell.h"

#define MINUTE (60 * CLOCK_S)

struct fixture {
    struct testing t;
    struct event_log *log;
    struct notify_tell *tell;
};

static void begin(struct fixture *f, const char *recipients)
{
    static const struct event_settings usual = {.keep = 1826LL * 86400 * CLOCK_S, .most = 100000};
    testing_begin(&f->t, TESTING_MONDAY, recipients);
    f->log = event_log_open(f->t.loop, f->t.folder, &usual);
    f->tell = notify_tell_new(
        &(struct notify_tell_context){.loop = f->t.loop, .notify = f->t.notify, .events = f->log});
}

static void end(struct fixture *f)
{
    notify_tell_free(f->tell);
    testing_close(&f->t);
    event_log_close(f->log);
    testing_end(&f->t);
}

static void happen(struct fixture *f, enum event_kind kind, const char *text)
{
    event_log_add(f->log, &(struct event){.kind = kind, .actor = "eve", .text = text});
}

static void events_go_to_those_who_want_their_kind(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f, "recipients:\n"
              "  all: {kind: webhook, url: \"http://a/\", events: true, least: info}\n"
              "  some: {kind: webhook, url: \"http://a/\", control: true}\n"
              "  bad: {kind: webhook, url: \"http://a/\", events: true, control: true}\n");
    happen(&f, EVENT_SETTING_CHANGED, "a");
    happen(&f, EVENT_CONTROL_DONE, "b");
    happen(&f, EVENT_CONTROL_ACCEPTED, "c");
    happen(&f, EVENT_HISTORY_PROBLEM, "d");
    happen(&f, EVENT_ALARM_RAISED, "e"); /* alarms are told by their engine */
    static const struct {
        const char *name, *subject;
    } expected[] = {
        {"all", "Setting changed"},    {"all", "Switched"},         {"some", "Switched"},
        {"bad", "Switched"},           {"all", "Command accepted"}, {"all", "History in trouble"},
        {"bad", "History in trouble"},
    };
    assert_int_equal(f.t.heard_count, TEST_COUNT(expected));
    for (size_t i = 0; i < TEST_COUNT(expected); i++) {
        assert_string_equal(f.t.heard[i].name, expected[i].name);
        assert_string_equal(f.t.heard[i].subject, expected[i].subject);
    }
    end(&f);
}

/* People are told what happens to their equipment, a manager also how an alarm stands. */
static void that_an_alarm_was_seen_is_for_managers(void **state)
{
    (void)state;
    const struct recipient mail = {.kind = RECIPIENT_MAIL, .alarms = true};
    const struct recipient trap = {.kind = RECIPIENT_TRAP, .alarms = true};
    struct notice notice = {.kind = NOTICE_ALARM, .change = ALARM_SEEN, .severity = ALARM_WARNING};
    assert_true(recipient_wants(&trap, "noc", &notice));
    assert_false(recipient_wants(&mail, "kim", &notice));
    notice.recipients = "kim, noc";
    assert_true(recipient_wants(&trap, "noc", &notice));
    assert_false(recipient_wants(&mail, "kim", &notice));
    notice.change = ALARM_RAISED;
    assert_true(recipient_wants(&mail, "kim", &notice));
}

static void refused_sign_ins_are_told_once_and_then_together(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f, "recipients: {ops: {kind: webhook, url: \"http://a/\", sign_in: true}}\n");
    for (int i = 0; i < 5; i++) {
        happen(&f, EVENT_SIGN_IN_REFUSED, "refused");
        loop_advance(f.t.loop, MINUTE);
    }
    assert_string_equal(testing_words(&f.t), "Sign-in refused");
    loop_advance(f.t.loop, 10 * MINUTE);
    assert_string_equal(testing_words(&f.t), "Sign-in refused 4 more sign-ins were refused");
    happen(&f, EVENT_SIGN_IN_REFUSED, "refused"); /* it goes on being gathered */
    loop_advance(f.t.loop, 16 * MINUTE);
    assert_string_equal(f.t.heard[2].subject, "1 more sign-in was refused");
    loop_advance(f.t.loop, 16 * MINUTE);
    happen(&f, EVENT_SIGN_IN_REFUSED, "refused"); /* after a quiet quarter: at once */
    assert_int_equal(f.t.heard_count, 4);
    assert_string_equal(f.t.heard[3].subject, "Sign-in refused");
    end(&f);
}

static char told[600];

static void listen(void *user, struct notify_job *job)
{
    struct testing *t = user;
    snprintf(told, sizeof told, "%d %s", (int)job->notices[0].severity, job->notices[0].text);
    notify_done(t->notify, job, NOTIFY_DELIVERED, "");
}

static void the_start_is_told_with_its_reason(void **state)
{
    (void)state;
    static const struct {
        bool ran, well;
        clock_us up;
        const char *text;
    } cases[] = {
        {false, false, 30 * CLOCK_S,
         "0 busbar 9.9 has started for the first time; the machine has been up for 30 s."},
        {true, true, 26 * 60 * MINUTE,
         "0 busbar 9.9 has started after it had been stopped; the machine has been up for 26 h."},
        {true, false, 40 * CLOCK_S,
         "1 busbar 9.9 has started after the machine had lost its power or been restarted; the "
         "machine has been up for 40 s."},
        {true, false, 90 * MINUTE,
         "1 busbar 9.9 has started after it had been killed, or had failed; the machine has been "
         "up for 90 min."},
    };
    struct fixture f;
    begin(&f, "recipients: {ops: {kind: webhook, url: \"http://a/\", boot: true}}\n");
    f.t.route.send = listen;
    for (size_t i = 0; i < TEST_COUNT(cases); i++) {
        const struct event_log_status before = {.ran_before = cases[i].ran,
                                                .ended_well = cases[i].well};
        notify_tell_start(f.tell, "9.9", &before, cases[i].up);
        assert_string_equal(told, cases[i].text);
        loop_poll(f.t.loop);
    }
    end(&f);
}

int main(void)
{
    struct err err;
    time_text_use_zone("UTC", &err);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_go_to_those_who_want_their_kind),
        cmocka_unit_test(that_an_alarm_was_seen_is_for_managers),
        cmocka_unit_test(refused_sign_ins_are_told_once_and_then_together),
        cmocka_unit_test(the_start_is_told_with_its_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
