/* Outlets as the rack PDUs of Geist and Vertiv have them (VERTIV-V5-MIB, 21239.5.2): switching, and
 * measuring. The numbers that are written are not those that are read. */

#include "face/snmp_outlets.h"
#include "face/snmp_tables_settings.h"
#include "model/config.h"

#define GEIST 1, 3, 6, 1, 4, 1, 21239, 5, 2, 3
#define GEIST_LENGTH 10

static const struct snmp_outlets_words words = {.on = 1, .off = 2, .unknown = 7 /* unavailable */};

#define ACTION_NONE 8

SNMP_OUTLETS_GET(get_index, snmp_integer(value, row->number))
SNMP_OUTLETS_GET(get_name, snmp_text(value, component->name))
SNMP_OUTLETS_GET(get_label, snmp_text(value, component->label))
SNMP_OUTLETS_GET(get_state, snmp_outlets_state(value, component, &words))
SNMP_OUTLETS_GET(get_action, snmp_integer(value, ACTION_NONE))
SNMP_OUTLETS_GET(get_voltage, snmp_outlets_number(value, component, QUANTITY_VOLTAGE, 10))
SNMP_OUTLETS_GET(get_current, snmp_outlets_number(value, component, QUANTITY_CURRENT, 100))
SNMP_OUTLETS_GET(get_power, snmp_outlets_number(value, component, QUANTITY_REAL_POWER, 1))
SNMP_OUTLETS_GET(get_apparent, snmp_outlets_number(value, component, QUANTITY_APPARENT_POWER, 1))
SNMP_OUTLETS_GET(get_factor, snmp_outlets_number(value, component, QUANTITY_POWER_FACTOR, 100))
SNMP_OUTLETS_GET(get_energy, snmp_outlets_number(value, component, QUANTITY_ENERGY, 1000))

static const enum command_action actions[] = {
    COMMAND_ACTIONS, COMMAND_CANCEL,      COMMAND_ON,     COMMAND_ON_DELAYED,
    COMMAND_OFF,     COMMAND_OFF_DELAYED, COMMAND_REBOOT, COMMAND_REBOOT_DELAYED,
};

static int set_action(void *user, const struct snmp_set *set, size_t item, bool commit)
{
    return snmp_outlets_set(user, set, item, commit, actions, sizeof actions / sizeof *actions);
}

static const struct snmp_column switch_columns[] = {
    {.number = 1, .get = get_index},
    {.number = 2, .get = get_name},
    {.number = 3, .get = get_label},
    {.number = 4, .get = get_state},
    {.number = 6, .get = get_action, .writable = true},
};

static const struct snmp_column meter_columns[] = {
    {.number = 1, .get = get_index},     {.number = 2, .get = get_name},
    {.number = 3, .get = get_label},     {.number = 4, .get = get_voltage},
    {.number = 8, .get = get_current},   {.number = 12, .get = get_power},
    {.number = 13, .get = get_apparent}, {.number = 14, .get = get_factor},
    {.number = 15, .get = get_energy},
};

static const struct snmp_table tables[] = {
    {.entry = {GEIST, 5, 1},
     .entry_length = GEIST_LENGTH + 2,
     .columns = switch_columns,
     .column_count = sizeof switch_columns / sizeof *switch_columns,
     .rows = snmp_outlets_rows,
     .set = set_action},
    {.entry = {GEIST, 6, 1},
     .entry_length = GEIST_LENGTH + 2,
     .columns = meter_columns,
     .column_count = sizeof meter_columns / sizeof *meter_columns,
     .rows = snmp_outlets_rows},
};

static void *make(const struct snmp_model *model, struct snmp_tree *tree)
{
    const struct snmp_tables_settings *settings =
        config_record(model->config, &snmp_tables_settings_table);
    return snmp_outlets_make(model, tree, settings->geist, tables, sizeof tables / sizeof *tables);
}

const struct snmp_part snmp_geist_part = {
    .name = "VERTIV-V5-MIB", .make = make, .free = snmp_outlets_end};
