#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"
#include "driver/profile_reader.h"

enum { WORD_MAX = 63, ABSENT_MAX = 64, WORDS_MAX = 256 };

static const char *const every_names[] = {"fast", "slow", "once"};

/* The keys of every sub-register; each kind adds its own behind them. */
#define REGISTER_KEYS "holding", "input", "coil", "discrete", "type", "order"

static const char *const point_keys[] = {
    REGISTER_KEYS, "length", "scale",  "offset", "scale_register", "scale_by", "sign",
    "plus",        "bits",   "values", "flags",  "absent",         "valid",    "rollover",
    "optional",    "every",  "step",   "stride", "write"};

#define COUNT_OF(array) (sizeof(array) / sizeof *(array))

/* ---- numbers --------------------------------------------------------------------------------- */

/* A number other than 0, kept so that the division is exact. */
static bool read_scale(struct profile_reader *reader, const struct yaml_node *node,
                       const char *what, struct profile_scale *scale)
{
    double factor;
    if (!profile_read_number(reader, node, what, &factor))
        return false;
    if (factor == 0) {
        profile_fault(reader, node, "%s must not be 0: every reading would be 0", what);
        return false;
    }
    *scale = profile_scale(factor);
    return true;
}

/* A register that serves another point must be a number. */
static bool read_helper(struct profile_reader *reader, const struct yaml_node *map,
                        const char *what, const char *const *keys, size_t count,
                        struct profile_register *at)
{
    if (!profile_read_map(reader, map, what, keys, count) ||
        !profile_read_register(reader, map, what, at))
        return false;
    if (at->type == MODBUS_VALUE_TEXT) {
        profile_fault(reader, map, "%s can't be text", what);
        return false;
    }
    return true;
}

/* Entries with a mistake are left out; the profile is not used then anyway. */
static void read_scale_registers(struct profile_reader *reader, const struct yaml_node *node,
                                 struct profile_point *point)
{
    static const char *const keys[] = {REGISTER_KEYS, "kind", "scale"};
    static const char *const kinds[] = {"power_of_ten", "factor"};
    size_t count = profile_listed(node);
    struct profile_scale_register *list = arena_take(reader->arena, (count + 1) * sizeof *list);
    for (size_t i = 0; i < count; i++) {
        const struct yaml_node *map = profile_listed_at(node, i);
        struct profile_scale_register *entry = &list[point->scale_register_count];
        if (!read_helper(reader, map, "scale_register", keys, COUNT_OF(keys), &entry->at))
            continue;
        const struct yaml_node *kind = yaml_get(map, "kind"), *scale = yaml_get(map, "scale");
        if (!kind) {
            profile_fault(reader, map, "scale_register needs a kind: power_of_ten or factor");
            continue;
        }
        int word = profile_read_word(reader, kind, "kind of scale_register", kinds, 2);
        entry->power_of_ten = word == 0;
        entry->scale = profile_scale(1);
        if (word < 0 || (scale && !read_scale(reader, scale, "scale", &entry->scale)))
            continue;
        if (scale && word == 0)
            profile_fault(reader, scale, "a power of ten has no scale of its own");
        else
            point->scale_register_count++;
    }
    point->scale_registers = list;
}

static void read_scale_by(struct profile_reader *reader, const struct yaml_node *map,
                          struct profile_point *point)
{
    static const char *const keys[] = {REGISTER_KEYS, "below", "scale", "else"};
    struct profile_scale_by *by = arena_take(reader->arena, sizeof *by);
    if (!read_helper(reader, map, "scale_by", keys, COUNT_OF(keys), &by->at))
        return;
    const struct yaml_node *below = yaml_get(map, "below"), *scale = yaml_get(map, "scale"),
                           *otherwise = yaml_get(map, "else");
    if (!below || !scale || !otherwise) {
        profile_fault(reader, map, "scale_by needs below, scale and else");
        return;
    }
    if (profile_read_number(reader, below, "below", &by->below) &&
        read_scale(reader, scale, "scale", &by->scale) &&
        read_scale(reader, otherwise, "else", &by->otherwise))
        point->scale_by = by;
}

