/* What the event log holds of commands: who, from where, why, what it was, what came of it. */
#include "engine/switcher_testing.h"

#include <jansson.h>

#include "engine/event_log.h"
#include "engine/event_reader.h"

static const char yaml[] = "devices: {pdu-0: {}}\n"
                           "outlets: {pdu-0/outlet-1: {name: Web, on_delay: 5 s}, "
                           "pdu-0/outlet-2: {lock: true}}\n";

static const struct event_settings keep = {.keep = 400LL * 86400 * CLOCK_S, .most = 100000};

struct fixture {
    struct rig rig;
    char folder[200];
    char found[2000], detail[4000], actor[80], origin[80]; /* of the newest that fits */
    size_t count;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    test_folder(f->folder, sizeof f->folder);
    rig_make(&f->rig, 1, 4, yaml);
    f->rig.events = event_log_open(f->rig.loop, f->folder, &keep);
    rig_start(&f->rig);
    rig_run(&f->rig, 2 * CLOCK_S);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    rig_kill(&f->rig, false);
    event_log_close(f->rig.events);
    rig_free(&f->rig);
    test_folder_remove(f->folder);
    free(f);
    return 0;
}

static void on_found(void *user, const struct event_found *found)
{
    struct fixture *f = user;
    if (f->count++)
        return;
    snprintf(f->found, sizeof f->found, "%s", found->record.text);
    snprintf(f->detail, sizeof f->detail, "%s", found->record.detail);
    snprintf(f->actor, sizeof f->actor, "%s", found->record.actor);
    snprintf(f->origin, sizeof f->origin, "%s", found->record.origin);
}

/* How many there are of a kind on an object; closing the log writes what waits. */
static size_t look(struct fixture *f, enum event_kind kind, const char *object)
{
    struct event_question question = {
        .kinds = {kind}, .kind_count = 1, .role = ROLE_VIEW, .limit = 100};
    bool more;
    f->rig.events = event_log_close(f->rig.events);
    struct event_reader *reader = event_reader_open(f->folder, NULL);
    assert_non_null(reader);
    snprintf(question.object, sizeof question.object, "%s", object);
    f->count = 0;
    assert_int_equal(event_reader_search(reader, &question, on_found, f, &more, NULL, NULL), 0);
    event_reader_close(reader);
    return f->count;
}

static void expect_detail(const struct fixture *f, const char *key, const char *value)
{
    json_t *root = json_loads(f->detail, 0, NULL);
    assert_non_null(root);
    char *text = json_dumps(json_object_get(root, key), JSON_ENCODE_ANY);
    assert_non_null(text);
    assert_string_equal(text, value);
    free(text);
    json_decref(root);
}

/* The switcher's log goes with its last event: what is asked comes after. */
static void stop(struct fixture *f)
{
    rig_stop(&f->rig);
}

static void restart(struct fixture *f)
{
    f->rig.events = NULL;
    rig_start(&f->rig);
}

static void what_was_done_is_told_whole(void **state)
{
    struct fixture *f = *state;
    rig_do(&f->rig, COMMAND_ON, "pdu-0/outlet-1", NULL);
    rig_run(&f->rig, CLOCK_S);
    stop(f);
    assert_int_equal(look(f, EVENT_CONTROL_DONE, "pdu-0/outlet-1"), 1);
    assert_string_equal(f->found, "On of pdu-0/outlet-1 (Web): confirmed after 4 ms; wanted by "
                                  "anna (192.0.2.9): test");
    assert_string_equal(f->actor, "anna");
    assert_string_equal(f->origin, "192.0.2.9");
    expect_detail(f, "action", "\"on\"");
    expect_detail(f, "before", "0");
    expect_detail(f, "after", "1");
    expect_detail(f, "result", "\"confirmed\"");
    expect_detail(f, "reason", "\"test\"");
    expect_detail(f, "duration_ms", "4");
    assert_int_equal(look(f, EVENT_CONTROL_ACCEPTED, "pdu-0/outlet-1"), 1);
    restart(f);
}

static void a_refusal_is_told_with_its_reason(void **state)
{
    struct fixture *f = *state;
    rig_ask(&f->rig, COMMAND_OFF, "pdu-0/outlet-2");
    stop(f);
    assert_int_equal(look(f, EVENT_CONTROL_REFUSED, "pdu-0/outlet-2"), 1);
    assert_non_null(strstr(f->found, "Off of pdu-0/outlet-2 refused: pdu-0/outlet-2 is locked"));
    assert_int_equal(look(f, EVENT_CONTROL_ACCEPTED, ""), 0);
    restart(f);
}

static void each_end_has_its_kind(void **state)
{
    struct fixture *f = *state;
    f->rig.outlets[0][2].fault = RIG_IGNORES;
    f->rig.outlets[0][3].fault = RIG_REFUSES;
    rig_do(&f->rig, COMMAND_ON_DELAYED, "pdu-0/outlet-1", NULL);
    rig_do(&f->rig, COMMAND_ON, "pdu-0/outlet-3", NULL);
    rig_do(&f->rig, COMMAND_ON, "pdu-0/outlet-4", NULL);
    rig_run(&f->rig, CLOCK_S);
    rig_do(&f->rig, COMMAND_CANCEL, "pdu-0/outlet-1", NULL);
    rig_run(&f->rig, 10 * CLOCK_S);
    stop(f);
    assert_int_equal(look(f, EVENT_CONTROL_FAILED, ""), 2);
    assert_int_equal(look(f, EVENT_CONTROL_FAILED, "pdu-0/outlet-3"), 1);
    expect_detail(f, "result", "\"failed\"");
    assert_int_equal(look(f, EVENT_CONTROL_FAILED, "pdu-0/outlet-4"), 1);
    expect_detail(f, "result", "\"refused\"");
    assert_int_equal(look(f, EVENT_CONTROL_CANCELLED, "pdu-0/outlet-1"), 1);
    assert_int_equal(look(f, EVENT_CONTROL_DONE, ""), 0);
    restart(f);
}

static void what_nobody_commanded_is_told(void **state)
{
    struct fixture *f = *state;
    rig_contact(&f->rig.outlets[0][0], true);
    rig_run(&f->rig, 2 * CLOCK_S);
    rig_cut(&f->rig, 0);
    rig_run(&f->rig, 5 * CLOCK_S);
    rig_power(&f->rig, 0);
    rig_run(&f->rig, 5 * CLOCK_S);
    stop(f);
    assert_int_equal(look(f, EVENT_OUTLET_CHANGED, ""), 1);
    assert_string_equal(f->found, "pdu-0/outlet-1 (Web) is on now, without a command of busbar");
    assert_int_equal(look(f, EVENT_POWER_UP, "pdu-0"), 1);
    assert_int_equal(look(f, EVENT_CONTROL_DONE, "pdu-0/outlet-1"), 1);
    assert_string_equal(f->actor, "system");
    assert_string_equal(f->origin, "power-up");
    restart(f);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_was_done_is_told_whole),
        TEST(a_refusal_is_told_with_its_reason),
        TEST(each_end_has_its_kind),
        TEST(what_nobody_commanded_is_told),
    };
    return cmocka_run_group_tests_name("switcher_events", tests, NULL, NULL);
}
