/* One step under way: waits, writes, reads back, holds, writes again.
 *
 *   WAIT -> KEEP -> WRITE -> READ -> CURRENT -> (next phase: WAIT) -> end
 *
 * Accepted by the device is not done: only a reading taken after the write proves it. Nothing is
 * sent twice without such a reading in between. */

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/switcher_private.h"

#define KEEP_MOST (2 * CLOCK_S) /* a disk slower than this does not hold up a reboot */

static void write_now(struct run *run);
static void run_due(struct run *run);
static void on_timer(struct loop_timer *timer, void *user);

struct command_step *run_step(const struct run *run)
{
    return &run->command->steps[run->index];
}

bool run_sent(const struct run *run)
{
    return run->place >= RUN_WRITE;
}

bool run_wants_on(const struct run *run)
{
    return run->outlet && run->wish[run->phase] == outlet_number(run->outlet, true);
}

clock_us run_now(const struct run *run)
{
    return loop_now(run->switcher->loop);
}

int64_t run_since_accepted(const struct run *run)
{
    return clock_mono(loop_clock(run->switcher->loop)) - run->command->accepted;
}

void run_wait_until(struct run *run, clock_us when)
{
    loop_timer_at(run->switcher->loop, &run->timer, when, on_timer, run);
}

/* The step's state as everybody sees it. */
void run_show(struct run *run, enum command_state state, clock_us due, const char *reason)
{
    struct command_step *step = run_step(run);
    reason = reason ? reason : "";
    if (step->state == state && step->due == due && step->wish == run->wish[run->phase] &&
        strncmp(step->reason, reason, sizeof step->reason - 1) == 0)
        return;
    step->state = state;
    step->due = due;
    step->wish = run->wish[run->phase];
    snprintf(step->reason, sizeof step->reason, "%s", reason);
    commands_touch(run->switcher->options.commands, run->command);
}

/* ---- life ------------------------------------------------------------------------------------ */

struct run *run_new(struct switcher *switcher, struct command *command, size_t index,
                    const struct plan_item *item, bool automatic)
{
    struct run *run = mem_new(sizeof *run);
    *run = (struct run){
        .switcher = switcher,
        .command = command,
        .index = index,
        .outlet = item->outlet,
        .point = item->point,
        .wish = {item->wish[0], item->wish[1]},
        .phases = item->phases,
        .hold = item->hold,
        .flow = NAN,
        .automatic = automatic,
        .prev = switcher->runs_end,
    };
    *(switcher->runs_end ? &switcher->runs_end->next : &switcher->runs) = run;
    switcher->runs_end = run;
    run->outlet->run = run;
    return run;
}

void run_free(struct run *run)
{
    struct switcher *switcher = run->switcher;
    loop_timer_stop(&run->timer);
    if (run->look)
        run->look->run = NULL;
    if (run->outlet && run->outlet->run == run)
        run->outlet->run = NULL;
    *(run->prev ? &run->prev->next : &switcher->runs) = run->next;
    *(run->next ? &run->next->prev : &switcher->runs_end) = run->prev;
    free(run);
}

static bool has_runs(const struct switcher *switcher, const struct command *command)
{
    for (const struct run *run = switcher->runs; run; run = run->next) {
        if (run->command == command)
            return true;
    }
    return false;
}

/* What could not be brought back is not tried again after the next loss of power. */
static void stays_as_read(struct run *run)
{
    int reads = run->outlet ? outlet_reads(run->switcher, run->outlet) : -1;
    if (reads >= 0 && board_state(run->outlet->board) == BOARD_READY)
        outlet_remember(run->switcher, run->outlet, reads);
}

void run_end(struct run *run, enum command_state state, const char *reason)
{
    struct switcher *switcher = run->switcher;
    struct command *command = run->command;
    struct command_step *step = run_step(run);
    if (state == COMMAND_REFUSED || state == COMMAND_FAILED)
        stays_as_read(run);
    if (state == COMMAND_UNKNOWN && run->outlet)
        run->outlet->memory->last = -1; /* and "last" is no guess */
    if (run->control)                   /* its answer is not waited for any more */
        switcher->options.hardware.cancel(switcher->options.hardware.user, run->control);
    step->state = state;
    step->due = CLOCK_NEVER;
    snprintf(step->reason, sizeof step->reason, "%s", reason ? reason : run->note);
    say_ended(switcher, run);
    run_free(run);
    keep_wanted(switcher);
    if (has_runs(switcher, command))
        commands_touch(switcher->options.commands, command);
    else
        commands_end(switcher->options.commands, command);
    runs_kick(switcher);
}

