/* What pulses are worth: units, settings, a concentrator's registers; counts kept in a folder.
 * Expected values by hand. */
#include "engine/pulse.h"

#include <errno.h>
#include <math.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "engine/meter.h"
#include "test.h"
#include "test_folder.h"

#define WALL (1795262400LL * CLOCK_S)

/* cmocka compares floats, which is too coarse here. */
static void near(double number, double expected, double most)
{
    if (!(fabs(number - expected) <= most))
        fail_msg("%.17g is not %.17g", number, expected);
}

/* Stands in for the field's: records of pulses name devices that are there. */
static const struct setting_row device_rows[] = {
    {.key = "enabled", .type = SETTING_BOOL, .initial = "true", .help = "Whether."}};
static const struct setting_table devices = {.name = "devices",
                                             .collection = true,
                                             .rows = device_rows,
                                             .row_count = 1,
                                             .record_size = sizeof(bool)};
static const struct setting_table *const tables[] = {&devices, &pulse_settings_table, NULL};
static const struct config_schema schema = {.tables = tables};

struct fixture {
    struct clock clock;
    struct loop *loop;
    struct site *site;
    struct saver *saver;
    struct config *config;
    struct meter *meter;
    struct pulses *pulses;
    struct point *count;
    char folder[200];
};

static struct config *read_settings(struct fixture *f, const char *text, struct err_list *errors)
{
    char path[300], whole[1000];
    snprintf(path, sizeof path, "%s/site.yaml", f->folder);
    snprintf(whole, sizeof whole, "devices: {box: {}}\npulses: {%s}\n", text);
    test_write_file(path, whole);
    return config_load(&schema, path, NULL, NULL, 0, errors);
}

static struct config *settings(struct fixture *f, const char *text)
{
    struct err_list errors = ERR_LIST_EMPTY;
    struct config *config = read_settings(f, text, &errors);
    if (!config)
        fail_msg("%s", errors.list[0].text);
    err_list_deinit(&errors);
    return config;
}

static struct pulses *open_pulses(struct fixture *f, struct err *err)
{
    const struct pulses_context context = {.site = f->site, .saver = f->saver, .folder = f->folder};
    return pulses_new(&context, f->config, err);
}

static void start(struct fixture *f, const char *text)
{
    struct err err = ERR_EMPTY;
    f->site = site_new(f->loop);
    f->saver = saver_new(f->loop);
    f->config = settings(f, text);
    f->meter = meter_open(f->site, f->folder, &err);
    f->pulses = open_pulses(f, &err);
    if (!f->pulses)
        fail_msg("%s", err.text);
    struct device *device =
        site_device_add(f->site, &(struct device_spec){.name = "box", .unit = 1, .every = CLOCK_S});
    f->count = component_point_add(device_component(device, COMPONENT_PULSE, 1), QUANTITY_COUNT);
    f->count->rollover = 65536;
    loop_advance(f->loop, 0);
}

static void stop(struct fixture *f)
{
    pulses_free(f->pulses);
    meter_close(f->meter);
    saver_free(f->saver);
    site_free(f->site);
    config_free(f->config);
}

static void configure(struct fixture *f, const char *text)
{
    struct config *fresh = settings(f, text);
    pulses_configure(f->pulses, fresh);
    config_free(f->config);
    f->config = fresh;
}

static int set_up(void **state)
{
    struct fixture *f = mem_new(sizeof *f);
    test_folder_in_memory(f->folder, sizeof f->folder);
    f->clock = clock_fake(WALL);
    f->loop = loop_new(&f->clock);
    start(f, "box/pulse-1: {weight: 100}");
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    stop(f);
    loop_free(f->loop);
    test_folder_remove(f->folder);
    free(f);
    return 0;
}

static void let_it_write(struct fixture *f)
{
    for (int i = 0; i < 300000 && saver_busy(f->saver); i++) {
        usleep(100);
        loop_poll(f->loop);
    }
    assert_false(saver_busy(f->saver));
}

