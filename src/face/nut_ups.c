#include "face/nut_ups.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "engine/outlet_groups.h"
#include "face/snmp_ups_look.h"

#define UPSTREAM_MOST 16
#define GROUP_OUTLETS_MOST 1024

/* ---- parts of a device ----------------------------------------------------------------------- */

static bool has_part(const struct device *device, enum component_kind kind)
{
    for (const struct component *c = device->components; c; c = c->next) {
        if (c->kind == kind)
            return true;
    }
    return false;
}

/* Of a device that has outlets those, of a supply without any what it gives out. */
static enum component_kind outlet_kind(const struct device *device)
{
    bool outputs = snmp_ups_battery(device) && !has_part(device, COMPONENT_OUTLET);
    return outputs ? COMPONENT_OUTPUT : COMPONENT_OUTLET;
}

/* ---- outlets --------------------------------------------------------------------------------- */

static void device_outlets(const struct nut_model *model, const struct device *device,
                           void (*fn)(void *user, const struct nut_outlet *outlet), void *user)
{
    enum component_kind kind = outlet_kind(device);
    for (const struct component *c = device->components; c; c = c->next) {
        char path[LIMIT_PATH + 1];
        struct nut_outlet one = {.number = c->number, .component = c};
        if (c->kind != kind)
            continue;
        snprintf(path, sizeof path, "%s/%s", device->name, c->name);
        one.known = model->switcher && switcher_outlet_find(model->switcher, path, &one.outlet);
        fn(user, &one);
    }
}

static size_t group_members(const struct nut_model *model, const struct nut_ups *ups, size_t *list)
{
    char target[LIMIT_NAME + 8];
    struct err err = ERR_EMPTY;
    snprintf(target, sizeof target, "group/%s", ups->group);
    size_t count = model->switcher
                       ? switcher_target(model->switcher, target, list, GROUP_OUTLETS_MOST, &err)
                       : 0;
    return count < GROUP_OUTLETS_MOST ? count : GROUP_OUTLETS_MOST;
}

void nut_ups_outlets(const struct nut_model *model, const struct nut_ups *ups,
                     void (*fn)(void *user, const struct nut_outlet *outlet), void *user)
{
    size_t list[GROUP_OUTLETS_MOST];
    if (!ups->group) {
        const struct device *device = nut_ups_device(model, ups);
        if (device)
            device_outlets(model, device, fn, user);
        return;
    }
    size_t count = group_members(model, ups, list);
    for (size_t i = 0; i < count; i++) {
        struct nut_outlet one = {.number = (int)i + 1, .known = true};
        switcher_outlet_at(model->switcher, list[i], &one.outlet);
        const struct point *state = site_point(model->site, one.outlet.state);
        one.component = state ? state->component : NULL;
        if (one.component)
            fn(user, &one);
    }
}

bool nut_ups_is_segment(const struct nut_ups *ups)
{
    return ups->group || !ups->feeder || strcmp(ups->feeder, ups->device) != 0;
}

/* ---- where it hangs -------------------------------------------------------------------------- */

const struct device *nut_ups_device(const struct nut_model *model, const struct nut_ups *ups)
{
    size_t list[GROUP_OUTLETS_MOST];
    if (ups->device)
        return site_device_find(model->site, ups->device);
    if (!group_members(model, ups, list))
        return NULL;
    struct switcher_outlet outlet;
    switcher_outlet_at(model->switcher, list[0], &outlet);
    const struct point *state = site_point(model->site, outlet.state);
    return state ? state->component->device : NULL;
}

const struct device *nut_ups_supply(const struct nut_model *model, const struct nut_ups *ups)
{
    return ups->feeder ? site_device_find(model->site, ups->feeder) : NULL;
}

/* The first one with a battery on the way upstream. */
static const struct device *find_feeder(const struct nut_model *model, const struct nut_ups *ups)
{
    const struct device *device = *ups->settings.supply
                                      ? site_device_find(model->site, ups->settings.supply)
                                      : nut_ups_device(model, ups);
    for (int i = 0; device && i < UPSTREAM_MOST; i++) {
        if (snmp_ups_battery(device))
            return device;
        device = site_device_find(model->site, device->fed_by);
    }
    return NULL;
}

enum nut_contact nut_ups_contact(const struct nut_model *model, const struct nut_ups *ups)
{
    const struct device *device = nut_ups_device(model, ups);
    const struct device *supply = ups->group ? nut_ups_supply(model, ups) : NULL;
    if (supply) /* a group is what feeds it: its outlets may be on several devices */
        device = supply;
    if (!device || device->state == DEVICE_DISABLED || device->state == DEVICE_STARTING)
        return NUT_CONTACT_NONE;
    return device->state == DEVICE_SILENT ? NUT_CONTACT_STALE : NUT_CONTACT_FINE;
}

