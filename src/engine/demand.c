#include "engine/demand_private.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "engine/history_calendar.h"

#define LOOK_EVERY CLOCK_S
/* A peak is saved at once; of what is under way a kill costs this much. */
#define SAVE_EVERY (300 * CLOCK_S)
/* A wall clock that runs away from the other one by more was set. */
#define STEP_MOST (2 * CLOCK_S)
/* Peaks do not grow old. */
#define FOR_EVER (CLOCK_NEVER / 4)

/* What is made of which source; NONE: nothing. */
static const struct target {
    enum quantity source, average, peak, most, least;
} targets[] = {
    {QUANTITY_REAL_POWER, QUANTITY_REAL_POWER_DEMAND, QUANTITY_REAL_POWER_DEMAND_PEAK,
     QUANTITY_REAL_POWER_MAX, QUANTITY_REAL_POWER_MIN},
    {QUANTITY_ENERGY, QUANTITY_REAL_POWER_DEMAND, QUANTITY_REAL_POWER_DEMAND_PEAK, QUANTITY_NONE,
     QUANTITY_NONE},
    {QUANTITY_CURRENT, QUANTITY_CURRENT_DEMAND, QUANTITY_CURRENT_DEMAND_PEAK, QUANTITY_CURRENT_MAX,
     QUANTITY_CURRENT_MIN},
    {QUANTITY_VOLTAGE, QUANTITY_NONE, QUANTITY_NONE, QUANTITY_VOLTAGE_MAX, QUANTITY_VOLTAGE_MIN},
};

static const struct target *target_of(enum quantity source)
{
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
        if (targets[i].source == source)
            return &targets[i];
    }
    return NULL;
}

static bool wall_known(const struct demand *demand)
{
    return clock_wall_known(loop_clock(demand->loop));
}

/* ---- publishing ------------------------------------------------------------------------------ */

static void publish(const struct demand *demand, point_id id, double number, clock_us wall,
                    clock_us good_for)
{
    struct point *point = id ? site_point(demand->site, id) : NULL;
    if (!point)
        return;
    point->good_for = good_for;
    if (isnan(number))
        point_mark(point, QUALITY_ABSENT, REASON_NO_SOURCE);
    else
        point_put(point, number, loop_now(demand->loop), wall);
}

static void publish_peaks(const struct demand *demand, const struct demand_point *point)
{
    publish(demand, point->most, point->peak.number, point->peak.wall, FOR_EVER);
    publish(demand, point->least, point->lowest.number, point->lowest.wall, FOR_EVER);
}

static bool raise(struct demand_peak *peak, double number, clock_us wall)
{
    if (!isnan(peak->number) && number <= peak->number)
        return false;
    *peak = (struct demand_peak){number, wall};
    return true;
}

static bool lower(struct demand_peak *peak, double number, clock_us wall)
{
    if (!isnan(peak->number) && number >= peak->number)
        return false;
    *peak = (struct demand_peak){number, wall};
    return true;
}

static clock_us month_of(clock_us wall)
{
    struct history_calendar months = history_calendar_new(HISTORY_MONTH, 1);
    return history_calendar_find(&months, wall / CLOCK_MS).begin * CLOCK_MS;
}

/* ---- windows --------------------------------------------------------------------------------- */

static double count_of(const struct demand_point *point)
{
    return point->window.counter && point->good ? point->number : NAN;
}

/* What a counter says now is what it said at the end of the part, unless that is long past. */
static bool is_prompt(const struct demand *demand, const struct demand_window *window)
{
    return (loop_wall(demand->loop) - window->end) * 50 <= window->part;
}

/* A power that stays the same is no news in the feed, and counts all the same. */
void demand_settle(struct demand_point *point, clock_us wall)
{
    if (wall > point->window.end)
        wall = point->window.end;
    if (!point->good || point->window.counter || point->held >= wall)
        return;
    demand_window_hold(&point->window, point->held, wall, point->number);
    point->held = wall;
}

