#include "wire/modbus_value.h"

#include <errno.h>
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "modbus_testing.h"

static struct modbus_value decode(enum modbus_value_type type, const char *order, const char *hex)
{
    uint8_t bytes[8];
    size_t length = testing_hex(hex, bytes, sizeof(bytes));
    enum modbus_value_order habit = MODBUS_VALUE_ABCD;
    unsigned bits;
    assert_int_equal(modbus_value_order_find(order, &habit, &bits), 0);
    return modbus_value_decode(type, habit, bytes, length);
}

static void test_integers(void **state)
{
    (void)state;
    struct modbus_value value = decode(MODBUS_VALUE_UINT16, "AB", "FFFE");
    assert_int_equal(value.kind, MODBUS_VALUE_UNSIGNED);
    assert_int_equal(value.as_unsigned, 65534);
    value = decode(MODBUS_VALUE_INT16, "AB", "FFFE");
    assert_int_equal(value.kind, MODBUS_VALUE_SIGNED);
    assert_int_equal(value.as_signed, -2);
    assert_int_equal(value.raw, 0xFFFE);
    value = decode(MODBUS_VALUE_INT32, "CDAB", "0000FFFF");
    assert_int_equal(value.as_signed, -65536);
    value = decode(MODBUS_VALUE_INT64, "ABCDEFGH", "8000000000000000");
    assert_true(value.as_signed == INT64_MIN);
    /* 2^63 + 1 has more digits than a double: the reason for kinds. */
    value = decode(MODBUS_VALUE_UINT64, "ABCDEFGH", "8000000000000001");
    assert_true(value.as_unsigned == 9223372036854775809U);
    assert_true(modbus_value_number(&value) == 9223372036854775808.0);
    value = decode(MODBUS_VALUE_BOOL, "AB", "0100");
    assert_int_equal(value.as_unsigned, 1);
    assert_int_equal(value.raw, 0x0100);
}

static void test_orders(void **state)
{
    (void)state;
    static const struct {
        const char *order;
        enum modbus_value_type type;
        const char *wire;
        uint64_t raw;
    } cases[] = {
        {"AB", MODBUS_VALUE_UINT16, "0102", 0x0102},
        {"BA", MODBUS_VALUE_UINT16, "0201", 0x0102},
        {"ABCD", MODBUS_VALUE_UINT32, "01020304", 0x01020304},
        {"CDAB", MODBUS_VALUE_UINT32, "03040102", 0x01020304},
        {"BADC", MODBUS_VALUE_UINT32, "02010403", 0x01020304},
        {"DCBA", MODBUS_VALUE_UINT32, "04030201", 0x01020304},
        {"ABCDEFGH", MODBUS_VALUE_UINT64, "0102030405060708", 0x0102030405060708},
        {"GHEFCDAB", MODBUS_VALUE_UINT64, "0708050603040102", 0x0102030405060708},
        {"BADCFEHG", MODBUS_VALUE_UINT64, "0201040306050807", 0x0102030405060708},
        {"HGFEDCBA", MODBUS_VALUE_UINT64, "0807060504030201", 0x0102030405060708},
        /* A 32-bit word means the same habit at other sizes (docs/profiles.md). */
        {"CDAB", MODBUS_VALUE_UINT16, "0102", 0x0102},
        {"BADC", MODBUS_VALUE_UINT16, "0201", 0x0102},
        {"CDAB", MODBUS_VALUE_UINT64, "0708050603040102", 0x0102030405060708},
        {"GHEFCDAB", MODBUS_VALUE_UINT32, "03040102", 0x01020304},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct modbus_value value = decode(cases[i].type, cases[i].order, cases[i].wire);
        assert_true(value.as_unsigned == cases[i].raw);
    }
    enum modbus_value_order order;
    unsigned bits;
    assert_int_equal(modbus_value_order_find("ACBD", &order, &bits), -ENOENT);
    assert_int_equal(modbus_value_order_find("abcd", &order, &bits), -ENOENT);
    assert_int_equal(modbus_value_order_find("HGFEDCBA", &order, &bits), 0);
    assert_int_equal(order, MODBUS_VALUE_DCBA);
    assert_int_equal(bits, 64);
    for (unsigned i = 0; i < MODBUS_VALUE_ORDER_COUNT; i++) {
        const char *name = modbus_value_order_name((enum modbus_value_order)i, 32);
        assert_int_equal(modbus_value_order_find(name, &order, &bits), 0);
        assert_int_equal(order, i);
        assert_int_equal(bits, 32);
    }
}

