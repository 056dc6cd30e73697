/* ENERGY-OBJECT-MIB (RFC 7460): the table of power, for each thing whose real power is measured,
 * and the table of energy with its parameters, for each that has a counter. Those are of the mode
 * "total", one measurement without an end, as meters count; intervals that a manager sets up are
 * not kept, since the history has any of them. Power states are for equipment that manages itself.
 */

#include <math.h>

#include "face/snmp_entity.h"

/* UnitMultiplier: a power of ten. */
enum { MULTIPLIER_MILLI = -3, MULTIPLIER_UNITS = 0 };

enum { CALIBER_UNAVAILABLE = 1, CALIBER_ACTUAL = 3 };
enum { CURRENT_AC = 1, CURRENT_DC = 2 };
enum { TRUTH_TRUE = 1 };

#define ACCURACY_NOT_KNOWN 0

static bool is_power(const struct point *point)
{
    return point->quantity == QUANTITY_REAL_POWER;
}

/* Fixed by the kind of part, so that nobody reads a value with the multiplier of another moment:
 * what ends below two megawatts has milliwatts. */
static int multiplier_of(const struct point *point)
{
    switch (point->component->kind) {
    case COMPONENT_OUTLET:
    case COMPONENT_CIRCUIT:
    case COMPONENT_OUTPUT:
    case COMPONENT_SUPPLY:
    case COMPONENT_BATTERY:
        return MULTIPLIER_MILLI;
    default:
        return MULTIPLIER_UNITS;
    }
}

static bool put_power(const struct point *point, struct snmp_value *value)
{
    if (point->value.quality != QUALITY_GOOD)
        return false;
    double number = round(point->value.number * pow(10, -multiplier_of(point)));
    return snmp_integer(value, (int64_t)fmin(fmax(number, INT32_MIN), INT32_MAX));
}

static int caliber_of(const struct point *point)
{
    return point->value.quality == QUALITY_GOOD ? CALIBER_ACTUAL : CALIBER_UNAVAILABLE;
}

static int current_of(const struct point *point)
{
    return snmp_entity_is_dc(point->component) ? CURRENT_DC : CURRENT_AC;
}

SNMP_ENTITY_GET(get_power, put_power(row->thing, value))
SNMP_ENTITY_GET(get_multiplier, snmp_integer(value, multiplier_of(row->thing)))
SNMP_ENTITY_GET(get_accuracy, snmp_integer(value, ACCURACY_NOT_KNOWN))
SNMP_ENTITY_GET(get_caliber, snmp_integer(value, caliber_of(row->thing)))
SNMP_ENTITY_GET(get_current, snmp_integer(value, current_of(row->thing)))
SNMP_ENTITY_GET(get_local, snmp_integer(value, TRUTH_TRUE))

static const struct snmp_column columns[] = {
    {.number = 1, .get = get_power},    {.number = 3, .get = get_multiplier},
    {.number = 4, .get = get_accuracy}, {.number = 5, .get = get_caliber},
    {.number = 6, .get = get_current},  {.number = 7, .get = get_local},
};

static void add_rows(void *user, struct snmp_rows *rows)
{
    snmp_entity_point_rows(((const struct snmp_entity *)user)->model, rows, is_power);
}

static const struct snmp_table power_table = {
    .entry = {1, 3, 6, 1, 2, 1, 229, 1, 2, 1},
    .entry_length = 10,
    .columns = columns,
    .column_count = sizeof columns / sizeof *columns,
    .rows = add_rows,
};

/* ---- energy ---------------------------------------------------------------------------------- */

enum { MODE_TOTAL = 3, STORAGE_READ_ONLY = 5, ROW_ACTIVE = 1, MULTIPLIER_KILO = 3 };

/* What ends below two megawatts counts in watt-hours, all else in kilowatt-hours. */
static int energy_multiplier_of(const struct component *component)
{
    switch (component->kind) {
    case COMPONENT_OUTLET:
    case COMPONENT_CIRCUIT:
    case COMPONENT_OUTPUT:
    case COMPONENT_SUPPLY:
    case COMPONENT_BATTERY:
        return MULTIPLIER_UNITS;
    default:
        return MULTIPLIER_KILO;
    }
}

/* A counter of kWh. Absent while it is not good: an old one must not pass for one that stands. */
static bool put_energy(const struct component *component, enum quantity quantity,
                       struct snmp_value *value)
{
    const struct point *point = component_point(component, quantity);
    if (!point || point->value.quality != QUALITY_GOOD)
        return false;
    double number = point->value.number * pow(10, 3 - energy_multiplier_of(component));
    return snmp_unsigned(value, (uint64_t)fmin(fmax(floor(number), 0), UINT32_MAX));
}

static uint64_t sample_ms(const struct component *component)
{
    clock_us every = component->device->every;
    return every > 0 ? (uint64_t)(every / CLOCK_MS) : 0;
}

