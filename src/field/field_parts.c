/* Devices that belong to another one: a PDU that meters through one unit and switches through the
 * relays of a second is one device to people. The part is read and written like any device, but
 * stands in a site of its own that no face sees; its points are shown among those of its host. */

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "field/field_private.h"

struct site *field_site_of(struct field *field, const struct device_settings *settings)
{
    if (!*settings->part_of)
        return field->site;
    if (!field->parts)
        field->parts = site_new(field->loop);
    return field->parts;
}

static struct poller *find_poller(const struct field *field, const char *name)
{
    struct poller *poller = field->pollers;
    while (poller && strcmp(poller->name, name) != 0)
        poller = poller->next;
    return poller;
}

/* ---- when something changes ------------------------------------------------------------------ */

static void touch(struct field *field, const char *host)
{
    struct poller *poller = find_poller(field, host);
    if (poller)
        poller->touched = true;
}

/* Points cannot be taken from a device, so a host is built anew when what its parts give changes.
 */
void field_parts_mark(struct field *field, const struct config *config,
                      bool (*is_same)(struct field *field, const struct poller *poller,
                                      const struct device_settings *settings))
{
    for (struct poller *poller = field->pollers; poller; poller = poller->next)
        poller->touched = false;
    for (struct poller *poller = field->pollers; poller; poller = poller->next) {
        int at = *poller->settings.part_of
                     ? config_find(config, &device_settings_table, poller->name)
                     : -1;
        const struct device_settings *settings =
            at < 0 ? NULL : config_at(config, &device_settings_table, (size_t)at);
        if (*poller->settings.part_of && (!settings || !is_same(field, poller, settings)))
            touch(field, poller->settings.part_of);
    }
    for (size_t i = 0; i < config_count(config, &device_settings_table); i++) {
        const struct device_settings *settings = config_at(config, &device_settings_table, i);
        const char *name = config_name_at(config, &device_settings_table, i);
        const struct poller *old = *settings->part_of ? find_poller(field, name) : NULL;
        if (*settings->part_of && (!old || !is_same(field, old, settings)))
            touch(field, settings->part_of);
    }
}

void field_part_free(struct field_part *part)
{
    if (part)
        free(part->pairs);
    free(part);
}

/* ---- showing --------------------------------------------------------------------------------- */

/* A reading keeps the time at which the part was read. */
static void show(const struct point *from, struct point *to)
{
    const struct value *value = &from->value;
    if (value->quality != QUALITY_GOOD) {
        if (to->value.quality != value->quality || to->value.reason != value->reason)
            point_mark(to, value->quality, value->reason);
    } else if (to->value.quality != QUALITY_GOOD || value->mono > to->value.mono) {
        if (from->text)
            point_put_text(to, from->text, value->mono, value->wall);
        else
            point_put(to, from->raw, value->mono, value->wall);
    }
}

static void on_told(struct poller *poller)
{
    const struct field_part *part = poller->part;
    for (size_t i = 0; i < part->count; i++) {
        const struct point *from = site_point(part->field->parts, part->pairs[i].from);
        struct point *to = site_point(part->field->site, part->pairs[i].to);
        if (from && to)
            show(from, to);
    }
}

/* ---- connecting ------------------------------------------------------------------------------ */

/* Things that are counted, of which a host may have more than one part: the others keep their
 * name. */
static int number_there(const struct poller *part, const struct component *component)
{
    switch (component->kind) {
    case COMPONENT_OUTLET:
    case COMPONENT_OUTPUT:
    case COMPONENT_INPUT:
        return component->number + (int)part->settings.first_outlet - 1;
    default:
        return component->number;
    }
}

/* The host's point for one of the part; NULL when it has such a point of its own. */
static struct point *add_point(struct poller *part, struct poller *host, const struct point *from)
{
    const struct component *component = from->component;
    struct component *place =
        device_component(host->device, component->kind, number_there(part, component));
    struct point *to = place ? component_point_add(place, from->quantity) : NULL;
    if (!to) {
        log_warning("field", "%s: %s has a %s of its own already, or no room", part->name,
                    host->name, from->path);
        return NULL;
    }
    if (*component->label && !*place->label)
        component_set_label(place, component->label);
    to->words = from->words;
    to->decimals = from->decimals;
    to->rollover = from->rollover;
    to->good_for = from->good_for;
    return to;
}

static void connect_points(struct poller *part, struct poller *host)
{
    for (struct component *component = part->device->components; component;
         component = component->next) {
        for (struct point *from = component->points; from; from = from->next) {
            struct point *to = add_point(part, host, from);
            if (!to)
                continue;
            struct field_part *list = part->part;
            list->pairs = mem_grow(list->pairs, list->count, &list->capacity, sizeof *list->pairs);
            list->pairs[list->count++] = (struct field_pair){from->id, to->id};
        }
    }
    part->told = on_told;
    on_told(part);
}

static bool is_connected(const struct field *field, const struct poller *part)
{
    return part->part && part->part->count && site_point(field->site, part->part->pairs[0].to);
}

void field_parts_connect(struct field *field)
{
    for (struct poller *part = field->pollers; part; part = part->next) {
        struct poller *host =
            *part->settings.part_of ? find_poller(field, part->settings.part_of) : NULL;
        if (!host || host->device->site != field->site || is_connected(field, part))
            continue;
        field_part_free(part->part);
        part->part = mem_new(sizeof *part->part);
        part->part->field = field;
        connect_points(part, host);
    }
}

/* ---- writing --------------------------------------------------------------------------------- */

static struct poller *find_part(const struct field *field, struct point **point)
{
    for (struct poller *poller = field->pollers; poller; poller = poller->next) {
        for (size_t i = 0; poller->part && i < poller->part->count; i++) {
            if (poller->part->pairs[i].to != (*point)->id)
                continue;
            struct point *own = site_point(field->parts, poller->part->pairs[i].from);
            if (own)
                *point = own;
            return own ? poller : NULL;
        }
    }
    return NULL;
}

struct poller *field_poller_of(const struct field *field, struct point **point)
{
    struct poller *part = field->parts ? find_part(field, point) : NULL;
    if (part)
        return part;
    struct poller *poller = field->pollers;
    while (poller && poller->device != (*point)->component->device)
        poller = poller->next;
    return poller;
}
