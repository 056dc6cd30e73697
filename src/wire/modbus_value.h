/* modbus_value - numbers and text in Modbus registers.
 *
 * The standard knows 16-bit registers only; makers put larger numbers into several of them, each
 * with its own idea of their order. This file holds every type and order that profiles may name
 * (docs/profiles.md). A decoded number keeps its kind, so that a 64-bit counter reaches the scaling
 * with all its digits, and its raw bits, for bit fields and for "this pattern means not measured".
 *
 * Encoding is the mirror image, for the gateway and the simulators.
 *
 * Pure: no I/O, no allocation, no state; any thread may call.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum modbus_value_type {
    MODBUS_VALUE_UINT16,
    MODBUS_VALUE_INT16,
    MODBUS_VALUE_UINT32,
    MODBUS_VALUE_INT32,
    MODBUS_VALUE_UINT64,
    MODBUS_VALUE_INT64,
    MODBUS_VALUE_FLOAT16,
    MODBUS_VALUE_FLOAT32,
    MODBUS_VALUE_FLOAT64,
    MODBUS_VALUE_BCD16,
    MODBUS_VALUE_BCD32,
    MODBUS_VALUE_BCD64,
    MODBUS_VALUE_BOOL, /* a whole register: 0 or not */
    MODBUS_VALUE_TEXT, /* as long as the profile says; only modbus_value_text_* take it */
    MODBUS_VALUE_TYPE_COUNT,
};

/* A maker's habit, named by its 32-bit word; A is the most significant byte, letters in the order
 * on the wire. At other sizes: ABCD = AB, ABCDEFGH · CDAB = AB, GHEFCDAB · BADC = BA, BADCFEHG ·
 * DCBA = BA, HGFEDCBA. */
enum modbus_value_order {
    MODBUS_VALUE_ABCD, /* as the standard sends a register, and most makers the rest */
    MODBUS_VALUE_CDAB, /* registers swapped */
    MODBUS_VALUE_BADC, /* bytes swapped in each register */
    MODBUS_VALUE_DCBA, /* both: little endian */
    MODBUS_VALUE_ORDER_COUNT,
};

enum modbus_value_kind {
    MODBUS_VALUE_INVALID, /* bytes are missing, or a BCD digit is above 9 */
    MODBUS_VALUE_UNSIGNED,
    MODBUS_VALUE_SIGNED,
    MODBUS_VALUE_FLOAT,
    MODBUS_VALUE_NAN, /* NaN or infinity: the device's way to say that there is no number */
};

struct modbus_value {
    enum modbus_value_kind kind;
    uint64_t raw; /* the bits in native order, right-aligned; 0 if bytes were missing */
    union {
        uint64_t as_unsigned;
        int64_t as_signed;
        double as_float; /* also set for NAN */
    };
};

/* "uint32" to its type: 0, or -ENOENT. */
int modbus_value_type_find(const char *name, enum modbus_value_type *type);
const char *modbus_value_type_name(enum modbus_value_type type);

/* "GHEFCDAB" to its habit and the bits it was written for (16, 32, 64): 0, or -ENOENT. "AB" gives
 * ABCD and "BA" gives BADC, since one register says nothing about the order of several. */
int modbus_value_order_find(const char *name, enum modbus_value_order *order, unsigned *bits);
const char *modbus_value_order_name(enum modbus_value_order order, unsigned bits);

/* Registers that a number of this type takes: 1, 2 or 4; 0 for text, which has no size of its own.
 */
size_t modbus_value_registers(enum modbus_value_type type);

/* Reads one number from the first bytes of a register block. */
struct modbus_value modbus_value_decode(enum modbus_value_type type, enum modbus_value_order order,
                                        const uint8_t *bytes, size_t length);

/* The number as a double, the nearest one for integers beyond 2^53; NaN for INVALID and NAN. */
double modbus_value_number(const struct modbus_value *value);

struct modbus_value modbus_value_from_unsigned(uint64_t number);
struct modbus_value modbus_value_from_signed(int64_t number);
struct modbus_value modbus_value_from_float(double number);

/* Writes a number in another's type, rounded to the nearest (ties to even): bytes written, -ERANGE
 * if the type can't hold it (NAN fits floats only), -EINVAL for INVALID or text, -ENOSPC. A number
 * too large for a float type is -ERANGE, never infinity. */
int modbus_value_encode(enum modbus_value_type type, enum modbus_value_order order,
                        const struct modbus_value *value, uint8_t *bytes, size_t size);

/* Writes bits as they are, lowest of raw first cut to the type: for sentinels such as all ones.
 * Bytes written, -EINVAL for text, -ENOSPC. */
int modbus_value_encode_raw(enum modbus_value_type type, enum modbus_value_order order,
                            uint64_t raw, uint8_t *bytes, size_t size);

/* Copies text out of registers up to the first NUL, without spaces and 0xFF behind it, and ends it
 * with a NUL: its length, at most size - 1. The bytes are what the device sent, not necessarily
 * UTF-8. An odd last byte is dropped. Only the order of bytes in a register counts: "AB" (ABCD,
 * CDAB) or "BA". */
size_t modbus_value_text_decode(enum modbus_value_order order, const uint8_t *bytes, size_t length,
                                char *text, size_t size);

/* Fills registers with text, padded with NUL, cut if too long: bytes written, -ENOSPC. */
int modbus_value_text_encode(enum modbus_value_order order, const char *text, size_t registers,
                             uint8_t *bytes, size_t size);
