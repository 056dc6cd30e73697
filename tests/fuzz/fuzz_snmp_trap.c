/* Answers of a receiver of informs: v2c and v3, with and without keys. Whatever they are, nothing
 * is read or written outside of them, and what is read is within its bounds. Keys are fixed, so
 * that a corpus can hold signed and ciphered packets. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "face/snmp_trap_v3.h"
#include "wire/snmp_packet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_pdu(const struct snmp_packet_answer *answer)
{
    assert(answer->type == SNMP_PACKET_RESPONSE || answer->type == SNMP_PACKET_REPORT);
    assert(answer->name_length <= SNMP_BER_OID_MOST);
}

static void check_v3(const uint8_t *data, size_t size, const struct snmp_trap_usm_keys *keys)
{
    struct snmp_trap_v3_answer answer;
    uint8_t *bytes = malloc(size ? size : 1); /* deciphered in place */
    if (!bytes)
        return;
    memcpy(bytes, data, size);
    if (snmp_trap_v3_read(bytes, size, keys, &answer)) {
        check_pdu(&answer.pdu);
        assert(answer.engine.id_length > 0 && answer.engine.id_length <= SNMP_TRAP_V3_ENGINE);
        assert(keys || !answer.authentic);
    }
    free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct snmp_trap_usm_keys signs = {.auth = RECIPIENT_SHA256};
    static const struct snmp_trap_usm_keys ciphers = {.auth = RECIPIENT_SHA256,
                                                      .privacy = RECIPIENT_AES128};
    static const struct snmp_trap_usm_keys old = {.auth = RECIPIENT_MD5, .privacy = RECIPIENT_DES};
    struct snmp_packet_answer answer;
    if (snmp_packet_read(data, size, "public", &answer))
        check_pdu(&answer);
    check_v3(data, size, NULL);
    check_v3(data, size, &signs);
    check_v3(data, size, &ciphers);
    check_v3(data, size, &old);
    return 0;
}
