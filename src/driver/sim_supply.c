#include <math.h>

#include "driver/sim_battery.h"
#include "driver/sim_load.h"
#include "driver/sim_profile.h"

/* A 12 V supply with a battery behind a diode, as radio sites have it. The limits are those that
 * such equipment publishes: 13.8 V and 7.2 A for the charger; the battery opens below 10.4 V, and
 * closes again at 12.5 V when the mains are back. */
#define SUPPLY_V 14.1
#define SUPPLY_OHM 0.008
#define DIODE_V 0.35 /* Schottky */
#define CHARGER_V 13.8
#define CHARGER_A 7.2
#define BATTERY_OPENS_V 10.4
#define BATTERY_CLOSES_V 12.5
#define FLOAT_BELOW_A                                                                              \
    0.4 /* a fiftieth of the capacity: the charger's lamp turns from red to green */
#define BULK_ABOVE_A 0.8

#define NOMINAL_V 230
#define NOMINAL_HZ 50
#define EFFICIENCY 0.89
#define NO_LOAD_W 4
#define POWER_FACTOR 0.97

/* Mains fail once in so long: mostly for a few minutes, about once a day for half an hour, about
 * once a week for longer than the battery lasts. */
#define CUT_SLOT_S 14400
#define LONG_CUTS (1.0 / 6)
#define DEEP_CUTS (1.0 / 42)

#define STEP_S 15
#define DAY_S 86400.0

enum charging { CHARGING_OFF, CHARGING_BULK, CHARGING_FLOAT, CHARGING_DISCHARGING };

static const struct words charging_words = {
    .list = (const struct word[]){{CHARGING_OFF, "off"},
                                  {CHARGING_BULK, "bulk"},
                                  {CHARGING_FLOAT, "float"},
                                  {CHARGING_DISCHARGING, "discharging"}},
    .count = 4,
};

static const struct words door_words = {
    .list = (const struct word[]){{0, "closed"}, {1, "open"}},
    .count = 2,
};

/* Receivers all the time, transmitters when somebody speaks. */
static const struct sim_load radio = {96, 1, 0.12, 16, 0.05, 85, 0.25, 40};

enum shown {
    MAINS_VOLTAGE,
    MAINS_CURRENT,
    MAINS_POWER,
    MAINS_FREQUENCY,
    SUPPLY_STATE,
    SUPPLY_VOLTAGE,
    SUPPLY_CURRENT,
    SUPPLY_POWER,
    BATTERY_VOLTAGE,
    BATTERY_CURRENT,
    BATTERY_CHARGE,
    BATTERY_RUNTIME,
    BATTERY_CHARGING,
    BATTERY_TEMPERATURE,
    ALARM_STATE,
    SUPPLY_SWITCH,
    BATTERY_SWITCH,
    LOAD_STATE,
    LOAD_VOLTAGE,
    LOAD_CURRENT,
    LOAD_POWER,
    LIGHT_STATE,
    RESET_STATE,
    DOOR_STATE,
    CASE_TEMPERATURE,
    SHOWN,
};

