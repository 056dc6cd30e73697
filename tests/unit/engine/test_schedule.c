/* Schedules at work: what is refused in settings, and what becomes of a restart, a clock that is
 * not known or steps, a busy target, a changed setting. The year is in tests/scenario. */
#include "test.h"
#include "test_folder.h"

#include <errno.h>

#include "base/saver.h"
#include "engine/outlet_groups.h"
#include "engine/schedule.h"
#include "engine/schedule_time.h"
#include "model/site.h"

#define MINUTE (60 * CLOCK_S)
#define HOUR (60 * MINUTE)

/* 2026-11-21, a Saturday, 12:00 UTC; the tests' zone is UTC. `date -u -d` said so. */
#define NOON (1795262400LL * CLOCK_S)

static const struct setting_table *const tables[] = {&schedule_settings_table,
                                                     &group_settings_table, NULL};
static const struct config_schema schema = {.tables = tables};

struct fixture {
    struct clock clock;
    struct loop *loop;
    struct site *site;
    struct saver *saver;
    struct commands *commands;
    struct config *config;
    struct schedules *schedules;
    char folder[200];
    /* the door */
    enum command_verdict verdict;
    char log[2000]; /* "on pdu-a/outlet-1;off group/all;" */
    char reason[200], origin[80];
};

static struct config *load(struct fixture *f, const char *text, struct err_list *errors)
{
    char path[300];
    snprintf(path, sizeof path, "%s/site.yaml", f->folder);
    test_write_file(path, text);
    return config_load(&schema, path, NULL, NULL, 0, errors);
}

static void on_submit(void *user, const struct command_wish *wish, struct command_answer *answer)
{
    struct fixture *f = user;
    size_t used = strlen(f->log);
    used += (size_t)snprintf(f->log + used, sizeof f->log - used, "%s",
                             command_action_name(wish->action));
    if (wish->action == COMMAND_SET)
        used += (size_t)snprintf(f->log + used, sizeof f->log - used, "=%g", wish->number);
    for (size_t i = 0; i < wish->target_count; i++)
        used += (size_t)snprintf(f->log + used, sizeof f->log - used, " %s", wish->targets[i]);
    snprintf(f->log + used, sizeof f->log - used, ";");
    snprintf(f->reason, sizeof f->reason, "%s", wish->reason);
    snprintf(f->origin, sizeof f->origin, "%s", wish->origin);
    assert_true(wish->automatic);
    assert_string_equal(wish->actor, "schedule");
    answer->verdict = f->verdict;
    if (f->verdict != COMMAND_ACCEPTED)
        err_set(&answer->err, -EBUSY, "the door says no");
}

/* What came to the door since the last call. */
static void expect(struct fixture *f, const char *wishes)
{
    assert_string_equal(f->log, wishes);
    f->log[0] = '\0';
}

static void begin(struct fixture *f, const char *text)
{
    struct err_list errors = ERR_LIST_EMPTY;
    f->config = load(f, text, &errors);
    if (!f->config)
        fail_msg("%s", errors.list[0].text);
    err_list_deinit(&errors);
    f->schedules = schedules_new(&(struct schedules_context){.loop = f->loop,
                                                             .site = f->site,
                                                             .commands = f->commands,
                                                             .saver = f->saver,
                                                             .folder = f->folder},
                                 f->config);
}

/* As the daemon stops: what is being saved is waited for. */
static void end(struct fixture *f)
{
    while (saver_busy(f->saver))
        loop_poll(f->loop);
    f->schedules = schedules_free(f->schedules);
    f->config = config_free(f->config);
}

static void change(struct fixture *f, const char *text)
{
    struct err_list errors = ERR_LIST_EMPTY;
    struct config *fresh = load(f, text, &errors);
    assert_non_null(fresh);
    schedules_configure(f->schedules, fresh);
    config_free(f->config);
    f->config = fresh;
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    setenv("TZ", "UTC", 1);
    tzset();
    test_folder(f->folder, sizeof f->folder);
    f->clock = clock_fake(NOON);
    f->loop = loop_new(&f->clock);
    f->site = site_new(f->loop);
    f->saver = saver_new(f->loop);
    f->commands = commands_new(&f->clock);
    f->verdict = COMMAND_ACCEPTED;
    commands_set_executor(f->commands, &(struct command_executor){.submit = on_submit, .user = f});
    struct device *device = site_device_add(
        f->site, &(struct device_spec){.name = "pdu-a", .unit = 1, .every = CLOCK_S});
    for (int i = 1; i <= 3; i++)
        component_point_add(device_component(device, COMPONENT_OUTLET, i), QUANTITY_STATE);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    end(f);
    saver_free(f->saver);
    commands_free(f->commands);
    site_free(f->site);
    loop_free(f->loop);
    test_folder_remove(f->folder);
    free(f);
    return 0;
}

