/* sim - the driver of devices that do not exist: for the demo, for trying pages and faces, for load
 * tests.
 *
 * Stands on a line of kind `sim`, which answers every request at once with nothing; decode() then
 * works out what such a device would say at that moment. Nearly all of it is a function of time
 * alone (sim_load), so that a restart of the daemon continues curves and counters where they were.
 */
#pragma once

#include <stddef.h>

#include "field/driver.h"

extern const struct driver sim_driver;

/* What the outlets of a simulated board may do wrong, for tests. */
enum sim_fault {
    SIM_FAULT_NONE,
    SIM_FAULT_IGNORES,    /* accepts a command and does nothing */
    SIM_FAULT_LATE,       /* obeys after `seconds` */
    SIM_FAULT_POWER_LOSS, /* now: all outlets open and forget what they were told; lasts no longer
                           */
};

/* `outlet` counts from 1; 0 is all of them. Nothing for a device without outlets. */
void sim_fault(struct driver_device *state, int outlet, enum sim_fault fault, double seconds);

/* A profile it serves. */
struct sim_entry {
    const char *name, *vendor, *model, *title, *role;
};

/* The index-th, in order of name; NULL behind the last. The driver's open() needs no library. */
const struct sim_entry *sim_entry_at(size_t index);
