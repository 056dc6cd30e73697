/* modbus_tcp - Modbus frames on a stream: the MBAP header, and finding frames in what has arrived.
 *
 * A stream gives halves of frames and several at once. The caller keeps the buffer;
 * modbus_tcp_parse looks at its beginning and says what is there. Garbage can't be skipped, since
 * nothing marks the next frame: the only cure is to close the connection.
 *
 * Pure: no I/O, no allocation, no state; any thread may call. Sections named below are those of
 * "MODBUS Messaging on TCP/IP Implementation Guide V1.0b".
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum {
    MODBUS_TCP_PORT = 502, /* 4.3.1.1 */
    MODBUS_TCP_HEADER = 7, /* 3.1.3: transaction, protocol, length, unit */
    MODBUS_TCP_MAX = 260,  /* header and the largest PDU */
};

enum modbus_tcp_state {
    MODBUS_TCP_MORE,    /* a frame may begin here: read on */
    MODBUS_TCP_FRAME,   /* one is whole, out is filled */
    MODBUS_TCP_GARBAGE, /* this is not Modbus, and never will be */
};

struct modbus_tcp_frame {
    uint16_t transaction; /* chosen by the client, repeated by the server */
    uint8_t unit;
    const uint8_t *pdu; /* borrows the bytes that were parsed */
    size_t pdu_length;
    size_t length; /* of the whole frame: drop so many bytes, then parse again */
};

/* Writes header and PDU: length of the frame, -EINVAL if the PDU is empty or too long, -ENOSPC. */
int modbus_tcp_build(uint16_t transaction, uint8_t unit, const uint8_t *pdu, size_t pdu_length,
                     uint8_t *frame, size_t size);

/* What the first length bytes of a stream hold. Garbage is named as soon as it shows, so that a
 * client which speaks HTTP is turned away by its third byte instead of waited for. */
enum modbus_tcp_state modbus_tcp_parse(const uint8_t *stream, size_t length,
                                       struct modbus_tcp_frame *out);
