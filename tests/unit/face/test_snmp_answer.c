/* Requests on a site made by hand: what RFC 3416 and RFC 3584 ask of the answers. */

#include "snmp_testing.h"

static void ask(struct snmp_rig *rig, netsnmp_pdu *pdu)
{
    assert_true(snmp_answer(rig->tree, &rig->ask, &snmp_rig_room, pdu));
    assert_int_equal(pdu->command, SNMP_MSG_RESPONSE);
}

static const netsnmp_variable_list *nth(const netsnmp_pdu *pdu, int n)
{
    const netsnmp_variable_list *at = pdu->variables;
    while (n-- && at)
        at = at->next_variable;
    assert_non_null(at);
    return at;
}

static int count(const netsnmp_pdu *pdu)
{
    return count_varbinds(pdu->variables);
}

/* ---- reading --------------------------------------------------------------------------------- */

#define VOLTAGE_NUMBER "4.1.8.10.2002.1"
#define CURRENT_NUMBER "4.1.8.4.1000.5" /* stale */
#define ENERGY_COUNTER "4.1.9.10.1000.30"

static void test_get(void **state)
{
    netsnmp_pdu *pdu = snmp_rig_pdu(SNMP_MSG_GET, SNMP_VERSION_2c);
    snmp_rig_ask_for(pdu, VOLTAGE_NUMBER);
    snmp_rig_ask_for(pdu, CURRENT_NUMBER);
    snmp_rig_ask_for(pdu, "4.1.99.10.2002.1"); /* no such column */
    snmp_rig_ask_for(pdu, "4.1.8.99.2002.1");  /* no such row */
    snmp_rig_ask_for(pdu, ENERGY_COUNTER);
    snmp_rig_ask_for(pdu, "2.1.1.4"); /* an index cannot be read */
    ask(*state, pdu);
    assert_int_equal(pdu->errstat, 0);
    assert_int_equal(*nth(pdu, 0)->val.integer, 2300);
    assert_int_equal(nth(pdu, 1)->type, SNMP_NOSUCHINSTANCE);
    assert_int_equal(nth(pdu, 2)->type, SNMP_NOSUCHOBJECT);
    assert_int_equal(nth(pdu, 3)->type, SNMP_NOSUCHINSTANCE);
    assert_int_equal(nth(pdu, 4)->type, ASN_COUNTER64);
    assert_int_equal(nth(pdu, 5)->type, SNMP_NOSUCHOBJECT);
    snmp_free_pdu(pdu);
}

/* Version 1: one error for all, and the bindings of the request. */
static void test_get_version_1(void **state)
{
    static const char *const missing[] = {CURRENT_NUMBER, "4.1.99.1", ENERGY_COUNTER};
    for (size_t i = 0; i < TEST_COUNT(missing); i++) {
        netsnmp_pdu *pdu = snmp_rig_pdu(SNMP_MSG_GET, SNMP_VERSION_1);
        snmp_rig_ask_for(pdu, VOLTAGE_NUMBER);
        snmp_rig_ask_for(pdu, missing[i]);
        ask(*state, pdu);
        assert_int_equal(pdu->errstat, SNMP_ERR_NOSUCHNAME);
        assert_int_equal(pdu->errindex, 2);
        assert_int_equal(count(pdu), 2);
        assert_int_equal(nth(pdu, 0)->type, ASN_NULL);
        snmp_free_pdu(pdu);
    }
}

static void test_too_big(void **state)
{
    struct snmp_rig *rig = *state;
    const struct snmp_room small = {.all = 40, .bulk = 40};
    static const long versions[] = {SNMP_VERSION_1, SNMP_VERSION_2c};
    for (size_t i = 0; i < TEST_COUNT(versions); i++) {
        netsnmp_pdu *pdu = snmp_rig_pdu(SNMP_MSG_GET, versions[i]);
        snmp_rig_ask_for(pdu, VOLTAGE_NUMBER);
        snmp_rig_ask_for(pdu, VOLTAGE_NUMBER);
        assert_true(snmp_answer(rig->tree, &rig->ask, &small, pdu));
        assert_int_equal(pdu->errstat, SNMP_ERR_TOOBIG);
        assert_int_equal(pdu->errindex, 0);
        assert_int_equal(count(pdu), versions[i] == SNMP_VERSION_1 ? 2 : 0);
        snmp_free_pdu(pdu);
    }
}

