#include "engine/history_settings.h"

static const struct setting_row rows[] = {
    {.key = "enabled",
     .type = SETTING_BOOL,
     .offset = offsetof(struct history_settings, enabled),
     .initial = "true",
     .right = ROLE_ADMINISTRATOR,
     .help = "Record the readings of all points."},
    {.key = "every",
     .type = SETTING_DURATION,
     .offset = offsetof(struct history_settings, every),
     .min = 1,
     .max = 3600,
     .initial = "1 min",
     .right = ROLE_ADMINISTRATOR,
     .help = "Time between two recorded readings where no history rule says otherwise; shorter "
             "shows more and fills the disk sooner."},
    {.key = "space",
     .type = SETTING_INT,
     .offset = offsetof(struct history_settings, space),
     .unit = "MB",
     .min = 0,
     .max = 100000000,
     .initial = "0",
     .right = ROLE_ADMINISTRATOR,
     .help = "Room on disk for the history; 0 is up to a tenth of what is free. When it is used up "
             "the oldest readings go first, but never the totals of counters."},
};

const struct setting_table history_settings_table = {
    .name = "history",
    .label = "History",
    .help = "What is recorded for graphs, reports and CSV files.",
    .rows = rows,
    .row_count = sizeof rows / sizeof *rows,
    .record_size = sizeof(struct history_settings),
};
