#include <stdlib.h>
#include <string.h>

#include "driver/profile_reader.h"

static const char *const write_keys[] = {"coil",  "holding", "type",    "order",
                                         "codes", "mask",    "multiple"};
static const char *const code_keys[] = {"coil", "holding", "type", "order", "value"};

/* ---- places ---------------------------------------------------------------------------------- */

/* What is not told stays as it is in `*at`; a coil has no type. */
static bool read_place(struct profile_reader *reader, const struct yaml_node *map,
                       struct profile_register *at)
{
    const struct yaml_node *coil = yaml_get(map, "coil"), *holding = yaml_get(map, "holding"),
                           *type = yaml_get(map, "type"), *order = yaml_get(map, "order");
    const struct yaml_node *place = coil ? coil : holding;
    int64_t address;
    if (coil && holding) {
        profile_fault(reader, map, "write goes to a coil or to a holding register, not to both");
        return false;
    }
    if (place && !profile_read_int(reader, place, "the address", 0, 65535, &address))
        return false;
    if (place) {
        *at = (struct profile_register){.bank = coil ? PROFILE_COIL : PROFILE_HOLDING,
                                        .type = coil ? MODBUS_VALUE_BOOL : MODBUS_VALUE_UINT16,
                                        .order = reader->order,
                                        .address = (uint16_t)address};
    }
    unsigned bits;
    if (at->bank == PROFILE_COIL && (type || order)) {
        profile_fault(reader, type ? type : order, "a coil has no type and no order");
        return false;
    }
    if (type && (modbus_value_type_find(yaml_text(type), &at->type) < 0 ||
                 at->type == MODBUS_VALUE_TEXT || at->type == MODBUS_VALUE_BOOL)) {
        profile_fault(reader, type, "\"%.40s\" is no type that can be written, such as uint16",
                      yaml_text(type));
        return false;
    }
    if (order && modbus_value_order_find(yaml_text(order), &at->order, &bits) < 0) {
        profile_fault(reader, order, "\"%.40s\" is no order, such as ABCD", yaml_text(order));
        return false;
    }
    at->count = at->bank == PROFILE_COIL ? 1 : (uint16_t)modbus_value_registers(at->type);
    if (at->address + at->count <= 65536)
        return true;
    profile_fault(reader, map, "write ends beyond address 65535");
    return false;
}

/* ---- codes ----------------------------------------------------------------------------------- */

static bool read_code_value(struct profile_reader *reader, const struct yaml_node *node,
                            struct profile_code *code)
{
    int64_t bit;
    if (code->at.bank != PROFILE_COIL)
        return profile_read_raw(reader, node, code->at.type, &code->raw);
    if (!profile_read_int(reader, node, "the value of a coil", 0, 1, &bit))
        return false;
    code->raw = (uint64_t)bit;
    return true;
}

/* A number for the place of all, or a place of its own. */
static bool read_code(struct profile_reader *reader, const struct yaml_node *node,
                      struct profile_code *code)
{
    if (yaml_kind(node) != YAML_MAP)
        return read_code_value(reader, node, code);
    const struct yaml_node *value = yaml_get(node, "value");
    if (!profile_read_map(reader, node, "a code", code_keys, COUNT_OF(code_keys)) ||
        !read_place(reader, node, &code->at))
        return false;
    if (value)
        return read_code_value(reader, value, code);
    profile_fault(reader, node, "a code with a place of its own needs a value");
    return false;
}

static const struct word *find_word(const struct profile_point *point, const char *text)
{
    for (size_t i = 0; i < point->words.count; i++) {
        if (strcmp(point->words.list[i].text, text) == 0)
            return &point->words.list[i];
    }
    return NULL;
}

static void read_codes(struct profile_reader *reader, const struct yaml_node *node,
                       const struct profile_point *point, struct profile_write *write)
{
    if (yaml_kind(node) != YAML_MAP || !yaml_count(node)) {
        profile_fault(reader, node, "codes must be a map of the words in values");
        return;
    }
    struct profile_code *list = arena_take(reader->arena, yaml_count(node) * sizeof *list);
    for (size_t i = 0; i < yaml_count(node); i++) {
        const struct yaml_node *key, *value = yaml_at(node, i, &key);
        const struct word *word = find_word(point, yaml_text(key));
        struct profile_code *code = &list[write->code_count];
        *code = (struct profile_code){.at = write->at};
        if (!word) {
            profile_fault(reader, key, "\"%.40s\" is no word of this point's values",
                          yaml_text(key));
        } else if (read_code(reader, value, code)) {
            code->number = word->number;
            write->code_count++;
        }
    }
    write->codes = list;
}

/* Without codes a state is written as it is read. */
static void copy_words(struct profile_reader *reader, const struct yaml_node *node,
                       const struct profile_point *point, struct profile_write *write)
{
    struct profile_code *list = arena_take(reader->arena, (point->words.count + 1) * sizeof *list);
    uint64_t most = write->at.bank == PROFILE_COIL ? 1 : UINT64_MAX >> (64 - 16 * write->at.count);
    for (size_t i = 0; i < point->words.count; i++) {
        uint64_t raw = (uint64_t)point->words.list[i].number << (write->mask ? point->bit_low : 0);
        if (raw > most) {
            profile_fault(reader, node, "%s does not fit the place it is written to; give codes",
                          point->words.list[i].text);
            return;
        }
        list[write->code_count++] = (struct profile_code){
            .number = point->words.list[i].number, .at = write->at, .raw = raw};
    }
    write->codes = list;
}

