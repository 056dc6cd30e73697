#include "face/snmp_trap_usm.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <string.h>

#define BLOCK 16 /* of AES */
#define DES_BLOCK 8
#define PASSWORD_BYTES (1u << 20) /* RFC 3414 A.2.1 */

static const struct {
    gnutls_digest_algorithm_t digest;
    gnutls_mac_algorithm_t mac;
    size_t sent; /* bytes of the digest in a message: RFC 3414 6.3.1 and 7.3.1, RFC 7860 4.2.1 */
} auths[] = {
    [RECIPIENT_AUTH_NONE] = {GNUTLS_DIG_NULL, GNUTLS_MAC_NULL, 0},
    [RECIPIENT_MD5] = {GNUTLS_DIG_MD5, GNUTLS_MAC_MD5, 12},
    [RECIPIENT_SHA1] = {GNUTLS_DIG_SHA1, GNUTLS_MAC_SHA1, 12},
    [RECIPIENT_SHA224] = {GNUTLS_DIG_SHA224, GNUTLS_MAC_SHA224, 16},
    [RECIPIENT_SHA256] = {GNUTLS_DIG_SHA256, GNUTLS_MAC_SHA256, 24},
    [RECIPIENT_SHA384] = {GNUTLS_DIG_SHA384, GNUTLS_MAC_SHA384, 32},
    [RECIPIENT_SHA512] = {GNUTLS_DIG_SHA512, GNUTLS_MAC_SHA512, 48},
};

static const struct {
    gnutls_cipher_algorithm_t cipher;
    size_t key; /* bytes of the localized key that are used, DES: its half of the vector included */
} privacies[] = {
    [RECIPIENT_PRIVACY_NONE] = {GNUTLS_CIPHER_NULL, 0},
    [RECIPIENT_DES] = {GNUTLS_CIPHER_DES_CBC, 16},
    [RECIPIENT_AES128] = {GNUTLS_CIPHER_AES_128_CBC, 16},
    [RECIPIENT_AES192] = {GNUTLS_CIPHER_AES_192_CBC, 24},
    [RECIPIENT_AES256] = {GNUTLS_CIPHER_AES_256_CBC, 32},
    [RECIPIENT_AES192C] = {GNUTLS_CIPHER_AES_192_CBC, 24},
    [RECIPIENT_AES256C] = {GNUTLS_CIPHER_AES_256_CBC, 32},
};

/* ---- keys ------------------------------------------------------------------------------------ */

static size_t digest_length(enum recipient_auth auth)
{
    return gnutls_hash_get_len(auths[auth].digest);
}

static void hash_parts(enum recipient_auth auth, const void *const *parts, const size_t *lengths,
                       size_t count, uint8_t *out)
{
    gnutls_hash_hd_t hash;
    memset(out, 0, digest_length(auth));
    if (gnutls_hash_init(&hash, auths[auth].digest) < 0)
        return; /* out of memory: the receiver will refuse the digest and it is tried again */
    for (size_t i = 0; i < count; i++)
        gnutls_hash(hash, parts[i], lengths[i]);
    gnutls_hash_deinit(hash, out);
}

/* The password over and over until there is 1 MiB of it, in pieces that hold it a whole number of
 * times. */
static void make_master(enum recipient_auth auth, const void *password, size_t length,
                        uint8_t *master)
{
    gnutls_hash_hd_t hash;
    size_t left = PASSWORD_BYTES;
    memset(master, 0, SNMP_TRAP_USM_KEY);
    if (length == 0 || gnutls_hash_init(&hash, auths[auth].digest) < 0)
        return;
    char piece[8192];
    size_t filled = 0;
    while (filled + length <= sizeof piece) {
        memcpy(piece + filled, password, length);
        filled += length;
    }
    while (left && filled) {
        size_t now = left < filled ? left : filled;
        gnutls_hash(hash, piece, now);
        left -= now;
    }
    gnutls_hash_deinit(hash, master);
    gnutls_memset(piece, 0, sizeof piece);
}

