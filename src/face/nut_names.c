#include "face/nut_names.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "face/snmp_ups_look.h"

/* ---- names ----------------------------------------------------------------------------------- */

/* What a part is to a supply with a battery and to anything else; # is its number, @ a pair of
 * lines. NULL: NUT has no place for it. */
static const struct prefix {
    const char *supply, *other;
} prefixes[COMPONENT_KINDS] = {
    [COMPONENT_TOTAL] = {"ups.", "input."},
    [COMPONENT_PHASE] = {"input.L#.", "input.L#."},
    [COMPONENT_LINE] = {"input.@.", "input.@."},
    [COMPONENT_NEUTRAL] = {"input.N.", "input.N."},
    [COMPONENT_CIRCUIT] = {"outlet.group.#.", "outlet.group.#."},
    [COMPONENT_OUTLET] = {"outlet.#.", "outlet.#."},
    [COMPONENT_GROUP] = {"outlet.group.#.", "outlet.group.#."},
    [COMPONENT_OUTPUT] = {"outlet.#.", NULL},
    [COMPONENT_SENSOR] = {"ambient.#.", "ambient.#."},
    [COMPONENT_SUPPLY] = {"output.", "output."},
    [COMPONENT_BATTERY] = {"battery.", "battery."},
    [COMPONENT_MAINS] = {"input.", "input."},
};

static bool has_kind(const struct device *device, enum component_kind kind)
{
    for (const struct component *c = device->components; c; c = c->next) {
        if (c->kind == kind)
            return true;
    }
    return false;
}

static int count_kind(const struct device *device, enum component_kind kind)
{
    int count = 0;
    for (const struct component *c = device->components; c; c = c->next)
        count += c->kind == kind;
    return count;
}

/* Two parts of a device that would have the same name: the first kind has it. */
static bool is_covered(const struct component *part, enum quantity quantity)
{
    static const struct {
        enum component_kind kind, by;
        bool always; /* not by quantity: the numbers would mix */
    } rows[] = {
        {COMPONENT_CIRCUIT, COMPONENT_GROUP, true}, {COMPONENT_OUTPUT, COMPONENT_OUTLET, true},
        {COMPONENT_MAINS, COMPONENT_TOTAL, false},  {COMPONENT_PHASE, COMPONENT_TOTAL, false},
        {COMPONENT_PHASE, COMPONENT_MAINS, false},
    };
    const struct device *device = part->device;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (rows[i].kind != part->kind)
            continue;
        if (rows[i].always && has_kind(device, rows[i].by))
            return true;
        const struct component *other =
            rows[i].always ? NULL : device_component_find(device, rows[i].by, 0);
        if (other && component_point(other, quantity))
            return true;
    }
    return false;
}

static bool is_single_phase(const struct component *part)
{
    return part->kind == COMPONENT_PHASE && count_kind(part->device, COMPONENT_PHASE) == 1;
}

/* The part's words; of a meter with one phase that phase is the input. */
static const char *prefix_of(const struct component *part, enum quantity quantity)
{
    bool supply = snmp_ups_battery(part->device);
    const char *prefix = supply ? prefixes[part->kind].supply : prefixes[part->kind].other;
    bool sums = part->kind == COMPONENT_TOTAL || part->kind == COMPONENT_MAINS;
    if (supply && sums) /* ups. and input. are two things there */
        return prefix;
    if (is_single_phase(part))
        return is_covered(part, quantity) ? NULL : "input.";
    if (part->kind == COMPONENT_PHASE)
        return prefix;
    return is_covered(part, quantity) ? NULL : prefix;
}

/* Names that are not prefix and word; NULL word: the point has none. */
static const struct special {
    enum component_kind kind;
    enum quantity quantity;
    const char *name;
} specials[] = {
    {COMPONENT_SUPPLY, QUANTITY_LOAD, "ups.load"},
    {COMPONENT_TOTAL, QUANTITY_LOAD, "ups.load"},
    {COMPONENT_TOTAL, QUANTITY_TEMPERATURE, "ups.temperature"},
    {COMPONENT_SUPPLY, QUANTITY_TEMPERATURE, "ups.temperature"},
    {COMPONENT_BATTERY, QUANTITY_CHARGING, "battery.charger.status"},
};