static void test_bulk(void **state)
{
    netsnmp_pdu *pdu = snmp_rig_pdu(SNMP_MSG_GETBULK, SNMP_VERSION_2c);
    pdu->non_repeaters = 1;
    pdu->max_repetitions = 3;
    snmp_rig_ask_for(pdu, ".1.3.6.1.2.1.1.3");
    snmp_rig_ask_for(pdu, "2.1.2");
    snmp_rig_ask_for(pdu, "7.14.0"); /* one more, then other groups, then the end */
    ask(*state, pdu);
    assert_int_equal(count(pdu), 1 + 3 * 2);
    assert_int_equal(nth(pdu, 0)->type, ASN_TIMETICKS);
    assert_int_equal(nth(pdu, 1)->name[nth(pdu, 1)->name_length - 1], 4);
    assert_int_equal(nth(pdu, 3)->name[nth(pdu, 3)->name_length - 1], 10);
    snmp_free_pdu(pdu);
}

static void test_bulk_at_the_end(void **state)
{
    netsnmp_pdu *pdu = snmp_rig_pdu(SNMP_MSG_GETBULK, SNMP_VERSION_2c);
    pdu->non_repeaters = -5; /* counts as 0 */
    pdu->max_repetitions = 0x7fffffff;
    snmp_rig_ask_for(pdu, ".1.3.6.1.6.3.15.1.1.5.0");
    snmp_rig_ask_for(pdu, ".2");
    ask(*state, pdu);
    /* one value and one end, then two ends, and no more although so many were asked for */
    assert_int_equal(count(pdu), 4);
    assert_int_equal(nth(pdu, 0)->type, ASN_COUNTER);
    assert_int_equal(nth(pdu, 1)->type, SNMP_ENDOFMIBVIEW);
    assert_int_equal(nth(pdu, 2)->type, SNMP_ENDOFMIBVIEW);
    assert_int_equal(nth(pdu, 3)->type, SNMP_ENDOFMIBVIEW);
    assert_int_equal(nth(pdu, 2)->name_length, nth(pdu, 0)->name_length);
    snmp_free_pdu(pdu);
}

static void test_bulk_stops_where_it_is_full(void **state)
{
    struct snmp_rig *rig = *state;
    for (size_t room = 0; room < 400; room += 13) {
        const struct snmp_room some = {.all = 60000, .bulk = room};
        netsnmp_pdu *pdu = snmp_rig_pdu(SNMP_MSG_GETBULK, SNMP_VERSION_2c);
        pdu->max_repetitions = 50;
        snmp_rig_ask_for(pdu, "4.1.2");
        snmp_rig_ask_for(pdu, "4.1.3");
        assert_true(snmp_answer(rig->tree, &rig->ask, &some, pdu));
        size_t used = 0;
        for (const netsnmp_variable_list *at = pdu->variables; at; at = at->next_variable) {
            struct snmp_value value;
            snmp_octets(&value, at->val.string, at->val_len);
            used += snmp_binding_size(at->name, at->name_length, &value);
        }
        assert_true(used <= room);
        assert_int_equal(pdu->errstat, pdu->variables ? SNMP_ERR_NOERROR : SNMP_ERR_TOOBIG);
        snmp_free_pdu(pdu);
    }
}

