/* face_testing - a small site on a fake clock for the tests of the face. */
#pragma once

#include "test.h"

#include "model/site.h"

#define TEST_WALL (1790000000LL * CLOCK_S) /* 2026-09-21T14:13:20Z, by date(1) */

struct test_site {
    struct clock clock;
    struct loop *loop;
    struct site *site;
    struct point *voltage, *state, *text,
        *other; /* m-1/phase-a/voltage, m-1/outlet-1/state, ..., m-2/... */
};

static inline struct point *test_point(struct site *site, const char *device,
                                       enum component_kind kind, int number, enum quantity quantity)
{
    struct device *found = site_device_find(site, device);
    if (!found)
        found = site_device_add(
            site, &(struct device_spec){.name = device, .role = "meter", .every = CLOCK_S});
    return component_point_add(device_component(found, kind, number), quantity);
}

static inline int test_site_setup(void **state)
{
    struct test_site *t = calloc(1, sizeof *t);
    t->clock = clock_fake(TEST_WALL);
    t->loop = loop_new(&t->clock);
    t->site = site_new(t->loop);
    t->voltage = test_point(t->site, "m-1", COMPONENT_PHASE, 1, QUANTITY_VOLTAGE);
    t->state = test_point(t->site, "m-1", COMPONENT_OUTLET, 1, QUANTITY_STATE);
    t->other = test_point(t->site, "m-2", COMPONENT_PHASE, 1, QUANTITY_VOLTAGE);
    loop_poll(t->loop);
    *state = t;
    return 0;
}

static inline int test_site_teardown(void **state)
{
    struct test_site *t = *state;
    site_free(t->site);
    loop_free(t->loop);
    free(t);
    return 0;
}

static inline void test_put(struct test_site *t, struct point *point, double number)
{
    point_put(point, number, loop_now(t->loop), loop_wall(t->loop));
}
