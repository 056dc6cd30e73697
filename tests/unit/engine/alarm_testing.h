/* alarm_testing - a site made by hand with an alarm engine on the fake clock, a door that remembers
 * what it was asked, and a watcher that writes down what is told. */
#pragma once

#include "test.h"
#include "test_folder.h"

#include <errno.h>

#include "base/log.h"
#include "base/saver.h"
#include "engine/alarm.h"
#include "engine/alarm_hours.h"
#include "engine/alarm_rule.h"
#include "model/command.h"

/* 2026-11-21T12:00:00Z, a Saturday */
#define WALL (1795262400LL * CLOCK_S)

/* Stand in for the field's and notify's: what alarms name must be there. */
static const struct setting_row testing_rows[] = {
    {.key = "enabled", .type = SETTING_BOOL, .initial = "true", .help = "Whether."}};
static const struct setting_table testing_devices = {.name = "devices",
                                                     .collection = true,
                                                     .rows = testing_rows,
                                                     .row_count = 1,
                                                     .record_size = sizeof(bool)};
static const struct setting_table testing_recipients = {.name = "recipients",
                                                        .collection = true,
                                                        .rows = testing_rows,
                                                        .row_count = 1,
                                                        .record_size = sizeof(bool)};
static const struct setting_table *const testing_tables[] = {
    &testing_devices, &testing_recipients, &alarm_settings_table, &active_hours_table, NULL};
static const struct config_schema testing_schema = {.tables = testing_tables};

struct fixture {
    struct clock clock;
    struct loop *loop;
    struct site *site;
    struct saver *saver;
    struct commands *commands;
    struct config *config;
    struct alarms *alarms;
    struct alarm_watch watch;
    char folder[200];
    char log[8000];     /* "rule path raised; " of what is to be told */
    char touched[8000]; /* the same of what is to be shown only */
    unsigned raised, cleared, repeated;
    struct alarm_view last; /* its texts may be gone */
    char text[200];         /* of the last that was told */
    char wishes[2000];      /* "on dc-1/output-1; " */
    enum command_verdict verdict;
    bool keeps_commands;        /* the door makes them */
    enum command_state at_once; /* what becomes of them before the door answers; 0: nothing */
};

static inline void testing_note(char *log, size_t size, const struct alarm_view *alarm,
                                enum alarm_change change)
{
    size_t used = strlen(log);
    snprintf(log + used, size - used, "%s %s %s; ", alarm->rule, alarm->path,
             alarm_change_name(change));
}

static inline void testing_changed(void *user, const struct alarm_view *alarm,
                                   enum alarm_change change)
{
    struct fixture *f = user;
    /* A face may look at all of them while it is told of one. */
    for (size_t i = 0; i < alarms_count(f->alarms) && alarms_count(f->alarms) < 10; i++)
        assert_non_null(alarms_view(f->alarms, i).rule);
    f->raised += change == ALARM_RAISED;
    f->cleared += change == ALARM_CLEARED;
    f->repeated += change == ALARM_REPEATED;
    if (change == ALARM_TOUCHED) {
        testing_note(f->touched, sizeof f->touched, alarm, change);
        return;
    }
    f->last = *alarm;
    snprintf(f->text, sizeof f->text, "%s", alarm->text);
    testing_note(f->log, sizeof f->log, alarm, change);
}

static inline void testing_submit(void *user, const struct command_wish *wish,
                                  struct command_answer *answer)
{
    struct fixture *f = user;
    size_t used = strlen(f->wishes);
    assert_true(wish->automatic && wish->target_count == 1);
    snprintf(f->wishes + used, sizeof f->wishes - used, "%s %s; ",
             command_action_name(wish->action), wish->targets[0]);
    answer->verdict = f->verdict;
    if (f->verdict != COMMAND_ACCEPTED) {
        err_set(&answer->err, -EBUSY, "the door says no");
        return;
    }
    struct command_plan plan = {.target = wish->targets[0], .label = "", .due = CLOCK_NEVER};
    if (!f->keeps_commands)
        return;
    struct command *command = commands_add(f->commands, wish, NULL, &plan, 1);
    answer->command = command;
    if (f->at_once) {
        command->steps[0].state = f->at_once;
        commands_end(f->commands, command);
    }
}

