/* Outlets in the tables of APC and Geist. Each maker has its own numbers for on and off, and others
 * for what is written; a mistake here switches the wrong way, so every one is written out. */
#include "snmp_tables_testing.h"

#include "face/snmp_outlets.h"

#define OLD ".1.3.6.1.4.1.318.1.1.4.4.2.1."
#define CONTROL ".1.3.6.1.4.1.318.1.1.12.3.3.1.1."
#define STATUS ".1.3.6.1.4.1.318.1.1.12.3.5.1.1."
#define NEW_STATUS ".1.3.6.1.4.1.318.1.1.26.9.2.3.1."
#define NEW_CONTROL ".1.3.6.1.4.1.318.1.1.26.9.2.4.1."
#define METERED ".1.3.6.1.4.1.318.1.1.26.9.4.3.1."
#define GEIST ".1.3.6.1.4.1.21239.5.2.3.5.1."
#define GEIST_METER ".1.3.6.1.4.1.21239.5.2.3.6.1."

#define CHECK(t, oid, wanted) assert_string_equal(test_get(t, oid), wanted)

static const char settings[] = "devices: {pdu-a: {}}\nsnmp_tables: {apc: pdu-a, geist: pdu-a}\n";

static void add(struct device *device, enum component_kind kind, int number, enum quantity quantity)
{
    component_point_add(device_component(device, kind, number), quantity);
}

static void build(struct site *site)
{
    static const enum quantity measured[] = {QUANTITY_STATE, QUANTITY_VOLTAGE, QUANTITY_CURRENT,
                                             QUANTITY_REAL_POWER, QUANTITY_ENERGY};
    struct device *pdu = site_device_add(
        site, &(struct device_spec){.name = "pdu-a", .role = "pdu", .every = CLOCK_S});
    add(pdu, COMPONENT_PHASE, 1, QUANTITY_CURRENT);
    for (int n = 1; n <= 3; n++) {
        for (size_t i = 0; i < TEST_COUNT(measured); i++)
            add(pdu, COMPONENT_OUTLET, n, measured[i]);
    }
    add(pdu, COMPONENT_OUTLET, 4, QUANTITY_CURRENT); /* cannot be switched nor has it a state */
    component_set_label(device_component(pdu, COMPONENT_OUTLET, 2), "Web server");
}

static void apc_reads(void **state)
{
    struct test_snmp *t = test_snmp_new(settings, build, &snmp_apc_part);
    (void)state;
    test_read(t, "pdu-a/outlet-1/state", 1);
    test_read(t, "pdu-a/outlet-2/state", 0);
    test_read(t, "pdu-a/outlet-2/current", 1.26);
    test_read(t, "pdu-a/outlet-2/real-power", 234.4);
    test_read(t, "pdu-a/outlet-2/energy", 12.34);
    test_read(t, "pdu-a/phase-a/current", 8.14);
    CHECK(t, ".1.3.6.1.4.1.318.1.1.4.4.1.0", "i:3");
    CHECK(t, ".1.3.6.1.4.1.318.1.1.12.1.8.0", "i:3");
    CHECK(t, OLD "3.1", "i:1"); /* outletOn */
    CHECK(t, OLD "3.2", "i:2");
    CHECK(t, OLD "3.3", "i:4"); /* outletUnknown: never read */
    CHECK(t, OLD "4.2", "s:Web server");
    CHECK(t, OLD "3.4", "-");
    CHECK(t, STATUS "4.1", "i:1");
    CHECK(t, STATUS "4.2", "i:2");
    CHECK(t, STATUS "4.3", "-");    /* it has no word for unknown */
    CHECK(t, STATUS "7.2", "i:13"); /* 0.1 A */
    CHECK(t, STATUS "2.2", "s:Web server");
    CHECK(t, NEW_STATUS "5.1", "i:2"); /* the other way round */
    CHECK(t, NEW_STATUS "5.2", "i:1");
    CHECK(t, METERED "6.2", "i:13");
    CHECK(t, METERED "7.2", "i:234");
    CHECK(t, METERED "11.2", "i:123"); /* 0.1 kWh */
    CHECK(t, ".1.3.6.1.4.1.318.1.1.12.2.3.1.1.2.1", "i:81");
    assert_true(test_walk(t) > 40);
    test_snmp_free(t);
}

