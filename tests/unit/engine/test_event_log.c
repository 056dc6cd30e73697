/* The whole of it with its thread, and what watches devices and clocks. */
#include "test.h"
#include "test_folder.h"

#include <errno.h>
#include <unistd.h>

#include "engine/event_limit.h"
#include "engine/event_log.h"
#include "engine/event_watch.h"
#include "event_testing.h"
#include "model/site.h"

struct fixture {
    char folder[200];
    struct clock clock;
    struct loop *loop;
    struct event_log *log;
    uint64_t news, told[400];
    size_t told_count;
    struct event_news subscriber;
};

static const struct event_settings usual = {.keep = 1826LL * 86400 * CLOCK_S, .most = 100000};

static void on_news(void *user, uint64_t last)
{
    ((struct fixture *)user)->news = last;
}

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    test_folder(fixture->folder, sizeof fixture->folder);
    fixture->clock = clock_fake(TESTING_T0);
    fixture->loop = loop_new(&fixture->clock);
    fixture->log = event_log_open(fixture->loop, fixture->folder, &usual);
    fixture->subscriber = (struct event_news){.fn = on_news, .user = fixture};
    event_log_subscribe(fixture->log, &fixture->subscriber);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    event_log_close(fixture->log);
    loop_free(fixture->loop);
    test_folder_remove(fixture->folder);
    free(fixture);
    return 0;
}

static void on_durable(void *user, uint64_t id)
{
    struct fixture *fixture = user;
    fixture->told[fixture->told_count++] = id;
}

/* Until all that was added is on disk; the clock stands. */
static void settle(struct fixture *fixture)
{
    for (int i = 0; i < 20000 && event_log_status(fixture->log).waiting > 0; i++) {
        loop_poll(fixture->loop);
        usleep(500);
    }
    assert_int_equal(event_log_status(fixture->log).waiting, 0);
}

static struct testing_found *all(struct fixture *fixture)
{
    settle(fixture);
    return testing_search(fixture->folder, (struct event_question){0});
}

/* ---- adding ---------------------------------------------------------------------------------- */

static void an_event_is_told_durable_and_found(void **state)
{
    struct fixture *fixture = *state;
    for (int i = 0; i < 300; i++)
        assert_int_equal(event_log_add(fixture->log, &(struct event){.kind = EVENT_SIGN_IN,
                                                                     .actor = "anna",
                                                                     .origin = "10.0.0.9",
                                                                     .text = "anna signed in",
                                                                     .detail = "{\"a\":1}",
                                                                     .said = true,
                                                                     .durable = on_durable,
                                                                     .user = fixture}),
                         0);
    assert_int_equal(fixture->told_count, 0); /* never before add returns */
    settle(fixture);
    assert_int_equal(fixture->told_count, 300);
    for (size_t i = 0; i < 300; i++)
        assert_int_equal(fixture->told[i], i + 1);
    assert_int_equal(fixture->news, 300);
    assert_int_equal(event_log_status(fixture->log).last, 300);
    assert_true(testing_verify(fixture->folder).ok);
}

/* What a person gives as a reason cannot forge the next line of the log, nor move the terminal of
 * who reads it. */
static void an_event_is_one_line(void **state)
{
    struct fixture *fixture = *state;
    event_log_add(fixture->log, &(struct event){.kind = EVENT_START,
                                                .object = "pdu-a\x1B[2J",
                                                .text = "why:\nbecause\xFF",
                                                .detail = "{\"why\":\"a\\nb\"}",
                                                .said = true});
    struct testing_found *found = all(fixture);
    assert_int_equal(found->count, 1);
    assert_string_equal(found->list[0].text, "why: because?");
    assert_string_equal(found->list[0].object, "pdu-a [2J");
    assert_true(testing_verify(fixture->folder).ok);
    free(found);
}

