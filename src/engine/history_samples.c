#include "engine/history_samples.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void history_samples_deinit(struct history_samples *samples)
{
    free(samples->list);
    *samples = HISTORY_SAMPLES_EMPTY;
}

void history_samples_clear(struct history_samples *samples)
{
    samples->count = samples->run = 0;
}

bool history_samples_add(struct history_samples *samples, struct history_sample sample)
{
    if (samples->count == samples->capacity) {
        size_t capacity = samples->capacity ? samples->capacity * 2 : 128;
        struct history_sample *list = realloc(samples->list, capacity * sizeof *list);
        if (!list)
            return false;
        samples->list = list;
        samples->capacity = capacity;
    }
    samples->list[samples->count++] = sample;
    return true;
}

int history_samples_add_block(struct history_samples *samples, const uint8_t *bytes, size_t length,
                              int64_t key, int64_t base)
{
    size_t before = samples->count;
    struct history_block_reader reader;
    struct history_sample sample;
    int result = history_block_open(&reader, bytes, length, key, base);
    while (result >= 0 && (result = history_block_next(&reader, &sample)) > 0) {
        if (!history_samples_add(samples, sample))
            result = -ENOMEM;
    }
    if (result < 0)
        samples->count = before;
    return result;
}

bool history_samples_end_run(struct history_samples *samples)
{
    struct history_sample *list = samples->list;
    size_t run = samples->run, late = samples->count - run;
    samples->run = samples->count;
    if (run == 0 || late == 0 || list[run - 1].time <= list[run].time)
        return true;
    struct history_sample *copy = malloc(late * sizeof *copy);
    if (!copy) {
        samples->run = run;
        return false;
    }
    memcpy(copy, list + run, late * sizeof *copy);
    /* From the back; at equal times the earlier run stays in front. */
    for (size_t to = samples->count; late > 0;) {
        if (run > 0 && list[run - 1].time > copy[late - 1].time)
            list[--to] = list[--run];
        else
            list[--to] = copy[--late];
    }
    free(copy);
    return true;
}
