/* What outlasts a restart. */
#include "alarm_testing.h"

#define HOT "alarms: {hot: {points: pdu-a/phase-a/current, when: over, limit: 16"

/* ---- restart ----------------------------------------------------------------------------------- */

static void a_restart_tells_nobody_twice(void **state)
{
    struct fixture *f = *state;
    struct err err = ERR_EMPTY;
    struct point *current = testing_current(f);
    testing_begin(f, HOT "}}");
    testing_put(f, current, 17);
    testing_advance(f, 60 * CLOCK_S);
    uint32_t id = alarms_view(f->alarms, 0).id;
    assert_int_equal(testing_do(f, ALARM_ACKNOWLEDGE, id, 0, &err), 0);
    testing_restart(f);
    struct alarm_view view = alarms_view(f->alarms, 0);
    assert_int_equal(view.state, ALARM_ACKNOWLEDGED);
    assert_true(view.id == id && view.since_wall == WALL + 60 * CLOCK_S);
    assert_true(view.raised_wall == WALL && view.times == 1);
    assert_string_equal(view.by, "anna");
    testing_put(f, current, 18);
    assert_int_equal(f->raised, 1);
    testing_put(f, current, 10);
    assert_int_equal(f->cleared, 1);
    testing_restart(f);
    testing_put(f, current, 10);
    assert_int_equal(f->raised + f->cleared, 2);
    assert_int_equal(alarms_view(f->alarms, 0).times, 1);
}

static void the_clear_is_told_after_the_restart(void **state)
{
    struct fixture *f = *state;
    struct point *current = testing_current(f);
    testing_begin(f, HOT "}}");
    testing_put(f, current, 17);
    /* Before the first reading of the new run it is neither. */
    testing_saved(f);
    f->alarms = alarms_free(f->alarms);
    point_mark(current, QUALITY_STALE, REASON_TOO_OLD);
    testing_open(f);
    assert_int_equal(alarms_view(f->alarms, 0).state, ALARM_TRIPPED);
    testing_put(f, current, 10);
    assert_string_equal(f->log,
                        "hot pdu-a/phase-a/current raised; hot pdu-a/phase-a/current cleared; ");
}

/* Who heard of it hears that it is over, in the words and for the recipients of the rule as it was;
 * once, and not when the rule wants no such notice. */
static void a_rule_that_went_while_nobody_ran_is_told_to_be_over(void **state)
{
    struct fixture *f = *state;
    struct point *current = testing_current(f);
    testing_begin(f, HOT ", severity: critical, label: Feed A}}");
    testing_put(f, current, 17);
    testing_saved(f);
    f->alarms = alarms_free(f->alarms);
    testing_saved(f);
    testing_forget(f);
    struct config *fresh = testing_config(
        f, "alarms: {other: {points: pdu-a/phase-a/current, when: over, limit: 99}}", NULL);
    config_free(f->config);
    f->config = fresh;
    testing_open(f);
    testing_advance(f, CLOCK_S);
    assert_string_equal(f->log, "hot pdu-a/phase-a/current cleared; ");
    assert_int_equal(f->last.severity, ALARM_CRITICAL);
    assert_string_equal(f->text, "Feed A: pdu-a/phase-a/current is not watched any more");
    testing_restart(f);
    testing_advance(f, CLOCK_S);
    assert_int_equal(f->cleared, 1);
}

static void shelf_and_latch_outlast_it(void **state)
{
    struct fixture *f = *state;
    struct err err = ERR_EMPTY;
    struct point *current = testing_current(f);
    testing_begin(f, HOT ", latch: true}}");
    uint32_t id = alarms_view(f->alarms, 0).id;
    testing_put(f, current, 17);
    testing_put(f, current, 10);
    testing_restart(f);
    assert_true(alarms_view(f->alarms, 0).latched);
    assert_int_equal(testing_do(f, ALARM_CLEAR, id, 0, &err), 0);
    assert_int_equal(testing_do(f, ALARM_SHELVE, id, 3600 * CLOCK_S, &err), 0);
    testing_restart(f);
    assert_true(alarms_view(f->alarms, 0).shelved_until == WALL + 3600 * CLOCK_S);
    testing_forget(f);
    testing_put(f, current, 17);
    testing_advance(f, 3599 * CLOCK_S);
    assert_int_equal(f->raised, 0);
    testing_advance(f, CLOCK_S);
    assert_int_equal(f->raised, 1);
}

