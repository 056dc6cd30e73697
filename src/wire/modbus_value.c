#include "wire/modbus_value.h"

#include <errno.h>
#include <math.h>
#include <string.h>

/* Floats go to the wire by their bits; both gcc and clang targets of busbar are IEEE 754. */
_Static_assert(sizeof(float) == 4 && sizeof(double) == 8, "IEEE 754 formats");

enum { BYTES_MAX = 8 };

struct type_row {
    const char *name;
    uint8_t registers;
};

static const struct type_row types[MODBUS_VALUE_TYPE_COUNT] = {
    [MODBUS_VALUE_UINT16] = {"uint16", 1},   [MODBUS_VALUE_INT16] = {"int16", 1},
    [MODBUS_VALUE_UINT32] = {"uint32", 2},   [MODBUS_VALUE_INT32] = {"int32", 2},
    [MODBUS_VALUE_UINT64] = {"uint64", 4},   [MODBUS_VALUE_INT64] = {"int64", 4},
    [MODBUS_VALUE_FLOAT16] = {"float16", 1}, [MODBUS_VALUE_FLOAT32] = {"float32", 2},
    [MODBUS_VALUE_FLOAT64] = {"float64", 4}, [MODBUS_VALUE_BCD16] = {"bcd16", 1},
    [MODBUS_VALUE_BCD32] = {"bcd32", 2},     [MODBUS_VALUE_BCD64] = {"bcd64", 4},
    [MODBUS_VALUE_BOOL] = {"bool", 1},       [MODBUS_VALUE_TEXT] = {"text", 0},
};

/* Columns: 16, 32 and 64 bits. One register has only two orders, so its words appear twice; a
 * search takes the first, which leaves registers unswapped. */
static const char order_names[MODBUS_VALUE_ORDER_COUNT][3][BYTES_MAX + 1] = {
    [MODBUS_VALUE_ABCD] = {"AB", "ABCD", "ABCDEFGH"},
    [MODBUS_VALUE_CDAB] = {"AB", "CDAB", "GHEFCDAB"},
    [MODBUS_VALUE_BADC] = {"BA", "BADC", "BADCFEHG"},
    [MODBUS_VALUE_DCBA] = {"BA", "DCBA", "HGFEDCBA"},
};

int modbus_value_type_find(const char *name, enum modbus_value_type *type)
{
    for (unsigned i = 0; i < MODBUS_VALUE_TYPE_COUNT; i++) {
        if (strcmp(name, types[i].name) == 0) {
            *type = (enum modbus_value_type)i;
            return 0;
        }
    }
    return -ENOENT;
}

const char *modbus_value_type_name(enum modbus_value_type type)
{
    return (unsigned)type < MODBUS_VALUE_TYPE_COUNT ? types[type].name : "unknown";
}

int modbus_value_order_find(const char *name, enum modbus_value_order *order, unsigned *bits)
{
    for (unsigned size = 0; size < 3; size++) {
        for (unsigned i = 0; i < MODBUS_VALUE_ORDER_COUNT; i++) {
            if (strcmp(name, order_names[i][size]) == 0) {
                *order = (enum modbus_value_order)i;
                *bits = 16U << size;
                return 0;
            }
        }
    }
    return -ENOENT;
}

const char *modbus_value_order_name(enum modbus_value_order order, unsigned bits)
{
    if ((unsigned)order >= MODBUS_VALUE_ORDER_COUNT) {
        return "unknown";
    }
    return order_names[order][bits == 64 ? 2 : bits == 32 ? 1 : 0];
}

size_t modbus_value_registers(enum modbus_value_type type)
{
    return (unsigned)type < MODBUS_VALUE_TYPE_COUNT ? types[type].registers : 0;
}

/* Where the byte of this significance (0 = most significant) stands on the wire. Every order is
 * made of two independent choices: registers backwards or not, bytes inside a register backwards or
 * not. */
static size_t wire_index(enum modbus_value_order order, size_t count, size_t significance)
{
    size_t index = significance;
    if (order == MODBUS_VALUE_CDAB || order == MODBUS_VALUE_DCBA) {
        index = (count / 2 - 1 - index / 2) * 2 + index % 2;
    }
    if (order == MODBUS_VALUE_BADC || order == MODBUS_VALUE_DCBA) {
        index ^= 1;
    }
    return index;
}

