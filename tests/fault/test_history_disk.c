/* The disk refuses: every single call once and for good, full and broken. Nothing is acknowledged
 * that is not there, nothing acknowledged is lost, nothing is there twice, and it goes on when the
 * disk does. */
#include "test.h"
#include "test_folder.h"

#include <errno.h>
#include <math.h>
#include <unistd.h>

#include "disk_vfs.h"
#include "engine/history.h"
#include "history_testing.h"

#define ALWAYS 0, INT64_MAX / 2

enum { TICKS = 40 };

/* ---- the store, every call ------------------------------------------------------------------- */

/* Write what is not acknowledged yet, tidying between; attempts are given up after `tries` for
 * each. */
static void write_ticks(struct history_store *store, bool *acknowledged, int tries)
{
    for (int i = 0; i < TICKS; i++) {
        struct history_reading readings[3];
        for (uint32_t s = 0; s < 3; s++)
            readings[s] = (struct history_reading){s + 1, QUALITY_GOOD, i * 7 + (int64_t)s};
        for (int attempt = 0; attempt < tries && !acknowledged[i]; attempt++) {
            struct err err = ERR_EMPTY;
            int result = testing_write(store, TESTING_T0 + i * 300 * CLOCK_S, (i + 1) * CLOCK_S,
                                       true, readings, 3, &err);
            assert_true(result == 0 || *err.text);
            acknowledged[i] = result == 0;
        }
        if (i % 5 == 4)
            testing_tidy(store, NULL);
    }
}

/* Each acknowledged tick exactly once; an unacknowledged one at most once; nothing else. */
static void check_ticks(const char *folder, const bool *acknowledged)
{
    static const char *const paths[] = {"m/total/voltage", "m/total/current", "m/total/energy"};
    struct err err = ERR_EMPTY;
    struct history_answer *answer = testing_ask(folder, paths, 3, ALWAYS, 0, &err);
    if (!answer)
        fail_msg("%s", err.text);
    for (int s = 0; s < 3; s++) {
        int seen[TICKS] = {0};
        for (size_t b = 0; b < answer->series[s].count; b++) {
            const struct history_bucket *bucket = &answer->series[s].buckets[b];
            int64_t tick = (bucket->time - TESTING_T0) / (300 * CLOCK_S);
            assert_in_range(tick, 0, TICKS - 1);
            assert_true(bucket->time == TESTING_T0 + tick * 300 * CLOCK_S);
            assert_int_equal(lround(bucket->last * (s ? 1000 : 10)), tick * 7 + s);
            seen[tick]++;
        }
        for (int i = 0; i < TICKS; i++) {
            if (acknowledged[i] ? seen[i] != 1 : seen[i] > 1)
                fail_msg("tick %d of series %d is there %d times, acknowledged: %d", i, s, seen[i],
                         acknowledged[i]);
        }
    }
    history_answer_free(answer);
}

/* One run with a fault at `call`; false when the run has fewer calls. */
static bool run_with_fault(long call, enum disk_fault fault, bool stays)
{
    char folder[200];
    test_folder(folder, sizeof folder);
    bool acknowledged[TICKS] = {false};
    disk_vfs_fail(0, fault, false);
    struct history_store *store = history_store_open(folder, "boot-1", NULL);
    assert_non_null(store);
    disk_vfs_fail(call, fault, stays);
    write_ticks(store, acknowledged, stays ? 1 : 3);
    bool failed = disk_vfs_failed();
    if (stays) {
        /* space returns: what waited is written now */
        disk_vfs_fail(0, fault, false);
        check_ticks(folder, acknowledged);
        write_ticks(store, acknowledged, 1);
    }
    for (int i = 0; i < TICKS; i++)
        assert_true(acknowledged[i]);
    check_ticks(folder, acknowledged);
    history_store_close(store);
    disk_vfs_fail(0, fault, false);
    store = history_store_open(folder, "boot-1", NULL);
    assert_non_null(store);
    check_ticks(folder, acknowledged);
    assert_string_equal(history_store_facts(store).notice,
                        ""); /* a failing disk is not a damaged file */
    history_store_close(store);
    test_folder_remove(folder);
    return failed;
}

