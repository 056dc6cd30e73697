/* live_alarms - what becomes of alarms, on the live streams: event `alarm`.
 *
 * A change is sent in the turn in which it came. A storm is gathered: after a burst of
 * LIVE_ALARMS_BURST events at most one more goes out each LIVE_ALARMS_GAP, with each alarm that
 * changed meanwhile once, as it is then; of more than LIVE_ALARMS_MOST it is said that there are
 * more. So it is, within a second, when alarms come or go with their rules or devices. Owned by the
 * web face; loop thread only.
 */
#pragma once

#include "engine/alarm.h"
#include "face/live.h"

struct live_alarms;

#define LIVE_ALARMS_BURST 20
#define LIVE_ALARMS_GAP (100 * CLOCK_MS)
#define LIVE_ALARMS_MOST 64

/* All are borrowed. NULL without memory. */
struct live_alarms *live_alarms_new(struct loop *loop, struct alarms *alarms, struct live *live);
struct live_alarms *live_alarms_free(struct live_alarms *live_alarms);
