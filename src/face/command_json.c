#include "face/command_json.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"
#include "engine/switcher.h"
#include "face/point_json.h"
#include "model/setting.h"

#define DELAY_MOST_S 86400.0
#define KEY_MOST 71 /* struct command */
#define REASON_MOST 199

/* ---- how it stands --------------------------------------------------------------------------- */

static size_t count_of(const struct command *command, enum command_state state)
{
    size_t count = 0;
    for (size_t i = 0; i < command->step_count; i++)
        count += command->steps[i].state == state;
    return count;
}

const char *command_json_state(const struct command *command)
{
    static const enum command_state worst[] = {COMMAND_FAILED, COMMAND_UNKNOWN, COMMAND_REFUSED,
                                               COMMAND_CANCELLED};
    if (!command->ended)
        return "running";
    for (size_t i = 0; i < sizeof worst / sizeof worst[0]; i++) {
        if (count_of(command, worst[i]))
            return command_state_name(worst[i]);
    }
    return "done";
}

/* ---- writing --------------------------------------------------------------------------------- */

static void pair_number(struct json *json, const char *key, double number, int decimals)
{
    json_key(json, key);
    json_decimal(json, number, decimals); /* null when it is not known */
}

static void pair_us(struct json *json, const char *key, int64_t us)
{
    json_key(json, key);
    if (us < 0)
        json_none(json);
    else
        json_decimal(json, (double)us / CLOCK_MS, 3);
}

/* When the next thing happens: as a time, and from now, which counts down on a clock that is set
 * wrongly too. */
static void pair_due(struct json *json, clock_us due, const struct command_view *view)
{
    bool waits = due != CLOCK_NEVER;
    clock_us left = waits && due > view->now ? due - view->now : 0;
    time_form_pair(json, "due", waits ? view->wall + left : 0, view->form);
    json_key(json, "due_in_ms");
    if (waits)
        json_int(json, left / CLOCK_MS);
    else
        json_none(json);
}

/* The word that the target has for a number of its state. */
static void pair_word(struct json *json, const char *key, const struct command_step *step,
                      double number, const struct command_view *view)
{
    char path[LIMIT_PATH + 8];
    struct buf text = BUF_EMPTY;
    snprintf(path, sizeof path, "%s/state", step->target);
    const struct point *point = view->site ? site_point_find(view->site, path) : NULL;
    if (point && !isnan(number))
        point_json_words(point->words, number, &text);
    json_pair_text(json, key, text.length ? buf_text(&text) : NULL);
    buf_deinit(&text);
}

void command_json_pair_progress(struct json *json, const struct command_step *step,
                                const struct command_view *view)
{
    json_pair_text(json, "state", command_state_name(step->state));
    json_pair_text(json, "reason", step->reason[0] ? step->reason : NULL);
    pair_due(json, step->due, view);
    pair_number(json, "wish", step->wish, 3);
    pair_word(json, "wish_text", step, step->wish, view);
}

/* How long a reboot leaves it without power: what comes after the step's first wish. */
static void pair_hold(struct json *json, const struct command *command,
                      const struct command_step *step, const struct command_view *view)
{
    struct switcher_outlet outlet;
    bool reboots = command->action == COMMAND_REBOOT || command->action == COMMAND_REBOOT_DELAYED;
    json_key(json, "hold_ms");
    if (reboots && view->switcher && switcher_outlet_find(view->switcher, step->target, &outlet))
        json_int(json, outlet.settings->reboot_hold / CLOCK_MS);
    else
        json_none(json);
}

static void write_step(struct json *json, const struct command *command,
                       const struct command_step *step, const struct command_view *view)
{
    json_open_object(json);
    json_pair_text(json, "target", step->target);
    json_pair_text(json, "label", step->label);
    command_json_pair_progress(json, step, view);
    pair_hold(json, command, step, view);
    pair_number(json, "before", step->before, 3);
    pair_word(json, "before_text", step, step->before, view);
    pair_number(json, "after", step->after, 3);
    pair_word(json, "after_text", step, step->after, view);
    pair_us(json, "written_ms", step->written_us);
    pair_us(json, "confirmed_ms", step->confirmed_us);
    json_close_object(json);
}

static void write_head(struct json *json, const struct command *command,
                       const struct command_view *view)
{
    json_pair_text(json, "id", command->id[0] ? command->id : NULL);
    json_pair_text(json, "action", command_action_name(command->action));
    json_pair_text(json, "state", command_json_state(command));
    json_pair_text(json, "actor", command->actor);
    json_pair_text(json, "origin", command->origin);
    json_pair_text(json, "reason", command->reason[0] ? command->reason : NULL);
    time_form_pair(json, "accepted", command->accepted_wall, view->form);
    pair_us(json, "took_ms", command->ended ? command->ended - command->accepted : -1);
}

void command_json_write(struct json *json, const struct command *command,
                        const struct command_view *view)
{
    json_open_object(json);
    write_head(json, command, view);
    pair_number(json, "number", command->action == COMMAND_SET ? command->number : NAN, 3);
    pair_number(json, "delay_s", (double)command->delay / CLOCK_S, 3);
    json_key(json, "steps");
    json_open_array(json);
    for (size_t i = 0; i < command->step_count; i++)
        write_step(json, command, &command->steps[i], view);
    json_close_array(json);
    json_close_object(json);
}

