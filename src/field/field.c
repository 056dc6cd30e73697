#include "field/field.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "field/field_private.h"
#include "field/line.h"
#include "field/scan.h"

/* A line of the site. Its name and settings are the line's own copies. */
struct bus {
    struct bus *next;
    struct line *line;
    struct field *field;
    unsigned number;           /* its place among the lines */
    unsigned places, attached; /* devices of this line; those that are read */
};

/* ---- lines ----------------------------------------------------------------------------------- */

static void on_line_changed(void *user)
{
    struct bus *bus = user;
    for (struct poller *poller = bus->field->pollers; poller; poller = poller->next) {
        if (poller->line == bus->line)
            poller_line_changed(poller);
    }
}

static struct bus *find_bus(struct bus *list, const char *name)
{
    while (list && strcmp(line_name(list->line), name) != 0)
        list = list->next;
    return list;
}

static struct bus *take_bus(struct bus **list, const char *name)
{
    for (struct bus **at = list; *at; at = &(*at)->next) {
        struct bus *bus = *at;
        if (strcmp(line_name(bus->line), name) == 0) {
            *at = bus->next;
            bus->next = NULL;
            return bus;
        }
    }
    return NULL;
}

static struct bus *new_bus(struct field *field, const char *name,
                           const struct line_settings *settings)
{
    struct bus *bus = mem_new(sizeof *bus);
    bus->field = field;
    bus->line = line_new(field->loop, name, settings, NULL);
    line_keep_pulses(bus->line, field->pulses);
    line_watch(bus->line, on_line_changed, bus);
    return bus;
}

static void free_buses(struct bus *list)
{
    while (list) {
        struct bus *bus = list;
        list = bus->next;
        line_free(bus->line);
        free(bus);
    }
}

static void detach_all(struct field *field, const struct line *line)
{
    for (struct poller *poller = field->pollers; poller; poller = poller->next) {
        if (poller->line != line)
            continue;
        control_drop(field, poller);
        poller_detach(poller);
    }
}

/* Makes field->buses what the configuration says. Lines that go, or are replaced, end here:
 * their devices are detached and find their new line in apply_devices. */
static void apply_lines(struct field *field, const struct config *config)
{
    struct bus *old = field->buses, **end = &field->buses, *replaced = NULL;
    size_t count = config_count(config, &line_settings_table);
    field->buses = NULL;
    if (count > LIMIT_LINES) {
        log_error("field", "%zu lines, at most %d are used", count, LIMIT_LINES);
        count = LIMIT_LINES;
    }
    for (size_t i = 0; i < count; i++) {
        const struct line_settings *settings = config_at(config, &line_settings_table, i);
        const char *name = config_name_at(config, &line_settings_table, i);
        struct bus *bus = take_bus(&old, name);
        if (!bus || !line_settings_equal(line_settings_of(bus->line), settings)) {
            struct bus *before = bus;
            bus = new_bus(field, name, settings);
            if (before) {
                line_adopt_statistics(bus->line, before->line);
                before->next = replaced;
                replaced = before;
            }
        }
        bus->number = (unsigned)i;
        bus->places = bus->attached = 0;
        *end = bus;
        end = &bus->next;
    }
    for (struct bus *bus = old; bus; bus = bus->next)
        detach_all(field, bus->line);
    for (struct bus *bus = replaced; bus; bus = bus->next)
        detach_all(field, bus->line);
    free_buses(old);
    free_buses(replaced);
}

/* ---- devices --------------------------------------------------------------------------------- */

static void free_poller(struct field *field, struct poller *poller)
{
    control_drop(field, poller);
    poller_detach(poller);
    field_part_free(poller->part);
    if (poller->state)
        poller->driver->close(poller->state);
    device_settings_deinit(&poller->settings);
    free(poller->name);
    free(poller);
}

static struct poller *take_poller(struct poller **list, const char *name)
{
    for (struct poller **at = list; *at; at = &(*at)->next) {
        struct poller *poller = *at;
        if (strcmp(poller->name, name) == 0) {
            *at = poller->next;
            poller->next = NULL;
            return poller;
        }
    }
    return NULL;
}

static struct device *add_device(struct field *field, const char *name,
                                 const struct device_settings *settings, bool sim)
{
    const struct device_spec spec = {
        .name = name,
        .label = settings->label,
        .role = settings->role,
        .line = settings->line,
        .profile = settings->profile,
        .fed_by = settings->fed_by,
        .unit = sim ? -1 : (int)settings->unit,
        .every = settings->every,
        .wiring = (enum device_wiring)settings->wiring,
        .rated_current = settings->rated_current,
    };
    return site_device_add(field_site_of(field, settings), &spec);
}

/* Makes driver state, components and points. On failure the device stays, silent, with the
 * reason. */