void runs_kick(struct switcher *switcher)
{
    for (struct run *run = switcher->runs; run; run = run->next) {
        if (run->blocked && run->place == RUN_WAIT)
            run_wait_until(run, loop_now(switcher->loop));
    }
}

void run_begin(struct run *run)
{
    clock_us due = run_step(run)->due;
    run->place = RUN_WAIT;
    if (due <= run_now(run))
        run_due(run);
    else
        run_wait_until(run, due);
}

void run_delay(struct run *run, clock_us delay)
{
    run->blocked = run->held = false;
    run_show(run, COMMAND_PENDING, run_now(run) + delay, "");
    run_wait_until(run, run_now(run) + delay);
}

/* What the hardware did nobody saw: only a reading can tell. */
void run_resume_sent(struct run *run)
{
    run->place = RUN_READ;
    run->resumed = run->unsure = run->written = true;
    run->prove_by = run_now(run);
    run->give_up = run_now(run) + run->switcher->settings.unknown_for;
    run_show(run, COMMAND_UNKNOWN, CLOCK_NEVER,
             "busbar was restarted in the middle: the outlet is read to see what became of it");
    run_wait_until(run, run_now(run));
}

/* From now on only a reading tells; the first one is taken in the next turn. */
static void begin_reading(struct run *run)
{
    const struct switching_settings *settings = &run->switcher->settings;
    clock_us own = run->outlet ? run->outlet->settings->confirm_within : 0;
    run->place = RUN_READ;
    run->prove_by = run_now(run) + (own ? own : settings->confirm_within);
    if (run->phase == 0 && !(run->restoring && run->give_up))
        run->give_up = run_now(run) + settings->unknown_for;
    run_wait_until(run, run_now(run));
}

/* Whether it was dropped before anything was sent. Its answer, if it was, does not come any more:
 * the outlet is read instead. */
static bool take_back(struct run *run)
{
    const struct switcher_hardware *hardware = &run->switcher->options.hardware;
    if (run->place == RUN_WAIT || run->place == RUN_KEEP)
        return true;
    if (!run->control)
        return false;
    bool dropped = hardware->cancel(hardware->user, run->control);
    run->control = NULL;
    if (!dropped)
        begin_reading(run);
    return dropped;
}

void run_give_up_last(struct run *run)
{
    struct memory *memory = run->outlet->memory;
    memory->last = outlet_reads(run->switcher, run->outlet);
    if (memory->last != 0)
        memory->off_since = CLOCK_NEVER;
    keep_wanted(run->switcher);
}

void run_cancel(struct run *run, const char *reason)
{
    char text[200];
    if (run->restoring) /* what it was before the loss of power is not wanted any more */
        run_give_up_last(run);
    if (run_step(run)->state == COMMAND_UNKNOWN) {
        run_end(run, COMMAND_UNKNOWN, "cancelled while it was not known what became of it");
    } else if (take_back(run)) {
        int reads = run->outlet ? outlet_reads(run->switcher, run->outlet) : -1;
        snprintf(text, sizeof text, "%s%s%s", reason, run->phase > 0 ? ": it stays " : "",
                 run->phase > 0 ? say_state(reads) : "");
        run_end(run, COMMAND_CANCELLED, text);
    } else {
        run->cancelled = true;
        keep_wanted(run->switcher);
        snprintf(run->note, sizeof run->note, "it had been sent when it was cancelled");
    }
}

/* ---- waiting --------------------------------------------------------------------------------- */

static void refuse_now(struct run *run, const struct err *err)
{
    char text[200];
    if (run->phase == 0) {
        run_end(run, COMMAND_REFUSED, err->text);
        return;
    }
    snprintf(text, sizeof text, "stays %s: %.160s",
             say_state(outlet_reads(run->switcher, run->outlet)), err->text);
    run_end(run, COMMAND_FAILED, text);
}