/* The register says `number` now; a second passes. */
static void reads(struct fixture *f, double number)
{
    point_put(f->count, number, loop_now(f->loop), loop_wall(f->loop));
    pulses_refresh(f->pulses);
    let_it_write(f);
    loop_advance(f->loop, CLOCK_S);
}

static double number_of(struct fixture *f, const char *path)
{
    const struct point *point = site_point_find(f->site, path);
    if (!point || point->value.quality != QUALITY_GOOD)
        fail_msg("%s is not there or not good", path);
    return point->value.number;
}

/* ---- settings -------------------------------------------------------------------------------- */

static void units_are_exact(void **state)
{
    static const struct {
        const char *text, *point, *rate;
        double worth, a_minute; /* of a pulse; of one pulse a minute, in W or m3/h */
    } cases[] = {
        {"weight: 1000", "energy", "real-power", 0.001, 60},
        {"weight: 3", "energy", "real-power", 1.0 / 3, 20000},
        {"weight: 0.3, unit: Wh", "energy", "real-power", 0.0003, 18},
        {"weight: 2, unit: kWh, medium: heat", "heat", "heat-power", 2, 120000},
        {"weight: 1, unit: MWh, medium: heat", "heat", "heat-power", 1000, 6e7},
        {"weight: 36, unit: MJ, medium: heat", "heat", "heat-power", 10, 6e5},
        {"weight: 0.036, unit: GJ, medium: heat", "heat", "heat-power", 10, 6e5},
        {"weight: 10, unit: l, medium: water", "volume", "flow", 0.01, 0.6},
        {"weight: 0.1, unit: m3, medium: gas", "gas", "gas-flow", 0.1, 6},
        {"weight: 4, unit: pulses/m3, medium: gas", "gas", "gas-flow", 0.25, 15},
        {"weight: 1000, multiplier: 40", "energy", "real-power", 0.04, 2400},
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < TEST_COUNT(cases); i++) {
        char text[200], path[80], folder[200];
        snprintf(text, sizeof text, "box/pulse-1: {%s}", cases[i].text);
        stop(f);
        snprintf(folder, sizeof folder, "%s", f->folder);
        test_folder_remove(folder);
        assert_int_equal(mkdir(folder, 0700), 0);
        start(f, text);
        reads(f, 0);
        reads(f, 0); /* the ledger was on its way to the disk */
        for (int minute = 1; minute <= 3; minute++) {
            loop_advance(f->loop, 59 * CLOCK_S);
            reads(f, minute);
        }
        snprintf(path, sizeof path, "box/pulse-1/%s", cases[i].point);
        near(number_of(f, path), 3 * cases[i].worth, 3e-15 * cases[i].worth);
        snprintf(path, sizeof path, "box/pulse-1/%s", cases[i].rate);
        near(number_of(f, path), cases[i].a_minute, 1e-9 * cases[i].a_minute);
    }
}

static void mistakes_are_named(void **state)
{
    static const struct {
        const char *text, *says;
    } wrong[] = {
        {"box/pulse-1: {weight: 10, medium: water}", "water is counted in l, m3 or pulses/m3"},
        {"box/pulse-1: {weight: 10, unit: l}", "electricity is counted in Wh"},
        {"box/pulse-1: {weight: 10, unit: m3, medium: heat}", "heat is counted in Wh"},
        {"box/pulse-1: {unit: Wh}", "weight"},
        {"box/pulse-1: {weight: 0}", "weight"},
        {"box/pulse-1: {weight: -5}", "weight"},
        {"box/pulse-1: {weight: 1, medium: steam}", "electricity"},
        {"box/pulse-1: {weight: 1, still: 10 s}", "still"},
        {"box/outlet-1: {weight: 1}", "box/outlet-1 is no pulse input, such as box/pulse-1"},
        {"bix/pulse-1: {weight: 1}", "bix"},
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < TEST_COUNT(wrong); i++) {
        struct err_list errors = ERR_LIST_EMPTY;
        assert_null(read_settings(f, wrong[i].text, &errors));
        if (!strstr(errors.list[0].text, wrong[i].says))
            fail_msg("%s: %s", wrong[i].text, errors.list[0].text);
        err_list_deinit(&errors);
    }
}