static void test_types(void **state)
{
    (void)state;
    enum modbus_value_type type;
    for (unsigned i = 0; i < MODBUS_VALUE_TYPE_COUNT; i++) {
        const char *name = modbus_value_type_name((enum modbus_value_type)i);
        assert_int_equal(modbus_value_type_find(name, &type), 0);
        assert_int_equal(type, i);
    }
    assert_int_equal(modbus_value_type_find("uint8", &type), -ENOENT);
    assert_int_equal(modbus_value_registers(MODBUS_VALUE_FLOAT64), 4);
    assert_int_equal(modbus_value_registers(MODBUS_VALUE_TEXT), 0);
}

/* IEEE 754 by arithmetic: sign, exponent less 127, and 23 fraction bits behind a hidden 1. */
static void test_floats(void **state)
{
    (void)state;
    struct modbus_value value = decode(MODBUS_VALUE_FLOAT32, "ABCD", "4366199A");
    assert_int_equal(value.kind, MODBUS_VALUE_FLOAT);
    assert_true(value.as_float == ldexp(0x66199A | 0x800000, (0x86 - 127) - 23));
    assert_true(fabs(value.as_float - 230.1) < 1e-5);
    value = decode(MODBUS_VALUE_FLOAT32, "CDAB", "199A4366");
    assert_true(fabs(value.as_float - 230.1) < 1e-5);
    value = decode(MODBUS_VALUE_FLOAT64, "ABCDEFGH", "3FB999999999999A");
    assert_true(value.as_float == 0.1);
    static const char *const absent[] = {"7FC00000", "FFC00000", "7F800000", "FF800000",
                                         "7F800001"};
    for (size_t i = 0; i < sizeof(absent) / sizeof(absent[0]); i++) {
        value = decode(MODBUS_VALUE_FLOAT32, "ABCD", absent[i]);
        assert_int_equal(value.kind, MODBUS_VALUE_NAN);
        assert_true(isnan(modbus_value_number(&value)));
    }
    value = decode(MODBUS_VALUE_FLOAT64, "ABCDEFGH", "7FF8000000000000");
    assert_int_equal(value.kind, MODBUS_VALUE_NAN);
}

static void test_half_table(void **state)
{
    (void)state;
    static const struct {
        uint16_t bits;
        double number;
    } table[] = {
        {0x0000, 0.0},
        {0x3C00, 1.0},
        {0xC000, -2.0},
        {0x7BFF, 65504.0},
        {0x0400, 0x1p-14},
        {0x0001, 0x1p-24},
        {0x03FF, 1023 * 0x1p-24},
        {0x3555, 0.333251953125},
        {0x3C01, 1 + 0x1p-10},
        {0x4248, 3.140625},
        {0xFBFF, -65504.0},
        {0x5640, 100.0},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        uint8_t bytes[2] = {(uint8_t)(table[i].bits >> 8), (uint8_t)table[i].bits}, again[2];
        struct modbus_value value =
            modbus_value_decode(MODBUS_VALUE_FLOAT16, MODBUS_VALUE_ABCD, bytes, 2);
        assert_true(value.as_float == table[i].number);
        value = modbus_value_from_float(table[i].number);
        assert_int_equal(
            modbus_value_encode(MODBUS_VALUE_FLOAT16, MODBUS_VALUE_ABCD, &value, again, 2), 2);
        assert_memory_equal(again, bytes, 2);
    }
}

static double half_number(unsigned bits)
{
    uint8_t bytes[2] = {(uint8_t)(bits >> 8), (uint8_t)bits};
    struct modbus_value value =
        modbus_value_decode(MODBUS_VALUE_FLOAT16, MODBUS_VALUE_ABCD, bytes, 2);
    return value.as_float;
}

