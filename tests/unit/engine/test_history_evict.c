/* What goes when there is no room, or when somebody clears it, and what stays: rows instead of
 * readings, with nothing of a sum or a rise lost. */
#include "engine/history_evict.h"
#include "engine/history_truth.h"

/* With little space the oldest readings go; days, months and years of counters stay exact. */
static void what_is_evicted_stays_as_rows(void **state)
{
    (void)state;
    uint64_t seed = test_seed();
    struct truth_source source = {.volts = 2300, .amps = 4000, .seed = seed};
    struct history_store *store = truth_store();
    truth_write(store, &source, truth_at(2025, 1, 1, 0), 300000, 60000); /* 208 days */
    testing_tidy(store, NULL);
    uint64_t before = history_store_facts(store).bytes;
    history_store_set_space(store, 120000);
    struct err err = ERR_EMPTY;
    assert_int_equal(testing_tidy(store, &err), 0);
    static const struct truth_way kept[] = {
        {0, HISTORY_UNIT_DAY, 1}, {0, HISTORY_UNIT_MONTH, 1}, {0, HISTORY_UNIT_YEAR, 1}};
    const char *path = testing_series[2].path;
    static struct truth_bucket plain[1000];
    for (size_t i = 0; i < 3; i++) {
        struct history_reader *reader = history_reader_open(truth_folder, NULL);
        atomic_bool cancel = false;
        struct history_question question = {
            .paths = &path, .path_count = 1, .to = INT64_MAX / 2, .unit = kept[i].unit, .units = 1};
        struct history_answer *answer = history_reader_ask(reader, &question, &cancel, NULL);
        truth_compare(2, &answer->series[0], plain,
                      truth_buckets(2, &kept[i], 0, INT64_MAX / CLOCK_MS, plain));
        history_answer_free(answer);
        history_reader_close(reader);
    }
    /* the oldest readings are gone, the newest are there */
    struct history_answer *old =
        testing_ask(truth_folder, &path, 1, truth_at(2025, 1, 5, 0) * CLOCK_MS,
                    truth_at(2025, 1, 6, 0) * CLOCK_MS, 0, NULL);
    assert_true(old->series[0].count <= 25); /* rows of hours at most */
    history_answer_free(old);
    struct history_answer *young =
        testing_ask(truth_folder, &path, 1, truth_at(2025, 7, 25, 0) * CLOCK_MS,
                    truth_at(2025, 7, 26, 0) * CLOCK_MS, 0, NULL);
    assert_true(young->series[0].count > 270);
    history_answer_free(young);
    assert_true(before > 120000);
    history_store_close(store);
}

/* What the counter rose by from one moment to another, its readings counted one by one. */
static int64_t rise_between(int64_t from, int64_t to)
{
    int64_t rise = 0, before = -1;
    for (size_t i = 0; i < truth_count[2]; i++) {
        const struct truth_reading *reading = &truth[2][i];
        if (!reading->good || reading->time >= to)
            continue;
        if (reading->time >= from && before >= 0)
            rise += reading->value >= before ? reading->value - before : reading->value;
        before = reading->value;
    }
    return rise;
}

static struct history_answer *ask_hours(int64_t from, bool reach)
{
    const char *path = testing_series[2].path;
    struct history_reader *reader = history_reader_open(truth_folder, NULL);
    atomic_bool cancel = false;
    struct history_question question = {.paths = &path,
                                        .path_count = 1,
                                        .from = from * CLOCK_MS,
                                        .to = INT64_MAX / 2,
                                        .unit = HISTORY_UNIT_HOUR,
                                        .units = 1,
                                        .reach = reach};
    struct history_answer *answer = history_reader_ask(reader, &question, &cancel, NULL);
    history_reader_close(reader);
    assert_non_null(answer);
    return answer;
}

static double rises_of(const struct history_series *series)
{
    double rises = 0;
    for (size_t i = 0; i < series->count; i++)
        rises += series->buckets[i].rise;
    return rises;
}

/* Who asks for hours learns which of them are days or months; nothing is lost in them. */
static void thinned_buckets_are_told(void **state)
{
    (void)state;
    uint64_t seed = test_seed();
    struct truth_source source = {.volts = 2300, .amps = 4000, .seed = seed};
    struct history_store *store = truth_store();
    truth_write(store, &source, truth_at(2025, 1, 1, 0), 300000, 60000); /* 208 days */
    testing_tidy(store, NULL);
    struct history_answer *all = ask_hours(0, false);
    assert_int_equal(all->series[0].thinned[HISTORY_UNIT_DAY], 0);
    assert_false(all->series[0].continued);
    history_answer_free(all);
    history_store_set_space(store, 60000);
    assert_int_equal(testing_tidy(store, NULL), 0);
    all = ask_hours(0, false);
    const struct history_series *series = &all->series[0];
    clock_us days_until = series->thinned[HISTORY_UNIT_DAY];
    assert_true(days_until > truth_at(2025, 2, 1, 0) * CLOCK_MS);
    static const struct truth_way days = {0, HISTORY_UNIT_DAY, 1};
    for (size_t i = 0; i < series->count; i++) {
        int64_t time = series->buckets[i].time / CLOCK_MS;
        assert_true(series->buckets[i].time >= days_until || truth_bucket_of(&days, time) == time);
    }
    assert_true(fabs(rises_of(series) - (double)rise_between(0, INT64_MAX) / 1000) < 1e-6);
    history_answer_free(all);
    history_store_close(store);
}

