#include "model/site.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/site_private.h"

/* An id is 20 bits of slot and 12 bits of generation. */
#define SLOT_BITS 20
#define SLOT_MASK ((1u << SLOT_BITS) - 1)
#define GENERATION_MASK 0xFFFu

/* ---- point slots ----------------------------------------------------------------------------- */

static uint32_t take_slot(struct site *site)
{
    if (site->first_free) {
        uint32_t slot = site->first_free;
        site->first_free = site->slots[slot].next_free;
        return slot;
    }
    if (site->slot_count == LIMIT_POINTS)
        return 0;
    site->slots =
        mem_grow(site->slots, site->slot_count, &site->slot_capacity, sizeof *site->slots);
    /* Twice the points: a delivery may be under way while the next turn's changes gather behind it.
     */
    if (site->dirty_capacity < 2 * site->slot_capacity) {
        site->dirty_capacity = 2 * site->slot_capacity;
        site->dirty = mem_resize(site->dirty, site->dirty_capacity * sizeof *site->dirty);
    }
    site->slots[site->slot_count] = (struct point_slot_entry){0};
    return site->slot_count++;
}

static void give_slot(struct site *site, uint32_t slot)
{
    struct point_slot_entry *entry = &site->slots[slot];
    entry->point = NULL;
    entry->generation = (entry->generation + 1) & GENERATION_MASK;
    entry->next_free = site->first_free;
    site->first_free = slot;
}

uint32_t point_slot(point_id id)
{
    return id & SLOT_MASK;
}

struct point *site_point(const struct site *site, point_id id)
{
    uint32_t slot = id & SLOT_MASK;
    if (slot == 0 || slot >= site->slot_count || site->slots[slot].generation != id >> SLOT_BITS)
        return NULL;
    return site->slots[slot].point;
}

/* ---- life ------------------------------------------------------------------------------------ */

struct site *site_new(struct loop *loop)
{
    struct site *site = mem_new(sizeof *site);
    site->loop = loop;
    uint32_t unused = take_slot(site);
    assert(unused == 0);
    (void)unused;
    return site;
}

struct site *site_free(struct site *site)
{
    if (!site)
        return NULL;
    while (site->devices)
        site_device_remove(site, site->devices);
    feed_deinit(site);
    map_deinit(&site->devices_by_name);
    map_deinit(&site->points_by_path);
    free(site->slots);
    free(site);
    return NULL;
}

static const char *copy_text(struct arena *arena, const char *text)
{
    return text && *text ? arena_text(arena, text) : "";
}

struct device *site_device_add(struct site *site, const struct device_spec *spec)
{
    if (site->device_count == LIMIT_DEVICES || map_get(&site->devices_by_name, spec->name))
        return NULL;
    struct device_block *block = mem_new(sizeof *block);
    block->arena = arena_new();
    struct device *device = &block->device;
    *device = (struct device){
        .site = site,
        .name = copy_text(block->arena, spec->name),
        .label = copy_text(block->arena, spec->label),
        .role = copy_text(block->arena, spec->role),
        .line = copy_text(block->arena, spec->line),
        .profile = copy_text(block->arena, spec->profile),
        .vendor = copy_text(block->arena, spec->vendor),
        .model = copy_text(block->arena, spec->model),
        .fed_by = copy_text(block->arena, spec->fed_by),
        .unit = spec->unit,
        .every = spec->every,
        .wiring = spec->wiring,
        .rated_current = spec->rated_current,
        .since_mono = loop_now(site->loop),
        .since_wall = loop_wall(site->loop),
    };
    struct device **end = &site->devices;
    while (*end)
        end = &(*end)->next;
    *end = device;
    map_set(&site->devices_by_name, device->name, device);
    site->device_count++;
    site->revision++;
    feed_tree_changed(site);
    return device;
}

void site_device_last(struct site *site, struct device *device)
{
    struct device **at = &site->devices;
    while (*at != device)
        at = &(*at)->next;
    *at = device->next;
    device->next = NULL;
    while (*at)
        at = &(*at)->next;
    *at = device;
}

static struct device_block *block_of(struct device *device)
{
    return (struct device_block *)device;
}

void site_device_remove(struct site *site, struct device *device)
{
    struct device **at = &site->devices;
    while (*at != device)
        at = &(*at)->next;
    *at = device->next;
    for (struct component *component = device->components; component; component = component->next) {
        for (struct point *point = component->points; point; point = point->next) {
            map_remove(&site->points_by_path, point->path);
            give_slot(site, point_slot(point->id));
            site->point_count--;
        }
    }
    map_remove(&site->devices_by_name, device->name);
    site->device_count--;
    site->revision++;
    feed_tree_changed(site);
    arena_free(block_of(device)->arena);
    free(block_of(device));
}

void site_device_adopt(struct device *fresh, const struct device *old)
{
    for (struct component *component = fresh->components; component; component = component->next) {
        const struct component *before =
            device_component_find(old, component->kind, component->number);
        for (struct point *point = before ? component->points : NULL; point; point = point->next) {
            const struct point *from = component_point(before, point->quantity);
            if (!from)
                continue;
            point->value = from->value;
            point->raw = from->raw;
            if (point->text && from->text)
                memcpy(point->text, from->text, LIMIT_TEXT_VALUE);
            feed_point_changed(fresh->site, point);
        }
    }
}

/* ---- components and points ------------------------------------------------------------------- */

struct component *device_component_find(const struct device *device, enum component_kind kind,
                                        int number)
{
    struct component *component = device->components;
    while (component && (component->kind != kind || component->number != number))
        component = component->next;
    return component;
}