/* The part and what people call it (NULL: its own name), and what of it is shown. */
static const struct row {
    enum component_kind kind;
    int number;
    const char *label;
    enum quantity quantity;
    const struct words *words;
} rows[SHOWN] = {
    [MAINS_VOLTAGE] = {COMPONENT_MAINS, 0, NULL, QUANTITY_VOLTAGE, NULL},
    [MAINS_CURRENT] = {COMPONENT_MAINS, 0, NULL, QUANTITY_CURRENT, NULL},
    [MAINS_POWER] = {COMPONENT_MAINS, 0, NULL, QUANTITY_REAL_POWER, NULL},
    [MAINS_FREQUENCY] = {COMPONENT_MAINS, 0, NULL, QUANTITY_FREQUENCY, NULL},
    [SUPPLY_STATE] = {COMPONENT_SUPPLY, 0, NULL, QUANTITY_STATE, &sim_words_on_off},
    [SUPPLY_VOLTAGE] = {COMPONENT_SUPPLY, 0, NULL, QUANTITY_VOLTAGE, NULL},
    [SUPPLY_CURRENT] = {COMPONENT_SUPPLY, 0, NULL, QUANTITY_CURRENT, NULL},
    [SUPPLY_POWER] = {COMPONENT_SUPPLY, 0, NULL, QUANTITY_REAL_POWER, NULL},
    [BATTERY_VOLTAGE] = {COMPONENT_BATTERY, 0, NULL, QUANTITY_VOLTAGE, NULL},
    [BATTERY_CURRENT] = {COMPONENT_BATTERY, 0, NULL, QUANTITY_CURRENT, NULL},
    [BATTERY_CHARGE] = {COMPONENT_BATTERY, 0, NULL, QUANTITY_CHARGE, NULL},
    [BATTERY_RUNTIME] = {COMPONENT_BATTERY, 0, NULL, QUANTITY_RUNTIME, NULL},
    [BATTERY_CHARGING] = {COMPONENT_BATTERY, 0, NULL, QUANTITY_CHARGING, &charging_words},
    [BATTERY_TEMPERATURE] = {COMPONENT_BATTERY, 0, NULL, QUANTITY_TEMPERATURE, NULL},
    [ALARM_STATE] = {COMPONENT_OUTPUT, 1, "Alarm contact", QUANTITY_STATE, &sim_words_on_off},
    [SUPPLY_SWITCH] = {COMPONENT_OUTPUT, 2, "Power supply", QUANTITY_STATE, &sim_words_on_off},
    [BATTERY_SWITCH] = {COMPONENT_OUTPUT, 3, "Battery", QUANTITY_STATE, &sim_words_on_off},
    [LOAD_STATE] = {COMPONENT_OUTPUT, 4, "Radio loads", QUANTITY_STATE, &sim_words_on_off},
    [LOAD_VOLTAGE] = {COMPONENT_OUTPUT, 4, "Radio loads", QUANTITY_VOLTAGE, NULL},
    [LOAD_CURRENT] = {COMPONENT_OUTPUT, 4, "Radio loads", QUANTITY_CURRENT, NULL},
    [LOAD_POWER] = {COMPONENT_OUTPUT, 4, "Radio loads", QUANTITY_REAL_POWER, NULL},
    [LIGHT_STATE] = {COMPONENT_OUTPUT, 5, "Mast light", QUANTITY_STATE, &sim_words_on_off},
    [RESET_STATE] = {COMPONENT_OUTPUT, 6, "Modem reset", QUANTITY_STATE, &sim_words_on_off},
    [DOOR_STATE] = {COMPONENT_INPUT, 1, "Cabinet door", QUANTITY_STATE, &door_words},
    [CASE_TEMPERATURE] = {COMPONENT_SENSOR, 1, "Inside the case", QUANTITY_TEMPERATURE, NULL},
};

/* The outputs that can be switched. Two are free for the site, what hangs on them is fed from
 * elsewhere; supply, battery and loads are closed when nobody switches them. The alarm contact
 * follows the mains. Their order is that in which contacts are kept: new ones go to the end. */
enum { LIGHT, RESET, SUPPLY_ON, BATTERY_ON, LOAD_ON, SWITCHED };
static const enum shown switched[SWITCHED] = {LIGHT_STATE, RESET_STATE, SUPPLY_SWITCH,
                                              BATTERY_SWITCH, LOAD_STATE};

static const struct sim_load nothing = {0, 1, 0, 0, 0, 0, 0, 0};

struct supply {
    struct point *points[SHOWN];
    struct sim_relay relays[SWITCHED];
    uint64_t seed;
    struct sim_battery battery;
    double battery_warmth; /* K above the air around it */
    bool open;             /* low-voltage disconnect */
    bool bulk;
    bool begun;
    double latest;
};

/* ---- physics --------------------------------------------------------------------------------- */

/* Seeds of the things that move on their own. */
enum { SEED_LOAD, SEED_CUT, SEED_CUT_KIND, SEED_CUT_LENGTH, SEED_DOOR, SEED_AIR, SEED_VOLTAGE };

static uint64_t seed_for(const struct supply *supply, unsigned what)
{
    return sim_load_seed(supply->seed, what);
}

static double cut_length(const struct supply *supply, int64_t slot)
{
    double kind = sim_load_draw(seed_for(supply, SEED_CUT_KIND), slot);
    double length = sim_load_draw(seed_for(supply, SEED_CUT_LENGTH), slot);
    if (kind < DEEP_CUTS)
        return 7200 + 3600 * length;
    return kind < LONG_CUTS ? 1200 + 600 * length : 90 + 150 * length;
}

static bool mains_are_on(const struct supply *supply, double t)
{
    int64_t slot = (int64_t)floor(t / CUT_SLOT_S);
    double length = cut_length(supply, slot);
    /* never across the end of a slot */
    double begin = sim_load_draw(seed_for(supply, SEED_CUT), slot) * (CUT_SLOT_S - length);
    double place = t - (double)slot * CUT_SLOT_S;
    return place < begin || place >= begin + length;
}

