/* Who may, what must not be together, what must wait. Each refusal is a sentence. */

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/switcher_private.h"

#define CONFIRM_SLOT (60 * CLOCK_S) /* a code holds in its slot and the next one */

/* ---- rights ---------------------------------------------------------------------------------- */

static int check_right(const char *what, const char *name, int64_t right, const char *users,
                       const char *actor, enum access_role role, struct err *err)
{
    if (right == OUTLET_RIGHT_ADMINISTRATOR && role < ROLE_ADMINISTRATOR)
        return err_set(err, -EACCES, "%s%s may be switched by administrators only", what, name);
    if (*users && role < ROLE_ADMINISTRATOR && !outlet_list_has(users, actor))
        return err_set(err, -EACCES, "%s%s may not be switched by %s, only by %.100s", what, name,
                       *actor ? actor : "everybody", users);
    return 0;
}

bool rules_may(const struct switcher *switcher, const struct outlet *outlet, const char *actor,
               enum access_role role, struct err *err)
{
    if (role < ROLE_CONTROL) {
        err_set(err, -EACCES, "switching needs the role control");
        return false;
    }
    const struct outlet_settings *settings = outlet->settings;
    if (check_right("", outlet->path, settings->right, settings->users, actor, role, err) < 0)
        return false;
    size_t index = (size_t)(outlet - switcher->outlets);
    for (size_t i = 0; i < switcher->group_count; i++) {
        const struct group *group = &switcher->groups[i];
        const struct group_settings *rules = group->settings;
        bool member = false;
        for (size_t j = 0; j < group->count && !member; j++)
            member = group->members[j] == index;
        if (member && check_right("the group ", group->name, rules->right, rules->users, actor,
                                  role, err) < 0)
            return false;
    }
    return true;
}

/* ---- conflicts ------------------------------------------------------------------------------- */

/* What nobody waits for any more, and what a schedule or a power-up has only planned. */
static bool yields(const struct run *run, const struct command_wish *wish)
{
    if (run_step(run)->state == COMMAND_UNKNOWN)
        return true;
    return run->automatic && !wish->automatic && run->place == RUN_WAIT;
}

static int check_conflict(const struct switcher *switcher, const struct command_wish *wish,
                          const struct outlet *outlet, struct err *err)
{
    const struct run *run = outlet->run;
    if (!run || yields(run, wish))
        return 0;
    const struct command *command = run->command;
    const struct command_step *step = run_step(run);
    char when[40] = "";
    if (step->due != CLOCK_NEVER && step->due > loop_now(switcher->loop)) {
        snprintf(when, sizeof when, ", due in ");
        say_duration(step->due - loop_now(switcher->loop), when + strlen(when), 30);
    }
    return err_set(err, -EBUSY,
                   "%s is busy: %s of %s%s (command %s). Wait for it, or cancel it first",
                   outlet->path, command_action_label(command->action),
                   *command->actor ? command->actor : "nobody", when, command->id);
}

/* ---- interlocks ------------------------------------------------------------------------------ */

static bool has_member(const struct interlock *interlock, size_t index)
{
    for (size_t i = 0; i < interlock->count; i++) {
        if (interlock->members[i] == index)
            return true;
    }
    return false;
}

/* What another outlet is or will be by then: an unknown one may be on. */
static bool may_be_on(const struct switcher *switcher, const struct plan *plan,
                      const struct outlet *outlet)
{
    int after = plan_after(plan, outlet);
    return after >= 0 ? after : outlet_reads(switcher, outlet) != 0;
}

static int refuse_together(const struct interlock *interlock, const struct outlet *outlet,
                           const struct outlet *other, int reads, struct err *err)
{
    return err_set(err, -EPERM, "%s must not be on together with %s (interlock %s), which %s",
                   outlet->path, other->path, interlock->name,
                   reads > 0   ? "is on"
                   : reads < 0 ? "may be on: its state is not known"
                               : "is to be on as well");
}

