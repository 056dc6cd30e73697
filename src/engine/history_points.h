/* history_points - which points of the site are recorded, under which series number, and what they
 * say now.
 *
 * A path keeps its series for ever: numbers come from the store, new ones follow the highest. Loop
 * thread only.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/map.h"
#include "engine/history_row.h"
#include "engine/history_series.h"
#include "model/site.h"

struct history_points {
    struct site *site;
    struct history_series_list series;
    size_t stored;             /* how many of them the store knows */
    struct map numbers;        /* path -> definition's number, as a pointer */
    struct recorded *recorded; /* ordered by series */
    size_t recorded_count, recorded_capacity;
    uint64_t revision; /* of the site that `recorded` fits */
    bool fits;
    struct history_reading *readings;
    size_t reading_capacity;
};

/* `known` is what the store knows; copied. */
void history_points_init(struct history_points *points, struct site *site,
                         const struct history_series_list *known);
void history_points_deinit(struct history_points *points);

/* Append the row of what all numeric points say now to `row`; returns how many there are. Good
 * readings are kept with the catalogue's decimals, everything else as a gap with its quality. */
size_t history_points_read(struct history_points *points, int64_t mono_ms, struct buf *row);