/* ---- a concentrator -------------------------------------------------------------------------- */

static void a_register_rolls_over(void **state)
{
    struct fixture *f = *state;
    reads(f, 65530);
    reads(f, 65530);
    near(number_of(f, "box/pulse-1/energy"), 655.30, 1e-9);
    reads(f, 4);
    near(number_of(f, "box/pulse-1/energy"), 655.40, 1e-9);
    double before = 655.40;
    for (unsigned i = 1; i < 400; i++) {
        reads(f, (4 + i * 517) % 65536);
        double now = number_of(f, "box/pulse-1/energy");
        near(now - before, 5.17, 1e-9);
        before = now;
    }
}

/* Read once a second, pulses come at 0.55 a second: whole pulses in whole seconds, and yet a rate.
 * 100 pulses a kWh, so 0.55/s is 19.8 kW. */
static void a_rate_of_a_count_that_is_read_now_and_then(void **state)
{
    struct fixture *f = *state;
    for (int second = 0; second < 300; second++) {
        reads(f, floor(second * 0.55));
        if (second > 60)
            near(number_of(f, "box/pulse-1/real-power"), 19800, 0.06 * 19800);
    }
    double last = number_of(f, "box/pulse-1/count");
    for (int second = 0; second < 60; second++)
        reads(f, last);
    /* one in a minute at most */
    assert_true(number_of(f, "box/pulse-1/real-power") < 36000 / 57.0);
    assert_true(number_of(f, "box/pulse-1/real-power") > 0);
    loop_advance(f->loop, 3600 * CLOCK_S);
    reads(f, last);
    assert_true(number_of(f, "box/pulse-1/real-power") == 0);
}

static void what_is_not_read_is_not_zero(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(site_point_find(f->site, "box/pulse-1/energy")->value.quality, QUALITY_ABSENT);
    reads(f, 7);
    reads(f, 7);
    point_mark(f->count, QUALITY_STALE, REASON_SILENT);
    pulses_refresh(f->pulses);
    const struct value *value = &site_point_find(f->site, "box/pulse-1/energy")->value;
    assert_int_equal(value->quality, QUALITY_STALE);
    near(value->number, 0.07, 1e-12);
    point_mark(f->count, QUALITY_BAD, REASON_MALFORMED);
    pulses_refresh(f->pulses);
    assert_int_equal(value->quality, QUALITY_ABSENT);
}

/* kWh do not become m3, and what was is told no more. */
static void another_medium_is_another_counter(void **state)
{
    struct fixture *f = *state;
    reads(f, 200);
    reads(f, 200);
    configure(f, "box/pulse-1: {medium: gas, weight: 0.1, unit: m3}");
    reads(f, 201);
    reads(f, 202);
    near(number_of(f, "box/pulse-1/gas"), 20.2, 1e-9);
    assert_int_equal(site_point_find(f->site, "box/pulse-1/energy")->value.quality, QUALITY_ABSENT);
}

/* ---- the file -------------------------------------------------------------------------------- */

static void nothing_is_told_before_it_is_kept(void **state)
{
    struct fixture *f = *state;
    char folder[200];
    reads(f, 10);
    reads(f, 10);
    snprintf(folder, sizeof folder, "%s", f->folder);
    test_folder_remove(folder);
    struct pulses_author author = {.who = "anna", .origin = "local"};
    struct err err = ERR_EMPTY;
    assert_int_equal(pulses_set_reading(f->pulses, "box/pulse-1", 500, &author, &err), 0);
    for (unsigned i = 11; i < 20; i++)
        reads(f, i);
    near(site_point_find(f->site, "box/pulse-1/energy")->value.number, 0.1, 1e-12);
    assert_int_equal(site_point_find(f->site, "box/pulse-1/energy-reading")->value.quality,
                     QUALITY_ABSENT);
    assert_int_equal(mkdir(folder, 0700), 0);
    loop_advance(f->loop, 10 * CLOCK_S);
    let_it_write(f);
    reads(f, 20);
    near(number_of(f, "box/pulse-1/energy"), 0.2, 1e-12);
    near(number_of(f, "box/pulse-1/energy-reading"), 500.1, 1e-9);
}

