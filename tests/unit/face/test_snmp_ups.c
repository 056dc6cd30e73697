/* UPS-MIB (RFC 1628): units and the meaning of each state, over a supply whose numbers are known.
 */
#include "snmp_tables_testing.h"

#include "test_folder.h"

#include "engine/notify.h"
#include "engine/notify_hours.h"
#include "engine/notify_recipient.h"
#include "engine/notify_settings.h"
#include "face/snmp_tables_settings.h"
#include "face/snmp_trap_notice.h"
#include "face/snmp_ups.h"
#include "face/snmp_ups_trap.h"
#include "model/site_settings.h"

#define UPS ".1.3.6.1.2.1.33.1."
#define CHECK(t, oid, wanted) assert_string_equal(test_get(t, UPS oid), wanted)

static const char settings[] = "site: {name: Test}\n";

static const struct words charging = {
    .list = (const struct word[]){{0, "off"}, {1, "bulk"}, {2, "float"}, {3, "discharging"}},
    .count = 4,
};

static void add(struct device *device, enum component_kind kind, int number, enum quantity quantity)
{
    component_point_add(device_component(device, kind, number), quantity);
}

static struct device *add_supply(struct site *site, const char *name)
{
    static const enum quantity battery[] = {QUANTITY_VOLTAGE, QUANTITY_CURRENT, QUANTITY_CHARGE,
                                            QUANTITY_RUNTIME, QUANTITY_TEMPERATURE};
    static const enum quantity line[] = {QUANTITY_VOLTAGE, QUANTITY_CURRENT, QUANTITY_REAL_POWER};
    struct device *device = site_device_add(
        site,
        &(struct device_spec){
            .name = name, .role = "supply", .vendor = "Acme", .model = "DC 12", .every = CLOCK_S});
    device_set_identity(device, NULL, NULL, "", "1.7");
    for (size_t i = 0; i < TEST_COUNT(battery); i++)
        add(device, COMPONENT_BATTERY, 0, battery[i]);
    for (size_t i = 0; i < TEST_COUNT(line); i++) {
        add(device, COMPONENT_MAINS, 0, line[i]);
        add(device, COMPONENT_SUPPLY, 0, line[i]);
    }
    add(device, COMPONENT_MAINS, 0, QUANTITY_FREQUENCY);
    return device;
}

static void build(struct site *site)
{
    site_device_add(site, &(struct device_spec){.name = "meter", .role = "meter"});
    struct device *device = add_supply(site, "dc-1");
    add(device, COMPONENT_BATTERY, 0, QUANTITY_CHARGING);
    component_point(device_component(device, COMPONENT_BATTERY, 0), QUANTITY_CHARGING)->words =
        &charging;
    add_supply(site, "dc-2");
}

static void read_all(struct test_snmp *t, double mains, double state)
{
    test_read(t, "dc-1/mains/voltage", mains);
    test_read(t, "dc-1/mains/current", mains > 0 ? 0.62 : 0);
    test_read(t, "dc-1/mains/real-power", mains > 0 ? 123.4 : 0);
    test_read(t, "dc-1/mains/frequency", mains > 0 ? 49.97 : 0);
    test_read(t, "dc-1/supply/voltage", 13.76);
    test_read(t, "dc-1/supply/current", 7.44);
    test_read(t, "dc-1/supply/real-power", 102.4);
    test_read(t, "dc-1/battery/voltage", 13.44);
    test_read(t, "dc-1/battery/current", mains > 0 ? 0.18 : -7.44);
    test_read(t, "dc-1/battery/charge", 87.6);
    test_read(t, "dc-1/battery/runtime", 3599);
    test_read(t, "dc-1/battery/temperature", 24.4);
    test_read(t, "dc-1/battery/charging", state);
}

