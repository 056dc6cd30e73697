#include <complex.h>
#include <math.h>

#include "driver/sim_branch.h"
#include "driver/sim_distortion.h"
#include "driver/sim_load.h"
#include "driver/sim_profile.h"

enum { FEEDS = 3, CIRCUITS = 6, OUTLETS = 24, OUTLETS_PER_CIRCUIT = 4, GROUPS = 2, SENSORS = 2 };

/* Looks between two readings, for the highest voltage and current since the last one. */
enum { LOOKS = 4 };

#define OUTLET_RATED 10

/* Outlets in the order of the strip, four to a circuit; circuits take phases (or line pairs) in
 * turn. Watts and power factors are those of common rack equipment under moderate load; jobs are
 * backups, batches, fans. Columns of the load: watts, power factor; swing of the day and its hour;
 * noise; the job's watts, its share of a slot, the slot's seconds. */
static const struct outlet {
    const char *label;
    struct sim_load load;
    int group; /* 0: none */
} outlets[OUTLETS] = {
    {"Core switch 1", {118, 0.96, 0.03, 13, 0.03, 0, 0, 0}, 1},
    {"Firewall 1", {64, 0.93, 0.04, 13, 0.04, 0, 0, 0}, 1},
    {"Web server 1", {236, 0.97, 0.28, 14, 0.2, 85, 0.2, 300}, 2},
    {"Storage shelf 1", {248, 0.98, 0.05, 2, 0.06, 60, 0.15, 7200}, 0},
    {"Core switch 2", {121, 0.96, 0.03, 13, 0.03, 0, 0, 0}, 1},
    {"Firewall 2", {61, 0.93, 0.02, 13, 0.03, 0, 0, 0}, 1},
    {"Web server 2", {229, 0.97, 0.28, 14, 0.2, 85, 0.2, 300}, 2},
    {"Storage shelf 2", {252, 0.98, 0.05, 2, 0.06, 60, 0.15, 7200}, 0},
    {"Distribution switch", {88, 0.95, 0.05, 13, 0.04, 0, 0, 0}, 1},
    {"Time server", {23, 0.72, 0, 0, 0.02, 0, 0, 0}, 1},
    {"Mail server", {187, 0.96, 0.22, 10, 0.15, 70, 0.1, 900}, 2},
    {"Storage head", {312, 0.98, 0.08, 2, 0.08, 110, 0.12, 7200}, 0},
    {"Compute node 1", {342, 0.98, 0.1, 15, 0.12, 210, 0.45, 2700}, 2},
    {"Compute node 2", {338, 0.98, 0.1, 15, 0.12, 205, 0.45, 3100}, 2},
    {"Compute node 3", {347, 0.98, 0.1, 15, 0.12, 215, 0.4, 2300}, 2},
    {"Console server", {19, 0.68, 0, 0, 0.02, 0, 0, 0}, 1},
    {"Compute node 4", {351, 0.98, 0.1, 15, 0.12, 208, 0.4, 2900}, 2},
    {"Compute node 5", {336, 0.98, 0.1, 15, 0.12, 212, 0.45, 2500}, 2},
    {"Backup server", {142, 0.95, 0.12, 1, 0.1, 190, 0.22, 21600}, 0},
    {"Tape library", {74, 0.88, 0.05, 1, 0.05, 160, 0.1, 21600}, 0},
    {"Compute node 6", {344, 0.98, 0.1, 15, 0.12, 206, 0.42, 2600}, 2},
    {"Rack lighting and fans", {46, 0.62, 0.1, 14, 0.05, 0, 0, 0}, 0},
    {"Spare 1", {0, 1, 0, 0, 0, 0, 0, 0}, 0},
    {"Spare 2", {0, 1, 0, 0, 0, 0, 0, 0}, 0},
};

/* What the unit itself needs, on its first phase. */
static const struct sim_load own = {6.5, 0.61, 0, 0, 0.02, 0, 0, 0};

static const char *const group_labels[GROUPS] = {"Network", "Servers"};
static const char *const sensor_labels[SENSORS] = {"Cold aisle", "Hot aisle"};

/* What differs between a wye and a delta unit: an outlet sits between a phase and neutral, or
 * between two lines. */
struct wiring {
    double voltage, rated_current, circuit_rated_current;
    bool delta;
};

static const struct wiring wye = {230, 32, 16, false};
static const struct wiring delta = {208, 35, 20, true};

