/* The disk refuses under the queue of notices: every single call once and for good, full and
 * broken. What waits is in memory and is sent all the same; what the store said is durable is
 * there; and when the disk is back, all of it is on it. */
#include "notify_testing.h"

#include <sqlite3.h>

#include "disk_vfs.h"
#include "engine/notify_store.h"

enum { NOTICES = 20 };
#define SITE                                                                                       \
    "recipients: {ops: {kind: webhook, url: \"http://a/\", least: info}}\nnotices: {most: "        \
    "10000}\n"

/* ---- the store, every call ------------------------------------------------------------------- */

static struct notify_op *make_op(enum notify_op_kind kind, uint64_t id)
{
    struct notify_op *op = calloc(1, sizeof *op);
    const struct notice notice = {.kind = NOTICE_ALARM, .subject = "x"};
    *op = (struct notify_op){.kind = kind, .id = id, .recipient = "ops"};
    if (kind == NOTIFY_OP_ADD)
        op->entry = notify_entry_new(&notice, id);
    return op;
}

static int write_op(struct notify_store *store, enum notify_op_kind kind, uint64_t id, int tries)
{
    struct notify_op *op = make_op(kind, id);
    int result = -1;
    for (int i = 0; i < tries && result < 0; i++) {
        struct err err = ERR_EMPTY;
        result = notify_store_write(store, &op, 1, &err);
        assert_true(result == 0 || *err.text);
    }
    notify_op_free(op);
    return result;
}

/* Each id is added, every third one is done; true is what is known to have happened. */
static void write_all(struct notify_store *store, bool *added, bool *done, int tries)
{
    for (uint64_t id = 1; id <= NOTICES; id++) {
        added[id] = added[id] || write_op(store, NOTIFY_OP_ADD, id, tries) == 0;
        if (id % 3 == 0 && added[id])
            done[id] = done[id] || write_op(store, NOTIFY_OP_DONE, id, tries) == 0;
    }
}

static void on_found(void *user, const char *recipient, const struct notify_record *record,
                     uint64_t job, uint64_t lost, clock_us since)
{
    int *seen = user;
    (void)job;
    (void)since;
    assert_string_equal(recipient, "ops");
    assert_true(record && !lost && record->id <= NOTICES);
    seen[record->id]++;
}

static void check_store(struct notify_store *store, const bool *added, const bool *done)
{
    int seen[NOTICES + 1] = {0};
    assert_int_equal(notify_store_read(store, on_found, seen, NULL), 0);
    for (int id = 1; id <= NOTICES; id++) {
        if (added[id] && !done[id] && id % 3 != 0)
            assert_int_equal(seen[id], 1);
        if (done[id])
            assert_int_equal(seen[id], 0);
        assert_in_range(seen[id], 0, 1);
    }
}

static bool run_with_fault(long call, enum disk_fault fault, bool stays)
{
    char folder[200];
    bool added[NOTICES + 1] = {false}, done[NOTICES + 1] = {false};
    test_folder_in_memory(folder, sizeof folder); /* the disk is played here */
    disk_vfs_fail(0, fault, false);
    struct notify_store *store = notify_store_open(folder, 0, NULL);
    assert_non_null(store);
    disk_vfs_fail(call, fault, stays);
    write_all(store, added, done, stays ? 1 : 3);
    bool failed = disk_vfs_failed();
    disk_vfs_fail(0, fault, false);
    check_store(store, added, done);
    write_all(store, added, done, 1);
    uint32_t run = notify_store_run(store);
    notify_store_close(store);
    store = notify_store_open(folder, 0, NULL);
    assert_non_null(store);
    assert_true(notify_store_run(store) > run);
    assert_string_equal(notify_store_notice(store), ""); /* a full disk damages nothing */
    check_store(store, added, done);
    for (int id = 1; id <= NOTICES; id++)
        assert_true(added[id] && (id % 3 != 0 || done[id]));
    notify_store_close(store);
    test_folder_remove(folder);
    return failed;
}

#define CALLS_LEAST 40
#include "every_call.h"

/* ---- the whole of it, with its thread -------------------------------------------------------- */

