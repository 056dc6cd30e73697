/* Values and identifiers: sizes against what Net-SNMP writes, dates against date(1). */

#include "test.h"

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>

#include "face/snmp_value.h"

static const void *content(const struct snmp_value *value, size_t *length, struct counter64 *wide)
{
    *length = sizeof value->integer;
    switch (value->type) {
    case SNMP_INTEGER:
        return &value->integer;
    case SNMP_TEXT:
        *length = value->length;
        return value->bytes;
    case SNMP_OBJECT:
        *length = value->length * sizeof(oid);
        return value->bytes;
    case SNMP_COUNTER64:
        *wide =
            (struct counter64){.high = value->counter >> 32, .low = value->counter & 0xffffffff};
        *length = sizeof *wide;
        return wide;
    default:
        return &value->number;
    }
}

/* What snmp_build_var_op() of Net-SNMP takes for it. */
static size_t written_size(const snmp_sub *name, size_t name_length, const struct snmp_value *value)
{
    static u_char packet[4096];
    struct counter64 wide;
    size_t room = sizeof packet, length;
    const void *bytes = content(value, &length, &wide);
    netsnmp_variable_list variable = {0};
    snmp_set_var_objid(&variable, name, name_length);
    snmp_set_var_typed_value(&variable, (u_char)value->type, bytes, length);
    u_char *end = snmp_build_var_op(packet, variable.name, &variable.name_length, variable.type,
                                    variable.val_len, variable.val.string, &room);
    assert_non_null(end);
    size_t size = (size_t)(end - packet);
    snmp_reset_var_buffers(&variable);
    /* the old encoder writes the outer length in three octets always */
    size_t inner = size - 4;
    return inner + (inner < 0x80 ? 2 : inner < 0x100 ? 3 : 4);
}

static uint64_t spread(uint64_t *random)
{
    return test_random(random) >> test_below(random, 64);
}

static void make_value(uint64_t *random, struct snmp_value *value, snmp_sub *oid_room)
{
    static const char text[300] = "";
    switch (test_below(random, 6)) {
    case 0:
        snmp_integer(value, (int32_t)spread(random));
        break;
    case 1:
        snmp_unsigned(value, (uint32_t)spread(random));
        break;
    case 2:
        snmp_counter64(value, spread(random));
        break;
    case 3:
        snmp_octets(value, text, test_below(random, sizeof text));
        break;
    case 4:
        snmp_ticks(value, (int64_t)(spread(random) >> 1));
        break;
    default:
        oid_room[0] = 1;
        oid_room[1] = 3;
        for (size_t i = 2; i < 10; i++)
            oid_room[i] = (uint32_t)spread(random);
        snmp_object(value, oid_room, 2 + test_below(random, 9));
    }
}

static void test_sizes(void **state)
{
    uint64_t random = test_seed();
    (void)state;
    for (int i = 0; i < 20000; i++) {
        snmp_sub name[40] = {1, 3}, room[12];
        struct snmp_value value;
        size_t length = 2 + test_below(&random, 30);
        for (size_t k = 2; k < length; k++)
            name[k] = (uint32_t)spread(&random);
        make_value(&random, &value, room);
        assert_int_equal(snmp_binding_size(name, length, &value),
                         written_size(name, length, &value));
    }
}

static void test_ranges(void **state)
{
    struct snmp_value value;
    (void)state;
    snmp_integer(&value, INT64_MAX);
    assert_int_equal(value.integer, INT32_MAX);
    snmp_integer(&value, INT64_MIN);
    assert_int_equal(value.integer, INT32_MIN);
    snmp_unsigned(&value, UINT64_MAX);
    assert_int_equal(value.number, UINT32_MAX);
    snmp_ticks(&value, 10000LL * 4294967297); /* wraps after 497 days */
    assert_int_equal(value.number, 1);
}

/* Cut between characters, not within one. */
static void test_long_text(void **state)
{
    char text[400];
    struct snmp_value value;
    (void)state;
    memset(text, 'x', sizeof text);
    memcpy(text + 254, "\xc2\xb0", 2); /* a degree sign across the end */
    text[300] = '\0';
    snmp_text(&value, text);
    assert_int_equal(value.length, 254);
    snmp_format(&value, "%s", text);
    assert_int_equal(value.length, 254);
}

static void test_dates(void **state)
{
    static const unsigned char expected[] = {0x07, 0xea, 11, 21, 23, 59, 58, 7, '+', 0, 0};
    struct snmp_value value;
    (void)state;
    /* date -u -d '2026-11-21 23:59:58' +%s */
    snmp_date(&value, 1795305598LL * CLOCKS_PER_SEC + 799999);
    assert_int_equal(value.length, 11);
    assert_memory_equal(value.bytes, expected, 11);
    snmp_date(&value, 0);
    assert_int_equal(value.length, 0);
}

static void test_parse(void **state)
{
    static const char *const wrong[] = {"",    ".",    "..1",          "1.",        "1..2", "a",
                                        "1.a", "1.-2", "1.4294967296", "1.2.3.4.5", " 1"};
    snmp_sub oid[4];
    char text[60];
    (void)state;
    for (size_t i = 0; i < TEST_COUNT(wrong); i++)
        assert_true(snmp_oid_parse(wrong[i], oid, 4) < 0);
    assert_int_equal(snmp_oid_parse(".1.3.4294967295", oid, 4), 3);
    snmp_oid_format(oid, 3, text, sizeof text);
    assert_string_equal(text, ".1.3.4294967295");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sizes),     cmocka_unit_test(test_ranges),
        cmocka_unit_test(test_long_text), cmocka_unit_test(test_dates),
        cmocka_unit_test(test_parse),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
