#include "test.h"

#include <math.h>

#include "engine/derive.h"

#define WALL (1790000000LL * CLOCK_S)

struct fixture {
    struct clock clock;
    struct loop *loop;
    struct site *site;
    struct derive *derive;
    struct device *device;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    f->clock = clock_fake(WALL);
    f->loop = loop_new(&f->clock);
    f->site = site_new(f->loop);
    f->derive = derive_new(f->site);
    f->device =
        site_device_add(f->site, &(struct device_spec){.name = "m", .unit = 1, .every = CLOCK_S});
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    derive_free(f->derive);
    site_free(f->site);
    loop_free(f->loop);
    free(f);
    return 0;
}

static struct point *add(struct fixture *f, enum component_kind kind, int number,
                         enum quantity quantity)
{
    return component_point_add(device_component(f->device, kind, number), quantity);
}

static void put(struct point *point, double number, clock_us mono)
{
    point_put(point, number, mono, WALL + mono);
}

static double value_of(struct fixture *f, const char *path)
{
    struct point *point = site_point_find(f->site, path);
    assert_non_null(point);
    assert_true(point->derived);
    return point->value.quality == QUALITY_GOOD ? point->value.number : NAN;
}

/* Three phases at 230 V: 1000 W at 1250 VA, 2000 W at 2000 VA, 0 W at 0 VA; by hand 3000 W, 3250
 * VA, 12/13. */
static void wye_totals_are_those_of_hand_arithmetic(void **state)
{
    struct fixture *f = *state;
    static const double volts[] = {228, 230, 235}, amps[] = {5, 10, 0}, watts[] = {1000, 2000, 0},
                        va[] = {1250, 2000, 0}, kwh[] = {10.5, 20.25, 1};
    for (int i = 1; i <= 3; i++) {
        add(f, COMPONENT_PHASE, i, QUANTITY_VOLTAGE);
        add(f, COMPONENT_PHASE, i, QUANTITY_CURRENT);
        add(f, COMPONENT_PHASE, i, QUANTITY_REAL_POWER);
        add(f, COMPONENT_PHASE, i, QUANTITY_APPARENT_POWER);
        add(f, COMPONENT_PHASE, i, QUANTITY_ENERGY);
    }
    loop_poll(f->loop);
    struct component *phase = f->device->components;
    for (int i = 0; i < 3; i++, phase = phase->next) {
        put(component_point(phase, QUANTITY_VOLTAGE), volts[i], 10 + i);
        put(component_point(phase, QUANTITY_CURRENT), amps[i], 10 + i);
        put(component_point(phase, QUANTITY_REAL_POWER), watts[i], 10 + i);
        put(component_point(phase, QUANTITY_APPARENT_POWER), va[i], 10 + i);
        put(component_point(phase, QUANTITY_ENERGY), kwh[i], 10 + i);
    }
    loop_poll(f->loop);
    assert_true(value_of(f, "m/total/voltage") == 231);
    assert_true(value_of(f, "m/total/current") == 5);
    assert_true(value_of(f, "m/total/real-power") == 3000);
    assert_true(value_of(f, "m/total/apparent-power") == 3250);
    assert_true(value_of(f, "m/total/energy") == 31.75);
    assert_true(fabs(value_of(f, "m/total/power-factor") - 12.0 / 13.0) < 1e-12);
    assert_true(fabs(value_of(f, "m/phase-a/power-factor") - 0.8) < 1e-12);
    assert_true(value_of(f, "m/phase-c/power-factor") == 1);
    /* as old as the oldest source */
    assert_int_equal(site_point_find(f->site, "m/total/real-power")->value.mono, 10);
}

static void delta_totals_come_from_line_pairs(void **state)
{
    struct fixture *f = *state;
    for (int i = 1; i <= 3; i++) {
        add(f, COMPONENT_LINE, i, QUANTITY_VOLTAGE);
        add(f, COMPONENT_LINE, i, QUANTITY_REAL_POWER);
        add(f, COMPONENT_LINE, i, QUANTITY_APPARENT_POWER);
    }
    loop_poll(f->loop);
    int i = 1;
    for (struct component *pair = f->device->components; pair && i <= 3; pair = pair->next, i++) {
        put(component_point(pair, QUANTITY_VOLTAGE), 398 + i, 1);
        put(component_point(pair, QUANTITY_REAL_POWER), 100 * i, 1);
        put(component_point(pair, QUANTITY_APPARENT_POWER), 125 * i, 1);
    }
    loop_poll(f->loop);
    assert_true(value_of(f, "m/total/voltage") == 400);
    assert_true(value_of(f, "m/total/real-power") == 600);
    assert_true(value_of(f, "m/total/apparent-power") == 750);
    assert_true(fabs(value_of(f, "m/total/power-factor") - 0.8) < 1e-12);
    assert_true(fabs(value_of(f, "m/line-bc/power-factor") - 0.8) < 1e-12);
}