static void tell(struct testing *t, int first, int last)
{
    for (int i = first; i <= last; i++) {
        char subject[16];
        snprintf(subject, sizeof subject, "%d", i);
        assert_int_equal(testing_tell(t, ALARM_WARNING, subject), 0);
    }
}

static void wait_durable(struct testing *t)
{
    for (int i = 0; i < 30000; i++) {
        if (notify_durable(t->notify))
            return;
        loop_poll(t->loop);
        usleep(1000);
    }
    fail_msg("waited in vain");
}

/* Real time: until the thread has met the fault. */
static void wait_refused(struct testing *t)
{
    const char *problem = "";
    for (int i = 0; i < 30000 && notify_kept(t->notify, &problem); i++) {
        loop_poll(t->loop);
        usleep(1000);
    }
    assert_true(*problem);
}

static void expect_after_restart(struct testing *t, int first, int last)
{
    testing_close(t);
    t->heard_count = t->jobs = 0;
    t->answer = NOTIFY_DELIVERED;
    testing_open(t);
    testing_advance(t, 60 * CLOCK_S);
    assert_int_equal(t->heard_count, last - first + 1);
    for (int i = first; i <= last; i++)
        assert_int_equal(atoi(t->heard[i - first].subject), i);
}

static void a_disk_that_refuses_keeps_nothing_from_being_sent(void **state)
{
    (void)state;
    struct testing t;
    disk_vfs_fail(0, DISK_FULL, false);
    testing_begin(&t, TESTING_MONDAY, SITE);
    disk_vfs_fail(1, DISK_FULL, true);
    tell(&t, 1, 50);
    assert_int_equal(t.heard_count, 50);
    wait_refused(&t);
    t.answer = NOTIFY_LATER;
    tell(&t, 51, 60);
    disk_vfs_fail(0, DISK_FULL, false);
    wait_durable(&t);
    expect_after_restart(&t, 51, 60);
    testing_end(&t);
}

/* More changes than wait for the disk one by one: it gets all of it again. */
static void what_the_disk_has_missed_is_written_anew(void **state)
{
    (void)state;
    struct testing t;
    disk_vfs_fail(0, DISK_FULL, false);
    testing_begin(&t, TESTING_MONDAY, SITE);
    t.answer = NOTIFY_LATER;
    tell(&t, 1, 10);
    wait_durable(&t);
    disk_vfs_fail(1, DISK_ERROR, true);
    tell(&t, 11, 5000); /* more than a MiB */
    wait_refused(&t);
    disk_vfs_fail(0, DISK_ERROR, false);
    wait_durable(&t);
    expect_after_restart(&t, 1, 5000);
    testing_end(&t);
}

static void a_file_that_is_gone_is_begun_anew(void **state)
{
    (void)state;
    struct testing t;
    char command[300];
    disk_vfs_fail(0, DISK_FULL, false);
    testing_begin(&t, TESTING_MONDAY, SITE);
    t.answer = NOTIFY_LATER;
    tell(&t, 1, 10);
    wait_durable(&t);
    snprintf(command, sizeof command, "rm '%s'/notices.db*", t.folder);
    assert_int_equal(system(command), 0);
    tell(&t, 11, 20);
    wait_durable(&t);
    expect_after_restart(&t, 1, 20);
    testing_end(&t);
}

/* Damage that is found at the start costs what waited, and no more: the file is set aside, and ids
 * go on higher, since the clock is right. */
static void a_damaged_file_is_set_aside_at_the_start(void **state)
{
    (void)state;
    struct testing t;
    char path[300];
    disk_vfs_fail(0, DISK_FULL, false);
    testing_begin(&t, TESTING_MONDAY, SITE);
    t.answer = NOTIFY_LATER;
    tell(&t, 1, 3);
    uint64_t id = t.heard[0].id;
    testing_close(&t);
    snprintf(path, sizeof path, "%s/notices.db", t.folder);
    test_write_file(path, "This was a database once.");
    loop_advance(t.loop, CLOCK_S);
    testing_open(&t);
    const char *problem;
    assert_true(notify_kept(t.notify, &problem));
    assert_int_equal(testing_status(&t, "ops").waiting, 0);
    t.heard_count = 0;
    tell(&t, 4, 4);
    assert_true(t.heard[0].id > id);
    snprintf(path, sizeof path, "%s/notices.db.damaged-1", t.folder);
    assert_int_equal(access(path, F_OK), 0);
    testing_end(&t);
}