struct pdu {
    const struct wiring *wiring;
    uint64_t seed;
    struct sim_branch feeds[FEEDS];          /* phases, or line pairs */
    struct sim_branch lines[FEEDS];          /* delta only: the conductors */
    struct sim_distortion distortion[FEEDS]; /* of a wye's phases */
    struct sim_branch circuits[CIRCUITS], outlets[OUTLETS], groups[GROUPS];
    struct sim_relay relays[OUTLETS];
    struct point *temperature[SENSORS], *humidity[SENSORS];
    double latest;
    bool begun;
};

/* All flows and voltages at one moment. */
struct moment {
    struct sim_flow feeds[FEEDS], circuits[CIRCUITS], outlets[OUTLETS], groups[GROUPS];
    double voltage[FEEDS], current[FEEDS], line_current[FEEDS];
};

/* ---- electricity ----------------------------------------------------------------------------- */

/* Currents of the three lines of a delta: each is the difference of the two pairs that meet in it.
 * The voltages ab, bc, ca stand at 30, -90 and 150 degrees when phase a is at 0. */
static void add_up_delta(struct moment *now)
{
    double complex pair[FEEDS];
    for (int i = 0; i < FEEDS; i++) {
        double behind = atan2(now->feeds[i].vars, now->feeds[i].watts);
        pair[i] = now->current[i] * cexp(I * (M_PI / 6 - 2 * M_PI / 3 * i - behind));
    }
    for (int i = 0; i < FEEDS; i++)
        now->line_current[i] = cabs(pair[i] - pair[(i + FEEDS - 1) % FEEDS]);
}

static void look(const struct pdu *pdu, double t, struct moment *now)
{
    *now = (struct moment){0};
    for (int i = 0; i < OUTLETS; i++) {
        sim_relay_add(&now->outlets[i], &pdu->relays[i], t);
        sim_branch_sum(&now->circuits[i / OUTLETS_PER_CIRCUIT], &now->outlets[i]);
        if (outlets[i].group)
            sim_branch_sum(&now->groups[outlets[i].group - 1], &now->outlets[i]);
    }
    for (int i = 0; i < CIRCUITS; i++)
        sim_branch_sum(&now->feeds[i % FEEDS], &now->circuits[i]);
    sim_load_add(&now->feeds[0], &own, sim_load_seed(pdu->seed, OUTLETS), t);
    for (int i = 0; i < FEEDS; i++) {
        /* some sag in the feeder: a volt at ten amperes */
        double open = pdu->wiring->voltage * sim_load_grid_voltage(i, t);
        double sag = 0.1 * sim_branch_current(&now->feeds[i], open);
        now->voltage[i] = open - sag;
        now->current[i] = sim_branch_current(&now->feeds[i], now->voltage[i]);
    }
    if (pdu->wiring->delta)
        add_up_delta(now);
}

/* ---- values ---------------------------------------------------------------------------------- */

/* The highest of what a faster eye would have seen since the last reading, that one and this one
 * included. */
struct peaks {
    double voltage[FEEDS], current[FEEDS], line_current[FEEDS];
};

static void find_peaks(const struct pdu *pdu, double t, const struct moment *now,
                       struct peaks *peaks)
{
    struct moment then = *now;
    *peaks = (struct peaks){0};
    for (int i = 0; i <= LOOKS; i++) {
        if (i > 0 && !pdu->begun)
            break;
        if (i > 0)
            look(pdu, t - (t - pdu->latest) * i / LOOKS, &then);
        for (int feed = 0; feed < FEEDS; feed++) {
            peaks->voltage[feed] = fmax(peaks->voltage[feed], then.voltage[feed]);
            peaks->current[feed] = fmax(peaks->current[feed], then.current[feed]);
            peaks->line_current[feed] = fmax(peaks->line_current[feed], then.line_current[feed]);
        }
    }
}

static void put_feeds(struct pdu *pdu, double t, const struct moment *now, struct sim_stamp stamp)
{
    struct peaks peaks;
    find_peaks(pdu, t, now, &peaks);
    for (int i = 0; i < FEEDS; i++) {
        struct sim_branch_reading reading = {
            .voltage = now->voltage[i],
            .current = now->current[i],
            .voltage_max = peaks.voltage[i],
            .current_max = peaks.current[i],
            .flow = now->feeds[i],
        };
        sim_branch_put(&pdu->feeds[i], &reading, stamp);
        reading = (struct sim_branch_reading){
            .current = now->line_current[i],
            .current_max = peaks.line_current[i],
        };
        sim_branch_put(&pdu->lines[i], &reading, stamp);
        uint64_t seed = sim_load_seed(pdu->seed, 200 + (uint64_t)i);
        sim_distortion_put(&pdu->distortion[i], seed, t, now->feeds[i].watts, stamp);
    }
}

