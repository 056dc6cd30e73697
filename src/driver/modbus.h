/* modbus - the driver of everything that a Modbus profile describes. Its library is a struct
 * driver_library. */
#pragma once

#include "field/driver.h"

extern const struct driver modbus_driver;
