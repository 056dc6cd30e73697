/* load_settings - the records of `budgets:`: how much a circuit, a phase, a device or the site may
 * carry, and what goes off first when it carries more. Read-only.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "model/setting.h"

enum load_unit { LOAD_AMPERES, LOAD_WATTS };

struct load_settings {
    const char *label;
    const char *of; /* DEVICE/COMPONENT, or "site" */
    double limit, hysteresis;
    int64_t unit;         /* enum load_unit */
    const char *measured; /* points, comma between; "": the component's own */
    const char *members;  /* outlets; "": those that `of` feeds */
    bool refuse_unknown;
    const char *shed;   /* outlets, the first one goes first; "": nothing is switched off */
    int64_t shed_after; /* us */
};

extern const struct setting_table load_settings_table;
