#include "engine/history_span.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

/* ---- writing --------------------------------------------------------------------------------- */

static void put_values(struct buf *out, const struct history_sample *samples, size_t count)
{
    int64_t *values = malloc(count * sizeof *values);
    if (!values) {
        out->failed = true;
        return;
    }
    size_t good = 0;
    for (size_t i = 0; i < count; i++) {
        if (samples[i].quality == QUALITY_GOOD)
            values[good++] = samples[i].value;
    }
    history_column_encode(out, values, good);
    free(values);
}

void history_span_encode(struct buf *out, int64_t key, int64_t base,
                         const struct history_sample *samples, size_t count)
{
    assert(count > 0 && count <= HISTORY_SPAN_MOST);
    size_t begin = out->length;
    history_code_begin(out, HISTORY_SPAN_VERSION);
    history_code_put(out, count);
    history_runs_put_times(out, base, samples, count);
    history_runs_put_qualities(out, samples, count);
    put_values(out, samples, count);
    if (!out->failed)
        history_code_seal((uint8_t *)out->data + begin, out->length - begin, key);
}

/* ---- reading --------------------------------------------------------------------------------- */

/* Back to the first reading. */
static void rewind_runs(struct history_span_reader *reader)
{
    reader->left = reader->count;
    reader->time = reader->first;
    reader->begun = false;
    reader->times = (struct history_runs){.at = reader->times_at, .end = reader->runs_end};
    reader->qualities = (struct history_runs){.at = reader->qualities_at, .end = reader->runs_end};
}

int history_span_open(struct history_span_reader *reader, const uint8_t *bytes, size_t length,
                      int64_t key, int64_t base)
{
    *reader = (struct history_span_reader){0};
    int version = history_code_check(bytes, length, key);
    if (version != HISTORY_SPAN_VERSION)
        return version < 0 ? version : -ENOTSUP;
    const uint8_t *at = bytes + HISTORY_CODE_HEAD, *end = bytes + length;
    uint64_t count, good;
    int64_t first;
    if (!history_code_take(&at, end, &count) || count == 0 || count > HISTORY_SPAN_MOST ||
        !history_runs_take_first(&at, end, &first))
        return -EBADMSG;
    reader->count = (size_t)count;
    reader->first = base + first;
    reader->times_at = at;
    if (!history_runs_skip_times(&at, end, count - 1))
        return -EBADMSG;
    reader->qualities_at = at;
    if (!history_runs_skip_qualities(&at, end, count, &good))
        return -EBADMSG;
    reader->runs_end = at;
    rewind_runs(reader);
    return history_column_open(&reader->values, &at, end, (size_t)good);
}

void history_span_close(struct history_span_reader *reader)
{
    history_column_close(&reader->values);
}

/* Pass over readings that are before `time`: whole runs at once. False when damaged. */
static bool skip_times(struct history_span_reader *reader, int64_t time)
{
    if (!reader->begun && reader->time < time) {
        reader->begun = true;
        reader->left--;
    }
    while (reader->left > 0 && reader->begun) {
        struct history_runs *runs = &reader->times;
        if (runs->left == 0 && !history_runs_next_time(runs))
            return false;
        /* how many steps stay before `time`, which is after reader->time */
        uint64_t distance = (uint64_t)time - 1 - (uint64_t)reader->time;
        uint64_t steps = runs->what ? distance / runs->what : runs->left;
        if (time <= reader->time)
            steps = 0;
        steps = steps < runs->left ? steps : runs->left;
        runs->left -= steps;
        reader->left -= (size_t)steps;
        reader->time += (int64_t)(steps * runs->what);
        if (runs->left > 0)
            break;
    }
    return true;
}

/* Bring the qualities to where the times are; `*good` ends as the number of good ones before. */
static bool follow_qualities(struct history_span_reader *reader, size_t *good)
{
    struct history_runs *runs = &reader->qualities;
    size_t left = reader->count - reader->left;
    for (*good = 0; left > 0;) {
        if (runs->left == 0 && !history_runs_next_quality(runs))
            return false;
        size_t some = runs->left < left ? (size_t)runs->left : left;
        runs->left -= some;
        left -= some;
        *good += runs->what == QUALITY_GOOD ? some : 0;
    }
    return true;
}

int history_span_seek(struct history_span_reader *reader, int64_t time)
{
    size_t good;
    rewind_runs(reader);
    if (!skip_times(reader, time) || !follow_qualities(reader, &good))
        return -EBADMSG;
    return history_column_seek(&reader->values, good);
}

/* As many next readings as one run of times and one of qualities have in common, at most `count`.
 */
static size_t next_in_runs(struct history_span_reader *reader, struct history_sample *samples,
                           size_t count)
{
    struct history_runs *times = &reader->times, *qualities = &reader->qualities;
    if (!reader->begun)
        return 0;
    size_t some = times->left < count ? (size_t)times->left : count;
    some = qualities->left < some ? (size_t)qualities->left : some;
    for (size_t i = 0; i < some; i++) {
        reader->time += (int64_t)times->what;
        samples[i].time = reader->time;
        samples[i].value = 0;
        samples[i].quality = (enum quality)qualities->what;
    }
    times->left -= some;
    qualities->left -= some;
    reader->left -= some;
    return some;
}

/* Time and quality of the next reading. */
static bool next_sample(struct history_span_reader *reader, struct history_sample *sample)
{
    if (reader->begun) {
        if (reader->times.left == 0 && !history_runs_next_time(&reader->times))
            return false;
        reader->times.left--;
        reader->time += (int64_t)reader->times.what;
    }
    reader->begun = true;
    if (reader->qualities.left == 0 && !history_runs_next_quality(&reader->qualities))
        return false;
    reader->qualities.left--;
    reader->left--;
    *sample = (struct history_sample){.time = reader->time,
                                      .quality = (enum quality)reader->qualities.what};
    return true;
}

#define BATCH 256

/* At most BATCH samples. */
static int read_batch(struct history_span_reader *reader, struct history_sample *samples,
                      size_t count)
{
    int64_t values[BATCH];
    size_t good = 0, next = 0;
    for (size_t i = 0, some; i < count; i += some) {
        some = next_in_runs(reader, samples + i, count - i);
        if (some == 0 && !next_sample(reader, &samples[i]))
            return -EBADMSG;
        some = some ? some : 1;
        good += samples[i].quality == QUALITY_GOOD ? some : 0;
    }
    int result = history_column_read(&reader->values, values, good);
    if (result < 0)
        return result;
    for (size_t i = 0; i < count; i++) {
        if (samples[i].quality == QUALITY_GOOD)
            samples[i].value = values[next++];
    }
    return 0;
}

int history_span_read(struct history_span_reader *reader, struct history_sample *samples,
                      size_t most)
{
    size_t count = most < reader->left ? most : reader->left;
    for (size_t done = 0; done < count;) {
        size_t some = count - done < BATCH ? count - done : BATCH;
        int result = read_batch(reader, samples + done, some);
        if (result < 0)
            return result;
        done += some;
    }
    return (int)count;
}

size_t history_span_count(const uint8_t *bytes, size_t length)
{
    if (length < HISTORY_CODE_HEAD || bytes[0] != HISTORY_SPAN_VERSION)
        return 0;
    const uint8_t *at = bytes + HISTORY_CODE_HEAD;
    uint64_t count;
    if (!history_code_take(&at, bytes + length, &count) || count > HISTORY_SPAN_MOST)
        return 0;
    return (size_t)count;
}
