/* Who may ask what through the gateway, and where units lead. */
#include "test.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "face/gateway_rule.h"
#include "face/gateway_settings.h"

static struct config *config_of(const char *text, struct err_list *errors)
{
    static const struct setting_table *const tables[] = {&gateways_table, &gateway_rules_table,
                                                         NULL};
    static const struct config_schema schema = {.tables = tables};
    char path[] = "/tmp/busbar-test-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    FILE *file = fdopen(fd, "w");
    fputs(text, file);
    fclose(file);
    struct config *config = config_load(&schema, path, NULL, NULL, 0, errors);
    remove(path);
    return config;
}

struct asked {
    const char *gateway, *client;
    uint8_t unit, function;
    uint16_t address, count;
};

static struct gateway_verdict judge(const char *rules_text, const struct asked *asked)
{
    struct err_list errors = ERR_LIST_EMPTY;
    char text[2000];
    snprintf(text, sizeof text,
             "gateways: {main: {routes: bus}, other: {routes: bus, port: 1503}}\n"
             "gateway_rules: %s\n",
             rules_text);
    struct config *config = config_of(text, &errors);
    if (!config)
        fail_msg("%s", errors.list[0].text);
    struct gateway_rules rules;
    gateway_rules_read(&rules, config);
    struct ip_net client;
    assert_int_equal(ip_net_parse(&client, asked->client, strlen(asked->client), NULL), 0);
    const struct modbus_pdu_request request = {
        .function = asked->function, .address = asked->address, .count = asked->count};
    struct gateway_verdict verdict =
        gateway_rules_judge(&rules, &(struct gateway_question){.gateway = asked->gateway,
                                                               .client = &client.address,
                                                               .unit = asked->unit,
                                                               .request = &request});
    gateway_rules_deinit(&rules);
    config_free(config);
    err_list_deinit(&errors);
    return verdict;
}

static void without_rules_only_readings(void **state)
{
    (void)state;
    for (unsigned function = 1; function < 128; function++) {
        const struct asked asked = {"main", "192.0.2.1", 1, (uint8_t)function, 0, 1};
        assert_int_equal(judge("{}", &asked).exception, function <= 4 ? 0 : 1);
    }
}

static void the_first_that_fits_decides(void **state)
{
    (void)state;
    static const char rules[] =
        "{plc: {clients: 192.0.2.0/24, functions: write, registers: 100-199},"
        " locked: {units: 7-9, allow: false},"
        " secret: {registers: 500-599, allow: false},"
        " young: {functions: '3, 4', max_age: 2 s, gateway: main},"
        " odd: {functions: '43', units: 3}}";
    static const struct {
        struct asked asked;
        uint8_t exception;
        clock_us max_age;
    } rows[] = {
        {{"main", "192.0.2.9", 1, 16, 100, 100}, 0, 0},
        {{"main", "192.0.2.9", 1, 16, 100, 101}, 2, 0}, /* one past the end */
        {{"main", "192.0.2.9", 1, 6, 99, 1}, 2, 0},
        {{"main", "192.0.3.9", 1, 6, 100, 1}, 1, 0}, /* another network */
        {{"main", "192.0.2.9", 8, 6, 100, 1}, 0, 0}, /* the earlier rule wins */
        {{"main", "192.0.2.9", 8, 3, 100, 1}, 10, 0},
        {{"main", "192.0.2.9", 10, 3, 100, 1}, 0, 2 * CLOCK_S},
        {{"other", "192.0.2.9", 10, 3, 100, 1}, 0, 0},
        {{"main", "192.0.2.9", 10, 1, 100, 1}, 0, 0},
        {{"main", "192.0.2.9", 10, 3, 450, 50}, 0, 2 * CLOCK_S}, /* up to 499 */
        {{"main", "192.0.2.9", 10, 3, 450, 51}, 2, 0},           /* touches 500 */
        {{"main", "192.0.2.9", 3, 43, 0, 0}, 2, 0}, /* no registers to tell: the refusal holds */
        {{"main", "2001:db8::1", 1, 5, 100, 1}, 1, 0},
    };
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        struct gateway_verdict verdict = judge(rules, &rows[i].asked);
        if (verdict.exception != rows[i].exception || verdict.max_age != rows[i].max_age)
            fail_msg("row %zu: exception %u, age %lld", i, verdict.exception,
                     (long long)verdict.max_age);
    }
}

