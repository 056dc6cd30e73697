/* Readings from elsewhere on their way into the store: new series beside those that wait for their
 * first tick, what is there already, and what an unknown time of day means. */
#include "test.h"
#include "test_folder.h"

#include <errno.h>
#include <unistd.h>

#include "engine/history.h"
#include "engine/history_import.h"
#include "engine/history_rules.h"
#include "engine/history_testing.h"

#define T0 (1795222800LL * CLOCK_S) /* 2026-11-21T01:00:00Z */
#define MINUTE_MS 60000LL

struct fixture {
    char folder[200];
    struct clock clock;
    struct loop *loop;
    struct site *site;
    struct point *voltage;
    struct history *history;
    int ended, code;
    uint64_t taken, there;
};

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    test_folder(fixture->folder, sizeof fixture->folder);
    fixture->clock = clock_fake(T0);
    fixture->loop = loop_new(&fixture->clock);
    fixture->site = site_new(fixture->loop);
    struct device_spec spec = {.name = "m", .role = "meter", .unit = 1, .every = CLOCK_S};
    struct device *device = site_device_add(fixture->site, &spec);
    fixture->voltage =
        component_point_add(device_component(device, COMPONENT_TOTAL, 0), QUANTITY_VOLTAGE);
    const struct history_settings settings = {.enabled = true, .every = 60 * CLOCK_S};
    struct err err = ERR_EMPTY;
    fixture->history = history_open(fixture->loop, fixture->site, fixture->folder, &settings, &err);
    if (!fixture->history)
        fail_msg("%s", err.text);
    history_set_rules(fixture->history, &(struct history_rules){0});
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    history_close(fixture->history);
    site_free(fixture->site);
    loop_free(fixture->loop);
    test_folder_remove(fixture->folder);
    free(fixture);
    return 0;
}

static void on_done(void *user, uint64_t taken, uint64_t there, const struct err *err)
{
    struct fixture *fixture = user;
    fixture->ended++;
    fixture->code = err->code;
    fixture->taken = taken;
    fixture->there = there;
}

