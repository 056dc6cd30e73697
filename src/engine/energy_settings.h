/* energy_settings - the records of `energy:`: meters whose use is added up, or taken off, under one
 * name. Read-only.
 */
#pragma once

#include "engine/tariff.h"

#define ENERGY_GROUPS_MOST 256

struct energy_settings {
    const char *label, *members;
    int64_t medium; /* enum energy_medium */
};

extern const struct setting_table energy_settings_table;

/* The next member of a list: "meter-1" or, with `minus`, "-meter-1"; NULL at the end. */
const char *energy_member_next(const char **at, size_t *length, bool *minus);
