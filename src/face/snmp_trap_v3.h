/* snmp_trap_v3 - messages of SNMPv3 around a PDU, there and back (RFC 3412 6, RFC 3414 2.4).
 *
 * Pure but for the crypto library's random numbers: no I/O, no state; loop thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "face/snmp_trap_usm.h"
#include "wire/snmp_packet.h"

#define SNMP_TRAP_V3_ENGINE 32 /* bytes of an engine's id at most (RFC 3411 5) */

/* Whose clock counts: ours for traps, the receiver's for informs. */
struct snmp_trap_v3_engine {
    uint8_t id[SNMP_TRAP_V3_ENGINE];
    size_t id_length; /* 0: not known yet */
    uint32_t boots, time;
};

struct snmp_trap_v3_message {
    int32_t id;
    bool reportable; /* an answer is wanted: informs and questions */
    struct snmp_trap_v3_engine engine;
    const uint8_t *context; /* engine that the PDU speaks of: who sends the notification */
    size_t context_length;
    const char *user;                      /* "" when asking who answers */
    const struct snmp_trap_usm_keys *keys; /* NULL: neither digest nor cipher */
};

/* Writes the message around the PDU that `writer` holds. False when it does not fit. The bytes are
 * the writer's from `at` on. */
bool snmp_trap_v3_write(struct snmp_ber_writer *writer, const struct snmp_trap_v3_message *message);

struct snmp_trap_v3_answer {
    int32_t id;
    bool authentic; /* its digest was right */
    struct snmp_trap_v3_engine engine;
    struct snmp_packet_answer pdu;
};

/* Read an answer in place (it is deciphered there). `keys` may be NULL, else they must be those of
 * the engine that answers. False when it is no such message, was changed on its way, or has a
 * digest and there is no key for it. */
bool snmp_trap_v3_read(uint8_t *bytes, size_t length, const struct snmp_trap_usm_keys *keys,
                       struct snmp_trap_v3_answer *answer);
