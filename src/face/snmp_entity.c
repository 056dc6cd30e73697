#include "face/snmp_entity.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "face/snmp_state.h"
#include "model/config.h"
#include "model/site_settings.h"

/* 14 bits of device, 9 of component, 8 of quantity: below 2^31, as PhysicalIndex asks. */
#define QUANTITY_BITS 8
#define COMPONENT_BITS 9
#define DEVICE_SHIFT (QUANTITY_BITS + COMPONENT_BITS)
#define DEVICE_MOST ((1u << 14) - 1)
#define COMPONENT_MOST ((1u << COMPONENT_BITS) - 1)
#define QUANTITY_MOST ((1u << QUANTITY_BITS) - 1)

/* ---- numbers --------------------------------------------------------------------------------- */

uint32_t snmp_entity_device(const struct snmp_model *model, const struct device *device)
{
    uint32_t number = snmp_state_device(model->state, device->name);
    return number <= DEVICE_MOST ? number << DEVICE_SHIFT : 0;
}

uint32_t snmp_entity_component(uint32_t device, unsigned place)
{
    return device && place <= COMPONENT_MOST ? device | place << QUANTITY_BITS : 0;
}

uint32_t snmp_entity_point(uint32_t component, const struct point *point)
{
    bool has_number = quantity_row(point->quantity)->kind != QUANTITY_KIND_TEXT &&
                      (unsigned)point->quantity <= QUANTITY_MOST;
    return component && has_number ? component | (uint32_t)point->quantity : 0;
}

static uint32_t device_part(uint32_t index)
{
    return index >> DEVICE_SHIFT << DEVICE_SHIFT;
}

static uint32_t component_part(uint32_t index)
{
    return index >> QUANTITY_BITS << QUANTITY_BITS;
}

/* ---- rows ------------------------------------------------------------------------------------ */

static void say(struct snmp_rows *rows, uint32_t index, const void *thing)
{
    if (index)
        snmp_rows_add(rows,
                      &(struct snmp_row){
                          .index = {index}, .index_length = 1, .number = index, .thing = thing});
}

void snmp_entity_point_rows(const struct snmp_model *model, struct snmp_rows *rows,
                            bool (*want)(const struct point *point))
{
    for (const struct device *d = site_devices(model->site); d; d = d->next) {
        uint32_t device = snmp_entity_device(model, d);
        unsigned place = 0;
        for (const struct component *c = d->components; c; c = c->next) {
            uint32_t component = snmp_entity_component(device, ++place);
            for (const struct point *p = c->points; p; p = p->next) {
                if (!want || want(p))
                    say(rows, snmp_entity_point(component, p), p);
            }
        }
    }
}

static void add_rows(void *user, struct snmp_rows *rows)
{
    const struct snmp_entity *entity = user;
    say(rows, SNMP_ENTITY_SELF, NULL);
    for (const struct device *d = site_devices(entity->model->site); d; d = d->next) {
        uint32_t device = snmp_entity_device(entity->model, d);
        unsigned place = 0;
        say(rows, device, d);
        for (const struct component *c = d->components; c; c = c->next)
            say(rows, snmp_entity_component(device, ++place), c);
    }
    snmp_entity_point_rows(entity->model, rows, NULL);
}

static uint64_t revision(void *user)
{
    const struct snmp_entity *entity = user;
    return site_revision(entity->model->site);
}

/* ---- what a row is --------------------------------------------------------------------------- */

enum level { SELF, DEVICE, COMPONENT, POINT };

static enum level level_of(const struct snmp_row *row)
{
    if (row->number == SNMP_ENTITY_SELF)
        return SELF;
    if (row->number == device_part(row->number))
        return DEVICE;
    return row->number == component_part(row->number) ? COMPONENT : POINT;
}

static const struct device *device_of(const struct snmp_row *row)
{
    switch (level_of(row)) {
    case DEVICE:
        return row->thing;
    case COMPONENT:
        return ((const struct component *)row->thing)->device;
    case POINT:
        return ((const struct point *)row->thing)->component->device;
    default:
        return NULL;
    }
}

bool snmp_entity_is_dc(const struct component *component)
{
    static const char *const roles[] = {"supply", "battery", "combiner"};
    enum component_kind kind = component->kind;
    if (kind == COMPONENT_BATTERY || kind == COMPONENT_SUPPLY)
        return true;
    if (kind == COMPONENT_MAINS || kind == COMPONENT_PHASE || kind == COMPONENT_LINE)
        return false;
    for (size_t i = 0; i < sizeof roles / sizeof *roles; i++) {
        if (strcmp(component->device->role, roles[i]) == 0)
            return true;
    }
    return false;
}

