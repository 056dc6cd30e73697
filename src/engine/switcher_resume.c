/* Takes up what was kept. What had been sent is read, never sent again before; what was pending
 * goes on or is dropped as the settings say; a reboot that has taken the power is finished in any
 * case. */

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crc32c.h"
#include "engine/switcher_private.h"

struct kept_step {
    struct plan_item item;
    int phase;
    bool sent, cancelled;
};

static const char *text_of(json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

static clock_us time_of(json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

/* ---- outlets --------------------------------------------------------------------------------- */

static void read_memories(struct switcher *switcher, json_t *outlets, bool wall)
{
    const char *path;
    json_t *one;
    json_object_foreach(outlets, path, one)
    {
        if (strlen(path) > LIMIT_PATH)
            continue;
        struct memory *memory = memory_for(switcher, path);
        json_int_t last = json_integer_value(json_object_get(one, "last"));
        memory->last = last == 0 || last == 1 ? (int)last : -1;
        memory->cycle = json_is_true(json_object_get(one, "cycle"));
        json_t *since = json_object_get(one, "off_since");
        if (memory->last != 0)
            continue;
        clock_us ago = since && wall ? loop_wall(switcher->loop) - json_integer_value(since) : 0;
        memory->off_since = loop_now(switcher->loop) - (ago > 0 ? ago : 0);
    }
}

/* ---- commands -------------------------------------------------------------------------------- */

static bool read_step(struct switcher *switcher, json_t *one, enum command_action action, bool wall,
                      struct kept_step *step)
{
    struct outlet *outlet = outlets_find(switcher, text_of(one, "target"));
    json_t *wish = json_object_get(one, "wish");
    *step = (struct kept_step){
        .item.outlet = outlet,
        .item.phases = json_integer_value(json_object_get(one, "phases")) > 1 ? 2 : 1,
        .item.hold = time_of(one, "hold"),
        .phase = json_integer_value(json_object_get(one, "phase")) > 0,
        .sent = json_is_true(json_object_get(one, "sent")),
        .cancelled = json_is_true(json_object_get(one, "cancelled")),
    };
    if (!outlet || outlet->run || json_array_size(wish) != (size_t)step->item.phases ||
        step->phase >= step->item.phases)
        return false;
    step->item.point = action == COMMAND_SET ? outlet->level : outlet->state;
    for (int i = 0; i < step->item.phases; i++)
        step->item.wish[i] = json_number_value(json_array_get(wish, (size_t)i));
    clock_us left = time_of(one, "left");
    clock_us by_wall = time_of(one, "due") - loop_wall(switcher->loop);
    if (wall && by_wall < left) /* time passed while we were away */
        left = by_wall;
    step->item.due = loop_now(switcher->loop) + left; /* overdue ones keep their distance */
    return true;
}

static struct run *take_up(struct switcher *switcher, struct command *command, size_t index,
                           const struct kept_step *step, bool automatic, bool restoring)
{
    struct run *run = run_new(switcher, command, index, &step->item, automatic);
    run->restoring = restoring;
    run->phase = step->phase;
    run->resumed = true;
    run->cancelled = step->cancelled;
    if (step->phase > 0)
        run->give_up = (step->item.due > loop_now(switcher->loop) ? step->item.due
                                                                  : loop_now(switcher->loop)) +
                       switcher->settings.unknown_for;
    return run;
}

static void go_on(struct run *run, const struct kept_step *step)
{
    bool drop = run->switcher->settings.pending == SWITCHING_CANCEL;
    if (step->sent)
        run_resume_sent(run);
    else if (step->phase == 0 && !run->restoring && drop)
        run_cancel(run, "busbar was restarted, and pending actions are cancelled then");
    else
        run_begin(run);
}

/* All runs are there before the first goes on: the command ends with the last of them. */
static void start(struct switcher *switcher, struct command *command, const struct kept_step *list,
                  size_t count, bool automatic, bool restoring)
{
    struct run **runs = mem_new((count + 1) * sizeof *runs);
    for (size_t i = 0; i < count; i++)
        runs[i] = take_up(switcher, command, i, &list[i], automatic, restoring);
    commands_touch(switcher->options.commands, command);
    for (size_t i = 0; i < count; i++)
        go_on(runs[i], &list[i]);
    free(runs);
}

static void read_wish(json_t *one, struct command_wish *wish)
{
    *wish = (struct command_wish){
        .action = command_action_find(text_of(one, "action")),
        .number = json_number_value(json_object_get(one, "number")),
        .actor = text_of(one, "actor"),
        .origin = text_of(one, "origin"),
        .reason = text_of(one, "reason"),
        .key = text_of(one, "key"),
    };
}

static void read_command(struct switcher *switcher, json_t *one, bool wall)
{
    json_t *steps = json_object_get(one, "steps"), *step;
    struct command_wish wish;
    read_wish(one, &wish);
    bool automatic = json_is_true(json_object_get(one, "automatic"));
    bool restoring = json_is_true(json_object_get(one, "restoring"));
    size_t count = 0, i;
    struct kept_step *list = mem_new((json_array_size(steps) + 1) * sizeof *list);
    struct plan plan = PLAN_EMPTY;
    json_array_foreach(steps, i, step)
    {
        if (wish.action < COMMAND_ACTIONS &&
            read_step(switcher, step, wish.action, wall, &list[count]))
            plan_add(&plan, &list[count++].item);
    }
    struct command_plan *rows = plan_rows(switcher, &plan);
    struct command *command =
        count ? commands_add(switcher->options.commands, &wish, text_of(one, "id"), rows, count)
              : NULL;
    clock_us accepted = time_of(one, "accepted");
    if (command && wall && accepted <= loop_wall(switcher->loop)) {
        command->accepted_wall = accepted;
        command->accepted -= loop_wall(switcher->loop) - accepted;
    }
    if (command)
        start(switcher, command, list, count, automatic, restoring);
    free(rows);
    free(plan.list);
    free(list);
}

/* ---- what had ended -------------------------------------------------------------------------- */

static double number_of(json_t *object, const char *key)
{
    json_t *number = json_object_get(object, key);
    return json_is_number(number) ? json_number_value(number) : NAN;
}

static void read_ended_steps(struct command *command, json_t *steps)
{
    for (size_t i = 0; i < command->step_count; i++) {
        json_t *one = json_array_get(steps, i);
        struct command_step *step = &command->steps[i];
        while (step->state < COMMAND_STATES - 1 &&
               strcmp(command_state_name(step->state), text_of(one, "state")) != 0)
            step->state++;
        snprintf(step->reason, sizeof step->reason, "%s", text_of(one, "reason"));
        step->due = CLOCK_NEVER;
        step->after = number_of(one, "after");
    }
}

static void read_ended(struct switcher *switcher, json_t *one)
{
    struct command_wish wish;
    json_t *steps = json_object_get(one, "steps");
    size_t count = json_array_size(steps);
    read_wish(one, &wish);
    if (wish.action >= COMMAND_ACTIONS || count > LIMIT_COMMAND_STEPS_RECALLED)
        return;
    struct command_plan *rows = mem_new((count + 1) * sizeof *rows);
    for (size_t i = 0; i < count; i++) {
        const struct outlet *outlet =
            outlets_find(switcher, text_of(json_array_get(steps, i), "target"));
        rows[i] = (struct command_plan){
            .target = text_of(json_array_get(steps, i), "target"),
            .label = outlet ? outlet->label : "",
            .before = number_of(json_array_get(steps, i), "before"),
            .wish = number_of(json_array_get(steps, i), "wish"),
        };
    }
    struct commands *commands = switcher->options.commands;
    struct command *command = commands_add(commands, &wish, text_of(one, "id"), rows, count);
    if (command) {
        read_ended_steps(command, steps);
        commands_recalled(commands, command, time_of(one, "accepted"), time_of(one, "took"));
    }
    free(rows);
}

/* Whether what was kept is as it was written; `*length` is that of the object. */
static bool is_whole(const char *text, size_t *length, bool *summed)
{
    const char *sum = strstr(text, KEPT_SUM);
    char wanted[40];
    *length = sum ? (size_t)(sum - text) : strlen(text);
    *summed = sum != NULL;
    snprintf(wanted, sizeof wanted, KEPT_SUM "%08x\n", crc32c(0, text, *length));
    return !sum || strcmp(sum, wanted) == 0;
}

int resume(struct switcher *switcher, const char *text, struct err *err)
{
    json_error_t where = {.text = "its check sum is wrong"};
    size_t i, length;
    bool summed;
    json_t *one, *root = is_whole(text, &length, &summed)
                             ? json_loadb(text, length, JSON_REJECT_DUPLICATES, &where)
                             : NULL;
    if (!root ||
        json_integer_value(json_object_get(root, "version")) != (summed ? KEPT_VERSION : 1)) {
        int code = root ? err_set(err, -EINVAL,
                                  "what was pending is of another version of busbar: it is dropped")
                        : err_set(err, -EINVAL,
                                  "what was pending cannot be read (line %d: %s): it is dropped",
                                  where.line, where.text);
        json_decref(root);
        return code;
    }
    const char *boot = switcher->boot, *before = text_of(root, "boot");
    bool power_cut = *boot && *before && strcmp(boot, before) != 0;
    bool crashed = !json_is_true(json_object_get(root, "ended_well"));
    switcher->doubtful = json_is_true(json_object_get(root, "doubtful")) || (crashed && !power_cut);
    keep_wanted(switcher); /* that we have run, too */
    bool wall = json_is_true(json_object_get(root, "wall_known")) &&
                clock_wall_known(loop_clock(switcher->loop));
    read_memories(switcher, json_object_get(root, "outlets"), wall);
    json_t *ended = json_object_get(root, "ended"); /* newest first */
    for (i = json_array_size(ended); i-- > 0;)
        read_ended(switcher, json_array_get(ended, i));
    json_array_foreach(json_object_get(root, "commands"), i, one) read_command(switcher, one, wall);
    json_decref(root);
    return 0;
}
