/* demand_settings - the records of `demand:`: of which points averages over a window, peaks or
 * extremes are kept where the meter has none. Read-only.
 */
#pragma once

#include "model/setting.h"
#include "model/config.h"

#define DEMAND_PARTS_MOST 60

enum demand_kind { DEMAND_BLOCK, DEMAND_SLIDING, DEMAND_EXTREMES };

/* "block", "sliding", "extremes" */
const char *demand_kind_name(enum demand_kind kind);

struct demand_settings {
    const char *points;
    int64_t kind;   /* enum demand_kind */
    int64_t window; /* us */
};

extern const struct setting_table demand_settings_table;

/* Whether a record's list of patterns names the point. */
bool demand_settings_names(const struct demand_settings *settings, const char *path);

/* How many parts a window is made of: each ends an average. */
size_t demand_settings_parts(const struct demand_settings *settings);
