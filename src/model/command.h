/* command - the one door for wishes: whatever a face, a schedule or an alarm wants done comes in
 * here.
 *
 * A command names targets (outlets, groups, outputs), an action, who wants it, from where and why.
 * The door checks that it may be done and says why not; the executor (engine/switcher) carries it
 * out step by step and reports; watchers (live stream, event log) hear of every change. Accepted is
 * not done: a command is `done` when each target was read back as wished. The same key from the
 * same actor gives the same command, so a client may repeat a request whose answer it lost.
 *
 * Commands are kept for a while after their end (LIMIT_COMMANDS_KEPT). Loop thread only.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"
#include "model/access_role.h"
#include "model/limits.h"

struct commands;

/* One row each in command.c: name in the API, label, what people are told will happen. */
enum command_action {
    COMMAND_ON,
    COMMAND_OFF,
    COMMAND_ON_DELAYED, /* after the outlet's own delay */
    COMMAND_OFF_DELAYED,
    COMMAND_REBOOT, /* off, proven off, held off, on */
    COMMAND_REBOOT_DELAYED,
    COMMAND_PULSE,        /* of an output: its chosen length, then back */
    COMMAND_SET,          /* of an output: a number (PWM percent) */
    COMMAND_RESET_ENERGY, /* administrators: the counter begins anew, and a record says so */
    COMMAND_CANCEL,       /* whatever is pending on the targets; always wins */
    COMMAND_ACTIONS
};

const char *command_action_name(enum command_action action);  /* "on-delayed" */
const char *command_action_label(enum command_action action); /* "On Delayed" */
const char *command_action_help(enum command_action action);  /* what will happen, a sentence */
/* Who may do it at all. */
enum access_role command_action_role(enum command_action action);
/* COMMAND_ACTIONS when there is none. */
enum command_action command_action_find(const char *name);

enum command_state {
    COMMAND_PENDING,   /* waits for its time, for a parent, or for the off time that must pass */
    COMMAND_SENT,      /* written or being written; not read back yet */
    COMMAND_CONFIRMED, /* read back as wished */
    COMMAND_CANCELLED,
    COMMAND_REFUSED, /* by a rule or by the hardware: nothing was changed */
    COMMAND_FAILED,  /* the hardware accepted and did not obey */
    COMMAND_UNKNOWN, /* written, and what became of it cannot be read */
    COMMAND_STATES
};

const char *command_state_name(enum command_state state);

/* Whether nothing more comes after this state. An unknown outcome is read again for a while: its
 * command is under way until `ended`. */
bool command_state_final(enum command_state state);

/* One target of a command. Texts are owned by the door. */
struct command_step {
    char target[LIMIT_PATH + 1]; /* "pdu-a/outlet-3" */
    const char *label;
    enum command_state state;
    char reason[200];                 /* a sentence when it is refused, failed, unknown or waits */
    clock_us due;                     /* monotonic: when the next thing happens; CLOCK_NEVER */
    double before, after;             /* the state's number before and now; NaN when not known */
    double wish;                      /* what is being brought about now: a reboot has two wishes */
    int64_t written_us, confirmed_us; /* after acceptance; -1 */
};

struct command {
    char id[24];
    enum command_action action;
    double number;  /* of COMMAND_SET */
    clock_us delay; /* asked for, before the first step; 0 */
    char actor[LIMIT_NAME + 1], origin[64], reason[200], key[72];
    clock_us accepted, accepted_wall;
    clock_us ended; /* 0 while under way */
    size_t step_count;
    struct command_step *steps; /* in the order in which they happen */
};

struct command_wish {
    enum command_action action;
    /* Paths of outlets and outputs; "group/NAME"; the name of a device for all its outlets; any of
     * them with a star for letters of a part, "pdu-a/outlet-*". Of COMMAND_RESET_ENERGY any
     * component, and a device for all that it counts. */
    const char *const *targets;
    size_t target_count;
    double number;
    clock_us delay;
    const char *actor, *origin, *reason, *key; /* key may be NULL */
    enum access_role role;
    const char *confirm; /* the code that a refusal for want of confirmation gave, or NULL */
    bool only_ask;       /* check and say what would happen; nothing is done */
    /* A schedule, an alarm, a power-up: there is nobody to ask for confirmation, and what a person
     * wants goes before it. `role` is that of whoever set it up. */
    bool automatic;
};

