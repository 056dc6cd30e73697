/* Commands of the protocol, carried out at the door of commands with the user's own rights. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "engine/event_log.h"
#include "face/nut_private.h"
#include "model/command.h"

#define DELAY_MOST 86400 /* s */
#define TARGETS_MOST 1024

/* Behind "outlet.N." and, of what has outlets and no battery, alone. */
static const struct deed {
    const char *name;
    enum command_action action;
    bool all; /* also for all outlets at once */
    const char *help;
} deeds[] = {
    {"load.off", COMMAND_OFF, true, "Switch off at once"},
    {"load.on", COMMAND_ON, true, "Switch on at once"},
    {"load.cycle", COMMAND_REBOOT, true, "Off, proven off, on again"},
    {"load.off.delay", COMMAND_OFF_DELAYED, true, "Switch off after a delay"},
    {"load.on.delay", COMMAND_ON_DELAYED, true, "Switch on after a delay"},
    {"shutdown.return", COMMAND_REBOOT_DELAYED, false, "After a delay off, and on again"},
};

#define DEEDS (sizeof deeds / sizeof *deeds)

/* ---- which there are ------------------------------------------------------------------------- */

struct walking {
    bool (*fn)(void *user, const char *name, const char *help);
    void *user;
    size_t switchable;
    bool over;
};

static void walk_outlet(void *user, const struct nut_outlet *outlet)
{
    struct walking *walking = user;
    char name[NUT_NAME_MOST];
    if (!outlet->known || !outlet->outlet.switchable)
        return;
    walking->switchable++;
    for (size_t i = 0; i < DEEDS && walking->fn && !walking->over; i++) {
        snprintf(name, sizeof name, "outlet.%d.%s", outlet->number, deeds[i].name);
        walking->over = !walking->fn(walking->user, name, deeds[i].help);
    }
}

void nut_commands_each(const struct nut_model *model, const struct nut_ups *ups,
                       bool (*fn)(void *user, const char *name, const char *help), void *user)
{
    struct walking walking = {.fn = fn, .user = user};
    nut_ups_outlets(model, ups, walk_outlet, &walking);
    for (size_t i = 0; i < DEEDS && walking.switchable && !walking.over && nut_ups_is_segment(ups);
         i++) {
        if (deeds[i].all)
            walking.over = !fn(user, deeds[i].name, deeds[i].help);
    }
}

/* ---- one of them ----------------------------------------------------------------------------- */

struct gathering {
    int number; /* 0: all */
    const char *paths[TARGETS_MOST];
    size_t count;
};

static void gather(void *user, const struct nut_outlet *outlet)
{
    struct gathering *gathering = user;
    bool wanted = !gathering->number || gathering->number == outlet->number;
    if (wanted && outlet->known && outlet->outlet.switchable && gathering->count < TARGETS_MOST)
        gathering->paths[gathering->count++] = outlet->outlet.path;
}

/* "outlet.3.load.off" -> its row and 3, "load.off" -> its row and 0; NULL when there is none. */
static const struct deed *find_deed(const char *name, int *number)
{
    *number = 0;
    if (strncmp(name, "outlet.", 7) == 0) {
        char *end;
        long value = strtol(name + 7, &end, 10);
        if (name[7] < '0' || name[7] > '9' || *end != '.' || value > TARGETS_MOST)
            return NULL;
        *number = (int)value; /* 0 is all of them in NUT, too */
        name = end + 1;
    }
    for (size_t i = 0; i < DEEDS; i++) {
        if (strcmp(deeds[i].name, name) == 0 && (*number || deeds[i].all))
            return &deeds[i];
    }
    return NULL;
}

/* Seconds; -1 when the text is none. */
static int64_t delay_of(const char *value)
{
    char *end;
    if (!*value)
        return 0;
    long seconds = strtol(value, &end, 10);
    return *end || value[0] < '0' || value[0] > '9' || seconds > DELAY_MOST ? -1 : seconds;
}

