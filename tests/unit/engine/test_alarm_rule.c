/* The records of `alarms:`: what they may say, what they mean, and what a mistake is told. */
#include "alarm_testing.h"

#include <math.h>

/* ---- mistakes ---------------------------------------------------------------------------------- */

static const struct {
    const char *record;  /* of the alarm "a" */
    const char *mistake; /* is in what is told */
} mistakes[] = {
    {"when: over, limit: 5", "points"},
    {"points: pdu-a/phase-a/current", "when"},
    {"points: pdu-a/phase-a/curent, when: over, limit: 5", "did you mean \"current\""},
    {"points: pdu-a/pase-a/current, when: over, limit: 5", "did you mean \"phase-a\""},
    {"points: pdu-a, when: over, limit: 5", "a device alone is for when: lost"},
    {"points: pdu-a/phase-a, when: lost", "three parts"},
    {"points: PDU, when: lost", "no name of a device"},
    {"points: ',', when: lost", "at least one"},
    {"points: pdu-a/total/serial-number, when: over, limit: 5", "is text"},
    {"points: pdu-a/phase-a/current, when: over", "must be a number"},
    {"points: pdu-a/phase-a/current, when: over, limit: open", "must be a number"},
    {"points: pdu-a/phase-a/current, when: over, limit: 5 kg", "must be a number"},
    {"points: pdu-a/phase-a/current, when: over, limit: nan", "must be a number"},
    {"points: pdu-a/phase-a/current, when: over, limit: 5, recover: 6", "must not be above"},
    {"points: pdu-a/phase-a/current, when: under, limit: 5, recover: 4", "must not be below"},
    {"points: pdu-a/phase-a/current, when: rate-over, limit: -5, recover: -6", "must not be below"},
    {"points: pdu-a/phase-a/current, when: over, limit: 5, recover: x", "must be a number"},
    {"points: pdu-a/outlet-1/state, when: equals", "must be given"},
    {"points: pdu-a/outlet-1/state, when: equals, limit: open, recover: 1", "must be left out"},
    {"points: pdu-a/outlet-1/state, when: changed, limit: 1", "must be left out"},
    {"points: pdu-a/outlet-1/state, when: changed, for: 5 s", "must be left out"},
    {"points: pdu-a, when: lost, limit: 1", "must be left out"},
    {"points: pdu-a/phase-a/current, when: older, limit: 5", "must be a time"},
    {"points: pdu-a/phase-a/current, when: older, limit: 900 ms", "must be a time"},
    {"points: pdu-a/phase-a/current, when: above, limit: 5", "must be one of"},
    {"points: pdu-a/phase-a/current, when: over, limit: 5, for: 5 h", "0 s to 4 h"},
    {"points: pdu-a, when: lost, repeat: 10 s", "1 min to 7 d"},
    {"points: pdu-a, when: lost, repeat: often", "or off"},
    {"points: pdu-a, when: lost, severity: bad", "must be one of"},
    {"points: pdu-a, when: lost, recipients: 'ops, bos'", "no recipient \"bos\""},
    {"points: pdu-a, when: lost, outputs: dc-9/output-1", "no device \"dc-9\""},
    {"points: pdu-a, when: lost, outputs: dc-1/total", "no path"},
    {"points: pdu-a, when: lost, sounders: dc-1/output-*", "must name each"},
};

static void each_mistake_is_named(void **state)
{
    struct fixture *f = *state;
    for (size_t i = 0; i < TEST_COUNT(mistakes); i++) {
        char text[400], told[ERR_TEXT_MAX];
        snprintf(text, sizeof text, "alarms: {a: {%s}}", mistakes[i].record);
        struct config *config = testing_config(f, text, told);
        if (config || !strstr(told, mistakes[i].mistake))
            fail_msg("%s: \"%s\" is not in \"%s\"", mistakes[i].record, mistakes[i].mistake, told);
    }
}

static void active_hours_are_checked(void **state)
{
    struct fixture *f = *state;
    static const char *const texts[] = {"from: '25:00'", "to: 8", "from: '08:00', to: '08:00'",
                                        "days: someday", "from: '24:00'"};
    for (size_t i = 0; i < TEST_COUNT(texts); i++) {
        char text[100], told[ERR_TEXT_MAX];
        snprintf(text, sizeof text, "active_hours: {%s}", texts[i]);
        if (testing_config(f, text, told))
            fail_msg("%s was accepted", texts[i]);
    }
}

/* ---- meaning ----------------------------------------------------------------------------------- */

