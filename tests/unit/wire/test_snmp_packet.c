/* Messages byte by byte, as RFC 1157, 1901, 3416 and 3584 lay them out. */
#include "test.h"

#include "wire/snmp_packet.h"

static const uint32_t link_down[] = {1, 3, 6, 1, 6, 3, 1, 1, 5, 3};
static const uint32_t own_trap[] = {1, 3, 6, 1, 4, 1, 32473, 1, 0, 7};
static const uint32_t other_trap[] = {1, 3, 6, 1, 4, 1, 32473, 1, 7};
static const uint32_t name[] = {1, 3, 6, 1, 4, 1, 32473, 1, 1, 8, 1, 0};

static void a_trap_of_v2c(void **state)
{
    static const uint8_t wanted[] = {
        0x30, 0x4c, 0x02, 0x01, 0x01,                   /* version 2c */
        0x04, 0x06, 'p',  'u',  'b',  'l',  'i',  'c',  /* community */
        0xa7, 0x3f, 0x02, 0x02, 0x04, 0xd2,             /* request 1234 */
        0x02, 0x01, 0x00, 0x02, 0x01, 0x00, 0x30, 0x33, /* no error; variables */
        0x30, 0x0e, 0x06, 0x08, 0x2b, 0x06, 0x01, 0x02, 0x01, 0x01, 0x03, 0x00, /* sysUpTime.0 */
        0x43, 0x02, 0x01, 0xf4,                                                 /* 5 s */
        0x30, 0x17, 0x06, 0x0a, 0x2b, 0x06, 0x01, 0x06, 0x03, 0x01, 0x01, 0x04, 0x01,
        0x00, 0x06, 0x09, 0x2b, 0x06, 0x01, 0x06, 0x03, 0x01, 0x01, 0x05, 0x03, /* linkDown */
        0x30, 0x08, 0x06, 0x03, 0x2b, 0x06, 0x01, 0x02, 0x01, 0x2a,
    };
    static const uint32_t internet[] = {1, 3, 6, 1};
    const struct snmp_packet_variable variable = {internet, 4, SNMP_BER_INTEGER, 42, NULL, 0};
    const struct snmp_packet_notification notification = {500, link_down, TEST_COUNT(link_down),
                                                          &variable, 1};
    uint8_t memory[200];
    struct snmp_ber_writer writer = snmp_ber_writer(memory, sizeof memory);
    (void)state;
    snmp_packet_put_notification(&writer, SNMP_PACKET_TRAP2, 1234, &notification);
    snmp_packet_wrap(&writer, SNMP_PACKET_V2C, "public");
    assert_false(writer.failed);
    assert_int_equal(snmp_ber_length(&writer), sizeof wanted);
    assert_memory_equal(writer.at, wanted, sizeof wanted);
}

/* What v1 says: enterprise, generic, specific. */
static void check_trap1(const uint32_t *trap, size_t length, const char *enterprise,
                        size_t enterprise_length, int generic, int specific)
{
    static const uint8_t address[4] = {192, 0, 2, 7};
    const struct snmp_packet_variable variable = {name, TEST_COUNT(name), SNMP_BER_OCTETS, 0, "x",
                                                  1};
    const struct snmp_packet_notification notification = {500, trap, length, &variable, 1};
    uint8_t memory[200];
    struct snmp_ber_writer writer = snmp_ber_writer(memory, sizeof memory);
    snmp_packet_put_trap1(&writer, address, &notification);
    assert_false(writer.failed);
    struct snmp_ber_reader all = snmp_ber_reader(writer.at, snmp_ber_length(&writer));
    struct snmp_ber_reader pdu = snmp_ber_enter(&all, SNMP_PACKET_TRAP1);
    struct snmp_ber_reader oid = snmp_ber_enter(&pdu, SNMP_BER_OID);
    assert_int_equal(oid.end - oid.at, enterprise_length);
    assert_memory_equal(oid.at, enterprise, enterprise_length);
    struct snmp_ber_reader from = snmp_ber_enter(&pdu, SNMP_BER_IP_ADDRESS);
    assert_int_equal(from.end - from.at, 4);
    assert_memory_equal(from.at, address, 4);
    assert_int_equal(snmp_ber_get_int(&pdu, SNMP_BER_INTEGER), generic);
    assert_int_equal(snmp_ber_get_int(&pdu, SNMP_BER_INTEGER), specific);
    assert_int_equal(snmp_ber_get_int(&pdu, SNMP_BER_TIME_TICKS), 500);
    struct snmp_ber_reader list = snmp_ber_enter(&pdu, SNMP_BER_SEQUENCE);
    snmp_ber_skip(&list);
    assert_false(list.failed || pdu.failed || all.failed);
    assert_int_equal(snmp_ber_peek(&list), -1);
    assert_int_equal(snmp_ber_peek(&pdu), -1);
}