/* Texts of any length and bytes: cut where a character ends, found again, chained. */
static void texts_are_cut_not_refused(void **state)
{
    struct fixture *fixture = *state;
    char text[5000], detail[6000];
    for (size_t i = 0; i + 2 < sizeof text; i += 2)
        memcpy(text + i, "\xc3\xa4", 2);
    text[4998] = '\0';
    memset(detail, '1', sizeof detail - 1);
    detail[sizeof detail - 1] = '\0';
    event_log_add(fixture->log, &(struct event){.kind = EVENT_START,
                                                .actor = text,
                                                .object = text + 1, /* begins in a character */
                                                .text = text,
                                                .detail = detail,
                                                .said = true});
    event_log_add(fixture->log, &(struct event){.kind = EVENT_START, .said = true});
    struct testing_found *found = all(fixture);
    assert_int_equal(found->count, 2);
    free(found);
    assert_true(testing_verify(fixture->folder).ok);
    assert_int_equal(event_log_add(NULL, &(struct event){.kind = EVENT_START, .said = true}),
                     -ENODEV);
}

/* What is waiting when the program ends is written first. */
static void the_end_waits_for_what_is_waiting(void **state)
{
    struct fixture *fixture = *state;
    for (int i = 0; i < 200; i++)
        event_log_add(fixture->log, &(struct event){.kind = EVENT_STOP,
                                                    .text = "x",
                                                    .said = true,
                                                    .durable = on_durable,
                                                    .user = fixture});
    fixture->log = event_log_close(fixture->log);
    assert_int_equal(fixture->told_count, 200);
    assert_int_equal(fixture->told[199], 200);
    assert_int_equal(testing_verify(fixture->folder).records, 200);
}

static void a_run_that_was_killed_is_known(void **state)
{
    struct fixture *fixture = *state;
    static const enum event_kind last[] = {EVENT_START, EVENT_STOP};
    assert_false(event_log_status(fixture->log).ran_before);
    for (size_t i = 0; i < 2; i++) {
        event_log_add(fixture->log, &(struct event){.kind = EVENT_START, .said = true});
        event_log_add(fixture->log, &(struct event){.kind = last[i], .said = true});
        event_log_unsubscribe(fixture->log, &fixture->subscriber);
        event_log_close(fixture->log);
        fixture->log = event_log_open(fixture->loop, fixture->folder, &usual);
        assert_true(event_log_status(fixture->log).ran_before);
        assert_int_equal(event_log_status(fixture->log).ended_well, i == 1);
    }
}

/* ---- too many -------------------------------------------------------------------------------- */

static void a_bucket_lets_so_many_pass_an_hour(void **state)
{
    (void)state;
    struct event_limit limit = {0};
    clock_us now = 1000 * CLOCK_S;
    int passed = 0;
    for (int i = 0; i < 500; i++)
        passed += event_limit_pass(&limit, 60, now);
    assert_int_equal(passed, 60);
    assert_int_equal(limit.held, 440);
    /* ten hours at one a second: 60 an hour, and none saved up beyond that */
    passed = 0;
    for (int i = 0; i < 36000; i++)
        passed += event_limit_pass(&limit, 60, now += CLOCK_S);
    assert_int_equal(passed, 600);
    now += 100LL * 3600 * CLOCK_S;
    passed = 0;
    for (int i = 0; i < 500; i++)
        passed += event_limit_pass(&limit, 60, now);
    assert_int_equal(passed, 60);
    assert_true(event_limit_pass(&limit, 0, now));
}

/* Guessing passwords at 10 a second for an hour fills no log, and the number is told. */
static void knocking_at_the_door_does_not_fill_the_log(void **state)
{
    struct fixture *fixture = *state;
    for (int i = 0; i < 3600; i++) {
        for (int j = 0; j < 10; j++)
            event_log_add(
                fixture->log,
                &(struct event){.kind = EVENT_SIGN_IN_REFUSED, .text = "refused", .said = true});
        loop_advance(fixture->loop, CLOCK_S);
    }
    for (int i = 0; i < 3; i++)
        loop_advance(fixture->loop, 3600 * CLOCK_S);
    struct testing_found *found = all(fixture);
    size_t refused = 0;
    unsigned told = 0, number;
    for (size_t i = 0; i < found->count; i++) {
        refused += strcmp(found->list[i].kind, "sign-in-refused") == 0;
        if (sscanf(found->list[i].text, "%u more of the kind", &number) == 1)
            told += number;
    }
    assert_in_range(refused, 60, 121);
    assert_int_equal(refused + told, 36000);
    assert_in_range(found->count, refused, refused + 130);
    free(found);
}