/* A part is over: its window's average is the news. Whether it is a new peak. */
static bool end_part(struct demand *demand, struct demand_point *point)
{
    clock_us end = point->window.end;
    bool raised = false;
    demand_settle(point, end);
    double count = is_prompt(demand, &point->window) ? count_of(point) : NAN;
    double average = demand_window_end(&point->window, count);
    clock_us month = month_of(end - 1);
    if (month != point->month_begin)
        point->month = (struct demand_peak){.number = NAN};
    point->month_begin = month;
    point->last = average;
    point->last_wall = end;
    if (!isnan(average)) {
        raised = raise(&point->peak, average, end);
        raised |= raise(&point->month, average, end);
    }
    publish(demand, point->average, average, end, 2 * point->window.part);
    publish_peaks(demand, point);
    return raised;
}

/* Windows that were slept through are not known. Whether there is a new peak. */
static bool look_at_window(struct demand *demand, struct demand_point *point, clock_us wall)
{
    struct demand_window *window = &point->window;
    clock_us late = window->end ? wall - window->end : 0;
    if (!window->end || late > 2 * window->part || wall < window->begin) {
        window->filled = window->at = 0;
        demand_window_begin(window, wall, NAN);
        if (point->good && point->held < wall)
            point->held = wall;
        return false;
    }
    bool raised = false;
    while (wall >= window->end)
        raised |= end_part(demand, point);
    return raised;
}

/* The source has another number or quality. */
static void take_reading(struct demand *demand, struct demand_point *point)
{
    const struct point *source = site_point(demand->site, point->source);
    if (!source)
        return;
    /* one that was read before the time was known holds from now on */
    clock_us wall = source->value.wall_known ? source->value.wall : loop_wall(demand->loop);
    struct demand_window *window = &point->window;
    if (point->kind != DEMAND_EXTREMES && window->end && point->good && !window->counter)
        demand_window_hold(window, point->held, wall, point->number);
    point->good = source->value.quality == QUALITY_GOOD;
    point->number = source->value.number;
    point->held = wall > point->held ? wall : point->held;
    if (point->kind != DEMAND_EXTREMES || !point->good)
        return;
    if (!point->since)
        point->since = wall;
    if (raise(&point->peak, point->number, wall))
        publish(demand, point->most, point->peak.number, wall, FOR_EVER);
    if (lower(&point->lowest, point->number, wall))
        publish(demand, point->least, point->lowest.number, wall, FOR_EVER);
}

static void on_changed(void *user, const point_id *points, size_t count)
{
    struct demand *demand = user;
    if (!wall_known(demand))
        return;
    for (size_t i = 0; i < count; i++) {
        uint32_t slot = point_slot(points[i]);
        for (uint32_t at = slot < demand->slots ? demand->first[slot] : 0; at;
             at = demand->points[at - 1].next)
            take_reading(demand, &demand->points[at - 1]);
    }
}

/* A clock that was set makes the windows under way worthless, and nothing else. */
static bool clock_stepped(struct demand *demand, clock_us wall)
{
    clock_us offset = wall - loop_now(demand->loop), before = demand->offset;
    demand->offset = offset;
    return before && (offset - before > STEP_MOST || before - offset > STEP_MOST);
}

static void on_timer(struct loop_timer *timer, void *user)
{
    struct demand *demand = user;
    clock_us wall = loop_wall(demand->loop);
    (void)timer;
    if (!wall_known(demand))
        return;
    bool first = !demand->offset, stepped = clock_stepped(demand, wall), raised = false;
    for (size_t i = 0; i < demand->count; i++) {
        struct demand_point *point = &demand->points[i];
        if (first && point->wanted)
            take_reading(demand, point);
        if (!point->since)
            point->since = wall;
        if (!point->wanted || point->kind == DEMAND_EXTREMES)
            continue;
        if (stepped) {
            point->window.end = 0;
            point->held = wall;
        }
        raised |= look_at_window(demand, point, wall);
    }
    if (raised || loop_now(demand->loop) - demand->saved_at >= SAVE_EVERY) {
        demand->saved_at = loop_now(demand->loop);
        demand_save(demand);
    }
}

/* ---- which points ---------------------------------------------------------------------------- */

static struct demand_point *find(struct demand *demand, const char *path, enum demand_kind kind)
{
    for (size_t i = 0; i < demand->count; i++) {
        if (demand->points[i].kind == kind && strcmp(demand->points[i].path, path) == 0)
            return &demand->points[i];
    }
    return NULL;
}