static void run_due(struct run *run)
{
    struct err err = ERR_EMPTY;
    clock_us until;
    if (!run->outlet || run_waits(run))
        return;
    enum rules_now verdict = rules_now(run->switcher, run, &until, &err);
    run->blocked = verdict == RULES_WAIT;
    if (verdict == RULES_REFUSE) {
        refuse_now(run, &err);
    } else if (verdict == RULES_WAIT) {
        clock_us again = run_now(run) + BLOCKED_LOOK;
        run_show(run, COMMAND_PENDING, until, err.text);
        run_wait_until(run, until < again ? until : again);
    } else if (run->phases > 1 && run->phase == 0 && run->switcher->options.store.save) {
        /* That the power must come back has to be on the disk before it is taken away. */
        run->place = RUN_KEEP;
        run->keep_wanted = keep_wanted(run->switcher);
        run_wait_until(run, run_now(run) + KEEP_MOST);
    } else {
        write_now(run);
    }
}

void run_kept(struct run *run)
{
    loop_timer_stop(&run->timer);
    write_now(run);
}

/* ---- writing --------------------------------------------------------------------------------- */

/* The power that a reboot or a power cut has taken is brought back, with a reading between two
 * attempts. */
bool run_try_again(struct run *run, const char *why)
{
    bool taken = run->phase > 0 || run->restoring;
    if (!taken || run->cancelled || (run->give_up && run_now(run) >= run->give_up))
        return false;
    run->place = RUN_WAIT;
    run_show(run, COMMAND_PENDING, run_now(run) + RUN_LOOK_RARELY, why);
    run_wait_until(run, run_now(run) + RUN_LOOK_RARELY);
    return true;
}

static void on_written(void *user, enum switcher_result result, const struct err *err)
{
    struct run *run = user;
    struct switcher *switcher = run->switcher;
    char text[200];
    run->control = NULL;
    if (switcher->stopped) /* it is kept as sent: the next start reads it */
        return;
    run->unsure = result == SWITCHER_UNSURE;
    switch (result) {
    case SWITCHER_REFUSED:
    case SWITCHER_NOT_SENT:
        snprintf(text, sizeof text, "%s: %.150s",
                 result == SWITCHER_REFUSED ? "the device refused" : "nothing was sent", err->text);
        if (run_try_again(run, text))
            return;
        run_end(run, run->phase ? COMMAND_FAILED : COMMAND_REFUSED, text);
        return;
    case SWITCHER_UNSURE:
        snprintf(text, sizeof text, "no proper answer (%.100s): the outlet is read", err->text);
        run_show(run, COMMAND_UNKNOWN, CLOCK_NEVER, text);
        break;
    case SWITCHER_ACCEPTED:
        break;
    }
    begin_reading(run);
    loop_timer_stop(&run->timer);
    run_look(run);
}

static void write_now(struct run *run)
{
    const struct switcher_hardware *hardware = &run->switcher->options.hardware;
    struct command_step *step = run_step(run);
    struct err err = ERR_EMPTY;
    run->place = RUN_WRITE;
    run->control =
        hardware->start(hardware->user, run->point, run->wish[run->phase], on_written, run, &err);
    if (!run->control) {
        if (!run_try_again(run, err.text))
            run_end(run, run->phase ? COMMAND_FAILED : COMMAND_REFUSED, err.text);
        return;
    }
    run->written = true;
    if (step->written_us < 0)
        step->written_us = run_since_accepted(run);
    run_show(run, COMMAND_SENT, CLOCK_NEVER, "");
    keep_wanted(run->switcher);
}

/* ---- when it is time ------------------------------------------------------------------------- */

static void on_timer(struct loop_timer *timer, void *user)
{
    struct run *run = user;
    (void)timer;
    if (!run->outlet)
        return;
    switch (run->place) {
    case RUN_WAIT:
        run_due(run);
        break;
    case RUN_KEEP:
        write_now(run);
        break;
    case RUN_WRITE:
        break;
    case RUN_READ:
    case RUN_CURRENT:
        run_look(run);
        break;
    }
}
