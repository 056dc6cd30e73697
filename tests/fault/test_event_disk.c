/* The disk refuses under the event log: every single call once and for good, full and broken.
 * Nothing is acknowledged that is not there, nothing is there twice, the chain holds, and it goes
 * on when the disk does. */
#include "test.h"
#include "test_folder.h"

#include <errno.h>
#include <unistd.h>

#include "disk_vfs.h"
#include "engine/event_log.h"
#include "event_testing.h"

enum { EVENTS = 25 };

/* ---- the store, every call ------------------------------------------------------------------- */

/* Each event is tried `tries` times; its text is its number. */
static void write_events(struct event_store *store, bool *acknowledged, int tries)
{
    const struct event_policy policy = {.keep = 3650LL * 86400 * CLOCK_S, .most = 1000};
    for (int i = 0; i < EVENTS; i++) {
        char text[24];
        snprintf(text, sizeof text, "%d", i);
        for (int attempt = 0; attempt < tries && !acknowledged[i]; attempt++) {
            struct err err = ERR_EMPTY;
            struct event_record record = testing_record(TESTING_T0 + i * CLOCK_S, text);
            int result = testing_write(store, &record, &err);
            assert_true(result == 0 || *err.text);
            acknowledged[i] = result == 0;
        }
        event_store_prune(store, &policy, NULL);
    }
}

/* Each acknowledged event exactly once, the others at most once, the chain whole. */
static void check_events(const char *folder, const bool *acknowledged)
{
    int seen[EVENTS] = {0};
    struct testing_found *found = testing_search(folder, (struct event_question){0});
    assert_true(found->count <= EVENTS);
    for (size_t i = 0; i < found->count; i++)
        seen[atoi(found->list[i].text)]++;
    for (int i = 0; i < EVENTS; i++) {
        if (acknowledged[i] ? seen[i] != 1 : seen[i] > 1)
            fail_msg("event %d is there %d times, acknowledged: %d", i, seen[i], acknowledged[i]);
    }
    free(found);
    struct event_verdict verdict = testing_verify(folder);
    if (!verdict.ok)
        fail_msg("%s", verdict.sentence);
}

/* One run with a fault at `call`; false when the run has fewer calls. */
static bool run_with_fault(long call, enum disk_fault fault, bool stays)
{
    char folder[200];
    bool acknowledged[EVENTS] = {false};
    test_folder_in_memory(folder, sizeof folder); /* the disk is played here */
    disk_vfs_fail(0, fault, false);
    struct event_store *store = event_store_open(folder, "boot-1", NULL);
    assert_non_null(store);
    disk_vfs_fail(call, fault, stays);
    write_events(store, acknowledged, stays ? 1 : 3);
    bool failed = disk_vfs_failed();
    disk_vfs_fail(0, fault, false);
    check_events(folder, acknowledged);
    if (stays)
        write_events(store, acknowledged, 1);
    for (int i = 0; i < EVENTS; i++)
        assert_true(acknowledged[i]);
    event_store_close(store);
    store = event_store_open(folder, "boot-1", NULL);
    assert_non_null(store);
    assert_string_equal(event_store_facts(store).notice, ""); /* a full disk damages nothing */
    check_events(folder, acknowledged);
    event_store_close(store);
    test_folder_remove(folder);
    return failed;
}

#define CALLS_LEAST 50
#include "every_call.h"

/* Removing what is old fails at any call: it is removed with its record, or not at all. */
static void removing_is_all_or_nothing(void **state)
{
    (void)state;
    const struct event_policy policy = {.keep = 3650LL * 86400 * CLOCK_S, .most = 1000};
    bool failed = true;
    for (long call = 1; failed; call++) {
        char folder[200];
        test_folder_in_memory(folder, sizeof folder); /* the disk is played here */
        disk_vfs_fail(0, DISK_FULL, false);
        struct event_store *store = event_store_open(folder, "boot-1", NULL);
        assert_int_equal(testing_fill(store, TESTING_T0, 1020), 0);
        disk_vfs_fail(call, call % 2 ? DISK_FULL : DISK_ERROR, call % 3 == 0);
        int result = event_store_prune(store, &policy, NULL);
        failed = disk_vfs_failed();
        disk_vfs_fail(0, DISK_FULL, false);
        struct event_verdict verdict = testing_verify(folder);
        assert_true(verdict.ok);
        assert_int_equal(verdict.records, result == 1 ? 991 : 1020);
        while (event_store_prune(store, &policy, NULL) == 1) {
        }
        assert_int_equal(testing_fill(store, TESTING_T0 + 9000 * CLOCK_S, 2), 0);
        event_store_close(store);
        verdict = testing_verify(folder);
        assert_true(verdict.ok);
        assert_int_equal(verdict.records, 993);
        test_folder_remove(folder);
    }
}

/* ---- the whole of it, with its thread -------------------------------------------------------- */

struct fixture {
    char folder[200];
    struct clock clock;
    struct loop *loop;
    struct event_log *log;
    uint64_t durable, refused;
};

