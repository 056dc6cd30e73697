/* ENTITY-MIB, ENTITY-SENSOR-MIB and ENERGY-OBJECT-MIB over a site of which every number is known;
 * what they must say is written from the RFCs. */
#include "snmp_tables_testing.h"

#include "face/snmp_entity.h"

/* Device 1: pdu-a; its first component is total, its second outlet-3. Device 2: dc-1. */
#define PDU "131072"           /* 1 << 17 */
#define PDU_TOTAL "131328"     /* + 1 << 8 */
#define PDU_TOTAL_W "131338"   /* + 10, real power */
#define PDU_TOTAL_KWH "131358" /* + 30, energy */
#define OUTLET "131584"        /* + 2 << 8 */
#define OUTLET_A "131589"      /* + 5, current */
#define OUTLET_W "131594"
#define OUTLET_STATE "131654" /* + 70 */
#define BATTERY_V "262401"    /* 2 << 17 + 1 << 8 + 1 */
#define MAINS_V "262657"      /* 2 << 17 + 2 << 8 + 1 */
#define MAINS_HZ "262676"
#define SENSOR_C "262962" /* 2 << 17 + 3 << 8 + 50 */
#define SENSOR_RH "262963"

#define PHYSICAL ".1.3.6.1.2.1.47.1.1.1.1."
#define SENSOR ".1.3.6.1.2.1.99.1.1.1."
#define POWER ".1.3.6.1.2.1.229.1.2.1."

static const char settings[] = "site: {name: Mill Lane}\n";

static void add(struct device *device, enum component_kind kind, int number, enum quantity quantity)
{
    component_point_add(device_component(device, kind, number), quantity);
}

static void build(struct site *site)
{
    struct device *pdu = site_device_add(site, &(struct device_spec){.name = "pdu-a",
                                                                     .label = "Rack",
                                                                     .role = "pdu",
                                                                     .vendor = "Acme",
                                                                     .model = "P24",
                                                                     .every = 2 * CLOCK_S});
    struct device *dc = site_device_add(
        site, &(struct device_spec){.name = "dc-1", .role = "supply", .every = CLOCK_S});
    device_set_identity(pdu, NULL, NULL, "S-1", "2.0");
    add(pdu, COMPONENT_TOTAL, 0, QUANTITY_REAL_POWER);
    add(pdu, COMPONENT_TOTAL, 0, QUANTITY_ENERGY);
    add(pdu, COMPONENT_TOTAL, 0, QUANTITY_SERIAL);             /* a text: no sensor */
    add(pdu, COMPONENT_TOTAL, 0, QUANTITY_HARMONIC_VOLTAGE_3); /* without a number of its own */
    add(pdu, COMPONENT_OUTLET, 3, QUANTITY_CURRENT);
    add(pdu, COMPONENT_OUTLET, 3, QUANTITY_REAL_POWER);
    add(pdu, COMPONENT_OUTLET, 3, QUANTITY_STATE);
    add(dc, COMPONENT_BATTERY, 0, QUANTITY_VOLTAGE);
    add(dc, COMPONENT_MAINS, 0, QUANTITY_VOLTAGE);
    add(dc, COMPONENT_MAINS, 0, QUANTITY_FREQUENCY);
    add(dc, COMPONENT_SENSOR, 1, QUANTITY_TEMPERATURE);
    add(dc, COMPONENT_SENSOR, 1, QUANTITY_HUMIDITY);
}

#define CHECK(t, oid, wanted) assert_string_equal(test_get(t, oid), wanted)

static void things_hang_in_each_other(void **state)
{
    struct test_snmp *t = test_snmp_new(settings, build, &snmp_entity_part);
    (void)state;
    CHECK(t, PHYSICAL "2.1", "s:busbar at Mill Lane");
    CHECK(t, PHYSICAL "4.1", "i:0");
    CHECK(t, PHYSICAL "5.1", "i:3"); /* chassis */
    CHECK(t, PHYSICAL "7." PDU, "s:pdu-a");
    CHECK(t, PHYSICAL "2." PDU, "s:Rack");
    CHECK(t, PHYSICAL "4." PDU, "i:1");
    CHECK(t, PHYSICAL "5." PDU, "i:9"); /* module */
    CHECK(t, PHYSICAL "9." PDU, "s:2.0");
    CHECK(t, PHYSICAL "11." PDU, "s:S-1");
    CHECK(t, PHYSICAL "12." PDU, "s:Acme");
    CHECK(t, PHYSICAL "13." PDU, "s:P24");
    CHECK(t, PHYSICAL "16." PDU, "i:1");
    CHECK(t, PHYSICAL "4." OUTLET, "i:" PDU);
    CHECK(t, PHYSICAL "5." OUTLET, "i:10"); /* port */
    CHECK(t, PHYSICAL "6." OUTLET, "i:3");
    CHECK(t, PHYSICAL "7." OUTLET, "s:pdu-a/outlet-3");
    CHECK(t, PHYSICAL "5.262400", "i:14"); /* battery, RFC 6933 */
    CHECK(t, PHYSICAL "4." OUTLET_A, "i:" OUTLET);
    CHECK(t, PHYSICAL "5." OUTLET_A, "i:8"); /* sensor */
    CHECK(t, PHYSICAL "7." OUTLET_A, "s:pdu-a/outlet-3/current");
    CHECK(t, PHYSICAL "2." OUTLET_A, "s:Rack: Outlet 3: Current");
    CHECK(t, PHYSICAL "16." OUTLET_A, "i:2");
    /* 1 + 2 devices + 5 components + 10 points, of 15 columns each */
    assert_int_equal(test_walk(t), 18 * 15 + 1); /* and entLastChangeTime */
    test_snmp_free(t);
}

