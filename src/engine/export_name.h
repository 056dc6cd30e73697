/* export_name - when a file of the export folder begins and ends, and what it is called.
 *
 * Periods follow the site's clock: a day is from midnight to midnight, 23 or 25 hours when clocks
 * change; a week begins on Monday (ISO 8601). Names carry the date of the begin:
 * DEVICE_2026-11-21.csv, then DEVICE_2026-11-21_2.csv when one file would grow too large. Pure, but
 * for the process's time zone (base/time_text).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/clock.h"
#include "model/limits.h"

enum export_period { EXPORT_DAY, EXPORT_WEEK, EXPORT_MONTH };

/* First moment of the period that holds `wall`, and of the one after it. */
clock_us export_period_begin(enum export_period period, clock_us wall);
clock_us export_period_end(enum export_period period, clock_us wall);

#define EXPORT_NAME_SIZE (LIMIT_NAME + 24)
#define EXPORT_PARTS_MOST 9999

struct export_name {
    char device[LIMIT_NAME + 1];
    char date[11]; /* "2026-11-21" */
    unsigned part; /* 1 to EXPORT_PARTS_MOST */
};

struct export_name export_name_of(const char *device, clock_us begin, unsigned part);

/* `text` holds at least EXPORT_NAME_SIZE bytes. */
void export_name_format(const struct export_name *name, char *text);

/* False for anything that export_name_format would not have written: other files, other folders. */
bool export_name_parse(const char *text, struct export_name *name);

/* Order by date, then device, then part: the oldest first. As strcmp. */
int export_name_compare(const struct export_name *a, const struct export_name *b);