/* ---- entPhysicalTable ------------------------------------------------------------------------ */

/* PhysicalClass of RFC 6933. */
enum {
    CLASS_OTHER = 1,
    CLASS_CHASSIS = 3,
    CLASS_POWER_SUPPLY = 6,
    CLASS_SENSOR = 8,
    CLASS_MODULE = 9,
    CLASS_PORT = 10,
    CLASS_BATTERY = 14,
};

static int class_of(const struct snmp_row *row)
{
    static const int kinds[COMPONENT_KINDS] = {
        [COMPONENT_OUTLET] = CLASS_PORT,     [COMPONENT_INPUT] = CLASS_PORT,
        [COMPONENT_OUTPUT] = CLASS_PORT,     [COMPONENT_SUPPLY] = CLASS_POWER_SUPPLY,
        [COMPONENT_BATTERY] = CLASS_BATTERY,
    };
    const struct component *component = row->thing;
    switch (level_of(row)) {
    case SELF:
        return CLASS_CHASSIS;
    case DEVICE:
        return CLASS_MODULE;
    case COMPONENT:
        return kinds[component->kind] ? kinds[component->kind] : CLASS_OTHER;
    default:
        return CLASS_SENSOR;
    }
}

static const struct site_settings *site_of(const struct snmp_model *model)
{
    return config_record(model->config, &site_settings_table);
}

/* "Server rack: Outlet 3: Current" */
static bool describe(const struct snmp_model *model, const struct snmp_row *row,
                     struct snmp_value *value)
{
    const struct device *device = device_of(row);
    const char *name = !device ? "" : *device->label ? device->label : device->name;
    const struct component *component = row->thing;
    const struct point *point = row->thing;
    switch (level_of(row)) {
    case SELF:
        return snmp_format(value, "busbar at %.200s", site_of(model)->name);
    case DEVICE:
        return snmp_text(value, name);
    case COMPONENT:
        return snmp_format(value, "%.120s: %.120s", name, component->label);
    default:
        return snmp_format(value, "%.100s: %.100s: %s", name, point->component->label,
                           quantity_row(point->quantity)->label);
    }
}

/* The path, which is the name of things everywhere in busbar. */
static bool put_name(const struct snmp_model *model, const struct snmp_row *row,
                     struct snmp_value *value)
{
    const struct component *component = row->thing;
    switch (level_of(row)) {
    case SELF:
        return snmp_text(value, site_of(model)->name);
    case DEVICE:
        return snmp_text(value, device_of(row)->name);
    case COMPONENT:
        return snmp_format(value, "%s/%s", component->device->name, component->name);
    default:
        return snmp_text(value, ((const struct point *)row->thing)->path);
    }
}

static uint32_t contained_in(const struct snmp_row *row)
{
    switch (level_of(row)) {
    case SELF:
        return 0;
    case DEVICE:
        return SNMP_ENTITY_SELF;
    case COMPONENT:
        return device_part(row->number);
    default:
        return component_part(row->number);
    }
}

/* Among those of one class in the same parent: the number on it; -1 where there is none. */
static int position_of(const struct snmp_row *row)
{
    const struct component *component = row->thing;
    enum level level = level_of(row);
    if (level == DEVICE)
        return (int)(row->number >> DEVICE_SHIFT);
    return level == COMPONENT && component->number ? component->number : -1;
}

static const char *serial_of(const struct snmp_row *row)
{
    return level_of(row) == DEVICE ? device_of(row)->serial : "";
}

static const char *firmware_of(const struct snmp_row *row)
{
    return level_of(row) == DEVICE ? device_of(row)->firmware : "";
}

static const char *software_of(const struct snmp_row *row)
{
    return level_of(row) == SELF ? BUSBAR_VERSION : "";
}

static const char *maker_of(const struct snmp_row *row)
{
    return level_of(row) == DEVICE ? device_of(row)->vendor : "";
}

static const char *model_of(const struct snmp_row *row)
{
    enum level level = level_of(row);
    return level == SELF ? "busbar" : level == DEVICE ? device_of(row)->model : "";
}

static const snmp_sub zero_dot_zero[] = {0, 0}; /* RFC 6933: the vendor type is not known */