static void a_change_ends_after_a_restart_too(void **state)
{
    struct fixture *f = *state;
    struct point *current = testing_current(f);
    testing_begin(f, "alarms: {moved: {points: pdu-a/phase-a/current, when: changed}}");
    testing_put(f, current, 1);
    testing_put(f, current, 2);
    testing_restart(f);
    testing_put(f, current, 2);
    testing_advance(f, 59 * CLOCK_S);
    assert_int_equal(f->cleared, 0);
    testing_advance(f, CLOCK_S);
    assert_int_equal(f->raised, 1);
    assert_int_equal(f->cleared, 1);
}

static void a_shelf_that_ended_meanwhile_is_none(void **state)
{
    struct fixture *f = *state;
    struct err err = ERR_EMPTY;
    struct point *current = testing_current(f);
    testing_begin(f, HOT "}}");
    assert_int_equal(testing_do(f, ALARM_SHELVE, alarms_view(f->alarms, 0).id, 600 * CLOCK_S, &err),
                     0);
    testing_saved(f);
    f->alarms = alarms_free(f->alarms);
    testing_advance(f, 700 * CLOCK_S);
    testing_open(f);
    assert_true(alarms_view(f->alarms, 0).shelved_until == 0);
    testing_put(f, current, 17);
    assert_int_equal(f->raised, 1);
}

/* A machine without a clock of its own comes up in 1970 and learns the time a minute later: what
 * was shelved for days stays so, also when it goes down again before. */
static void a_shelf_lasts_over_a_start_without_a_clock(void **state)
{
    struct fixture *f = *state;
    struct err err = ERR_EMPTY;
    struct point *current = testing_current(f);
    clock_us days = 10 * 86400 * CLOCK_S;
    testing_begin(f, HOT "}}");
    assert_int_equal(testing_do(f, ALARM_SHELVE, alarms_view(f->alarms, 0).id, days, &err), 0);
    testing_saved(f);
    f->alarms = alarms_free(f->alarms);
    testing_saved(f);
    f->clock.fake_wall_known = false;
    clock_fake_step_wall(&f->clock, -WALL);
    testing_open(f);
    testing_put(f, current, 17); /* written while the time is not known */
    testing_restart(f);
    testing_advance(f, 60 * CLOCK_S);
    f->clock.fake_wall_known = true;
    clock_fake_step_wall(&f->clock, WALL);
    testing_advance(f, 31 * CLOCK_S);
    assert_true(alarms_view(f->alarms, 0).shelved_until == WALL + days);
    testing_advance(f, days - 100 * CLOCK_S);
    assert_int_equal(f->raised, 0);
    testing_advance(f, 10 * CLOCK_S);
    assert_int_equal(f->raised, 1);
}

static void repeats_go_on_after_it(void **state)
{
    struct fixture *f = *state;
    struct point *current = testing_current(f);
    testing_begin(f, HOT ", repeat: 10 min}}");
    testing_put(f, current, 17);
    testing_advance(f, 300 * CLOCK_S);
    testing_restart(f);
    testing_put(f, current, 17);
    testing_advance(f, 599 * CLOCK_S);
    assert_int_equal(f->repeated, 0);
    testing_advance(f, CLOCK_S);
    assert_int_equal(f->repeated, 1);
}

static void what_no_rule_knows_any_more_is_forgotten(void **state)
{
    struct fixture *f = *state;
    char path[300];
    struct point *current = testing_current(f);
    snprintf(path, sizeof path, "%s/alarms.json", f->folder);
    testing_begin(f, HOT "}}");
    testing_put(f, current, 17);
    testing_saved(f);
    f->alarms = alarms_free(f->alarms);
    config_free(f->config);
    testing_begin(f, "alarms: {other: {points: pdu-a/phase-a/current, when: over, limit: 1}}");
    testing_put(f, current, 18);
    testing_saved(f);
    testing_advance(f, CLOCK_S); /* one writing follows the other */
    testing_saved(f);
    char *text = test_read_file(path);
    assert_non_null(strstr(text, "other"));
    assert_null(strstr(text, "hot"));
    free(text);
}

static void what_the_file_cannot_say_is_raised_anew(void **state)
{
    struct fixture *f = *state;
    static const char *const contents[] = {
        "",
        "{",
        "[]",
        "{\"version\":2}",
        "{\"version\":1,\"alarms\":[1,null,{}],\"outputs\":7}",
        ("{\"version\":1,\"alarms\":[{\"rule\":\"hot\",\"path\":\"pdu-a/phase-a/current\","
         "\"phase\":\"odd\",\"since\":\"x\",\"by\":3}]}")};
    struct point *current = testing_current(f);
    char path[300];
    snprintf(path, sizeof path, "%s/alarms.json", f->folder);
    f->config = testing_config(f, HOT "}}", NULL);
    for (size_t i = 0; i < TEST_COUNT(contents); i++) {
        test_write_file(path, contents[i]);
        point_mark(current, QUALITY_STALE, REASON_TOO_OLD);
        testing_open(f);
        testing_put(f, current, 17);
        assert_int_equal(f->raised, i + 1);
        testing_saved(f);
        f->alarms = alarms_free(f->alarms);
        testing_saved(f);
    }
}

