/* report_rule - one record of `reports:`: when a status report is due, to whom and about what.
 *
 * Times are those of the site's zone: a report at a time that is skipped when the clocks go forward
 * is due at the jump, one at a time that comes twice at the first of the two; hourly ones are due
 * each hour that passes (engine/schedule_time). Read-only; loop thread only.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"
#include "model/setting.h"

#define REPORTS_MOST 32

enum report_every { REPORT_HOURLY, REPORT_DAILY, REPORT_WEEKLY, REPORT_DAYS };

struct report_settings {
    const char *label;
    bool enabled;
    const char *recipients; /* names with commas; "": all who want reports */
    int64_t every;          /* enum report_every */
    const char *at, *days;
    const char *devices; /* names with commas, "": all */
    bool energy, csv;
    int64_t csv_step;   /* us */
    int64_t csv_format; /* 0: "," and "1.5"; 1: ";" and "1,5" */
};

extern const struct setting_table report_settings_table;

/* The newest moment at or before `wall` at which it was due, the first one after it. The settings
 * have been checked. */
clock_us report_due_before(const struct report_settings *settings, clock_us wall);
clock_us report_due_after(const struct report_settings *settings, clock_us wall);

/* The next name in a list of `devices`; moves `at`. Its length, 0 at the end. */
size_t report_next_name(const char **at, const char **name);
