/* Events and sentences: who, from where, what, why, what it was before, what came of it. */

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "engine/event_log.h"
#include "engine/switcher_private.h"

#define MANY 3 /* targets that a sentence names */

void say_duration(clock_us us, char *text, size_t size)
{
    if (us < 0)
        us = 0;
    int64_t seconds = (us + CLOCK_S / 2) / CLOCK_S;
    if (us < CLOCK_S)
        snprintf(text, size, "%d ms", (int)(us / CLOCK_MS));
    else if (us < 10 * CLOCK_S)
        snprintf(text, size, "%.1f s", (double)us / (double)CLOCK_S);
    else if (seconds < 120)
        snprintf(text, size, "%d s", (int)seconds);
    else if (seconds < 7200)
        snprintf(text, size, "%d min %d s", (int)(seconds / 60), (int)(seconds % 60));
    else
        snprintf(text, size, "%d h %d min", (int)(seconds / 3600), (int)(seconds / 60 % 60));
}

const char *say_state(int on)
{
    return on > 0 ? "on" : on == 0 ? "off" : "unknown";
}

/* " by anna (192.0.2.9): because" */
static void add_author(struct buf *text, const char *actor, const char *origin, const char *reason)
{
    buf_add_format(text, " by %s", *actor ? actor : "nobody");
    if (*origin)
        buf_add_format(text, " (%s)", origin);
    if (*reason)
        buf_add_format(text, ": %s", reason);
}

static void add_number(struct json *json, const char *key, double number)
{
    json_key(json, key);
    json_decimal(json, number, 3);
}

static void put(struct switcher *switcher, struct event *event, struct buf *text,
                struct buf *detail)
{
    event->text = buf_text(text);
    event->detail = detail ? buf_text(detail) : NULL;
    event_log_add(switcher->options.events, event);
    buf_deinit(text);
    if (detail)
        buf_deinit(detail);
}

/* ---- commands -------------------------------------------------------------------------------- */

void say_accepted(struct switcher *switcher, const struct command *command)
{
    struct buf text = BUF_EMPTY, detail = BUF_EMPTY;
    buf_add_format(&text, "%s of", command_action_label(command->action));
    for (size_t i = 0; i < command->step_count && i < MANY; i++)
        buf_add_format(&text, "%s %s", i ? "," : "", command->steps[i].target);
    if (command->step_count > MANY)
        buf_add_format(&text, " and %zu more", command->step_count - MANY);
    buf_add_text(&text, " accepted, wanted");
    add_author(&text, command->actor, command->origin, command->reason);
    struct json json = json_writer(&detail);
    json_open_object(&json);
    json_pair_text(&json, "command", command->id);
    json_pair_text(&json, "action", command_action_name(command->action));
    json_pair_int(&json, "targets", (int64_t)command->step_count);
    if (command->action == COMMAND_SET)
        add_number(&json, "number", command->number);
    json_pair_text(&json, "reason", command->reason);
    json_close_object(&json);
    put(switcher,
        &(struct event){.kind = EVENT_CONTROL_ACCEPTED,
                        .actor = command->actor,
                        .origin = command->origin,
                        .object = command->step_count ? command->steps[0].target : ""},
        &text, &detail);
}

void say_refused(struct switcher *switcher, const struct command_wish *wish, const struct err *err)
{
    struct buf text = BUF_EMPTY, detail = BUF_EMPTY;
    buf_add_format(&text, "%s of %.96s%s refused: %s. Wanted", command_action_label(wish->action),
                   wish->targets[0], wish->target_count > 1 ? " and others" : "", err->text);
    add_author(&text, wish->actor, wish->origin, wish->reason);
    struct json json = json_writer(&detail);
    json_open_object(&json);
    json_pair_text(&json, "action", command_action_name(wish->action));
    json_pair_int(&json, "targets", (int64_t)wish->target_count);
    json_pair_text(&json, "reason", wish->reason);
    json_pair_text(&json, "refusal", err->text);
    json_close_object(&json);
    put(switcher,
        &(struct event){.kind = EVENT_CONTROL_REFUSED,
                        .actor = wish->actor,
                        .origin = wish->origin,
                        .object = wish->targets[0]},
        &text, &detail);
}

