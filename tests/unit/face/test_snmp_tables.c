/* All tables of other MIBs over a site made by hand, as a walk finds them: compared with
 * tests/golden/snmp_tables.txt, which was checked by eye against this site and the MIBs. The
 * identifiers in it are what managers have written down: a line that changes breaks somebody's
 * graph. */
#include "snmp_tables_testing.h"

#include <math.h>

#include "base/buf.h"
#include "face/snmp_entity.h"
#include "face/snmp_outlets.h"
#include "face/snmp_ups.h"

#define GOLDEN TEST_SOURCE_ROOT "/tests/golden/snmp_tables.txt"

static const char settings[] = "site: {name: Golden}\n"
                               "devices: {pdu-a: {}}\n"
                               "snmp_tables: {apc: pdu-a, geist: pdu-a}\n";

static const struct snmp_part *const parts[] = {
    &snmp_entity_part,       &snmp_sensor_part, &snmp_energy_part, &snmp_energy_parameters_part,
    &snmp_energy_total_part, &snmp_ups_part,    &snmp_apc_part,    &snmp_geist_part};

/* What is measured, and the reading; the last two have none. */
static const struct reading {
    const char *device;
    enum component_kind kind;
    int number;
    enum quantity quantity;
    double reading;
} readings[] = {
    {"pdu-a", COMPONENT_TOTAL, 0, QUANTITY_REAL_POWER, 812.4},
    {"pdu-a", COMPONENT_TOTAL, 0, QUANTITY_APPARENT_POWER, 845.1},
    {"pdu-a", COMPONENT_PHASE, 1, QUANTITY_CURRENT, 3.62},
    {"pdu-a", COMPONENT_OUTLET, 1, QUANTITY_STATE, 1},
    {"pdu-a", COMPONENT_OUTLET, 1, QUANTITY_VOLTAGE, 231.2},
    {"pdu-a", COMPONENT_OUTLET, 1, QUANTITY_CURRENT, 1.234},
    {"pdu-a", COMPONENT_OUTLET, 1, QUANTITY_REAL_POWER, 270.6},
    {"pdu-a", COMPONENT_OUTLET, 1, QUANTITY_ENERGY, 4711.815},
    {"pdu-a", COMPONENT_OUTLET, 2, QUANTITY_STATE, 0},
    {"dc-1", COMPONENT_MAINS, 0, QUANTITY_VOLTAGE, 0},
    {"dc-1", COMPONENT_SUPPLY, 0, QUANTITY_VOLTAGE, 12.2},
    {"dc-1", COMPONENT_BATTERY, 0, QUANTITY_VOLTAGE, 12.3},
    {"dc-1", COMPONENT_BATTERY, 0, QUANTITY_RUNTIME, 100},
    {"dc-1", COMPONENT_BATTERY, 0, QUANTITY_CHARGE, NAN},
    {"pdu-a", COMPONENT_OUTLET, 3, QUANTITY_STATE, NAN},
};

static void build(struct site *site)
{
    site_device_add(site, &(struct device_spec){.name = "pdu-a",
                                                .label = "Rack",
                                                .role = "pdu",
                                                .vendor = "Acme",
                                                .model = "P3",
                                                .every = CLOCK_S});
    site_device_add(site,
                    &(struct device_spec){.name = "dc-1", .role = "supply", .every = CLOCK_S});
    for (size_t i = 0; i < TEST_COUNT(readings); i++) {
        const struct reading *one = &readings[i];
        component_point_add(
            device_component(site_device_find(site, one->device), one->kind, one->number),
            one->quantity);
    }
}

static void read_all(struct test_snmp *t)
{
    for (size_t i = 0; i < TEST_COUNT(readings); i++) {
        const struct reading *one = &readings[i];
        const struct device *device = site_device_find(t->site.site, one->device);
        struct point *point =
            component_point(device_component_find(device, one->kind, one->number), one->quantity);
        if (isfinite(one->reading))
            test_put(&t->site, point, one->reading);
    }
    loop_poll(t->site.loop);
}

static void write_walk(struct test_snmp *t, struct buf *out)
{
    snmp_sub oid[SNMP_OID_MOST] = {1}, next[SNMP_OID_MOST];
    size_t length = 1;
    struct snmp_cell cell;
    struct snmp_value value;
    char name[400];
    while (snmp_tree_next(t->tree, oid, length, &t->ask, &cell, &value)) {
        length = snmp_cell_oid(&cell, next);
        memcpy(oid, next, length * sizeof *oid);
        snmp_oid_format(oid, length, name, sizeof name);
        bool version = strstr(test_get(t, name), BUSBAR_VERSION) != NULL;
        buf_add_format(out, "%s = %s\n", name, version ? "(of this program)" : test_get(t, name));
    }
}

static void the_walk_is_golden(void **state)
{
    struct test_snmp *t = test_snmp_new(settings, build, parts[0]);
    void *more[TEST_COUNT(parts)] = {0};
    struct buf found = BUF_EMPTY;
    (void)state;
    for (size_t i = 1; i < TEST_COUNT(parts); i++)
        more[i] = parts[i]->make(&t->model, t->tree);
    loop_advance(t->site.loop, 7 * CLOCK_S);
    read_all(t);
    write_walk(t, &found);
    if (getenv("GOLDEN_WRITE"))
        test_write_file(GOLDEN, buf_text(&found));
    char *golden = test_read_file(GOLDEN);
    assert_non_null(golden);
    assert_string_equal(buf_text(&found), golden);
    free(golden);
    buf_deinit(&found);
    for (size_t i = 1; i < TEST_COUNT(parts); i++)
        parts[i]->free(more[i], t->tree);
    test_snmp_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_walk_is_golden)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
