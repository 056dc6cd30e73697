#include "engine/schedule_plan.h"

#include <stdlib.h>
#include <string.h>

#include "engine/schedule_time.h"

/* A rule's day comes once a week at least, and a window may be left out in one week of the year. */
#define DAYS_BACK 15
#define DAYS_ON 15

/* ---- life ------------------------------------------------------------------------------------ */

static int compare_rules(const void *a, const void *b)
{
    const struct schedule_rule *left = a, *right = b;
    return strcmp(left->name, right->name);
}

struct schedule_plan *schedule_plan_new(const struct config *config)
{
    struct schedule_plan *plan = mem_new(sizeof *plan);
    size_t count = config_count(config, &schedule_settings_table);
    plan->arena = arena_new();
    plan->rules = mem_new((count + 1) * sizeof *plan->rules);
    for (size_t i = 0; i < count; i++) {
        const char *key;
        struct err err;
        if (schedule_rule_parse(&plan->rules[plan->rule_count], plan->arena,
                                config_name_at(config, &schedule_settings_table, i),
                                config_at(config, &schedule_settings_table, i), &key, &err) == 0)
            plan->rule_count++;
    }
    qsort(plan->rules, plan->rule_count, sizeof *plan->rules, compare_rules);
    return plan;
}

static void drop_paths(struct schedule_plan *plan)
{
    for (size_t i = 0; i < plan->path_count; i++)
        free(plan->paths[i].rules);
    map_deinit(&plan->index);
    plan->path_arena = arena_free(plan->path_arena);
    plan->path_count = 0;
}

struct schedule_plan *schedule_plan_free(struct schedule_plan *plan)
{
    if (!plan)
        return NULL;
    drop_paths(plan);
    free(plan->paths);
    free(plan->rules);
    arena_free(plan->arena);
    free(plan);
    return NULL;
}

/* ---- targets --------------------------------------------------------------------------------- */

struct resolving {
    struct schedule_plan *plan;
    size_t rule;
    bool any;
};

static struct schedule_path *find_path(const struct schedule_plan *plan, const char *path)
{
    uintptr_t place = (uintptr_t)map_get(&plan->index, path);
    return place ? &plan->paths[place - 1] : NULL;
}

static void add_path(void *to, const char *text)
{
    struct resolving *resolving = to;
    struct schedule_plan *plan = resolving->plan;
    struct schedule_path *path = find_path(plan, text);
    resolving->any = true;
    if (!path) {
        plan->paths =
            mem_grow(plan->paths, plan->path_count, &plan->path_capacity, sizeof *plan->paths);
        path = &plan->paths[plan->path_count++];
        *path = (struct schedule_path){.path = arena_text(plan->path_arena, text)};
        map_set(&plan->index, path->path, (void *)(uintptr_t)plan->path_count);
    }
    /* Rules come one after the other: when it is there, it is the last. */
    if (path->count && path->rules[path->count - 1] == resolving->rule)
        return;
    path->rules = mem_grow(path->rules, path->count, &path->capacity, sizeof *path->rules);
    path->rules[path->count++] = resolving->rule;
}

void schedule_plan_resolve(struct schedule_plan *plan, schedule_expand_fn *expand, void *user)
{
    drop_paths(plan);
    plan->path_arena = arena_new();
    for (size_t i = 0; i < plan->rule_count; i++) {
        for (size_t at = 0; at < plan->rules[i].target_count; at++) {
            struct resolving resolving = {.plan = plan, .rule = i};
            expand(user, plan->rules[i].targets[at], add_path, &resolving);
            if (!resolving.any)
                add_path(&resolving, plan->rules[i].targets[at]);
        }
    }
}

const struct schedule_path *schedule_plan_path(const struct schedule_plan *plan, const char *path)
{
    return find_path(plan, path);
}

/* ---- at a moment ----------------------------------------------------------------------------- */

struct schedule_span schedule_rule_last(const struct schedule_rule *rule, clock_us now)
{
    struct schedule_span span = {0};
    int64_t today = schedule_time_day(now);
    for (int64_t day = today; rule->enabled && day > today - DAYS_BACK; day--) {
        if (schedule_rule_on(rule, day, &span.begin, &span.end) && span.begin <= now) {
            span.any = true;
            return span;
        }
    }
    return (struct schedule_span){0};
}

void schedule_plan_look(const struct schedule_plan *plan, clock_us now, struct schedule_span *spans)
{
    for (size_t i = 0; i < plan->rule_count; i++)
        spans[i] = schedule_rule_last(&plan->rules[i], now);
}

static enum schedule_state opposite(enum schedule_state state)
{
    if (state == SCHEDULE_LEVEL)
        return SCHEDULE_LEVEL; /* another one */
    return state == SCHEDULE_ON ? SCHEDULE_OFF : SCHEDULE_ON;
}

