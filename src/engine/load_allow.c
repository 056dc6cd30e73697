/* May it be switched on: what flows, what is on its way and what is asked for, against the limit of
 * each budget. Refusing says the sum in words, so that a person sees what to switch off first. */

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "engine/load_private.h"

/* A sum of readings is not exact in its last digit. */
#define ROUNDING 1e-6
/* Outlets of a sum that are named; more are added up. */
#define NAMED_MOST 6
/* A device that has not told for so long what it carries since something was switched on never
 * will: its reading counts as it is. */
#define SETTLED (60 * CLOCK_S)

/* ---- what is on its way ---------------------------------------------------------------------- */

static bool has_member(const struct load_budget *budget, size_t outlet)
{
    size_t low = 0, high = budget->member_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (budget->members[middle] < outlet)
            low = middle + 1;
        else
            high = middle;
    }
    return low < budget->member_count && budget->members[low] == outlet;
}

/* Marks the outlets that commands under way are still about to switch on. */
static void mark_coming(const struct load *load, bool *coming)
{
    for (size_t i = 0; i < load->underway_count; i++) {
        const struct command *command = load->underway[i];
        for (size_t at = 0; at < command->step_count; at++) {
            const struct command_step *step = &command->steps[at];
            const struct load_outlet *outlet = load_outlet_find(load, step->target);
            if (outlet && (step->state == COMMAND_PENDING || step->state == COMMAND_SENT))
                coming[outlet - load->outlets] = true;
        }
    }
}

/* Whether the outlet will be on, or is, and `now` has not counted it yet. Outlets that are added up
 * one by one count from the moment that their state says on, or nothing. */
static bool is_unseen(const struct load *load, const struct load_outlet *outlet, bool coming,
                      const struct load_sum *now)
{
    int state = load_outlet_state(load, outlet);
    if (now->basis != LOAD_MEASURED)
        return coming && state == 0;
    if (state != 1)
        return coming;
    return outlet->on_since && outlet->on_since >= now->as_of &&
           loop_now(load->loop) - outlet->on_since < SETTLED;
}

/* `asked` are those that are being asked for: they are counted already. */
static double sum_pending(const struct load *load, const struct load_budget *budget,
                          const bool *asked, const bool *coming, struct load_sum *sum)
{
    double pending = 0;
    struct load_sum now = *sum;
    for (size_t i = 0; i < budget->member_count; i++) {
        size_t place = budget->members[i];
        const struct load_outlet *outlet = &load->outlets[place];
        if (asked[place] || !is_unseen(load, outlet, coming[place], &now))
            continue;
        double wants = load_outlet_wants(load, outlet, (enum load_unit)budget->settings->unit);
        if (isnan(wants)) {
            sum->basis = LOAD_UNKNOWN;
            sum->missing = sum->missing ? sum->missing : outlet->path;
        } else {
            pending += wants;
        }
    }
    return pending;
}

/* ---- the sum in words ------------------------------------------------------------------------ */

/* "outlet-3" where the budget is of the same device, else the whole path. */
static const char *short_name(const struct load_budget *budget, const char *path)
{
    const char *slash = strchr(budget->settings->of, '/');
    size_t length = slash ? (size_t)(slash + 1 - budget->settings->of) : 0;
    return length && strncmp(path, budget->settings->of, length) == 0 ? path + length : path;
}

/* The sum as people read it, while it is added up. */
struct sentence {
    char text[300];
    size_t length, named, others;
    double rest;
};

static void name_outlet(struct sentence *sentence, const struct load_budget *budget,
                        const char *path, double wants)
{
    char number[32];
    if (sentence->named == NAMED_MOST) {
        sentence->others++;
        sentence->rest += wants;
        return;
    }
    sentence->named++;
    int length =
        snprintf(sentence->text + sentence->length, sizeof sentence->text - sentence->length,
                 " + %s %.60s", load_format(wants, (enum load_unit)budget->settings->unit, number),
                 short_name(budget, path));
    sentence->length += (size_t)length;
    if (sentence->length >= sizeof sentence->text)
        sentence->length = sizeof sentence->text - 1;
}

static void say_sum(const struct load_budget *budget, const struct sentence *sentence,
                    const struct load_sum *now, double pending, double total, struct err *err)
{
    enum load_unit unit = (enum load_unit)budget->settings->unit;
    char would[32], limit[32], is[32], way[40] = "", rest[80] = "", number[32];
    if (pending > 0)
        snprintf(way, sizeof way, " + %s on its way", load_format(pending, unit, number));
    if (sentence->others)
        snprintf(rest, sizeof rest, " + %s of %zu others",
                 load_format(sentence->rest, unit, number), sentence->others);
    bool summed = now->basis != LOAD_MEASURED;
    err_set(err, -EDQUOT, "%s would be %s of %s: %s now%s%s%s%s", load_budget_label(budget),
            load_format_over(total, budget->settings->limit, unit, would),
            load_format(budget->settings->limit, unit, limit), load_format(now->number, unit, is),
            summed ? " by its outlets" : "", way, sentence->text, rest);
}

static bool say_unknown(const struct load_budget *budget, const char *path, struct err *err)
{
    if (!budget->settings->refuse_unknown)
        return true;
    err_set(err, -EDQUOT,
            "%s cannot be checked: what %.95s draws is not known; give it a rated_current in its "
            "settings, or set budgets.%s.refuse_unknown to false",
            load_budget_label(budget), short_name(budget, path), budget->name);
    return false;
}

/* ---- asked ----------------------------------------------------------------------------------- */

/* `asked` has room for all outlets, `coming` is marked. */
static bool fits(const struct load *load, const struct load_budget *budget, const point_id *points,
                 size_t count, bool *asked, const bool *coming, struct err *err)
{
    enum load_unit unit = (enum load_unit)budget->settings->unit;
    struct sentence sentence = {.length = 0};
    double added = 0;
    bool any = false;
    memset(asked, 0, load->outlet_count);
    for (size_t i = 0; i < count; i++) {
        const struct load_outlet *outlet = load_outlet_of_state(load, points[i]);
        size_t place = outlet ? (size_t)(outlet - load->outlets) : 0;
        if (!outlet || asked[place] || !has_member(budget, place) ||
            load_outlet_state(load, outlet) == 1)
            continue;
        double wants = load_outlet_wants(load, outlet, unit);
        if (isnan(wants))
            return say_unknown(budget, outlet->path, err);
        any = asked[place] = true;
        added += wants;
        name_outlet(&sentence, budget, outlet->path, wants);
    }
    if (!any)
        return true;
    struct load_sum now = load_budget_now(load, budget);
    double pending = sum_pending(load, budget, asked, coming, &now);
    if (now.basis == LOAD_UNKNOWN)
        return say_unknown(budget, now.missing ? now.missing : budget->settings->of, err);
    double total = now.number + pending + added;
    if (total <= budget->settings->limit + ROUNDING)
        return true;
    say_sum(budget, &sentence, &now, pending, total, err);
    return false;
}

bool load_allows(void *user, const point_id *points, size_t count, struct err *err)
{
    const struct load *load = user;
    if (load->budget_count == 0)
        return true;
    bool allowed = true, *asked = mem_new(2 * load->outlet_count + 1);
    bool *coming = asked + load->outlet_count;
    mark_coming(load, coming);
    for (size_t i = 0; i < load->budget_count && allowed; i++)
        allowed = fits(load, &load->budgets[i], points, count, asked, coming, err);
    free(asked);
    return allowed;
}