void snmp_trap_usm_init(struct snmp_trap_usm *usm, enum recipient_auth auth,
                        const char *auth_password, enum recipient_privacy privacy,
                        const char *privacy_password)
{
    *usm = (struct snmp_trap_usm){.auth = auth};
    if (auth == RECIPIENT_AUTH_NONE)
        return; /* privacy without authentication does not exist (RFC 3414 1.4.3) */
    usm->privacy = privacy;
    make_master(auth, auth_password, strlen(auth_password), usm->auth_master);
    if (privacy != RECIPIENT_PRIVACY_NONE)
        make_master(auth, privacy_password, strlen(privacy_password), usm->privacy_master);
}

/* RFC 3414 A.2: the hash of key, engine, key. */
static void localize(enum recipient_auth auth, const uint8_t *master, const uint8_t *engine,
                     size_t length, uint8_t *key)
{
    size_t size = digest_length(auth);
    const void *const parts[] = {master, engine, master};
    const size_t lengths[] = {size, length, size};
    hash_parts(auth, parts, lengths, 3, key);
}

/* A longer key than the digest. As Net-SNMP does it, the hash of what there is goes behind it
 * (draft-blumenthal-aes-usm-04, 3.1.2.1); as other equipment does, the key that the last piece
 * makes as a password (draft-reeder-snmpv3-usm-3desede-00, 2.1), which takes some milliseconds. */
static void stretch(const struct snmp_trap_usm *usm, const uint8_t *engine, size_t length,
                    uint8_t *key)
{
    size_t size = digest_length(usm->auth), filled = size, wanted = privacies[usm->privacy].key;
    bool other = usm->privacy == RECIPIENT_AES192C || usm->privacy == RECIPIENT_AES256C;
    uint8_t master[SNMP_TRAP_USM_KEY], more[SNMP_TRAP_USM_KEY];
    while (filled < wanted) {
        const void *const parts[] = {key};
        if (other) {
            make_master(usm->auth, key + filled - size, size, master);
            localize(usm->auth, master, engine, length, more);
        } else {
            hash_parts(usm->auth, parts, &filled, 1, more);
        }
        size_t now = wanted - filled < size ? wanted - filled : size;
        memcpy(key + filled, more, now);
        filled += now;
    }
}

void snmp_trap_usm_localize(const struct snmp_trap_usm *usm, const uint8_t *engine, size_t length,
                            struct snmp_trap_usm_keys *keys)
{
    *keys = (struct snmp_trap_usm_keys){.auth = usm->auth, .privacy = usm->privacy};
    if (usm->auth == RECIPIENT_AUTH_NONE)
        return;
    localize(usm->auth, usm->auth_master, engine, length, keys->auth_key);
    if (usm->privacy == RECIPIENT_PRIVACY_NONE)
        return;
    localize(usm->auth, usm->privacy_master, engine, length, keys->privacy_key);
    stretch(usm, engine, length, keys->privacy_key);
}

/* ---- digests --------------------------------------------------------------------------------- */

size_t snmp_trap_usm_mac_length(enum recipient_auth auth)
{
    return auths[auth].sent;
}

void snmp_trap_usm_mac(const struct snmp_trap_usm_keys *keys, const void *message, size_t length,
                       uint8_t mac[SNMP_TRAP_USM_MAC])
{
    uint8_t whole[SNMP_TRAP_USM_KEY] = {0};
    gnutls_hmac_fast(auths[keys->auth].mac, keys->auth_key, digest_length(keys->auth), message,
                     length, whole);
    memcpy(mac, whole, auths[keys->auth].sent);
}

/* ---- ciphers --------------------------------------------------------------------------------- */

static void put_32(uint8_t *to, uint32_t number)
{
    for (int i = 0; i < 4; i++)
        to[i] = (uint8_t)(number >> (24 - 8 * i));
}

