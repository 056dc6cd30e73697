#include "driver/profile_reader.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"
#include "wire/modbus_pdu.h"

static const char *const bank_names[PROFILE_BANKS] = {"holding", "input", "coil", "discrete"};

const char *profile_bank_name(enum profile_bank bank)
{
    return bank_names[bank];
}

uint8_t profile_bank_function(enum profile_bank bank)
{
    static const uint8_t functions[PROFILE_BANKS] = {
        [PROFILE_HOLDING] = MODBUS_PDU_READ_HOLDING,
        [PROFILE_INPUT] = MODBUS_PDU_READ_INPUT,
        [PROFILE_COIL] = MODBUS_PDU_READ_COILS,
        [PROFILE_DISCRETE] = MODBUS_PDU_READ_DISCRETE,
    };
    return functions[bank];
}

bool profile_type_is_float(enum modbus_value_type type)
{
    return type == MODBUS_VALUE_FLOAT16 || type == MODBUS_VALUE_FLOAT32 ||
           type == MODBUS_VALUE_FLOAT64;
}

bool profile_type_is_bcd(enum modbus_value_type type)
{
    return type == MODBUS_VALUE_BCD16 || type == MODBUS_VALUE_BCD32 || type == MODBUS_VALUE_BCD64;
}

bool profile_type_is_signed(enum modbus_value_type type)
{
    return type == MODBUS_VALUE_INT16 || type == MODBUS_VALUE_INT32 || type == MODBUS_VALUE_INT64;
}

uint64_t profile_key(enum modbus_value_type type, uint64_t raw)
{
    if (!profile_type_is_signed(type))
        return raw;
    return raw ^ (uint64_t)1 << (16 * modbus_value_registers(type) - 1);
}

struct profile_scale profile_scale(double factor)
{
    double inverse = nearbyint(1 / fabs(factor));
    if (fabs(factor) < 1 && inverse <= 0x1p53 && 1 / inverse == fabs(factor))
        return (struct profile_scale){factor < 0 ? -1 : 1, inverse};
    return (struct profile_scale){factor, 1};
}

/* ---- mistakes -------------------------------------------------------------------------------- */

