/* switcher_testing - boards of our own for the switcher, on the fake clock: what their contacts
 * are, how long they take, and what goes wrong with them.
 *
 * A rig is the daemon without field and faces: clock, loop and the boards outlive rig_kill() and
 * rig_stop(), site, door and switcher are made anew by rig_start(). Boards are read once a second.
 */
#pragma once

#include "test.h"
#include "test_folder.h"

#include "base/mem.h"
#include "engine/outlet_groups.h"
#include "engine/switcher.h"

#define RIG_WALL (1795222800LL * CLOCK_S) /* 2026-11-21T01:00:00Z */
#define RIG_BOARDS 20
#define RIG_OUTLETS 24
#define RIG_MINUTE (60 * CLOCK_S)

enum rig_fault {
    RIG_OBEYS,
    RIG_IGNORES,   /* says yes and does nothing */
    RIG_LATE,      /* says yes and does it after late_by */
    RIG_REFUSES,   /* says no */
    RIG_LOST_DONE, /* does it, the answer is lost */
    RIG_LOST,      /* does nothing, the answer is lost */
    RIG_DIES,      /* says yes, then the board loses its power */
    RIG_FAULTS
};

struct rig;

struct rig_outlet {
    struct rig *rig;
    size_t board, number; /* number from 1 */
    bool closed;          /* the contact itself */
    double draws;         /* A while closed; welded: always */
    bool measured, welded;
    enum rig_fault fault;
    unsigned writes, closings, openings; /* seen by the contact */
    clock_us changed;                    /* monotonic, of the contact */
    point_id state, current;
};

/* A request on its way. */
struct rig_op {
    struct rig_op *next;
    struct rig *rig;
    struct rig_outlet *outlet;
    struct loop_timer timer;
    bool write, current, late;
    double number;
    switcher_done_fn *done;
    void (*seen)(void *to, bool answered);
    void *to;
};

struct rig_board {
    bool powered, contact;
    bool part;           /* its outlets alone fall silent, the device they are shown at does not */
    clock_us powered_at; /* monotonic, of its last start */
    bool tells_uptime;   /* before rig_start */
    bool comes_up_on;    /* its contacts close with the power */
    point_id uptime;
    size_t outlets;
};

struct rig {
    struct clock clock;
    struct loop *loop;
    struct rig_board boards[RIG_BOARDS];
    struct rig_outlet outlets[RIG_BOARDS][RIG_OUTLETS];
    size_t board_count;
    clock_us trip, late_by, disk; /* of a request, a late deed, a saving */
    const char *yaml, *boot;
    char *kept, *saving; /* durable, on its way */
    struct loop_timer save_timer;
    void (*saved)(void *to, const struct err *err);
    void *saved_to;
    bool disk_fails;
    struct event_log *events; /* borrowed, or NULL */
    unsigned saves;
    struct rig_op *ops;
    /* a story's own eyes: NULL, or called when a contact moves and when a write arrives at a line
     */
    void (*moved)(struct rig *rig, struct rig_outlet *outlet, bool cut);
    void (*wrote)(struct rig *rig, struct rig_outlet *outlet, bool on);
    bool cutting;
    /* while it runs */
    struct config *config;
    struct site *site;
    struct commands *commands;
    struct switcher *switcher;
    struct loop_timer poll_timer;
};

/* ---- settings -------------------------------------------------------------------------------- */

struct rig_device {
    const char *label;
};

static const struct setting_row rig_device_rows[] = {
    {.key = "label", .type = SETTING_TEXT, .max = 63, .initial = "", .help = "Label."}};
static const struct setting_table rig_devices = {
    .name = "devices",
    .label = "Devices",
    .help = "",
    .collection = true,
    .rows = rig_device_rows,
    .row_count = 1,
    .record_size = sizeof(struct rig_device),
};
static const struct setting_table *const rig_tables[] = {&rig_devices,
                                                         &outlet_settings_table,
                                                         &group_settings_table,
                                                         &interlock_settings_table,
                                                         &switching_settings_table,
                                                         NULL};
static const struct config_schema rig_schema = {.tables = rig_tables};

static inline struct config *rig_config(const char *yaml, char *problem, size_t size)
{
    char folder[200], path[240];
    test_folder(folder, sizeof folder);
    snprintf(path, sizeof path, "%s/site.yaml", folder);
    test_write_file(path, yaml);
    struct err_list errors = ERR_LIST_EMPTY;
    struct config *config = config_load(&rig_schema, path, NULL, NULL, 0, &errors);
    if (!config && problem)
        snprintf(problem, size, "%s", errors.list[0].text);
    else if (!config)
        fail_msg("%s", errors.list[0].text);
    err_list_deinit(&errors);
    test_folder_remove(folder);
    return config;
}