/* Both ways pass through one integer, so a type needs no code of its own for each order. */
static uint64_t raw_get(enum modbus_value_order order, const uint8_t *bytes, size_t count)
{
    uint64_t raw = 0;
    for (size_t i = 0; i < count; i++) {
        raw = raw << 8 | bytes[wire_index(order, count, i)];
    }
    return raw;
}

static void raw_put(enum modbus_value_order order, uint64_t raw, uint8_t *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        bytes[wire_index(order, count, i)] = (uint8_t)(raw >> (8 * (count - 1 - i)));
    }
}

/* IEEE 754 binary16: 1 sign, 5 exponent (bias 15), 10 fraction bits. C17 has no type for it. */
static double half_to_double(uint16_t half)
{
    int exponent = half >> 10 & 0x1F;
    int fraction = half & 0x3FF;
    double magnitude;
    if (exponent == 0x1F) {
        magnitude = fraction != 0 ? (double)NAN : (double)INFINITY;
    } else if (exponent == 0) {
        magnitude = ldexp(fraction, -24);
    } else {
        magnitude = ldexp(fraction | 0x400, exponent - 25);
    }
    return (half & 0x8000) != 0 ? -magnitude : magnitude;
}

/* A finite number to binary16. One rounding, straight from the double: going through float would
 * round twice and miss ties. Adding one to the fraction may carry into the exponent, which is then
 * right. */
static int double_to_half(double number, uint16_t *half)
{
    uint16_t sign = signbit(number) ? 0x8000 : 0;
    double magnitude = fabs(number);
    int exponent = -1024; /* zero has no exponent of its own; it goes with the smallest numbers */
    if (magnitude > 0) {
        frexp(magnitude, &exponent);
    }
    /* Below 2^-14 the steps stop shrinking: all subnormals are multiples of 2^-24. */
    int step = exponent < -13 ? -24 : exponent - 11;
    double steps = nearbyint(ldexp(magnitude, -step));
    uint32_t bits = (uint32_t)steps;
    if (step > -24) {
        bits += (uint32_t)(step + 24) << 10;
    }
    if (bits >= 0x7C00) {
        return -ERANGE;
    }
    *half = (uint16_t)(sign | bits);
    return 0;
}

/* Makers use quiet NaN, signalling NaN and infinity alike to say "not measured". */
static struct modbus_value decode_float(uint64_t raw, double number)
{
    return (struct modbus_value){
        .kind = isfinite(number) ? MODBUS_VALUE_FLOAT : MODBUS_VALUE_NAN,
        .raw = raw,
        .as_float = number,
    };
}

/* A digit above 9 is no number and no sentinel that the standard knows, so it is never rounded or
 * cut into one: the raw bits stay for profiles that give such a pattern a meaning. */
static struct modbus_value decode_bcd(uint64_t raw, size_t count)
{
    uint64_t number = 0;
    for (size_t i = 2 * count; i-- > 0;) {
        uint64_t digit = raw >> (4 * i) & 0xF;
        if (digit > 9) {
            return (struct modbus_value){.kind = MODBUS_VALUE_INVALID, .raw = raw};
        }
        number = number * 10 + digit;
    }
    return (struct modbus_value){.kind = MODBUS_VALUE_UNSIGNED, .raw = raw, .as_unsigned = number};
}

static struct modbus_value decode_signed(uint64_t raw, size_t count)
{
    /* Extends the sign without a shift of negative numbers, whose result C leaves open. */
    uint64_t sign = (uint64_t)1 << (8 * count - 1);
    int64_t number;
    uint64_t extended = (raw ^ sign) - sign;
    memcpy(&number, &extended, sizeof(number));
    return (struct modbus_value){.kind = MODBUS_VALUE_SIGNED, .raw = raw, .as_signed = number};
}

