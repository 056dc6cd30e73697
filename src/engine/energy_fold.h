/* energy_fold - the rises of one counter become what was used, what it cost and what it emitted, by
 * step.
 *
 * Exact: a rise is a whole number of the counter's decimals, a price a whole number of millionths;
 * sums are whole numbers, so that days make up months and members groups. What a counter rose by
 * while nothing was read is booked where it is read again; its price is known only when all of
 * the time had one. Pure; fed with the history's buckets in order of time.
 */
#pragma once

#include <stdbool.h>

#include "engine/energy_period.h"
#include "engine/history.h"
#include "engine/history_calendar.h"
#include "engine/tariff.h"

/* What is known of one stretch of time. Amounts are whole numbers: `used` and `priced` in the
 * counter's decimals, `cost` and `co2` in millionths of those. */
struct energy_figure {
    int64_t used, priced; /* priced: the part of `used` that has a known price */
    int64_t cost, co2;
    clock_us covered; /* of the time, with readings */
    bool known;       /* there was a reading */
    bool costed;      /* at least one tariff was in force */
    bool emits;       /* ... that has a factor of CO2 */
};

/* `more` times the figure of another stretch, or of a member; 1 or -1. Sums saturate. */
void energy_figure_add(struct energy_figure *to, const struct energy_figure *more, int times);

struct energy_fold {
    /* set by the caller */
    const struct tariff_segments *prices;
    const struct energy_steps *steps;
    struct energy_figure *figures; /* one for each step */
    int decimals;
    clock_us grain; /* length of the buckets */
    struct history_zone *zone;
    /* at work */
    size_t step, segment;
    clock_us done; /* the end of the last bucket; 0: none yet */
};

/* A page of buckets of from <= time < to. Those before the first step are only looked at for where
 * readings went on. */
void energy_fold_add(struct energy_fold *fold, const struct history_series *series, clock_us from,
                     clock_us to);

/* Go on with other steps from their begin on. */
void energy_fold_turn(struct energy_fold *fold, const struct energy_steps *steps,
                      struct energy_figure *figures);
