/* The outlets there are, what the settings say of them, groups and interlocks, and what a target
 * means. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/nearest.h"
#include "engine/condition.h"
#include "engine/point_pattern.h"
#include "engine/switcher_private.h"

#define GROUP_PREFIX "group/"

/* ---- what is known of one -------------------------------------------------------------------- */

struct memory *memory_for(struct switcher *switcher, const char *path)
{
    struct memory *memory = map_get(&switcher->memories_by_path, path);
    if (memory)
        return memory;
    memory = mem_new(sizeof *memory + strlen(path) + 1);
    strcpy(memory->path, path);
    memory->last = -1;
    memory->off_since = memory->cycle_from = CLOCK_NEVER;
    memory->next = switcher->memories;
    switcher->memories = memory;
    map_set(&switcher->memories_by_path, memory->path, memory);
    return memory;
}

double outlet_number(const struct outlet *outlet, bool on)
{
    return on != outlet->inverted ? 1 : 0;
}

int outlet_reads(const struct switcher *switcher, const struct outlet *outlet)
{
    const struct point *point = site_point(switcher->options.site, outlet->state);
    if (!point || point->value.quality != QUALITY_GOOD)
        return -1;
    return point->value.number == outlet_number(outlet, true);
}

void outlet_remember(struct switcher *switcher, struct outlet *outlet, bool on)
{
    struct memory *memory = outlet->memory;
    bool begins = !on && (memory->last != 0 || memory->off_since == CLOCK_NEVER);
    if (memory->last == on && !begins)
        return;
    memory->last = on;
    memory->cycle = memory->cycle && on; /* what hangs on it has its rest */
    if (on)
        memory->off_since = CLOCK_NEVER;
    else if (begins)
        memory->off_since = loop_now(switcher->loop);
    keep_wanted(switcher);
}

struct outlet *outlets_find(const struct switcher *switcher, const char *path)
{
    uintptr_t place = (uintptr_t)map_get(&switcher->outlets_by_path, path);
    return place ? &switcher->outlets[place - 1] : NULL;
}

/* ---- reading site and settings --------------------------------------------------------------- */

static const struct setting_table *table_of(const struct switcher *switcher,
                                            const struct setting_table *table)
{
    const struct setting_table *const *at = config_schema(switcher->config)->tables;
    while (*at && *at != table)
        at++;
    return *at;
}

/* NULL when nothing is asked for; the settings have checked it. */
static const struct condition *condition_of(struct switcher *switcher, const char *text)
{
    struct condition condition;
    struct err err;
    if (condition_parse(text, &condition, &err) < 0 || condition.op == CONDITION_NONE)
        return NULL;
    struct condition *kept = arena_take(switcher->arena, sizeof *kept);
    *kept = condition;
    return kept;
}

static void add_outlet(struct switcher *switcher, const struct component *part,
                       const struct point *state, struct outlet *outlet)
{
    char path[LIMIT_PATH + 1];
    struct switcher_output output = {0};
    snprintf(path, sizeof path, "%s/%s", part->device->name, part->name);
    int record = table_of(switcher, &outlet_settings_table)
                     ? config_find(switcher->config, &outlet_settings_table, path)
                     : -1;
    outlet->settings = record < 0
                           ? &switcher->defaults
                           : config_at(switcher->config, &outlet_settings_table, (size_t)record);
    outlet->path = arena_text(switcher->arena, path);
    outlet->device = arena_text(switcher->arena, part->device->name);
    outlet->output = part->kind == COMPONENT_OUTPUT;
    if (outlet->output && switcher->output)
        switcher->output(switcher->output_user, path, &output);
    const char *label = *outlet->settings->name ? outlet->settings->name : output.label;
    outlet->label = arena_text(switcher->arena, label && *label ? label : part->label);
    outlet->inverted = output.inverted;
    outlet->pulse = output.pulse;
    outlet->state = state->id;
    const struct point *current = component_point(part, QUANTITY_CURRENT);
    outlet->current = current ? current->id : 0;
    const struct point *level =
        output.level != QUANTITY_NONE ? component_point(part, output.level) : NULL;
    outlet->level = level ? level->id : 0;
    outlet->up_when = condition_of(switcher, outlet->settings->power_up_when);
    outlet->cycle_after = condition_of(switcher, outlet->settings->cycle_after);
    switcher->cycles = switcher->cycles || outlet->cycle_after;
    outlet->memory = memory_for(switcher, path);
    outlet->memory->cycle = outlet->memory->cycle && outlet->cycle_after;
    outlet->board = board_for(switcher, outlet->device);
}

