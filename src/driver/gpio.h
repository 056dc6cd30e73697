/* gpio - the driver of digital lines of this machine: outputs are outlets, inputs are
 * inputs, pulses are counts.
 *
 * Stands on a line of kind `gpio`, whose settings name the lines; what it answers is what
 * wire/gpio_board.h says. How many there are is found out by asking, so the points come
 * from identify().
 */
#pragma once

#include "field/driver.h"

extern const struct driver gpio_driver;
