#include "field/gpio_chip.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/gpio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/mem.h"

struct linux_chip {
    struct gpio_chip chip; /* first */
    int fd;                /* of the request that holds the lines; -1 while closed */
};

/* ---- names ----------------------------------------------------------------------------------- */

static int add_pin(const char *word, size_t length, bool output, struct gpio_pin *pins,
                   size_t count, struct err *err)
{
    struct gpio_pin pin = {.output = output, .inverted = *word == '!'};
    word += pin.inverted;
    length -= pin.inverted;
    if (!length || length >= sizeof pin.name)
        return err_set(err, -EINVAL,
                       "\"%.*s\" is no number or name of a line, such as 17 or !RELAY3",
                       (int)(length > 40 ? 40 : length), word);
    memcpy(pin.name, word, length);
    if (count == GPIO_PINS_MAX)
        return err_set(err, -EINVAL, "more than %d lines", GPIO_PINS_MAX);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(pins[i].name, pin.name) == 0)
            return err_set(err, -EINVAL, "the line %s is named twice", pin.name);
    }
    pins[count] = pin;
    return 0;
}

int gpio_pins_parse(const char *text, bool output, struct gpio_pin *pins, size_t count,
                    struct err *err)
{
    size_t before = count;
    while (*(text += strspn(text, " ,"))) {
        size_t length = strcspn(text, " ,");
        if (add_pin(text, length, output, pins, count, err) < 0)
            return -EINVAL;
        count++;
        text += length;
    }
    return (int)(count - before);
}

/* ---- the kernel's lines ---------------------------------------------------------------------- */

static struct linux_chip *linux_of(struct gpio_chip *chip)
{
    return (struct linux_chip *)chip;
}

static bool line_info(int fd, unsigned offset, struct gpio_v2_line_info *info)
{
    *info = (struct gpio_v2_line_info){.offset = offset};
    return ioctl(fd, GPIO_V2_GET_LINEINFO_IOCTL, info) == 0;
}

/* A number, or what the device tree calls the line. */
static int find_line(int fd, unsigned lines, const char *path, const char *name,
                     struct gpio_v2_line_info *info, struct err *err)
{
    char *end;
    unsigned long number = strtoul(name, &end, 10);
    bool found = !*end && number < lines && line_info(fd, (unsigned)number, info);
    for (unsigned i = 0; *end && !found && i < lines; i++)
        found = line_info(fd, i, info) && strcmp(info->name, name) == 0;
    if (!found)
        return err_set(err, -ENOENT, "%s has no line %s (it has %u)", path, name, lines);
    if (info->flags & GPIO_V2_LINE_FLAG_USED)
        return err_set(err, -EBUSY, "line %s of %s is in use by %s", name, path, info->consumer);
    return 0;
}

/* As they are: neither direction nor level changes by being taken. */
static int take(int fd, const char *path, struct gpio_v2_line_request *request, struct err *err)
{
    snprintf(request->consumer, sizeof request->consumer, "busbar");
    if (ioctl(fd, GPIO_V2_GET_LINE_IOCTL, request) < 0)
        return err_set_errno(err, -errno, "the lines of %s cannot be taken", path);
    return request->fd;
}

/* Then each gets its direction; an output the level that it was read with. What was an input before
 * becomes an output that is off. */
static int direct(int fd, const char *path, const struct gpio_pin *pins, size_t count,
                  uint64_t were_outputs, struct err *err)
{
    uint64_t all = count == 64 ? UINT64_MAX : (UINT64_C(1) << count) - 1, outputs = 0, off = 0;
    struct gpio_v2_line_values levels = {.mask = all};
    if (ioctl(fd, GPIO_V2_LINE_GET_VALUES_IOCTL, &levels) < 0)
        return err_set_errno(err, -errno, "the lines of %s cannot be read", path);
    for (size_t i = 0; i < count; i++) {
        outputs |= (uint64_t)pins[i].output << i;
        off |= (uint64_t)(pins[i].output && pins[i].inverted) << i;
    }
    uint64_t wanted = (levels.bits & were_outputs) | (off & ~were_outputs);
    struct gpio_v2_line_config config = {
        .flags = GPIO_V2_LINE_FLAG_INPUT,
        .num_attrs = outputs ? 2 : 0,
        .attrs = {{.attr = {.id = GPIO_V2_LINE_ATTR_ID_FLAGS, .flags = GPIO_V2_LINE_FLAG_OUTPUT},
                   .mask = outputs},
                  {.attr = {.id = GPIO_V2_LINE_ATTR_ID_OUTPUT_VALUES, .values = wanted},
                   .mask = outputs}},
    };
    if (ioctl(fd, GPIO_V2_LINE_SET_CONFIG_IOCTL, &config) < 0)
        return err_set_errno(err, -errno, "the lines of %s cannot be given their direction", path);
    return 0;
}

static int take_all(int fd, const char *path, const struct gpio_pin *pins, size_t count,
                    struct err *err)
{
    struct gpiochip_info chip;
    struct gpio_v2_line_request request = {.num_lines = (unsigned)count};
    uint64_t were_outputs = 0;
    if (ioctl(fd, GPIO_GET_CHIPINFO_IOCTL, &chip) < 0)
        return err_set_errno(err, -errno, "%s is no GPIO chip", path);
    for (size_t i = 0; i < count; i++) {
        struct gpio_v2_line_info info;
        if (find_line(fd, chip.lines, path, pins[i].name, &info, err) < 0)
            return err->code;
        request.offsets[i] = info.offset;
        were_outputs |= (uint64_t) !!(info.flags & GPIO_V2_LINE_FLAG_OUTPUT) << i;
    }
    int lines = take(fd, path, &request, err);
    if (lines >= 0 && direct(lines, path, pins, count, were_outputs, err) < 0) {
        close(lines);
        return err->code;
    }
    return lines;
}

static void close_chip(struct gpio_chip *chip)
{
    struct linux_chip *own = linux_of(chip);
    if (own->fd >= 0)
        close(own->fd);
    own->fd = -1;
}

static int open_chip(struct gpio_chip *chip, const char *path, const struct gpio_pin *pins,
                     size_t count, struct err *err)
{
    close_chip(chip);
    int fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return err_set_errno(err, -errno, "%s cannot be opened", path);
    int lines = take_all(fd, path, pins, count, err);
    close(fd);
    if (lines < 0)
        return lines;
    linux_of(chip)->fd = lines;
    return 0;
}

static int get_levels(struct gpio_chip *chip, uint64_t *levels)
{
    struct gpio_v2_line_values values = {.mask = UINT64_MAX};
    if (ioctl(linux_of(chip)->fd, GPIO_V2_LINE_GET_VALUES_IOCTL, &values) < 0)
        return -errno;
    *levels = values.bits;
    return 0;
}

static int set_level(struct gpio_chip *chip, size_t pin, bool level)
{
    struct gpio_v2_line_values values = {.mask = UINT64_C(1) << pin,
                                         .bits = (uint64_t)level << pin};
    return ioctl(linux_of(chip)->fd, GPIO_V2_LINE_SET_VALUES_IOCTL, &values) < 0 ? -errno : 0;
}

static void free_chip(struct gpio_chip *chip)
{
    close_chip(chip);
    free(chip);
}

struct gpio_chip *gpio_chip_new(void)
{
    static const struct gpio_chip_kind kind = {open_chip, close_chip, get_levels, set_level,
                                               free_chip};
    struct linux_chip *own = mem_new(sizeof *own);
    own->chip.kind = &kind;
    own->fd = -1;
    return &own->chip;
}
