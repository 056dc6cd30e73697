/* snmp_trap_usm - keys, digests and ciphers of SNMPv3's user-based security (RFC 3414, 3826, 7860).
 *
 * The agent has Net-SNMP for this; notifications do it themselves, because that library keeps one
 * list of users for the whole process (a receiver's user must not become one who may ask us) and
 * waits inside when a receiver's engine is not known yet. The ciphers are those of the agent,
 * and DES.
 *
 * Pure: no state; any thread may call.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/notify_recipient.h"

#define SNMP_TRAP_USM_KEY 64 /* bytes of the longest digest, SHA-512 */
#define SNMP_TRAP_USM_MAC 48 /* of the longest one that is sent (RFC 7860 4.2.1) */
#define SNMP_TRAP_USM_SALT 8
#define SNMP_TRAP_USM_PAD 8 /* what encrypting may add */

/* What passwords come to; the same for all engines. */
struct snmp_trap_usm {
    enum recipient_auth auth;
    enum recipient_privacy privacy;
    uint8_t auth_master[SNMP_TRAP_USM_KEY], privacy_master[SNMP_TRAP_USM_KEY];
};

/* Of one engine. */
struct snmp_trap_usm_keys {
    enum recipient_auth auth;
    enum recipient_privacy privacy;
    uint8_t auth_key[SNMP_TRAP_USM_KEY], privacy_key[SNMP_TRAP_USM_KEY];
};

/* From passwords, which must not be empty where they are used (RFC 3414 A.2). Hashes 1 MiB for
 * each, some milliseconds: for the worker pool. */
void snmp_trap_usm_init(struct snmp_trap_usm *usm, enum recipient_auth auth,
                        const char *auth_password, enum recipient_privacy privacy,
                        const char *privacy_password);

void snmp_trap_usm_localize(const struct snmp_trap_usm *usm, const uint8_t *engine, size_t length,
                            struct snmp_trap_usm_keys *keys);

/* Bytes of the digest in a message, 0 without authentication. */
size_t snmp_trap_usm_mac_length(enum recipient_auth auth);

/* The digest of a whole message in which its place is zeros. */
void snmp_trap_usm_mac(const struct snmp_trap_usm_keys *keys, const void *message, size_t length,
                       uint8_t mac[SNMP_TRAP_USM_MAC]);

/* What the salt is for: `boots` and `time` of the engine in the message. */
struct snmp_trap_usm_moment {
    uint32_t boots, time;
    uint8_t salt[SNMP_TRAP_USM_SALT];
};

/* In place; returns the new length. `bytes` has SNMP_TRAP_USM_PAD more room. 0 on failure. */
size_t snmp_trap_usm_encrypt(const struct snmp_trap_usm_keys *keys,
                             const struct snmp_trap_usm_moment *moment, uint8_t *bytes,
                             size_t length);
bool snmp_trap_usm_decrypt(const struct snmp_trap_usm_keys *keys,
                           const struct snmp_trap_usm_moment *moment, uint8_t *bytes,
                           size_t length);
