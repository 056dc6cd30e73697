/* pulse_settings - the `pulses:` collection: what a pulse of a pulse input is worth. */
#pragma once

#include "engine/tariff.h"
#include "model/config.h"
#include "model/quantity.h"

enum pulse_unit {
    PULSE_WH,
    PULSE_KWH,
    PULSE_MWH,
    PULSE_MJ,
    PULSE_GJ,
    PULSE_PER_KWH,
    PULSE_LITRE,
    PULSE_M3,
    PULSE_PER_M3,
    PULSE_UNITS
};

struct pulse_settings {
    const char *name;
    int64_t medium; /* enum energy_medium */
    double weight;  /* in `unit` */
    int64_t unit;   /* enum pulse_unit */
    double multiplier;
    clock_us still; /* without a pulse for so long there is no flow */
};

extern const struct setting_table pulse_settings_table;

/* What one pulse is worth on the meter's own display: kWh, or m3 of water and gas. */
double pulse_settings_worth(const struct pulse_settings *settings);

/* Where it goes. */
struct pulse_medium {
    enum quantity counter, rate, reading;
    double rate_factor; /* counter's unit per hour x this = rate's unit */
};
const struct pulse_medium *pulse_settings_medium(const struct pulse_settings *settings);