static int set_up(void **state)
{
    static const struct event_settings usual = {.keep = 1826LL * 86400 * CLOCK_S, .most = 100000};
    struct fixture *fixture = calloc(1, sizeof *fixture);
    disk_vfs_fail(0, DISK_FULL, false);
    test_folder_in_memory(fixture->folder, sizeof fixture->folder);
    fixture->clock = clock_fake(TESTING_T0);
    fixture->loop = loop_new(&fixture->clock);
    fixture->log = event_log_open(fixture->loop, fixture->folder, &usual);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    disk_vfs_fail(0, DISK_FULL, false);
    event_log_close(fixture->log);
    loop_free(fixture->loop);
    test_folder_remove(fixture->folder);
    free(fixture);
    return 0;
}

static void on_durable(void *user, uint64_t id)
{
    struct fixture *fixture = user;
    fixture->durable += id != 0;
    fixture->refused += id == 0;
}

static int add(struct fixture *fixture)
{
    return event_log_add(fixture->log, &(struct event){.kind = EVENT_START,
                                                       .text = "x",
                                                       .said = true,
                                                       .durable = on_durable,
                                                       .user = fixture});
}

static void wait_for(struct fixture *fixture, bool ok, uint64_t waiting)
{
    for (int i = 0; i < 30000; i++) {
        struct event_log_status status = event_log_status(fixture->log);
        if (status.ok == ok && status.waiting <= waiting)
            return;
        loop_poll(fixture->loop);
        usleep(1000);
    }
    fail_msg("waited in vain: %s", event_log_status(fixture->log).problem);
}

static void a_full_disk_is_waited_for_and_told(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(add(fixture), 0);
    wait_for(fixture, true, 0);
    disk_vfs_fail(1, DISK_FULL, true);
    for (int i = 0; i < 100; i++)
        assert_int_equal(add(fixture), 0);
    wait_for(fixture, false, 100);
    assert_non_null(strstr(event_log_status(fixture->log).problem, "disk is full"));
    assert_int_equal(fixture->durable, 1);
    loop_advance(fixture->loop, 90 * CLOCK_S);
    disk_vfs_fail(0, DISK_FULL, false);
    wait_for(fixture, true, 0);
    assert_int_equal(fixture->durable, 101);
    struct testing_found *found = testing_search(fixture->folder, (struct event_question){0});
    assert_int_equal(found->count, 102);
    assert_string_equal(found->list[0].kind, "storage-full");
    assert_non_null(strstr(found->list[0].text, "For 90 s events waited"));
    assert_non_null(strstr(found->list[0].text, "; 0 of them did not fit"));
    free(found);
    assert_true(testing_verify(fixture->folder).ok);
}

/* More than memory is meant to hold: refused at once, counted, and the number is an event. */
static void what_does_not_fit_is_counted_and_told(void **state)
{
    struct fixture *fixture = *state;
    int refused = 0, taken = 0;
    disk_vfs_fail(1, DISK_FULL, true);
    for (int i = 0; i < 6000; i++) {
        int result = add(fixture);
        refused += result == -ENOSPC;
        taken += result == 0;
    }
    assert_int_equal(refused + taken, 6000);
    assert_in_range(taken, 4096, 4096 + 64); /* the queue, and what the thread has in hand */
    wait_for(fixture, false, 6000);
    disk_vfs_fail(0, DISK_FULL, false);
    wait_for(fixture, true, 0);
    assert_int_equal(fixture->durable, taken);
    assert_int_equal(event_log_status(fixture->log).lost, refused);
    struct testing_found *found =
        testing_search(fixture->folder, (struct event_question){.limit = 1});
    char told[80];
    snprintf(told, sizeof told, "; %d of them did not fit and are lost", refused);
    assert_non_null(strstr(found->list[0].text, told));
    free(found);
    assert_true(testing_verify(fixture->folder).ok);
}

/* The end comes while the disk refuses: it ends, and who waits hears that it was in vain. */
static void the_end_does_not_wait_for_the_disk(void **state)
{
    struct fixture *fixture = *state;
    for (int i = 0; i < 10; i++)
        add(fixture);
    wait_for(fixture, true, 0);
    disk_vfs_fail(1, DISK_ERROR, true);
    for (int i = 0; i < 10; i++)
        add(fixture);
    fixture->log = event_log_close(fixture->log);
    assert_int_equal(fixture->durable, 10);
    assert_int_equal(fixture->refused, 10);
    disk_vfs_fail(0, DISK_FULL, false);
    assert_int_equal(testing_verify(fixture->folder).records, 10);
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
        cmocka_unit_test(removing_is_all_or_nothing),
        TEST(a_full_disk_is_waited_for_and_told),
        TEST(what_does_not_fit_is_counted_and_told),
        TEST(the_end_does_not_wait_for_the_disk),
    };
    return cmocka_run_group_tests_name("event_disk", tests, NULL, NULL);
}
