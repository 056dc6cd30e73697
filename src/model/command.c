#include "model/command.h"

#include <assert.h>
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define ID_BYTES 8

static const struct action_row {
    const char *name, *label, *help;
    enum access_role role;
} actions[] = {
    [COMMAND_ON] = {"on", "On", "Switched on at once, and proven on.", ROLE_CONTROL},
    [COMMAND_OFF] = {"off", "Off", "Switched off at once, and proven off.", ROLE_CONTROL},
    [COMMAND_ON_DELAYED] = {"on-delayed", "On Delayed", "Switched on after the outlet's on delay.",
                            ROLE_CONTROL},
    [COMMAND_OFF_DELAYED] = {"off-delayed", "Off Delayed",
                             "Switched off after the outlet's off delay.", ROLE_CONTROL},
    [COMMAND_REBOOT] = {"reboot", "Reboot",
                        "Switched off at once, proven off, left off for the reboot hold, switched "
                        "on.",
                        ROLE_CONTROL},
    [COMMAND_REBOOT_DELAYED] = {"reboot-delayed", "Reboot Delayed",
                                "The same as a reboot, after the reboot delay.", ROLE_CONTROL},
    [COMMAND_PULSE] = {"pulse", "Pulse", "Active for the output's pulse length, then back.",
                       ROLE_CONTROL},
    [COMMAND_SET] = {"set", "Set", "Brought to this number.", ROLE_CONTROL},
    [COMMAND_RESET_ENERGY] = {"reset-energy", "Reset kWh",
                              "The energy counters begin anew at 0; the records stay.",
                              ROLE_ADMINISTRATOR},
    [COMMAND_CANCEL] = {"cancel", "Cancel", "What is still pending is dropped.", ROLE_CONTROL},
};

static const struct state_row {
    const char *name;
    bool final;
} states[] = {
    [COMMAND_PENDING] = {"pending", false},    [COMMAND_SENT] = {"sent", false},
    [COMMAND_CONFIRMED] = {"confirmed", true}, [COMMAND_CANCELLED] = {"cancelled", true},
    [COMMAND_REFUSED] = {"refused", true},     [COMMAND_FAILED] = {"failed", true},
    [COMMAND_UNKNOWN] = {"unknown", false},
};

static const char *const verdicts[] = {
    [COMMAND_ACCEPTED] = "accepted",
    [COMMAND_REPEATED] = "repeated",
    [COMMAND_NOT_FOUND] = "not-found",
    [COMMAND_NOT_ALLOWED] = "not-allowed",
    [COMMAND_NEEDS_CONFIRM] = "needs-confirm",
    [COMMAND_CONFLICT] = "conflict",
    [COMMAND_BUSY] = "busy",
    [COMMAND_INVALID] = "invalid",
};

/* One that is kept. Its steps and their texts are one piece of memory behind it. */
struct kept {
    struct command command; /* first: a command that is handed out is its kept one */
    struct kept *newer, *older;
};

struct commands {
    struct clock *clock;
    struct command_executor executor;
    struct kept *newest, *oldest;
    struct kept *draft;
    struct command_watch *watches;
    size_t count, underway, steps;
};

const char *command_action_name(enum command_action action)
{
    return actions[action].name;
}

const char *command_action_label(enum command_action action)
{
    return actions[action].label;
}

const char *command_action_help(enum command_action action)
{
    return actions[action].help;
}

enum access_role command_action_role(enum command_action action)
{
    return actions[action].role;
}

enum command_action command_action_find(const char *name)
{
    int action = 0;
    while (action < COMMAND_ACTIONS && strcmp(actions[action].name, name) != 0)
        action++;
    return (enum command_action)action;
}

const char *command_state_name(enum command_state state)
{
    return states[state].name;
}

bool command_state_final(enum command_state state)
{
    return states[state].final;
}

const char *command_verdict_name(enum command_verdict verdict)
{
    return verdicts[verdict];
}

/* ---- keeping --------------------------------------------------------------------------------- */

static void copy_text(char *into, size_t size, const char *text)
{
    snprintf(into, size, "%s", text ? text : "");
}

