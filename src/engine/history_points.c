#include "engine/history_points.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"

#define NO_INTERVAL SIZE_MAX

struct recorded {
    uint32_t series;
    point_id point;
    double scale;
    size_t interval; /* NO_INTERVAL: on alarm only */
    bool on_alarm;
    bool wanted; /* in the row that is being made */
    struct history_gather gather;
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

static void drop_taps(struct history_points *points)
{
    for (size_t i = 0; i < points->recorded_count; i++) {
        struct point *point = site_point(points->site, points->recorded[i].point);
        if (point)
            point->tap = (struct point_tap){0};
    }
}

void history_points_deinit(struct history_points *points)
{
    drop_taps(points);
    map_deinit(&points->numbers);
    history_series_deinit(&points->series);
    history_rules_deinit(&points->rules);
    free(points->recorded);
    free(points->readings);
    free(points->intervals);
    *points = (struct history_points){0};
}

void history_points_set_every(struct history_points *points, clock_us every)
{
    points->fits &= points->every == every;
    points->every = every;
}

void history_points_set_rules(struct history_points *points, struct history_rules *rules_take)
{
    points->fits &= history_rules_equal(&points->rules, rules_take);
    history_rules_deinit(&points->rules);
    points->rules = *rules_take;
    *rules_take = HISTORY_RULES_EMPTY;
}

/* ---- the list -------------------------------------------------------------------------------- */

/* The number of a path's series, made if needed; 0 when there are no numbers left. */
static uint32_t series_of(struct history_points *points, const char *path, enum quantity quantity)
{
    uint32_t number = (uint32_t)(uintptr_t)map_get(&points->numbers, path);
    if (number)
        return number;
    if (points->series.next > HISTORY_SERIES_MOST) {
        log_error("history", "%s is not recorded: all series numbers are used", path);
        return 0;
    }
    struct history_definition definition = {
        .number = points->series.next,
        .quantity = quantity,
        .decimals = quantity_row(quantity)->decimals,
        .path = path,
    };
    add_series(points, &definition);
    return definition.number;
}

const struct history_definition *history_points_series(struct history_points *points,
                                                       const char *path, enum quantity quantity)
{
    uint32_t number = series_of(points, path, quantity);
    size_t low = 0, high = number ? points->series.count : 0;
    while (low < high) { /* ordered by number; damaged ones are missing */
        size_t middle = low + (high - low) / 2;
        if (points->series.list[middle].number < number)
            low = middle + 1;
        else
            high = middle;
    }
    return number ? &points->series.list[low] : NULL;
}

static size_t interval_of(struct history_points *points, clock_us every)
{
    if (every == HISTORY_EVERY_OFF)
        return NO_INTERVAL;
    size_t i = 0;
    while (i < points->interval_count && points->intervals[i].every != every)
        i++;
    if (i == points->interval_count) {
        points->intervals = mem_grow(points->intervals, points->interval_count,
                                     &points->interval_capacity, sizeof *points->intervals);
        points->intervals[points->interval_count++] = (struct history_interval){.every = every};
    }
    points->intervals[i].points++;
    return i;
}

struct fresh_list {
    struct recorded *list;
    size_t count, capacity;
};

static void record_point(struct history_points *points, struct fresh_list *fresh,
                         const struct point *point)
{
    const struct quantity_row *row = quantity_row(point->quantity);
    if (row->kind == QUANTITY_KIND_TEXT)
        return;
    const struct history_rule *rule = history_rules_find(&points->rules, point->path);
    clock_us every = history_rule_every(rule, points->every);
    bool on_alarm = rule && rule->on_alarm;
    uint32_t series = every || on_alarm ? series_of(points, point->path, point->quantity) : 0;
    if (!series)
        return;
    fresh->list = mem_grow(fresh->list, fresh->count, &fresh->capacity, sizeof *fresh->list);
    fresh->list[fresh->count++] = (struct recorded){
        .series = series,
        .point = point->id,
        .scale = powers_of_ten[row->decimals],
        .interval = interval_of(points, every),
        .on_alarm = on_alarm,
        .gather = {.mode = every ? history_rule_mode(rule, row->kind) : HISTORY_MODE_VALUE},
    };
}

static int compare_recorded(const void *a, const void *b)
{
    const struct recorded *left = a, *right = b;
    return left->series < right->series ? -1 : left->series > right->series;
}

/* What was gathered for the same series goes on; both lists are ordered. */
static void carry_over(const struct history_points *points, struct fresh_list *fresh)
{
    size_t at = 0;
    for (size_t i = 0; i < fresh->count; i++) {
        while (at < points->recorded_count && points->recorded[at].series < fresh->list[i].series)
            at++;
        if (at < points->recorded_count && points->recorded[at].series == fresh->list[i].series &&
            points->recorded[at].gather.mode == fresh->list[i].gather.mode)
            fresh->list[i].gather = points->recorded[at].gather;
    }
}

static void on_reading(void *user, const struct point *point)
{
    history_gather_add(user, point->value.number);
}

static void set_taps(struct history_points *points)
{
    for (size_t i = 0; i < points->recorded_count; i++) {
        struct recorded *recorded = &points->recorded[i];
        struct point *point = site_point(points->site, recorded->point);
        if (point && recorded->gather.mode != HISTORY_MODE_VALUE)
            point->tap = (struct point_tap){.saw = on_reading, .user = &recorded->gather};
    }
}

static void take_list(struct history_points *points, struct fresh_list *fresh)
{
    carry_over(points, fresh);
    drop_taps(points);
    free(points->recorded);
    points->recorded = fresh->list;
    points->recorded_count = fresh->count;
    set_taps(points);
    free(points->readings);
    points->readings = fresh->count ? mem_new(fresh->count * sizeof *points->readings) : NULL;
}

bool history_points_refresh(struct history_points *points)
{
    if (points->fits && points->revision == site_revision(points->site))
        return false;
    struct fresh_list fresh = {0};
    points->interval_count = 0;
    for (struct device *device = site_devices(points->site); device; device = device->next) {
        for (struct component *component = device->components; component;
             component = component->next) {
            for (struct point *point = component->points; point; point = point->next)
                record_point(points, &fresh, point);
        }
    }
    if (fresh.count)
        qsort(fresh.list, fresh.count, sizeof *fresh.list, compare_recorded);
    take_list(points, &fresh);
    points->revision = site_revision(points->site);
    points->fits = true;
    return true;
}

size_t history_points_count(const struct history_points *points)
{
    size_t count = 0;
    for (size_t i = 0; i < points->interval_count; i++)
        count += points->intervals[i].points;
    return count;
}

/* ---- rows ------------------------------------------------------------------------------------ */

/* `number` is what is recorded of a good reading. */
static struct history_reading reading_of(const struct recorded *recorded, enum quality quality,
                                         double number)
{
    struct history_reading reading = {.series = recorded->series, .quality = quality};
    double scaled = number * recorded->scale;
    if (quality != QUALITY_GOOD)
        return reading;
    if (fabs(scaled) < SCALED_MOST)
        reading.value = llround(scaled);
    else
        reading.quality = QUALITY_BAD; /* not a number that could be kept; NaN as well */
    return reading;
}

/* Of a span without a reading, what the point says now stands for it: its last reading while that
 * is good, else a gap with the reason's quality. */
static struct history_reading read_span(struct recorded *recorded, const struct point *point)
{
    double number;
    if (recorded->gather.mode != HISTORY_MODE_VALUE &&
        history_gather_take(&recorded->gather, &number))
        return reading_of(recorded, QUALITY_GOOD, number);
    return reading_of(recorded, point->value.quality, point->value.number);
}

static struct history_reading read_now(struct recorded *recorded, const struct point *point)
{
    return reading_of(recorded, point->value.quality, point->value.number);
}

static size_t make_row(struct history_points *points,
                       struct history_reading (*read)(struct recorded *recorded,
                                                      const struct point *point),
                       int64_t mono_ms, struct buf *row)
{
    size_t count = 0;
    for (size_t i = 0; i < points->recorded_count; i++) {
        struct recorded *recorded = &points->recorded[i];
        const struct point *point =
            recorded->wanted ? site_point(points->site, recorded->point) : NULL;
        if (point)
            points->readings[count++] = read(recorded, point);
    }
    if (count)
        history_row_encode(row, mono_ms, points->readings, count);
    return count;
}

size_t history_points_read_due(struct history_points *points, const bool *due, int64_t mono_ms,
                               struct buf *row)
{
    for (size_t i = 0; i < points->recorded_count; i++) {
        struct recorded *recorded = &points->recorded[i];
        recorded->wanted = recorded->interval != NO_INTERVAL && due[recorded->interval];
    }
    return make_row(points, read_span, mono_ms, row);
}

/* Whether `path` is `name` or lies below it. */
static bool is_below(const char *path, const char *name)
{
    size_t length = strlen(name);
    return strncmp(path, name, length) == 0 && (path[length] == '\0' || path[length] == '/');
}

static bool is_named(const char *path, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (is_below(path, names[i]))
            return true;
    }
    return count == 0;
}

size_t history_points_read_now(struct history_points *points, const char *const *names,
                               size_t count, bool on_alarm, int64_t mono_ms, struct buf *row)
{
    history_points_refresh(points);
    for (size_t i = 0; i < points->recorded_count; i++) {
        struct recorded *recorded = &points->recorded[i];
        const struct point *point = site_point(points->site, recorded->point);
        recorded->wanted =
            point && (recorded->on_alarm || !on_alarm) && is_named(point->path, names, count);
    }
    return make_row(points, read_now, mono_ms, row);
}