/* ---- the boards ------------------------------------------------------------------------------ */

static inline void rig_contact(struct rig_outlet *outlet, bool closed)
{
    if (outlet->closed == closed)
        return;
    outlet->closed = closed;
    outlet->closings += closed;
    outlet->openings += !closed;
    clock_us now = clock_mono(&outlet->rig->clock);
    if (outlet->rig->moved)
        outlet->rig->moved(outlet->rig, outlet, outlet->rig->cutting);
    outlet->changed = now;
}

static inline bool rig_answers(const struct rig *rig, size_t board)
{
    return rig->boards[board].powered && rig->boards[board].contact;
}

/* All contacts open; what was asked for is forgotten. */
static inline void rig_cut(struct rig *rig, size_t board)
{
    rig->boards[board].powered = false;
    rig->cutting = true;
    for (size_t i = 0; i < rig->boards[board].outlets; i++)
        rig_contact(&rig->outlets[board][i], false);
    rig->cutting = false;
    for (struct rig_op *op = rig->ops; op; op = op->next) {
        if (op->late && op->outlet->board == board)
            op->late = op->write = false;
    }
}

static inline void rig_power(struct rig *rig, size_t board)
{
    rig->boards[board].powered = true;
    rig->boards[board].powered_at = clock_mono(&rig->clock);
    for (size_t i = 0; rig->boards[board].comes_up_on && i < rig->boards[board].outlets; i++)
        rig_contact(&rig->outlets[board][i], true);
}

static inline void rig_put(struct rig *rig, struct rig_outlet *outlet, bool current)
{
    clock_us now = loop_now(rig->loop), wall = loop_wall(rig->loop);
    struct point *point = site_point(rig->site, current ? outlet->current : outlet->state);
    if (point)
        point_put(point,
                  current ? (outlet->closed || outlet->welded ? outlet->draws : 0) : outlet->closed,
                  now, wall);
}

static inline void rig_poll(struct loop_timer *timer, void *user)
{
    struct rig *rig = user;
    (void)timer;
    for (size_t board = 0; board < rig->board_count; board++) {
        char name[32];
        snprintf(name, sizeof name, "pdu-%zu", board);
        struct device *device = site_device_find(rig->site, name);
        if (!rig_answers(rig, board)) {
            if (!rig->boards[board].part)
                device_set_state(device, DEVICE_SILENT, "no answer");
            device_mark_stale(device, REASON_SILENT);
            continue;
        }
        for (size_t i = 0; i < rig->boards[board].outlets; i++) {
            rig_put(rig, &rig->outlets[board][i], false);
            rig_put(rig, &rig->outlets[board][i], true);
        }
        struct point *uptime = site_point(rig->site, rig->boards[board].uptime);
        clock_us now = loop_now(rig->loop);
        if (uptime)
            point_put(uptime, (double)((now - rig->boards[board].powered_at) / CLOCK_S), now,
                      loop_wall(rig->loop));
        device_set_state(device, DEVICE_ONLINE, "");
    }
}

static inline void rig_remove(struct rig_op *op)
{
    struct rig_op **at = &op->rig->ops;
    while (*at != op)
        at = &(*at)->next;
    *at = op->next;
    loop_timer_stop(&op->timer);
    free(op);
}

static inline void rig_written(struct rig_op *op)
{
    static const struct err no = {.code = -5, .text = "exception 4"};
    static const struct err lost = {.code = -110, .text = "no answer within 500 ms"};
    struct rig_outlet *outlet = op->outlet;
    enum switcher_result result = SWITCHER_ACCEPTED;
    const struct err *err = &(struct err){0};
    if (!rig_answers(op->rig, outlet->board)) {
        result = SWITCHER_UNSURE;
        err = &lost;
    } else {
        outlet->writes++;
        if (outlet->fault == RIG_OBEYS || outlet->fault == RIG_LOST_DONE)
            rig_contact(outlet, op->number != 0);
        if (outlet->fault == RIG_REFUSES) {
            result = SWITCHER_REFUSED;
            err = &no;
        } else if (outlet->fault == RIG_LOST_DONE || outlet->fault == RIG_LOST) {
            result = SWITCHER_UNSURE;
            err = &lost;
        } else if (outlet->fault == RIG_DIES) {
            rig_cut(op->rig, outlet->board);
        }
    }
    if (op->done)
        op->done(op->to, result, err);
}

