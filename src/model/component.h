/* component - the parts of a device: unit total, phases, line pairs, outlets, battery, ...
 *
 * A component's name is its kind plus, for some kinds, a letter or a number: `total`, `phase-b`,
 * `line-ca`, `outlet-3`. One table knows all kinds. Read-only.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum component_kind {
    COMPONENT_TOTAL,
    COMPONENT_PHASE, /* number 1..3 = a, b, c */
    COMPONENT_LINE,  /* number 1..3 = ab, bc, ca */
    COMPONENT_NEUTRAL,
    COMPONENT_CIRCUIT, /* numbered from here on down to SENSOR */
    COMPONENT_OUTLET,
    COMPONENT_GROUP,
    COMPONENT_INPUT,
    COMPONENT_OUTPUT,
    COMPONENT_PULSE,
    COMPONENT_SENSOR,
    COMPONENT_SUPPLY,
    COMPONENT_BATTERY,
    COMPONENT_MAINS,
    COMPONENT_KINDS
};

#define COMPONENT_NAME_MAX 24
#define COMPONENT_NUMBER_MAX 999

/* Parse a name; false when it is none. `number` is 0 for kinds without one. */
bool component_parse(const char *name, size_t length, enum component_kind *kind, int *number);

/* Write the name into `name` (COMPONENT_NAME_MAX bytes). */
void component_format(enum component_kind kind, int number, char *name);

/* "outlet", "phase", ... and "Outlet 3", "Phase B" for people (`label` at least 32 bytes). */
const char *component_kind_name(enum component_kind kind);
void component_label(enum component_kind kind, int number, char *label, size_t size);

/* The valid form nearest to a mistyped name, for messages. */
const char *component_nearest(const char *name);
