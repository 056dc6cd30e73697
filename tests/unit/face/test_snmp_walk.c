/* The whole tree of a site made by hand, as a walk finds it: compared with
 * tests/golden/snmp_walk.txt, which was checked by eye against the site in snmp_testing.h. */

#include "snmp_testing.h"

#include "base/buf.h"
#include "base/utf8.h"

#define GOLDEN TEST_SOURCE_ROOT "/tests/golden/snmp_walk.txt"

static void add_octets(struct buf *out, const netsnmp_variable_list *at)
{
    bool plain = true;
    for (size_t i = 0; i < at->val_len; i++)
        plain = plain && at->val.string[i] >= ' ' && at->val.string[i] != 0x7f;
    if (plain && utf8_valid((const char *)at->val.string, at->val_len) == at->val_len) {
        buf_add_format(out, "\"%.*s\"", (int)at->val_len, at->val.string);
        return;
    }
    for (size_t i = 0; i < at->val_len; i++)
        buf_add_format(out, "%s%02x", i ? " " : "", at->val.string[i]);
}

static void add_variable(struct buf *out, const netsnmp_variable_list *at)
{
    static const char version[] = ".1.3.6.1.4.1.32473.1.1.1.3.0",
                      description[] = ".1.3.6.1.2.1.1.1.0";
    char name[400];
    snmp_oid_format(at->name, at->name_length, name, sizeof name);
    buf_add_format(out, "%s = ", name);
    if (strcmp(name, version) == 0 || strcmp(name, description) == 0) {
        buf_add_text(out, "(of this program and machine)\n");
        return;
    }
    switch (at->type) {
    case ASN_INTEGER:
        buf_add_format(out, "integer %ld", *at->val.integer);
        break;
    case ASN_COUNTER:
        buf_add_format(out, "counter %lu", *(u_long *)at->val.integer);
        break;
    case ASN_GAUGE:
        buf_add_format(out, "gauge %lu", *(u_long *)at->val.integer);
        break;
    case ASN_TIMETICKS:
        buf_add_format(out, "ticks %lu", *(u_long *)at->val.integer);
        break;
    case ASN_COUNTER64:
        buf_add_format(out, "counter64 %llu",
                       (unsigned long long)at->val.counter64->high << 32 | at->val.counter64->low);
        break;
    case ASN_OBJECT_ID:
        snmp_oid_format(at->val.objid, at->val_len / sizeof(oid), name, sizeof name);
        buf_add_text(out, name);
        break;
    default:
        add_octets(out, at);
    }
    buf_add_char(out, '\n');
}

/* One variable after the other; `out` gets a line each. */
static void walk(struct snmp_rig *rig, long version, struct buf *out)
{
    netsnmp_pdu *pdu = snmp_rig_pdu(SNMP_MSG_GETNEXT, version);
    snmp_rig_ask_for(pdu, ".1");
    for (;;) {
        assert_true(snmp_answer(rig->tree, &rig->ask, &snmp_rig_room, pdu));
        if (pdu->errstat || pdu->variables->type == SNMP_ENDOFMIBVIEW)
            break;
        add_variable(out, pdu->variables);
        pdu->command = SNMP_MSG_GETNEXT;
    }
    assert_int_equal(pdu->errstat, version == SNMP_VERSION_1 ? SNMP_NO_SUCH_NAME : SNMP_OK);
    snmp_free_pdu(pdu);
}

/* The same, `times` at once. */
static void walk_bulk(struct snmp_rig *rig, long times, struct buf *out)
{
    oid last[SNMP_OID_MOST] = {1, 0};
    size_t length = 2;
    for (bool end = false; !end;) {
        netsnmp_pdu *pdu = snmp_rig_pdu(SNMP_MSG_GETBULK, SNMP_VERSION_2c);
        pdu->non_repeaters = 0;
        pdu->max_repetitions = times;
        snmp_add_null_var(pdu, last, length);
        assert_true(snmp_answer(rig->tree, &rig->ask, &snmp_rig_room, pdu));
        for (netsnmp_variable_list *at = pdu->variables; at && !end; at = at->next_variable) {
            end = at->type == SNMP_ENDOFMIBVIEW;
            if (end)
                break;
            add_variable(out, at);
            memcpy(last, at->name, at->name_length * sizeof(oid));
            length = at->name_length;
        }
        snmp_free_pdu(pdu);
    }
}

static void test_golden(void **state)
{
    struct buf found = BUF_EMPTY;
    walk(*state, SNMP_VERSION_2c, &found);
    if (getenv("GOLDEN_WRITE"))
        test_write_file(GOLDEN, buf_text(&found));
    char *golden = test_read_file(GOLDEN);
    assert_non_null(golden);
    assert_string_equal(buf_text(&found), golden);
    free(golden);
    buf_deinit(&found);
}

static void test_bulk_is_the_same(void **state)
{
    static const long times[] = {1, 2, 7, 100, 100000};
    struct buf one = BUF_EMPTY, many = BUF_EMPTY;
    walk(*state, SNMP_VERSION_2c, &one);
    for (size_t i = 0; i < TEST_COUNT(times); i++) {
        buf_clear(&many);
        walk_bulk(*state, times[i], &many);
        assert_string_equal(buf_text(&many), buf_text(&one));
    }
    buf_deinit(&one);
    buf_deinit(&many);
}

/* Version 1 has no Counter64: all else is there. */
static void test_version_1(void **state)
{
    struct buf two = BUF_EMPTY, one = BUF_EMPTY, expected = BUF_EMPTY;
    walk(*state, SNMP_VERSION_2c, &two);
    walk(*state, SNMP_VERSION_1, &one);
    char *rest = (char *)(uintptr_t)buf_text(&two), *line;
    while ((line = strsep(&rest, "\n"))) {
        if (*line && !strstr(line, " = counter64 "))
            buf_add_format(&expected, "%s\n", line);
    }
    assert_string_equal(buf_text(&one), buf_text(&expected));
    buf_deinit(&two);
    buf_deinit(&one);
    buf_deinit(&expected);
}

/* Each cell of the walk is found by its own name, and nothing else is. */
static void test_get_finds_what_next_finds(void **state)
{
    struct snmp_rig *rig = *state;
    struct snmp_cell cell;
    struct snmp_value value, again;
    snmp_sub name[SNMP_OID_MOST] = {1};
    size_t length = 1, count = 0;
    while (snmp_tree_next(rig->tree, name, length, &rig->ask, &cell, &value)) {
        length = snmp_cell_oid(&cell, name);
        assert_int_equal(snmp_tree_get(rig->tree, name, length, &rig->ask, &cell, &again),
                         SNMP_FOUND);
        assert_int_equal(again.type, value.type);
        name[length] = 0;
        assert_int_not_equal(snmp_tree_get(rig->tree, name, length + 1, &rig->ask, &cell, &again),
                             SNMP_FOUND);
        assert_int_not_equal(snmp_tree_get(rig->tree, name, length - 1, &rig->ask, &cell, &again),
                             SNMP_FOUND);
        count++;
    }
    assert_true(count > 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_golden, snmp_rig_setup, snmp_rig_teardown),
        cmocka_unit_test_setup_teardown(test_bulk_is_the_same, snmp_rig_setup, snmp_rig_teardown),
        cmocka_unit_test_setup_teardown(test_version_1, snmp_rig_setup, snmp_rig_teardown),
        cmocka_unit_test_setup_teardown(test_get_finds_what_next_finds, snmp_rig_setup,
                                        snmp_rig_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
