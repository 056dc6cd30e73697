#include "face/snmp_trap_v3.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <string.h>

enum { FLAG_AUTH = 1, FLAG_PRIVACY = 2, FLAG_REPORTABLE = 4 }; /* RFC 3412 6.4 */

#define MODEL_USM 3

/* ---- writing --------------------------------------------------------------------------------- */

static enum recipient_auth auth_of(const struct snmp_trap_usm_keys *keys)
{
    return keys ? keys->auth : RECIPIENT_AUTH_NONE;
}

static bool is_private(const struct snmp_trap_usm_keys *keys)
{
    return keys && keys->auth != RECIPIENT_AUTH_NONE && keys->privacy != RECIPIENT_PRIVACY_NONE;
}

static void put_scoped_pdu(struct snmp_ber_writer *writer,
                           const struct snmp_trap_v3_message *message)
{
    snmp_ber_put_bytes(writer, SNMP_BER_OCTETS, "", 0); /* contextName */
    snmp_ber_put_bytes(writer, SNMP_BER_OCTETS, message->context, message->context_length);
    snmp_ber_wrap(writer, SNMP_BER_SEQUENCE, 0);
}

/* What the writer holds is replaced by its cipher text. A salt at random is as good as a count
 * (RFC 3826 3.1.2.1) and needs no memory over a restart. */
static bool encrypt(struct snmp_ber_writer *writer, const struct snmp_trap_v3_message *message,
                    struct snmp_trap_usm_moment *moment)
{
    uint8_t scratch[SNMP_PACKET_MOST + SNMP_TRAP_USM_PAD];
    size_t length = snmp_ber_length(writer);
    if (writer->failed || length > SNMP_PACKET_MOST)
        return false;
    moment->boots = message->engine.boots;
    moment->time = message->engine.time;
    if (gnutls_rnd(GNUTLS_RND_NONCE, moment->salt, sizeof moment->salt) < 0)
        return false;
    memcpy(scratch, writer->at, length);
    length = snmp_trap_usm_encrypt(message->keys, moment, scratch, length);
    *writer = snmp_ber_writer(writer->begin, (size_t)(writer->end - writer->begin));
    snmp_ber_put_bytes(writer, SNMP_BER_OCTETS, scratch, length);
    return length > 0;
}

/* Returns how far from the end of the message its digest begins. */
static size_t put_security(struct snmp_ber_writer *writer,
                           const struct snmp_trap_v3_message *message, const uint8_t *salt)
{
    static const uint8_t zeros[SNMP_TRAP_USM_MAC];
    const struct snmp_trap_v3_engine *engine = &message->engine;
    size_t before = snmp_ber_length(writer);
    size_t mac_length = snmp_trap_usm_mac_length(auth_of(message->keys));
    snmp_ber_put_bytes(writer, SNMP_BER_OCTETS, salt, salt ? SNMP_TRAP_USM_SALT : 0);
    size_t place = snmp_ber_length(writer) + mac_length;
    snmp_ber_put_bytes(writer, SNMP_BER_OCTETS, zeros, mac_length);
    snmp_ber_put_bytes(writer, SNMP_BER_OCTETS, message->user, strlen(message->user));
    snmp_ber_put_int(writer, SNMP_BER_INTEGER, engine->time);
    snmp_ber_put_int(writer, SNMP_BER_INTEGER, engine->boots);
    snmp_ber_put_bytes(writer, SNMP_BER_OCTETS, engine->id, engine->id_length);
    snmp_ber_wrap(writer, SNMP_BER_SEQUENCE, before);
    snmp_ber_wrap(writer, SNMP_BER_OCTETS, before);
    return place;
}

static void put_header(struct snmp_ber_writer *writer, const struct snmp_trap_v3_message *message)
{
    uint8_t flags = 0;
    if (auth_of(message->keys) != RECIPIENT_AUTH_NONE)
        flags |= FLAG_AUTH;
    if (is_private(message->keys))
        flags |= FLAG_PRIVACY;
    if (message->reportable)
        flags |= FLAG_REPORTABLE;
    size_t before = snmp_ber_length(writer);
    snmp_ber_put_int(writer, SNMP_BER_INTEGER, MODEL_USM);
    snmp_ber_put_bytes(writer, SNMP_BER_OCTETS, &flags, 1);
    snmp_ber_put_int(writer, SNMP_BER_INTEGER, SNMP_PACKET_MOST);
    snmp_ber_put_int(writer, SNMP_BER_INTEGER, message->id);
    snmp_ber_wrap(writer, SNMP_BER_SEQUENCE, before);
}

bool snmp_trap_v3_write(struct snmp_ber_writer *writer, const struct snmp_trap_v3_message *message)
{
    struct snmp_trap_usm_moment moment;
    bool private = is_private(message->keys);
    put_scoped_pdu(writer, message);
    if (private && !encrypt(writer, message, &moment))
        return false;
    size_t place = put_security(writer, message, private ? moment.salt : NULL);
    put_header(writer, message);
    snmp_ber_put_int(writer, SNMP_BER_INTEGER, SNMP_PACKET_V3);
    snmp_ber_wrap(writer, SNMP_BER_SEQUENCE, 0);
    if (writer->failed)
        return false;
    if (auth_of(message->keys) != RECIPIENT_AUTH_NONE) {
        uint8_t mac[SNMP_TRAP_USM_MAC];
        snmp_trap_usm_mac(message->keys, writer->at, snmp_ber_length(writer), mac);
        memcpy(writer->end - place, mac, snmp_trap_usm_mac_length(message->keys->auth));
    }
    return true;
}

