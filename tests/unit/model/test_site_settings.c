#include "model/site_settings.h"

#include <unistd.h>

#include "model/config.h"
#include "test.h"

static const struct setting_table *const tables[] = {&site_settings_table, NULL};
static const struct config_schema schema = {tables, NULL, 0};

static void test_defaults(void **state)
{
    (void)state;
    struct err_list errors = {0};
    struct config *config = config_load(&schema, NULL, NULL, NULL, 0, &errors);
    assert_non_null(config);
    const struct site_settings *site = config_record(config, &site_settings_table);
    assert_string_equal(site->name, "busbar");
    assert_string_equal(site->location, "");
    assert_string_equal(site->contact, "");
    assert_string_equal(site->time_zone, "UTC");
    config_free(config);
}

static void test_time_zones(void **state)
{
    (void)state;
    static const struct {
        const char *zone;
        bool good;
    } rows[] = {
        {"UTC", true},
        {"Europe/Vienna", true},
        {"America/Argentina/Ushuaia", true},
        {"Etc/GMT+5", true},
        {"Europe/Wien", false},
        {"Europe", false}, /* a folder */
        {"../../../etc/passwd", false},
        {"/etc/localtime", false},
        {"", false},
    };
    if (access("/usr/share/zoneinfo/Europe/Vienna", R_OK) != 0)
        skip();
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        struct err_list errors = {0};
        const struct config_change change = {"site.time_zone", rows[i].zone};
        struct config *config = config_load(&schema, NULL, NULL, &change, 1, &errors);
        assert_int_equal(config != NULL, rows[i].good);
        if (!config) {
            char wanted[200];
            snprintf(wanted, sizeof wanted,
                     "site.time_zone: there is no time zone \"%s\" in /usr/share/zoneinfo; "
                     "names look like Europe/Vienna or America/Chicago",
                     rows[i].zone);
            assert_string_equal(errors.list[0].text, wanted);
        }
        config_free(config);
        err_list_deinit(&errors);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_time_zones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