/* ---- one write ------------------------------------------------------------------------------- */

static bool check_point(struct profile_reader *reader, const struct yaml_node *node,
                        const struct profile_point *point)
{
    const struct quantity_row *row = quantity_row(point->quantity);
    if (row->kind == QUANTITY_KIND_STATE && (!point->words.count || point->words.flags))
        profile_fault(reader, node, "a state that can be written needs values: what to call each");
    else if (row->kind != QUANTITY_KIND_STATE && row->kind != QUANTITY_KIND_GAUGE)
        profile_fault(reader, node, "%s is a %s, which can't be written", row->name,
                      quantity_kind_name(row->kind));
    else if (point->scale_register_count || point->scale_by || point->sign || point->plus_count)
        profile_fault(reader, node,
                      "a point with scale_register, scale_by, sign or plus can't be written");
    else
        return true;
    return false;
}

static void read_mask(struct profile_reader *reader, const struct yaml_node *node,
                      const struct profile_point *point, struct profile_write *write)
{
    int64_t mask;
    if (write->at.bank == PROFILE_COIL || write->at.count != 1)
        profile_fault(reader, node, "a mask is for a single holding register");
    else if (quantity_row(point->quantity)->kind != QUANTITY_KIND_STATE)
        profile_fault(reader, node, "a mask is for states");
    else if (profile_read_int(reader, node, "mask", 1, 65535, &mask))
        write->mask = (uint16_t)mask;
}

static void check_mask(struct profile_reader *reader, const struct yaml_node *node,
                       const struct profile_write *write)
{
    for (size_t i = 0; write->mask && i < write->code_count; i++) {
        const struct profile_code *code = &write->codes[i];
        if (code->at.bank == PROFILE_COIL || code->at.count != 1 || code->raw & ~write->mask)
            profile_fault(reader, node, "a code has bits that the mask 0x%04X lacks",
                          (unsigned)write->mask);
    }
}

void profile_read_write(struct profile_reader *reader, const struct yaml_node *node,
                        struct profile_point *point)
{
    bool same = yaml_kind(node) == YAML_SCALAR && strcmp(yaml_text(node), "same") == 0;
    bool state = quantity_row(point->quantity)->kind == QUANTITY_KIND_STATE;
    if (!check_point(reader, node, point) ||
        (!same && !profile_read_map(reader, node, "write", write_keys, COUNT_OF(write_keys))))
        return;
    const struct yaml_node *mask = same ? NULL : yaml_get(node, "mask"),
                           *codes = same ? NULL : yaml_get(node, "codes"),
                           *multiple = same ? NULL : yaml_get(node, "multiple");
    struct profile_write *write = arena_take(reader->arena, sizeof *write);
    write->at = point->at;
    if (!same && !read_place(reader, node, &write->at))
        return;
    if (write->at.bank != PROFILE_COIL && write->at.bank != PROFILE_HOLDING && !codes) {
        profile_fault(reader, node, "%s registers can't be written: write needs a coil or holding",
                      profile_bank_name(write->at.bank));
        return;
    }
    if (point->bit_count && write->at.bank == PROFILE_HOLDING && !codes && write->at.count == 1)
        write->mask = (uint16_t)(((1u << point->bit_count) - 1) << point->bit_low);
    if (mask)
        read_mask(reader, mask, point, write);
    if (multiple)
        profile_read_bool(reader, multiple, "multiple", &write->multiple);
    if (codes && !state)
        profile_fault(reader, codes, "codes are for states");
    else if (codes)
        read_codes(reader, codes, point, write);
    else if (state)
        copy_words(reader, node, point, write);
    for (size_t i = 0; i < write->code_count; i++) {
        enum profile_bank bank = write->codes[i].at.bank;
        if (bank != PROFILE_COIL && bank != PROFILE_HOLDING) {
            profile_fault(reader, node, "%s registers can't be written: each code needs a place",
                          profile_bank_name(bank));
            break;
        }
    }
    check_mask(reader, node, write);
    point->write = write;
}

/* ---- runs ------------------------------------------------------------------------------------ */

const struct profile_write *profile_write_shift(struct arena *arena,
                                                const struct profile_write *write, size_t shift)
{
    if (!write)
        return NULL;
    struct profile_write *copy = arena_take(arena, sizeof *copy);
    struct profile_code *codes = arena_take(arena, (write->code_count + 1) * sizeof *codes);
    *copy = *write;
    copy->at.address = (uint16_t)(write->at.address + shift);
    for (size_t i = 0; i < write->code_count; i++) {
        codes[i] = write->codes[i];
        codes[i].at.address = (uint16_t)(codes[i].at.address + shift);
    }
    copy->codes = codes;
    return copy;
}

unsigned profile_write_last(const struct profile_write *write)
{
    unsigned last = write->at.address + write->at.count - 1u;
    for (size_t i = 0; i < write->code_count; i++) {
        unsigned end = write->codes[i].at.address + write->codes[i].at.count - 1u;
        if (end > last)
            last = end;
    }
    return last;
}
