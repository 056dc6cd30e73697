#include "face/snmp_busbar.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "engine/alarm.h"
#include "model/site.h"

static const snmp_sub enterprises[] = {1, 3, 6, 1, 4, 1};

const struct snmp_group *const snmp_busbar_groups[] = {
    &snmp_busbar_site_group,      &snmp_busbar_device_group,
    &snmp_busbar_component_group, &snmp_busbar_point_group,
    &snmp_busbar_outlet_group,    &snmp_busbar_alarm_group,
    &snmp_busbar_total_group,     NULL,
};
#define GROUPS (sizeof snmp_busbar_groups / sizeof *snmp_busbar_groups - 1)

struct snmp_busbar {
    const struct snmp_model *model;
    struct snmp_table tables[GROUPS];
    struct snmp_refusal refusal;
    struct alarm_watch watch;
    uint64_t alarm_changes;
};

/* The kinds' order in component.h may change; these numbers never do. */
static const uint32_t kinds[COMPONENT_KINDS] = {
    [COMPONENT_TOTAL] = 1,    [COMPONENT_PHASE] = 2,   [COMPONENT_LINE] = 3,
    [COMPONENT_NEUTRAL] = 4,  [COMPONENT_CIRCUIT] = 5, [COMPONENT_OUTLET] = 6,
    [COMPONENT_GROUP] = 7,    [COMPONENT_INPUT] = 8,   [COMPONENT_OUTPUT] = 9,
    [COMPONENT_PULSE] = 10,   [COMPONENT_SENSOR] = 11, [COMPONENT_SUPPLY] = 12,
    [COMPONENT_BATTERY] = 13, [COMPONENT_MAINS] = 14,
};

uint32_t snmp_component_kind(enum component_kind kind)
{
    return kinds[kind];
}

uint32_t snmp_component_number(enum component_kind kind, int number)
{
    return kinds[kind] * SNMP_COMPONENT_KIND + (uint32_t)number;
}

bool snmp_age(struct snmp_value *value, clock_us now, clock_us then)
{
    return snmp_unsigned(value, now > then ? (uint64_t)(now - then) / CLOCK_MS : 0);
}

size_t snmp_busbar_oid(uint32_t enterprise, uint32_t below, snmp_sub *oid)
{
    size_t length = sizeof enterprises / sizeof *enterprises;
    memcpy(oid, enterprises, sizeof enterprises);
    oid[length++] = enterprise;
    oid[length++] = 1;
    oid[length++] = below;
    return length;
}

const struct snmp_model *snmp_busbar_model(const struct snmp_busbar *busbar)
{
    return busbar->model;
}

struct snmp_refusal *snmp_busbar_refusal(struct snmp_busbar *busbar)
{
    return &busbar->refusal;
}

uint64_t snmp_busbar_alarm_changes(const struct snmp_busbar *busbar)
{
    return busbar->alarm_changes;
}

static void on_alarm(void *user, const struct alarm_view *alarm, enum alarm_change change)
{
    struct snmp_busbar *busbar = user;
    (void)alarm;
    (void)change;
    busbar->alarm_changes++;
}

uint64_t snmp_busbar_site_revision(void *user)
{
    const struct snmp_busbar *busbar = user;
    return site_revision(busbar->model->site);
}

/* OBJECTS.GROUP for scalars, OBJECTS.GROUP.1 (the entry) for tables. */
static void fill_table(struct snmp_table *table, const struct snmp_group *group,
                       struct snmp_busbar *busbar)
{
    size_t length = snmp_busbar_oid(busbar->model->enterprise, SNMP_BUSBAR_OBJECTS, table->entry);
    table->entry[length++] = group->number;
    if (group->indexes)
        table->entry[length++] = 1;
    table->entry_length = length;
    table->columns = group->columns;
    table->column_count = group->column_count;
    table->rows = group->rows;
    table->revision = group->revision;
    table->set = group->set;
    table->user = busbar;
}

static void *make(const struct snmp_model *model, struct snmp_tree *tree)
{
    struct snmp_busbar *busbar = mem_new(sizeof *busbar);
    busbar->model = model;
    for (size_t i = 0; i < GROUPS; i++) {
        fill_table(&busbar->tables[i], snmp_busbar_groups[i], busbar);
        snmp_tree_add(tree, &busbar->tables[i]);
    }
    busbar->watch = (struct alarm_watch){.changed = on_alarm, .user = busbar};
    if (model->alarms)
        alarms_watch(model->alarms, &busbar->watch);
    return busbar;
}

static void end(void *part, struct snmp_tree *tree)
{
    struct snmp_busbar *busbar = part;
    for (size_t i = 0; i < GROUPS; i++)
        snmp_tree_remove(tree, &busbar->tables[i]);
    if (busbar->model->alarms)
        alarms_unwatch(busbar->model->alarms, &busbar->watch);
    free(busbar);
}

const struct snmp_part snmp_busbar_part = {.name = "BUSBAR-MIB", .make = make, .free = end};
