/* site - the model: site > device > component > point, and the change feed.
 *
 * The site owns every device, component, point and name below it. Measured points are written by
 * field only, derived points by engine only. Everybody else
 * reads, and keeps point_ids rather than pointers when memory must outlive the current callback: an
 * id of a removed point finds nothing instead of something else. Loop thread only.
 *
 * Writing is point_put / point_mark; readers are told once at the end of the loop's turn which
 * points changed in number or quality (feed), however often they were written in it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/loop.h"
#include "model/component.h"
#include "model/limits.h"
#include "model/quantity.h"
#include "model/value.h"

struct site;
struct device;
struct component;
struct point;

typedef uint32_t point_id; /* slot and generation; 0 is never an id */

/* ---- words of a state ------------------------------------------------------------------------ */

/* Number -> word of a state point ("on", "open"); flags: the number is a bit and several may hold.
 */
struct word {
    int64_t number;
    const char *text;
};

struct words {
    const struct word *list;
    size_t count;
    bool flags;
};

/* ---- the tree: read these, never write them -------------------------------------------------- */

enum device_state { DEVICE_STARTING, DEVICE_ONLINE, DEVICE_SILENT, DEVICE_DISABLED };

/* How a meter's phases are connected: AUTO by which of them it measures. */
enum device_wiring {
    DEVICE_WIRING_AUTO,
    DEVICE_WIRING_SINGLE,
    DEVICE_WIRING_SPLIT,
    DEVICE_WIRING_WYE,
    DEVICE_WIRING_DELTA,
};

struct device {
    struct site *site;
    struct device *next;                           /* in the order of the site file */
    const char *name, *label, *role;               /* role: one of device_roles() */
    const char *line;                              /* name of its line, "" for none */
    int unit;                                      /* address on the line, -1 for none */
    const char *profile, *vendor, *model, *fed_by; /* "" when not known */
    char serial[LIMIT_TEXT_VALUE], firmware[LIMIT_TEXT_VALUE];
    clock_us every;            /* wanted time between readings */
    enum device_wiring wiring; /* as the settings say */
    double rated_current;      /* A in one conductor, as the settings say; 0 when not known */
    enum device_state state;
    char reason[200];                /* a sentence, while not online */
    clock_us since_mono, since_wall; /* of the state */
    struct component *components;    /* in the order they were added */
    size_t point_count;
};

struct component {
    struct device *device;
    struct component *next;
    enum component_kind kind;
    int number;
    const char *name; /* "outlet-3" */
    const char *label;
    const char *fed_by;   /* component upstream in the same device, "" when not known */
    double rated_current; /* A, 0 when not known */
    struct point *points;
};

/* A chance to turn what a device says into what is published, one per point at most (averaging, the
 * energy ledger). Returns false when there is nothing to publish yet. `number` is in the quantity's
 * unit. */
struct point_filter {
    bool (*apply)(void *user, const struct point *point, double *number, clock_us mono,
                  clock_us wall);
    void *user;
};

/* Called with every reading as it is published, repeated ones included: the feed tells of changes
 * only and merges those of a turn, which is right for showing and wrong for an average. One per
 * point at most; must not write points. */
struct point_tap {
    void (*saw)(void *user, const struct point *point);
    void *user;
};

struct point {
    struct component *component;
    struct point *next; /* in the component */
    point_id id;
    enum quantity quantity;
    const char *path; /* "pdu-a/outlet-3/current" */
    struct value value;
    double raw;                /* what the device said last, before the filter */
    char *text;                /* of text quantities: LIMIT_TEXT_VALUE bytes, else NULL */
    const struct words *words; /* of states; may be NULL */
    struct point_filter filter;
    struct point_tap tap;
    int decimals;    /* shown by faces: the catalogue's, unless a channel setting says otherwise */
    double rollover; /* counters: where the device's register starts again, 0 = never */
    clock_us good_for; /* a reading stays good that long */
    bool derived;      /* written by engine, else by field */
    bool dirty;        /* in the feed's list of this turn */
};

/* ---- life ------------------------------------------------------------------------------------ */

struct site *site_new(struct loop *loop);
struct site *site_free(struct site *site);

/* What a device is made from; texts are copied, NULL means "". */
struct device_spec {
    const char *name, *label, *role, *line, *profile, *vendor, *model, *fed_by;
    int unit;
    clock_us every;
    enum device_wiring wiring;
    double rated_current; /* A */
};

