#include <errno.h>

#include "engine/export.h"
#include "engine/history_csv.h"

static const char *const periods[] = {"day", "week", "month", NULL};
static const char *const formats[] = {"international", "continental", NULL};

#define FIELD(name) offsetof(struct export_settings, name)

static const struct setting_row rows[] = {
    {.key = "enabled",
     .type = SETTING_BOOL,
     .offset = FIELD(enabled),
     .initial = "false",
     .right = ROLE_ADMINISTRATOR,
     .help = "Keep the past as CSV files in the folder `export`: one for each device and period."},
    {.key = "period",
     .type = SETTING_CHOICE,
     .offset = FIELD(period),
     .choices = periods,
     .initial = "day",
     .right = ROLE_ADMINISTRATOR,
     .help = "The time that one file is about; a week begins on Monday."},
    {.key = "step",
     .type = SETTING_DURATION,
     .offset = FIELD(step),
     .min = 10,
     .max = 3600,
     .initial = "15 min",
     .right = ROLE_ADMINISTRATOR,
     .help = "Time from one row to the next; an hour must be a whole number of them."},
    {.key = "format",
     .type = SETTING_CHOICE,
     .offset = FIELD(format),
     .choices = formats,
     .initial = "international",
     .right = ROLE_ADMINISTRATOR,
     .help = "What spreadsheets expect where you are: international has \",\" between cells and "
             "\"1.5\", continental has \";\" and \"1,5\"."},
    {.key = "columns",
     .type = SETTING_TEXT,
     .offset = FIELD(columns),
     .max = 40,
     .initial = "avg,min,max",
     .right = ROLE_ADMINISTRATOR,
     .help = "Columns of each point that is no counter, some of: min, avg, max, last, count."},
    {.key = "counter_columns",
     .type = SETTING_TEXT,
     .offset = FIELD(counter_columns),
     .max = 40,
     .initial = "last,delta",
     .right = ROLE_ADMINISTRATOR,
     .help = "Columns of each counter, some of: last, delta, min, avg, max, count. Delta is what "
             "was added since the row before."},
    {.key = "quota",
     .type = SETTING_INT,
     .offset = FIELD(quota_mb),
     .unit = "MB",
     .min = 10,
     .max = 1000000,
     .initial = "200",
     .right = ROLE_ADMINISTRATOR,
     .help = "Room for all files together; the oldest go when it is full."},
    {.key = "refresh",
     .type = SETTING_DURATION,
     .offset = FIELD(refresh),
     .min = 60,
     .max = 86400,
     .initial = "1 h",
     .right = ROLE_ADMINISTRATOR,
     .help = "How often the files of the running period are brought up to date."},
};

static int check(const struct config *config, const void *record, const char **key, struct err *err)
{
    (void)config;
    const struct export_settings *settings = record;
    unsigned columns;
    *key = "columns";
    if (history_csv_parse_columns(settings->columns, &columns, err) < 0)
        return err->code;
    *key = "counter_columns";
    if (history_csv_parse_columns(settings->counter_columns, &columns, err) < 0)
        return err->code;
    *key = "step";
    if (settings->step % CLOCK_S != 0 || 3600 * CLOCK_S % settings->step != 0)
        return err_set(err, -EINVAL,
                       "an hour must be a whole number of steps, as with 1 min, 15 min or 1 h");
    return 0;
}

const struct setting_table export_settings_table = {
    .name = "export",
    .label = "Export",
    .help = "The past as CSV files, for spreadsheets, network drives and FTP.",
    .rows = rows,
    .row_count = sizeof rows / sizeof *rows,
    .record_size = sizeof(struct export_settings),
    .check = check,
};
