/* log_settings - the `log:` table: where the program's own lines go. */
#pragma once

#include "model/setting.h"

struct log_settings {
    int64_t level, sink;
};

extern const struct setting_table log_settings_table;

/* Put them into force. */
void log_settings_apply(const struct log_settings *settings);