static void a_supply_on_mains(void **state)
{
    static const struct {
        const char *oid, *wanted;
    } rows[] = {
        {"1.1.0", "s:Acme"},
        {"1.2.0", "s:DC 12"},
        {"1.3.0", "s:1.7"},
        {"1.5.0", "s:dc-1"},
        {"2.1.0", "i:2"},   /* batteryNormal */
        {"2.2.0", "i:0"},   /* s on battery */
        {"2.3.0", "i:59"},  /* whole minutes that are left */
        {"2.4.0", "i:88"},  /* % */
        {"2.5.0", "i:134"}, /* 0.1 V DC */
        {"2.6.0", "i:2"},   /* 0.1 A */
        {"2.7.0", "i:24"},  /* degrees Celsius */
        {"3.1.0", "c:0"},
        {"3.2.0", "i:1"},
        {"3.3.1.2.1", "i:500"}, /* 0.1 Hz */
        {"3.3.1.3.1", "i:230"}, /* RMS V */
        {"3.3.1.4.1", "i:6"},   /* 0.1 RMS A */
        {"3.3.1.5.1", "i:123"}, /* W */
        {"4.1.0", "i:3"},       /* normal */
        {"4.2.0", "-"},         /* direct current has no frequency */
        {"4.3.0", "i:1"},
        {"4.4.1.2.1", "i:14"}, /* V */
        {"4.4.1.3.1", "i:74"}, /* 0.1 A */
        {"4.4.1.4.1", "i:102"},
        {"4.4.1.5.1", "-"},
        {"5.2.0", "i:0"},
        {"6.1.0", "u:0"},
        {"7.1.0", "o:.1.3.6.1.2.1.33.1.7.7.1"},
        {"7.3.0", "i:6"},  /* noTestsInitiated */
        {"8.1.0", "i:1"},  /* its output */
        {"8.2.0", "i:-1"}, /* no shutdown is counted down */
        {"8.4.0", "i:-1"},
        {"8.5.0", "i:1"}, /* on again with the mains */
        {"9.7.0", "i:2"},
    };
    struct test_snmp *t = test_snmp_new(settings, build, &snmp_ups_part);
    (void)state;
    read_all(t, 229.6, 2);
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        char oid[60];
        snprintf(oid, sizeof oid, UPS "%s", rows[i].oid);
        if (strcmp(test_get(t, oid), rows[i].wanted) != 0)
            fail_msg("%s: %s, not %s", oid, test_get(t, oid), rows[i].wanted);
    }
    assert_int_equal(test_walk(t), 27 + 2 + 4 + 5); /* besides 1.4, 1.6, the rest of 7, and 8 */
    test_snmp_free(t);
}

static void when_the_mains_fail(void **state)
{
    struct test_snmp *t = test_snmp_new(settings, build, &snmp_ups_part);
    (void)state;
    read_all(t, 230, 2);
    loop_advance(t->site.loop, 5 * CLOCK_S);
    read_all(t, 0, 3);
    CHECK(t, "4.1.0", "i:5"); /* battery */
    CHECK(t, "3.1.0", "c:1"); /* line bads */
    CHECK(t, "3.3.1.3.1", "i:0");
    CHECK(t, "2.6.0", "i:-74"); /* out of the battery */
    CHECK(t, "6.1.0", "u:2");
    CHECK(t, "6.2.1.2.2", "o:.1.3.6.1.2.1.33.1.6.3.2"); /* upsAlarmOnBattery */
    CHECK(t, "6.2.1.3.2", "t:500");                     /* sysUpTime when it began */
    CHECK(t, "6.2.1.2.6", "o:.1.3.6.1.2.1.33.1.6.3.6"); /* upsAlarmInputBad */
    t->made->free(t->part, t->tree); /* other settings: what has happened stays known */
    t->part = t->made->make(&t->model, t->tree);
    loop_advance(t->site.loop, 2 * CLOCK_S);
    read_all(t, 0, 3);
    CHECK(t, "2.2.0", "i:2"); /* s on battery */
    CHECK(t, "6.2.1.3.2", "t:500");
    read_all(t, 230, 1);
    CHECK(t, "4.1.0", "i:3");
    CHECK(t, "2.2.0", "i:0");
    CHECK(t, "3.1.0", "c:1");
    CHECK(t, "6.2.1.2.2", "-");
    test_snmp_free(t);
}

static void a_battery_that_goes_low(void **state)
{
    struct test_snmp *t = test_snmp_new(settings, build, &snmp_ups_part);
    (void)state;
    read_all(t, 0, 3);
    test_read(t, "dc-1/battery/runtime", 121);
    CHECK(t, "2.1.0", "i:2");
    test_read(t, "dc-1/battery/runtime", 120); /* upsConfigLowBattTime */
    CHECK(t, "2.1.0", "i:3");
    CHECK(t, "6.2.1.2.3", "o:.1.3.6.1.2.1.33.1.6.3.3");
    test_read(t, "dc-1/battery/runtime", 20);
    CHECK(t, "2.3.0", "i:1"); /* cannot be 0 */
    test_read(t, "dc-1/battery/charge", 0.4);
    CHECK(t, "2.1.0", "i:4");
    CHECK(t, "6.2.1.2.4", "o:.1.3.6.1.2.1.33.1.6.3.4");
    test_snmp_free(t);
}

