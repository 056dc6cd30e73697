#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"
#include "driver/profile_reader.h"

static const char *const point_keys[] = {PROFILE_REGISTER_KEYS,
                                         "length",
                                         "scale",
                                         "offset",
                                         "scale_register",
                                         "scale_by",
                                         "sign",
                                         "plus",
                                         "bits",
                                         "values",
                                         "flags",
                                         "absent",
                                         "valid",
                                         "rollover",
                                         "optional",
                                         "every",
                                         "step",
                                         "stride",
                                         "write"};

/* ---- one point ------------------------------------------------------------------------------- */

static const char *nearest_quantity(const char *name)
{
    size_t count;
    const struct quantity_row *rows = quantity_rows(&count);
    return count ? nearest_word(name, &rows->name, count, sizeof *rows) : NULL;
}

/* "phase-a/voltage" into component and quantity; `path` is the key or the first one of a run. */
static bool read_path(struct profile_reader *reader, const struct yaml_node *key, const char *path,
                      struct profile_point *point)
{
    const char *slash = strchr(path, '/');
    if (!slash) {
        profile_fault(reader, key, "\"%.60s\" is no component/quantity, such as phase-a/voltage",
                      path);
        return false;
    }
    bool fine = component_parse(path, (size_t)(slash - path), &point->component, &point->number);
    if (!fine) {
        char name[COMPONENT_NAME_MAX] = "";
        memcpy(name, path,
               (size_t)(slash - path) < sizeof name ? (size_t)(slash - path) : sizeof name - 1);
        const char *nearest = component_nearest(name);
        profile_fault(reader, key, "\"%s\" is no component%s%s%s", name,
                      nearest ? "; did you mean \"" : "", nearest ? nearest : "",
                      nearest ? "\"?" : "");
    }
    point->quantity = quantity_find(slash + 1);
    if (point->quantity == QUANTITY_NONE) {
        const char *nearest = nearest_quantity(slash + 1);
        profile_fault(reader, key, "\"%.60s\" is no quantity%s%s%s", slash + 1,
                      nearest ? "; did you mean \"" : "", nearest ? nearest : "",
                      nearest ? "\"?" : "");
        return false;
    }
    point->path = path;
    return fine;
}

/* Anything that changes the number: no sense for words and text. */
static bool has_factors(const struct profile_point *point)
{
    return point->scale_register_count || point->scale_by || point->sign || point->plus_count ||
           point->scale.up != 1 || point->scale.down != 1 || point->offset != 0;
}

/* Where the raw count starts again when nothing else is told. */
static double natural_rollover(const struct profile_point *point)
{
    enum modbus_value_type type = point->at.type;
    if (quantity_row(point->quantity)->kind != QUANTITY_KIND_COUNTER || point->plus_count ||
        profile_type_is_float(type) || profile_type_is_signed(type) || type == MODBUS_VALUE_TEXT ||
        type == MODBUS_VALUE_BOOL)
        return 0;
    if (profile_type_is_bcd(type))
        return pow(10, 4 * point->at.count);
    return ldexp(1, point->bit_count ? point->bit_count : 16 * point->at.count);
}

/* What a reading may be, and where a counter starts again. */
static void read_bounds(struct profile_reader *reader, const struct yaml_node *map,
                        struct profile_point *point)
{
    const struct quantity_row *row = quantity_row(point->quantity);
    const struct yaml_node *node = yaml_get(map, "valid");
    if (node && profile_read_range(reader, node, "valid", &point->low, &point->high)) {
        point->narrowed = true;
        if (point->low < row->low || point->high > row->high)
            profile_fault(reader, node, "valid is wider than the catalogue's range of %s, %g to %g",
                          row->name, row->low, row->high);
    }
    node = yaml_get(map, "rollover");
    point->rollover = natural_rollover(point);
    if (!node)
        return;
    if (row->kind != QUANTITY_KIND_COUNTER)
        profile_fault(reader, node, "only counters roll over; %s is a %s", row->name,
                      quantity_kind_name(row->kind));
    else if (profile_read_number(reader, node, "rollover", &point->rollover) &&
             point->rollover <= 0)
        profile_fault(reader, node, "rollover must be above 0");
}

/* What fits no quantity of this kind. */
static void check_kind(struct profile_reader *reader, const struct yaml_node *map,
                       const struct profile_point *point)
{
    const struct quantity_row *row = quantity_row(point->quantity);
    if (point->at.type == MODBUS_VALUE_TEXT && row->kind != QUANTITY_KIND_TEXT)
        profile_fault(reader, map, "%s is a number, but the register is text", row->name);
    if (row->kind == QUANTITY_KIND_TEXT &&
        (profile_type_is_float(point->at.type) || point->at.type == MODBUS_VALUE_BOOL))
        profile_fault(reader, map, "%s is text: it comes from text or an integer", row->name);
    if ((row->kind == QUANTITY_KIND_TEXT || point->words.count) && has_factors(point))
        profile_fault(reader, map, "%s has no scale, offset, sign or plus",
                      point->words.count ? "a state with words" : row->name);
    if (row->kind == QUANTITY_KIND_COUNTER && point->scale.up < 0)
        profile_fault(reader, map, "%s is a counter: its scale can't be negative", row->name);
    if (yaml_get(map, "values") && yaml_get(map, "flags"))
        profile_fault(reader, map, "a state has values or flags, not both");
}