static inline void rig_arrive(struct loop_timer *timer, void *user)
{
    struct rig_op *op = user;
    struct rig *rig = op->rig;
    (void)timer;
    if (op->late) {
        rig_contact(op->outlet, op->number != 0);
    } else if (op->write && op->outlet->fault == RIG_LATE && rig_answers(rig, op->outlet->board)) {
        op->late = true;
        op->outlet->writes++;
        loop_timer_at(rig->loop, &op->timer, loop_now(rig->loop) + rig->late_by, rig_arrive, op);
        if (op->done)
            op->done(op->to, SWITCHER_ACCEPTED, &(struct err){0});
        op->done = NULL;
        return;
    } else if (op->write) {
        rig_written(op);
    } else if (op->seen) {
        bool answers = rig_answers(rig, op->outlet->board);
        if (answers)
            rig_put(rig, op->outlet, op->current);
        op->seen(op->to, answers);
    }
    rig_remove(op);
}

static inline struct rig_outlet *rig_by_point(struct rig *rig, point_id point, bool *current)
{
    for (size_t board = 0; board < rig->board_count; board++) {
        for (size_t i = 0; i < rig->boards[board].outlets; i++) {
            struct rig_outlet *outlet = &rig->outlets[board][i];
            *current = outlet->current == point;
            if (*current || outlet->state == point)
                return outlet;
        }
    }
    return NULL;
}

static inline struct rig_op *rig_send(struct rig *rig, struct rig_outlet *outlet)
{
    struct rig_op *op = calloc(1, sizeof *op);
    *op = (struct rig_op){.next = rig->ops, .rig = rig, .outlet = outlet};
    rig->ops = op;
    loop_timer_at(rig->loop, &op->timer, loop_now(rig->loop) + rig->trip, rig_arrive, op);
    return op;
}

static inline void *rig_start_write(void *user, point_id point, double number,
                                    switcher_done_fn *done, void *to, struct err *err)
{
    struct rig *rig = user;
    bool current;
    struct rig_outlet *outlet = rig_by_point(rig, point, &current);
    if (!outlet) {
        err_set(err, -2, "no such point");
        return NULL;
    }
    if (rig->wrote)
        rig->wrote(rig, outlet, number != 0);
    struct rig_op *op = rig_send(rig, outlet);
    op->write = true;
    op->number = number;
    op->done = done;
    op->to = to;
    return op;
}

static inline bool rig_cancel_write(void *user, void *control)
{
    struct rig_op *op = control;
    (void)user;
    op->done = NULL;
    return false;
}

static inline bool rig_possible(void *user, point_id point)
{
    bool current;
    return rig_by_point(user, point, &current) && !current;
}

static inline bool rig_read(void *user, point_id point, void (*done)(void *to, bool answered),
                            void *to)
{
    struct rig *rig = user;
    bool current;
    struct rig_outlet *outlet = rig_by_point(rig, point, &current);
    if (!outlet)
        return false;
    struct rig_op *op = rig_send(rig, outlet);
    op->current = current;
    op->seen = done;
    op->to = to;
    return true;
}

/* ---- the disk -------------------------------------------------------------------------------- */

static inline void rig_durable(struct loop_timer *timer, void *user)
{
    struct rig *rig = user;
    struct err err = ERR_EMPTY;
    (void)timer;
    loop_timer_stop(&rig->save_timer);
    if (rig->disk_fails) {
        free(rig->saving);
        err_set(&err, -28, "disk full");
    } else {
        free(rig->kept);
        rig->kept = rig->saving;
        rig->saves++;
    }
    rig->saving = NULL;
    if (rig->saved)
        rig->saved(rig->saved_to, &err);
}

static inline int rig_save(void *user, struct buf *content,
                           void (*done)(void *to, const struct err *err), void *to, struct err *err)
{
    struct rig *rig = user;
    (void)err;
    if (rig->saving) { /* the one before gets through first */
        rig->saved = NULL;
        rig_durable(NULL, rig);
    }
    rig->saving = mem_text(buf_text(content));
    buf_deinit(content);
    rig->saved = done;
    rig->saved_to = to;
    loop_timer_at(rig->loop, &rig->save_timer, loop_now(rig->loop) + rig->disk, rig_durable, rig);
    return 0;
}

/* ---- life ------------------------------------------------------------------------------------ */

/* `boards` boards of `outlets` outlets, all open; not started. */
static inline void rig_make(struct rig *rig, size_t boards, size_t outlets, const char *yaml)
{
    *rig = (struct rig){.clock = clock_fake(RIG_WALL),
                        .board_count = boards,
                        .trip = 2 * CLOCK_MS,
                        .late_by = 1 * CLOCK_S,
                        .disk = 5 * CLOCK_MS,
                        .yaml = yaml,
                        .boot = "boot-1"};
    rig->loop = loop_new(&rig->clock);
    for (size_t board = 0; board < boards; board++) {
        rig->boards[board] =
            (struct rig_board){.powered = true, .contact = true, .outlets = outlets};
        for (size_t i = 0; i < outlets; i++)
            rig->outlets[board][i] =
                (struct rig_outlet){.rig = rig, .board = board, .number = i + 1, .draws = 1};
    }
}

