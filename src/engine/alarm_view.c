/* What faces see: alarms in the order of harm, and the worst one of a place. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/alarm_private.h"

/* A moment of the monotonic clock on the wall, as the wall is now. */
static clock_us wall_of(const struct alarms *alarms, clock_us mono)
{
    return loop_wall(alarms->loop) + (mono - loop_now(alarms->loop));
}

/* What began while the time of day was not known gets its date when it is. */
static clock_us since_wall(const struct alarms *alarms, const struct alarm *alarm)
{
    if (alarm->since_wall || !clock_wall_known(loop_clock(alarms->loop)))
        return alarm->since_wall;
    return wall_of(alarms, alarm->since);
}

static const char *silenced_by(const struct alarms *alarms, const struct alarm *alarm)
{
    if (!alarm_judge_raised(&alarm->mind) || alarm->told)
        return "";
    if (alarm->silence == ALARM_EXPLAINED && alarm->parent)
        return alarms->table.list[alarm->parent - 1].path;
    return alarm->silence == ALARM_CLOSED ? "active hours" : "";
}

static void add_point(const struct alarms *alarms, const struct alarm *alarm,
                      struct alarm_view *view)
{
    const struct point *point = alarm->point ? site_point(alarms->site, alarm->point) : NULL;
    enum alarm_when when = alarm->test->when;
    bool has_limit = when != ALARM_CHANGED && when != ALARM_LOST_CONTACT;
    view->limit = has_limit ? alarm->test->limit : NAN;
    if (when == ALARM_OLDER) {
        view->unit = "s";
        return;
    }
    if (!point)
        return;
    view->decimals = point->decimals;
    view->unit = when == ALARM_LOST_CONTACT ? "" : quantity_row(point->quantity)->unit;
}

static struct alarm_view glance(const struct alarms *alarms, const struct alarm *alarm)
{
    const struct alarm_rule *rule = alarm->rule;
    struct alarm_view view = {
        .id = alarm->id,
        .rule = rule->name,
        .label = rule->label,
        .path = alarm->path,
        .severity = rule->severity,
        .state = (enum alarm_state)alarm->state,
        .latched = alarm->mind.phase == ALARM_LATCHED,
        .since = alarm->since,
        .since_wall = since_wall(alarms, alarm),
        .raised_wall = alarm->raised_wall,
        .number = rule->test.when == ALARM_LOST_CONTACT ? NAN : alarm->mind.number,
        .unit = "",
        .by = alarm->by ? alarm->by : "",
        .by_wall = alarm->by_wall,
        .shelved_until = alarm->shelved ? wall_of(alarms, alarm->shelved) : 0,
        .suppressed_by = silenced_by(alarms, alarm),
        .sounding = alarm_output_sounds(alarm),
        .muted = alarm->muted,
        .times = alarm->times,
        .flapping = alarm->flap_until != 0,
        .tell_clear = rule->tell_clear,
        .recipients = rule->recipients,
    };
    add_point(alarms, alarm, &view);
    return view;
}

struct alarm_view alarm_view_of(const struct alarms *alarms, const struct alarm *alarm)
{
    struct alarm_view view = glance(alarms, alarm);
    alarm_text(alarms, alarm, view.text, sizeof view.text);
    return view;
}

/* ---- order ------------------------------------------------------------------------------------- */

static int harm_of(const struct alarm *alarm)
{
    static const int harms[ALARM_STATES] = {
        [ALARM_TRIPPED] = 4, [ALARM_ACKNOWLEDGED] = 3, [ALARM_LOST] = 2, [ALARM_PENDING] = 1};
    return harms[alarm->state] * ALARM_SEVERITIES + (int)alarm->rule->severity;
}

/* Whether `one` is shown before `other`: the worse, else the newer, else the first in the table. */
static int compare(const void *left, const void *right, void *user)
{
    const struct alarm_table *table = user;
    const struct alarm *one = &table->list[*(const uint32_t *)left];
    const struct alarm *other = &table->list[*(const uint32_t *)right];
    int harm = harm_of(other) - harm_of(one);
    if (harm)
        return harm;
    if (one->since != other->since)
        return one->since > other->since ? -1 : 1;
    return one < other ? -1 : one > other;
}

/* The order is made when somebody looks, not when something changes. */
static void order(const struct alarms *alarms)
{
    struct alarm_table *table = (struct alarm_table *)(uintptr_t)&alarms->table;
    if (table->ordered)
        return;
    uint32_t count = 0, normal = table->active_count;
    for (uint32_t i = 0; i < table->count; i++)
        table->order[table->list[i].active_place ? count++ : normal++] = i;
    qsort_r(table->order, count, sizeof *table->order, compare, table);
    table->ordered = true;
}

