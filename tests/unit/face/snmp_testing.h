/* snmp_testing - a site made by hand on a fake clock, with the tree of the SNMP agent over it and
 * no network. */
#pragma once

#include "test.h"
#include "test_folder.h"

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>

#include "base/saver.h"
#include "engine/outlet_groups.h"
#include "engine/switcher.h"
#include "face/snmp_answer.h"
#include "face/snmp_busbar.h"
#include "face/snmp_settings.h"
#include "face/snmp_state.h"
#include "face/snmp_system.h"
#include "model/site.h"
#include "model/site_settings.h"

#define SNMP_WALL (1795222800LL * CLOCK_S) /* 2026-11-21T01:00:00Z */
#define SNMP_ROOT 1, 3, 6, 1, 4, 1, 32473, 1

/* pdu-a had a number before, the others get theirs when they are first seen. */
#define SNMP_KEPT                                                                                  \
    "{\"engine\":\"80007ed905000102030405060708090a0b\",\"boots\":6,\"last\":9,"                   \
    "\"devices\":{\"pdu-a\":4,\"gone\":9}}"

struct snmp_rig {
    struct clock clock;
    char folder[200];
    struct loop *loop;
    struct saver *saver;
    struct config *config;
    struct site *site;
    struct commands *commands;
    struct switcher *switcher;
    struct snmp_state *state;
    uint32_t counters[SNMP_COUNTERS];
    struct snmp_model model;
    struct snmp_tree *tree;
    void *system, *busbar;
    struct snmp_ask ask;
    struct point *voltage, *current, *energy, *meter_energy, *outlet_state;
    double written; /* last number sent to a device, NaN for none */
    unsigned writes;
};

/* ---- settings -------------------------------------------------------------------------------- */

static const struct setting_row snmp_rig_rows[] = {
    {.key = "label", .type = SETTING_TEXT, .max = 63, .initial = "", .help = "Label."}};
static const struct setting_table snmp_rig_devices = {
    .name = "devices",
    .label = "Devices",
    .help = "",
    .collection = true,
    .rows = snmp_rig_rows,
    .row_count = 1,
    .record_size = sizeof(const char *),
};
static const struct setting_table *const snmp_rig_tables[] = {
    &site_settings_table,      &snmp_rig_devices,
    &outlet_settings_table,    &group_settings_table,
    &interlock_settings_table, &switching_settings_table,
    &snmp_settings_table,      &snmp_community_table,
    &snmp_user_table,          NULL,
};
static const struct config_schema snmp_rig_schema = {.tables = snmp_rig_tables};

static const char snmp_rig_yaml[] =
    "site: {name: Test site, location: Here, contact: me@example.net}\n"
    "devices: {pdu-a: {}}\n"
    "outlets:\n"
    "  pdu-a/outlet-3: {name: Router}\n"
    "  pdu-a/outlet-4: {name: Server, critical: true}\n"
    "  pdu-a/outlet-5: {name: Pump, lock: true}\n";

/* Or NULL with the first mistake in `problem`. */
static inline struct config *snmp_rig_config(const char *yaml, char *problem, size_t size)
{
    char folder[200], path[240];
    test_folder(folder, sizeof folder);
    snprintf(path, sizeof path, "%s/site.yaml", folder);
    test_write_file(path, yaml);
    struct err_list errors = ERR_LIST_EMPTY;
    struct config *config = config_load(&snmp_rig_schema, path, NULL, NULL, 0, &errors);
    if (!config && problem)
        snprintf(problem, size, "%s", errors.list[0].text);
    else if (!config)
        fail_msg("%s", errors.list[0].text);
    err_list_deinit(&errors);
    test_folder_remove(folder);
    return config;
}

/* ---- the site -------------------------------------------------------------------------------- */

static inline struct point *snmp_rig_point(struct device *device, enum component_kind kind,
                                           int number, enum quantity quantity)
{
    return component_point_add(device_component(device, kind, number), quantity);
}

static inline void snmp_rig_put(struct snmp_rig *rig, struct point *point, double number)
{
    point_put(point, number, loop_now(rig->loop), loop_wall(rig->loop));
}

