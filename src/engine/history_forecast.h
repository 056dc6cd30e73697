/* history_forecast - how far the history's space reaches with a choice of rules and intervals.
 *
 * Counts what a choice would record on today's site and reckons with what a reading has cost on
 * disk so far. For the status and for the page, which asks while somebody is still choosing. Pure
 * but for reading the site.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/history_rules.h"
#include "model/site.h"

struct history_choice {
    bool enabled;
    clock_us every;
    int64_t space; /* MB, 0: a tenth of what the disk has for us */
    const struct history_rules *rules;
};

/* What is known of the store. */
struct history_use {
    uint64_t bytes, free_bytes;
    double bytes_per_reading; /* 0: not known yet */
};

struct history_forecast {
    size_t points;      /* recorded from time to time */
    size_t kept_points; /* of them counters: their days, months and years are never evicted */
    double readings_per_day, bytes_per_day;
    double bytes_per_reading;
    bool measured;              /* bytes_per_reading comes from this store */
    uint64_t budget;            /* bytes that the history may take */
    double lasts_days;          /* of readings that the budget holds; 0: nothing is recorded */
    double full_days;           /* until the budget is full, and the oldest goes first; 0: it is */
    double kept_bytes_per_year; /* what is kept for ever, about */
};

/* Per rule: points that it fits, and points for which it counts. */
struct history_rule_use {
    size_t fits, counts;
};

/* `uses`: NULL, or room for choice->rules->count, in their order. */
void history_forecast_make(const struct site *site, const struct history_choice *choice,
                           const struct history_use *use, struct history_forecast *forecast,
                           struct history_rule_use *uses);

/* The rest of a forecast whose points and readings_per_day are filled in. */
void history_forecast_reckon(struct history_forecast *forecast, int64_t space,
                             const struct history_use *use);

/* Bytes that the history may take: `space` MB, or with 0 a tenth of what it has and what is free
 * together, so that what it has itself does not make it smaller; never more than 95 % of that. */
uint64_t history_space(int64_t space, const struct history_use *use);
