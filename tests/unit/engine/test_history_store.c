/* The store and what it answers, without threads: against plain arithmetic over the same readings.
 */

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include "history_folder.h"

#define ALWAYS 0, INT64_MAX / 2

/* ---- simple things --------------------------------------------------------------------------- */

static void what_was_written_is_answered(void **state)
{
    (void)state;
    struct history_store *store = folder_open();
    assert_int_equal(testing_write_one(store, TESTING_T0, 2301), 0);
    assert_int_equal(testing_write_one(store, TESTING_T0 + 60 * CLOCK_S, 2299), 0);
    struct history_answer *answer = testing_ask_one(folder_path, ALWAYS, 0);
    assert_int_equal(answer->path_count, 1);
    assert_int_equal(answer->series[0].quantity, QUANTITY_VOLTAGE);
    assert_int_equal(answer->series[0].count, 2);
    assert_true(answer->series[0].buckets[0].time == TESTING_T0);
    assert_true(answer->series[0].buckets[0].last == 230.1);
    assert_true(answer->series[0].buckets[1].min == 229.9);
    history_answer_free(answer);
    struct history_store_facts facts = history_store_facts(store);
    assert_true(facts.oldest == TESTING_T0 && facts.newest == TESTING_T0 + 60 * CLOCK_S);
    assert_true(facts.bytes > 0 && facts.free_bytes > 0);
    history_store_close(store);
}

static void the_end_is_not_part_of_the_span(void **state)
{
    (void)state;
    struct history_store *store = folder_open();
    for (int i = 0; i < 3; i++)
        testing_write_one(store, TESTING_T0 + i * 60 * CLOCK_S, i);
    struct history_answer *answer =
        testing_ask_one(folder_path, TESTING_T0 + 60 * CLOCK_S, TESTING_T0 + 120 * CLOCK_S, 0);
    assert_int_equal(answer->series[0].count, 1);
    assert_true(answer->series[0].buckets[0].last == 0.1);
    history_answer_free(answer);
    history_store_close(store);
}

static void gaps_stay_gaps(void **state)
{
    (void)state;
    struct history_store *store = folder_open();
    static const enum quality qualities[] = {QUALITY_GOOD, QUALITY_STALE, QUALITY_BAD,
                                             QUALITY_ABSENT, QUALITY_GOOD};
    for (int i = 0; i < 5; i++) {
        struct history_reading reading = {1, qualities[i],
                                          qualities[i] == QUALITY_GOOD ? 100 + i : 0};
        testing_write(store, TESTING_T0 + i * CLOCK_S, (i + 1) * CLOCK_S, true, &reading, 1, NULL);
    }
    struct history_answer *answer = testing_ask_one(folder_path, ALWAYS, CLOCK_S);
    assert_int_equal(answer->series[0].count, 2);
    assert_true(answer->series[0].buckets[1].time == TESTING_T0 + 4 * CLOCK_S);
    history_answer_free(answer);
    testing_write_one(store, TESTING_T0 + 2 * TESTING_HOUR, 0);
    assert_int_equal(testing_tidy(store, NULL), 0);
    assert_int_equal(folder_number("SELECT count(*) FROM tick"), 1);
    answer = testing_ask_one(folder_path, TESTING_T0, TESTING_T0 + TESTING_HOUR, 0);
    assert_int_equal(answer->series[0].count, 2);
    history_answer_free(answer);
    history_store_close(store);
}

static void an_unknown_path_is_answered_with_nothing(void **state)
{
    (void)state;
    struct history_store *store = folder_open();
    testing_write_one(store, TESTING_T0, 1);
    static const char *const paths[] = {"no/such/thing", "m/total/voltage", "m/total/voltage"};
    struct history_answer *answer = testing_ask(folder_path, paths, 3, ALWAYS, 0, NULL);
    assert_int_equal(answer->series[0].quantity, QUANTITY_NONE);
    assert_int_equal(answer->series[0].count, 0);
    assert_int_equal(answer->series[1].count, 1);
    assert_int_equal(answer->series[2].count, 1); /* asked twice, answered twice */
    history_answer_free(answer);
    history_store_close(store);
}

