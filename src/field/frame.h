/* frame - finding the answer to a request in the bytes that a line received.
 *
 * Both framings look at the begin of what was received and say what is there and how much of it to
 * drop. Only what fits the request in unit, function, length and (RTU) CRC or (TCP) transaction is
 * an answer; all else is named for the counters and never becomes data. Pure: no I/O, no
 * allocation, no state; any thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/modbus_pdu.h"

#define FRAME_MAX 260 /* the larger of both kinds: MBAP header and PDU */

/* A request that was sent and what its answer must look like. */
struct frame_expected {
    uint8_t bytes[FRAME_MAX]; /* as sent */
    size_t length;
    const uint8_t *pdu; /* in bytes */
    uint8_t unit;
    uint16_t transaction;
    struct modbus_pdu_request request; /* parsed; data in bytes */
    size_t answer_length;              /* of the normal answer's PDU; 0: only the device knows */
};

enum frame_event {
    FRAME_MORE,   /* nothing whole is there: read on */
    FRAME_ANSWER, /* fits the request (an exception of the device too) */
    FRAME_OTHER,  /* whole and intact, but not what was asked */
    FRAME_ECHO,   /* our own request come back from the bus */
    FRAME_BROKEN, /* as many bytes as the answer has, but damaged: more may follow until the line is
                     quiet */
    FRAME_GARBAGE, /* the stream is lost: only a new connection helps */
};

struct frame {
    enum frame_event event;
    size_t drop;  /* bytes to take off the front */
    size_t noise; /* of those, bytes that belong to no frame */
    uint8_t unit;
    uint16_t transaction;
    const uint8_t *pdu; /* borrows what was received */
    size_t pdu_length;
};

/* Fill `expected` and the bytes to send from unit and PDU: 0, or -EINVAL when the PDU is no
 * request. */
int frame_rtu_build(struct frame_expected *expected, uint8_t unit, const uint8_t *pdu,
                    size_t length);
int frame_tcp_build(struct frame_expected *expected, uint16_t transaction, uint8_t unit,
                    const uint8_t *pdu, size_t length);

/* What a serial line received. `expected` is NULL while nothing is awaited. `echo`: this line is
 * known to repeat what we send, so the first copy of a request that looks like its own answer is
 * the echo. `quiet`: the line has fallen silent, nothing more will come soon. */
struct frame frame_rtu_next(const struct frame_expected *expected, bool echo, bool quiet,
                            const uint8_t *bytes, size_t length);

/* What a TCP connection received: MORE, OTHER for each whole frame (the owner finds the request
 * by its transaction), or GARBAGE. */
struct frame frame_tcp_next(const uint8_t *bytes, size_t length);

/* Whether unit and PDU are what this request asked for; a refusal by the device fits too. */
bool frame_fits(const struct frame_expected *expected, uint8_t unit, const uint8_t *pdu,
                size_t length);
