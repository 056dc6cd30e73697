#include "engine/notify_settings.h"

#include <stddef.h>

static const struct setting_row rows[] = {
    {.key = "most",
     .type = SETTING_INT,
     .offset = offsetof(struct notify_settings, most),
     .min = 100,
     .max = 100000,
     .initial = "50000",
     .unit = "notices",
     .right = ROLE_ADMINISTRATOR,
     .help = "How many may wait, of all recipients together; when there are more, the oldest of "
             "the least severe are given up, and that is told. One takes about 500 bytes of "
             "the disk and 24 of memory."},
    {.key = "keep",
     .type = SETTING_DURATION,
     .offset = offsetof(struct notify_settings, keep),
     .min = 3600,
     .max = 366 * 86400.0,
     .initial = "7 d",
     .right = ROLE_ADMINISTRATOR,
     .help = "What could not be delivered for so long is given up."},
    {.key = "tell_after",
     .type = SETTING_DURATION,
     .offset = offsetof(struct notify_settings, tell_after),
     .min = 0,
     .max = 86400.0,
     .initial = "5 min",
     .right = ROLE_ADMINISTRATOR,
     .help = "A recipient that cannot be reached for so long is an event (notices-delayed)."},
};

const struct setting_table notify_settings_table = {
    .name = "notices",
    .label = "Notices",
    .help = "What waits for recipients that cannot be reached.",
    .rows = rows,
    .row_count = sizeof rows / sizeof *rows,
    .record_size = sizeof(struct notify_settings),
};