static void answers_are_cut_at_their_limit(void **state)
{
    (void)state;
    struct history_store *store = folder_open();
    for (int i = 0; i < 10; i++)
        testing_write_one(store, TESTING_T0 + i * CLOCK_S, i);
    struct history_reader *reader = history_reader_open(folder_path, NULL);
    static const char *const path[] = {"m/total/voltage"};
    struct history_question question = {
        .paths = path, .path_count = 1, .from = 0, .to = INT64_MAX / 2, .most = 4};
    atomic_bool cancel = false;
    struct history_answer *answer = history_reader_ask(reader, &question, &cancel, NULL);
    assert_int_equal(answer->series[0].count, 4);
    assert_true(answer->series[0].cut);
    assert_true(answer->series[0].buckets[3].last == 0.3);
    history_answer_free(answer);
    question.most = 10;
    answer = history_reader_ask(reader, &question, &cancel, NULL);
    assert_int_equal(answer->series[0].count, 10);
    assert_false(answer->series[0].cut);
    history_answer_free(answer);
    cancel = true;
    struct err err = ERR_EMPTY;
    assert_null(history_reader_ask(reader, &question, &cancel, &err));
    assert_int_equal(err.code, -ECANCELED);
    history_reader_close(reader);
    history_store_close(store);
}

static void series_keep_their_numbers(void **state)
{
    (void)state;
    struct history_store *store = folder_open();
    testing_write_one(store, TESTING_T0, 1);
    history_store_close(store);
    store = folder_open();
    const struct history_definition *series = history_store_series(store)->list;
    assert_int_equal(history_store_series(store)->count, TESTING_SERIES);
    assert_int_equal(history_store_series(store)->next, TESTING_SERIES + 1);
    for (size_t i = 0; i < TESTING_SERIES; i++) {
        assert_int_equal(series[i].number, testing_series[i].number);
        assert_string_equal(series[i].path, testing_series[i].path);
        assert_int_equal(series[i].quantity, testing_series[i].quantity);
        assert_int_equal(series[i].decimals, testing_series[i].decimals);
    }
    history_store_close(store);
}

/* ---- clocks ---------------------------------------------------------------------------------- */

/* The clock goes back an hour onto times that are taken, in the tail and in blocks: nothing is
 * lost, order is time. */
static void a_clock_that_steps_back_loses_nothing(void **state)
{
    (void)state;
    struct history_store *store = folder_open();
    for (int i = 0; i < 180; i++)
        testing_write_one(store, TESTING_T0 + i * 60 * CLOCK_S, i);
    testing_tidy(store, NULL);
    assert_int_equal(folder_number("SELECT count(*) FROM tick"), 60);
    /* back by two hours and a half: into blocks, then into the tail */
    struct history_reading reading = {1, QUALITY_GOOD, 0};
    for (int i = 0; i < 180; i++) {
        reading.value = 1000 + i;
        clock_us mono = (180 + i) * 60 * CLOCK_S + CLOCK_S;
        testing_write(store, TESTING_T0 + (30 + i) * 60 * CLOCK_S, mono, true, &reading, 1, NULL);
    }
    for (int round = 0; round < 2; round++) {
        struct history_answer *answer = testing_ask_one(folder_path, ALWAYS, 0);
        const struct history_series *series = &answer->series[0];
        assert_int_equal(series->count, 360);
        bool seen[1200] = {false};
        for (size_t i = 0; i < series->count; i++) {
            if (i > 0)
                assert_true(series->buckets[i].time >= series->buckets[i - 1].time);
            size_t value = (size_t)lround(series->buckets[i].last * 10);
            assert_true(value < 1200 && !seen[value]);
            seen[value] = true;
        }
        history_answer_free(answer);
        testing_tidy(store, NULL);
    }
    history_store_close(store);
}

/* Many ticks that say the same moment lie side by side. */
static void the_same_moment_is_kept_often(void **state)
{
    (void)state;
    struct history_store *store = folder_open();
    struct history_reading reading = {1, QUALITY_GOOD, 5};
    for (int i = 0; i < 100; i++)
        testing_write(store, TESTING_T0, (i + 1) * CLOCK_S, true, &reading, 1, NULL);
    struct history_answer *answer = testing_ask_one(folder_path, ALWAYS, 0);
    assert_int_equal(answer->series[0].count, 100);
    history_answer_free(answer);
    history_store_close(store);
}