enum command_verdict {
    COMMAND_ACCEPTED,
    COMMAND_REPEATED,      /* the same key: `command` is the earlier one */
    COMMAND_NOT_FOUND,     /* a target does not exist; err names it and the nearest */
    COMMAND_NOT_ALLOWED,   /* the role, a lock, an interlock, the load budget; err says which */
    COMMAND_NEEDS_CONFIRM, /* critical targets: ask again with `confirm`, within two minutes */
    COMMAND_CONFLICT,      /* the target is busy with another command */
    COMMAND_BUSY,          /* too many under way */
    COMMAND_INVALID,       /* the wish itself makes no sense: no target, a number out of range */
    COMMAND_VERDICTS
};

/* "accepted", "needs-confirm" */
const char *command_verdict_name(enum command_verdict verdict);

struct command_answer {
    enum command_verdict verdict;
    /* accepted, repeated; or what would happen (only_ask, needs confirmation): then it has no id
     * and lives until the next wish */
    const struct command *command;
    char confirm[16]; /* the code, with COMMAND_NEEDS_CONFIRM */
    struct err err;
};

/* Who carries commands out: engine/switcher. */
struct command_executor {
    void (*submit)(void *user, const struct command_wish *wish, struct command_answer *answer);
    /* Drop what is pending of a command that is under way; 0, or -EACCES with `err`. */
    int (*cancel)(void *user, struct command *command, const char *actor, const char *origin,
                  enum access_role role, struct err *err);
    void *user;
};

struct command_watch {
    /* a command was accepted, one of its steps changed, or it ended */
    void (*changed)(void *user, const struct command *command);
    void *user;
    struct command_watch *next;
};

/* `clock` is borrowed. */
struct commands *commands_new(struct clock *clock);
struct commands *commands_free(struct commands *commands);
void commands_set_executor(struct commands *commands, const struct command_executor *executor);

/* At the door. `answer` is always filled. */
void commands_submit(struct commands *commands, const struct command_wish *wish,
                     struct command_answer *answer);

/* By id; newest first by index. NULL when there is none. Valid until the loop's next turn. */
const struct command *commands_find(const struct commands *commands, const char *id);
const struct command *commands_at(const struct commands *commands, size_t index);
/* The one before `newer` in time, NULL: the newest. For walks over all of them. */
const struct command *commands_older(const struct commands *commands, const struct command *newer);
size_t commands_count(const struct commands *commands);
size_t commands_underway(const struct commands *commands);

/* Drop what is pending of one command. 0; -ENOENT when there is none such, -EALREADY when it has
 * ended, -EACCES when this actor may not: `err` says so. */
int commands_cancel(struct commands *commands, const char *id, const char *actor,
                    const char *origin, enum access_role role, struct err *err);

void commands_watch(struct commands *commands, struct command_watch *watch);
void commands_unwatch(struct commands *commands, struct command_watch *watch);

/* ---- for the executor alone ------------------------------------------------------------------ */

/* A step as it is planned. */
struct command_plan {
    const char *target, *label; /* copied */
    clock_us due;
    double before, wish;
    const char *reason; /* NULL: "" */
};

/* A new command of `wish` with these steps, all pending. `id` NULL: a new one; else that of a
 * command that goes on after a restart. NULL when LIMIT_COMMANDS_UNDERWAY (a cancel always fits) or
 * the steps' limit is reached, or out of memory. */
struct command *commands_add(struct commands *commands, const struct command_wish *wish,
                             const char *id, const struct command_plan *steps, size_t count);

/* A command just added is one of an earlier run that ended then, so that its key is known. Nobody
 * is told. `took`: from acceptance to end. */
void commands_recalled(struct commands *commands, struct command *command, clock_us accepted_wall,
                       clock_us took);

/* The same for an answer that only tells what would happen; it is not kept. */
struct command *commands_draft(struct commands *commands, const struct command_wish *wish,
                               const struct command_plan *steps, size_t count);

/* Tell the watchers that the command, one of its steps, changed. */
void commands_touch(struct commands *commands, struct command *command);

/* The command has ended: stamps it, tells the watchers, lets the oldest go when too many are kept.
 */
void commands_end(struct commands *commands, struct command *command);
