/* modbus_write - what a Modbus device must be told to make a point what it shall be.
 *
 * Pure: from a profile's `write:` and a number to one request, and from the answer to whether it
 * was accepted. Nothing is remembered; the request carries all that is needed.
 */
#pragma once

#include "driver/profile.h"
#include "field/driver.h"

/* 1 and `*request`; -ENOTSUP when the profile does not say how, -ERANGE when the point cannot be
 * made this, both with a sentence. `number` is a state's, or in the quantity's unit. */
int modbus_write_encode(const struct profile_point *profile, double number,
                        struct driver_request *request, struct err *err);

/* 0 accepted; -EACCES refused, nothing changed; -EPROTO nobody knows. */
int modbus_write_check(const struct driver_request *request, const struct driver_answer *answer,
                       struct err *err);
