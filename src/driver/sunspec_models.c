#include "driver/sunspec_models.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "driver/profile_reader.h"
#include "wire/modbus_pdu.h"

enum { IDS_MAX = 64, LENGTH_MAX = 1024 };

/* What stands in a point that is not implemented (SunSpec Device Information Model Specification
 * 1.2, "Data types"). */
static const struct kind {
    const char *name;
    size_t registers;
    uint16_t empty[4];
} kinds[] = {
    {"int16", 1, {0x8000}},
    {"uint16", 1, {0xFFFF}},
    {"count", 1, {0}},
    {"acc16", 1, {0}},
    {"enum16", 1, {0xFFFF}},
    {"bitfield16", 1, {0xFFFF}},
    {"sunssf", 1, {0x8000}},
    {"pad", 1, {0x8000}},
    {"int32", 2, {0x8000, 0}},
    {"uint32", 2, {0xFFFF, 0xFFFF}},
    {"acc32", 2, {0, 0}},
    {"enum32", 2, {0xFFFF, 0xFFFF}},
    {"bitfield32", 2, {0xFFFF, 0xFFFF}},
    {"float32", 2, {0x7FC0, 0}},
    {"int64", 4, {0x8000, 0, 0, 0}},
    {"uint64", 4, {0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF}},
    {"acc64", 4, {0, 0, 0, 0}},
    {"float64", 4, {0x7FF8, 0, 0, 0}},
};

/* Models that differ in what they measure, not in their layout, share a file. */
static void read_ids(struct profile_reader *reader, const struct yaml_node *node,
                     struct sunspec_model *model)
{
    size_t count = profile_listed(node);
    if (count == 0 || count > IDS_MAX) {
        profile_fault(reader, node, "sunspec must be a list of 1 to %d model numbers", IDS_MAX);
        return;
    }
    uint16_t *ids = arena_take(reader->arena, count * sizeof *ids);
    for (size_t i = 0; i < count; i++) {
        int64_t id;
        if (profile_read_int(reader, profile_listed_at(node, i), "a model number", 1, 65534, &id))
            ids[model->id_count++] = (uint16_t)id;
    }
    model->ids = ids;
}

/* "int16", or "int16 x 4" for four in a row: how many, 0 after a mistake. */
static size_t read_kind(struct profile_reader *reader, const struct yaml_node *node,
                        const struct kind **kind)
{
    const char *text = profile_read_line(reader, node, "a type", 40);
    size_t name = text ? strcspn(text, " ") : 0;
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        if (!name || strlen(kinds[i].name) != name || strncmp(text, kinds[i].name, name) != 0)
            continue;
        *kind = &kinds[i];
        unsigned long times = 1;
        char end = 0;
        if (!text[name] || (sscanf(text + name, " x %4lu%c", &times, &end) == 1 && times > 0))
            return times;
    }
    if (text)
        profile_fault(reader, node, "\"%s\" is no type of SunSpec: write int16, or int16 x 4",
                      text);
    return 0;
}

static void read_types(struct profile_reader *reader, const struct yaml_node *node,
                       struct sunspec_model *model)
{
    uint16_t *words = arena_take(reader->arena, LENGTH_MAX * sizeof *words);
    size_t length = 0;
    for (size_t i = 0; i < profile_listed(node); i++) {
        const struct kind *kind = NULL;
        size_t times = read_kind(reader, profile_listed_at(node, i), &kind);
        for (; times && length + kind->registers <= LENGTH_MAX; times--) {
            memcpy(words + length, kind->empty, kind->registers * sizeof *words);
            length += kind->registers;
        }
        if (times)
            profile_fault(reader, node, "a model has no more than %d registers", LENGTH_MAX);
    }
    model->empty = words;
    model->length = length;
}

static bool lies_in(const struct profile_register *at, size_t length)
{
    return at->address >= 2 && at->address + at->count <= length + 2u;
}

/* Who fills the registers in counts on that. */
static void check_places(struct profile_reader *reader, const struct yaml_node *root,
                         const struct sunspec_model *model)
{
    for (size_t i = 0; model->empty && i < model->point_count; i++) {
        const struct profile_point *point = &model->points[i];
        bool inside = lies_in(&point->at, model->length);
        for (size_t k = 0; k < point->scale_register_count; k++)
            inside = inside && lies_in(&point->scale_registers[k].at, model->length);
        for (size_t k = 0; k < point->plus_count; k++)
            inside = inside && lies_in(&point->plus[k].at, model->length);
        if (!inside)
            profile_fault(reader, root, "%s lies outside the %zu registers of its types",
                          point->path, model->length);
    }
}

static bool is_scale_factor(const struct profile_point *point)
{
    return point->scale_register_count == 0 ||
           (point->scale_register_count == 1 && point->scale_registers[0].power_of_ten);
}

/* Only holding registers and scale factors exist in SunSpec; the driver moves nothing else to its
 * place, and the server writes nothing else. */
static const struct profile_point *read_points(struct profile_reader *reader,
                                               const struct yaml_node *node, size_t *count)
{
    const struct profile_point *points = profile_read_points(reader, node, count);
    for (size_t i = 0; i < *count; i++) {
        if (points[i].at.bank != PROFILE_HOLDING || points[i].scale_by || points[i].sign ||
            !is_scale_factor(&points[i]))
            profile_fault(reader, node,
                          "%s: a SunSpec model has holding registers only, one power of ten as "
                          "scale_register, and neither scale_by nor sign",
                          points[i].path);
    }
    return points;
}

