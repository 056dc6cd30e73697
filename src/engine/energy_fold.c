#include "engine/energy_fold.h"

#include <math.h>

/* Readings may be an hour apart (history.every): so short a time between two buckets is no gap. */
#define JOINED (3600 * CLOCK_S)

/* ---- sums ------------------------------------------------------------------------------------ */

static void add_to(int64_t *sum, int64_t more)
{
    if (__builtin_add_overflow(*sum, more, sum))
        *sum = more < 0 ? INT64_MIN : INT64_MAX;
}

void energy_figure_add(struct energy_figure *to, const struct energy_figure *more, int times)
{
    add_to(&to->used, times * more->used);
    add_to(&to->priced, times * more->priced);
    add_to(&to->cost, times * more->cost);
    add_to(&to->co2, times * more->co2);
    to->covered += more->covered;
    to->known |= more->known;
    to->costed |= more->costed;
    to->emits |= more->emits;
}

/* ---- prices ---------------------------------------------------------------------------------- */

/* The segment that holds for all of begin <= time < end, by tariff and price; NULL when that
 * changes. */
static const struct tariff_segment *one_price(struct energy_fold *fold, clock_us begin,
                                              clock_us end)
{
    const struct tariff_segments *prices = fold->prices;
    fold->segment = tariff_segment_find(prices, begin, fold->segment);
    if (fold->segment >= prices->count || prices->list[fold->segment].begin > begin)
        return NULL;
    const struct tariff_segment *first = &prices->list[fold->segment];
    for (size_t i = fold->segment + 1; i < prices->count && prices->list[i].begin < end; i++) {
        const struct tariff_segment *next = &prices->list[i];
        if (next->price != first->price || next->co2 != first->co2 ||
            !next->tariff != !first->tariff)
            return NULL;
    }
    return first;
}

static void put_cost(struct energy_figure *figure, const struct tariff_segment *segment,
                     int64_t units)
{
    int64_t cost, co2;
    if (!segment || !segment->tariff || __builtin_mul_overflow(units, segment->price, &cost) ||
        __builtin_mul_overflow(units, segment->co2, &co2))
        return;
    figure->costed = true;
    figure->emits |= segment->co2 != 0;
    add_to(&figure->cost, cost);
    add_to(&figure->co2, co2);
    add_to(&figure->priced, units);
}

/* ---- buckets --------------------------------------------------------------------------------- */

/* Thinned buckets are hours, days, months or years. */
static clock_us end_of(const struct energy_fold *fold, const struct history_series *series,
                       clock_us time)
{
    static const enum history_level levels[] = {[HISTORY_UNIT_HOUR] = HISTORY_HOUR,
                                                [HISTORY_UNIT_DAY] = HISTORY_DAY,
                                                [HISTORY_UNIT_MONTH] = HISTORY_MONTH,
                                                [HISTORY_UNIT_YEAR] = HISTORY_YEAR};
    for (int unit = HISTORY_UNIT_YEAR; unit >= HISTORY_UNIT_HOUR; unit--) {
        if (time >= series->thinned[unit])
            continue;
        struct history_calendar grid = history_calendar_new(levels[unit], 1);
        grid.zone = fold->zone;
        return history_calendar_find(&grid, time / CLOCK_MS).end * CLOCK_MS;
    }
    return time + fold->grain;
}

/* Readings stand for the time from `begin` to `end`, over however many steps that is. */
static void cover(struct energy_fold *fold, clock_us begin, clock_us end)
{
    const struct energy_steps *steps = fold->steps;
    size_t i = fold->step;
    while (i > 0 && steps->at[i] > begin)
        i--;
    for (; i < steps->count && steps->at[i] < end; i++) {
        clock_us first = steps->at[i] > begin ? steps->at[i] : begin;
        clock_us last = steps->at[i + 1] < end ? steps->at[i + 1] : end;
        if (last > first)
            fold->figures[i].covered += last - first;
    }
}

static void put_bucket(struct energy_fold *fold, clock_us begin, clock_us end, double rise,
                       bool alone)
{
    static const double scales[] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9};
    const struct energy_steps *steps = fold->steps;
    while (fold->step < steps->count && steps->at[fold->step + 1] <= begin)
        fold->step++;
    if (fold->step >= steps->count || begin < steps->at[fold->step])
        return;
    struct energy_figure *figure = &fold->figures[fold->step];
    int64_t units = llround(rise * scales[fold->decimals]);
    figure->known = true;
    add_to(&figure->used, units);
    bool joined = fold->done && begin - fold->done <= JOINED;
    cover(fold, joined ? fold->done : begin, end);
    /* a counter that stood still while nothing was read cost nothing, whatever the price was */
    clock_us since = alone || units == 0 ? begin : fold->done;
    put_cost(figure, since ? one_price(fold, since, end) : NULL, units);
}

void energy_fold_add(struct energy_fold *fold, const struct history_series *series, clock_us from,
                     clock_us to)
{
    for (size_t i = 0; i < series->count; i++) {
        const struct history_bucket *bucket = &series->buckets[i];
        clock_us begin = bucket->time > from ? bucket->time : from;
        clock_us end = end_of(fold, series, bucket->time);
        end = end < to ? end : to;
        /* the first reading there ever was: what it rose by, it rose by within the bucket */
        bool alone = i == 0 && !series->continued && !fold->done;
        put_bucket(fold, begin, end, bucket->rise, alone);
        fold->done = end;
    }
}

void energy_fold_turn(struct energy_fold *fold, const struct energy_steps *steps,
                      struct energy_figure *figures)
{
    fold->steps = steps;
    fold->figures = figures;
    fold->step = 0;
}