/* ---- status ---------------------------------------------------------------------------------- */

static int on_battery(const struct snmp_ups_look *look)
{
    switch (look->source) {
    case SNMP_UPS_BATTERY:
        return 1;
    case SNMP_UPS_NORMAL:
        return 0;
    case SNMP_UPS_NONE: /* nothing comes out: the mains tell */
        return look->input_known ? !look->input_good : -1;
    case SNMP_UPS_OTHER:
        break;
    }
    return -1;
}

static double number_of(const struct component *part, enum quantity quantity)
{
    const struct point *point = snmp_ups_good(part, quantity);
    return point ? point->value.number : NAN;
}

void nut_ups_read(const struct nut_model *model, const struct nut_ups *ups,
                  struct shutdown_reading *reading)
{
    const struct device *supply = nut_ups_supply(model, ups);
    *reading = (struct shutdown_reading){.on_battery = -1, .charge = NAN, .runtime = NAN};
    if (!supply || supply->state != DEVICE_ONLINE)
        return;
    const struct snmp_ups_look look = snmp_ups_look(supply);
    const struct component *battery = snmp_ups_battery(supply);
    reading->on_battery = on_battery(&look);
    reading->charge = number_of(battery, QUANTITY_CHARGE);
    reading->runtime = number_of(battery, QUANTITY_RUNTIME);
}

struct words_out {
    char *text;
    size_t size, length;
};

static void say(struct words_out *out, const char *word)
{
    int more = snprintf(out->text + out->length, out->size - out->length, "%s%s",
                        out->length ? " " : "", word);
    out->length += (size_t)more < out->size - out->length ? (size_t)more : 0;
}

static bool has_low_limits(const struct shutdown_rule *rule)
{
    return rule->low.after || rule->low.charge > 0 || rule->low.runtime;
}

/* What the thresholds of this ups say goes before what the supply says, but an empty battery is low
 * for everybody. */
static bool is_low(const struct nut_ups *ups, const struct snmp_ups_look *look)
{
    return ups->stage.low || look->status == SNMP_UPS_STATUS_DEPLETED ||
           (look->status == SNMP_UPS_STATUS_LOW && !has_low_limits(&ups->rule));
}

static bool charges(const struct component *battery)
{
    const struct point *current = snmp_ups_good(battery, QUANTITY_CURRENT);
    return current && current->value.number > 0;
}

static void say_supply(struct words_out *out, const struct nut_ups *ups,
                       const struct device *supply)
{
    const struct snmp_ups_look look = snmp_ups_look(supply);
    int battery = on_battery(&look);
    if (battery < 0)
        return;
    say(out, battery ? "OB" : "OL");
    if (battery)
        say(out, "DISCHRG");
    else if (charges(snmp_ups_battery(supply)))
        say(out, "CHRG");
    if (is_low(ups, &look))
        say(out, "LB");
    if (look.source == SNMP_UPS_NONE)
        say(out, "OFF");
    if (look.alarms & 1u << SNMP_UPS_ALARM_OVERLOAD)
        say(out, "OVER");
}

/* Without a battery all that can be told is whether there is power. */
static void say_mains(struct words_out *out, const struct device *device)
{
    for (const struct component *c = device->components; c; c = c->next) {
        double volts =
            c->kind == COMPONENT_PHASE || c->kind == COMPONENT_MAINS || c->kind == COMPONENT_TOTAL
                ? number_of(c, QUANTITY_VOLTAGE)
                : NAN;
        if (!isnan(volts) && volts >= SNMP_UPS_DEAD_V) {
            say(out, "OL");
            return;
        }
    }
}

void nut_ups_status(const struct nut_model *model, const struct nut_ups *ups, char *text,
                    size_t size)
{
    struct words_out out = {.text = text, .size = size};
    const struct device *supply = nut_ups_supply(model, ups);
    const struct device *device = supply ? supply : nut_ups_device(model, ups);
    *text = '\0';
    /* busbar's own word: it holds whatever the supply says, or whether it says anything */
    if (shutdown_forced(&ups->stage))
        say(&out, "FSD");
    if (!device || device->state != DEVICE_ONLINE)
        return;
    if (supply)
        say_supply(&out, ups, supply);
    else
        say_mains(&out, device);
}

/* ---- the list -------------------------------------------------------------------------------- */

static struct shutdown_rule rule_of(const struct nut_ups_settings *settings)
{
    return (struct shutdown_rule){
        .low = {settings->low_after, settings->low_charge, settings->low_runtime},
        .fsd = {settings->fsd_after, settings->fsd_charge, settings->fsd_runtime},
        .hold = settings->fsd_hold,
        .operator_only = settings->fsd_clear == NUT_FSD_OPERATOR,
        .off_after = settings->off_after,
    };
}

