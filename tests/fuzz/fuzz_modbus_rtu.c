/* Bytes from a serial line, taken as a frame, as a PDU in a good frame, as an answer to a request.
 * What is understood must come out of the builders byte for byte; lengths must not change their
 * mind. */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "wire/modbus_pdu.h"
#include "wire/modbus_rtu.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_lengths(const uint8_t *data, size_t size,
                          int (*length_of)(const uint8_t *, size_t))
{
    int known = 0;
    for (size_t have = 0; have <= size && have <= 16; have++) {
        int length = length_of(data, have);
        assert(length <= MODBUS_RTU_MAX);
        assert(length <= 0 || length >= MODBUS_RTU_MIN);
        assert(known == 0 || length == known);
        known = length;
    }
}

static void check_request(const uint8_t *pdu, size_t length)
{
    struct modbus_pdu_request request;
    uint8_t again[MODBUS_PDU_MAX];
    int result = modbus_pdu_request_parse(pdu, length, &request);
    int built = modbus_pdu_request_build(&request, again, sizeof(again));
    if (result == 0) {
        assert(built == (int)length && memcmp(again, pdu, length) == 0);
    }
}

/* The input's first six bytes choose the request, the rest is what came back. */
static void check_answer(const uint8_t *data, size_t size)
{
    if (size < 6) {
        return;
    }
    struct modbus_pdu_request request = {
        .function = data[0],
        .address = (uint16_t)(data[1] << 8 | data[2]),
        .count = (uint16_t)(data[3] << 8 | data[4]),
        .value = data[5],
    };
    struct modbus_pdu_answer answer;
    const uint8_t *pdu = data + 6;
    size_t length = size - 6;
    enum modbus_pdu_check check = modbus_pdu_answer_check(&request, pdu, length, &answer);
    assert(check < MODBUS_PDU_CHECK_COUNT);
    if (check == MODBUS_PDU_FITS) {
        assert(answer.data + answer.data_length == pdu + length);
        uint8_t again[MODBUS_PDU_MAX];
        int built = modbus_pdu_answer_build(&request, answer.data, answer.data_length, again,
                                            sizeof(again));
        /* An impossible request has no answer to build, whatever a device may send. */
        assert(built == -EINVAL || (built == (int)length && memcmp(again, pdu, length) == 0));
    } else if (check == MODBUS_PDU_REFUSED) {
        assert(length == MODBUS_PDU_EXCEPTION_LENGTH && answer.exception == pdu[1]);
    } else {
        assert(answer.data == NULL && answer.data_length == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct modbus_rtu_frame frame;
    uint8_t again[MODBUS_RTU_MAX];
    if (modbus_rtu_parse(data, size, &frame) == MODBUS_RTU_FINE) {
        int built = modbus_rtu_build(frame.unit, frame.pdu, frame.pdu_length, again, sizeof(again));
        assert(built == (int)size && memcmp(again, data, size) == 0);
        check_request(frame.pdu, frame.pdu_length);
    }
    check_lengths(data, size, modbus_rtu_answer_length);
    check_lengths(data, size, modbus_rtu_request_length);
    check_request(data, size);
    check_answer(data, size);

    int built = modbus_rtu_build(1, data, size, again, sizeof(again));
    if (built > 0) {
        assert(modbus_rtu_parse(again, (size_t)built, &frame) == MODBUS_RTU_FINE);
        assert(frame.pdu_length == size && memcmp(frame.pdu, data, size) == 0);
    }
    return 0;
}
