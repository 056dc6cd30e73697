/* meter_sim_kind - what the simulated meters look like from outside: their register tables.
 *
 * Written by hand from public register lists, not from busbar's profiles, so that a mistake in a
 * profile shows as a wrong number. Addresses are those on the wire. Data only; meter_sim_unit fills
 * it with life.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How a reading of the physics becomes a register. */
enum meter_sim_how {
    METER_SIM_PLAIN,     /* value / scale */
    METER_SIM_MAGNITUDE, /* the same without its sign */
    METER_SIM_SIGN,      /* 1 if negative */
    METER_SIM_SUM,       /* with the quantity behind it (import + export) */
    METER_SIM_NET,       /* less the quantity behind it (import - export) */
    METER_SIM_CONSTANT,  /* scale itself */
    METER_SIM_TEXT,      /* text, scale registers long */
    METER_SIM_SERIAL,    /* text made of the unit's number */
    METER_SIM_ABSENT,    /* listed, but this model does not measure it */
    METER_SIM_CT_POWER,  /* magnitude, in steps that depend on the current transformers (Legrand) */
    METER_SIM_CT_ENERGY, /* likewise for counters */
    METER_SIM_SECTOR,    /* 1 inductive, 2 capacitive, 0 neither */
    METER_SIM_SUNS_POWER, /* value by the exponent that METER_SIM_SUNS_EXPONENT shows */
    METER_SIM_SUNS_EXPONENT,
};

struct meter_sim_row {
    uint16_t address;
    uint8_t type; /* enum modbus_value_type */
    uint8_t how;
    uint8_t component, quantity; /* enum sim_physics_component, sim_physics_quantity */
    double scale;
    const char *text;
};

/* Registers that may be read; those inside without a row hold fill. All else is an illegal address.
 */
struct meter_sim_range {
    uint16_t address, count, fill;
};

struct meter_sim_setting {
    uint16_t address, value;
    bool writable;
};

/* What is sent for a quantity that the wiring lacks (a phase of a single-phase installation). */
enum meter_sim_absent {
    METER_SIM_ABSENT_ZERO,
    METER_SIM_ABSENT_ABB,  /* all ones, or the largest signed number */
    METER_SIM_ABSENT_EEEE, /* 0x7FFF in the high word */
    METER_SIM_ABSENT_SUNS, /* smallest signed number, all ones, 0 for counters */
};

struct meter_sim_kind {
    const char *name;
    uint8_t order;     /* enum modbus_value_order */
    uint8_t functions; /* bit 3, bit 4: which reads reach the rows; settings always answer to 3 */
    uint8_t absent;    /* enum meter_sim_absent */
    uint8_t read_max;  /* registers in one request */
    bool flat;         /* no physics: numbers that change with every poll */
    const struct meter_sim_row *rows; /* sorted by address */
    size_t row_count;
    const struct meter_sim_range *ranges;
    size_t range_count;
    const struct meter_sim_setting *settings;
    size_t setting_count;
};

enum {
    METER_SIM_TEXT_REGISTERS = 16, /* longest row */
    METER_SIM_SETTINGS_MAX = 16,
    METER_SIM_FLAT_REGISTERS = 60,
    METER_SIM_CT_RATIO = 4608, /* Legrand: setting with the ratio of the current transformers */
};

/* By name; NULL if there is none. */
const struct meter_sim_kind *meter_sim_kind_find(const char *name);

/* The index-th, for help texts; NULL behind the last. */
const struct meter_sim_kind *meter_sim_kind_at(size_t index);