void profile_fault(struct profile_reader *reader, const struct yaml_node *node, const char *format,
                   ...)
{
    char sentence[ERR_TEXT_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(sentence, sizeof sentence, format, args);
    va_end(args);
    struct err err = ERR_EMPTY;
    yaml_err(node, &err, "%s", sentence);
    err_list_add(reader->errors, &err);
}

/* "; did you mean \"x\"?", or nothing. */
static const char *hint(char *text, size_t size, const char *word, const char *const *words,
                        size_t count)
{
    const char *nearest = nearest_word(word, words, count, sizeof *words);
    text[0] = '\0';
    if (nearest)
        snprintf(text, size, "; did you mean \"%s\"?", nearest);
    return text;
}

/* ---- scalars --------------------------------------------------------------------------------- */

bool profile_read_map(struct profile_reader *reader, const struct yaml_node *node, const char *what,
                      const char *const *keys, size_t count)
{
    if (yaml_kind(node) != YAML_MAP) {
        profile_fault(reader, node, "%s must be a map, {key: value, ...}", what);
        return false;
    }
    for (size_t i = 0; i < yaml_count(node); i++) {
        const struct yaml_node *key;
        yaml_at(node, i, &key);
        size_t k = 0;
        while (k < count && strcmp(keys[k], yaml_text(key)) != 0)
            k++;
        char guess[100];
        if (k == count)
            profile_fault(reader, key, "unknown key \"%.60s\" in %s%s", yaml_text(key), what,
                          hint(guess, sizeof guess, yaml_text(key), keys, count));
    }
    return true;
}

bool profile_read_int(struct profile_reader *reader, const struct yaml_node *node, const char *what,
                      int64_t low, int64_t high, int64_t *value)
{
    int64_t number;
    if (yaml_int(node, &number) < 0 || number < low || number > high) {
        profile_fault(reader, node, "%s must be a whole number from %lld to %lld, not \"%.40s\"",
                      what, (long long)low, (long long)high, yaml_text(node));
        return false;
    }
    *value = number;
    return true;
}

bool profile_read_number(struct profile_reader *reader, const struct yaml_node *node,
                         const char *what, double *value)
{
    if (yaml_number(node, value) < 0) {
        profile_fault(reader, node, "%s must be a number, not \"%.40s\"", what, yaml_text(node));
        return false;
    }
    return true;
}

bool profile_read_bool(struct profile_reader *reader, const struct yaml_node *node,
                       const char *what, bool *value)
{
    if (yaml_bool(node, value) < 0) {
        profile_fault(reader, node, "%s must be true or false, not \"%.40s\"", what,
                      yaml_text(node));
        return false;
    }
    return true;
}

const char *profile_read_line(struct profile_reader *reader, const struct yaml_node *node,
                              const char *what, size_t most)
{
    size_t length = strlen(yaml_text(node));
    if (yaml_kind(node) != YAML_SCALAR || length == 0 || length > most) {
        profile_fault(reader, node, "%s must be text of 1 to %zu bytes", what, most);
        return NULL;
    }
    return arena_text(reader->arena, yaml_text(node));
}

int profile_read_word(struct profile_reader *reader, const struct yaml_node *node, const char *what,
                      const char *const *words, size_t count)
{
    for (size_t i = 0; yaml_kind(node) == YAML_SCALAR && i < count; i++) {
        if (strcmp(words[i], yaml_text(node)) == 0)
            return (int)i;
    }
    char guess[100];
    profile_fault(reader, node, "\"%.60s\" is no %s%s", yaml_text(node), what,
                  hint(guess, sizeof guess, yaml_text(node), words, count));
    return -1;
}

const char *profile_read_role(struct profile_reader *reader, const struct yaml_node *node)
{
    size_t count;
    const char *const *roles = device_roles(&count);
    int role = profile_read_word(reader, node, "role", roles, count);
    return role < 0 ? "" : roles[role];
}

bool profile_read_range(struct profile_reader *reader, const struct yaml_node *node,
                        const char *what, double *low, double *high)
{
    if (yaml_kind(node) != YAML_LIST || yaml_count(node) != 2) {
        profile_fault(reader, node, "%s must be a pair, [low, high]", what);
        return false;
    }
    if (!profile_read_number(reader, yaml_at(node, 0, NULL), what, low) ||
        !profile_read_number(reader, yaml_at(node, 1, NULL), what, high))
        return false;
    if (*low > *high) {
        profile_fault(reader, node, "%s: the first number is above the second", what);
        return false;
    }
    return true;
}

size_t profile_listed(const struct yaml_node *node)
{
    return !node ? 0 : yaml_kind(node) == YAML_LIST ? yaml_count(node) : 1;
}

const struct yaml_node *profile_listed_at(const struct yaml_node *node, size_t index)
{
    return yaml_kind(node) == YAML_LIST ? yaml_at(node, index, NULL) : node;
}

/* ---- registers ------------------------------------------------------------------------------- */

/* Exactly one of the four bank keys, with the address as its value. */
static bool read_bank(struct profile_reader *reader, const struct yaml_node *map, const char *what,
                      struct profile_register *at)
{
    const struct yaml_node *found = NULL;
    for (unsigned bank = 0; bank < PROFILE_BANKS; bank++) {
        const struct yaml_node *node = yaml_get(map, bank_names[bank]);
        if (node && found) {
            profile_fault(reader, node,
                          "%s names two banks; only one of holding, input, coil, "
                          "discrete",
                          what);
            return false;
        }
        if (node) {
            found = node;
            at->bank = (enum profile_bank)bank;
        }
    }
    if (!found) {
        profile_fault(reader, map, "%s needs a register: one of holding, input, coil, discrete",
                      what);
        return false;
    }
    int64_t address;
    if (!profile_read_int(reader, found, "the address", 0, 65535, &address))
        return false;
    at->address = (uint16_t)address;
    return true;
}

/* Bits need no type; registers do, since a wrong guess looks like a reading. */
static bool read_type(struct profile_reader *reader, const struct yaml_node *map, const char *what,
                      struct profile_register *at)
{
    const struct yaml_node *node = yaml_get(map, "type");
    bool bit = at->bank == PROFILE_COIL || at->bank == PROFILE_DISCRETE;
    const char *names[MODBUS_VALUE_TYPE_COUNT];
    for (unsigned i = 0; i < MODBUS_VALUE_TYPE_COUNT; i++)
        names[i] = modbus_value_type_name((enum modbus_value_type)i);
    if (!node && !bit) {
        profile_fault(reader, map, "%s needs a type, such as uint16 or float32", what);
        return false;
    }
    int type = node ? profile_read_word(reader, node, "type", names, MODBUS_VALUE_TYPE_COUNT)
                    : MODBUS_VALUE_BOOL;
    if (type < 0)
        return false;
    at->type = (enum modbus_value_type)type;
    if (bit && at->type != MODBUS_VALUE_BOOL) {
        profile_fault(reader, node, "a coil or discrete input is a bool, not %s", names[type]);
        return false;
    }
    return true;
}

/* A number must be read in one request: two would tear it. */
static bool read_length(struct profile_reader *reader, const struct yaml_node *map,
                        const char *what, struct profile_register *at)
{
    const struct yaml_node *node = yaml_get(map, "length");
    at->count = (uint16_t)modbus_value_registers(at->type);
    if (at->type == MODBUS_VALUE_TEXT) {
        int64_t length;
        if (!node) {
            profile_fault(reader, map, "%s is text and needs a length, in registers", what);
            return false;
        }
        if (!profile_read_int(reader, node, "length", 1, 32, &length))
            return false;
        at->count = (uint16_t)length;
    } else if (node) {
        profile_fault(reader, node, "only text has a length; the type %s has its own",
                      modbus_value_type_name(at->type));
        return false;
    }
    bool bit = at->bank == PROFILE_COIL || at->bank == PROFILE_DISCRETE;
    if (!bit && at->count > reader->registers) {
        profile_fault(reader, map,
                      "%s takes %u registers, but limits allow %u per read: it cannot "
                      "be reached",
                      what, at->count, reader->registers);
        return false;
    }
    if (at->address + at->count > 65536) {
        profile_fault(reader, map, "%s goes beyond address 65535", what);
        return false;
    }
    return true;
}

/* On a register the letters must be as many as its bytes: CDAB on 16 bits is a slip. */
static bool read_order(struct profile_reader *reader, const struct yaml_node *map,
                       struct profile_register *at)
{
    const struct yaml_node *node = yaml_get(map, "order");
    at->order = reader->order;
    if (!node)
        return true;
    unsigned bits, wanted = at->type == MODBUS_VALUE_TEXT ? 16 : 16u * at->count;
    const char *names[MODBUS_VALUE_ORDER_COUNT];
    for (unsigned i = 0; i < MODBUS_VALUE_ORDER_COUNT; i++)
        names[i] = modbus_value_order_name((enum modbus_value_order)i, wanted);
    if (modbus_value_order_find(yaml_text(node), &at->order, &bits) == 0 && bits == wanted)
        return true;
    char guess[100];
    profile_fault(reader, node, "\"%.20s\" is no order of %u bits (%s)%s", yaml_text(node), wanted,
                  wanted == 16   ? "AB BA"
                  : wanted == 32 ? "ABCD CDAB BADC DCBA"
                                 : "ABCDEFGH GHEFCDAB BADCFEHG HGFEDCBA",
                  hint(guess, sizeof guess, yaml_text(node), names, MODBUS_VALUE_ORDER_COUNT));
    return false;
}

bool profile_read_register(struct profile_reader *reader, const struct yaml_node *map,
                           const char *what, struct profile_register *at)
{
    return read_bank(reader, map, what, at) && read_type(reader, map, what, at) &&
           read_length(reader, map, what, at) && read_order(reader, map, at);
}

/* All 64 bits, which yaml_int cannot give. */
static bool parse_unsigned(const char *text, uint64_t *value)
{
    char *end;
    errno = 0;
    int base = text[0] == '0' && (text[1] == 'x' || text[1] == 'X') ? 16 : 10;
    *value = strtoull(text, &end, base);
    return text[0] >= '0' && text[0] <= '9' && *end == '\0' && errno == 0;
}

bool profile_read_raw(struct profile_reader *reader, const struct yaml_node *node,
                      enum modbus_value_type type, uint64_t *raw)
{
    unsigned bits = 16u * (unsigned)modbus_value_registers(type);
    uint64_t most = UINT64_MAX >> (64 - bits);
    int64_t number;
    if (yaml_kind(node) == YAML_SCALAR && parse_unsigned(yaml_text(node), raw)) {
        if (*raw <= most)
            return true;
    } else if (yaml_int(node, &number) == 0) {
        /* two's complement; the sign bit must survive the cut */
        *raw = (uint64_t)number & most;
        if (number < 0 && number >= -(int64_t)(most / 2) - 1)
            return true;
    }
    profile_fault(reader, node, "\"%.40s\" is no raw value of a %s", yaml_text(node),
                  modbus_value_type_name(type));
    return false;
}
