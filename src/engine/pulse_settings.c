#include "engine/pulse_settings.h"

#include <errno.h>
#include <string.h>

#include "model/component.h"

static const char *const unit_names[] = {
    [PULSE_WH] = "Wh",    [PULSE_KWH] = "kWh", [PULSE_MWH] = "MWh",
    [PULSE_MJ] = "MJ",    [PULSE_GJ] = "GJ",   [PULSE_PER_KWH] = "pulses/kWh",
    [PULSE_LITRE] = "l",  [PULSE_M3] = "m3",   [PULSE_PER_M3] = "pulses/m3",
    [PULSE_UNITS] = NULL,
};

/* value x up / down = kWh or m3; two exact numbers, so that a pulse of 1 Wh is 1/1000 and not
 * nearly that. 1 kWh is 3.6 MJ. */
static const struct {
    double up, down;
    bool volume, inverse;
} units[PULSE_UNITS] = {
    [PULSE_WH] = {.up = 1, .down = 1000},
    [PULSE_KWH] = {.up = 1, .down = 1},
    [PULSE_MWH] = {.up = 1000, .down = 1},
    [PULSE_MJ] = {.up = 10, .down = 36},
    [PULSE_GJ] = {.up = 10000, .down = 36},
    [PULSE_PER_KWH] = {.up = 1, .down = 1, .inverse = true},
    [PULSE_LITRE] = {.up = 1, .down = 1000, .volume = true},
    [PULSE_M3] = {.up = 1, .down = 1, .volume = true},
    [PULSE_PER_M3] = {.up = 1, .down = 1, .volume = true, .inverse = true},
};

static const struct pulse_medium mediums[MEDIUMS] = {
    [MEDIUM_ELECTRICITY] = {QUANTITY_ENERGY, QUANTITY_REAL_POWER, QUANTITY_ENERGY_READING, 1000},
    [MEDIUM_WATER] = {QUANTITY_VOLUME, QUANTITY_FLOW, QUANTITY_VOLUME_READING, 1},
    [MEDIUM_GAS] = {QUANTITY_GAS, QUANTITY_GAS_FLOW, QUANTITY_VOLUME_READING, 1},
    [MEDIUM_HEAT] = {QUANTITY_HEAT, QUANTITY_HEAT_POWER, QUANTITY_ENERGY_READING, 1000},
};

#define FIELD(name) .offset = offsetof(struct pulse_settings, name)
#define COMMON .right = ROLE_ADMINISTRATOR

static const struct setting_row rows[] = {
    {.key = "name",
     .type = SETTING_TEXT,
     FIELD(name),
     .max = 64,
     .initial = "",
     COMMON,
     .help = "What it counts, as in Water, cellar; empty is what the device calls it."},
    {.key = "medium",
     .type = SETTING_CHOICE,
     FIELD(medium),
     .choices = energy_medium_names,
     .initial = "electricity",
     COMMON,
     .help = "What flows through the meter; it decides where the count stands: energy, volume, gas "
             "or heat."},
    {.key = "weight",
     .type = SETTING_NUMBER,
     FIELD(weight),
     .min = 1e-6,
     .max = 1e6,
     .required = true,
     COMMON,
     .help = "What a pulse stands for, or how many make one, as printed on the meter: 10 with the "
             "unit l, 1000 with the unit pulses/kWh."},
    {.key = "unit",
     .type = SETTING_CHOICE,
     FIELD(unit),
     .choices = unit_names,
     .initial = "pulses/kWh",
     COMMON,
     .help =
         "Unit of the weight: of energy for electricity and heat, of volume for water and gas."},
    {.key = "multiplier",
     .type = SETTING_NUMBER,
     FIELD(multiplier),
     .min = 1e-6,
     .max = 1e6,
     .initial = "1",
     COMMON,
     .help = "What flows for one unit on the meter's display: the ratio of transformers before it, "
             "40 for 200/5 A."},
    {.key = "still",
     .type = SETTING_DURATION,
     FIELD(still),
     .min = 60,
     .max = 86400,
     .initial = "1 h",
     COMMON,
     .help = "Less than one pulse in this time is a flow of 0; until then it falls off as the time "
             "since the last pulse grows."},
};

double pulse_settings_worth(const struct pulse_settings *settings)
{
    double up = units[settings->unit].up, down = units[settings->unit].down;
    return units[settings->unit].inverse ? up / (settings->weight * down)
                                         : settings->weight * up / down;
}

const struct pulse_medium *pulse_settings_medium(const struct pulse_settings *settings)
{
    return &mediums[settings->medium];
}

/* Pulses come from pulse inputs only; the device is looked at by the table itself. */
static int check_place(const struct config *config, const struct pulse_settings *pulse,
                       struct err *err)
{
    for (size_t i = 0; i < config_count(config, &pulse_settings_table); i++) {
        if (config_at(config, &pulse_settings_table, i) != pulse)
            continue;
        const char *path = config_name_at(config, &pulse_settings_table, i);
        const char *part = strchr(path, '/');
        enum component_kind kind;
        int number;
        if (part && component_parse(part + 1, strlen(part + 1), &kind, &number) &&
            kind != COMPONENT_PULSE)
            return err_set(err, -EINVAL, "%s is no pulse input, such as %.*s/pulse-1", path,
                           (int)(part - path), path);
    }
    return 0;
}

static int check(const struct config *config, const void *record, const char **key, struct err *err)
{
    const struct pulse_settings *pulse = record;
    bool volume = pulse->medium == MEDIUM_WATER || pulse->medium == MEDIUM_GAS;
    *key = "medium";
    if (check_place(config, pulse, err) < 0)
        return err->code;
    *key = "unit";
    if (units[pulse->unit].volume != volume)
        return err_set(err, -EINVAL, "%s is counted in %s, not in %s",
                       energy_medium_names[pulse->medium],
                       volume ? "l, m3 or pulses/m3" : "Wh, kWh, MWh, MJ, GJ or pulses/kWh",
                       unit_names[pulse->unit]);
    return 0;
}

const struct setting_table pulse_settings_table = {
    .name = "pulses",
    .label = "Pulse inputs",
    .help = "What the pulses of meters are worth, by path, as in io/pulse-1.",
    .collection = true,
    .paths = true,
    .rows = rows,
    .row_count = sizeof rows / sizeof *rows,
    .record_size = sizeof(struct pulse_settings),
    .check = check,
};
