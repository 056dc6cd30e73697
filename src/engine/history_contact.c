#include "engine/history_contact.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct contact_device {
    char name[LIMIT_NAME + 1];
    enum device_state state;
};

void history_contact_deinit(struct history_contact *contact)
{
    free(contact->devices);
    free(contact->changed);
    *contact = HISTORY_CONTACT_EMPTY;
}

/* `place` is where the device was unless some came or went. */
static enum device_state state_before(const struct history_contact *contact, const char *name,
                                      size_t place)
{
    if (place < contact->count && strcmp(contact->devices[place].name, name) == 0)
        return contact->devices[place].state;
    for (size_t i = 0; i < contact->count; i++) {
        if (strcmp(contact->devices[i].name, name) == 0)
            return contact->devices[i].state;
    }
    return DEVICE_STARTING;
}

static bool is_news(enum device_state before, enum device_state now)
{
    if (now == DEVICE_SILENT)
        return before != DEVICE_SILENT;
    return before == DEVICE_SILENT && now == DEVICE_ONLINE;
}

static void compare(struct history_contact *contact, const struct site *site)
{
    size_t place = 0;
    contact->changed_count = 0;
    for (const struct device *device = site_devices(site); device; device = device->next) {
        if (!is_news(state_before(contact, device->name, place++), device->state))
            continue;
        contact->changed = mem_grow(contact->changed, contact->changed_count,
                                    &contact->changed_capacity, sizeof *contact->changed);
        contact->changed[contact->changed_count++] = device->name;
    }
}

void history_contact_look(struct history_contact *contact, const struct site *site)
{
    compare(contact, site);
    contact->count = 0;
    for (const struct device *device = site_devices(site); device; device = device->next) {
        contact->devices = mem_grow(contact->devices, contact->count, &contact->capacity,
                                    sizeof *contact->devices);
        struct contact_device *known = &contact->devices[contact->count++];
        snprintf(known->name, sizeof known->name, "%s", device->name);
        known->state = device->state;
    }
}
