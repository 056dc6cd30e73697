/* The table of alarms: which rule watches what, made anew when settings or tree change. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crc32c.h"
#include "base/log.h"
#include "base/mem.h"
#include "engine/alarm_private.h"
#include "engine/outlet_groups.h"
#include "engine/point_pattern.h"

#define ID_MASK 0x7FFFFFFFu /* also an index of SNMP */

/* ---- finding ----------------------------------------------------------------------------------- */

uint32_t alarm_id(const char *rule, const char *path)
{
    uint32_t sum = crc32c(crc32c(0, rule, strlen(rule) + 1), path, strlen(path)) & ID_MASK;
    return sum ? sum : 1;
}

static uint32_t *id_place(const struct alarm_table *table, uint32_t id)
{
    uint32_t at = id & (table->id_capacity - 1);
    while (table->by_id[at] && table->list[table->by_id[at] - 1].id != id)
        at = (at + 1) & (table->id_capacity - 1);
    return &table->by_id[at];
}

struct alarm *alarm_table_find(const struct alarm_table *table, uint32_t id)
{
    uint32_t place = table->id_capacity ? *id_place(table, id) : 0;
    return place ? &table->list[place - 1] : NULL;
}

/* Two alarms with the same sum: the later one has the next number that is free. */
struct alarm *alarm_table_named(const struct alarm_table *table, const char *rule, const char *path)
{
    struct alarm *alarm;
    for (uint32_t id = alarm_id(rule, path); (alarm = alarm_table_find(table, id));
         id = (id & ID_MASK) + 1) {
        if (strcmp(alarm->path, path) == 0 && strcmp(alarm->rule->name, rule) == 0)
            return alarm;
    }
    return NULL;
}

static void give_ids(struct alarm_table *table)
{
    table->id_capacity = 16;
    while (table->id_capacity < table->count * 2)
        table->id_capacity *= 2;
    table->by_id = mem_new(table->id_capacity * sizeof *table->by_id);
    for (uint32_t i = 0; i < table->count; i++) {
        struct alarm *alarm = &table->list[i];
        uint32_t id = alarm_id(alarm->rule->name, alarm->path);
        while (*id_place(table, id))
            id = (id & ID_MASK) + 1;
        *id_place(table, id) = i + 1;
        alarm->id = id;
    }
}

/* ---- tests: one for all points that are asked the same ------------------------------------------ */

struct variant {
    struct variant *next;
    struct alarm_test test;
};

static const struct alarm_test *shared_test(struct arena *arena, struct variant **variants,
                                            const struct alarm_test *test)
{
    for (struct variant *one = *variants; one; one = one->next) {
        if (alarm_judge_same(&one->test, test))
            return &one->test;
    }
    struct variant *fresh = arena_take(arena, sizeof *fresh);
    *fresh = (struct variant){*variants, *test};
    *variants = fresh;
    return &fresh->test;
}

/* ---- who is watched ---------------------------------------------------------------------------- */

/* An alarm to be; kinds in the order in which they stand in the table. */
struct wanted {
    uint32_t slot;  /* of a point; 0: of a device or line */
    uint32_t order; /* of devices and lines: their place in the site, lines last */
    uint32_t rule;
    point_id point;
    const char *path;
    const struct alarm_test *test;
};

struct gather {
    struct alarms *alarms;
    struct alarm_table *table;
    struct wanted *list;
    size_t count, capacity;
    uint32_t rule;
    struct variant *variants; /* of this rule */
    bool full;
};

static struct wanted *gather_add(struct gather *gather)
{
    if (gather->count == LIMIT_ALARMS) {
        gather->full = true;
        return NULL;
    }
    gather->list = mem_grow(gather->list, gather->count, &gather->capacity, sizeof *gather->list);
    struct wanted *wanted = &gather->list[gather->count++];
    *wanted = (struct wanted){.rule = gather->rule};
    return wanted;
}

static void gather_point(struct gather *gather, const struct point *point)
{
    const struct alarm_rule *rule = &gather->table->rules[gather->rule];
    struct alarm_test test;
    struct wanted *wanted = alarm_rule_test(rule, point, &test) ? gather_add(gather) : NULL;
    if (!wanted)
        return;
    wanted->slot = point_slot(point->id);
    wanted->point = point->id;
    wanted->path = point->path;
    wanted->test = shared_test(gather->table->arena, &gather->variants, &test);
}

static void gather_device(struct gather *gather, const struct device *device, uint32_t order)
{
    struct wanted *wanted = gather_add(gather);
    if (!wanted)
        return;
    wanted->order = order;
    wanted->path = device->name;
    wanted->test = &gather->table->rules[gather->rule].test;
}

static void gather_points_of(struct gather *gather, const struct device *device, const char *word,
                             size_t length)
{
    for (const struct component *part = device->components; part; part = part->next) {
        for (const struct point *point = part->points; point; point = point->next) {
            if (point_pattern_fits(word, length, point->path))
                gather_point(gather, point);
        }
    }
}

