#include "engine/switcher.h"

#include <errno.h>
#include <math.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "engine/switcher_private.h"

/* ---- switching ------------------------------------------------------------------------------- */

/* What only waited gives way to what is wanted now. */
static void replace_runs(const struct plan *plan, const struct command *command)
{
    char text[160];
    for (size_t i = 0; i < plan->count; i++) {
        struct run *run = plan->list[i].outlet->run;
        if (!run)
            continue;
        bool unknown = run_step(run)->state == COMMAND_UNKNOWN;
        if (run->restoring)
            run_give_up_last(run);
        snprintf(text, sizeof text, "replaced by %s of %s (command %s)",
                 command_action_label(command->action), *command->actor ? command->actor : "nobody",
                 command->id);
        run_end(run, unknown ? COMMAND_UNKNOWN : COMMAND_CANCELLED, text);
    }
}

void switcher_begin(struct switcher *switcher, struct command *command, const struct plan *plan,
                    bool automatic, bool restoring)
{
    struct run **runs = mem_new((plan->count + 1) * sizeof *runs);
    for (size_t i = 0; i < plan->count; i++) {
        runs[i] = run_new(switcher, command, i, &plan->list[i], automatic);
        runs[i]->restoring = restoring;
    }
    commands_touch(switcher->options.commands, command);
    keep_wanted(switcher);
    for (size_t i = 0; i < plan->count; i++) /* each can end itself only */
        run_begin(runs[i]);
    free(runs);
}

static void accept(struct switcher *switcher, const struct command_wish *wish,
                   const struct plan *plan, struct command_answer *answer)
{
    struct commands *commands = switcher->options.commands;
    struct command_plan *rows = plan_rows(switcher, plan);
    bool draft = wish->only_ask || answer->verdict == COMMAND_NEEDS_CONFIRM;
    struct command *command = draft ? commands_draft(commands, wish, rows, plan->count)
                                    : commands_add(commands, wish, NULL, rows, plan->count);
    free(rows);
    answer->command = command;
    if (!command) {
        answer->verdict = COMMAND_BUSY;
        err_set(&answer->err, -EAGAIN,
                "too many commands are under way: wait until some have ended, or cancel them");
    } else if (!draft) {
        say_accepted(switcher, command);
        replace_runs(plan, command);
        switcher_begin(switcher, command, plan, wish->automatic, false);
    }
}

static void switch_outlets(struct switcher *switcher, const struct command_wish *wish,
                           const struct aims *aims, struct command_answer *answer)
{
    struct plan plan = PLAN_EMPTY;
    if (plan_make(switcher, wish, aims, &plan, &answer->err) < 0)
        answer->verdict = COMMAND_INVALID;
    else
        answer->verdict = rules_check(switcher, wish, &plan, answer->confirm, &answer->err);
    if (answer->verdict == COMMAND_ACCEPTED || answer->verdict == COMMAND_NEEDS_CONFIRM)
        accept(switcher, wish, &plan, answer);
    free(plan.list);
}

/* ---- cancelling ------------------------------------------------------------------------------ */

/* Rights count where something is pending: locks, confirmation and limits do not. */
static bool may_cancel(const struct switcher *switcher, const struct aims *aims,
                       const struct command_wish *wish, struct err *err)
{
    for (size_t i = 0; i < aims->count; i++) {
        const struct outlet *outlet = aims->list[i].outlet;
        if (outlet->run && !rules_may(switcher, outlet, wish->actor, wish->role, err))
            return false;
    }
    return true;
}

