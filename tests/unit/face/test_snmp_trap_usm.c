/* Keys by RFC 3414 A.3.1, A.3.2 and, for SHA-2 and stretched keys, by Python's hashlib; cipher
 * texts by the openssl program. */
#include "test.h"

#include "face/snmp_trap_usm.h"
#include "face/snmp_trap_v3.h"

static const uint8_t engine[12] = {[11] = 2};

static void from_hex(const char *hex, uint8_t *bytes)
{
    for (; *hex; hex += 2) {
        unsigned byte = 0;
        assert_int_equal(sscanf(hex, "%2x", &byte), 1);
        *bytes++ = (uint8_t)byte;
    }
}

static void assert_hex(const uint8_t *bytes, const char *hex)
{
    uint8_t wanted[256];
    from_hex(hex, wanted);
    assert_memory_equal(bytes, wanted, strlen(hex) / 2);
}

static struct snmp_trap_usm_keys keys_of(enum recipient_auth auth, enum recipient_privacy privacy)
{
    struct snmp_trap_usm usm;
    struct snmp_trap_usm_keys keys;
    snmp_trap_usm_init(&usm, auth, "maplesyrup", privacy, "maplesyrup");
    snmp_trap_usm_localize(&usm, engine, sizeof engine, &keys);
    return keys;
}

static void passwords_become_keys(void **state)
{
    static const struct {
        enum recipient_auth auth;
        size_t sent;
        const char *key;
    } rows[] = {
        {RECIPIENT_MD5, 12, "526f5eed9fcce26f8964c2930787d82b"},
        {RECIPIENT_SHA1, 12, "6695febc9288e36282235fc7151f128497b38f3f"},
        {RECIPIENT_SHA224, 16, "0bd8827c6e29f8065e08e09237f177e410f69b90e1782be682075674"},
        {RECIPIENT_SHA256, 24, "8982e0e549e866db361a6b625d84cccc11162d453ee8ce3a6445c2d6776f0f8b"},
        {RECIPIENT_SHA384, 32,
         "3b298f16164a11184279d5432bf169e2d2a48307de02b3d3f7e2b4f36eb6f045"
         "5a53689a3937eea07319a633d2ccba78"},
        {RECIPIENT_SHA512, 48,
         "22a5a36cedfcc085807a128d7bc6c2382167ad6c0dbc5fdff856740f3d84c099"
         "ad1ea87a8db096714d9788bd544047c9021e4229ce27e4c0a69250adfcffbb0b"},
    };
    (void)state;
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        struct snmp_trap_usm_keys keys = keys_of(rows[i].auth, RECIPIENT_AES128);
        assert_hex(keys.auth_key, rows[i].key);
        assert_memory_equal(keys.privacy_key, keys.auth_key, 16); /* the same password */
        assert_int_equal(snmp_trap_usm_mac_length(rows[i].auth), rows[i].sent);
    }
}

static void short_keys_are_stretched(void **state)
{
    (void)state;
    struct snmp_trap_usm_keys keys = keys_of(RECIPIENT_MD5, RECIPIENT_AES256);
    assert_hex(keys.privacy_key,
               "526f5eed9fcce26f8964c2930787d82bfa24a92467426c2f4b09192be10dfaec");
    keys = keys_of(RECIPIENT_SHA1, RECIPIENT_AES256);
    assert_hex(keys.privacy_key,
               "6695febc9288e36282235fc7151f128497b38f3f505e07eb9af25568fa1f5dbe");
    keys = keys_of(RECIPIENT_MD5, RECIPIENT_AES256C);
    assert_hex(keys.privacy_key,
               "526f5eed9fcce26f8964c2930787d82b79eff44a90650ee0a3a40abfac5acc12");
    keys = keys_of(RECIPIENT_SHA1, RECIPIENT_AES192C);
    assert_hex(keys.privacy_key, "6695febc9288e36282235fc7151f128497b38f3f9b8b6d78");
}

