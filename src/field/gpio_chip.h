/* gpio_chip - digital lines of this machine, through libgpiod.
 *
 * Outputs keep the level they have when the program starts or ends: nothing switches because busbar
 * was restarted (as far as the chip's driver leaves lines alone that nobody holds). Pins are in the
 * order in which the settings name them: outputs, inputs, pulses. Nothing here waits; loop thread
 * only. Two libraries answer to the name libgpiod: gpio_chip_v1.c stands on 1.6, gpio_chip_v2.c on
 * 2.x, and the build takes the one that is there. Tests bring a chip of their own.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"

#define GPIO_PINS_MAX 64
#define GPIO_PIN_NAME 32 /* with its end, as the kernel limits it */

enum gpio_use { GPIO_OUTPUT, GPIO_INPUT, GPIO_PULSE, GPIO_USES };

enum gpio_wiring {
    GPIO_AS_IS, /* what the board or its device tree says; outputs push and pull */
    GPIO_PULL_UP,
    GPIO_PULL_DOWN,
    GPIO_OPEN_DRAIN, /* outputs only */
    GPIO_WIRINGS
};

struct gpio_pin {
    char name[GPIO_PIN_NAME]; /* a number, or the name that the chip's driver gave the line */
    enum gpio_use use;
    enum gpio_wiring wiring;
    bool inverted;
    clock_us debounce; /* of a pulse: edges that last less are none; 0: all count */
};

/* An edge of a pulse. */
struct gpio_edge {
    clock_us at;   /* the kernel's time: good for the time between edges only */
    bool level;    /* after it, as it is on the wire */
    unsigned lost; /* edges before it that found no room */
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
    /* Readable while edges of a pulse wait; valid until close. */
    int (*edge_fd)(struct gpio_chip *chip, size_t pin);
    /* Take edges that wait: how many, 0 when there are none, or negative errno. */
    int (*edges)(struct gpio_chip *chip, size_t pin, struct gpio_edge *edges, size_t most);
    void (*free)(struct gpio_chip *chip); /* closes first */
    bool debounces;                       /* honours gpio_pin.debounce: else whoever counts must */
};

struct gpio_chip {
    const struct gpio_chip_kind *kind;
};

/* The kernel's. */
struct gpio_chip *gpio_chip_new(void);

/* "17, !27, RELAY3": a number or name each, "!" before one that is active low, ":up", ":down" or
 * ":drain" behind one that is wired so. How many were appended to `pins` (room for GPIO_PINS_MAX),
 * or -EINVAL with `err`. */
int gpio_pins_parse(const char *text, enum gpio_use use, struct gpio_pin *pins, size_t count,
                    struct err *err);

/* The line's number when its name is one, else -1: then it is looked for by name. */
long gpio_pin_number(const struct gpio_pin *pin);
