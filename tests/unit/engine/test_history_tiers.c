/* What is kept for long, against plain arithmetic over the same readings: every way of asking gives
 * the same answer before and after tidying, through gaps, resets, late readings and changes of the
 * clock. */
#include "engine/history_block.h"
#include "engine/history_truth.h"

/* Over both changes of the clock, a turn of the year, and gaps of hours and months. */
static void tidying_changes_no_answer_of_years(void **state)
{
    (void)state;
    uint64_t seed = test_seed();
    struct truth_source source = {.volts = 2300, .amps = 4000, .seed = seed};
    struct history_store *store = truth_store();
    truth_write(store, &source, truth_at(2025, 9, 20, 5), 600000, 8000); /* to 14 November */
    truth_write(store, &source, truth_at(2025, 12, 28, 0) + 1234, 300000, 3000);
    truth_write(store, &source, truth_at(2026, 3, 20, 0), 1800000, 3000); /* to 21 May */
    testing_tidy(store, NULL);
    truth_write(store, &source, truth_at(2026, 7, 1, 0), 60000, 5000);
    truth_check_all(&seed);
    testing_tidy(store, NULL);
    truth_check_all(&seed);
    history_store_close(store);
}

/* A reading each second is also kept as rows of minutes. */
static void dense_readings_agree(void **state)
{
    (void)state;
    uint64_t seed = test_seed();
    struct truth_source source = {.volts = 2300, .amps = 4000, .seed = seed};
    struct history_store *store = truth_store();
    truth_write(store, &source, truth_at(2026, 3, 28, 20), 2000, 60000); /* 33 h */
    truth_write(store, &source, truth_at(2026, 4, 2, 1), 60000, 10);
    testing_tidy(store, NULL);
    truth_check_all(&seed);
    history_store_close(store);
}

/* Readings that come late, into hours, days and periods that are tidied already. */
static void late_readings_find_their_place(void **state)
{
    (void)state;
    uint64_t seed = test_seed();
    struct truth_source source = {.volts = 2300, .amps = 4000, .seed = seed};
    struct history_store *store = truth_store();
    truth_write(store, &source, truth_at(2026, 1, 1, 0), 3600000, 24 * 80);
    testing_tidy(store, NULL);
    truth_check_all(&seed);
    /* between the others, on days that have readings and on days that have none */
    for (int i = 0; i < 8; i++) {
        int64_t time =
            truth_at(2025, 12, 20, 0) + (int64_t)(test_random(&seed) % 7776000) * 1000 + 500;
        truth_write(store, &source, time, 7200000, 30);
        /* the clock is right again */
        truth_write(store, &source, truth_at(2026, 4, 1, 0) + i * 86400000LL, 60000, 10);
        testing_tidy(store, NULL);
    }
    truth_check_all(&seed);
    history_store_close(store);
}

static void imports_are_taken_once(void **state)
{
    (void)state;
    uint64_t seed = test_seed();
    struct history_store *store = truth_store();
    enum { COUNT = 30000 };
    struct history_sample *samples = calloc(COUNT, sizeof *samples);
    int64_t first = truth_at(2025, 11, 1, 0);
    for (int i = 0; i < COUNT; i++) {
        samples[i] = (struct history_sample){.time = first + i * 600000LL,
                                             .value = (int64_t)(test_random(&seed) % 500),
                                             .quality = QUALITY_GOOD};
        truth_remember(0, samples[i].time, samples[i].value, true);
    }
    clock_us now = truth_at(2026, 5, 20, 12) * CLOCK_MS; /* in the middle of what is imported */
    struct err err = ERR_EMPTY;
    for (int round = 0; round < 3; round++) {
        /* the last third first, then all of it, then all again */
        size_t from = round == 0 ? COUNT * 2 / 3 : 0;
        uint64_t known;
        int result = history_store_import(store, &testing_series[0], samples + from, COUNT - from,
                                          now, &known, &err);
        if (result < 0)
            fail_msg("%s", err.text);
        assert_int_equal(known, round == 0 ? 0 : round == 1 ? COUNT / 3 : COUNT);
    }
    free(samples);
    truth_remember(1, first, 0, false);
    truth_remember(2, first, 0, false);
    for (size_t way = 0; way < sizeof truth_ways / sizeof *truth_ways; way++)
        truth_check(&truth_ways[way], 0, first + COUNT * 600000LL);
    history_store_close(store);
}

