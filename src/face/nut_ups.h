/* nut_ups - what the NUT server offers: each "ups" is a supply with a battery, a device with
 * outlets, or a group of outlets with the supply behind it.
 *
 * The list comes from the site, the groups and the records of nut_ups; it is made anew when one of
 * them changes, and a ups of the same name keeps its stage. Everything else is read from the model
 * when it is asked for. What is not known is not told: an unknown status is empty, a lost contact
 * is stale, neither is a power failure. Loop thread only.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "engine/shutdown.h"
#include "engine/switcher.h"
#include "face/nut_settings.h"
#include "model/site.h"

struct nut_model {
    struct site *site;
    const struct switcher *switcher; /* NULL: nothing is switched, and there are no groups */
    const struct config *config;     /* in force */
};

struct nut_ups {
    const char *name, *label;
    const char *device; /* NULL: a group */
    const char *group;  /* NULL: a device */
    const char *feeder; /* name of the supply with a battery that it is or hangs on; NULL: none */
    struct nut_ups_settings settings;
    struct shutdown_rule rule;
    struct shutdown_stage stage;
};

struct nut_offer_list {
    struct arena *arena;
    struct nut_ups *list;
    size_t count;
    uint64_t revision; /* of the site it was made of */
};

/* The list anew; stages go over. Begins as zeros. */
void nut_offer_build(struct nut_offer_list *offer, const struct nut_model *model);
void nut_offer_deinit(struct nut_offer_list *offer);
/* By name, or NULL. */
struct nut_ups *nut_offer_find(const struct nut_offer_list *offer, const char *name);

/* ---- one of them ----------------------------------------------------------------------------- */

/* The device it is, of a group that of its first outlet; NULL: there is none now. */
const struct device *nut_ups_device(const struct nut_model *model, const struct nut_ups *ups);

/* Its feeder while that is there. */
const struct device *nut_ups_supply(const struct nut_model *model, const struct nut_ups *ups);

enum nut_contact { NUT_CONTACT_FINE, NUT_CONTACT_STALE, NUT_CONTACT_NONE };

/* Whether what decides its status answers now, is silent, or never was there. */
enum nut_contact nut_ups_contact(const struct nut_model *model, const struct nut_ups *ups);

/* "OB DISCHRG LB"; "" when it is not known. */
void nut_ups_status(const struct nut_model *model, const struct nut_ups *ups, char *text,
                    size_t size);

void nut_ups_read(const struct nut_model *model, const struct nut_ups *ups,
                  struct shutdown_reading *reading);

struct nut_outlet {
    int number; /* as NUT counts: of a device its own, of a group from 1 */
    const struct component *component;
    bool known; /* the switcher has it: `outlet` is filled */
    struct switcher_outlet outlet;
};

/* Whether its outlets may be switched all at once: not those of a supply, whose battery may be
 * among them. */
bool nut_ups_is_segment(const struct nut_ups *ups);

/* Its outlets, in order; of a supply without outlets its outputs. */
void nut_ups_outlets(const struct nut_model *model, const struct nut_ups *ups,
                     void (*fn)(void *user, const struct nut_outlet *outlet), void *user);
