#include "sim_physics.h"

#include <errno.h>
#include <math.h>
#include <string.h>

enum {
    PIECE_S = 60,      /* longest step taken at once */
    PIECES_MAX = 1440, /* a day; after a longer pause the pieces grow instead of their number */
};

static const double KILO_HOUR = 3.6e6; /* W s in a kWh */
static const double HOUR_S = 3600;

/* When an appliance is likely to be switched on. */
enum habit {
    ALWAYS,
    DAYTIME,
    MEALS,
    EVENINGS,
};

struct appliance {
    double watts, power_factor;
    double thd;     /* of its current, % */
    double on_s;    /* how long it runs, on average */
    double per_day; /* how often */
    enum habit habit;
};

/* Ratings as on common type plates; how often and how long is a guess that gives a household's 8 to
 * 12 kWh a day together with the base load below. */
static const struct appliance appliances[SIM_PHYSICS_APPLIANCES] = {
    {110, 0.78, 12, 900, 30, ALWAYS},     /* refrigerator */
    {90, 0.75, 12, 1200, 18, ALWAYS},     /* freezer */
    {2000, 1.00, 2, 180, 5, MEALS},       /* kettle */
    {2400, 0.99, 3, 1500, 0.5, MEALS},    /* oven */
    {1500, 1.00, 2, 900, 1.6, MEALS},     /* cooker */
    {1150, 0.91, 32, 200, 3, MEALS},      /* microwave */
    {450, 0.82, 15, 3600, 0.5, DAYTIME},  /* washing machine, motor */
    {2000, 1.00, 2, 1000, 0.5, DAYTIME},  /* washing machine, heater */
    {1900, 0.98, 4, 1500, 0.6, EVENINGS}, /* dishwasher */
    {120, 0.93, 25, 7200, 1.5, EVENINGS}, /* television */
    {160, 0.92, 40, 9000, 1, DAYTIME},    /* computer */
    {850, 0.90, 18, 800, 0.3, DAYTIME},   /* vacuum cleaner */
};

struct load {
    double real, reactive, distortion; /* W, var, THD % times W */
};

static const char *const component_names[SIM_PHYSICS_COMPONENT_COUNT] = {
    [SIM_PHYSICS_TOTAL] = "total",     [SIM_PHYSICS_PHASE_A] = "phase-a",
    [SIM_PHYSICS_PHASE_B] = "phase-b", [SIM_PHYSICS_PHASE_C] = "phase-c",
    [SIM_PHYSICS_LINE_AB] = "line-ab", [SIM_PHYSICS_LINE_BC] = "line-bc",
    [SIM_PHYSICS_LINE_CA] = "line-ca", [SIM_PHYSICS_NEUTRAL] = "neutral",
};

static const char *const quantity_names[SIM_PHYSICS_QUANTITY_COUNT] = {
    [SIM_PHYSICS_VOLTAGE] = "voltage",
    [SIM_PHYSICS_CURRENT] = "current",
    [SIM_PHYSICS_REAL_POWER] = "real-power",
    [SIM_PHYSICS_APPARENT_POWER] = "apparent-power",
    [SIM_PHYSICS_REACTIVE_POWER] = "reactive-power",
    [SIM_PHYSICS_POWER_FACTOR] = "power-factor",
    [SIM_PHYSICS_PHASE_ANGLE] = "phase-angle",
    [SIM_PHYSICS_FREQUENCY] = "frequency",
    [SIM_PHYSICS_THD_VOLTAGE] = "thd-voltage",
    [SIM_PHYSICS_THD_CURRENT] = "thd-current",
    [SIM_PHYSICS_ENERGY] = "energy",
    [SIM_PHYSICS_ENERGY_EXPORT] = "energy-export",
    [SIM_PHYSICS_REACTIVE_ENERGY] = "reactive-energy",
    [SIM_PHYSICS_REACTIVE_ENERGY_EXPORT] = "reactive-energy-export",
    [SIM_PHYSICS_APPARENT_ENERGY] = "apparent-energy",
};

/* splitmix64 (Steele, Lea, Flood 2014), to a number in [0, 1). */
static double uniform(struct sim_physics *state)
{
    uint64_t z = state->random += 0x9E3779B97F4A7C15;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
    z = (z ^ z >> 27) * 0x94D049BB133111EB;
    return (double)((z ^ z >> 31) >> 11) * 0x1p-53;
}

/* Near enough to a normal distribution, and never far out: measured values must stay believable. */
static double normal(struct sim_physics *state)
{
    double sum = 0;
    for (int i = 0; i < 6; i++) {
        sum += uniform(state);
    }
    return (sum - 3) * M_SQRT2;
}

/* Noise with a memory of tau seconds and a spread of 1, right for steps of any length
 * (Ornstein-Uhlenbeck). */