static void geist_reads(void **state)
{
    struct test_snmp *t = test_snmp_new(settings, build, &snmp_geist_part);
    (void)state;
    test_read(t, "pdu-a/outlet-1/state", 1);
    test_read(t, "pdu-a/outlet-2/state", 0);
    test_read(t, "pdu-a/outlet-2/voltage", 230.16);
    test_read(t, "pdu-a/outlet-2/current", 1.267);
    test_read(t, "pdu-a/outlet-2/energy", 12.3456);
    CHECK(t, GEIST "4.1", "i:1");
    CHECK(t, GEIST "4.2", "i:2");
    CHECK(t, GEIST "4.3", "i:7"); /* unavailable */
    CHECK(t, GEIST "3.2", "s:Web server");
    CHECK(t, GEIST "6.1", "i:8");            /* none */
    CHECK(t, GEIST_METER "4.2", "i:2302");   /* 0.1 V */
    CHECK(t, GEIST_METER "8.2", "i:127");    /* 0.01 A */
    CHECK(t, GEIST_METER "15.2", "i:12346"); /* Wh */
    assert_true(test_walk(t) > 10);
    test_snmp_free(t);
}

static void nothing_is_served_unless_it_is_wanted(void **state)
{
    struct test_snmp *t = test_snmp_new("site: {name: x}\n", build, &snmp_apc_part);
    (void)state;
    assert_null(t->part);
    assert_int_equal(test_walk(t), 0);
    test_snmp_free(t);
}

/* ---- writing --------------------------------------------------------------------------------- */

struct wishes {
    enum command_action action;
    char target[LIMIT_PATH + 1];
    bool only_ask;
    enum command_verdict verdict;
    size_t count;
};

static void submit(void *user, const struct command_wish *wish, struct command_answer *answer)
{
    struct wishes *wishes = user;
    wishes->count++;
    wishes->action = wish->action;
    wishes->only_ask = wish->only_ask;
    assert_int_equal(wish->target_count, 1);
    assert_string_equal(wish->actor, "alice");
    assert_null(wish->confirm);
    snprintf(wishes->target, sizeof wishes->target, "%s", wish->targets[0]);
    *answer = (struct command_answer){.verdict = wishes->verdict};
}

/* The status of writing `number` there, checked and then done, as the agent does. */
static int set(struct test_snmp *t, const char *oid, struct snmp_value value)
{
    snmp_sub arcs[SNMP_OID_MOST];
    struct snmp_cell cell;
    int length = snmp_oid_parse(oid, arcs, SNMP_OID_MOST);
    assert_int_equal(snmp_tree_get(t->tree, arcs, (size_t)length, &t->ask, &cell, NULL),
                     SNMP_FOUND);
    struct snmp_table *table = cell.table;
    t->ask.actor = "alice";
    t->ask.origin = "192.0.2.1";
    t->ask.role = ROLE_CONTROL;
    const struct snmp_set_item item = {table, &table->columns[cell.column], &table->list[cell.row],
                                       value};
    const struct snmp_set all = {&t->ask, 1, &item};
    assert_true(item.column->writable);
    int status = table->set(table->user, &all, 0, false);
    return status ? status : table->set(table->user, &all, 0, true);
}

static struct snmp_value integer(int32_t number)
{
    return (struct snmp_value){.type = SNMP_INTEGER, .integer = number};
}