static void open_driver(struct field *field, struct poller *poller)
{
    const struct driver_settings settings = {
        .name = poller->name,
        .profile = poller->settings.profile,
        .unit = (int)poller->settings.unit,
        .every = poller->settings.every,
    };
    struct err err = ERR_EMPTY;
    poller->driver =
        field->resolver.find(field->resolver.user, poller->settings.profile, &poller->library);
    if (poller->driver)
        poller->state = poller->driver->open(poller->library, &settings, poller->device, &err);
    else
        err_set(&err, -ENOENT, "there is no profile \"%s\"", poller->settings.profile);
    if (!poller->state) {
        log_error("field", "%s: %s", poller->name, err.text);
        device_set_state(poller->device, DEVICE_SILENT, err.text);
    }
    if (*poller->settings.role)
        poller->device->role = device_text(poller->device, poller->settings.role);
}

static struct poller *new_poller(struct field *field, const char *name,
                                 const struct device_settings *settings, bool sim)
{
    struct device *device = add_device(field, name, settings, sim);
    if (!device) {
        log_error("field", "%s: too many devices, at most %d", name, LIMIT_DEVICES);
        return NULL;
    }
    struct poller *poller = mem_new(sizeof *poller);
    poller->loop = field->loop;
    poller->name = mem_text(name);
    poller->ordinal = ++field->next_ordinal;
    poller->device = device;
    device_settings_copy(&poller->settings, settings);
    open_driver(field, poller);
    return poller;
}

/* All components, points and values of a device, and who it said to be. */
static void take_over(struct device *fresh, const struct device *from)
{
    for (struct component *part = from->components; part; part = part->next) {
        struct component *same = device_component(fresh, part->kind, part->number);
        for (struct point *point = part->points; point; point = point->next)
            component_point_add(same, point->quantity);
    }
    site_device_adopt(fresh, from);
    device_set_identity(fresh, from->vendor, from->model, from->serial, from->firmware);
}

/* The values of a device, in a site of their own: old and new device cannot stand in one site
 * under the same name. */
static struct device *set_aside(struct site *aside, const struct device *device)
{
    const struct device_spec spec = {.name = device->name, .role = device->role};
    struct device *copy = site_device_add(aside, &spec);
    take_over(copy, device);
    return copy;
}

static struct poller *rebuild(struct field *field, struct poller *old,
                              const struct device_settings *settings, bool sim)
{
    struct site *aside = site_new(field->loop);
    struct device *values = set_aside(aside, old->device);
    char *name = mem_text(old->name);
    struct device *device = old->device;
    const struct driver *driver = old->driver;
    bool role_told = *old->settings.role || *settings->role;
    free_poller(field, old);
    site_device_remove(device->site, device);
    /* From here to the adoption nobody looks: the feed tells of changes at the end of a turn. */
    struct poller *fresh = new_poller(field, name, settings, sim);
    if (fresh && fresh->state && fresh->driver == driver && driver->finds_points) {
        take_over(fresh->device, values);
        if (!role_told) /* what was found out about it; settings would win */
            device_change_role(fresh->device, values->role);
    } else if (fresh) {
        site_device_adopt(fresh->device, values);
    }
    site_free(aside);
    free(name);
    return fresh;
}

/* Whether the device may go on as it is; a reload may also have brought another profile under
 * the same name. */
static bool is_same(struct field *field, const struct poller *poller,
                    const struct device_settings *settings)
{
    void *library = NULL;
    const struct driver *driver =
        field->resolver.find(field->resolver.user, settings->profile, &library);
    return poller->state && driver == poller->driver && library == poller->library &&
           device_settings_equal(&poller->settings, settings);
}

int field_check_driver(const struct driver *driver, const char *profile, const char *name,
                       const struct line_settings *line, struct err *err)
{
    bool sim = line->kind == LINE_SIM;
    if (driver->wired != sim)
        return 0;
    return err_set(err, -EINVAL, "%.60s cannot be read on %.60s: a %s line is for %s", profile,
                   name, line_settings_kind_name(line), sim ? "simulated devices" : "real devices");
}

static bool is_misplaced(const struct poller *poller, const struct bus *bus)
{
    struct err err = ERR_EMPTY;
    if (field_check_driver(poller->driver, poller->settings.profile, line_name(bus->line),
                           line_settings_of(bus->line), &err) == 0)
        return false;
    log_error("field", "%s: %s", poller->name, err.text);
    device_set_state(poller->device, DEVICE_SILENT, err.text);
    return true;
}

static void start(struct poller *poller, struct bus *bus)
{
    unsigned place = bus->places++;
    bus->attached += poller->line != NULL;
    if (poller->line || !poller->state)
        return;
    const char *off = !poller->settings.enabled ? "switched off in the settings"
                      : !line_settings_of(bus->line)->enabled
                          ? "its line is switched off in the settings"
                          : NULL;
    if (off) {
        device_set_state(poller->device, DEVICE_DISABLED, off);
        device_mark_stale(poller->device, REASON_LINE_DOWN);
        return;
    }
    if (is_misplaced(poller, bus))
        return;
    device_set_state(poller->device, DEVICE_STARTING, "not asked yet");
    poller_attach(poller, bus->line, place, bus->number);
    bus->attached++;
}