static struct demand_point *add(struct demand *demand, const char *path, enum demand_kind kind)
{
    demand->points =
        mem_grow(demand->points, demand->count, &demand->capacity, sizeof *demand->points);
    struct demand_point *point = &demand->points[demand->count++];
    *point = (struct demand_point){.kind = kind, .last = NAN};
    snprintf(point->path, sizeof point->path, "%s", path);
    point->peak.number = point->month.number = point->lowest.number = NAN;
    point->window.count = NAN;
    return point;
}

/* Made of another source already: power and energy of a meter give the same demand. */
static bool is_taken(const struct demand *demand, point_id id)
{
    for (size_t i = 0; i < demand->count; i++) {
        const struct demand_point *point = &demand->points[i];
        if (point->wanted && (point->average == id || point->most == id || point->least == id))
            return true;
    }
    return false;
}

/* The derived point, 0 where the meter has its own. */
static point_id make_target(const struct demand *demand, struct component *component,
                            enum quantity quantity)
{
    if (quantity == QUANTITY_NONE)
        return 0;
    struct point *target = component_point(component, quantity);
    if (!target) {
        target = component_point_add(component, quantity);
        if (!target)
            return 0;
        target->derived = true;
    }
    return target->derived && !is_taken(demand, target->id) ? target->id : 0;
}

static void attach(struct demand *demand, struct point *source,
                   const struct demand_settings *settings)
{
    const struct target *target = target_of(source->quantity);
    enum demand_kind kind = (enum demand_kind)settings->kind;
    bool extremes = kind == DEMAND_EXTREMES;
    if (!target || (extremes ? target->most : target->average) == QUANTITY_NONE)
        return;
    struct component *component = source->component;
    struct demand_point *point = find(demand, source->path, kind);
    if (point && point->wanted)
        return; /* an earlier record serves it */
    point_id average = extremes ? 0 : make_target(demand, component, target->average);
    point_id most = make_target(demand, component, extremes ? target->most : target->peak);
    point_id least = extremes ? make_target(demand, component, target->least) : 0;
    if (!average && !most && !least)
        return;
    bool fresh = !point;
    if (fresh)
        point = add(demand, source->path, kind);
    point->wanted = true;
    point->source = source->id;
    point->average = average;
    point->most = most;
    point->least = least;
    size_t parts = demand_settings_parts(settings);
    clock_us part = settings->window / (clock_us)parts;
    if (point->window.part != part || point->window.parts != parts)
        point->window = (struct demand_window){.part = part,
                                               .parts = parts,
                                               .counter = source->quantity == QUANTITY_ENERGY,
                                               .count = NAN};
    if (fresh) {
        point->held = wall_known(demand) ? loop_wall(demand->loop) : 0;
        demand_keep_recall(demand, point);
    }
    publish_peaks(demand, point);
}

static void attach_all(struct demand *demand, const struct demand_settings *settings)
{
    for (struct device *device = site_devices(demand->site); device; device = device->next) {
        for (struct component *part = device->components; part; part = part->next) {
            for (struct point *point = part->points; point; point = point->next) {
                if (demand_settings_names(settings, point->path))
                    attach(demand, point, settings);
            }
        }
    }
}

static void link_sources(struct demand *demand)
{
    demand->slots = site_slot_count(demand->site);
    demand->first = mem_resize(demand->first, (demand->slots + 1) * sizeof *demand->first);
    memset(demand->first, 0, (demand->slots + 1) * sizeof *demand->first);
    for (size_t i = 0; i < demand->count; i++) {
        struct demand_point *point = &demand->points[i];
        if (!point->wanted)
            continue;
        uint32_t *first = &demand->first[point_slot(point->source)];
        point->next = *first;
        *first = (uint32_t)i + 1;
    }
}

/* Points that no record names any more keep their peaks, in case they come back. */
static void give_up(struct demand *demand, struct demand_point *point)
{
    const point_id ids[] = {point->average, point->most, point->least};
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
        if (ids[i] && !is_taken(demand, ids[i]))
            publish(demand, ids[i], NAN, 0, FOR_EVER);
    }
    point->average = point->most = point->least = 0;
}

