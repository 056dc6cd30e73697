/* notify_tell - makes notices of what happens: alarms, the start, and what the event log hears of.
 *
 * Listens to the alarm engine and to the event log, so nobody else has to think of recipients.
 * Refused sign-ins are gathered: the first is told at once, what follows within a quarter of an
 * hour as one. Owned by the daemon; loop thread only.
 */
#pragma once

#include "base/loop.h"
#include "engine/alarm.h"
#include "engine/event_log.h"
#include "engine/notify.h"

struct notify_tell;

struct notify_tell_context {
    struct loop *loop;
    struct notify *notify;
    struct event_log *events;
    struct alarms *alarms;
};

struct notify_tell *notify_tell_new(const struct notify_tell_context *context);
struct notify_tell *notify_tell_free(struct notify_tell *tell);

/* Tell that the program has started: `before` tells how the run before ended, `up` how long the
 * machine has been running. */
void notify_tell_start(struct notify_tell *tell, const char *version,
                       const struct event_log_status *before, clock_us up);
