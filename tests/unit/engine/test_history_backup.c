/* Checking, copying and putting back a history, in use and not. */
#include "test.h"
#include "test_folder.h"

#include <errno.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <unistd.h>

#include "engine/history_backup.h"
#include "engine/history_check.h"
#include "engine/history_piece.h"
#include "history_testing.h"

enum { SERIES = 6, DAYS = 3, PER_HOUR = 6, TICKS = DAYS * 24 * PER_HOUR };
#define EVERY (600 * CLOCK_S)

static char folder[200], file[240], copy[240];

static int make_folder(void **state)
{
    (void)state;
    /* nothing here is about the disk: memory will do */
    test_folder_in_memory(folder, sizeof folder);
    snprintf(file, sizeof file, "%s/history.db", folder);
    snprintf(copy, sizeof copy, "%s/copy.db", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    test_folder_remove(folder);
    return 0;
}

static void write_tick(struct history_store *store, int tick)
{
    struct history_reading readings[SERIES];
    for (uint32_t s = 0; s < SERIES; s++)
        readings[s] = (struct history_reading){s + 1, QUALITY_GOOD, tick * 10 + (int)s};
    assert_int_equal(testing_write(store, TESTING_T0 + tick * EVERY, (tick + 1) * EVERY, true,
                                   readings, SERIES, NULL),
                     0);
}

/* Three days, tidied: pieces, blocks and ticks. */
static struct history_store *make_store(void)
{
    struct history_store *store = history_store_open(folder, "boot-1", NULL);
    assert_non_null(store);
    for (int i = 0; i < TICKS; i++)
        write_tick(store, i);
    assert_int_equal(testing_tidy(store, NULL), 0);
    return store;
}

static void run(const char *path, const char *sql)
{
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    char *problem = NULL;
    if (sqlite3_exec(db, sql, NULL, NULL, &problem) != SQLITE_OK)
        fail_msg("%s: %s", sql, problem);
    assert_int_equal(sqlite3_changes(db), 1);
    sqlite3_close(db);
}

/* ---- checking -------------------------------------------------------------------------------- */

static void a_whole_history_is_counted(void **state)
{
    (void)state;
    struct history_store *store = make_store();
    struct history_check_report report;
    struct err err = ERR_EMPTY;
    for (int open = 1; open >= 0; open--) { /* in use, and not */
        assert_int_equal(history_check(file, NULL, NULL, &report, &err), 0);
        assert_false(history_check_found_damage(&report));
        assert_int_equal(report.readings, TICKS * SERIES);
        assert_int_equal(report.series, TESTING_SERIES);
        assert_int_equal(report.from * CLOCK_MS / (60 * CLOCK_S), TESTING_T0 / (60 * CLOCK_S));
        assert_int_equal(report.until * CLOCK_MS, TESTING_T0 + (TICKS - 1) * EVERY);
        assert_true(report.blobs[HISTORY_TABLE_PIECE] > 0 && report.blobs[HISTORY_TABLE_TICK] > 0);
        if (open)
            history_store_close(store);
    }
}

struct damages {
    int count;
    struct history_damage last;
    char path[100];
};

static void note(void *user, const struct history_damage *damage)
{
    struct damages *damages = user;
    damages->count++;
    damages->last = *damage;
    snprintf(damages->path, sizeof damages->path, "%s", damage->path ? damage->path : "");
}

static void damage_is_told_with_its_place(void **state)
{
    (void)state;
    history_store_close(make_store());
    struct history_check_report report;
    struct damages damages = {0};
    char sql[300];
    /* readings of series 3 on the second day: one byte in the middle */
    int64_t day = (TESTING_T0 / CLOCK_MS / 86400000 + 1) * 86400000;
    int64_t key = history_piece_key(HISTORY_RAW, 3, day);
    snprintf(sql, sizeof sql,
             "UPDATE piece SET row = CAST(substr(row, 1, 8) || x'5a' || substr(row, 10) AS BLOB)"
             " WHERE key = %lld",
             (long long)key);
    run(file, sql);
    assert_int_equal(history_check(file, note, &damages, &report, NULL), 0);
    assert_true(history_check_found_damage(&report));
    assert_int_equal(damages.count, 1);
    assert_int_equal(damages.last.table, HISTORY_TABLE_PIECE);
    assert_int_equal(damages.last.look.level, HISTORY_RAW);
    assert_int_equal(damages.last.look.from, day);
    assert_string_equal(damages.path, "m/total/energy");
    assert_int_equal(report.readings, TICKS * SERIES - 24 * PER_HOUR);
    assert_string_equal(report.structure, ""); /* the pages are as SQLite wants them */
    /* a row of the list of series */
    run(file, "UPDATE series SET decimals = decimals + 1 WHERE number = 2");
    damages.count = 0;
    assert_int_equal(history_check(file, note, &damages, &report, NULL), 0);
    assert_int_equal(damages.count, 2);
    assert_int_equal(report.damaged[HISTORY_TABLE_SERIES], 1);
}

static void what_is_no_history_is_refused(void **state)
{
    (void)state;
    struct history_check_report report;
    struct err err = ERR_EMPTY;
    assert_int_equal(history_check(file, NULL, NULL, &report, &err), -ENOENT);
    sqlite3 *db = NULL;
    sqlite3_open(copy, &db);
    sqlite3_exec(db, "CREATE TABLE other(x)", NULL, NULL, NULL);
    sqlite3_close(db);
    assert_int_equal(history_check(copy, NULL, NULL, &report, &err), -EINVAL);
    history_store_close(make_store());
    sqlite3_open(file, &db);
    sqlite3_exec(db, "PRAGMA user_version = 99", NULL, NULL, NULL);
    sqlite3_close(db);
    assert_int_equal(history_check(file, NULL, NULL, &report, &err), -ENOTSUP);
    test_write_file(copy,
                    "this is no database at all, but it is long enough to look like one: 100");
    assert_int_equal(history_check(copy, NULL, NULL, &report, &err), 0);
    assert_true(*report.structure);
}

/* ---- copying --------------------------------------------------------------------------------- */

struct writing {
    struct history_store *store;
    atomic_int next; /* ticks below are durable */
    atomic_bool stop;
};

static void *keep_writing(void *user)
{
    struct writing *writing = user;
    while (!writing->stop) {
        write_tick(writing->store, writing->next);
        writing->next++;
        history_store_tidy(writing->store, NULL);
    }
    return NULL;
}

/* The copy holds all that was durable when it began and a prefix of what came after: no gap. */
static void a_copy_is_made_while_ticks_come(void **state)
{
    (void)state;
    struct writing writing = {.store = make_store(), .next = TICKS};
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, keep_writing, &writing), 0);
    for (int round = 0; round < 5; round++) {
        struct history_check_report report;
        struct err err = ERR_EMPTY;
        uint64_t before = (uint64_t)writing.next;
        unlink(copy);
        if (history_backup(folder, copy, &report, &err) < 0)
            fail_msg("%s", err.text);
        uint64_t after = (uint64_t)writing.next + 1;
        assert_false(history_check_found_damage(&report));
        assert_int_equal(report.readings % SERIES, 0);
        uint64_t ticks = report.readings / SERIES;
        assert_in_range(ticks, before, after);
        assert_int_equal(report.until * CLOCK_MS, TESTING_T0 + (clock_us)(ticks - 1) * EVERY);
    }
    writing.stop = true;
    pthread_join(thread, NULL);
    history_store_close(writing.store);
    struct err err = ERR_EMPTY;
    struct history_check_report report;
    assert_int_equal(history_backup(folder, copy, &report, &err), -EEXIST);
}

