/* Reading the site file: what it says, what it leaves out, and every mistake with its place. */
#include "config_files.h"

#include "base/clock.h"

/* ---- reading --------------------------------------------------------------------------------- */

static void test_defaults(void **state)
{
    (void)state;
    struct config *config = files_load_good(NULL, NULL, NULL, 0);
    const struct demo_web *web = config_record(config, &demo_web_table);
    assert_int_equal(web->https, 8443);
    assert_int_equal(web->view, 1);
    assert_int_equal(web->idle, 12 * 3600 * CLOCK_S);
    assert_true(web->factor == 1.5);
    assert_false(web->redirect);
    assert_string_equal(web->title, "busbar");
    assert_string_equal(web->password, "");
    assert_int_equal(config_count(config, &demo_lines_table), 0);
    assert_int_equal(config_find(config, &demo_lines_table, "bus-1"), -1);
    assert_ptr_equal(config_schema(config), &demo_schema);
    assert_null(config_free(config));
    assert_null(config_free(NULL));
}

static void test_site_file(void **state)
{
    (void)state;
    struct config *config = files_load_good(files_good_site, NULL, NULL, 0);
    const struct demo_web *web = config_record(config, &demo_web_table);
    assert_int_equal(web->https, 443);
    assert_int_equal(web->http, 8080);
    assert_int_equal(web->view, 0);
    assert_int_equal(web->idle, 1800 * CLOCK_S);
    assert_int_equal(config_count(config, &demo_lines_table), 2);
    assert_string_equal(config_name_at(config, &demo_lines_table, 1), "spare.2");
    const struct demo_line *line = config_at(config, &demo_lines_table, 0);
    assert_string_equal(line->port, "/dev/ttyUSB0");
    assert_int_equal(line->baud, 9600);
    assert_int_equal(line->parity, 1);
    assert_int_equal(config_find(config, &demo_devices_table, "meter-2"), 1);
    const struct demo_device *meter = config_at(config, &demo_devices_table, 1);
    assert_string_equal(meter->fed_by, "meter-1");
    assert_int_equal(meter->every, CLOCK_S);
    assert_string_equal(meter->label, "");
    config_free(config);
}

static void test_empty_files(void **state)
{
    (void)state;
    config_free(files_load_good("", "{}", NULL, 0));
    config_free(files_load_good("# nothing\n", NULL, NULL, 0));
    config_free(files_load_good("web:\nlines: {}\ndevices: ~\n", NULL, NULL, 0));
}

static void test_missing_files(void **state)
{
    (void)state;
    struct err_list errors = {0};
    char wanted[400];
    assert_null(config_load(&demo_schema, files_site, NULL, NULL, 0, &errors));
    assert_int_equal(errors.count, 1);
    snprintf(wanted, sizeof wanted, "cannot open %s: No such file or directory", files_site);
    assert_string_equal(errors.list[0].text, wanted);
    err_list_deinit(&errors);
    config_free(files_load_good(NULL, NULL, NULL, 0)); /* no overlay: an empty one */
}

/* ---- mistakes -------------------------------------------------------------------------------- */

/* Every mistake of a file is named, in its order, each with its place. */
static void test_mistakes_in_the_site_file(void **state)
{
    (void)state;
    files_assert_mistakes(
        "web:\n"
        "  htps: 443\n"
        "  http: 99999\n"
        "  view: opne\n"
        "  idle: [1, 2]\n"
        "  redirect:\n"
        "  quantum_flux: 1\n"
        "lines:\n"
        "  Bus: {port: x}\n"
        "  bus-1: {baud: fast}\n"
        "  bus-2: /dev/ttyUSB0\n"
        "devices:\n"
        "  meter-1: {line: bsu-1, profile: eastron-sdm63, fed_by: mian}\n"
        "  meter-2: {line: nowhere, profile: abb-b23, fed_by: meter-11}\n"
        "  meter-2.unit: {profile: abb-b23}\n"
        "divices: {}\n"
        "zzzzzz: 1\n",
        NULL, NULL, 0,
        "busbar.yaml:2:3: web: unknown key \"htps\"; did you mean \"https\"?\n"
        "busbar.yaml:3:9: web.http: must be 0 to 65535, not \"99999\"\n"
        "busbar.yaml:4:9: web.view: must be one of open, password, not \"opne\"; did you mean "
        "\"open\"?\n"
        "busbar.yaml:5:10: web.idle: must be a single value, not a list\n"
        "busbar.yaml:6:3: web.redirect: a value is missing\n"
        "busbar.yaml:7:3: web: unknown key \"quantum_flux\"; known are https, http, view, idle, "
        "factor, redirect, "
        "title, password\n"
        "busbar.yaml:9:3: lines: the name \"Bus\" is not allowed: up to 63 lower-case letters, "
        "digits and \".\", "
        "\"_\", \"-\", beginning with a letter or digit\n"
        "busbar.yaml:10:3: lines.bus-1: \"port\" is missing: Serial port.\n"
        "busbar.yaml:10:17: lines.bus-1.baud: must be a whole number, 1200 to 115200, not "
        "\"fast\"\n"
        "busbar.yaml:11:10: lines.bus-2: must be a map (key: value), not a single value\n"
        "busbar.yaml:13:19: devices.meter-1.line: there is no \"bsu-1\" in lines; did you mean "
        "\"bus-1\"?\n"
        "busbar.yaml:13:35: devices.meter-1.profile: there is no \"eastron-sdm63\" in profiles; "
        "did you mean "
        "\"eastron-sdm630\"?\n"
        "busbar.yaml:13:58: devices.meter-1.fed_by: there is no \"mian\" in devices; did you mean "
        "\"mains\"?\n"
        "busbar.yaml:14:19: devices.meter-2.line: there is no \"nowhere\" in lines\n"
        "busbar.yaml:14:54: devices.meter-2.fed_by: there is no \"meter-11\" in devices; did you "
        "mean \"meter-1\"?\n"
        "busbar.yaml:15:3: devices: the name \"meter-2.unit\" is not allowed: \".unit\" at its end "
        "is a key of "
        "devices\n"
        "busbar.yaml:16:1: unknown key \"divices\"; did you mean \"devices\"?\n"
        "busbar.yaml:17:1: unknown key \"zzzzzz\"; known are web, lines, devices\n");
}

