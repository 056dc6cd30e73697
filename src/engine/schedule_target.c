/* What is behind a target: the members of a group, all of a device, or the thing itself. */
#include <stdio.h>
#include <string.h>

#include "engine/outlet_groups.h"
#include "engine/point_pattern.h"
#include "engine/schedule_private.h"
#include "model/site.h"

static bool is_switched(const struct component *part)
{
    return (part->kind == COMPONENT_OUTLET || part->kind == COMPONENT_OUTPUT) &&
           component_point(part, QUANTITY_STATE);
}

static void expand_pattern(const struct schedules *schedules, const char *pattern, size_t length,
                           schedule_found_fn *found, void *to)
{
    for (const struct device *device = site_devices(schedules->site); device;
         device = device->next) {
        for (const struct component *part = device->components; part; part = part->next) {
            char path[LIMIT_NAME + COMPONENT_NAME_MAX + 2];
            snprintf(path, sizeof path, "%s/%s", device->name, part->name);
            if (is_switched(part) && point_pattern_fits(pattern, length, path))
                found(to, path);
        }
    }
}

static const struct group_settings *find_group(const struct config *config, const char *name)
{
    const struct setting_table *const *tables = config_schema(config)->tables;
    while (*tables && *tables != &group_settings_table)
        tables++;
    int index = *tables ? config_find(config, *tables, name) : -1;
    return index < 0 ? NULL : config_at(config, *tables, (size_t)index);
}

void schedule_target_expand(void *user, const char *target, schedule_found_fn *found, void *to)
{
    const struct schedules *schedules = user;
    static const char group_word[] = "group/";
    if (strncmp(target, group_word, sizeof group_word - 1) != 0) {
        expand_pattern(schedules, target, strlen(target), found, to);
        return;
    }
    const struct group_settings *group =
        find_group(schedules->config, target + sizeof group_word - 1);
    size_t length;
    const char *at = group ? group->members : "";
    for (const char *word; (word = outlet_list_next(&at, &length));)
        expand_pattern(schedules, word, length, found, to);
}