/* What is left out never gives the right to write: not the network of a panel, not a unit. */
static void only_who_names_functions_may_write(void **state)
{
    (void)state;
    static const char *const rules[] = {
        "{panels: {clients: 192.0.2.0/24, max_age: 2 s}}",
        "{all: {}}",
        "{one: {units: 7, registers: 100-199}}",
        "{comma: {functions: ','}}",
    };
    for (size_t i = 0; i < TEST_COUNT(rules); i++) {
        for (unsigned function = 1; function < 128; function++) {
            const struct asked asked = {"main", "192.0.2.1", 7, (uint8_t)function, 100, 1};
            assert_int_equal(judge(rules[i], &asked).exception, function <= 4 ? 0 : 1);
        }
    }
    assert_int_equal(judge(rules[0], &(struct asked){"main", "192.0.2.1", 7, 3, 1, 1}).max_age,
                     2 * CLOCK_S);
}

static void check_routes(const char *text, const char *wanted)
{
    struct gateway_route routes[256];
    struct arena *arena = arena_new();
    struct err err = ERR_EMPTY;
    char found[400] = "";
    if (gateway_routes_parse(routes, arena, text, &err) < 0)
        fail_msg("%s: %s", text, err.text);
    for (unsigned unit = 0; unit < 256; unit++) {
        size_t at = strlen(found);
        if (routes[unit].line && (unit < 4 || unit > 245 || unit == 101))
            snprintf(found + at, sizeof found - at, "%u>%s/%u ", unit, routes[unit].line,
                     routes[unit].unit);
    }
    assert_string_equal(found, wanted);
    arena_free(arena);
}

static void units_lead_where_they_are_said_to(void **state)
{
    (void)state;
    check_routes("bus-1",
                 "1>bus-1/1 2>bus-1/2 3>bus-1/3 101>bus-1/101 246>bus-1/246 247>bus-1/247 ");
    check_routes("1-2 a, 3 b/9,101-110   c/1", "1>a/1 2>a/2 3>b/9 101>c/1 ");
    check_routes("246-247 x", "246>x/246 247>x/247 ");
    check_routes("255 x/7", "255>x/7 ");
    check_routes("254-255 @x", "254>@x/254 255>@x/255 ");
}

static void refuse_routes(const char *text, const char *part)
{
    struct gateway_route routes[256];
    struct arena *arena = arena_new();
    struct err err = ERR_EMPTY;
    assert_int_equal(gateway_routes_parse(routes, arena, text, &err), -EINVAL);
    if (!strstr(err.text, part))
        fail_msg("%s: %s", text, err.text);
    arena_free(arena);
}

static void mistakes_in_routes_are_named(void **state)
{
    (void)state;
    refuse_routes("0-5 a", "\"0-5\" is no unit");
    refuse_routes("5-1 a", "\"5-1\" is no unit");
    refuse_routes("1-256 a", "\"1-256\" is no unit");
    refuse_routes("1-248 a", "would go past unit 247");
    refuse_routes("1-5 a/", "is no route");
    refuse_routes("1-5 a/0", "is no route");
    refuse_routes("1-5 a/1x", "is no route");
    refuse_routes("1-5 a/99999999999", "is no route");
    refuse_routes("1 a, b", "unit 1 leads to two places: a and b");
    refuse_routes("1-9 a/240", "would go past unit 247");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_rules_only_readings),
        cmocka_unit_test(the_first_that_fits_decides),
        cmocka_unit_test(only_who_names_functions_may_write),
        cmocka_unit_test(units_lead_where_they_are_said_to),
        cmocka_unit_test(mistakes_in_routes_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