/* ---- settings -------------------------------------------------------------------------------- */

static void mistakes_are_named_with_the_way_out(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *record, *words;
    } rows[] = {
        {"targets: a/outlet-1, from: '25:00'",
         "from 00:00 to 23:59:59, as in 06:30, not \"25:00\""},
        {"targets: a/outlet-1, from: '24:00'", "from 00:00 to 23:59:59"},
        {"targets: a/outlet-1, from: '6:30'", "as in 06:30, not \"6:30\""},
        {"targets: a/outlet-1, from: '06:30', to: '24:01'", "from 00:00 to 24:00"},
        {"targets: a/outlet-1, from: '06:30', to: '06:30'", "the whole day is 00:00 to 24:00"},
        {"targets: a/outlet-1, from: '06:30', to: '07:00', action: reboot",
         "on, off or set for a window"},
        {"targets: a/outlet-1, from: '06:30', days: 'mon-fry'", "\"mon-fry\" is no day"},
        {"targets: outlet-1, from: '06:30'", "\"outlet-1\" is no target"},
        {"targets: ', ', from: '06:30'", "at least one target"},
        {"from: '06:30'", "targets"},
    };
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        char text[300];
        struct err_list errors = ERR_LIST_EMPTY;
        snprintf(text, sizeof text, "schedules:\n  s: {%s}\n", rows[i].record);
        assert_null(load(f, text, &errors));
        if (!strstr(errors.list[0].text, rows[i].words))
            fail_msg("%s: %s", rows[i].record, errors.list[0].text);
        err_list_deinit(&errors);
    }
}

static void days_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        unsigned days; /* Monday is bit 0 */
    } rows[] = {{"daily", 127},       {"", 127},       {"mon", 1},
                {"mon-fri", 31},      {"sun", 64},     {"fri-mon", 113},
                {"mon, wed,fri", 21}, {"sat sun", 96}, {"sun-sat", 127}};
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        unsigned days;
        assert_int_equal(schedule_parse_days(rows[i].text, &days, NULL), 0);
        assert_int_equal(days, rows[i].days);
    }
    assert_int_equal(schedule_time_weekday(schedule_time_day(NOON)), 5); /* a Saturday */
}

/* ---- at work --------------------------------------------------------------------------------- */

#define LAMP "schedules:\n  lamp: {targets: pdu-a/outlet-1, from: '18:00', to: '22:00'}\n"

static void a_window_begins_and_ends(void **state)
{
    struct fixture *f = *state;
    begin(f, LAMP);
    loop_advance(f->loop, MINUTE);
    struct schedule_view view = schedules_view(f->schedules, 0);
    assert_int_equal(view.next.wall - NOON, 6 * HOUR);
    assert_int_equal(view.next.state, SCHEDULE_ON);
    assert_false(view.holds);
    assert_int_equal(schedules_state(f->schedules, "pdu-a/outlet-1"), SCHEDULE_OFF);
    loop_advance(f->loop, 6 * HOUR - MINUTE - 1);
    expect(f, "");
    loop_advance(f->loop, 1);
    expect(f, "on pdu-a/outlet-1;");
    assert_string_equal(f->origin, "schedule lamp");
    assert_string_equal(f->reason, "due at 2026-11-21 18:00");
    view = schedules_view(f->schedules, 0);
    assert_true(view.holds && view.last_ok);
    assert_int_equal(view.until - NOON, 10 * HOUR);
    assert_int_equal(view.last - NOON, 6 * HOUR);
    assert_true(view.next.end);
    assert_int_equal(schedules_state(f->schedules, "pdu-a/outlet-1"), SCHEDULE_ON);
    const struct schedule_rule *rule;
    assert_int_equal(schedules_next_of(f->schedules, "pdu-a/outlet-1", &rule).wall, view.until);
    assert_string_equal(rule->name, "lamp");
    assert_int_equal(schedules_state(f->schedules, "pdu-a/outlet-2"), SCHEDULE_ANY);
    loop_advance(f->loop, 4 * HOUR);
    expect(f, "off pdu-a/outlet-1;");
}

