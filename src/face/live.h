/* live - GET /live: changes as server-sent events, to many streams for the price of few.
 *
 * One subscription to the site's feed; streams with the same question share a channel. A stream
 * that has nothing to say is suspended and costs a few hundred bytes. Owned by the web face; loop
 * thread only.
 */
#pragma once

#include "face/point_json.h"
#include "face/point_select.h"
#include "face/request.h"

#define LIVE_HEARTBEAT_S 15

struct live;

struct live *live_new(struct loop *loop, struct site *site, struct point_json *points,
                      struct access *access);

/* Every stream must have ended. Accepts NULL. */
struct live *live_free(struct live *live);

/* Answer `request` with a stream, or with 503 when there are too many. */
void live_open(struct live *live, struct request *request, const struct point_select *select,
               enum time_form form, clock_us interval, const char *last_id);

/* Tell all streams that there are events up to the id `last`. What they say is not told: not
 * everybody may read it. */
void live_events(struct live *live, uint64_t last);

/* Tell all streams an event that is the same for everybody who may listen; `data` is JSON. */
void live_say(struct live *live, const char *name, const char *data, size_t length);

/* End all streams; they are gone once the servers have run. New ones are refused. */
void live_end(struct live *live);

/* Pause between two deliveries while `streams` listen: none for a few, so that a change is seen at
 * once; growing with their number, so that many cost a bounded share of one core. */
clock_us live_gap(size_t streams);
