/* Demand: windows of the clock against sums over every second, gaps, restarts, resets, and what a
 * reading costs. */
#include "test.h"
#include "test_allocations.h"
#include "test_folder.h"

#include <math.h>

#include "base/saver.h"
#include "base/time_text.h"
#include "engine/demand.h"

#define MINUTE (60 * CLOCK_S)
#define HOUR (60 * MINUTE)

/* 2026-11-30 12:00 in Berlin; `date -d` said so. */
#define NOON (1796036400LL * CLOCK_S)
/* 2026-12-01 00:00 in Berlin. */
#define DECEMBER (1796079600LL * CLOCK_S)

static const struct setting_table *const tables[] = {&demand_settings_table, NULL};
static const struct config_schema schema = {.tables = tables};

struct fixture {
    struct clock clock;
    struct loop *loop;
    struct site *site;
    struct saver *saver;
    struct config *config;
    struct demand *demand;
    struct point *power, *energy, *voltage;
    char folder[200];
};

static void start(struct fixture *f)
{
    f->demand = demand_new(
        &(struct demand_context){
            .loop = f->loop, .site = f->site, .saver = f->saver, .folder = f->folder},
        f->config);
    loop_poll(f->loop);
}

static void stop(struct fixture *f)
{
    demand_save(f->demand);
    while (saver_busy(f->saver))
        loop_poll(f->loop);
    f->demand = demand_free(f->demand);
}

static void begin(struct fixture *f, const char *text)
{
    struct err_list errors = ERR_LIST_EMPTY;
    char path[300];
    snprintf(path, sizeof path, "%s/site.yaml", f->folder);
    test_write_file(path, text);
    f->config = config_load(&schema, path, NULL, NULL, 0, &errors);
    if (!f->config)
        fail_msg("%s", errors.list[0].text);
    err_list_deinit(&errors);
    start(f);
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct err err = ERR_EMPTY;
    assert_int_equal(time_text_use_zone("Europe/Berlin", &err), 0);
    test_folder_in_memory(f->folder, sizeof f->folder);
    f->clock = clock_fake(NOON);
    f->loop = loop_new(&f->clock);
    assert_int_equal(loop_pool_start(f->loop), 0);
    f->site = site_new(f->loop);
    f->saver = saver_new(f->loop);
    struct device *device =
        site_device_add(f->site, &(struct device_spec){.name = "m", .unit = 1, .every = CLOCK_S});
    struct component *total = device_component(device, COMPONENT_TOTAL, 0);
    f->power = component_point_add(total, QUANTITY_REAL_POWER);
    f->energy = component_point_add(total, QUANTITY_ENERGY);
    f->voltage = component_point_add(total, QUANTITY_VOLTAGE);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    stop(f);
    config_free(f->config);
    saver_free(f->saver);
    site_free(f->site);
    loop_free(f->loop);
    test_folder_remove(f->folder);
    free(f);
    return 0;
}

static void put(struct fixture *f, struct point *point, double number)
{
    point_put(point, number, loop_now(f->loop), loop_wall(f->loop));
    loop_poll(f->loop);
}

static void pass(struct fixture *f, clock_us time)
{
    loop_advance(f->loop, time);
}

static double value_of(struct fixture *f, const char *path)
{
    struct point *point = site_point_find(f->site, path);
    assert_non_null(point);
    assert_true(point->derived);
    return point->value.quality == QUALITY_GOOD ? point->value.number : NAN;
}

#define AVERAGE "m/total/real-power-demand"
#define PEAK "m/total/real-power-demand-peak"
#define BLOCK "demand: {p: {points: m/total/real-power}}\n"
#define COUNTER "demand: {p: {points: m/total/energy}}\n"

/* ---- windows --------------------------------------------------------------------------------- */

