/* Bytes by hand from X.690 and from packets that snmptrap sent; and back again at random. */
#include "test.h"

#include "wire/snmp_ber.h"

static struct snmp_ber_writer fresh(uint8_t *memory, size_t size)
{
    memset(memory, 0xEE, size);
    return snmp_ber_writer(memory, size);
}

static void assert_bytes(const struct snmp_ber_writer *writer, const char *wanted, size_t length)
{
    assert_false(writer->failed);
    assert_int_equal(snmp_ber_length(writer), length);
    assert_memory_equal(writer->at, wanted, length);
}

static void integers_take_as_few_bytes_as_hold_them(void **state)
{
    (void)state;
    static const struct {
        int64_t number;
        const char *bytes;
        size_t length;
    } rows[] = {
        {0, "\x02\x01\x00", 3},
        {127, "\x02\x01\x7f", 3},
        {128, "\x02\x02\x00\x80", 4},
        {-1, "\x02\x01\xff", 3},
        {-128, "\x02\x01\x80", 3},
        {-129, "\x02\x02\xff\x7f", 4},
        {256, "\x02\x02\x01\x00", 4},
        {2147483647, "\x02\x04\x7f\xff\xff\xff", 6},
        {-2147483648, "\x02\x04\x80\x00\x00\x00", 6},
    };
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        uint8_t memory[16];
        struct snmp_ber_writer writer = fresh(memory, sizeof memory);
        snmp_ber_put_int(&writer, SNMP_BER_INTEGER, rows[i].number);
        assert_bytes(&writer, rows[i].bytes, rows[i].length);
        struct snmp_ber_reader reader = snmp_ber_reader(writer.at, snmp_ber_length(&writer));
        assert_int_equal(snmp_ber_get_int(&reader, SNMP_BER_INTEGER), rows[i].number);
        assert_false(reader.failed);
        assert_int_equal(snmp_ber_peek(&reader), -1);
    }
}

static void unsigned_numbers_are_never_negative(void **state)
{
    (void)state;
    uint8_t memory[16];
    struct snmp_ber_writer writer = fresh(memory, sizeof memory);
    snmp_ber_put_unsigned(&writer, SNMP_BER_GAUGE32, 4294967295u);
    assert_bytes(&writer, "\x42\x05\x00\xff\xff\xff\xff", 7);
    writer = fresh(memory, sizeof memory);
    snmp_ber_put_unsigned(&writer, SNMP_BER_TIME_TICKS, 0);
    assert_bytes(&writer, "\x43\x01\x00", 3);
    writer = fresh(memory, sizeof memory);
    snmp_ber_put_unsigned(&writer, SNMP_BER_COUNTER64, UINT64_MAX);
    assert_bytes(&writer, "\x46\x09\x00\xff\xff\xff\xff\xff\xff\xff\xff", 11);
}

static void identifiers_join_the_first_two_arcs(void **state)
{
    (void)state;
    static const uint32_t ours[] = {1, 3, 6, 1, 4, 1, 32473, 1};
    static const uint32_t far[] = {2, 999, 4294967295u}; /* X.690 8.19.5 has 2.999 */
    uint8_t memory[32];
    uint32_t arcs[SNMP_BER_OID_MOST];
    struct snmp_ber_writer writer = fresh(memory, sizeof memory);
    snmp_ber_put_oid(&writer, ours, TEST_COUNT(ours));
    assert_bytes(&writer, "\x06\x09\x2b\x06\x01\x04\x01\x81\xfd\x59\x01", 11);
    writer = fresh(memory, sizeof memory);
    snmp_ber_put_oid(&writer, far, TEST_COUNT(far));
    assert_bytes(&writer, "\x06\x07\x88\x37\x8f\xff\xff\xff\x7f", 9);
    struct snmp_ber_reader reader = snmp_ber_reader(writer.at, snmp_ber_length(&writer));
    assert_int_equal(snmp_ber_get_oid(&reader, arcs), 3);
    assert_memory_equal(arcs, far, sizeof far);
}

static void long_lengths_have_their_own_bytes(void **state)
{
    (void)state;
    uint8_t memory[400];
    char text[300] = {0};
    struct snmp_ber_writer writer = fresh(memory, sizeof memory);
    snmp_ber_put_bytes(&writer, SNMP_BER_OCTETS, text, sizeof text);
    assert_int_equal(snmp_ber_length(&writer), 304);
    assert_memory_equal(writer.at, "\x04\x82\x01\x2c", 4);
    writer = fresh(memory, sizeof memory);
    snmp_ber_put_bytes(&writer, SNMP_BER_OCTETS, text, 128);
    assert_memory_equal(writer.at, "\x04\x81\x80", 3);
}

