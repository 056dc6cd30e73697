#include "wire/modbus_tcp.h"

#include <errno.h>
#include <string.h>

#include "wire/modbus_pdu.h"

enum {
    PROTOCOL_AT = 2,
    LENGTH_AT = 4,
    UNIT_AT = 6,
    COUNTED_FROM = 6, /* the length field counts the unit and what follows */
    COUNT_MIN = 2,    /* unit and a function */
    COUNT_MAX = 1 + MODBUS_PDU_MAX,
};

int modbus_tcp_build(uint16_t transaction, uint8_t unit, const uint8_t *pdu, size_t pdu_length,
                     uint8_t *frame, size_t size)
{
    if (pdu_length < 1 || pdu_length > MODBUS_PDU_MAX) {
        return -EINVAL;
    }
    if (size < MODBUS_TCP_HEADER + pdu_length) {
        return -ENOSPC;
    }
    /* First, because callers may have built the PDU in place, where the header does not reach. */
    memmove(frame + MODBUS_TCP_HEADER, pdu, pdu_length);
    frame[0] = (uint8_t)(transaction >> 8);
    frame[1] = (uint8_t)transaction;
    frame[PROTOCOL_AT] = 0;
    frame[PROTOCOL_AT + 1] = 0;
    frame[LENGTH_AT] = (uint8_t)((pdu_length + 1) >> 8);
    frame[LENGTH_AT + 1] = (uint8_t)(pdu_length + 1);
    frame[UNIT_AT] = unit;
    return (int)(MODBUS_TCP_HEADER + pdu_length);
}

enum modbus_tcp_state modbus_tcp_parse(const uint8_t *stream, size_t length,
                                       struct modbus_tcp_frame *out)
{
    for (size_t i = PROTOCOL_AT; i < LENGTH_AT && i < length; i++) {
        if (stream[i] != 0) {
            return MODBUS_TCP_GARBAGE;
        }
    }
    /* No frame is longer than 254, so the upper byte of the length alone can give a stranger away.
     */
    if (length > LENGTH_AT && stream[LENGTH_AT] != 0) {
        return MODBUS_TCP_GARBAGE;
    }
    if (length < LENGTH_AT + 2) {
        return MODBUS_TCP_MORE;
    }
    /* A length that no frame can have is no reason to wait for so many bytes: whoever sends it
     * could keep the connection, and the buffer, busy for ever. */
    size_t counted = stream[LENGTH_AT + 1];
    if (counted < COUNT_MIN || counted > COUNT_MAX) {
        return MODBUS_TCP_GARBAGE;
    }
    if (length < COUNTED_FROM + counted) {
        return MODBUS_TCP_MORE;
    }
    *out = (struct modbus_tcp_frame){
        .transaction = (uint16_t)(stream[0] << 8 | stream[1]),
        .unit = stream[UNIT_AT],
        .pdu = stream + MODBUS_TCP_HEADER,
        .pdu_length = counted - 1,
        .length = COUNTED_FROM + counted,
    };
    return MODBUS_TCP_FRAME;
}
