/* The file of the events: who else may hold it, what damage does to it, and that the daemon always
 * writes again. */
#include "event_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>

/* ---- files ----------------------------------------------------------------------------------- */

static void a_second_daemon_is_kept_out(void **state)
{
    (void)state;
    struct event_store *store = folder_open("boot-1");
    struct err err = ERR_EMPTY;
    assert_null(event_store_open(folder_path, "boot-1", &err));
    assert_int_equal(err.code, -EBUSY);
    assert_non_null(strstr(err.text, "another busbar"));
    event_store_close(store);
    event_store_close(folder_open("boot-1"));
}

static void other_files_are_refused(void **state)
{
    (void)state;
    struct err err = ERR_EMPTY;
    event_store_close(folder_open("boot-1"));
    folder_sql("PRAGMA user_version = 2");
    assert_null(event_store_open(folder_path, "boot-1", &err));
    assert_int_equal(err.code, -ENOTSUP);
    assert_non_null(strstr(err.text, "newer busbar"));
    folder_sql("PRAGMA user_version = 1; PRAGMA application_id = 7");
    assert_null(event_store_open(folder_path, "boot-1", &err));
    assert_int_equal(err.code, -EINVAL);
}

static void a_damaged_file_is_set_aside(void **state)
{
    (void)state;
    char path[300], aside[320];
    snprintf(path, sizeof path, "%s/events.db", folder_path);
    snprintf(aside, sizeof aside, "%s.damaged-1", path);
    test_write_file(path, "This was no database, ever. It is long enough to be looked at by all.");
    struct event_store *store = folder_open("boot-1");
    assert_non_null(strstr(event_store_facts(store).notice, "set aside as events.db.damaged-1"));
    assert_int_equal(testing_fill(store, TESTING_T0, 3), 0);
    event_store_close(store);
    assert_int_equal(access(aside, F_OK), 0);
    assert_true(testing_verify(folder_path).ok);
}

/* Somebody deletes the file of a running daemon: the chain goes on, and tells where. */
static void a_file_that_is_gone_is_begun_anew(void **state)
{
    (void)state;
    char command[600];
    struct event_store *store = folder_open("boot-1");
    assert_int_equal(testing_fill(store, TESTING_T0, 5), 0);
    snprintf(command, sizeof command, "rm -f %s/events.db*", folder_path);
    assert_int_equal(system(command), 0);
    assert_int_equal(testing_fill(store, TESTING_T0 + 100 * CLOCK_S, 2), 0);
    assert_int_equal(event_store_facts(store).generation, 1);
    event_store_close(store);
    struct testing_found *found = testing_search(folder_path, (struct event_question){.limit = 9});
    assert_int_equal(found->count, 3);
    assert_int_equal(found->list[2].id, 6);
    assert_string_equal(found->list[2].kind, "events-removed");
    free(found);
    assert_true(testing_verify(folder_path).ok);
}

/* Bits turn over in a file that is not open: it opens or is set aside, and a check says so; what it
 * says is never "all is well" with another content. */
static void random_damage_is_never_taken_for_good(void **state)
{
    (void)state;
    uint64_t seed = test_seed();
    struct event_store *store = folder_open("boot-1");
    assert_int_equal(testing_fill(store, TESTING_T0, 60), 0);
    event_store_close(store);
    char good[200], command[900], head[EVENT_HASH_TEXT];
    snprintf(good, sizeof good, "%s", folder_path);
    strcpy(head, testing_verify(good).head);
    for (int round = 0; round < 60; round++) {
        test_folder(folder_path, sizeof folder_path);
        char path[300];
        snprintf(path, sizeof path, "%s/events.db", folder_path);
        snprintf(command, sizeof command, "cp %s/events.db* %s/", good, folder_path);
        assert_int_equal(system(command), 0);
        FILE *file = fopen(path, "r+");
        fseek(file, 0, SEEK_END);
        long size = ftell(file);
        for (int i = 0; i < 3; i++) {
            long at = (long)test_below(&seed, (uint64_t)size);
            fseek(file, at, SEEK_SET);
            int byte = fgetc(file);
            fseek(file, at, SEEK_SET);
            fputc(byte ^ (1 << test_below(&seed, 8)), file);
        }
        fclose(file);
        struct event_verdict verdict = testing_verify(folder_path);
        if (verdict.ok && verdict.records == 60)
            assert_string_equal(verdict.head, head);
        struct err err = ERR_EMPTY;
        store = event_store_open(folder_path, "boot-2", &err);
        assert_true(store || (err.code && *err.text));
        if (store) {
            struct event_record record = testing_record(TESTING_T0 + 900 * CLOCK_S, "after");
            int code = testing_write(store, &record, &err);
            if (code < 0)
                code = testing_write(store, &record, &err);
            assert_true(code == 0 || *err.text);
        }
        event_store_close(store);
        test_folder_remove(folder_path);
    }
    strcpy(folder_path, good);
}

static void write_bytes(const char *path, const uint8_t *bytes, size_t length)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, length, file), length);
    fclose(file);
}

/* A head that SQLite reads as "for newer programs, read only" would otherwise end the log for good,
 * with each start of the daemon. */
static void whatever_the_head_says_events_are_written_again(void **state)
{
    (void)state;
    char path[300], command[400];
    snprintf(path, sizeof path, "%s/events.db", folder_path);
    snprintf(command, sizeof command, "rm -f %s/events.db*", folder_path);
    struct event_store *store = folder_open("boot-1");
    assert_int_equal(testing_fill(store, TESTING_T0, 20), 0);
    event_store_close(store);
    static uint8_t bytes[1 << 20];
    FILE *file = fopen(path, "r");
    size_t length = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    for (size_t bit = 0; bit < 100 * 8; bit++) {
        size_t at = bit / 8;
        bool says_whose = (at >= 60 && at < 64) || (at >= 68 && at < 72);
        assert_int_equal(system(command), 0);
        bytes[at] ^= (uint8_t)(1u << bit % 8);
        write_bytes(path, bytes, length);
        bytes[at] ^= (uint8_t)(1u << bit % 8);
        struct err err = ERR_EMPTY;
        store = event_store_open(folder_path, "boot-2", &err);
        if (!store && says_whose)
            continue;
        if (!store)
            fail_msg("byte %zu bit %zu: %s", at, bit % 8, err.text);
        struct event_record record = testing_record(TESTING_T0 + 900 * CLOCK_S, "after");
        int code = testing_write(store, &record, &err);
        if (code == -EBADMSG) /* set aside by now */
            code = testing_write(store, &record, &err);
        if (code < 0)
            fail_msg("byte %zu bit %zu: %s", at, bit % 8, err.text);
        event_store_close(store);
    }
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, folder_make, folder_remove)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_second_daemon_is_kept_out),
        TEST(other_files_are_refused),
        TEST(a_damaged_file_is_set_aside),
        TEST(a_file_that_is_gone_is_begun_anew),
        TEST(random_damage_is_never_taken_for_good),
        TEST(whatever_the_head_says_events_are_written_again),
    };
    return cmocka_run_group_tests_name("event_file", tests, NULL, NULL);
}
