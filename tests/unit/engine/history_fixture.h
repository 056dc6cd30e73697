/* history_fixture - a site on the fake clock whose readings are recorded by the real writer, in a
 * folder of the test's own. */
#pragma once

#include "test.h"
#include "test_folder.h"

#include <unistd.h>

#include "engine/history.h"
#include "engine/history_rules.h"
#include "engine/history_testing.h"

#define T0 (1795222800LL * CLOCK_S) /* 2026-11-21T01:00:00Z */
#define MINUTE (60 * CLOCK_S)
#define EVER CLOCK_NEVER

struct fixture {
    char folder[200];
    struct clock clock;
    struct loop *loop;
    struct site *site;
    struct device *device;
    struct point *voltage, *current, *energy, *state, *serial; /* of the device added last */
    struct history *history;
};

static inline void fixture_add_device(struct fixture *fixture, const char *name)
{
    struct device_spec spec = {.name = name, .role = "meter", .unit = 1, .every = CLOCK_S};
    fixture->device = site_device_add(fixture->site, &spec);
    struct component *total = device_component(fixture->device, COMPONENT_TOTAL, 0);
    fixture->voltage = component_point_add(total, QUANTITY_VOLTAGE);
    fixture->current = component_point_add(total, QUANTITY_CURRENT);
    fixture->energy = component_point_add(total, QUANTITY_ENERGY);
    fixture->state =
        component_point_add(device_component(fixture->device, COMPONENT_OUTLET, 1), QUANTITY_STATE);
}

/* A site without devices. */
static inline struct fixture *fixture_new(clock_us wall)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    test_folder(fixture->folder, sizeof fixture->folder);
    fixture->clock = clock_fake(wall);
    fixture->loop = loop_new(&fixture->clock);
    fixture->site = site_new(fixture->loop);
    return fixture;
}

static inline int fixture_set_up(void **state)
{
    struct fixture *fixture = fixture_new(T0);
    fixture_add_device(fixture, "m");
    *state = fixture;
    return 0;
}

static inline int fixture_tear_down(void **state)
{
    struct fixture *fixture = *state;
    history_close(fixture->history);
    site_free(fixture->site);
    loop_free(fixture->loop);
    test_folder_remove(fixture->folder);
    free(fixture);
    return 0;
}

struct rule {
    const char *name;
    struct history_rule_settings settings;
};

static inline void fixture_set_rules(struct fixture *fixture, const struct rule *list, size_t count)
{
    struct history_rules rules = HISTORY_RULES_EMPTY;
    for (size_t i = 0; i < count; i++) {
        const char *key;
        struct err err = ERR_EMPTY;
        if (history_rules_add(&rules, list[i].name, &list[i].settings, &key, &err) < 0)
            fail_msg("%s: %s", key, err.text);
    }
    history_set_rules(fixture->history, &rules);
    assert_int_equal(rules.count, 0);
}

/* Recording begins, with no rules at all. */
static inline void fixture_start(struct fixture *fixture, clock_us every)
{
    struct history_settings settings = {.enabled = true, .every = every};
    struct err err = ERR_EMPTY;
    fixture->history = history_open(fixture->loop, fixture->site, fixture->folder, &settings, &err);
    if (!fixture->history)
        fail_msg("%s", err.text);
}

static inline void fixture_open(struct fixture *fixture, clock_us every, const struct rule *list,
                                size_t count)
{
    fixture_start(fixture, every);
    fixture_set_rules(fixture, list, count);
}

static inline void fixture_put(struct fixture *fixture, struct point *point, double number)
{
    point_put(point, number, clock_mono(&fixture->clock), clock_wall(&fixture->clock));
}

/* The writer has a life of its own; a minute is far more than it needs. */
static inline void fixture_wait_written(struct fixture *fixture, uint64_t ticks)
{
    for (int i = 0; i < 60000 && history_status(fixture->history).ticks_written < ticks; i++) {
        loop_poll(fixture->loop);
        usleep(1000);
    }
    assert_int_equal(history_status(fixture->history).ticks_written, ticks);
}

/* All that was recorded of a point, read after the history was closed. */
static inline struct history_answer *fixture_recorded(struct fixture *fixture, const char *path)
{
    const char *const paths[] = {path};
    struct err err = ERR_EMPTY;
    fixture->history = history_close(fixture->history);
    struct history_answer *answer =
        testing_ask(fixture->folder, paths, 1, 0, INT64_MAX / 2, 0, &err);
    if (!answer)
        fail_msg("%s", err.text);
    return answer;
}
