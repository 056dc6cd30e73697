/* What an outlet needs before its power comes back, and equipment that shut itself down although
 * the power never went.
 *
 * A host that was told to shut down because a battery ran empty stays off when the mains return in
 * time: nothing switches it on again. Its outlet is rebooted then. Every time counts from what was
 * seen here, and from the beginning when it happens again: nothing is left over from the last
 * failure. */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "engine/condition.h"
#include "engine/switcher_private.h"
#include "engine/upstream.h"

#define LOOK_EVERY (1 * CLOCK_S)
#define CYCLE_AGAIN (60 * CLOCK_S) /* after a reboot that did not take the power away */
#define CYCLE_TRIES 3

/* ---- power that arrives ---------------------------------------------------------------------- */

/* The settings of outlets know what feeds them; of other parts their driver does. */
static const char *feeder_of(void *user, const struct component *part)
{
    const struct switcher *switcher = user;
    char path[LIMIT_PATH + 1];
    if (part->kind != COMPONENT_OUTLET && part->kind != COMPONENT_OUTPUT)
        return NULL;
    snprintf(path, sizeof path, "%s/%s", part->device->name, part->name);
    const struct outlet *outlet = outlets_find(switcher, path);
    return outlet ? outlet->settings->fed_by : NULL;
}

static int arrives(const struct switcher *switcher, const struct outlet *outlet, bool near,
                   char *reason, size_t size)
{
    const struct point *state = site_point(switcher->options.site, outlet->state);
    const struct upstream upstream = {
        .site = switcher->options.site,
        .voltage_off = switcher->settings.voltage_off,
        .near = near,
        .feeder = feeder_of,
        .user = (void *)(uintptr_t)switcher,
    };
    reason[0] = '\0';
    return state ? upstream_powered(&upstream, state->component, reason, size) : -1;
}

/* Voltage or current of its own go before what is known of the way to it. */
static bool flows(const struct switcher *switcher, const struct outlet *outlet)
{
    const struct point *state = site_point(switcher->options.site, outlet->state);
    const struct point *volts = component_point(state->component, QUANTITY_VOLTAGE);
    const struct point *amperes = component_point(state->component, QUANTITY_CURRENT);
    return (volts && volts->value.quality == QUALITY_GOOD &&
            volts->value.number >= switcher->settings.voltage_off) ||
           (amperes && amperes->value.quality == QUALITY_GOOD &&
            amperes->value.number >= switcher->settings.current_off);
}

int switcher_powered(const struct switcher *switcher, size_t index, char *reason, size_t size)
{
    const struct outlet *outlet = &switcher->outlets[index];
    int reads = outlet_reads(switcher, outlet);
    reason[0] = '\0';
    if (reads != 1) {
        snprintf(reason, size, reads == 0 ? "off" : "its state is not known");
        return reads;
    }
    if (flows(switcher, outlet))
        return 1;
    int result = arrives(switcher, outlet, false, reason, size);
    if (result < 0)
        snprintf(reason, size, "nothing on the way to it measures a voltage");
    return result;
}

/* ---- before power comes back ----------------------------------------------------------------- */

bool return_ready(const struct switcher *switcher, const struct outlet *outlet, struct err *err)
{
    char text[160 + CONDITION_PATH];
    /* A meter far upstream that is out of order must not keep a rack off: its board answers. */
    if (arrives(switcher, outlet, true, text, sizeof text) == 0) {
        err_set(err, -EAGAIN, "waits for power: %s", text);
        return false;
    }
    if (outlet->up_when && condition_holds(switcher->options.site, outlet->up_when) != 1) {
        condition_say(switcher->options.site, outlet->up_when, text, sizeof text);
        err_set(err, -EAGAIN, "waits until %s", text);
        return false;
    }
    return true;
}

/* ---- forced cycles --------------------------------------------------------------------------- */

static void drop(struct switcher *switcher, struct memory *memory)
{
    memory->cycle = false;
    memory->cycle_tries = 0;
    memory->cycle_from = CLOCK_NEVER;
    keep_wanted(switcher);
}

void return_forget(struct switcher *switcher, const struct board *board)
{
    for (size_t i = 0; i < switcher->outlet_count; i++) {
        struct memory *memory = switcher->outlets[i].memory;
        if (switcher->outlets[i].board == board && memory->cycle)
            drop(switcher, memory);
    }
}

/* The door says what stands in the way: a lock, an interlock, a budget. Asked again only when a
 * reboot was begun and took no power. */
static void cycle(struct switcher *switcher, const struct outlet *outlet)
{
    struct memory *memory = outlet->memory;
    char reason[CONDITION_PATH + 80];
    const char *target = outlet->path;
    snprintf(reason, sizeof reason, "its equipment shut itself down (%s), the power is back",
             outlet->settings->cycle_after);
    struct command_wish wish = {
        .action = COMMAND_REBOOT,
        .targets = &target,
        .target_count = 1,
        .actor = "system",
        .origin = "power-up",
        .reason = reason,
        .role = ROLE_ADMINISTRATOR,
        .automatic = true,
    };
    struct command_answer answer;
    /* should the power not go away, it is asked again then; an off that is read ends it */
    memory->cycle_from = loop_now(switcher->loop) + CYCLE_AGAIN;
    memory->cycle_tries++;
    bool last = memory->cycle_tries >= CYCLE_TRIES;
    commands_submit(switcher->options.commands, &wish, &answer);
    if (answer.verdict == COMMAND_ACCEPTED && !last)
        return;
    if (answer.verdict != COMMAND_ACCEPTED)
        log_warning("switching", "%s is not cycled: %s", target, answer.err.text);
    drop(switcher, memory);
}

static void look_outlet(struct switcher *switcher, const struct outlet *outlet)
{
    struct memory *memory = outlet->memory;
    struct err err;
    int over = condition_holds(switcher->options.site, outlet->cycle_after);
    bool ready = board_state(outlet->board) == BOARD_READY;
    if (over == 1 && ready && !memory->cycle && outlet_reads(switcher, outlet) == 1) {
        drop(switcher, memory);
        memory->cycle = true;
    }
    if (!memory->cycle)
        return;
    if (over != 0 || !ready || !return_ready(switcher, outlet, &err)) {
        memory->cycle_from = CLOCK_NEVER;
        return;
    }
    if (memory->cycle_from == CLOCK_NEVER)
        memory->cycle_from = loop_now(switcher->loop);
    bool due = loop_now(switcher->loop) >= memory->cycle_from + outlet->settings->power_up_delay;
    if (due && !outlet->run && outlet_reads(switcher, outlet) == 1)
        cycle(switcher, outlet);
}

static void on_look(struct loop_timer *timer, void *user)
{
    struct switcher *switcher = user;
    (void)timer;
    for (size_t i = 0; i < switcher->outlet_count; i++) {
        if (switcher->outlets[i].cycle_after)
            look_outlet(switcher, &switcher->outlets[i]);
    }
}

void return_watch(struct switcher *switcher)
{
    if (!switcher->cycles || switcher->stopped)
        loop_timer_stop(&switcher->cycle_timer);
    else if (!loop_timer_running(&switcher->cycle_timer))
        loop_timer_every(switcher->loop, &switcher->cycle_timer, LOOK_EVERY, LOOK_EVERY, on_look,
                         switcher);
}