static void a_copy_comes_back_and_the_former_stays(void **state)
{
    (void)state;
    char former[HISTORY_BACKUP_PATH];
    struct history_check_report report;
    struct err err = ERR_EMPTY;
    struct history_store *store = make_store();
    assert_int_equal(history_backup(folder, copy, &report, &err), 0);
    write_tick(store, TICKS + 5); /* only the former has this */
    assert_int_equal(history_restore(copy, folder, former, &report, &err), -EBUSY);
    history_store_close(store);
    if (history_restore(copy, folder, former, &report, &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(history_check(file, NULL, NULL, &report, &err), 0);
    assert_int_equal(report.readings, TICKS * SERIES);
    assert_int_equal(history_check(former, NULL, NULL, &report, &err), 0);
    assert_int_equal(report.readings, (TICKS + 1) * SERIES);
    /* and it is one to go on with */
    store = history_store_open(folder, "boot-2", &err);
    assert_non_null(store);
    write_tick(store, TICKS + 7);
    struct history_answer *answer = testing_ask_one(folder, 0, INT64_MAX / 2, 0);
    assert_int_equal(answer->series[0].count, TICKS + 1);
    history_answer_free(answer);
    history_store_close(store);
}

static void a_damaged_copy_is_not_put_in_place(void **state)
{
    (void)state;
    char former[HISTORY_BACKUP_PATH];
    struct history_check_report report;
    struct err err = ERR_EMPTY;
    history_store_close(make_store());
    assert_int_equal(history_backup(folder, copy, &report, &err), 0);
    run(copy, "UPDATE piece SET row = x'00' WHERE key = (SELECT max(key) FROM piece)");
    assert_int_equal(history_restore(copy, folder, former, &report, &err), -EBADMSG);
    assert_non_null(strstr(err.text, "busbar history repair"));
    assert_string_equal(former, "");
    assert_int_equal(history_check(file, NULL, NULL, &report, &err), 0);
    assert_int_equal(report.readings, TICKS * SERIES);
    assert_false(history_check_found_damage(&report));
    /* into a folder that has none yet */
    char other[240];
    snprintf(other, sizeof other, "%s/other", folder);
    assert_int_equal(history_restore(file, other, former, &report, &err), 0);
    assert_string_equal(former, "");
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, make_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_whole_history_is_counted),
        TEST(damage_is_told_with_its_place),
        TEST(what_is_no_history_is_refused),
        TEST(a_copy_is_made_while_ticks_come),
        TEST(a_copy_comes_back_and_the_former_stays),
        TEST(a_damaged_copy_is_not_put_in_place),
    };
    return cmocka_run_group_tests_name("history_backup", tests, NULL, NULL);
}
