#include "face_testing.h"

#include <errno.h>
#include <math.h>

#include "face/command_json.h"

/* ---- reading --------------------------------------------------------------------------------- */

static int read_text(const char *text, json_t **body, struct command_json_wish *wish,
                     struct err *err)
{
    *err = ERR_EMPTY;
    *body = json_loads(text, 0, NULL);
    assert_non_null(*body);
    return command_json_read(*body, wish, err);
}

static void test_a_whole_wish(void **state)
{
    (void)state;
    struct command_json_wish read;
    struct err err;
    json_t *body;
    assert_int_equal(read_text("{\"targets\":[\"a/outlet-1\",\"group/web\"],\"action\":\"off-"
                               "delayed\",\"delay\":1.5,\"reason\":\"r\",\"key\":\"k\","
                               "\"confirm\":\"123456\",\"only_ask\":true}",
                               &body, &read, &err),
                     0);
    assert_int_equal(read.wish.target_count, 2);
    assert_string_equal(read.wish.targets[1], "group/web");
    assert_int_equal(read.wish.action, COMMAND_OFF_DELAYED);
    assert_true(read.wish.delay == 1500 * CLOCK_MS);
    assert_string_equal(read.wish.reason, "r");
    assert_string_equal(read.wish.key, "k");
    assert_string_equal(read.wish.confirm, "123456");
    assert_true(read.wish.only_ask);
    assert_true(isnan(read.wish.number));
    command_json_wish_deinit(&read);
    json_decref(body);
}

static void test_what_is_left_out(void **state)
{
    (void)state;
    struct command_json_wish read;
    struct err err;
    json_t *body;
    assert_int_equal(read_text("{\"targets\":[\"a/*\"],\"action\":\"set\",\"number\":40,\"delay\":"
                               "null,\"key\":null}",
                               &body, &read, &err),
                     0);
    assert_true(read.wish.number == 40 && read.wish.delay == 0);
    assert_null(read.wish.key);
    assert_null(read.wish.reason);
    assert_false(read.wish.only_ask);
    command_json_wish_deinit(&read);
    json_decref(body);
}

static void test_refused(void **state)
{
    (void)state;
    /* the text, and what the sentence must name */
    static const char *const bad[][2] = {
        {"{}", "targets"},
        {"{\"targets\":[]}", "targets"},
        {"{\"targets\":[1]}", "targets"},
        {"{\"targets\":[\"a\"]}", "action"},
        {"{\"targets\":[\"a\"],\"action\":\"rebot\"}", "reboot"},
        {"{\"targets\":[\"a\"],\"action\":\"set\"}", "number"},
        {"{\"targets\":[\"a\"],\"action\":\"set\",\"number\":\"1\"}", "number"},
        {"{\"targets\":[\"a\"],\"action\":\"on\",\"delay\":-1}", "delay"},
        {"{\"targets\":[\"a\"],\"action\":\"on\",\"delay\":86401}", "delay"},
        {"{\"targets\":[\"a\"],\"action\":\"on\",\"delay\":\"2 d\"}", "delay"},
        {"{\"targets\":[\"a\"],\"action\":\"on\",\"delay\":true}", "delay"},
        {"{\"targets\":[\"a\"],\"action\":\"on\",\"only_ask\":\"yes\"}", "only_ask"},
        {"{\"targets\":[\"a\"],\"action\":\"on\",\"reason\":7}", "reason"},
    };
    for (size_t i = 0; i < TEST_COUNT(bad); i++) {
        struct command_json_wish read;
        struct err err;
        json_t *body;
        if (read_text(bad[i][0], &body, &read, &err) != -EINVAL || !strstr(err.text, bad[i][1]))
            fail_msg("%s: %s", bad[i][0], err.text);
        json_decref(body);
    }
}

/* A key or a reason of another length than the door keeps would be cut there, and then two keys be
 * the same. */
static void test_lengths_are_the_doors(void **state)
{
    (void)state;
    struct command kept;
    char text[400], word[300];
    struct command_json_wish read;
    struct err err;
    json_t *body;
    for (size_t over = 0; over < 2; over++) {
        memset(word, 'x', sizeof word);
        word[sizeof kept.key - 1 + over] = '\0';
        snprintf(text, sizeof text, "{\"targets\":[\"a\"],\"action\":\"on\",\"key\":\"%s\"}", word);
        assert_int_equal(read_text(text, &body, &read, &err), over ? -EINVAL : 0);
        if (!over)
            command_json_wish_deinit(&read);
        json_decref(body);
        memset(word, 'x', sizeof word);
        word[sizeof kept.reason - 1 + over] = '\0';
        snprintf(text, sizeof text, "{\"targets\":[\"a\"],\"action\":\"on\",\"reason\":\"%s\"}",
                 word);
        assert_int_equal(read_text(text, &body, &read, &err), over ? -EINVAL : 0);
        if (!over)
            command_json_wish_deinit(&read);
        json_decref(body);
    }
}

/* ---- writing --------------------------------------------------------------------------------- */

static const struct word on_off[] = {{0, "off"}, {1, "on"}};
static const struct words words = {.list = on_off, .count = 2};

