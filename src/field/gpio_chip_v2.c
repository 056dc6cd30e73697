/* gpio_chip on libgpiod 2.x, which speaks the kernel's second interface: outputs and inputs are one
 * request with settings for each line, every pulse has its own with the kernel's debouncing. */

#include <errno.h>
#include <gpiod.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "field/gpio_chip.h"

#define EDGES_KEPT 1024 /* by the kernel for each pulse, the most it allows */
#define EDGES_READ 64

static const enum gpiod_line_bias biases[GPIO_WIRINGS] = {
    [GPIO_AS_IS] = GPIOD_LINE_BIAS_AS_IS,
    [GPIO_PULL_UP] = GPIOD_LINE_BIAS_PULL_UP,
    [GPIO_PULL_DOWN] = GPIOD_LINE_BIAS_PULL_DOWN,
    [GPIO_OPEN_DRAIN] = GPIOD_LINE_BIAS_AS_IS,
};

struct linux_chip {
    struct gpio_chip chip;             /* first */
    struct gpiod_line_request *levels; /* of outputs and inputs; NULL: there are none */
    struct gpiod_line_request *pulses[GPIO_PINS_MAX];
    struct gpiod_edge_event_buffer *events;
    unsigned long sequence[GPIO_PINS_MAX]; /* of the last edge of each pulse */
    struct gpio_pin pins[GPIO_PINS_MAX];
    unsigned offsets[GPIO_PINS_MAX];
    bool was_output[GPIO_PINS_MAX];
    size_t count, level_count; /* pulses stand behind the others */
};

/* What is needed to take lines, and let go of together. */
struct taking {
    struct gpiod_chip *device;
    struct gpiod_line_settings *settings;
    struct gpiod_line_config *lines;
    struct gpiod_request_config *request;
    const char *path;
};

static struct linux_chip *linux_of(struct gpio_chip *chip)
{
    return (struct linux_chip *)chip;
}

/* ---- taking ---------------------------------------------------------------------------------- */

static int find_line(struct linux_chip *own, const struct taking *taking, size_t at,
                     struct err *err)
{
    const struct gpio_pin *pin = &own->pins[at];
    long number = gpio_pin_number(pin);
    if (number < 0)
        number = gpiod_chip_get_line_offset_from_name(taking->device, pin->name);
    struct gpiod_line_info *info =
        number < 0 ? NULL : gpiod_chip_get_line_info(taking->device, (unsigned)number);
    if (!info)
        return err_set(err, -ENOENT, "%s has no line %s", taking->path, pin->name);
    int result = 0;
    const char *holder = gpiod_line_info_get_consumer(info);
    if (gpiod_line_info_is_used(info))
        result = err_set(err, -EBUSY, "line %s of %s is in use by %s", pin->name, taking->path,
                         holder ? holder : "the kernel");
    own->offsets[at] = (unsigned)number;
    own->was_output[at] = gpiod_line_info_get_direction(info) == GPIOD_LINE_DIRECTION_OUTPUT;
    gpiod_line_info_free(info);
    return result;
}

static int add_line(const struct taking *taking, unsigned offset)
{
    return gpiod_line_config_add_line_settings(taking->lines, &offset, 1, taking->settings);
}

/* The direction of each line; an output gets the level that it was read with, and what was an
 * input before becomes an output that is off. */