static const char *const verdict_codes[COMMAND_VERDICTS] = {
    [COMMAND_NOT_FOUND] = "CMD-NOT-SUPPORTED", [COMMAND_NOT_ALLOWED] = "ACCESS-DENIED",
    [COMMAND_NEEDS_CONFIRM] = "ACCESS-DENIED", [COMMAND_CONFLICT] = "INSTCMD-FAILED",
    [COMMAND_BUSY] = "INSTCMD-FAILED",         [COMMAND_INVALID] = "INVALID-ARGUMENT",
};

/* The door only asks back and keeps no record; nobody can answer over NUT, so it is a refusal. */
static void tell_critical(const struct nut_client *client, const char *name, const char *target,
                          struct err *err)
{
    char text[500];
    err_set(err, -EACCES,
            "an outlet of these is critical and must be confirmed: switch it on the pages");
    snprintf(text, sizeof text,
             "NUT: %.60s of %.96s refused: critical outlets are not switched over "
             "NUT, where nobody can confirm it. Wanted by %s (%s)",
             name, target, client->user, client->address_text);
    event_log_add(client->nut->context.events, &(struct event){.kind = EVENT_CONTROL_REFUSED,
                                                               .actor = client->user,
                                                               .origin = client->address_text,
                                                               .object = target,
                                                               .text = text});
}

const char *nut_command_run(struct nut_client *client, const struct nut_ups *ups, const char *name,
                            const char *value, char *id, struct err *err)
{
    const struct nut *nut = client->nut;
    struct gathering *targets = calloc(1, sizeof *targets);
    struct command_answer answer = {.verdict = COMMAND_NOT_FOUND, .err = ERR_EMPTY};
    int64_t delay = delay_of(value);
    int number;
    const struct deed *deed = find_deed(name, &number);
    if (targets && deed && (number || nut_ups_is_segment(ups))) {
        targets->number = number;
        nut_ups_outlets(&nut->model, ups, gather, targets);
    }
    if (targets && targets->count && delay >= 0) {
        char reason[80];
        snprintf(reason, sizeof reason, "NUT: %s %.40s", ups->name, name);
        commands_submit(nut->context.commands,
                        &(struct command_wish){.action = deed->action,
                                               .targets = targets->paths,
                                               .target_count = targets->count,
                                               .delay = delay * CLOCK_S,
                                               .actor = client->user,
                                               .origin = client->address_text,
                                               .reason = reason,
                                               .role = nut_client_role(client)},
                        &answer);
        *err = answer.err;
        if (answer.verdict == COMMAND_NEEDS_CONFIRM)
            tell_critical(client, name, targets->paths[0], err);
        else if (answer.verdict <= COMMAND_REPEATED)
            snprintf(id, 24, "%s", answer.command->id);
    }
    free(targets);
    return delay < 0 ? "INVALID-ARGUMENT" : verdict_codes[answer.verdict];
}

/* ---- who may force a shutdown ---------------------------------------------------------------- */

struct judging {
    const struct nut *nut;
    const char *actor;
    enum access_role role;
    struct err *err;
    bool refused;
};

static void judge(void *user, const struct nut_outlet *one)
{
    struct judging *judging = user;
    const struct switcher *switcher = judging->nut->model.switcher;
    size_t index;
    if (judging->refused || !one->known || !one->outlet.switchable ||
        switcher_target(switcher, one->outlet.path, &index, 1, judging->err) == 0)
        return;
    judging->refused = !switcher_may(switcher, index, judging->actor, judging->role, judging->err);
}

bool nut_may_force(const struct nut *nut, const struct nut_ups *ups, const char *actor,
                   enum access_role role, struct err *err)
{
    struct judging judging = {.nut = nut, .actor = actor, .role = role, .err = err};
    nut_ups_outlets(&nut->model, ups, judge, &judging);
    return !judging.refused;
}