static void test_what_is_no_request(void **state)
{
    struct snmp_rig *rig = *state;
    static const int commands[] = {SNMP_MSG_TRAP2, SNMP_MSG_INFORM, SNMP_MSG_REPORT,
                                   SNMP_MSG_RESPONSE};
    for (size_t i = 0; i < TEST_COUNT(commands); i++) {
        netsnmp_pdu *pdu = snmp_rig_pdu(commands[i], SNMP_VERSION_2c);
        assert_false(snmp_answer(rig->tree, &rig->ask, &snmp_rig_room, pdu));
        snmp_free_pdu(pdu);
    }
    netsnmp_pdu *pdu = snmp_rig_pdu(SNMP_MSG_GETBULK, SNMP_VERSION_1);
    assert_false(snmp_answer(rig->tree, &rig->ask, &snmp_rig_room, pdu));
    snmp_free_pdu(pdu);
}

/* ---- setting --------------------------------------------------------------------------------- */

#define OUTLET_ACTION "5.1.6.4.6003"
#define CRITICAL_ACTION "5.1.6.4.6004"
#define LOCKED_ACTION "5.1.6.4.6005"

enum { ON = 1, OFF = 2, REBOOT = 5, CANCEL = 8 };

static netsnmp_pdu *wish(const char *name, long number, long version)
{
    netsnmp_pdu *pdu = snmp_rig_pdu(SNMP_MSG_SET, version);
    snmp_rig_wish(pdu, name, ASN_INTEGER, &number, sizeof number);
    return pdu;
}

/* What became of a SET of one variable. */
static long set_one(struct snmp_rig *rig, const char *name, long number, long version)
{
    netsnmp_pdu *pdu = wish(name, number, version);
    ask(rig, pdu);
    long status = pdu->errstat;
    assert_int_equal(pdu->errindex, status ? 1 : 0);
    snmp_free_pdu(pdu);
    return status;
}

static void test_set_outlet(void **state)
{
    struct snmp_rig *rig = *state;
    assert_int_equal(set_one(rig, OUTLET_ACTION, OFF, SNMP_VERSION_2c), SNMP_ERR_NOERROR);
    const struct command *command = commands_at(rig->commands, 0);
    assert_non_null(command);
    assert_int_equal(command->action, COMMAND_OFF);
    assert_string_equal(command->actor, "kim");
    assert_string_equal(command->origin, "192.0.2.7");
    assert_string_equal(command->steps[0].target, "pdu-a/outlet-3");
}

static void test_set_statuses(void **state)
{
    struct snmp_rig *rig = *state;
    const struct {
        const char *name;
        long number, two, one;
    } rows[] = {
        {OUTLET_ACTION, 0, SNMP_ERR_WRONGVALUE, SNMP_ERR_BADVALUE},
        {OUTLET_ACTION, 9, SNMP_ERR_WRONGVALUE, SNMP_ERR_BADVALUE},
        {"5.1.6.4.6099", OFF, SNMP_ERR_NOCREATION, SNMP_ERR_NOSUCHNAME},
        {"5.1.4.4.6003", OFF, SNMP_ERR_NOTWRITABLE, SNMP_ERR_NOSUCHNAME},
        {"99.1", OFF, SNMP_ERR_NOTWRITABLE, SNMP_ERR_NOSUCHNAME},
        {"5.1.9.4.6003", 1, SNMP_ERR_INCONSISTENTVALUE, SNMP_ERR_BADVALUE}, /* alone */
        {LOCKED_ACTION, OFF, SNMP_ERR_NOACCESS, SNMP_ERR_NOSUCHNAME},
        {CRITICAL_ACTION, REBOOT, SNMP_ERR_INCONSISTENTVALUE, SNMP_ERR_BADVALUE},
    };
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        assert_int_equal(set_one(rig, rows[i].name, rows[i].number, SNMP_VERSION_2c), rows[i].two);
        assert_int_equal(set_one(rig, rows[i].name, rows[i].number, SNMP_VERSION_1), rows[i].one);
    }
    assert_int_equal(rig->writes, 0);
}