struct modbus_value modbus_value_decode(enum modbus_value_type type, enum modbus_value_order order,
                                        const uint8_t *bytes, size_t length)
{
    size_t count = 2 * modbus_value_registers(type);
    if (count == 0 || length < count) {
        return (struct modbus_value){.kind = MODBUS_VALUE_INVALID};
    }
    uint64_t raw = raw_get(order, bytes, count);
    switch (type) {
    case MODBUS_VALUE_INT16:
    case MODBUS_VALUE_INT32:
    case MODBUS_VALUE_INT64:
        return decode_signed(raw, count);
    case MODBUS_VALUE_BCD16:
    case MODBUS_VALUE_BCD32:
    case MODBUS_VALUE_BCD64:
        return decode_bcd(raw, count);
    case MODBUS_VALUE_FLOAT16:
        return decode_float(raw, half_to_double((uint16_t)raw));
    case MODBUS_VALUE_FLOAT32: {
        float number;
        uint32_t bits = (uint32_t)raw;
        memcpy(&number, &bits, sizeof(number));
        return decode_float(raw, (double)number);
    }
    case MODBUS_VALUE_FLOAT64: {
        double number;
        memcpy(&number, &raw, sizeof(number));
        return decode_float(raw, number);
    }
    default:
        return (struct modbus_value){
            .kind = MODBUS_VALUE_UNSIGNED,
            .raw = raw,
            .as_unsigned = type == MODBUS_VALUE_BOOL ? raw != 0 : raw,
        };
    }
}

double modbus_value_number(const struct modbus_value *value)
{
    switch (value->kind) {
    case MODBUS_VALUE_UNSIGNED:
        return (double)value->as_unsigned;
    case MODBUS_VALUE_SIGNED:
        return (double)value->as_signed;
    case MODBUS_VALUE_FLOAT:
        return value->as_float;
    default:
        return (double)NAN;
    }
}

struct modbus_value modbus_value_from_unsigned(uint64_t number)
{
    return (struct modbus_value){
        .kind = MODBUS_VALUE_UNSIGNED, .raw = number, .as_unsigned = number};
}

struct modbus_value modbus_value_from_signed(int64_t number)
{
    return (struct modbus_value){
        .kind = MODBUS_VALUE_SIGNED, .raw = (uint64_t)number, .as_signed = number};
}

struct modbus_value modbus_value_from_float(double number)
{
    uint64_t raw;
    memcpy(&raw, &number, sizeof(raw));
    return decode_float(raw, number);
}

/* Any number as sign and magnitude, the form in which ranges of all integer types are easy to
 * check. */
static int to_integer(const struct modbus_value *value, bool *negative, uint64_t *magnitude)
{
    *negative = false;
    switch (value->kind) {
    case MODBUS_VALUE_UNSIGNED:
        *magnitude = value->as_unsigned;
        return 0;
    case MODBUS_VALUE_SIGNED:
        *negative = value->as_signed < 0;
        *magnitude = *negative ? 0 - (uint64_t)value->as_signed : (uint64_t)value->as_signed;
        return 0;
    case MODBUS_VALUE_FLOAT: {
        /* 2^64 is exact as a double, 2^64 - 1 is not: the comparison must be with the former. */
        double rounded = nearbyint(value->as_float);
        if (fabs(rounded) >= 0x1p64) {
            return -ERANGE;
        }
        *negative = rounded < 0;
        *magnitude = (uint64_t)fabs(rounded);
        return 0;
    }
    default:
        return -ERANGE;
    }
}

static int encode_unsigned(const struct modbus_value *value, size_t count, uint64_t *raw)
{
    bool negative;
    uint64_t magnitude;
    int result = to_integer(value, &negative, &magnitude);
    if (result < 0) {
        return result;
    }
    if (negative || magnitude > UINT64_MAX >> (64 - 8 * count)) {
        return -ERANGE;
    }
    *raw = magnitude;
    return 0;
}

static int encode_signed(const struct modbus_value *value, size_t count, uint64_t *raw)
{
    bool negative;
    uint64_t magnitude;
    int result = to_integer(value, &negative, &magnitude);
    if (result < 0) {
        return result;
    }
    /* There is one more negative number than positive ones. */
    uint64_t limit = ((uint64_t)1 << (8 * count - 1)) - (negative ? 0 : 1);
    if (magnitude > limit) {
        return -ERANGE;
    }
    *raw = negative ? 0 - magnitude : magnitude;
    return 0;
}

static int encode_bcd(const struct modbus_value *value, size_t count, uint64_t *raw)
{
    bool negative;
    uint64_t rest;
    int result = to_integer(value, &negative, &rest);
    if (result < 0) {
        return result;
    }
    *raw = 0;
    for (size_t i = 0; i < 2 * count; i++) {
        *raw |= rest % 10 << (4 * i);
        rest /= 10;
    }
    return negative || rest > 0 ? -ERANGE : 0;
}

