/* modbus_rtu - Modbus frames on a serial line: unit, PDU, CRC, and the silences between them.
 *
 * A serial line has no frame marks. The standard ends a frame by 3.5 characters of silence, which a
 * program behind a USB adaptor can't see, so the length is worked out from the bytes as they
 * arrive, for answers (as master) and for requests (as slave or gateway). Silence decides only
 * where no rule exists.
 *
 * Pure: no I/O, no allocation, no state; any thread may call (the line threads do). Sections named
 * below are those of "MODBUS over Serial Line Specification and Implementation Guide V1.02".
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    MODBUS_RTU_MIN = 4,       /* unit, function, CRC */
    MODBUS_RTU_MAX = 256,     /* 2.5.1 */
    MODBUS_RTU_OVERHEAD = 3,  /* unit and CRC around the PDU */
    MODBUS_RTU_BROADCAST = 0, /* 2.2: nobody answers */
    MODBUS_RTU_UNIT_MAX = 247,
};

enum modbus_rtu_check {
    MODBUS_RTU_FINE,
    MODBUS_RTU_SHORT,
    MODBUS_RTU_LONG,
    MODBUS_RTU_CRC,
};

struct modbus_rtu_frame {
    uint8_t unit;
    const uint8_t *pdu; /* borrows the bytes that were parsed */
    size_t pdu_length;
};

/* How a character is sent; the zero value of parity is the common 8N1. */
struct modbus_rtu_line {
    uint32_t baud;
    bool parity;
    uint8_t stop_bits; /* 1 or 2; 0 counts as 1 */
};

/* CRC-16 of 2.5.1.2 (reflected 0x8005, start 0xFFFF). Its low byte goes on the wire first. */
uint16_t modbus_rtu_crc(const uint8_t *bytes, size_t length);

/* Writes unit, PDU and CRC: length of the frame, -EINVAL if the PDU is empty or too long, -ENOSPC.
 */
int modbus_rtu_build(uint8_t unit, const uint8_t *pdu, size_t pdu_length, uint8_t *frame,
                     size_t size);

/* Takes a whole frame apart. out is filled only when the result is FINE. */
enum modbus_rtu_check modbus_rtu_parse(const uint8_t *frame, size_t length,
                                       struct modbus_rtu_frame *out);

/* Length of the whole frame that begins with these bytes, CRC included: positive as soon as it is
 * known (it may be more or less than have), 0 if more bytes must arrive first, -EBADMSG if no frame
 * begins like this, -ENOTSUP if the function has no rule and only silence can tell. The first for
 * answers, as a master sees them; the second for requests, as a slave does. */
int modbus_rtu_answer_length(const uint8_t *bytes, size_t have);
int modbus_rtu_request_length(const uint8_t *bytes, size_t have);

/* Microseconds, rounded up, that count characters take on the line; 0 if baud is 0. */
uint32_t modbus_rtu_transfer_us(const struct modbus_rtu_line *line, size_t count);

/* Silence that ends a frame (3.5 characters, 2.5.1.1; fixed above 19200 baud), and the longest that
 * may be inside one (1.5 characters). Microseconds. */
uint32_t modbus_rtu_gap_us(const struct modbus_rtu_line *line);
uint32_t modbus_rtu_inner_gap_us(const struct modbus_rtu_line *line);
