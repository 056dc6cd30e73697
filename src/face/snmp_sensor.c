/* ENTITY-SENSOR-MIB (RFC 3433): every number that is measured, with its unit and whether it can be
 * believed. A value that is old, bad or absent has a status and no number. */

#include <math.h>
#include <string.h>

#include "face/snmp_entity.h"

/* EntitySensorDataType */
enum {
    TYPE_OTHER = 1,
    TYPE_VOLTS_AC = 3,
    TYPE_VOLTS_DC = 4,
    TYPE_AMPERES = 5,
    TYPE_WATTS = 6,
    TYPE_HERTZ = 7,
    TYPE_CELSIUS = 8,
    TYPE_PERCENT_RH = 9,
};

/* EntitySensorStatus */
enum { STATUS_OK = 1, STATUS_UNAVAILABLE = 2, STATUS_NONOPERATIONAL = 3 };

#define SCALE_UNITS 9 /* EntitySensorDataScale: as they are */
#define VALUE_MOST 1e9

/* By the catalogue's unit; what is not here is other(1) and says its unit in words. */
static const struct {
    const char *unit;
    int type;
} types[] = {
    {"V", TYPE_VOLTS_AC}, {"A", TYPE_AMPERES},  {"W", TYPE_WATTS},
    {"Hz", TYPE_HERTZ},   {"°C", TYPE_CELSIUS},
};

static int type_of(const struct point *point)
{
    const char *unit = quantity_row(point->quantity)->unit;
    if (point->quantity == QUANTITY_HUMIDITY)
        return TYPE_PERCENT_RH;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        if (strcmp(unit, types[i].unit) == 0) {
            bool dc = types[i].type == TYPE_VOLTS_AC && snmp_entity_is_dc(point->component);
            return dc ? TYPE_VOLTS_DC : types[i].type;
        }
    }
    return TYPE_OTHER;
}

/* Decimals that never change, so that nobody divides a value by the scale of another moment. A
 * counter has one, so that it ends at a hundred million. */
static int precision_of(const struct point *point)
{
    const struct quantity_row *row = quantity_row(point->quantity);
    if (row->kind == QUANTITY_KIND_COUNTER && row->decimals > 1)
        return 1;
    return row->decimals;
}

static int status_of(const struct point *point)
{
    static const int statuses[] = {
        [QUALITY_ABSENT] = STATUS_UNAVAILABLE,
        [QUALITY_GOOD] = STATUS_OK,
        [QUALITY_STALE] = STATUS_UNAVAILABLE,
        [QUALITY_BAD] = STATUS_NONOPERATIONAL,
    };
    return statuses[point->value.quality];
}

/* RFC 3433 EntitySensorValue: held to a thousand millions on both sides. */
static bool put_value(const struct point *point, struct snmp_value *value)
{
    if (status_of(point) != STATUS_OK)
        return false;
    double number = round(point->value.number * pow(10, precision_of(point)));
    return snmp_integer(value, (int64_t)fmin(fmax(number, -VALUE_MOST), VALUE_MOST));
}

static const char *unit_of(const struct point *point)
{
    const struct quantity_row *row = quantity_row(point->quantity);
    return row->kind == QUANTITY_KIND_STATE ? "state" : row->unit;
}

/* sysUpTime when it was read; 0: before the agent was there, or never. */
static clock_us uptime_of(const struct point *point, const struct snmp_model *model)
{
    return point->value.mono > model->started ? point->value.mono - model->started : 0;
}

SNMP_ENTITY_GET(get_type, snmp_integer(value, type_of(row->thing)))
SNMP_ENTITY_GET(get_scale, snmp_integer(value, SCALE_UNITS))
SNMP_ENTITY_GET(get_precision, snmp_integer(value, precision_of(row->thing)))
SNMP_ENTITY_GET(get_value, put_value(row->thing, value))
SNMP_ENTITY_GET(get_status, snmp_integer(value, status_of(row->thing)))
SNMP_ENTITY_GET(get_unit, snmp_text(value, unit_of(row->thing)))
SNMP_ENTITY_GET(get_time, snmp_ticks(value, uptime_of(row->thing, model)))
SNMP_ENTITY_GET(
    get_rate,
    snmp_unsigned(value, (uint64_t)(((const struct point *)row->thing)->component->device->every /
                                    CLOCK_MS)))

static const struct snmp_column columns[] = {
    {.number = 1, .get = get_type},      {.number = 2, .get = get_scale},
    {.number = 3, .get = get_precision}, {.number = 4, .get = get_value},
    {.number = 5, .get = get_status},    {.number = 6, .get = get_unit},
    {.number = 7, .get = get_time},      {.number = 8, .get = get_rate},
};

static void add_rows(void *user, struct snmp_rows *rows)
{
    snmp_entity_point_rows(((const struct snmp_entity *)user)->model, rows, NULL);
}

static const struct snmp_table sensor_table = {
    .entry = {1, 3, 6, 1, 2, 1, 99, 1, 1, 1},
    .entry_length = 10,
    .columns = columns,
    .column_count = sizeof columns / sizeof *columns,
    .rows = add_rows,
};

static void *make(const struct snmp_model *model, struct snmp_tree *tree)
{
    return snmp_entity_make(model, tree, &sensor_table);
}

const struct snmp_part snmp_sensor_part = {
    .name = "ENTITY-SENSOR-MIB", .make = make, .free = snmp_entity_end};
