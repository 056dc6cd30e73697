/* Switching off what is over the budget, one outlet after the other. */
#include <stdio.h>
#include <string.h>

#include "engine/event_log.h"
#include "engine/load_private.h"
#include "model/command.h"

static void say(struct load *load, const struct load_budget *budget, enum event_kind kind,
                const char *text)
{
    char object[LIMIT_NAME + 16];
    snprintf(object, sizeof object, "budgets.%s", budget->name);
    event_log_add(load->events,
                  &(struct event){.kind = kind, .actor = "load", .object = object, .text = text});
}

/* "Rack circuit 1: 15.2 A of 13 A" */
static void describe(const struct load_budget *budget, double now, char *text, size_t size)
{
    enum load_unit unit = (enum load_unit)budget->settings->unit;
    char is[32], limit[32];
    snprintf(text, size, "%s: %s of %s", load_budget_label(budget),
             load_format_over(now, budget->settings->limit, unit, is),
             load_format(budget->settings->limit, unit, limit));
}

/* ---- one outlet ------------------------------------------------------------------------------ */

/* Whether the door has taken the wish. */
static bool ask_off(struct load *load, const struct load_budget *budget,
                    const struct load_outlet *outlet, const char *reason)
{
    char origin[LIMIT_NAME + 8];
    struct command_answer answer = {0};
    snprintf(origin, sizeof origin, "load %s", budget->name);
    const char *targets[] = {outlet->path};
    struct command_wish wish = {
        .action = COMMAND_OFF,
        .targets = targets,
        .target_count = 1,
        .actor = "load",
        .origin = origin,
        .reason = reason,
        .role = ROLE_ADMINISTRATOR, /* only they may write budgets */
        .automatic = true,
    };
    commands_submit(load->commands, &wish, &answer);
    return answer.verdict == COMMAND_ACCEPTED || answer.verdict == COMMAND_REPEATED;
}

/* The next one of the order that is on; one that the door refuses is passed over. */
static bool shed_one(struct load *load, struct load_budget *budget, const char *reason)
{
    for (size_t i = 0; i < budget->shed_count; i++) {
        const struct load_outlet *outlet = &load->outlets[budget->shed[i]];
        if (budget->tried[i] || load_outlet_state(load, outlet) != 1)
            continue;
        budget->tried[i] = true;
        if (ask_off(load, budget, outlet, reason))
            return true;
    }
    return false;
}

/* ---- one budget ------------------------------------------------------------------------------ */

static void shed(struct load *load, struct load_budget *budget, double is)
{
    char reason[160], text[240];
    describe(budget, is, reason, sizeof reason);
    budget->shedding = true;
    if (shed_one(load, budget, reason)) {
        budget->last_shed = loop_now(load->loop);
        budget->shed_done++;
        return;
    }
    if (!budget->exhausted) {
        snprintf(text, sizeof text, "%s, and nothing is left that may be switched off", reason);
        say(load, budget, EVENT_LOAD_OVER, text);
    }
    budget->exhausted = true;
}

static void heed_over(struct load *load, struct load_budget *budget, const struct load_sum *now)
{
    clock_us mono = loop_now(load->loop);
    if (!budget->over_since)
        budget->over_since = mono;
    if (mono - budget->over_since < budget->settings->shed_after)
        return;
    if (!budget->told) {
        char text[160];
        describe(budget, now->number, text, sizeof text);
        say(load, budget, EVENT_LOAD_OVER, text);
    }
    budget->told = true;
    /* A reading from before the last one went off says nothing about it. */
    bool settled =
        mono - budget->last_shed >= budget->settings->shed_after && now->as_of > budget->last_shed;
    if (budget->shed_count && (!budget->last_shed || settled))
        shed(load, budget, now->number);
}

static void heed_normal(struct load *load, struct load_budget *budget, const struct load_sum *now)
{
    if (budget->told) {
        char text[160];
        describe(budget, now->number, text, sizeof text);
        say(load, budget, EVENT_LOAD_NORMAL, text);
    }
    memset(budget->tried, 0, budget->shed_count);
    budget->told = budget->shedding = budget->exhausted = false;
    budget->over_since = budget->last_shed = 0;
    budget->shed_done = 0;
}

static void look(struct load *load, struct load_budget *budget)
{
    struct load_sum now = load_budget_now(load, budget);
    double limit = budget->settings->limit;
    bool measured = budget->measured_count || budget->blind;
    /* Only what is read counts: silence is no overload, and a guess none either. */
    if (now.basis != (measured ? LOAD_MEASURED : LOAD_SUMMED)) {
        budget->over_since = 0;
        return;
    }
    if (now.number > limit ||
        (budget->shedding && now.number > limit - budget->settings->hysteresis))
        heed_over(load, budget, &now);
    else if (now.number <= limit - budget->settings->hysteresis || !budget->told)
        heed_normal(load, budget, &now);
    else
        budget->over_since = 0;
}

void load_shed_look(struct load *load)
{
    for (size_t i = 0; i < load->budget_count; i++)
        look(load, &load->budgets[i]);
}
