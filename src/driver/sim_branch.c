#include "driver/sim_branch.h"

#include <math.h>

#define JOULES_PER_KWH 3.6e6

static const enum quantity quantities[SIM_BRANCH_QUANTITIES] = {
    [SIM_BRANCH_VOLTAGE] = QUANTITY_VOLTAGE,
    [SIM_BRANCH_VOLTAGE_MAX] = QUANTITY_VOLTAGE_MAX,
    [SIM_BRANCH_CURRENT] = QUANTITY_CURRENT,
    [SIM_BRANCH_CURRENT_MAX] = QUANTITY_CURRENT_MAX,
    [SIM_BRANCH_REAL] = QUANTITY_REAL_POWER,
    [SIM_BRANCH_APPARENT] = QUANTITY_APPARENT_POWER,
    [SIM_BRANCH_REACTIVE] = QUANTITY_REACTIVE_POWER,
    [SIM_BRANCH_FACTOR] = QUANTITY_POWER_FACTOR,
    [SIM_BRANCH_ENERGY] = QUANTITY_ENERGY,
    [SIM_BRANCH_STATE] = QUANTITY_STATE,
};

void sim_branch_open(struct sim_branch *branch, struct sim_builder *builder,
                     struct component *component, unsigned set)
{
    for (int i = 0; i < SIM_BRANCH_QUANTITIES; i++) {
        if (set & 1u << i)
            branch->points[i] = sim_builder_point(builder, component, quantities[i]);
    }
    if (branch->points[SIM_BRANCH_STATE])
        branch->points[SIM_BRANCH_STATE]->words = &sim_words_on_off;
}

double sim_branch_current(const struct sim_flow *flow, double voltage)
{
    return voltage > 0 ? hypot(flow->watts, flow->vars) / voltage : 0;
}

void sim_branch_put(const struct sim_branch *branch, const struct sim_branch_reading *reading,
                    struct sim_stamp stamp)
{
    const struct sim_flow *flow = &reading->flow;
    double apparent = hypot(flow->watts, flow->vars);
    const double numbers[SIM_BRANCH_QUANTITIES] = {
        [SIM_BRANCH_VOLTAGE] = reading->voltage,
        [SIM_BRANCH_VOLTAGE_MAX] = reading->voltage_max,
        [SIM_BRANCH_CURRENT] = reading->current,
        [SIM_BRANCH_CURRENT_MAX] = reading->current_max,
        [SIM_BRANCH_REAL] = flow->watts,
        [SIM_BRANCH_APPARENT] = apparent,
        [SIM_BRANCH_REACTIVE] = flow->vars,
        [SIM_BRANCH_FACTOR] = apparent > 0 ? flow->watts / apparent : 1,
        [SIM_BRANCH_ENERGY] = flow->joules / JOULES_PER_KWH,
        [SIM_BRANCH_STATE] = reading->on,
    };
    for (int i = 0; i < SIM_BRANCH_QUANTITIES; i++)
        sim_point_put(branch->points[i], numbers[i], stamp);
}

void sim_branch_sum(struct sim_flow *sum, const struct sim_flow *flow)
{
    sum->watts += flow->watts;
    sum->vars += flow->vars;
    sum->joules += flow->joules;
}
