/* modbus_bus - what a slave hears on a serial line: questions, its own and those to its neighbours.
 *
 * Only a frame that begins where the one before ended, or behind a silence, is taken, so that
 * nothing inside another unit's answer is ever mistaken for a question to us. After damage only
 * silence helps; there one or two stray bytes, which a driver that is switched late leaves in
 * front, are forgiven. Pure: no I/O, no allocation, no state; any thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/modbus_rtu.h"

#define MODBUS_BUS_STRAY 2 /* bytes in front of a frame */

enum modbus_bus_event {
    MODBUS_BUS_MORE,    /* read on */
    MODBUS_BUS_REQUEST, /* `frame` is a whole question, to whichever unit */
    MODBUS_BUS_OTHER,   /* the answer of the unit that was asked */
    MODBUS_BUS_LOST,    /* no frame begins here: listen again after a silence */
};

/* The question to another unit that was heard last; `function` 0: none. */
struct modbus_bus_asked {
    uint8_t unit, function;
};

struct modbus_bus_heard {
    enum modbus_bus_event event;
    size_t drop; /* bytes to take off the front */
    struct modbus_rtu_frame frame;
};

/* What `bytes` hold; the first of them begins a frame. `quiet`: nothing has come since for so long
 * that this is all. */
struct modbus_bus_heard modbus_bus_next(const struct modbus_bus_asked *asked, bool quiet,
                                        const uint8_t *bytes, size_t length);
