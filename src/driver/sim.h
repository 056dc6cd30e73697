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

/* A profile it serves. */
struct sim_entry {
    const char *name, *vendor, *model, *title, *role;
};

/* The index-th, in order of name; NULL behind the last. The driver's open() needs no library. */
const struct sim_entry *sim_entry_at(size_t index);