/* RFC 3584 3.2, (1) to (3) */
static void v1_has_enterprise_and_numbers(void **state)
{
    (void)state;
    check_trap1(link_down, TEST_COUNT(link_down), "\x2b\x06\x01\x06\x03\x01\x01\x05", 8, 2, 0);
    check_trap1(own_trap, TEST_COUNT(own_trap), "\x2b\x06\x01\x04\x01\x81\xfd\x59\x01", 9, 6, 7);
    check_trap1(other_trap, TEST_COUNT(other_trap), "\x2b\x06\x01\x04\x01\x81\xfd\x59\x01", 9, 6,
                7);
}

static const uint8_t acknowledgement[] = {
    0x30, 0x24, 0x02, 0x01, 0x01, 0x04, 0x03, 'p',  'u',  'b',  0xa2, 0x1a, 0x02,
    0x04, 0x12, 0x34, 0x56, 0x78, 0x02, 0x01, 0x00, 0x02, 0x01, 0x00, 0x30, 0x0c,
    0x30, 0x0a, 0x06, 0x05, 0x2b, 0x06, 0x01, 0x06, 0x03, 0x02, 0x01, 0x00,
};

static void an_acknowledgement_is_read(void **state)
{
    struct snmp_packet_answer answer;
    (void)state;
    assert_true(snmp_packet_read(acknowledgement, sizeof acknowledgement, "pub", &answer));
    assert_int_equal(answer.type, SNMP_PACKET_RESPONSE);
    assert_int_equal(answer.request_id, 0x12345678);
    assert_int_equal(answer.error, 0);
    assert_int_equal(answer.name_length, 6);
    assert_int_equal(answer.name[5], 3);
    assert_false(snmp_packet_read(acknowledgement, sizeof acknowledgement, "public", &answer));
    assert_false(snmp_packet_read(acknowledgement, sizeof acknowledgement, "pu", &answer));
}

/* Cut anywhere it is none; changed anywhere nothing is read that is not there (ASan watches). */
static void damaged_answers_do_no_harm(void **state)
{
    struct snmp_packet_answer answer;
    uint64_t seed = test_seed();
    (void)state;
    for (size_t length = 0; length < sizeof acknowledgement; length++) {
        uint8_t *cut = malloc(length + 1); /* its own block: reading behind it is seen */
        memcpy(cut, acknowledgement, length);
        cut = realloc(cut, length ? length : 1);
        assert_false(snmp_packet_read(cut, length, "pub", &answer));
        free(cut);
    }
    for (int round = 0; round < 20000; round++) {
        uint8_t *bytes = malloc(sizeof acknowledgement);
        memcpy(bytes, acknowledgement, sizeof acknowledgement);
        for (uint64_t changes = 1 + test_below(&seed, 3); changes > 0; changes--)
            bytes[test_below(&seed, sizeof acknowledgement)] = (uint8_t)test_random(&seed);
        if (snmp_packet_read(bytes, sizeof acknowledgement, "pub", &answer))
            assert_true(answer.name_length <= SNMP_BER_OID_MOST);
        free(bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_trap_of_v2c),
        cmocka_unit_test(v1_has_enterprise_and_numbers),
        cmocka_unit_test(an_acknowledgement_is_read),
        cmocka_unit_test(damaged_answers_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
