#include "face/snmp_outlets.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "engine/switcher.h"

/* ---- rows ------------------------------------------------------------------------------------ */

const struct device *snmp_outlets_device(const struct snmp_outlets *outlets)
{
    return site_device_find(outlets->model->site, outlets->name);
}

static bool is_outlet(const struct component *component)
{
    return component->kind == COMPONENT_OUTLET && component_point(component, QUANTITY_STATE);
}

static bool is_phase(const struct component *component)
{
    return component->kind == COMPONENT_PHASE;
}

static void add_rows(const struct snmp_outlets *outlets, struct snmp_rows *rows,
                     bool (*want)(const struct component *component))
{
    const struct device *device = snmp_outlets_device(outlets);
    for (const struct component *c = device ? device->components : NULL; c; c = c->next) {
        if (want(c))
            snmp_rows_add(rows, &(struct snmp_row){.index = {(uint32_t)c->number},
                                                   .index_length = 1,
                                                   .number = (uint32_t)c->number,
                                                   .thing = c});
    }
}

void snmp_outlets_rows(void *user, struct snmp_rows *rows)
{
    add_rows(user, rows, is_outlet);
}

void snmp_outlets_phase_rows(void *user, struct snmp_rows *rows)
{
    add_rows(user, rows, is_phase);
}

void snmp_outlets_scalar(void *user, struct snmp_rows *rows)
{
    (void)user;
    snmp_rows_add(rows, &(struct snmp_row){.index_length = 0});
}

unsigned snmp_outlets_count(const struct snmp_outlets *outlets)
{
    const struct device *device = snmp_outlets_device(outlets);
    unsigned count = 0;
    for (const struct component *c = device ? device->components : NULL; c; c = c->next)
        count += is_outlet(c);
    return count;
}

static uint64_t revision(void *user)
{
    return site_revision(((const struct snmp_outlets *)user)->model->site);
}

/* ---- reading --------------------------------------------------------------------------------- */

bool snmp_outlets_state(struct snmp_value *value, const struct component *outlet,
                        const struct snmp_outlets_words *words)
{
    const struct point *state = component_point(outlet, QUANTITY_STATE);
    bool known = state && state->value.quality == QUALITY_GOOD;
    int number = !known ? words->unknown : state->value.number != 0 ? words->on : words->off;
    return number && snmp_integer(value, number);
}

bool snmp_outlets_number(struct snmp_value *value, const struct component *component,
                         enum quantity quantity, double factor)
{
    const struct point *point = component ? component_point(component, quantity) : NULL;
    if (!point || point->value.quality != QUALITY_GOOD)
        return false;
    double number = round(point->value.number * factor);
    return snmp_integer(value, (int64_t)fmin(fmax(number, INT32_MIN), INT32_MAX));
}

static void say_path(const struct component *outlet, char path[LIMIT_PATH + 1])
{
    snprintf(path, LIMIT_PATH + 1, "%s/%s", outlet->device->name, outlet->name);
}

bool snmp_outlets_busy(const struct snmp_outlets *outlets, const struct component *outlet)
{
    char path[LIMIT_PATH + 1];
    struct switcher_outlet found;
    say_path(outlet, path);
    return outlets->model->switcher &&
           switcher_outlet_find(outlets->model->switcher, path, &found) && found.command;
}

/* ---- switching ------------------------------------------------------------------------------- */

int snmp_command_status(const struct command_answer *answer)
{
    static const int statuses[COMMAND_VERDICTS] = {
        [COMMAND_ACCEPTED] = SNMP_OK,
        [COMMAND_REPEATED] = SNMP_OK,
        [COMMAND_NOT_FOUND] = SNMP_NO_CREATION,
        [COMMAND_NOT_ALLOWED] = SNMP_INCONSISTENT_VALUE,
        [COMMAND_NEEDS_CONFIRM] = SNMP_INCONSISTENT_VALUE,
        [COMMAND_CONFLICT] = SNMP_INCONSISTENT_VALUE,
        [COMMAND_BUSY] = SNMP_RESOURCES,
        [COMMAND_INVALID] = SNMP_WRONG_VALUE,
    };
    bool right = answer->err.code == -EACCES || answer->err.code == -EPERM;
    if (answer->verdict == COMMAND_NOT_ALLOWED && right)
        return SNMP_NO_ACCESS;
    return statuses[answer->verdict];
}

int snmp_outlets_set(void *user, const struct snmp_set *set, size_t item, bool commit,
                     const enum command_action *actions, size_t count)
{
    const struct snmp_outlets *outlets = user;
    const struct snmp_value *value = &set->items[item].value;
    const struct component *outlet = set->items[item].row->thing;
    char path[LIMIT_PATH + 1];
    const char *const targets[] = {path};
    if (!outlets->model->commands)
        return SNMP_NOT_WRITABLE;
    if (value->type != SNMP_INTEGER)
        return SNMP_WRONG_TYPE;
    if (value->integer < 0 || (size_t)value->integer >= count ||
        actions[value->integer] == COMMAND_ACTIONS)
        return SNMP_WRONG_VALUE;
    say_path(outlet, path);
    const struct command_wish wish = {.action = actions[value->integer],
                                      .targets = targets,
                                      .target_count = 1,
                                      .actor = set->ask->actor,
                                      .origin = set->ask->origin,
                                      .reason = "SNMP",
                                      .role = set->ask->role,
                                      .only_ask = !commit};
    struct command_answer answer = {0};
    commands_submit(outlets->model->commands, &wish, &answer);
    return snmp_command_status(&answer);
}

/* ---- parts ----------------------------------------------------------------------------------- */

void *snmp_outlets_make(const struct snmp_model *model, struct snmp_tree *tree, const char *name,
                        const struct snmp_table *tables, size_t count)
{
    if (!*name)
        return NULL;
    struct snmp_outlets *outlets = mem_new(sizeof *outlets);
    *outlets = (struct snmp_outlets){.model = model, .name = mem_text(name), .count = count};
    outlets->tables = mem_new(count * sizeof *tables);
    memcpy(outlets->tables, tables, count * sizeof *tables);
    for (size_t i = 0; i < count; i++) {
        outlets->tables[i].user = outlets;
        outlets->tables[i].revision = tables[i].rows ? revision : NULL;
        snmp_tree_add(tree, &outlets->tables[i]);
    }
    return outlets;
}

void snmp_outlets_end(void *part, struct snmp_tree *tree)
{
    struct snmp_outlets *outlets = part;
    if (!outlets)
        return;
    for (size_t i = 0; i < outlets->count; i++)
        snmp_tree_remove(tree, &outlets->tables[i]);
    free(outlets->tables);
    free(outlets->name);
    free(outlets);
}
