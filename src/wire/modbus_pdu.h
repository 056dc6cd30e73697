/* modbus_pdu - the part of a Modbus message that is the same on every medium: function and data.
 *
 * Bytes to structs and back, for both sides of the line: a client builds requests and checks
 * answers, a server (the gateway, the simulators) parses requests and builds answers. Functions 1
 * to 6, 15 and 16 are understood; any other is carried through as raw bytes, so that a gateway need
 * not know it.
 *
 * Pure: no I/O, no allocation, no state. Pointers in the structs borrow the caller's bytes and live
 * as long as those do. Any thread may call. Sections named below are those of "MODBUS Application
 * Protocol Specification V1.1b3".
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    MODBUS_PDU_MAX = 253,             /* bytes, section 4.1: 256 of RS-485 less address and CRC */
    MODBUS_PDU_READ_BITS_MAX = 2000,  /* 6.1, 6.2 */
    MODBUS_PDU_READ_MAX = 125,        /* registers, 6.3, 6.4 */
    MODBUS_PDU_WRITE_BITS_MAX = 1968, /* 6.11 */
    MODBUS_PDU_WRITE_MAX = 123,       /* registers, 6.12 */
    MODBUS_PDU_EXCEPTION_FLAG = 0x80, /* section 7: set in the function of a refusal */
    MODBUS_PDU_EXCEPTION_LENGTH = 2,
};

enum modbus_pdu_function {
    MODBUS_PDU_READ_COILS = 1,
    MODBUS_PDU_READ_DISCRETE = 2,
    MODBUS_PDU_READ_HOLDING = 3,
    MODBUS_PDU_READ_INPUT = 4,
    MODBUS_PDU_WRITE_COIL = 5,
    MODBUS_PDU_WRITE_REGISTER = 6,
    MODBUS_PDU_WRITE_COILS = 15,
    MODBUS_PDU_WRITE_REGISTERS = 16,
};

/* Section 7; 0 is not on the wire and stands for "no exception". */
enum modbus_pdu_exception {
    MODBUS_PDU_EXCEPTION_NONE = 0,
    MODBUS_PDU_ILLEGAL_FUNCTION = 1,
    MODBUS_PDU_ILLEGAL_ADDRESS = 2,
    MODBUS_PDU_ILLEGAL_VALUE = 3,
    MODBUS_PDU_DEVICE_FAILURE = 4,
    MODBUS_PDU_ACKNOWLEDGE = 5,
    MODBUS_PDU_BUSY = 6,
    MODBUS_PDU_MEMORY_PARITY = 8,
    MODBUS_PDU_PATH_UNAVAILABLE = 10,
    MODBUS_PDU_TARGET_SILENT = 11,
};

struct modbus_pdu_request {
    uint8_t function;
    uint16_t address;    /* counted from 0, as on the wire */
    uint16_t count;      /* bits or registers; 1 for functions 5 and 6 */
    uint16_t value;      /* functions 5 (0 or 0xFF00) and 6: as on the wire */
    const uint8_t *data; /* functions 15, 16: the values; raw functions: all behind the function */
    size_t data_length;
};

/* How an answer fits the request that it should answer. */
enum modbus_pdu_check {
    MODBUS_PDU_FITS,
    MODBUS_PDU_REFUSED,          /* a well-formed exception: the unit is there and says no */
    MODBUS_PDU_SHORT,            /* bytes are missing, or there are none at all */
    MODBUS_PDU_LONG,             /* bytes are left over */
    MODBUS_PDU_OTHER_FUNCTION,   /* answers, or refuses, something else than was asked */
    MODBUS_PDU_OTHER_BYTE_COUNT, /* not the amount that was asked for */
    MODBUS_PDU_OTHER_ADDRESS,    /* a write was confirmed for another address */
    MODBUS_PDU_OTHER_VALUE,      /* a write was confirmed with another value or count */
    MODBUS_PDU_CHECK_COUNT,
};

struct modbus_pdu_answer {
    uint8_t function;    /* without the exception flag */
    uint8_t exception;   /* 0 unless refused; devices do send numbers that the standard lacks */
    const uint8_t *data; /* reads: the registers' or bits' bytes; raw functions: all of the body */
    size_t data_length;
};

/* True for the eight functions whose layout this file knows. */
bool modbus_pdu_known(uint8_t function);

/* Writes the request into pdu: its length, -EINVAL if the standard has no such request (count,
 * value, address past 65535, data that does not match count), -ENOSPC if size is too small. */
int modbus_pdu_request_build(const struct modbus_pdu_request *request, uint8_t *pdu, size_t size);

/* Reads a request as a server does: 0 = fine, positive = the exception to refuse it with, -EBADMSG
 * if there is nothing to refuse (no bytes, too many, a function that only an answer may carry). */
int modbus_pdu_request_parse(const uint8_t *pdu, size_t length, struct modbus_pdu_request *request);

/* Bytes of the normal answer to this request; 0 if only the server knows (raw functions). */
size_t modbus_pdu_answer_length(const struct modbus_pdu_request *request);

/* Writes the normal answer: data are the read bytes, ignored for writes, the whole body for raw
 * functions. Its length, -EINVAL if data_length is not what the request asks for, -ENOSPC. */
int modbus_pdu_answer_build(const struct modbus_pdu_request *request, const uint8_t *data,
                            size_t data_length, uint8_t *pdu, size_t size);

/* Writes a refusal: 2, or -ENOSPC. */
int modbus_pdu_exception_build(uint8_t function, uint8_t exception, uint8_t *pdu, size_t size);

/* Checks an answer against its request. answer is filled when the result is FITS or REFUSED, else
 * empty. What it points to is exactly as long as the request asked for. */
enum modbus_pdu_check modbus_pdu_answer_check(const struct modbus_pdu_request *request,
                                              const uint8_t *pdu, size_t length,
                                              struct modbus_pdu_answer *answer);

/* Bit number index of packed coils: the first is the lowest bit of the first byte (6.1). */
bool modbus_pdu_bit(const uint8_t *data, size_t index);
void modbus_pdu_bit_set(uint8_t *data, size_t index, bool on);

/* Words for people, never NULL: "illegal address", "read holding registers", "short answer". */
const char *modbus_pdu_exception_name(uint8_t exception);
const char *modbus_pdu_function_name(uint8_t function);
const char *modbus_pdu_check_name(enum modbus_pdu_check check);
