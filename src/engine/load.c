#include "engine/load.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "engine/load_private.h"
#include "engine/outlet_groups.h"
#include "engine/point_pattern.h"

#define LOOK_EVERY CLOCK_S
#define SAVE_EVERY (60 * CLOCK_S)

/* ---- texts ----------------------------------------------------------------------------------- */

static const char *format(double number, enum load_unit unit, int more, char *text)
{
    bool kilo = unit == LOAD_WATTS && fabs(number) >= 10000;
    int decimals = more + (unit == LOAD_AMPERES ? 1 : kilo ? 2 : 0);
    snprintf(text, 32, "%.*f", decimals, kilo ? number / 1000 : number);
    size_t length = strlen(text);
    if (strchr(text, '.')) {
        while (text[length - 1] == '0')
            length--;
        length -= text[length - 1] == '.';
    }
    snprintf(text + length, 32 - length, " %s", unit == LOAD_AMPERES ? "A" : kilo ? "kW" : "W");
    return text;
}

const char *load_format(double number, enum load_unit unit, char *text)
{
    return format(number, unit, 0, text);
}

const char *load_format_over(double number, double limit, enum load_unit unit, char *text)
{
    char bound[32];
    load_format(limit, unit, bound);
    for (int more = 0; more < 4; more++) {
        if (strcmp(format(number, unit, more, text), bound) != 0)
            break;
    }
    return text;
}

const char *load_budget_label(const struct load_budget *budget)
{
    return *budget->settings->label ? budget->settings->label : budget->name;
}

/* ---- which outlets, which points ------------------------------------------------------------- */

/* Whether `part` is fed by `of`, over other components of its device if need be. */
static bool is_fed_by(const struct component *part, const char *of)
{
    const struct device *device = part->device;
    /* A chain in settings may bite its own tail: no more steps than components make sense. */
    for (int steps = 0; steps < 8 && *part->fed_by; steps++) {
        enum component_kind kind;
        int number;
        if (strcmp(part->fed_by, of) == 0)
            return true;
        if (!component_parse(part->fed_by, strlen(part->fed_by), &kind, &number))
            return false;
        part = device_component_find(device, kind, number);
        if (!part)
            return false;
    }
    return false;
}

static bool is_member(const struct load *load, const struct load_settings *settings,
                      const struct load_outlet *outlet)
{
    if (*settings->members)
        return outlet_list_matches(settings->members, outlet->path);
    const char *slash = strchr(settings->of, '/');
    if (!slash)
        return true; /* of the site: all */
    size_t length = (size_t)(slash - settings->of);
    if (strncmp(outlet->path, settings->of, length + 1) != 0)
        return false;
    const struct point *state = site_point(load->site, outlet->state);
    return strcmp(slash + 1, "total") == 0 || is_fed_by(state->component, slash + 1);
}

static void find_members(const struct load *load, struct load_budget *budget)
{
    budget->members = mem_new((load->outlet_count + 1) * sizeof *budget->members);
    for (size_t i = 0; i < load->outlet_count; i++) {
        if (is_member(load, budget->settings, &load->outlets[i]))
            budget->members[budget->member_count++] = i;
    }
}

static void find_shed(const struct load *load, struct load_budget *budget)
{
    size_t capacity = 0, length;
    const char *at = budget->settings->shed;
    for (const char *word; (word = outlet_list_next(&at, &length));) {
        for (size_t i = 0; i < load->outlet_count; i++) {
            if (!point_pattern_fits(word, length, load->outlets[i].path))
                continue;
            budget->shed =
                mem_grow(budget->shed, budget->shed_count, &capacity, sizeof *budget->shed);
            budget->shed[budget->shed_count++] = i;
        }
    }
    budget->tried = mem_new(budget->shed_count + 1);
}

static void add_measured(const struct load *load, struct load_budget *budget, size_t *capacity,
                         const char *path)
{
    const struct point *point = site_point_find(load->site, path);
    if (!point) {
        budget->blind = true;
        return;
    }
    budget->measured =
        mem_grow(budget->measured, budget->measured_count, capacity, sizeof *budget->measured);
    budget->measured[budget->measured_count++] = point->id;
}

static void find_measured(const struct load *load, struct load_budget *budget)
{
    const struct load_settings *settings = budget->settings;
    const char *quantity = settings->unit == LOAD_AMPERES ? "current" : "real-power";
    char path[2 * LIMIT_PATH];
    size_t capacity = 0, length;
    const char *at = settings->measured;
    for (const char *word; (word = outlet_list_next(&at, &length));) {
        snprintf(path, sizeof path, "%.*s", (int)length, word);
        add_measured(load, budget, &capacity, path);
    }
    if (*settings->measured || strcmp(settings->of, "site") == 0)
        return;
    snprintf(path, sizeof path, "%s/%s", settings->of, quantity);
    if (site_point_find(load->site, path)) /* else its outlets are added up */
        add_measured(load, budget, &capacity, path);
}

/* ---- what flows now -------------------------------------------------------------------------- */

static struct load_sum sum_measured(const struct load *load, const struct load_budget *budget)
{
    struct load_sum sum = {.basis = LOAD_MEASURED, .as_of = CLOCK_NEVER};
    for (size_t i = 0; i < budget->measured_count; i++) {
        const struct point *point = site_point(load->site, budget->measured[i]);
        if (!point || point->value.quality != QUALITY_GOOD)
            return (struct load_sum){.basis = LOAD_UNKNOWN};
        /* What flows back into the mains is no load of this budget. */
        sum.number += point->value.number;
        if (point->value.mono < sum.as_of)
            sum.as_of = point->value.mono;
    }
    return sum;
}

