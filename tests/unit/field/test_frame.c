#include "field_testing.h"

#include "field/frame.h"

/* Read 2 holding registers at 0x006B of unit 0x11: request and answer from the Modbus
 * application protocol's section 6.3 (shortened to two registers), CRCs computed bit by bit. */
static const uint8_t request_pdu[] = {3, 0x00, 0x6B, 0x00, 0x02};

static struct frame_expected expected;

static const struct frame_expected *expect(const uint8_t *pdu, size_t length)
{
    assert_int_equal(frame_rtu_build(&expected, 0x11, pdu, length), 0);
    return &expected;
}

static size_t good_answer(uint8_t *frame)
{
    const uint8_t bytes[] = {0x11, 3, 4, 0x02, 0x2B, 0x00, 0x64};
    memcpy(frame, bytes, sizeof bytes);
    return testing_add_crc(frame, sizeof bytes);
}

static struct frame next(bool quiet, const uint8_t *bytes, size_t length)
{
    return frame_rtu_next(expect(request_pdu, sizeof request_pdu), false, quiet, bytes, length);
}

static void rtu_request(void **state)
{
    (void)state;
    const struct frame_expected *built = expect(request_pdu, sizeof request_pdu);
    uint8_t wanted[16] = {0x11};
    memcpy(wanted + 1, request_pdu, sizeof request_pdu);
    size_t length = testing_add_crc(wanted, 6);
    assert_int_equal(built->length, length);
    assert_memory_equal(built->bytes, wanted, length);
    assert_int_equal(built->answer_length, 6);
}

static void rtu_answer_in_pieces(void **state)
{
    (void)state;
    uint8_t bytes[32];
    size_t length = good_answer(bytes);
    for (size_t have = 0; have < length; have++) {
        assert_int_equal(next(false, bytes, have).event, FRAME_MORE);
        /* even when the line falls silent: it may be a half frame with the rest on its way */
        assert_int_equal(next(true, bytes, have).event, FRAME_MORE);
    }
    struct frame frame = next(false, bytes, length);
    assert_int_equal(frame.event, FRAME_ANSWER);
    assert_int_equal(frame.drop, length);
    assert_int_equal(frame.noise, 0);
    assert_int_equal(frame.unit, 0x11);
    assert_int_equal(frame.pdu_length, 6);
    assert_ptr_equal(frame.pdu, bytes + 1);
}

static void rtu_answer_behind_noise(void **state)
{
    (void)state;
    for (size_t noise = 1; noise < 20; noise++) {
        uint8_t bytes[64];
        memset(bytes, 0xFF, sizeof bytes);
        size_t length = noise + good_answer(bytes + noise);
        bytes[0] = 0; /* the classic glitch of a driver being switched */
        struct frame frame = next(false, bytes, length);
        assert_int_equal(frame.event, FRAME_ANSWER);
        assert_int_equal(frame.noise, noise);
        assert_int_equal(frame.drop, length);
    }
}

static void rtu_false_begin_in_noise(void **state)
{
    (void)state;
    /* The noise looks like a longer begin of the answer; the true one follows. */
    uint8_t bytes[64] = {0x11, 3, 4};
    size_t length = 3 + good_answer(bytes + 3);
    assert_int_equal(next(false, bytes, length).event, FRAME_ANSWER);
}

static void rtu_every_bit_counts(void **state)
{
    (void)state;
    uint8_t good[32];
    size_t length = good_answer(good);
    for (size_t bit = 0; bit < length * 8; bit++) {
        uint8_t bytes[32];
        memcpy(bytes, good, length);
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_int_not_equal(next(false, bytes, length).event, FRAME_ANSWER);
        assert_int_equal(next(true, bytes, length).event, FRAME_BROKEN);
    }
}