/* The others of a selector go off first: steps of their own. */
static int add_off(const struct switcher *switcher, struct plan *plan, const struct interlock *why,
                   const struct plan_item *item, struct outlet *other, struct err *err)
{
    int reads = outlet_reads(switcher, other);
    if (reads == 0)
        return 0;
    if (reads < 0)
        return refuse_together(why, item->outlet, other, reads, err);
    plan_add(plan, &(struct plan_item){
                       .outlet = other,
                       .point = other->state,
                       .due = item->due,
                       .wish = {outlet_number(other, false)},
                       .phases = 1,
                       .added = true,
                   });
    return 0;
}

static int check_exclusive(const struct switcher *switcher, const struct interlock *interlock,
                           struct plan *plan, size_t at, struct err *err)
{
    const struct plan_item item = plan->list[at];
    if (!has_member(interlock, (size_t)(item.outlet - switcher->outlets)) ||
        plan_after(plan, item.outlet) != 1)
        return 0;
    for (size_t i = 0; i < interlock->count; i++) {
        struct outlet *other = &switcher->outlets[interlock->members[i]];
        if (other == item.outlet || !may_be_on(switcher, plan, other))
            continue;
        int after = plan_after(plan, other);
        if (interlock->kind == INTERLOCK_NEVER_BOTH || after == 1)
            return refuse_together(interlock, item.outlet, other,
                                   after == 1 ? 0 : outlet_reads(switcher, other), err);
        if (add_off(switcher, plan, interlock, &item, other, err) < 0)
            return err->code;
    }
    return 0;
}

static int check_parent(const struct switcher *switcher, const struct interlock *interlock,
                        const struct plan *plan, const struct plan_item *item, struct err *err)
{
    if (interlock->parent < 0)
        return 0;
    const struct outlet *parent = &switcher->outlets[interlock->parent];
    bool goes_on = item->wish[item->phases - 1] == outlet_number(item->outlet, true);
    bool goes_off = item->wish[0] == outlet_number(item->outlet, false);
    if (goes_on && has_member(interlock, (size_t)(item->outlet - switcher->outlets))) {
        int after = plan_after(plan, parent);
        bool coming = parent->run && run_wants_on(parent->run);
        if (after == 1 || (after < 0 && (outlet_reads(switcher, parent) == 1 || coming)))
            return 0;
        return err_set(err, -EPERM, "%s needs %s to be on first (interlock %s), and it is %s",
                       item->outlet->path, parent->path, interlock->name,
                       after == 0 ? "to go off" : say_state(outlet_reads(switcher, parent)));
    }
    if (item->outlet != parent || !goes_off)
        return 0;
    for (size_t i = 0; i < interlock->count; i++) {
        const struct outlet *member = &switcher->outlets[interlock->members[i]];
        int after = plan_after(plan, member);
        if (after < 0 ? outlet_reads(switcher, member) == 1 : after == 1)
            return err_set(err, -EPERM,
                           "%s feeds %s, which is on: switch that off first (interlock %s)",
                           parent->path, member->path, interlock->name);
    }
    return 0;
}

static int check_interlocks(const struct switcher *switcher, struct plan *plan, struct err *err)
{
    for (size_t i = 0; i < switcher->interlock_count; i++) {
        const struct interlock *interlock = &switcher->interlocks[i];
        /* by index: the plan may grow */
        for (size_t at = 0; at < plan->count; at++) {
            if (plan->list[at].point != plan->list[at].outlet->state)
                continue;
            int result = interlock->kind == INTERLOCK_PARENT_FIRST
                             ? check_parent(switcher, interlock, plan, &plan->list[at], err)
                             : check_exclusive(switcher, interlock, plan, at, err);
            if (result < 0)
                return result;
        }
    }
    return 0;
}

/* ---- confirmation ---------------------------------------------------------------------------- */