static void a_block_is_the_average_from_quarter_to_quarter(void **state)
{
    struct fixture *f = *state;
    begin(f, BLOCK);
    pass(f, 14 * MINUTE);
    put(f, f->power, 5000);
    pass(f, MINUTE + 2 * CLOCK_S);
    /* the first quarter was looked at from its last minute on only */
    assert_true(isnan(value_of(f, AVERAGE)) && isnan(value_of(f, PEAK)));
    pass(f, 5 * MINUTE - 2 * CLOCK_S);
    put(f, f->power, 800);
    pass(f, 10 * MINUTE + CLOCK_S);
    double average = (5 * 5000.0 + 10 * 800.0) / 15;
    assert_float_equal(value_of(f, AVERAGE), average, 1e-6);
    assert_float_equal(value_of(f, PEAK), average, 1e-6);
    struct point *peak = site_point_find(f->site, PEAK);
    assert_int_equal(peak->value.wall, NOON + 30 * MINUTE);
    /* a lower one is the average, not the peak */
    pass(f, 15 * MINUTE);
    assert_float_equal(value_of(f, AVERAGE), 800, 1e-6);
    assert_float_equal(value_of(f, PEAK), average, 1e-6);
    assert_int_equal(peak->value.wall, NOON + 30 * MINUTE);
}

static void what_lacks_readings_is_not_known(void **state)
{
    struct fixture *f = *state;
    begin(f, BLOCK);
    put(f, f->power, 1000);
    pass(f, 15 * MINUTE + CLOCK_S);
    assert_float_equal(value_of(f, AVERAGE), 1000, 1e-6);
    pass(f, MINUTE);
    put(f, f->power, 1001);
    point_mark(f->power, QUALITY_STALE, REASON_TOO_OLD);
    loop_poll(f->loop);
    pass(f, MINUTE);
    put(f, f->power, 1000);
    pass(f, 13 * MINUTE);
    struct point *average = site_point_find(f->site, AVERAGE);
    assert_int_equal(average->value.quality, QUALITY_ABSENT);
    assert_float_equal(value_of(f, PEAK), 1000, 1e-6);
    pass(f, 15 * MINUTE);
    assert_float_equal(value_of(f, AVERAGE), 1000, 1e-6);
}

/* Every second of some hours, random steps: blocks of 20 minutes, windows of 30 that slide by 2. */
static void windows_are_the_mean_of_their_seconds(struct fixture *f, const char *text, int length,
                                                  int every)
{
    enum { SECONDS = 4 * 3600 };
    static double power[SECONDS];
    uint64_t seed = test_seed();
    int compared = 0;
    begin(f, text);
    for (int second = 0; second < SECONDS; second++) {
        if (second == 0 || test_below(&seed, 40) == 0)
            put(f, f->power, (double)test_below(&seed, 9000));
        power[second] = f->power->value.number;
        pass(f, CLOCK_S);
        int whole = (second + 1) / every * every;
        /* the first second is over before anybody looks; one more and the average is there */
        if (second % every != 0 || whole < length + every || second == whole - 1)
            continue;
        double sum = 0;
        for (int i = whole - length; i < whole; i++)
            sum += power[i];
        assert_float_equal(value_of(f, AVERAGE), sum / length, 1e-6);
        compared++;
    }
    assert_true(compared >= (SECONDS - length) / every - 2);
}

static void blocks_are_the_mean_of_their_seconds(void **state)
{
    windows_are_the_mean_of_their_seconds(
        *state, "demand: {p: {points: m/total/real-power, window: 20 min}}\n", 1200, 1200);
}

static void sliding_windows_are_the_mean_of_their_seconds(void **state)
{
    windows_are_the_mean_of_their_seconds(
        *state, "demand: {p: {points: m/total/*, window: 30 min, kind: sliding}}\n", 1800, 120);
}

static void a_counter_bridges_gaps(void **state)
{
    struct fixture *f = *state;
    begin(f, COUNTER);
    put(f, f->energy, 100);
    pass(f, 15 * MINUTE + CLOCK_S);
    assert_true(isnan(value_of(f, AVERAGE))); /* nobody saw it at 12:00 */
    point_mark(f->energy, QUALITY_STALE, REASON_SILENT);
    loop_poll(f->loop);
    pass(f, 10 * MINUTE);
    put(f, f->energy, 100.75);
    pass(f, 5 * MINUTE);
    /* 0.75 kWh in a quarter of an hour */
    assert_float_equal(value_of(f, AVERAGE), 3000, 1e-6);
    put(f, f->energy, 0); /* reset by somebody */
    pass(f, 15 * MINUTE);
    assert_true(isnan(value_of(f, AVERAGE)));
    put(f, f->energy, 0.25);
    pass(f, 15 * MINUTE);
    assert_float_equal(value_of(f, AVERAGE), 1000, 1e-6);
    assert_float_equal(value_of(f, PEAK), 3000, 1e-6);
}