/* As it is told to, or killed: then only what was on the disk remains. */
static void end_somehow(struct fixture *f, bool killed)
{
    char path[300];
    snprintf(path, sizeof path, "%s/alarms.json", f->folder);
    for (int i = 0; i < 3; i++) { /* one may be under way, and one wait for it */
        testing_saved(f);
        testing_advance(f, 250 * CLOCK_MS);
    }
    testing_saved(f);
    char *kept = test_read_file(path);
    f->alarms = alarms_free(f->alarms);
    testing_saved(f);
    if (killed && kept)
        test_write_file(path, kept);
    free(kept);
}

/* Random readings with restarts at random moments: what is told alternates, and ends as it is. */
static void restarts_at_any_moment_keep_the_order(void **state)
{
    struct fixture *f = *state;
    uint64_t seed = test_seed(), random = seed;
    struct point *current = testing_current(f);
    testing_begin(f, HOT ", recover: 14, for: 3 s, recover_for: 2 s, repeat: 1 min}}");
    unsigned restarts = 0;
    for (int step = 0; step < 600; step++) {
        if (test_below(&random, 8) == 0)
            point_mark(current, QUALITY_STALE, REASON_SILENT);
        else
            testing_put(f, current, 12 + (double)test_below(&random, 7));
        loop_poll(f->loop);
        testing_advance(f, (clock_us)test_below(&random, 400) * CLOCK_S);
        if (test_below(&random, 10) == 0) {
            end_somehow(f, test_below(&random, 2));
            testing_open(f);
            restarts++;
        }
        if (f->raised != f->cleared && f->raised != f->cleared + 1)
            fail_msg("seed %llu: %u times raised, %u times cleared", (unsigned long long)seed,
                     f->raised, f->cleared);
        bool up = alarms_view(f->alarms, 0).state == ALARM_TRIPPED;
        if (up != (f->raised != f->cleared))
            fail_msg("seed %llu: it %s, and people heard otherwise", (unsigned long long)seed,
                     up ? "holds" : "does not hold");
    }
    assert_true(restarts > 10 && f->raised > 10);
}

static void a_disk_that_refuses_is_tried_again(void **state)
{
    struct fixture *f = *state;
    char file[300], aside[300];
    struct point *current = testing_current(f);
    snprintf(file, sizeof file, "%s/alarms.json", f->folder);
    snprintf(aside, sizeof aside, "%s.aside", f->folder);
    testing_begin(f, HOT "}}");
    assert_int_equal(rename(f->folder, aside), 0); /* nowhere to write */
    testing_put(f, current, 17);
    testing_saved(f);
    assert_int_equal(rename(aside, f->folder), 0);
    testing_advance(f, 11 * CLOCK_S);
    testing_saved(f);
    char *text = test_read_file(file);
    assert_non_null(text);
    assert_non_null(strstr(text, "\"told\":true"));
    free(text);
}

static bool is_durable(void *user)
{
    const clock_us *at = user;
    return *at == 0;
}

/* That it was told is not on the disk before what was told is, and a disk that keeps no notices is
 * not waited for for ever. */
static void what_was_told_is_written_first(void **state)
{
    struct fixture *f = *state;
    struct point *current = testing_current(f);
    clock_us unwritten = 1;
    char path[300];
    testing_begin(f, HOT "}}");
    testing_saved(f);
    alarms_wait_for(f->alarms, is_durable, &unwritten);
    snprintf(path, sizeof path, "%s/alarms.json", f->folder);
    testing_put(f, current, 17);
    testing_advance(f, 500 * CLOCK_MS);
    testing_saved(f);
    assert_int_equal(access(path, F_OK), -1);
    unwritten = 0;
    testing_advance(f, 20 * CLOCK_MS);
    testing_saved(f);
    assert_int_equal(access(path, F_OK), 0);
    assert_int_equal(unlink(path), 0);
    testing_advance(f, CLOCK_S);
    unwritten = 1;
    testing_put(f, current, 10);
    testing_advance(f, 1900 * CLOCK_MS);
    testing_saved(f);
    assert_int_equal(access(path, F_OK), -1);
    testing_advance(f, 200 * CLOCK_MS);
    testing_saved(f);
    assert_int_equal(access(path, F_OK), 0);
}

