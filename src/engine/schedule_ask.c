/* Wishes of schedules at the door of commands, and what waits because the door could not take it.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/time_text.h"
#include "engine/event_log.h"
#include "engine/schedule_private.h"

/* A moment that is further back was missed: the wish says so. */
#define LATE (60 * CLOCK_S)
/* A state is still wanted after so long; a reboot or a pulse only about its time. */
#define AGAIN_STATE (600 * CLOCK_S)
#define AGAIN_MOMENT (60 * CLOCK_S)

void schedule_note(struct schedules *schedules, size_t rule, bool problem, const char *format, ...)
{
    struct schedule_fact *fact = &schedules->progress[rule].fact;
    const char *name = schedules->plan->rules[rule].name;
    va_list arguments;
    fact->wall = loop_wall(schedules->loop);
    fact->ok = !problem;
    va_start(arguments, format);
    vsnprintf(fact->text, sizeof fact->text, format, arguments);
    va_end(arguments);
    if (!problem)
        return;
    char object[LIMIT_NAME + 16], text[LIMIT_NAME + sizeof fact->text + 16];
    snprintf(object, sizeof object, "schedules.%s", name);
    snprintf(text, sizeof text, "schedule %s: %s", name, fact->text);
    event_log_add(schedules->events, &(struct event){.kind = EVENT_SCHEDULE_PROBLEM,
                                                     .actor = "schedule",
                                                     .object = object,
                                                     .text = text});
}

/* ---- at the door ----------------------------------------------------------------------------- */

static const char *why_late(const struct schedules *schedules, const struct schedule_rule *rule,
                            clock_us moment)
{
    if (loop_wall(schedules->loop) - moment <= LATE)
        return "";
    return schedules->progress[rule - schedules->plan->rules].fresh
               ? "; its window holds, and the schedule is new or was changed"
               : "; done late, since it was missed";
}

static void ask_door(struct schedules *schedules, const struct schedule_rule *rule,
                     const struct schedule_deed *deed, const char *const *targets, size_t count,
                     struct command_answer *answer)
{
    char origin[LIMIT_NAME + 16], reason[160], due[TIME_TEXT_SIZE];
    time_text_format_local(deed->moment, due);
    due[10] = ' ';
    due[16] = '\0'; /* "2026-11-21 06:30" */
    snprintf(origin, sizeof origin, "schedule %s", rule->name);
    snprintf(reason, sizeof reason, "due at %s%s", due, why_late(schedules, rule, deed->moment));
    struct command_wish wish = {
        .action = deed->action,
        .number = deed->number,
        .targets = targets,
        .target_count = count,
        .actor = "schedule",
        .origin = origin,
        .reason = reason,
        .role = ROLE_ADMINISTRATOR, /* only they may write schedules */
        .automatic = true,          /* and have confirmed it by that */
    };
    commands_submit(schedules->commands, &wish, answer);
}

/* Whether the door may say otherwise later: a device may still be on its way up. */
static bool may_change(enum command_verdict verdict)
{
    return verdict == COMMAND_CONFLICT || verdict == COMMAND_BUSY || verdict == COMMAND_NOT_FOUND;
}

/* ---- what waits ------------------------------------------------------------------------------ */

static void free_retry(struct schedule_retry *retry)
{
    for (size_t i = 0; i < retry->count; i++)
        free(retry->paths[i]);
    free(retry->paths);
    free(retry->rule);
    free(retry);
}

static void keep(struct schedules *schedules, const struct schedule_rule *rule,
                 const struct schedule_deed *deed, const char *const *paths, size_t count,
                 bool as_written)
{
    struct schedule_retry *retry = mem_new(sizeof *retry);
    retry->rule = mem_text(rule->name);
    retry->sum = rule->sum;
    retry->deed = *deed;
    retry->asked = loop_now(schedules->loop);
    retry->until =
        loop_now(schedules->loop) + (rule->state == SCHEDULE_ANY ? AGAIN_MOMENT : AGAIN_STATE);
    retry->as_written = as_written;
    retry->paths = mem_new(count * sizeof *retry->paths);
    for (; retry->count < count; retry->count++)
        retry->paths[retry->count] = mem_text(paths[retry->count]);
    struct schedule_retry **last = &schedules->retries;
    while (*last)
        last = &(*last)->next;
    *last = retry;
}