/* All 65536 patterns against the definition, and back. */
static void test_half_exhaustive(void **state)
{
    (void)state;
    for (unsigned bits = 0; bits < 0x10000; bits++) {
        int exponent = (int)(bits >> 10 & 0x1F);
        double fraction = (double)(bits & 0x3FF) / 1024;
        uint8_t bytes[2] = {(uint8_t)(bits >> 8), (uint8_t)bits}, again[2];
        struct modbus_value value =
            modbus_value_decode(MODBUS_VALUE_FLOAT16, MODBUS_VALUE_ABCD, bytes, 2);
        assert_int_equal(value.raw, bits);
        if (exponent == 31) {
            assert_int_equal(value.kind, MODBUS_VALUE_NAN);
            continue;
        }
        double expected =
            exponent == 0 ? fraction * pow(2, -14) : (1 + fraction) * pow(2, exponent - 15);
        assert_true(value.as_float == ((bits & 0x8000) != 0 ? -expected : expected));
        assert_int_equal(
            modbus_value_encode(MODBUS_VALUE_FLOAT16, MODBUS_VALUE_ABCD, &value, again, 2), 2);
        assert_memory_equal(again, bytes, 2);
    }
}

/* No neighbour may be nearer, and a tie goes to the even one. */
static void test_half_rounding(void **state)
{
    (void)state;
    uint64_t random = testing_seed("float16 rounding");
    for (int i = 0; i < 200000; i++) {
        int exponent = (int)(testing_random(&random) % 44) - 27;
        double number = ldexp((double)(testing_random(&random) >> 40), exponent - 24);
        number =
            i % 2 == 0 ? number : ldexp(nearbyint(ldexp(number, 12 - exponent)), exponent - 12);
        struct modbus_value value = modbus_value_from_float(number);
        uint8_t bytes[2];
        int result = modbus_value_encode(MODBUS_VALUE_FLOAT16, MODBUS_VALUE_ABCD, &value, bytes, 2);
        if (number >= 65520) {
            assert_int_equal(result, -ERANGE);
            continue;
        }
        assert_int_equal(result, 2);
        unsigned bits = (unsigned)bytes[0] << 8 | bytes[1];
        double error = fabs(half_number(bits) - number);
        double above = bits < 0x7BFF ? fabs(half_number(bits + 1) - number) : (double)INFINITY;
        double below = bits > 0 ? fabs(half_number(bits - 1) - number) : (double)INFINITY;
        assert_true(error <= above && error <= below);
        if (error == above || error == below) {
            assert_int_equal(bits & 1, 0);
        }
    }
}

static void test_bcd(void **state)
{
    (void)state;
    struct modbus_value value = decode(MODBUS_VALUE_BCD16, "AB", "1234");
    assert_int_equal(value.kind, MODBUS_VALUE_UNSIGNED);
    assert_int_equal(value.as_unsigned, 1234);
    value = decode(MODBUS_VALUE_BCD32, "CDAB", "56781234");
    assert_int_equal(value.as_unsigned, 12345678);
    value = decode(MODBUS_VALUE_BCD64, "ABCDEFGH", "9999999999999999");
    assert_true(value.as_unsigned == 9999999999999999U);
    value = decode(MODBUS_VALUE_BCD16, "AB", "12A4");
    assert_int_equal(value.kind, MODBUS_VALUE_INVALID);
    assert_int_equal(value.raw, 0x12A4);
    assert_true(isnan(modbus_value_number(&value)));

    for (unsigned i = 0; i < 0x10000; i++) {
        uint8_t bytes[2] = {(uint8_t)(i >> 8), (uint8_t)i}, again[2];
        value = modbus_value_decode(MODBUS_VALUE_BCD16, MODBUS_VALUE_ABCD, bytes, 2);
        bool bad = (i & 0xF) > 9 || (i >> 4 & 0xF) > 9 || (i >> 8 & 0xF) > 9 || i >> 12 > 9;
        assert_int_equal(value.kind, bad ? MODBUS_VALUE_INVALID : MODBUS_VALUE_UNSIGNED);
        if (!bad) {
            assert_int_equal(
                modbus_value_encode(MODBUS_VALUE_BCD16, MODBUS_VALUE_ABCD, &value, again, 2), 2);
            assert_memory_equal(again, bytes, 2);
        }
    }
}