static void put_outlets(const struct pdu *pdu, const struct moment *now, struct sim_stamp stamp)
{
    for (int i = 0; i < CIRCUITS; i++) {
        struct sim_branch_reading reading = {.flow = now->circuits[i]};
        reading.current = sim_branch_current(&reading.flow, now->voltage[i % FEEDS]);
        sim_branch_put(&pdu->circuits[i], &reading, stamp);
    }
    for (int i = 0; i < OUTLETS; i++) {
        struct sim_branch_reading reading = {.flow = now->outlets[i]};
        reading.on = pdu->relays[i].on;
        reading.current =
            sim_branch_current(&reading.flow, now->voltage[i / OUTLETS_PER_CIRCUIT % FEEDS]);
        sim_branch_put(&pdu->outlets[i], &reading, stamp);
    }
    for (int i = 0; i < GROUPS; i++)
        sim_branch_put(&pdu->groups[i], &(struct sim_branch_reading){.flow = now->groups[i]},
                       stamp);
}

/* Air in front of the rack follows the day and the cooling; behind it, the power as well. */
static void put_sensors(const struct pdu *pdu, double t, const struct moment *now,
                        struct sim_stamp stamp)
{
    double watts = now->feeds[0].watts + now->feeds[1].watts + now->feeds[2].watts;
    uint64_t seed = sim_load_seed(pdu->seed, 100);
    double cold = 22 + 0.8 * sin(2 * M_PI * (t / 86400 - 0.4)) +
                  0.4 * sim_load_wander(seed, t, 700) + 0.05 * sim_load_wander(seed + 1, t, 19);
    double hot = cold + watts / 550 + 0.1 * sim_load_wander(seed + 2, t, 31);
    double humidity = 44 + 4 * sim_load_wander(seed + 3, t, 5400);
    sim_point_put(pdu->temperature[0], cold, stamp);
    sim_point_put(pdu->humidity[0], humidity, stamp);
    sim_point_put(pdu->temperature[1], hot, stamp);
    /* the same water in warmer air: relative humidity halves with every 11 K or so */
    sim_point_put(pdu->humidity[1], humidity * exp2((cold - hot) / 11), stamp);
}

/* A device that is built anew because a setting changed was given its values back: what was
 * switched off stays off. */
static void resume(struct pdu *pdu, double t)
{
    for (int i = 0; i < OUTLETS; i++) {
        const struct point *state = pdu->outlets[i].points[SIM_BRANCH_STATE],
                           *energy = pdu->outlets[i].points[SIM_BRANCH_ENERGY];
        if (state && state->value.wall && energy && energy->value.wall)
            sim_relay_resume(&pdu->relays[i], state->value.number != 0, energy->raw * 3.6e6, t);
    }
}

static void update(void *state, double t, struct sim_stamp stamp)
{
    struct pdu *pdu = state;
    struct moment now;
    if (!pdu->begun)
        resume(pdu, t);
    for (int i = 0; i < OUTLETS; i++)
        sim_relay_step(&pdu->relays[i], t);
    look(pdu, t, &now);
    put_feeds(pdu, t, &now, stamp);
    put_outlets(pdu, &now, stamp);
    put_sensors(pdu, t, &now, stamp);
    pdu->latest = t;
    pdu->begun = true;
}

/* ---- points ---------------------------------------------------------------------------------- */

static void open_feeds(struct pdu *pdu, struct sim_builder *builder)
{
    const unsigned set = SIM_BRANCH_SET(VOLTAGE) | SIM_BRANCH_SET(VOLTAGE_MAX) |
                         SIM_BRANCH_SET(CURRENT) | SIM_BRANCH_SET(CURRENT_MAX) |
                         SIM_BRANCH_SET(REAL) | SIM_BRANCH_SET(APPARENT) | SIM_BRANCH_SET(FACTOR) |
                         SIM_BRANCH_SET(ENERGY);
    const unsigned line_set = SIM_BRANCH_SET(CURRENT) | SIM_BRANCH_SET(CURRENT_MAX);
    const unsigned pair_set = set & ~line_set;
    double rated = pdu->wiring->rated_current;
    for (int i = 0; i < FEEDS; i++) {
        struct component *phase =
            sim_builder_component(builder, COMPONENT_PHASE, i + 1, NULL, NULL, rated);
        if (!pdu->wiring->delta) {
            sim_branch_open(&pdu->feeds[i], builder, phase, set);
            sim_distortion_open(&pdu->distortion[i], builder, phase);
            continue;
        }
        sim_branch_open(&pdu->lines[i], builder, phase, line_set);
        struct component *pair =
            sim_builder_component(builder, COMPONENT_LINE, i + 1, NULL, NULL, 0);
        sim_branch_open(&pdu->feeds[i], builder, pair, pair_set);
    }
}