static void wander(struct sim_physics *state, double *noise, double tau, double dt)
{
    double keep = exp(-dt / tau);
    *noise = *noise * keep + sqrt(1 - keep * keep) * normal(state);
}

/* A bell around an hour of the day, 1 at its top. */
static double bump(double hour, double centre, double width)
{
    double distance = fabs(hour - centre);
    distance = fmin(distance, 24 - distance) / width;
    return exp(-0.5 * distance * distance);
}

/* How much likelier than on average over the day; each curve has a mean of 1. */
static double habit_weight(enum habit habit, double hour)
{
    const double bell = 2.5066 / 24; /* mean over the day of a bump of width 1: sqrt(2 pi) / 24 */
    switch (habit) {
    case DAYTIME:
        return bump(hour, 13.5, 4) / (4 * bell);
    case MEALS:
        return (bump(hour, 7.3, 0.9) + bump(hour, 12.4, 0.9) + bump(hour, 18.7, 1.2)) / (3 * bell);
    case EVENINGS:
        return bump(hour, 20, 1.8) / (1.8 * bell);
    default:
        return 1;
    }
}

static void add_load(struct load *load, double watts, double power_factor, double thd)
{
    load->real += watts;
    load->reactive += watts * sqrt(1 / (power_factor * power_factor) - 1);
    load->distortion += watts * thd;
}

static struct load made_up_load(struct sim_physics *state, unsigned phase, double hour, double dt)
{
    struct load load = {0};
    for (size_t i = 0; i < SIM_PHYSICS_APPLIANCES; i++) {
        const struct appliance *appliance = &appliances[i];
        double *remaining = &state->remaining_s[phase][i];
        *remaining = fmax(*remaining - dt, 0);
        double starts = appliance->per_day / (24 * HOUR_S) * habit_weight(appliance->habit, hour);
        if (*remaining <= 0 && uniform(state) < -expm1(-starts * dt)) {
            *remaining = appliance->on_s * (0.5 + uniform(state));
        }
        if (*remaining > 0) {
            add_load(&load, appliance->watts, appliance->power_factor, appliance->thd);
        }
    }
    add_load(&load, 85, 0.85, 45); /* things that are never off */
    add_load(&load, 260 * bump(hour, 20.3, 2.2) + 110 * bump(hour, 7, 1), 0.95, 25); /* light */
    wander(state, &state->jitter[phase], 20, dt);
    double size = state->config.load * (1 + 0.008 * state->jitter[phase]);
    return (struct load){load.real * size, load.reactive * size, load.distortion * size};
}

static double solar_power(struct sim_physics *state, double hour, double dt)
{
    wander(state, &state->clouds, 300, dt);
    double height = sin(M_PI * (hour - 6) / 12); /* a day of twelve hours, all year round */
    if (state->config.solar_w <= 0 || hour < 6 || hour > 18) {
        return 0;
    }
    double clear = 1 / (1 + exp(-1 - 1.5 * state->clouds));
    return state->config.solar_w * pow(height, 1.2) * (0.2 + 0.8 * clear);
}

/* What the supply would give without load: strong at night, weak when everybody cooks. */
static double supply_voltage(struct sim_physics *state, unsigned phase, double hour, double dt)
{
    wander(state, &state->drift[phase], 600, dt);
    double swing = 0.010 + 0.006 * bump(hour, 3.5, 3) - 0.010 * bump(hour, 19.3, 2.5) -
                   0.004 * bump(hour, 12, 2);
    double noise = 0.0025 * state->drift[phase] + 0.0003 * normal(state);
    return state->config.voltage * (1 + swing + noise);
}

/* Drop along R + jX, by fixed point: load is constant power, so the current depends on the result.
 */
static double drop_voltage(double supply, double ohm, const struct load *load)
{
    double voltage = supply;
    for (int i = 0; i < 4; i++) {
        double drop = (load->real * ohm + load->reactive * ohm / 2) / voltage;
        /* A load beyond what the supply can carry would have no solution; half the voltage is the
         * most that can be delivered at all. */
        voltage = fmax(supply - drop, supply / 2);
    }
    return voltage;
}

static void count_energy(double *value, double dt)
{
    double hours = dt / KILO_HOUR;
    double real = value[SIM_PHYSICS_REAL_POWER], reactive = value[SIM_PHYSICS_REACTIVE_POWER];
    value[real < 0 ? SIM_PHYSICS_ENERGY_EXPORT : SIM_PHYSICS_ENERGY] += fabs(real) * hours;
    value[reactive < 0 ? SIM_PHYSICS_REACTIVE_ENERGY_EXPORT : SIM_PHYSICS_REACTIVE_ENERGY] +=
        fabs(reactive) * hours;
    value[SIM_PHYSICS_APPARENT_ENERGY] += value[SIM_PHYSICS_APPARENT_POWER] * hours;
}