struct component *device_component(struct device *device, enum component_kind kind, int number)
{
    struct component *component = device_component_find(device, kind, number);
    if (component)
        return component;
    struct arena *arena = block_of(device)->arena;
    component = arena_take(arena, sizeof *component);
    char name[COMPONENT_NAME_MAX], label[32];
    component_format(kind, number, name);
    component_label(kind, number, label, sizeof label);
    *component = (struct component){
        .device = device,
        .kind = kind,
        .number = number,
        .name = arena_text(arena, name),
        .label = arena_text(arena, label),
        .fed_by = "",
    };
    struct component **end = &device->components;
    while (*end)
        end = &(*end)->next;
    *end = component;
    return component;
}

void component_set_label(struct component *component, const char *label)
{
    component->label = device_text(component->device, label);
}

void component_set_fed_by(struct component *component, const char *fed_by)
{
    component->fed_by = device_text(component->device, fed_by);
}

void component_set_rated_current(struct component *component, double amperes)
{
    component->rated_current = amperes;
}

struct point *component_point(const struct component *component, enum quantity quantity)
{
    struct point *point = component->points;
    while (point && point->quantity != quantity)
        point = point->next;
    return point;
}

/* Three missed readings make a value old; a second's jitter never does. */
clock_us point_usual_good_for(clock_us every)
{
    return every > CLOCK_S ? 3 * every : 3 * CLOCK_S;
}

struct point *component_point_add(struct component *component, enum quantity quantity)
{
    struct device *device = component->device;
    struct site *site = device->site;
    if (component_point(component, quantity) || device->point_count == LIMIT_POINTS_PER_DEVICE)
        return NULL;
    uint32_t slot = take_slot(site);
    if (!slot)
        return NULL;
    struct arena *arena = block_of(device)->arena;
    struct point *point = arena_take(arena, sizeof *point);
    const struct quantity_row *row = quantity_row(quantity);
    *point = (struct point){
        .component = component,
        .id = slot | site->slots[slot].generation << SLOT_BITS,
        .quantity = quantity,
        .path = arena_format(arena, "%s/%s/%s", device->name, component->name, row->name),
        .value = {.quality = QUALITY_ABSENT, .reason = REASON_NOT_ASKED},
        .text = row->kind == QUANTITY_KIND_TEXT ? arena_take(arena, LIMIT_TEXT_VALUE) : NULL,
        .decimals = row->decimals,
        .good_for = point_usual_good_for(device->every),
    };
    struct point **end = &component->points;
    while (*end)
        end = &(*end)->next;
    *end = point;
    site->slots[slot].point = point;
    map_set(&site->points_by_path, point->path, point);
    device->point_count++;
    site->point_count++;
    site->revision++;
    feed_tree_changed(site);
    return point;
}

const char *device_text(struct device *device, const char *text)
{
    return copy_text(block_of(device)->arena, text);
}

/* ---- identity and state ---------------------------------------------------------------------- */

static bool replace_text(char *into, size_t size, const char *text)
{
    if (!text || strncmp(into, text, size - 1) == 0)
        return false;
    snprintf(into, size, "%s", text);
    return true;
}

static const char *const roles[] = {"meter",  "pdu",   "supply",   "battery",
                                    "sensor", "relay", "inverter", "combiner"};

const char *const *device_roles(size_t *count)
{
    *count = sizeof roles / sizeof *roles;
    return roles;
}

void device_set_role(struct device *device, const char *role)
{
    if (!*device->role)
        device->role = device_text(device, role);
}

void device_change_role(struct device *device, const char *role)
{
    if (strcmp(device->role, role) == 0)
        return;
    device->role = device_text(device, role);
    feed_tree_changed(device->site);
}

void device_set_identity(struct device *device, const char *vendor, const char *model,
                         const char *serial, const char *firmware)
{
    bool changed = replace_text(device->serial, sizeof device->serial, serial);
    changed |= replace_text(device->firmware, sizeof device->firmware, firmware);
    if (vendor && strcmp(device->vendor, vendor) != 0) {
        device->vendor = device_text(device, vendor);
        changed = true;
    }
    if (model && strcmp(device->model, model) != 0) {
        device->model = device_text(device, model);
        changed = true;
    }
    if (changed)
        feed_tree_changed(device->site);
}

void device_set_state(struct device *device, enum device_state state, const char *reason)
{
    bool changed = replace_text(device->reason, sizeof device->reason, reason);
    if (device->state != state) {
        device->state = state;
        device->since_mono = loop_now(device->site->loop);
        device->since_wall = loop_wall(device->site->loop);
        changed = true;
    }
    if (changed)
        feed_tree_changed(device->site);
}

const char *device_state_name(enum device_state state)
{
    static const char *const names[] = {"starting", "online", "silent", "disabled"};
    return names[state];
}

/* ---- finding --------------------------------------------------------------------------------- */

struct loop *site_loop(struct site *site)
{
    return site->loop;
}

struct device *site_devices(const struct site *site)
{
    return site->devices;
}

struct device *site_device_find(const struct site *site, const char *name)
{
    return map_get(&site->devices_by_name, name);
}

struct point *site_point_find(const struct site *site, const char *path)
{
    return map_get(&site->points_by_path, path);
}

size_t site_point_count(const struct site *site)
{
    return site->point_count;
}

uint32_t site_slot_count(const struct site *site)
{
    return site->slot_count;
}

uint64_t site_revision(const struct site *site)
{
    return site->revision;
}
