#include "field/device_settings.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/nearest.h"
#include "field/line_settings.h"
#include "model/config.h"
#include "model/limits.h"
#include "model/setting_record.h"
#include "model/site.h"

#define FIELD(name) .offset = offsetof(struct device_settings, name)
#define COMMON .right = ROLE_INSTALLER, .apply = SETTING_LIVE

/* In the order of enum device_wiring. */
static const char *const wirings[] = {"auto", "single-phase", "split-phase", "wye", "delta", NULL};

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
    {.key = "part_of",
     .type = SETTING_TEXT,
     FIELD(part_of),
     .max = 63,
     .initial = "",
     COMMON,
     .help = "Another device that this one belongs to, such as the PDU whose outlets these relays "
             "switch: its points are shown and switched there, and it does not stand on the pages "
             "itself."},
    {.key = "first_outlet",
     .type = SETTING_INT,
     FIELD(first_outlet),
     .min = 1,
     .max = 999,
     .initial = "1",
     COMMON,
     .help = "Of a part: which outlet, output or input of the other device its first one is."},
    {.key = "wiring",
     .type = SETTING_CHOICE,
     FIELD(wiring),
     .choices = wirings,
     .initial = "auto",
     COMMON,
     .help =
         "How a meter is connected, for clients of SunSpec: auto takes wye when phase b or c is "
         "measured, delta when only voltages between lines are, else single-phase. Split-phase "
         "(two lines and a neutral) looks like a part of wye, so it must be told."},
    {.key = "rated_current",
     .type = SETTING_NUMBER,
     FIELD(rated_current),
     .unit = "A",
     .max = 100000,
     .initial = "0",
     COMMON,
     .help = "What one conductor at the device may carry. The scale factors of SunSpec's integers "
             "follow it, so that they never move; 0 is not known and leaves room for 327 A and 327 "
             "kW (single-phase 32 kW)."},
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

/* "; did you mean" and the device whose name is nearest to `word`, or "". */
static const char *guess_device(const struct config *config, const char *word, char *text,
                                size_t size)
{
    const char *best = NULL;
    *text = '\0';
    for (size_t i = 0; i < config_count(config, &device_settings_table); i++) {
        const char *name = config_name_at(config, &device_settings_table, i);
        if (nearest_word(word, &name, 1, sizeof name) &&
            (!best || nearest_distance(word, name) < nearest_distance(word, best)))
            best = name;
    }
    if (best)
        snprintf(text, size, "; did you mean \"%s\"?", best);
    return text;
}

/* Parts of parts, and a part of itself, have no place where they would be seen. */
static int check_part(const struct config *config, const struct device_settings *device,
                      struct err *err)
{
    char guess[LIMIT_NAME + 32];
    if (!*device->part_of)
        return 0;
    int at = config_find(config, &device_settings_table, device->part_of);
    if (at < 0)
        return err_set(err, -EINVAL, "must be the name of a device; there is no \"%s\"%s",
                       device->part_of, guess_device(config, device->part_of, guess, sizeof guess));
    const struct device_settings *host = config_at(config, &device_settings_table, (size_t)at);
    if (host == device)
        return err_set(err, -EINVAL, "a device can't be a part of itself");
    if (*host->part_of)
        return err_set(err, -EINVAL, "\"%s\" is a part of \"%s\": name that one", device->part_of,
                       host->part_of);
    return 0;
}

/* Whether the way upstream comes back to the device; said of the first one of such a ring only. */
static bool feeds_itself(const struct config *config, const struct device_settings *device)
{
    const struct device_settings *at = device;
    size_t count = config_count(config, &device_settings_table), first = count;
    for (size_t steps = 0; steps < count; steps++) {
        int next = config_find(config, &device_settings_table, at->fed_by);
        if (next < 0)
            return false;
        first = (size_t)next < first ? (size_t)next : first;
        at = config_at(config, &device_settings_table, (size_t)next);
        if (at == device)
            return (size_t)next == first;
    }
    return false;
}

static int check_feeder(const struct config *config, const struct device_settings *device,
                        struct err *err)
{
    char guess[LIMIT_NAME + 32];
    if (!*device->fed_by || strcmp(device->fed_by, "mains") == 0)
        return 0;
    if (config_find(config, &device_settings_table, device->fed_by) < 0)
        return err_set(err, -EINVAL, "must be mains or the name of a device; there is no \"%s\"%s",
                       device->fed_by, guess_device(config, device->fed_by, guess, sizeof guess));
    if (feeds_itself(config, device))
        return err_set(err, -EINVAL, "the way upstream by \"%s\" comes back to this device",
                       device->fed_by);
    return 0;
}

static bool is_modbus(const struct line_settings *line)
{
    return line->kind == LINE_MODBUS_RTU || line->kind == LINE_MODBUS_TCP ||
           line->kind == LINE_RTU_OVER_TCP;
}

/* The same registers read twice, and counted twice: a copied entry whose unit was forgotten. Two
 * profiles of one unit may well be meant. */
static int check_twin(const struct config *config, const struct device_settings *device,
                      struct err *err)
{
    for (size_t i = 0; device->enabled; i++) {
        const struct device_settings *other = config_at(config, &device_settings_table, i);
        if (other == device)
            return 0;
        if (other->unit == device->unit && other->enabled &&
            strcmp(other->line, device->line) == 0 && strcmp(other->profile, device->profile) == 0)
            return err_set(
                err, -EINVAL, "unit %d of %.63s is \"%.63s\" already, by the same profile",
                (int)device->unit, device->line, config_name_at(config, &device_settings_table, i));
    }
    return 0;
}

static int check_unit(const struct config *config, const struct device_settings *device,
                      struct err *err)
{
    const struct line_settings *line = line_of(config, device);
    bool serial = line && (line->kind == LINE_MODBUS_RTU || line->kind == LINE_RTU_OVER_TCP);
    if (serial && device->unit == 0)
        return err_set(
            err, -EINVAL,
            "must be 1 to 255: on a serial line 0 speaks to all devices and none answers");
    return line && is_modbus(line) ? check_twin(config, device, err) : 0;
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
    if (check_feeder(config, device, err) < 0)
        return err->code;
    *key = "part_of";
    if (check_part(config, device, err) < 0)
        return err->code;
    *key = "unit";
    if (check_unit(config, device, err) < 0)
        return err->code;
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
    return setting_record_equal(&device_settings_table, a, b);
}

void device_settings_copy(struct device_settings *copy, const struct device_settings *settings)
{
    setting_record_copy(&device_settings_table, copy, settings);
}

void device_settings_deinit(struct device_settings *settings)
{
    setting_record_free(&device_settings_table, settings);
}
