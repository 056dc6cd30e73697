/* sim_load - what is drawn, and what the grid supplies, as a function of time alone.
 *
 * Power is written so that its integral has a closed form: slow waves, noise that is the derivative
 * of a bounded curve, and jobs that take the same share of every slot. A counter is therefore exact
 * at any moment without having watched the time before: after a restart it stands where it would
 * have stood. (sim_physics walks at random and counts as it goes; it suits a simulator that
 * keeps its counters in a file.)
 *
 * Pure. `t` is in seconds since SIM_LOAD_EPOCH and not negative; equal seeds give equal numbers.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define SIM_LOAD_EPOCH 1704067200 /* 2024-01-01T00:00:00Z; before it the clock is not believed */
#define SIM_LOAD_GRID 50          /* seed of the grid that all simulated devices hang on */

/* One consumer. daily + noise < 1 keeps its power above zero. */
struct sim_load {
    double watts, power_factor; /* on average, jobs aside */
    double daily, peak_hour; /* share of watts by which the day moves it; hour (UTC) of the top */
    double noise;            /* share of watts */
    /* more power for this share of every slot, at a moment of its own */
    double job_watts, job_share, job_slot_s;
};

/* Real and reactive power that flow, and real energy since the counter was zero. */
struct sim_flow {
    double watts, vars, joules;
};

/* Power of a load at `t`, W. */
double sim_load_power(const struct sim_load *load, uint64_t seed, double t);

/* Its counter at `t`, J: the exact integral of sim_load_power, on top of what was counted before
 * the epoch. */
double sim_load_energy(const struct sim_load *load, uint64_t seed, double t);

/* Power and counter together, added to `sum`. */
void sim_load_add(struct sim_flow *sum, const struct sim_load *load, uint64_t seed, double t);

/* Another seed, unlike its neighbours. */
uint64_t sim_load_seed(uint64_t seed, uint64_t number);

/* Evenly spread in [0, 1), one number for each index. */
double sim_load_draw(uint64_t seed, int64_t index);

/* A smooth curve between -1 and 1 with a new direction every `period` seconds. */
double sim_load_wander(uint64_t seed, double t, double period);

/* True for `share` of every slot of `slot_s` seconds, at one stretch that begins anywhere in it. */
bool sim_load_is_on(uint64_t seed, double t, double slot_s, double share);

/* RMS voltage of a phase (0..2) of the grid without load, in parts of nominal; its frequency
 * likewise. */
double sim_load_grid_voltage(int phase, double t);
double sim_load_grid_frequency(double t);