/* A write whose end was not seen is repeated: it is there once. */
static void a_repeated_write_is_there_once(void **state)
{
    (void)state;
    struct history_store *store = folder_open();
    struct history_reading reading = {1, QUALITY_GOOD, 5};
    for (int i = 0; i < 3; i++)
        testing_write(store, TESTING_T0, CLOCK_S, true, &reading, 1, NULL);
    for (int i = 0; i < 3; i++)
        testing_write(store, 0, 2 * CLOCK_S, false, &reading, 1, NULL);
    assert_int_equal(folder_number("SELECT count(*) FROM tick"), 1);
    assert_int_equal(folder_number("SELECT count(*) FROM undated"), 1);
    history_store_close(store);
}

static void undated_rows_find_their_place(void **state)
{
    (void)state;
    struct history_store *store = folder_open();
    struct history_reading reading = {1, QUALITY_GOOD, 0};
    for (int i = 0; i < 600; i++) {
        reading.value = i;
        testing_write(store, i, (100 + i) * CLOCK_S, false, &reading, 1, NULL);
    }
    assert_int_equal(testing_tidy(store, NULL), 0);
    struct history_answer *answer = testing_ask_one(folder_path, ALWAYS, 0);
    assert_int_equal(answer->series[0].count, 0); /* no date yet: nowhere on the calendar */
    history_answer_free(answer);

    /* the daemon restarts, the machine does not */
    history_store_close(store);
    store = folder_open();
    reading.value = 600;
    testing_write(store, TESTING_T0 + 700 * CLOCK_S, 700 * CLOCK_S, true, &reading, 1, NULL);
    assert_int_equal(testing_tidy(store, NULL), 0);
    answer = testing_ask_one(folder_path, ALWAYS, 0);
    assert_int_equal(answer->series[0].count, 601);
    for (int i = 0; i <= 600; i++) {
        assert_true(answer->series[0].buckets[i].time == TESTING_T0 + (100 + i) * CLOCK_S);
        assert_int_equal(lround(answer->series[0].buckets[i].last * 10), i);
    }
    history_answer_free(answer);
    assert_int_equal(folder_number("SELECT count(*) FROM undated"), 0);
    assert_true(history_store_facts(store).oldest == TESTING_T0 + 100 * CLOCK_S);
    history_store_close(store);
}

/* Another start of the machine has another monotonic clock: such rows lie before the start that
 * followed, in their order, as late as they can have been. */
static void rows_of_boots_without_a_clock_are_placed(void **state)
{
    (void)state;
    struct history_reading reading = {1, QUALITY_GOOD, 0};
    const char *const boots[] = {"boot-1", "boot-2"};
    struct history_store *store = NULL;
    for (int boot = 0; boot < 2; boot++) {
        store = history_store_open(folder_path, boots[boot], NULL);
        for (int i = 0; i < 400; i++) {
            reading.value = boot * 400 + i;
            testing_write(store, 0, (60 + i) * CLOCK_S, false, &reading, 1, NULL);
        }
        history_store_close(store);
    }
    store = history_store_open(folder_path, "boot-3", NULL);
    reading.value = 800;
    testing_write(store, TESTING_T0, 30 * CLOCK_S, true, &reading, 1, NULL);
    /* a kill between two steps changes nothing */
    assert_int_equal(history_store_tidy(store, NULL), 1);
    history_store_close(store);
    store = history_store_open(folder_path, "boot-3", NULL);
    testing_write(store, TESTING_T0 + CLOCK_S, 31 * CLOCK_S, true, &reading, 1, NULL);
    assert_int_equal(testing_tidy(store, NULL), 0);
    assert_int_equal(folder_number("SELECT count(*) FROM undated"), 0);
    struct history_answer *answer = testing_ask_one(folder_path, ALWAYS, 0);
    assert_int_equal(answer->series[0].count, 802);
    const struct history_bucket *buckets = answer->series[0].buckets;
    for (int i = 0; i < 800; i++) {
        assert_int_equal(lround(buckets[i].last * 10), i);
        assert_true(i % 400 == 0 || buckets[i].time - buckets[i - 1].time == CLOCK_S);
    }
    /* the third boot began 30 s before its first reading */
    clock_us third = TESTING_T0 - 30 * CLOCK_S;
    assert_true(buckets[799].time < third && buckets[799].time > third - CLOCK_S);
    clock_us second = buckets[400].time - 60 * CLOCK_S;
    assert_true(buckets[399].time < second && buckets[399].time > second - CLOCK_S);
    history_answer_free(answer);
    history_store_close(store);
}