static void what_the_device_measures_is_left_alone(void **state)
{
    struct fixture *f = *state;
    struct point *measured = add(f, COMPONENT_TOTAL, 0, QUANTITY_REAL_POWER);
    struct point *phase = add(f, COMPONENT_PHASE, 1, QUANTITY_REAL_POWER);
    loop_poll(f->loop);
    put(measured, 500, 1);
    put(phase, 100, 1);
    loop_poll(f->loop);
    assert_false(measured->derived);
    assert_true(measured->value.number == 500);
}

static void a_missing_phase_makes_no_partial_sum(void **state)
{
    struct fixture *f = *state;
    struct point *a = add(f, COMPONENT_PHASE, 1, QUANTITY_REAL_POWER);
    struct point *b = add(f, COMPONENT_PHASE, 2, QUANTITY_REAL_POWER);
    loop_poll(f->loop);
    put(a, 100, 1);
    loop_poll(f->loop);
    struct point *total = site_point_find(f->site, "m/total/real-power");
    assert_int_equal(total->value.quality, QUALITY_ABSENT);
    put(b, 50, 1);
    loop_poll(f->loop);
    assert_true(value_of(f, "m/total/real-power") == 150);
    point_mark(b, QUALITY_STALE, REASON_SILENT);
    loop_poll(f->loop);
    assert_int_equal(total->value.quality, QUALITY_STALE);
    assert_int_equal(total->value.reason, REASON_NO_SOURCE);
    assert_true(total->value.number == 150);
}

static void apparent_power_prefers_p_and_q(void **state)
{
    struct fixture *f = *state;
    struct point *p = add(f, COMPONENT_PHASE, 1, QUANTITY_REAL_POWER);
    struct point *q = add(f, COMPONENT_PHASE, 1, QUANTITY_REACTIVE_POWER);
    struct point *u = add(f, COMPONENT_PHASE, 1, QUANTITY_VOLTAGE);
    struct point *i = add(f, COMPONENT_PHASE, 1, QUANTITY_CURRENT);
    loop_poll(f->loop);
    put(p, 30, 1);
    put(q, -40, 1);
    put(u, 230, 1);
    put(i, 1, 1);
    loop_poll(f->loop);
    assert_true(fabs(value_of(f, "m/phase-a/apparent-power") - 50) < 1e-12);
    assert_true(fabs(value_of(f, "m/phase-a/power-factor") - 0.6) < 1e-12);
}

/* A load that does not change is read again and again with the same number: its total must not grow
 * old. */
static void steady_sources_keep_the_total_fresh(void **state)
{
    struct fixture *f = *state;
    struct point *a = add(f, COMPONENT_PHASE, 1, QUANTITY_REAL_POWER);
    struct point *b = add(f, COMPONENT_PHASE, 2, QUANTITY_REAL_POWER);
    loop_poll(f->loop);
    for (int i = 0; i < 20; i++) {
        loop_advance(f->loop, CLOCK_S);
        put(a, 100, loop_now(f->loop));
        put(b, 50, loop_now(f->loop));
        derive_refresh(f->derive);
        site_age(f->site);
    }
    assert_true(value_of(f, "m/total/real-power") == 150);
    assert_int_equal(site_point_find(f->site, "m/total/real-power")->value.mono, loop_now(f->loop));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(wye_totals_are_those_of_hand_arithmetic), T(delta_totals_come_from_line_pairs),
        T(what_the_device_measures_is_left_alone),  T(a_missing_phase_makes_no_partial_sum),
        T(apparent_power_prefers_p_and_q),          T(steady_sources_keep_the_total_fresh),
    };
#undef T
    return cmocka_run_group_tests_name("derive", tests, NULL, NULL);
}