static inline void snmp_rig_outlets(struct snmp_rig *rig, struct device *device)
{
    static const struct word list[] = {{0, "off"}, {1, "on"}};
    static const struct words words = {.list = list, .count = 2};
    for (int i = 3; i <= 5; i++) {
        struct point *state = snmp_rig_point(device, COMPONENT_OUTLET, i, QUANTITY_STATE);
        state->words = &words;
        snmp_rig_put(rig, state, i != 4);
        if (i == 3)
            rig->outlet_state = state;
    }
}

static inline void snmp_rig_site(struct snmp_rig *rig)
{
    struct device *meter = site_device_add(rig->site, &(struct device_spec){.name = "meter-1",
                                                                            .label = "Incomer",
                                                                            .role = "meter",
                                                                            .line = "bus",
                                                                            .unit = 7,
                                                                            .profile = "some-meter",
                                                                            .fed_by = "mains",
                                                                            .every = CLOCK_S});
    struct device *pdu = site_device_add(
        rig->site,
        &(struct device_spec){
            .name = "pdu-a", .role = "pdu", .unit = -1, .fed_by = "meter-1", .every = CLOCK_S});
    device_set_identity(meter, "Maker", "M 1", "S-1", "2.0");
    device_set_state(meter, DEVICE_ONLINE, "");
    device_set_state(pdu, DEVICE_SILENT, "no answer");
    rig->meter_energy = snmp_rig_point(meter, COMPONENT_TOTAL, 0, QUANTITY_ENERGY);
    rig->voltage = snmp_rig_point(meter, COMPONENT_PHASE, 2, QUANTITY_VOLTAGE);
    struct point *power = snmp_rig_point(meter, COMPONENT_TOTAL, 0, QUANTITY_REAL_POWER);
    struct point *serial = snmp_rig_point(meter, COMPONENT_TOTAL, 0, QUANTITY_SERIAL);
    struct point *harmonic = snmp_rig_point(meter, COMPONENT_PHASE, 2, QUANTITY_HARMONIC_VOLTAGE_5);
    rig->current = snmp_rig_point(pdu, COMPONENT_TOTAL, 0, QUANTITY_CURRENT);
    rig->energy = snmp_rig_point(pdu, COMPONENT_TOTAL, 0, QUANTITY_ENERGY);
    struct point *bad = snmp_rig_point(pdu, COMPONENT_SENSOR, 1, QUANTITY_TEMPERATURE);
    snmp_rig_point(pdu, COMPONENT_SENSOR, 1, QUANTITY_HUMIDITY); /* never read */
    component_set_rated_current(device_component(pdu, COMPONENT_OUTLET, 3), 10);
    snmp_rig_put(rig, rig->meter_energy, 1234567.8912); /* 1 234 567 891 Wh: fits 32 bits */
    snmp_rig_put(rig, rig->voltage, 230.14);
    snmp_rig_put(rig, power, -1234.56);
    point_put_text(serial, "S-1", loop_now(rig->loop), loop_wall(rig->loop));
    snmp_rig_put(rig, harmonic, 1.25);
    snmp_rig_put(rig, rig->current, 7.25);
    snmp_rig_put(rig, rig->energy, 98765432.125); /* does not fit 32 bits */
    snmp_rig_put(rig, bad, 21.5);
    snmp_rig_put(rig, bad, 99999);
    snmp_rig_outlets(rig, pdu);
    loop_advance(rig->loop, 2500 * CLOCK_MS);
    snmp_rig_put(rig, rig->voltage, 229.96);
    point_mark(rig->current, QUALITY_STALE, REASON_SILENT);
    loop_advance(rig->loop, 250 * CLOCK_MS);
}

/* ---- what devices are told ------------------------------------------------------------------- */

static inline void *snmp_rig_start(void *user, point_id point, double number,
                                   switcher_done_fn *done, void *to, struct err *err)
{
    struct snmp_rig *rig = user;
    (void)point;
    (void)done;
    (void)to;
    (void)err;
    rig->written = number;
    rig->writes++;
    return rig; /* under way for ever */
}

static inline bool snmp_rig_cancel(void *user, void *control)
{
    (void)user;
    (void)control;
    return true;
}

static inline bool snmp_rig_possible(void *user, point_id point)
{
    (void)user;
    (void)point;
    return true;
}

static inline bool snmp_rig_read(void *user, point_id point, void (*done)(void *to, bool answered),
                                 void *to)
{
    (void)user;
    (void)point;
    (void)done;
    (void)to;
    return false;
}