static void apply_devices(struct field *field, const struct config *config)
{
    struct poller *old = field->pollers, *list = NULL, **end = &list;
    size_t count = config_count(config, &device_settings_table);
    field_parts_mark(field, config, is_same);
    for (size_t i = 0; i < count; i++) {
        const struct device_settings *settings = config_at(config, &device_settings_table, i);
        const char *name = config_name_at(config, &device_settings_table, i);
        struct bus *bus = find_bus(field->buses, settings->line);
        struct poller *poller = take_poller(&old, name);
        bool sim = bus && line_settings_of(bus->line)->kind == LINE_SIM;
        if (poller && (poller->touched || !is_same(field, poller, settings)))
            poller = rebuild(field, poller, settings, sim);
        else if (!poller)
            poller = new_poller(field, name, settings, sim);
        if (!poller)
            continue;
        *end = poller;
        end = &poller->next;
        if (bus)
            start(poller, bus);
        else
            device_set_state(poller->device, DEVICE_SILENT, "its line is not used: too many lines");
    }
    while (old) {
        struct poller *poller = old;
        old = poller->next;
        struct device *device = poller->device;
        free_poller(field, poller);
        site_device_remove(device->site, device);
    }
    field->pollers = list;
    for (struct poller *poller = list; poller; poller = poller->next)
        site_device_last(poller->device->site, poller->device);
    field_parts_connect(field);
}

/* Lines without devices are left closed, so that another program may use the port. */
static void open_lines(struct field *field)
{
    for (struct bus *bus = field->buses; bus; bus = bus->next) {
        if (bus->attached)
            line_open(bus->line);
        else
            line_close(bus->line);
    }
}

void field_apply(struct field *field, const struct config *config)
{
    apply_lines(field, config);
    apply_devices(field, config);
    open_lines(field);
}

/* ---- life ------------------------------------------------------------------------------------ */

struct field *field_new(struct loop *loop, struct site *site, const struct field_resolver *resolver)
{
    struct field *field = mem_new(sizeof *field);
    field->loop = loop;
    field->site = site;
    field->resolver = *resolver;
    return field;
}

void field_keep_pulses(struct field *field, struct pulse_counts *counts)
{
    field->pulses = counts;
}

struct field *field_free(struct field *field)
{
    if (!field)
        return NULL;
    field->closing = true;
    control_end_all(field);
    while (field->pollers) {
        struct poller *poller = field->pollers;
        field->pollers = poller->next;
        struct device *device = poller->device;
        free_poller(field, poller);
        site_device_remove(device->site, device);
    }
    free_buses(field->buses);
    if (field->parts)
        site_free(field->parts);
    free(field);
    return NULL;
}

/* ---- faces ----------------------------------------------------------------------------------- */

void field_lines_each(const struct field *field,
                      void (*fn)(void *user, const struct field_line *line), void *user)
{
    for (const struct bus *bus = field->buses; bus; bus = bus->next) {
        const struct line *line = bus->line;
        const struct line_settings *settings = line_settings_of(line);
        const struct field_line view = {
            .name = line_name(line),
            .label = settings->label,
            .kind = line_settings_kind_name(settings),
            .endpoint = line_endpoint(line),
            .state = line_state_name(line_state(line)),
            .reason = line_reason(line),
            .queue = line_waiting(line),
            .busy_percent = line_busy_percent(line),
            .statistics = line_statistics(line),
            .line = line,
        };
        fn(user, &view);
    }
}

void field_units_each(const struct field *field, const struct line *line,
                      void (*fn)(void *user, const struct field_unit *unit), void *user)
{
    const struct bus *bus = find_bus(field->buses, line_name(line));
    for (const struct poller *poller = field->pollers; bus && poller; poller = poller->next) {
        if (strcmp(poller->settings.line, line_name(line)) != 0)
            continue;
        const struct field_unit view = {
            .device = poller->name,
            .unit = (int)poller->settings.unit,
            .state = device_state_name(poller->device->state),
            .retry_in_ms = poller_retry_in_ms(poller),
            .statistics = line_unit_statistics(bus->line, (uint8_t)poller->settings.unit),
        };
        fn(user, &view);
    }
}

struct line *field_line_find(const struct field *field, const char *name)
{
    struct bus *bus = find_bus(field->buses, name);
    return bus ? bus->line : NULL;
}

struct scan *field_scan(struct field *field, const char *name, const struct scan_options *options,
                        struct err *err)
{
    struct line *line = field_line_find(field, name);
    if (!line) {
        err_set(err, -ENOENT, "there is no line \"%s\"", name);
        return NULL;
    }
    return scan_start(line, options);
}
