/* notify_settings - the record `notices:`: how much may wait, and how long. */
#pragma once

#include <stdint.h>

#include "model/setting.h"

struct notify_settings {
    int64_t most;       /* notices that wait, all recipients together */
    int64_t keep;       /* us */
    int64_t tell_after; /* us */
};

extern const struct setting_table notify_settings_table;