static inline void snmp_rig_switcher(struct snmp_rig *rig)
{
    struct err err = ERR_EMPTY;
    rig->commands = commands_new(&rig->clock);
    rig->switcher =
        switcher_open(&(struct switcher_options){.site = rig->site,
                                                 .commands = rig->commands,
                                                 .config = rig->config,
                                                 .hardware = {.start = snmp_rig_start,
                                                              .cancel = snmp_rig_cancel,
                                                              .possible = snmp_rig_possible,
                                                              .read = snmp_rig_read,
                                                              .user = rig},
                                                 .store = {.kept = "", .boot = "boot"}},
                      &err);
}

/* ---- life ------------------------------------------------------------------------------------ */

static inline int snmp_rig_setup(void **state)
{
    struct snmp_rig *rig = calloc(1, sizeof *rig);
    char path[240];
    rig->clock = clock_fake(SNMP_WALL);
    rig->loop = loop_new(&rig->clock);
    test_folder(rig->folder, sizeof rig->folder);
    snprintf(path, sizeof path, "%s/snmp.json", rig->folder);
    test_write_file(path, SNMP_KEPT);
    rig->saver = saver_new(rig->loop);
    rig->state = snmp_state_open(rig->loop, rig->saver, rig->folder);
    rig->config = snmp_rig_config(snmp_rig_yaml, NULL, 0);
    rig->site = site_new(rig->loop);
    snmp_rig_site(rig);
    snmp_rig_switcher(rig);
    loop_poll(rig->loop);
    rig->model = (struct snmp_model){.loop = rig->loop,
                                     .site = rig->site,
                                     .config = rig->config,
                                     .commands = rig->commands,
                                     .switcher = rig->switcher,
                                     .state = rig->state,
                                     .started = loop_now(rig->loop) - 61 * CLOCK_S,
                                     .enterprise = 32473,
                                     .counters = rig->counters};
    rig->tree = snmp_tree_new();
    rig->system = snmp_system_part.make(&rig->model, rig->tree);
    rig->busbar = snmp_busbar_part.make(&rig->model, rig->tree);
    rig->ask = (struct snmp_ask){.now = loop_now(rig->loop),
                                 .wall = loop_wall(rig->loop),
                                 .role = ROLE_CONTROL,
                                 .actor = "kim",
                                 .origin = "192.0.2.7"};
    *state = rig;
    return 0;
}

static inline int snmp_rig_teardown(void **state)
{
    struct snmp_rig *rig = *state;
    snmp_busbar_part.free(rig->busbar, rig->tree);
    snmp_system_part.free(rig->system, rig->tree);
    snmp_tree_free(rig->tree);
    switcher_close(rig->switcher);
    commands_free(rig->commands);
    while (saver_busy(rig->saver))
        loop_poll(rig->loop);
    snmp_state_close(rig->state);
    saver_free(rig->saver);
    site_free(rig->site);
    config_free(rig->config);
    loop_poll(rig->loop);
    loop_free(rig->loop);
    test_folder_remove(rig->folder);
    free(rig);
    return 0;
}

/* ---- requests -------------------------------------------------------------------------------- */

static const struct snmp_room snmp_rig_room = {.all = 60000, .bulk = 60000};

static inline netsnmp_pdu *snmp_rig_pdu(int command, long version)
{
    netsnmp_pdu *pdu = snmp_pdu_create(command);
    pdu->version = version;
    return pdu;
}

/* "6.1.6003" below OBJECTS of our root, or a whole identifier that begins with a point. */
static inline size_t snmp_rig_oid(const char *text, oid *name)
{
    static const oid root[] = {SNMP_ROOT, 1};
    size_t head = *text == '.' ? 0 : sizeof root / sizeof *root;
    memcpy(name, root, head * sizeof *name);
    int length = snmp_oid_parse(text, name + head, SNMP_OID_MOST - head);
    assert_true(length > 0);
    return head + (size_t)length;
}

static inline void snmp_rig_ask_for(netsnmp_pdu *pdu, const char *text)
{
    oid name[SNMP_OID_MOST];
    size_t length = snmp_rig_oid(text, name);
    snmp_add_null_var(pdu, name, length);
}

static inline void snmp_rig_wish(netsnmp_pdu *pdu, const char *text, u_char type, const void *value,
                                 size_t size)
{
    oid name[SNMP_OID_MOST];
    size_t length = snmp_rig_oid(text, name);
    snmp_pdu_add_variable(pdu, name, length, type, value, size);
}
