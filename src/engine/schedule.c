#include "engine/schedule.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/saver.h"
#include "engine/schedule_private.h"
#include "model/site.h"

/* After a start the rest of the house comes first: by then most devices have answered. */
#define FIRST_LOOK (10 * CLOCK_S)
/* Between two looks at the clock, which may step or become known. */
#define LOOK_EVERY (10 * CLOCK_S)
/* Further back than a week nothing can be found that the days after do not hold as well. */
#define MISSED_MOST (8 * (clock_us)86400 * CLOCK_S)
/* A clock that went back further was wrong before. */
#define BACK_MOST (7200 * CLOCK_S)
/* A reboot or a pulse is still done so long after its time. */
#define MOMENT_LATE (60 * CLOCK_S)

/* ---- which wishes ---------------------------------------------------------------------------- */

/* What becomes of one path. */
struct decision {
    bool act;
    size_t rule;
    struct schedule_deed deed;
};

/* Whether the rule began or ended after `from`, or is to be looked at for the first time. */
static bool is_touched(const struct schedules *schedules, size_t rule, clock_us from, clock_us now)
{
    const struct schedule_span *span = &schedules->now[rule];
    return schedules->progress[rule].fresh ||
           (span->any && (span->begin > from || (span->end > from && span->end <= now)));
}

static bool differ(const struct schedule_hold *was, const struct schedule_hold *is)
{
    return was->state != is->state || (is->state == SCHEDULE_LEVEL && was->level != is->level);
}

static struct decision decide(const struct schedules *schedules, const struct schedule_path *path,
                              clock_us from, clock_us now)
{
    const struct schedule_plan *plan = schedules->plan;
    bool touched = false;
    for (size_t i = 0; i < path->count; i++)
        touched |= is_touched(schedules, path->rules[i], from, now);
    struct schedule_hold is = schedule_plan_hold(plan, path, now, schedules->now);
    if (!touched || is.kind == SCHEDULE_NONE)
        return (struct decision){0};
    struct schedule_hold was = schedule_plan_hold(plan, path, from, schedules->before);
    size_t rule = (size_t)(is.rule - plan->rules);
    bool fresh = schedules->progress[rule].fresh, began = is.since > from;
    bool act = fresh ? is.kind == SCHEDULE_WINDOW
                     : (began && is.kind != SCHEDULE_END) || differ(&was, &is);
    struct schedule_deed deed = {
        .action = schedule_action_of(is.state), .number = is.level, .moment = is.since};
    if (is.kind == SCHEDULE_AT && began)
        deed.action = is.rule->action;
    return (struct decision){.act = act, .rule = rule, .deed = deed};
}

/* Ask for all paths of a rule that get the same action; those asked for are struck out. */
static void ask_together(struct schedules *schedules, struct decision *decisions, size_t first,
                         const char **paths)
{
    const struct schedule_plan *plan = schedules->plan;
    struct decision wish = decisions[first];
    size_t count = 0, members = 0;
    for (size_t i = 0; i < plan->path_count; i++) {
        const struct schedule_path *path = &plan->paths[i];
        for (size_t at = 0; at < path->count; at++)
            members += path->rules[at] == wish.rule;
        if (!decisions[i].act || decisions[i].rule != wish.rule ||
            decisions[i].deed.action != wish.deed.action)
            continue;
        decisions[i].act = false;
        paths[count++] = path->path;
        schedule_ask_forget(schedules, path->path);
    }
    schedule_ask(schedules, wish.rule, &wish.deed, paths, count, count == members);
}

static void run_states(struct schedules *schedules, clock_us from, clock_us now)
{
    const struct schedule_plan *plan = schedules->plan;
    struct decision *decisions = mem_new((plan->path_count + 1) * sizeof *decisions);
    const char **paths = mem_new((plan->path_count + 1) * sizeof *paths);
    for (size_t i = 0; i < plan->path_count; i++)
        decisions[i] = decide(schedules, &plan->paths[i], from, now);
    for (size_t i = 0; i < plan->path_count; i++) {
        if (decisions[i].act)
            ask_together(schedules, decisions, i, paths);
    }
    free(paths);
    free(decisions);
}

/* ---- reboots and pulses ---------------------------------------------------------------------- */

/* A target that the schedules hold off is left out: a reboot would bring it on. */
static bool is_held_off(const struct schedules *schedules, const struct schedule_path *path,
                        clock_us now)
{
    struct schedule_hold hold = schedule_plan_hold(schedules->plan, path, now, schedules->now);
    return hold.kind == SCHEDULE_WINDOW && hold.state == SCHEDULE_OFF;
}