static double load_power(const struct supply *supply, double t)
{
    return sim_load_power(&radio, seed_for(supply, SEED_LOAD), t);
}

/* Whether the mains reach the loads: they are there, and the supply is switched on. */
static bool is_fed(const struct supply *supply, double t)
{
    return mains_are_on(supply, t) && supply->relays[SUPPLY_ON].on;
}

static bool battery_carries(const struct supply *supply)
{
    return supply->relays[BATTERY_ON].on && !supply->open;
}

static void step(struct supply *supply, double t, double dt)
{
    struct sim_battery *battery = &supply->battery;
    if (!supply->relays[BATTERY_ON].on) {
        sim_battery_discharge(battery, 0, DIODE_V, dt);
    } else if (is_fed(supply, t)) {
        sim_battery_charge(battery, CHARGER_V, CHARGER_A, dt);
        supply->open = supply->open && battery->voltage < BATTERY_CLOSES_V;
        if (battery->current > BULK_ABOVE_A)
            supply->bulk = true;
        else if (battery->current < FLOAT_BELOW_A)
            supply->bulk = false;
    } else {
        bool draws = !supply->open && supply->relays[LOAD_ON].on;
        sim_battery_discharge(battery, draws ? load_power(supply, t) : 0, DIODE_V, dt);
        supply->open = supply->open || battery->voltage < BATTERY_OPENS_V;
        supply->bulk = true;
    }
    double warmth = 0.025 * battery->current * battery->current;
    supply->battery_warmth = warmth + (supply->battery_warmth - warmth) * exp(-dt / 5400);
}

/* From the last reading to this one; at the first, and after a long sleep, from a full battery a
 * day ago. */
static void catch_up(struct supply *supply, double t)
{
    if (!supply->begun || t - supply->latest > DAY_S) {
        sim_battery_init(&supply->battery, 1);
        supply->battery_warmth = 0;
        supply->open = supply->bulk = false;
        supply->latest = fmax(t - DAY_S, 0);
        supply->begun = true;
    }
    double steps = ceil((t - supply->latest) / STEP_S);
    double dt = steps > 0 ? (t - supply->latest) / steps : 0;
    for (double i = steps - 1; i >= 0; i--)
        step(supply, t - dt * i, dt);
    supply->latest = t;
}

/* ---- values ---------------------------------------------------------------------------------- */

static void put_dc(const struct supply *supply, double t, bool fed, double *numbers)
{
    const struct sim_battery *battery = &supply->battery;
    bool on = supply->relays[LOAD_ON].on;
    double usual = load_power(supply, t), watts = on ? usual : 0;
    double ripple = 0.01 * sim_load_wander(seed_for(supply, SEED_VOLTAGE), t, 9);
    if (fed) {
        /* Little current, stiff source: one round of the fixed point is within a millivolt. */
        double guess = watts / (SUPPLY_V - DIODE_V) + battery->current;
        double volts = SUPPLY_V + ripple - SUPPLY_OHM * guess;
        numbers[LOAD_VOLTAGE] = volts - DIODE_V;
        numbers[LOAD_CURRENT] = watts / numbers[LOAD_VOLTAGE];
        numbers[SUPPLY_VOLTAGE] = volts;
        numbers[SUPPLY_CURRENT] = numbers[LOAD_CURRENT] + battery->current;
    } else if (battery_carries(supply)) {
        numbers[LOAD_VOLTAGE] = battery->voltage - DIODE_V;
        numbers[LOAD_CURRENT] = -battery->current;
    }
    if (!on) /* measured behind the contact */
        numbers[LOAD_VOLTAGE] = numbers[LOAD_CURRENT] = 0;
    numbers[SUPPLY_POWER] = numbers[SUPPLY_VOLTAGE] * numbers[SUPPLY_CURRENT];
    numbers[LOAD_POWER] = numbers[LOAD_VOLTAGE] * numbers[LOAD_CURRENT];
    numbers[LOAD_STATE] = numbers[LOAD_VOLTAGE] > 0;
    numbers[SUPPLY_STATE] = fed;
    double load_a = usual / (battery->voltage - DIODE_V);
    numbers[BATTERY_RUNTIME] = battery->charge * SIM_BATTERY_AH * 3600 / load_a;
}

static void put_mains(double t, bool mains, double *numbers)
{
    if (!mains)
        return; /* 0 V is measured, not unknown */
    numbers[MAINS_VOLTAGE] = NOMINAL_V * sim_load_grid_voltage(1, t);
    numbers[MAINS_FREQUENCY] = NOMINAL_HZ * sim_load_grid_frequency(t);
    numbers[MAINS_POWER] = numbers[SUPPLY_POWER] / EFFICIENCY + NO_LOAD_W;
    numbers[MAINS_CURRENT] = numbers[MAINS_POWER] / POWER_FACTOR / numbers[MAINS_VOLTAGE];
}

