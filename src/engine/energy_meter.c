#include "engine/energy_meter.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/outlet_groups.h"
#include "engine/point_pattern.h"

/* Chains of feeders are short; a circle in the settings ends here. */
#define FEEDERS_MOST 32

/* What a counter counts; the first quantity that a component has is its meter. */
static const struct {
    enum quantity quantity, exported;
    enum energy_medium medium;
} counters[] = {
    {QUANTITY_ENERGY, QUANTITY_ENERGY_EXPORT, MEDIUM_ELECTRICITY},
    {QUANTITY_VOLUME, QUANTITY_NONE, MEDIUM_WATER},
    {QUANTITY_GAS, QUANTITY_NONE, MEDIUM_GAS},
    {QUANTITY_HEAT, QUANTITY_NONE, MEDIUM_HEAT},
};

#define COUNTERS (sizeof counters / sizeof *counters)

static void add(struct energy_meters *meters, const struct component *component, bool part)
{
    const struct point *point = NULL, *exported = NULL;
    struct energy_meter meter = {.part = part, .within = ENERGY_NONE};
    for (size_t i = 0; i < COUNTERS && !point; i++) {
        point = component_point(component, counters[i].quantity);
        meter.medium = counters[i].medium;
        if (point && counters[i].exported != QUANTITY_NONE)
            exported = component_point(component, counters[i].exported);
    }
    if (!point)
        return;
    const struct device *device = component->device;
    bool whole = component->kind == COMPONENT_TOTAL;
    meter.id = whole ? arena_text(meters->arena, device->name)
                     : arena_format(meters->arena, "%s/%s", device->name, component->name);
    if (energy_meters_find(meters, meter.id) != ENERGY_NONE)
        return;
    const char *label = whole ? device->label : component->label;
    meter.label = *label ? arena_text(meters->arena, label) : meter.id;
    meter.point = arena_text(meters->arena, point->path);
    meter.exported = exported ? arena_text(meters->arena, exported->path) : NULL;
    meter.unit = quantity_row(point->quantity)->unit;
    meter.decimals = quantity_row(point->quantity)->decimals;
    meters->list = mem_grow(meters->list, meters->count, &meters->capacity, sizeof *meters->list);
    meters->list[meters->count++] = meter;
}

size_t energy_meters_find(const struct energy_meters *meters, const char *id)
{
    for (size_t i = 0; i < meters->count; i++) {
        if (strcmp(meters->list[i].id, id) == 0)
            return i;
    }
    return ENERGY_NONE;
}

/* ---- parts that groups name ------------------------------------------------------------------ */

static void add_parts(struct energy_meters *meters, const struct site *site, const char *list)
{
    char path[LIMIT_PATH + 1];
    for (const struct device *device = site_devices(site); device; device = device->next) {
        for (const struct component *part = device->components; part; part = part->next) {
            snprintf(path, sizeof path, "%s/%s", device->name, part->name);
            const char *at = list, *word;
            size_t length;
            bool minus, named = false;
            while (part->kind != COMPONENT_TOTAL &&
                   (word = energy_member_next(&at, &length, &minus)))
                named |= memchr(word, '/', length) && point_pattern_fits(word, length, path);
            if (named)
                add(meters, part, true);
        }
    }
}

/* ---- what is within what --------------------------------------------------------------------- */

/* The meter that counts what `device` takes: the nearest upstream with the same medium. */
static size_t find_feeder(const struct energy_meters *meters, const struct site *site,
                          const struct device *device, enum energy_medium medium)
{
    for (int i = 0; device && *device->fed_by && i < FEEDERS_MOST; i++) {
        device = site_device_find(site, device->fed_by);
        size_t found = device ? energy_meters_find(meters, device->name) : ENERGY_NONE;
        if (found != ENERGY_NONE && meters->list[found].medium == medium)
            return found;
    }
    return ENERGY_NONE;
}