/* The first of them is a job, and in memory. */
static void fill(struct testing *t, int count)
{
    disk_vfs_fail(0, DISK_FULL, false);
    testing_begin(t, TESTING_MONDAY, SITE);
    t->answer = NOTIFY_LATER;
    tell(t, 1, count);
    testing_settle(t);
}

static void a_disk_that_cannot_be_read_says_so_and_stops_no_news(void **state)
{
    (void)state;
    struct testing t;
    char expected[400] = "1 21 22";
    fill(&t, 20);
    t.heard_count = 0;
    t.answer = NOTIFY_DELIVERED;
    disk_vfs_unreadable(true);
    testing_advance(&t, 15 * CLOCK_S);
    assert_string_equal(testing_words(&t), "1");
    struct notify_status status = testing_status(&t, "ops");
    assert_non_null(strstr(status.problem, "queue of notices"));
    assert_non_null(strstr(status.problem, "cannot be read"));
    assert_int_equal(status.waiting, 19);
    tell(&t, 21, 22); /* which need no disk */
    loop_advance(t.loop, CLOCK_S);
    assert_string_equal(testing_words(&t), "1 21 22");
    disk_vfs_unreadable(false);
    testing_advance(&t, 100 * CLOCK_S);
    for (int i = 2; i <= 20; i++)
        snprintf(expected + strlen(expected), 8, " %d", i);
    assert_string_equal(testing_words(&t), expected);
    assert_int_equal(testing_status(&t, "ops").given_up, 0);
    testing_end(&t);
}

/* Somebody else's hand in the file: what is not there is told as lost, and nothing waits for it. */
static void what_is_gone_from_the_disk_is_told(void **state)
{
    (void)state;
    struct testing t;
    char path[300];
    sqlite3 *db = NULL;
    fill(&t, 15);
    snprintf(path, sizeof path, "%s/notices.db", t.folder);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(
        sqlite3_exec(db, "DELETE FROM waiting WHERE subject IN (3, 4)", NULL, NULL, NULL),
        SQLITE_OK);
    sqlite3_close(db);
    t.heard_count = 0;
    t.answer = NOTIFY_DELIVERED;
    testing_advance(&t, 100 * CLOCK_S);
    assert_string_equal(testing_words(&t), "1 2 notices were lost 2 5 6 7 8 9 10 11 12 13 14 15");
    assert_int_equal(testing_status(&t, "ops").given_up, 2);
    testing_end(&t);
}

/* What waits is on the disk alone; a file that takes its place gets it. */
static void what_waits_moves_to_the_file_that_follows(void **state)
{
    (void)state;
    struct testing t;
    char command[500];
    fill(&t, 20);
    snprintf(command, sizeof command, "mv '%s/notices.db' '%s/elsewhere.db'", t.folder, t.folder);
    assert_int_equal(system(command), 0);
    tell(&t, 21, 21);
    testing_settle(&t);
    expect_after_restart(&t, 1, 21);
    assert_int_equal(testing_status(&t, "ops").given_up, 0);
    testing_end(&t);
}

int main(void)
{
    disk_vfs_install();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_call_finds_the_disk_full_once),
        cmocka_unit_test(from_each_call_on_the_disk_is_full),
        cmocka_unit_test(each_call_fails_once),
        cmocka_unit_test(from_each_call_on_all_fail),
        cmocka_unit_test(a_disk_that_refuses_keeps_nothing_from_being_sent),
        cmocka_unit_test(what_the_disk_has_missed_is_written_anew),
        cmocka_unit_test(a_file_that_is_gone_is_begun_anew),
        cmocka_unit_test(a_damaged_file_is_set_aside_at_the_start),
        cmocka_unit_test(a_disk_that_cannot_be_read_says_so_and_stops_no_news),
        cmocka_unit_test(what_is_gone_from_the_disk_is_told),
        cmocka_unit_test(what_waits_moves_to_the_file_that_follows),
    };
    return cmocka_run_group_tests_name("notify_disk", tests, NULL, NULL);
}
