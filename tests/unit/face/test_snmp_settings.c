/* Who may ask: networks, and what the settings refuse. */

#include "snmp_testing.h"

#include <arpa/inet.h>

static bool holds(const char *networks, const char *address)
{
    struct in6_addr v6;
    char mapped[80];
    snprintf(mapped, sizeof mapped, "%s%s", strchr(address, ':') ? "" : "::ffff:", address);
    assert_int_equal(inet_pton(AF_INET6, mapped, &v6), 1);
    return snmp_networks_hold(networks, &v6);
}

static void test_networks(void **state)
{
    (void)state;
    assert_true(holds("", "192.0.2.1"));
    assert_true(holds("  ", "2001:db8::1"));
    assert_true(holds("192.0.2.0/24", "192.0.2.255"));
    assert_false(holds("192.0.2.0/24", "192.0.3.0"));
    assert_true(holds("192.0.2.128/25", "192.0.2.128"));
    assert_false(holds("192.0.2.128/25", "192.0.2.127"));
    assert_true(holds("192.0.2.7", "192.0.2.7"));
    assert_false(holds("192.0.2.7", "192.0.2.6"));
    assert_true(holds("0.0.0.0/0", "203.0.113.9"));
    assert_false(holds("0.0.0.0/0", "2001:db8::1"));
    assert_true(holds("::/0", "203.0.113.9"));
    assert_true(holds("10.0.0.0/8, 2001:db8::/33", "2001:db8:7fff::1"));
    assert_false(holds("10.0.0.0/8, 2001:db8::/33", "2001:db8:8000::1"));
    assert_false(holds("nonsense", "192.0.2.1")); /* closed, not open to all */
}

static void test_networks_that_are_none(void **state)
{
    static const char *const wrong[] = {
        "192.0.2.0/33", "192.0.2.0/", "192.0.2/24", "host",        "2001:db8::/129",
        "192.0.2.1 x",  "/8",         "1.2.3.4/+8", "1.2.3.4/8/8", "1.2.3.4/99999999999999999999"};
    struct err err = ERR_EMPTY;
    (void)state;
    for (size_t i = 0; i < TEST_COUNT(wrong); i++)
        assert_true(snmp_networks_check(wrong[i], &err) < 0);
    assert_int_equal(snmp_networks_check("192.0.2.0/24 ::1,10.0.0.1", &err), 0);
}

static void refused(const char *yaml, const char *words)
{
    char problem[ERR_TEXT_MAX] = "";
    struct config *config = snmp_rig_config(yaml, problem, sizeof problem);
    assert_null(config);
    if (!strstr(problem, words))
        fail_msg("\"%s\" is not in: %s", words, problem);
}

static void test_refused(void **state)
{
    (void)state;
    refused("snmp: {port: 65536}\n", "0 to 65535");
    refused("snmp: {listen: here}\n", "address");
    refused("snmp: {enterprise: 0}\n", "enterprise");
    refused("communities: {a: {access: view}}\n", "community");
    refused("communities: {a: {community: private, access: control}}\n", "everybody knows");
    refused("communities: {a: {community: x, networks: all}}\n", "network");
    refused("snmp_users: {kim: {auth_passphrase: short}}\n", "8 to 255");
    refused("snmp_users: {kim: {auth_passphrase: long enough, privacy_passphrase: no}}\n",
            "at least 8");
    refused("snmp_users: {kim: {auth_passphrase: long enough, privacy: des}}\n", "aes-128");
    refused("snmp_users: {a-name-of-more-than-thirty-two-octets: {auth_passphrase: long enough}}\n",
            "at most 32");
}

/* Nothing is open, and nobody is let in, before somebody says so. */
static void test_defaults(void **state)
{
    (void)state;
    struct config *config = snmp_rig_config("site: {name: x}\n", NULL, 0);
    const struct snmp_settings *snmp = config_record(config, &snmp_settings_table);
    assert_false(snmp->enabled);
    assert_int_equal(snmp->port, 1161);
    assert_int_equal(snmp->enterprise, 32473);
    assert_int_equal(config_count(config, &snmp_community_table), 0);
    assert_int_equal(config_count(config, &snmp_user_table), 0);
    config_free(config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_networks),
        cmocka_unit_test(test_networks_that_are_none),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_defaults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