/* NaN is passed on with its sign, but not its payload: only raw bits carry a particular NaN. */
static int encode_float(const struct modbus_value *value, enum modbus_value_type type,
                        uint64_t *raw)
{
    bool absent = value->kind == MODBUS_VALUE_NAN;
    double number = absent ? value->as_float : modbus_value_number(value);
    if (type == MODBUS_VALUE_FLOAT64) {
        memcpy(raw, &number, sizeof(*raw));
        return 0;
    }
    if (type == MODBUS_VALUE_FLOAT16) {
        uint16_t half = 0;
        int result = 0;
        if (absent) {
            half = (uint16_t)((isnan(number) ? 0x7E00 : 0x7C00) | (signbit(number) ? 0x8000 : 0));
        } else {
            result = double_to_half(number, &half);
        }
        *raw = half;
        return result;
    }
    /* Overflow must be an error here: as infinity it would be read as "not measured". */
    float single = (float)number;
    if (!absent && !isfinite(single)) {
        return -ERANGE;
    }
    uint32_t bits;
    memcpy(&bits, &single, sizeof(bits));
    *raw = bits;
    return 0;
}

int modbus_value_encode(enum modbus_value_type type, enum modbus_value_order order,
                        const struct modbus_value *value, uint8_t *bytes, size_t size)
{
    size_t count = 2 * modbus_value_registers(type);
    if (count == 0 || value->kind == MODBUS_VALUE_INVALID) {
        return -EINVAL;
    }
    uint64_t raw = 0;
    int result;
    switch (type) {
    case MODBUS_VALUE_INT16:
    case MODBUS_VALUE_INT32:
    case MODBUS_VALUE_INT64:
        result = encode_signed(value, count, &raw);
        break;
    case MODBUS_VALUE_BCD16:
    case MODBUS_VALUE_BCD32:
    case MODBUS_VALUE_BCD64:
        result = encode_bcd(value, count, &raw);
        break;
    case MODBUS_VALUE_FLOAT16:
    case MODBUS_VALUE_FLOAT32:
    case MODBUS_VALUE_FLOAT64:
        result = encode_float(value, type, &raw);
        break;
    case MODBUS_VALUE_BOOL:
        result = encode_unsigned(value, BYTES_MAX, &raw);
        raw = raw != 0;
        break;
    default:
        result = encode_unsigned(value, count, &raw);
        break;
    }
    return result < 0 ? result : modbus_value_encode_raw(type, order, raw, bytes, size);
}

int modbus_value_encode_raw(enum modbus_value_type type, enum modbus_value_order order,
                            uint64_t raw, uint8_t *bytes, size_t size)
{
    size_t count = 2 * modbus_value_registers(type);
    if (count == 0) {
        return -EINVAL;
    }
    if (size < count) {
        return -ENOSPC;
    }
    raw_put(order, raw, bytes, count);
    return (int)count;
}

/* Text has no significance to order: each register holds two letters, some makers swap them. */
static size_t text_swap(enum modbus_value_order order)
{
    return order == MODBUS_VALUE_BADC || order == MODBUS_VALUE_DCBA ? 1 : 0;
}

size_t modbus_value_text_decode(enum modbus_value_order order, const uint8_t *bytes, size_t length,
                                char *text, size_t size)
{
    size_t swap = text_swap(order);
    size_t used = 0;
    if (size == 0) {
        return 0;
    }
    for (size_t i = 0; i < length - length % 2 && used < size - 1; i++) {
        uint8_t byte = bytes[i ^ swap];
        if (byte == 0) {
            break;
        }
        text[used++] = (char)byte;
    }
    while (used > 0 && (text[used - 1] == ' ' || (uint8_t)text[used - 1] == 0xFF)) {
        used--;
    }
    text[used] = '\0';
    return used;
}

int modbus_value_text_encode(enum modbus_value_order order, const char *text, size_t registers,
                             uint8_t *bytes, size_t size)
{
    if (size < 2 * registers) {
        return -ENOSPC;
    }
    size_t swap = text_swap(order);
    size_t length = strlen(text);
    for (size_t i = 0; i < 2 * registers; i++) {
        bytes[i ^ swap] = i < length ? (uint8_t)text[i] : 0;
    }
    return (int)(2 * registers);
}