/* A part's state has a word in NUT where it is an outlet, and a sensor tells two things. */
static bool has_word(const struct component *part, enum quantity quantity)
{
    const struct quantity_row *row = quantity_row(quantity);
    bool outlet = part->kind == COMPONENT_OUTLET || part->kind == COMPONENT_OUTPUT;
    if (!*row->nut || row->kind == QUANTITY_KIND_TEXT)
        return false;
    if (part->kind == COMPONENT_SENSOR)
        return quantity == QUANTITY_TEMPERATURE || quantity == QUANTITY_HUMIDITY;
    return quantity == QUANTITY_STATE ? outlet : row->kind != QUANTITY_KIND_STATE;
}

static void put_words(char *name, bool experimental, const char *prefix, int number,
                      const char *last)
{
    static const char *const pairs[] = {"L1-L2", "L2-L3", "L3-L1"};
    size_t length =
        (size_t)snprintf(name, NUT_NAME_MOST, "%s", experimental ? "experimental." : "");
    for (; *prefix && length < NUT_NAME_MOST; prefix++) {
        char *to = name + length;
        size_t room = NUT_NAME_MOST - length;
        if (*prefix == '#')
            length += (size_t)snprintf(to, room, "%d", number);
        else if (*prefix == '@')
            length += (size_t)snprintf(to, room, "%s", pairs[(number - 1) % 3]);
        else
            length += (size_t)snprintf(to, room, "%c", *prefix);
    }
    if (length < NUT_NAME_MOST)
        snprintf(name + length, NUT_NAME_MOST - length, "%s", last);
}

bool nut_name(const struct component *part, int number, enum quantity quantity, char *name)
{
    for (size_t i = 0; i < sizeof specials / sizeof *specials; i++) {
        if (specials[i].kind == part->kind && specials[i].quantity == quantity) {
            snprintf(name, NUT_NAME_MOST, "%s", specials[i].name);
            return true;
        }
    }
    const char *prefix = has_word(part, quantity) ? prefix_of(part, quantity) : NULL;
    if (!prefix)
        return false;
    const char *last = quantity_row(quantity)->nut;
    bool volts = strncmp(last, "voltage", 7) == 0;
    if (part->kind == COMPONENT_PHASE && volts && !is_single_phase(part))
        prefix = "input.L#-N.";
    put_words(name, quantity == QUANTITY_ENERGY, prefix, number, last);
    return true;
}

/* ---- values ---------------------------------------------------------------------------------- */

struct telling {
    const struct nut_model *model;
    const struct nut_ups *ups;
    bool (*fn)(void *user, const struct nut_var *var);
    void *user;
    bool over;
    double watts; /* of a group's outlets; NaN: of one it is not known */
    int outlets;
};

static void tell(struct telling *telling, const char *name, const char *value, bool number,
                 const char *help)
{
    const struct nut_var var = {name, value, help, number};
    if (!telling->over)
        telling->over = !telling->fn(telling->user, &var);
}

/* A text that is known, or nothing. */
static void tell_text(struct telling *telling, const char *name, const char *value,
                      const char *help)
{
    if (value && *value)
        tell(telling, name, value, false, help);
}

static const char *word_of(const struct point *point)
{
    const struct words *words = point->words;
    for (size_t i = 0; words && !words->flags && i < words->count; i++) {
        if (words->list[i].number == (int64_t)point->value.number)
            return words->list[i].text;
    }
    return NULL;
}

/* battery.charger.status knows four words; what says none of them has no value. */
static const char *charger_word(const struct point *point)
{
    static const struct {
        const char *ours, *theirs;
    } rows[] = {
        {"discharging", "discharging"}, {"float", "floating"},    {"floating", "floating"},
        {"full", "floating"},           {"off", "resting"},       {"idle", "resting"},
        {"resting", "resting"},         {"holding", "resting"},   {"charging", "charging"},
        {"bulk", "charging"},           {"boost", "charging"},    {"mppt", "charging"},
        {"absorption", "charging"},     {"equalize", "charging"}, {"fixed", "charging"},
    };
    const char *word = word_of(point);
    for (size_t i = 0; word && i < sizeof rows / sizeof *rows; i++) {
        if (strcmp(rows[i].ours, word) == 0)
            return rows[i].theirs;
    }
    return NULL;
}