static void ciphers_are_those_of_others(void **state)
{
    static const char text[] = "The quick brown fox jumps over the lazy dog.";
    static const struct {
        enum recipient_privacy privacy;
        const char *cipher;
    } rows[] = {
        {RECIPIENT_AES128, "3cc603ef6a0f272d091e53d9490f9092c4c1250505bf68aadf1f1d84d8c0578b"
                           "b7d474a7687ff1bd7cb8756e"},
        {RECIPIENT_AES192, "6fa1c0e29de9753d7e56e3a2937ffda5d8a2b65b9d75916d511b40e70abb6ee8"
                           "09edab4fe4f1f66d65a9fc12"},
        {RECIPIENT_AES256, "f2d2efe13a8955117b4ec0fc9ef6d75f6cd9a049a92070572a494e06b159d9a3"
                           "a375703133a7eeb5d4e0fb1f"},
        {RECIPIENT_DES, "b6a12a22b2aae0a82a1fc522ab9b7694aaf8b19c02e60ad51e55b7d29846febf"
                        "e63b3fe29e3c588b8399ce6c41f4cec1"},
    };
    struct snmp_trap_usm_moment moment = {.boots = 7, .time = 1234};
    (void)state;
    from_hex("a1a2a3a4a5a6a7a8", moment.salt);
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        struct snmp_trap_usm_keys keys = {.auth = RECIPIENT_SHA1, .privacy = rows[i].privacy};
        uint8_t bytes[sizeof text + SNMP_TRAP_USM_PAD];
        for (size_t k = 0; k < sizeof keys.privacy_key; k++)
            keys.privacy_key[k] = (uint8_t)k;
        memcpy(bytes, text, sizeof text);
        size_t length = snmp_trap_usm_encrypt(&keys, &moment, bytes, strlen(text));
        assert_int_equal(length, strlen(rows[i].cipher) / 2);
        assert_hex(bytes, rows[i].cipher);
        assert_true(snmp_trap_usm_decrypt(&keys, &moment, bytes, length));
        assert_memory_equal(bytes, text, strlen(text));
    }
}

/* ---- messages -------------------------------------------------------------------------------- */

static size_t write_answer(uint8_t *bytes, size_t size, const struct snmp_trap_usm_keys *keys)
{
    struct snmp_trap_v3_message message = {
        .id = 4711,
        .engine = {.id_length = sizeof engine, .boots = 3, .time = 99},
        .context = engine,
        .context_length = sizeof engine,
        .user = "alice",
        .keys = keys,
    };
    uint8_t memory[1024];
    struct snmp_ber_writer writer = snmp_ber_writer(memory, sizeof memory);
    memcpy(message.engine.id, engine, sizeof engine);
    snmp_packet_put_pdu(&writer, SNMP_PACKET_RESPONSE, 55, NULL, 0);
    assert_true(snmp_trap_v3_write(&writer, &message));
    size_t length = snmp_ber_length(&writer);
    assert_true(length <= size);
    memcpy(bytes, writer.at, length);
    return length;
}

static void only_the_right_key_reads_an_answer(void **state)
{
    (void)state;
    for (int auth = RECIPIENT_MD5; auth <= RECIPIENT_SHA512; auth++) {
        for (int privacy = RECIPIENT_PRIVACY_NONE; privacy <= RECIPIENT_AES256C; privacy++) {
            struct snmp_trap_usm_keys keys =
                keys_of((enum recipient_auth)auth, (enum recipient_privacy)privacy);
            struct snmp_trap_usm_keys other = keys;
            struct snmp_trap_v3_answer answer;
            uint8_t bytes[1024], again[1024];
            size_t length = write_answer(bytes, sizeof bytes, &keys);
            memcpy(again, bytes, length);
            assert_true(snmp_trap_v3_read(again, length, &keys, &answer));
            assert_true(answer.authentic);
            assert_int_equal(answer.id, 4711);
            assert_int_equal(answer.pdu.request_id, 55);
            assert_int_equal(answer.engine.boots, 3);
            assert_int_equal(answer.engine.time, 99);
            other.auth_key[0] ^= 1;
            memcpy(again, bytes, length);
            assert_false(snmp_trap_v3_read(again, length, &other, &answer));
            memcpy(again, bytes, length);
            assert_false(snmp_trap_v3_read(again, length, NULL, &answer));
        }
    }
}

/* Each bit of a signed message counts: none can be turned on its way. */
static void a_changed_answer_is_not_read(void **state)
{
    struct snmp_trap_usm_keys keys = keys_of(RECIPIENT_SHA256, RECIPIENT_AES128);
    struct snmp_trap_v3_answer answer;
    uint8_t bytes[1024];
    (void)state;
    size_t length = write_answer(bytes, sizeof bytes, &keys);
    for (size_t i = 0; i < length * 8; i++) {
        uint8_t *changed = malloc(length);
        memcpy(changed, bytes, length);
        changed[i / 8] ^= (uint8_t)(1u << i % 8);
        if (snmp_trap_v3_read(changed, length, &keys, &answer))
            assert_false(answer.authentic);
        free(changed);
    }
    for (size_t cut = 0; cut < length; cut++) {
        uint8_t *begin = malloc(cut ? cut : 1);
        memcpy(begin, bytes, cut);
        assert_false(snmp_trap_v3_read(begin, cut, &keys, &answer));
        free(begin);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(passwords_become_keys),
        cmocka_unit_test(short_keys_are_stretched),
        cmocka_unit_test(ciphers_are_those_of_others),
        cmocka_unit_test(only_the_right_key_reads_an_answer),
        cmocka_unit_test(a_changed_answer_is_not_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