static void what_does_not_fit_fails_and_stays_inside(void **state)
{
    (void)state;
    uint8_t memory[12];
    for (size_t size = 0; size < 8; size++) {
        memset(memory, 0xEE, sizeof memory);
        struct snmp_ber_writer writer = snmp_ber_writer(memory + 2, size);
        snmp_ber_put_bytes(&writer, SNMP_BER_OCTETS, "abcdef", 6);
        assert_true(writer.failed);
        assert_int_equal(memory[1], 0xEE);
        assert_int_equal(memory[2 + size], 0xEE);
    }
}

static void malformed_bytes_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t length;
    } rows[] = {
        {"\x02", 1},                                          /* no length */
        {"\x02\x00", 2},                                      /* an integer of nothing */
        {"\x02\x02\x01", 3},                                  /* shorter than it says */
        {"\x02\x80\x01\x00\x00", 5},                          /* indefinite length */
        {"\x02\x85\x00\x00\x00\x00\x01\x01", 8},              /* length of five bytes */
        {"\x02\x84\xff\xff\xff\xff\x01", 7},                  /* 4 GB */
        {"\x02\x09\x01\x01\x01\x01\x01\x01\x01\x01\x01", 11}, /* too many for 64 bits */
        {"\x04\x01\x00", 3},                                  /* another tag */
    };
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        struct snmp_ber_reader reader = snmp_ber_reader(rows[i].bytes, rows[i].length);
        assert_int_equal(snmp_ber_get_int(&reader, SNMP_BER_INTEGER), 0);
        assert_true(reader.failed);
    }
    static const char *const oids[] = {"\x06\x02\x2b\x81", "\x06\x06\x2b\x90\x80\x80\x80\x00",
                                       "\x06\x06\x2b\xff\xff\xff\xff\x7f"};
    static const size_t lengths[] = {4, 8, 8};
    for (size_t i = 0; i < TEST_COUNT(oids); i++) {
        uint32_t arcs[SNMP_BER_OID_MOST];
        struct snmp_ber_reader reader = snmp_ber_reader(oids[i], lengths[i]);
        assert_int_equal(snmp_ber_get_oid(&reader, arcs), 0);
        assert_true(reader.failed);
    }
}

static void an_identifier_of_too_many_arcs_is_refused(void **state)
{
    (void)state;
    uint8_t bytes[4 + 200] = {0x06, 0x81, 200, 0x2b};
    uint32_t arcs[SNMP_BER_OID_MOST];
    struct snmp_ber_reader reader = snmp_ber_reader(bytes, 203);
    assert_int_equal(snmp_ber_get_oid(&reader, arcs), 0);
    bytes[2] = 127; /* 126 more behind the first two: 128 */
    reader = snmp_ber_reader(bytes, 130);
    assert_int_equal(snmp_ber_get_oid(&reader, arcs), SNMP_BER_OID_MOST);
}

static void random_values_come_back(void **state)
{
    (void)state;
    uint64_t seed = test_seed();
    for (int round = 0; round < 2000; round++) {
        uint8_t memory[1024];
        uint32_t oid[SNMP_BER_OID_MOST], arcs[SNMP_BER_OID_MOST];
        int64_t number = (int64_t)(test_random(&seed) >> test_below(&seed, 64));
        number = test_below(&seed, 2) ? number : -number;
        size_t count = 2 + test_below(&seed, SNMP_BER_OID_MOST - 1);
        for (size_t i = 0; i < count; i++)
            oid[i] = (uint32_t)(test_random(&seed) >> (32 + test_below(&seed, 32)));
        oid[0] = (uint32_t)test_below(&seed, 3);
        oid[1] %= oid[0] < 2 ? 40 : UINT32_MAX;
        struct snmp_ber_writer writer = fresh(memory, sizeof memory);
        snmp_ber_put_oid(&writer, oid, count);
        snmp_ber_put_int(&writer, SNMP_BER_INTEGER, number);
        snmp_ber_wrap(&writer, SNMP_BER_SEQUENCE, 0);
        assert_false(writer.failed);
        struct snmp_ber_reader reader = snmp_ber_reader(writer.at, snmp_ber_length(&writer));
        struct snmp_ber_reader inner = snmp_ber_enter(&reader, SNMP_BER_SEQUENCE);
        assert_true(snmp_ber_get_int(&inner, SNMP_BER_INTEGER) == number);
        assert_int_equal(snmp_ber_get_oid(&inner, arcs), count);
        assert_memory_equal(arcs, oid, count * sizeof *oid);
        assert_false(inner.failed || reader.failed);
        assert_int_equal(snmp_ber_peek(&inner), -1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers_take_as_few_bytes_as_hold_them),
        cmocka_unit_test(unsigned_numbers_are_never_negative),
        cmocka_unit_test(identifiers_join_the_first_two_arcs),
        cmocka_unit_test(long_lengths_have_their_own_bytes),
        cmocka_unit_test(what_does_not_fit_fails_and_stays_inside),
        cmocka_unit_test(malformed_bytes_are_refused),
        cmocka_unit_test(an_identifier_of_too_many_arcs_is_refused),
        cmocka_unit_test(random_values_come_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