SNMP_ENTITY_GET(get_zero, snmp_integer(value, 0))
SNMP_ENTITY_GET(get_one, snmp_unsigned(value, 1))
SNMP_ENTITY_GET(get_mode, snmp_integer(value, MODE_TOTAL))
SNMP_ENTITY_GET(get_sample, snmp_unsigned(value, sample_ms(row->thing)))
SNMP_ENTITY_GET(get_storage, snmp_integer(value, STORAGE_READ_ONLY))
SNMP_ENTITY_GET(get_status, snmp_integer(value, ROW_ACTIVE))
SNMP_ENTITY_GET(get_consumed, put_energy(row->thing, QUANTITY_ENERGY, value))
SNMP_ENTITY_GET(get_provided, put_energy(row->thing, QUANTITY_ENERGY_EXPORT, value))
SNMP_ENTITY_GET(get_energy_multiplier, snmp_integer(value, energy_multiplier_of(row->thing)))
SNMP_ENTITY_GET(get_never, snmp_ticks(value, 0))

static const struct snmp_column parameter_columns[] = {
    {.number = 3, .get = get_zero},   {.number = 4, .get = get_one},
    {.number = 5, .get = get_mode},   {.number = 6, .get = get_zero},
    {.number = 7, .get = get_sample}, {.number = 8, .get = get_storage},
    {.number = 9, .get = get_status},
};

static const struct snmp_column energy_columns[] = {
    {.number = 2, .get = get_consumed},
    {.number = 3, .get = get_provided},
    {.number = 5, .get = get_energy_multiplier},
    {.number = 6, .get = get_accuracy},
    {.number = 9, .get = get_never},
};

/* Calls `say` for each component with a counter: eoEnergyParametersIndex is its entPhysicalIndex.
 */
static void each_counted(const struct snmp_model *model, struct snmp_rows *rows,
                         void (*say)(struct snmp_rows *rows, struct component *component,
                                     uint32_t index))
{
    for (const struct device *d = site_devices(model->site); d; d = d->next) {
        uint32_t device = snmp_entity_device(model, d);
        unsigned place = 0;
        for (struct component *c = d->components; c; c = c->next) {
            uint32_t index = snmp_entity_component(device, ++place);
            if (index &&
                (component_point(c, QUANTITY_ENERGY) || component_point(c, QUANTITY_ENERGY_EXPORT)))
                say(rows, c, index);
        }
    }
}

/* The object is the one of the table of power, where there is one. */
static void say_parameters(struct snmp_rows *rows, struct component *component, uint32_t index)
{
    const struct point *power = component_point(component, QUANTITY_REAL_POWER);
    uint32_t object = power ? snmp_entity_point(index, power) : 0;
    snmp_rows_add(rows, &(struct snmp_row){.index = {object ? object : index, index},
                                           .index_length = 2,
                                           .number = index,
                                           .thing = component});
}

/* Begun before sysUpTime did: 0. */
static void say_energy(struct snmp_rows *rows, struct component *component, uint32_t index)
{
    snmp_rows_add(rows,
                  &(struct snmp_row){
                      .index = {index, 0}, .index_length = 2, .number = index, .thing = component});
}

static void add_parameter_rows(void *user, struct snmp_rows *rows)
{
    each_counted(((const struct snmp_entity *)user)->model, rows, say_parameters);
}

static void add_energy_rows(void *user, struct snmp_rows *rows)
{
    each_counted(((const struct snmp_entity *)user)->model, rows, say_energy);
}

static const struct snmp_table parameter_table = {
    .entry = {1, 3, 6, 1, 2, 1, 229, 1, 4, 1},
    .entry_length = 10,
    .columns = parameter_columns,
    .column_count = sizeof parameter_columns / sizeof *parameter_columns,
    .rows = add_parameter_rows,
};

static const struct snmp_table energy_table = {
    .entry = {1, 3, 6, 1, 2, 1, 229, 1, 5, 1},
    .entry_length = 10,
    .columns = energy_columns,
    .column_count = sizeof energy_columns / sizeof *energy_columns,
    .rows = add_energy_rows,
};

/* ---- parts ----------------------------------------------------------------------------------- */

static void *make(const struct snmp_model *model, struct snmp_tree *tree)
{
    return snmp_entity_make(model, tree, &power_table);
}

const struct snmp_part snmp_energy_part = {
    .name = "ENERGY-OBJECT-MIB", .make = make, .free = snmp_entity_end};

static void *make_parameters(const struct snmp_model *model, struct snmp_tree *tree)
{
    return snmp_entity_make(model, tree, &parameter_table);
}

const struct snmp_part snmp_energy_parameters_part = {
    .name = "ENERGY-OBJECT-MIB", .make = make_parameters, .free = snmp_entity_end};

static void *make_energy(const struct snmp_model *model, struct snmp_tree *tree)
{
    return snmp_entity_make(model, tree, &energy_table);
}

const struct snmp_part snmp_energy_total_part = {
    .name = "ENERGY-OBJECT-MIB", .make = make_energy, .free = snmp_entity_end};
