/* Devices and their components. */

#include <math.h>
#include <string.h>

#include "face/snmp_busbar.h"
#include "face/snmp_state.h"
#include "model/site.h"

#define NAME "SnmpAdminString (SIZE (0..64))"
#define TEXT "SnmpAdminString (SIZE (0..255))"

/* Texts of a struct device or struct component that are served as they are. */
#define TEXT_OF(function, type, field)                                                             \
    static bool function(void *user, const struct snmp_row *row, const struct snmp_ask *ask,       \
                         struct snmp_value *value)                                                 \
    {                                                                                              \
        (void)user;                                                                                \
        (void)ask;                                                                                 \
        return snmp_text(value, ((const struct type *)row->thing)->field);                         \
    }

/* ---- devices --------------------------------------------------------------------------------- */

TEXT_OF(get_name, device, name)
TEXT_OF(get_label, device, label)
TEXT_OF(get_role, device, role)
TEXT_OF(get_reason, device, reason)
TEXT_OF(get_line, device, line)
TEXT_OF(get_profile, device, profile)
TEXT_OF(get_vendor, device, vendor)
TEXT_OF(get_model, device, model)
TEXT_OF(get_serial, device, serial)
TEXT_OF(get_firmware, device, firmware)
TEXT_OF(get_fed_by, device, fed_by)

static bool get_state(void *user, const struct snmp_row *row, const struct snmp_ask *ask,
                      struct snmp_value *value)
{
    static const int states[] = {
        [DEVICE_STARTING] = 1, [DEVICE_ONLINE] = 2, [DEVICE_SILENT] = 3, [DEVICE_DISABLED] = 4};
    const struct device *device = row->thing;
    (void)user;
    (void)ask;
    return snmp_integer(value, states[device->state]);
}

static bool get_since(void *user, const struct snmp_row *row, const struct snmp_ask *ask,
                      struct snmp_value *value)
{
    (void)user;
    (void)ask;
    return snmp_date(value, ((const struct device *)row->thing)->since_wall);
}

static bool get_unit(void *user, const struct snmp_row *row, const struct snmp_ask *ask,
                     struct snmp_value *value)
{
    (void)user;
    (void)ask;
    return snmp_integer(value, ((const struct device *)row->thing)->unit);
}

static bool get_every(void *user, const struct snmp_row *row, const struct snmp_ask *ask,
                      struct snmp_value *value)
{
    const struct device *device = row->thing;
    (void)user;
    (void)ask;
    return snmp_unsigned(value, (uint64_t)(device->every / CLOCK_MS));
}

static bool get_points(void *user, const struct snmp_row *row, const struct snmp_ask *ask,
                       struct snmp_value *value)
{
    (void)user;
    (void)ask;
    return snmp_unsigned(value, ((const struct device *)row->thing)->point_count);
}

static const struct snmp_column device_columns[] = {
    {1, NULL, false, "busbarDeviceIndex", "Integer32 (1..2147483647)",
     "Number of the device. It stays with the name of the device, over restarts, and is never "
     "given "
     "to another name."},
    {2, get_name, false, "busbarDeviceName", NAME, "Name of the device, the first part of paths."},
    {3, get_label, false, "busbarDeviceLabel", TEXT, "What people call it."},
    {4, get_role, false, "busbarDeviceRole", NAME, "What it is to the site: meter, pdu, supply."},
    {5, get_state, false, "busbarDeviceState",
     "INTEGER { starting(1), online(2), silent(3), disabled(4) }",
     "Whether it answers. The readings of a silent device are stale."},
    {6, get_reason, false, "busbarDeviceReason", TEXT,
     "A sentence that says why it is not online; empty while it is."},
    {7, get_since, false, "busbarDeviceSince", "DateAndTime",
     "Since when the state holds; empty while the time of day was not known."},
    {8, get_line, false, "busbarDeviceLine", NAME, "The line that it is wired to."},
    {9, get_unit, false, "busbarDeviceUnit", "Integer32 (-1..2147483647)",
     "Its address on the line; -1 for none."},
    {10, get_profile, false, "busbarDeviceProfile", NAME, "The profile by which it is read."},
    {11, get_vendor, false, "busbarDeviceVendor", TEXT, "Who made it."},
    {12, get_model, false, "busbarDeviceModel", TEXT, "Its type."},
    {13, get_serial, false, "busbarDeviceSerial", NAME, "Its serial number."},
    {14, get_firmware, false, "busbarDeviceFirmware", NAME, "Its firmware."},
    {15, get_fed_by, false, "busbarDeviceFedBy", TEXT, "What it is fed by; empty when not known."},
    {16, get_every, false, "busbarDeviceEvery", "Unsigned32",
     "Wanted time between two readings, in milliseconds."},
    {17, get_points, false, "busbarDevicePoints", "Gauge32", "How many points it has."},
};