static void sensors_have_units_and_a_status(void **state)
{
    struct test_snmp *t = test_snmp_new(settings, build, &snmp_sensor_part);
    (void)state;
    loop_advance(t->site.loop, 10 * CLOCK_S);
    test_read(t, "pdu-a/outlet-3/current", 1.2345);
    test_read(t, "pdu-a/total/energy", 12345.678);
    test_read(t, "dc-1/battery/voltage", 13.76);
    test_read(t, "dc-1/mains/voltage", 230.14);
    static const struct {
        const char *index, *type, *precision, *unit;
    } kinds[] = {
        {OUTLET_A, "i:5", "i:3", "s:A"},         {OUTLET_W, "i:6", "i:1", "s:W"},
        {BATTERY_V, "i:4", "i:1", "s:V"},        {MAINS_V, "i:3", "i:1", "s:V"},
        {MAINS_HZ, "i:7", "i:2", "s:Hz"},        {SENSOR_C, "i:8", "i:1", "s:°C"},
        {SENSOR_RH, "i:9", "i:1", "s:%"},        {PDU_TOTAL_KWH, "i:1", "i:1", "s:kWh"},
        {OUTLET_STATE, "i:1", "i:0", "s:state"},
    };
    for (size_t i = 0; i < TEST_COUNT(kinds); i++) {
        char oid[80];
        snprintf(oid, sizeof oid, SENSOR "1.%s", kinds[i].index);
        CHECK(t, oid, kinds[i].type);
        snprintf(oid, sizeof oid, SENSOR "2.%s", kinds[i].index);
        CHECK(t, oid, "i:9"); /* units */
        snprintf(oid, sizeof oid, SENSOR "3.%s", kinds[i].index);
        CHECK(t, oid, kinds[i].precision);
        snprintf(oid, sizeof oid, SENSOR "6.%s", kinds[i].index);
        CHECK(t, oid, kinds[i].unit);
    }
    CHECK(t, SENSOR "4." OUTLET_A, "i:1235");
    CHECK(t, SENSOR "4." PDU_TOTAL_KWH, "i:123457");
    CHECK(t, SENSOR "4." BATTERY_V, "i:138");
    CHECK(t, SENSOR "4." MAINS_V, "i:2301");
    CHECK(t, SENSOR "5." OUTLET_A, "i:1");
    CHECK(t, SENSOR "7." OUTLET_A, "t:1000"); /* sysUpTime of 10 s */
    CHECK(t, SENSOR "8." OUTLET_A, "u:2000"); /* ms */
    test_snmp_free(t);
}

/* "A stale value is never served as a number without its status." */
static void what_is_not_good_has_a_status_and_no_number(void **state)
{
    struct test_snmp *t = test_snmp_new(settings, build, &snmp_sensor_part);
    (void)state;
    CHECK(t, SENSOR "5." MAINS_V, "i:2"); /* never read */
    CHECK(t, SENSOR "4." MAINS_V, "-");
    test_read(t, "dc-1/mains/voltage", 230);
    CHECK(t, SENSOR "5." MAINS_V, "i:1");
    loop_advance(t->site.loop, 60 * CLOCK_S);
    site_age(t->site.site);
    CHECK(t, SENSOR "5." MAINS_V, "i:2");
    CHECK(t, SENSOR "4." MAINS_V, "-");
    test_read(t, "dc-1/mains/voltage", -1e9); /* not plausible */
    CHECK(t, SENSOR "5." MAINS_V, "i:3");
    CHECK(t, SENSOR "4." MAINS_V, "-");
    test_read(t, "pdu-a/total/real-power", 9.9e9); /* times ten: beyond the type's range */
    CHECK(t, SENSOR "4." PDU_TOTAL_W, "i:1000000000");
    test_snmp_free(t);
}