void command_json_write_summary(struct json *json, const struct command *command,
                                const struct command_view *view)
{
    clock_us due = CLOCK_NEVER;
    for (size_t i = 0; i < command->step_count; i++) {
        if (command->steps[i].due < due)
            due = command->steps[i].due;
    }
    json_open_object(json);
    write_head(json, command, view);
    pair_due(json, command->ended ? CLOCK_NEVER : due, view);
    json_key(json, "steps");
    json_open_object(json);
    for (int state = 0; state < COMMAND_STATES; state++)
        json_pair_int(json, command_state_name((enum command_state)state),
                      (int64_t)count_of(command, (enum command_state)state));
    json_close_object(json);
    json_close_object(json);
}

/* ---- reading --------------------------------------------------------------------------------- */

static int read_targets(const json_t *body, struct command_json_wish *wish, struct err *err)
{
    const json_t *list = json_object_get(body, "targets");
    size_t count = json_array_size(list);
    if (!json_is_array(list) || count == 0 || count > LIMIT_COMMAND_TARGETS)
        return err_set(err, -EINVAL,
                       "\"targets\" must be a list of 1 to %d paths: outlets (pdu-a/outlet-3), "
                       "groups (group/NAME), or all of a device (pdu-a/*)",
                       LIMIT_COMMAND_TARGETS);
    wish->targets = calloc(count, sizeof *wish->targets);
    if (!wish->targets)
        return err_set(err, -ENOMEM, "no memory for so many targets");
    for (size_t i = 0; i < count; i++) {
        wish->targets[i] = json_string_value(json_array_get(list, i));
        if (!wish->targets[i])
            return err_set(err, -EINVAL, "each of \"targets\" must be a text");
    }
    wish->wish.targets = wish->targets;
    wish->wish.target_count = count;
    return 0;
}

static int read_action(const json_t *body, struct command_wish *wish, struct err *err)
{
    const char *names[COMMAND_ACTIONS];
    const char *action = json_string_value(json_object_get(body, "action"));
    for (int i = 0; i < COMMAND_ACTIONS; i++)
        names[i] = command_action_name((enum command_action)i);
    if (!action)
        return err_set(err, -EINVAL, "\"action\" must say what is to be done, as in \"%s\"",
                       names[0]);
    wish->action = command_action_find(action);
    if (wish->action != COMMAND_ACTIONS)
        return 0;
    const char *near = nearest_word(action, names, COMMAND_ACTIONS, sizeof names[0]);
    return err_set(err, -EINVAL, "there is no action \"%.40s\"%s%s%s", action,
                   near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
}

/* Seconds as a number, or "30 s" and the like as in settings. */
static int read_delay(const json_t *body, struct command_wish *wish, struct err *err)
{
    const json_t *delay = json_object_get(body, "delay");
    int64_t us = 0;
    bool good = !delay || json_is_null(delay);
    if (json_is_number(delay)) {
        double seconds = json_number_value(delay);
        good = seconds >= 0 && seconds <= DELAY_MOST_S;
        us = good ? (int64_t)llround(seconds * CLOCK_S) : 0;
    } else if (json_is_string(delay)) {
        good = setting_parse_duration(json_string_value(delay), &us) == 0 && us >= 0 &&
               us <= (int64_t)DELAY_MOST_S * CLOCK_S;
    }
    wish->delay = us;
    return good ? 0
                : err_set(err, -EINVAL,
                          "\"delay\" must be seconds from 0 to %.0f, or a text as \"30 s\"",
                          DELAY_MOST_S);
}

static int read_text(const json_t *body, const char *key, size_t most, const char **text,
                     struct err *err)
{
    const json_t *value = json_object_get(body, key);
    *text = json_string_value(value);
    if (!value || json_is_null(value) || (*text && json_string_length(value) <= most))
        return 0;
    return err_set(err, -EINVAL, "\"%s\" must be a text of at most %zu bytes", key, most);
}

static int read_number(const json_t *body, struct command_wish *wish, struct err *err)
{
    const json_t *number = json_object_get(body, "number");
    wish->number = NAN;
    if (json_is_number(number))
        wish->number = json_number_value(number);
    else if (number && !json_is_null(number))
        return err_set(err, -EINVAL, "\"number\" must be a number");
    if (wish->action == COMMAND_SET && isnan(wish->number))
        return err_set(err, -EINVAL, "the action set needs \"number\"");
    return 0;
}

static int read_ask(const json_t *body, struct command_wish *wish, struct err *err)
{
    const json_t *ask = json_object_get(body, "only_ask");
    wish->only_ask = json_is_true(ask);
    if (!ask || json_is_boolean(ask))
        return 0;
    return err_set(err, -EINVAL, "\"only_ask\" must be true or false");
}

int command_json_read(const json_t *body, struct command_json_wish *wish, struct err *err)
{
    *wish = (struct command_json_wish){0};
    struct command_wish *to = &wish->wish;
    int result = read_targets(body, wish, err);
    if (result == 0)
        result = read_action(body, to, err);
    if (result == 0)
        result = read_delay(body, to, err);
    if (result == 0)
        result = read_number(body, to, err);
    if (result == 0)
        result = read_ask(body, to, err);
    if (result == 0)
        result = read_text(body, "reason", REASON_MOST, &to->reason, err);
    if (result == 0)
        result = read_text(body, "key", KEY_MOST, &to->key, err);
    if (result == 0)
        result = read_text(body, "confirm", KEY_MOST, &to->confirm, err);
    if (result < 0)
        command_json_wish_deinit(wish);
    return result;
}

void command_json_wish_deinit(struct command_json_wish *wish)
{
    free(wish->targets);
    wish->targets = NULL;
}
