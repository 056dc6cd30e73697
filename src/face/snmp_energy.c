/* ENERGY-OBJECT-MIB (RFC 7460), the table of power: each thing whose real power is measured. Power
 * states and the table of energy stay away: the first is for equipment that manages itself, the
 * second keeps intervals that a manager sets up, which our counters are not. */

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

static void *make(const struct snmp_model *model, struct snmp_tree *tree)
{
    return snmp_entity_make(model, tree, &power_table);
}

const struct snmp_part snmp_energy_part = {
    .name = "ENERGY-OBJECT-MIB", .make = make, .free = snmp_entity_end};
