/* Answers that are given again, against what the same device would say. */
#include "test.h"

#include "field/raw_memory.h"

#define REGISTERS 300

static uint16_t registers[REGISTERS];
static uint8_t coils[2400 / 8];

static struct modbus_pdu_request request_of(uint8_t function, uint16_t address, uint16_t count)
{
    return (struct modbus_pdu_request){.function = function, .address = address, .count = count};
}

/* What the device says: its length. */
static size_t say(const struct modbus_pdu_request *request, uint8_t *pdu)
{
    uint8_t data[250] = {0};
    size_t length = 2u * request->count;
    if (request->function <= 2) {
        length = (request->count + 7u) / 8;
        for (size_t i = 0; i < request->count; i++)
            data[i / 8] |=
                (uint8_t)((coils[(request->address + i) / 8] >> ((request->address + i) % 8) & 1)
                          << i % 8);
    } else {
        for (size_t i = 0; i < request->count; i++) {
            data[2 * i] = (uint8_t)(registers[request->address + i] >> 8);
            data[2 * i + 1] = (uint8_t)registers[request->address + i];
        }
    }
    pdu[0] = request->function;
    pdu[1] = (uint8_t)length;
    memcpy(pdu + 2, data, length);
    return 2 + length;
}

static void keep(struct raw_memory *memory, const struct modbus_pdu_request *request, clock_us at)
{
    uint8_t pdu[MODBUS_PDU_MAX];
    struct modbus_pdu_answer answer;
    size_t length = say(request, pdu);
    assert_int_equal(modbus_pdu_answer_check(request, pdu, length, &answer), MODBUS_PDU_FITS);
    raw_memory_keep(memory, request, &answer, at);
}

/* Whatever is asked again is either not known or exactly what the device would say now. */
static void what_is_known_is_right(void **state)
{
    (void)state;
    uint64_t seed = test_seed();
    size_t known = 0;
    for (size_t i = 0; i < REGISTERS; i++)
        registers[i] = (uint16_t)test_random(&seed);
    for (size_t i = 0; i < sizeof coils; i++)
        coils[i] = (uint8_t)test_random(&seed);
    struct raw_memory *memory = calloc(1, sizeof *memory);
    for (int step = 0; step < 20000; step++) {
        uint8_t function = (uint8_t)(1 + test_below(&seed, 4));
        uint16_t address = (uint16_t)test_below(&seed, 200);
        uint16_t count = (uint16_t)(1 + test_below(&seed, 90));
        struct modbus_pdu_request request = request_of(function, address, count);
        uint8_t pdu[MODBUS_PDU_MAX], wanted[MODBUS_PDU_MAX];
        if (test_below(&seed, 2)) {
            keep(memory, &request, step + 1);
            continue;
        }
        size_t length = raw_memory_answer(memory, &request, 1, pdu);
        if (!length)
            continue;
        known++;
        assert_int_equal(length, say(&request, wanted));
        assert_memory_equal(pdu, wanted, length);
    }
    assert_true(known > 1000);
    free(memory);
}

static void age_and_writes_end_it(void **state)
{
    (void)state;
    struct raw_memory *memory = calloc(1, sizeof *memory);
    struct modbus_pdu_request wide = request_of(3, 10, 20), inside = request_of(3, 15, 2);
    struct modbus_pdu_request outside = request_of(3, 29, 2), other = request_of(4, 15, 2);
    uint8_t pdu[MODBUS_PDU_MAX];
    keep(memory, &wide, 1000);
    assert_int_equal(raw_memory_answer(memory, &inside, 1000, pdu), 6);
    assert_int_equal(raw_memory_answer(memory, &inside, 1001, pdu), 0);
    assert_int_equal(raw_memory_answer(memory, &outside, 0, pdu), 0);
    assert_int_equal(raw_memory_answer(memory, &other, 0, pdu), 0);
    raw_memory_forget(memory);
    assert_int_equal(raw_memory_answer(memory, &inside, 0, pdu), 0);
    free(memory);
}

static void refusals_are_not_kept(void **state)
{
    (void)state;
    struct raw_memory *memory = calloc(1, sizeof *memory);
    struct modbus_pdu_request request = request_of(3, 0, 1);
    uint8_t pdu[MODBUS_PDU_MAX] = {0x83, 2};
    struct modbus_pdu_answer answer;
    assert_int_equal(modbus_pdu_answer_check(&request, pdu, 2, &answer), MODBUS_PDU_REFUSED);
    raw_memory_keep(memory, &request, &answer, 5);
    assert_int_equal(raw_memory_answer(memory, &request, 0, pdu), 0);
    free(memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_known_is_right),
        cmocka_unit_test(age_and_writes_end_it),
        cmocka_unit_test(refusals_are_not_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
