#include <math.h>

#include "driver/sim_branch.h"
#include "driver/sim_distortion.h"
#include "driver/sim_load.h"
#include "driver/sim_profile.h"

enum { PHASES = 3, LOADS = 4 };

#define NOMINAL_V 230
#define NOMINAL_HZ 50

/* A house with a heat pump: what is always on, and what comes and goes. Watts as on common type
 * plates. Columns: watts, power factor; swing of the day and its hour; noise; the job's watts, its
 * share of a slot, the slot's seconds. */
static const struct sim_load loads[PHASES][LOADS] = {
    {{210, 0.92, 0.45, 19, 0.15, 0, 0, 0},  /* lights, screens */
     {4, 0.6, 0, 0, 0, 120, 0.33, 2460},    /* refrigerator */
     {0, 1, 0, 0, 0, 2000, 0.025, 7200},    /* kettle */
     {35, 0.7, 0, 0, 0.05, 0, 0, 0}},       /* stand-by */
    {{150, 0.9, 0.4, 20, 0.15, 0, 0, 0},    /* lights, screens */
     {5, 0.6, 0, 0, 0, 95, 0.4, 1980},      /* freezer */
     {0, 0.97, 0, 0, 0, 1900, 0.07, 43200}, /* dishwasher */
     {60, 0.95, 0.1, 15, 0.1, 0, 0, 0}},    /* a small server */
    {{90, 0.9, 0.5, 18, 0.15, 0, 0, 0},     /* lights */
     {12, 0.5, 0, 0, 0, 1450, 0.3, 5400},   /* heat pump */
     {0, 0.8, 0, 0, 0, 450, 0.08, 43200},   /* washing machine */
     {75, 0.85, 0.1, 3, 0.04, 0, 0, 0}},    /* circulation pumps */
};

struct meter {
    uint64_t seed;
    struct sim_branch phases[PHASES];
    struct sim_distortion distortion[PHASES];
    struct point *line_voltage[PHASES]; /* ab, bc, ca */
    struct point *frequency;
};

static void update(void *state, double t, struct sim_stamp stamp)
{
    struct meter *meter = state;
    double voltage[PHASES];
    for (int i = 0; i < PHASES; i++) {
        struct sim_branch_reading reading = {0};
        for (int j = 0; j < LOADS; j++) {
            uint64_t seed = sim_load_seed(meter->seed, (uint64_t)(i * LOADS + j));
            sim_load_add(&reading.flow, &loads[i][j], seed, t);
        }
        double open = NOMINAL_V * sim_load_grid_voltage(i, t);
        /* a quarter of an ohm from the transformer */
        voltage[i] = open - 0.25 * sim_branch_current(&reading.flow, open);
        reading.voltage = voltage[i];
        reading.current = sim_branch_current(&reading.flow, voltage[i]);
        sim_branch_put(&meter->phases[i], &reading, stamp);
        uint64_t seed = sim_load_seed(meter->seed, 200 + (uint64_t)i);
        sim_distortion_put(&meter->distortion[i], seed, t, reading.flow.watts, stamp);
    }
    for (int i = 0; i < PHASES; i++) {
        /* cosine rule at 120 degrees */
        double first = voltage[i], second = voltage[(i + 1) % PHASES];
        double line = sqrt(first * first + second * second + first * second);
        sim_point_put(meter->line_voltage[i], line, stamp);
    }
    sim_point_put(meter->frequency, NOMINAL_HZ * sim_load_grid_frequency(t), stamp);
}

static void open_meter(void *state, struct sim_builder *builder)
{
    const unsigned set = SIM_BRANCH_SET(VOLTAGE) | SIM_BRANCH_SET(CURRENT) | SIM_BRANCH_SET(REAL) |
                         SIM_BRANCH_SET(APPARENT) | SIM_BRANCH_SET(REACTIVE) |
                         SIM_BRANCH_SET(FACTOR) | SIM_BRANCH_SET(ENERGY);
    struct meter *meter = state;
    meter->seed = builder->seed;
    struct component *total = sim_builder_component(builder, COMPONENT_TOTAL, 0, NULL, NULL, 0);
    meter->frequency = sim_builder_point(builder, total, QUANTITY_FREQUENCY);
    for (int i = 0; i < PHASES; i++) {
        struct component *phase =
            sim_builder_component(builder, COMPONENT_PHASE, i + 1, NULL, NULL, 63);
        sim_branch_open(&meter->phases[i], builder, phase, set);
        sim_distortion_open(&meter->distortion[i], builder, phase);
    }
    for (int i = 0; i < PHASES; i++) {
        struct component *pair =
            sim_builder_component(builder, COMPONENT_LINE, i + 1, NULL, NULL, 0);
        meter->line_voltage[i] = sim_builder_point(builder, pair, QUANTITY_VOLTAGE);
    }
}

const struct sim_profile sim_meter_profile = {
    .entry = {"sim-meter", "busbar", "Simulated meter", "Three-phase energy meter", "meter"},
    .size = sizeof(struct meter),
    .open = open_meter,
    .update = update,
};