static void test_who_only_looks(void **state)
{
    struct snmp_rig *rig = *state;
    rig->ask.role = ROLE_VIEW;
    assert_int_equal(set_one(rig, OUTLET_ACTION, OFF, SNMP_VERSION_2c), SNMP_ERR_NOACCESS);
    assert_int_equal(set_one(rig, OUTLET_ACTION, OFF, SNMP_VERSION_1), SNMP_ERR_NOSUCHNAME);
    assert_int_equal(commands_count(rig->commands), 0);
}

static void test_wrong_type(void **state)
{
    struct snmp_rig *rig = *state;
    netsnmp_pdu *pdu = snmp_rig_pdu(SNMP_MSG_SET, SNMP_VERSION_2c);
    snmp_rig_wish(pdu, OUTLET_ACTION, ASN_OCTET_STR, "2", 1);
    ask(rig, pdu);
    assert_int_equal(pdu->errstat, SNMP_ERR_WRONGTYPE);
    snmp_free_pdu(pdu);
}

/* Nothing is done when one of several cannot be. */
static void test_all_or_nothing(void **state)
{
    struct snmp_rig *rig = *state;
    long off = OFF;
    netsnmp_pdu *pdu = wish(OUTLET_ACTION, OFF, SNMP_VERSION_2c);
    snmp_rig_wish(pdu, LOCKED_ACTION, ASN_INTEGER, &off, sizeof off);
    ask(rig, pdu);
    assert_int_equal(pdu->errstat, SNMP_ERR_NOACCESS);
    assert_int_equal(pdu->errindex, 2);
    assert_int_equal(commands_count(rig->commands), 0);
    snmp_free_pdu(pdu);
}

static void read_text(struct snmp_rig *rig, const char *name, char *text, size_t size)
{
    netsnmp_pdu *pdu = snmp_rig_pdu(SNMP_MSG_GET, SNMP_VERSION_2c);
    snmp_rig_ask_for(pdu, name);
    ask(rig, pdu);
    assert_int_equal(pdu->variables->type, ASN_OCTET_STR);
    snprintf(text, size, "%.*s", (int)pdu->variables->val_len, pdu->variables->val.string);
    snmp_free_pdu(pdu);
}

/* A critical outlet: refused, then with the code that stands beside it. */
static void test_confirmation(void **state)
{
    struct snmp_rig *rig = *state;
    char code[32], other[32], why[300];
    assert_int_equal(set_one(rig, CRITICAL_ACTION, REBOOT, SNMP_VERSION_2c),
                     SNMP_ERR_INCONSISTENTVALUE);
    assert_int_equal(commands_count(rig->commands), 0);
    read_text(rig, "5.1.9.4.6004", code, sizeof code);
    assert_int_equal(strlen(code), 6);
    read_text(rig, "5.1.12.4.6004", why, sizeof why);
    assert_non_null(strstr(why, "critical"));
    rig->ask.actor = "another";
    read_text(rig, "5.1.9.4.6004", other, sizeof other);
    assert_string_equal(other, "");
    read_text(rig, "5.1.12.4.6004", other, sizeof other); /* which says it too */
    assert_string_equal(other, "");
    rig->ask.actor = "kim";
    netsnmp_pdu *pdu = wish(CRITICAL_ACTION, REBOOT, SNMP_VERSION_2c);
    snmp_rig_wish(pdu, "5.1.9.4.6004", ASN_OCTET_STR, code, strlen(code));
    ask(rig, pdu);
    assert_int_equal(pdu->errstat, SNMP_ERR_NOERROR);
    snmp_free_pdu(pdu);
    assert_int_equal(commands_count(rig->commands), 1);
    read_text(rig, "5.1.9.4.6004", code, sizeof code);
    assert_string_equal(code, "");
}