static int direct(struct linux_chip *own, const struct taking *taking, struct err *err)
{
    enum gpiod_line_value levels[GPIO_PINS_MAX];
    int result = gpiod_line_request_get_values(own->levels, levels);
    gpiod_line_config_reset(taking->lines);
    for (size_t i = 0; i < own->level_count && result == 0; i++) {
        const struct gpio_pin *pin = &own->pins[i];
        bool output = pin->use == GPIO_OUTPUT;
        gpiod_line_settings_reset(taking->settings);
        gpiod_line_settings_set_direction(taking->settings, output ? GPIOD_LINE_DIRECTION_OUTPUT
                                                                   : GPIOD_LINE_DIRECTION_INPUT);
        gpiod_line_settings_set_bias(taking->settings, biases[pin->wiring]);
        if (pin->wiring == GPIO_OPEN_DRAIN)
            gpiod_line_settings_set_drive(taking->settings, GPIOD_LINE_DRIVE_OPEN_DRAIN);
        if (output)
            gpiod_line_settings_set_output_value(taking->settings, own->was_output[i] ? levels[i]
                                                                   : pin->inverted
                                                                       ? GPIOD_LINE_VALUE_ACTIVE
                                                                       : GPIOD_LINE_VALUE_INACTIVE);
        result = add_line(taking, own->offsets[i]);
    }
    if (result < 0 || gpiod_line_request_reconfigure_lines(own->levels, taking->lines) < 0)
        return err_set_errno(err, -errno, "the lines of %s cannot be given their direction",
                             taking->path);
    return 0;
}

/* First as they are: neither direction nor level changes by being taken. */
static int take_levels(struct linux_chip *own, const struct taking *taking, struct err *err)
{
    if (own->level_count == 0)
        return 0;
    gpiod_line_settings_reset(taking->settings);
    gpiod_line_config_reset(taking->lines);
    for (size_t i = 0; i < own->level_count; i++) {
        if (add_line(taking, own->offsets[i]) < 0)
            return err_set_errno(err, -errno, "the lines of %s cannot be named", taking->path);
    }
    own->levels = gpiod_chip_request_lines(taking->device, taking->request, taking->lines);
    if (!own->levels)
        return err_set_errno(err, -errno, "the lines of %s cannot be taken", taking->path);
    return direct(own, taking, err);
}

static int take_pulse(struct linux_chip *own, const struct taking *taking, size_t at,
                      struct err *err)
{
    const struct gpio_pin *pin = &own->pins[at];
    gpiod_line_settings_reset(taking->settings);
    gpiod_line_settings_set_direction(taking->settings, GPIOD_LINE_DIRECTION_INPUT);
    gpiod_line_settings_set_bias(taking->settings, biases[pin->wiring]);
    gpiod_line_settings_set_edge_detection(taking->settings, GPIOD_LINE_EDGE_BOTH);
    gpiod_line_settings_set_debounce_period_us(taking->settings, (unsigned long)pin->debounce);
    gpiod_line_config_reset(taking->lines);
    if (add_line(taking, own->offsets[at]) == 0)
        own->pulses[at] = gpiod_chip_request_lines(taking->device, taking->request, taking->lines);
    own->sequence[at] = 0;
    if (!own->pulses[at])
        return err_set_errno(err, -errno, "the edges of line %s of %s cannot be had", pin->name,
                             taking->path);
    return 0;
}

static int take_all(struct linux_chip *own, const struct taking *taking, struct err *err)
{
    for (size_t i = 0; i < own->count; i++) {
        if (find_line(own, taking, i, err) < 0)
            return err->code;
    }
    int result = take_levels(own, taking, err);
    for (size_t i = own->level_count; i < own->count && result == 0; i++)
        result = take_pulse(own, taking, i, err);
    return result;
}

static void close_chip(struct gpio_chip *chip)
{
    struct linux_chip *own = linux_of(chip);
    if (own->levels)
        gpiod_line_request_release(own->levels);
    own->levels = NULL;
    for (size_t i = 0; i < own->count; i++) {
        if (own->pulses[i])
            gpiod_line_request_release(own->pulses[i]);
        own->pulses[i] = NULL;
    }
    own->count = own->level_count = 0;
}

static void let_go(struct taking *taking)
{
    if (taking->device)
        gpiod_chip_close(taking->device);
    if (taking->settings)
        gpiod_line_settings_free(taking->settings);
    if (taking->lines)
        gpiod_line_config_free(taking->lines);
    if (taking->request)
        gpiod_request_config_free(taking->request);
}