static void a_step_of_the_clock_changes_no_duration(void **state)
{
    struct fixture *f = *state;
    struct err err = ERR_EMPTY;
    struct point *current = testing_current(f);
    testing_begin(f, HOT ", for: 10 s}}");
    uint32_t id = alarms_view(f->alarms, 0).id;
    testing_put(f, current, 17);
    clock_fake_step_wall(&f->clock, 3600 * CLOCK_S);
    testing_advance(f, 9 * CLOCK_S);
    assert_int_equal(f->raised, 0);
    clock_fake_step_wall(&f->clock, -7200 * CLOCK_S);
    testing_advance(f, CLOCK_S);
    assert_int_equal(f->raised, 1);
    testing_put(f, current, 10);
    testing_forget(f);
    assert_int_equal(testing_do(f, ALARM_SHELVE, id, 600 * CLOCK_S, &err), 0);
    testing_put(f, current, 17);
    clock_fake_step_wall(&f->clock, 366 * 86400 * CLOCK_S);
    testing_advance(f, 599 * CLOCK_S);
    assert_int_equal(f->raised, 0);
    testing_advance(f, CLOCK_S);
    assert_int_equal(f->raised, 1);
}

static void what_began_without_a_clock_gets_its_date(void **state)
{
    struct fixture *f = *state;
    struct point *current = testing_current(f);
    f->clock.fake_wall_known = false;
    testing_begin(f, HOT "}}");
    testing_put(f, current, 17);
    assert_true(alarms_view(f->alarms, 0).since_wall == 0);
    testing_advance(f, 60 * CLOCK_S);
    f->clock.fake_wall_known = true;
    assert_true(alarms_view(f->alarms, 0).since_wall == WALL);
}

/* Whatever people and the hours do meanwhile: what is told alternates, and when all is quiet people
 * know what is. */
static void what_is_told_alternates(void **state)
{
    struct fixture *f = *state;
    uint64_t seed = test_seed(), random = seed;
    struct err err = ERR_EMPTY;
    struct point *current = testing_current(f);
    static const char rules[] = HOT ", recover: 14, latch: true}}\nactive_hours: {enabled: true, "
                                    "days: daily, from: '08:00', to: '20:00'}";
    testing_begin(f, rules);
    uint32_t id = alarms_view(f->alarms, 0).id;
    unsigned open = 0;
    for (int step = 0; step < 2000; step++) {
        enum alarm_deed deed = (enum alarm_deed)test_below(&random, ALARM_DEEDS);
        clock_us how_long = (60 + (clock_us)test_below(&random, 7200)) * CLOCK_S;
        switch (test_below(&random, 5)) {
        case 0:
            testing_do(f, deed, id, how_long, &err);
            break;
        case 1:
            testing_advance(f, (clock_us)test_below(&random, 7200) * CLOCK_S);
            break;
        case 2:
            testing_reload(f, rules);
            break;
        default:
            testing_put(f, current, 12 + (double)test_below(&random, 7));
        }
        if (f->raised != f->cleared && f->raised != f->cleared + 1)
            fail_msg("seed %llu, step %d: %u times raised, %u times cleared",
                     (unsigned long long)seed, step, f->raised, f->cleared);
        open += f->raised != f->cleared;
    }
    print_message("# %u times raised, told so in %u steps\n", f->raised, open);
    assert_true(f->raised > 5 && open > 100);
    testing_put(f, current, 17);
    testing_advance(f, 25 * 3600 * CLOCK_S); /* every shelf has ended, and hours have been */
    assert_int_equal(f->raised, f->cleared + 1);
    testing_put(f, current, 10);
    testing_do(f, ALARM_CLEAR, id, 0, &err);
    testing_advance(f, 25 * 3600 * CLOCK_S);
    assert_int_equal(f->raised, f->cleared);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, testing_setup, testing_teardown)

int main(void)
{
    setenv("TZ", "UTC", 1);
    const struct CMUnitTest tests[] = {
        CASE(a_restart_tells_nobody_twice),
        CASE(the_clear_is_told_after_the_restart),
        CASE(a_rule_that_went_while_nobody_ran_is_told_to_be_over),
        CASE(shelf_and_latch_outlast_it),
        CASE(a_shelf_that_ended_meanwhile_is_none),
        CASE(a_shelf_lasts_over_a_start_without_a_clock),
        CASE(repeats_go_on_after_it),
        CASE(what_no_rule_knows_any_more_is_forgotten),
        CASE(a_change_ends_after_a_restart_too),
        CASE(what_the_file_cannot_say_is_raised_anew),
        CASE(restarts_at_any_moment_keep_the_order),
        CASE(what_is_told_alternates),
        CASE(a_disk_that_refuses_is_tried_again),
        CASE(what_was_told_is_written_first),
        CASE(what_began_without_a_clock_gets_its_date),
        CASE(a_step_of_the_clock_changes_no_duration),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