/* ---- against plain arithmetic ---------------------------------------------------------------- */

enum { TICKS = 4000, SERIES = 4 };

struct plain {
    clock_us time[TICKS];
    int64_t value[TICKS][SERIES];
    bool good[TICKS][SERIES];
};

/* Ticks with jitter, pauses and gaps over some days; some steps back. */
static void fill(struct history_store *store, struct plain *plain, uint64_t *seed)
{
    clock_us time = TESTING_T0 + (clock_us)(test_random(seed) % 3600) * CLOCK_S;
    int64_t value[SERIES] = {2300, -5, 1000000000000000, 0};
    for (int i = 0; i < TICKS; i++) {
        struct history_reading readings[SERIES];
        for (uint32_t s = 0; s < SERIES; s++) {
            value[s] += (int64_t)(test_random(seed) % 2001) - (s == 2 ? 0 : 1000);
            plain->good[i][s] = test_random(seed) % 10 != 0;
            plain->value[i][s] = value[s];
            readings[s] =
                (struct history_reading){s + 1, plain->good[i][s] ? QUALITY_GOOD : QUALITY_STALE,
                                         plain->good[i][s] ? value[s] : 0};
        }
        plain->time[i] = time;
        assert_int_equal(
            testing_write(store, time, (i + 1) * CLOCK_S, true, readings, SERIES, NULL), 0);
        time += (clock_us)(1 + test_random(seed) % (test_random(seed) % 100 ? 90000 : 20000000)) *
                CLOCK_MS;
        if (i == TICKS / 2)
            time -= 20 * TESTING_HOUR + 12345 * CLOCK_MS;
        if (i % 64 == 0)
            history_store_tidy(store, NULL);
    }
}

/* The same buckets by walking over everything for each bucket that is expected. */
static void check_series(const struct plain *plain, int s, const struct history_series *series,
                         clock_us from, clock_us to, clock_us step)
{
    static const double scales[] = {10, 1000, 1000, 10};
    size_t seen = 0;
    for (size_t b = 0; b < series->count; b++) {
        const struct history_bucket *bucket = &series->buckets[b];
        long double sum = 0;
        int64_t min = INT64_MAX, max = INT64_MIN, last = 0;
        clock_us last_time = -1;
        uint32_t count = 0;
        for (int i = 0; i < TICKS; i++) {
            clock_us time = plain->time[i];
            if (!plain->good[i][s] || time < from || time >= to || time < bucket->time ||
                time >= bucket->time + step)
                continue;
            count++;
            sum += plain->value[i][s];
            min = plain->value[i][s] < min ? plain->value[i][s] : min;
            max = plain->value[i][s] > max ? plain->value[i][s] : max;
            if (time >= last_time) {
                last_time = time;
                last = plain->value[i][s];
            }
        }
        assert_int_equal(bucket->time % step, 0);
        assert_int_equal(bucket->count, count);
        assert_true(count > 0);
        assert_true(bucket->min == (double)min / scales[s] &&
                    bucket->max == (double)max / scales[s]);
        assert_true(bucket->last == (double)last / scales[s]);
        assert_true(bucket->sum == (double)sum / scales[s]);
        seen += count;
    }
    size_t all = 0;
    for (int i = 0; i < TICKS; i++)
        all += plain->good[i][s] && plain->time[i] >= from && plain->time[i] < to;
    assert_int_equal(seen, all);
}

static void check_questions(const struct plain *plain, uint64_t *seed)
{
    static const char *const paths[] = {"m/total/real-power", "m/total/voltage", "m/total/energy",
                                        "m/total/current"};
    static const int series[] = {3, 0, 2, 1};
    static const clock_us steps[] = {60 * CLOCK_S, 7 * 60 * CLOCK_S, TESTING_HOUR,
                                     24 * TESTING_HOUR, 999 * CLOCK_MS};
    for (size_t q = 0; q < TEST_COUNT(steps); q++) {
        clock_us from = TESTING_T0 + (clock_us)(test_random(seed) % 100) * TESTING_HOUR;
        clock_us to = from + (clock_us)(test_random(seed) % 100000) * 2 * CLOCK_S;
        if (q == 2) {
            from = 0;
            to = INT64_MAX / 2;
        }
        struct history_answer *answer =
            testing_ask(folder_path, paths, SERIES, from, to, steps[q], NULL);
        for (int s = 0; s < SERIES; s++)
            check_series(plain, series[s], &answer->series[s], from, to, steps[q]);
        history_answer_free(answer);
    }
}

