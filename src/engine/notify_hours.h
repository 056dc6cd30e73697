/* notify_hours - when a recipient is on duty, and when it wants its quiet.
 *
 * `business_hours:` is one record for all recipients: what happens outside of a recipient's hours
 * is not for it. Quiet times only put off: what comes then is sent at their end, together. Days and
 * times are local ones; what daylight saving does to them is schedule_time's affair. Loop thread
 * only.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/clock.h"
#include "base/err.h"
#include "engine/notify_recipient.h"
#include "engine/schedule_time.h"

struct business_hours {
    const char *days, *from, *to;
};

extern const struct setting_table business_hours_table;

#define NOTIFY_SPANS_MOST 16

/* "22:00-06:00; sat-sun 00:00-24:00" -> spans: how many, or -EINVAL or -E2BIG and a sentence. */
int notify_hours_parse(const char *text, struct schedule_hours spans[NOTIFY_SPANS_MOST],
                       struct err *err);

/* Whether what happens at `wall` is for this recipient at all; while the time is not known (0) all
 * is. */
bool notify_hours_on_duty(const struct recipient *recipient, const struct business_hours *hours,
                          clock_us wall);

/* When the quiet time ends in which `wall` lies, 0 when it lies in none. */
clock_us notify_hours_quiet(const struct recipient *recipient, clock_us wall);