/* The place of a retry's rule in the plan; the number of rules when it is gone or another one. */
static size_t rule_of(const struct schedules *schedules, const struct schedule_retry *retry)
{
    size_t i = 0;
    for (; i < schedules->plan->rule_count; i++) {
        const struct schedule_rule *rule = &schedules->plan->rules[i];
        if (rule->sum == retry->sum && strcmp(rule->name, retry->rule) == 0)
            break;
    }
    return i;
}

void schedule_ask_tidy(struct schedules *schedules, bool all)
{
    for (struct schedule_retry **at = &schedules->retries; *at;) {
        struct schedule_retry *retry = *at;
        if (!all && retry->count && rule_of(schedules, retry) < schedules->plan->rule_count) {
            at = &retry->next;
            continue;
        }
        *at = retry->next;
        free_retry(retry);
    }
}

void schedule_ask_forget(struct schedules *schedules, const char *path)
{
    for (struct schedule_retry *retry = schedules->retries; retry; retry = retry->next) {
        for (size_t i = 0; i < retry->count; i++) {
            if (strcmp(retry->paths[i], path) != 0)
                continue;
            free(retry->paths[i]);
            /* The order of a sequence stays. */
            memmove(&retry->paths[i], &retry->paths[i + 1],
                    (retry->count - i - 1) * sizeof *retry->paths);
            retry->count--;
            retry->as_written = false;
            break;
        }
    }
    schedule_ask_tidy(schedules, false);
}

/* ---- asking ---------------------------------------------------------------------------------- */

static enum command_verdict ask(struct schedules *schedules, size_t index,
                                const struct schedule_deed *deed, const char *const *paths,
                                size_t count, bool as_written, bool last_try)
{
    const struct schedule_rule *rule = &schedules->plan->rules[index];
    const char *name = command_action_name(deed->action);
    struct command_answer answer = {0};
    if (as_written)
        ask_door(schedules, rule, deed, rule->targets, rule->target_count, &answer);
    else
        ask_door(schedules, rule, deed, paths, count, &answer);
    if (answer.verdict == COMMAND_ACCEPTED || answer.verdict == COMMAND_REPEATED)
        schedule_note(schedules, index, false, "%s accepted as %s", name,
                      answer.command ? answer.command->id : "a command");
    else if (may_change(answer.verdict) && !last_try)
        schedule_note(schedules, index, false, "%s waits: %.160s", name, answer.err.text);
    else
        schedule_note(schedules, index, true, "%s was not done: %.160s", name, answer.err.text);
    return answer.verdict;
}

void schedule_ask(struct schedules *schedules, size_t rule, const struct schedule_deed *deed,
                  const char *const *paths, size_t count, bool as_written)
{
    enum command_verdict verdict = ask(schedules, rule, deed, paths, count, as_written, false);
    if (may_change(verdict))
        keep(schedules, &schedules->plan->rules[rule], deed, paths, count, as_written);
}

/* Whether it is through with, one way or the other. */
static bool ask_once_more(struct schedules *schedules, size_t rule,
                          const struct schedule_retry *retry)
{
    clock_us now = loop_now(schedules->loop);
    if (now == retry->asked)
        return false; /* it has just been asked for the first time */
    bool last_try = now >= retry->until;
    enum command_verdict verdict =
        ask(schedules, rule, &retry->deed, (const char *const *)retry->paths, retry->count,
            retry->as_written, last_try);
    return last_try || !may_change(verdict);
}

void schedule_ask_again(struct schedules *schedules)
{
    struct schedule_retry *waiting = schedules->retries;
    bool fewer = false;
    schedules->retries = NULL;
    struct schedule_retry **last = &schedules->retries;
    for (struct schedule_retry *retry = waiting, *next; retry; retry = next) {
        size_t rule = rule_of(schedules, retry);
        next = retry->next;
        retry->next = NULL;
        if (rule < schedules->plan->rule_count && !ask_once_more(schedules, rule, retry)) {
            *last = retry;
            last = &retry->next;
        } else {
            free_retry(retry);
            fewer = true;
        }
    }
    if (fewer)
        schedule_keep_save(schedules);
}