static enum charging charging_of(const struct supply *supply, bool fed)
{
    if (!supply->relays[BATTERY_ON].on)
        return CHARGING_OFF;
    if (fed)
        return supply->bulk ? CHARGING_BULK : CHARGING_FLOAT;
    return supply->open ? CHARGING_OFF : CHARGING_DISCHARGING;
}

static void put_rest(const struct supply *supply, double t, bool mains, double *numbers)
{
    uint64_t seed = seed_for(supply, SEED_AIR);
    double air = 23 + 3 * sin(2 * M_PI * (t / DAY_S - 0.4)) + sim_load_wander(seed, t, 3000);
    numbers[BATTERY_VOLTAGE] = supply->battery.voltage;
    numbers[BATTERY_CURRENT] = supply->battery.current;
    numbers[BATTERY_CHARGE] = 100 * supply->battery.charge;
    numbers[BATTERY_CHARGING] = charging_of(supply, is_fed(supply, t));
    numbers[BATTERY_TEMPERATURE] = air + supply->battery_warmth;
    numbers[CASE_TEMPERATURE] =
        air + 6 + 0.05 * sim_load_wander(seed + 1, t, 23) + 0.06 * numbers[MAINS_POWER];
    numbers[ALARM_STATE] = !mains;
    numbers[SUPPLY_SWITCH] = supply->relays[SUPPLY_ON].on;
    numbers[BATTERY_SWITCH] = battery_carries(supply);
    numbers[LIGHT_STATE] = supply->relays[LIGHT].on;
    numbers[RESET_STATE] = supply->relays[RESET].on;
    /* somebody looks in for ten minutes, once in three days */
    numbers[DOOR_STATE] =
        sim_load_is_on(seed_for(supply, SEED_DOOR), t, 3 * DAY_S, 600 / (3 * DAY_S));
}

/* What reads off because there is no power, or an empty battery, was not switched off. */
static bool was_switched(const struct supply *supply, size_t relay)
{
    const struct point *mains = supply->points[MAINS_VOLTAGE];
    return relay < BATTERY_ON || (mains && mains->value.number > 0);
}

/* A device that is built anew was given its values back. */
static void step_relays(struct supply *supply, double t)
{
    for (size_t i = 0; i < SWITCHED; i++) {
        const struct point *point = supply->points[switched[i]];
        if (!supply->begun && point && point->value.wall && was_switched(supply, i))
            sim_relay_resume(&supply->relays[i], point->value.number != 0, 0, t);
        sim_relay_step(&supply->relays[i], t);
    }
}

static void update(void *state, double t, struct sim_stamp stamp)
{
    struct supply *supply = state;
    step_relays(supply, t);
    catch_up(supply, t);
    bool mains = mains_are_on(supply, t);
    double numbers[SHOWN] = {0};
    put_dc(supply, t, is_fed(supply, t), numbers);
    put_mains(t, mains, numbers);
    put_rest(supply, t, mains, numbers);
    for (int i = 0; i < SHOWN; i++) {
        if (i == MAINS_FREQUENCY && !mains && supply->points[i])
            point_mark(supply->points[i], QUALITY_ABSENT, REASON_NOT_MEASURED);
        else
            sim_point_put(supply->points[i], numbers[i], stamp);
    }
}

static void open_supply(void *state, struct sim_builder *builder)
{
    struct supply *supply = state;
    supply->seed = builder->seed;
    for (int i = 0; i < SHOWN; i++) {
        const struct row *row = &rows[i];
        struct component *component =
            sim_builder_component(builder, row->kind, row->number, row->label, NULL, 0);
        supply->points[i] = sim_builder_state(builder, component, row->quantity, row->words);
    }
    for (size_t i = 0; i < SWITCHED; i++)
        supply->relays[i] = sim_relay_of(&nothing, 0, i >= SUPPLY_ON);
}

static struct sim_relay *relay_at(void *state, int index, struct point **point)
{
    struct supply *supply = state;
    if ((size_t)index >= SWITCHED)
        return NULL;
    *point = supply->points[switched[index]];
    return &supply->relays[index];
}

const struct sim_profile sim_supply_profile = {
    .entry = {"sim-supply", "busbar", "Simulated DC supply", "12 V supply with battery", "supply"},
    .size = sizeof(struct supply),
    .open = open_supply,
    .update = update,
    .relay = relay_at,
};