/* A counter that nobody read for a month: who asks to reach gets what it rose by meanwhile. */
static void a_counter_reaches_over_a_month(void **state)
{
    (void)state;
    uint64_t seed = test_seed();
    struct truth_source source = {.volts = 2300, .amps = 4000, .seed = seed};
    struct history_store *store = truth_store();
    truth_write(store, &source, truth_at(2025, 1, 1, 0), 300000, 3000);
    source.counter += 123456;
    truth_write(store, &source, truth_at(2025, 3, 1, 0), 300000, 3000);
    testing_tidy(store, NULL);
    int64_t asked[] = {truth_at(2025, 2, 1, 0), truth_at(2025, 3, 1, 0), truth_at(2025, 3, 2, 7)};
    for (size_t i = 0; i < 3; i++) {
        struct history_answer *answer = ask_hours(asked[i], true);
        double rises = rises_of(&answer->series[0]);
        assert_true(fabs(rises - (double)rise_between(asked[i], INT64_MAX) / 1000) < 1e-6);
        assert_true(answer->series[0].continued);
        history_answer_free(answer);
        answer = ask_hours(asked[i], false);
        assert_true((rises_of(&answer->series[0]) < rises - 100) == (i < 2));
        history_answer_free(answer);
    }
    history_store_close(store);
}

static uint64_t used_space(void)
{
    char path[300];
    sqlite3 *db;
    uint64_t used;
    snprintf(path, sizeof path, "%s/history.db", truth_folder);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(history_evict_used(db, &used, NULL), 0);
    sqlite3_close(db);
    return used;
}

/* "Full" begins when nothing may go any more and ends with a 20th of the space free: at the edge it
 * is not told each time. */
static void full_does_not_flutter(void **state)
{
    (void)state;
    struct truth_source source = {.volts = 2300, .amps = 4000, .seed = test_seed()};
    struct history_store *store = truth_store();
    truth_write(store, &source, truth_at(2025, 1, 1, 0), 30000, 60000);
    history_store_set_space(store, 1);
    assert_int_equal(testing_tidy(store, NULL), 0);
    uint64_t used = used_space();
    assert_true(history_store_facts(store).full);
    const struct {
        uint64_t space;
        bool full;
    } steps[] = {
        {used, true},  {used + used / 50, true}, {used + used / 10, false}, {used + 4096, false},
        {used, false}, {used - 4096, true},      {used + 4096, true},       {0, false}};
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        history_store_set_space(store, steps[i].space);
        assert_int_equal(testing_tidy(store, NULL), 0);
        assert_int_equal(history_store_facts(store).full, steps[i].full);
    }
    history_store_close(store);
}

static void clearing_takes_one_series_only(void **state)
{
    (void)state;
    uint64_t seed = test_seed();
    struct truth_source source = {.volts = 2300, .amps = 4000, .seed = seed};
    struct history_store *store = truth_store();
    truth_write(store, &source, truth_at(2026, 1, 1, 0), 600000, 8000);
    testing_tidy(store, NULL);
    truth_write(store, &source, truth_at(2026, 3, 1, 0), 60000, 200);
    struct err err = ERR_EMPTY;
    uint32_t number = 2;
    assert_int_equal(history_store_clear(store, &number, 1, &err), 0);
    truth_count[1] = 0;
    for (size_t way = 0; way < sizeof truth_ways / sizeof *truth_ways; way++)
        truth_check(&truth_ways[way], 0, truth_at(2026, 4, 1, 0));
    testing_tidy(store, NULL);
    for (size_t way = 0; way < sizeof truth_ways / sizeof *truth_ways; way++)
        truth_check(&truth_ways[way], 0, truth_at(2026, 4, 1, 0));
    history_store_close(store);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, truth_begin, truth_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_evicted_stays_as_rows),  TEST(thinned_buckets_are_told),
        TEST(a_counter_reaches_over_a_month), TEST(full_does_not_flutter),
        TEST(clearing_takes_one_series_only),
    };
    return cmocka_run_group_tests_name("history_evict", tests, NULL, NULL);
}
