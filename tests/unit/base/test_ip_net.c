#include "test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>

#include "base/ip_net.h"

static struct ip_address address_of(const char *text)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    if (inet_pton(AF_INET, text, &v4.sin_addr) == 1)
        return ip_address_of((const struct sockaddr *)(const void *)&v4);
    assert_int_equal(inet_pton(AF_INET6, text, &v6.sin6_addr), 1);
    return ip_address_of((const struct sockaddr *)(const void *)&v6);
}

static bool holds(const char *net_text, const char *address_text)
{
    struct ip_net net;
    struct err err = ERR_EMPTY;
    if (ip_net_parse(&net, net_text, strlen(net_text), &err) < 0)
        fail_msg("%s", err.text);
    struct ip_address address = address_of(address_text);
    return ip_net_holds(&net, &address);
}

static void networks_hold_their_own(void **state)
{
    (void)state;
    assert_true(holds("192.0.2.0/24", "192.0.2.255"));
    assert_false(holds("192.0.2.0/24", "192.0.3.0"));
    assert_true(holds("192.0.2.7", "192.0.2.7"));
    assert_true(holds("192.0.2.7", "::ffff:192.0.2.7")); /* as a socket of both kinds says it */
    assert_false(holds("192.0.2.7", "192.0.2.6"));
    assert_true(holds("0.0.0.0/0", "203.0.113.9"));
    assert_false(holds("0.0.0.0/0", "2001:db8::1"));
    assert_true(holds("::/0", "203.0.113.9"));
    assert_true(holds("2001:db8::/33", "2001:db8:7fff::1"));
    assert_false(holds("2001:db8::/33", "2001:db8:8000::1"));
}

/* Against the same said with 32-bit numbers. */
static void all_prefixes_agree_with_arithmetic(void **state)
{
    (void)state;
    for (unsigned seed = 1; seed < 20000; seed++) {
        uint32_t net = seed * 2654435761u, bits = seed % 33;
        uint32_t other = net ^ (seed % 3 ? 1u << (seed % 32) : 0);
        uint32_t mask = bits ? UINT32_MAX << (32 - bits) : 0;
        char net_text[64], other_text[64];
        struct in_addr four = {htonl(net)};
        snprintf(net_text, sizeof net_text, "%s/%u", inet_ntoa(four), bits);
        four.s_addr = htonl(other);
        snprintf(other_text, sizeof other_text, "%s", inet_ntoa(four));
        assert_int_equal(holds(net_text, other_text), (net & mask) == (other & mask));
    }
}

static void mistakes_are_named(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "lan",
                                      "192.0.2",
                                      "192.0.2.0/33",
                                      "192.0.2.0/",
                                      "192.0.2.0/x",
                                      "::1/129",
                                      "192.0.2.0/24/1",
                                      "192.0.2.0/-1",
                                      "1.2.3.4 "};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct ip_net net;
        struct err err = ERR_EMPTY;
        assert_int_equal(ip_net_parse(&net, bad[i], strlen(bad[i]), &err), -EINVAL);
        assert_non_null(strstr(err.text, "is no address"));
    }
}

static void addresses_are_written_as_people_do(void **state)
{
    (void)state;
    static const char *const same[] = {"192.0.2.7", "2001:db8::1", "::1"};
    char text[48];
    for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
        struct ip_address address = address_of(same[i]);
        ip_address_format(&address, text, sizeof text);
        assert_string_equal(text, same[i]);
    }
    struct ip_address mapped = address_of("::ffff:192.0.2.7");
    ip_address_format(&mapped, text, sizeof text);
    assert_string_equal(text, "192.0.2.7");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(networks_hold_their_own),
        cmocka_unit_test(all_prefixes_agree_with_arithmetic),
        cmocka_unit_test(mistakes_are_named),
        cmocka_unit_test(addresses_are_written_as_people_do),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
