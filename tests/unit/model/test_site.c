#include "test.h"

#include <math.h>

#include "base/mem.h"
#include "model/site.h"

#define WALL (1790000000LL * CLOCK_S)

struct fixture {
    struct clock clock;
    struct loop *loop;
    struct site *site;
    struct feed feed;
    point_id seen[64];
    size_t seen_count;
    int trees, deliveries;
};

static void note_changed(void *user, const point_id *points, size_t count)
{
    struct fixture *f = user;
    f->deliveries++;
    for (size_t i = 0; i < count; i++) {
        assert_non_null(site_point(f->site, points[i]));
        f->seen[f->seen_count++] = points[i];
    }
}

static void note_tree(void *user)
{
    ((struct fixture *)user)->trees++;
}

static int setup(void **state)
{
    struct fixture *f = mem_new(sizeof *f);
    f->clock = clock_fake(WALL);
    f->loop = loop_new(&f->clock);
    f->site = site_new(f->loop);
    f->feed = (struct feed){.changed = note_changed, .tree = note_tree, .user = f};
    site_subscribe(f->site, &f->feed);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    site_unsubscribe(f->site, &f->feed);
    site_free(f->site);
    loop_free(f->loop);
    free(f);
    return 0;
}

static struct device *add_device(struct fixture *f, const char *name)
{
    return site_device_add(f->site,
                           &(struct device_spec){.name = name, .unit = 1, .every = CLOCK_S});
}

static struct point *add_point(struct device *device, enum component_kind kind, int number,
                               enum quantity quantity)
{
    return component_point_add(device_component(device, kind, number), quantity);
}

static void paths_are_names(void **state)
{
    struct fixture *f = *state;
    struct device *device = add_device(f, "meter-7");
    struct point *point = add_point(device, COMPONENT_PHASE, 2, QUANTITY_VOLTAGE);
    assert_string_equal(point->path, "meter-7/phase-b/voltage");
    assert_ptr_equal(site_point_find(f->site, "meter-7/phase-b/voltage"), point);
    assert_null(site_point_find(f->site, "meter-7/phase-b/current"));
    assert_null(add_point(device, COMPONENT_PHASE, 2, QUANTITY_VOLTAGE));
    assert_null(add_device(f, "meter-7"));
}

static void unknown_is_absent_not_zero(void **state)
{
    struct fixture *f = *state;
    struct point *point = add_point(add_device(f, "m"), COMPONENT_TOTAL, 0, QUANTITY_CURRENT);
    assert_int_equal(point->value.quality, QUALITY_ABSENT);
    assert_int_equal(point->value.reason, REASON_NOT_ASKED);
    assert_int_equal(point->value.wall, 0);
}

static void one_turn_tells_once(void **state)
{
    struct fixture *f = *state;
    struct point *point = add_point(add_device(f, "m"), COMPONENT_TOTAL, 0, QUANTITY_VOLTAGE);
    point_put(point, 229.0, 1, WALL);
    point_put(point, 230.0, 2, WALL + 1);
    loop_poll(f->loop);
    assert_int_equal(f->deliveries, 1);
    assert_int_equal(f->seen_count, 1);
    assert_int_equal(f->seen[0], point->id);
    assert_true(point->value.number == 230.0);
    assert_int_equal(point->value.wall, WALL + 1);
}

static void the_same_reading_again_is_fresh_but_no_change(void **state)
{
    struct fixture *f = *state;
    struct point *point = add_point(add_device(f, "m"), COMPONENT_TOTAL, 0, QUANTITY_VOLTAGE);
    point_put(point, 230.0, 1, WALL);
    loop_poll(f->loop);
    point_put(point, 230.0, 5, WALL + 5);
    loop_poll(f->loop);
    assert_int_equal(f->seen_count, 1);
    assert_int_equal(point->value.mono, 5);
}

static void count_reading(void *user, const struct point *point)
{
    double *sum = user;
    *sum += point->value.number;
}

/* An average needs every reading, where the feed tells of changes once a turn. */
static void a_tap_sees_every_good_reading(void **state)
{
    struct fixture *f = *state;
    struct component *total = device_component(add_device(f, "meter-7"), COMPONENT_TOTAL, 0);
    struct point *voltage = component_point_add(total, QUANTITY_VOLTAGE);
    double sum = 0;
    voltage->tap = (struct point_tap){.saw = count_reading, .user = &sum};
    point_put(voltage, 230, CLOCK_S, WALL);
    point_put(voltage, 230, CLOCK_S, WALL);
    point_put(voltage, 231, CLOCK_S, WALL);
    point_put(voltage, 1e9, CLOCK_S, WALL); /* not plausible */
    point_put(voltage, NAN, CLOCK_S, WALL);
    point_mark(voltage, QUALITY_STALE, REASON_SILENT);
    assert_true(sum == 230 + 230 + 231);
}