/* Readings of the running hour lie in the tail: an import must find them there, too. */
static void imports_know_the_tail(void **state)
{
    (void)state;
    struct history_store *store = truth_store();
    int64_t first = truth_at(2027, 5, 20, 12);
    struct history_sample samples[3];
    for (int i = 0; i < 3; i++)
        samples[i] = (struct history_sample){
            .time = first + i * 60000LL, .value = i, .quality = QUALITY_GOOD};
    assert_int_equal(testing_write_one(store, samples[1].time * CLOCK_MS, 7), 0);
    uint64_t known;
    assert_int_equal(history_store_import(store, &testing_series[0], samples, 3,
                                          samples[2].time * CLOCK_MS, &known, NULL),
                     0);
    assert_int_equal(known, 1);
    struct history_answer *answer = testing_ask_one(truth_folder, 0, INT64_MAX / 2, 0);
    assert_int_equal(answer->series[0].count, 3);
    assert_true(answer->series[0].buckets[1].last == 0.7); /* what was recorded stays */
    history_answer_free(answer);
    history_store_close(store);
}

/* Sums of the parts are the whole, whatever the parts are: what thinning promises. */
static void sums_agree_on_every_level(void **state)
{
    (void)state;
    uint64_t seed = test_seed();
    struct truth_source source = {.volts = 2300, .amps = 4000, .seed = seed};
    struct history_store *store = truth_store();
    truth_write(store, &source, truth_at(2025, 9, 1, 0), 300000, 30000);
    testing_tidy(store, NULL);
    double rises[sizeof truth_ways / sizeof *truth_ways],
        sums[sizeof truth_ways / sizeof *truth_ways];
    for (size_t way = 0; way < sizeof truth_ways / sizeof *truth_ways; way++) {
        const char *path = testing_series[2].path;
        struct history_reader *reader = history_reader_open(truth_folder, NULL);
        atomic_bool cancel = false;
        struct history_question question = {.paths = &path,
                                            .path_count = 1,
                                            .to = INT64_MAX / 2,
                                            .step = truth_ways[way].step,
                                            .unit = truth_ways[way].unit,
                                            .units = truth_ways[way].units};
        rises[way] = sums[way] = 0;
        bool more = true;
        while (more) {
            struct history_answer *answer = history_reader_ask(reader, &question, &cancel, NULL);
            assert_non_null(answer);
            for (size_t i = 0; i < answer->series[0].count; i++) {
                rises[way] += answer->series[0].buckets[i].rise;
                sums[way] += answer->series[0].buckets[i].sum;
            }
            more = answer->series[0].cut;
            question.from = answer->until;
            history_answer_free(answer);
        }
        history_reader_close(reader);
        assert_true(fabs(rises[way] - rises[0]) < 1e-6);
        assert_true(fabs(sums[way] - sums[0]) < 1e-3);
    }
    int64_t total = 0, before = -1;
    for (size_t i = 0; i < truth_count[2]; i++) {
        if (!truth[2][i].good)
            continue;
        int64_t value = truth[2][i].value;
        total += before < 0 ? 0 : value >= before ? value - before : value;
        before = value;
    }
    assert_true(fabs(rises[0] - (double)total / 1000) < 1e-6);
    history_store_close(store);
}

static int number_of(const char *sql, int about)
{
    char path[300];
    sqlite3 *db;
    sqlite3_stmt *count;
    snprintf(path, sizeof path, "%s/history.db", truth_folder);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &count, NULL), SQLITE_OK);
    sqlite3_bind_int(count, 1, about);
    assert_int_equal(sqlite3_step(count), SQLITE_ROW);
    int result = sqlite3_column_int(count, 0);
    sqlite3_finalize(count);
    sqlite3_close(db);
    return result;
}

