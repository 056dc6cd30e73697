/* testing_driver - a driver of the tests: so many reads a round, each with some registers, and one
 * point each.
 *
 * Identity is a read of register 200; the value decoded from the register must obey the server's
 * rule. */
#pragma once

#include <errno.h>

#include "field_testing.h"
#include "field/driver.h"
#include "model/site.h"

#define TESTING_READS 30

struct testing_library {
    unsigned reads;     /* requests of a round */
    unsigned registers; /* in each, and points decoded from it */
    bool ask_identity, refuse_identity, refuse_open;
    bool put_aside;   /* the last read of a round is asked once, and may stay without an answer */
    bool find_points; /* when it is identified, not before */
    unsigned opened, closed;
};

struct driver_device {
    struct testing_library *library;
    struct device *device;
    uint8_t unit;
    struct point *points[TESTING_READS];
    unsigned next, rounds, identities, wrong, decoded, first_round;
    unsigned unanswered;
    clock_us waited;
    clock_us began[64]; /* of the last rounds, by decode time of their first answer */
};

/* What a round reads; a point that is there already is taken as it is. */
static inline void testing_add_points(struct driver_device *state)
{
    for (unsigned i = 0; i < state->library->registers; i++) {
        struct component *outlet = device_component(state->device, COMPONENT_OUTLET, (int)i + 1);
        state->points[i] = component_point(outlet, QUANTITY_VOLTAGE);
        if (!state->points[i])
            state->points[i] = component_point_add(outlet, QUANTITY_VOLTAGE);
    }
}

static inline struct driver_device *testing_open(void *library,
                                                 const struct driver_settings *settings,
                                                 struct device *device, struct err *err)
{
    struct testing_library *shared = library;
    if (shared->refuse_open) {
        err_set(err, -EINVAL, "the profile is of no use");
        return NULL;
    }
    struct driver_device *state = mem_new(sizeof *state);
    state->library = shared;
    state->device = device;
    state->unit = (uint8_t)settings->unit;
    if (!shared->find_points)
        testing_add_points(state);
    shared->opened++;
    return state;
}

static inline struct driver_device *testing_close(struct driver_device *state)
{
    if (state)
        state->library->closed++;
    free(state);
    return NULL;
}

static inline int testing_identify(struct driver_device *state, const struct driver_answer *answer,
                                   struct driver_request *request, struct err *err)
{
    if (state->library->find_points) {
        testing_add_points(state);
        device_set_identity(state->device, "Finders", "F-1", "0815", "2.1");
        device_set_role(state->device, "battery");
    }
    if (!state->library->ask_identity)
        return 0;
    if (answer) {
        state->identities++;
        if (state->library->refuse_identity)
            return err_set(err, -ENODEV, "this is a toaster");
        return 0;
    }
    *request = (struct driver_request){.bytes = {3, 0, 200, 0, 1}, .length = 5};
    return 1;
}

static inline void testing_round(struct driver_device *state, unsigned round)
{
    state->next = 0;
    if (round == 0)
        state->first_round++;
    state->rounds = round + 1;
}

static inline bool testing_plan(struct driver_device *state, struct driver_request *request)
{
    if (state->next >= state->library->reads)
        return false;
    const uint8_t bytes[] = {3, 0, (uint8_t)state->next, 0, (uint8_t)state->library->registers};
    memcpy(request->bytes, bytes, sizeof bytes);
    request->length = sizeof bytes;
    request->tag = state->next++;
    request->once = state->library->put_aside && state->next == state->library->reads;
    return true;
}

static inline int testing_decode(struct driver_device *state, const struct driver_request *request,
                                 const struct driver_answer *answer)
{
    if (answer->length == 0) { /* sim */
        for (unsigned i = 0; i < state->library->registers; i++)
            point_put(state->points[i], 230, answer->mono, answer->wall);
        return 0;
    }
    if (answer->length != 2 + 2 * state->library->registers)
        return -EPROTO;
    if (request->tag == 0)
        state->began[(state->rounds - 1) % 64] = answer->mono;
    for (unsigned i = 0; i < state->library->registers; i++) {
        const uint8_t *at = answer->bytes + 2 + 2 * i;
        state->wrong += at[0] != state->unit || at[1] != (uint8_t)(request->tag + i);
        point_put(state->points[i], at[1], answer->mono, answer->wall);
    }
    state->decoded++;
    return 0;
}

static inline bool testing_unanswered(struct driver_device *state,
                                      const struct driver_answer *answer, clock_us waited)
{
    (void)answer;
    state->unanswered++;
    state->waited = waited;
    return state->library->put_aside && state->next == state->library->reads;
}

static const struct driver testing_driver = {
    .name = "testing",
    .open = testing_open,
    .close = testing_close,
    .identify = testing_identify,
    .round = testing_round,
    .plan = testing_plan,
    .decode = testing_decode,
    .unanswered = testing_unanswered,
};

/* The same, of a kind whose points come from identify(). */
static const struct driver testing_finder __attribute__((unused)) = {
    .name = "finder",
    .finds_points = true,
    .open = testing_open,
    .close = testing_close,
    .identify = testing_identify,
    .round = testing_round,
    .plan = testing_plan,
    .decode = testing_decode,
};