static void implausible_readings_are_bad_and_keep_the_last_number(void **state)
{
    struct fixture *f = *state;
    struct point *point = add_point(add_device(f, "m"), COMPONENT_TOTAL, 0, QUANTITY_POWER_FACTOR);
    point_put(point, 0.97, 1, WALL);
    point_put(point, 97.0, 2, WALL);
    assert_int_equal(point->value.quality, QUALITY_BAD);
    assert_int_equal(point->value.reason, REASON_OUT_OF_RANGE);
    assert_true(point->value.number == 0.97);
    assert_int_equal(point->value.mono, 1);
    point_put(point, NAN, 3, WALL);
    assert_int_equal(point->value.reason, REASON_MALFORMED);
    point_put(point, 0.5, 4, WALL);
    assert_int_equal(point->value.quality, QUALITY_GOOD);
}

static void old_values_turn_stale_with_their_time(void **state)
{
    struct fixture *f = *state;
    struct point *point = add_point(add_device(f, "m"), COMPONENT_TOTAL, 0, QUANTITY_VOLTAGE);
    assert_int_equal(point->good_for, 3 * CLOCK_S);
    loop_poll(f->loop);
    clock_us read_at = loop_now(f->loop);
    point_put(point, 230.0, read_at, WALL);
    loop_advance(f->loop, 3 * CLOCK_S);
    site_age(f->site);
    assert_int_equal(point->value.quality, QUALITY_GOOD);
    loop_advance(f->loop, 1);
    f->seen_count = 0;
    site_age(f->site);
    loop_poll(f->loop);
    assert_int_equal(point->value.quality, QUALITY_STALE);
    assert_int_equal(point->value.mono, read_at);
    assert_true(point->value.number == 230.0);
    assert_int_equal(f->seen_count, 1);
}

static void absent_never_becomes_stale(void **state)
{
    struct fixture *f = *state;
    struct device *device = add_device(f, "m");
    struct point *point = add_point(device, COMPONENT_TOTAL, 0, QUANTITY_VOLTAGE);
    device_mark_stale(device, REASON_SILENT);
    point_mark(point, QUALITY_STALE, REASON_TOO_OLD);
    assert_int_equal(point->value.quality, QUALITY_ABSENT);
}

static void ids_of_removed_points_find_nothing(void **state)
{
    struct fixture *f = *state;
    struct device *device = add_device(f, "old");
    point_id gone = add_point(device, COMPONENT_TOTAL, 0, QUANTITY_VOLTAGE)->id;
    site_device_remove(f->site, device);
    assert_null(site_point(f->site, gone));
    struct point *fresh = add_point(add_device(f, "new"), COMPONENT_TOTAL, 0, QUANTITY_VOLTAGE);
    assert_int_equal(point_slot(fresh->id), point_slot(gone));
    assert_null(site_point(f->site, gone));
    assert_ptr_equal(site_point(f->site, fresh->id), fresh);
    assert_null(site_point(f->site, 0));
    assert_null(site_point(f->site, UINT32_MAX));
}

static void a_point_removed_in_its_turn_is_not_delivered(void **state)
{
    struct fixture *f = *state;
    struct device *device = add_device(f, "m");
    point_put(add_point(device, COMPONENT_TOTAL, 0, QUANTITY_VOLTAGE), 1, 1, WALL);
    site_device_remove(f->site, device);
    loop_poll(f->loop);
    assert_int_equal(f->seen_count, 0);
    assert_true(f->trees >= 1);
}

static void a_changed_device_keeps_its_values(void **state)
{
    struct fixture *f = *state;
    struct device *old = add_device(f, "m");
    point_put(add_point(old, COMPONENT_TOTAL, 0, QUANTITY_ENERGY), 12.5, 7, WALL);
    struct device *fresh = add_device(f, "m2");
    struct point *point = add_point(fresh, COMPONENT_TOTAL, 0, QUANTITY_ENERGY);
    struct point *other = add_point(fresh, COMPONENT_TOTAL, 0, QUANTITY_VOLTAGE);
    site_device_adopt(fresh, old);
    assert_true(point->value.number == 12.5);
    assert_int_equal(point->value.mono, 7);
    assert_int_equal(other->value.quality, QUALITY_ABSENT);
}

/* ---- feeds that come and go during delivery -------------------------------------------------- */