static bool takes_power(const struct plan_item *item)
{
    for (int i = 0; i < item->phases; i++) {
        if (item->wish[i] != outlet_number(item->outlet, true))
            return true;
    }
    return false;
}

/* The code follows from who wants what, so that nothing has to be kept for those who never come
 * back. */
static void make_code(const struct switcher *switcher, const struct command_wish *wish,
                      const struct plan *plan, clock_us slot, char *code, size_t size)
{
    crypto_generichash_state state;
    unsigned char hash[16];
    crypto_generichash_init(&state, switcher->secret, sizeof switcher->secret, sizeof hash);
    crypto_generichash_update(&state, (const void *)&slot, sizeof slot);
    crypto_generichash_update(&state, (const void *)&wish->action, sizeof wish->action);
    crypto_generichash_update(&state, (const void *)&wish->delay, sizeof wish->delay);
    crypto_generichash_update(&state, (const void *)wish->actor, strlen(wish->actor) + 1);
    for (size_t i = 0; i < plan->count; i++)
        crypto_generichash_update(&state, (const void *)plan->list[i].outlet->path,
                                  strlen(plan->list[i].outlet->path) + 1);
    crypto_generichash_final(&state, hash, sizeof hash);
    unsigned number = 0;
    for (int i = 0; i < 4; i++)
        number = number << 8 | hash[i];
    snprintf(code, size, "%06u", number % 1000000);
}

static bool is_confirmed(const struct switcher *switcher, const struct command_wish *wish,
                         const struct plan *plan, char *confirm)
{
    char code[16];
    clock_us slot = loop_now(switcher->loop) / CONFIRM_SLOT;
    bool good = false;
    for (int i = 1; i >= 0; i--) {
        make_code(switcher, wish, plan, slot - i, code, sizeof code);
        good = good || (wish->confirm && strcmp(wish->confirm, code) == 0);
    }
    if (!good)
        strcpy(confirm, code);
    return good;
}

static int check_confirmed(const struct switcher *switcher, const struct command_wish *wish,
                           const struct plan *plan, char *confirm, struct err *err)
{
    const struct outlet *first = NULL;
    size_t critical = 0;
    for (size_t i = 0; i < plan->count; i++) {
        if (!plan->list[i].outlet->settings->critical || !takes_power(&plan->list[i]))
            continue;
        first = first ? first : plan->list[i].outlet;
        critical++;
    }
    if (!critical || wish->automatic || is_confirmed(switcher, wish, plan, confirm))
        return 0;
    return err_set(err, -EAGAIN, "%s (%s)%s critical: confirm with the code %s", first->path,
                   first->label, critical > 1 ? " and others are" : " is", confirm);
}

/* ---- the load budget ------------------------------------------------------------------------- */

static bool fits_budget(struct switcher *switcher, const struct plan *plan, struct err *err)
{
    if (!switcher->allows)
        return true;
    point_id *points = mem_new((plan->count + 1) * sizeof *points);
    size_t count = 0;
    for (size_t i = 0; i < plan->count; i++) {
        const struct outlet *outlet = plan->list[i].outlet;
        if (plan_after(plan, outlet) == 1 && outlet_reads(switcher, outlet) != 1)
            points[count++] = outlet->state;
    }
    bool fits = count == 0 || switcher->allows(switcher->allows_user, points, count, err);
    free(points);
    return fits;
}

/* ---- all of them ----------------------------------------------------------------------------- */