size_t alarms_count(const struct alarms *alarms)
{
    return alarms->table.count;
}

size_t alarms_active(const struct alarms *alarms)
{
    return alarms->table.active_count;
}

struct alarm_view alarms_view(const struct alarms *alarms, size_t index)
{
    order(alarms);
    return alarm_view_of(alarms, &alarms->table.list[alarms->table.order[index]]);
}

struct alarm_view alarms_glance(const struct alarms *alarms, size_t index)
{
    order(alarms);
    return glance(alarms, &alarms->table.list[alarms->table.order[index]]);
}

bool alarms_find(const struct alarms *alarms, uint32_t id, struct alarm_view *view)
{
    const struct alarm *alarm = alarm_table_find(&alarms->table, id);
    if (alarm)
        *view = alarm_view_of(alarms, alarm);
    return alarm != NULL;
}

/* As people see it in a view: shelved_until or suppressed_by. */
static bool is_silent(const struct alarms *alarms, const struct alarm *alarm)
{
    return alarm->shelved || *silenced_by(alarms, alarm);
}

struct alarm_counts alarms_counts(const struct alarms *alarms)
{
    const struct alarm_table *table = &alarms->table;
    struct alarm_counts counts = {0};
    for (uint32_t i = 0; i < table->active_count; i++) {
        const struct alarm *alarm = &table->list[table->active[i]];
        size_t *const places[ALARM_STATES] = {
            [ALARM_PENDING] = &counts.pending,
            [ALARM_TRIPPED] = &counts.tripped[alarm->rule->severity],
            [ALARM_ACKNOWLEDGED] = &counts.acknowledged,
            [ALARM_LOST] = &counts.lost,
        };
        size_t *place = is_silent(alarms, alarm) ? &counts.silent : places[alarm->state];
        if (place)
            ++*place;
    }
    return counts;
}

/* ---- the worst of a place ---------------------------------------------------------------------- */

static void take_worse(const struct alarm **worst, const struct alarm *alarm)
{
    if (alarm->state == ALARM_NORMAL)
        return;
    if (!*worst || harm_of(alarm) > harm_of(*worst) ||
        (harm_of(alarm) == harm_of(*worst) && alarm->since > (*worst)->since))
        *worst = alarm;
}

static void worst_of_point(const struct alarm_table *table, const struct point *point,
                           const struct alarm **worst)
{
    uint32_t slot = point_slot(point->id);
    if (slot >= table->slot_count)
        return;
    for (uint32_t i = table->first[slot]; i < table->first[slot + 1]; i++) {
        if (table->list[i].point == point->id)
            take_worse(worst, &table->list[i]);
    }
}

static void worst_of_component(const struct alarm_table *table, const struct component *part,
                               const struct alarm **worst)
{
    for (const struct point *point = part->points; point; point = point->next)
        worst_of_point(table, point, worst);
}

static void worst_of_device(const struct alarm_table *table, const struct device *device,
                            const struct alarm **worst)
{
    uintptr_t place = (uintptr_t)map_get(&table->units_by_name, device->name);
    const struct alarm_unit *unit = place ? &table->units[place - 1] : NULL;
    for (uint32_t i = 0; unit && i < unit->count; i++)
        take_worse(worst, &table->list[unit->first + i]);
    for (const struct component *part = device->components; part; part = part->next)
        worst_of_component(table, part, worst);
}

/* The component of "DEVICE/COMPONENT"; NULL. */
static const struct component *find_component(const struct site *site, const char *path)
{
    char name[LIMIT_NAME + 1];
    enum component_kind kind;
    int number;
    const char *slash = strchr(path, '/');
    size_t length = slash ? (size_t)(slash - path) : 0;
    if (!slash || length > LIMIT_NAME ||
        !component_parse(slash + 1, strlen(slash + 1), &kind, &number))
        return NULL;
    memcpy(name, path, length);
    name[length] = '\0';
    const struct device *device = site_device_find(site, name);
    return device ? device_component_find(device, kind, number) : NULL;
}

bool alarms_worst(const struct alarms *alarms, const char *path, struct alarm_view *view)
{
    const struct alarm *worst = NULL;
    const struct point *point = site_point_find(alarms->site, path);
    const struct device *device = point ? NULL : site_device_find(alarms->site, path);
    const struct component *part = point || device ? NULL : find_component(alarms->site, path);
    if (point)
        worst_of_point(&alarms->table, point, &worst);
    else if (device)
        worst_of_device(&alarms->table, device, &worst);
    else if (part)
        worst_of_component(&alarms->table, part, &worst);
    if (worst)
        *view = glance(alarms, worst);
    return worst != NULL;
}