/* "Short loss of contact is never a power failure." */
static void a_lost_contact_is_no_power_failure(void **state)
{
    struct test_snmp *t = test_snmp_new(settings, build, &snmp_ups_part);
    (void)state;
    read_all(t, 230, 2);
    struct device *device = site_device_find(t->site.site, "dc-1");
    device_set_state(device, DEVICE_SILENT, "does not answer");
    device_mark_stale(device, REASON_SILENT);
    loop_poll(t->site.loop);
    CHECK(t, "4.1.0", "i:1"); /* other: not known */
    CHECK(t, "2.1.0", "i:1"); /* unknown */
    CHECK(t, "2.2.0", "-");
    CHECK(t, "2.4.0", "-");
    CHECK(t, "3.3.1.3.1", "-");
    CHECK(t, "3.1.0", "c:0");
    CHECK(t, "6.1.0", "u:1");
    CHECK(t, "6.2.1.2.20", "o:.1.3.6.1.2.1.33.1.6.3.20"); /* upsAlarmCommunicationsLost */
    test_snmp_free(t);
}

/* dc-2 says nothing of charging: the mains tell, and when they are not known the current does. */
static void the_source_is_told_from_what_there_is(void **state)
{
    struct test_snmp *t =
        test_snmp_new("devices: {dc-2: {}}\nsnmp_tables: {ups: dc-2}\n", build, &snmp_ups_part);
    (void)state;
    CHECK(t, "1.5.0", "s:dc-2");
    CHECK(t, "4.1.0", "i:1");
    test_read(t, "dc-2/battery/current", -3);
    CHECK(t, "4.1.0", "i:5");
    test_read(t, "dc-2/mains/voltage", 231);
    CHECK(t, "4.1.0", "i:3");
    test_read(t, "dc-2/mains/voltage", 0);
    CHECK(t, "4.1.0", "i:5");
    test_read(t, "dc-2/supply/voltage", 0);
    CHECK(t, "4.1.0", "i:2"); /* none */
    CHECK(t, "6.2.1.2.14", "o:.1.3.6.1.2.1.33.1.6.3.14");
    test_read(t, "dc-2/battery/charge", 20);
    CHECK(t, "2.1.0", "i:3"); /* low, while the time left is not known */
    test_snmp_free(t);
}

static void build_three_phases(struct site *site)
{
    struct device *device = site_device_add(site, &(struct device_spec){.name = "ups"});
    add(device, COMPONENT_BATTERY, 0, QUANTITY_CHARGE);
    for (int phase = 1; phase <= 3; phase++)
        add(device, COMPONENT_PHASE, phase, QUANTITY_VOLTAGE);
}

/* A phase that is missing is a bad input; power comes from the battery when all are. */
static void three_phases(void **state)
{
    struct test_snmp *t = test_snmp_new(settings, build_three_phases, &snmp_ups_part);
    (void)state;
    test_read(t, "ups/phase-a/voltage", 230);
    test_read(t, "ups/phase-b/voltage", 231);
    CHECK(t, "3.2.0", "i:3");
    CHECK(t, "3.3.1.3.2", "i:231");
    CHECK(t, "3.3.1.3.3", "-");
    CHECK(t, "6.1.0", "u:0");
    test_read(t, "ups/phase-b/voltage", 0);
    CHECK(t, "4.1.0", "i:3");
    CHECK(t, "3.1.0", "c:1");
    CHECK(t, "6.2.1.2.6", "o:.1.3.6.1.2.1.33.1.6.3.6");
    test_read(t, "ups/phase-a/voltage", 0);
    CHECK(t, "4.1.0", "i:5");
    CHECK(t, "3.1.0", "c:1");
    test_snmp_free(t);
}

static void build_without(struct site *site)
{
    site_device_add(site, &(struct device_spec){.name = "meter", .role = "meter"});
}

static void without_a_supply_there_is_nothing(void **state)
{
    struct test_snmp *t = test_snmp_new(settings, build_without, &snmp_ups_part);
    (void)state;
    assert_int_equal(test_walk(t), 0);
    add_supply(t->site.site, "late");
    loop_poll(t->site.loop);
    CHECK(t, "1.5.0", "s:late");
    site_device_remove(t->site.site, site_device_find(t->site.site, "late"));
    assert_int_equal(test_walk(t), 0);
    test_snmp_free(t);
}

/* ---- its traps (RFC 1628, section 4) ----------------------------------------------------------- */