/* The rows of a command that has been done when it is accepted. */
static struct command_plan *done_rows(const struct switcher *switcher, const struct aims *aims)
{
    struct command_plan *rows = mem_new((aims->count + 1) * sizeof *rows);
    for (size_t i = 0; i < aims->count; i++) {
        const struct outlet *outlet = aims->list[i].outlet;
        int reads = outlet_reads(switcher, outlet);
        double number = reads < 0 ? NAN : outlet_number(outlet, reads);
        rows[i] = (struct command_plan){
            .target = outlet->path,
            .label = outlet->label,
            .due = loop_now(switcher->loop),
            .before = number,
            .wish = number,
            .reason = outlet->run ? "what is pending is dropped" : "nothing is pending",
        };
    }
    return rows;
}

static void finish_now(struct switcher *switcher, struct command *command)
{
    for (size_t i = 0; i < command->step_count; i++) {
        command->steps[i].state = COMMAND_CONFIRMED;
        command->steps[i].due = CLOCK_NEVER;
        command->steps[i].written_us = command->steps[i].confirmed_us = 0;
    }
    commands_end(switcher->options.commands, command);
    if (*command->key)
        keep_wanted(switcher);
}

static void cancel_outlets(struct switcher *switcher, const struct command_wish *wish,
                           const struct aims *aims, struct command_answer *answer)
{
    struct commands *commands = switcher->options.commands;
    char text[160];
    answer->verdict = COMMAND_NOT_ALLOWED;
    if (!may_cancel(switcher, aims, wish, &answer->err))
        return;
    struct command_plan *rows = done_rows(switcher, aims);
    struct command *command = wish->only_ask
                                  ? commands_draft(commands, wish, rows, aims->count)
                                  : commands_add(commands, wish, NULL, rows, aims->count);
    free(rows);
    answer->verdict = COMMAND_ACCEPTED;
    answer->command = command;
    if (wish->only_ask)
        return;
    if (command)
        say_accepted(switcher, command);
    snprintf(text, sizeof text, "cancelled by %s", *wish->actor ? wish->actor : "nobody");
    for (size_t i = 0; i < aims->count; i++) {
        if (aims->list[i].outlet->run)
            run_cancel(aims->list[i].outlet->run, text);
    }
    if (command)
        finish_now(switcher, command);
}

static int cancel_command(void *user, struct command *command, const char *actor,
                          const char *origin, enum access_role role, struct err *err)
{
    struct switcher *switcher = user;
    char text[160];
    for (const struct run *run = switcher->runs; run; run = run->next) {
        if (run->command == command && run->outlet &&
            !rules_may(switcher, run->outlet, actor, role, err))
            return -EACCES;
    }
    snprintf(text, sizeof text, "cancelled by %s%s%.60s%s", actor, *origin ? " (" : "", origin,
             *origin ? ")" : "");
    for (struct run *run = switcher->runs, *next; run; run = next) {
        next = run->next;
        if (run->command == command)
            run_cancel(run, text);
    }
    return 0;
}

/* ---- at the door ----------------------------------------------------------------------------- */

static bool has_role(const struct command_wish *wish, struct command_answer *answer)
{
    if (wish->role >= command_action_role(wish->action))
        return true;
    answer->verdict = COMMAND_NOT_ALLOWED;
    err_set(&answer->err, -EACCES, "%s needs the role %s", command_action_label(wish->action),
            access_role_name(command_action_role(wish->action)));
    return false;
}

static void carry_out(struct switcher *switcher, const struct command_wish *wish,
                      struct command_answer *answer)
{
    struct aims aims = {0};
    if (wish->action == COMMAND_RESET_ENERGY && switcher->options.meter) {
        energy_reset(switcher, wish, answer);
        return;
    }
    answer->verdict = COMMAND_ACCEPTED;
    for (size_t i = 0; i < wish->target_count && answer->verdict == COMMAND_ACCEPTED; i++) {
        if (aims_add(switcher, wish->targets[i], &aims, &answer->err) < 0)
            answer->verdict = COMMAND_NOT_FOUND;
    }
    if (answer->verdict == COMMAND_ACCEPTED && aims.count > LIMIT_COMMAND_TARGETS) {
        answer->verdict = COMMAND_INVALID;
        err_set(&answer->err, -E2BIG, "more than %d outlets at once", LIMIT_COMMAND_TARGETS);
    } else if (answer->verdict == COMMAND_ACCEPTED && wish->action == COMMAND_CANCEL) {
        cancel_outlets(switcher, wish, &aims, answer);
    } else if (answer->verdict == COMMAND_ACCEPTED) {
        switch_outlets(switcher, wish, &aims, answer);
    }
    free(aims.list);
}