static void rtu_exception(void **state)
{
    (void)state;
    uint8_t bytes[8] = {0x11, 0x83, 2};
    size_t length = testing_add_crc(bytes, 3);
    struct frame frame = next(false, bytes, length);
    assert_int_equal(frame.event, FRAME_ANSWER);
    assert_int_equal(frame.pdu_length, 2);
    bytes[1] = 0x84; /* refuses another function */
    testing_add_crc(bytes, 3);
    assert_int_equal(next(false, bytes, length).event, FRAME_OTHER);
}

static void rtu_other_frames(void **state)
{
    (void)state;
    const uint8_t wrong[][9] = {
        {0x12, 3, 4, 0x02, 0x2B, 0x00, 0x64}, /* unit */
        {0x11, 4, 4, 0x02, 0x2B, 0x00, 0x64}, /* function */
        {0x11, 3, 2, 0x02, 0x2B},             /* fewer registers */
    };
    const size_t lengths[] = {7, 7, 5};
    for (size_t i = 0; i < TEST_COUNT(wrong); i++) {
        uint8_t bytes[16];
        memcpy(bytes, wrong[i], lengths[i]);
        size_t length = testing_add_crc(bytes, lengths[i]);
        struct frame frame = next(false, bytes, length);
        assert_int_equal(frame.event, FRAME_OTHER);
        assert_int_equal(frame.drop, length);
        assert_int_equal(frame.unit, wrong[i][0]);
    }
}

static void rtu_echo(void **state)
{
    (void)state;
    uint8_t bytes[64];
    const struct frame_expected *built = expect(request_pdu, sizeof request_pdu);
    memcpy(bytes, built->bytes, built->length);
    size_t length = built->length + good_answer(bytes + built->length);
    struct frame frame = next(false, bytes, length);
    assert_int_equal(frame.event, FRAME_ECHO);
    assert_int_equal(frame.drop, built->length);
    frame = next(false, bytes + built->length, length - built->length);
    assert_int_equal(frame.event, FRAME_ANSWER);
}

static void rtu_echo_that_is_the_answer(void **state)
{
    (void)state;
    /* A write of one register is confirmed by its copy (6.6). */
    const uint8_t pdu[] = {6, 0x00, 0x01, 0x00, 0x03};
    const struct frame_expected *built = expect(pdu, sizeof pdu);
    struct frame frame = frame_rtu_next(built, false, false, built->bytes, built->length);
    assert_int_equal(frame.event, FRAME_ANSWER);
    frame = frame_rtu_next(built, true, false, built->bytes, built->length);
    assert_int_equal(frame.event, FRAME_ECHO);
}

static void rtu_function_without_rule(void **state)
{
    (void)state;
    /* Read device identification (6.21): only silence tells the end. */
    const uint8_t pdu[] = {0x2B, 0x0E, 0x01, 0x00};
    const struct frame_expected *built = expect(pdu, sizeof pdu);
    uint8_t bytes[32] = {0x11, 0x2B, 0x0E, 1, 1, 0, 0, 1, 0, 2, 'A', 'B'};
    size_t length = testing_add_crc(bytes, 12);
    assert_int_equal(frame_rtu_next(built, false, false, bytes, length).event, FRAME_MORE);
    struct frame frame = frame_rtu_next(built, false, true, bytes, length);
    assert_int_equal(frame.event, FRAME_ANSWER);
    assert_int_equal(frame.pdu_length, 11);
}

static void rtu_nothing_awaited(void **state)
{
    (void)state;
    uint8_t bytes[64];
    size_t length = good_answer(bytes);
    assert_int_equal(frame_rtu_next(NULL, false, false, bytes, length).event, FRAME_OTHER);
    assert_int_equal(frame_rtu_next(NULL, false, false, bytes, 3).event, FRAME_MORE);
    assert_int_equal(frame_rtu_next(NULL, false, true, bytes, 3).event, FRAME_BROKEN);
}

