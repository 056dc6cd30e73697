/* gpio_board - what field/transport_gpio.c and driver/gpio.c say to each other about the digital
 * lines of this machine: Modbus, with what the standard leaves open laid down here. */
#pragma once

#include <stdint.h>

#define GPIO_BOARD_DESCRIBE 65 /* function: how many outputs, inputs, pulses; a byte each */

/* Input registers of a pulse: its count (uint64), pulses a minute (float64, NaN: not known). */
#define GPIO_BOARD_PULSE 8
#define GPIO_BOARD_PULSES_AT_ONCE 15 /* in the 125 registers of an answer */
#define GPIO_BOARD_UNKNOWN UINT64_MAX
