/* Whether power arrives: along parts and devices, as far as somebody tells. */
#include "test.h"

#include "engine/upstream.h"

#define WALL (1795222800LL * CLOCK_S)

struct fixture {
    struct clock clock;
    struct loop *loop;
    struct site *site;
    struct component *outlet, *circuit;
    struct point *breaker, *meter_a, *meter_b, *inlet;
};

static const struct word word_list[] = {{0, "open"}, {1, "closed"}, {2, "tripped"}, {3, "testing"}};
static const struct words breaker_words = {.list = word_list, .count = 4};

static struct device *add(struct fixture *f, const char *name, const char *fed_by)
{
    return site_device_add(
        f->site,
        &(struct device_spec){.name = name, .fed_by = fed_by, .unit = 1, .every = CLOCK_S});
}

/* mains -> meter (two phases) -> pdu: inlet -> circuit 1 with a breaker -> outlet 1 */
static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    f->clock = clock_fake(WALL);
    f->loop = loop_new(&f->clock);
    f->site = site_new(f->loop);
    struct device *meter = add(f, "meter", "mains"), *pdu = add(f, "pdu", "meter");
    f->meter_a = component_point_add(device_component(meter, COMPONENT_PHASE, 1), QUANTITY_VOLTAGE);
    f->meter_b = component_point_add(device_component(meter, COMPONENT_PHASE, 2), QUANTITY_VOLTAGE);
    f->inlet = component_point_add(device_component(pdu, COMPONENT_TOTAL, 0), QUANTITY_VOLTAGE);
    f->circuit = device_component(pdu, COMPONENT_CIRCUIT, 1);
    f->breaker = component_point_add(f->circuit, QUANTITY_STATE);
    f->breaker->words = &breaker_words;
    f->outlet = device_component(pdu, COMPONENT_OUTLET, 1);
    component_set_fed_by(f->outlet, "circuit-1");
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    site_free(f->site);
    loop_free(f->loop);
    free(f);
    return 0;
}

static void put(struct fixture *f, struct point *point, double number)
{
    point_put(point, number, loop_now(f->loop), loop_wall(f->loop));
}

static void expect(struct fixture *f, bool near, int result, const char *reason)
{
    char text[160] = "untouched";
    struct upstream upstream = {.site = f->site, .voltage_off = 3, .near = near};
    assert_int_equal(upstream_powered(&upstream, f->outlet, text, sizeof text), result);
    assert_string_equal(text, reason);
}

static void who_tells_first_counts(void **state)
{
    struct fixture *f = *state;
    expect(f, false, -1, "");
    put(f, f->breaker, 1);
    expect(f, false, -1, ""); /* closed, and nobody measures */
    put(f, f->meter_a, 0.2);
    expect(f, false, 0, "meter/phase-a has no voltage (0.2 V)");
    put(f, f->meter_b, 231); /* one phase is enough for a device */
    expect(f, false, 1, "");
    put(f, f->inlet, 0);
    expect(f, false, 0, "pdu/total has no voltage (0.0 V)");
    put(f, f->inlet, 230);
    expect(f, false, 1, "");
    put(f, f->breaker, 2);
    expect(f, false, 0, "pdu/circuit-1 is tripped");
    put(f, f->breaker, 3); /* a word of which nobody knows whether anything passes */
    expect(f, false, 1, "");
}

static void old_readings_tell_nothing(void **state)
{
    struct fixture *f = *state;
    put(f, f->breaker, 0);
    put(f, f->inlet, 230);
    expect(f, false, 0, "pdu/circuit-1 is open");
    point_mark(f->breaker, QUALITY_STALE, REASON_SILENT);
    expect(f, false, 1, "");
    point_mark(f->inlet, QUALITY_STALE, REASON_SILENT);
    expect(f, false, -1, "");
}

/* What may hold up a power-up: its own device and what it hangs on, not a meter far away. */
static void the_near_way_ends_at_the_device(void **state)
{
    struct fixture *f = *state;
    put(f, f->meter_a, 0);
    expect(f, false, 0, "meter/phase-a has no voltage (0.0 V)");
    expect(f, true, -1, "");
    put(f, f->breaker, 0);
    expect(f, true, 0, "pdu/circuit-1 is open");
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(who_tells_first_counts),
        TEST(old_readings_tell_nothing),
        TEST(the_near_way_ends_at_the_device),
    };
    return cmocka_run_group_tests_name("upstream", tests, NULL, NULL);
}
