/* schedule - carries the schedules out: at its time each becomes a wish at the door of commands.
 *
 * Rules, beside those of schedule_plan (what counts when several speak of one target):
 *   - A schedule acts when it begins and when it ends. Who switches by hand in between is right
 * until the next of these.
 *   - While the time of day is not known nothing is switched.
 *   - What was missed (the program did not run, the time was not known or stepped forward) is done
 *     late, once, as far as it still holds: the newest state of each target. Reboots and pulses are
 *     not made up for, and an event says so.
 *   - After a step back of up to two hours nothing is done twice; after a greater one the time
 * before was wrong, and the windows that hold now are brought about.
 *   - Of a schedule that is new or was changed, the window that holds now is brought about.
 *   - A restart in which nothing was missed switches nothing.
 *   - A target that is busy is asked again for ten minutes, unless something newer comes.
 *
 * How far it has come is kept in `schedules.json`. Owned by the daemon; loop thread only.
 */
#pragma once

#include "base/err.h"
#include "engine/schedule_plan.h"

struct commands;
struct event_log;
struct saver;
struct schedules;
struct site;

struct schedules_context {
    struct loop *loop;
    struct site *site;
    struct commands *commands;
    struct event_log *events; /* may be NULL */
    struct saver *saver;
    const char *folder; /* of the state; copied */
};

/* All borrowed; so is `config`, until schedules_configure() brings another. */
struct schedules *schedules_new(const struct schedules_context *context,
                                const struct config *config);

/* What was done last is on its way to the disk by the saver; accepts NULL, returns NULL. */
struct schedules *schedules_free(struct schedules *schedules);

/* New settings of a reload. */
void schedules_configure(struct schedules *schedules, const struct config *config);

/* ---- for faces ------------------------------------------------------------------------------- */

struct schedule_view {
    const struct schedule_rule *rule;
    struct schedule_event
        next;       /* the next thing it does; CLOCK_NEVER while the time is not known */
    bool holds;     /* its window holds now */
    clock_us until; /* wall: then it ends */
    clock_us last;  /* wall of what it did last since the start; 0: nothing */
    bool last_ok;
    const char *last_text; /* a sentence: what became of that at the door; "" */
};

size_t schedules_count(const struct schedules *schedules);

/* In the order of their names; valid until the settings change. */
struct schedule_view schedules_view(const struct schedules *schedules, size_t index);

/* What the schedules say about a target at this moment (power_up: schedule); SCHEDULE_ANY: nothing,
 * or the time is not known. */
enum schedule_state schedules_state(const struct schedules *schedules, const char *path);

/* The next thing that happens to a target, and which schedule does it; CLOCK_NEVER. */
struct schedule_event schedules_next_of(const struct schedules *schedules, const char *path,
                                        const struct schedule_rule **rule);
