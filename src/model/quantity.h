/* quantity - the catalogue: what a number means.
 *
 * One row per quantity in quantity.def; names, units, labels and the words of other ecosystems are
 * looked up here and computed into every face. Read-only, usable from any thread.
 */
#pragma once

#include <stddef.h>

enum quantity_kind {
    QUANTITY_KIND_GAUGE,
    QUANTITY_KIND_COUNTER,
    QUANTITY_KIND_STATE,
    QUANTITY_KIND_TEXT
};

/* The enumerator's value is the permanent number of the row. */
enum quantity {
    QUANTITY_NONE = 0,
#define QUANTITY(number, identifier, name, kind, unit, decimals, low, high, label, metric,         \
                 metric_unit, factor, ha_class, redfish, nut)                                      \
    QUANTITY_##identifier = number,
#include "model/quantity.def"
#undef QUANTITY
};

struct quantity_row {
    enum quantity number;
    const char *name;
    enum quantity_kind kind;
    const char *unit;
    int decimals;
    double low, high;
    const char *label;
    const char *metric, *metric_unit;
    double metric_factor;
    const char *ha_class, *redfish, *nut;
};

/* The row of a quantity that exists (asserted). */
const struct quantity_row *quantity_row(enum quantity quantity);

/* By name; QUANTITY_NONE when there is none. Walks the catalogue: for start-up, not for each value.
 */
enum quantity quantity_find(const char *name);

/* A number that was stored, perhaps by a newer program: QUANTITY_NONE when it is none of ours. One
 * step. */
enum quantity quantity_of_number(long long number);

/* All rows, in order of number. */
const struct quantity_row *quantity_rows(size_t *count);

/* "gauge", "counter", "state", "text" */
const char *quantity_kind_name(enum quantity_kind kind);
