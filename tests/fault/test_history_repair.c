/* Damaged histories of every kind are repaired: what comes out is what was recorded, each reading
 * at most once, nothing invented, and no more is lost than the blobs that were hit. */
#include "test.h"
#include "test_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <unistd.h>

#include "engine/history_file.h"
#include "engine/history_repair.h"
#include "history_testing.h"

enum { STEP_S = 1200, DAY = 72, TICKS = 40 * DAY + 10, SERIES = 6, PAGE = 4096 };
enum { ALL = TICKS * SERIES, FLIPS = 160, HOLES = 50, CUTS = 30 };

static char folder[200], made[240], damaged[240], repaired[260];
static uint8_t *content, *log_content;
static size_t length, log_length;
static int64_t truth[TICKS][SERIES];

static clock_us time_of(int tick)
{
    return TESTING_T0 + (clock_us)tick * STEP_S * CLOCK_S;
}

static uint8_t *read_bytes(const char *path, size_t *bytes)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    uint8_t *text = malloc(16 << 20);
    *bytes = fread(text, 1, 16 << 20, file);
    fclose(file);
    return text;
}

static void write_bytes(const char *path, const uint8_t *bytes, size_t count)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, count, file), count);
    fclose(file);
}

static void put_damaged(size_t bytes)
{
    char path[280];
    write_bytes(damaged, content, bytes);
    snprintf(path, sizeof path, "%s-wal", damaged);
    unlink(path);
    unlink(repaired);
}

/* Ticks, blocks, pieces of a day, joined pieces and all tiers: 40 days, then ten ticks. `log`:
 * leave the last day in the write-ahead log. */
static int make(bool log)
{
    /* nothing here is about the disk: memory will do */
    test_folder_in_memory(folder, sizeof folder);
    snprintf(made, sizeof made, "%s/history.db", folder);
    snprintf(damaged, sizeof damaged, "%s/history.db.damaged-1", folder);
    snprintf(repaired, sizeof repaired, "%s.repaired", damaged);
    uint64_t seed = 11;
    struct history_store *store = history_store_open(folder, "boot-1", NULL);
    for (int i = 0; i < TICKS; i++) {
        struct history_reading readings[SERIES];
        for (uint32_t s = 0; s < SERIES; s++) {
            truth[i][s] = (int64_t)(test_random(&seed) % 3000) * (s + 1);
            readings[s] = (struct history_reading){s + 1, QUALITY_GOOD, truth[i][s]};
        }
        assert_int_equal(testing_write(store, time_of(i), (i + 1) * STEP_S * CLOCK_S, true,
                                       readings, SERIES, NULL),
                         0);
        if (i % DAY == 1 && i < TICKS - DAY)
            testing_tidy(store, NULL);
    }
    char path[280];
    snprintf(path, sizeof path, "%s-wal", made);
    if (log) {
        content = read_bytes(made, &length);
        log_content = read_bytes(path, &log_length);
        assert_true(log_length > 40 * (PAGE + 24));
    }
    history_store_close(store);
    if (!log)
        content = read_bytes(made, &length);
    printf("# %zu bytes\n", length);
    assert_true(length > 20 * PAGE && length < 16 << 20);
    return 0;
}

static int make_closed(void **state)
{
    (void)state;
    return make(false);
}

static int make_with_log(void **state)
{
    (void)state;
    return make(true);
}

static int remove_all(void **state)
{
    (void)state;
    free(content);
    free(log_content);
    log_content = NULL;
    test_folder_remove(folder);
    return 0;
}

/* ---- asking ---------------------------------------------------------------------------------- */

/* Readings in the history of this folder; each must be one that was made, and be there once. */
static size_t count_readings(const char *where)
{
    static const double scales[] = {10, 1000, 1000, 10, 100, 1};
    const char *paths[SERIES];
    size_t kept = 0;
    for (size_t i = 0; i < SERIES; i++)
        paths[i] = testing_series[i].path;
    struct err err = ERR_EMPTY;
    struct history_answer *answer = testing_ask(where, paths, SERIES, 0, INT64_MAX / 2, 0, &err);
    if (!answer)
        fail_msg("%s", err.text);
    for (size_t s = 0; s < SERIES; s++) {
        const struct history_series *series = &answer->series[s];
        assert_false(series->cut);
        for (size_t i = 0; i < series->count; i++) {
            const struct history_bucket *bucket = &series->buckets[i];
            int64_t tick = (bucket->time - TESTING_T0) / (STEP_S * CLOCK_S);
            assert_in_range(tick, 0, TICKS - 1);
            if (i > 0 && bucket->time <= bucket[-1].time)
                fail_msg("%s: %lld of %u after %lld of %u", series->path, (long long)bucket->time,
                         bucket->count, (long long)bucket[-1].time, bucket[-1].count);
            if (bucket->count == 1 && bucket->time == time_of((int)tick)) {
                assert_true(bucket->last == (double)truth[tick][s] / scales[s]);
                kept++;
            }
        }
    }
    history_answer_free(answer);
    return kept;
}