static void find_within(struct energy_meters *meters, const struct site *site)
{
    for (size_t i = 0; i < meters->count; i++) {
        struct energy_meter *meter = &meters->list[i];
        char name[LIMIT_NAME + 1];
        snprintf(name, sizeof name, "%.*s", (int)strcspn(meter->id, "/"), meter->id);
        const struct device *device = site_device_find(site, name);
        size_t whole = energy_meters_find(meters, name);
        if (whole == i)
            meter->within = find_feeder(meters, site, device, meter->medium);
        else if (meter->part && whole != ENERGY_NONE && meters->list[whole].medium == meter->medium)
            meter->within = whole;
        else if (meter->part)
            meter->within = find_feeder(meters, site, device, meter->medium);
        /* a pulse input counts something else than its device takes */
        if (meter->within == i)
            meter->within = ENERGY_NONE;
    }
}

/* Devices that feed each other by mistake: one of them counts, so that totals have it once. */
static void break_circles(struct energy_meters *meters)
{
    for (size_t i = 0; i < meters->count; i++) {
        size_t at = meters->list[i].within;
        for (size_t step = 0; at != ENERGY_NONE && at != i && step < FEEDERS_MOST; step++)
            at = meters->list[at].within;
        if (at == i)
            meters->list[i].within = ENERGY_NONE;
    }
}

struct energy_meters energy_meters_of(const struct site *site, const struct config *config)
{
    struct energy_meters meters = {.arena = arena_new()};
    for (const struct device *device = site_devices(site); device; device = device->next) {
        for (const struct component *part = device->components; part; part = part->next) {
            if (part->kind == COMPONENT_TOTAL || part->kind == COMPONENT_PULSE)
                add(&meters, part, false);
        }
    }
    for (size_t i = 0; i < config_count(config, &energy_settings_table); i++) {
        const struct energy_settings *group = config_at(config, &energy_settings_table, i);
        if (strchr(group->members, '/'))
            add_parts(&meters, site, group->members);
    }
    find_within(&meters, site);
    break_circles(&meters);
    return meters;
}

void energy_meters_deinit(struct energy_meters *meters)
{
    free(meters->list);
    arena_free(meters->arena);
    *meters = (struct energy_meters){0};
}

/* ---- groups ---------------------------------------------------------------------------------- */

static bool has_member(const struct energy_group *group, size_t meter)
{
    for (size_t i = 0; i < group->count; i++) {
        if (group->members[i].meter == meter)
            return true;
    }
    return false;
}

static size_t add_members(struct energy_group *group, const struct energy_meters *meters,
                          const char *word, size_t length, bool minus)
{
    size_t found = 0;
    for (size_t i = 0; i < meters->count; i++) {
        if (meters->list[i].medium != group->medium ||
            !point_pattern_fits(word, length, meters->list[i].id))
            continue;
        found++;
        if (!has_member(group, i))
            group->members[group->count++] =
                (struct energy_member){.meter = i, .minus = minus, .within = ENERGY_NONE};
    }
    return found;
}

/* Of two that are both added, the one that the other feeds is counted there. */
static void leave_out_fed(struct energy_group *group, const struct energy_meters *meters)
{
    for (size_t i = 0; i < group->count; i++) {
        struct energy_member *member = &group->members[i];
        size_t at = meters->list[member->meter].within;
        for (int step = 0; !member->minus && at != ENERGY_NONE && step < FEEDERS_MOST; step++) {
            for (size_t j = 0; j < group->count; j++) {
                if (group->members[j].meter == at && !group->members[j].minus && j != i)
                    member->within = at;
            }
            at = member->within == ENERGY_NONE ? meters->list[at].within : ENERGY_NONE;
        }
    }
}

struct energy_group energy_group_of(struct energy_meters *meters, const struct config *config,
                                    size_t index)
{
    const struct energy_settings *settings = config_at(config, &energy_settings_table, index);
    const char *name = config_name_at(config, &energy_settings_table, index);
    struct energy_group group = {
        .id = arena_text(meters->arena, name),
        .label = arena_text(meters->arena, *settings->label ? settings->label : name),
        .medium = (enum energy_medium)settings->medium,
        .members = arena_take(meters->arena, (meters->count + 1) * sizeof *group.members),
        .problem = "",
    };
    const char *at = settings->members;
    size_t length;
    bool minus;
    for (const char *word; (word = energy_member_next(&at, &length, &minus));) {
        if (!add_members(&group, meters, word, length, minus) && !*group.problem)
            group.problem = arena_format(meters->arena, "%s: %.*s is no meter of %s", name,
                                         (int)length, word, energy_medium_names[group.medium]);
    }
    leave_out_fed(&group, meters);
    return group;
}
