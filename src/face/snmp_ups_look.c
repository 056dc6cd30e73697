#include "face/snmp_ups_look.h"

#include <stdio.h>
#include <string.h>

/* When only the current tells: more than a monitor draws itself. */
#define DISCHARGE_A 0.2
/* While the time left is not known. */
#define LOW_CHARGE 20.0
#define EMPTY_CHARGE 1.0
#define FULL_LOAD 100.0

const struct point *snmp_ups_good(const struct component *component, enum quantity quantity)
{
    const struct point *point = component ? component_point(component, quantity) : NULL;
    return point && point->value.quality == QUALITY_GOOD ? point : NULL;
}

/* ---- parts ----------------------------------------------------------------------------------- */

static const struct component *part(const struct device *device, enum component_kind kind)
{
    return device_component_find(device, kind, 0);
}

const struct component *snmp_ups_battery(const struct device *device)
{
    const struct component *battery = part(device, COMPONENT_BATTERY);
    bool told = battery && (component_point(battery, QUANTITY_VOLTAGE) ||
                            component_point(battery, QUANTITY_CHARGE));
    return told ? battery : NULL;
}

/* The `number`th part of this kind whose voltage is measured. */
static const struct component *nth(const struct device *device, enum component_kind kind,
                                   unsigned number)
{
    for (const struct component *c = device->components; c; c = c->next) {
        if (c->kind == kind && component_point(c, QUANTITY_VOLTAGE) && --number == 0)
            return c;
    }
    return NULL;
}

const struct component *snmp_ups_input(const struct device *device, unsigned number)
{
    bool one = nth(device, COMPONENT_MAINS, 1);
    return nth(device, one ? COMPONENT_MAINS : COMPONENT_PHASE, number);
}

/* What hangs on the outputs goes on while the rectifier rests; where no output is measured, what
 * the rectifier gives is all there is. */
const struct component *snmp_ups_output(const struct device *device, unsigned number)
{
    bool outputs = nth(device, COMPONENT_OUTPUT, 1);
    return nth(device, outputs ? COMPONENT_OUTPUT : COMPONENT_SUPPLY, number);
}

/* ---- where the power comes from -------------------------------------------------------------- */

/* 1 yes, 0 no, -1 not known. */
static int charging_says_battery(const struct component *battery)
{
    const struct point *charging = snmp_ups_good(battery, QUANTITY_CHARGING);
    const struct words *words = charging ? charging->words : NULL;
    for (size_t i = 0; words && !words->flags && i < words->count; i++) {
        if (words->list[i].number == (int64_t)charging->value.number)
            return strcmp(words->list[i].text, "discharging") == 0;
    }
    return -1;
}

/* Whether there are lines with voltage, and lines without, of those that are known. */
struct input {
    bool alive, dead;
};

static struct input look_at_input(const struct device *device)
{
    struct input input = {false, false};
    for (unsigned n = 1;; n++) {
        const struct component *line = snmp_ups_input(device, n);
        if (!line)
            return input;
        const struct point *voltage = snmp_ups_good(line, QUANTITY_VOLTAGE);
        if (voltage && voltage->value.number < SNMP_UPS_DEAD_V)
            input.dead = true;
        else if (voltage)
            input.alive = true;
    }
}

static int is_on_battery(const struct component *battery, struct input input)
{
    const struct point *current = snmp_ups_good(battery, QUANTITY_CURRENT);
    int charging = charging_says_battery(battery);
    if (charging >= 0)
        return charging;
    if (input.alive || input.dead)
        return !input.alive;
    return current ? current->value.number < -DISCHARGE_A : -1;
}

/* Of all that are measured none has voltage. */
static bool output_is_dead(const struct device *device)
{
    bool known = false;
    for (unsigned n = 1;; n++) {
        const struct component *line = snmp_ups_output(device, n);
        if (!line)
            return known;
        const struct point *voltage = snmp_ups_good(line, QUANTITY_VOLTAGE);
        if (voltage && voltage->value.number >= SNMP_UPS_DEAD_V)
            return false;
        known = known || voltage;
    }
}

static enum snmp_ups_source source_of(const struct device *device, int on_battery)
{
    if (output_is_dead(device))
        return SNMP_UPS_NONE;
    if (on_battery < 0)
        return SNMP_UPS_OTHER;
    return on_battery ? SNMP_UPS_BATTERY : SNMP_UPS_NORMAL;
}

