#include "test.h"

#include "model/component.h"

static const struct {
    const char *name;
    enum component_kind kind;
    int number;
    const char *label;
} valid[] = {
    {"total", COMPONENT_TOTAL, 0, "Total"},
    {"phase-a", COMPONENT_PHASE, 1, "Phase A"},
    {"phase-c", COMPONENT_PHASE, 3, "Phase C"},
    {"line-ab", COMPONENT_LINE, 1, "Line AB"},
    {"line-ca", COMPONENT_LINE, 3, "Line CA"},
    {"neutral", COMPONENT_NEUTRAL, 0, "Neutral"},
    {"circuit-1", COMPONENT_CIRCUIT, 1, "Circuit 1"},
    {"outlet-24", COMPONENT_OUTLET, 24, "Outlet 24"},
    {"sensor-999", COMPONENT_SENSOR, 999, "Sensor 999"},
    {"pulse-7", COMPONENT_PULSE, 7, "Pulse input 7"},
    {"supply", COMPONENT_SUPPLY, 0, "Supply"},
    {"battery", COMPONENT_BATTERY, 0, "Battery"},
    {"mains", COMPONENT_MAINS, 0, "Mains"},
};

static const char *const invalid[] = {
    "",          "totals",   "total-1",   "phase",    "phase-",    "phase-d",     "phase-1",
    "line-ac",   "outlet",   "outlet-",   "outlet-0", "outlet-01", "outlet-1000", "outlet-1x",
    "outlet--1", "Outlet-1", "battery-1",
};

static void names_go_both_ways(void **state)
{
    (void)state;
    for (size_t i = 0; i < TEST_COUNT(valid); i++) {
        enum component_kind kind;
        int number;
        char name[COMPONENT_NAME_MAX], label[32];
        assert_true(component_parse(valid[i].name, strlen(valid[i].name), &kind, &number));
        assert_int_equal(kind, valid[i].kind);
        assert_int_equal(number, valid[i].number);
        component_format(kind, number, name);
        assert_string_equal(name, valid[i].name);
        component_label(kind, number, label, sizeof label);
        assert_string_equal(label, valid[i].label);
    }
}

static void other_names_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < TEST_COUNT(invalid); i++) {
        enum component_kind kind;
        int number;
        if (component_parse(invalid[i], strlen(invalid[i]), &kind, &number))
            fail_msg("'%s' was taken for a component", invalid[i]);
    }
}

static void the_nearest_name_is_offered(void **state)
{
    (void)state;
    assert_string_equal(component_nearest("phase-aa"), "phase-a");
    assert_string_equal(component_nearest("batery"), "battery");
    assert_null(component_nearest("xyzzy-plugh"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_go_both_ways),
        cmocka_unit_test(other_names_are_refused),
        cmocka_unit_test(the_nearest_name_is_offered),
    };
    return cmocka_run_group_tests_name("component", tests, NULL, NULL);
}
