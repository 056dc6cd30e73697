/* history_points - which points of the site are recorded, under which series number, how often and
 * as what, and what they say now.
 *
 * A path keeps its series for ever: numbers come from the store, new ones follow the highest. What
 * a point has gathered since the last tick outlives reloads and changes of the site. Loop thread
 * only.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/map.h"
#include "engine/history_gather.h"
#include "engine/history_row.h"
#include "engine/history_rules.h"
#include "engine/history_series.h"
#include "model/site.h"

/* Points that are recorded equally often. */
struct history_interval {
    clock_us every;
    size_t points;
};

struct history_points {
    struct site *site;
    struct history_rules rules; /* owned */
    clock_us every;             /* where no rule says otherwise */
    struct history_series_list series;
    size_t stored;             /* how many of them the store knows */
    struct map numbers;        /* path -> definition's number, as a pointer */
    struct recorded *recorded; /* ordered by series; taps point into it */
    size_t recorded_count;
    struct history_interval *intervals;
    size_t interval_count, interval_capacity;
    uint64_t revision; /* of the site that `recorded` fits */
    bool fits;
    struct history_reading *readings; /* room for all of `recorded` */
};

/* `known` is what the store knows; copied. Nothing is recorded before the policy is known. */
void history_points_init(struct history_points *points, struct site *site,
                         const struct history_series_list *known);
void history_points_deinit(struct history_points *points);

/* Another interval for points without a rule, or (`rules` not NULL: taken, left empty) other rules.
 */
void history_points_set_every(struct history_points *points, clock_us every);
void history_points_set_rules(struct history_points *points, struct history_rules *rules_take);

/* Fit to the site after devices came or went, or to another policy; true when something was done:
 * then `intervals` may be others. */
bool history_points_refresh(struct history_points *points);

/* The series under which a path is kept, made if there is none; a point of the site need not have
 * it. NULL when all numbers are used; valid until the next call of this module. */
const struct history_definition *history_points_series(struct history_points *points,
                                                       const char *path, enum quantity quantity);

/* Points that are recorded from time to time. */
size_t history_points_count(const struct history_points *points);

/* Append a row to `row`, and return how many points are in it; none: nothing is appended. Good
 * readings are kept with the catalogue's decimals, everything else as a gap with its quality. */

/* Those whose interval is due (`due[i]` for intervals[i]), each as its mode says. */
size_t history_points_read_due(struct history_points *points, const bool *due, int64_t mono_ms,
                               struct buf *row);

/* Those at or below one of `names` (points, components, devices; none: all), as they stand now;
 * what is being gathered goes on. `on_alarm`: only those whose rule says so. */
size_t history_points_read_now(struct history_points *points, const char *const *names,
                               size_t count, bool on_alarm, int64_t mono_ms, struct buf *row);
