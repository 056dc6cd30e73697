/* Outlets as APC's rack PDUs have them, three generations of PowerNet-MIB: sPDU (318.1.1.4), rPDU
 * (318.1.1.12) and rPDU2 (318.1.1.26). On and off have other numbers in each, and reading is not
 * writing. */

#include "face/snmp_outlets.h"
#include "face/snmp_tables_settings.h"
#include "model/config.h"

#define APC 1, 3, 6, 1, 4, 1, 318, 1, 1
#define APC_LENGTH 9

/* ---- what is read ---------------------------------------------------------------------------- */

static const char *text_of(const struct snmp_outlets *outlets,
                           const char *(*text)(const struct device *device))
{
    const struct device *device = snmp_outlets_device(outlets);
    return device ? text(device) : "";
}

static const char *name_of(const struct device *device)
{
    return *device->label ? device->label : device->name;
}

static const char *model_of(const struct device *device)
{
    return device->model;
}

static const char *serial_of(const struct device *device)
{
    return device->serial;
}

static const char *firmware_of(const struct device *device)
{
    return device->firmware;
}

static const struct component *total_of(const struct snmp_outlets *outlets)
{
    const struct device *device = snmp_outlets_device(outlets);
    return device ? device_component_find(device, COMPONENT_TOTAL, 0) : NULL;
}

/* of sPDUOutletCtl and the rPDU's state; rPDU2 has them the other way round */
static const struct snmp_outlets_words old_words = {.on = 1, .off = 2, .unknown = 4};
static const struct snmp_outlets_words status_words = {.on = 1, .off = 2};
static const struct snmp_outlets_words new_words = {.on = 2, .off = 1};
static const struct snmp_outlets_words command_words = {.on = 1, .off = 2, .unknown = 4};

enum { PENDING = 1, NOTHING_PENDING = 2 };

SNMP_OUTLETS_GET(get_device_name, snmp_text(value, text_of(outlets, name_of)))
SNMP_OUTLETS_GET(get_empty, snmp_text(value, ""))
SNMP_OUTLETS_GET(get_model, snmp_text(value, text_of(outlets, model_of)))
SNMP_OUTLETS_GET(get_serial, snmp_text(value, text_of(outlets, serial_of)))
SNMP_OUTLETS_GET(get_firmware, snmp_text(value, text_of(outlets, firmware_of)))
SNMP_OUTLETS_GET(get_count, snmp_integer(value, snmp_outlets_count(outlets)))
SNMP_OUTLETS_GET(get_total_power,
                 snmp_outlets_number(value, total_of(outlets), QUANTITY_REAL_POWER, 1))
SNMP_OUTLETS_GET(get_total_apparent,
                 snmp_outlets_number(value, total_of(outlets), QUANTITY_APPARENT_POWER, 1))
SNMP_OUTLETS_GET(get_index, snmp_integer(value, row->number))
SNMP_OUTLETS_GET(get_one, snmp_integer(value, 1))
SNMP_OUTLETS_GET(get_label, snmp_text(value, component->label))
SNMP_OUTLETS_GET(get_pending,
                 snmp_integer(value,
                              snmp_outlets_busy(outlets, component) ? PENDING : NOTHING_PENDING))
SNMP_OUTLETS_GET(get_old_state, snmp_outlets_state(value, component, &old_words))
SNMP_OUTLETS_GET(get_state, snmp_outlets_state(value, component, &status_words))
SNMP_OUTLETS_GET(get_new_state, snmp_outlets_state(value, component, &new_words))
SNMP_OUTLETS_GET(get_command, snmp_outlets_state(value, component, &command_words))
SNMP_OUTLETS_GET(get_current, snmp_outlets_number(value, component, QUANTITY_CURRENT, 10))
SNMP_OUTLETS_GET(get_power, snmp_outlets_number(value, component, QUANTITY_REAL_POWER, 1))
SNMP_OUTLETS_GET(get_energy, snmp_outlets_number(value, component, QUANTITY_ENERGY, 10))

/* ---- what is written ------------------------------------------------------------------------- */

/* sPDUOutletCtl and rPDU2OutletSwitchedControlCommand, which has a cancel besides; 4 is "unknown".
 */
static const enum command_action gapped[] = {
    COMMAND_ACTIONS, COMMAND_ON,         COMMAND_OFF,         COMMAND_REBOOT,
    COMMAND_ACTIONS, COMMAND_ON_DELAYED, COMMAND_OFF_DELAYED, COMMAND_REBOOT_DELAYED,
    COMMAND_CANCEL,
};

/* rPDUOutletControlOutletCommand */
static const enum command_action dense[] = {
    COMMAND_ACTIONS,        COMMAND_ON,         COMMAND_OFF,
    COMMAND_REBOOT,         COMMAND_ON_DELAYED, COMMAND_OFF_DELAYED,
    COMMAND_REBOOT_DELAYED, COMMAND_CANCEL,
};