#define CALLS_LEAST 100
#include "every_call.h"

/* Opening may fail too: a sentence or a store that works, and no leak either way. */
static void opening_fails_with_a_sentence(void **state)
{
    (void)state;
    bool failed = true;
    for (long call = 1; failed; call++) {
        char folder[200];
        test_folder(folder, sizeof folder);
        struct err err = ERR_EMPTY;
        disk_vfs_fail(call, call % 2 ? DISK_FULL : DISK_ERROR, call % 3 == 0);
        struct history_store *store = history_store_open(folder, "boot-1", &err);
        failed = disk_vfs_failed();
        disk_vfs_fail(0, DISK_FULL, false);
        assert_true(store || (err.code < 0 && *err.text));
        history_store_close(store);
        store = history_store_open(folder, "boot-1", &err);
        assert_non_null(store);
        assert_int_equal(testing_write_one(store, TESTING_T0, 1), 0);
        history_store_close(store);
        test_folder_remove(folder);
    }
}

/* ---- the whole of it, with its thread -------------------------------------------------------- */

struct fixture {
    char folder[200];
    struct clock clock;
    struct loop *loop;
    struct site *site;
    struct history *history;
    struct point *point;
};

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    test_folder(fixture->folder, sizeof fixture->folder);
    fixture->clock = clock_fake(TESTING_T0);
    fixture->loop = loop_new(&fixture->clock);
    fixture->site = site_new(fixture->loop);
    *state = fixture;
    disk_vfs_fail(0, DISK_FULL, false);
    return 0;
}

static void add_points(struct fixture *fixture, int outlets)
{
    struct device_spec spec = {.name = "p", .unit = 1, .every = CLOCK_S};
    struct device *device = site_device_add(fixture->site, &spec);
    for (int i = 1; i <= outlets; i++) {
        struct component *outlet = device_component(device, COMPONENT_OUTLET, i);
        component_point_add(outlet, QUANTITY_CURRENT);
        component_point_add(outlet, QUANTITY_VOLTAGE);
        component_point_add(outlet, QUANTITY_REAL_POWER);
        struct point *energy = component_point_add(outlet, QUANTITY_ENERGY);
        for (struct point *point = outlet->points; point; point = point->next)
            point_put(point, 100 + i, clock_mono(&fixture->clock), TESTING_T0);
        if (i == 1)
            fixture->point = energy;
    }
    struct history_settings settings = {.enabled = false, .every = 60 * CLOCK_S};
    fixture->history = history_open(fixture->loop, fixture->site, fixture->folder, &settings, NULL);
    assert_non_null(fixture->history);
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    disk_vfs_fail(0, DISK_FULL, false);
    history_close(fixture->history);
    site_free(fixture->site);
    loop_free(fixture->loop);
    test_folder_remove(fixture->folder);
    free(fixture);
    return 0;
}

static void tick(struct fixture *fixture, int number)
{
    clock_fake_advance(&fixture->clock, 60 * CLOCK_S);
    loop_poll(fixture->loop);
    point_put(fixture->point, number, clock_mono(&fixture->clock), clock_wall(&fixture->clock));
    history_tick(fixture->history);
    loop_poll(fixture->loop);
}

static void wait_for(struct fixture *fixture, bool ok, uint64_t written)
{
    for (int i = 0; i < 15000; i++) {
        struct history_status status = history_status(fixture->history);
        if (status.ok == ok && status.ticks_written >= written)
            return;
        loop_poll(fixture->loop);
        usleep(1000);
    }
    fail_msg("waited in vain: %s", history_status(fixture->history).problem);
}