static const char *value_of(const struct point *point, char *text, size_t size)
{
    if (point->value.quality != QUALITY_GOOD)
        return NULL;
    if (point->quantity == QUANTITY_CHARGING)
        return charger_word(point);
    snprintf(text, size, "%.*f", point->decimals, point->value.number);
    return text;
}

static void tell_point(struct telling *telling, const struct component *part, int number,
                       const struct point *point)
{
    char name[NUT_NAME_MOST], value[400], help[160];
    const struct quantity_row *row = quantity_row(point->quantity);
    bool outlet = part->kind == COMPONENT_OUTLET || part->kind == COMPONENT_OUTPUT;
    /* what an outlet's contact reads is told by the switcher, which knows inversion */
    if ((outlet && point->quantity == QUANTITY_STATE) ||
        !nut_name(part, number, point->quantity, name))
        return;
    snprintf(help, sizeof help, "%s (%s%s%s)", row->label,
             part->label && *part->label ? part->label : part->name, *row->unit ? ", " : "",
             row->unit);
    tell(telling, name, value_of(point, value, sizeof value), row->kind != QUANTITY_KIND_STATE,
         help);
}

static void tell_part(struct telling *telling, const struct component *part, int number)
{
    for (const struct point *p = part->points; p && !telling->over; p = p->next)
        tell_point(telling, part, number, p);
}

/* ---- outlets --------------------------------------------------------------------------------- */

static void tell_outlet_text(struct telling *telling, int number, const char *last,
                             const char *value, const char *help)
{
    char name[NUT_NAME_MOST];
    snprintf(name, sizeof name, "outlet.%d.%s", number, last);
    tell(telling, name, value, false, help);
}

static void tell_outlet_state(struct telling *telling, const struct nut_outlet *one)
{
    const struct switcher_outlet *outlet = &one->outlet;
    const char *status = outlet->known ? outlet->on ? "on" : "off" : NULL;
    tell_outlet_text(telling, one->number, "name", outlet->label, "What is plugged in");
    tell_outlet_text(telling, one->number, "desc", outlet->path, "Its path in busbar");
    tell_outlet_text(telling, one->number, "status", status, "Whether it is on");
    tell_outlet_text(telling, one->number, "switchable", outlet->switchable ? "yes" : "no",
                     "Whether it can be switched");
}

static void tell_outlet_limits(struct telling *telling, const struct nut_outlet *one)
{
    const struct outlet_settings *settings = one->outlet.settings;
    const double rated =
        settings->rated_current > 0 ? settings->rated_current : one->component->rated_current;
    char text[40];
    snprintf(text, sizeof text, "%d", (int)(settings->off_delay / CLOCK_S));
    tell_outlet_text(telling, one->number, "delay.shutdown", text, "Delay of a delayed off (s)");
    snprintf(text, sizeof text, "%d", (int)(settings->on_delay / CLOCK_S));
    tell_outlet_text(telling, one->number, "delay.start", text, "Delay of a delayed on (s)");
    if (rated > 0) {
        snprintf(text, sizeof text, "%.1f", rated);
        tell_outlet_text(telling, one->number, "current.nominal", text, "What it may carry (A)");
    }
}

static void tell_outlet(void *user, const struct nut_outlet *one)
{
    struct telling *telling = user;
    char text[16];
    const struct point *watts = snmp_ups_good(one->component, QUANTITY_REAL_POWER);
    telling->outlets++;
    telling->watts += watts ? watts->value.number : NAN;
    snprintf(text, sizeof text, "%d", one->number);
    tell_outlet_text(telling, one->number, "id", text, "Number");
    if (one->known) {
        tell_outlet_state(telling, one);
        tell_outlet_limits(telling, one);
    }
    tell_part(telling, one->component, one->number);
}