static enum command_verdict check_outlets(const struct switcher *switcher,
                                          const struct command_wish *wish, const struct plan *plan,
                                          struct err *err)
{
    const struct switcher_hardware *hardware = &switcher->options.hardware;
    for (size_t i = 0; i < plan->count; i++) {
        const struct outlet *outlet = plan->list[i].outlet;
        if (!rules_may(switcher, outlet, wish->actor, wish->role, err))
            return COMMAND_NOT_ALLOWED;
        if (outlet->settings->lock) {
            err_set(err, -EPERM, "%s is locked: an administrator can unlock it in its settings",
                    outlet->path);
            return COMMAND_NOT_ALLOWED;
        }
        if (!hardware->possible(hardware->user, plan->list[i].point)) {
            err_set(err, -EPERM, "%s can only be read: its device has no way to switch it",
                    outlet->path);
            return COMMAND_NOT_ALLOWED;
        }
        if (check_conflict(switcher, wish, outlet, err) < 0)
            return COMMAND_CONFLICT;
    }
    return COMMAND_ACCEPTED;
}

enum command_verdict rules_check(struct switcher *switcher, const struct command_wish *wish,
                                 struct plan *plan, char *confirm, struct err *err)
{
    if (check_interlocks(switcher, plan, err) < 0)
        return COMMAND_NOT_ALLOWED;
    plan_sort(plan);
    enum command_verdict verdict = check_outlets(switcher, wish, plan, err);
    if (verdict != COMMAND_ACCEPTED)
        return verdict;
    if (!fits_budget(switcher, plan, err))
        return COMMAND_NOT_ALLOWED;
    return check_confirmed(switcher, wish, plan, confirm, err) < 0 ? COMMAND_NEEDS_CONFIRM
                                                                   : COMMAND_ACCEPTED;
}

/* ---- at the moment of the write -------------------------------------------------------------- */

/* Whether another outlet lets this one go on: off, or on its way there. */
static enum rules_now exclusive_now(const struct switcher *switcher,
                                    const struct interlock *interlock, const struct outlet *outlet,
                                    struct err *err)
{
    enum rules_now verdict = RULES_GO;
    for (size_t i = 0; i < interlock->count; i++) {
        const struct outlet *other = &switcher->outlets[interlock->members[i]];
        const struct run *run = other->run;
        if (other == outlet)
            continue;
        int reads = outlet_reads(switcher, other);
        if (reads == 0 && !(run && run_sent(run)))
            continue;
        bool going_off = run && !run_wants_on(run) && !run->blocked;
        if (!going_off) {
            refuse_together(interlock, outlet, other, reads, err);
            return RULES_REFUSE;
        }
        err_set(err, -EAGAIN, "waits until %s is off (interlock %s)", other->path, interlock->name);
        verdict = RULES_WAIT;
    }
    return verdict;
}

static enum rules_now parent_now(const struct switcher *switcher, const struct interlock *interlock,
                                 const struct outlet *outlet, struct err *err)
{
    const struct outlet *parent = &switcher->outlets[interlock->parent];
    if (outlet_reads(switcher, parent) == 1 &&
        !(parent->run && run_sent(parent->run) && !run_wants_on(parent->run)))
        return RULES_GO;
    if (parent->run && (run_wants_on(parent->run) || parent->run->phases == 2)) {
        err_set(err, -EAGAIN, "waits until %s is on (interlock %s)", parent->path, interlock->name);
        return RULES_WAIT;
    }
    err_set(err, -EPERM, "%s needs %s to be on first (interlock %s), and it is %s", outlet->path,
            parent->path, interlock->name, say_state(outlet_reads(switcher, parent)));
    return RULES_REFUSE;
}

static enum rules_now children_now(const struct switcher *switcher,
                                   const struct interlock *interlock, const struct outlet *parent,
                                   struct err *err)
{
    enum rules_now verdict = RULES_GO;
    for (size_t i = 0; i < interlock->count; i++) {
        const struct outlet *child = &switcher->outlets[interlock->members[i]];
        const struct run *run = child->run;
        if (outlet_reads(switcher, child) != 1 && !(run && run_sent(run)))
            continue;
        if (!run || run_wants_on(run)) {
            err_set(err, -EPERM, "%s feeds %s, which is on: switch that off first (interlock %s)",
                    parent->path, child->path, interlock->name);
            return RULES_REFUSE;
        }
        err_set(err, -EAGAIN, "waits until %s is off (interlock %s)", child->path, interlock->name);
        verdict = RULES_WAIT;
    }
    return verdict;
}

