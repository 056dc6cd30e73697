/* sim_profile - what a simulated device must bring along; sim.c does the rest.
 *
 * Time inside a simulated device is seconds since SIM_LOAD_EPOCH; it follows the monotonic clock,
 * so that a step of the wall clock moves no counter.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "driver/sim.h"
#include "driver/sim_relay.h"
#include "model/site.h"

/* Adds points and remembers whether one found no room. */
struct sim_builder {
    struct device *device;
    uint64_t seed; /* of this device, made from its name */
    bool full;
};

/* When the values of a round were acquired. */
struct sim_stamp {
    clock_us mono, wall;
};

struct sim_profile {
    struct sim_entry entry;
    size_t size; /* of the state, zeroed by sim.c */
    void (*open)(void *state, struct sim_builder *builder);
    /* `t` never runs backwards. */
    void (*update)(void *state, double t, struct sim_stamp stamp);
    /* The relay behind outlet `index` (from 0) and its state's point; NULL behind the last, and in
     * profiles that have none. */
    struct sim_relay *(*relay)(void *state, int index, struct point **point);
};

extern const struct sim_profile sim_meter_profile;
extern const struct sim_profile sim_pdu_wye_profile;
extern const struct sim_profile sim_pdu_delta_profile;
extern const struct sim_profile sim_supply_profile;

/* A point of the component; NULL, and `full`, when there is no room. */
struct point *sim_builder_point(struct sim_builder *builder, struct component *component,
                                enum quantity quantity);
struct point *sim_builder_state(struct sim_builder *builder, struct component *component,
                                enum quantity quantity, const struct words *words);

/* A component with what people call it, where it is fed from and what it may carry; NULL, "" and 0
 * say nothing. */
struct component *sim_builder_component(struct sim_builder *builder, enum component_kind kind,
                                        int number, const char *label, const char *fed_by,
                                        double rated_current);

extern const struct words sim_words_on_off;

/* Does nothing for NULL. */
void sim_point_put(struct point *point, double number, struct sim_stamp stamp);
