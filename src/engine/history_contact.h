/* history_contact - which devices have been lost or found again since the last look.
 *
 * The site says that the state of some device changed; this knows which, and whether it is news for
 * the history: from answering to silent or back, or silent from the start. Loop thread only.
 */
#pragma once

#include <stddef.h>

#include "model/site.h"

struct history_contact {
    struct contact_device *devices; /* as the last look found them, in the site's order */
    size_t count, capacity;
    const char **changed;
    size_t changed_count, changed_capacity;
};

#define HISTORY_CONTACT_EMPTY ((struct history_contact){0})

void history_contact_deinit(struct history_contact *contact);

/* Compare with the last look; the names of devices lost or found again are in `changed`, valid
 * until the site changes. */
void history_contact_look(struct history_contact *contact, const struct site *site);