static struct command_step step_of(enum command_state state)
{
    return (struct command_step){.target = "m-1/outlet-1",
                                 .label = "Router \"1\"",
                                 .state = state,
                                 .due = CLOCK_NEVER,
                                 .before = 1,
                                 .after = NAN,
                                 .wish = 0,
                                 .written_us = -1,
                                 .confirmed_us = -1};
}

static json_t *written(const struct command *command, const struct command_view *view, bool summary)
{
    struct buf out = BUF_EMPTY;
    struct json json = json_writer(&out);
    (summary ? command_json_write_summary : command_json_write)(&json, command, view);
    json_t *read = json_loads(buf_text(&out), 0, NULL);
    assert_non_null(read);
    buf_deinit(&out);
    return read;
}

static void test_written(void **state)
{
    struct test_site *t = *state;
    t->state->words = &words;
    struct command_step step = step_of(COMMAND_PENDING);
    step.due = 5 * CLOCK_S;
    struct command command = {.id = "c1",
                              .action = COMMAND_OFF_DELAYED,
                              .actor = "anna",
                              .accepted = CLOCK_S,
                              .accepted_wall = 1700000000 * CLOCK_S,
                              .step_count = 1,
                              .steps = &step};
    const struct command_view view = {
        .now = 3 * CLOCK_S, .wall = 1700000002 * CLOCK_S, .site = t->site};
    json_t *read = written(&command, &view, false);
    const json_t *one = json_array_get(json_object_get(read, "steps"), 0);
    assert_string_equal(json_string_value(json_object_get(read, "state")), "running");
    assert_true(json_is_null(json_object_get(read, "took_ms")));
    /* 1700000000 is 2023-11-14T22:13:20Z by date(1) */
    assert_string_equal(json_string_value(json_object_get(read, "accepted")),
                        "2023-11-14T22:13:20.000Z");
    assert_string_equal(json_string_value(json_object_get(one, "due")), "2023-11-14T22:13:24.000Z");
    assert_int_equal(json_integer_value(json_object_get(one, "due_in_ms")), 2000);
    assert_string_equal(json_string_value(json_object_get(one, "before_text")), "on");
    assert_string_equal(json_string_value(json_object_get(one, "wish_text")), "off");
    assert_true(json_is_null(json_object_get(one, "after")));
    assert_true(json_is_null(json_object_get(one, "after_text")));
    assert_true(json_is_null(json_object_get(one, "written_ms")));
    assert_string_equal(json_string_value(json_object_get(one, "label")), "Router \"1\"");
    json_decref(read);
}

/* The worst of the steps is what is said of the whole. */
static void test_how_it_ended(void **state)
{
    (void)state;
    static const struct {
        enum command_state steps[3];
        const char *whole;
    } cases[] = {
        {{COMMAND_CONFIRMED, COMMAND_CONFIRMED, COMMAND_CONFIRMED}, "done"},
        {{COMMAND_CONFIRMED, COMMAND_CANCELLED, COMMAND_CONFIRMED}, "cancelled"},
        {{COMMAND_REFUSED, COMMAND_CANCELLED, COMMAND_CONFIRMED}, "refused"},
        {{COMMAND_REFUSED, COMMAND_UNKNOWN, COMMAND_CANCELLED}, "unknown"},
        {{COMMAND_CONFIRMED, COMMAND_UNKNOWN, COMMAND_FAILED}, "failed"},
    };
    for (size_t i = 0; i < TEST_COUNT(cases); i++) {
        struct command_step steps[3];
        for (size_t j = 0; j < 3; j++)
            steps[j] = step_of(cases[i].steps[j]);
        struct command command = {.id = "c", .steps = steps, .step_count = 3, .ended = CLOCK_S};
        assert_string_equal(command_json_state(&command), cases[i].whole);
        command.ended = 0;
        assert_string_equal(command_json_state(&command), "running");
    }
}

static void test_summary_counts(void **state)
{
    (void)state;
    struct command_step steps[] = {step_of(COMMAND_CONFIRMED), step_of(COMMAND_PENDING),
                                   step_of(COMMAND_PENDING)};
    steps[1].due = 9 * CLOCK_S;
    steps[2].due = 4 * CLOCK_S;
    const struct command command = {.id = "c", .steps = steps, .step_count = 3};
    const struct command_view view = {.now = 3 * CLOCK_S, .wall = 1700000000 * CLOCK_S};
    json_t *read = written(&command, &view, true);
    const json_t *counts = json_object_get(read, "steps");
    assert_int_equal(json_integer_value(json_object_get(counts, "confirmed")), 1);
    assert_int_equal(json_integer_value(json_object_get(counts, "pending")), 2);
    assert_int_equal(json_integer_value(json_object_get(counts, "failed")), 0);
    assert_int_equal(json_integer_value(json_object_get(read, "due_in_ms")), 1000);
    json_decref(read);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_whole_wish),
        cmocka_unit_test(test_what_is_left_out),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_lengths_are_the_doors),
        cmocka_unit_test_setup_teardown(test_written, test_site_setup, test_site_teardown),
        cmocka_unit_test(test_how_it_ended),
        cmocka_unit_test(test_summary_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
