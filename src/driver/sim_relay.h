/* sim_relay - the outlets of a simulated board: relays that really switch, and what one can do
 * wrong.
 *
 * Told to switch, a relay does so at once, late, or not at all. Behind an open one nothing flows
 * and the counter stands still; when it closes, counting goes on from there. Part of a simulated
 * device (sim_profile.h); pure but for its own struct.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "driver/sim.h"
#include "driver/sim_load.h"

struct sim_relay {
    const struct sim_load *load;
    uint64_t seed;
    bool on;
    bool pending, wish; /* told, and will do it at `at` */
    double at;
    double missed;  /* J that the load would have drawn while the relay was open */
    double counted; /* J at which the counter stands while it is open */
    enum sim_fault fault;
    double fault_s;
};

/* Closed or open since ever. */
struct sim_relay sim_relay_of(const struct sim_load *load, uint64_t seed, bool on);

/* Closed or open from `t` on, at this count: a device that was built anew goes on as it was. */
void sim_relay_resume(struct sim_relay *relay, bool on, double joules, double t);

/* A command; `t` as everywhere in seconds since SIM_LOAD_EPOCH. */
void sim_relay_tell(struct sim_relay *relay, bool on, double t);

/* What happens on its own until `t`. */
void sim_relay_step(struct sim_relay *relay, double t);

/* Loses power: opens, and forgets what it was told. */
void sim_relay_drop(struct sim_relay *relay, double t);

/* What flows at `t`, added to `sum`. */
void sim_relay_add(struct sim_flow *sum, const struct sim_relay *relay, double t);