enum command_action schedule_action_of(enum schedule_state state)
{
    return state == SCHEDULE_LEVEL ? COMMAND_SET : state == SCHEDULE_ON ? COMMAND_ON : COMMAND_OFF;
}

static struct schedule_hold hold_of(const struct schedule_rule *rule,
                                    const struct schedule_span *span, clock_us now)
{
    struct schedule_hold hold = {.rule = rule,
                                 .state = rule->state,
                                 .level = rule->level,
                                 .since = span->begin,
                                 .begin = span->begin,
                                 .until = CLOCK_NEVER};
    if (!span->any || rule->state == SCHEDULE_ANY)
        return (struct schedule_hold){.until = CLOCK_NEVER, .state = SCHEDULE_ANY};
    hold.kind = SCHEDULE_AT;
    if (rule->to == SCHEDULE_INSTANT)
        return hold;
    hold.kind = SCHEDULE_WINDOW;
    hold.until = span->end;
    if (now < span->end)
        return hold;
    hold.kind = SCHEDULE_END;
    hold.state = opposite(rule->state);
    hold.level = rule->level_after;
    hold.since = span->end;
    hold.until = CLOCK_NEVER;
    return hold;
}

/* Whether `a` counts before `b`, by the rules at the head of the header. That an end counts only
 * when no window holds is the caller's. */
static bool goes_before(const struct schedule_hold *a, const struct schedule_hold *b)
{
    if (a->kind == SCHEDULE_NONE || b->kind == SCHEDULE_NONE)
        return b->kind == SCHEDULE_NONE;
    if (a->since != b->since)
        return a->since > b->since;
    if (a->kind != b->kind)
        return a->kind > b->kind;
    if (a->kind == SCHEDULE_WINDOW && a->until != b->until)
        return a->until < b->until;
    if (a->kind == SCHEDULE_END && a->begin != b->begin)
        return a->begin < b->begin;
    return a->rule < b->rule; /* they lie in the order of their names */
}

struct schedule_hold schedule_plan_hold(const struct schedule_plan *plan,
                                        const struct schedule_path *path, clock_us now,
                                        const struct schedule_span *spans)
{
    struct schedule_hold best = {.state = SCHEDULE_ANY, .until = CLOCK_NEVER}, end = best;
    bool window = false;
    for (size_t i = 0; i < path->count; i++) {
        size_t rule = path->rules[i];
        struct schedule_hold hold = hold_of(&plan->rules[rule], &spans[rule], now);
        struct schedule_hold *other = hold.kind == SCHEDULE_END ? &end : &best;
        window |= hold.kind == SCHEDULE_WINDOW;
        if (goes_before(&hold, other))
            *other = hold;
    }
    return !window && goes_before(&end, &best) ? end : best;
}

/* ---- what comes ------------------------------------------------------------------------------ */

/* A window that begins where this one ends: nothing is undone between the two. */
static bool goes_on(const struct schedule_rule *rule, int64_t day, clock_us end)
{
    clock_us begin, later;
    return schedule_rule_on(rule, day + 1, &begin, &later) && begin == end;
}

struct schedule_event schedule_rule_next(const struct schedule_rule *rule, clock_us now)
{
    struct schedule_event next = {.wall = CLOCK_NEVER, .state = SCHEDULE_ANY};
    int64_t today = schedule_time_day(now);
    for (int64_t day = today - 2; rule->enabled && day < today + DAYS_ON; day++) {
        clock_us begin, end;
        if (!schedule_rule_on(rule, day, &begin, &end) || end <= now)
            continue;
        bool begun = begin <= now;
        next.end = begun && !goes_on(rule, day, end);
        next.wall = begun ? end : begin;
        next.state = next.end ? opposite(rule->state) : rule->state;
        next.action = next.end ? schedule_action_of(next.state) : rule->action;
        next.level = next.end ? rule->level_after : rule->level;
        break;
    }
    return next;
}

clock_us schedule_plan_next(const struct schedule_plan *plan, clock_us now)
{
    clock_us next = CLOCK_NEVER;
    for (size_t i = 0; i < plan->rule_count; i++) {
        clock_us wall = schedule_rule_next(&plan->rules[i], now).wall;
        if (wall < next)
            next = wall;
    }
    return next;
}

void schedule_rule_spans(const struct schedule_rule *rule, clock_us from, clock_us to,
                         void (*fn)(void *user, const struct schedule_span *span), void *user)
{
    int64_t last = schedule_time_day(to);
    for (int64_t day = schedule_time_day(from) - 2; day <= last; day++) {
        struct schedule_span span = {.any = true};
        if (!schedule_rule_on(rule, day, &span.begin, &span.end))
            continue;
        bool instant = span.end == span.begin;
        if (span.begin < to && (instant ? span.begin >= from : span.end > from))
            fn(user, &span);
    }
}
