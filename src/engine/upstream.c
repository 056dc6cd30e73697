#include "engine/upstream.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define STEPS_MOST 32 /* settings may lead in a ring: then nobody knows */

/* Old readings tell nothing: a breaker may have been closed since. */
static const struct point *good_point(const struct component *part, enum quantity quantity)
{
    const struct point *point = part ? component_point(part, quantity) : NULL;
    return point && point->value.quality == QUALITY_GOOD ? point : NULL;
}

/* The word of a state in which nothing passes; NULL when it is another, or not known. */
static const char *broken(const struct component *part)
{
    static const char *const words[] = {"off", "open", "tripped"};
    const struct point *state = good_point(part, QUANTITY_STATE);
    const char *word = state && !state->words && state->value.number == 0 ? "off" : NULL;
    for (size_t i = 0; state && state->words && i < state->words->count; i++) {
        if ((double)state->words->list[i].number == state->value.number)
            word = state->words->list[i].text;
    }
    for (size_t i = 0; word && i < sizeof words / sizeof *words; i++) {
        if (strcmp(word, words[i]) == 0)
            return words[i];
    }
    return NULL;
}

/* 1, 0, -1 as for the whole way, by what the part itself says. */
static int look(const struct upstream *upstream, const struct component *part, char *reason,
                size_t size)
{
    const struct point *volts = good_point(part, QUANTITY_VOLTAGE);
    const char *word = broken(part);
    const char *device = part->device->name;
    if (word)
        snprintf(reason, size, "%s/%s is %s", device, part->name, word);
    else if (volts && fabs(volts->value.number) < upstream->voltage_off)
        snprintf(reason, size, "%s/%s has no voltage (%.1f V)", device, part->name,
                 volts->value.number);
    else
        return volts ? 1 : -1;
    return 0;
}

/* A device as a whole: power arrives while any of its phases has it. */
static int look_device(const struct upstream *upstream, const struct device *device, char *reason,
                       size_t size)
{
    static const struct {
        enum component_kind kind;
        int number;
    } places[] = {
        {COMPONENT_TOTAL, 0}, {COMPONENT_PHASE, 1}, {COMPONENT_PHASE, 2}, {COMPONENT_PHASE, 3}};
    int result = -1;
    for (size_t i = 0; i < sizeof places / sizeof *places && result != 1; i++) {
        const struct component *part =
            device_component_find(device, places[i].kind, places[i].number);
        int one = part ? look(upstream, part, reason, size) : -1;
        result = one >= 0 ? one : result;
    }
    return result;
}

/* "DEVICE/COMPONENT", or a component beside `part`. NULL when there is none. */
static const struct component *find(const struct upstream *upstream, const struct component *part,
                                    const char *text)
{
    const struct device *device = part->device;
    const char *slash = strchr(text, '/');
    char name[LIMIT_NAME + 1];
    enum component_kind kind;
    int number;
    if (slash && (size_t)(slash - text) < sizeof name) {
        memcpy(name, text, (size_t)(slash - text));
        name[slash - text] = '\0';
        device = site_device_find(upstream->site, name);
        text = slash + 1;
    }
    return device && component_parse(text, strlen(text), &kind, &number)
               ? device_component_find(device, kind, number)
               : NULL;
}

/* What people say goes before what the driver says: they know the wiring. */
static const struct component *feeder_of(const struct upstream *upstream,
                                         const struct component *part)
{
    const char *text = upstream->feeder ? upstream->feeder(upstream->user, part) : NULL;
    if (!text || !*text)
        text = part->fed_by;
    return text && *text ? find(upstream, part, text) : NULL;
}

int upstream_powered(const struct upstream *upstream, const struct component *part, char *reason,
                     size_t size)
{
    int result = -1, steps = 0;
    const struct component *next;
    reason[0] = '\0';
    while (result < 0 && steps++ < STEPS_MOST && (next = feeder_of(upstream, part))) {
        part = next;
        result = look(upstream, part, reason, size);
    }
    /* from the last part on the way goes from device to device */
    const struct device *device = part->device;
    while (result < 0 && device && steps++ < STEPS_MOST) {
        result = look_device(upstream, device, reason, size);
        device = upstream->near ? NULL : site_device_find(upstream->site, device->fed_by);
    }
    if (result)
        reason[0] = '\0';
    return result;
}
