#include "wire/modbus_tcp.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

#include <cmocka.h>

#include "modbus_testing.h"
#include "wire/modbus_pdu.h"

/* The worked example of the messaging guide (3.1.3 ff.): one register of unit 255 is read. */
static const uint8_t example[] = {0x15, 0x01, 0, 0, 0, 6, 0xFF, 3, 0, 4, 0, 1};

static void test_example(void **state)
{
    (void)state;
    uint8_t frame[MODBUS_TCP_MAX];
    assert_int_equal(modbus_tcp_build(0x1501, 0xFF, example + 7, 5, frame, sizeof(frame)), 12);
    assert_memory_equal(frame, example, sizeof(example));
    struct modbus_tcp_frame out;
    assert_int_equal(modbus_tcp_parse(example, sizeof(example), &out), MODBUS_TCP_FRAME);
    assert_int_equal(out.transaction, 0x1501);
    assert_int_equal(out.unit, 0xFF);
    assert_int_equal(out.length, 12);
    assert_int_equal(out.pdu_length, 5);
    assert_ptr_equal(out.pdu, example + 7);
}

static void test_build_limits(void **state)
{
    (void)state;
    uint8_t pdu[MODBUS_PDU_MAX + 1] = {3}, frame[MODBUS_TCP_MAX];
    assert_int_equal(modbus_tcp_build(1, 1, pdu, 0, frame, sizeof(frame)), -EINVAL);
    assert_int_equal(modbus_tcp_build(1, 1, pdu, 254, frame, sizeof(frame)), -EINVAL);
    assert_int_equal(modbus_tcp_build(1, 1, pdu, 253, frame, sizeof(frame)), 260);
    assert_int_equal(modbus_tcp_build(1, 1, pdu, 253, frame, 259), -ENOSPC);
    struct modbus_tcp_frame out;
    assert_int_equal(modbus_tcp_parse(frame, 260, &out), MODBUS_TCP_FRAME);
    assert_int_equal(out.pdu_length, 253);
    /* In place, the PDU already behind the room for the header. */
    uint8_t place[12] = {0, 0, 0, 0, 0, 0, 0, 3, 0, 4, 0, 1};
    assert_int_equal(modbus_tcp_build(0x1501, 0xFF, place + 7, 5, place, sizeof(place)), 12);
    assert_memory_equal(place, example, sizeof(example));
}

static void test_truncated(void **state)
{
    (void)state;
    for (size_t length = 0; length < sizeof(example); length++) {
        uint8_t *copy = malloc(length > 0 ? length : 1);
        assert_non_null(copy);
        memcpy(copy, example, length);
        struct modbus_tcp_frame out;
        assert_int_equal(modbus_tcp_parse(copy, length, &out), MODBUS_TCP_MORE);
        free(copy);
    }
}

static void test_garbage(void **state)
{
    (void)state;
    struct modbus_tcp_frame out;
    const uint8_t *http = (const uint8_t *)"GET / HTTP/1.1\r\n";
    assert_int_equal(modbus_tcp_parse(http, 2, &out), MODBUS_TCP_MORE);
    assert_int_equal(modbus_tcp_parse(http, 3, &out), MODBUS_TCP_GARBAGE);
    assert_int_equal(modbus_tcp_parse(http, 16, &out), MODBUS_TCP_GARBAGE);
    uint8_t bytes[sizeof(example)];
    for (unsigned counted = 0; counted < 0x10000; counted++) {
        memcpy(bytes, example, sizeof(example));
        bytes[4] = (uint8_t)(counted >> 8);
        bytes[5] = (uint8_t)counted;
        enum modbus_tcp_state expected = counted < 2 || counted > 254 ? MODBUS_TCP_GARBAGE
                                         : counted <= 6               ? MODBUS_TCP_FRAME
                                                                      : MODBUS_TCP_MORE;
        assert_int_equal(modbus_tcp_parse(bytes, sizeof(bytes), &out), expected);
    }
    bytes[3] = 1;
    assert_int_equal(modbus_tcp_parse(bytes, sizeof(bytes), &out), MODBUS_TCP_GARBAGE);
}

/* Frames in a row, fed in random pieces, come out as they went in. */
static void test_stream(void **state)
{
    (void)state;
    enum { FRAMES = 2000 };
    uint64_t random = testing_seed("modbus_tcp stream");
    uint8_t *stream = malloc(FRAMES * MODBUS_TCP_MAX);
    assert_non_null(stream);
    size_t total = 0;
    for (unsigned i = 0; i < FRAMES; i++) {
        uint8_t pdu[MODBUS_PDU_MAX];
        testing_fill(&random, pdu, sizeof(pdu));
        size_t pdu_length = 1 + testing_random(&random) % MODBUS_PDU_MAX;
        int built = modbus_tcp_build((uint16_t)(i * 33), (uint8_t)i, pdu, pdu_length,
                                     stream + total, MODBUS_TCP_MAX);
        assert_int_equal(built, MODBUS_TCP_HEADER + pdu_length);
        total += (size_t)built;
    }
    size_t begin = 0, have = 0;
    unsigned seen = 0;
    while (seen < FRAMES) {
        struct modbus_tcp_frame out;
        switch (modbus_tcp_parse(stream + begin, have - begin, &out)) {
        case MODBUS_TCP_FRAME:
            assert_int_equal(out.transaction, (uint16_t)(seen * 33));
            assert_int_equal(out.unit, (uint8_t)seen);
            begin += out.length;
            seen++;
            break;
        case MODBUS_TCP_MORE:
            assert_true(have < total);
            have += 1 + testing_random(&random) % 300;
            have = have < total ? have : total;
            break;
        default:
            fail();
        }
    }
    assert_int_equal(begin, total);
    free(stream);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_example),   cmocka_unit_test(test_build_limits),
        cmocka_unit_test(test_truncated), cmocka_unit_test(test_garbage),
        cmocka_unit_test(test_stream),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