static void submit(void *user, const struct command_wish *wish, struct command_answer *answer)
{
    struct switcher *switcher = user;
    if (has_role(wish, answer))
        carry_out(switcher, wish, answer);
    bool fine = answer->verdict == COMMAND_ACCEPTED || answer->verdict == COMMAND_NEEDS_CONFIRM;
    if (!fine && !wish->only_ask)
        say_refused(switcher, wish, &answer->err);
}

/* ---- the model ------------------------------------------------------------------------------- */

static void see(struct switcher *switcher, struct outlet *outlet)
{
    int reads = outlet_reads(switcher, outlet);
    if (reads < 0 || board_state(outlet->board) != BOARD_READY)
        return;
    const struct run *run = outlet->run;
    if (run && run->restoring && reads != run_wants_on(run))
        return; /* what it was before the loss of power is not forgotten on the way */
    bool ours = run && (run_sent(run) || run->resumed);
    if (outlet->memory->last >= 0 && outlet->memory->last != reads && !ours)
        say_changed(switcher, outlet, reads);
    outlet_remember(switcher, outlet, reads);
}

static struct outlet *outlet_of(const struct switcher *switcher, point_id point)
{
    uint32_t slot = point_slot(point);
    uint32_t place = slot < switcher->slot_count ? switcher->outlets_by_slot[slot] : 0;
    struct outlet *outlet = place ? &switcher->outlets[place - 1] : NULL;
    return outlet && outlet->state == point ? outlet : NULL;
}

/* First whether contact was lost or is back: that decides what a reading means. */
static void on_changed(void *user, const point_id *points, size_t count)
{
    struct switcher *switcher = user;
    size_t first = 0;
    if (switcher->revision != site_revision(switcher->options.site))
        outlets_rebuild(switcher);
    while (first < count && !outlet_of(switcher, points[first]))
        first++;
    if (first == count)
        return;
    boards_look(switcher);
    for (size_t i = first; i < count; i++) {
        struct outlet *outlet = outlet_of(switcher, points[i]);
        if (outlet)
            see(switcher, outlet);
    }
    runs_kick(switcher);
}

static void on_tree(void *user)
{
    struct switcher *switcher = user;
    if (switcher->revision != site_revision(switcher->options.site))
        outlets_rebuild(switcher);
    boards_look(switcher);
}

/* ---- life ------------------------------------------------------------------------------------ */

void switcher_configure(struct switcher *switcher, const struct config *config)
{
    switcher->config = config;
    switcher->settings =
        *(const struct switching_settings *)config_record(config, &switching_settings_table);
    outlets_rebuild(switcher);
}

struct switcher *switcher_open(const struct switcher_options *options, struct err *err)
{
    struct switcher *switcher = mem_new(sizeof *switcher);
    switcher->options = *options;
    switcher->boot = mem_text(options->store.boot ? options->store.boot : "");
    switcher->boot[strcspn(switcher->boot, "\n")] = '\0';
    switcher->loop = site_loop(options->site);
    switcher->defaults = outlet_settings_default();
    randombytes_buf(switcher->secret, sizeof switcher->secret);
    switcher_configure(switcher, options->config);
    switcher->feed = (struct feed){.changed = on_changed, .tree = on_tree, .user = switcher};
    site_subscribe(options->site, &switcher->feed);
    struct command_executor executor = {
        .submit = submit, .cancel = cancel_command, .user = switcher};
    commands_set_executor(options->commands, &executor);
    const char *kept = options->store.kept;
    if (kept && *kept && resume(switcher, kept, err) < 0)
        log_error("switching", "%s", err->text);
    boards_look(switcher);
    return switcher;
}

