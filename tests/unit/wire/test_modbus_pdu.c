/* Expected bytes are the worked examples of "MODBUS Application Protocol Specification V1.1b3". */
#include "wire/modbus_pdu.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "modbus_testing.h"

struct example {
    const char *name;
    struct modbus_pdu_request request;
    uint8_t request_pdu[32];
    size_t request_length;
    uint8_t answer_pdu[32];
    size_t answer_length;
    size_t answer_data_at;
};

static const uint8_t coils_data[] = {0xCD, 0x01};
static const uint8_t registers_data[] = {0x00, 0x0A, 0x01, 0x02};
static const uint8_t mask_data[] = {0x00, 0x04, 0x00, 0xF2, 0x00, 0x25};

static const struct example examples[] = {
    {"6.1 read coils",
     {1, 0x13, 0x13, 0, NULL, 0},
     {1, 0, 0x13, 0, 0x13},
     5,
     {1, 3, 0xCD, 0x6B, 5},
     5,
     2},
    {"6.2 read discrete",
     {2, 0xC4, 0x16, 0, NULL, 0},
     {2, 0, 0xC4, 0, 0x16},
     5,
     {2, 3, 0xAC, 0xDB, 0x35},
     5,
     2},
    {"6.3 read holding",
     {3, 0x6B, 3, 0, NULL, 0},
     {3, 0, 0x6B, 0, 3},
     5,
     {3, 6, 2, 0x2B, 0, 0, 0, 0x64},
     8,
     2},
    {"6.4 read input", {4, 8, 1, 0, NULL, 0}, {4, 0, 8, 0, 1}, 5, {4, 2, 0, 0x0A}, 4, 2},
    {"6.5 write coil",
     {5, 0xAC, 1, 0xFF00, NULL, 0},
     {5, 0, 0xAC, 0xFF, 0},
     5,
     {5, 0, 0xAC, 0xFF, 0},
     5,
     5},
    {"6.6 write register", {6, 1, 1, 3, NULL, 0}, {6, 0, 1, 0, 3}, 5, {6, 0, 1, 0, 3}, 5, 5},
    {"6.11 write coils",
     {15, 0x13, 10, 0, coils_data, 2},
     {15, 0, 0x13, 0, 0x0A, 2, 0xCD, 1},
     8,
     {15, 0, 0x13, 0, 0x0A},
     5,
     5},
    {"6.12 write registers",
     {16, 1, 2, 0, registers_data, 4},
     {16, 0, 1, 0, 2, 4, 0, 0x0A, 1, 2},
     10,
     {16, 0, 1, 0, 2},
     5,
     5},
    {"6.16 mask write, raw",
     {22, 0, 0, 0, mask_data, 6},
     {22, 0, 4, 0, 0xF2, 0, 0x25},
     7,
     {22, 0, 4, 0, 0xF2, 0, 0x25},
     7,
     1},
    {"6.7 exception status, raw", {7, 0, 0, 0, NULL, 0}, {7}, 1, {7, 0x6D}, 2, 1},
};

#define EXAMPLES (sizeof(examples) / sizeof(examples[0]))

static void assert_same_request(const struct modbus_pdu_request *a,
                                const struct modbus_pdu_request *b)
{
    assert_int_equal(a->function, b->function);
    assert_int_equal(a->address, b->address);
    assert_int_equal(a->count, b->count);
    assert_int_equal(a->value, b->value);
    assert_int_equal(a->data_length, b->data_length);
    if (a->data_length > 0) {
        assert_memory_equal(a->data, b->data, a->data_length);
    }
}

static void test_examples(void **state)
{
    (void)state;
    for (size_t i = 0; i < EXAMPLES; i++) {
        const struct example *e = &examples[i];
        uint8_t pdu[MODBUS_PDU_MAX];
        assert_int_equal(modbus_pdu_request_build(&e->request, pdu, sizeof(pdu)),
                         e->request_length);
        assert_memory_equal(pdu, e->request_pdu, e->request_length);

        struct modbus_pdu_request parsed;
        assert_int_equal(modbus_pdu_request_parse(pdu, e->request_length, &parsed), 0);
        assert_same_request(&parsed, &e->request);

        size_t expected = modbus_pdu_known(e->request.function) ? e->answer_length : 0;
        assert_int_equal(modbus_pdu_answer_length(&e->request), expected);

        const uint8_t *data = e->answer_pdu + e->answer_data_at;
        size_t data_length = e->answer_length - e->answer_data_at;
        assert_int_equal(modbus_pdu_answer_build(&e->request, data, data_length, pdu, sizeof(pdu)),
                         e->answer_length);
        assert_memory_equal(pdu, e->answer_pdu, e->answer_length);

        struct modbus_pdu_answer answer;
        assert_int_equal(
            modbus_pdu_answer_check(&e->request, e->answer_pdu, e->answer_length, &answer),
            MODBUS_PDU_FITS);
        assert_int_equal(answer.function, e->request.function);
        assert_int_equal(answer.exception, 0);
        assert_ptr_equal(answer.data, data);
        assert_int_equal(answer.data_length, data_length);
    }
}