static void import(struct fixture *fixture, const struct history_import_point *points, size_t count)
{
    struct err err = ERR_EMPTY;
    int before = fixture->ended;
    if (history_import(fixture->history, points, count, on_done, fixture, &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(fixture->ended, before); /* never from inside */
    for (int i = 0; i < 60000 && fixture->ended == before; i++) {
        loop_poll(fixture->loop);
        usleep(1000);
    }
    assert_int_equal(fixture->ended, before + 1);
}

static void fill(struct history_sample *samples, size_t count, int64_t first)
{
    for (size_t i = 0; i < count; i++)
        samples[i] = (struct history_sample){
            .time = first + (int64_t)i * MINUTE_MS, .value = (int64_t)i, .quality = QUALITY_GOOD};
}

static void assert_recorded(struct fixture *fixture, const char *path, size_t count, double sum)
{
    const char *const paths[] = {path};
    struct err err = ERR_EMPTY;
    struct history_answer *answer =
        testing_ask(fixture->folder, paths, 1, 0, INT64_MAX / 2, 0, &err);
    if (!answer)
        fail_msg("%s", err.text);
    double found = 0;
    for (size_t i = 0; i < answer->series[0].count; i++)
        found += answer->series[0].buckets[i].sum;
    assert_int_equal(answer->series[0].count, count);
    assert_float_equal(found, sum, 1e-6);
    history_answer_free(answer);
}

enum { COUNT = 500 };

static void new_and_known(void **state)
{
    struct fixture *fixture = *state;
    struct history_sample samples[COUNT];
    /* of days ago up to this minute: full hours and the one that runs */
    fill(samples, COUNT, T0 / CLOCK_MS - (COUNT - 1) * MINUTE_MS);
    const struct history_import_point points[] = {
        {"gone/total/state", QUANTITY_STATE, samples, COUNT},
        {"m/total/voltage", QUANTITY_VOLTAGE, samples + 100, COUNT - 100}};
    import(fixture, points, 2);
    assert_int_equal(fixture->code, 0);
    assert_int_equal(fixture->taken, COUNT + COUNT - 100);
    assert_int_equal(fixture->there, 0);
    import(fixture, points, 2);
    assert_int_equal(fixture->taken, 0);
    assert_int_equal(fixture->there, COUNT + COUNT - 100);
    /* the site's own points go on under their own numbers */
    point_put(fixture->voltage, 230, clock_mono(&fixture->clock), clock_wall(&fixture->clock));
    loop_advance(fixture->loop, 7 * CLOCK_S);
    history_tick(fixture->history);
    fixture->history = history_close(fixture->history);
    assert_recorded(fixture, "gone/total/state", COUNT, COUNT * (COUNT - 1) / 2.0);
    double scale = 1;
    for (int i = 0; i < quantity_row(QUANTITY_VOLTAGE)->decimals; i++)
        scale *= 10;
    const char *const paths[] = {"m/total/voltage"};
    struct history_answer *answer =
        testing_ask(fixture->folder, paths, 1, 0, INT64_MAX / 2, 0, NULL);
    const struct history_series *series = &answer->series[0];
    assert_true(series->count > COUNT - 100);
    assert_float_equal(series->buckets[0].last, 100 / scale, 1e-9);
    assert_float_equal(series->buckets[series->count - 1].last, 230, 1e-9);
    history_answer_free(answer);
}

/* Points of the site whose numbers have not reached the store yet come before the import's. */
static void beside_series_that_wait(void **state)
{
    struct fixture *fixture = *state;
    struct history_sample sample = {
        .time = T0 / CLOCK_MS - MINUTE_MS, .value = 7, .quality = QUALITY_GOOD};
    struct device_spec spec = {.name = "late", .role = "meter", .unit = 2, .every = CLOCK_S};
    struct device *device = site_device_add(fixture->site, &spec);
    struct point *state_of =
        component_point_add(device_component(device, COMPONENT_TOTAL, 0), QUANTITY_STATE);
    loop_poll(fixture->loop);
    import(fixture, &(struct history_import_point){"x/total/state", QUANTITY_STATE, &sample, 1}, 1);
    assert_int_equal(fixture->taken, 1);
    point_put(state_of, 1, clock_mono(&fixture->clock), clock_wall(&fixture->clock));
    history_tick(fixture->history);
    fixture->history = history_close(fixture->history);
    assert_recorded(fixture, "x/total/state", 1, 7);
    assert_recorded(fixture, "late/total/state", 1, 1);
}

static void without_the_time_of_day(void **state)
{
    struct fixture *fixture = *state;
    struct history_sample sample = {.time = T0 / CLOCK_MS, .quality = QUALITY_GOOD};
    const struct history_import_point point = {"x/total/state", QUANTITY_STATE, &sample, 1};
    struct err err = ERR_EMPTY;
    fixture->clock.fake_wall_known = false;
    assert_int_equal(history_import(fixture->history, &point, 1, on_done, fixture, &err), -EAGAIN);
    assert_non_null(strstr(err.text, "time of day"));
    assert_int_equal(fixture->ended, 0);
}

/* Whoever asked hears of it, also when the daemon stops. */
static void stopped_in_the_middle(void **state)
{
    struct fixture *fixture = *state;
    struct history_sample sample = {.time = T0 / CLOCK_MS, .quality = QUALITY_GOOD};
    const struct history_import_point point = {"x/total/state", QUANTITY_STATE, &sample, 1};
    struct err err = ERR_EMPTY;
    assert_int_equal(history_import(fixture->history, &point, 1, on_done, fixture, &err), 0);
    fixture->history = history_close(fixture->history);
    assert_int_equal(fixture->ended, 1);
    assert_true(fixture->code == 0 ? fixture->taken == 1 : fixture->code == -ECANCELED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(new_and_known, set_up, tear_down),
        cmocka_unit_test_setup_teardown(beside_series_that_wait, set_up, tear_down),
        cmocka_unit_test_setup_teardown(without_the_time_of_day, set_up, tear_down),
        cmocka_unit_test_setup_teardown(stopped_in_the_middle, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