/* The last average holds until it is as old as two of its parts. */
static void go_on(struct demand *demand, struct demand_point *point)
{
    clock_us age = loop_wall(demand->loop) - point->last_wall;
    if (!wall_known(demand))
        return;
    if (point->average && age < 2 * point->window.part)
        publish(demand, point->average, point->last, point->last_wall, 2 * point->window.part);
    take_reading(demand, point);
}

static void rebuild(struct demand *demand)
{
    for (size_t i = 0; i < demand->count; i++)
        demand->points[i].wanted = false;
    for (size_t i = 0; i < config_count(demand->config, &demand_settings_table); i++)
        attach_all(demand, config_at(demand->config, &demand_settings_table, i));
    link_sources(demand);
    demand->revision = site_revision(demand->site);
    for (size_t i = 0; i < demand->count; i++)
        (demand->points[i].wanted ? go_on : give_up)(demand, &demand->points[i]);
}

static void on_tree(void *user)
{
    struct demand *demand = user;
    if (demand->revision != site_revision(demand->site))
        rebuild(demand);
}

/* ---- life ------------------------------------------------------------------------------------ */

struct demand *demand_new(const struct demand_context *context, const struct config *config)
{
    struct demand *demand = mem_new(sizeof *demand);
    *demand = (struct demand){
        .loop = context->loop, .site = context->site, .saver = context->saver, .config = config};
    demand_keep_open(demand, context->folder);
    rebuild(demand);
    demand->feed = (struct feed){.changed = on_changed, .tree = on_tree, .user = demand};
    site_subscribe(demand->site, &demand->feed);
    loop_timer_every(demand->loop, &demand->timer, LOOK_EVERY, LOOK_EVERY, on_timer, demand);
    return demand;
}

void demand_configure(struct demand *demand, const struct config *config)
{
    demand->config = config;
    rebuild(demand);
}

struct demand *demand_free(struct demand *demand)
{
    if (!demand)
        return NULL;
    loop_timer_stop(&demand->timer);
    site_unsubscribe(demand->site, &demand->feed);
    demand_keep_close(demand);
    free(demand->points);
    free(demand->first);
    free(demand);
    return NULL;
}

size_t demand_reset(struct demand *demand, const char *source)
{
    size_t count = 0;
    for (size_t i = 0; i < demand->count; i++) {
        struct demand_point *point = &demand->points[i];
        if (!point->wanted || strcmp(point->path, source) != 0)
            continue;
        point->peak.number = point->month.number = point->lowest.number = NAN;
        point->peak.wall = point->month.wall = point->lowest.wall = 0;
        point->since = wall_known(demand) ? loop_wall(demand->loop) : 0;
        publish_peaks(demand, point);
        take_reading(demand, point);
        count++;
    }
    if (count)
        demand_save(demand);
    return count;
}

/* ---- for faces ------------------------------------------------------------------------------- */

/* The settings in force, one after the other. */
static size_t place_of(const struct demand *demand, size_t index)
{
    size_t at = 0;
    while (!demand->points[at].wanted || index-- > 0)
        at++;
    return at;
}

size_t demand_count(const struct demand *demand)
{
    size_t count = 0;
    for (size_t i = 0; i < demand->count; i++)
        count += demand->points[i].wanted;
    return count;
}

struct demand_view demand_view(const struct demand *demand, size_t index)
{
    const struct demand_point *point = &demand->points[place_of(demand, index)];
    const struct point *source = site_point(demand->site, point->source);
    const struct target *target = source ? target_of(source->quantity) : NULL;
    bool extremes = point->kind == DEMAND_EXTREMES;
    const struct quantity_row *row =
        quantity_row(target ? extremes ? target->source : target->average : QUANTITY_REAL_POWER);
    clock_us now = loop_wall(demand->loop);
    return (struct demand_view){
        .source = point->path,
        .kind = point->kind,
        .window = extremes ? 0 : point->window.part * (clock_us)point->window.parts,
        .point = point->average,
        .peak_point = point->most,
        .unit = row->unit,
        .decimals = row->decimals,
        .last = extremes ? NAN : point->last,
        .running = extremes ? NAN : demand_window_running(&point->window, now, count_of(point)),
        .last_wall = point->last_wall,
        .ends = extremes ? 0 : point->window.end,
        .peak = point->peak,
        .month = point->month,
        .least = point->lowest,
        .since = point->since,
    };
}
