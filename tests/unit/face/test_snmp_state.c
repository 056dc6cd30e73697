/* Engine id, starts and device numbers over restarts, and on a disk that does not want to. */

#include "test.h"
#include "test_folder.h"

#include <sys/stat.h>

#include "base/saver.h"
#include "face/snmp_guard.h"
#include "face/snmp_state.h"

struct house {
    struct clock clock;
    struct loop *loop;
    struct saver *saver;
    char folder[200], file[240];
};

static int setup(void **state)
{
    struct house *house = calloc(1, sizeof *house);
    house->clock = clock_fake(1790000000LL * CLOCK_S);
    house->loop = loop_new(&house->clock);
    house->saver = saver_new(house->loop);
    test_folder(house->folder, sizeof house->folder);
    snprintf(house->file, sizeof house->file, "%s/snmp.json", house->folder);
    *state = house;
    return 0;
}

static int teardown(void **state)
{
    struct house *house = *state;
    saver_free(house->saver);
    loop_poll(house->loop);
    loop_free(house->loop);
    test_folder_remove(house->folder);
    free(house);
    return 0;
}

/* Everything that is to be written is on disk. */
static void settle(struct house *house)
{
    for (int i = 0; i < 4; i++) {
        loop_advance(house->loop, CLOCK_S / 2);
        while (saver_busy(house->saver))
            loop_poll(house->loop);
        loop_poll(house->loop);
    }
}

static struct snmp_state *start(struct house *house)
{
    return snmp_state_open(house->loop, house->saver, house->folder);
}

static void test_over_restarts(void **state)
{
    struct house *house = *state;
    uint8_t engine[SNMP_ENGINE_ID_MOST];
    size_t length, again;
    struct snmp_state *snmp = start(house);
    assert_int_equal(snmp_state_boots(snmp), 1);
    assert_false(snmp_state_durable(snmp));
    const uint8_t *id = snmp_state_engine(snmp, &length);
    memcpy(engine, id, length);
    assert_true(length >= 5 && engine[0] & 0x80); /* RFC 3411 */
    assert_int_equal(snmp_state_device(snmp, "b"), 1);
    assert_int_equal(snmp_state_device(snmp, "a"), 2);
    assert_int_equal(snmp_state_device(snmp, "b"), 1);
    settle(house);
    assert_true(snmp_state_durable(snmp));
    assert_int_equal(snmp_state_time(snmp), 2);
    snmp_state_close(snmp);
    for (uint32_t boots = 2; boots < 5; boots++) {
        snmp = start(house);
        assert_int_equal(snmp_state_boots(snmp), boots);
        assert_memory_equal(snmp_state_engine(snmp, &again), engine, length);
        assert_int_equal(again, length);
        assert_int_equal(snmp_state_device(snmp, "new-one"), 3);
        assert_int_equal(snmp_state_device(snmp, "a"), 2);
        settle(house);
        snmp_state_close(snmp);
    }
}

/* A device that was numbered in the last moment keeps its number, too. */
static void test_stopped_at_once(void **state)
{
    struct house *house = *state;
    struct snmp_state *snmp = start(house);
    settle(house);
    assert_int_equal(snmp_state_device(snmp, "late"), 1);
    snmp_state_stop(snmp);
    while (saver_busy(house->saver))
        loop_poll(house->loop);
    snmp_state_close(snmp);
    snmp = start(house);
    assert_int_equal(snmp_state_device(snmp, "other"), 2);
    settle(house);
    snmp_state_close(snmp);
}

static void count_call(void *user)
{
    ++*(int *)user;
}

/* Switched on while the program runs: another start, which must be on disk, too. */
static void test_begun_again(void **state)
{
    struct house *house = *state;
    int calls = 0;
    struct snmp_state *snmp = start(house);
    snmp_state_on_durable(snmp, count_call, &calls);
    snmp_state_begin_again(snmp);
    assert_int_equal(snmp_state_boots(snmp), 1);
    settle(house);
    assert_int_equal(calls, 1);
    snmp_state_begin_again(snmp);
    assert_int_equal(snmp_state_boots(snmp), 2);
    assert_int_equal(snmp_state_time(snmp), 0);
    assert_false(snmp_state_durable(snmp));
    settle(house);
    assert_true(snmp_state_durable(snmp));
    assert_int_equal(calls, 2);
    snmp_state_close(snmp);
    snmp = start(house);
    assert_int_equal(snmp_state_boots(snmp), 3);
    snmp_state_close(snmp);
}

/* Written by hand, as a program of another time may have left it. */
static void test_latched(void **state)
{
    struct house *house = *state;
    test_write_file(house->file, "{\"engine\":\"8000000001020304\",\"boots\":2147483647,"
                                 "\"last\":5,\"devices\":{}}");
    struct snmp_state *snmp = start(house);
    assert_int_equal(snmp_state_boots(snmp), 2147483647); /* RFC 3414 2.2.2: it stays there */
    assert_int_equal(snmp_state_device(snmp, "x"), 6);
    settle(house);
    snmp_state_close(snmp);
}