static int encode(enum modbus_value_type type, struct modbus_value value)
{
    uint8_t bytes[8];
    return modbus_value_encode(type, MODBUS_VALUE_ABCD, &value, bytes, sizeof(bytes));
}

static void test_encode_ranges(void **state)
{
    (void)state;
    assert_int_equal(encode(MODBUS_VALUE_UINT16, modbus_value_from_signed(-1)), -ERANGE);
    assert_int_equal(encode(MODBUS_VALUE_UINT16, modbus_value_from_unsigned(65536)), -ERANGE);
    assert_int_equal(encode(MODBUS_VALUE_UINT16, modbus_value_from_float(65535.4)), 2);
    assert_int_equal(encode(MODBUS_VALUE_UINT16, modbus_value_from_float(65535.5)), -ERANGE);
    assert_int_equal(encode(MODBUS_VALUE_UINT16, modbus_value_from_float(-0.4)), 2);
    assert_int_equal(encode(MODBUS_VALUE_INT16, modbus_value_from_signed(-32768)), 2);
    assert_int_equal(encode(MODBUS_VALUE_INT16, modbus_value_from_signed(-32769)), -ERANGE);
    assert_int_equal(encode(MODBUS_VALUE_INT16, modbus_value_from_unsigned(32768)), -ERANGE);
    assert_int_equal(encode(MODBUS_VALUE_INT64, modbus_value_from_signed(INT64_MIN)), 8);
    assert_int_equal(encode(MODBUS_VALUE_INT64, modbus_value_from_unsigned(UINT64_MAX)), -ERANGE);
    assert_int_equal(encode(MODBUS_VALUE_UINT64, modbus_value_from_float(0x1p64)), -ERANGE);
    assert_int_equal(encode(MODBUS_VALUE_BCD16, modbus_value_from_unsigned(9999)), 2);
    assert_int_equal(encode(MODBUS_VALUE_BCD16, modbus_value_from_unsigned(10000)), -ERANGE);
    assert_int_equal(encode(MODBUS_VALUE_BCD16, modbus_value_from_signed(-1)), -ERANGE);
    assert_int_equal(encode(MODBUS_VALUE_FLOAT32, modbus_value_from_float(DBL_MAX)), -ERANGE);
    assert_int_equal(encode(MODBUS_VALUE_FLOAT16, modbus_value_from_float(65519.9)), 2);
    assert_int_equal(encode(MODBUS_VALUE_FLOAT16, modbus_value_from_float(65520)), -ERANGE);
    assert_int_equal(encode(MODBUS_VALUE_FLOAT32, modbus_value_from_float((double)NAN)), 4);
    assert_int_equal(encode(MODBUS_VALUE_FLOAT16, modbus_value_from_float((double)-INFINITY)), 2);
    assert_int_equal(encode(MODBUS_VALUE_INT32, modbus_value_from_float((double)NAN)), -ERANGE);
    assert_int_equal(encode(MODBUS_VALUE_TEXT, modbus_value_from_unsigned(1)), -EINVAL);
    assert_int_equal(encode(MODBUS_VALUE_UINT16, (struct modbus_value){0}), -EINVAL);
    uint8_t bytes[4];
    assert_int_equal(modbus_value_encode_raw(MODBUS_VALUE_INT32, MODBUS_VALUE_CDAB, 0x7FFFFFFF,
                                             bytes, sizeof(bytes)),
                     4);
    assert_memory_equal(bytes, ((const uint8_t[]){0xFF, 0xFF, 0x7F, 0xFF}), 4);
    assert_int_equal(modbus_value_encode_raw(MODBUS_VALUE_INT32, MODBUS_VALUE_CDAB, 0, bytes, 3),
                     -ENOSPC);
}