/* ---- what is kept ---------------------------------------------------------------------------- */

static void a_restart_loses_nothing(void **state)
{
    struct fixture *f = *state;
    begin(f, BLOCK);
    put(f, f->power, 1800);
    pass(f, 25 * MINUTE);
    stop(f);
    pass(f, 10 * CLOCK_S);
    start(f);
    assert_float_equal(value_of(f, PEAK), 1800, 1e-6);
    assert_float_equal(value_of(f, AVERAGE), 1800, 1e-6);
    put(f, f->power, 900);
    pass(f, 5 * MINUTE);
    /* of 12:15 to 12:30 ten seconds are not known; a restart takes one more to look */
    double known = 10 * 60 * 1800.0 + (5 * 60 - 10) * 900.0;
    assert_float_equal(value_of(f, AVERAGE), known / (900 - 10), 3);
    stop(f);
    struct config *before = f->config; /* a run that knows nothing of it keeps it all the same */
    begin(f, "demand: {v: {points: m/total/voltage, kind: extremes}}\n");
    stop(f);
    config_free(before);
    before = f->config;
    pass(f, MINUTE);
    begin(f, BLOCK);
    config_free(before);
    put(f, f->power, 901);
    pass(f, 15 * MINUTE);
    /* a minute is too much */
    assert_true(isnan(value_of(f, AVERAGE)));
    assert_float_equal(value_of(f, PEAK), 1800, 1e-6);
}

static void peaks_are_of_the_month_and_since_reset(void **state)
{
    struct fixture *f = *state;
    begin(f, BLOCK);
    put(f, f->power, 700);
    pass(f, HOUR);
    put(f, f->power, 300);
    pass(f, DECEMBER - NOON - HOUR + CLOCK_S);
    struct demand_view view = demand_view(f->demand, 0);
    assert_int_equal(demand_count(f->demand), 1);
    assert_float_equal(view.month.number, 700, 1e-6); /* of November */
    pass(f, 15 * MINUTE);
    view = demand_view(f->demand, 0);
    assert_float_equal(view.month.number, 300, 1e-6);
    assert_int_equal(view.month.wall, DECEMBER + 15 * MINUTE);
    assert_float_equal(view.peak.number, 700, 1e-6);
    assert_int_equal(view.ends, DECEMBER + 30 * MINUTE);
    assert_float_equal(view.running, 300, 1e-6);
    assert_int_equal(demand_reset(f->demand, "m/total/real-power"), 1);
    assert_int_equal(demand_reset(f->demand, "m/total/voltage"), 0);
    loop_poll(f->loop);
    assert_true(isnan(value_of(f, PEAK)));
    pass(f, 15 * MINUTE);
    assert_float_equal(value_of(f, PEAK), 300, 1e-6);
    assert_int_equal(demand_view(f->demand, 0).since, DECEMBER + 15 * MINUTE + CLOCK_S);
}

static void extremes_are_those_of_every_reading(void **state)
{
    struct fixture *f = *state;
    begin(f, "demand: {v: {points: m/total/voltage, kind: extremes}}\n");
    assert_true(isnan(value_of(f, "m/total/voltage-max")));
    static const double volts[] = {230, 233.5, 228.1, 231};
    for (int i = 0; i < 4; i++) {
        pass(f, CLOCK_S);
        put(f, f->voltage, volts[i]);
    }
    assert_float_equal(value_of(f, "m/total/voltage-max"), 233.5, 1e-9);
    assert_float_equal(value_of(f, "m/total/voltage-min"), 228.1, 1e-9);
    stop(f);
    start(f);
    struct point *least = site_point_find(f->site, "m/total/voltage-min");
    assert_float_equal(least->value.number, 228.1, 1e-9);
    assert_int_equal(least->value.wall, NOON + 3 * CLOCK_S);
    assert_int_equal(demand_reset(f->demand, "m/total/voltage"), 1);
    loop_poll(f->loop);
    assert_float_equal(value_of(f, "m/total/voltage-max"), 231, 1e-9);
    assert_float_equal(value_of(f, "m/total/voltage-min"), 231, 1e-9);
}

