#include "field/frame.h"

#include <errno.h>

#include "wire/modbus_tcp.h"

int frame_tcp_build(struct frame_expected *expected, uint16_t transaction, uint8_t unit,
                    const uint8_t *pdu, size_t length)
{
    int built =
        modbus_tcp_build(transaction, unit, pdu, length, expected->bytes, sizeof expected->bytes);
    if (built < 0)
        return built;
    expected->length = (size_t)built;
    expected->pdu = expected->bytes + MODBUS_TCP_HEADER;
    expected->unit = unit;
    expected->transaction = transaction;
    /* A request that the standard forbids (of a gateway's client) still goes out: the device
     * will refuse it. */
    if (modbus_pdu_request_parse(expected->pdu, length, &expected->request) < 0)
        return -EINVAL;
    expected->answer_length = modbus_pdu_answer_length(&expected->request);
    return 0;
}

struct frame frame_tcp_next(const uint8_t *bytes, size_t length)
{
    struct modbus_tcp_frame found;
    switch (modbus_tcp_parse(bytes, length, &found)) {
    case MODBUS_TCP_MORE:
        return (struct frame){.event = FRAME_MORE};
    case MODBUS_TCP_GARBAGE:
        return (struct frame){.event = FRAME_GARBAGE, .drop = length, .noise = length};
    default:
        return (struct frame){
            .event = FRAME_OTHER,
            .drop = found.length,
            .unit = found.unit,
            .transaction = found.transaction,
            .pdu = found.pdu,
            .pdu_length = found.pdu_length,
        };
    }
}

bool frame_fits(const struct frame_expected *expected, uint8_t unit, const uint8_t *pdu,
                size_t length)
{
    struct modbus_pdu_answer answer;
    if (unit != expected->unit)
        return false;
    enum modbus_pdu_check check = modbus_pdu_answer_check(&expected->request, pdu, length, &answer);
    return check == MODBUS_PDU_FITS || check == MODBUS_PDU_REFUSED;
}