/* Whatever arrives: no read past the end (sanitizers), progress, and data only with a right CRC. */
static void rtu_random_bytes(void **state)
{
    (void)state;
    uint64_t seed = test_seed();
    uint8_t good[32];
    size_t good_length = good_answer(good);
    for (int round = 0; round < 20000; round++) {
        size_t length = test_random(&seed) % 600;
        uint8_t *bytes = mem_new(length + 1);
        for (size_t i = 0; i < length; i++)
            bytes[i] = (uint8_t)(test_random(&seed) % 3 ? test_random(&seed) : good[i % 5]);
        bool hidden = length > 40 && test_random(&seed) % 2;
        size_t at = hidden ? test_random(&seed) % (length - 20) : 0;
        if (hidden)
            memcpy(bytes + at, good, good_length);
        struct frame frame = next(test_random(&seed) % 2, bytes, length);
        assert_true(frame.drop <= length && frame.noise <= frame.drop);
        if (frame.event != FRAME_MORE)
            assert_true(frame.drop > 0);
        if (frame.event == FRAME_ANSWER)
            assert_int_equal(testing_crc(frame.pdu - 1, frame.pdu_length + 3), 0);
        if (hidden)
            assert_true(frame.event == FRAME_ANSWER || frame.event == FRAME_OTHER);
        free(bytes);
    }
}

static void tcp_frames(void **state)
{
    (void)state;
    struct frame_expected built;
    assert_int_equal(frame_tcp_build(&built, 0x1234, 9, request_pdu, sizeof request_pdu), 0);
    const uint8_t wanted[] = {0x12, 0x34, 0, 0, 0, 6, 9, 3, 0x00, 0x6B, 0x00, 0x02};
    assert_int_equal(built.length, sizeof wanted);
    assert_memory_equal(built.bytes, wanted, sizeof wanted);
    uint8_t answer[300];
    size_t length = testing_answer_tcp(wanted, sizeof wanted, answer);
    for (size_t have = 0; have < length; have++)
        assert_int_equal(frame_tcp_next(answer, have).event, FRAME_MORE);
    struct frame frame = frame_tcp_next(answer, length);
    assert_int_equal(frame.event, FRAME_OTHER);
    assert_int_equal(frame.transaction, 0x1234);
    assert_true(frame_fits(&built, frame.unit, frame.pdu, frame.pdu_length));
    assert_false(frame_fits(&built, 8, frame.pdu, frame.pdu_length));
    assert_false(frame_fits(&built, 9, frame.pdu, frame.pdu_length - 1));
    const uint8_t garbage[] = "HTTP/1.1 400 Bad Request";
    assert_int_equal(frame_tcp_next(garbage, sizeof garbage).event, FRAME_GARBAGE);
}

static void impossible_requests(void **state)
{
    (void)state;
    struct frame_expected built;
    const uint8_t answer_only[] = {0x83, 1};
    uint8_t long_pdu[254] = {3};
    assert_true(frame_rtu_build(&built, 1, answer_only, 2) < 0);
    assert_true(frame_tcp_build(&built, 1, 1, answer_only, 2) < 0);
    assert_true(frame_rtu_build(&built, 1, long_pdu, sizeof long_pdu) < 0);
    assert_true(frame_tcp_build(&built, 1, 1, long_pdu, 0) < 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rtu_request),
        cmocka_unit_test(rtu_answer_in_pieces),
        cmocka_unit_test(rtu_answer_behind_noise),
        cmocka_unit_test(rtu_false_begin_in_noise),
        cmocka_unit_test(rtu_every_bit_counts),
        cmocka_unit_test(rtu_exception),
        cmocka_unit_test(rtu_other_frames),
        cmocka_unit_test(rtu_echo),
        cmocka_unit_test(rtu_echo_that_is_the_answer),
        cmocka_unit_test(rtu_function_without_rule),
        cmocka_unit_test(rtu_nothing_awaited),
        cmocka_unit_test(rtu_random_bytes),
        cmocka_unit_test(tcp_frames),
        cmocka_unit_test(impossible_requests),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
