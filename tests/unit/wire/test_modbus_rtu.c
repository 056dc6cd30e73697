#include "wire/modbus_rtu.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "modbus_testing.h"
#include "wire/modbus_pdu.h"

static void test_crc_vectors(void **state)
{
    (void)state;
    /* The check value of CRC-16/MODBUS in the catalogue of parametrised CRC algorithms. */
    assert_int_equal(modbus_rtu_crc((const uint8_t *)"123456789", 9), 0x4B37);
    assert_int_equal(modbus_rtu_crc(NULL, 0), 0xFFFF);
    /* The serial line guide's own example (appendix B): 02 07, sent as 41 12. */
    assert_int_equal(modbus_rtu_crc((const uint8_t[]){0x02, 0x07}, 2), 0x1241);
}

/* Against the definition, bit by bit: proves every entry of the table. */
static void test_crc_definition(void **state)
{
    (void)state;
    for (unsigned byte = 0; byte < 256; byte++) {
        uint16_t crc = (uint16_t)(0xFFFF ^ byte);
        for (int i = 0; i < 8; i++) {
            crc = (uint16_t)((crc & 1) != 0 ? crc >> 1 ^ 0xA001 : crc >> 1);
        }
        const uint8_t one = (uint8_t)byte;
        assert_int_equal(modbus_rtu_crc(&one, 1), crc);
    }
}

static void test_build_and_parse(void **state)
{
    (void)state;
    const uint8_t pdu[] = {0x03, 0x00, 0x6B, 0x00, 0x03};
    const uint8_t expected[] = {0x11, 0x03, 0x00, 0x6B, 0x00, 0x03, 0x76, 0x87};
    uint8_t frame[MODBUS_RTU_MAX];
    assert_int_equal(modbus_rtu_build(0x11, pdu, sizeof(pdu), frame, sizeof(frame)), 8);
    assert_memory_equal(frame, expected, sizeof(expected));

    struct modbus_rtu_frame out;
    assert_int_equal(modbus_rtu_parse(frame, 8, &out), MODBUS_RTU_FINE);
    assert_int_equal(out.unit, 0x11);
    assert_int_equal(out.pdu_length, sizeof(pdu));
    assert_ptr_equal(out.pdu, frame + 1);

    uint8_t large[MODBUS_PDU_MAX + 1] = {3};
    assert_int_equal(modbus_rtu_build(1, large, 0, frame, sizeof(frame)), -EINVAL);
    assert_int_equal(modbus_rtu_build(1, large, 254, frame, sizeof(frame)), -EINVAL);
    assert_int_equal(modbus_rtu_build(1, large, 253, frame, sizeof(frame)), 256);
    assert_int_equal(modbus_rtu_build(1, large, 253, frame, 255), -ENOSPC);
    uint8_t too_long[MODBUS_RTU_MAX + 1] = {0};
    assert_int_equal(modbus_rtu_parse(too_long, sizeof(too_long), &out), MODBUS_RTU_LONG);
    assert_int_equal(modbus_rtu_parse(expected, 3, &out), MODBUS_RTU_SHORT);
}

/* The PDU may already stand where it belongs. */
static void test_build_in_place(void **state)
{
    (void)state;
    uint8_t frame[8] = {0, 0x03, 0x00, 0x6B, 0x00, 0x03};
    assert_int_equal(modbus_rtu_build(0x11, frame + 1, 5, frame, sizeof(frame)), 8);
    assert_int_equal(frame[6], 0x76);
    assert_int_equal(frame[7], 0x87);
}

