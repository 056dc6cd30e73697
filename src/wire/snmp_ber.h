/* snmp_ber - the part of ASN.1's basic encoding rules that SNMP uses (ITU-T X.690, RFC 3417 8).
 *
 * The writer fills a buffer from its end to its front, so that a length is known when its header is
 * written: what comes last on the wire is put first. The reader takes definite lengths only and
 * never looks behind its end. Both remember that something did not fit or was malformed: look at
 * `failed` once, at the end.
 *
 * Pure: no I/O, no allocation, no state; any thread may call.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Tags of values; those of messages and PDUs are made of SNMP_BER_SEQUENCE and 0xa0 to 0xa8. */
enum {
    SNMP_BER_INTEGER = 0x02,
    SNMP_BER_OCTETS = 0x04,
    SNMP_BER_NULL = 0x05,
    SNMP_BER_OID = 0x06,
    SNMP_BER_SEQUENCE = 0x30,
    SNMP_BER_IP_ADDRESS = 0x40,
    SNMP_BER_COUNTER32 = 0x41,
    SNMP_BER_GAUGE32 = 0x42,
    SNMP_BER_TIME_TICKS = 0x43,
    SNMP_BER_COUNTER64 = 0x46,
};

#define SNMP_BER_OID_MOST 128 /* arcs, RFC 2578 3.5 */

/* ---- writing --------------------------------------------------------------------------------- */

struct snmp_ber_writer {
    uint8_t *begin, *at, *end; /* at..end is written */
    bool failed;
};

struct snmp_ber_writer snmp_ber_writer(uint8_t *memory, size_t size);
size_t snmp_ber_length(const struct snmp_ber_writer *writer);

void snmp_ber_put_int(struct snmp_ber_writer *writer, uint8_t tag, int64_t number);
void snmp_ber_put_unsigned(struct snmp_ber_writer *writer, uint8_t tag, uint64_t number);
void snmp_ber_put_bytes(struct snmp_ber_writer *writer, uint8_t tag, const void *bytes,
                        size_t length);
/* Two arcs or more, the first 0 to 2. */
void snmp_ber_put_oid(struct snmp_ber_writer *writer, const uint32_t *arcs, size_t count);

/* Header of what was put since snmp_ber_length() was `before`. */
void snmp_ber_wrap(struct snmp_ber_writer *writer, uint8_t tag, size_t before);

/* ---- reading --------------------------------------------------------------------------------- */

struct snmp_ber_reader {
    const uint8_t *at, *end;
    bool failed;
};

struct snmp_ber_reader snmp_ber_reader(const void *bytes, size_t length);

/* Tag of what comes next, -1 at the end. */
int snmp_ber_peek(const struct snmp_ber_reader *reader);

/* The content of what comes next if it has this tag; an empty, failed reader otherwise. */
struct snmp_ber_reader snmp_ber_enter(struct snmp_ber_reader *reader, uint8_t tag);

/* An integer of at most eight bytes; 0 on failure. */
int64_t snmp_ber_get_int(struct snmp_ber_reader *reader, uint8_t tag);

/* The number of arcs, at most SNMP_BER_OID_MOST; 0 on failure. */
size_t snmp_ber_get_oid(struct snmp_ber_reader *reader, uint32_t *arcs);

/* Over whatever comes next. */
void snmp_ber_skip(struct snmp_ber_reader *reader);