struct visitor {
    struct feed feed;
    struct site *site;
    struct visitor *other;
    int calls;
    enum { STAY, LEAVE, REMOVE_OTHER, ADD_OTHER, WRITE } act;
    struct point *point;
};

static void devices_can_be_put_in_another_order(void **state)
{
    struct fixture *f = *state;
    struct device *a = add_device(f, "a"), *b = add_device(f, "b"), *c = add_device(f, "c");
    struct device *const wanted[] = {b, c, a};
    for (size_t i = 0; i < 3; i++)
        site_device_last(f->site, wanted[i]);
    const struct device *device = site_devices(f->site);
    for (size_t i = 0; i < 3; i++, device = device->next)
        assert_ptr_equal(device, wanted[i]);
    assert_null(device);
}

static void visit(void *user, const point_id *points, size_t count)
{
    struct visitor *v = user;
    (void)points;
    (void)count;
    v->calls++;
    if (v->act == LEAVE)
        site_unsubscribe(v->site, &v->feed);
    if (v->act == REMOVE_OTHER)
        site_unsubscribe(v->site, &v->other->feed);
    if (v->act == ADD_OTHER && !v->other->feed.active)
        site_subscribe(v->site, &v->other->feed);
    if (v->act == WRITE && v->calls == 1)
        point_put(v->point, 99, 9, WALL);
}

static struct visitor visitor(struct fixture *f, int act)
{
    return (struct visitor){.site = f->site, .act = act, .feed = {.changed = visit}};
}

static void join(struct visitor *v)
{
    v->feed.user = v;
    site_subscribe(v->site, &v->feed);
}

static void feeds_may_leave_and_join_inside_a_delivery(void **state)
{
    struct fixture *f = *state;
    struct point *point = add_point(add_device(f, "m"), COMPONENT_TOTAL, 0, QUANTITY_VOLTAGE);
    loop_poll(f->loop);
    struct visitor victim = visitor(f, STAY), joiner = visitor(f, STAY);
    struct visitor leaver = visitor(f, LEAVE), remover = visitor(f, REMOVE_OTHER),
                   adder = visitor(f, ADD_OTHER);
    remover.other = &victim;
    adder.other = &joiner;
    joiner.feed.user = &joiner;
    join(&victim); /* later in the list than remover: joined earlier */
    join(&leaver);
    join(&remover);
    join(&adder);
    point_put(point, 1, 1, WALL);
    loop_poll(f->loop);
    assert_int_equal(victim.calls, 0);
    assert_int_equal(leaver.calls, 1);
    assert_int_equal(joiner.calls, 0);
    point_put(point, 2, 2, WALL);
    loop_poll(f->loop);
    assert_int_equal(victim.calls, 0);
    assert_int_equal(leaver.calls, 1);
    assert_int_equal(joiner.calls, 1);
    assert_int_equal(remover.calls, 2);
    site_unsubscribe(f->site, &remover.feed);
    site_unsubscribe(f->site, &adder.feed);
    site_unsubscribe(f->site, &joiner.feed);
}

static void writes_inside_a_delivery_come_in_the_next(void **state)
{
    struct fixture *f = *state;
    struct device *device = add_device(f, "m");
    struct point *first = add_point(device, COMPONENT_TOTAL, 0, QUANTITY_VOLTAGE);
    struct visitor writer = visitor(f, WRITE);
    writer.point = add_point(device, COMPONENT_TOTAL, 0, QUANTITY_CURRENT);
    join(&writer);
    point_put(first, 1, 1, WALL);
    loop_poll(f->loop);
    assert_int_equal(writer.calls, 2);
    assert_int_equal(f->seen_count, 2);
    assert_int_equal(f->seen[1], writer.point->id);
    site_unsubscribe(f->site, &writer.feed);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(paths_are_names),
        T(unknown_is_absent_not_zero),
        T(one_turn_tells_once),
        T(the_same_reading_again_is_fresh_but_no_change),
        T(a_tap_sees_every_good_reading),
        T(implausible_readings_are_bad_and_keep_the_last_number),
        T(old_values_turn_stale_with_their_time),
        T(absent_never_becomes_stale),
        T(ids_of_removed_points_find_nothing),
        T(a_point_removed_in_its_turn_is_not_delivered),
        T(a_changed_device_keeps_its_values),
        T(devices_can_be_put_in_another_order),
        T(feeds_may_leave_and_join_inside_a_delivery),
        T(writes_inside_a_delivery_come_in_the_next),
    };
#undef T
    return cmocka_run_group_tests_name("site", tests, NULL, NULL);
}