static void a_full_disk_is_waited_for(void **state)
{
    struct fixture *fixture = *state;
    add_points(fixture, 3);
    for (int i = 0; i < 100; i++)
        tick(fixture, i);
    wait_for(fixture, true, 100);
    disk_vfs_fail(1, DISK_FULL, true);
    for (int i = 100; i < 400; i++)
        tick(fixture, i);
    wait_for(fixture, false, 0);
    assert_non_null(strstr(history_status(fixture->history).problem, "disk is full"));
    assert_int_equal(history_status(fixture->history).ticks_written, 100);
    disk_vfs_fail(0, DISK_FULL, false);
    wait_for(fixture, true, 400);
    assert_int_equal(history_status(fixture->history).ticks_lost, 0);
    static const char *const path[] = {"p/outlet-1/energy"};
    struct history_answer *answer = testing_ask(fixture->folder, path, 1, ALWAYS, 0, NULL);
    assert_int_equal(answer->series[0].count, 400);
    for (int i = 0; i < 400; i++)
        assert_true(answer->series[0].buckets[i].last == i);
    history_answer_free(answer);
}

/* Longer than memory is meant to hold: the oldest waiting ones are dropped and counted, the newest
 * are kept. */
static void what_does_not_fit_is_counted(void **state)
{
    struct fixture *fixture = *state;
    add_points(fixture, 900);
    tick(fixture, 0);
    wait_for(fixture, true, 1);
    disk_vfs_fail(1, DISK_ERROR, true);
    enum { MANY = 1500 };
    for (int i = 1; i < MANY; i++)
        tick(fixture, i);
    wait_for(fixture, false, 0);
    uint64_t lost = history_status(fixture->history).ticks_lost;
    assert_in_range(lost, 1, MANY - 100);
    disk_vfs_fail(0, DISK_FULL, false);
    wait_for(fixture, true, MANY - lost);
    static const char *const path[] = {"p/outlet-1/energy"};
    struct history_answer *answer = testing_ask(fixture->folder, path, 1, ALWAYS, 0, NULL);
    assert_int_equal(answer->series[0].count, MANY - lost);
    assert_true(answer->series[0].buckets[0].last == 0);
    assert_true(answer->series[0].buckets[answer->series[0].count - 1].last == MANY - 1);
    for (size_t i = 1; i < answer->series[0].count; i++)
        assert_true(answer->series[0].buckets[i].last > answer->series[0].buckets[i - 1].last);
    history_answer_free(answer);
}

/* The end comes while the disk refuses: it ends, and what was acknowledged is there. */
static void the_end_does_not_wait_for_the_disk(void **state)
{
    struct fixture *fixture = *state;
    add_points(fixture, 3);
    for (int i = 0; i < 10; i++)
        tick(fixture, i);
    wait_for(fixture, true, 10);
    disk_vfs_fail(1, DISK_FULL, true);
    for (int i = 10; i < 20; i++)
        tick(fixture, i);
    wait_for(fixture, false, 0);
    fixture->history = history_close(fixture->history);
    disk_vfs_fail(0, DISK_FULL, false);
    static const char *const path[] = {"p/outlet-1/energy"};
    struct history_store *store = history_store_open(fixture->folder, "boot-1", NULL);
    struct history_answer *answer = testing_ask(fixture->folder, path, 1, ALWAYS, 0, NULL);
    assert_int_equal(answer->series[0].count, 10);
    history_answer_free(answer);
    history_store_close(store);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
    disk_vfs_install();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_call_finds_the_disk_full_once),
        cmocka_unit_test(from_each_call_on_the_disk_is_full),
        cmocka_unit_test(each_call_fails_once),
        cmocka_unit_test(from_each_call_on_all_fail),
        cmocka_unit_test(opening_fails_with_a_sentence),
        TEST(a_full_disk_is_waited_for),
        TEST(what_does_not_fit_is_counted),
        TEST(the_end_does_not_wait_for_the_disk),
    };
    return cmocka_run_group_tests_name("history_disk", tests, NULL, NULL);
}