static int open_chip(struct gpio_chip *chip, const char *path, const struct gpio_pin *pins,
                     size_t count, struct err *err)
{
    struct linux_chip *own = linux_of(chip);
    close_chip(chip);
    struct taking taking = {.settings = gpiod_line_settings_new(),
                            .lines = gpiod_line_config_new(),
                            .request = gpiod_request_config_new(),
                            .path = path};
    int result;
    if (!own->events || !taking.settings || !taking.lines || !taking.request) {
        result = err_set(err, -ENOMEM, "out of memory");
    } else if (!(taking.device = gpiod_chip_open(path))) {
        result = err_set_errno(err, -errno, "%s cannot be opened as a GPIO chip", path);
    } else {
        memcpy(own->pins, pins, count * sizeof *pins);
        own->count = count;
        while (own->level_count < count && pins[own->level_count].use != GPIO_PULSE)
            own->level_count++;
        gpiod_request_config_set_consumer(taking.request, "busbar");
        gpiod_request_config_set_event_buffer_size(taking.request, EDGES_KEPT);
        result = take_all(own, &taking, err);
        if (result < 0)
            close_chip(chip);
    }
    let_go(&taking);
    return result;
}

/* ---- using ----------------------------------------------------------------------------------- */

static int get_levels(struct gpio_chip *chip, uint64_t *levels)
{
    struct linux_chip *own = linux_of(chip);
    enum gpiod_line_value values[GPIO_PINS_MAX];
    *levels = 0;
    if (own->levels && gpiod_line_request_get_values(own->levels, values) < 0)
        return -errno;
    for (size_t i = 0; i < own->count; i++) {
        if (i >= own->level_count)
            values[i] = gpiod_line_request_get_value(own->pulses[i], own->offsets[i]);
        if (values[i] == GPIOD_LINE_VALUE_ERROR)
            return -errno;
        *levels |= (uint64_t)(values[i] == GPIOD_LINE_VALUE_ACTIVE) << i;
    }
    return 0;
}

static int set_level(struct gpio_chip *chip, size_t pin, bool level)
{
    struct linux_chip *own = linux_of(chip);
    return gpiod_line_request_set_value(own->levels, own->offsets[pin],
                                        level ? GPIOD_LINE_VALUE_ACTIVE
                                              : GPIOD_LINE_VALUE_INACTIVE) < 0
               ? -errno
               : 0;
}

static int edge_fd(struct gpio_chip *chip, size_t pin)
{
    return gpiod_line_request_get_fd(linux_of(chip)->pulses[pin]);
}

/* The kernel numbers the edges of a line, also those that it has to throw away. */
static int edges(struct gpio_chip *chip, size_t pin, struct gpio_edge *edges, size_t most)
{
    struct linux_chip *own = linux_of(chip);
    int waiting = gpiod_line_request_wait_edge_events(own->pulses[pin], 0); /* reading would wait */
    if (waiting <= 0)
        return waiting < 0 ? -errno : 0;
    int count = gpiod_line_request_read_edge_events(own->pulses[pin], own->events,
                                                    most < EDGES_READ ? most : EDGES_READ);
    for (int i = 0; i < count; i++) {
        struct gpiod_edge_event *event =
            gpiod_edge_event_buffer_get_event(own->events, (unsigned long)i);
        unsigned long sequence = gpiod_edge_event_get_line_seqno(event);
        edges[i] = (struct gpio_edge){
            .at = (clock_us)(gpiod_edge_event_get_timestamp_ns(event) / 1000),
            .level = gpiod_edge_event_get_event_type(event) == GPIOD_EDGE_EVENT_RISING_EDGE,
            .lost = (unsigned)(sequence - own->sequence[pin] - 1)};
        own->sequence[pin] = sequence;
    }
    return count < 0 ? -errno : count;
}

static void free_chip(struct gpio_chip *chip)
{
    close_chip(chip);
    gpiod_edge_event_buffer_free(linux_of(chip)->events);
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
                                               .free = free_chip,
                                               .debounces = true};
    struct linux_chip *own = mem_new(sizeof *own);
    own->chip.kind = &kind;
    own->events = gpiod_edge_event_buffer_new(EDGES_READ);
    return &own->chip;
}