static inline void rig_fill_site(struct rig *rig)
{
    for (size_t board = 0; board < rig->board_count; board++) {
        char name[32];
        snprintf(name, sizeof name, "pdu-%zu", board);
        struct device *device = site_device_add(
            rig->site, &(struct device_spec){.name = name, .unit = 1, .every = CLOCK_S});
        struct component *total = device_component(device, COMPONENT_TOTAL, 0);
        rig->boards[board].uptime =
            rig->boards[board].tells_uptime ? component_point_add(total, QUANTITY_UPTIME)->id : 0;
        for (size_t i = 0; i < rig->boards[board].outlets; i++) {
            struct rig_outlet *outlet = &rig->outlets[board][i];
            struct component *part = device_component(device, COMPONENT_OUTLET, (int)i + 1);
            outlet->state = component_point_add(part, QUANTITY_STATE)->id;
            outlet->current =
                outlet->measured ? component_point_add(part, QUANTITY_CURRENT)->id : 0;
        }
    }
}

static inline void rig_start(struct rig *rig)
{
    struct err err = ERR_EMPTY;
    rig->config = rig_config(rig->yaml, NULL, 0);
    rig->site = site_new(rig->loop);
    rig_fill_site(rig);
    rig->commands = commands_new(&rig->clock);
    struct switcher_options options = {
        .site = rig->site,
        .commands = rig->commands,
        .config = rig->config,
        .events = rig->events,
        .hardware = {.start = rig_start_write,
                     .cancel = rig_cancel_write,
                     .possible = rig_possible,
                     .read = rig_read,
                     .user = rig},
        .store = {.save = rig_save, .user = rig, .kept = rig->kept, .boot = rig->boot},
    };
    rig->switcher = switcher_open(&options, &err);
    loop_timer_every(rig->loop, &rig->poll_timer, 50 * CLOCK_MS, CLOCK_S, rig_poll, rig);
}

/* The program is gone; what it had sent still arrives. */
static inline void rig_end(struct rig *rig)
{
    loop_timer_stop(&rig->poll_timer);
    for (struct rig_op *op = rig->ops; op; op = op->next) {
        op->done = NULL;
        op->seen = NULL;
    }
    rig->switcher = switcher_close(rig->switcher);
    rig->commands = commands_free(rig->commands);
    rig->site = site_free(rig->site);
    rig->config = config_free(rig->config);
}

static inline void rig_stop(struct rig *rig)
{
    switcher_stop(rig->switcher);
    while (rig->saving)
        rig_durable(NULL, rig);
    rig_end(rig);
}

/* kill -9: what was on its way to the disk may have arrived whole, or not at all. */
static inline void rig_kill(struct rig *rig, bool arrived)
{
    loop_timer_stop(&rig->save_timer);
    char *saving = rig->saving;
    rig->saving = NULL;
    rig->saved = NULL;
    rig_end(rig);
    loop_timer_stop(&rig->save_timer);
    free(rig->saving); /* an orderly end that did not happen */
    rig->saving = NULL;
    rig->saved = NULL;
    if (saving && arrived) {
        free(rig->kept);
        rig->kept = saving;
    } else {
        free(saving);
    }
}

static inline void rig_free(struct rig *rig)
{
    if (rig->switcher)
        rig_kill(rig, false);
    while (rig->ops)
        rig_remove(rig->ops);
    loop_timer_stop(&rig->save_timer);
    free(rig->kept);
    free(rig->saving);
    loop_free(rig->loop);
}

static inline void rig_run(struct rig *rig, clock_us time)
{
    loop_advance(rig->loop, time);
}

/* ---- asking ---------------------------------------------------------------------------------- */

static inline struct command_answer rig_ask(struct rig *rig, enum command_action action,
                                            const char *target)
{
    struct command_answer answer;
    struct command_wish wish = {.action = action,
                                .targets = &target,
                                .target_count = 1,
                                .actor = "anna",
                                .origin = "192.0.2.9",
                                .reason = "test",
                                .role = ROLE_CONTROL};
    commands_submit(rig->commands, &wish, &answer);
    return answer;
}

/* The id of a command that must be accepted, into `id`. */
static inline void rig_do(struct rig *rig, enum command_action action, const char *target, char *id)
{
    struct command_answer answer = rig_ask(rig, action, target);
    if (answer.verdict != COMMAND_ACCEPTED)
        fail_msg("%s of %s: %s: %s", command_action_name(action), target,
                 command_verdict_name(answer.verdict), answer.err.text);
    if (id)
        strcpy(id, answer.command->id);
}

static inline const struct command_step *rig_step(const struct rig *rig, const char *id)
{
    const struct command *command = commands_find(rig->commands, id);
    assert_non_null(command);
    return &command->steps[0];
}
