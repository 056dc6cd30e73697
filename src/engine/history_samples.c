#include "engine/history_samples.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/history_span.h"

void history_samples_deinit(struct history_samples *samples)
{
    free(samples->list);
    *samples = HISTORY_SAMPLES_EMPTY;
}

void history_samples_clear(struct history_samples *samples)
{
    samples->count = samples->run = 0;
}

static bool make_room(struct history_samples *samples, size_t more)
{
    size_t wanted = samples->count + more;
    if (wanted <= samples->capacity)
        return true;
    size_t capacity = samples->capacity ? samples->capacity : 128;
    while (capacity < wanted)
        capacity *= 2;
    struct history_sample *list = realloc(samples->list, capacity * sizeof *list);
    if (!list)
        return false;
    samples->list = list;
    samples->capacity = capacity;
    return true;
}

bool history_samples_add(struct history_samples *samples, struct history_sample sample)
{
    if (!make_room(samples, 1))
        return false;
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

int history_samples_add_span(struct history_samples *samples, const uint8_t *bytes, size_t length,
                             int64_t key, int64_t base)
{
    size_t before = samples->count;
    struct history_span_reader reader;
    int result = history_span_open(&reader, bytes, length, key, base);
    if (result < 0)
        return result;
    if (!make_room(samples, reader.count)) {
        result = -ENOMEM;
    } else {
        result = history_span_read(&reader, samples->list + samples->count, reader.count);
        samples->count += result > 0 ? (size_t)result : 0;
        result = result >= 0 && samples->count - before == reader.count ? 0 : -EBADMSG;
    }
    history_span_close(&reader);
    if (result < 0)
        samples->count = before;
    return result;
}

size_t history_samples_leave_out_known(struct history_samples *samples)
{
    size_t run = samples->run, kept = run, at = 0;
    for (size_t i = run; i < samples->count; i++) {
        int64_t time = samples->list[i].time;
        while (at < run && samples->list[at].time < time)
            at++;
        bool known = (at < run && samples->list[at].time == time) ||
                     (kept > run && samples->list[kept - 1].time == time);
        if (!known)
            samples->list[kept++] = samples->list[i];
    }
    size_t left_out = samples->count - kept;
    samples->count = kept;
    return left_out;
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
