/* One cause, one alarm: a line that is dead explains its devices, a device that is lost explains
 * what it feeds and what it measures. */
#include <stdio.h>
#include <string.h>

#include "engine/alarm_private.h"

/* So long at most it is waited for a sign that the line of a lost device works. */
#define PROOF_MOST (300 * CLOCK_S)
/* A chain in settings may bite its own tail. */
#define FED_BY_MOST 8

/* ---- looking ----------------------------------------------------------------------------------- */

static struct alarm_unit *unit_of(const struct alarm_table *table, const char *device)
{
    uintptr_t place = (uintptr_t)map_get(&table->units_by_name, device);
    return place ? &table->units[place - 1] : NULL;
}

static void judge_contact(struct alarms *alarms, struct alarm *alarm, bool lost)
{
    clock_us now = loop_now(alarms->loop);
    enum alarm_turn turn = lost ? alarm_judge_blind(alarm->test, &alarm->mind, now)
                                : alarm_judge_reading(alarm->test, &alarm->mind, 0, now);
    if (turn != ALARM_STAYS)
        alarm_settle(alarms, alarm, turn);
}

static void look_at_units(struct alarms *alarms)
{
    struct alarm_table *table = &alarms->table;
    for (const struct device *device = site_devices(alarms->site); device; device = device->next) {
        struct alarm_unit *unit = unit_of(table, device->name);
        /* What has not been asked yet is neither lost nor there. */
        if (!unit || device->state == DEVICE_STARTING)
            continue;
        for (uint32_t i = 0; i < unit->count; i++)
            judge_contact(alarms, &table->list[unit->first + i], device->state == DEVICE_SILENT);
    }
}

static void count_lines(struct alarms *alarms)
{
    struct alarm_table *table = &alarms->table;
    for (size_t i = 0; i < table->line_count; i++)
        table->lines[i].devices = table->lines[i].silent = table->lines[i].online = 0;
    for (const struct device *device = site_devices(alarms->site); device; device = device->next) {
        uintptr_t place = (uintptr_t)map_get(&table->lines_by_name, device->line);
        if (!place || device->state == DEVICE_DISABLED)
            continue;
        struct alarm_line *line = &table->lines[place - 1];
        line->devices++;
        line->silent += device->state == DEVICE_SILENT;
        line->online += device->state == DEVICE_ONLINE;
    }
}

/* Lines first: what they explain is not told in between. */
void alarm_parent_look(struct alarms *alarms)
{
    struct alarm_table *table = &alarms->table;
    count_lines(alarms);
    for (size_t i = 0; i < table->line_count; i++) {
        const struct alarm_line *line = &table->lines[i];
        bool lost = line->devices > 1 && line->silent == line->devices;
        /* After a start, while nobody has answered and not all were asked, it is neither. */
        if (!lost && !line->online && line->devices)
            continue;
        for (uint32_t at = 0; at < line->count; at++)
            judge_contact(alarms, &table->list[line->first + at], lost);
    }
    look_at_units(alarms);
}

/* ---- who explains whom ------------------------------------------------------------------------- */

/* Raised, or about to be. What is latched has recovered: it explains nothing. */
static bool is_troubled(const struct alarm *alarm)
{
    return alarm->mind.phase != ALARM_CALM && alarm->mind.phase != ALARM_LATCHED;
}

static const struct alarm *line_alarm(const struct alarm_table *table,
                                      const struct alarm_unit *unit, const struct alarm_rule *rule)
{
    const struct alarm_line *line = unit->line ? &table->lines[unit->line - 1] : NULL;
    for (uint32_t i = 0; line && i < line->count; i++) {
        if (table->list[line->first + i].rule == rule)
            return &table->list[line->first + i];
    }
    return NULL;
}

/* The newest reading of any device on the line; looked for once a turn. */
static clock_us heard_at(struct alarms *alarms, struct alarm_line *line)
{
    clock_us now = loop_now(alarms->loop);
    if (line->heard_at == now)
        return line->heard;
    line->heard_at = now;
    for (const struct device *device = site_devices(alarms->site); device; device = device->next) {
        if (strcmp(device->line, line->name) != 0)
            continue;
        for (const struct component *part = device->components; part; part = part->next) {
            for (const struct point *point = part->points; point; point = point->next) {
                if (!point->derived && point->value.mono > line->heard)
                    line->heard = point->value.mono;
            }
        }
    }
    return line->heard;
}

/* By its line: when all devices there are silent, or nobody there has been heard since. */
static const struct alarm *explained_by_line(struct alarms *alarms, const struct alarm *alarm,
                                             const struct alarm_unit *unit,
                                             const struct device *device, bool *unproven)
{
    const struct alarm *line = line_alarm(&alarms->table, unit, alarm->rule);
    if (!line)
        return NULL;
    if (is_troubled(line))
        return line;
    clock_us gone = loop_now(alarms->loop) - device->since_mono;
    *unproven = gone < PROOF_MOST &&
                heard_at(alarms, &alarms->table.lines[unit->line - 1]) <= device->since_mono;
    return NULL;
}

/* An alarm of the device that is troubled. */
static const struct alarm *troubled_of(const struct alarm_table *table, const char *device)
{
    const struct alarm_unit *unit = unit_of(table, device);
    for (uint32_t i = 0; unit && i < unit->count; i++) {
        if (is_troubled(&table->list[unit->first + i]))
            return &table->list[unit->first + i];
    }
    return NULL;
}

/* The nearest lost device above. In a ring nobody is above: there nothing is explained. */
static const struct alarm *explained_by_feed(const struct alarms *alarms,
                                             const struct device *device)
{
    const struct alarm *found = NULL;
    const struct device *above = device;
    for (int steps = 0; *above->fed_by; steps++) {
        above = site_device_find(alarms->site, above->fed_by);
        if (!above)
            return found;
        if (above == device || steps == FED_BY_MOST)
            return NULL;
        if (!found && above->state == DEVICE_SILENT)
            found = troubled_of(&alarms->table, above->name);
    }
    return found;
}

const struct alarm *alarm_parent_of(struct alarms *alarms, const struct alarm *alarm,
                                    bool *unproven)
{
    const struct alarm_table *table = &alarms->table;
    enum alarm_when when = alarm->test->when;
    *unproven = false;
    if (when != ALARM_LOST_CONTACT && when != ALARM_OLDER)
        return NULL;
    if (alarm->point) {
        const struct point *point = site_point(alarms->site, alarm->point);
        const struct device *device = point ? point->component->device : NULL;
        return device && device->state == DEVICE_SILENT ? troubled_of(table, device->name) : NULL;
    }
    const struct alarm_unit *unit = unit_of(table, alarm->path);
    const struct device *device = unit ? site_device_find(alarms->site, alarm->path) : NULL;
    if (!device || device->state != DEVICE_SILENT)
        return NULL;
    const struct alarm *line = explained_by_line(alarms, alarm, unit, device, unproven);
    return line ? line : explained_by_feed(alarms, device);
}