/* Repair what lies there and look at what comes of it; how many readings there are then. */
static size_t repair(struct history_repair_report *report)
{
    struct err err = ERR_EMPTY;
    struct history_repair_order order = {.from = damaged, .to = repaired, .now = time_of(TICKS)};
    if (history_repair(&order, report, &err) < 0)
        fail_msg("%s", err.text);
    char own[220], path[600];
    snprintf(own, sizeof own, "%s/new", folder);
    snprintf(path, sizeof path, "rm -rf '%s'; mkdir '%s'", own, own);
    assert_int_equal(system(path), 0);
    snprintf(path, sizeof path, "%s/history.db", own);
    assert_int_equal(rename(repaired, path), 0);
    struct history_store *store = history_store_open(own, "boot-2", &err);
    if (!store)
        fail_msg("%s", err.text);
    assert_string_equal(history_store_facts(store).notice, "");
    size_t kept = count_readings(own);
    /* it goes on, and tidying finds nothing to drop */
    /* this test's definitions insist on numbers that a series without a name holds */
    int result = testing_write_one(store, time_of(TICKS + 3 * DAY), 7);
    assert_true(result == 0 || (result == -EEXIST && report->unnamed > 0));
    assert_int_equal(testing_tidy(store, NULL), 0);
    assert_int_equal(history_store_facts(store).unreadable, 0);
    history_store_close(store);
    return kept;
}

/* ---- tests ----------------------------------------------------------------------------------- */

static void a_whole_file_stays_as_it_is(void **state)
{
    (void)state;
    struct history_repair_report report;
    put_damaged(length);
    assert_int_equal(repair(&report), ALL);
    assert_int_equal(report.readings, ALL);
    assert_int_equal(report.strays, 0);
    assert_int_equal(report.pages.damaged + report.pages.stray + report.pages.unreadable, 0);
    assert_true(report.saved[HISTORY_TABLE_PIECE] > 40 && report.rows > 1000);
    assert_true(report.saved[HISTORY_TABLE_TICK] > 0 && report.saved[HISTORY_TABLE_BLOCK] > 0);
    for (int i = 0; i < HISTORY_TABLES; i++)
        assert_int_equal(report.lost[i], 0);
    size_t bytes;
    uint8_t *after = read_bytes(damaged, &bytes);
    assert_true(bytes == length && memcmp(after, content, length) == 0);
    free(after);
}

/* The largest blob that there is: 32 days of one series. */
#define BLOB_MOST (32 * DAY)

static void a_flipped_bit_costs_a_blob(void **state)
{
    (void)state;
    uint64_t seed = test_seed();
    size_t lost = 0, all = 0;
    for (int i = 0; i < FLIPS; i++) {
        struct history_repair_report report;
        size_t at = test_random(&seed) % length;
        /* one in three where pages hang together */
        if (i % 3 == 0)
            at = at / PAGE * PAGE + at % 48;
        uint8_t bit = (uint8_t)(1u << test_random(&seed) % 8);
        content[at] ^= bit;
        put_damaged(length);
        size_t kept = repair(&report);
        content[at] ^= bit;
        if (kept < ALL - BLOB_MOST)
            fail_msg("byte %zu, bit %u: %zu of %d readings", at, bit, kept, ALL);
        lost += ALL - kept;
        all += ALL;
    }
    printf("# %d flips: %.3f %% of readings lost\n", FLIPS, 100.0 * (double)lost / (double)all);
}

/* Every bit in the heads of the pages of a tree: which page it is, how many cells it has, where. */
static void heads_of_pages_cost_nothing(void **state)
{
    (void)state;
    int leaves = 0;
    for (size_t page = PAGE; page < length && leaves < 3; page += PAGE) {
        if (content[page] != 13)
            continue;
        leaves++;
        for (size_t bit = 0; bit < 8 * 8; bit++) {
            struct history_repair_report report;
            content[page + bit / 8] ^= (uint8_t)(1u << bit % 8);
            put_damaged(length);
            size_t kept = repair(&report);
            content[page + bit / 8] ^= (uint8_t)(1u << bit % 8);
            if (kept != ALL)
                fail_msg("page at %zu, bit %zu: %zu of %d readings", page, bit, kept, ALL);
        }
    }
    assert_int_equal(leaves, 3);
}