static void test_truncated(void **state)
{
    (void)state;
    for (unsigned type = 0; type < MODBUS_VALUE_TYPE_COUNT; type++) {
        size_t whole = 2 * modbus_value_registers((enum modbus_value_type)type);
        for (size_t length = 0; length < whole; length++) {
            uint8_t *bytes = calloc(1, length > 0 ? length : 1);
            assert_non_null(bytes);
            struct modbus_value value =
                modbus_value_decode((enum modbus_value_type)type, MODBUS_VALUE_DCBA, bytes, length);
            assert_int_equal(value.kind, MODBUS_VALUE_INVALID);
            free(bytes);
        }
    }
}

/* Any bits of any type in any order: what can be decoded is encoded to the same bytes. */
static void test_round_trip(void **state)
{
    (void)state;
    uint64_t random = testing_seed("modbus_value round trip");
    for (int i = 0; i < 1000000; i++) {
        enum modbus_value_type type =
            (enum modbus_value_type)(testing_random(&random) % MODBUS_VALUE_BOOL);
        enum modbus_value_order order =
            (enum modbus_value_order)(testing_random(&random) % MODBUS_VALUE_ORDER_COUNT);
        uint8_t bytes[8], again[8];
        testing_fill(&random, bytes, sizeof(bytes));
        size_t length = 2 * modbus_value_registers(type);
        struct modbus_value value = modbus_value_decode(type, order, bytes, length);
        if (value.kind == MODBUS_VALUE_INVALID || value.kind == MODBUS_VALUE_NAN) {
            assert_int_equal(modbus_value_encode_raw(type, order, value.raw, again, length),
                             length);
        } else {
            assert_int_equal(modbus_value_encode(type, order, &value, again, length), length);
        }
        assert_memory_equal(bytes, again, length);
    }
}

static void test_text(void **state)
{
    (void)state;
    char text[16];
    const uint8_t plain[] = {'S', 'u', 'n', 'S', ' ', ' ', 0, 0};
    assert_int_equal(modbus_value_text_decode(MODBUS_VALUE_ABCD, plain, 8, text, sizeof(text)), 4);
    assert_string_equal(text, "SunS");
    const uint8_t swapped[] = {'B', 'A', 'D', 'C', 0xFF, 0xFF};
    assert_int_equal(modbus_value_text_decode(MODBUS_VALUE_DCBA, swapped, 6, text, sizeof(text)),
                     4);
    assert_string_equal(text, "ABCD");
    assert_int_equal(modbus_value_text_decode(MODBUS_VALUE_DCBA, swapped, 3, text, sizeof(text)),
                     2);
    assert_int_equal(modbus_value_text_decode(MODBUS_VALUE_ABCD, plain, 8, text, 3), 2);
    assert_string_equal(text, "Su");
    assert_int_equal(modbus_value_text_decode(MODBUS_VALUE_ABCD, plain, 8, text, 1), 0);
    assert_int_equal(modbus_value_text_decode(MODBUS_VALUE_ABCD, plain, 8, text, 0), 0);

    uint8_t bytes[8];
    assert_int_equal(modbus_value_text_encode(MODBUS_VALUE_BADC, "abc", 4, bytes, sizeof(bytes)),
                     8);
    assert_memory_equal(bytes, ((const uint8_t[]){'b', 'a', 0, 'c', 0, 0, 0, 0}), 8);
    assert_int_equal(modbus_value_text_encode(MODBUS_VALUE_BADC, "abc", 5, bytes, 8), -ENOSPC);
    assert_int_equal(modbus_value_text_decode(MODBUS_VALUE_BADC, bytes, 8, text, sizeof(text)), 3);
    assert_string_equal(text, "abc");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_integers),      cmocka_unit_test(test_orders),
        cmocka_unit_test(test_types),         cmocka_unit_test(test_floats),
        cmocka_unit_test(test_half_table),    cmocka_unit_test(test_half_exhaustive),
        cmocka_unit_test(test_half_rounding), cmocka_unit_test(test_bcd),
        cmocka_unit_test(test_encode_ranges), cmocka_unit_test(test_truncated),
        cmocka_unit_test(test_round_trip),    cmocka_unit_test(test_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
