/* "reset_energy" at the door: counters of devices and components begin from 0. It is done at once
 * and needs no hardware, so there is no run; but it is a command like others, with steps and a
 * record.
 */

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/meter.h"
#include "engine/switcher_private.h"

/* Whether `target` is a device or a component that exists. */
static bool is_place(const struct switcher *switcher, const char *target)
{
    char name[LIMIT_NAME + 1];
    size_t length = strcspn(target, "/");
    enum component_kind kind;
    int number;
    if (length >= sizeof name || strlen(target) > LIMIT_PATH)
        return false;
    memcpy(name, target, length);
    name[length] = '\0';
    const struct device *device = site_device_find(switcher->options.site, name);
    if (!device || !target[length])
        return device != NULL;
    const char *part = target + length + 1;
    return component_parse(part, strlen(part), &kind, &number) &&
           device_component_find(device, kind, number);
}

struct places {
    const char **list;
    size_t count, capacity;
};

static void add_place(struct places *places, const char *path)
{
    places->list = mem_grow(places->list, places->count, &places->capacity, sizeof *places->list);
    places->list[places->count++] = path;
}

/* Components and devices as they are, groups and patterns as their outlets. */
static int find_places(const struct switcher *switcher, const struct command_wish *wish,
                       struct places *places, struct err *err)
{
    struct aims aims = {0};
    int result = 0;
    for (size_t i = 0; i < wish->target_count && result == 0; i++) {
        size_t before = aims.count;
        if (is_place(switcher, wish->targets[i]))
            add_place(places, wish->targets[i]);
        else
            result = aims_add(switcher, wish->targets[i], &aims, err);
        for (size_t j = before; j < aims.count; j++)
            add_place(places, aims.list[j].outlet->path);
    }
    free(aims.list);
    return result;
}

static void reset_one(struct switcher *switcher, struct command *command, struct command_step *step)
{
    char prefix[LIMIT_PATH + 2];
    snprintf(prefix, sizeof prefix, "%s/", step->target);
    size_t count = meter_reset(switcher->options.meter, prefix);
    step->state = count ? COMMAND_CONFIRMED : COMMAND_REFUSED;
    step->due = CLOCK_NEVER;
    step->written_us = step->confirmed_us = count ? 0 : -1;
    if (count) {
        snprintf(step->reason, sizeof step->reason, "%zu counter%s from 0 on", count,
                 count == 1 ? "" : "s");
    } else {
        snprintf(step->reason, sizeof step->reason,
                 "it has no energy counter of its own: what is a sum follows its parts");
    }
    say_reset(switcher, command, step->target, count);
}

void energy_reset(struct switcher *switcher, const struct command_wish *wish,
                  struct command_answer *answer)
{
    struct places places = {0};
    answer->verdict = COMMAND_NOT_FOUND;
    if (find_places(switcher, wish, &places, &answer->err) == 0) {
        struct command_plan *rows = mem_new((places.count + 1) * sizeof *rows);
        for (size_t i = 0; i < places.count; i++)
            rows[i] = (struct command_plan){.target = places.list[i],
                                            .due = loop_now(switcher->loop),
                                            .before = NAN,
                                            .wish = 0};
        struct command *command =
            wish->only_ask
                ? commands_draft(switcher->options.commands, wish, rows, places.count)
                : commands_add(switcher->options.commands, wish, NULL, rows, places.count);
        answer->verdict = command ? COMMAND_ACCEPTED : COMMAND_BUSY;
        answer->command = command;
        if (!command)
            err_set(&answer->err, -EAGAIN, "too many commands are under way");
        if (command && !wish->only_ask) {
            say_accepted(switcher, command);
            for (size_t i = 0; i < command->step_count; i++)
                reset_one(switcher, command, &command->steps[i]);
            commands_end(switcher->options.commands, command);
            if (*command->key)
                keep_wanted(switcher);
        }
        free(rows);
    }
    free(places.list);
}
