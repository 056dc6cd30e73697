#include "model/access_slow.h"

#include <sodium.h>

#include "test.h"

#define OWNER "owner"
#define HOME "192.0.2.10"
#define ATTACKER "198.51.100.66"

static int set_up(void **state)
{
    *state = sodium_init() < 0 ? NULL : access_slow_new();
    return *state ? 0 : -1;
}

static int tear_down(void **state)
{
    access_slow_free(*state);
    return 0;
}

/* Waits as told, then tries wrongly; the waits in seconds. */
static void fail_times(struct access_slow *slow, const char *source, const char *user, int times,
                       clock_us *now, double *waits)
{
    for (int i = 0; i < times; i++) {
        clock_us wait = access_slow_ask(slow, source, user, *now);
        if (waits)
            waits[i] = (double)wait / CLOCK_S;
        *now += wait;
        if (wait)
            assert_int_equal(access_slow_ask(slow, source, user, *now), 0);
    }
}

static void test_delays_double_up_to_a_minute(void **state)
{
    static const double wanted[] = {0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60};
    double waits[TEST_COUNT(wanted)];
    clock_us now = CLOCK_S;
    fail_times(*state, ATTACKER, OWNER, TEST_COUNT(wanted), &now, waits);
    for (size_t i = 0; i < TEST_COUNT(wanted); i++)
        assert_true(waits[i] == wanted[i]);
}

static void test_asking_early_costs_nothing(void **state)
{
    clock_us now = CLOCK_S;
    fail_times(*state, ATTACKER, OWNER, 8, &now, NULL);
    assert_int_equal(access_slow_ask(*state, ATTACKER, OWNER, now), 16 * CLOCK_S);
    for (int i = 0; i < 1000; i++)
        assert_true(access_slow_ask(*state, ATTACKER, OWNER, now + i) <= 16 * CLOCK_S - i);
    assert_int_equal(access_slow_ask(*state, ATTACKER, OWNER, now + 16 * CLOCK_S), 0);
}

/* Tries of the same moment are counted before their verdict is known. */
static void test_parallel_tries(void **state)
{
    int admitted = 0;
    for (int i = 0; i < 1000; i++)
        admitted += access_slow_ask(*state, ATTACKER, OWNER, CLOCK_S) == 0;
    assert_int_equal(admitted, 4);
}

static void test_fades(void **state)
{
    clock_us now = CLOCK_S;
    fail_times(*state, ATTACKER, OWNER, 20, &now, NULL);
    now += 60 * CLOCK_S;
    /* ten failures are remembered; a hundred minutes later none */
    now += 101 * 60 * CLOCK_S;
    double waits[5];
    fail_times(*state, ATTACKER, OWNER, 5, &now, waits);
    assert_true(waits[3] == 0 && waits[4] == 1);
}

static void test_success_forgives_typing_mistakes(void **state)
{
    clock_us now = CLOCK_S;
    fail_times(*state, HOME, OWNER, 6, &now, NULL);
    now += access_slow_ask(*state, HOME, OWNER, now);
    assert_int_equal(access_slow_ask(*state, HOME, OWNER, now), 0);
    access_slow_right(*state, HOME, OWNER, now);
    double waits[4];
    fail_times(*state, HOME, OWNER, 4, &now, waits);
    assert_true(waits[0] == 0 && waits[1] == 0 && waits[2] == 0 && waits[3] == 0);
}

/* With an account of one's own, signing in between does not make guessing at others free. */
static void test_own_account_does_not_reset(void **state)
{
    clock_us now = CLOCK_S, begun = now;
    int guesses = 0;
    while (now - begun < 3600 * CLOCK_S) {
        clock_us wait = access_slow_ask(*state, ATTACKER, OWNER, now);
        now += wait;
        guesses += wait == 0;
        wait = access_slow_ask(*state, ATTACKER, "mallory", now);
        now += wait;
        if (wait == 0)
            access_slow_right(*state, ATTACKER, "mallory", now);
    }
    assert_in_range(guesses, 1, 75);
}

/* 10^5 failures from one address, as fast as it may: the owner elsewhere waits a minute at most,
 * once; where the owner has signed in before, not at all. */
static void test_attacker_cannot_lock_the_owner_out(void **state)
{
    clock_us now = CLOCK_S;
    assert_int_equal(access_slow_ask(*state, HOME, OWNER, now), 0);
    access_slow_right(*state, HOME, OWNER, now);
    for (int i = 0; i < 100000; i++)
        fail_times(*state, ATTACKER, OWNER, 1, &now, NULL);
    assert_int_equal(access_slow_ask(*state, HOME, OWNER, now), 0);
    clock_us wait = access_slow_ask(*state, "203.0.113.5", OWNER, now);
    assert_in_range(wait, 1, 60 * CLOCK_S);
    /* the attacker goes on, at the very moments when a turn comes up too */
    clock_us come_back = now + wait;
    while (now < come_back) {
        now += CLOCK_S;
        access_slow_ask(*state, ATTACKER, OWNER, now);
    }
    assert_int_equal(access_slow_ask(*state, "203.0.113.5", OWNER, come_back), 0);
    access_slow_right(*state, "203.0.113.5", OWNER, come_back);
    assert_int_equal(access_slow_ask(*state, "203.0.113.5", OWNER, come_back), 0);
}