static void a_clock_that_is_set_ends_the_window_only(void **state)
{
    struct fixture *f = *state;
    begin(f, BLOCK);
    put(f, f->power, 1000);
    pass(f, 16 * MINUTE);
    clock_fake_step_wall(&f->clock, 5 * MINUTE);
    pass(f, 9 * MINUTE + CLOCK_S); /* 12:30 by the new clock */
    assert_true(isnan(value_of(f, AVERAGE)));
    assert_float_equal(value_of(f, PEAK), 1000, 1e-6);
    pass(f, 15 * MINUTE);
    assert_float_equal(value_of(f, AVERAGE), 1000, 1e-6);
}

static void a_meter_with_its_own_is_left_alone(void **state)
{
    struct fixture *f = *state;
    struct component *total = f->power->component;
    struct point *own = component_point_add(total, QUANTITY_REAL_POWER_DEMAND);
    component_point_add(total, QUANTITY_REAL_POWER_DEMAND_PEAK);
    begin(f, BLOCK);
    assert_int_equal(demand_count(f->demand), 0);
    assert_false(own->derived);
}

/* Other settings: what nobody names any more is absent, what stays goes on. */
static void settings_change(void **state)
{
    struct fixture *f = *state;
    begin(f, BLOCK);
    put(f, f->power, 1000);
    pass(f, 16 * MINUTE);
    struct config *before = f->config;
    demand_free(f->demand);
    begin(f, "demand: {v: {points: m/total/voltage, kind: extremes}}\n");
    config_free(before);
    before = f->config;
    struct err_list errors = ERR_LIST_EMPTY;
    char path[300];
    snprintf(path, sizeof path, "%s/site.yaml", f->folder);
    test_write_file(path, "demand: {s: {points: m/total/real-power, kind: sliding}}\n");
    f->config = config_load(&schema, path, NULL, NULL, 0, &errors);
    demand_configure(f->demand, f->config);
    config_free(before);
    loop_poll(f->loop);
    assert_int_equal(demand_count(f->demand), 1);
    assert_int_equal(demand_view(f->demand, 0).kind, DEMAND_SLIDING);
    assert_true(isnan(value_of(f, "m/total/voltage-max")));
    pass(f, 31 * MINUTE);
    assert_float_equal(value_of(f, AVERAGE), 1000, 1e-6);
}

static void a_reading_allocates_nothing(void **state)
{
    struct fixture *f = *state;
    begin(f, "demand: {p: {points: m/total/*}, x: {points: m/total/*, kind: extremes}}\n");
    put(f, f->power, 1);
    put(f, f->voltage, 1);
    size_t before = test_allocations;
    for (int i = 2; i < 2000; i++) {
        put(f, f->power, i);
        put(f, f->voltage, i % 300);
    }
    assert_int_equal(test_allocations, before);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_block_is_the_average_from_quarter_to_quarter),
        TEST(what_lacks_readings_is_not_known),
        TEST(blocks_are_the_mean_of_their_seconds),
        TEST(sliding_windows_are_the_mean_of_their_seconds),
        TEST(a_counter_bridges_gaps),
        TEST(a_restart_loses_nothing),
        TEST(peaks_are_of_the_month_and_since_reset),
        TEST(extremes_are_those_of_every_reading),
        TEST(a_clock_that_is_set_ends_the_window_only),
        TEST(a_meter_with_its_own_is_left_alone),
        TEST(settings_change),
        TEST(a_reading_allocates_nothing),
    };
    return cmocka_run_group_tests_name("engine/demand", tests, NULL, NULL);
}