static void limits_are_read_with_their_units(void **state)
{
    (void)state;
    static const struct {
        const char *limit;
        enum alarm_when when;
        double number;
    } rows[] = {
        {"40", ALARM_OVER, 40},        {"-12.5", ALARM_UNDER, -12.5},
        {"1e3", ALARM_OVER, 1000},     {"150 °F", ALARM_OVER, 65.5556},
        {"40F", ALARM_UNDER, 4.44444}, {"40 °C", ALARM_OVER, 40},
        {"9 °F", ALARM_RATE_OVER, 5},  {"15 min", ALARM_OLDER, 900},
        {"2 d", ALARM_OLDER, 172800},  {"3", ALARM_EQUALS, 3},
    };
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        struct arena *arena = arena_new();
        struct alarm_settings settings = {.label = "",
                                          .points = "a/total/temperature",
                                          .when = rows[i].when,
                                          .limit = rows[i].limit,
                                          .recover = "",
                                          .repeat = "off",
                                          .recipients = "",
                                          .outputs = "",
                                          .outputs_off = "",
                                          .sounders = ""};
        struct alarm_rule rule;
        const char *key;
        struct err err = ERR_EMPTY;
        if (alarm_rule_parse(&rule, arena, "a", &settings, &key, &err) < 0)
            fail_msg("%s: %s", rows[i].limit, err.text);
        if (fabs(rule.test.limit - rows[i].number) > 1e-4)
            fail_msg("%s is %g", rows[i].limit, rule.test.limit);
        assert_string_equal(rule.label, "a");
        arena_free(arena);
    }
}

static void patterns_name_points_and_devices(void **state)
{
    (void)state;
    static const struct {
        const char *points, *path;
        bool fits;
    } rows[] = {
        {"pdu-a/outlet-*/current", "pdu-a/outlet-12/current", true},
        {"pdu-a/outlet-*/current", "pdu-a/outlet-12/voltage", false},
        {"pdu-a/*/current", "pdu-b/outlet-1/current", false},
        {"*/total/*", "meter-1/total/energy", true},
        {"pdu-a, meter-*", "meter-7", true},
        {"meter-*", "meter-7/total/current", false},
        {"*", "meter-7", true},
        {"*", "line/cellar", false},
    };
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        struct alarm_rule rule = {.points = rows[i].points};
        if (alarm_rule_fits(&rule, rows[i].path) != rows[i].fits)
            fail_msg("%s %s %s", rows[i].points, rows[i].fits ? "fits" : "does not fit",
                     rows[i].path);
    }
}

/* A rate a second of a point that is read each half minute is one over a minute. */
static void a_rate_is_measured_over_two_readings(void **state)
{
    struct fixture *f = *state;
    struct device *slow = site_device_add(
        f->site, &(struct device_spec){.name = "slow", .unit = 1, .every = 30 * CLOCK_S});
    struct point *point = testing_point(slow, COMPONENT_TOTAL, 0, QUANTITY_CURRENT);
    const struct alarm_rule rule = {
        .word = "", .test = {.when = ALARM_RATE_OVER, .per = CLOCK_S, .window = CLOCK_S}};
    struct alarm_test test;
    assert_true(alarm_rule_test(&rule, point, &test));
    assert_true(test.per == CLOCK_S && test.window == 60 * CLOCK_S);
}

/* A point that two words of a rule name has one alarm; one that a rule makes no sense of has none.
 */
static void a_point_is_watched_once_by_a_rule(void **state)
{
    struct fixture *f = *state;
    struct device *device = testing_device(f, "pdu-a", "", "");
    testing_point(device, COMPONENT_TOTAL, 0, QUANTITY_VOLTAGE);
    testing_point(device, COMPONENT_TOTAL, 0, QUANTITY_CURRENT);
    testing_begin(f, "alarms:\n"
                     "  a: {points: 'pdu-a/total/voltage, pdu-a/*/voltage, pdu-a/total/v*', when: "
                     "over, limit: 1}\n"
                     "  b: {points: pdu-a/total/*, when: lost}\n"
                     "  c: {points: pdu-a/total/*, when: lost, enabled: false}\n"
                     "  d: {points: pdu-b/total/voltage, when: lost}\n");
    assert_int_equal(alarms_count(f->alarms), 3);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, testing_setup, testing_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(each_mistake_is_named),
        CASE(active_hours_are_checked),
        cmocka_unit_test(limits_are_read_with_their_units),
        cmocka_unit_test(patterns_name_points_and_devices),
        CASE(a_rate_is_measured_over_two_readings),
        CASE(a_point_is_watched_once_by_a_rule),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