/* 0, or fails with the first mistake; with `mistake` its text goes there instead. */
static inline struct config *testing_config(struct fixture *f, const char *text, char *mistake)
{
    char path[300], *whole = NULL;
    struct err_list errors = ERR_LIST_EMPTY;
    snprintf(path, sizeof path, "%s/site.yaml", f->folder);
    if (asprintf(&whole, "recipients: {ops: {}, boss: {}}\ndevices: {pdu-a: {}, dc-1: {}}\n%s",
                 text) < 0)
        abort();
    test_write_file(path, whole);
    free(whole);
    struct config *config = config_load(&testing_schema, path, NULL, NULL, 0, &errors);
    if (!config && !mistake)
        fail_msg("%s", errors.list[0].text);
    if (mistake)
        snprintf(mistake, ERR_TEXT_MAX, "%s", config ? "" : errors.list[0].text);
    err_list_deinit(&errors);
    return config;
}

static inline void testing_open(struct fixture *f)
{
    f->alarms = alarms_new(&(struct alarms_context){.loop = f->loop,
                                                    .site = f->site,
                                                    .commands = f->commands,
                                                    .saver = f->saver,
                                                    .folder = f->folder},
                           f->config);
    f->watch = (struct alarm_watch){.changed = testing_changed, .user = f};
    alarms_watch(f->alarms, &f->watch);
}

static inline void testing_begin(struct fixture *f, const char *text)
{
    f->config = testing_config(f, text, NULL);
    testing_open(f);
}

static inline void testing_reload(struct fixture *f, const char *text)
{
    struct config *fresh = testing_config(f, text, NULL);
    alarms_configure(f->alarms, fresh);
    config_free(f->config);
    f->config = fresh;
}

/* What is being written is on the disk. */
static inline void testing_saved(struct fixture *f)
{
    do
        loop_poll(f->loop);
    while (saver_busy(f->saver));
}

/* Another program over the same files. */
static inline void testing_restart(struct fixture *f)
{
    testing_saved(f);
    f->alarms = alarms_free(f->alarms);
    testing_saved(f);
    testing_open(f);
}

static inline void testing_put(struct fixture *f, struct point *point, double number)
{
    point_put(point, number, loop_now(f->loop), loop_wall(f->loop));
    loop_poll(f->loop);
}

static inline void testing_advance(struct fixture *f, clock_us by)
{
    loop_advance(f->loop, by);
}

static inline void testing_forget(struct fixture *f)
{
    f->log[0] = f->touched[0] = f->wishes[0] = '\0';
    f->raised = f->cleared = f->repeated = 0;
}

static inline struct alarm_view testing_view(const struct fixture *f, const char *rule,
                                             const char *path)
{
    for (size_t i = 0; i < alarms_count(f->alarms); i++) {
        struct alarm_view view = alarms_view(f->alarms, i);
        if (strcmp(view.rule, rule) == 0 && strcmp(view.path, path) == 0)
            return view;
    }
    fail_msg("there is no alarm %s at %s", rule, path);
    abort();
}

static inline int testing_do(struct fixture *f, enum alarm_deed deed, uint32_t id,
                             clock_us how_long, struct err *err)
{
    return alarms_do(f->alarms,
                     &(struct alarm_wish){.deed = deed,
                                          .id = id,
                                          .actor = "anna",
                                          .origin = "192.0.2.7",
                                          .role = ROLE_CONTROL,
                                          .how_long = how_long},
                     err);
}

static inline struct device *testing_device(struct fixture *f, const char *name, const char *line,
                                            const char *fed_by)
{
    return site_device_add(
        f->site, &(struct device_spec){
                     .name = name, .line = line, .fed_by = fed_by, .unit = 1, .every = CLOCK_S});
}

static inline struct point *testing_point(struct device *device, enum component_kind kind,
                                          int number, enum quantity quantity)
{
    return component_point_add(device_component(device, kind, number), quantity);
}

static inline struct point *testing_current(struct fixture *f)
{
    struct device *device = testing_device(f, "pdu-a", "", "");
    return testing_point(device, COMPONENT_PHASE, 1, QUANTITY_CURRENT);
}

static inline int testing_setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    log_open(LOG_SINK_STDERR, LOG_LEVEL_ERROR);
    test_folder_in_memory(f->folder, sizeof f->folder);
    f->clock = clock_fake(WALL);
    f->loop = loop_new(&f->clock);
    f->site = site_new(f->loop);
    f->saver = saver_new(f->loop);
    f->commands = commands_new(&f->clock);
    f->verdict = COMMAND_ACCEPTED;
    commands_set_executor(f->commands,
                          &(struct command_executor){.submit = testing_submit, .user = f});
    *state = f;
    return 0;
}

static inline int testing_teardown(void **state)
{
    struct fixture *f = *state;
    testing_saved(f);
    alarms_free(f->alarms);
    testing_saved(f);
    commands_free(f->commands);
    saver_free(f->saver);
    site_free(f->site);
    loop_free(f->loop);
    config_free(f->config);
    test_folder_remove(f->folder);
    free(f);
    return 0;
}