static const struct number {
    const char *oid;
    int number;
    enum command_action action; /* COMMAND_ACTIONS: refused */
} numbers[] = {
    {OLD "3.2", 0, COMMAND_ACTIONS},
    {OLD "3.2", 1, COMMAND_ON},
    {OLD "3.2", 2, COMMAND_OFF},
    {OLD "3.2", 3, COMMAND_REBOOT},
    {OLD "3.2", 4, COMMAND_ACTIONS},
    {OLD "3.2", 5, COMMAND_ON_DELAYED},
    {OLD "3.2", 6, COMMAND_OFF_DELAYED},
    {OLD "3.2", 7, COMMAND_REBOOT_DELAYED},
    {OLD "3.2", 8, COMMAND_ACTIONS},
    {CONTROL "4.2", 0, COMMAND_ACTIONS},
    {CONTROL "4.2", 1, COMMAND_ON},
    {CONTROL "4.2", 2, COMMAND_OFF},
    {CONTROL "4.2", 3, COMMAND_REBOOT},
    {CONTROL "4.2", 4, COMMAND_ON_DELAYED},
    {CONTROL "4.2", 5, COMMAND_OFF_DELAYED},
    {CONTROL "4.2", 6, COMMAND_REBOOT_DELAYED},
    {CONTROL "4.2", 7, COMMAND_CANCEL},
    {CONTROL "4.2", 8, COMMAND_ACTIONS},
    {NEW_CONTROL "5.2", 1, COMMAND_ON},
    {NEW_CONTROL "5.2", 2, COMMAND_OFF},
    {NEW_CONTROL "5.2", 3, COMMAND_REBOOT},
    {NEW_CONTROL "5.2", 4, COMMAND_ACTIONS},
    {NEW_CONTROL "5.2", 5, COMMAND_ON_DELAYED},
    {NEW_CONTROL "5.2", 6, COMMAND_OFF_DELAYED},
    {NEW_CONTROL "5.2", 7, COMMAND_REBOOT_DELAYED},
    {NEW_CONTROL "5.2", 8, COMMAND_CANCEL},
    {NEW_CONTROL "5.2", 9, COMMAND_ACTIONS},
    {GEIST "6.2", 0, COMMAND_ACTIONS},
    {GEIST "6.2", 1, COMMAND_CANCEL},
    {GEIST "6.2", 2, COMMAND_ON},
    {GEIST "6.2", 3, COMMAND_ON_DELAYED},
    {GEIST "6.2", 4, COMMAND_OFF},
    {GEIST "6.2", 5, COMMAND_OFF_DELAYED},
    {GEIST "6.2", 6, COMMAND_REBOOT},
    {GEIST "6.2", 7, COMMAND_REBOOT_DELAYED},
    {GEIST "6.2", 8, COMMAND_ACTIONS},
    {GEIST "6.2", -1, COMMAND_ACTIONS},
};

static void every_number_means_one_thing(void **state)
{
    struct wishes wishes = {.verdict = COMMAND_ACCEPTED};
    const struct command_executor executor = {.submit = submit, .user = &wishes};
    (void)state;
    for (size_t i = 0; i < TEST_COUNT(numbers); i++) {
        bool geist = strncmp(numbers[i].oid, GEIST, strlen(GEIST)) == 0;
        struct test_snmp *t =
            test_snmp_new(settings, build, geist ? &snmp_geist_part : &snmp_apc_part);
        t->model.commands = commands_new(&t->site.clock);
        commands_set_executor(t->model.commands, &executor);
        wishes.count = 0;
        int status = set(t, numbers[i].oid, integer(numbers[i].number));
        if (numbers[i].action == COMMAND_ACTIONS) {
            assert_int_equal(status, SNMP_WRONG_VALUE);
            assert_int_equal(wishes.count, 0);
        } else {
            assert_int_equal(status, SNMP_OK);
            assert_int_equal(wishes.count, 2); /* asked, then done */
            assert_int_equal(wishes.action, numbers[i].action);
            assert_false(wishes.only_ask);
            assert_string_equal(wishes.target, "pdu-a/outlet-2");
        }
        commands_free(t->model.commands);
        test_snmp_free(t);
    }
}

static void what_the_door_refuses_is_refused(void **state)
{
    static const struct {
        enum command_verdict verdict;
        int status;
    } rows[] = {
        {COMMAND_NEEDS_CONFIRM, SNMP_INCONSISTENT_VALUE},
        {COMMAND_NOT_ALLOWED, SNMP_INCONSISTENT_VALUE},
        {COMMAND_CONFLICT, SNMP_INCONSISTENT_VALUE},
        {COMMAND_BUSY, SNMP_RESOURCES},
    };
    struct wishes wishes = {0};
    const struct command_executor executor = {.submit = submit, .user = &wishes};
    struct test_snmp *t = test_snmp_new(settings, build, &snmp_apc_part);
    (void)state;
    assert_int_equal(set(t, CONTROL "4.2", integer(2)), SNMP_NOT_WRITABLE); /* there is no door */
    t->model.commands = commands_new(&t->site.clock);
    commands_set_executor(t->model.commands, &executor);
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        wishes = (struct wishes){.verdict = rows[i].verdict};
        assert_int_equal(set(t, CONTROL "4.2", integer(2)), rows[i].status);
        assert_int_equal(wishes.count, 1);
        assert_true(wishes.only_ask);
    }
    const struct snmp_value text = {.type = SNMP_TEXT, .bytes = "2", .length = 1};
    assert_int_equal(set(t, CONTROL "4.2", text), SNMP_WRONG_TYPE);
    commands_free(t->model.commands);
    test_snmp_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(apc_reads),
        cmocka_unit_test(geist_reads),
        cmocka_unit_test(nothing_is_served_unless_it_is_wanted),
        cmocka_unit_test(every_number_means_one_thing),
        cmocka_unit_test(what_the_door_refuses_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