/* ---- questions ------------------------------------------------------------------------------- */

struct answer {
    size_t rows;
    bool done, more;
    int code;
};

static void on_row(void *user, const struct event_found *found)
{
    (void)found;
    ((struct answer *)user)->rows++;
}

static void on_done(void *user, bool more, const struct err *err)
{
    struct answer *answer = user;
    answer->done = true;
    answer->more = more;
    answer->code = err->code;
}

static void wait_done(struct fixture *fixture, struct answer *answer)
{
    for (int i = 0; i < 20000 && !answer->done; i++) {
        loop_poll(fixture->loop);
        usleep(500);
    }
    assert_true(answer->done);
}

static void questions_run_on_the_pool_and_can_be_withdrawn(void **state)
{
    struct fixture *fixture = *state;
    for (int i = 0; i < 50; i++)
        event_log_add(fixture->log, &(struct event){.kind = EVENT_START, .said = true});
    settle(fixture);
    struct answer answers[8] = {0};
    struct event_question question = {.limit = 20, .role = ROLE_VIEW};
    struct event_ask *asks[8];
    struct err err = ERR_EMPTY;
    for (int i = 0; i < 8; i++) {
        asks[i] = event_log_ask(
            fixture->log, &question,
            &(struct event_asking){
                .row = on_row, .done = on_done, .user = &answers[i], .client = i < 4 ? "a" : "b"},
            &err);
        assert_non_null(asks[i]);
    }
    /* one client has no fifth place while others still find one */
    assert_null(event_log_ask(fixture->log, &question,
                              &(struct event_asking){.row = on_row, .done = on_done, .client = "a"},
                              &err));
    assert_int_equal(err.code, -EBUSY);
    event_ask_cancel(asks[7]);
    event_ask_cancel(asks[0]);
    for (int i = 0; i < 8; i++) {
        wait_done(fixture, &answers[i]);
        bool withdrawn = i == 0 || i == 7;
        assert_int_equal(answers[i].code, withdrawn ? -ECANCELED : 0);
        if (!withdrawn) {
            assert_int_equal(answers[i].rows, 20);
            assert_true(answers[i].more);
        }
    }
    /* the log is closed under a question: it is still told its end */
    struct answer last = {0};
    event_log_ask(fixture->log, &question,
                  &(struct event_asking){.row = on_row, .done = on_done, .user = &last}, &err);
    fixture->log = event_log_close(fixture->log);
    wait_done(fixture, &last);
    assert_int_equal(last.code, -ECANCELED);
}

static void without_a_store_the_program_goes_on(void **state)
{
    struct fixture *fixture = *state;
    struct event_log *second = event_log_open(fixture->loop, fixture->folder, &usual);
    struct event_log_status status = event_log_status(second);
    assert_false(status.ok);
    assert_non_null(strstr(status.problem, "another busbar"));
    assert_int_equal(event_log_add(second, &(struct event){.kind = EVENT_START, .said = true}),
                     -ENODEV);
    event_log_close(second);
}

/* ---- what is watched ------------------------------------------------------------------------- */

static struct device *add_device(struct site *site, const char *name)
{
    struct device_spec spec = {.name = name, .unit = 1, .every = CLOCK_S};
    return site_device_add(site, &spec);
}

static void set_state(struct fixture *fixture, struct device *device,
                      enum device_state device_state)
{
    device_set_state(device, device_state,
                     device_state == DEVICE_SILENT ? "time-out on bus-1" : "");
    loop_advance(fixture->loop, CLOCK_S);
}

