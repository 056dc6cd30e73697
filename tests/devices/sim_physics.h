/* sim_physics - a believable electricity supply for demos and tests: house, grid and sun.
 *
 * One state struct per metering point, single-phase or three-phase wye. Each step lets appliances
 * switch, follows the time of day, lets the voltage sag under load, and integrates energy.
 * Relations that a reader may check hold exactly: P = U * I * PF, S^2 = P^2 + Q^2, energy = sum of
 * P * dt. Equal seeds and equal steps give equal numbers.
 *
 * Pure: no clock, no I/O, no allocation, no globals; the caller owns the state and says what time
 * it is. It uses no other floor, because the simulator process in tests/devices/ is built on it.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "sim_physics_feeder.h"

/* Named like the components and quantities of the model, so that paths can be made of both. */
enum sim_physics_component {
    SIM_PHYSICS_TOTAL,
    SIM_PHYSICS_PHASE_A,
    SIM_PHYSICS_PHASE_B,
    SIM_PHYSICS_PHASE_C,
    SIM_PHYSICS_LINE_AB,
    SIM_PHYSICS_LINE_BC,
    SIM_PHYSICS_LINE_CA,
    SIM_PHYSICS_NEUTRAL,
    SIM_PHYSICS_COMPONENT_COUNT,
};

/* Units of the catalogue: V, A, W, VA, var, Hz, %, degrees, kWh. Power is positive when it is
 * drawn. */
enum sim_physics_quantity {
    SIM_PHYSICS_VOLTAGE, /* total: mean of the phases to neutral */
    SIM_PHYSICS_CURRENT, /* total: sum of the phases */
    SIM_PHYSICS_REAL_POWER,
    SIM_PHYSICS_APPARENT_POWER,
    SIM_PHYSICS_REACTIVE_POWER,
    SIM_PHYSICS_POWER_FACTOR,
    SIM_PHYSICS_PHASE_ANGLE,
    SIM_PHYSICS_FREQUENCY,
    SIM_PHYSICS_THD_VOLTAGE,
    SIM_PHYSICS_THD_CURRENT,
    SIM_PHYSICS_ENERGY,
    SIM_PHYSICS_ENERGY_EXPORT,
    SIM_PHYSICS_REACTIVE_ENERGY,
    SIM_PHYSICS_REACTIVE_ENERGY_EXPORT,
    SIM_PHYSICS_APPARENT_ENERGY,
    SIM_PHYSICS_QUANTITY_COUNT,
};

enum { SIM_PHYSICS_PHASES = 3, SIM_PHYSICS_APPLIANCES = 12 };

/* Zero means the default in brackets, except where 0 is a choice of its own. */
struct sim_physics_config {
    uint64_t seed;
    unsigned phases;     /* 1 or 3 [3] */
    double voltage;      /* nominal, line to neutral [230] */
    double frequency;    /* nominal [50] */
    double source_ohm;   /* of the supply, each phase [0.25, with half as much reactance] */
    double load;         /* size of the load, 1 = a household on each phase [1] */
    double base_w;       /* drawn day and night besides, on all phases together [0] */
    double solar_w;      /* peak of a photovoltaic plant on all phases; 0 = none */
    double utc_offset_s; /* local time of day = wall time + this */
    double energy_kwh;   /* counter at the start, all phases [drawn from the seed] */
    const struct sim_physics_feeder
        *feeder; /* replayed in place of the made-up load; may be NULL */
};

struct sim_physics {
    struct sim_physics_config config;
    uint64_t random;
    double remaining_s[SIM_PHYSICS_PHASES][SIM_PHYSICS_APPLIANCES]; /* > 0: switched on */
    double drift[SIM_PHYSICS_PHASES];  /* slow noise of the supply, in parts of nominal */
    double jitter[SIM_PHYSICS_PHASES]; /* slow noise of the load */
    double clouds, frequency_drift;
    double value[SIM_PHYSICS_COMPONENT_COUNT][SIM_PHYSICS_QUANTITY_COUNT]; /* NaN: does not exist */
};

/* Starts at a wall time (seconds since 1970), with appliances in the middle of their day. The
 * feeder is borrowed and must live as long as the state. */
void sim_physics_init(struct sim_physics *state, const struct sim_physics_config *config,
                      double wall);

/* Moves on by dt seconds to the wall time given. The new powers are taken to have flowed during all
 * of dt; a long dt is cut into pieces of a minute, so that counters are right after a pause as
 * well. */
void sim_physics_step(struct sim_physics *state, double wall, double dt);

/* "phase-a", "real-power": words of the model's paths. Never NULL. */
const char *sim_physics_component_name(enum sim_physics_component component);
const char *sim_physics_quantity_name(enum sim_physics_quantity quantity);

/* "phase-a/voltage" to its place: 0, or -ENOENT. */
int sim_physics_find(const char *path, enum sim_physics_component *component,
                     enum sim_physics_quantity *quantity);