SNMP_ENTITY_GET(get_description, describe(model, row, value))
SNMP_ENTITY_GET(get_vendor_type, snmp_object(value, zero_dot_zero, 2))
SNMP_ENTITY_GET(get_contained_in, snmp_integer(value, contained_in(row)))
SNMP_ENTITY_GET(get_class, snmp_integer(value, class_of(row)))
SNMP_ENTITY_GET(get_position, snmp_integer(value, position_of(row)))
SNMP_ENTITY_GET(get_name, put_name(model, row, value))
SNMP_ENTITY_GET(get_empty, snmp_text(value, ""))
SNMP_ENTITY_GET(get_firmware, snmp_text(value, firmware_of(row)))
SNMP_ENTITY_GET(get_software, snmp_text(value, software_of(row)))
SNMP_ENTITY_GET(get_serial, snmp_text(value, serial_of(row)))
SNMP_ENTITY_GET(get_maker, snmp_text(value, maker_of(row)))
SNMP_ENTITY_GET(get_model, snmp_text(value, model_of(row)))
SNMP_ENTITY_GET(get_replaceable, snmp_integer(value, level_of(row) == DEVICE ? 1 : 2))

static const struct snmp_column columns[] = {
    {.number = 2, .get = get_description},  {.number = 3, .get = get_vendor_type},
    {.number = 4, .get = get_contained_in}, {.number = 5, .get = get_class},
    {.number = 6, .get = get_position},     {.number = 7, .get = get_name},
    {.number = 8, .get = get_empty},        {.number = 9, .get = get_firmware},
    {.number = 10, .get = get_software},    {.number = 11, .get = get_serial},
    {.number = 12, .get = get_maker},       {.number = 13, .get = get_model},
    {.number = 14, .get = get_empty},       {.number = 15, .get = get_empty},
    {.number = 16, .get = get_replaceable},
};

/* ---- parts ----------------------------------------------------------------------------------- */

void *snmp_entity_make(const struct snmp_model *model, struct snmp_tree *tree,
                       const struct snmp_table *table)
{
    struct snmp_entity *entity = mem_new(sizeof *entity);
    *entity = (struct snmp_entity){.model = model, .table = *table};
    entity->table.revision = revision;
    entity->table.user = entity;
    snmp_tree_add(tree, &entity->table);
    return entity;
}

void snmp_entity_end(void *part, struct snmp_tree *tree)
{
    struct snmp_entity *entity = part;
    snmp_tree_remove(tree, &entity->table);
    free(entity);
}

static const struct snmp_table physical_table = {
    .entry = {1, 3, 6, 1, 2, 1, 47, 1, 1, 1, 1},
    .entry_length = 11,
    .columns = columns,
    .column_count = sizeof columns / sizeof *columns,
    .rows = add_rows,
};

/* ---- entLastChangeTime ----------------------------------------------------------------------- */

/* Kept as things come and go, not as somebody asks. */
struct changes {
    void *physical; /* the table */
    const struct snmp_model *model;
    struct snmp_table table;
    struct feed feed;
    uint64_t revision;
    clock_us changed; /* monotonic */
};

static void on_tree(void *user)
{
    struct changes *changes = user;
    uint64_t revision_now = site_revision(changes->model->site);
    if (revision_now != changes->revision)
        changes->changed = loop_now(changes->model->loop);
    changes->revision = revision_now;
}

static bool get_changed(void *user, const struct snmp_row *row, const struct snmp_ask *ask,
                        struct snmp_value *value)
{
    const struct changes *changes = user;
    (void)row;
    (void)ask;
    return snmp_ticks(value, changes->changed - changes->model->started);
}

static const struct snmp_column changed_columns[] = {{.number = 1, .get = get_changed}};

static void *make(const struct snmp_model *model, struct snmp_tree *tree)
{
    struct changes *changes = mem_new(sizeof *changes);
    *changes = (struct changes){
        .physical = snmp_entity_make(model, tree, &physical_table),
        .model = model,
        .table = {.entry = {1, 3, 6, 1, 2, 1, 47, 1, 4},
                  .entry_length = 9,
                  .columns = changed_columns,
                  .column_count = 1,
                  .user = changes},
        .feed = {.tree = on_tree, .user = changes},
        .revision = site_revision(model->site),
        .changed = loop_now(model->loop),
    };
    snmp_tree_add(tree, &changes->table);
    site_subscribe(model->site, &changes->feed);
    return changes;
}

static void end(void *part, struct snmp_tree *tree)
{
    struct changes *changes = part;
    site_unsubscribe(changes->model->site, &changes->feed);
    snmp_tree_remove(tree, &changes->table);
    snmp_entity_end(changes->physical, tree);
    free(changes);
}

const struct snmp_part snmp_entity_part = {.name = "ENTITY-MIB", .make = make, .free = end};