static int set_old(void *user, const struct snmp_set *set, size_t item, bool commit)
{
    return snmp_outlets_set(user, set, item, commit, gapped, sizeof gapped / sizeof *gapped - 1);
}

static int set_middle(void *user, const struct snmp_set *set, size_t item, bool commit)
{
    return snmp_outlets_set(user, set, item, commit, dense, sizeof dense / sizeof *dense);
}

static int set_new(void *user, const struct snmp_set *set, size_t item, bool commit)
{
    return snmp_outlets_set(user, set, item, commit, gapped, sizeof gapped / sizeof *gapped);
}

/* ---- tables ---------------------------------------------------------------------------------- */

static const struct snmp_column old_ident[] = {
    {.number = 1, .get = get_empty},  {.number = 2, .get = get_firmware},
    {.number = 3, .get = get_empty},  {.number = 4, .get = get_model},
    {.number = 5, .get = get_serial},
};

static const struct snmp_column count_scalar[] = {{.number = 0, .get = get_count}};

static const struct snmp_column old_control[] = {
    {.number = 1, .get = get_index},
    {.number = 2, .get = get_pending},
    {.number = 3, .get = get_old_state, .writable = true},
    {.number = 4, .get = get_label},
};

static const struct snmp_column ident[] = {
    {.number = 1, .get = get_device_name},     {.number = 3, .get = get_firmware},
    {.number = 5, .get = get_model},           {.number = 6, .get = get_serial},
    {.number = 8, .get = get_count},           {.number = 16, .get = get_total_power},
    {.number = 18, .get = get_total_apparent},
};

static const struct snmp_column load[] = {
    {.number = 1, .get = get_index},
    {.number = 2, .get = get_current},
    {.number = 4, .get = get_index},
};

static const struct snmp_column control[] = {
    {.number = 1, .get = get_index},
    {.number = 2, .get = get_label},
    {.number = 4, .get = get_command, .writable = true},
};

static const struct snmp_column status[] = {
    {.number = 1, .get = get_index},   {.number = 2, .get = get_label},
    {.number = 4, .get = get_state},   {.number = 5, .get = get_pending},
    {.number = 7, .get = get_current},
};

static const struct snmp_column new_status[] = {
    {.number = 1, .get = get_index},     {.number = 2, .get = get_one},
    {.number = 3, .get = get_label},     {.number = 4, .get = get_index},
    {.number = 5, .get = get_new_state},
};

static const struct snmp_column new_control[] = {
    {.number = 1, .get = get_index},
    {.number = 2, .get = get_one},
    {.number = 3, .get = get_label},
    {.number = 4, .get = get_index},
    {.number = 5, .get = get_command, .writable = true},
};

static const struct snmp_column new_metered[] = {
    {.number = 1, .get = get_index},   {.number = 2, .get = get_one},
    {.number = 3, .get = get_label},   {.number = 4, .get = get_index},
    {.number = 6, .get = get_current}, {.number = 7, .get = get_power},
    {.number = 11, .get = get_energy},
};

#define TABLE(columns_of, rows_of, set_of, ...)                                                    \
    {                                                                                              \
        .entry = {APC, __VA_ARGS__},                                                               \
        .entry_length = APC_LENGTH + sizeof((snmp_sub[]){__VA_ARGS__}) / sizeof(snmp_sub),         \
        .columns = columns_of, .column_count = sizeof columns_of / sizeof *columns_of,             \
        .rows = rows_of, .set = set_of                                                             \
    }

static const struct snmp_table tables[] = {
    TABLE(old_ident, NULL, NULL, 4, 1),
    TABLE(count_scalar, snmp_outlets_scalar, NULL, 4, 4, 1),
    TABLE(old_control, snmp_outlets_rows, set_old, 4, 4, 2, 1),
    TABLE(ident, NULL, NULL, 12, 1),
    TABLE(load, snmp_outlets_phase_rows, NULL, 12, 2, 3, 1, 1),
    TABLE(control, snmp_outlets_rows, set_middle, 12, 3, 3, 1, 1),
    TABLE(status, snmp_outlets_rows, NULL, 12, 3, 5, 1, 1),
    TABLE(new_status, snmp_outlets_rows, NULL, 26, 9, 2, 3, 1),
    TABLE(new_control, snmp_outlets_rows, set_new, 26, 9, 2, 4, 1),
    TABLE(new_metered, snmp_outlets_rows, NULL, 26, 9, 4, 3, 1),
};

static void *make(const struct snmp_model *model, struct snmp_tree *tree)
{
    const struct snmp_tables_settings *settings =
        config_record(model->config, &snmp_tables_settings_table);
    return snmp_outlets_make(model, tree, settings->apc, tables, sizeof tables / sizeof *tables);
}

const struct snmp_part snmp_apc_part = {
    .name = "PowerNet-MIB", .make = make, .free = snmp_outlets_end};
