#include "engine/pulse.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "engine/pulse_private.h"

#define READING_MOST 1e9

/* Where a count is only read now and then, so many readings make an interval of its rate: one
 * pulse more or less in it is five percent. */
#define READINGS_PER_INTERVAL 20

struct pulse_meter *pulse_meter_of(struct pulses *pulses, const char *path)
{
    struct pulse_meter *meter = map_get(&pulses->by_path, path);
    if (meter)
        return meter;
    meter = mem_new(sizeof *meter + strlen(path) + 1);
    strcpy(meter->path, path);
    meter->pulses = pulses;
    meter->counted = QUANTITY_NONE;
    meter->next = pulses->list;
    pulses->list = meter;
    map_set(&pulses->by_path, meter->path, meter);
    return meter;
}

/* ---- values ---------------------------------------------------------------------------------- */

static void put(const struct pulse_meter *meter, point_id id, double number,
                const struct value *source)
{
    struct point *point = id ? site_point(meter->pulses->context.site, id) : NULL;
    if (point)
        point_put(point, number, source->mono, source->wall);
}

static void mark(const struct pulse_meter *meter, point_id id, enum quality quality)
{
    struct point *point = id ? site_point(meter->pulses->context.site, id) : NULL;
    if (point && point->value.quality != QUALITY_ABSENT && point->value.quality != quality)
        point_mark(point, quality, REASON_NO_SOURCE);
}

/* Pulses a minute, NAN while nobody knows. */
static double speed_of(struct pulse_meter *meter, const struct value *count)
{
    const struct point *told =
        meter->speed ? site_point(meter->pulses->context.site, meter->speed) : NULL;
    double speed = NAN;
    if (told && told->value.quality == QUALITY_GOOD)
        speed = told->value.number;
    else if (!told)
        speed = pulse_rate_at(&meter->measured, count->mono);
    bool still = isnan(speed) ? count->mono - meter->moved >= meter->settings->still
                              : speed * (double)meter->settings->still < 60.0 * CLOCK_S;
    return still ? 0 : speed;
}

static void put_rate(struct pulse_meter *meter, const struct value *count)
{
    double speed = speed_of(meter, count);
    const struct pulse_ledger *ledger = &meter->ledger;
    double factor = pulse_settings_medium(meter->settings)->rate_factor;
    if (!isnan(speed))
        put(meter, meter->rate, speed * 60 * ledger->worth * ledger->multiplier * factor, count);
}

/* Another count than at the reading before. */
static void count_on(struct pulse_meter *meter, const struct point *count)
{
    double number = count->value.number;
    clock_us now = count->value.mono;
    if (meter->seen == 0) {
        meter->moved = now;
    } else if (number != meter->last) {
        meter->measured.shortest =
            READINGS_PER_INTERVAL * count->component->device->every; /* 0: as fast as told */
        if (number > meter->last)
            pulse_rate_count(&meter->measured, (unsigned)(number - meter->last), now);
        meter->moved = now;
    }
    meter->last = number;
    meter->seen = now;
}

/* A count that fell is one that began anew in spite of its own ledger: somebody has moved a file
 * away. */
static void follow(struct pulse_meter *meter, double count)
{
    const struct pulse_settings *settings = meter->settings;
    enum quantity counter = pulse_settings_medium(settings)->counter;
    bool began = meter->ledger.known;
    if (meter->counted != counter)
        meter->ledger = (struct pulse_ledger){0}; /* kWh do not become m3 */
    if (began && meter->counted == counter && count < meter->ledger.count)
        log_warning("pulses", "%s: the count began anew at %.0f", meter->path, count);
    meter->counted = counter;
    if (pulse_ledger_rebase(&meter->ledger, count, pulse_settings_worth(settings),
                            settings->multiplier))
        pulses_keep(meter);
}