static void set_powers(double *value, double real, double reactive)
{
    double apparent = hypot(real, reactive);
    value[SIM_PHYSICS_REAL_POWER] = real;
    value[SIM_PHYSICS_REACTIVE_POWER] = reactive;
    value[SIM_PHYSICS_APPARENT_POWER] = apparent;
    value[SIM_PHYSICS_POWER_FACTOR] = apparent > 0 ? real / apparent : 1;
    value[SIM_PHYSICS_PHASE_ANGLE] = atan2(reactive, real) * 180 / M_PI;
}

static void step_phase(struct sim_physics *state, unsigned phase, double local, double solar,
                       double dt)
{
    const struct sim_physics_config *config = &state->config;
    double *value = state->value[SIM_PHYSICS_PHASE_A + phase];
    double hour = fmod(local, 24 * HOUR_S) / HOUR_S;
    struct load load = made_up_load(state, phase, hour, dt);
    double supply = supply_voltage(state, phase, hour, dt);
    double voltage = 0;
    if (config->feeder != NULL) {
        struct sim_physics_sample sample = sim_physics_feeder_at(config->feeder, local, phase);
        double size = config->load * (1 + 0.002 * state->jitter[phase]);
        load = (struct load){.real = (double)sample.real_power * size,
                             .reactive = (double)sample.reactive_power * size};
        load.distortion = 12 * load.real;
        voltage = (double)sample.voltage * (1 + 0.0002 * normal(state));
    }
    add_load(&load, config->base_w / config->phases, 0.95,
             8); /* pumps, racks, light in the stairs */
    double distortion = load.real > 0 ? load.distortion / load.real : 0;
    load.real -= solar / config->phases;
    if (config->feeder == NULL) {
        voltage = drop_voltage(supply, config->source_ohm, &load);
    }
    value[SIM_PHYSICS_VOLTAGE] = voltage;
    set_powers(value, load.real, load.reactive);
    value[SIM_PHYSICS_CURRENT] = voltage > 0 ? value[SIM_PHYSICS_APPARENT_POWER] / voltage : 0;
    value[SIM_PHYSICS_THD_VOLTAGE] =
        fmax(1.4 + bump(hour, 20, 3) + 0.15 * state->drift[phase] + 0.02 * normal(state), 0.3);
    value[SIM_PHYSICS_THD_CURRENT] = fmax(distortion + 0.3 * state->jitter[phase], 0.5);
    count_energy(value, dt);
}

static double line_voltage(double first, double second)
{
    /* Cosine rule at 120 degrees. */
    return sqrt(first * first + second * second + first * second);
}

/* The phasor sum of the phase currents, each behind its own voltage by its own angle. */
static double neutral_current(const struct sim_physics *state)
{
    double real = 0, imaginary = 0;
    for (unsigned i = 0; i < SIM_PHYSICS_PHASES; i++) {
        const double *value = state->value[SIM_PHYSICS_PHASE_A + i];
        double angle = -2 * M_PI / 3 * i - value[SIM_PHYSICS_PHASE_ANGLE] * M_PI / 180;
        real += value[SIM_PHYSICS_CURRENT] * cos(angle);
        imaginary += value[SIM_PHYSICS_CURRENT] * sin(angle);
    }
    return hypot(real, imaginary);
}

/* Counters of the total are the sums of the phases', as meters with counters per phase have it. */
static void sum_phases(struct sim_physics *state)
{
    double *total = state->value[SIM_PHYSICS_TOTAL];
    unsigned phases = state->config.phases;
    double sum[SIM_PHYSICS_QUANTITY_COUNT] = {0};
    for (unsigned i = 0; i < phases; i++) {
        for (size_t q = 0; q < SIM_PHYSICS_QUANTITY_COUNT; q++) {
            sum[q] += state->value[SIM_PHYSICS_PHASE_A + i][q];
        }
    }
    memcpy(total, sum, sizeof(sum));
    total[SIM_PHYSICS_VOLTAGE] /= phases;
    total[SIM_PHYSICS_THD_VOLTAGE] /= phases;
    total[SIM_PHYSICS_THD_CURRENT] /= phases;
    set_powers(total, sum[SIM_PHYSICS_REAL_POWER], sum[SIM_PHYSICS_REACTIVE_POWER]);
    total[SIM_PHYSICS_FREQUENCY] = state->config.frequency + 0.018 * state->frequency_drift;
    if (phases < SIM_PHYSICS_PHASES) {
        return;
    }
    double volts[SIM_PHYSICS_PHASES];
    for (unsigned i = 0; i < SIM_PHYSICS_PHASES; i++) {
        volts[i] = state->value[SIM_PHYSICS_PHASE_A + i][SIM_PHYSICS_VOLTAGE];
    }
    for (unsigned i = 0; i < SIM_PHYSICS_PHASES; i++) {
        state->value[SIM_PHYSICS_LINE_AB + i][SIM_PHYSICS_VOLTAGE] =
            line_voltage(volts[i], volts[(i + 1) % SIM_PHYSICS_PHASES]);
    }
    state->value[SIM_PHYSICS_NEUTRAL][SIM_PHYSICS_CURRENT] = neutral_current(state);
}

