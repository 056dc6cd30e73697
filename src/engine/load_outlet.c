/* What outlets draw, and what they drew while they were on. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "engine/load_private.h"
#include "engine/outlet_settings.h"

/* Less is no load: nothing was plugged in, and what will be is not known. */
#define SOME_AMPERES 0.02
#define SOME_WATTS 2.0

static point_id id_of(const struct component *part, enum quantity quantity)
{
    const struct point *point = component_point(part, quantity);
    return point ? point->id : 0;
}

static const struct point *good_point(const struct load *load, point_id id)
{
    const struct point *point = id ? site_point(load->site, id) : NULL;
    return point && point->value.quality == QUALITY_GOOD ? point : NULL;
}

/* ---- the list -------------------------------------------------------------------------------- */

/* What the settings of outlets say goes before what the profile says. */
static double rated_current(const struct config *config, const char *path,
                            const struct component *part)
{
    const struct setting_table *const *tables = config_schema(config)->tables;
    while (*tables && *tables != &outlet_settings_table)
        tables++;
    int index = *tables ? config_find(config, *tables, path) : -1;
    if (index >= 0) {
        const struct outlet_settings *settings = config_at(config, *tables, (size_t)index);
        if (settings->rated_current > 0)
            return settings->rated_current;
    }
    return part->rated_current;
}

static void add_outlet(struct load *load, const struct load *old, const struct component *part)
{
    char path[LIMIT_NAME + COMPONENT_NAME_MAX + 2];
    snprintf(path, sizeof path, "%s/%s", part->device->name, part->name);
    struct load_outlet outlet = {
        .path = mem_text(path),
        .state = id_of(part, QUANTITY_STATE),
        .current = id_of(part, QUANTITY_CURRENT),
        .power = id_of(part, QUANTITY_REAL_POWER),
        .rated = rated_current(load->config, path, part),
        .on = -1,
        .most = {NAN, NAN},
    };
    const struct load_outlet *before = load_outlet_find(old, path);
    if (before) {
        outlet.on = before->on;
        outlet.on_since = before->on_since;
        memcpy(outlet.most, before->most, sizeof outlet.most);
    } else {
        load_keep_recall(load, &outlet);
    }
    load->outlets =
        mem_grow(load->outlets, load->outlet_count, &load->outlet_capacity, sizeof *load->outlets);
    load->outlets[load->outlet_count++] = outlet;
}

static void index_outlets(struct load *load)
{
    load->slot_count = site_slot_count(load->site);
    load->by_slot = mem_new((load->slot_count + 1) * sizeof *load->by_slot);
    for (size_t i = 0; i < load->outlet_count; i++) {
        const struct load_outlet *outlet = &load->outlets[i];
        map_set(&load->by_path, outlet->path, (void *)(uintptr_t)(i + 1));
        load->by_slot[point_slot(outlet->state)] = (uint32_t)(i + 1);
        if (outlet->current)
            load->by_slot[point_slot(outlet->current)] = (uint32_t)(i + 1);
        if (outlet->power)
            load->by_slot[point_slot(outlet->power)] = (uint32_t)(i + 1);
    }
}

void load_outlets_read(struct load *load)
{
    struct load old = *load;
    load->outlets = NULL;
    load->outlet_count = load->outlet_capacity = 0;
    load->by_path = MAP_EMPTY;
    for (const struct device *device = site_devices(load->site); device; device = device->next) {
        for (const struct component *part = device->components; part; part = part->next) {
            if (part->kind == COMPONENT_OUTLET && component_point(part, QUANTITY_STATE))
                add_outlet(load, &old, part);
        }
    }
    index_outlets(load);
    load_outlets_free(&old);
    for (size_t i = 0; i < load->outlet_count; i++)
        load_outlets_heed(load, load->outlets[i].current ? load->outlets[i].current
                                                         : load->outlets[i].state);
}

void load_outlets_free(struct load *load)
{
    for (size_t i = 0; i < load->outlet_count; i++)
        free(load->outlets[i].path);
    free(load->outlets);
    free(load->by_slot);
    map_deinit(&load->by_path);
}

