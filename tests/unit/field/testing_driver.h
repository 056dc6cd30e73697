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
    unsigned opened, closed;
};

struct driver_device {
    struct testing_library *library;
    struct device *device;
    uint8_t unit;
    struct point *points[TESTING_READS];
    unsigned next, rounds, identities, wrong, decoded, first_round;
    clock_us began[64]; /* of the last rounds, by decode time of their first answer */
};

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
    for (unsigned i = 0; i < shared->registers; i++) {
        struct component *outlet = device_component(device, COMPONENT_OUTLET, (int)i + 1);
        state->points[i] = component_point_add(outlet, QUANTITY_VOLTAGE);
    }
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

static const struct driver testing_driver = {
    .name = "testing",
    .open = testing_open,
    .close = testing_close,
    .identify = testing_identify,
    .round = testing_round,
    .plan = testing_plan,
    .decode = testing_decode,
};
