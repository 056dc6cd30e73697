/* snmp_value - object identifiers and values as SNMP has them (RFC 2578, RFC 3416).
 *
 * Plain data without memory of its own: text and identifiers in a value are borrowed, or lie in its
 * own room. Knows nothing of packets and of Net-SNMP.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef unsigned long snmp_sub; /* one sub-identifier; the same type as Net-SNMP's `oid` */

#define SNMP_OID_MOST 128 /* sub-identifiers, RFC 2578 section 3.5 */
#define SNMP_TEXT_MOST 255

/* Tags of ASN.1 as they are in packets. */
enum snmp_type {
    SNMP_NONE = 0x05,
    SNMP_INTEGER = 0x02,
    SNMP_TEXT = 0x04, /* OCTET STRING */
    SNMP_OBJECT = 0x06,
    SNMP_ADDRESS = 0x40,
    SNMP_COUNTER = 0x41,
    SNMP_UNSIGNED = 0x42, /* Unsigned32, Gauge32 */
    SNMP_TICKS = 0x43,    /* 1/100 s */
    SNMP_COUNTER64 = 0x46,
};

/* RFC 3416 section 3 */
enum snmp_status {
    SNMP_OK = 0,
    SNMP_TOO_BIG = 1,
    SNMP_NO_SUCH_NAME = 2, /* version 1 only, as are the next two */
    SNMP_BAD_VALUE = 3,
    SNMP_READ_ONLY = 4,
    SNMP_GENERAL = 5,
    SNMP_NO_ACCESS = 6,
    SNMP_WRONG_TYPE = 7,
    SNMP_WRONG_LENGTH = 8,
    SNMP_WRONG_ENCODING = 9,
    SNMP_WRONG_VALUE = 10,
    SNMP_NO_CREATION = 11,
    SNMP_INCONSISTENT_VALUE = 12,
    SNMP_RESOURCES = 13,
    SNMP_COMMIT_FAILED = 14,
    SNMP_UNDO_FAILED = 15,
    SNMP_AUTHORIZATION = 16,
    SNMP_NOT_WRITABLE = 17,
    SNMP_INCONSISTENT_NAME = 18,
};

struct snmp_value {
    enum snmp_type type;
    union {
        int32_t integer;
        uint32_t number;  /* COUNTER, UNSIGNED, TICKS */
        uint64_t counter; /* COUNTER64 */
        struct {
            const void *bytes; /* TEXT, ADDRESS: octets; OBJECT: snmp_sub */
            size_t length;     /* octets; sub-identifiers */
        };
    };
    char room[SNMP_TEXT_MOST + 1];
};

/* Fill a value; each returns true, so that a column's function can end with it. */
bool snmp_integer(struct snmp_value *value, int64_t number); /* held to the type's range */
bool snmp_unsigned(struct snmp_value *value, uint64_t number);
bool snmp_counter(struct snmp_value *value, uint32_t number);
bool snmp_counter64(struct snmp_value *value, uint64_t number);
bool snmp_ticks(struct snmp_value *value,
                int64_t us); /* from microseconds; wraps as TimeTicks do */
bool snmp_text(struct snmp_value *value, const char *text); /* borrowed, cut to SNMP_TEXT_MOST */
bool snmp_octets(struct snmp_value *value, const void *bytes, size_t length);   /* borrowed */
bool snmp_object(struct snmp_value *value, const snmp_sub *oid, size_t length); /* borrowed */
bool snmp_format(struct snmp_value *value, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* SNMPv2-TC DateAndTime of a wall time in microseconds, in UTC; zero octets (RFC 2579 asks for a
 * valid one or none) while it is 0. */
bool snmp_date(struct snmp_value *value, int64_t wall_us);

/* <0, 0, >0 in lexicographic order. */
int snmp_oid_order(const snmp_sub *a, size_t a_length, const snmp_sub *b, size_t b_length);

/* ".1.3.6.1", at least 12 bytes a sub-identifier. */
void snmp_oid_format(const snmp_sub *oid, size_t length, char *text, size_t size);

/* "1.3.6.1" or ".1.3.6.1"; how many, or negative when it is none or longer than `most`. */
int snmp_oid_parse(const char *text, snmp_sub *oid, size_t most);

/* Octets of a variable binding on the wire (BER), for filling an answer up to a size. */
size_t snmp_binding_size(const snmp_sub *oid, size_t length, const struct snmp_value *value);
