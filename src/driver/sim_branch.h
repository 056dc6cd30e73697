/* sim_branch - a conductor with a meter on it: phase, line pair, circuit, outlet.
 *
 * Which of its quantities are shown is chosen when it is added; the numbers of one reading follow
 * from voltage and flow, so that P = U I PF and S^2 = P^2 + Q^2 hold in each.
 */
#pragma once

#include "driver/sim_load.h"
#include "driver/sim_profile.h"

enum sim_branch_quantity {
    SIM_BRANCH_VOLTAGE,
    SIM_BRANCH_VOLTAGE_MAX,
    SIM_BRANCH_CURRENT,
    SIM_BRANCH_CURRENT_MAX,
    SIM_BRANCH_REAL,
    SIM_BRANCH_APPARENT,
    SIM_BRANCH_REACTIVE,
    SIM_BRANCH_FACTOR,
    SIM_BRANCH_ENERGY,
    SIM_BRANCH_STATE,
    SIM_BRANCH_QUANTITIES,
};

#define SIM_BRANCH_SET(quantity) (1u << SIM_BRANCH_##quantity)

struct sim_branch {
    struct point *points[SIM_BRANCH_QUANTITIES]; /* NULL: not shown */
};

struct sim_branch_reading {
    double voltage, current;
    double voltage_max, current_max; /* only where they are shown */
    struct sim_flow flow;
    bool on;
};

/* Points for the quantities in `set` (SIM_BRANCH_SET of each, or-ed). */
void sim_branch_open(struct sim_branch *branch, struct sim_builder *builder,
                     struct component *component, unsigned set);

/* RMS current of a flow at a voltage; 0 without voltage. */
double sim_branch_current(const struct sim_flow *flow, double voltage);

void sim_branch_put(const struct sim_branch *branch, const struct sim_branch_reading *reading,
                    struct sim_stamp stamp);

void sim_branch_sum(struct sim_flow *sum, const struct sim_flow *flow);