static const struct point *switch_point(const struct component *part)
{
    if (part->kind != COMPONENT_OUTLET && part->kind != COMPONENT_OUTPUT)
        return NULL;
    const struct point *state = component_point(part, QUANTITY_STATE);
    return state && !state->derived ? state : NULL;
}

/* Both turns over the site: count, then fill. */
static void read_site(struct switcher *switcher)
{
    size_t count = 0;
    for (int fill = 0; fill < 2; fill++) {
        const struct device *device = site_devices(switcher->options.site);
        for (; device; device = device->next) {
            for (struct component *part = device->components; part; part = part->next) {
                const struct point *state = switch_point(part);
                if (state && fill)
                    add_outlet(switcher, part, state, &switcher->outlets[switcher->outlet_count++]);
                count += state && !fill;
            }
        }
        if (!fill)
            switcher->outlets = arena_take(switcher->arena, (count + 1) * sizeof(struct outlet));
    }
    for (size_t i = 0; i < switcher->outlet_count; i++)
        map_set(&switcher->outlets_by_path, switcher->outlets[i].path, (void *)(uintptr_t)(i + 1));
    switcher->slot_count = site_slot_count(switcher->options.site);
    switcher->outlets_by_slot =
        arena_take(switcher->arena, (switcher->slot_count + 1) * sizeof(uint32_t));
    for (size_t i = 0; i < switcher->outlet_count; i++)
        switcher->outlets_by_slot[point_slot(switcher->outlets[i].state)] = (uint32_t)i + 1;
}

/* Indices of a list's outlets in the order of the list, each once. */
static size_t *members_of(struct switcher *switcher, const char *list, size_t *count)
{
    size_t *members = arena_take(switcher->arena, (switcher->outlet_count + 1) * sizeof *members);
    size_t length;
    *count = 0;
    for (const char *word; (word = outlet_list_next(&list, &length));) {
        for (size_t i = 0; i < switcher->outlet_count; i++) {
            if (!point_pattern_fits(word, length, switcher->outlets[i].path))
                continue;
            size_t at = 0;
            while (at < *count && members[at] != i)
                at++;
            members[at] = i;
            *count += at == *count;
        }
    }
    return members;
}

static void read_groups(struct switcher *switcher)
{
    if (!table_of(switcher, &group_settings_table))
        return;
    size_t count = config_count(switcher->config, &group_settings_table);
    switcher->groups = arena_take(switcher->arena, (count + 1) * sizeof(struct group));
    for (size_t i = 0; i < count; i++) {
        struct group *group = &switcher->groups[switcher->group_count++];
        group->name = config_name_at(switcher->config, &group_settings_table, i);
        group->settings = config_at(switcher->config, &group_settings_table, i);
        group->members = members_of(switcher, group->settings->members, &group->count);
    }
}

static void read_interlocks(struct switcher *switcher)
{
    if (!table_of(switcher, &interlock_settings_table))
        return;
    size_t count = config_count(switcher->config, &interlock_settings_table);
    switcher->interlocks = arena_take(switcher->arena, (count + 1) * sizeof(struct interlock));
    for (size_t i = 0; i < count; i++) {
        const struct interlock_settings *settings =
            config_at(switcher->config, &interlock_settings_table, i);
        struct interlock *interlock = &switcher->interlocks[switcher->interlock_count++];
        interlock->name = config_name_at(switcher->config, &interlock_settings_table, i);
        interlock->kind = (enum interlock_kind)settings->kind;
        interlock->members = members_of(switcher, settings->members, &interlock->count);
        const struct outlet *parent = outlets_find(switcher, settings->parent);
        interlock->parent = parent ? (int)(parent - switcher->outlets) : -1;
    }
}

/* Runs keep their outlet by its path. */
static void follow(struct switcher *switcher)
{
    for (struct run *run = switcher->runs, *next; run; run = next) {
        next = run->next;
        struct outlet *outlet = outlets_find(switcher, run_step(run)->target);
        run->outlet = outlet;
        if (outlet) {
            bool level = run->command->action == COMMAND_SET;
            outlet->run = run;
            run->point = level ? outlet->level : outlet->state;
        }
    }
}

