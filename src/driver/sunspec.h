/* sunspec - the driver of devices that describe themselves: the chain of SunSpec models.
 *
 * identify() looks for the marker "SunS" at the three places where the specification allows it,
 * walks the chain and makes the points of the models that are known; others are skipped by their
 * length. Reading is modbus_poll's: a scale factor is a register like any other and read again with
 * its points. Its library is a struct driver_library.
 */
#pragma once

#include "field/driver.h"

extern const struct driver sunspec_driver;