/* ---- the battery ----------------------------------------------------------------------------- */

static enum snmp_ups_status status_of(const struct component *battery)
{
    const struct point *charge = snmp_ups_good(battery, QUANTITY_CHARGE);
    const struct point *runtime = snmp_ups_good(battery, QUANTITY_RUNTIME);
    const struct point *voltage = snmp_ups_good(battery, QUANTITY_VOLTAGE);
    if ((charge && charge->value.number < EMPTY_CHARGE) || (runtime && runtime->value.number < 1))
        return SNMP_UPS_STATUS_DEPLETED;
    if (runtime ? runtime->value.number <= SNMP_UPS_LOW_MINUTES * 60
                : charge && charge->value.number <= LOW_CHARGE)
        return SNMP_UPS_STATUS_LOW;
    return charge || runtime || voltage ? SNMP_UPS_STATUS_NORMAL : SNMP_UPS_STATUS_UNKNOWN;
}

/* ---- alarms ---------------------------------------------------------------------------------- */

static bool any_over(const struct device *device, enum quantity quantity, double limit)
{
    for (const struct component *c = device->components; c; c = c->next) {
        const struct point *point = snmp_ups_good(c, quantity);
        if (point && point->value.number > limit)
            return true;
    }
    return false;
}

static uint32_t alarms_of(const struct device *device, const struct snmp_ups_look *look)
{
    const struct {
        unsigned alarm;
        bool holds;
    } rows[] = {
        {SNMP_UPS_ALARM_ON_BATTERY, look->source == SNMP_UPS_BATTERY},
        {SNMP_UPS_ALARM_LOW_BATTERY, look->status == SNMP_UPS_STATUS_LOW},
        {SNMP_UPS_ALARM_DEPLETED, look->status == SNMP_UPS_STATUS_DEPLETED},
        {SNMP_UPS_ALARM_INPUT_BAD, look->input_known && !look->input_good},
        {SNMP_UPS_ALARM_OVERLOAD, any_over(device, QUANTITY_LOAD, FULL_LOAD)},
        {SNMP_UPS_ALARM_OUTPUT_OFF, look->source == SNMP_UPS_NONE},
        {SNMP_UPS_ALARM_GENERAL, any_over(device, QUANTITY_FAULT, 0)},
        {SNMP_UPS_ALARM_COMMUNICATION, device->state == DEVICE_SILENT},
    };
    uint32_t alarms = 0;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        alarms |= rows[i].holds ? 1u << rows[i].alarm : 0;
    return alarms;
}

struct snmp_ups_look snmp_ups_look(const struct device *device)
{
    const struct component *battery = snmp_ups_battery(device);
    const struct input input = look_at_input(device);
    struct snmp_ups_look look = {
        .source = source_of(device, is_on_battery(battery, input)),
        .status = status_of(battery),
        .input_known = input.alive || input.dead,
        .input_good = !input.dead,
    };
    look.alarms = alarms_of(device, &look);
    return look;
}

struct device *snmp_ups_find(struct site *site, const char *name)
{
    if (*name) {
        struct device *device = site_device_find(site, name);
        return device && snmp_ups_battery(device) ? device : NULL;
    }
    for (struct device *d = site_devices(site); d; d = d->next) {
        if (snmp_ups_battery(d))
            return d;
    }
    return NULL;
}

/* ---- what has happened ----------------------------------------------------------------------- */

void snmp_ups_times_note(struct snmp_ups_times *times, const struct device *device, clock_us now)
{
    struct snmp_ups_look look = {.source = SNMP_UPS_OTHER, .status = SNMP_UPS_STATUS_UNKNOWN};
    if (device)
        look = snmp_ups_look(device);
    if (strcmp(times->device, device ? device->name : "") != 0) {
        *times = (struct snmp_ups_times){0};
        snprintf(times->device, sizeof times->device, "%s", device ? device->name : "");
    }
    const struct snmp_ups_look *before = &times->look;
    for (unsigned i = 0; i < SNMP_UPS_ALARMS; i++) {
        if (look.alarms & ~before->alarms & 1u << i)
            times->since[i] = now;
    }
    if (look.source == SNMP_UPS_BATTERY && before->source != SNMP_UPS_BATTERY)
        times->battery_since = now;
    if (look.input_known && !look.input_good && before->input_known && before->input_good)
        times->line_bads++;
    times->look = look;
}