static void step_piece(struct sim_physics *state, double wall, double dt)
{
    double local = wall + state->config.utc_offset_s;
    double hour = fmod(local, 24 * HOUR_S) / HOUR_S;
    double solar = solar_power(state, hour, dt);
    wander(state, &state->frequency_drift, 90, dt);
    for (unsigned i = 0; i < state->config.phases; i++) {
        step_phase(state, i, local, solar, dt);
    }
    sum_phases(state);
}

static void set_defaults(struct sim_physics_config *config)
{
    config->phases = config->phases == 1 ? 1 : SIM_PHYSICS_PHASES;
    config->voltage = config->voltage > 0 ? config->voltage : 230;
    config->frequency = config->frequency > 0 ? config->frequency : 50;
    config->source_ohm = config->source_ohm > 0 ? config->source_ohm : 0.25;
    config->load = config->load > 0 ? config->load : 1;
}

/* A used meter: its counters do not begin at zero, nor alike on all phases. */
static void start_counters(struct sim_physics *state)
{
    struct sim_physics_config *config = &state->config;
    if (config->energy_kwh <= 0) {
        config->energy_kwh = 1000 + floor(uniform(state) * 30000);
    }
    double rest = config->energy_kwh;
    for (unsigned i = 0; i < config->phases; i++) {
        double *value = state->value[SIM_PHYSICS_PHASE_A + i];
        double share = rest / (config->phases - i) * (0.9 + 0.2 * uniform(state));
        share = i + 1 == config->phases ? rest : share;
        rest -= share;
        value[SIM_PHYSICS_ENERGY] = share;
        value[SIM_PHYSICS_ENERGY_EXPORT] = config->solar_w > 0 ? share / 2 : 0;
        value[SIM_PHYSICS_REACTIVE_ENERGY] = share / 5;
        value[SIM_PHYSICS_REACTIVE_ENERGY_EXPORT] = 0;
        value[SIM_PHYSICS_APPARENT_ENERGY] = share * 1.04;
    }
}

void sim_physics_init(struct sim_physics *state, const struct sim_physics_config *config,
                      double wall)
{
    *state = (struct sim_physics){.config = *config, .random = config->seed};
    set_defaults(&state->config);
    for (size_t c = 0; c < SIM_PHYSICS_COMPONENT_COUNT; c++) {
        for (size_t q = 0; q < SIM_PHYSICS_QUANTITY_COUNT; q++) {
            state->value[c][q] = (double)NAN;
        }
    }
    start_counters(state);
    for (unsigned i = 0; i < state->config.phases; i++) {
        state->drift[i] = normal(state);
        for (size_t a = 0; a < SIM_PHYSICS_APPLIANCES; a++) {
            double on = appliances[a].per_day * appliances[a].on_s / (24 * HOUR_S);
            if (uniform(state) < on / (1 + on)) {
                state->remaining_s[i][a] = appliances[a].on_s * uniform(state);
            }
        }
    }
    state->clouds = normal(state);
    step_piece(state, wall, 0);
}

void sim_physics_step(struct sim_physics *state, double wall, double dt)
{
    if (dt <= 0) {
        return;
    }
    double pieces = fmin(ceil(dt / PIECE_S), PIECES_MAX);
    for (double i = pieces - 1; i >= 0; i--) {
        step_piece(state, wall - dt * i / pieces, dt / pieces);
    }
}

const char *sim_physics_component_name(enum sim_physics_component component)
{
    return (unsigned)component < SIM_PHYSICS_COMPONENT_COUNT ? component_names[component] : "";
}

const char *sim_physics_quantity_name(enum sim_physics_quantity quantity)
{
    return (unsigned)quantity < SIM_PHYSICS_QUANTITY_COUNT ? quantity_names[quantity] : "";
}

int sim_physics_find(const char *path, enum sim_physics_component *component,
                     enum sim_physics_quantity *quantity)
{
    for (unsigned c = 0; c < SIM_PHYSICS_COMPONENT_COUNT; c++) {
        size_t length = strlen(component_names[c]);
        if (strncmp(path, component_names[c], length) != 0 || path[length] != '/') {
            continue;
        }
        for (unsigned q = 0; q < SIM_PHYSICS_QUANTITY_COUNT; q++) {
            if (strcmp(path + length + 1, quantity_names[q]) == 0) {
                *component = (enum sim_physics_component)c;
                *quantity = (enum sim_physics_quantity)q;
                return 0;
            }
        }
    }
    return -ENOENT;
}
