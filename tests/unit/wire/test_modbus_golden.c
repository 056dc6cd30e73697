/* Compares the codec with what python3-pymodbus puts on the wire (tests/golden/modbus_frames.txt,
 * made by make_modbus_frames.py beside it). */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

#include <cmocka.h>

#include "modbus_testing.h"
#include "wire/modbus_pdu.h"
#include "wire/modbus_rtu.h"
#include "wire/modbus_tcp.h"
#include "wire/modbus_value.h"

enum { WORDS_MAX = 12 };

struct line {
    char *words[WORDS_MAX];
    size_t count;
};

static unsigned number(const char *word)
{
    return (unsigned)strtoul(word, NULL, 10);
}

static size_t bytes_of(const char *word, uint8_t *bytes, size_t size)
{
    size_t length = testing_hex(word, bytes, size);
    assert_int_not_equal(length, SIZE_MAX);
    return length;
}

/* words: UNIT TRANSACTION PDU RTU TCP. The PDU must go into both frames and come out of them. */
static void check_frames(char *const *words, const uint8_t *pdu, size_t pdu_length)
{
    uint8_t unit = (uint8_t)number(words[0]);
    uint16_t transaction = (uint16_t)number(words[1]);
    uint8_t expected[MODBUS_TCP_MAX], frame[MODBUS_TCP_MAX];
    size_t length = bytes_of(words[2], expected, sizeof(expected));
    assert_int_equal(pdu_length, length);
    assert_memory_equal(pdu, expected, length);

    length = bytes_of(words[3], expected, sizeof(expected));
    assert_int_equal(modbus_rtu_build(unit, pdu, pdu_length, frame, sizeof(frame)), length);
    assert_memory_equal(frame, expected, length);
    struct modbus_rtu_frame rtu;
    assert_int_equal(modbus_rtu_parse(expected, length, &rtu), MODBUS_RTU_FINE);
    assert_int_equal(rtu.unit, unit);
    assert_int_equal(rtu.pdu_length, pdu_length);

    length = bytes_of(words[4], expected, sizeof(expected));
    assert_int_equal(modbus_tcp_build(transaction, unit, pdu, pdu_length, frame, sizeof(frame)),
                     length);
    assert_memory_equal(frame, expected, length);
    struct modbus_tcp_frame tcp;
    assert_int_equal(modbus_tcp_parse(expected, length, &tcp), MODBUS_TCP_FRAME);
    assert_int_equal(tcp.transaction, transaction);
    assert_int_equal(tcp.length, length);
}

static void check_message(const struct line *line)
{
    assert_int_equal(line->count, 11);
    bool answer = strcmp(line->words[0], "answer") == 0;
    uint8_t data[MODBUS_PDU_MAX], pdu[MODBUS_PDU_MAX];
    size_t data_length = bytes_of(line->words[5], data, sizeof(data));
    struct modbus_pdu_request request = {
        .function = (uint8_t)number(line->words[1]),
        .address = (uint16_t)number(line->words[2]),
        .count = (uint16_t)number(line->words[3]),
        .value = (uint16_t)number(line->words[4]),
        .data = answer ? NULL : data,
        .data_length = answer ? 0 : data_length,
    };
    if (!answer) {
        int length = modbus_pdu_request_build(&request, pdu, sizeof(pdu));
        assert_true(length > 0);
        check_frames(line->words + 6, pdu, (size_t)length);
        struct modbus_pdu_request parsed;
        assert_int_equal(modbus_pdu_request_parse(pdu, (size_t)length, &parsed), 0);
        assert_int_equal(parsed.count, request.count);
        return;
    }
    int length = modbus_pdu_answer_build(&request, data, data_length, pdu, sizeof(pdu));
    assert_true(length > 0);
    check_frames(line->words + 6, pdu, (size_t)length);
    struct modbus_pdu_answer parsed;
    assert_int_equal(modbus_pdu_answer_check(&request, pdu, (size_t)length, &parsed),
                     MODBUS_PDU_FITS);
}

static void check_exception(const struct line *line)
{
    assert_int_equal(line->count, 8);
    uint8_t pdu[MODBUS_PDU_EXCEPTION_LENGTH];
    uint8_t function = (uint8_t)number(line->words[1]), code = (uint8_t)number(line->words[2]);
    int length = modbus_pdu_exception_build(function, code, pdu, sizeof(pdu));
    check_frames(line->words + 3, pdu, (size_t)length);
}

static void check_value(const struct line *line)
{
    assert_int_equal(line->count, 5);
    enum modbus_value_type type = MODBUS_VALUE_UINT16;
    enum modbus_value_order order = MODBUS_VALUE_ABCD;
    unsigned bits;
    assert_int_equal(modbus_value_type_find(line->words[1], &type), 0);
    assert_int_equal(modbus_value_order_find(line->words[2], &order, &bits), 0);
    uint8_t expected[8], bytes[8];
    size_t length = bytes_of(line->words[4], expected, sizeof(expected));
    const char *text = line->words[3];
    struct modbus_value value = modbus_value_decode(type, order, expected, length);
    switch (value.kind) {
    case MODBUS_VALUE_UNSIGNED:
        assert_true(value.as_unsigned == strtoull(text, NULL, 10));
        break;
    case MODBUS_VALUE_SIGNED:
        assert_true(value.as_signed == strtoll(text, NULL, 10));
        break;
    case MODBUS_VALUE_FLOAT:
        assert_true(value.as_float == strtod(text, NULL));
        break;
    default:
        fail_msg("%s %s %s", line->words[1], line->words[2], text);
    }
    assert_int_equal(modbus_value_encode(type, order, &value, bytes, sizeof(bytes)), length);
    assert_memory_equal(bytes, expected, length);
}

static void split(char *text, struct line *line)
{
    *line = (struct line){0};
    char *rest = text;
    for (char *word; (word = strsep(&rest, " \n")) != NULL && line->count < WORDS_MAX;) {
        if (word[0] != '\0') {
            line->words[line->count++] = word;
        }
    }
}

static void test_golden(void **state)
{
    (void)state;
    FILE *file = fopen(TEST_SOURCE_ROOT "/tests/golden/modbus_frames.txt", "r");
    assert_non_null(file);
    char *text = NULL;
    size_t size = 0;
    unsigned counts[3] = {0};
    while (getline(&text, &size, file) > 0) {
        struct line line;
        split(text, &line);
        if (line.count == 0 || line.words[0][0] == '#') {
            continue;
        }
        if (strcmp(line.words[0], "value") == 0) {
            check_value(&line);
            counts[0]++;
        } else if (strcmp(line.words[0], "exception") == 0) {
            check_exception(&line);
            counts[1]++;
        } else {
            check_message(&line);
            counts[2]++;
        }
    }
    free(text);
    fclose(file);
    printf("# %u values, %u exceptions, %u messages\n", counts[0], counts[1], counts[2]);
    assert_true(counts[0] > 200 && counts[1] == 63 && counts[2] > 80);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
