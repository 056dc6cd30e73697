/* config_testing - a small schema for the tests and fuzzers of configurations: one plain table with
 * every type, and two collections of which one refers to the other. */
#pragma once

#include <errno.h>
#include <string.h>

#include "model/config.h"

struct demo_web {
    int64_t https, http, view, idle;
    double factor;
    bool redirect;
    const char *title, *password;
};

struct demo_line {
    const char *port;
    int64_t baud, parity;
};

struct demo_device {
    const char *line, *profile, *fed_by, *label;
    int64_t unit, every;
};

static const char *const demo_views[] = {"open", "password", NULL};
static const char *const demo_parities[] = {"none", "even", "odd", NULL};

#define WEB(name) offsetof(struct demo_web, name)
static const struct setting_row demo_web_rows[] = {
    {.key = "https",
     .type = SETTING_INT,
     .offset = WEB(https),
     .max = 65535,
     .initial = "8443",
     .help = "Port."},
    {.key = "http",
     .type = SETTING_INT,
     .offset = WEB(http),
     .max = 65535,
     .initial = "8080",
     .help = "Port."},
    {.key = "view",
     .type = SETTING_CHOICE,
     .offset = WEB(view),
     .choices = demo_views,
     .initial = "password",
     .help = "Who sees."},
    {.key = "idle",
     .type = SETTING_DURATION,
     .offset = WEB(idle),
     .min = 60,
     .max = 86400,
     .initial = "12 h",
     .help = "Time."},
    {.key = "factor",
     .type = SETTING_NUMBER,
     .offset = WEB(factor),
     .initial = "1.5",
     .help = "Number."},
    {.key = "redirect",
     .type = SETTING_BOOL,
     .offset = WEB(redirect),
     .initial = "false",
     .help = "Switch."},
    {.key = "title",
     .type = SETTING_TEXT,
     .offset = WEB(title),
     .max = 20,
     .initial = "busbar",
     .help = "Text."},
    {.key = "password",
     .type = SETTING_TEXT,
     .offset = WEB(password),
     .max = 20,
     .secret = true,
     .help = "Secret."},
};

#define LINE(name) offsetof(struct demo_line, name)
static const struct setting_row demo_line_rows[] = {
    {.key = "port",
     .type = SETTING_TEXT,
     .offset = LINE(port),
     .min = 1,
     .max = 255,
     .required = true,
     .help = "Serial port."},
    {.key = "baud",
     .type = SETTING_INT,
     .offset = LINE(baud),
     .min = 1200,
     .max = 115200,
     .initial = "19200",
     .help = "Speed."},
    {.key = "parity",
     .type = SETTING_CHOICE,
     .offset = LINE(parity),
     .choices = demo_parities,
     .initial = "even",
     .help = "Parity."},
};

#define DEVICE(name) offsetof(struct demo_device, name)
static const struct setting_row demo_device_rows[] = {
    {.key = "line",
     .type = SETTING_REFERENCE,
     .offset = DEVICE(line),
     .refers_to = "lines",
     .help = "Its line."},
    {.key = "unit",
     .type = SETTING_INT,
     .offset = DEVICE(unit),
     .min = 1,
     .max = 247,
     .initial = "1",
     .help = "Address."},
    {.key = "profile",
     .type = SETTING_REFERENCE,
     .offset = DEVICE(profile),
     .refers_to = "profiles",
     .required = true,
     .help = "What it is."},
    {.key = "fed_by",
     .type = SETTING_REFERENCE,
     .offset = DEVICE(fed_by),
     .refers_to = "devices",
     .help = "Upstream."},
    {.key = "every",
     .type = SETTING_DURATION,
     .offset = DEVICE(every),
     .min = 0.1,
     .max = 3600,
     .initial = "1 s",
     .help = "Period."},
    {.key = "label",
     .type = SETTING_TEXT,
     .offset = DEVICE(label),
     .max = 40,
     .help = "Name for people."},
};

static int demo_check_web(const struct config *config, const void *record, const char **key,
                          struct err *err)
{
    const struct demo_web *web = record;
    (void)config;
    *key = "redirect";
    return web->redirect && !web->https
               ? err_set(err, -EINVAL, "there is nothing to redirect to: https is 0")
               : 0;
}

static const struct setting_table demo_web_table = {.name = "web",
                                                    .label = "Pages",
                                                    .rows = demo_web_rows,
                                                    .row_count = 8,
                                                    .record_size = sizeof(struct demo_web),
                                                    .check = demo_check_web};
static const struct setting_table demo_lines_table = {.name = "lines",
                                                      .label = "Lines",
                                                      .collection = true,
                                                      .rows = demo_line_rows,
                                                      .row_count = 3,
                                                      .record_size = sizeof(struct demo_line)};

/* Two devices on one line must differ in their address. */
static int demo_check_device(const struct config *config, const void *record, const char **key,
                             struct err *err);

static const struct setting_table demo_devices_table = {.name = "devices",
                                                        .label = "Devices",
                                                        .collection = true,
                                                        .rows = demo_device_rows,
                                                        .row_count = 6,
                                                        .record_size = sizeof(struct demo_device),
                                                        .check = demo_check_device};

static int demo_check_device(const struct config *config, const void *record, const char **key,
                             struct err *err)
{
    const struct demo_device *device = record;
    *key = "unit";
    for (size_t i = 0; i < config_count(config, &demo_devices_table); i++) {
        const struct demo_device *other = config_at(config, &demo_devices_table, i);
        if (other == device)
            return 0;
        if (*device->line && strcmp(other->line, device->line) == 0 && other->unit == device->unit)
            return err_set(err, -EINVAL, "%s has this address on the line already",
                           config_name_at(config, &demo_devices_table, i));
    }
    return 0;
}

static const struct setting_table *const demo_tables[] = {&demo_web_table, &demo_lines_table,
                                                          &demo_devices_table, NULL};
static const char *const demo_profiles[] = {"eastron-sdm630", "eastron-sdm120", "abb-b23", NULL};
static const char *const demo_upstream[] = {"mains", NULL};
static const struct config_words demo_words[] = {{"profiles", demo_profiles},
                                                 {"devices", demo_upstream}};
static const struct config_schema demo_schema = {demo_tables, demo_words, 2};
