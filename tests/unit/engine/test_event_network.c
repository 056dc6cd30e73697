/* Addresses that appear and go, from lists made by hand. */
#include "test.h"
#include "test_folder.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <unistd.h>

#include "engine/event_log.h"
#include "engine/event_network.h"
#include "event_testing.h"

struct fixture {
    char folder[200];
    struct clock clock;
    struct loop *loop;
    struct event_log *log;
    struct event_network *network;
};

static int set_up(void **state)
{
    static const struct event_settings usual = {.keep = 1826LL * 86400 * CLOCK_S, .most = 100000};
    struct fixture *fixture = calloc(1, sizeof *fixture);
    test_folder(fixture->folder, sizeof fixture->folder);
    fixture->clock = clock_fake(TESTING_T0);
    fixture->loop = loop_new(&fixture->clock);
    fixture->log = event_log_open(fixture->loop, fixture->folder, &usual);
    fixture->network = event_network_new(fixture->log, fixture->loop);
    event_network_take(fixture->network, NULL); /* forget what this machine has */
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    event_network_free(fixture->network);
    event_log_close(fixture->log);
    loop_free(fixture->loop);
    test_folder_remove(fixture->folder);
    free(fixture);
    return 0;
}

struct made {
    struct ifaddrs entry;
    char name[16];
    struct sockaddr_in6 address, mask; /* room for both families */
};

static void *fill(struct sockaddr_in6 *to, int family, const char *text)
{
    struct sockaddr_in *four = (struct sockaddr_in *)(void *)to;
    to->sin6_family = (sa_family_t)family;
    int result = inet_pton(family, text,
                           family == AF_INET ? (void *)&four->sin_addr : (void *)&to->sin6_addr);
    assert_int_equal(result, 1);
    return to;
}

/* "NAME ADDRESS MASK" each; a name alone is an entry without an address. */
static void take(struct fixture *fixture, const char *const *texts, size_t count)
{
    struct made made[8];
    memset(made, 0, sizeof made);
    for (size_t i = 0; i < count; i++) {
        char address[64], mask[64];
        int parts = sscanf(texts[i], "%15s %63s %63s", made[i].name, address, mask);
        int family = parts > 1 && strchr(address, ':') ? AF_INET6 : AF_INET;
        made[i].entry.ifa_name = made[i].name;
        made[i].entry.ifa_addr = parts > 1 ? fill(&made[i].address, family, address) : NULL;
        made[i].entry.ifa_netmask = parts > 2 ? fill(&made[i].mask, family, mask) : NULL;
        made[i].entry.ifa_next = i + 1 < count ? &made[i + 1].entry : NULL;
    }
    event_network_take(fixture->network, count ? &made[0].entry : NULL);
    for (int i = 0; i < 30000 && event_log_status(fixture->log).waiting; i++) {
        loop_poll(fixture->loop);
        usleep(1000);
    }
}

/* The events of addresses since the one before, oldest first, are these. */
static uint64_t expect(struct fixture *fixture, uint64_t after, const char *const *texts,
                       size_t count)
{
    struct event_question question = {
        .after = after, .kinds = {EVENT_NETWORK_CHANGE}, .kind_count = 1};
    struct testing_found *found = testing_search(fixture->folder, question);
    assert_int_equal(found->count, count);
    for (size_t i = 0; i < count; i++)
        assert_string_equal(found->list[count - 1 - i].text, texts[i]);
    uint64_t last = found->count ? found->list[0].id : after;
    free(found);
    return last;
}

static void each_change_is_told_once(void **state)
{
    struct fixture *fixture = *state;
    take(fixture, NULL, 0); /* that is written */
    struct testing_found *before = testing_search(fixture->folder, (struct event_question){0});
    uint64_t last = before->count ? before->list[0].id : 0;
    free(before);
    static const char *const here[] = {
        "lo 127.0.0.1 255.0.0.0", "lo ::1", "eth0",
        "eth0 fe80::1 ffff:ffff:ffff:ffff::", "eth0 192.0.2.7 255.255.255.0"};
    take(fixture, here, 5);
    static const char *const first[] = {"eth0 has the address 192.0.2.7/24"};
    last = expect(fixture, last, first, 1);
    take(fixture, here, 5);
    last = expect(fixture, last, NULL, 0);
    static const char *const both[] = {
        "eth1 2001:db8::5 ffff:ffff:ffff:ffff::", "eth0 192.0.2.7 255.255.255.0",
        "eth1 2001:db8::5 ffff:ffff:ffff:ffff::"};
    take(fixture, both, 3);
    static const char *const second[] = {"eth1 has the address 2001:db8::5/64"};
    last = expect(fixture, last, second, 1);
    static const char *const moved[] = {"eth1 2001:db8::5 ffff:ffff:ffff:ffff::",
                                        "eth0 192.0.2.9 255.255.255.128"};
    take(fixture, moved, 2);
    static const char *const third[] = {"eth0 no longer has the address 192.0.2.7/24",
                                        "eth0 has the address 192.0.2.9/25"};
    last = expect(fixture, last, third, 2);
    take(fixture, NULL, 0);
    static const char *const gone[] = {"eth0 no longer has the address 192.0.2.9/25",
                                       "eth1 no longer has the address 2001:db8::5/64"};
    expect(fixture, last, gone, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_change_is_told_once, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("event_network", tests, NULL, NULL);
}
