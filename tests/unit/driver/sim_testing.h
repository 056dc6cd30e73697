/* sim_testing - a simulated device on its line, on the fake clock; for the tests of the driver sim.
 */
#pragma once

#include "test.h"

#include <errno.h>
#include <math.h>

#include "base/mem.h"
#include "driver/sim.h"

/* Noon UTC of a day in 2026. */
#define WALL (1790078400LL * CLOCK_S)

struct bench {
    struct clock clock;
    struct loop *loop;
    struct site *site;
    struct device *device;
    struct driver_device *state;
    unsigned rounds;
};

static inline void plug_in(struct bench *b, const char *profile)
{
    struct err err = ERR_EMPTY;
    const struct driver_settings settings = {.name = "x", .profile = profile, .every = CLOCK_S};
    b->device = site_device_add(b->site, &(struct device_spec){.name = "x", .every = CLOCK_S});
    b->state = sim_driver.open(NULL, &settings, b->device, &err);
    if (!b->state)
        fail_msg("%s", err.text);
    b->rounds = 0;
    /* A board with contacts asks how it was left, and is told nothing. */
    struct driver_request request;
    const struct driver_answer nothing = {.result = DRIVER_ANSWERED, .bytes = (const uint8_t *)""};
    if (sim_driver.identify(b->state, NULL, &request, &err) > 0)
        assert_int_equal(sim_driver.identify(b->state, &nothing, &request, &err), 0);
}

static inline void unplug(struct bench *b)
{
    b->state = sim_driver.close(b->state);
    site_device_remove(b->site, b->device);
}

static inline struct bench *bench_new(const char *profile)
{
    struct bench *b = mem_new(sizeof *b);
    b->clock = clock_fake(WALL);
    b->loop = loop_new(&b->clock);
    b->site = site_new(b->loop);
    plug_in(b, profile);
    return b;
}

static inline void bench_free(struct bench *b)
{
    unplug(b);
    site_free(b->site);
    loop_free(b->loop);
    free(b);
}

/* One round, as field does it with a line that answers with nothing. */
static inline void read_round(struct bench *b)
{
    struct driver_request request;
    sim_driver.round(b->state, b->rounds++);
    while (sim_driver.plan(b->state, &request)) {
        assert_int_equal(request.length, 0);
        const struct driver_answer answer = {
            .result = DRIVER_ANSWERED,
            .bytes = (const uint8_t *)"",
            .mono = clock_mono(&b->clock),
            .wall = clock_wall(&b->clock),
        };
        assert_int_equal(sim_driver.decode(b->state, &request, &answer), 0);
    }
    loop_poll(b->loop);
}

static inline void pass(struct bench *b, double seconds)
{
    clock_fake_advance(&b->clock, (clock_us)(seconds * CLOCK_S));
    read_round(b);
}

static inline const struct point *point(const struct bench *b, const char *path)
{
    char full[96];
    snprintf(full, sizeof full, "x/%s", path);
    const struct point *found = site_point_find(b->site, full);
    if (!found)
        fail_msg("there is no %s", full);
    return found;
}

static inline double get(const struct bench *b, const char *path)
{
    const struct point *found = point(b, path);
    if (found->value.quality != QUALITY_GOOD)
        fail_msg("%s is %s", path, quality_name(found->value.quality));
    return found->value.number;
}

static inline double get_of(const struct bench *b, const char *kind, int number,
                            const char *quantity)
{
    char path[64];
    snprintf(path, sizeof path, "%s-%d/%s", kind, number, quantity);
    return get(b, path);
}

static inline double get_abc(const struct bench *b, const char *kind, const char *which,
                             const char *quantity)
{
    char path[64];
    snprintf(path, sizeof path, "%s-%s/%s", kind, which, quantity);
    return get(b, path);
}

static inline const char *word(const struct bench *b, const char *path)
{
    const struct point *found = point(b, path);
    for (size_t i = 0; i < found->words->count; i++) {
        if (found->words->list[i].number == (int64_t)found->value.number)
            return found->words->list[i].text;
    }
    fail_msg("%s has no word for %g", path, found->value.number);
    return "";
}

#define assert_near(a, b, tolerance)                                                               \
    do {                                                                                           \
        double near_a = (a), near_b = (b);                                                         \
        if (!(fabs(near_a - near_b) <= (tolerance)))                                               \
            fail_msg("%s is %.12g, %s is %.12g", #a, near_a, #b, near_b);                          \
    } while (0)