static void tell_outlets(struct telling *telling)
{
    char text[40];
    nut_ups_outlets(telling->model, telling->ups, tell_outlet, telling);
    if (!telling->outlets)
        return;
    snprintf(text, sizeof text, "%d", telling->outlets);
    tell(telling, "outlet.count", text, true, "Number of outlets");
    if (telling->ups->group && !isnan(telling->watts)) {
        snprintf(text, sizeof text, "%.1f", telling->watts);
        tell(telling, "ups.realpower", text, true, "What its outlets draw (W)");
    }
}

/* ---- all of them ----------------------------------------------------------------------------- */

/* Parts of a device without its outlets; of a supply behind a group only what says how it stands.
 */
static void tell_device(struct telling *telling, const struct device *device, bool behind)
{
    int sensors = count_kind(device, COMPONENT_SENSOR);
    int phases = count_kind(device, COMPONENT_PHASE);
    bool outputs = snmp_ups_battery(device) && !has_kind(device, COMPONENT_OUTLET);
    char text[16];
    for (const struct component *c = device->components; c; c = c->next) {
        bool outlet = c->kind == COMPONENT_OUTLET || (outputs && c->kind == COMPONENT_OUTPUT);
        bool counts = c->kind == COMPONENT_BATTERY ||
                      (c->kind == COMPONENT_MAINS && telling->ups->group); /* else its own input */
        if (!outlet && (counts || !behind))
            tell_part(telling, c, c->number);
    }
    if (!behind && sensors) {
        snprintf(text, sizeof text, "%d", sensors);
        tell(telling, "ambient.count", text, true, "Number of sensors");
    }
    if (!behind && phases) {
        snprintf(text, sizeof text, "%d", phases);
        tell(telling, "input.phases", text, true, "Number of phases");
    }
}

static void tell_identity(struct telling *telling, const struct device *device)
{
    const struct nut_ups *ups = telling->ups;
    bool battery = !ups->group && snmp_ups_battery(device);
    tell(telling, "device.type", battery ? "ups" : "pdu", false, "Kind of device");
    tell_text(telling, "device.description", ups->label, "What people call it");
    tell_text(telling, "device.mfr", device->vendor, "Maker");
    tell_text(telling, "device.model", device->model, "Model");
    tell_text(telling, "device.serial", device->serial, "Serial number");
    tell_text(telling, "ups.mfr", device->vendor, "Maker");
    tell_text(telling, "ups.model", device->model, "Model");
    tell_text(telling, "ups.serial", device->serial, "Serial number");
    tell_text(telling, "ups.firmware", device->firmware, "Firmware");
    tell(telling, "driver.name", "busbar", false, "Who reads it");
    tell(telling, "driver.version", BUSBAR_VERSION, false, "Version of that");
}

static void tell_limits(struct telling *telling)
{
    const struct nut_ups_settings *settings = &telling->ups->settings;
    char text[40];
    if (settings->low_charge > 0) {
        snprintf(text, sizeof text, "%.0f", settings->low_charge);
        tell(telling, "battery.charge.low", text, true, "Charge at which it is low (%)");
    }
    if (settings->low_runtime) {
        snprintf(text, sizeof text, "%d", (int)(settings->low_runtime / CLOCK_S));
        tell(telling, "battery.runtime.low", text, true, "Time left at which it is low (s)");
    }
}

void nut_vars_each(const struct nut_model *model, const struct nut_ups *ups,
                   bool (*fn)(void *user, const struct nut_var *var), void *user)
{
    struct telling telling = {.model = model, .ups = ups, .fn = fn, .user = user};
    const struct device *device = nut_ups_device(model, ups);
    const struct device *supply = nut_ups_supply(model, ups);
    char status[80];
    /* first: who asks for one variable mostly asks for this */
    nut_ups_status(model, ups, status, sizeof status);
    tell(&telling, "ups.status", status, false, "How it stands");
    if (!device)
        return;
    tell_identity(&telling, device);
    tell_limits(&telling);
    if (!ups->group)
        tell_device(&telling, device, false);
    if (supply && (ups->group || supply != device))
        tell_device(&telling, supply, true);
    tell_outlets(&telling);
}