/* What belongs to no blob costs nothing: the head of the file, the schema, the heads of pages that
 * lead to others. */
static void page_1_costs_nothing(void **state)
{
    (void)state;
    struct history_repair_report report;
    uint8_t page[PAGE];
    memcpy(page, content, PAGE);
    memset(content, 0, 100);
    put_damaged(length);
    assert_int_equal(repair(&report), ALL);
    memset(content, 0xa5, PAGE);
    put_damaged(length);
    assert_int_equal(repair(&report), ALL);
    memcpy(content, page, PAGE);
}

static void interior_pages_cost_nothing(void **state)
{
    (void)state;
    int interior = 0;
    for (size_t page = PAGE; page < length; page += PAGE) {
        uint8_t copy[PAGE];
        struct history_repair_report report;
        if (content[page] != 5)
            continue;
        memcpy(copy, content + page, PAGE);
        memset(content + page, 0x5a, PAGE);
        put_damaged(length);
        assert_int_equal(repair(&report), ALL);
        assert_true(report.merged > 0);
        memcpy(content + page, copy, PAGE);
        interior++;
    }
    assert_true(interior > 0);
}

/* A bad block of a card: zeros or noise in the middle. Neighbours survive. */
static void holes_cost_what_lay_there(void **state)
{
    (void)state;
    uint64_t seed = test_seed();
    size_t lost = 0;
    for (int i = 0; i < HOLES; i++) {
        struct history_repair_report report;
        uint8_t copy[PAGE];
        size_t size = i % 2 ? PAGE : 512, at = test_random(&seed) % (length / size) * size;
        memcpy(copy, content + at, size);
        for (size_t k = 0; k < size; k++)
            content[at + k] = i % 4 < 2 ? 0 : (uint8_t)test_random(&seed);
        put_damaged(length);
        lost += ALL - repair(&report);
        memcpy(content + at, copy, size);
    }
    printf("# %d holes: %.3f %% of readings lost\n", HOLES,
           100.0 * (double)lost / ((double)ALL * HOLES));
    /* a page holds a few blobs of a day, or part of one of a period */
    assert_true(lost < (size_t)HOLES * ALL / 8);
}

static void cut_files_give_what_is_left(void **state)
{
    (void)state;
    uint64_t seed = test_seed();
    for (int i = 0; i < CUTS; i++) {
        struct history_repair_report report;
        put_damaged(1 + test_random(&seed) % length);
        repair(&report);
    }
}

/* A series' own row is its name, and all its past hangs on it. */
static void a_series_with_a_flipped_bit_is_mended(void **state)
{
    (void)state;
    const char *name = "m/total/energy";
    uint8_t *at = memmem(content + PAGE, PAGE, name, strlen(name)), *row = at - 9;
    assert_non_null(at);
    /* length, number, the six types; the name; quantity and decimals */
    assert_true(row[1] == 3 && row[2] == 7);
    for (size_t bit = 0; bit < 8 * (9 + strlen(name) + 2); bit += bit < 72 ? 1 : 3) {
        struct history_repair_report report;
        row[bit / 8] ^= (uint8_t)(1u << bit % 8);
        put_damaged(length);
        size_t kept = repair(&report);
        row[bit / 8] ^= (uint8_t)(1u << bit % 8);
        if (kept != ALL)
            fail_msg("bit %zu of the row: %zu of %d readings", bit, kept, ALL);
        assert_int_equal(report.lost[HISTORY_TABLE_SERIES], 0);
    }
    /* beyond mending: its readings are kept under a name that nothing else gets */
    struct history_repair_report report;
    at[0] ^= 3;
    at[5] ^= 5;
    put_damaged(length);
    assert_int_equal(repair(&report), ALL - TICKS);
    assert_int_equal(report.lost[HISTORY_TABLE_SERIES], 1);
    assert_int_equal(report.unnamed, 1);
    at[0] ^= 3;
    at[5] ^= 5;
}

static void put_log(size_t bytes)
{
    char path[280];
    put_damaged(length);
    snprintf(path, sizeof path, "%s-wal", damaged);
    write_bytes(path, log_content, bytes);
}