/* "on 59 0 2; +2; " with v1's numbers of the traps checked on the way. */
static char heard[400];

static void on_send(void *user, struct notify_job *job)
{
    struct snmp_trap_notice out;
    const struct snmp_packet_notification *said = &out.notification;
    const struct snmp_packet_variable *variables = out.variables;
    static const uint32_t traps[] = {1, 3, 6, 1, 2, 1, 33, 2};
    size_t used = strlen(heard);
    snmp_trap_notice_init(&out, &(struct snmp_trap_source){.notice = job->notices}, 32473, 0);
    assert_int_equal(said->trap_length, 9);
    assert_memory_equal(said->trap, traps, sizeof traps);
    switch (said->trap[8]) {
    case 1:
        assert_int_equal(said->count, 3);
        snprintf(heard + used, sizeof heard - used, "on %d %d %d; ", (int)variables[0].number,
                 (int)variables[1].number, (int)variables[2].number);
        break;
    case 3:
    case 4:
        assert_int_equal(said->count, 2);
        assert_int_equal(variables[1].type, SNMP_BER_OID);
        assert_int_equal(variables[1].length, 11);
        assert_int_equal(((const uint32_t *)variables[1].bytes)[10], variables[0].number);
        snprintf(heard + used, sizeof heard - used, "%c%d; ", said->trap[8] == 3 ? '+' : '-',
                 (int)variables[0].number);
        break;
    default:
        fail_msg("trap %u", (unsigned)said->trap[8]);
    }
    notify_done(user, job, NOTIFY_DELIVERED, "");
}

static void on_battery_and_each_alarm_are_told(void **state)
{
    static const struct setting_table *const tables[] = {
        &site_settings_table,   &recipient_settings_table,   &business_hours_table,
        &notify_settings_table, &snmp_tables_settings_table, NULL};
    static const struct config_schema schema = {.tables = tables};
    struct test_snmp *t = test_snmp_new(settings, build, &snmp_ups_part);
    struct err_list errors = ERR_LIST_EMPTY;
    char folder[200], path[300];
    (void)state;
    test_folder_in_memory(folder, sizeof folder);
    snprintf(path, sizeof path, "%s/site.yaml", folder);
    test_write_file(path, "recipients: {old: {kind: trap, host: a, version: v1, ups: true},"
                          " no: {kind: trap, host: a, version: v1}}\n");
    struct config *config = config_load(&schema, path, NULL, NULL, 0, &errors);
    assert_non_null(config);
    struct loop *loop = t->site.loop;
    struct notify *notify =
        notify_open(&(struct notify_context){.loop = loop, .folder = folder}, config);
    struct notify_route route = {.kind = "trap", .most = 1, .send = on_send, .user = notify};
    notify_route_add(notify, &route);
    struct snmp_ups_trap *trap = snmp_ups_trap_open(loop, t->site.site, notify, config);
    heard[0] = '\0';
    read_all(t, 229.6, 2);
    loop_poll(loop);
    assert_string_equal(heard, "");
    read_all(t, 0, 3); /* the mains fail: on battery (2), input bad (6) */
    loop_poll(loop);
    assert_non_null(strstr(heard, "+2; "));
    assert_non_null(strstr(heard, "+6; "));
    assert_non_null(strstr(heard, "on 59 0 2; "));
    heard[0] = '\0';
    for (int i = 0; i < 13; i++) { /* 130 s: told again after each minute */
        loop_advance(loop, 10 * CLOCK_S);
        read_all(t, 0, 3);
        loop_poll(loop);
    }
    assert_string_equal(heard, "on 59 60 2; on 59 120 2; ");
    heard[0] = '\0';
    read_all(t, 229.6, 1);
    loop_advance(loop, 200 * CLOCK_S);
    assert_non_null(strstr(heard, "-2; "));
    assert_non_null(strstr(heard, "-6; "));
    assert_null(strstr(heard, "on "));
    snmp_ups_trap_close(trap);
    notify_route_remove(notify, &route);
    notify_close(notify);
    config_free(config);
    test_folder_remove(folder);
    test_snmp_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(on_battery_and_each_alarm_are_told),
        cmocka_unit_test(a_supply_on_mains),
        cmocka_unit_test(when_the_mains_fail),
        cmocka_unit_test(a_battery_that_goes_low),
        cmocka_unit_test(a_lost_contact_is_no_power_failure),
        cmocka_unit_test(the_source_is_told_from_what_there_is),
        cmocka_unit_test(three_phases),
        cmocka_unit_test(without_a_supply_there_is_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