/* Another identity: with the old one, starts would be counted twice. */
static void test_damaged(void **state)
{
    static const char *const texts[] = {
        "",
        "{",
        "[]",
        "{\"engine\":\"80\",\"boots\":1,\"last\":0,\"devices\":{}}",
        "{\"engine\":\"8000000001020304\",\"boots\":-1,\"last\":0,\"devices\":{}}",
        "{\"engine\":\"8000000001020304\",\"boots\":1,\"last\":0,\"devices\":{\"a\":0}}",
        "{\"engine\":\"800000000102030\",\"boots\":1,\"last\":0,\"devices\":{}}"};
    struct house *house = *state;
    char aside[300];
    snprintf(aside, sizeof aside, "%s.damaged", house->file);
    for (size_t i = 0; i < TEST_COUNT(texts); i++) {
        size_t length;
        struct stat about;
        test_write_file(house->file, texts[i]);
        unlink(aside);
        struct snmp_state *snmp = start(house);
        assert_int_equal(snmp_state_boots(snmp), 1);
        assert_int_equal(snmp_state_device(snmp, "a"), 1);
        snmp_state_engine(snmp, &length);
        assert_int_equal(length, 17);
        assert_int_equal(stat(aside, &about), 0);
        settle(house);
        snmp_state_close(snmp);
    }
}

/* While the start cannot be written, nothing may be signed; it is tried again. */
static void test_disk_refuses(void **state)
{
    struct house *house = *state;
    int calls = 0;
    char blocker[300];
    snprintf(blocker, sizeof blocker, "%s.new", house->file);
    assert_int_equal(mkdir(blocker, 0700), 0); /* where the new file would be */
    test_write_file(strcat(strcpy((char[300]){""}, blocker), "/x"), "x");
    struct snmp_state *snmp = start(house);
    snmp_state_on_durable(snmp, count_call, &calls);
    settle(house);
    assert_false(snmp_state_durable(snmp));
    assert_int_equal(calls, 0);
    test_folder_remove(blocker);
    loop_advance(house->loop, 61 * CLOCK_S);
    settle(house);
    assert_true(snmp_state_durable(snmp));
    assert_int_equal(calls, 1);
    snmp_state_close(snmp);
}

/* ---- the guard ------------------------------------------------------------------------------- */

static struct in6_addr address(uint32_t number)
{
    struct in6_addr one = {.s6_addr = {0x20, 0x01, 0x0d, 0xb8}};
    memcpy(one.s6_addr + 12, &number, sizeof number);
    return one;
}

static void test_refused_once(void **state)
{
    struct snmp_guard guard = {0};
    uint64_t count;
    clock_us now = CLOCK_S;
    const struct in6_addr one = address(1), other = address(2);
    (void)state;
    assert_true(snmp_guard_refused(&guard, &one, now, &count));
    assert_int_equal(count, 1);
    for (int i = 0; i < 1000; i++)
        assert_false(snmp_guard_refused(&guard, &one, now + i, &count));
    assert_true(snmp_guard_refused(&guard, &other, now, &count));
    assert_true(snmp_guard_refused(&guard, &one, now + SNMP_GUARD_TELL_EVERY, &count));
    assert_int_equal(count, 1001);
    /* of more addresses than fit, the one told longest ago goes */
    for (uint32_t i = 0; i < SNMP_GUARD_SOURCES; i++) {
        const struct in6_addr many = address(100 + i);
        assert_true(snmp_guard_refused(&guard, &many, now + SNMP_GUARD_TELL_EVERY + i, &count));
    }
    assert_true(snmp_guard_refused(&guard, &other, now + SNMP_GUARD_TELL_EVERY + 1000, &count));
}

static void test_repeated_set(void **state)
{
    struct snmp_guard guard = {0};
    (void)state;
    assert_null(snmp_guard_find(&guard, 7, CLOCK_S));
    snmp_guard_keep(&guard,
                    &(struct snmp_guard_set){.print = 7, .until = 6 * CLOCK_S, .status = 12});
    const struct snmp_guard_set *set = snmp_guard_find(&guard, 7, 3 * CLOCK_S);
    assert_non_null(set);
    assert_int_equal(set->status, 12);
    assert_null(snmp_guard_find(&guard, 8, 3 * CLOCK_S));
    assert_null(snmp_guard_find(&guard, 7, 6 * CLOCK_S));
    for (uint64_t i = 0; i < SNMP_GUARD_SETS; i++)
        snmp_guard_keep(&guard, &(struct snmp_guard_set){.print = 100 + i, .until = 9 * CLOCK_S});
    assert_null(snmp_guard_find(&guard, 7, 3 * CLOCK_S));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_over_restarts, setup, teardown),
        cmocka_unit_test_setup_teardown(test_stopped_at_once, setup, teardown),
        cmocka_unit_test_setup_teardown(test_begun_again, setup, teardown),
        cmocka_unit_test_setup_teardown(test_latched, setup, teardown),
        cmocka_unit_test_setup_teardown(test_damaged, setup, teardown),
        cmocka_unit_test_setup_teardown(test_disk_refuses, setup, teardown),
        cmocka_unit_test(test_refused_once),
        cmocka_unit_test(test_repeated_set),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
