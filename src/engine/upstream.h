/* upstream - whether power arrives at a part of a device: a contact that is closed behind an open
 * breaker switches nothing.
 *
 * Walks from the part to what feeds it (another part of its device, a part of another one, the
 * device upstream) as far as the mains. Reads the model only. Loop thread only.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "model/site.h"

struct upstream {
    const struct site *site;
    double voltage_off; /* V: less counts as none */
    bool near;          /* no further than the device at which the parts end */
    /* What the settings say feeds this part, "DEVICE/COMPONENT" or "COMPONENT"; NULL or "": they do
     * not say. */
    const char *(*feeder)(void *user, const struct component *part);
    void *user;
};

/* 1: voltage is measured somewhere on the way and nothing before it is open. 0: something on the
 * way is open, off, tripped or has no voltage; `reason` names it. -1: nothing on the way tells.
 * Only good readings count. `reason` is "" unless 0. */
int upstream_powered(const struct upstream *upstream, const struct component *part, char *reason,
                     size_t size);