static void groups_are_asked_for_as_they_are_called(void **state)
{
    struct fixture *f = *state;
    begin(f, "groups: {all: {members: 'pdu-a/outlet-*'}}\n"
             "schedules:\n"
             "  day: {targets: group/all, from: '13:00', to: '17:00'}\n"
             "  rest: {targets: pdu-a/outlet-2, from: '12:30', to: '18:00', action: off}\n"
             "  dip: {targets: pdu-a/outlet-3, from: '14:00', to: '15:00', action: off}\n");
    loop_advance(f->loop, 45 * MINUTE);
    expect(f, "off pdu-a/outlet-2;");
    loop_advance(f->loop, HOUR); /* the newer window goes before the older one */
    expect(f, "on group/all;");
    loop_advance(f->loop, HOUR);
    expect(f, "off pdu-a/outlet-3;");
    loop_advance(f->loop, HOUR); /* 15:00: what held before holds again */
    expect(f, "on pdu-a/outlet-3;");
    loop_advance(f->loop, 2 * HOUR); /* 17:00: outlet-2 is held off by the other one */
    /* the group's end wants the two that no window holds; the third goes back to its own window */
    expect(f, "off pdu-a/outlet-1 pdu-a/outlet-3;off pdu-a/outlet-2;");
}

/* A level has no opposite: its window says what comes after it, and a window inside another gives
 * back what held before. */
static void a_window_of_a_level_ends_with_its_level_after(void **state)
{
    struct fixture *f = *state;
    begin(f,
          "schedules:\n"
          "  day: {targets: dc-1/output-3, action: set, level: 80, level_after: 20, from: '13:00', "
          "to: '18:00'}\n"
          "  noon: {targets: dc-1/output-3, action: set, level: 35.5, from: '14:00', to: '15:00'}\n"
          "  late: {targets: dc-1/output-3, action: set, level: 5, from: '21:00'}\n");
    loop_advance(f->loop, 90 * MINUTE);
    expect(f, "set=80 dc-1/output-3;");
    struct schedule_view view = schedules_view(f->schedules, 0);
    assert_true(view.holds && view.next.end);
    assert_int_equal(view.next.action, COMMAND_SET);
    assert_true(view.next.level == 20);
    assert_int_equal(schedules_state(f->schedules, "dc-1/output-3"), SCHEDULE_LEVEL);
    loop_advance(f->loop, HOUR);
    expect(f, "set=35.5 dc-1/output-3;");
    loop_advance(f->loop, HOUR); /* 15:30: the window before holds again */
    expect(f, "set=80 dc-1/output-3;");
    loop_advance(f->loop, 3 * HOUR);
    expect(f, "set=20 dc-1/output-3;");
    loop_advance(f->loop, 3 * HOUR);
    expect(f, "set=5 dc-1/output-3;");
}

/* What was missed is done once, late: the newest level. */
static void a_level_that_was_missed_is_set_late(void **state)
{
    struct fixture *f = *state;
    static const char text[] = "schedules: {fan: {targets: dc-1/output-3, action: set, level: 80, "
                               "from: '13:00', to: '18:00'}}\n";
    begin(f, text);
    loop_advance(f->loop, MINUTE);
    end(f);
    loop_advance(f->loop, 7 * HOUR); /* both its begin and its end */
    begin(f, text);
    loop_advance(f->loop, MINUTE);
    expect(f, "");
    end(f);
    loop_advance(f->loop, 19 * HOUR); /* 14:02 on the next day */
    begin(f, text);
    loop_advance(f->loop, MINUTE);
    expect(f, "set=80 dc-1/output-3;");
    assert_non_null(strstr(f->reason, "done late"));
}

static void targets_are_known_at_once_and_when_they_come_later(void **state)
{
    struct fixture *f = *state;
    begin(f, "schedules: {s: {targets: 'pdu-b/*', from: '11:00', to: '13:00'}}\n");
    assert_int_equal(schedules_state(f->schedules, "pdu-b/outlet-1"), SCHEDULE_ANY);
    struct device *device = site_device_add(
        f->site, &(struct device_spec){.name = "pdu-b", .unit = 2, .every = CLOCK_S});
    component_point_add(device_component(device, COMPONENT_OUTLET, 1), QUANTITY_STATE);
    loop_poll(f->loop);
    assert_int_equal(schedules_state(f->schedules, "pdu-b/outlet-1"), SCHEDULE_ON);
}

