#include "field/gpio_chip.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char *const wirings[GPIO_WIRINGS] = {"", ":up", ":down", ":drain"};

/* Cuts a known ending off; a name of the chip may have colons, too. */
static enum gpio_wiring take_wiring(const char *word, size_t *length)
{
    for (int i = GPIO_PULL_UP; i < GPIO_WIRINGS; i++) {
        size_t ending = strlen(wirings[i]);
        if (*length > ending && memcmp(word + *length - ending, wirings[i], ending) == 0) {
            *length -= ending;
            return (enum gpio_wiring)i;
        }
    }
    return GPIO_AS_IS;
}

static int add_pin(const char *word, size_t length, enum gpio_use use, struct gpio_pin *pins,
                   size_t count, struct err *err)
{
    struct gpio_pin pin = {.use = use, .inverted = *word == '!'};
    word += pin.inverted;
    length -= pin.inverted;
    pin.wiring = take_wiring(word, &length);
    if (!length || length >= sizeof pin.name)
        return err_set(err, -EINVAL,
                       "\"%.*s\" is no number or name of a line, such as 17 or !RELAY3",
                       (int)(length > 40 ? 40 : length), word);
    memcpy(pin.name, word, length);
    if (pin.wiring != GPIO_AS_IS && (pin.wiring == GPIO_OPEN_DRAIN) != (use == GPIO_OUTPUT))
        return err_set(err, -EINVAL,
                       "%s%s: an output can be wired :drain, an input or pulse :up or :down",
                       pin.name, wirings[pin.wiring]);
    if (count == GPIO_PINS_MAX)
        return err_set(err, -EINVAL, "more than %d lines", GPIO_PINS_MAX);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(pins[i].name, pin.name) == 0)
            return err_set(err, -EINVAL, "the line %s is named twice", pin.name);
    }
    pins[count] = pin;
    return 0;
}

int gpio_pins_parse(const char *text, enum gpio_use use, struct gpio_pin *pins, size_t count,
                    struct err *err)
{
    size_t before = count;
    while (*(text += strspn(text, " ,"))) {
        size_t length = strcspn(text, " ,");
        if (add_pin(text, length, use, pins, count, err) < 0)
            return -EINVAL;
        count++;
        text += length;
    }
    return (int)(count - before);
}

long gpio_pin_number(const struct gpio_pin *pin)
{
    char *end;
    long number = strtol(pin->name, &end, 10);
    return *end || number < 0 ? -1 : number;
}