static void read_sign(struct profile_reader *reader, const struct yaml_node *map,
                      struct profile_point *point)
{
    static const char *const keys[] = {REGISTER_KEYS, "negative"};
    struct profile_sign *sign = arena_take(reader->arena, sizeof *sign);
    if (!read_helper(reader, map, "sign", keys, COUNT_OF(keys), &sign->at))
        return;
    const struct yaml_node *negative = yaml_get(map, "negative");
    sign->negative = 1;
    if (profile_type_is_float(sign->at.type))
        profile_fault(reader, map, "a sign register is an integer");
    else if (!negative)
        profile_fault(reader, map, "sign needs negative: the number that means minus");
    else if (profile_read_int(reader, negative, "negative", INT32_MIN, UINT32_MAX, &sign->negative))
        point->sign = sign;
}

static void read_plus(struct profile_reader *reader, const struct yaml_node *node,
                      struct profile_point *point)
{
    static const char *const keys[] = {REGISTER_KEYS, "scale"};
    size_t count = profile_listed(node);
    struct profile_plus *list = arena_take(reader->arena, (count + 1) * sizeof *list);
    for (size_t i = 0; i < count; i++) {
        const struct yaml_node *map = profile_listed_at(node, i);
        struct profile_plus *plus = &list[point->plus_count];
        if (!read_helper(reader, map, "plus", keys, COUNT_OF(keys), &plus->at))
            continue;
        const struct yaml_node *scale = yaml_get(map, "scale");
        plus->scale = profile_scale(1);
        if (!scale || read_scale(reader, scale, "scale", &plus->scale))
            point->plus_count++;
    }
    point->plus = list;
}

/* A bit field stays inside its register. */
static void read_bits(struct profile_reader *reader, const struct yaml_node *node,
                      struct profile_point *point)
{
    int64_t low, count;
    if (yaml_kind(node) != YAML_LIST || yaml_count(node) != 2) {
        profile_fault(reader, node, "bits must be a pair, [lowest, count]");
        return;
    }
    if (profile_type_is_float(point->at.type) || profile_type_is_bcd(point->at.type) ||
        point->at.type == MODBUS_VALUE_TEXT || point->at.type == MODBUS_VALUE_BOOL) {
        profile_fault(reader, node, "bits are of integers, not of %s",
                      modbus_value_type_name(point->at.type));
        return;
    }
    int64_t width = 16 * point->at.count;
    if (!profile_read_int(reader, yaml_at(node, 0, NULL), "the lowest bit", 0, width - 1, &low) ||
        !profile_read_int(reader, yaml_at(node, 1, NULL), "the count of bits", 1, width - low,
                          &count))
        return;
    point->bit_low = (uint8_t)low;
    point->bit_count = (uint8_t)count;
}

/* ---- words ----------------------------------------------------------------------------------- */

/* Words of a state: each number, or each bit, with what it means. */
static void read_words(struct profile_reader *reader, const struct yaml_node *node, bool flags,
                       struct profile_point *point)
{
    const char *what = flags ? "flags" : "values";
    if (yaml_kind(node) != YAML_MAP || !yaml_count(node) || yaml_count(node) > WORDS_MAX) {
        profile_fault(reader, node, "%s must be a map of 1 to %d numbers with a word each", what,
                      WORDS_MAX);
        return;
    }
    if (quantity_row(point->quantity)->kind != QUANTITY_KIND_STATE) {
        profile_fault(reader, node, "%s are for states; %s is a %s", what,
                      quantity_row(point->quantity)->name,
                      quantity_kind_name(quantity_row(point->quantity)->kind));
        return;
    }
    if (profile_type_is_float(point->at.type)) {
        profile_fault(reader, node, "%s are for integers, not for %s", what,
                      modbus_value_type_name(point->at.type));
        return;
    }
    int64_t most = flags ? (point->bit_count ? point->bit_count : 16 * point->at.count) - 1
                         : INT64_C(4294967295);
    struct word *list = arena_take(reader->arena, yaml_count(node) * sizeof *list);
    size_t count = 0;
    for (size_t i = 0; i < yaml_count(node); i++) {
        const struct yaml_node *key, *value = yaml_at(node, i, &key);
        const char *text = profile_read_line(reader, value, "the word of a state", WORD_MAX);
        if (profile_read_int(reader, key, flags ? "a bit" : "a state", 0, most,
                             &list[count].number) &&
            text)
            list[count++].text = text;
    }
    point->words = (struct words){list, count, flags};
}

/* ---- sentinels ------------------------------------------------------------------------------- */