static void a_target_that_is_not_there_is_left_to_the_door(void **state)
{
    struct fixture *f = *state;
    begin(f, "schedules: {s: {targets: 'pdu-z/outlet-9, pdu-a/*', from: '13:00'}}\n");
    loop_advance(f->loop, HOUR + CLOCK_S);
    expect(f, "on pdu-z/outlet-9 pdu-a/*;");
}

static void a_restart_switches_nothing_unless_something_was_missed(void **state)
{
    struct fixture *f = *state;
    begin(f, LAMP);
    loop_advance(f->loop, 7 * HOUR); /* 19:00 */
    expect(f, "on pdu-a/outlet-1;");
    end(f);
    loop_advance(f->loop, MINUTE);
    begin(f, LAMP);
    loop_advance(f->loop, MINUTE);
    expect(f, "");
    end(f);
    loop_advance(f->loop, 4 * HOUR); /* over its end */
    begin(f, LAMP);
    loop_advance(f->loop, MINUTE);
    expect(f, "off pdu-a/outlet-1;");
    assert_string_equal(f->reason, "due at 2026-11-21 22:00; done late, since it was missed");
    end(f);
    loop_advance(f->loop, 24 * HOUR); /* begin and end were missed: nothing is left to do */
    begin(f, LAMP);
    loop_advance(f->loop, MINUTE);
    expect(f, "");
}

#define MOMENTS                                                                                    \
    "schedules:\n"                                                                                 \
    "  r: {targets: pdu-a/outlet-1, from: '13:00', action: reboot}\n"                              \
    "  o: {targets: pdu-a/outlet-2, from: '13:00', action: on-delayed}\n"

static void a_missed_reboot_is_not_made_up(void **state)
{
    struct fixture *f = *state;
    begin(f, MOMENTS);
    loop_advance(f->loop, MINUTE);
    end(f);
    loop_advance(f->loop, HOUR);
    begin(f, MOMENTS);
    loop_advance(f->loop, MINUTE);
    expect(f, "on-delayed pdu-a/outlet-2;");
    struct schedule_view view = schedules_view(f->schedules, 1);
    assert_string_equal(view.rule->name, "r");
    assert_false(view.last_ok);
    assert_non_null(strstr(view.last_text, "left out"));
    loop_advance(f->loop, 24 * HOUR); /* the next day at its time */
    expect(f, "reboot pdu-a/outlet-1;on-delayed pdu-a/outlet-2;");
}

static void a_reboot_leaves_alone_what_is_held_off(void **state)
{
    struct fixture *f = *state;
    begin(f, "schedules:\n"
             "  r: {targets: 'pdu-a/outlet-1, pdu-a/outlet-2', from: '13:00', action: reboot}\n"
             "  z: {targets: pdu-a/outlet-1, from: '12:30', to: '14:00', action: off}\n");
    loop_advance(f->loop, HOUR + CLOCK_S);
    expect(f, "off pdu-a/outlet-1;reboot pdu-a/outlet-2;");
}

static void nothing_happens_while_the_time_is_unknown(void **state)
{
    struct fixture *f = *state;
    f->clock.fake_wall_known = false;
    begin(f, "schedules: {s: {targets: pdu-a/outlet-1, from: '12:30', to: '14:00'}}\n");
    loop_advance(f->loop, HOUR);
    expect(f, "");
    assert_int_equal(schedules_view(f->schedules, 0).next.wall, CLOCK_NEVER);
    assert_int_equal(schedules_state(f->schedules, "pdu-a/outlet-1"), SCHEDULE_ANY);
    f->clock.fake_wall_known = true;
    loop_advance(f->loop, 11 * CLOCK_S); /* 13:00: its window holds */
    expect(f, "on pdu-a/outlet-1;");
}

static void a_clock_step_does_nothing_twice_and_forgets_nothing(void **state)
{
    struct fixture *f = *state;
    begin(f, MOMENTS "  w: {targets: pdu-a/outlet-3, from: '12:50', to: '16:00'}\n");
    loop_advance(f->loop, HOUR + MINUTE);
    expect(f, "on pdu-a/outlet-3;reboot pdu-a/outlet-1;on-delayed pdu-a/outlet-2;");
    clock_fake_step_wall(&f->clock, -HOUR); /* 12:01 again */
    loop_advance(f->loop, 2 * HOUR);        /* over 13:00 once more */
    expect(f, "");
    clock_fake_step_wall(&f->clock, 3 * HOUR); /* 17:01: the end of w was jumped over */
    loop_advance(f->loop, 11 * CLOCK_S);
    expect(f, "off pdu-a/outlet-3;");
}

