/* alarm_hours - the record `active_hours:`, the master schedule of alarms.
 *
 * While it is enabled and outside its hours nothing is raised, told, driven or written down because
 * of an alarm; what clears does so at any hour. Times are those of the site's zone; what daylight
 * saving does to them is said in schedule_time. Constant functions, loop thread.
 */
#pragma once

#include <stdbool.h>

#include "engine/schedule_time.h"
#include "base/clock.h"
#include "model/setting.h"

struct active_hours_settings {
    bool enabled;
    const char *days, *from, *to;
};

extern const struct setting_table active_hours_table;

struct active_hours {
    bool enabled;
    struct schedule_hours span;
};

/* What the settings, which have been checked, say. */
struct active_hours active_hours_parse(const struct active_hours_settings *settings);

/* Whether alarms count at this wall time (0, it is not known: they do), and in `until` when that
 * changes next; CLOCK_NEVER when it does not. */
bool active_hours_at(const struct active_hours *hours, clock_us wall, clock_us *until);
