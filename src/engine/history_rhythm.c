#include "engine/history_rhythm.h"

#include <stdlib.h>

#include "base/mem.h"

#define SNAP_MOST (500 * CLOCK_MS) /* a timer that is this late still stands for its moment */

void history_rhythm_deinit(struct history_rhythm *rhythm)
{
    free(rhythm->list);
    *rhythm = HISTORY_RHYTHM_EMPTY;
}

static const struct history_beat *find(const struct history_rhythm *rhythm, clock_us every)
{
    for (size_t i = 0; i < rhythm->count; i++) {
        if (rhythm->list[i].every == every)
            return &rhythm->list[i];
    }
    return NULL;
}

void history_rhythm_set(struct history_rhythm *rhythm, const clock_us *every, size_t count,
                        clock_us first, clock_us mono, clock_us time)
{
    struct history_beat *list = count ? mem_new(count * sizeof *list) : NULL;
    for (size_t i = 0; i < count; i++) {
        const struct history_beat *before = find(rhythm, every[i]);
        clock_us wait = every[i] - time % every[i];
        if (before)
            list[i] = *before;
        else
            list[i] = (struct history_beat){
                .every = every[i], .due = mono + (wait < first ? wait : first), .moment = -1};
    }
    free(rhythm->list);
    rhythm->list = list;
    rhythm->count = count;
}

clock_us history_rhythm_next(const struct history_rhythm *rhythm)
{
    clock_us next = CLOCK_NEVER;
    for (size_t i = 0; i < rhythm->count; i++) {
        if (rhythm->list[i].due < next)
            next = rhythm->list[i].due;
    }
    return next;
}

/* How far `time` lies behind the nearest multiple of `every` (before it: negative). */
static clock_us lateness(clock_us time, clock_us every)
{
    clock_us late = time % every;
    return late > every / 2 ? late - every : late;
}

static clock_us magnitude(clock_us span)
{
    return span < 0 ? -span : span;
}

/* Whether a due interval stands on one of its multiples, give or take; the nearest one counts. */
static bool find_moment(const struct history_rhythm *rhythm, clock_us mono, clock_us time,
                        clock_us *late)
{
    bool found = false;
    for (size_t i = 0; i < rhythm->count; i++) {
        const struct history_beat *beat = &rhythm->list[i];
        clock_us most = beat->every / 20 < SNAP_MOST ? beat->every / 20 : SNAP_MOST;
        clock_us its = lateness(time, beat->every);
        if (beat->due > mono || magnitude(its) > most)
            continue;
        if (!found || magnitude(its) < magnitude(*late))
            *late = its;
        found = true;
    }
    return found;
}

clock_us history_rhythm_beat(struct history_rhythm *rhythm, clock_us mono, clock_us time)
{
    clock_us late = 0;
    bool standing = find_moment(rhythm, mono, time, &late);
    clock_us moment = time - late;
    for (size_t i = 0; i < rhythm->count; i++) {
        struct history_beat *beat = &rhythm->list[i];
        /* Who meets its moment now comes along, even if its own timer would ring a little later. */
        bool meets = standing && moment % beat->every == 0;
        beat->now = beat->due <= mono || (meets && beat->moment != moment);
        if (!beat->now)
            continue;
        beat->moment = meets ? moment : -1;
        beat->due = mono + (moment / beat->every + 1) * beat->every - time;
    }
    return late;
}