static void run_moment(struct schedules *schedules, size_t rule, clock_us moment, clock_us now)
{
    const struct schedule_plan *plan = schedules->plan;
    const char **paths = mem_new((plan->path_count + 1) * sizeof *paths);
    size_t count = 0, members = 0;
    for (size_t i = 0; i < plan->path_count; i++) {
        const struct schedule_path *path = &plan->paths[i];
        bool member = false;
        for (size_t at = 0; at < path->count; at++)
            member |= path->rules[at] == rule;
        members += member;
        if (member && !is_held_off(schedules, path, now))
            paths[count++] = path->path;
    }
    const char *name = command_action_name(plan->rules[rule].action);
    if (moment <= schedules->begun || now - moment > MOMENT_LATE)
        schedule_note(schedules, rule, true,
                      "%s was left out: its time passed while the program did not run or did not "
                      "know the time",
                      name);
    else if (count == 0)
        schedule_note(schedules, rule, true, "%s was left out: another schedule holds it off",
                      name);
    else
        schedule_ask(schedules, rule,
                     &(struct schedule_deed){.action = plan->rules[rule].action, .moment = moment},
                     paths, count, count == members);
    free(paths);
}

/* ---- the clock ------------------------------------------------------------------------------- */

static void settle(struct schedules *schedules, clock_us now)
{
    for (size_t i = 0; i < schedules->plan->rule_count; i++)
        schedules->progress[i].fresh = false;
    schedules->done = now;
    schedules->next = schedule_plan_next(schedules->plan, now);
}

/* Everything between `done` and now, and what fresh rules hold. */
static void run(struct schedules *schedules, clock_us now)
{
    const struct schedule_plan *plan = schedules->plan;
    clock_us from = now - schedules->done > MISSED_MOST ? now - MISSED_MOST : schedules->done;
    schedule_plan_look(plan, from, schedules->before);
    schedule_plan_look(plan, now, schedules->now);
    for (size_t i = 0; i < plan->rule_count; i++) {
        clock_us moment = schedules->now[i].begin;
        if (plan->rules[i].state == SCHEDULE_ANY && !schedules->progress[i].fresh &&
            schedules->now[i].any && moment > from)
            run_moment(schedules, i, moment, now);
    }
    run_states(schedules, from, now);
    settle(schedules, now);
    schedule_keep_save(schedules);
}

/* Targets are what they mean on the site as it is: outlets may come with a device's answer. */
static void on_tree(void *user)
{
    struct schedules *schedules = user;
    if (schedules->revision == site_revision(schedules->site))
        return;
    schedule_plan_resolve(schedules->plan, schedule_target_expand, schedules);
    schedules->revision = site_revision(schedules->site);
}

static bool any_fresh(const struct schedules *schedules)
{
    bool any = false;
    for (size_t i = 0; i < schedules->plan->rule_count; i++)
        any |= schedules->progress[i].fresh;
    return any;
}

static void make_fresh(struct schedules *schedules)
{
    for (size_t i = 0; i < schedules->plan->rule_count; i++)
        schedules->progress[i].fresh = true;
}

static void look(struct schedules *schedules)
{
    clock_us now = loop_wall(schedules->loop);
    if (!clock_wall_known(loop_clock(schedules->loop)))
        return;
    if (!schedules->begun) {
        schedules->begun = now;
        schedules->next = schedule_plan_next(schedules->plan, schedules->done);
    }
    if (!schedules->done || schedules->done - now > BACK_MOST) {
        make_fresh(schedules);
        schedules->done = now;
    }
    if (now >= schedules->next || any_fresh(schedules))
        run(schedules, now);
    else if (now > schedules->done)
        schedules->done = now;
    schedule_ask_again(schedules);
}

static void on_timer(struct loop_timer *timer, void *user)
{
    struct schedules *schedules = user;
    look(schedules);
    clock_us wait = LOOK_EVERY, left = schedules->next - loop_wall(schedules->loop);
    if (schedules->begun && schedules->next != CLOCK_NEVER && left > 0 && left < wait)
        wait = left;
    loop_timer_at(schedules->loop, timer, loop_now(schedules->loop) + wait, on_timer, schedules);
}

/* ---- life ------------------------------------------------------------------------------------ */

static void take_plan(struct schedules *schedules, const struct config *config)
{
    schedules->config = config;
    schedules->plan = schedule_plan_new(config);
    size_t room = schedules->plan->rule_count + 1;
    schedules->progress = mem_new(room * sizeof *schedules->progress);
    schedules->before = mem_new(room * sizeof *schedules->before);
    schedules->now = mem_new(room * sizeof *schedules->now);
    schedule_plan_resolve(schedules->plan, schedule_target_expand, schedules);
    schedules->revision = site_revision(schedules->site);
}

static void drop_plan(struct schedules *schedules)
{
    schedules->plan = schedule_plan_free(schedules->plan);
    free(schedules->progress);
    free(schedules->before);
    free(schedules->now);
}

