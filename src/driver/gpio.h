/* gpio - the driver of digital lines of this machine: outputs are outlets, inputs are inputs.
 *
 * Stands on a line of kind `gpio`, whose settings name the lines; what it answers is what
 * src/field/transport_gpio.c says. How many there are is found out by asking, so the points come
 * from identify().
 */
#pragma once

#include "field/driver.h"

extern const struct driver gpio_driver;
