/* energy_meter - what counts energy, water, gas or heat on a site, and what is counted within what.
 *
 * A meter is a device with a counter of its total, or a pulse input with one. A device that another
 * meter of the same medium feeds is within that one. Parts of a device (outlets, phases) are meters
 * only for groups that name them. The list is a snapshot in an arena: the site may change while a
 * question is under way. Loop thread.
 */
#pragma once

#include "engine/energy_settings.h"
#include "engine/tariff.h"
#include "model/site.h"

#define ENERGY_NONE SIZE_MAX

struct energy_meter {
    const char *id, *label; /* "meter-1", "dc-1/pulse-1", "pdu-a/outlet-3" */
    const char *point;      /* path of the counter */
    const char *exported;   /* of what flowed back, NULL: not counted */
    const char *unit;
    enum energy_medium medium;
    int decimals;  /* that history keeps */
    bool part;     /* only groups count it */
    size_t within; /* index of the meter that counts it already, ENERGY_NONE */
};

struct energy_meters {
    struct arena *arena; /* holds everything */
    struct energy_meter *list;
    size_t count, capacity;
};

/* The meters of `site`, and the parts that groups of `config` name. Freed with
 * energy_meters_deinit(). */
struct energy_meters energy_meters_of(const struct site *site, const struct config *config);
void energy_meters_deinit(struct energy_meters *meters);

/* Its index, or ENERGY_NONE. */
size_t energy_meters_find(const struct energy_meters *meters, const char *id);

/* What a group counts. */
struct energy_member {
    size_t meter;
    bool minus;
    size_t within; /* the member that counts it already, and it is left out; ENERGY_NONE */
};

struct energy_group {
    const char *id, *label;
    enum energy_medium medium;
    struct energy_member *members;
    size_t count;
    const char *problem; /* "" or a sentence: a member that is no meter */
};

/* Record `index` of the settings; everything lies in the arena of `meters`. */
struct energy_group energy_group_of(struct energy_meters *meters, const struct config *config,
                                    size_t index);