static void test_delay(void **state)
{
    struct snmp_rig *rig = *state;
    u_long delay = 90, long_time = 86401;
    netsnmp_pdu *pdu = wish(OUTLET_ACTION, OFF, SNMP_VERSION_2c);
    snmp_rig_wish(pdu, "5.1.8.4.6003", ASN_UNSIGNED, &long_time, sizeof long_time);
    ask(rig, pdu);
    assert_int_equal(pdu->errstat, SNMP_ERR_WRONGVALUE);
    assert_int_equal(pdu->errindex, 2);
    snmp_free_pdu(pdu);
    pdu = wish(OUTLET_ACTION, OFF, SNMP_VERSION_2c);
    snmp_rig_wish(pdu, "5.1.8.4.6003", ASN_UNSIGNED, &delay, sizeof delay);
    ask(rig, pdu);
    assert_int_equal(pdu->errstat, SNMP_ERR_NOERROR);
    assert_int_equal(commands_at(rig->commands, 0)->delay, 90 * CLOCK_S);
    snmp_free_pdu(pdu);
}

/* A code or a delay of another type or length is told at its own place, whatever stood there
 * before, and nothing is asked of the door. */
static void test_wrong_beside(void **state)
{
    struct snmp_rig *rig = *state;
    long five = 5;
    const struct {
        const char *name;
        u_char type;
        const void *bytes;
        size_t length;
        long status;
    } rows[] = {
        {"5.1.9.4.6004", ASN_OCTET_STR, "0123456789abcdef", 16, SNMP_ERR_WRONGLENGTH},
        {"5.1.9.4.6004", ASN_INTEGER, &five, sizeof five, SNMP_ERR_WRONGTYPE},
        {"5.1.9.4.6004", ASN_IPADDRESS, "abcd", 4, SNMP_ERR_WRONGTYPE},
        {"5.1.8.4.6004", ASN_INTEGER, &five, sizeof five, SNMP_ERR_WRONGTYPE},
        {"5.1.8.4.6004", ASN_OCTET_STR, "90", 2, SNMP_ERR_WRONGTYPE},
    };
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        char code[32];
        netsnmp_pdu *pdu = wish(CRITICAL_ACTION, OFF, SNMP_VERSION_2c);
        snmp_rig_wish(pdu, rows[i].name, rows[i].type, rows[i].bytes, rows[i].length);
        ask(rig, pdu);
        assert_int_equal(pdu->errstat, rows[i].status);
        assert_int_equal(pdu->errindex, 2);
        snmp_free_pdu(pdu);
        read_text(rig, "5.1.9.4.6004", code, sizeof code);
        assert_string_equal(code, "");
    }
}

static void has_level(void *user, const char *path, struct switcher_output *output)
{
    (void)user;
    (void)path;
    output->level = QUANTITY_LEVEL;
}

/* Tenths of a percent, there and back. */
static void test_level_of_an_output(void **state)
{
    struct snmp_rig *rig = *state;
    struct device *pdu = site_device_find(rig->site, "pdu-a");
    struct point *on = snmp_rig_point(pdu, COMPONENT_OUTPUT, 1, QUANTITY_STATE);
    struct point *level = snmp_rig_point(pdu, COMPONENT_OUTPUT, 1, QUANTITY_LEVEL);
    snmp_rig_put(rig, on, 1);
    snmp_rig_put(rig, level, 12.34);
    switcher_set_outputs(rig->switcher, has_level, rig);
    netsnmp_pdu *pdu_asked = snmp_rig_pdu(SNMP_MSG_GET, SNMP_VERSION_2c);
    snmp_rig_ask_for(pdu_asked, "5.1.7.4.9001");
    snmp_rig_ask_for(pdu_asked, "5.1.3.4.9001");
    snmp_rig_ask_for(pdu_asked, "5.1.7.4.6003"); /* an outlet has none */
    ask(rig, pdu_asked);
    assert_int_equal(*nth(pdu_asked, 0)->val.integer, 123);
    assert_int_equal(*nth(pdu_asked, 1)->val.integer, 2);
    assert_int_equal(nth(pdu_asked, 2)->type, SNMP_NOSUCHINSTANCE);
    snmp_free_pdu(pdu_asked);
    assert_int_equal(set_one(rig, "5.1.7.4.9001", 1001, SNMP_VERSION_2c), SNMP_ERR_WRONGVALUE);
    assert_int_equal(set_one(rig, "5.1.7.4.9001", 305, SNMP_VERSION_2c), SNMP_ERR_NOERROR);
    const struct command *command = commands_at(rig->commands, 0);
    assert_int_equal(command->action, COMMAND_SET);
    assert_true(command->number == 30.5);
    assert_string_equal(command->steps[0].target, "pdu-a/output-1");
}