void switcher_stop(struct switcher *switcher)
{
    if (!switcher || switcher->stopped)
        return;
    switcher->stopped = true;
    commands_set_executor(switcher->options.commands, NULL);
    site_unsubscribe(switcher->options.site, &switcher->feed);
    loop_timer_stop(&switcher->board_timer);
    loop_timer_stop(&switcher->cycle_timer);
    for (struct run *run = switcher->runs; run; run = run->next)
        loop_timer_stop(&run->timer);
    keep_stop(switcher);
}

struct switcher *switcher_close(struct switcher *switcher)
{
    if (!switcher)
        return NULL;
    switcher_stop(switcher);
    while (switcher->runs)
        run_free(switcher->runs);
    for (struct look *look = switcher->looks, *next; look; look = next) {
        next = look->next;
        free(look);
    }
    for (struct memory *memory = switcher->memories, *next; memory; memory = next) {
        next = memory->next;
        free(memory);
    }
    map_deinit(&switcher->memories_by_path);
    boards_free(switcher);
    outlets_deinit(switcher);
    free(switcher->boot);
    free(switcher);
    return NULL;
}

void switcher_set_budget(struct switcher *switcher, switcher_allows_fn *allows, void *user)
{
    switcher->allows = allows;
    switcher->allows_user = user;
}

void switcher_set_schedule(struct switcher *switcher, switcher_scheduled_fn *scheduled, void *user)
{
    switcher->scheduled = scheduled;
    switcher->scheduled_user = user;
}

void switcher_set_outputs(struct switcher *switcher, switcher_output_fn *output, void *user)
{
    switcher->output = output;
    switcher->output_user = user;
    outlets_rebuild(switcher);
}

/* ---- what the faces show --------------------------------------------------------------------- */

size_t switcher_outlet_count(const struct switcher *switcher)
{
    return switcher->outlet_count;
}

void switcher_outlet_at(const struct switcher *switcher, size_t index, struct switcher_outlet *out)
{
    const struct switcher_hardware *hardware = &switcher->options.hardware;
    const struct outlet *outlet = &switcher->outlets[index];
    const struct run *run = outlet->run;
    int reads = outlet_reads(switcher, outlet);
    *out = (struct switcher_outlet){
        .path = outlet->path,
        .label = outlet->label,
        .url = outlet->settings->url,
        .output = outlet->output,
        .switchable = hardware->possible(hardware->user, outlet->state),
        .state = outlet->state,
        .current = outlet->current,
        .level = outlet->level,
        .known = reads >= 0,
        .on = reads > 0,
        .settings = outlet->settings,
        .command = run ? run->command : NULL,
        .step = run ? run_step(run) : NULL,
        .automatic = run && run->automatic,
    };
}

bool switcher_outlet_find(const struct switcher *switcher, const char *path,
                          struct switcher_outlet *out)
{
    const struct outlet *outlet = outlets_find(switcher, path);
    if (outlet)
        switcher_outlet_at(switcher, (size_t)(outlet - switcher->outlets), out);
    return outlet != NULL;
}

size_t switcher_target(const struct switcher *switcher, const char *target, size_t *list,
                       size_t most, struct err *err)
{
    struct aims aims = {0};
    size_t count = aims_add(switcher, target, &aims, err) < 0 ? 0 : aims.count;
    for (size_t i = 0; i < count && i < most; i++)
        list[i] = (size_t)(aims.list[i].outlet - switcher->outlets);
    free(aims.list);
    return count;
}

bool switcher_may(const struct switcher *switcher, size_t index, const char *actor,
                  enum access_role role, struct err *err)
{
    return rules_may(switcher, &switcher->outlets[index], actor, role, err);
}
