#include "engine/history_collect.h"

#include <errno.h>

int history_collect_no_memory(struct err *err)
{
    return err_set(err, -ENOMEM, "there is no memory for this answer; ask for less at once");
}

/* Make the bucket that `time` lies in the last one, unless it would be one too many: then
 * collecting is cut there. */
static int begin_bucket(struct history_collect *collect, int64_t time,
                        const struct history_tier_row *row, struct err *err)
{
    struct history_rows *buckets = &collect->buckets;
    struct history_stretch stretch = {time, time};
    if (!collect->every)
        stretch = history_calendar_find(&collect->grid, time);
    if (buckets->count == collect->most) {
        collect->cut = true;
        collect->cut_at = stretch.begin;
        return 0;
    }
    if (!history_rows_reserve(buckets, 1))
        return history_collect_no_memory(err);
    buckets->list[buckets->count] = *row;
    buckets->list[buckets->count++].time = stretch.begin;
    collect->bucket_end = stretch.end;
    return 0;
}

static int put_reading(struct history_collect *collect, int64_t time, int64_t value,
                       struct err *err)
{
    struct history_rows *buckets = &collect->buckets;
    if (buckets->count > 0 && time < collect->bucket_end) {
        history_tier_add(&buckets->list[buckets->count - 1], value, collect->counter);
        return 0;
    }
    struct history_tier_row row = history_tier_begin(time, value);
    return begin_bucket(collect, time, &row, err);
}

/* Readings that are not in pieces, up to `until`. */
int history_collect_loose(struct history_collect *collect, int64_t until, struct err *err)
{
    int result = 0;
    for (; collect->loose_at < collect->loose->count && !collect->cut && result == 0;
         collect->loose_at++) {
        const struct history_sample *sample = &collect->loose->list[collect->loose_at];
        if (sample->time >= until)
            break;
        if (sample->quality == QUALITY_GOOD && sample->time >= collect->from)
            result = put_reading(collect, sample->time, sample->value, err);
    }
    return result;
}

int history_collect_row(struct history_collect *collect, const struct history_tier_row *row,
                        struct err *err)
{
    struct history_rows *buckets = &collect->buckets;
    int64_t time = row->time < collect->from ? collect->from : row->time;
    int result = history_collect_loose(collect, time, err);
    if (result < 0 || collect->cut)
        return result;
    if (buckets->count > 0 && time < collect->bucket_end) {
        history_tier_combine(&buckets->list[buckets->count - 1], row, collect->counter);
        return 0;
    }
    return begin_bucket(collect, time, row, err);
}

/* Each a bucket of its own, nothing to mix in: the way of most readings of a long answer. */
static int put_each(struct history_collect *collect, const struct history_sample *samples,
                    int count, int64_t until, struct err *err)
{
    struct history_rows *buckets = &collect->buckets;
    if (!history_rows_reserve(buckets, (size_t)count))
        return history_collect_no_memory(err);
    for (int i = 0; i < count && samples[i].time < until; i++) {
        if (samples[i].quality != QUALITY_GOOD)
            continue;
        if (buckets->count == collect->most) {
            collect->cut = true;
            collect->cut_at = samples[i].time;
            break;
        }
        buckets->list[buckets->count++] = history_tier_begin(samples[i].time, samples[i].value);
        collect->bucket_end = samples[i].time;
    }
    return 0;
}

int history_collect_samples(struct history_collect *collect, const struct history_sample *samples,
                            int count, int64_t until, struct err *err)
{
    int result = 0;
    bool loose = collect->loose_at < collect->loose->count;
    if (collect->every && !loose)
        return put_each(collect, samples, count, until, err);
    for (int i = 0; i < count && result == 0 && !collect->cut; i++) {
        const struct history_sample *sample = &samples[i];
        if (sample->time >= until)
            return 0;
        if (sample->quality != QUALITY_GOOD)
            continue;
        if (loose)
            result = history_collect_loose(collect, sample->time, err);
        if (result == 0 && !collect->cut)
            result = put_reading(collect, sample->time, sample->value, err);
    }
    return result;
}