/* The labels lie behind the steps. NULL when out of memory. */
static struct kept *build(struct commands *commands, const struct command_wish *wish,
                          const struct command_plan *plan, size_t count)
{
    size_t texts = 0;
    for (size_t i = 0; i < count; i++)
        texts += strlen(plan[i].label ? plan[i].label : "") + 1;
    struct kept *kept = calloc(1, sizeof *kept + count * sizeof(struct command_step) + texts);
    if (!kept)
        return NULL;
    struct command *command = &kept->command;
    command->action = wish->action;
    command->number = wish->number;
    command->delay = wish->delay;
    copy_text(command->actor, sizeof command->actor, wish->actor);
    copy_text(command->origin, sizeof command->origin, wish->origin);
    copy_text(command->reason, sizeof command->reason, wish->reason);
    copy_text(command->key, sizeof command->key, wish->key);
    command->accepted = clock_mono(commands->clock);
    command->accepted_wall = clock_wall(commands->clock);
    command->step_count = count;
    command->steps = (struct command_step *)(kept + 1);
    char *text = (char *)(command->steps + count);
    for (size_t i = 0; i < count; i++) {
        struct command_step *step = &command->steps[i];
        copy_text(step->target, sizeof step->target, plan[i].target);
        copy_text(step->reason, sizeof step->reason, plan[i].reason);
        step->label = strcpy(text, plan[i].label ? plan[i].label : "");
        text += strlen(text) + 1;
        step->due = plan[i].due;
        step->before = step->after = plan[i].before;
        step->wish = plan[i].wish;
        step->written_us = step->confirmed_us = -1;
    }
    return kept;
}

static void drop(struct commands *commands, struct kept *kept)
{
    *(kept->newer ? &kept->newer->older : &commands->newest) = kept->older;
    *(kept->older ? &kept->older->newer : &commands->oldest) = kept->newer;
    commands->count--;
    commands->steps -= kept->command.step_count;
    free(kept);
}

/* The oldest that have ended go first; what is under way stays, however much it is. */
static void make_room(struct commands *commands, size_t steps, const struct kept *but)
{
    struct kept *kept = commands->oldest;
    while (kept && (commands->count > LIMIT_COMMANDS_KEPT ||
                    commands->steps + steps > LIMIT_COMMAND_STEPS_KEPT)) {
        struct kept *newer = kept->newer;
        if (kept->command.ended && kept != but)
            drop(commands, kept);
        kept = newer;
    }
}

static void tell(struct commands *commands, const struct command *command)
{
    for (struct command_watch *watch = commands->watches, *next; watch; watch = next) {
        next = watch->next;
        watch->changed(watch->user, command);
    }
}

struct command *commands_add(struct commands *commands, const struct command_wish *wish,
                             const char *id, const struct command_plan *steps, size_t count)
{
    bool full = commands->underway >= LIMIT_COMMANDS_UNDERWAY && wish->action != COMMAND_CANCEL;
    if (full || count > LIMIT_COMMAND_TARGETS)
        return NULL;
    make_room(commands, count, NULL);
    struct kept *kept = build(commands, wish, steps, count);
    if (!kept)
        return NULL;
    if (id) {
        copy_text(kept->command.id, sizeof kept->command.id, id);
    } else {
        unsigned char random[ID_BYTES];
        randombytes_buf(random, sizeof random);
        sodium_bin2hex(kept->command.id, sizeof kept->command.id, random, sizeof random);
    }
    kept->older = commands->newest;
    *(commands->newest ? &commands->newest->newer : &commands->oldest) = kept;
    commands->newest = kept;
    commands->count++;
    commands->underway++;
    commands->steps += count;
    return &kept->command;
}

void commands_recalled(struct commands *commands, struct command *command, clock_us accepted_wall,
                       clock_us took)
{
    clock_us ago = clock_wall(commands->clock) - accepted_wall;
    command->accepted_wall = accepted_wall;
    command->accepted -= ago > 0 ? ago : 0;
    command->ended = command->accepted + took;
    command->ended = command->ended ? command->ended : 1;
    commands->underway--;
}

struct command *commands_draft(struct commands *commands, const struct command_wish *wish,
                               const struct command_plan *steps, size_t count)
{
    free(commands->draft);
    commands->draft = build(commands, wish, steps, count);
    return commands->draft ? &commands->draft->command : NULL;
}

void commands_touch(struct commands *commands, struct command *command)
{
    tell(commands, command);
}

void commands_end(struct commands *commands, struct command *command)
{
    clock_us now = clock_mono(commands->clock);
    assert(!command->ended);
    command->ended = now > 0 ? now : 1;
    commands->underway--;
    tell(commands, command);
    make_room(commands, 0, (const struct kept *)command);
}

/* ---- the door -------------------------------------------------------------------------------- */

static const struct command *find_key(const struct commands *commands,
                                      const struct command_wish *wish)
{
    for (const struct kept *kept = commands->newest; kept; kept = kept->older) {
        if (strcmp(kept->command.key, wish->key) == 0 &&
            strcmp(kept->command.actor, wish->actor) == 0)
            return &kept->command;
    }
    return NULL;
}

