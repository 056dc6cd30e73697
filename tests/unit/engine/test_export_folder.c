/* Files of the export folder: parts, replacing, quota, foreign files. */
#include "test_own_folder.h"

#include <errno.h>
#include <sys/stat.h>

#include "engine/export_file.h"
#include "engine/export_folder.h"

#define T0 (1795222800LL * CLOCK_S) /* 2026-11-21T01:00:00Z */

static char *read_named(const char *name)
{
    char path[400];
    snprintf(path, sizeof path, "%s/%s", folder_path, name);
    return test_read_file(path);
}

static FILE *open_named(const char *name)
{
    char path[400];
    snprintf(path, sizeof path, "%s/%s", folder_path, name);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    return file;
}

static void write_named(const char *name, const char *text)
{
    char path[400];
    snprintf(path, sizeof path, "%s/%s", folder_path, name);
    test_write_file(path, text);
}

static bool exists(const char *name)
{
    char path[400];
    snprintf(path, sizeof path, "%s/%s", folder_path, name);
    return access(path, F_OK) == 0;
}

/* `count` rows of one voltage, a second apart, from the `first` second on. */
static int write_rows(struct export_file *file, size_t first, size_t count)
{
    struct history_bucket *buckets = calloc(count, sizeof *buckets);
    for (size_t i = 0; i < count; i++) {
        double value = 230 + (double)((first + i) % 7);
        buckets[i] = (struct history_bucket){.time = T0 + (clock_us)(first + i) * CLOCK_S,
                                             .min = value,
                                             .sum = value,
                                             .max = value,
                                             .last = value,
                                             .count = 1};
    }
    struct history_series series = {.path = "m/total/voltage",
                                    .quantity = QUANTITY_VOLTAGE,
                                    .buckets = buckets,
                                    .count = count};
    int result = export_file_write(file, &series, 1, NULL);
    free(buckets);
    return result;
}

static struct export_file *begin(unsigned part, clock_us from)
{
    struct history_csv_options options = {
        .columns = HISTORY_CSV_AVG, .time = HISTORY_CSV_UTC, .from = from};
    struct export_name name = {.device = "m", .date = "2026-11-21", .part = part};
    struct export_file *file = export_file_new(folder_path, &name, &options);
    assert_non_null(file);
    return file;
}

static void a_file_appears_whole(void **state)
{
    (void)state;
    struct export_file *file = begin(1, T0);
    assert_int_equal(write_rows(file, 0, 2), 0);
    assert_false(exists("m_2026-11-21.csv"));
    assert_int_equal(write_rows(file, 2, 1), 0);
    assert_int_equal(export_file_finish(file, NULL), 0);
    char *text = read_named("m_2026-11-21.csv");
    assert_string_equal(text, "time,m/total/voltage [V] avg\r\n"
                              "2026-11-21T01:00:00.000Z,230\r\n"
                              "2026-11-21T01:00:01.000Z,231\r\n"
                              "2026-11-21T01:00:02.000Z,232\r\n");
    free(text);
    export_file_free(file);
    struct export_list list = EXPORT_LIST_EMPTY;
    assert_int_equal(export_folder_list(folder_path, &list, NULL), 0);
    assert_int_equal(list.count, 1);
    export_list_deinit(&list);
}

static void without_rows_there_is_no_file(void **state)
{
    (void)state;
    struct export_file *file = begin(1, T0);
    assert_int_equal(write_rows(file, 0, 0), 0);
    assert_int_equal(export_file_finish(file, NULL), 0);
    export_file_free(file);
    assert_false(exists("m_2026-11-21.csv"));
}

static void what_is_left_unfinished_goes(void **state)
{
    (void)state;
    struct export_file *file = begin(1, T0);
    assert_int_equal(write_rows(file, 0, 5), 0);
    assert_true(exists(EXPORT_UNFINISHED "m_2026-11-21.csv"));
    export_file_free(file);
    assert_false(exists(EXPORT_UNFINISHED "m_2026-11-21.csv"));
    write_named(EXPORT_UNFINISHED "m_2026-11-20.csv", "half");
    export_folder_sweep(folder_path);
    assert_false(exists(EXPORT_UNFINISHED "m_2026-11-20.csv"));
}

static off_t size_of(const char *name)
{
    char path[400];
    struct stat about;
    snprintf(path, sizeof path, "%s/%s", folder_path, name);
    assert_int_equal(stat(path, &about), 0);
    return about.st_size;
}