static int pieces_of_readings(int series)
{
    return number_of("SELECT count(*) FROM piece WHERE key >> 32 = ?1", series);
}

static int blocks_of_part(int part)
{
    return number_of("SELECT count(*) FROM block WHERE key >> 18 & 63 = ?1", part);
}

/* More than one step of tidying takes in: the minutes of an hour are blocks, readings from
 * elsewhere come in between, and a day later all of it is folded. */
static void hours_of_many_readings_agree(void **state)
{
    (void)state;
    enum { BETWEEN = 500 };
    uint64_t seed = test_seed();
    struct truth_source source = {.volts = 2300, .amps = 4000, .seed = seed};
    struct history_store *store = truth_store();
    int64_t from = truth_at(2026, 2, 2, 8);
    truth_write(store, &source, from, 100, 40000); /* 66 minutes, 108,000 readings in an hour */
    truth_write(store, &source, from + 2 * 3600000, 60000, 3);
    testing_tidy(store, NULL);
    assert_true(blocks_of_part(12) > 0);
    truth_check_all(&seed);
    static struct history_sample between[BETWEEN];
    for (int i = 0; i < BETWEEN; i++) {
        between[i] = (struct history_sample){
            .time = from + 7777 + i * 1000LL, .value = i, .quality = QUALITY_GOOD};
        truth_remember(0, between[i].time, between[i].value, true);
    }
    struct err err = ERR_EMPTY;
    uint64_t known;
    for (int round = 0; round < 2; round++) {
        if (history_store_import(store, &testing_series[0], between, BETWEEN,
                                 (from + 3 * 3600000) * CLOCK_MS, &known, &err) < 0)
            fail_msg("%s", err.text);
        assert_int_equal(known, round ? BETWEEN : 0);
    }
    truth_check_all(&seed);
    truth_write(store, &source, from + 2 * 86400000LL, 60000, 100);
    testing_tidy(store, NULL);
    assert_int_equal(blocks_of_part(12), 0);
    truth_check_all(&seed);
    history_store_close(store);
}

/* A month of readings each 3 s is more than is joined at once: its days stay apart, and a step of
 * tidying stays small. Each 30 s they become one piece. */
static void periods_are_joined_unless_they_are_dense(void **state)
{
    (void)state;
    enum { DAY_READINGS = 86400 / 3, PERIOD_DAYS = 32 };
    static struct history_sample samples[DAY_READINGS];
    struct history_store *store = truth_store();
    struct err err = ERR_EMPTY;
    int64_t period = 20608 * 86400000LL; /* a multiple of 32 days */
    for (uint32_t s = 0; s < 2; s++) {
        int64_t step = s == 0 ? 3000 : 30000;
        for (int day = 0; day < PERIOD_DAYS; day++) {
            size_t count = (size_t)(86400000 / step);
            for (size_t i = 0; i < count; i++)
                samples[i] =
                    (struct history_sample){.time = period + day * 86400000LL + (int64_t)i * step,
                                            .value = (int64_t)(i * 7919 % 23),
                                            .quality = QUALITY_GOOD};
            uint64_t known;
            clock_us now = (period + (day + 1) * 86400000LL) * CLOCK_MS + 7200 * CLOCK_S;
            if (history_store_import(store, &testing_series[s], samples, count, now, &known, &err))
                fail_msg("%s", err.text);
        }
    }
    testing_tidy(store, NULL);
    history_store_close(store);
    assert_int_equal(pieces_of_readings(1), PERIOD_DAYS);
    assert_int_equal(pieces_of_readings(2), 1);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, truth_begin, truth_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(tidying_changes_no_answer_of_years),
        TEST(dense_readings_agree),
        TEST(late_readings_find_their_place),
        TEST(imports_are_taken_once),
        TEST(imports_know_the_tail),
        TEST(sums_agree_on_every_level),
        TEST(periods_are_joined_unless_they_are_dense),
        TEST(hours_of_many_readings_agree),
    };
    return cmocka_run_group_tests_name("history_tiers", tests, NULL, NULL);
}