struct schedules *schedules_new(const struct schedules_context *context,
                                const struct config *config)
{
    struct schedules *schedules = mem_new(sizeof *schedules);
    size_t size = strlen(context->folder) + sizeof "/schedules.json";
    *schedules = (struct schedules){.loop = context->loop,
                                    .site = context->site,
                                    .commands = context->commands,
                                    .events = context->events,
                                    .saver = context->saver,
                                    .next = CLOCK_NEVER,
                                    .file = mem_new(size)};
    snprintf(schedules->file, size, "%s/schedules.json", context->folder);
    take_plan(schedules, config);
    make_fresh(schedules);
    schedule_keep_load(schedules);
    schedules->feed = (struct feed){.tree = on_tree, .user = schedules};
    site_subscribe(schedules->site, &schedules->feed);
    loop_timer_at(schedules->loop, &schedules->timer, loop_now(schedules->loop) + FIRST_LOOK,
                  on_timer, schedules);
    return schedules;
}

struct schedules *schedules_free(struct schedules *schedules)
{
    if (!schedules)
        return NULL;
    loop_timer_stop(&schedules->timer);
    site_unsubscribe(schedules->site, &schedules->feed);
    saver_forget(schedules->saver, schedules);
    schedule_ask_tidy(schedules, true);
    drop_plan(schedules);
    free(schedules->file);
    free(schedules);
    return NULL;
}

/* A rule that is the same as before goes on; another one begins anew. */
void schedules_configure(struct schedules *schedules, const struct config *config)
{
    struct schedules old = *schedules;
    take_plan(schedules, config);
    bool changed = old.plan->rule_count != schedules->plan->rule_count;
    for (size_t i = 0; i < schedules->plan->rule_count; i++) {
        const struct schedule_rule *rule = &schedules->plan->rules[i];
        size_t at = 0;
        while (at < old.plan->rule_count && strcmp(old.plan->rules[at].name, rule->name) != 0)
            at++;
        bool same = at < old.plan->rule_count && old.plan->rules[at].sum == rule->sum;
        if (at < old.plan->rule_count)
            schedules->progress[i] = old.progress[at];
        schedules->progress[i].fresh |= !same;
        changed |= !same;
    }
    drop_plan(&old);
    schedule_ask_tidy(schedules, false);
    if (!changed)
        return;
    schedules->next = schedule_plan_next(schedules->plan, schedules->done);
    loop_timer_at(schedules->loop, &schedules->timer, loop_now(schedules->loop) + CLOCK_S, on_timer,
                  schedules);
}

/* ---- for faces ------------------------------------------------------------------------------- */

size_t schedules_count(const struct schedules *schedules)
{
    return schedules->plan->rule_count;
}

struct schedule_view schedules_view(const struct schedules *schedules, size_t index)
{
    const struct schedule_rule *rule = &schedules->plan->rules[index];
    const struct schedule_fact *fact = &schedules->progress[index].fact;
    struct schedule_view view = {
        .rule = rule,
        .next = {.wall = CLOCK_NEVER, .state = SCHEDULE_ANY},
        .last = fact->wall,
        .last_ok = fact->ok,
        .last_text = fact->text,
    };
    if (!clock_wall_known(loop_clock(schedules->loop)))
        return view;
    clock_us now = loop_wall(schedules->loop);
    struct schedule_span span = schedule_rule_last(rule, now);
    view.next = schedule_rule_next(rule, now);
    view.holds = span.any && now < span.end;
    view.until = view.holds ? span.end : 0;
    return view;
}

enum schedule_state schedules_state(const struct schedules *schedules, const char *path)
{
    const struct schedule_path *found = schedule_plan_path(schedules->plan, path);
    clock_us now = loop_wall(schedules->loop);
    if (!found || !clock_wall_known(loop_clock(schedules->loop)))
        return SCHEDULE_ANY;
    struct schedule_span *spans = mem_new((schedules->plan->rule_count + 1) * sizeof *spans);
    schedule_plan_look(schedules->plan, now, spans);
    enum schedule_state state = schedule_plan_hold(schedules->plan, found, now, spans).state;
    free(spans);
    return state;
}

struct schedule_event schedules_next_of(const struct schedules *schedules, const char *path,
                                        const struct schedule_rule **rule)
{
    struct schedule_event first = {.wall = CLOCK_NEVER, .state = SCHEDULE_ANY};
    const struct schedule_path *found = schedule_plan_path(schedules->plan, path);
    *rule = NULL;
    if (!clock_wall_known(loop_clock(schedules->loop)))
        return first;
    for (size_t i = 0; found && i < found->count; i++) {
        const struct schedule_rule *one = &schedules->plan->rules[found->rules[i]];
        struct schedule_event next = schedule_rule_next(one, loop_wall(schedules->loop));
        if (next.wall >= first.wall)
            continue;
        first = next;
        *rule = one;
    }
    return first;
}
