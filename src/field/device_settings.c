#include "field/device_settings.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "field/line_settings.h"
#include "model/config.h"
#include "model/site.h"

#define FIELD(name) .offset = offsetof(struct device_settings, name)
#define COMMON .right = ROLE_ADMINISTRATOR, .apply = SETTING_LIVE

static const struct setting_row rows[] = {
    {.key = "line",
     .type = SETTING_REFERENCE,
     FIELD(line),
     .refers_to = "lines",
     .required = true,
     COMMON,
     .help = "The line that the device is wired to."},
    {.key = "unit",
     .type = SETTING_INT,
     FIELD(unit),
     .max = 255,
     .initial = "1",
     COMMON,
     .help = "Modbus address of the device on its line; 0 and 255 are for devices that are reached "
             "directly by TCP."},
    {.key = "profile",
     .type = SETTING_REFERENCE,
     FIELD(profile),
     .refers_to = "profiles",
     .required = true,
     COMMON,
     .help = "What the device is: the name of a profile."},
    {.key = "every",
     .type = SETTING_DURATION,
     FIELD(every),
     .min = 0.1,
     .max = 3600,
     .initial = "1 s",
     COMMON,
     .help = "Time from one reading to the next."},
    {.key = "label",
     .type = SETTING_TEXT,
     FIELD(label),
     .max = 63,
     .initial = "",
     COMMON,
     .help = "What people call this device."},
    {.key = "role",
     .type = SETTING_TEXT,
     FIELD(role),
     .max = 15,
     .initial = "",
     COMMON,
     .help = "What the device is to the site (meter, pdu, supply, battery, sensor, relay, "
             "inverter, combiner), when it differs from its profile."},
    {.key = "fed_by",
     .type = SETTING_TEXT,
     FIELD(fed_by),
     .max = 63,
     .initial = "",
     COMMON,
     .help = "The device upstream, or mains, for the single-line diagram."},
    {.key = "enabled",
     .type = SETTING_BOOL,
     FIELD(enabled),
     .initial = "true",
     COMMON,
     .help = "Whether the device is read."},
    {.key = "good_for",
     .type = SETTING_DURATION,
     FIELD(good_for),
     .max = 86400,
     .initial = "0 s",
     COMMON,
     .help = "How long a reading counts as fresh; 0 s is three times \"every\", at least 3 s."},
    {.key = "timeout_ms",
     .type = SETTING_INT,
     FIELD(timeout_ms),
     .unit = "ms",
     .max = 60000,
     .initial = "0",
     COMMON,
     .help = "How long to wait for this device; 0 is what its profile or its line says."},
    {.key = "pause_ms",
     .type = SETTING_INT,
     FIELD(pause_ms),
     .unit = "ms",
     .max = 10000,
     .initial = "0",
     COMMON,
     .help = "Rest that this device needs between two requests; 0 is what its profile says."},
    {.key = "write_gap_ms",
     .type = SETTING_INT,
     FIELD(write_gap_ms),
     .unit = "ms",
     .max = 10000,
     .initial = "0",
     COMMON,
     .help = "Rest that this device needs after a write; 0 is what its profile says."},
};

static bool is_role(const char *text)
{
    size_t count;
    const char *const *roles = device_roles(&count);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(text, roles[i]) == 0)
            return true;
    }
    return false;
}

static const struct line_settings *line_of(const struct config *config,
                                           const struct device_settings *device)
{
    int index = config_find(config, &line_settings_table, device->line);
    return index < 0 ? NULL : config_at(config, &line_settings_table, (size_t)index);
}

static int check(const struct config *config, const void *record, const char **key, struct err *err)
{
    const struct device_settings *device = record;
    *key = "role";
    if (*device->role && !is_role(device->role))
        return err_set(err, -EINVAL,
                       "must be meter, pdu, supply, battery, sensor, relay, inverter or combiner, "
                       "not \"%s\"",
                       device->role);
    *key = "fed_by";
    if (*device->fed_by && strcmp(device->fed_by, "mains") != 0 &&
        config_find(config, &device_settings_table, device->fed_by) < 0)
        return err_set(err, -EINVAL, "must be mains or the name of a device; there is no \"%s\"",
                       device->fed_by);
    *key = "unit";
    const struct line_settings *line = line_of(config, device);
    bool serial = line && (line->kind == LINE_MODBUS_RTU || line->kind == LINE_RTU_OVER_TCP);
    if (serial && device->unit == 0)
        return err_set(
            err, -EINVAL,
            "must be 1 to 255: on a serial line 0 speaks to all devices and none answers");
    *key = "timeout_ms";
    if (device->timeout_ms > 0 && device->timeout_ms < 10)
        return err_set(err, -EINVAL,
                       "must be 10 to 60000 ms, or 0 for what its profile or line says");
    return 0;
}

const struct setting_table device_settings_table = {
    .name = "devices",
    .label = "Devices",
    .help = "The equipment that is measured, one entry per Modbus address.",
    .collection = true,
    .rows = rows,
    .row_count = sizeof rows / sizeof *rows,
    .record_size = sizeof(struct device_settings),
    .check = check,
};

bool device_settings_equal(const struct device_settings *a, const struct device_settings *b)
{
    return strcmp(a->line, b->line) == 0 && strcmp(a->profile, b->profile) == 0 &&
           strcmp(a->label, b->label) == 0 && strcmp(a->role, b->role) == 0 &&
           strcmp(a->fed_by, b->fed_by) == 0 && a->unit == b->unit && a->every == b->every &&
           a->good_for == b->good_for && a->timeout_ms == b->timeout_ms &&
           a->pause_ms == b->pause_ms && a->write_gap_ms == b->write_gap_ms &&
           a->enabled == b->enabled;
}

void device_settings_copy(struct device_settings *copy, const struct device_settings *settings)
{
    *copy = *settings;
    copy->line = mem_text(settings->line);
    copy->profile = mem_text(settings->profile);
    copy->label = mem_text(settings->label);
    copy->role = mem_text(settings->role);
    copy->fed_by = mem_text(settings->fed_by);
}

/* The texts are const for readers; the copy owns them. */
static void free_text(const char **text)
{
    free((void *)(uintptr_t)*text);
    *text = NULL;
}

void device_settings_deinit(struct device_settings *settings)
{
    free_text(&settings->line);
    free_text(&settings->profile);
    free_text(&settings->label);
    free_text(&settings->role);
    free_text(&settings->fed_by);
}