static int check(const struct command_wish *wish, struct err *err)
{
    const struct command *longest = NULL;
    if ((unsigned)wish->action >= COMMAND_ACTIONS)
        return err_set(err, -EINVAL, "there is no such action");
    if (wish->target_count == 0)
        return err_set(err, -EINVAL, "no target: name outlets, as in pdu-a/outlet-3");
    if (wish->target_count > LIMIT_COMMAND_TARGETS)
        return err_set(err, -E2BIG, "more than %d targets", LIMIT_COMMAND_TARGETS);
    if (wish->delay < 0 || wish->delay > 7 * 86400 * CLOCK_S)
        return err_set(err, -EINVAL, "the delay must be between 0 s and 7 d");
    if (wish->key && strlen(wish->key) >= sizeof longest->key)
        return err_set(err, -EINVAL, "the key is longer than %zu bytes", sizeof longest->key - 1);
    return 0;
}

/* The same key with another wish is a mistake of the client: neither is done in silence. */
static void repeat(const struct command *earlier, const struct command_wish *wish,
                   struct command_answer *answer)
{
    if (earlier->action != wish->action) {
        answer->verdict = COMMAND_INVALID;
        err_set(&answer->err, -EINVAL,
                "the key \"%s\" belongs to command %s (%s): use a new key for a new command",
                earlier->key, earlier->id, command_action_label(earlier->action));
        return;
    }
    answer->verdict = COMMAND_REPEATED;
    answer->command = earlier;
}

void commands_submit(struct commands *commands, const struct command_wish *wish,
                     struct command_answer *answer)
{
    struct command_wish full = *wish;
    *answer = (struct command_answer){.verdict = COMMAND_INVALID};
    full.actor = wish->actor ? wish->actor : "";
    full.origin = wish->origin ? wish->origin : "";
    full.reason = wish->reason ? wish->reason : "";
    full.key = wish->key && *wish->key ? wish->key : NULL;
    if (check(&full, &answer->err) < 0)
        return;
    const struct command *earlier = full.key && !full.only_ask ? find_key(commands, &full) : NULL;
    if (earlier) {
        repeat(earlier, &full, answer);
        return;
    }
    if (!commands->executor.submit) {
        answer->verdict = COMMAND_BUSY;
        err_set(&answer->err, -EAGAIN, "nothing can be switched now: busbar is starting or ending");
        return;
    }
    commands->executor.submit(commands->executor.user, &full, answer);
}

int commands_cancel(struct commands *commands, const char *id, const char *actor,
                    const char *origin, enum access_role role, struct err *err)
{
    for (struct kept *kept = commands->newest; kept; kept = kept->older) {
        if (strcmp(kept->command.id, id) != 0)
            continue;
        if (kept->command.ended)
            return err_set(err, -EALREADY, "command %s has ended: there is nothing to cancel", id);
        if (role < ROLE_CONTROL)
            return err_set(err, -EACCES, "cancelling needs the role control");
        return commands->executor.cancel
                   ? commands->executor.cancel(commands->executor.user, &kept->command, actor,
                                               origin, role, err)
                   : err_set(err, -EAGAIN, "nothing can be cancelled now: busbar is ending");
    }
    return err_set(err, -ENOENT, "there is no command \"%.40s\"", id);
}

/* ---- asking, watching ------------------------------------------------------------------------ */

const struct command *commands_find(const struct commands *commands, const char *id)
{
    const struct kept *kept = commands->newest;
    while (kept && strcmp(kept->command.id, id) != 0)
        kept = kept->older;
    return kept ? &kept->command : NULL;
}

const struct command *commands_at(const struct commands *commands, size_t index)
{
    const struct kept *kept = commands->newest;
    while (kept && index-- > 0)
        kept = kept->older;
    return kept ? &kept->command : NULL;
}

const struct command *commands_older(const struct commands *commands, const struct command *newer)
{
    /* a command that is handed out is the head of its kept one */
    const struct kept *kept = newer ? ((const struct kept *)newer)->older : commands->newest;
    return kept ? &kept->command : NULL;
}

size_t commands_count(const struct commands *commands)
{
    return commands->count;
}

size_t commands_underway(const struct commands *commands)
{
    return commands->underway;
}

void commands_watch(struct commands *commands, struct command_watch *watch)
{
    watch->next = commands->watches;
    commands->watches = watch;
}

void commands_unwatch(struct commands *commands, struct command_watch *watch)
{
    struct command_watch **at = &commands->watches;
    while (*at && *at != watch)
        at = &(*at)->next;
    if (*at)
        *at = watch->next;
}

/* ---- life ------------------------------------------------------------------------------------ */

struct commands *commands_new(struct clock *clock)
{
    struct commands *commands = mem_new(sizeof *commands);
    commands->clock = clock;
    return commands;
}

struct commands *commands_free(struct commands *commands)
{
    if (!commands)
        return NULL;
    while (commands->oldest)
        drop(commands, commands->oldest);
    free(commands->draft);
    free(commands);
    return NULL;
}

void commands_set_executor(struct commands *commands, const struct command_executor *executor)
{
    commands->executor = executor ? *executor : (struct command_executor){0};
}