/* The first block stands for all of them; a point outside it could not move on. */
static void read_block(struct profile_reader *reader, const struct yaml_node *map,
                       struct sunspec_block *block)
{
    static const char *const keys[] = {"first", "length", "points"};
    if (!profile_read_map(reader, map, "repeat", keys, COUNT_OF(keys)))
        return;
    const struct yaml_node *first = yaml_get(map, "first"), *length = yaml_get(map, "length"),
                           *points = yaml_get(map, "points");
    int64_t begin, size;
    if (!first || !length || !points) {
        profile_fault(reader, map, "repeat needs first, length and points");
        return;
    }
    if (!profile_read_int(reader, first, "first", 2, 65535, &begin) ||
        !profile_read_int(reader, length, "length", 1, 65535, &size))
        return;
    *block = (struct sunspec_block){.first = (unsigned)begin, .length = (unsigned)size};
    block->points = read_points(reader, points, &block->point_count);
    for (size_t i = 0; i < block->point_count; i++) {
        const struct profile_point *point = &block->points[i];
        if (point->number != 1 || point->component < COMPONENT_CIRCUIT ||
            point->component > COMPONENT_SENSOR)
            profile_fault(reader, points,
                          "%s: points of a block belong to its first one, such as "
                          "input-1",
                          point->path);
        if (point->at.address < block->first ||
            point->at.address + point->at.count > block->first + block->length)
            profile_fault(reader, points, "%s lies outside the first block, %u to %u", point->path,
                          block->first, block->first + block->length - 1);
    }
}

static void read_root(struct profile_reader *reader, const struct yaml_node *root,
                      struct sunspec_model *model)
{
    static const char *const keys[] = {"sunspec", "title", "role",   "source", "notes",
                                       "apart",   "types", "points", "repeat"};
    if (!profile_read_map(reader, root, "a SunSpec model", keys, COUNT_OF(keys)))
        return;
    const struct yaml_node *node = yaml_get(root, "sunspec");
    if (node)
        read_ids(reader, node, model);
    else
        profile_fault(reader, root, "the key \"sunspec\" is missing");
    if ((node = yaml_get(root, "title")))
        model->title = profile_read_line(reader, node, "title", 200);
    if ((node = yaml_get(root, "role")))
        model->role = profile_read_role(reader, node);
    if ((node = yaml_get(root, "apart")))
        profile_read_bool(reader, node, "apart", &model->apart);
    if ((node = yaml_get(root, "points")))
        model->points = read_points(reader, node, &model->point_count);
    if ((node = yaml_get(root, "repeat")))
        read_block(reader, node, &model->block);
    if ((node = yaml_get(root, "types")))
        read_types(reader, node, model);
    check_places(reader, root, model);
    if (!yaml_get(root, "points") && !yaml_get(root, "repeat"))
        profile_fault(reader, root, "a model needs points or repeat");
}

static struct sunspec_model *read_model(const struct yaml_node *root, struct err_list *errors)
{
    struct arena *arena = arena_new();
    struct sunspec_model *model = arena_take(arena, sizeof *model);
    *model = (struct sunspec_model){.title = "", .role = "", .arena = arena};
    struct profile_reader reader = {.arena = arena,
                                    .errors = errors,
                                    .order = MODBUS_VALUE_ABCD,
                                    .registers = MODBUS_PDU_READ_MAX,
                                    .bits = MODBUS_PDU_READ_BITS_MAX};
    size_t before = errors->found;
    read_root(&reader, root, model);
    if (errors->found == before)
        return model;
    arena_free(arena);
    return NULL;
}

/* Takes the document. */
static bool read_document_take(struct sunspec_models *models, struct yaml *yaml,
                               const struct err *err, const char *name, struct err_list *errors)
{
    struct err empty = ERR_EMPTY;
    if (!yaml || !yaml_root(yaml)) {
        err_set(&empty, -1, "%s: empty file", name);
        err_list_add(errors, yaml ? &empty : err);
        yaml_free(yaml);
        return false;
    }
    struct sunspec_model *model = read_model(yaml_root(yaml), errors);
    yaml_free(yaml);
    if (!model)
        return false;
    models->list =
        mem_grow(models->list, models->count, &models->capacity, sizeof(struct sunspec_model *));
    models->list[models->count++] = model;
    return true;
}

bool sunspec_models_read_file(struct sunspec_models *models, const char *path,
                              struct err_list *errors)
{
    struct err err = ERR_EMPTY;
    struct yaml *yaml = yaml_read_file(path, &err);
    return read_document_take(models, yaml, &err, path, errors);
}

bool sunspec_models_read_text(struct sunspec_models *models, const char *name, const char *text,
                              size_t length, struct err_list *errors)
{
    struct err err = ERR_EMPTY;
    struct yaml *yaml = yaml_read_text(name, text, length, &err);
    return read_document_take(models, yaml, &err, name, errors);
}

void sunspec_models_deinit(struct sunspec_models *models)
{
    for (size_t i = 0; i < models->count; i++)
        arena_free(models->list[i]->arena);
    free(models->list);
    *models = (struct sunspec_models){0};
}

const struct sunspec_model *sunspec_models_find(const struct sunspec_models *models, uint16_t id)
{
    for (size_t i = models->count; i-- > 0;) {
        for (size_t k = 0; k < models->list[i]->id_count; k++) {
            if (models->list[i]->ids[k] == id)
                return models->list[i];
        }
    }
    return NULL;
}