static void buckets_agree_with_plain_arithmetic(void **state)
{
    (void)state;
    uint64_t seed = test_seed();
    struct plain *plain = calloc(1, sizeof *plain);
    struct history_store *store = folder_open();
    fill(store, plain, &seed);
    assert_true(folder_number("SELECT count(*) FROM tick") > 0);
    assert_true(folder_number("SELECT count(*) FROM block") > 0);
    check_questions(plain, &seed);
    history_store_close(store);
    free(plain);
}

static bool same_answers(const struct history_answer *a, const struct history_answer *b)
{
    for (size_t s = 0; s < a->path_count; s++) {
        if (a->series[s].count != b->series[s].count)
            return false;
        for (size_t i = 0; i < a->series[s].count; i++) {
            const struct history_bucket *x = &a->series[s].buckets[i],
                                        *y = &b->series[s].buckets[i];
            if (x->time != y->time || x->min != y->min || x->sum != y->sum || x->max != y->max ||
                x->last != y->last || x->count != y->count)
                return false;
        }
    }
    return true;
}

/* Turning rows into blocks changes no answer, at no step on the way. */
static void tidying_changes_no_answer(void **state)
{
    (void)state;
    uint64_t seed = test_seed();
    struct history_store *store = folder_open();
    struct history_reading readings[SERIES];
    for (int i = 0; i < 600; i++) {
        for (uint32_t s = 0; s < SERIES; s++) {
            bool good = test_random(&seed) % 8;
            readings[s] = (struct history_reading){s + 1, good ? QUALITY_GOOD : QUALITY_BAD,
                                                   good ? (int64_t)(test_random(&seed) % 5000) : 0};
        }
        testing_write(store, TESTING_T0 + i * 60 * CLOCK_S, (i + 1) * CLOCK_S, true, readings,
                      SERIES, NULL);
    }
    static const char *const paths[] = {"m/total/voltage", "m/total/current", "m/total/energy",
                                        "m/total/real-power"};
    struct history_answer *raw = testing_ask(folder_path, paths, SERIES, ALWAYS, 0, NULL);
    struct history_answer *quarters =
        testing_ask(folder_path, paths, SERIES, ALWAYS, 900 * CLOCK_S, NULL);
    int steps = 0;
    while (history_store_tidy(store, NULL) > 0) {
        struct history_answer *now = testing_ask(folder_path, paths, SERIES, ALWAYS, 0, NULL);
        assert_true(same_answers(raw, now));
        history_answer_free(now);
        now = testing_ask(folder_path, paths, SERIES, ALWAYS, 900 * CLOCK_S, NULL);
        assert_true(same_answers(quarters, now));
        history_answer_free(now);
        steps++;
    }
    assert_int_equal(steps, 9); /* ten hours, the current one stays */
    assert_int_equal(folder_number("SELECT count(*) FROM block"), 9 * SERIES);
    assert_true(history_store_facts(store).bytes_per_reading > 0);
    history_answer_free(raw);
    history_answer_free(quarters);
    history_store_close(store);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, folder_make, folder_remove)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_was_written_is_answered),
        TEST(the_end_is_not_part_of_the_span),
        TEST(gaps_stay_gaps),
        TEST(an_unknown_path_is_answered_with_nothing),
        TEST(answers_are_cut_at_their_limit),
        TEST(series_keep_their_numbers),
        TEST(a_clock_that_steps_back_loses_nothing),
        TEST(the_same_moment_is_kept_often),
        TEST(a_repeated_write_is_there_once),
        TEST(undated_rows_find_their_place),
        TEST(rows_of_boots_without_a_clock_are_placed),
        TEST(buckets_agree_with_plain_arithmetic),
        TEST(tidying_changes_no_answer),
    };
    return cmocka_run_group_tests_name("history_store", tests, NULL, NULL);
}
