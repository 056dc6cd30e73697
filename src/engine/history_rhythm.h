/* history_rhythm - when the next tick is due, for several intervals at once.
 *
 * Each interval stands at its multiples on the wall clock (since start, while the wall clock is not
 * known). Intervals whose moments fall together share one tick. A stepped clock never makes an
 * interval longer: it beats after its time at the latest, and is on its multiples again with the
 * next beat. Pure; its user owns timer and clocks.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/clock.h"

struct history_beat {
    clock_us every;
    clock_us due;    /* monotonic */
    clock_us moment; /* of the last beat, when it stood on a multiple; else -1 */
    bool now;        /* part of the beat that history_rhythm_beat() found */
};

struct history_rhythm {
    struct history_beat *list;
    size_t count;
};

#define HISTORY_RHYTHM_EMPTY ((struct history_rhythm){0})

void history_rhythm_deinit(struct history_rhythm *rhythm);

/* Beat at the `count` intervals of `every` (us, each once), in that order. Intervals that went on
 * before go on; a new one beats first within `first`. `mono` and `time` are now, monotonic and on
 * the clock of the multiples. */
void history_rhythm_set(struct history_rhythm *rhythm, const clock_us *every, size_t count,
                        clock_us first, clock_us mono, clock_us time);

/* When to beat next, monotonic; CLOCK_NEVER without intervals. */
clock_us history_rhythm_next(const struct history_rhythm *rhythm);

/* Now: mark the intervals that beat, and plan their next one. The result is how long ago the moment
 * was that the beat stands for (negative when the timer came early), at most half a second. */
clock_us history_rhythm_beat(struct history_rhythm *rhythm, clock_us mono, clock_us time);