/* A row has 30 bytes, a header 30: 166,665 rows fill 5 MB. */
static void a_new_part_begins_at_5_MB(void **state)
{
    (void)state;
    struct export_file *file = begin(1, T0);
    for (size_t i = 0; i < 8; i++)
        assert_int_equal(write_rows(file, i * 50000, 50000), 0);
    assert_int_equal(export_file_finish(file, NULL), 0);
    struct export_place place = export_file_place(file);
    export_file_free(file);
    assert_int_equal(size_of("m_2026-11-21.csv"), 30 + 166665 * 30);
    assert_int_equal(size_of("m_2026-11-21_2.csv"), 30 + 166665 * 30);
    assert_int_equal(size_of("m_2026-11-21_3.csv"), 30 + 66670 * 30);
    assert_int_equal(place.part, 3);
    assert_int_equal(place.begin, T0 + 2 * 166665 * CLOCK_S);
    char head[56] = "";
    FILE *last = open_named("m_2026-11-21_3.csv");
    assert_int_equal(fread(head, 1, 55, last), 55);
    fclose(last);
    assert_string_equal(head, "time,m/total/voltage [V] avg\r\n2026-11-24T21:35:30.000Z,");

    /* going on rewrites the last part only */
    file = begin(place.part, place.begin);
    assert_int_equal(write_rows(file, 2 * 166665, 66671), 0);
    assert_int_equal(export_file_finish(file, NULL), 0);
    export_file_free(file);
    assert_int_equal(size_of("m_2026-11-21_2.csv"), 30 + 166665 * 30);
    assert_int_equal(size_of("m_2026-11-21_3.csv"), 30 + 66671 * 30);

    /* a shorter file takes the place of all parts */
    file = begin(1, T0);
    assert_int_equal(write_rows(file, 0, 1), 0);
    assert_int_equal(export_file_finish(file, NULL), 0);
    export_file_free(file);
    assert_int_equal(size_of("m_2026-11-21.csv"), 60);
    assert_false(exists("m_2026-11-21_2.csv"));
    assert_false(exists("m_2026-11-21_3.csv"));
}

static void the_oldest_go_first(void **state)
{
    (void)state;
    write_named("a_2026-11-20.csv", "0123456789");
    write_named("z_2026-11-19.csv", "0123456789");
    write_named("a_2026-11-21.csv", "0123456789");
    write_named("a_2026-11-21_2.csv", "0123456789");
    write_named("readme.txt", "not ours, and not counted");
    struct export_facts facts;
    assert_int_equal(export_folder_tidy(folder_path, 40, &facts, NULL), 0);
    assert_int_equal(facts.files, 4);
    assert_int_equal(facts.bytes, 40);
    assert_string_equal(facts.oldest, "2026-11-19");
    assert_int_equal(export_folder_tidy(folder_path, 39, &facts, NULL), 0);
    assert_false(exists("z_2026-11-19.csv"));
    assert_int_equal(export_folder_tidy(folder_path, 15, &facts, NULL), 0);
    assert_int_equal(facts.files, 1);
    assert_true(exists("a_2026-11-21_2.csv"));
    assert_true(exists("readme.txt"));
    assert_string_equal(facts.newest, "2026-11-21");
}

static void a_missing_folder_is_empty(void **state)
{
    (void)state;
    struct export_list list = EXPORT_LIST_EMPTY;
    struct export_facts facts;
    assert_int_equal(export_folder_list("/nowhere/at/all", &list, NULL), 0);
    assert_int_equal(list.count, 0);
    assert_int_equal(export_folder_tidy("/nowhere/at/all", 0, &facts, NULL), 0);
    assert_int_equal(facts.files, 0);
}

static void a_folder_that_cannot_be_written_is_named(void **state)
{
    (void)state;
    struct history_csv_options options = {.columns = HISTORY_CSV_AVG};
    struct export_name name = {.device = "m", .date = "2026-11-21", .part = 1};
    struct export_file *file = export_file_new("/proc/nothing", &name, &options);
    struct history_bucket bucket = {.time = T0, .count = 1};
    struct history_series series = {
        .path = "m/total/voltage", .quantity = QUANTITY_VOLTAGE, .buckets = &bucket, .count = 1};
    struct err err = ERR_EMPTY;
    assert_true(export_file_write(file, &series, 1, &err) < 0);
    assert_non_null(strstr(err.text, "/proc/nothing/"));
    export_file_free(file);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, folder_make, folder_remove)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_file_appears_whole),
        TEST(without_rows_there_is_no_file),
        TEST(what_is_left_unfinished_goes),
        TEST(a_new_part_begins_at_5_MB),
        TEST(the_oldest_go_first),
        TEST(a_missing_folder_is_empty),
        TEST(a_folder_that_cannot_be_written_is_named),
    };
    return cmocka_run_group_tests_name("export_folder", tests, NULL, NULL);
}
