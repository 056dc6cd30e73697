#include "engine/history_points.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"

struct recorded {
    uint32_t series;
    point_id point;
    double scale;
};

static const double powers_of_ten[] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9};

/* Beyond it a number does not fit an int64 any more. */
#define SCALED_MOST 9.2e18

static void add_series(struct history_points *points, const struct history_definition *definition)
{
    history_series_add(&points->series, definition);
    const struct history_definition *own = &points->series.list[points->series.count - 1];
    /* A series with other decimals than today's catalogue is of the past: the path gets a new one.
     */
    if (own->quantity != QUANTITY_NONE && quantity_row(own->quantity)->decimals == own->decimals)
        map_set(&points->numbers, own->path, (void *)(uintptr_t)own->number);
}

void history_points_init(struct history_points *points, struct site *site,
                         const struct history_series_list *known)
{
    *points = (struct history_points){.site = site, .series = HISTORY_SERIES_LIST_EMPTY};
    for (size_t i = 0; i < known->count; i++)
        add_series(points, &known->list[i]);
    points->series.next = known->next;
    points->stored = known->count;
}

void history_points_deinit(struct history_points *points)
{
    map_deinit(&points->numbers);
    history_series_deinit(&points->series);
    free(points->recorded);
    free(points->readings);
    *points = (struct history_points){0};
}

/* The number of the point's series, made if needed; 0 when there are no numbers left. */
static uint32_t series_of(struct history_points *points, const struct point *point)
{
    uint32_t number = (uint32_t)(uintptr_t)map_get(&points->numbers, point->path);
    if (number)
        return number;
    if (points->series.next > HISTORY_SERIES_MOST) {
        log_error("history", "%s is not recorded: all series numbers are used", point->path);
        return 0;
    }
    struct history_definition definition = {
        .number = points->series.next,
        .quantity = point->quantity,
        .decimals = quantity_row(point->quantity)->decimals,
        .path = point->path,
    };
    add_series(points, &definition);
    return definition.number;
}

static void record_point(struct history_points *points, const struct point *point)
{
    const struct quantity_row *row = quantity_row(point->quantity);
    if (row->kind == QUANTITY_KIND_TEXT)
        return;
    uint32_t series = series_of(points, point);
    if (!series)
        return;
    points->recorded = mem_grow(points->recorded, points->recorded_count,
                                &points->recorded_capacity, sizeof *points->recorded);
    points->recorded[points->recorded_count++] = (struct recorded){
        .series = series,
        .point = point->id,
        .scale = powers_of_ten[row->decimals],
    };
}

static int compare_recorded(const void *a, const void *b)
{
    const struct recorded *left = a, *right = b;
    return left->series < right->series ? -1 : left->series > right->series;
}

/* Fit the list to the site after devices came or went. */
static void refresh(struct history_points *points)
{
    if (points->fits && points->revision == site_revision(points->site))
        return;
    points->recorded_count = 0;
    for (struct device *device = site_devices(points->site); device; device = device->next) {
        for (struct component *component = device->components; component;
             component = component->next) {
            for (struct point *point = component->points; point; point = point->next)
                record_point(points, point);
        }
    }
    qsort(points->recorded, points->recorded_count, sizeof *points->recorded, compare_recorded);
    if (points->recorded_count > points->reading_capacity) {
        points->reading_capacity = points->recorded_count;
        points->readings =
            mem_resize(points->readings, points->reading_capacity * sizeof *points->readings);
    }
    points->revision = site_revision(points->site);
    points->fits = true;
}

static struct history_reading read_point(const struct recorded *recorded, const struct point *point)
{
    struct history_reading reading = {.series = recorded->series, .quality = point->value.quality};
    double scaled = point->value.number * recorded->scale;
    if (reading.quality != QUALITY_GOOD)
        return reading;
    if (fabs(scaled) < SCALED_MOST)
        reading.value = llround(scaled);
    else
        reading.quality = QUALITY_BAD; /* not a number that could be kept; NaN as well */
    return reading;
}

size_t history_points_read(struct history_points *points, int64_t mono_ms, struct buf *row)
{
    refresh(points);
    size_t count = 0;
    for (size_t i = 0; i < points->recorded_count; i++) {
        const struct point *point = site_point(points->site, points->recorded[i].point);
        if (point)
            points->readings[count++] = read_point(&points->recorded[i], point);
    }
    history_row_encode(row, mono_ms, points->readings, count);
    return count;
}