static enum event_kind kind_of(enum command_state state)
{
    switch (state) {
    case COMMAND_CONFIRMED:
        return EVENT_CONTROL_DONE;
    case COMMAND_CANCELLED:
        return EVENT_CONTROL_CANCELLED;
    case COMMAND_REFUSED:
    case COMMAND_FAILED:
        return EVENT_CONTROL_FAILED;
    case COMMAND_PENDING:
    case COMMAND_SENT:
    case COMMAND_UNKNOWN:
    case COMMAND_STATES:
        break;
    }
    return EVENT_CONTROL_UNKNOWN;
}

void say_ended(struct switcher *switcher, const struct run *run)
{
    const struct command *command = run->command;
    const struct command_step *step = &command->steps[run->index];
    struct buf text = BUF_EMPTY, detail = BUF_EMPTY;
    char took[40];
    clock_us lasted = loop_now(switcher->loop) - command->accepted;
    say_duration(lasted, took, sizeof took);
    buf_add_format(&text, "%s of %s", command_action_label(command->action), step->target);
    if (*step->label)
        buf_add_format(&text, " (%s)", step->label);
    buf_add_format(&text, ": %s after %s%s%s; wanted", command_state_name(step->state), took,
                   *step->reason ? ", " : "", step->reason);
    add_author(&text, command->actor, command->origin, command->reason);
    struct json json = json_writer(&detail);
    json_open_object(&json);
    json_pair_text(&json, "command", command->id);
    json_pair_text(&json, "action", command_action_name(command->action));
    json_pair_text(&json, "reason", command->reason);
    add_number(&json, "before", step->before);
    add_number(&json, "wish", step->wish);
    add_number(&json, "after", step->after);
    json_pair_text(&json, "result", command_state_name(step->state));
    json_pair_text(&json, "why", step->reason);
    json_pair_int(&json, "written_ms", step->written_us < 0 ? -1 : step->written_us / CLOCK_MS);
    json_pair_int(&json, "duration_ms", lasted / CLOCK_MS);
    json_close_object(&json);
    put(switcher,
        &(struct event){.kind = kind_of(step->state),
                        .actor = command->actor,
                        .origin = command->origin,
                        .object = step->target},
        &text, &detail);
}

/* ---- what nobody commanded ------------------------------------------------------------------- */

void say_changed(struct switcher *switcher, const struct outlet *outlet, bool on)
{
    struct buf text = BUF_EMPTY;
    buf_add_format(&text, "%s (%s) is %s now, without a command of busbar", outlet->path,
                   outlet->label, say_state(on));
    put(switcher, &(struct event){.kind = EVENT_OUTLET_CHANGED, .object = outlet->path}, &text,
        NULL);
}

void say_power_up(struct switcher *switcher, const struct board *board, const char *evidence,
                  size_t outlets)
{
    struct buf text = BUF_EMPTY;
    buf_add_format(&text,
                   "%s had lost its power (%s): its %zu outlet%s that changed, and others "
                   "whose settings say so, are switched in sequence",
                   board->name, evidence, outlets, outlets == 1 ? "" : "s");
    put(switcher, &(struct event){.kind = EVENT_POWER_UP, .object = board->name}, &text, NULL);
}

void say_reset(struct switcher *switcher, const struct command *command, const char *target,
               size_t counters)
{
    struct buf text = BUF_EMPTY;
    if (counters)
        buf_add_format(&text, "%zu energy counter%s of %s began anew at 0, reset", counters,
                       counters == 1 ? "" : "s", target);
    else
        buf_add_format(&text, "%s has no energy counter of its own to reset, wanted", target);
    add_author(&text, command->actor, command->origin, command->reason);
    put(switcher,
        &(struct event){.kind = counters ? EVENT_ENERGY_RESET : EVENT_CONTROL_REFUSED,
                        .actor = command->actor,
                        .origin = command->origin,
                        .object = target},
        &text, NULL);
}