static void test_wrong_kinds(void **state)
{
    (void)state;
    files_assert_mistakes("- web\n- lines\n", NULL, NULL, 0,
                          "busbar.yaml:1:3: must be a map (key: value), not a list\n");
    files_assert_mistakes("just words\n", NULL, NULL, 0,
                          "busbar.yaml:1:1: must be a map (key: value), not a single value\n");
    files_assert_mistakes(
        "web: [1]\nlines: [a, b]\ndevices: none\n", NULL, NULL, 0,
        "busbar.yaml:1:7: web: must be a map (key: value), not a list\n"
        "busbar.yaml:2:9: lines: must be a map of names (name: {key: value}), not a list\n"
        "busbar.yaml:3:10: devices: must be a map of names (name: {key: value}), not a "
        "single value\n");
}

static void test_broken_yaml_is_the_only_mistake(void **state)
{
    (void)state;
    static const struct config_change change = {"devices.meter-1.line", "bus-1"};
    static char text[2000];
    files_mistakes("web:\n  https: 1\n  https: 2\n", NULL, &change, 1, text, sizeof text);
    assert_memory_equal(text, "busbar.yaml:3:3: ", 17);
    assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
}

static void test_checks_of_tables(void **state)
{
    (void)state;
    files_assert_mistakes(
        "web: {https: 0, redirect: yes}\n"
        "lines: {bus: {port: x}}\n"
        "devices:\n"
        "  a: {profile: abb-b23, line: bus}\n"
        "  b: {profile: abb-b23, line: bus}\n"
        "  c: {profile: abb-b23, line: bus, unit: 1}\n",
        NULL, NULL, 0,
        "busbar.yaml:1:27: web.redirect: there is nothing to redirect to: https is 0\n"
        "busbar.yaml:5:3: devices.b.unit: a has this address on the line already\n"
        "busbar.yaml:6:42: devices.c.unit: a has this address on the line already\n");
}

static void test_names(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        bool good;
    } rows[] = {
        {"a", true},
        {"0", true},
        {"pdu-a.2_x", true},
        {"a..b", true},
        {"A", false},
        {"-a", false},
        {".a", false},
        {"a b", false},
        {"a/b", false},
        {"\xC3\xA4", false},
        {"a.profile", false},
        {"profile", true},
        {"123456789012345678901234567890123456789012345678901234567890123", true},
        {"1234567890123456789012345678901234567890123456789012345678901234", false},
    };
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        char text[200];
        struct err_list errors = {0};
        snprintf(text, sizeof text, "devices: {\"%s\": {profile: abb-b23}}\n", rows[i].name);
        struct config *config = files_load(text, NULL, NULL, 0, &errors);
        assert_int_equal(config != NULL, rows[i].good);
        config_free(config);
        err_list_deinit(&errors);
    }
}

/* A book of mistakes is cut. */
static void test_many_mistakes(void **state)
{
    (void)state;
    char *text = calloc(1, 200000);
    struct err_list errors = {0};
    size_t used = (size_t)sprintf(text, "devices:\n");
    for (int i = 0; i < 5000; i++)
        used += (size_t)sprintf(text + used, "  meter-%d: {profile: x%d}\n", i, i);
    assert_null(files_load(text, NULL, NULL, 0, &errors));
    free(text);
    assert_int_equal(errors.count, ERR_LIST_MAX);
    /* 904 records too many, 4096 references, less the 99 that were named */
    assert_string_equal(errors.list[ERR_LIST_MAX - 1].text, "and 4901 more mistakes");
    err_list_deinit(&errors);
}

static void test_secrets_are_not_repeated(void **state)
{
    (void)state;
    files_assert_mistakes(
        "web: {password: correct-horse-battery-staple}\n", NULL, NULL, 0,
        "busbar.yaml:1:17: web.password: must be 0 to 20 characters long, not 28\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, files_set_up, files_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_defaults),
        TEST(test_site_file),
        TEST(test_empty_files),
        TEST(test_missing_files),
        TEST(test_mistakes_in_the_site_file),
        TEST(test_wrong_kinds),
        TEST(test_broken_yaml_is_the_only_mistake),
        TEST(test_checks_of_tables),
        TEST(test_names),
        TEST(test_many_mistakes),
        TEST(test_secrets_are_not_repeated),
    };
    return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
