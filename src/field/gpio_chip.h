/* gpio_chip - digital lines of this machine: the kernel's GPIO character device (linux/gpio.h, v2).
 *
 * Outputs keep the level they have when the program starts or ends: nothing switches because busbar
 * was restarted (as far as the chip's driver leaves lines alone that nobody holds). Pins are in the
 * order in which the settings name them, outputs before inputs. The ioctls do not wait; loop thread
 * only. Tests bring a chip of their own.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define GPIO_PINS_MAX 64
#define GPIO_PIN_NAME 32 /* with its end, as in linux/gpio.h */

struct gpio_pin {
    char name[GPIO_PIN_NAME]; /* a number, or the name that the chip's driver gave the line */
    bool output, inverted;
};

struct gpio_chip;

struct gpio_chip_kind {
    /* Take all pins; negative errno and `err`. */
    int (*open)(struct gpio_chip *chip, const char *path, const struct gpio_pin *pins, size_t count,
                struct err *err);
    void (*close)(struct gpio_chip *chip); /* idempotent */
    /* Levels as they are on the wire, a bit for each pin. */
    int (*get)(struct gpio_chip *chip, uint64_t *levels);
    int (*set)(struct gpio_chip *chip, size_t pin, bool level);
    void (*free)(struct gpio_chip *chip); /* closes first */
};

struct gpio_chip {
    const struct gpio_chip_kind *kind;
};

struct gpio_chip *gpio_chip_new(void);

/* "17, !27, RELAY3": a number or name each, "!" before one that is active low. How many were
 * appended to `pins` (room for GPIO_PINS_MAX), or -EINVAL with `err`. */
int gpio_pins_parse(const char *text, bool output, struct gpio_pin *pins, size_t count,
                    struct err *err);
