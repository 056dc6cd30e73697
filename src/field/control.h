/* control - makes a point of a device what somebody decided it shall be, and reads it back.
 *
 * The only way to write to a device. A control goes before all polling of its line, is sent once
 * and never repeated blindly: when its answer is lost, nobody knows, the result says so, and the
 * point is read back. Reading back is an ordinary reading: it goes through the model like any
 * other, so everybody sees what the hardware says, not what was wished. Decides nothing; the
 * switcher does. field_apply() ends what is under way on lines and devices that change,
 * field_free() all of it. Loop thread only.
 */
#pragma once

#include "base/err.h"
#include "field/field.h"

enum control_result {
    CONTROL_ACCEPTED, /* the device said yes: not proof that it did it */
    CONTROL_REFUSED,  /* the device said no: nothing changed; the error says what it said */
    CONTROL_UNSURE,   /* sent, and no proper answer: it may or may not have been done */
    CONTROL_NOT_SENT, /* the line is down: nothing was sent */
};

struct control; /* one under way */

/* Write `number` to `point`; `done` runs once, never from inside this call. NULL and `err` when it
 * can not be written at all (no such point, a driver that only reads, out of range). */
struct control *control_start(struct field *field, point_id point, double number,
                              void (*done)(void *user, enum control_result result,
                                           const struct err *err),
                              void *user, struct err *err);

/* `done` will not be called. What was not sent is not sent any more: true; false when it may have
 * been. */
bool control_cancel(struct control *control);

/* Whether it can be written: its driver has encode() and the profile says how. */
bool control_possible(const struct field *field, point_id point);

/* Read the point now, before all polling. `done` (may be NULL) runs when the answer has been
 * decoded
 * (`answered`), or was given up. False when it cannot be asked. */
bool control_read(struct field *field, point_id point, void (*done)(void *user, bool answered),
                  void *user);