/* A word without a star names one point, which is looked up: there may be ten thousand rules. */
static void gather_word(struct gather *gather, const char *word, size_t length)
{
    char name[2 * LIMIT_PATH];
    const char *slash = memchr(word, '/', length);
    size_t head = slash ? (size_t)(slash - word) : length;
    snprintf(name, sizeof name, "%.*s", (int)length, word);
    if (slash && !memchr(word, '*', length)) {
        const struct point *point = site_point_find(gather->alarms->site, name);
        if (point)
            gather_point(gather, point);
        return;
    }
    uint32_t order = 0;
    for (const struct device *device = site_devices(gather->alarms->site); device;
         device = device->next, order++) {
        if (!point_pattern_fits(word, head, device->name))
            continue;
        if (slash)
            gather_points_of(gather, device, word, length);
        else
            gather_device(gather, device, order);
    }
}

static int compare(const void *left, const void *right)
{
    const struct wanted *one = left, *other = right;
    if ((one->slot == 0) != (other->slot == 0))
        return one->slot == 0 ? 1 : -1;
    if (one->slot != other->slot)
        return one->slot < other->slot ? -1 : 1;
    if (one->order != other->order)
        return one->order < other->order ? -1 : 1;
    return one->rule < other->rule ? -1 : one->rule > other->rule;
}

static void sort(struct gather *gather)
{
    if (gather->count)
        qsort(gather->list, gather->count, sizeof *gather->list, compare);
}

static void drop_doubles(struct gather *gather)
{
    size_t kept = 0;
    for (size_t i = 0; i < gather->count; i++) {
        if (i == 0 || compare(&gather->list[kept - 1], &gather->list[i]) != 0)
            gather->list[kept++] = gather->list[i];
    }
    gather->count = kept;
}

/* ---- lines ------------------------------------------------------------------------------------- */

static size_t line_place(struct alarm_table *table, const char *name, size_t *capacity)
{
    uintptr_t known = (uintptr_t)map_get(&table->lines_by_name, name);
    if (known)
        return known - 1;
    table->lines = mem_grow(table->lines, table->line_count, capacity, sizeof *table->lines);
    struct alarm_line *line = &table->lines[table->line_count++];
    *line = (struct alarm_line){.name = arena_text(table->arena, name)};
    map_set(&table->lines_by_name, line->name, (void *)(uintptr_t)table->line_count);
    return table->line_count - 1;
}

/* A rule watches a device of a line. */
struct pair {
    uint32_t line, rule;
};

static int compare_pairs(const void *left, const void *right)
{
    const struct pair *one = left, *other = right;
    if (one->line != other->line)
        return one->line < other->line ? -1 : 1;
    return one->rule < other->rule ? -1 : one->rule > other->rule;
}

static size_t find_pairs(struct gather *gather, struct pair *pairs)
{
    size_t count = 0, capacity = 0;
    for (size_t i = 0; i < gather->count; i++) {
        const struct wanted *one = &gather->list[i];
        const struct device *device =
            one->slot ? NULL : site_device_find(gather->alarms->site, one->path);
        if (!device || !*device->line)
            continue;
        uint32_t line = (uint32_t)line_place(gather->table, device->line, &capacity);
        pairs[count++] = (struct pair){line, one->rule};
    }
    return count;
}

/* A rule that watches two devices of a line or more watches the line. */
static void gather_lines(struct gather *gather)
{
    struct pair *pairs = mem_new((gather->count + 1) * sizeof *pairs);
    size_t count = find_pairs(gather, pairs);
    if (count)
        qsort(pairs, count, sizeof *pairs, compare_pairs);
    for (size_t i = 1; i < count; i++) {
        bool second = compare_pairs(&pairs[i - 1], &pairs[i]) == 0 &&
                      (i == 1 || compare_pairs(&pairs[i - 2], &pairs[i]) != 0);
        gather->rule = pairs[i].rule;
        struct wanted *line = second ? gather_add(gather) : NULL;
        if (!line)
            continue;
        line->order = LIMIT_DEVICES + pairs[i].line;
        line->path =
            arena_format(gather->table->arena, "line/%s", gather->table->lines[pairs[i].line].name);
        line->test = &gather->table->rules[pairs[i].rule].test;
    }
    free(pairs);
}

/* ---- filling ----------------------------------------------------------------------------------- */

static void read_rules(struct alarm_table *table, const struct config *config)
{
    table->rule_count = config_count(config, &alarm_settings_table);
    table->rules = mem_new((table->rule_count + 1) * sizeof *table->rules);
    for (size_t i = 0; i < table->rule_count; i++) {
        const char *key;
        struct err err = ERR_EMPTY;
        alarm_rule_parse(&table->rules[i], table->arena,
                         config_name_at(config, &alarm_settings_table, i),
                         config_at(config, &alarm_settings_table, i), &key, &err);
        const struct alarm_rule *rule = &table->rules[i];
        table->drives |= *rule->outputs || *rule->outputs_off || *rule->sounders;
    }
}