static void the_log_beside_the_file_counts(void **state)
{
    (void)state;
    struct history_repair_report report;
    put_log(log_length);
    assert_int_equal(repair(&report), ALL);
    uint64_t seed = test_seed();
    for (int i = 0; i < FLIPS / 4; i++) {
        size_t at = i == 0 ? 17 : test_random(&seed) % log_length;
        uint8_t bit = (uint8_t)(1u << test_random(&seed) % 8);
        log_content[at] ^= bit;
        put_log(log_length);
        size_t kept = repair(&report);
        if (kept < ALL - BLOB_MOST)
            fail_msg("byte %zu, bit %u of the log: %zu of %d readings", at, bit, kept, ALL);
        log_content[at] ^= bit;
    }
    /* nothing is left of the file, and the head of the log was hit: every page of it is loose */
    log_content[17] ^= 1;
    put_log(log_length);
    write_bytes(damaged, content, 0);
    struct history_repair_order order = {.from = damaged, .to = repaired};
    struct err err = ERR_EMPTY;
    if (history_repair(&order, &report, &err) < 0)
        fail_msg("%s", err.text);
    assert_true(report.pages.stray == 0 && report.pages.pages == 1);
    log_content[17] ^= 1;
}

/* A damaged history goes into the one that was begun after it, whose series have other numbers. */
static void merged_into_a_history_that_goes_on(void **state)
{
    (void)state;
    char own[260];
    snprintf(own, sizeof own, "%s/other", folder);
    struct history_store *store = history_store_open(own, "boot-3", NULL);
    assert_non_null(store);
    struct history_definition other[] = {{1, QUANTITY_LOAD, 1, "x/total/load"},
                                         {2, QUANTITY_ENERGY, 3, "m/total/energy"}};
    struct history_reading readings[] = {{1, QUALITY_GOOD, 5},
                                         {2, QUALITY_GOOD, truth[TICKS - 1][2]}};
    struct buf row = BUF_EMPTY;
    history_row_encode(&row, 1000, readings, 2);
    struct history_record record = {.wall = time_of(TICKS - 1),
                                    .wall_known = true,
                                    .row = (uint8_t *)row.data,
                                    .length = row.length,
                                    .definitions = other,
                                    .definition_count = 2};
    struct history_record *records[] = {&record};
    assert_int_equal(history_store_write(store, records, 1, NULL), 0);
    buf_deinit(&row);
    put_damaged(length);
    struct history_repair_report report;
    struct history_repair_order order = {.from = damaged, .into = own, .now = time_of(TICKS)};
    struct err err = ERR_EMPTY;
    assert_int_equal(history_repair(&order, &report, &err), -EBUSY); /* in use */
    history_store_close(store);
    for (int i = 0; i < 2; i++) { /* twice: nothing is there twice */
        if (history_repair(&order, &report, &err) < 0)
            fail_msg("%s", err.text);
        assert_int_equal(count_readings(own), ALL);
        assert_int_equal(report.merged, i ? 0 : ALL - 1);
    }
}

static void what_cannot_be_is_refused(void **state)
{
    (void)state;
    struct history_repair_report report;
    struct history_repair_order order = {.from = damaged, .to = repaired};
    struct err err = ERR_EMPTY;
    assert_int_equal(history_repair(&order, &report, &err), -ENOENT);
    write_bytes(damaged, content, 0);
    assert_int_equal(history_repair(&order, &report, &err), -EINVAL);
    put_damaged(length);
    write_bytes(repaired, content, 1);
    assert_int_equal(history_repair(&order, &report, &err), -EEXIST);
    assert_non_null(strstr(err.text, repaired));
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, make_closed, remove_all)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_whole_file_stays_as_it_is),
        TEST(a_flipped_bit_costs_a_blob),
        TEST(heads_of_pages_cost_nothing),
        TEST(page_1_costs_nothing),
        TEST(interior_pages_cost_nothing),
        TEST(holes_cost_what_lay_there),
        TEST(cut_files_give_what_is_left),
        TEST(a_series_with_a_flipped_bit_is_mended),
        cmocka_unit_test_setup_teardown(the_log_beside_the_file_counts, make_with_log, remove_all),
        TEST(merged_into_a_history_that_goes_on),
        TEST(what_cannot_be_is_refused),
    };
    return cmocka_run_group_tests_name("history_repair", tests, NULL, NULL);
}