/* Section 7's example: coils at 1185 of a device that has none there. */
static void test_exception(void **state)
{
    (void)state;
    const struct modbus_pdu_request request = {.function = 1, .address = 0x04A1, .count = 1};
    const uint8_t refusal[] = {0x81, 0x02};
    uint8_t pdu[4];
    assert_int_equal(modbus_pdu_exception_build(1, MODBUS_PDU_ILLEGAL_ADDRESS, pdu, 2), 2);
    assert_memory_equal(pdu, refusal, 2);
    assert_int_equal(modbus_pdu_exception_build(1, MODBUS_PDU_ILLEGAL_ADDRESS, pdu, 1), -ENOSPC);

    struct modbus_pdu_answer answer;
    assert_int_equal(modbus_pdu_answer_check(&request, refusal, 2, &answer), MODBUS_PDU_REFUSED);
    assert_int_equal(answer.function, 1);
    assert_int_equal(answer.exception, 2);
    assert_null(answer.data);
    assert_int_equal(modbus_pdu_answer_check(&request, refusal, 1, &answer), MODBUS_PDU_SHORT);
    assert_int_equal(modbus_pdu_answer_check(&request, (const uint8_t[]){0x81, 2, 0}, 3, &answer),
                     MODBUS_PDU_LONG);
    assert_int_equal(modbus_pdu_answer_check(&request, (const uint8_t[]){0x83, 2}, 2, &answer),
                     MODBUS_PDU_OTHER_FUNCTION);
}

static enum modbus_pdu_check check(const struct modbus_pdu_request *request, const char *hex)
{
    uint8_t pdu[300];
    size_t length = testing_hex(hex, pdu, sizeof(pdu));
    assert_int_not_equal(length, SIZE_MAX);
    struct modbus_pdu_answer answer;
    enum modbus_pdu_check result = modbus_pdu_answer_check(request, pdu, length, &answer);
    if (result != MODBUS_PDU_FITS && result != MODBUS_PDU_REFUSED) {
        assert_null(answer.data);
        assert_int_equal(answer.data_length, 0);
    }
    return result;
}

static void test_mismatches(void **state)
{
    (void)state;
    const struct modbus_pdu_request read = {.function = 3, .address = 0x6B, .count = 3};
    assert_int_equal(check(&read, "-"), MODBUS_PDU_SHORT);
    assert_int_equal(check(&read, "03"), MODBUS_PDU_SHORT);
    assert_int_equal(check(&read, "0306022B00000064"), MODBUS_PDU_FITS);
    assert_int_equal(check(&read, "0306022B000000"), MODBUS_PDU_SHORT);
    assert_int_equal(check(&read, "0306022B0000006400"), MODBUS_PDU_LONG);
    assert_int_equal(check(&read, "0304022B0000"), MODBUS_PDU_OTHER_BYTE_COUNT);
    assert_int_equal(check(&read, "0406022B00000064"), MODBUS_PDU_OTHER_FUNCTION);
    /* An adaptor that echoes: the request comes back first. Its address looks like a byte count. */
    assert_int_equal(check(&read, "03006B0003"), MODBUS_PDU_OTHER_BYTE_COUNT);

    const struct modbus_pdu_request one = {.function = 6, .address = 1, .count = 1, .value = 3};
    assert_int_equal(check(&one, "0600010003"), MODBUS_PDU_FITS);
    assert_int_equal(check(&one, "0600020003"), MODBUS_PDU_OTHER_ADDRESS);
    assert_int_equal(check(&one, "0600010004"), MODBUS_PDU_OTHER_VALUE);
    assert_int_equal(check(&one, "06000100"), MODBUS_PDU_SHORT);
    assert_int_equal(check(&one, "060001000300"), MODBUS_PDU_LONG);

    const struct modbus_pdu_request many = {.function = 16, .address = 1, .count = 2};
    assert_int_equal(check(&many, "1000010002"), MODBUS_PDU_FITS);
    assert_int_equal(check(&many, "1000010003"), MODBUS_PDU_OTHER_VALUE);
    assert_int_equal(check(&many, "1000000002"), MODBUS_PDU_OTHER_ADDRESS);
    assert_int_equal(check(&many, "9004"), MODBUS_PDU_REFUSED);
}

