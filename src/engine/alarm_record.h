/* alarm_record - history records a point at once when an alarm there begins or ends.
 *
 * Which points do is said by `on_alarm` of history_rules. All that happens in one turn of the loop
 * becomes one row. Owned by the daemon; loop thread only.
 */
#pragma once

#include "base/loop.h"

struct alarms;
struct alarm_record;
struct history;

/* All borrowed. */
struct alarm_record *alarm_record_new(struct loop *loop, struct alarms *alarms,
                                      struct history *history);

/* Accepts NULL, returns NULL. */
struct alarm_record *alarm_record_free(struct alarm_record *record);
