/* schedule_plan - all schedules together: what they hold at a moment, and when something happens
 * next.
 *
 * Knows no clock and switches nothing: rules and a moment in, answers out. What several schedules
 * say about one target:
 *   - a window holds from its begin to its end; of several the one that began last counts, and when
 *     it ends before the others, they count again;
 *   - an instant counts against windows that began before it, until something newer begins;
 *   - at the end of the last window the opposite of its state counts, of a level its level after;
 *   - at one and the same moment a window goes before an instant, an instant before an end; of two
 *     windows the one that ends sooner, of two ends the one whose window began first; then the
 * first by name. Reboots and pulses hold nothing. Loop thread only.
 */
#pragma once

#include "base/map.h"
#include "engine/schedule_rule.h"
#include "model/config.h"

struct schedule_path {
    const char *path; /* "pdu-a/outlet-3" */
    size_t *rules;    /* that speak of it */
    size_t count, capacity;
};

struct schedule_plan {
    struct arena *arena, *path_arena;
    struct schedule_rule *rules; /* in the order of their names */
    size_t rule_count;
    struct schedule_path *paths; /* all targets, groups resolved */
    size_t path_count, path_capacity;
    struct map index; /* path -> its place + 1 */
};

/* The records of `config`, which has checked them; nothing is resolved yet. */
struct schedule_plan *schedule_plan_new(const struct config *config);
struct schedule_plan *schedule_plan_free(struct schedule_plan *plan);

/* Find out what is behind targets: `expand` calls `found` for each path that `target` means. What
 * means nothing stands for itself. */
typedef void schedule_found_fn(void *to, const char *path);
typedef void schedule_expand_fn(void *user, const char *target, schedule_found_fn *found, void *to);
void schedule_plan_resolve(struct schedule_plan *plan, schedule_expand_fn *expand, void *user);

/* NULL when no schedule speaks of it. */
const struct schedule_path *schedule_plan_path(const struct schedule_plan *plan, const char *path);

/* ---- at a moment ----------------------------------------------------------------------------- */

/* The last time that a rule's event had begun; `any` is false when there was none in the last days.
 */
struct schedule_span {
    clock_us begin, end; /* wall; the same for an instant */
    bool any;
};

struct schedule_span schedule_rule_last(const struct schedule_rule *rule, clock_us now);

/* Of all rules at the wall time `now` into `spans`, one each. Costs calls into the C library for
 * each rule, so that asking for many paths after it costs none. */
void schedule_plan_look(const struct schedule_plan *plan, clock_us now,
                        struct schedule_span *spans);

enum schedule_kind { SCHEDULE_NONE, SCHEDULE_END, SCHEDULE_AT, SCHEDULE_WINDOW };

struct schedule_hold {
    enum schedule_kind kind; /* SCHEDULE_NONE: no schedule says anything */
    enum schedule_state state;
    double level;                     /* of SCHEDULE_LEVEL */
    const struct schedule_rule *rule; /* that says it */
    clock_us since, until;            /* until: of a window, else CLOCK_NEVER */
    clock_us begin;                   /* of the window that ended */
};

/* `spans` are those of `now`. */
struct schedule_hold schedule_plan_hold(const struct schedule_plan *plan,
                                        const struct schedule_path *path, clock_us now,
                                        const struct schedule_span *spans);

/* What brings a state about. */
enum command_action schedule_action_of(enum schedule_state state);

/* ---- what comes ------------------------------------------------------------------------------ */

struct schedule_event {
    clock_us wall;             /* CLOCK_NEVER: nothing comes */
    bool end;                  /* of a window */
    enum schedule_state state; /* wished then; SCHEDULE_ANY: see the action */
    enum command_action action;
    double level; /* of COMMAND_SET */
};

/* The first event of a rule after `now`. */
struct schedule_event schedule_rule_next(const struct schedule_rule *rule, clock_us now);

/* The first moment after `now` at which any rule has an event; CLOCK_NEVER. */
clock_us schedule_plan_next(const struct schedule_plan *plan, clock_us now);

/* For pictures: each time of the rule that touches from <= t < to, in order. */
void schedule_rule_spans(const struct schedule_rule *rule, clock_us from, clock_us to,
                         void (*fn)(void *user, const struct schedule_span *span), void *user);
