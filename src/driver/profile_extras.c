/* What a point says beyond its register: factors and helper registers, bits, words, sentinels. */

#include <math.h>
#include <string.h>

#include "driver/profile_reader.h"

enum { WORD_MAX = 63, ABSENT_MAX = 64, WORDS_MAX = 256 };

static const char *const every_names[] = {"fast", "slow", "once"};

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
    static const char *const keys[] = {PROFILE_REGISTER_KEYS, "kind", "scale"};
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
    static const char *const keys[] = {PROFILE_REGISTER_KEYS, "below", "scale", "else"};
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
    static const char *const keys[] = {PROFILE_REGISTER_KEYS, "negative"};
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
    static const char *const keys[] = {PROFILE_REGISTER_KEYS, "scale"};
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

/* ---- all of it ------------------------------------------------------------------------------- */

void profile_read_extras(struct profile_reader *reader, const struct yaml_node *map,
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