/* snmpSetSerialNo: only who knows its value may set it, and then it is another one. */
static void test_set_serial(void **state)
{
    struct snmp_rig *rig = *state;
    static const char name[] = ".1.3.6.1.6.3.1.1.6.1.0";
    assert_int_equal(set_one(rig, name, 1, SNMP_VERSION_2c), SNMP_ERR_INCONSISTENTVALUE);
    assert_int_equal(set_one(rig, name, 0, SNMP_VERSION_2c), SNMP_ERR_NOERROR);
    assert_int_equal(set_one(rig, name, 0, SNMP_VERSION_2c), SNMP_ERR_INCONSISTENTVALUE);
    assert_int_equal(set_one(rig, name, 1, SNMP_VERSION_2c), SNMP_ERR_NOERROR);
}

/* ---- the site changes ------------------------------------------------------------------------ */

static void test_devices_come_and_go(void **state)
{
    struct snmp_rig *rig = *state;
    netsnmp_pdu *pdu = snmp_rig_pdu(SNMP_MSG_GET, SNMP_VERSION_2c);
    snmp_rig_ask_for(pdu, "2.1.2.10");
    ask(rig, pdu);
    assert_int_equal(pdu->variables->type, ASN_OCTET_STR);
    snmp_free_pdu(pdu);
    site_device_remove(rig->site, site_device_find(rig->site, "meter-1"));
    site_device_add(rig->site, &(struct device_spec){.name = "new", .every = CLOCK_S});
    pdu = snmp_rig_pdu(SNMP_MSG_GET, SNMP_VERSION_2c);
    snmp_rig_ask_for(pdu, "2.1.2.10");
    snmp_rig_ask_for(pdu, VOLTAGE_NUMBER);
    snmp_rig_ask_for(pdu, "2.1.2.11"); /* never the number of one that was there before */
    ask(rig, pdu);
    assert_int_equal(nth(pdu, 0)->type, SNMP_NOSUCHINSTANCE);
    assert_int_equal(nth(pdu, 1)->type, SNMP_NOSUCHINSTANCE);
    assert_memory_equal(nth(pdu, 2)->val.string, "new", 3);
    snmp_free_pdu(pdu);
}

int main(void)
{
#define RIGGED(test) cmocka_unit_test_setup_teardown(test, snmp_rig_setup, snmp_rig_teardown)
    const struct CMUnitTest tests[] = {
        RIGGED(test_get),
        RIGGED(test_get_version_1),
        RIGGED(test_too_big),
        RIGGED(test_bulk),
        RIGGED(test_bulk_at_the_end),
        RIGGED(test_bulk_stops_where_it_is_full),
        RIGGED(test_what_is_no_request),
        RIGGED(test_set_outlet),
        RIGGED(test_set_statuses),
        RIGGED(test_who_only_looks),
        RIGGED(test_wrong_type),
        RIGGED(test_all_or_nothing),
        RIGGED(test_confirmation),
        RIGGED(test_delay),
        RIGGED(test_wrong_beside),
        RIGGED(test_level_of_an_output),
        RIGGED(test_set_serial),
        RIGGED(test_devices_come_and_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