static void end_orphans(struct switcher *switcher)
{
    for (struct run *run = switcher->runs, *next; run; run = next) {
        next = run->next;
        if (!run->outlet)
            run_end(run, run_sent(run) ? COMMAND_UNKNOWN : COMMAND_CANCELLED,
                    "the outlet was taken out of the settings meanwhile");
    }
}

/* A name in the settings that no device has: said once a rebuild, it may come later. */
static void name_missing(const struct switcher *switcher)
{
    if (!table_of(switcher, &outlet_settings_table))
        return;
    for (size_t i = 0; i < config_count(switcher->config, &outlet_settings_table); i++) {
        const char *path = config_name_at(switcher->config, &outlet_settings_table, i);
        if (!outlets_find(switcher, path))
            log_debug("switching", "outlets.%s: the device has no such outlet (yet)", path);
    }
}

void outlets_rebuild(struct switcher *switcher)
{
    outlets_deinit(switcher);
    switcher->arena = arena_new();
    switcher->revision = site_revision(switcher->options.site);
    read_site(switcher);
    read_groups(switcher);
    read_interlocks(switcher);
    follow(switcher);
    name_missing(switcher);
    return_watch(switcher);
    end_orphans(switcher);
}

void outlets_deinit(struct switcher *switcher)
{
    map_deinit(&switcher->outlets_by_path);
    switcher->outlets_by_path = MAP_EMPTY;
    switcher->arena = arena_free(switcher->arena);
    switcher->outlets = NULL;
    switcher->slot_count = 0;
    switcher->cycles = false;
    switcher->groups = NULL;
    switcher->interlocks = NULL;
    switcher->outlet_count = switcher->group_count = switcher->interlock_count = 0;
}

/* ---- targets --------------------------------------------------------------------------------- */

/* Thousands of targets may name the same outlets: each knows its place in the list, as far as that
 * is its place in this one. */
static void aim(struct aims *aims, struct outlet *outlet, clock_us forward, clock_us backward)
{
    if (outlet->aim < aims->count && aims->list[outlet->aim].outlet == outlet)
        return;
    outlet->aim = aims->count;
    aims->list = mem_grow(aims->list, aims->count, &aims->capacity, sizeof *aims->list);
    aims->list[aims->count++] = (struct aim){outlet, forward, backward};
}

static int unknown_target(const struct switcher *switcher, const char *target, struct err *err)
{
    const char *near = switcher->outlet_count
                           ? nearest_word(target, &switcher->outlets[0].path,
                                          switcher->outlet_count, sizeof *switcher->outlets)
                           : NULL;
    return err_set(err, -ENOENT, "there is no outlet \"%.100s\"%s%s%s", target,
                   near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
}

static int add_group(const struct switcher *switcher, const char *name, struct aims *aims,
                     struct err *err)
{
    for (size_t i = 0; i < switcher->group_count; i++) {
        const struct group *group = &switcher->groups[i];
        if (strcmp(group->name, name) != 0)
            continue;
        for (size_t j = 0; j < group->count; j++)
            aim(aims, &switcher->outlets[group->members[j]], (clock_us)j * group->settings->step,
                (clock_us)(group->count - 1 - j) * group->settings->step);
        return group->count
                   ? 0
                   : err_set(err, -ENOENT, "the group \"%s\" has no outlet that exists", name);
    }
    const char *near = switcher->group_count
                           ? nearest_word(name, &switcher->groups[0].name, switcher->group_count,
                                          sizeof *switcher->groups)
                           : NULL;
    return err_set(err, -ENOENT, "there is no group \"%.100s\"%s%s%s", name,
                   near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
}

int aims_add(const struct switcher *switcher, const char *target, struct aims *aims,
             struct err *err)
{
    size_t before = aims->count, found = 0;
    if (strncmp(target, GROUP_PREFIX, strlen(GROUP_PREFIX)) == 0)
        return add_group(switcher, target + strlen(GROUP_PREFIX), aims, err);
    struct outlet *one = outlets_find(switcher, target);
    if (one) {
        aim(aims, one, 0, 0);
        return 0;
    }
    bool device = !strchr(target, '/');
    for (size_t i = 0; i < switcher->outlet_count; i++) {
        struct outlet *outlet = &switcher->outlets[i];
        bool fits = device ? strcmp(outlet->device, target) == 0
                           : point_pattern_fits(target, strlen(target), outlet->path);
        if (fits)
            aim(aims, outlet, 0, 0);
        found += fits;
    }
    return found || aims->count > before ? 0 : unknown_target(switcher, target, err);
}