/* A new device at the end; NULL when the name is taken or LIMIT_DEVICES is reached. */
struct device *site_device_add(struct site *site, const struct device_spec *spec);

/* Move a device to the end. Called for every device in turn it puts them in that order. */
void site_device_last(struct site *site, struct device *device);

/* Remove a device with all below it; its point ids go dead. */
void site_device_remove(struct site *site, struct device *device);

/* Values of points with the same component and quantity pass from `old` to `fresh`, for a device
 * whose settings changed: a reload loses no value. */
void site_device_adopt(struct device *fresh, const struct device *old);

/* The component, made when it is not there yet. */
struct component *device_component(struct device *device, enum component_kind kind, int number);
void component_set_label(struct component *component, const char *label);
void component_set_fed_by(struct component *component, const char *fed_by);
void component_set_rated_current(struct component *component, double amperes);

/* A new point; NULL when the component has this quantity already or a limit is reached. good_for
 * starts at three times the device's `every`, at least 3 s. */
struct point *component_point_add(struct component *component, enum quantity quantity);

/* How long a reading stays good when nothing else is said, for a device read every `every`. */
clock_us point_usual_good_for(clock_us every);

/* Text that lives as long as the device, for words and the like. */
const char *device_text(struct device *device, const char *text);

void device_set_identity(struct device *device, const char *vendor, const char *model,
                         const char *serial, const char *firmware);

/* What the device is to the site, from its profile; settings that said so already win. */
void device_set_role(struct device *device, const char *role);

/* Another role, for a device that tells what it is only when asked. */
void device_change_role(struct device *device, const char *role);

/* All roles there are: what profiles and settings may say. */
const char *const *device_roles(size_t *count);

/* State with the sentence that explains it; tells the feed when it changed. `reason` may be "". */
void device_set_state(struct device *device, enum device_state state, const char *reason);
const char *device_state_name(enum device_state state);

/* ---- finding --------------------------------------------------------------------------------- */

struct loop *site_loop(struct site *site);
struct device *site_devices(const struct site *site); /* first of the list, or NULL */
struct device *site_device_find(const struct site *site, const char *name);
struct point *site_point(const struct site *site, point_id id); /* NULL when it is gone */
struct point *site_point_find(const struct site *site, const char *path);
struct point *component_point(const struct component *component, enum quantity quantity);
struct component *device_component_find(const struct device *device, enum component_kind kind,
                                        int number);
size_t site_point_count(const struct site *site);

/* Slot of an id: a dense index below site_slot_count(), for tables beside the site. */
uint32_t point_slot(point_id id);
uint32_t site_slot_count(const struct site *site);

/* Counts up whenever devices or points come or go. */
uint64_t site_revision(const struct site *site);

/* ---- writing --------------------------------------------------------------------------------- */

/* A fresh reading, acquired at `mono`/`wall`: goes through the filter, is checked against the
 * plausible range (outside: BAD, the last number is kept) and published. */
void point_put(struct point *point, double number, clock_us mono, clock_us wall);

/* The same for a text point; cut to LIMIT_TEXT_VALUE - 1 bytes. */
void point_put_text(struct point *point, const char *text, clock_us mono, clock_us wall);

/* Change the quality alone: the number and its time stay what they were. */
void point_mark(struct point *point, enum quality quality, enum value_reason reason);

/* Mark every good point of the device stale, for a device that fell silent. */
void device_mark_stale(struct device *device, enum value_reason reason);

/* Mark points stale whose reading is older than good_for. Called a few times a second by the
 * daemon. */
void site_age(struct site *site);

/* ---- the feed -------------------------------------------------------------------------------- */

struct feed {
    /* points that changed in number or quality in this turn; all ids are alive */
    void (*changed)(void *user, const point_id *points, size_t count);
    /* a device came, went, or changed state; ids from before may be dead */
    void (*tree)(void *user);
    void *user;
    struct feed *next; /* the site's */
    bool active;
};

#define FEED_EMPTY ((struct feed){0})

/* `feed` is embedded in the subscriber. Joining and leaving are allowed from inside a callback: who
 * leaves is not called any more, who joins is called from the next turn on. */
void site_subscribe(struct site *site, struct feed *feed);
void site_unsubscribe(struct site *site, struct feed *feed);
