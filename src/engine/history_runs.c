#include "engine/history_runs.h"

#include <assert.h>

#include "engine/history_code.h"

/* ---- writing --------------------------------------------------------------------------------- */

void history_runs_put_times(struct buf *out, int64_t base, const struct history_sample *samples,
                            size_t count)
{
    int64_t before = base;
    uint64_t distance = 0, run = 0;
    for (size_t i = 0; i < count; i++) {
        assert(samples[i].time >= before && samples[i].time - before < HISTORY_RUNS_STEP_MOST_MS);
        uint64_t here = (uint64_t)(samples[i].time - before);
        before = samples[i].time;
        if (i == 0) {
            history_code_put(out, here);
            continue;
        }
        if (run && here != distance) {
            history_code_put(out, distance);
            history_code_put(out, run);
            run = 0;
        }
        distance = here;
        run++;
    }
    if (run) {
        history_code_put(out, distance);
        history_code_put(out, run);
    }
}

void history_runs_put_qualities(struct buf *out, const struct history_sample *samples, size_t count)
{
    uint64_t run = 0;
    for (size_t i = 0; i < count; i++) {
        run++;
        if (i + 1 == count || samples[i + 1].quality != samples[i].quality) {
            history_code_put(out, run << 2 | samples[i].quality);
            run = 0;
        }
    }
}

/* ---- reading --------------------------------------------------------------------------------- */

bool history_runs_next_time(struct history_runs *runs)
{
    return history_code_take(&runs->at, runs->end, &runs->what) &&
           history_code_take(&runs->at, runs->end, &runs->left) && runs->left > 0 &&
           runs->left < HISTORY_RUNS_MOST && runs->what < (uint64_t)HISTORY_RUNS_STEP_MOST_MS;
}

bool history_runs_next_quality(struct history_runs *runs)
{
    uint64_t head;
    if (!history_code_take(&runs->at, runs->end, &head))
        return false;
    runs->left = head >> 2;
    runs->what = head & 3;
    return runs->left > 0 && runs->left <= HISTORY_RUNS_MOST;
}

bool history_runs_take_first(const uint8_t **at, const uint8_t *end, int64_t *first)
{
    uint64_t distance;
    if (!history_code_take(at, end, &distance) || distance >= (uint64_t)HISTORY_RUNS_STEP_MOST_MS)
        return false;
    *first = (int64_t)distance;
    return true;
}

bool history_runs_skip_times(const uint8_t **at, const uint8_t *end, uint64_t count)
{
    struct history_runs runs = {.at = *at, .end = end};
    for (; count > 0; count -= runs.left) {
        if (!history_runs_next_time(&runs) || runs.left > count)
            return false;
    }
    *at = runs.at;
    return true;
}

bool history_runs_skip_qualities(const uint8_t **at, const uint8_t *end, uint64_t count,
                                 uint64_t *good)
{
    struct history_runs runs = {.at = *at, .end = end};
    uint64_t sum = 0;
    for (; count > 0; count -= runs.left) {
        if (!history_runs_next_quality(&runs) || runs.left > count)
            return false;
        sum += runs.what == QUALITY_GOOD ? runs.left : 0;
    }
    if (good)
        *good = sum;
    *at = runs.at;
    return true;
}
