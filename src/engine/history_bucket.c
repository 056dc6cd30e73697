#include "engine/history_bucket.h"

#include <stdlib.h>

static const double powers_of_ten[] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9};

static clock_us begin_of(const struct history_bucketer *bucketer, clock_us time)
{
    if (bucketer->step == 0)
        return time;
    clock_us rest = time % bucketer->step;
    return time - (rest < 0 ? rest + bucketer->step : rest);
}

static bool make_room(struct history_bucketer *bucketer)
{
    if (bucketer->count < bucketer->capacity)
        return true;
    size_t capacity = bucketer->capacity ? bucketer->capacity * 2 : 64;
    struct history_bucket *buckets = realloc(bucketer->buckets, capacity * sizeof *buckets);
    if (!buckets)
        return false;
    bucketer->buckets = buckets;
    bucketer->capacity = capacity;
    return true;
}

/* Two exact parts are added with one rounding; dividing rounds once more. */
static double exact_sum(const struct history_bucketer *bucketer)
{
    return (double)(bucketer->sum_high + (int64_t)(bucketer->sum_low >> 32)) * 4294967296.0 +
           (double)(bucketer->sum_low & UINT32_MAX);
}

bool history_bucketer_end(struct history_bucketer *bucketer)
{
    if (bucketer->readings == 0)
        return true;
    if (bucketer->count == bucketer->most) {
        bucketer->cut = true;
        bucketer->readings = 0;
        return true;
    }
    if (!make_room(bucketer))
        return false;
    double scale = powers_of_ten[bucketer->decimals];
    bucketer->buckets[bucketer->count++] = (struct history_bucket){
        .time = bucketer->begin,
        .min = (double)bucketer->min / scale,
        .max = (double)bucketer->max / scale,
        .last = (double)bucketer->last / scale,
        .sum = exact_sum(bucketer) / scale,
        .count = bucketer->readings,
    };
    bucketer->readings = 0;
    return true;
}

bool history_bucketer_put(struct history_bucketer *bucketer, clock_us time, int64_t value)
{
    if (time < bucketer->from || time >= bucketer->to || bucketer->cut)
        return true;
    clock_us begin = begin_of(bucketer, time);
    bool same = bucketer->readings > 0 && bucketer->step > 0 && begin == bucketer->begin;
    if (!same) {
        if (!history_bucketer_end(bucketer))
            return false;
        bucketer->begin = begin;
        bucketer->min = bucketer->max = value;
        bucketer->sum_high = 0;
        bucketer->sum_low = 0;
    }
    if (value < bucketer->min)
        bucketer->min = value;
    if (value > bucketer->max)
        bucketer->max = value;
    bucketer->last = value;
    bucketer->sum_low += (uint64_t)value & UINT32_MAX;
    bucketer->sum_high += value >> 32; /* rounds down, which the unsigned low half makes good */
    bucketer->readings++;
    return true;
}