/* ---- reading --------------------------------------------------------------------------------- */

struct parts {
    uint8_t flags;
    struct snmp_ber_reader mac, salt, data; /* data: the scoped PDU, or its cipher text */
};

static size_t left_in(const struct snmp_ber_reader *reader)
{
    return (size_t)(reader->end - reader->at);
}

static bool read_header(struct snmp_ber_reader *message, struct parts *parts, int32_t *id)
{
    struct snmp_ber_reader header = snmp_ber_enter(message, SNMP_BER_SEQUENCE);
    *id = (int32_t)snmp_ber_get_int(&header, SNMP_BER_INTEGER);
    snmp_ber_get_int(&header, SNMP_BER_INTEGER);
    struct snmp_ber_reader flags = snmp_ber_enter(&header, SNMP_BER_OCTETS);
    int64_t model = snmp_ber_get_int(&header, SNMP_BER_INTEGER);
    if (message->failed || header.failed || left_in(&flags) != 1 || model != MODEL_USM)
        return false;
    parts->flags = *flags.at;
    return true;
}

static bool read_security(struct snmp_ber_reader *message, struct parts *parts,
                          struct snmp_trap_v3_engine *engine)
{
    struct snmp_ber_reader octets = snmp_ber_enter(message, SNMP_BER_OCTETS);
    struct snmp_ber_reader list = snmp_ber_enter(&octets, SNMP_BER_SEQUENCE);
    struct snmp_ber_reader id = snmp_ber_enter(&list, SNMP_BER_OCTETS);
    engine->boots = (uint32_t)snmp_ber_get_int(&list, SNMP_BER_INTEGER);
    engine->time = (uint32_t)snmp_ber_get_int(&list, SNMP_BER_INTEGER);
    snmp_ber_enter(&list, SNMP_BER_OCTETS); /* user */
    parts->mac = snmp_ber_enter(&list, SNMP_BER_OCTETS);
    parts->salt = snmp_ber_enter(&list, SNMP_BER_OCTETS);
    parts->data = *message;
    engine->id_length = left_in(&id);
    if (message->failed || octets.failed || list.failed || engine->id_length == 0 ||
        engine->id_length > sizeof engine->id)
        return false;
    memcpy(engine->id, id.at, engine->id_length);
    return true;
}

/* Whether the digest in the message is the one that its bytes give with zeros in its place; zeros
 * are what stays there. */
static bool check_mac(uint8_t *bytes, size_t length, const struct parts *parts,
                      const struct snmp_trap_usm_keys *keys)
{
    uint8_t there[SNMP_TRAP_USM_MAC], wanted[SNMP_TRAP_USM_MAC];
    size_t size = snmp_trap_usm_mac_length(auth_of(keys));
    if (size == 0 || left_in(&parts->mac) != size)
        return false;
    memcpy(there, parts->mac.at, size);
    memset(bytes + (parts->mac.at - bytes), 0, size);
    snmp_trap_usm_mac(keys, bytes, length, wanted);
    return gnutls_memcmp(there, wanted, size) == 0;
}

static bool decipher(uint8_t *bytes, struct parts *parts, const struct snmp_trap_usm_keys *keys,
                     const struct snmp_trap_v3_engine *engine)
{
    struct snmp_trap_usm_moment moment = {.boots = engine->boots, .time = engine->time};
    struct snmp_ber_reader text = snmp_ber_enter(&parts->data, SNMP_BER_OCTETS);
    if (text.failed || !is_private(keys) || left_in(&parts->salt) != sizeof moment.salt)
        return false;
    memcpy(moment.salt, parts->salt.at, sizeof moment.salt);
    parts->data = text;
    return snmp_trap_usm_decrypt(keys, &moment, bytes + (text.at - bytes), left_in(&text));
}

bool snmp_trap_v3_read(uint8_t *bytes, size_t length, const struct snmp_trap_usm_keys *keys,
                       struct snmp_trap_v3_answer *answer)
{
    struct parts parts;
    struct snmp_ber_reader whole = snmp_ber_reader(bytes, length);
    struct snmp_ber_reader message = snmp_ber_enter(&whole, SNMP_BER_SEQUENCE);
    *answer = (struct snmp_trap_v3_answer){0};
    if (snmp_ber_get_int(&message, SNMP_BER_INTEGER) != SNMP_PACKET_V3 ||
        !read_header(&message, &parts, &answer->id) ||
        !read_security(&message, &parts, &answer->engine))
        return false;
    if (parts.flags & FLAG_AUTH) {
        /* the digest covers the message and nothing behind it */
        answer->authentic = check_mac(bytes, (size_t)(whole.at - bytes), &parts, keys);
        if (!answer->authentic)
            return false;
    }
    if ((parts.flags & FLAG_PRIVACY) &&
        (!answer->authentic || !decipher(bytes, &parts, keys, &answer->engine)))
        return false;
    struct snmp_ber_reader scoped = snmp_ber_enter(&parts.data, SNMP_BER_SEQUENCE);
    snmp_ber_skip(&scoped); /* contextEngineID, contextName */
    snmp_ber_skip(&scoped);
    return !scoped.failed && snmp_packet_read_pdu(scoped, &answer->pdu);
}
