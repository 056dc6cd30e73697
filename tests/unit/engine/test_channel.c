#include "test.h"

#include "engine/channel.h"

#define WALL (1790000000LL * CLOCK_S)

static const struct setting_table *const tables[] = {&channel_settings_table, NULL};
static const struct config_schema schema = {.tables = tables};

struct fixture {
    struct clock clock;
    struct loop *loop;
    struct site *site;
    struct config *config;
    struct channels *channels;
    struct point *volts, *energy, *other;
};

static struct config *load(const char *text)
{
    char path[] = "/tmp/test_channel_XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    FILE *file = fdopen(fd, "w");
    fputs(text, file);
    fclose(file);
    struct err_list errors = {0};
    struct config *config = config_load(&schema, path, NULL, NULL, 0, &errors);
    if (!config)
        fail_msg("%s", errors.count ? errors.list[0].text : "no configuration");
    err_list_deinit(&errors);
    remove(path);
    return config;
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    f->clock = clock_fake(WALL);
    f->loop = loop_new(&f->clock);
    f->site = site_new(f->loop);
    struct device *device = site_device_add(
        f->site, &(struct device_spec){.name = "dc-1", .unit = 1, .every = CLOCK_S});
    struct component *battery = device_component(device, COMPONENT_BATTERY, 0);
    f->volts = component_point_add(battery, QUANTITY_VOLTAGE);
    f->energy = component_point_add(battery, QUANTITY_ENERGY);
    f->other = component_point_add(device_component(device, COMPONENT_SUPPLY, 0), QUANTITY_VOLTAGE);
    f->config = load("channels:\n  battery: {points: 'dc-1/battery/*', average: 4, decimals: 2}\n");
    f->channels = channels_new(f->site, f->config);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    channels_free(f->channels);
    config_free(f->config);
    site_free(f->site);
    loop_free(f->loop);
    free(f);
    return 0;
}

static void put(struct fixture *f, struct point *point, double number)
{
    loop_advance(f->loop, CLOCK_S);
    point_put(point, number, loop_now(f->loop), loop_wall(f->loop));
}

static void the_last_readings_are_averaged(void **state)
{
    struct fixture *f = *state;
    static const double readings[] = {12, 13, 14, 15, 16, 10};
    /* by hand: 12, 12.5, 13, 13.5, (13+14+15+16)/4, (14+15+16+10)/4 */
    static const double expected[] = {12, 12.5, 13, 13.5, 14.5, 13.75};
    for (size_t i = 0; i < TEST_COUNT(readings); i++) {
        put(f, f->volts, readings[i]);
        assert_true(f->volts->value.number == expected[i]);
        assert_true(f->volts->raw == readings[i]);
    }
}

static void other_points_are_left_alone(void **state)
{
    struct fixture *f = *state;
    put(f, f->other, 10);
    put(f, f->other, 20);
    assert_true(f->other->value.number == 20);
    assert_int_equal(f->other->decimals, 1);
    assert_int_equal(f->volts->decimals, 2);
    assert_null(f->energy->filter.apply); /* counters belong to the meter */
}

static void a_gap_begins_a_new_average(void **state)
{
    struct fixture *f = *state;
    put(f, f->volts, 12);
    loop_advance(f->loop, f->volts->good_for + CLOCK_S);
    put(f, f->volts, 14);
    assert_true(f->volts->value.number == 14);
}

static void a_reload_takes_effect(void **state)
{
    struct fixture *f = *state;
    struct config *fresh = load("channels:\n  all: {points: '*', average: 2}\n");
    channels_configure(f->channels, fresh);
    config_free(f->config);
    f->config = fresh;
    put(f, f->other, 10);
    put(f, f->other, 20);
    assert_true(f->other->value.number == 15);
    assert_int_equal(f->volts->decimals, 1);
}

static void patterns_match_paths(void **state)
{
    (void)state;
    assert_true(channel_matches("*", "a/b/c"));
    assert_true(channel_matches("a/*", "a/b/c"));
    assert_true(channel_matches("a/b/c", "a/b/c"));
    assert_false(channel_matches("a/b", "a/b/c"));
    assert_false(channel_matches("b/*", "a/b/c"));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(the_last_readings_are_averaged),      T(other_points_are_left_alone),
        T(a_gap_begins_a_new_average),          T(a_reload_takes_effect),
        cmocka_unit_test(patterns_match_paths),
    };
#undef T
    return cmocka_run_group_tests_name("channel", tests, NULL, NULL);
}