static void refresh(struct pulse_meter *meter)
{
    const struct point *count = site_point(meter->pulses->context.site, meter->count);
    if (!count)
        return;
    const struct value *value = &count->value;
    if (value->quality != QUALITY_GOOD) {
        enum quality quality = value->quality == QUALITY_STALE ? QUALITY_STALE : QUALITY_ABSENT;
        mark(meter, meter->counter, quality);
        mark(meter, meter->rate, quality);
        mark(meter, meter->reading, quality);
        return;
    }
    if (value->mono <= meter->seen)
        return;
    follow(meter, value->number);
    if (meter->unsaved || meter->saving)
        return; /* soon */
    count_on(meter, count);
    put(meter, meter->counter, pulse_ledger_total(&meter->ledger, value->number), value);
    if (meter->ledger.has_reading)
        put(meter, meter->reading, pulse_ledger_reading(&meter->ledger, value->number), value);
    put_rate(meter, value);
}

void pulses_refresh(struct pulses *pulses)
{
    for (struct pulse_meter *meter = pulses->list; meter; meter = meter->next) {
        if (meter->settings)
            refresh(meter);
    }
}

/* ---- points ---------------------------------------------------------------------------------- */

static point_id id_of(const struct component *part, enum quantity quantity)
{
    const struct point *point = component_point(part, quantity);
    return point ? point->id : 0;
}

/* A point that the device has itself stays its own. */
static point_id derived(struct component *part, enum quantity quantity, const struct point *count)
{
    struct point *point = component_point(part, quantity);
    if (point && !point->derived)
        return 0;
    if (!point)
        point = component_point_add(part, quantity);
    if (!point)
        return 0;
    point->derived = true;
    point->good_for = count->good_for;
    return point->id;
}

static void set_label(struct component *part, const char *label)
{
    if (strcmp(part->label, label) != 0) /* each copy stays as long as the device */
        component_set_label(part, label);
}

static void attach(struct pulse_meter *meter, struct component *part,
                   const struct pulse_settings *settings)
{
    const struct point *count = component_point(part, QUANTITY_COUNT);
    const struct pulse_medium *medium = pulse_settings_medium(settings);
    bool same = meter->count == count->id;
    meter->settings = settings;
    meter->count = count->id;
    meter->speed = id_of(part, QUANTITY_PULSE_RATE);
    meter->counter = derived(part, medium->counter, count);
    meter->rate = derived(part, medium->rate, count);
    meter->reading = meter->ledger.has_reading ? derived(part, medium->reading, count) : 0;
    meter->seen = 0; /* what there is counts with the settings of now */
    if (!same)
        meter->label = part->label;
    set_label(part, *settings->name ? settings->name : meter->label);
}

/* What was made for other settings is there no more. */
static void forget(struct pulse_meter *meter)
{
    mark(meter, meter->counter, QUALITY_ABSENT);
    mark(meter, meter->rate, QUALITY_ABSENT);
    mark(meter, meter->reading, QUALITY_ABSENT);
    meter->counter = meter->rate = meter->reading = 0;
    const struct point *count = site_point(meter->pulses->context.site, meter->count);
    if (count)
        set_label(count->component, meter->label);
}

static const struct pulse_settings *settings_of(const struct pulses *pulses, const char *path)
{
    int index = config_find(pulses->config, &pulse_settings_table, path);
    return index < 0 ? NULL : config_at(pulses->config, &pulse_settings_table, (size_t)index);
}

static void look_at(struct pulses *pulses, struct component *part)
{
    char path[LIMIT_PATH + 1];
    if (part->kind != COMPONENT_PULSE || !component_point(part, QUANTITY_COUNT))
        return;
    snprintf(path, sizeof path, "%s/%s", part->device->name, part->name);
    const struct pulse_settings *settings = settings_of(pulses, path);
    if (settings)
        attach(pulse_meter_of(pulses, path), part, settings);
}

