/* gpio_chip on libgpiod 1.6, which speaks the kernel's first interface: flags and direction belong
 * to a whole request, so pins that are wired alike share one; every pulse has its own, with room
 * for sixteen edges and without the kernel's debouncing. */

#include <errno.h>
#include <gpiod.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "field/gpio_chip.h"

static const int flags[GPIO_WIRINGS] = {
    [GPIO_PULL_UP] = GPIOD_LINE_REQUEST_FLAG_BIAS_PULL_UP,
    [GPIO_PULL_DOWN] = GPIOD_LINE_REQUEST_FLAG_BIAS_PULL_DOWN,
    [GPIO_OPEN_DRAIN] = GPIOD_LINE_REQUEST_FLAG_OPEN_DRAIN,
};

struct linux_chip {
    struct gpio_chip chip; /* first */
    struct gpiod_chip *device;
    struct gpiod_line *lines[GPIO_PINS_MAX];
    struct gpio_pin pins[GPIO_PINS_MAX];
    bool was_output[GPIO_PINS_MAX];
    uint64_t driven; /* levels that outputs were given */
    size_t count;
};

/* Pins of one use that are wired alike, and the places of their levels. */
struct group {
    struct gpiod_line_bulk bulk;
    size_t pins[GPIO_PINS_MAX];
    int levels[GPIO_PINS_MAX];
    size_t count;
};

static struct linux_chip *linux_of(struct gpio_chip *chip)
{
    return (struct linux_chip *)chip;
}

static size_t find_group(const struct linux_chip *own, enum gpio_use use, enum gpio_wiring wiring,
                         struct group *group)
{
    gpiod_line_bulk_init(&group->bulk);
    group->count = 0;
    for (size_t i = 0; i < own->count; i++) {
        if (own->pins[i].use != use || own->pins[i].wiring != wiring)
            continue;
        gpiod_line_bulk_add(&group->bulk, own->lines[i]);
        group->pins[group->count++] = i;
    }
    return group->count;
}

/* ---- taking ---------------------------------------------------------------------------------- */

static int find_line(struct linux_chip *own, const char *path, size_t at, struct err *err)
{
    const struct gpio_pin *pin = &own->pins[at];
    unsigned count = gpiod_chip_num_lines(own->device);
    long number = gpio_pin_number(pin);
    struct gpiod_line *line = NULL;
    if (number >= 0 && number < (long)count)
        line = gpiod_chip_get_line(own->device, (unsigned)number);
    for (unsigned i = 0; number < 0 && !line && i < count; i++) {
        struct gpiod_line *other = gpiod_chip_get_line(own->device, i);
        const char *name = other ? gpiod_line_name(other) : NULL;
        line = name && strcmp(name, pin->name) == 0 ? other : NULL;
    }
    if (!line)
        return err_set(err, -ENOENT, "%s has no line %s (it has %u)", path, pin->name, count);
    if (gpiod_line_is_used(line))
        return err_set(err, -EBUSY, "line %s of %s is in use by %s", pin->name, path,
                       gpiod_line_consumer(line) ? gpiod_line_consumer(line) : "the kernel");
    own->lines[at] = line;
    own->was_output[at] = gpiod_line_direction(line) == GPIOD_LINE_DIRECTION_OUTPUT;
    return 0;
}

/* First as they are: neither direction nor level changes by being taken. Then an output gets the
 * level that it was read with; what was an input before becomes an output that is off. */
static int take_levels(struct linux_chip *own, const char *path, struct group *group,
                       enum gpio_use use, int wiring_flags, struct err *err)
{
    struct gpiod_line_request_config as_is = {.consumer = "busbar",
                                              .request_type = GPIOD_LINE_REQUEST_DIRECTION_AS_IS};
    if (gpiod_line_request_bulk(&group->bulk, &as_is, NULL) < 0)
        return err_set_errno(err, -errno, "the lines of %s cannot be taken", path);
    if (gpiod_line_get_value_bulk(&group->bulk, group->levels) < 0)
        return err_set_errno(err, -errno, "the lines of %s cannot be read", path);
    for (size_t i = 0; i < group->count; i++) {
        if (!own->was_output[group->pins[i]])
            group->levels[i] = own->pins[group->pins[i]].inverted;
        own->driven |= (uint64_t)(group->levels[i] != 0) << group->pins[i];
    }
    int direction = use == GPIO_OUTPUT ? GPIOD_LINE_REQUEST_DIRECTION_OUTPUT
                                       : GPIOD_LINE_REQUEST_DIRECTION_INPUT;
    if (gpiod_line_set_config_bulk(&group->bulk, direction, wiring_flags, group->levels) < 0)
        return err_set_errno(err, -errno, "the lines of %s cannot be given their direction", path);
    return 0;
}