static int parse(const char *hex)
{
    uint8_t pdu[300];
    size_t length = testing_hex(hex, pdu, sizeof(pdu));
    assert_int_not_equal(length, SIZE_MAX);
    struct modbus_pdu_request request;
    return modbus_pdu_request_parse(pdu, length, &request);
}

static void test_server_refusals(void **state)
{
    (void)state;
    assert_int_equal(parse("-"), -EBADMSG);
    assert_int_equal(parse("00"), -EBADMSG);
    assert_int_equal(parse("8301"), -EBADMSG);
    assert_int_equal(parse("0300000000"), MODBUS_PDU_ILLEGAL_VALUE);
    assert_int_equal(parse("030000007D"), 0);
    assert_int_equal(parse("030000007E"), MODBUS_PDU_ILLEGAL_VALUE);
    assert_int_equal(parse("01000007D0"), 0);
    assert_int_equal(parse("01000007D1"), MODBUS_PDU_ILLEGAL_VALUE);
    assert_int_equal(parse("03FFFF0001"), 0);
    assert_int_equal(parse("03FFFF0002"), MODBUS_PDU_ILLEGAL_ADDRESS);
    /* Count is looked at before the address (state diagrams of section 6). */
    assert_int_equal(parse("03FFFF0000"), MODBUS_PDU_ILLEGAL_VALUE);
    assert_int_equal(parse("050000FF00"), 0);
    assert_int_equal(parse("0500000000"), 0);
    assert_int_equal(parse("0500000001"), MODBUS_PDU_ILLEGAL_VALUE);
    assert_int_equal(parse("0F0013000A02CD01"), 0);
    assert_int_equal(parse("0F0013000A03CD0100"), MODBUS_PDU_ILLEGAL_VALUE);
    assert_int_equal(parse("100001000204000A0102"), 0);
    assert_int_equal(parse("100001000205000A010200"), MODBUS_PDU_ILLEGAL_VALUE);
    assert_int_equal(parse("100001000304000A0102"), MODBUS_PDU_ILLEGAL_VALUE);
    assert_int_equal(parse("100001000000"), MODBUS_PDU_ILLEGAL_VALUE);
}

static void test_request_limits(void **state)
{
    (void)state;
    uint8_t pdu[MODBUS_PDU_MAX], data[252] = {0};
    struct modbus_pdu_request request = {.function = 3, .address = 0xFFFF, .count = 1};
    assert_int_equal(modbus_pdu_request_build(&request, pdu, sizeof(pdu)), 5);
    assert_int_equal(modbus_pdu_request_build(&request, pdu, 4), -ENOSPC);
    request.count = 2;
    assert_int_equal(modbus_pdu_request_build(&request, pdu, sizeof(pdu)), -EINVAL);
    request =
        (struct modbus_pdu_request){.function = 16, .count = 123, .data = data, .data_length = 246};
    assert_int_equal(modbus_pdu_request_build(&request, pdu, sizeof(pdu)), 252);
    request.data_length = 244;
    assert_int_equal(modbus_pdu_request_build(&request, pdu, sizeof(pdu)), -EINVAL);
    request =
        (struct modbus_pdu_request){.function = 16, .count = 124, .data = data, .data_length = 248};
    assert_int_equal(modbus_pdu_request_build(&request, pdu, sizeof(pdu)), -EINVAL);
    request = (struct modbus_pdu_request){.function = 0x83};
    assert_int_equal(modbus_pdu_request_build(&request, pdu, sizeof(pdu)), -EINVAL);
    request = (struct modbus_pdu_request){.function = 43, .data = data, .data_length = 252};
    assert_int_equal(modbus_pdu_request_build(&request, pdu, sizeof(pdu)), 253);
    request.data_length = 253;
    assert_int_equal(modbus_pdu_request_build(&request, pdu, sizeof(pdu)), -EINVAL);
    /* Data must be what was asked for, or the answer would lie about itself. */
    request = (struct modbus_pdu_request){.function = 4, .count = 2};
    assert_int_equal(modbus_pdu_answer_build(&request, data, 3, pdu, sizeof(pdu)), -EINVAL);
    assert_int_equal(modbus_pdu_answer_build(&request, data, 4, pdu, 5), -ENOSPC);
    assert_int_equal(modbus_pdu_answer_build(&request, data, 4, pdu, 6), 6);
}

static void test_bits(void **state)
{
    (void)state;
    /* 6.1's answer: coils 27 to 20 are 1100 1101, coil 20 is the lowest bit of the first byte. */
    const uint8_t data[] = {0xCD, 0x6B, 0x05};
    const char *coils = "1011001111010110101";
    uint8_t again[3] = {0xFF, 0xFF, 0x07};
    for (size_t i = 0; i < 19; i++) {
        assert_int_equal(modbus_pdu_bit(data, i), coils[i] == '1');
        modbus_pdu_bit_set(again, i, coils[i] == '1');
    }
    assert_memory_equal(again, data, sizeof(data));
}

