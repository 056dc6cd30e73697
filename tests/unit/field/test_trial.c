/* Other speeds are tried while the line rests. */
#include "line_testing.h"

#include "field/trial.h"

struct tried {
    struct fixture *f;
    unsigned baud[3]; /* at which units 1 and 2 answer */
    int parity[3];
    struct {
        uint8_t unit;
        unsigned baud;
        int parity;
    } found[TRIAL_UNITS];
    size_t found_count, made;
    int done;
    char problem[200];
    bool was_open; /* the line's own port, while a setting was tried */
};

static struct tried *tried;
static struct trial_setting current;

static void peer(struct fake *fake, const uint8_t *bytes, size_t length)
{
    uint8_t unit = bytes[0];
    tried->was_open |= tried->f->fake->open;
    if (unit <= 2 && tried->baud[unit] == current.baud && tried->parity[unit] == current.parity)
        testing_peer_rtu(fake, bytes, length);
}

static struct transport *make(void *user, const struct trial_setting *setting)
{
    struct tried *t = user;
    struct fake *fake = fake_new(t->f->loop);
    fake->peer = peer;
    current = *setting;
    t->made++;
    return &fake->transport;
}

static void on_answered(void *user, uint8_t unit, const struct trial_setting *setting)
{
    struct tried *t = user;
    t->found[t->found_count].unit = unit;
    t->found[t->found_count].baud = setting->baud;
    t->found[t->found_count++].parity = setting->parity;
}

static void on_done(void *user, const char *problem)
{
    struct tried *t = user;
    t->done++;
    snprintf(t->problem, sizeof t->problem, "%s", problem ? problem : "");
}

static struct trial *begin(struct fixture *f, struct tried *t)
{
    const struct trial_options options = {
        .units = {1, 2},
        .unit_count = 2,
        .make = make,
        .answered = on_answered,
        .done = on_done,
        .user = t,
    };
    struct err err = ERR_EMPTY;
    t->f = f;
    tried = t;
    struct trial *trial = trial_start(f->line, &options, &err);
    assert_non_null(trial);
    return trial;
}

static void units_are_found_at_their_speeds(void **state)
{
    struct fixture *f = *state;
    struct tried t = {.baud = {0, 19200, 4800}, .parity = {0, 1, 2}};
    struct asked waiting;
    begin(f, &t);
    loop_advance(f->loop, 100 * CLOCK_MS);
    assert_true(line_resting(f->line));
    unsigned sends = f->fake->sends;
    submit(f, &waiting, 7, 0, 2); /* a poll meanwhile waits and is not lost */
    loop_advance(f->loop, 30 * CLOCK_S);
    assert_int_equal(t.done, 1);
    assert_string_equal(t.problem, "");
    assert_false(t.was_open);
    assert_int_equal(t.found_count, 2);
    assert_int_equal(t.found[0].unit, 1);
    assert_int_equal(t.found[0].baud, 19200);
    assert_int_equal(t.found[0].parity, 1);
    assert_int_equal(t.found[1].unit, 2);
    assert_int_equal(t.found[1].baud, 4800);
    assert_int_equal(t.found[1].parity, 2);
    assert_true(t.made < TRIAL_SETTINGS); /* ended with the last one found */
    assert_int_equal(line_state(f->line), LINE_STATE_OPEN);
    asked_check(&waiting);
    assert_int_equal(f->fake->sends, sends + 1);
}

static void all_settings_in_half_a_minute(void **state)
{
    struct fixture *f = *state;
    struct tried t = {0};
    begin(f, &t);
    loop_advance(f->loop, 35 * CLOCK_S);
    assert_int_equal(t.done, 1);
    assert_int_equal(t.made, TRIAL_SETTINGS);
    assert_int_equal(t.found_count, 0);
    assert_int_equal(line_state(f->line), LINE_STATE_OPEN);
}

static void what_is_under_way_ends_first(void **state)
{
    struct fixture *f = *state;
    struct tried t = {0};
    struct asked asked;
    f->fake->delay = 200 * CLOCK_MS;
    submit(f, &asked, 7, 0, 2);
    loop_advance(f->loop, 20 * CLOCK_MS);
    struct trial *trial = begin(f, &t);
    loop_advance(f->loop, 100 * CLOCK_MS);
    assert_false(line_resting(f->line));
    loop_advance(f->loop, 200 * CLOCK_MS);
    asked_check(&asked);
    assert_true(line_resting(f->line));
    trial_stop(trial);
    loop_advance(f->loop, 100 * CLOCK_MS);
    assert_int_equal(line_state(f->line), LINE_STATE_OPEN);
    assert_int_equal(t.done, 0);
}

static void switching_goes_first(void **state)
{
    struct fixture *f = *state;
    struct tried t = {0};
    struct asked asked;
    begin(f, &t);
    loop_advance(f->loop, CLOCK_S);
    asked_read(&asked, 7, 0, 2);
    asked.request.urgency = LINE_CONTROL;
    line_submit(f->line, &asked.request);
    loop_advance(f->loop, CLOCK_S);
    asked_check(&asked);
    assert_int_equal(t.done, 1);
    assert_non_null(strstr(t.problem, "switched"));
}

static void a_gateway_has_no_speed_of_ours(void **state)
{
    struct fixture *f = *state;
    const struct trial_options options = {.units = {1}, .unit_count = 1};
    struct err err = ERR_EMPTY;
    assert_null(trial_start(f->line, &options, &err));
    assert_non_null(strstr(err.text, "set in the gateway"));
    assert_int_equal(line_state(f->line), LINE_STATE_OPEN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(units_are_found_at_their_speeds, setup_rtu, teardown),
        cmocka_unit_test_setup_teardown(all_settings_in_half_a_minute, setup_rtu, teardown),
        cmocka_unit_test_setup_teardown(what_is_under_way_ends_first, setup_rtu, teardown),
        cmocka_unit_test_setup_teardown(switching_goes_first, setup_rtu, teardown),
        cmocka_unit_test_setup_teardown(a_gateway_has_no_speed_of_ours, setup_tcp, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