static void a_clock_that_was_years_ahead_counts_for_nothing(void **state)
{
    struct fixture *f = *state;
    clock_fake_step_wall(&f->clock, 12LL * 365 * 24 * HOUR);
    begin(f, "schedules: {s: {targets: pdu-a/outlet-1, from: '11:00', to: '14:00'}}\n");
    loop_advance(f->loop, 24 * HOUR + MINUTE);
    f->log[0] = '\0';
    clock_fake_step_wall(&f->clock, -12LL * 365 * 24 * HOUR);
    loop_advance(f->loop, 11 * CLOCK_S);
    expect(f, "on pdu-a/outlet-1;");
    loop_advance(f->loop, 2 * HOUR);
    expect(f, "off pdu-a/outlet-1;");
}

static void a_busy_target_is_asked_again(void **state)
{
    struct fixture *f = *state;
    begin(f, LAMP);
    f->verdict = COMMAND_CONFLICT;
    loop_advance(f->loop, 6 * HOUR + 25 * CLOCK_S);
    expect(f, "on pdu-a/outlet-1;on pdu-a/outlet-1;on pdu-a/outlet-1;");
    assert_non_null(strstr(schedules_view(f->schedules, 0).last_text, "waits: the door says no"));
    f->verdict = COMMAND_ACCEPTED;
    loop_advance(f->loop, MINUTE);
    expect(f, "on pdu-a/outlet-1;");
    f->verdict = COMMAND_BUSY;
    loop_advance(f->loop, 4 * HOUR); /* 22:01: and for ten minutes at most */
    loop_advance(f->loop, 20 * MINUTE);
    f->log[0] = '\0';
    assert_non_null(strstr(schedules_view(f->schedules, 0).last_text, "was not done"));
    loop_advance(f->loop, 20 * MINUTE);
    expect(f, "");
}

static void what_waits_survives_a_restart(void **state)
{
    struct fixture *f = *state;
    begin(f, LAMP);
    f->verdict = COMMAND_BUSY;
    loop_advance(f->loop, 6 * HOUR + MINUTE);
    end(f);
    f->log[0] = '\0';
    f->verdict = COMMAND_ACCEPTED;
    begin(f, LAMP);
    loop_advance(f->loop, MINUTE);
    expect(f, "on pdu-a/outlet-1;");
    f->verdict = COMMAND_CONFLICT; /* at 22:00, and taken when it is asked again */
    loop_advance(f->loop, 4 * HOUR - 2 * MINUTE + CLOCK_S);
    f->verdict = COMMAND_ACCEPTED;
    loop_advance(f->loop, MINUTE);
    expect(f, "off pdu-a/outlet-1;off pdu-a/outlet-1;");
    end(f);
    begin(f, LAMP);
    loop_advance(f->loop, MINUTE);
    expect(f, ""); /* it is done, and not done again */
}

static void a_damaged_file_is_as_none(void **state)
{
    struct fixture *f = *state;
    static const char *const files[] = {"",
                                        "{",
                                        "[]",
                                        "{\"version\": 2, \"done\": \"now\"}",
                                        "{\"version\": 1, \"done\": 7, \"schedules\": []}",
                                        "{\"version\": 1, \"done\": \"2026-13-01T00:00:00Z\"}"};
    for (size_t i = 0; i < TEST_COUNT(files); i++) {
        char path[300];
        snprintf(path, sizeof path, "%s/schedules.json", f->folder);
        test_write_file(path, files[i]);
        begin(f, "schedules:\n"
                 "  w: {targets: pdu-a/outlet-1, from: '11:00', to: '23:00'}\n"
                 "  i: {targets: pdu-a/outlet-2, from: '11:00'}\n");
        loop_advance(f->loop, MINUTE);
        expect(f, "on pdu-a/outlet-1;"); /* the window that holds, and nothing missed */
        end(f);
    }
}

static void a_refusal_is_final(void **state)
{
    struct fixture *f = *state;
    begin(f, LAMP);
    f->verdict = COMMAND_NOT_ALLOWED;
    loop_advance(f->loop, 7 * HOUR);
    expect(f, "on pdu-a/outlet-1;");
    assert_string_equal(schedules_view(f->schedules, 0).last_text,
                        "on was not done: the door says no");
}