static int open_cipher(gnutls_cipher_hd_t *cipher, enum recipient_privacy privacy, uint8_t *key,
                       size_t key_length, uint8_t *vector, size_t vector_length)
{
    const gnutls_datum_t with = {key, (unsigned)key_length};
    const gnutls_datum_t from = {vector, (unsigned)vector_length};
    return gnutls_cipher_init(cipher, privacies[privacy].cipher, &with, &from);
}

/* AES in CFB with whole blocks (RFC 3826 3.1.2), which GnuTLS does not offer: E(x) is what its CBC
 * makes of zeros with x as the vector. Both directions use E; what is fed back is the cipher text.
 */
static bool aes(const struct snmp_trap_usm_keys *keys, const struct snmp_trap_usm_moment *moment,
                uint8_t *bytes, size_t length, bool encrypt)
{
    static const uint8_t zeros[BLOCK];
    uint8_t key[SNMP_TRAP_USM_KEY], feed[BLOCK], stream[BLOCK];
    gnutls_cipher_hd_t cipher;
    memcpy(key, keys->privacy_key, sizeof key);
    put_32(feed, moment->boots);
    put_32(feed + 4, moment->time);
    memcpy(feed + 8, moment->salt, SNMP_TRAP_USM_SALT);
    if (open_cipher(&cipher, keys->privacy, key, privacies[keys->privacy].key, feed, BLOCK) < 0)
        return false;
    bool fine = true;
    for (size_t done = 0; done < length && fine; done += BLOCK) {
        size_t now = length - done < BLOCK ? length - done : BLOCK;
        gnutls_cipher_set_iv(cipher, feed, BLOCK);
        fine = gnutls_cipher_encrypt2(cipher, zeros, BLOCK, stream, BLOCK) >= 0;
        for (size_t i = 0; i < now; i++) {
            uint8_t before = bytes[done + i];
            bytes[done + i] ^= stream[i];
            feed[i] = encrypt ? bytes[done + i] : before;
        }
    }
    gnutls_cipher_deinit(cipher);
    return fine;
}

/* RFC 3414 8.1.1: the second half of the key and the salt make the vector. */
static bool des(const struct snmp_trap_usm_keys *keys, const struct snmp_trap_usm_moment *moment,
                uint8_t *bytes, size_t length, bool encrypt)
{
    uint8_t key[DES_BLOCK], vector[DES_BLOCK];
    gnutls_cipher_hd_t cipher;
    memcpy(key, keys->privacy_key, sizeof key);
    for (size_t i = 0; i < DES_BLOCK; i++)
        vector[i] = moment->salt[i] ^ keys->privacy_key[DES_BLOCK + i];
    if (open_cipher(&cipher, keys->privacy, key, sizeof key, vector, sizeof vector) < 0)
        return false;
    int result = encrypt ? gnutls_cipher_encrypt(cipher, bytes, length)
                         : gnutls_cipher_decrypt(cipher, bytes, length);
    gnutls_cipher_deinit(cipher);
    return result >= 0;
}

size_t snmp_trap_usm_encrypt(const struct snmp_trap_usm_keys *keys,
                             const struct snmp_trap_usm_moment *moment, uint8_t *bytes,
                             size_t length)
{
    if (keys->privacy != RECIPIENT_DES)
        return aes(keys, moment, bytes, length, true) ? length : 0;
    size_t whole = (length + DES_BLOCK - 1) / DES_BLOCK * DES_BLOCK;
    memset(bytes + length, 0, whole - length);
    return des(keys, moment, bytes, whole, true) ? whole : 0;
}

bool snmp_trap_usm_decrypt(const struct snmp_trap_usm_keys *keys,
                           const struct snmp_trap_usm_moment *moment, uint8_t *bytes, size_t length)
{
    if (keys->privacy != RECIPIENT_DES)
        return aes(keys, moment, bytes, length, false);
    return length % DES_BLOCK == 0 && des(keys, moment, bytes, length, false);
}