/* As much as can be read of a point is read, to find as many mistakes as possible. */
static bool read_point(struct profile_reader *reader, const struct yaml_node *key,
                       const struct yaml_node *map, const char *path, struct profile_point *point)
{
    *point = (struct profile_point){.scale = profile_scale(1), .line = yaml_place(key).line};
    bool fine = read_path(reader, key, path, point);
    if (!profile_read_map(reader, map, "a point", point_keys, COUNT_OF(point_keys)) ||
        !profile_read_register(reader, map, yaml_text(key), &point->at) || !fine)
        return false;
    profile_read_extras(reader, map, point);
    read_bounds(reader, map, point);
    check_kind(reader, map, point);
    if (yaml_get(map, "write"))
        profile_read_write(reader, yaml_get(map, "write"), point);
    return true;
}

/* ---- all points ------------------------------------------------------------------------------ */

/* A point and the line it came from, while the points are compared with each other. */
struct placed {
    const struct profile_point *point;
    const struct yaml_node *key;
};

static int by_place(const void *a, const void *b)
{
    const struct profile_point *x = ((const struct placed *)a)->point,
                               *y = ((const struct placed *)b)->point;
    if (x->at.bank != y->at.bank)
        return x->at.bank < y->at.bank ? -1 : 1;
    return x->at.address - y->at.address;
}

/* Two numbers may share a register (a bit field, a total that is also a phase), but one that begins
 * inside another is a slip of an address. */
static void check_overlaps(struct profile_reader *reader, struct placed *order, size_t count)
{
    qsort(order, count, sizeof *order, by_place);
    for (size_t i = 1; i < count; i++) {
        const struct profile_point *before = order[i - 1].point, *point = order[i].point;
        if (before->at.bank != point->at.bank || before->at.address == point->at.address ||
            before->at.address + before->at.count <= point->at.address)
            continue;
        profile_fault(reader, order[i].key,
                      "register %u lies inside %s of line %d, which takes %u to %u",
                      point->at.address, before->path, before->line, before->at.address,
                      before->at.address + before->at.count - 1u);
    }
}

static int by_name(const void *a, const void *b)
{
    const struct profile_point *x = ((const struct placed *)a)->point,
                               *y = ((const struct placed *)b)->point;
    int order = strcmp(x->path, y->path);
    return order ? order : x->line - y->line; /* the later line is the mistake */
}

/* The same key twice is a mistake of the file already; a run can name a point once more. */
static void check_names(struct profile_reader *reader, struct placed *order, size_t count)
{
    qsort(order, count, sizeof *order, by_name);
    for (size_t i = 1; i < count; i++) {
        const struct profile_point *before = order[i - 1].point, *point = order[i].point;
        if (strcmp(before->path, point->path) == 0)
            profile_fault(reader, order[i].key, "%s is in line %d already", point->path,
                          before->line);
    }
}

/* How many points there will be; runs are read here, so that the room for them is known before any
 * is taken. A key whose run is wrong has count 0. */
static size_t count_points(struct profile_reader *reader, const struct yaml_node *node,
                           struct profile_run *runs)
{
    size_t total = 0;
    for (size_t i = 0; i < yaml_count(node); i++) {
        const struct yaml_node *key, *map = yaml_at(node, i, &key);
        if (!profile_run_read(reader, key, map, &runs[i]))
            runs[i].count = 0;
        total += runs[i].count;
    }
    return total;
}

/* `points` and `placed` have room for all that count_points() counted. */
static size_t read_all(struct profile_reader *reader, const struct yaml_node *node,
                       const struct profile_run *runs, struct profile_point *points,
                       struct placed *placed)
{
    size_t count = 0;
    for (size_t i = 0; i < yaml_count(node); i++) {
        const struct yaml_node *key, *map = yaml_at(node, i, &key);
        if (!runs[i].count) /* its mistake is told already */
            continue;
        const char *path = profile_run_path(reader->arena, key, &runs[i], 0);
        size_t more = read_point(reader, key, map, path, &points[count])
                          ? profile_run_expand(reader, key, map, &runs[i], &points[count])
                          : 0;
        for (; more > 0; more--, count++)
            placed[count] = (struct placed){&points[count], key};
    }
    return count;
}

const struct profile_point *profile_read_points(struct profile_reader *reader,
                                                const struct yaml_node *node, size_t *count)
{
    *count = 0;
    if (yaml_kind(node) != YAML_MAP || yaml_count(node) == 0) {
        profile_fault(reader, node, "points must be a map of component/quantity: {...}");
        return NULL;
    }
    size_t keys = yaml_count(node);
    if (keys > LIMIT_POINTS_PER_DEVICE) {
        profile_fault(reader, node, "more than %d points", LIMIT_POINTS_PER_DEVICE);
        return NULL;
    }
    /* Counted first and taken at once: an arena does not grow, and a few bytes of text must not
     * make it take much. */
    struct profile_run *runs = mem_new(keys * sizeof *runs);
    size_t total = count_points(reader, node, runs);
    struct profile_point *points = NULL;
    if (total > LIMIT_POINTS_PER_DEVICE) {
        profile_fault(reader, node, "more than %d points", LIMIT_POINTS_PER_DEVICE);
    } else {
        struct placed *placed = mem_new((total + 1) * sizeof *placed);
        points = arena_take(reader->arena, (total + 1) * sizeof *points);
        *count = read_all(reader, node, runs, points, placed);
        check_overlaps(reader, placed, *count);
        check_names(reader, placed, *count);
        free(placed);
    }
    free(runs);
    return points;
}