static struct load_sum sum_outlets(const struct load *load, const struct load_budget *budget)
{
    struct load_sum sum = {.basis = LOAD_SUMMED, .as_of = CLOCK_NEVER};
    for (size_t i = 0; i < budget->member_count; i++)
        load_outlet_add(load, &load->outlets[budget->members[i]],
                        (enum load_unit)budget->settings->unit, &sum);
    return sum;
}

struct load_sum load_budget_now(const struct load *load, const struct load_budget *budget)
{
    if (budget->measured_count && !budget->blind) {
        struct load_sum sum = sum_measured(load, budget);
        if (sum.basis != LOAD_UNKNOWN)
            return sum;
    }
    return sum_outlets(load, budget);
}

/* ---- commands under way ---------------------------------------------------------------------- */

static bool switches_on(enum command_action action)
{
    return action == COMMAND_ON || action == COMMAND_ON_DELAYED || action == COMMAND_REBOOT ||
           action == COMMAND_REBOOT_DELAYED;
}

/* The commands under way are kept here: asking the door for them one by one takes long when it
 * remembers many that have ended. */
static void on_command(void *user, const struct command *command)
{
    struct load *load = user;
    size_t place = 0;
    if (!switches_on(command->action))
        return;
    while (place < load->underway_count && load->underway[place] != command)
        place++;
    if (command->ended) {
        if (place < load->underway_count)
            load->underway[place] = load->underway[--load->underway_count];
    } else if (place == load->underway_count) {
        load->underway = mem_grow((void *)load->underway, load->underway_count,
                                  &load->underway_capacity, sizeof *load->underway);
        load->underway[load->underway_count++] = command;
    }
}

/* ---- life ------------------------------------------------------------------------------------ */

static void free_budgets(struct load_budget *budgets, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(budgets[i].measured);
        free(budgets[i].members);
        free(budgets[i].shed);
        free(budgets[i].tried);
    }
    free(budgets);
}

/* What a budget of the same name had come to. */
static void take_over(struct load_budget *budget, const struct load_budget *old, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(old[i].name, budget->name) != 0)
            continue;
        budget->over_since = old[i].over_since;
        budget->last_shed = old[i].last_shed;
        budget->told = old[i].told;
        budget->shedding = old[i].shedding;
        budget->shed_done = old[i].shed_done;
    }
}

/* Budgets and outlets of the site and the settings as they are. `old` may still be needed for
 * names, so this comes before the configuration before it is freed. */
static void rebuild(struct load *load)
{
    struct load_budget *old = load->budgets;
    size_t old_count = load->budget_count;
    load_outlets_read(load);
    load->revision = site_revision(load->site);
    load->budget_count = config_count(load->config, &load_settings_table);
    load->budgets = mem_new((load->budget_count + 1) * sizeof *load->budgets);
    for (size_t i = 0; i < load->budget_count; i++) {
        struct load_budget *budget = &load->budgets[i];
        budget->name = config_name_at(load->config, &load_settings_table, i);
        budget->settings = config_at(load->config, &load_settings_table, i);
        find_members(load, budget);
        find_measured(load, budget);
        find_shed(load, budget);
        take_over(budget, old, old_count);
    }
    free_budgets(old, old_count);
}

static void on_tree(void *user)
{
    struct load *load = user;
    if (load->revision != site_revision(load->site))
        rebuild(load);
}

static void on_changed(void *user, const point_id *points, size_t count)
{
    for (size_t i = 0; i < count; i++)
        load_outlets_heed(user, points[i]);
}

static void on_timer(struct loop_timer *timer, void *user)
{
    (void)timer;
    load_shed_look(user);
}

static void on_save(struct loop_timer *timer, void *user)
{
    (void)timer;
    load_save(user);
}

struct load *load_new(const struct load_context *context, const struct config *config)
{
    struct load *load = mem_new(sizeof *load);
    *load = (struct load){.loop = context->loop,
                          .site = context->site,
                          .commands = context->commands,
                          .events = context->events,
                          .saver = context->saver,
                          .config = config};
    load_keep_open(load, context->folder);
    rebuild(load);
    load->feed = (struct feed){.changed = on_changed, .tree = on_tree, .user = load};
    site_subscribe(load->site, &load->feed);
    load->watch = (struct command_watch){.changed = on_command, .user = load};
    commands_watch(load->commands, &load->watch);
    for (size_t i = 0; i < commands_count(load->commands); i++)
        on_command(load, commands_at(load->commands, i));
    loop_timer_every(load->loop, &load->timer, LOOK_EVERY, LOOK_EVERY, on_timer, load);
    if (load->saver)
        loop_timer_every(load->loop, &load->save_timer, SAVE_EVERY, SAVE_EVERY, on_save, load);
    return load;
}

void load_configure(struct load *load, const struct config *config)
{
    load->config = config;
    rebuild(load);
}

struct load *load_free(struct load *load)
{
    if (!load)
        return NULL;
    loop_timer_stop(&load->timer);
    loop_timer_stop(&load->save_timer);
    site_unsubscribe(load->site, &load->feed);
    commands_unwatch(load->commands, &load->watch);
    free((void *)load->underway);
    free_budgets(load->budgets, load->budget_count);
    load_outlets_free(load);
    load_keep_close(load);
    free(load);
    return NULL;
}

/* ---- for faces ------------------------------------------------------------------------------- */

size_t load_count(const struct load *load)
{
    return load->budget_count;
}

struct load_view load_view(const struct load *load, size_t index)
{
    const struct load_budget *budget = &load->budgets[index];
    struct load_sum now = load_budget_now(load, budget);
    return (struct load_view){
        .name = budget->name,
        .settings = budget->settings,
        .basis = now.basis,
        .now = now.basis == LOAD_UNKNOWN ? NAN : now.number,
        .over = budget->told,
        .shedding = budget->shedding,
        .shed = budget->shed_done,
    };
}