static enum rules_now interlocks_now(const struct switcher *switcher, const struct outlet *outlet,
                                     bool on, struct err *err)
{
    size_t index = (size_t)(outlet - switcher->outlets);
    enum rules_now worst = RULES_GO;
    for (size_t i = 0; i < switcher->interlock_count && worst != RULES_REFUSE; i++) {
        const struct interlock *interlock = &switcher->interlocks[i];
        bool parental = interlock->kind == INTERLOCK_PARENT_FIRST;
        enum rules_now one = RULES_GO;
        if (on && has_member(interlock, index) && (!parental || interlock->parent >= 0))
            one = parental ? parent_now(switcher, interlock, outlet, err)
                           : exclusive_now(switcher, interlock, outlet, err);
        else if (!on && parental && interlock->parent == (int)index)
            one = children_now(switcher, interlock, outlet, err);
        worst = one > worst ? one : worst;
    }
    return worst;
}

/* A board that is silent is not written to: nobody could say what came of it. */
static enum rules_now board_now(const struct switcher *switcher, const struct run *run,
                                struct err *err)
{
    const struct outlet *outlet = run->outlet;
    const struct device *device = site_device_find(switcher->options.site, outlet->device);
    bool patient = run->restoring || run->resumed ||
                   (run->phase > 0 && loop_now(switcher->loop) < run->give_up);
    switch (board_state(outlet->board)) {
    case BOARD_READY:
        break;
    case BOARD_JUDGING:
        err_set(err, -EAGAIN, "waits until %s has been read", outlet->device);
        return RULES_WAIT;
    case BOARD_SILENT:
        if (board_is_back(switcher, outlet->board)) { /* judged first */
            err_set(err, -EAGAIN, "waits until %s has been read", outlet->device);
            return RULES_WAIT;
        }
        if (outlet_reads(switcher, outlet) >= 0) /* another part of the device is silent */
            break;
        err_set(err, -EAGAIN, "%s does not answer%s%.120s", outlet->device,
                device && *device->reason ? ": " : "", device ? device->reason : "");
        return patient ? RULES_WAIT : RULES_REFUSE;
    }
    return RULES_GO;
}

enum rules_now rules_now(const struct switcher *switcher, const struct run *run, clock_us *until,
                         struct err *err)
{
    const struct outlet *outlet = run->outlet;
    const struct memory *memory = outlet->memory;
    /* what began is brought to its end, what was on comes back: lock or not */
    bool finishing = run->phase > 0 || run->restoring;
    *until = CLOCK_NEVER;
    enum rules_now board = board_now(switcher, run, err);
    if (board != RULES_GO || run->point != outlet->state)
        return board;
    bool on = run_wants_on(run);
    if (outlet->settings->lock && !finishing) {
        err_set(err, -EPERM, "%s was locked meanwhile", outlet->path);
        return RULES_REFUSE;
    }
    enum rules_now verdict = interlocks_now(switcher, outlet, on, err);
    if (verdict != RULES_GO)
        return verdict;
    clock_us rest = memory->off_since == CLOCK_NEVER || outlet->output
                        ? 0
                        : memory->off_since + outlet->settings->min_off;
    if (on && rest > loop_now(switcher->loop)) {
        *until = rest;
        char text[40];
        say_duration(outlet->settings->min_off, text, sizeof text);
        err_set(err, -EAGAIN, "must stay off for at least %s", text);
        return RULES_WAIT;
    }
    /* A power-up was not added up when it was planned: each outlet that fits comes up. */
    if (on && run->restoring && switcher->allows &&
        !switcher->allows(switcher->allows_user, &outlet->state, 1, err))
        return RULES_REFUSE;
    return RULES_GO;
}
