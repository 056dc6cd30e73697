#include "engine/history_bucket.h"

#include <assert.h>
#include <stdlib.h>

static const double powers_of_ten[] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9};

/* Two exact parts are added with one rounding; dividing rounds once more. */
static double exact_sum(const struct history_tier_row *row)
{
    return (double)(row->sum_high + (int64_t)(row->sum_low >> 32)) * 4294967296.0 +
           (double)(row->sum_low & UINT32_MAX);
}

/* From the reading before to the last one; a fall between two rows is a reset, too: then it counts
 * from zero. */
static double rise_of(const struct history_tier_row *row, bool has_before, int64_t before)
{
    double inside = (double)row->last - (double)row->first + (double)row->lost;
    if (!has_before)
        return inside;
    double step = row->first >= before ? (double)row->first - (double)before : (double)row->first;
    return step + inside;
}

struct history_bucket *history_bucket_make(const struct history_buckets_of *of)
{
    assert(of->decimals >= 0 && of->decimals <= HISTORY_DECIMALS_MOST);
    struct history_bucket *buckets = malloc((of->count + 1) * sizeof *buckets);
    double scale = powers_of_ten[of->decimals];
    bool has_before = of->has_before;
    int64_t before = of->before;
    for (size_t i = 0; buckets && i < of->count; i++) {
        const struct history_tier_row *row = &of->rows[i];
        double last = (double)row->last / scale;
        bool one = row->count == 1;
        buckets[i] = (struct history_bucket){
            .time = row->time * CLOCK_MS,
            .min = one ? last : (double)row->min / scale,
            .max = one ? last : (double)row->max / scale,
            .last = last,
            .sum = one ? last : exact_sum(row) / scale,
            .rise = of->counter ? rise_of(row, has_before, before) / scale : 0,
            .count = row->count,
        };
        has_before = true;
        before = row->last;
    }
    return buckets;
}

static int64_t times(int64_t value, int64_t factor)
{
    int64_t product;
    if (__builtin_mul_overflow(value, factor, &product))
        return value < 0 ? INT64_MIN : INT64_MAX;
    return product;
}

void history_bucket_scale(struct history_tier_row *row, int more)
{
    static const int64_t factors[] = {1,      10,      100,      1000,      10000,
                                      100000, 1000000, 10000000, 100000000, 1000000000};
    assert(more >= 0 && more <= HISTORY_DECIMALS_MOST);
    int64_t factor = factors[more];
    row->min = times(row->min, factor);
    row->max = times(row->max, factor);
    row->first = times(row->first, factor);
    row->last = times(row->last, factor);
    row->lost = times(row->lost, factor);
    row->sum_high = times(row->sum_high + (int64_t)(row->sum_low >> 32), factor);
    row->sum_low = (row->sum_low & UINT32_MAX) * (uint64_t)factor;
}