static void gather_all(struct gather *gather)
{
    struct alarm_table *table = gather->table;
    for (uint32_t i = 0; i < table->rule_count; i++) {
        const char *at = table->rules[i].points;
        size_t length;
        gather->rule = i;
        gather->variants = NULL;
        if (!table->rules[i].enabled)
            continue;
        for (const char *word; (word = outlet_list_next(&at, &length));)
            gather_word(gather, word, length);
    }
    sort(gather);
    drop_doubles(gather);
    gather_lines(gather);
    sort(gather);
    if (gather->full)
        log_error("alarm", "there are more than %d alarms: the rest is not watched", LIMIT_ALARMS);
}

/* Paths of the site go away with their device: those of the table are its own. */
static const char *own_path(struct alarm_table *table, uint32_t place, const char *path)
{
    if (place > 0 && strcmp(table->list[place - 1].path, path) == 0)
        return table->list[place - 1].path;
    return arena_text(table->arena, path);
}

static void fill(struct alarms *alarms, struct alarm_table *table, const struct gather *gather)
{
    clock_us now = loop_now(alarms->loop);
    table->count = (uint32_t)gather->count;
    table->list = mem_new((gather->count + 1) * sizeof *table->list);
    table->heap = mem_new((gather->count + 1) * sizeof *table->heap);
    table->active = mem_new((gather->count + 1) * sizeof *table->active);
    table->order = mem_new((gather->count + 1) * sizeof *table->order);
    for (uint32_t i = 0; i < table->count; i++) {
        const struct wanted *wanted = &gather->list[i];
        table->list[i] = (struct alarm){
            .mind = alarm_judge_start(now),
            .test = wanted->test,
            .rule = &table->rules[wanted->rule],
            .path = own_path(table, i, wanted->path),
            .due = CLOCK_NEVER,
            .since = now,
            .since_wall = clock_wall_known(loop_clock(alarms->loop)) ? loop_wall(alarms->loop) : 0,
            .repeat_due = CLOCK_NEVER,
            .point = wanted->point,
        };
    }
}

static void index_slots(struct alarms *alarms, struct alarm_table *table)
{
    uint32_t at = 0;
    table->slot_count = site_slot_count(alarms->site);
    table->first = mem_new((table->slot_count + 1) * sizeof *table->first);
    for (uint32_t slot = 0; slot < table->slot_count; slot++) {
        table->first[slot] = at;
        while (at < table->count && table->list[at].point &&
               point_slot(table->list[at].point) == slot)
            at++;
    }
    table->first[table->slot_count] = at;
}

static void index_units(struct alarms *alarms, struct alarm_table *table)
{
    size_t capacity = 0, unused = 0;
    const char *line_mark = "line/";
    for (uint32_t at = table->first[table->slot_count]; at < table->count; at++) {
        const struct alarm *alarm = &table->list[at];
        if (strncmp(alarm->path, line_mark, strlen(line_mark)) == 0) {
            struct alarm_line *line =
                &table->lines[line_place(table, alarm->path + strlen(line_mark), &unused)];
            line->first = line->count++ ? line->first : at;
            continue;
        }
        struct alarm_unit *last = table->unit_count ? &table->units[table->unit_count - 1] : NULL;
        if (last && strcmp(last->name, alarm->path) == 0) {
            last->count++;
            continue;
        }
        const struct device *device = site_device_find(alarms->site, alarm->path);
        table->units = mem_grow(table->units, table->unit_count, &capacity, sizeof *table->units);
        struct alarm_unit *unit = &table->units[table->unit_count++];
        *unit = (struct alarm_unit){.name = alarm->path, .first = at, .count = 1};
        if (device && *device->line)
            unit->line = (uint32_t)line_place(table, device->line, &unused) + 1;
        map_set(&table->units_by_name, unit->name, (void *)(uintptr_t)table->unit_count);
    }
}

/* ---- life -------------------------------------------------------------------------------------- */

void alarm_table_free(struct alarm_table *table)
{
    map_deinit(&table->units_by_name);
    map_deinit(&table->lines_by_name);
    free(table->rules);
    free(table->list);
    free(table->first);
    free(table->units);
    free(table->lines);
    free(table->by_id);
    free(table->heap);
    free(table->active);
    free(table->order);
    arena_free(table->arena);
    *table = (struct alarm_table){0};
}

void alarm_table_build(struct alarms *alarms)
{
    struct alarm_table old = alarms->table, *table = &alarms->table;
    *table = (struct alarm_table){.arena = arena_new()};
    struct gather gather = {.alarms = alarms, .table = table};
    read_rules(table, alarms->config);
    gather_all(&gather);
    fill(alarms, table, &gather);
    free(gather.list);
    give_ids(table);
    index_slots(alarms, table);
    index_units(alarms, table);
    alarm_carry(alarms, &old);
    alarm_table_free(&old);
}