/* All bits set is a NaN in every float format (IEEE 754, 6.2.1). */
static bool read_absent_float(struct profile_reader *reader, const struct yaml_node *node,
                              double *number)
{
    const char *text = yaml_text(node);
    if (strcmp(text, "nan") == 0 || strcmp(text, "ones") == 0) {
        *number = (double)NAN; /* never equal to a reading: a NaN is absent without being told */
        return true;
    }
    return profile_read_number(reader, node, "absent", number);
}

static bool read_absent_integer(struct profile_reader *reader, const struct yaml_node *node,
                                enum modbus_value_type type, uint64_t *key)
{
    uint64_t ones = UINT64_MAX >> (64 - 16 * modbus_value_registers(type));
    uint64_t sign = ones ^ ones >> 1, raw;
    const char *text = yaml_text(node);
    if (strcmp(text, "ones") == 0)
        raw = ones;
    else if (strcmp(text, "min") == 0)
        raw = profile_type_is_signed(type) ? sign : 0;
    else if (strcmp(text, "max") == 0)
        raw = profile_type_is_signed(type) ? ones >> 1 : ones;
    else if (strcmp(text, "nan") == 0) {
        profile_fault(reader, node, "only floats have nan, not %s", modbus_value_type_name(type));
        return false;
    } else if (!profile_read_raw(reader, node, type, &raw))
        return false;
    *key = profile_key(type, raw);
    return true;
}

/* One value, or the two ends of a range. */
static bool read_absent_entry(struct profile_reader *reader, const struct yaml_node *node,
                              enum modbus_value_type type, struct profile_absent *entry)
{
    const struct yaml_node *low = node, *high = node;
    if (yaml_kind(node) == YAML_LIST && yaml_count(node) == 2) {
        low = yaml_at(node, 0, NULL);
        high = yaml_at(node, 1, NULL);
    }
    bool fine = profile_type_is_float(type)
                    ? read_absent_float(reader, low, &entry->low_number) &&
                          read_absent_float(reader, high, &entry->high_number)
                    : read_absent_integer(reader, low, type, &entry->low) &&
                          read_absent_integer(reader, high, type, &entry->high);
    if (fine && (entry->low > entry->high || entry->low_number > entry->high_number)) {
        profile_fault(reader, node, "absent: the first value of the range is above the second");
        return false;
    }
    return fine;
}

static void read_absent(struct profile_reader *reader, const struct yaml_node *node,
                        struct profile_point *point)
{
    size_t count = profile_listed(node);
    if (point->at.type == MODBUS_VALUE_TEXT || point->at.type == MODBUS_VALUE_BOOL) {
        profile_fault(reader, node, "a %s has no absent values",
                      modbus_value_type_name(point->at.type));
        return;
    }
    if (count > ABSENT_MAX) {
        profile_fault(reader, node, "more than %d absent values", ABSENT_MAX);
        return;
    }
    struct profile_absent *list = arena_take(reader->arena, (count + 1) * sizeof *list);
    for (size_t i = 0; i < count; i++) {
        if (read_absent_entry(reader, profile_listed_at(node, i), point->at.type,
                              &list[point->absent_count]))
            point->absent_count++;
    }
    point->absent = list;
}

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

static void read_extras(struct profile_reader *reader, const struct yaml_node *map,
                        struct profile_point *point)
{
    const struct yaml_node *node;
    if ((node = yaml_get(map, "scale")))
        read_scale(reader, node, "scale", &point->scale);
    if ((node = yaml_get(map, "offset")))
        profile_read_number(reader, node, "offset", &point->offset);
    if ((node = yaml_get(map, "scale_register")))
        read_scale_registers(reader, node, point);
    if ((node = yaml_get(map, "scale_by")))
        read_scale_by(reader, node, point);
    if ((node = yaml_get(map, "sign")))
        read_sign(reader, node, point);
    if ((node = yaml_get(map, "plus")))
        read_plus(reader, node, point);
    if ((node = yaml_get(map, "bits")))
        read_bits(reader, node, point);
    if ((node = yaml_get(map, "values")))
        read_words(reader, node, false, point);
    if ((node = yaml_get(map, "flags")))
        read_words(reader, node, true, point);
    if ((node = yaml_get(map, "absent")))
        read_absent(reader, node, point);
    if ((node = yaml_get(map, "optional")))
        profile_read_bool(reader, node, "optional", &point->optional);
    if ((node = yaml_get(map, "every"))) {
        int word = profile_read_word(reader, node, "pace", every_names, COUNT_OF(every_names));
        point->every = word < 0 ? PROFILE_FAST : (enum profile_every)word;
    }
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
    read_extras(reader, map, point);
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