static int take_pulses(const char *path, struct group *group, int wiring_flags, struct err *err)
{
    if (gpiod_line_request_bulk_both_edges_events_flags(&group->bulk, "busbar", wiring_flags) < 0)
        return err_set_errno(err, -errno, "the edges of lines of %s cannot be had", path);
    return 0;
}

static int take_all(struct linux_chip *own, const char *path, struct err *err)
{
    struct group group;
    for (size_t i = 0; i < own->count; i++) {
        if (find_line(own, path, i, err) < 0)
            return err->code;
    }
    for (int use = 0; use < GPIO_USES; use++) {
        for (int wiring = 0; wiring < GPIO_WIRINGS; wiring++) {
            if (!find_group(own, (enum gpio_use)use, (enum gpio_wiring)wiring, &group))
                continue;
            int result = use == GPIO_PULSE ? take_pulses(path, &group, flags[wiring], err)
                                           : take_levels(own, path, &group, (enum gpio_use)use,
                                                         flags[wiring], err);
            if (result < 0)
                return result;
        }
    }
    return 0;
}

/* Closing the chip lets go of its lines. */
static void close_chip(struct gpio_chip *chip)
{
    struct linux_chip *own = linux_of(chip);
    if (own->device)
        gpiod_chip_close(own->device);
    own->device = NULL;
    own->count = 0;
    own->driven = 0;
}

static int open_chip(struct gpio_chip *chip, const char *path, const struct gpio_pin *pins,
                     size_t count, struct err *err)
{
    struct linux_chip *own = linux_of(chip);
    close_chip(chip);
    own->device = gpiod_chip_open(path);
    if (!own->device)
        return err_set_errno(err, -errno, "%s cannot be opened as a GPIO chip", path);
    memcpy(own->pins, pins, count * sizeof *pins);
    own->count = count;
    int result = take_all(own, path, err);
    if (result < 0)
        close_chip(chip);
    return result;
}

/* ---- using ----------------------------------------------------------------------------------- */

static int get_levels(struct gpio_chip *chip, uint64_t *levels)
{
    struct linux_chip *own = linux_of(chip);
    struct group group;
    *levels = 0;
    for (int i = 0; i < GPIO_USES * GPIO_WIRINGS; i++) {
        if (!find_group(own, (enum gpio_use)(i / GPIO_WIRINGS),
                        (enum gpio_wiring)(i % GPIO_WIRINGS), &group))
            continue;
        if (gpiod_line_get_value_bulk(&group.bulk, group.levels) < 0)
            return -errno;
        for (size_t k = 0; k < group.count; k++)
            *levels |= (uint64_t)(group.levels[k] != 0) << group.pins[k];
    }
    return 0;
}

/* The kernel's first interface sets all lines of a request at once: the others get what they have.
 * That is not read, since an open drain may be held low by somebody else. */
static int set_level(struct gpio_chip *chip, size_t pin, bool level)
{
    struct linux_chip *own = linux_of(chip);
    struct group group;
    uint64_t bit = UINT64_C(1) << pin, driven = level ? own->driven | bit : own->driven & ~bit;
    find_group(own, own->pins[pin].use, own->pins[pin].wiring, &group);
    for (size_t k = 0; k < group.count; k++)
        group.levels[k] = driven >> group.pins[k] & 1;
    if (gpiod_line_set_value_bulk(&group.bulk, group.levels) < 0)
        return -errno;
    own->driven = driven;
    return 0;
}

static int edge_fd(struct gpio_chip *chip, size_t pin)
{
    return gpiod_line_event_get_fd(linux_of(chip)->lines[pin]);
}

static int edges(struct gpio_chip *chip, size_t pin, struct gpio_edge *edges, size_t most)
{
    struct gpiod_line_event events[16]; /* as many as the kernel keeps */
    struct gpiod_line *line = linux_of(chip)->lines[pin];
    struct timespec now = {0};
    int waiting = gpiod_line_event_wait(line, &now); /* reading would wait for one */
    if (waiting <= 0)
        return waiting < 0 ? -errno : 0;
    int count = gpiod_line_event_read_multiple(line, events, most < 16 ? (unsigned)most : 16);
    for (int i = 0; i < count; i++)
        edges[i] = (struct gpio_edge){
            .at = events[i].ts.tv_sec * CLOCK_S + events[i].ts.tv_nsec / 1000,
            .level = events[i].event_type == GPIOD_LINE_EVENT_RISING_EDGE,
        };
    return count < 0 ? -errno : count;
}

static void free_chip(struct gpio_chip *chip)
{
    close_chip(chip);
    free(chip);
}

struct gpio_chip *gpio_chip_new(void)
{
    static const struct gpio_chip_kind kind = {.open = open_chip,
                                               .close = close_chip,
                                               .get = get_levels,
                                               .set = set_level,
                                               .edge_fd = edge_fd,
                                               .edges = edges,
                                               .free = free_chip};
    struct linux_chip *own = mem_new(sizeof *own);
    own->chip.kind = &kind;
    return &own->chip;
}
