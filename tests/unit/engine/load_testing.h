/* load_testing - a PDU of six outlets on the fake clock with load protection over it, and a door
 * that notes what it is asked for. */
#pragma once

#include "test.h"
#include "test_folder.h"

#include <math.h>

#include "base/saver.h"
#include "engine/load.h"
#include "engine/outlet_groups.h"
#include "engine/outlet_settings.h"
#include "model/command.h"

#define WALL (1795262400LL * CLOCK_S)
enum { OUTLETS = 6 };
#define CIRCUIT "budgets: {rack: {label: Circuit 1, of: pdu-a/circuit-1, limit: 13}}\n"

/* Stands in for the field's: records of outlets name devices that are there. */
static const struct setting_row device_rows[] = {
    {.key = "enabled", .type = SETTING_BOOL, .initial = "true", .help = "Whether."}};
static const struct setting_table devices = {.name = "devices",
                                             .collection = true,
                                             .rows = device_rows,
                                             .row_count = 1,
                                             .record_size = sizeof(bool)};

static const struct setting_table *const tables[] = {&devices, &load_settings_table,
                                                     &outlet_settings_table, NULL};
static const struct config_schema schema = {.tables = tables};

struct fixture {
    struct clock clock;
    struct loop *loop;
    struct site *site;
    struct commands *commands;
    struct config *config;
    struct load *load;
    struct saver *saver; /* NULL but for what is kept over a restart */
    char folder[200];
    struct point *circuit, *volts, *state[OUTLETS + 1], *current[OUTLETS + 1];
    /* the door */
    char log[1000], reason[200], origin[80];
    const char *refuses; /* path that it refuses to switch */
};

static inline void put(struct fixture *f, struct point *point, double number)
{
    point_put(point, number, loop_now(f->loop), loop_wall(f->loop));
}

/* All points are read as a poll would; outlets that are off draw nothing. */
static inline void poll(struct fixture *f, double circuit)
{
    put(f, f->circuit, circuit);
    put(f, f->volts, 230);
    for (int i = 1; i <= OUTLETS; i++) {
        put(f, f->state[i], f->state[i]->value.number);
        put(f, f->current[i], f->state[i]->value.number != 0 ? f->current[i]->value.number : 0);
    }
    loop_poll(f->loop);
}

static inline void switch_outlet(struct fixture *f, int number, bool on, double amperes)
{
    put(f, f->state[number], on);
    put(f, f->current[number], amperes);
    loop_advance(f->loop, CLOCK_MS);
}

static inline void on_submit(void *user, const struct command_wish *wish,
                             struct command_answer *answer)
{
    struct fixture *f = user;
    size_t used = strlen(f->log);
    assert_true(wish->automatic && wish->action == COMMAND_OFF && wish->target_count == 1);
    snprintf(f->log + used, sizeof f->log - used, "%s;", wish->targets[0]);
    snprintf(f->reason, sizeof f->reason, "%s", wish->reason);
    snprintf(f->origin, sizeof f->origin, "%s", wish->origin);
    bool refused = f->refuses && strcmp(f->refuses, wish->targets[0]) == 0;
    answer->verdict = refused ? COMMAND_NOT_ALLOWED : COMMAND_ACCEPTED;
}

static inline struct config *read_settings(struct fixture *f, const char *text,
                                           struct err_list *errors)
{
    char path[300], whole[1000];
    snprintf(path, sizeof path, "%s/site.yaml", f->folder);
    snprintf(whole, sizeof whole, "devices: {pdu-a: {}}\n%s", text);
    test_write_file(path, whole);
    return config_load(&schema, path, NULL, NULL, 0, errors);
}

static inline void begin(struct fixture *f, const char *text)
{
    struct err_list errors = ERR_LIST_EMPTY;
    f->config = read_settings(f, text, &errors);
    if (!f->config)
        fail_msg("%s", errors.list[0].text);
    err_list_deinit(&errors);
    f->load = load_new(&(struct load_context){.loop = f->loop,
                                              .site = f->site,
                                              .commands = f->commands,
                                              .saver = f->saver,
                                              .folder = f->folder},
                       f->config);
}

/* A PDU with six outlets rated 2 A: 1 to 4 on circuit 1, of phase a, 5 and 6 on circuit 2. */
static inline int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    test_folder(f->folder, sizeof f->folder);
    f->clock = clock_fake(WALL);
    f->loop = loop_new(&f->clock);
    f->site = site_new(f->loop);
    f->commands = commands_new(&f->clock);
    commands_set_executor(f->commands, &(struct command_executor){.submit = on_submit, .user = f});
    struct device *device = site_device_add(
        f->site, &(struct device_spec){.name = "pdu-a", .unit = 1, .every = CLOCK_S});
    struct component *total = device_component(device, COMPONENT_TOTAL, 0);
    f->volts = component_point_add(total, QUANTITY_VOLTAGE);
    for (int i = 1; i <= 2; i++) {
        struct component *circuit = device_component(device, COMPONENT_CIRCUIT, i);
        component_set_fed_by(circuit, i == 1 ? "phase-a" : "phase-b");
        if (i == 1)
            f->circuit = component_point_add(circuit, QUANTITY_CURRENT);
    }
    for (int i = 1; i <= OUTLETS; i++) {
        struct component *outlet = device_component(device, COMPONENT_OUTLET, i);
        component_set_fed_by(outlet, i <= 4 ? "circuit-1" : "circuit-2");
        component_set_rated_current(outlet, 2);
        f->state[i] = component_point_add(outlet, QUANTITY_STATE);
        f->current[i] = component_point_add(outlet, QUANTITY_CURRENT);
        put(f, f->state[i], 0);
        put(f, f->current[i], 0);
    }
    put(f, f->circuit, 0);
    put(f, f->volts, 230);
    *state = f;
    return 0;
}

static inline int teardown(void **state)
{
    struct fixture *f = *state;
    load_free(f->load);
    saver_free(f->saver);
    config_free(f->config);
    commands_free(f->commands);
    site_free(f->site);
    loop_free(f->loop);
    test_folder_remove(f->folder);
    free(f);
    return 0;
}

/* What is said when these outlets (a word of digits) are to be switched on; "" when they may. */
static inline const char *ask(struct fixture *f, const char *outlets)
{
    static struct err err;
    point_id points[OUTLETS];
    size_t count = 0;
    err = ERR_EMPTY;
    for (; outlets[count]; count++)
        points[count] = f->state[outlets[count] - '0']->id;
    bool allowed = load_allows(f->load, points, count, &err);
    assert_int_equal(allowed, *err.text == '\0');
    return err.text;
}
