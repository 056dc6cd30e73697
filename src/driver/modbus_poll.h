/* modbus_poll - reads the points of one unit in few requests.
 *
 * A cell is a register place that some point needs: its own number, a sign, a scale. Each round the
 * cells that are due are joined into reads by bank, address, gap and limits, and a point is decoded
 * when the last of its cells has arrived in this round. A read that the device refuses is split
 * until the refusal is pinned to a single cell; its points become absent and the rest goes on. What
 * was learnt holds until modbus_poll_reset.
 *
 * Some devices do not refuse a register that they lack, they keep silent about the whole read. A
 * read that gets no answer while others do is asked last, on its own, and split over the rounds in
 * the same way, at the price of one time-out a round at most (modbus_silence.c).
 *
 * Owned by a driver's device; after modbus_poll_seal nothing is allocated. Loop thread only.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "driver/profile.h"
#include "field/driver.h"
#include "model/site.h"

struct modbus_poll;

struct modbus_poll *modbus_poll_new(const struct profile_limits *limits);
struct modbus_poll *modbus_poll_free(struct modbus_poll *poll); /* accepts NULL, returns NULL */

/* Read `point` as `profile` says; both are borrowed and must outlive the poll. */
void modbus_poll_add(struct modbus_poll *poll, const struct profile_point *profile,
                     struct point *point);

/* No more points come: work out the cells. */
void modbus_poll_seal(struct modbus_poll *poll);

/* The unit came (back) online: forget which registers it refused. */
void modbus_poll_reset(struct modbus_poll *poll);

/* As in struct driver. */
void modbus_poll_round(struct modbus_poll *poll, unsigned round);
bool modbus_poll_plan(struct modbus_poll *poll, struct driver_request *request);
int modbus_poll_decode(struct modbus_poll *poll, const struct driver_request *request,
                       const struct driver_answer *answer);

/* As in struct driver; `request` is the one planned last. */
bool modbus_poll_unanswered(struct modbus_poll *poll, const struct driver_answer *answer,
                            clock_us waited);

/* ---- beside the rounds ----------------------------------------------------------------------- */

/* How the point is read and written; NULL when it is none of this unit's. */
const struct profile_point *modbus_poll_profile(const struct modbus_poll *poll,
                                                const struct point *point);

/* The read whose answer modbus_poll_decode() turns into a fresh reading of the point, whatever
 * round is under way; false when the point needs more than its own register. */
bool modbus_poll_read_back(struct modbus_poll *poll, const struct point *point,
                           struct driver_request *request);

/* A read of `count` registers or bits as a request. */
void modbus_poll_request(struct driver_request *request, enum profile_bank bank, uint16_t address,
                         uint16_t count);