struct load_outlet *load_outlet_find(const struct load *load, const char *path)
{
    uintptr_t place = (uintptr_t)map_get(&load->by_path, path);
    return place ? &load->outlets[place - 1] : NULL;
}

struct load_outlet *load_outlet_of_state(const struct load *load, point_id state)
{
    size_t slot = point_slot(state);
    size_t place = slot < load->slot_count ? load->by_slot[slot] : 0;
    return place && load->outlets[place - 1].state == state ? &load->outlets[place - 1] : NULL;
}

/* ---- readings -------------------------------------------------------------------------------- */

int load_outlet_state(const struct load *load, const struct load_outlet *outlet)
{
    const struct point *state = good_point(load, outlet->state);
    return state ? state->value.number != 0 : -1;
}

/* The highest since it was switched on, not the last: while it goes off a reading of zero may come
 * before the state says so. */
static void remember(const struct load *load, struct load_outlet *outlet)
{
    const struct point *points[] = {good_point(load, outlet->current),
                                    good_point(load, outlet->power)};
    static const double some[] = {SOME_AMPERES, SOME_WATTS};
    for (size_t unit = 0; unit < sizeof points / sizeof *points; unit++) {
        double number = points[unit] ? fabs(points[unit]->value.number) : 0;
        if (number >= some[unit] && !(number <= outlet->most[unit]))
            outlet->most[unit] = number;
    }
}

void load_outlets_heed(struct load *load, point_id point)
{
    size_t slot = point_slot(point);
    size_t place = slot < load->slot_count ? load->by_slot[slot] : 0;
    if (!place)
        return;
    struct load_outlet *outlet = &load->outlets[place - 1];
    int state = load_outlet_state(load, outlet);
    if (state == 1 && outlet->on == 0) {
        outlet->on_since = site_point(load->site, outlet->state)->value.mono;
        /* Something else may have been plugged in while it was off. */
        outlet->most[LOAD_AMPERES] = outlet->most[LOAD_WATTS] = NAN;
    }
    if (state >= 0)
        outlet->on = state;
    if (state == 1)
        remember(load, outlet);
}

/* ---- what it draws --------------------------------------------------------------------------- */

static double voltage_of(const struct load *load, const struct load_outlet *outlet)
{
    static const struct {
        enum component_kind kind;
        int number;
    } places[] = {{COMPONENT_TOTAL, 0}, {COMPONENT_PHASE, 1}, {COMPONENT_LINE, 1}};
    const struct point *state = site_point(load->site, outlet->state);
    if (!state)
        return NAN;
    const struct point *volts = good_point(load, id_of(state->component, QUANTITY_VOLTAGE));
    for (size_t i = 0; !volts && i < sizeof places / sizeof *places; i++) {
        const struct component *part =
            device_component_find(state->component->device, places[i].kind, places[i].number);
        volts = part ? good_point(load, id_of(part, QUANTITY_VOLTAGE)) : NULL;
    }
    return volts ? volts->value.number : NAN;
}

double load_outlet_wants(const struct load *load, const struct load_outlet *outlet,
                         enum load_unit unit)
{
    if (!isnan(outlet->most[unit]))
        return outlet->most[unit];
    if (!(outlet->rated > 0))
        return NAN;
    return unit == LOAD_AMPERES ? outlet->rated : outlet->rated * voltage_of(load, outlet);
}

void load_outlet_add(const struct load *load, const struct load_outlet *outlet, enum load_unit unit,
                     struct load_sum *sum)
{
    int state = load_outlet_state(load, outlet);
    const struct point *reading =
        good_point(load, unit == LOAD_AMPERES ? outlet->current : outlet->power);
    if (state == 0)
        return;
    double number =
        state == 1 && reading ? fabs(reading->value.number) : load_outlet_wants(load, outlet, unit);
    if (isnan(number)) {
        sum->basis = LOAD_UNKNOWN;
        sum->missing = sum->missing ? sum->missing : outlet->path;
        return;
    }
    sum->number += number;
    if (reading && state == 1 && reading->value.mono < sum->as_of)
        sum->as_of = reading->value.mono;
    if ((!reading || state < 0) && sum->basis < LOAD_GUESSED)
        sum->basis = LOAD_GUESSED;
}
