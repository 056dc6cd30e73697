/* snmp_packet - messages of SNMP v1 and v2c, and the PDUs inside those of v3 (RFC 1157, 1901,
 * 3416).
 *
 * Only what a sender of notifications needs: it writes traps, informs and the question with which
 * v3 finds out who answers; it reads answers and reports. Who answers questions is elsewhere.
 *
 * Pure: no I/O, no allocation, no state; any thread may call.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/snmp_ber.h"

enum { SNMP_PACKET_V1 = 0, SNMP_PACKET_V2C = 1, SNMP_PACKET_V3 = 3 }; /* as sent */

/* What one UDP datagram of ours holds at most, and what we take (RFC 3417 3.2 asks for 484). */
#define SNMP_PACKET_MOST 8192

/* One variable binding. Names and texts are borrowed. */
struct snmp_packet_variable {
    const uint32_t *name;
    size_t name_length;
    uint8_t type; /* SNMP_BER_INTEGER, _OCTETS, _OID, _TIME_TICKS, _GAUGE32 */
    int64_t number;
    const void *bytes; /* text, or the arcs of an OID */
    size_t length;     /* bytes, or arcs */
};

enum snmp_packet_pdu {
    SNMP_PACKET_GET = 0xa0,
    SNMP_PACKET_RESPONSE = 0xa2,
    SNMP_PACKET_TRAP1 = 0xa4,
    SNMP_PACKET_INFORM = 0xa6,
    SNMP_PACKET_TRAP2 = 0xa7,
    SNMP_PACKET_REPORT = 0xa8,
};

/* A PDU of any version but v1's trap. */
void snmp_packet_put_pdu(struct snmp_ber_writer *writer, enum snmp_packet_pdu type,
                         int32_t request_id, const struct snmp_packet_variable *variables,
                         size_t count);

/* A notification begins with sysUpTime.0 and snmpTrapOID.0 (RFC 3416 4.2.6). */
struct snmp_packet_notification {
    uint32_t uptime_cs; /* 1/100 s */
    const uint32_t *trap;
    size_t trap_length;
    const struct snmp_packet_variable *variables; /* those behind the two */
    size_t count;
};

void snmp_packet_put_notification(struct snmp_ber_writer *writer, enum snmp_packet_pdu type,
                                  int32_t request_id,
                                  const struct snmp_packet_notification *notification);

/* The same as a trap of v1, by the mapping of RFC 3584 3.2. `address`: ours as IPv4, network order;
 * 0.0.0.0 when we have none. */
void snmp_packet_put_trap1(struct snmp_ber_writer *writer, const uint8_t address[4],
                           const struct snmp_packet_notification *notification);

/* Version and community around the PDU in the writer, which makes a whole message of v1 or v2c. */
void snmp_packet_wrap(struct snmp_ber_writer *writer, int version, const char *community);

/* An answer. */
struct snmp_packet_answer {
    int type; /* enum snmp_packet_pdu */
    int32_t request_id;
    int64_t error; /* error-status; 0 none */
    uint32_t
        name[SNMP_BER_OID_MOST]; /* of its first variable; in a report it tells what is wrong */
    size_t name_length;          /* 0: there is none */
};

/* Read a PDU; false when it is not one, or one that nobody answers with. */
bool snmp_packet_read_pdu(struct snmp_ber_reader reader, struct snmp_packet_answer *answer);

/* Read a message of v2c: false when it is none, or not of this community. */
bool snmp_packet_read(const void *bytes, size_t length, const char *community,
                      struct snmp_packet_answer *answer);
