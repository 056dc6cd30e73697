/* What a step waits for before the rules are asked: its outlet's first reading after a restart, the
 * power that it is brought back from, its distance to the others. */

#include "engine/switcher_private.h"

#define LATE (2 * CLOCK_S) /* a step that is later was held up by a sleep or a restart */

static void look_again(struct run *run, const char *why)
{
    run->blocked = true;
    run_show(run, COMMAND_PENDING, CLOCK_NEVER, why);
    run_wait_until(run, loop_now(run->switcher->loop) + BLOCKED_LOOK);
}

/* After a restart nothing is sent before the outlet was read. True when it must wait for that, or
 * has ended. */
static bool waits_for_reading(struct run *run)
{
    if (!run->resumed || run->point != run->outlet->state)
        return false;
    if (outlet_reads(run->switcher, run->outlet) < 0) {
        look_again(run, "busbar was restarted: waits until the outlet has been read");
        return true;
    }
    run->resumed = false;
    if (run->phases > 1 || outlet_reads(run->switcher, run->outlet) != run_wants_on(run))
        return false;
    run_step(run)->after = run->wish[0];
    run_end(run, COMMAND_CONFIRMED, "was so already when busbar had been restarted");
    return true;
}

/* Power comes back when what it needs is there, and by its whole delay after that: what waited for
 * one and the same thing does not come at once. True when it waits. */
static bool waits_for_return(struct run *run)
{
    struct err err = ERR_EMPTY;
    if (!run->restoring || !run_wants_on(run))
        return false;
    if (!return_ready(run->switcher, run->outlet, &err)) {
        run->held = true;
        look_again(run, err.text);
        return true;
    }
    bool held = run->held;
    if (held)
        run_delay(run, run->outlet->settings->power_up_delay);
    return held;
}

/* The machine slept, or busbar was away: what is overdue is done now, and the rest of its command
 * keeps its distance. */
static void keep_distance(const struct run *run)
{
    clock_us own = run_step(run)->due, late = loop_now(run->switcher->loop) - own;
    if (own == CLOCK_NEVER || late < LATE)
        return;
    for (struct run *other = run->switcher->runs; other; other = other->next) {
        clock_us due = run_step(other)->due;
        if (other->command != run->command || other->place != RUN_WAIT || other->blocked ||
            due == CLOCK_NEVER)
            continue;
        run_step(other)->due = due > own ? due + late : loop_now(run->switcher->loop);
        if (due > own)
            run_wait_until(other, due + late);
    }
    commands_touch(run->switcher->options.commands, run->command);
}

bool run_waits(struct run *run)
{
    keep_distance(run);
    return waits_for_reading(run) || waits_for_return(run);
}