static void open_outlets(struct pdu *pdu, struct sim_builder *builder)
{
    const unsigned set = SIM_BRANCH_SET(CURRENT) | SIM_BRANCH_SET(REAL) | SIM_BRANCH_SET(ENERGY);
    enum component_kind feed = pdu->wiring->delta ? COMPONENT_LINE : COMPONENT_PHASE;
    char fed_by[COMPONENT_NAME_MAX];
    for (int i = 0; i < CIRCUITS; i++) {
        component_format(feed, i % FEEDS + 1, fed_by);
        struct component *circuit = sim_builder_component(
            builder, COMPONENT_CIRCUIT, i + 1, NULL, fed_by, pdu->wiring->circuit_rated_current);
        sim_branch_open(&pdu->circuits[i], builder, circuit, set);
    }
    for (int i = 0; i < OUTLETS; i++) {
        component_format(COMPONENT_CIRCUIT, i / OUTLETS_PER_CIRCUIT + 1, fed_by);
        struct component *outlet = sim_builder_component(builder, COMPONENT_OUTLET, i + 1,
                                                         outlets[i].label, fed_by, OUTLET_RATED);
        sim_branch_open(&pdu->outlets[i], builder, outlet, set | SIM_BRANCH_SET(STATE));
        uint64_t seed = sim_load_seed(pdu->seed, (uint64_t)i);
        pdu->relays[i] = sim_relay_of(&outlets[i].load, seed, outlets[i].load.watts > 0);
    }
    for (int i = 0; i < GROUPS; i++) {
        struct component *group =
            sim_builder_component(builder, COMPONENT_GROUP, i + 1, group_labels[i], NULL, 0);
        sim_branch_open(&pdu->groups[i], builder, group,
                        SIM_BRANCH_SET(REAL) | SIM_BRANCH_SET(ENERGY));
    }
}

static void open_any(struct pdu *pdu, struct sim_builder *builder, const struct wiring *wiring)
{
    pdu->wiring = wiring;
    pdu->seed = builder->seed;
    open_feeds(pdu, builder);
    open_outlets(pdu, builder);
    for (int i = 0; i < SENSORS; i++) {
        struct component *sensor =
            sim_builder_component(builder, COMPONENT_SENSOR, i + 1, sensor_labels[i], NULL, 0);
        pdu->temperature[i] = sim_builder_point(builder, sensor, QUANTITY_TEMPERATURE);
        pdu->humidity[i] = sim_builder_point(builder, sensor, QUANTITY_HUMIDITY);
    }
}

static void open_wye(void *state, struct sim_builder *builder)
{
    open_any(state, builder, &wye);
}

static void open_delta(void *state, struct sim_builder *builder)
{
    open_any(state, builder, &delta);
}

static struct sim_relay *relay_at(void *state, int index, struct point **point)
{
    struct pdu *pdu = state;
    if (index >= OUTLETS)
        return NULL;
    *point = pdu->outlets[index].points[SIM_BRANCH_STATE];
    return &pdu->relays[index];
}

const struct sim_profile sim_pdu_wye_profile = {
    .entry = {"sim-pdu-24", "busbar", "Simulated PDU 24",
              "Rack PDU with 24 outlets, wye, 230/400 V", "pdu"},
    .size = sizeof(struct pdu),
    .open = open_wye,
    .update = update,
    .relay = relay_at,
};

const struct sim_profile sim_pdu_delta_profile = {
    .entry = {"sim-pdu-24-delta", "busbar", "Simulated PDU 24 delta",
              "Rack PDU with 24 outlets, delta, 208 V", "pdu"},
    .size = sizeof(struct pdu),
    .open = open_delta,
    .update = update,
    .relay = relay_at,
};
