/* The store and what it answers, without threads: against plain arithmetic over the same readings.
 */

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include "history_folder.h"

#define ALWAYS 0, INT64_MAX / 2

static void folder_sql(const char *sql)
{
    char path[300];
    snprintf(path, sizeof path, "%s/history.db", folder_path);
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static void a_second_daemon_is_kept_out(void **state)
{
    (void)state;
    struct history_store *store = folder_open();
    struct err err = ERR_EMPTY;
    assert_null(history_store_open(folder_path, "boot-1", &err));
    assert_int_equal(err.code, -EBUSY);
    assert_non_null(strstr(err.text, "another busbar"));
    history_store_close(store);
    history_store_close(folder_open());
}

static void a_newer_format_is_refused(void **state)
{
    (void)state;
    history_store_close(folder_open());
    folder_sql("PRAGMA user_version = 99");
    struct err err = ERR_EMPTY;
    assert_null(history_store_open(folder_path, "boot-1", &err));
    assert_int_equal(err.code, -ENOTSUP);
    assert_non_null(strstr(err.text, "newer busbar"));
    assert_int_equal(folder_number("PRAGMA user_version"), 99); /* untouched */
}

/* The readings that the golden file says it holds. */
static void check_golden_readings(void)
{
    static const char *const paths[] = {"m/total/voltage", "m/total/current", "m/total/energy"};
    struct history_answer *answer =
        testing_ask(folder_path, paths, 3, 0, TESTING_T0 + 24 * TESTING_HOUR, 0, NULL);
    const struct history_series *voltage = &answer->series[0], *current = &answer->series[1];
    size_t good = 0;
    assert_int_equal(voltage->count, 200);
    assert_int_equal(answer->series[2].count, 200);
    for (int i = 0; i < 200; i++) {
        assert_true(voltage->buckets[i].time == TESTING_T0 + i * 60 * CLOCK_S);
        assert_true(voltage->buckets[i].last == (2300 + i * 7 % 50) / 10.0);
        assert_true(answer->series[2].buckets[i].last == i * 13 / 1000.0);
        if (i % 10 != 3)
            assert_true(current->buckets[good++].last == i * i % 997 / 1000.0);
    }
    assert_int_equal(current->count, good);
    history_answer_free(answer);
}

/* What the first busbar wrote is read by each later one, before and after it is tidied. */
static void a_history_of_format_1_is_read_on(void **state)
{
    (void)state;
    char *golden = test_read_file(TEST_SOURCE_ROOT "/tests/golden/history_format_1.sql");
    assert_non_null(golden);
    folder_sql(golden);
    free(golden);
    struct history_store *store = folder_open();
    assert_string_equal(history_store_facts(store).notice, "");
    assert_int_equal(folder_number("PRAGMA user_version"), 2);
    check_golden_readings();
    /* five days on all of it has become pieces */
    assert_int_equal(testing_write_one(store, TESTING_T0 + 5 * 24 * TESTING_HOUR, 1), 0);
    assert_int_equal(testing_tidy(store, NULL), 0);
    assert_int_equal(folder_number("SELECT count(*) FROM block"), 0);
    assert_true(folder_number("SELECT count(*) FROM piece") > 0);
    check_golden_readings();
    history_store_close(store);
}

static void a_foreign_database_is_refused(void **state)
{
    (void)state;
    folder_sql("CREATE TABLE photos(name)");
    struct err err = ERR_EMPTY;
    assert_null(history_store_open(folder_path, "boot-1", &err));
    assert_int_equal(err.code, -EINVAL);
    assert_non_null(strstr(err.text, "not a history"));
}

static void a_folder_that_cannot_be_is_said(void **state)
{
    (void)state;
    char path[300];
    snprintf(path, sizeof path, "%s/file", folder_path);
    test_write_file(path, "x");
    struct err err = ERR_EMPTY;
    assert_null(history_store_open(path, "boot-1", &err));
    assert_true(err.code < 0 && *err.text);
    memset(path, 'x', sizeof path - 1);
    path[sizeof path - 1] = '\0';
    assert_null(history_store_open(path, "boot-1", &err));
}

static void rubbish_is_set_aside(void **state)
{
    (void)state;
    char path[300];
    snprintf(path, sizeof path, "%s/history.db", folder_path);
    char *text = malloc(20000);
    memset(text, 'x', 19999);
    text[19999] = '\0';
    test_write_file(path, text);
    struct history_store *store = folder_open();
    assert_non_null(strstr(history_store_facts(store).notice, "history.db.damaged-1"));
    assert_int_equal(testing_write_one(store, TESTING_T0, 1), 0);
    history_store_close(store);
    snprintf(path, sizeof path, "%s/history.db.damaged-1", folder_path);
    char *kept = test_read_file(path);
    assert_string_equal(kept, text);
    free(kept);
    free(text);
}

/* One block that is damaged is a gap of an hour in one series, and nothing else. */
static void a_damaged_block_costs_only_itself(void **state)
{
    (void)state;
    struct history_store *store = folder_open();
    for (int i = 0; i < 240; i++)
        testing_write_one(store, TESTING_T0 + i * 60 * CLOCK_S, i);
    testing_tidy(store, NULL);
    history_store_close(store);
    folder_sql(
        "UPDATE block SET row = zeroblob(30) WHERE key = (SELECT key FROM block ORDER BY key "
        "LIMIT 1 OFFSET 1)");
    folder_sql("UPDATE tick SET row = substr(row, 1, 8) WHERE time = (SELECT max(time) FROM tick)");
    store = folder_open();
    struct history_answer *answer = testing_ask_one(folder_path, ALWAYS, 0);
    assert_int_equal(answer->series[0].count, 240 - 60 - 1);
    history_answer_free(answer);
    /* tidying drops the row it cannot read, says so, and goes on */
    testing_write_one(store, TESTING_T0 + 9 * TESTING_HOUR, 0);
    assert_int_equal(testing_tidy(store, NULL), 0);
    assert_int_equal(history_store_facts(store).unreadable, 1);
    assert_int_equal(folder_number("SELECT count(*) FROM tick"), 1);
    history_store_close(store);
}

/* Somebody deletes the file while the program runs: it goes on in a new one and keeps the numbers
 * of its series. */
static void a_deleted_file_is_begun_anew(void **state)
{
    (void)state;
    struct history_store *store = folder_open();
    testing_write_one(store, TESTING_T0, 1);
    char command[300];
    snprintf(command, sizeof command, "rm %s/history.db*", folder_path);
    assert_int_equal(system(command), 0);
    struct history_reading reading = {2, QUALITY_GOOD, 7};
    struct buf row = BUF_EMPTY;
    history_row_encode(&row, 1, &reading, 1);
    struct history_record record = {.mono = CLOCK_S,
                                    .wall = TESTING_T0,
                                    .wall_known = true,
                                    .row = (uint8_t *)row.data,
                                    .length = row.length};
    struct history_record *records[] = {&record};
    assert_int_equal(history_store_write(store, records, 1, NULL), 0);
    buf_deinit(&row);
    assert_int_equal(history_store_facts(store).generation, 1);
    static const char *const path[] = {"m/total/current"};
    struct history_answer *answer = testing_ask(folder_path, path, 1, ALWAYS, 0, NULL);
    assert_int_equal(answer->series[0].count, 1);
    history_answer_free(answer);
    history_store_close(store);
}

/* An older copy that is put in place must not take readings under wrong names. */
static void an_exchanged_file_is_refused(void **state)
{
    (void)state;
    struct history_store *store = folder_open();
    testing_write_one(store, TESTING_T0, 1);
    char other[220], command[700];
    snprintf(other, sizeof other, "%s/other", folder_path);
    struct history_store *second = history_store_open(other, "boot-1", NULL);
    testing_write_one(second, TESTING_T0, 1);
    history_store_close(second);
    snprintf(command, sizeof command, "rm %s/history.db*; cp %s/history.db %s/", folder_path, other,
             folder_path);
    assert_int_equal(system(command), 0);
    folder_sql("UPDATE series SET path = 'x/total/voltage' WHERE number = 1");
    struct err err = ERR_EMPTY;
    struct history_reading reading = {1, QUALITY_GOOD, 7};
    assert_int_equal(testing_write(store, TESTING_T0, CLOCK_S, true, &reading, 1, &err), -EEXIST);
    assert_non_null(strstr(err.text, "exchanged"));
    history_store_close(store);
}

/* A series whose row is damaged is passed over, and its number is not given to another. */
static void a_damaged_series_costs_only_itself(void **state)
{
    (void)state;
    struct history_store *store = folder_open();
    testing_write_one(store, TESTING_T0, 1);
    history_store_close(store);
    folder_sql("UPDATE series SET decimals = 2 WHERE number = 1");
    folder_sql("UPDATE series SET path = 'm/total/loax' WHERE number = 16");
    store = folder_open();
    assert_int_equal(history_store_series(store)->count, TESTING_SERIES - 2);
    assert_true(history_store_series(store)->next > TESTING_SERIES);
    struct history_answer *answer = testing_ask_one(folder_path, ALWAYS, 0);
    assert_int_equal(answer->series[0].quantity, QUANTITY_NONE);
    history_answer_free(answer);
    history_store_close(store);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, folder_make, folder_remove)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_second_daemon_is_kept_out),       TEST(a_newer_format_is_refused),
        TEST(a_history_of_format_1_is_read_on),  TEST(a_foreign_database_is_refused),
        TEST(a_folder_that_cannot_be_is_said),   TEST(rubbish_is_set_aside),
        TEST(a_damaged_block_costs_only_itself), TEST(a_damaged_series_costs_only_itself),
        TEST(a_deleted_file_is_begun_anew),      TEST(an_exchanged_file_is_refused),
    };
    return cmocka_run_group_tests_name("history_file", tests, NULL, NULL);
}