static void test_truncated_and_flipped(void **state)
{
    (void)state;
    uint64_t random = testing_seed("modbus_rtu flips");
    for (int round = 0; round < 20; round++) {
        uint8_t pdu[MODBUS_PDU_MAX], frame[MODBUS_RTU_MAX];
        testing_fill(&random, pdu, sizeof(pdu));
        size_t pdu_length = 1 + testing_random(&random) % MODBUS_PDU_MAX;
        int built = modbus_rtu_build((uint8_t)round, pdu, pdu_length, frame, sizeof(frame));
        size_t length = (size_t)built;
        struct modbus_rtu_frame out;
        for (size_t bit = 0; bit < 8 * length; bit++) {
            frame[bit / 8] ^= (uint8_t)(1 << bit % 8);
            assert_int_equal(modbus_rtu_parse(frame, length, &out), MODBUS_RTU_CRC);
            /* Two flips in a frame of this size are found as well: the polynomial's order is 32767.
             */
            size_t other = testing_random(&random) % (8 * length);
            if (other != bit) {
                frame[other / 8] ^= (uint8_t)(1 << other % 8);
                assert_int_equal(modbus_rtu_parse(frame, length, &out), MODBUS_RTU_CRC);
                frame[other / 8] ^= (uint8_t)(1 << other % 8);
            }
            frame[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
        assert_int_equal(modbus_rtu_parse(frame, length, &out), MODBUS_RTU_FINE);
        /* A cut frame passes only by a chance of 1 in 65536: allow that it is a fitting CRC. */
        for (size_t cut = 0; cut < length; cut++) {
            enum modbus_rtu_check check = modbus_rtu_parse(frame, cut, &out);
            if (cut < MODBUS_RTU_MIN) {
                assert_int_equal(check, MODBUS_RTU_SHORT);
            } else if (check == MODBUS_RTU_FINE) {
                uint16_t crc = (uint16_t)(frame[cut - 1] << 8 | frame[cut - 2]);
                assert_int_equal(crc, modbus_rtu_crc(frame, cut - 2));
            }
        }
    }
}

/* Whole frames from the application protocol's examples, CRC bytes zero: only lengths matter here.
 */
struct sized {
    const char *hex;
    size_t known_at; /* bytes after which the length is certain */
};

static void check_lengths(const struct sized *cases, size_t count,
                          int (*length_of)(const uint8_t *, size_t))
{
    for (size_t i = 0; i < count; i++) {
        uint8_t bytes[MODBUS_RTU_MAX];
        size_t length = testing_hex(cases[i].hex, bytes, sizeof(bytes));
        for (size_t have = 0; have <= length; have++) {
            int expected = have < cases[i].known_at ? 0 : (int)length;
            assert_int_equal(length_of(bytes, have), expected);
        }
    }
}

static void test_answer_length(void **state)
{
    (void)state;
    static const struct sized cases[] = {
        {"010103CD6B050000", 3},
        {"010203ACDB350000", 3},
        {"010306022B000000640000", 3},
        {"010402000A0000", 3},
        {"010500ACFF000000", 2},
        {"0106000100030000", 2},
        {"010F0013000A0000", 2},
        {"0110000100020000", 2},
        {"0181020000", 2},
        {"01076D0000", 2},
        {"010BFFFF01080000", 2},
        {"010C0800000108012120000000", 3},
        {"0116000400F200250000", 2},
        {"01170C00FE0ACD00010003000D00FF0000", 3},
        {"01180006000201B812840000", 4},
    };
    check_lengths(cases, sizeof(cases) / sizeof(cases[0]), modbus_rtu_answer_length);

    /* 251 data bytes fill a frame; one more can't be. */
    assert_int_equal(modbus_rtu_answer_length((const uint8_t[]){1, 3, 251}, 3), 256);
    assert_int_equal(modbus_rtu_answer_length((const uint8_t[]){1, 3, 252}, 3), -EBADMSG);
    assert_int_equal(modbus_rtu_answer_length((const uint8_t[]){1, 0}, 2), -EBADMSG);
    assert_int_equal(modbus_rtu_answer_length((const uint8_t[]){1, 43}, 2), -ENOTSUP);
    assert_int_equal(modbus_rtu_answer_length((const uint8_t[]){1, 24, 1, 0}, 4), -EBADMSG);
}

static void test_request_length(void **state)
{
    (void)state;
    static const struct sized cases[] = {
        {"0101001300130000", 2},
        {"0103006B00030000", 2},
        {"010500ACFF000000", 2},
        {"010F0013000A02CD010000", 7},
        {"01100001000204000A01020000", 7},
        {"01070000", 2},
        {"0116000400F200250000", 2},
        {"011700030006000E00030600FF00FF00FF0000", 11},
        {"011804DE0000", 2},
        {"01140E06000400010002060003000900020000", 3},
    };
    check_lengths(cases, sizeof(cases) / sizeof(cases[0]), modbus_rtu_request_length);
    assert_int_equal(modbus_rtu_request_length((const uint8_t[]){1, 0x83}, 2), -EBADMSG);
    assert_int_equal(modbus_rtu_request_length((const uint8_t[]){1, 0}, 2), -EBADMSG);
    assert_int_equal(modbus_rtu_request_length((const uint8_t[]){1, 43}, 2), -ENOTSUP);
    assert_int_equal(modbus_rtu_request_length((const uint8_t[]){1, 16, 0, 0, 0, 124, 248}, 7),
                     -EBADMSG);
}

static void test_times(void **state)
{
    (void)state;
    /* 3.5 characters of 11 bits at 9600 baud: 3.5 * 11 / 9600 s = 4010.4 us. */
    const struct modbus_rtu_line even = {.baud = 9600, .parity = true, .stop_bits = 1};
    assert_int_equal(modbus_rtu_gap_us(&even), 4011);
    assert_int_equal(modbus_rtu_inner_gap_us(&even), 1719);
    const struct modbus_rtu_line two_stops = {.baud = 9600, .stop_bits = 2};
    assert_int_equal(modbus_rtu_gap_us(&two_stops), 4011);
    const struct modbus_rtu_line plain = {.baud = 9600};
    assert_int_equal(modbus_rtu_gap_us(&plain), 3646);
    assert_int_equal(modbus_rtu_transfer_us(&plain, 96), 100000);
    const struct modbus_rtu_line edge = {.baud = 19200, .parity = true, .stop_bits = 1};
    assert_int_equal(modbus_rtu_gap_us(&edge), 2006);
    const struct modbus_rtu_line fast = {.baud = 38400, .parity = true, .stop_bits = 1};
    assert_int_equal(modbus_rtu_gap_us(&fast), 1750);
    assert_int_equal(modbus_rtu_inner_gap_us(&fast), 750);
    assert_int_equal(modbus_rtu_transfer_us(&fast, 256), 73334);
    const struct modbus_rtu_line none = {.baud = 0};
    assert_int_equal(modbus_rtu_gap_us(&none), 0);
    const struct modbus_rtu_line slow = {.baud = 1};
    assert_int_equal(modbus_rtu_transfer_us(&slow, 256), 2560000000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_crc_vectors),           cmocka_unit_test(test_crc_definition),
        cmocka_unit_test(test_build_and_parse),       cmocka_unit_test(test_build_in_place),
        cmocka_unit_test(test_truncated_and_flipped), cmocka_unit_test(test_answer_length),
        cmocka_unit_test(test_request_length),        cmocka_unit_test(test_times),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
