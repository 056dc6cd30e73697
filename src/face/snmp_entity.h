/* snmp_entity - ENTITY-MIB (RFC 6933): the site as a tree of physical things, and their numbers.
 *
 * Below busbar itself (1) hang the devices, below these their components, below these the points
 * that are sensors. The number of a thing is made of the permanent number of its device, the place
 * of the component in the device and the number of the quantity; it stays as long as the device's
 * profile does. ENTITY-SENSOR-MIB and ENERGY-OBJECT-MIB have the same rows. Loop thread only.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "face/snmp_part.h"
#include "face/snmp_table.h"
#include "model/site.h"

extern const struct snmp_part snmp_entity_part, snmp_sensor_part, snmp_energy_part,
    snmp_energy_parameters_part, snmp_energy_total_part;

#define SNMP_ENTITY_SELF 1

/* entPhysicalIndex; 0 for what has none: devices beyond 16,383, components of one device beyond
 * 511, single harmonics, texts. `place` counts components from 1. */
uint32_t snmp_entity_device(const struct snmp_model *model, const struct device *device);
uint32_t snmp_entity_component(uint32_t device, unsigned place);
uint32_t snmp_entity_point(uint32_t component, const struct point *point);

/* Says a row for each point that `want` lets through (NULL: all that have a number): index and
 * `thing` are the point's. */
void snmp_entity_point_rows(const struct snmp_model *model, struct snmp_rows *rows,
                            bool (*want)(const struct point *point));

/* Whether voltage and current there are direct ones. */
bool snmp_entity_is_dc(const struct component *component);

/* What these parts are: one table each, over the same rows. */
struct snmp_entity {
    const struct snmp_model *model;
    struct snmp_table table;
};

/* A part of one table, copied from `table`: entry, columns and rows; the rest is filled in. */
void *snmp_entity_make(const struct snmp_model *model, struct snmp_tree *tree,
                       const struct snmp_table *table);
void snmp_entity_end(void *part, struct snmp_tree *tree);

/* A column's function: `user` is a struct snmp_entity, `entity`, `model`, `row`, `ask` and `value`
 * can be used in `result`. */
#define SNMP_ENTITY_GET(function, result)                                                          \
    static bool function(void *user, const struct snmp_row *row, const struct snmp_ask *ask,       \
                         struct snmp_value *value)                                                 \
    {                                                                                              \
        const struct snmp_model *model = ((const struct snmp_entity *)user)->model;                \
        (void)model;                                                                               \
        (void)row;                                                                                 \
        (void)ask;                                                                                 \
        return result;                                                                             \
    }