struct making {
    const struct nut_model *model;
    const struct nut_offer_list *old;
    struct nut_offer_list fresh;
};

static struct nut_ups *add(struct making *making, const char *name,
                           const struct nut_ups_settings *settings)
{
    struct nut_offer_list *fresh = &making->fresh;
    if (fresh->count >= NUT_UPS_MOST || nut_offer_find(fresh, name))
        return NULL;
    struct nut_ups *ups = &fresh->list[fresh->count++];
    const struct nut_ups *old = nut_offer_find(making->old, name);
    *ups = (struct nut_ups){.name = arena_text(fresh->arena, name),
                            .settings = *settings,
                            .rule = rule_of(settings),
                            .stage = old ? old->stage : SHUTDOWN_CALM};
    ups->settings.supply = arena_text(fresh->arena, settings->supply);
    return ups;
}

static void add_device(struct making *making, const char *name, const struct device *device,
                       const struct nut_ups_settings *settings)
{
    struct nut_ups *ups = add(making, name, settings);
    const char *label = *settings->label ? settings->label : device->label;
    if (!ups)
        return;
    ups->device = arena_text(making->fresh.arena, device->name);
    ups->label = arena_text(making->fresh.arena, label && *label ? label : device->name);
}

static void add_group(struct making *making, const char *name, const char *group,
                      const struct nut_ups_settings *settings)
{
    const struct config *config = making->model->config;
    int index = config_find(config, &group_settings_table, group);
    struct nut_ups *ups = index < 0 ? NULL : add(making, name, settings);
    if (!ups)
        return;
    const struct group_settings *record = config_at(config, &group_settings_table, (size_t)index);
    const char *label = *settings->label ? settings->label : record->label;
    ups->group = arena_text(making->fresh.arena, group);
    ups->label = arena_text(making->fresh.arena, *label ? label : group);
}

static void add_records(struct making *making)
{
    const struct config *config = making->model->config;
    for (size_t i = 0; i < config_count(config, &nut_ups_settings_table); i++) {
        const struct nut_ups_settings *settings = config_at(config, &nut_ups_settings_table, i);
        const char *name = config_name_at(config, &nut_ups_settings_table, i);
        const char *group = nut_shows_group(settings->shows);
        const struct device *device =
            site_device_find(making->model->site, *settings->shows ? settings->shows : name);
        if (group)
            add_group(making, name, group, settings);
        else if (device)
            add_device(making, name, device, settings);
        else if (!*settings->shows)
            add_group(making, name, name, settings);
    }
}

/* What nobody wrote a record for; one that has a name already is not offered twice. */
static void add_rest(struct making *making)
{
    const struct nut_ups_settings usual = nut_ups_settings_default();
    const struct config *config = making->model->config;
    for (const struct device *d = site_devices(making->model->site); d; d = d->next) {
        if (snmp_ups_battery(d) || has_part(d, COMPONENT_OUTLET))
            add_device(making, d->name, d, &usual);
    }
    for (size_t i = 0; i < config_count(config, &group_settings_table); i++) {
        const char *group = config_name_at(config, &group_settings_table, i);
        add_group(making, group, group, &usual);
    }
}

void nut_offer_build(struct nut_offer_list *offer, const struct nut_model *model)
{
    const struct nut_settings *nut = config_record(model->config, &nut_settings_table);
    struct making making = {.model = model, .old = offer};
    making.fresh.arena = arena_new();
    making.fresh.list = arena_take(making.fresh.arena, NUT_UPS_MOST * sizeof *making.fresh.list);
    making.fresh.revision = site_revision(model->site);
    add_records(&making);
    if (nut->offer == NUT_OFFER_ALL)
        add_rest(&making);
    for (size_t i = 0; i < making.fresh.count; i++) {
        struct nut_ups *ups = &making.fresh.list[i];
        const struct device *feeder = find_feeder(model, ups);
        ups->feeder = feeder ? arena_text(making.fresh.arena, feeder->name) : NULL;
        if (!nut_ups_is_segment(ups))
            ups->rule.off_after = 0;
    }
    arena_free(offer->arena);
    *offer = making.fresh;
}

void nut_offer_deinit(struct nut_offer_list *offer)
{
    arena_free(offer->arena);
    *offer = (struct nut_offer_list){0};
}

struct nut_ups *nut_offer_find(const struct nut_offer_list *offer, const char *name)
{
    for (size_t i = 0; i < offer->count; i++) {
        if (strcmp(offer->list[i].name, name) == 0)
            return &offer->list[i];
    }
    return NULL;
}