static void lost_and_found_devices_are_told_once_a_change(void **state)
{
    struct fixture *fixture = *state;
    struct site *site = site_new(fixture->loop);
    struct event_watch *watch = event_watch_new(fixture->log, site);
    struct device *a = add_device(site, "meter-a"), *b = add_device(site, "meter-b");
    set_state(fixture, a, DEVICE_ONLINE); /* the first contact is no event */
    set_state(fixture, b, DEVICE_SILENT);
    device_set_state(b, DEVICE_SILENT, "another reason"); /* the same state is none either */
    loop_advance(fixture->loop, CLOCK_S);
    set_state(fixture, a, DEVICE_SILENT);
    loop_advance(fixture->loop, 200 * CLOCK_S);
    set_state(fixture, a, DEVICE_ONLINE);
    struct testing_found *found = all(fixture);
    assert_int_equal(found->count, 3);
    assert_string_equal(found->list[2].kind, "contact-lost");
    assert_string_equal(found->list[2].object, "meter-b");
    assert_string_equal(found->list[1].text, "meter-a does not answer: time-out on bus-1");
    assert_string_equal(found->list[0].kind, "contact-restored");
    assert_string_equal(found->list[0].text, "meter-a answers again after 3 min 21 s");
    free(found);
    /* gone from the site and back under the same name: nothing is remembered */
    site_device_remove(site, b);
    loop_advance(fixture->loop, CLOCK_S);
    set_state(fixture, add_device(site, "meter-b"), DEVICE_ONLINE);
    found = all(fixture);
    assert_int_equal(found->count, 3);
    free(found);
    event_watch_free(watch);
    site_free(site);
}

/* A bad contact for a day, a change each 2 s: at most 12 an hour and the first burst, no change
 * goes uncounted, and the last thing told is how it ended. */
static void a_flapping_device_does_not_fill_the_log(void **state)
{
    struct fixture *fixture = *state;
    struct site *site = site_new(fixture->loop);
    struct event_watch *watch = event_watch_new(fixture->log, site);
    struct device *device = add_device(site, "meter-a");
    for (int i = 0; i < 10801; i++) {
        device_set_state(device, i % 2 ? DEVICE_ONLINE : DEVICE_SILENT, "");
        loop_advance(fixture->loop, 2 * CLOCK_S);
    }
    loop_advance(fixture->loop, 3600 * CLOCK_S);
    struct testing_found *found = all(fixture);
    assert_in_range(found->count, 60, 12 + 7 * 12);
    assert_string_equal(found->list[0].kind, "contact-lost");
    unsigned changes = 0;
    for (size_t i = 0; i < found->count; i++) {
        unsigned number = 1;
        const char *at = strstr(found->list[i].text, "changed ");
        if (at)
            sscanf(at, "changed %u times", &number);
        changes += number;
    }
    assert_int_equal(changes, 10801);
    free(found);
    event_watch_free(watch);
    site_free(site);
}

static void clock_steps_are_told_and_small_corrections_are_not(void **state)
{
    struct fixture *fixture = *state;
    struct site *site = site_new(fixture->loop);
    fixture->clock.fake_wall_known = false;
    struct event_watch *watch = event_watch_new(fixture->log, site);
    loop_advance(fixture->loop, 60 * CLOCK_S);
    fixture->clock.fake_wall_known = true;
    loop_advance(fixture->loop, 60 * CLOCK_S);
    clock_fake_step_wall(&fixture->clock, -1800 * CLOCK_S);
    loop_advance(fixture->loop, 60 * CLOCK_S);
    for (int i = 0; i < 100; i++) {
        clock_fake_step_wall(&fixture->clock, 400 * CLOCK_MS); /* 8 % for 500 s */
        loop_advance(fixture->loop, 5 * CLOCK_S);
    }
    struct testing_found *found = all(fixture);
    assert_int_equal(found->count, 2);
    assert_string_equal(found->list[1].kind, "clock-known");
    assert_string_equal(found->list[0].kind, "clock-step");
    assert_non_null(strstr(found->list[0].text, "back by 1800.0 s"));
    free(found);
    event_watch_free(watch);
    site_free(site);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_event_is_told_durable_and_found),
        TEST(an_event_is_one_line),
        TEST(texts_are_cut_not_refused),
        TEST(the_end_waits_for_what_is_waiting),
        TEST(a_run_that_was_killed_is_known),
        cmocka_unit_test(a_bucket_lets_so_many_pass_an_hour),
        TEST(knocking_at_the_door_does_not_fill_the_log),
        TEST(questions_run_on_the_pool_and_can_be_withdrawn),
        TEST(without_a_store_the_program_goes_on),
        TEST(lost_and_found_devices_are_told_once_a_change),
        TEST(a_flapping_device_does_not_fill_the_log),
        TEST(clock_steps_are_told_and_small_corrections_are_not),
    };
    return cmocka_run_group_tests_name("event_log", tests, NULL, NULL);
}