/* Every prefix and every extension of a right message must be called wrong, and nothing may be read
 * beyond its end: each copy has exactly its own length on the heap, where the sanitizer watches. */
static void test_truncated(void **state)
{
    (void)state;
    for (size_t i = 0; i < EXAMPLES; i++) {
        const struct example *e = &examples[i];
        bool known = modbus_pdu_known(e->request.function);
        for (size_t length = 0; length < e->request_length; length++) {
            uint8_t *copy = malloc(length + 1);
            memcpy(copy, e->request_pdu, length);
            copy = realloc(copy, length > 0 ? length : 1);
            assert_non_null(copy);
            struct modbus_pdu_request request;
            int result = modbus_pdu_request_parse(copy, length, &request);
            int expected = length == 0 ? -EBADMSG : known ? MODBUS_PDU_ILLEGAL_VALUE : 0;
            assert_int_equal(result, expected);
            free(copy);
        }
        for (size_t length = 0; known && length < e->answer_length; length++) {
            uint8_t *copy = malloc(length > 0 ? length : 1);
            assert_non_null(copy);
            memcpy(copy, e->answer_pdu, length);
            struct modbus_pdu_answer answer;
            assert_int_equal(modbus_pdu_answer_check(&e->request, copy, length, &answer),
                             MODBUS_PDU_SHORT);
            free(copy);
        }
    }
}

static void random_request(uint64_t *random, struct modbus_pdu_request *request, uint8_t *data)
{
    static const uint8_t functions[] = {1, 2, 3, 4, 5, 6, 15, 16, 22, 43, 100};
    uint8_t function = functions[testing_random(random) % sizeof(functions)];
    *request = (struct modbus_pdu_request){.function = function};
    if (!modbus_pdu_known(function)) {
        request->data = data;
        request->data_length = testing_random(random) % MODBUS_PDU_MAX;
        return;
    }
    size_t most = function <= 2 ? 2000 : function <= 4 ? 125 : function == 15 ? 1968 : 123;
    bool single = function == 5 || function == 6;
    request->count = (uint16_t)(single ? 1 : 1 + testing_random(random) % most);
    request->address = (uint16_t)(testing_random(random) % (0x10000U - request->count + 1));
    request->value = (uint16_t)(function == 6 ? testing_random(random) : 0);
    if (function >= 15) {
        request->data = data;
        request->data_length = function == 15 ? (request->count + 7U) / 8 : 2U * request->count;
    }
}

static void test_round_trip(void **state)
{
    (void)state;
    uint64_t random = testing_seed("modbus_pdu round trip");
    for (int i = 0; i < 100000; i++) {
        uint8_t data[256], reply[256], pdu[MODBUS_PDU_MAX];
        testing_fill(&random, data, sizeof(data));
        testing_fill(&random, reply, sizeof(reply));
        struct modbus_pdu_request request, parsed;
        random_request(&random, &request, data);
        int length = modbus_pdu_request_build(&request, pdu, sizeof(pdu));
        assert_true(length > 0);
        assert_int_equal(modbus_pdu_request_parse(pdu, (size_t)length, &parsed), 0);
        assert_same_request(&parsed, &request);

        size_t whole = modbus_pdu_answer_length(&request);
        size_t reply_length = whole == 0 ? testing_random(&random) % 253 : whole - 2;
        length = modbus_pdu_answer_build(&request, reply, reply_length, pdu, sizeof(pdu));
        assert_true(length > 0);
        struct modbus_pdu_answer answer;
        assert_int_equal(modbus_pdu_answer_check(&request, pdu, (size_t)length, &answer),
                         MODBUS_PDU_FITS);
        if (request.function <= 4 || whole == 0) {
            assert_int_equal(answer.data_length, reply_length);
            assert_memory_equal(answer.data, reply, reply_length);
        }
    }
}

static void test_names(void **state)
{
    (void)state;
    assert_string_equal(modbus_pdu_exception_name(2), "illegal address");
    assert_string_equal(modbus_pdu_exception_name(99), "unknown exception");
    assert_string_equal(modbus_pdu_function_name(4), "read input registers");
    assert_string_equal(modbus_pdu_function_name(43), "other function");
    for (unsigned i = 0; i < MODBUS_PDU_CHECK_COUNT; i++) {
        assert_non_null(modbus_pdu_check_name((enum modbus_pdu_check)i));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_examples),       cmocka_unit_test(test_exception),
        cmocka_unit_test(test_mismatches),     cmocka_unit_test(test_server_refusals),
        cmocka_unit_test(test_request_limits), cmocka_unit_test(test_bits),
        cmocka_unit_test(test_truncated),      cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