static void something_newer_ends_the_waiting(void **state)
{
    struct fixture *f = *state;
    begin(f, "schedules: {s: {targets: pdu-a/outlet-1, from: '13:00', to: '13:01'}}\n");
    f->verdict = COMMAND_CONFLICT;
    loop_advance(f->loop, HOUR + 55 * CLOCK_S);
    f->log[0] = '\0';
    f->verdict = COMMAND_ACCEPTED;
    clock_fake_step_wall(&f->clock, 5 * CLOCK_S); /* the end comes before the next asking */
    loop_advance(f->loop, MINUTE);
    expect(f, "off pdu-a/outlet-1;");
}

static void new_settings_bring_about_what_holds(void **state)
{
    struct fixture *f = *state;
    begin(f, "schedules: {}\n");
    loop_advance(f->loop, MINUTE);
    change(f, "schedules:\n"
              "  w: {targets: pdu-a/outlet-1, from: '11:00', to: '14:00'}\n"
              "  i: {targets: pdu-a/outlet-2, from: '11:00'}\n"
              "  d: {targets: pdu-a/outlet-3, from: '11:00', to: '14:00', enabled: false}\n");
    loop_advance(f->loop, 2 * CLOCK_S);
    expect(f, "on pdu-a/outlet-1;");
    assert_string_equal(f->reason, "due at 2026-11-21 11:00; its window holds, and the schedule is "
                                   "new or was changed");
    change(f, "schedules:\n"
              "  w: {targets: pdu-a/outlet-1, from: '11:00', to: '14:00', label: Lamp}\n"
              "  i: {targets: pdu-a/outlet-2, from: '11:00'}\n");
    loop_advance(f->loop, 2 * CLOCK_S);
    expect(f, ""); /* nothing that matters was changed */
    change(f, "schedules: {}\n");
    loop_advance(f->loop, 24 * HOUR);
    expect(f, "");
}

/* Of twenty, each its own outlet and minute. */
static void sixteen_and_more(void **state)
{
    struct fixture *f = *state;
    char text[4000] = "schedules:\n", expected[1000] = "";
    for (int i = 10; i < 30; i++) {
        snprintf(text + strlen(text), sizeof text - strlen(text),
                 "  s%d: {targets: b/outlet-%d, from: '13:%d', action: %s}\n", i, i, i,
                 i % 2 ? "on" : "off");
        snprintf(expected + strlen(expected), sizeof expected - strlen(expected), "%s b/outlet-%d;",
                 i % 2 ? "on" : "off", i);
    }
    begin(f, text);
    assert_int_equal(schedules_count(f->schedules), 20);
    loop_advance(f->loop, 2 * HOUR);
    expect(f, expected);
}

static void count_span(void *user, const struct schedule_span *span)
{
    assert_int_equal(span->end - span->begin, 4 * HOUR);
    (*(unsigned *)user)++;
}

static void a_week_can_be_drawn(void **state)
{
    struct fixture *f = *state;
    unsigned count = 0;
    begin(f, LAMP);
    const struct schedule_rule *rule = schedules_view(f->schedules, 0).rule;
    schedule_rule_spans(rule, NOON, NOON + 7 * 24 * HOUR, count_span, &count);
    assert_int_equal(count, 7);
    count = 0; /* one that begins before and reaches into it counts */
    schedule_rule_spans(rule, NOON + 9 * HOUR, NOON + 11 * HOUR, count_span, &count);
    assert_int_equal(count, 1);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(mistakes_are_named_with_the_way_out),
        TEST(days_are_read),
        TEST(a_window_begins_and_ends),
        TEST(groups_are_asked_for_as_they_are_called),
        TEST(targets_are_known_at_once_and_when_they_come_later),
        TEST(a_target_that_is_not_there_is_left_to_the_door),
        TEST(a_restart_switches_nothing_unless_something_was_missed),
        TEST(a_missed_reboot_is_not_made_up),
        TEST(a_reboot_leaves_alone_what_is_held_off),
        TEST(nothing_happens_while_the_time_is_unknown),
        TEST(a_clock_step_does_nothing_twice_and_forgets_nothing),
        TEST(a_clock_that_was_years_ahead_counts_for_nothing),
        TEST(a_busy_target_is_asked_again),
        TEST(what_waits_survives_a_restart),
        TEST(a_damaged_file_is_as_none),
        TEST(a_refusal_is_final),
        TEST(something_newer_ends_the_waiting),
        TEST(new_settings_bring_about_what_holds),
        TEST(sixteen_and_more),
        TEST(a_week_can_be_drawn),
        TEST(a_window_of_a_level_ends_with_its_level_after),
        TEST(a_level_that_was_missed_is_set_late),
    };
    return cmocka_run_group_tests_name("schedule", tests, NULL, NULL);
}
