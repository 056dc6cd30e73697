/* nut_testing - a NUT server over a site made by hand, with clients at the other end of a pair of
 * sockets. Used by the unit test and the fuzz target. */
#pragma once

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/saver.h"
#include "engine/outlet_groups.h"
#include "face/nut_private.h"
#include "model/command.h"

#define NUT_WALL (1795222800LL * CLOCK_S) /* 2026-11-21T01:00:00Z */

struct nut_device_record {
    const char *label;
};

static const struct setting_row nut_device_rows[] = {
    {.key = "label", .type = SETTING_TEXT, .max = 63, .initial = "", .help = "Label."}};
static const struct setting_table nut_test_devices = {
    .name = "devices",
    .label = "Devices",
    .help = "",
    .collection = true,
    .rows = nut_device_rows,
    .row_count = 1,
    .record_size = sizeof(struct nut_device_record),
};
static const struct setting_table *const nut_test_tables[] = {
    &nut_test_devices,       &group_settings_table,    &nut_settings_table,
    &nut_ups_settings_table, &nut_user_settings_table, NULL};
static const struct config_schema nut_test_schema = {.tables = nut_test_tables};

struct nut_rig {
    struct clock clock;
    char folder[200];
    struct loop *loop;
    struct site *site;
    struct saver *saver;
    struct access *access;
    struct commands *commands;
    struct config *config;
    struct nut *nut;
    struct device *supply, *strip;
};

static inline struct certificate *nut_rig_no_certificate(void *user)
{
    (void)user;
    return NULL;
}

/* NULL with the first mistake in `problem`. */
static inline struct config *nut_rig_config(const char *folder, const char *yaml, char *problem,
                                            size_t size)
{
    char path[300];
    struct err_list errors = ERR_LIST_EMPTY;
    snprintf(path, sizeof path, "%s/site.yaml", folder);
    FILE *file = fopen(path, "w");
    fputs(yaml, file);
    fclose(file);
    struct config *config = config_load(&nut_test_schema, path, NULL, NULL, 0, &errors);
    if (!config)
        snprintf(problem, size, "%s", errors.list[0].text);
    err_list_deinit(&errors);
    return config;
}

static inline void nut_rig_site(struct nut_rig *rig)
{
    static const struct {
        enum component_kind kind;
        int number;
        enum quantity quantity;
    } supply[] = {{COMPONENT_MAINS, 0, QUANTITY_VOLTAGE},
                  {COMPONENT_SUPPLY, 0, QUANTITY_VOLTAGE},
                  {COMPONENT_SUPPLY, 0, QUANTITY_LOAD},
                  {COMPONENT_BATTERY, 0, QUANTITY_VOLTAGE},
                  {COMPONENT_BATTERY, 0, QUANTITY_CHARGE},
                  {COMPONENT_BATTERY, 0, QUANTITY_RUNTIME},
                  {COMPONENT_BATTERY, 0, QUANTITY_TEMPERATURE}},
      strip[] = {{COMPONENT_OUTLET, 1, QUANTITY_STATE},    {COMPONENT_OUTLET, 1, QUANTITY_CURRENT},
                 {COMPONENT_OUTLET, 1, QUANTITY_ENERGY},   {COMPONENT_PHASE, 1, QUANTITY_VOLTAGE},
                 {COMPONENT_PHASE, 2, QUANTITY_VOLTAGE},   {COMPONENT_PHASE, 2, QUANTITY_CURRENT},
                 {COMPONENT_LINE, 3, QUANTITY_VOLTAGE},    {COMPONENT_NEUTRAL, 0, QUANTITY_CURRENT},
                 {COMPONENT_CIRCUIT, 2, QUANTITY_CURRENT}, {COMPONENT_SENSOR, 1, QUANTITY_HUMIDITY},
                 {COMPONENT_SENSOR, 1, QUANTITY_PRESSURE}};
    rig->supply = site_device_add(
        rig->site,
        &(struct device_spec){
            .name = "ups-1", .role = "supply", .vendor = "Acme", .unit = -1, .every = CLOCK_S});
    rig->strip = site_device_add(
        rig->site,
        &(struct device_spec){
            .name = "pdu", .role = "pdu", .unit = -1, .fed_by = "ups-1", .every = CLOCK_S});
    for (size_t i = 0; i < sizeof supply / sizeof *supply; i++)
        component_point_add(device_component(rig->supply, supply[i].kind, supply[i].number),
                            supply[i].quantity);
    for (size_t i = 0; i < sizeof strip / sizeof *strip; i++)
        component_point_add(device_component(rig->strip, strip[i].kind, strip[i].number),
                            strip[i].quantity);
    device_set_state(rig->supply, DEVICE_ONLINE, "");
    device_set_state(rig->strip, DEVICE_ONLINE, "");
}

/* `folder` must be there and is the caller's. */
static inline struct nut_rig *nut_rig_new(const char *folder, const char *yaml)
{
    struct nut_rig *rig = calloc(1, sizeof *rig);
    static const struct access_settings open = {
        .view = ACCESS_VIEW_OPEN, .session_idle = 3600 * CLOCK_S, .session_most = 86400 * CLOCK_S};
    char secret[64], problem[ERR_TEXT_MAX] = "";
    struct err err = ERR_EMPTY;
    snprintf(rig->folder, sizeof rig->folder, "%s", folder);
    rig->clock = clock_fake(NUT_WALL);
    rig->loop = loop_new(&rig->clock);
    rig->site = site_new(rig->loop);
    rig->saver = saver_new(rig->loop);
    rig->access = access_open(rig->loop, rig->saver, folder, &open, secret, &err);
    rig->commands = commands_new(&rig->clock);
    nut_rig_site(rig);
    rig->config = nut_rig_config(folder, yaml, problem, sizeof problem);
    if (!rig->config || !rig->access) {
        fprintf(stderr, "%s%s\n", problem, err.text);
        abort();
    }
    rig->nut = nut_open(&(struct nut_context){.loop = rig->loop,
                                              .site = rig->site,
                                              .access = rig->access,
                                              .commands = rig->commands,
                                              .certificate = nut_rig_no_certificate},
                        rig->config);
    return rig;
}

static inline void nut_rig_free(struct nut_rig *rig)
{
    nut_close(rig->nut);
    commands_free(rig->commands);
    access_close(rig->access);
    saver_free(rig->saver);
    site_free(rig->site);
    config_free(rig->config);
    loop_free(rig->loop);
    free(rig);
}

/* The client's end of a new connection from 192.0.2.9. */
static inline int nut_rig_connect(struct nut_rig *rig)
{
    int pair[2];
    struct sockaddr_in from = {.sin_family = AF_INET, .sin_port = htons(4000)};
    from.sin_addr.s_addr = htonl(0xC0000209);
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) < 0)
        abort();
    nut_client_begin(rig->nut, pair[0], (const struct sockaddr *)&from);
    return pair[1];
}

/* What comes back for these bytes; the text lives until the next call. */
static inline const char *nut_rig_ask(struct nut_rig *rig, int fd, const char *bytes, size_t length)
{
    static char text[65536];
    size_t got = 0;
    ssize_t more;
    if (send(fd, bytes, length, MSG_NOSIGNAL) < 0)
        return "";
    for (int quiet = 0; quiet < 3 && got < sizeof text - 1;) {
        loop_poll(rig->loop);
        more = recv(fd, text + got, sizeof text - 1 - got, MSG_DONTWAIT);
        got += more > 0 ? (size_t)more : 0;
        quiet = more > 0 ? 0 : quiet + 1;
    }
    text[got] = '\0';
    return text;
}
