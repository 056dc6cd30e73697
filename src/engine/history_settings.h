/* history_settings - the table `history:`: whether, how often and in how much room readings are
 * recorded. Which points, and how, is said by the rules (engine/history_rules.h). Read-only.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "model/setting.h"

struct history_settings {
    bool enabled;
    int64_t every; /* us between ticks where no rule says otherwise, 1 s to 60 min */
    int64_t space; /* MB on disk, 0: up to a tenth of what is free */
};

extern const struct setting_table history_settings_table;