static void rebuild(struct pulses *pulses)
{
    for (struct pulse_meter *meter = pulses->list; meter; meter = meter->next) {
        const struct pulse_settings *settings = settings_of(pulses, meter->path);
        if (meter->settings &&
            (!settings || pulse_settings_medium(settings)->counter != meter->counted))
            forget(meter);
        meter->settings = NULL;
    }
    for (struct device *device = site_devices(pulses->context.site); device;
         device = device->next) {
        for (struct component *part = device->components; part; part = part->next)
            look_at(pulses, part);
    }
    pulses->revision = site_revision(pulses->context.site);
}

static void on_tree(void *user)
{
    struct pulses *pulses = user;
    if (pulses->revision != site_revision(pulses->context.site))
        rebuild(pulses);
}

/* ---- the reading of the display -------------------------------------------------------------- */

static void say_set(const struct pulse_meter *meter, double before, double reading,
                    const struct pulses_author *author)
{
    char text[400], old[60] = "";
    const char *unit = quantity_row(meter->counted)->unit;
    if (!isnan(before))
        snprintf(old, sizeof old, " (was %.3f %s)", before, unit);
    snprintf(text, sizeof text, "The meter at %s reads %.3f %s%s, set by %s", meter->path, reading,
             unit, old, author->who);
    event_log_add(meter->pulses->context.events, &(struct event){.kind = EVENT_METER_SET,
                                                                 .actor = author->who,
                                                                 .origin = author->origin,
                                                                 .object = meter->path,
                                                                 .text = text});
}

int pulses_set_reading(struct pulses *pulses, const char *path, double reading,
                       const struct pulses_author *author, struct err *err)
{
    struct pulse_meter *meter = map_get(&pulses->by_path, path);
    const struct point *count =
        meter && meter->settings ? site_point(pulses->context.site, meter->count) : NULL;
    if (!count)
        return err_set(err, -ENOENT,
                       "%s is no pulse input with a record under pulses, which says what a pulse "
                       "is worth",
                       path);
    if (!(reading >= 0 && reading <= READING_MOST))
        return err_set(err, -ERANGE, "a meter reads 0 to %.0f, not %g", READING_MOST, reading);
    if (count->value.quality != QUALITY_GOOD)
        return err_set(err, -EAGAIN, "the count of %s is not known now: %s", path,
                       value_reason_text(count->value.reason));
    double at = count->value.number;
    follow(meter, at);
    struct pulse_ledger *ledger = &meter->ledger;
    double before = ledger->has_reading ? pulse_ledger_reading(ledger, at) : NAN;
    ledger->total = pulse_ledger_total(ledger, at);
    ledger->count = at;
    ledger->reading = reading;
    ledger->has_reading = true;
    say_set(meter, before, reading, author);
    pulses_keep(meter);
    rebuild(pulses); /* it has a point for it now */
    return 0;
}

/* ---- life ------------------------------------------------------------------------------------ */

struct pulses *pulses_new(const struct pulses_context *context, const struct config *config,
                          struct err *err)
{
    struct pulses *pulses = mem_new(sizeof *pulses);
    pulses->context = *context;
    pulses->config = config;
    pulses->feed = (struct feed){.tree = on_tree, .user = pulses};
    if (context->folder) {
        struct buf path = BUF_EMPTY;
        buf_add_format(&path, "%s/pulse-meters.json", context->folder);
        pulses->file = mem_text(buf_text(&path));
        buf_deinit(&path);
    }
    site_subscribe(context->site, &pulses->feed);
    if (pulses->file && pulses_load(pulses, err) < 0)
        return pulses_free(pulses);
    rebuild(pulses);
    return pulses;
}

struct pulses *pulses_free(struct pulses *pulses)
{
    if (!pulses)
        return NULL;
    site_unsubscribe(pulses->context.site, &pulses->feed);
    pulses_keep_end(pulses);
    for (struct pulse_meter *meter = pulses->list, *next; meter; meter = next) {
        next = meter->next;
        free(meter);
    }
    map_deinit(&pulses->by_path);
    free(pulses->file);
    free(pulses);
    return NULL;
}

void pulses_configure(struct pulses *pulses, const struct config *config)
{
    pulses->config = config;
    rebuild(pulses);
}