static void test_owner_behind_the_same_address(void **state)
{
    clock_us now = CLOCK_S;
    for (int i = 0; i < 100000; i++)
        fail_times(*state, ATTACKER, OWNER, 1, &now, NULL);
    clock_us wait = access_slow_ask(*state, ATTACKER, OWNER, now);
    assert_in_range(wait, 0, 60 * CLOCK_S);
    assert_int_equal(access_slow_ask(*state, ATTACKER, OWNER, now + wait), 0);
}

/* Guessers that share the work among addresses are slowed for the one name. */
static void test_many_addresses_one_user(void **state)
{
    clock_us now = CLOCK_S;
    int at_once = 0;
    for (int i = 0; i < 200; i++) {
        char source[32];
        snprintf(source, sizeof source, "198.51.100.%d", i);
        at_once += access_slow_ask(*state, source, OWNER, now) == 0;
    }
    assert_int_equal(at_once, 4);
    assert_int_equal(access_slow_ask(*state, "203.0.113.5", "somebody-else", now), 0);
}

/* Millions of addresses and names fit into the same memory; who burdened himself most is forgotten
 * last. */
static void test_flood_of_addresses(void **state)
{
    clock_us now = CLOCK_S;
    fail_times(*state, ATTACKER, OWNER, 12, &now, NULL);
    for (int i = 0; i < 20000; i++) {
        char source[32], user[32];
        snprintf(source, sizeof source, "10.%d.%d.1", i / 250, i % 250);
        snprintf(user, sizeof user, "user-%d", i);
        access_slow_ask(*state, source, user, now);
    }
    assert_in_range(access_slow_ask(*state, ATTACKER, "anybody", now), 59 * CLOCK_S, 60 * CLOCK_S);
}

static void test_sources(void **state)
{
    /* an IPv6 /64 is one source, an IPv4 address written as IPv6 is itself */
    clock_us now = CLOCK_S;
    fail_times(*state, "2001:db8:1:2::1", "a", 12, &now, NULL);
    assert_true(access_slow_ask(*state, "2001:db8:1:2:ffff::9", "b", now) > 0);
    assert_int_equal(access_slow_ask(*state, "2001:db8:1:3::1", "b", now), 0);
    fail_times(*state, "::ffff:192.0.2.77", "c", 12, &now, NULL);
    assert_true(access_slow_ask(*state, "192.0.2.77", "d", now) > 0);
    assert_int_equal(access_slow_ask(*state, "::ffff:192.0.2.78", "d", now), 0);
    assert_int_equal(access_slow_ask(*state, "unix", "d", now), 0);
}

static void test_undo(void **state)
{
    for (int i = 0; i < 100; i++) {
        assert_int_equal(access_slow_ask(*state, HOME, OWNER, CLOCK_S), 0);
        access_slow_undo(*state, HOME, OWNER);
    }
}

/* The 8 tries of fail_times() come at 1, 1, 1, 1, 2, 4, 8, 16 s; after the eighth the next may come
 * 16 s later. */
static void test_until_when_is_told(void **state)
{
    clock_us now = CLOCK_S;
    assert_int_equal(access_slow_until(*state, OWNER, now), 0);
    fail_times(*state, ATTACKER, OWNER, 3, &now, NULL);
    assert_int_equal(access_slow_until(*state, OWNER, now), 0);
    fail_times(*state, ATTACKER, OWNER, 5, &now, NULL);
    assert_int_equal(access_slow_until(*state, OWNER, now), 32 * CLOCK_S);
    assert_int_equal(access_slow_until(*state, OWNER, 31 * CLOCK_S), 32 * CLOCK_S);
    assert_int_equal(access_slow_until(*state, OWNER, 32 * CLOCK_S), 0);
    assert_int_equal(access_slow_until(*state, "somebody-else", now), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_delays_double_up_to_a_minute),
        TEST(test_asking_early_costs_nothing),
        TEST(test_parallel_tries),
        TEST(test_fades),
        TEST(test_success_forgives_typing_mistakes),
        TEST(test_own_account_does_not_reset),
        TEST(test_attacker_cannot_lock_the_owner_out),
        TEST(test_owner_behind_the_same_address),
        TEST(test_many_addresses_one_user),
        TEST(test_flood_of_addresses),
        TEST(test_sources),
        TEST(test_undo),
        TEST(test_until_when_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
