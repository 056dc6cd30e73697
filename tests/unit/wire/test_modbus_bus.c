/* A slave's ears on a bus with a master and many units: conversations are made up here, cut into
 * pieces and damaged, and only what was said to us may be heard. */
#include "wire/modbus_bus.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "wire/modbus_pdu.h"

#define OURS 7

static const struct modbus_bus_asked nobody;

/* The standard's definition, bit by bit (appendix B). */
static size_t close_frame(uint8_t *frame, size_t length)
{
    unsigned crc = 0xFFFF;
    for (size_t i = 0; i < length; i++) {
        crc ^= frame[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc & 1 ? crc >> 1 ^ 0xA001 : crc >> 1;
    }
    frame[length] = (uint8_t)crc;
    frame[length + 1] = (uint8_t)(crc >> 8);
    return length + 2;
}

static void test_a_question_is_whole_with_its_last_byte(void **state)
{
    (void)state;
    /* The serial guide's sister document, 6.3: read 3 registers from 0x6B. */
    const uint8_t frame[] = {0x11, 0x03, 0x00, 0x6B, 0x00, 0x03, 0x76, 0x87};
    for (size_t length = 0; length < sizeof frame; length++)
        assert_int_equal(modbus_bus_next(&nobody, false, frame, length).event, MODBUS_BUS_MORE);
    struct modbus_bus_heard heard = modbus_bus_next(&nobody, false, frame, sizeof frame);
    assert_int_equal(heard.event, MODBUS_BUS_REQUEST);
    assert_int_equal(heard.drop, sizeof frame);
    assert_int_equal(heard.frame.unit, 0x11);
    assert_int_equal(heard.frame.pdu_length, 5);
}

static void test_another_units_answer_is_passed_over(void **state)
{
    (void)state;
    uint8_t answer[] = {5, 3, 4, 1, 2, 3, 4, 0, 0};
    size_t length = close_frame(answer, 7);
    const struct modbus_bus_asked asked = {5, 3};
    for (size_t part = 1; part < length; part++)
        assert_int_equal(modbus_bus_next(&asked, false, answer, part).event, MODBUS_BUS_MORE);
    struct modbus_bus_heard heard = modbus_bus_next(&asked, false, answer, length);
    assert_int_equal(heard.event, MODBUS_BUS_OTHER);
    assert_int_equal(heard.drop, length);
    /* Nobody was asked: then it is nothing that could be understood. */
    assert_int_equal(modbus_bus_next(&nobody, false, answer, length).event, MODBUS_BUS_LOST);
    uint8_t refusal[] = {5, 0x83, 2, 0, 0};
    assert_int_equal(close_frame(refusal, 3), 5);
    assert_int_equal(modbus_bus_next(&asked, false, refusal, 5).event, MODBUS_BUS_OTHER);
}

/* What looks like a question to us inside an answer is none. */
static void test_a_question_inside_an_answer(void **state)
{
    (void)state;
    uint8_t inner[] = {OURS, 6, 0, 1, 0, 1, 0, 0};
    assert_int_equal(close_frame(inner, 6), 8);
    uint8_t answer[40] = {5, 3, 8};
    memcpy(answer + 3, inner, 8);
    size_t length = close_frame(answer, 11);
    const struct modbus_bus_asked asked = {5, 3};
    for (size_t part = 1; part <= length; part++) {
        assert_int_not_equal(modbus_bus_next(&asked, false, answer, part).event,
                             MODBUS_BUS_REQUEST);
        assert_int_not_equal(modbus_bus_next(&nobody, true, answer, part).event,
                             MODBUS_BUS_REQUEST);
    }
}

static void test_stray_bytes_and_functions_without_a_length(void **state)
{
    (void)state;
    uint8_t stray[] = {0x00, 0xFF, OURS, 3, 0, 0, 0, 1, 0, 0};
    size_t length = 2 + close_frame(stray + 2, 6);
    assert_int_not_equal(modbus_bus_next(&nobody, false, stray, length).event, MODBUS_BUS_REQUEST);
    struct modbus_bus_heard heard = modbus_bus_next(&nobody, true, stray, length);
    assert_int_equal(heard.event, MODBUS_BUS_REQUEST);
    assert_int_equal(heard.frame.unit, OURS);
    uint8_t odd[] = {OURS, 43, 14, 1, 0, 0, 0}; /* 6.21: read device identification */
    length = close_frame(odd, 5);
    assert_int_equal(modbus_bus_next(&nobody, false, odd, length).event, MODBUS_BUS_MORE);
    heard = modbus_bus_next(&nobody, true, odd, length);
    assert_int_equal(heard.event, MODBUS_BUS_REQUEST);
    assert_int_equal(heard.frame.pdu_length, 4);
    odd[2] ^= 1;
    assert_int_equal(modbus_bus_next(&nobody, true, odd, length).event, MODBUS_BUS_LOST);
}

/* The serial guide ends a frame by silence, so a byte count that is wrong (6.12: exception 3) does
 * not make it damage; the check sum decides that. */
static void test_a_wrong_byte_count_is_a_question_to_refuse(void **state)
{
    (void)state;
    for (int count = 0; count < 256; count++) {
        uint8_t frame[16] = {OURS, 16, 0, 1, 0, 2, (uint8_t)count, 1, 2, 3, 4};
        struct modbus_pdu_request request;
        size_t length = close_frame(frame, 11);
        struct modbus_bus_heard heard = modbus_bus_next(&nobody, true, frame, length);
        assert_int_equal(heard.event, MODBUS_BUS_REQUEST);
        assert_int_equal(heard.drop, length);
        assert_int_equal(
            modbus_pdu_request_parse(heard.frame.pdu, heard.frame.pdu_length, &request),
            count == 4 ? 0 : MODBUS_PDU_ILLEGAL_VALUE);
        frame[8] ^= 1;
        assert_int_equal(modbus_bus_next(&nobody, true, frame, length).event, MODBUS_BUS_LOST);
    }
    /* The answer of somebody who shares our address is no question: it has no byte count. */
    uint8_t confirmed[] = {OURS, 16, 0, 1, 0, 2, 0, 0};
    assert_int_equal(close_frame(confirmed, 6), 8);
    assert_int_equal(modbus_bus_next(&nobody, true, confirmed, 8).event, MODBUS_BUS_LOST);
}

static bool begins_like_a_question(const uint8_t *answer)
{
    uint8_t question[8];
    memcpy(question, answer, 6);
    close_frame(question, 6);
    return memcmp(question, answer, 8) == 0;
}

/* One turn of the master: a question, and unless it is ours the answer. Returns bytes written. */
static size_t turn(uint8_t *bytes, uint8_t *unit)
{
    *unit = (uint8_t)(rand() % 3 ? 1 + rand() % 6 : OURS);
    uint8_t function = (uint8_t)(rand() % 2 ? 3 : 16);
    uint8_t count = (uint8_t)(1 + rand() % 20);
    uint8_t frame[128] = {*unit, function, (uint8_t)rand(), (uint8_t)rand(), 0, count};
    size_t length = 6;
    if (function == 16) {
        frame[length++] = (uint8_t)(2 * count);
        for (int i = 0; i < 2 * count; i++)
            frame[length++] = (uint8_t)rand();
    }
    length = close_frame(frame, length);
    memcpy(bytes, frame, length);
    if (*unit == OURS)
        return length;
    size_t answer = 6;
    if (function == 3) {
        frame[2] = (uint8_t)(2 * count);
        for (answer = 3; answer < 3u + 2u * count; answer++)
            frame[answer] = (uint8_t)rand();
    }
    answer = close_frame(frame, answer);
    /* One in 65536 begins like a whole question, check sum and all: nobody could tell it from one.
     */
    if (function == 3 && answer > 8 && begins_like_a_question(frame)) {
        frame[3] ^= 1;
        answer = close_frame(frame, answer - 2);
    }
    memcpy(bytes + length, frame, answer);
    return length + answer;
}

static void test_a_long_conversation_in_pieces(void **state)
{
    (void)state;
    const char *given = getenv("TEST_SEED");
    unsigned seed = given ? (unsigned)strtoul(given, NULL, 0) : (unsigned)time(NULL);
    printf("TEST_SEED=%u\n", seed);
    srand(seed);
    uint8_t in[2048];
    size_t have = 0, wanted = 0, found = 0;
    struct modbus_bus_asked asked = {0};
    for (int i = 0; i < 2000; i++) {
        uint8_t unit, said[512];
        size_t length = turn(said, &unit), at = 0;
        wanted += unit == OURS;
        while (at < length) {
            size_t part = 1 + (size_t)rand() % 40;
            part = part < length - at ? part : length - at;
            assert_true(have + part <= sizeof in);
            memcpy(in + have, said + at, part);
            have += part;
            at += part;
            struct modbus_bus_heard heard;
            while ((heard = modbus_bus_next(&asked, false, in, have)).drop) {
                assert_int_not_equal(heard.event, MODBUS_BUS_LOST);
                found += heard.event == MODBUS_BUS_REQUEST && heard.frame.unit == OURS;
                asked = (struct modbus_bus_asked){0};
                if (heard.event == MODBUS_BUS_REQUEST && heard.frame.unit != OURS)
                    asked = (struct modbus_bus_asked){heard.frame.unit, heard.frame.pdu[0]};
                have -= heard.drop;
                memmove(in, in + heard.drop, have);
            }
        }
    }
    assert_int_equal(have, 0);
    assert_int_equal(found, wanted);
    assert_true(wanted > 100);
}

/* Whatever is heard, it lies within what was given. */
static void test_noise(void **state)
{
    (void)state;
    uint8_t noise[300];
    for (int i = 0; i < 20000; i++) {
        size_t length = (size_t)rand() % sizeof noise;
        for (size_t k = 0; k < length; k++)
            noise[k] = (uint8_t)rand();
        noise[0] = OURS;
        noise[1] = (uint8_t)(rand() % 25);
        const struct modbus_bus_asked asked = {(uint8_t)(rand() % 9), (uint8_t)(rand() % 25)};
        struct modbus_bus_heard heard = modbus_bus_next(&asked, rand() % 2, noise, length);
        assert_true(heard.drop <= length);
        assert_int_equal(heard.event == MODBUS_BUS_MORE && heard.drop, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_question_is_whole_with_its_last_byte),
        cmocka_unit_test(test_another_units_answer_is_passed_over),
        cmocka_unit_test(test_a_question_inside_an_answer),
        cmocka_unit_test(test_stray_bytes_and_functions_without_a_length),
        cmocka_unit_test(test_a_wrong_byte_count_is_a_question_to_refuse),
        cmocka_unit_test(test_a_long_conversation_in_pieces),
        cmocka_unit_test(test_noise),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