static void add_devices(void *user, struct snmp_rows *rows)
{
    const struct snmp_model *model = snmp_busbar_model(user);
    for (const struct device *device = site_devices(model->site); device; device = device->next)
        snmp_rows_add(rows,
                      &(struct snmp_row){.index = {snmp_state_device(model->state, device->name)},
                                         .index_length = 1,
                                         .thing = device});
}

static const char *const device_indexes[] = {"busbarDeviceIndex", NULL};

const struct snmp_group snmp_busbar_device_group = {
    .number = SNMP_BUSBAR_DEVICES,
    .name = "busbarDevice",
    .help = "The devices of the site.",
    .columns = device_columns,
    .column_count = sizeof device_columns / sizeof *device_columns,
    .indexes = device_indexes,
    .rows = add_devices,
    .revision = snmp_busbar_site_revision,
};

/* ---- components ------------------------------------------------------------------------------ */

TEXT_OF(get_component_name, component, name)
TEXT_OF(get_component_label, component, label)
TEXT_OF(get_component_fed_by, component, fed_by)

static bool get_component_path(void *user, const struct snmp_row *row, const struct snmp_ask *ask,
                               struct snmp_value *value)
{
    const struct component *component = row->thing;
    (void)user;
    (void)ask;
    return snmp_format(value, "%s/%s", component->device->name, component->name);
}

static bool get_component_kind(void *user, const struct snmp_row *row, const struct snmp_ask *ask,
                               struct snmp_value *value)
{
    const struct component *component = row->thing;
    (void)user;
    (void)ask;
    return snmp_integer(value, snmp_component_kind(component->kind));
}

static bool get_component_number(void *user, const struct snmp_row *row, const struct snmp_ask *ask,
                                 struct snmp_value *value)
{
    (void)user;
    (void)ask;
    return snmp_integer(value, ((const struct component *)row->thing)->number);
}

static bool get_rated_current(void *user, const struct snmp_row *row, const struct snmp_ask *ask,
                              struct snmp_value *value)
{
    const struct component *component = row->thing;
    (void)user;
    (void)ask;
    return component->rated_current > 0 &&
           snmp_unsigned(value, (uint64_t)llround(component->rated_current * 1000));
}

static const struct snmp_column component_columns[] = {
    {1, NULL, false, "busbarComponentIndex", "BusbarComponentId", "Which part of the device."},
    {2, get_component_path, false, "busbarComponentPath", TEXT,
     "DEVICE/COMPONENT, as everywhere in busbar."},
    {3, get_component_name, false, "busbarComponentName", NAME, "The second part of the path."},
    {4, get_component_kind, false, "busbarComponentKind", "BusbarKind", "Its kind."},
    {5, get_component_number, false, "busbarComponentNumber", "Integer32 (0..999)",
     "Its number within the kind; phases a, b, c are 1, 2, 3; 0 for kinds of which there is one."},
    {6, get_component_label, false, "busbarComponentLabel", TEXT, "What people call it."},
    {7, get_component_fed_by, false, "busbarComponentFedBy", TEXT,
     "The component upstream; empty when not known."},
    {8, get_rated_current, false, "busbarComponentRatedCurrent", "Unsigned32",
     "What it may carry, in milliamperes. Missing where it is not known."},
};

static void add_components(void *user, struct snmp_rows *rows)
{
    const struct snmp_model *model = snmp_busbar_model(user);
    for (const struct device *device = site_devices(model->site); device; device = device->next) {
        uint32_t number = snmp_state_device(model->state, device->name);
        for (const struct component *one = device->components; one; one = one->next)
            snmp_rows_add(
                rows,
                &(struct snmp_row){.index = {number, snmp_component_number(one->kind, one->number)},
                                   .index_length = 2,
                                   .thing = one});
    }
}

static const char *const component_indexes[] = {"busbarDeviceIndex", "busbarComponentIndex", NULL};

const struct snmp_group snmp_busbar_component_group = {
    .number = SNMP_BUSBAR_COMPONENTS,
    .name = "busbarComponent",
    .help = "The parts of the devices: phases, outlets, batteries.",
    .columns = component_columns,
    .column_count = sizeof component_columns / sizeof *component_columns,
    .indexes = component_indexes,
    .rows = add_components,
    .revision = snmp_busbar_site_revision,
};