static void a_damaged_file_is_never_begun_anew(void **state)
{
    struct fixture *f = *state;
#define METER(counter, worth)                                                                      \
    ("{\"version\":1,\"meters\":{\"box/pulse-1\":{\"counter\":\"" counter                          \
     "\",\"count\":1,\"total\":2,\"reading\":0,\"set\":false,\"worth\":" worth                     \
     ",\"multiplier\":1}}}")
    static const char *const texts[] = {"",
                                        "{\"version\":2,\"meters\":{}}",
                                        "{\"version\":1,\"meters\":{\"box/pulse-1\":{}}}",
                                        METER("energy", "0"),
                                        METER("enrgy", "1"),
                                        METER("energy", "null")};
    struct err sound = ERR_EMPTY;
    char path[260];
    snprintf(path, sizeof path, "%s/pulse-meters.json", f->folder);
    for (size_t i = 0; i < TEST_COUNT(texts); i++) {
        struct err err = ERR_EMPTY;
        test_write_file(path, texts[i]);
        assert_null(open_pulses(f, &err));
        assert_non_null(strstr(err.text, path));
    }
    test_write_file(path, METER("energy", "1"));
    struct pulses *pulses = open_pulses(f, &sound);
    assert_non_null(pulses);
    pulses_free(pulses);
}

/* ---- the ledger ------------------------------------------------------------------------------ */

/* Whatever is changed at whatever moment, the total is the sum of what each pulse was worth when it
 * was counted. */
static void a_ledger_adds_up(void **state)
{
    (void)state;
    struct pulse_ledger ledger = {0};
    uint64_t seed = test_seed();
    double count = 0, total = 0, reading = 0, worth = 0.001, multiplier = 1;
    assert_true(pulse_ledger_rebase(&ledger, count, worth, multiplier));
    for (int i = 0; i < 10000; i++) {
        double before = pulse_ledger_total(&ledger, count);
        double more = (double)test_below(&seed, 50);
        count += more;
        total += more * worth * multiplier;
        reading += more * worth;
        assert_true(pulse_ledger_total(&ledger, count) >= before);
        if (test_below(&seed, 10) == 0) {
            double other = (double)(1 + test_below(&seed, 1000)) / 1000;
            double times = (double)(1 + test_below(&seed, 40));
            before = pulse_ledger_total(&ledger, count);
            pulse_ledger_rebase(&ledger, count, worth = other, multiplier = times);
            assert_true(pulse_ledger_total(&ledger, count) == before);
        }
        near(pulse_ledger_total(&ledger, count), total, 1e-9 * (1 + total));
        near(pulse_ledger_reading(&ledger, count), reading, 1e-9 * (1 + reading));
    }
    assert_false(pulse_ledger_rebase(&ledger, count, worth, multiplier));
    double before = pulse_ledger_total(&ledger, ledger.count);
    assert_true(pulse_ledger_rebase(&ledger, 3, worth, multiplier)); /* somebody moved a file */
    assert_true(pulse_ledger_total(&ledger, 3) == before);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(units_are_exact),
        TEST(mistakes_are_named),
        TEST(a_register_rolls_over),
        TEST(a_rate_of_a_count_that_is_read_now_and_then),
        TEST(what_is_not_read_is_not_zero),
        TEST(another_medium_is_another_counter),
        TEST(nothing_is_told_before_it_is_kept),
        TEST(a_damaged_file_is_never_begun_anew),
        cmocka_unit_test(a_ledger_adds_up),
    };
    return cmocka_run_group_tests_name("engine/pulse", tests, NULL, NULL);
}