static void power_has_a_fixed_multiplier(void **state)
{
    struct test_snmp *t = test_snmp_new(settings, build, &snmp_energy_part);
    (void)state;
    test_read(t, "pdu-a/outlet-3/real-power", 5.4321);
    test_read(t, "pdu-a/total/real-power", 2345.6);
    CHECK(t, POWER "1." OUTLET_W, "i:5432");
    CHECK(t, POWER "3." OUTLET_W, "i:-3"); /* milli */
    CHECK(t, POWER "5." OUTLET_W, "i:3");  /* actual */
    CHECK(t, POWER "6." OUTLET_W, "i:1");  /* ac */
    CHECK(t, POWER "1." PDU_TOTAL_W, "i:2346");
    CHECK(t, POWER "3." PDU_TOTAL_W, "i:0");
    CHECK(t, POWER "1." OUTLET_A, "-");
    assert_int_equal(test_walk(t), 2 * 6);
    loop_advance(t->site.loop, 60 * CLOCK_S);
    site_age(t->site.site);
    CHECK(t, POWER "1." OUTLET_W, "-");
    CHECK(t, POWER "5." OUTLET_W, "i:1"); /* unavailable */
    test_snmp_free(t);
}

static void a_device_that_comes_or_goes_is_seen(void **state)
{
    struct test_snmp *t = test_snmp_new(settings, build, &snmp_entity_part);
    (void)state;
    CHECK(t, PHYSICAL "7.262144", "s:dc-1");
    CHECK(t, ".1.3.6.1.2.1.47.1.4.1.0", "t:0");
    loop_advance(t->site.loop, 3 * CLOCK_S);
    site_device_remove(t->site.site, site_device_find(t->site.site, "dc-1"));
    CHECK(t, PHYSICAL "7.262144", "-");
    loop_poll(t->site.loop);
    CHECK(t, ".1.3.6.1.2.1.47.1.4.1.0", "t:300");
    site_device_add(t->site.site, &(struct device_spec){.name = "new", .role = "meter"});
    CHECK(t, PHYSICAL "7.262144", "-"); /* the number stays dc-1's */
    CHECK(t, PHYSICAL "7.393216", "s:new");
    test_snmp_free(t);
}

/* A meter's counter in kWh, an outlet's in Wh (RFC 7460: mode total, one measurement). */
static void energy_is_one_measurement_without_an_end(void **state)
{
    struct test_snmp *t = test_snmp_new(settings, build, &snmp_energy_total_part);
    char oid[80];
    (void)state;
    const struct snmp_row *row = NULL;
    struct snmp_cell cell;
    struct snmp_value value;
    static const snmp_sub entry[] = {1, 3, 6, 1, 2, 1, 229, 1, 5, 1, 2};
    size_t counters = 0;
    for (const struct device *d = site_devices(t->site.site); d; d = d->next) {
        for (struct component *c = d->components; c; c = c->next) {
            struct point *point = component_point(c, QUANTITY_ENERGY);
            if (!point)
                continue;
            counters++;
            point_put(point, 1234.5678, loop_now(t->site.loop), loop_wall(t->site.loop));
        }
    }
    loop_poll(t->site.loop);
    assert_true(counters > 0);
    assert_true(snmp_tree_next(t->tree, entry, TEST_COUNT(entry), &t->ask, &cell, &value));
    row = &cell.table->list[cell.row];
    const struct component *component = row->thing;
    bool outlet = component->kind == COMPONENT_OUTLET;
    assert_int_equal(row->index[1], 0);
    assert_int_equal(value.type, SNMP_UNSIGNED);
    assert_int_equal(value.number, outlet ? 1234567 : 1234);
    snprintf(oid, sizeof oid, ".1.3.6.1.2.1.229.1.5.1.5.%u.0", (unsigned)row->index[0]);
    assert_string_equal(test_get(t, oid), outlet ? "i:0" : "i:3");
    point_mark(component_point(component, QUANTITY_ENERGY), QUALITY_STALE, REASON_TOO_OLD);
    snprintf(oid, sizeof oid, ".1.3.6.1.2.1.229.1.5.1.2.%u.0", (unsigned)row->index[0]);
    assert_string_equal(test_get(t, oid), "-");
    test_snmp_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(energy_is_one_measurement_without_an_end),
        cmocka_unit_test(things_hang_in_each_other),
        cmocka_unit_test(sensors_have_units_and_a_status),
        cmocka_unit_test(what_is_not_good_has_a_status_and_no_number),
        cmocka_unit_test(power_has_a_fixed_multiplier),
        cmocka_unit_test(a_device_that_comes_or_goes_is_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
