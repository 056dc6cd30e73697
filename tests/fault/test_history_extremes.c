/* What should not happen and does: a clock that jumps by ten years and back, and ten thousand
 * series. */
#include "test.h"
#include "test_folder.h"

#include <unistd.h>

#include "history_testing.h"

#define YEARS_10 (3652LL * 86400 * CLOCK_S)
#define STEP (900 * CLOCK_S)

static char folder[200];

static int set_up(void **state)
{
    (void)state;
    test_folder_in_memory(folder, sizeof folder);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    test_folder_remove(folder);
    return 0;
}

/* Two days at each place that the clock jumps to and back again: every reading is kept at the time
 * that it was told, each once, in order of time. */
static void the_clock_jumps_by_ten_years(void **state)
{
    (void)state;
    enum { DAYS = 2, PER_DAY = 96, STAYS = 5, EACH = DAYS * PER_DAY };
    static const clock_us jumps[STAYS] = {0, YEARS_10, 0, -YEARS_10, 0};
    struct history_store *store = history_store_open(folder, "boot-1", NULL);
    clock_us mono = CLOCK_S;
    int sent = 0;
    for (int stay = 0; stay < STAYS; stay++) {
        for (int i = 0; i < EACH; i++, sent++, mono += STEP) {
            struct history_reading reading = {1, QUALITY_GOOD, sent};
            clock_us wall = TESTING_T0 + jumps[stay] + (stay * EACH + i) * STEP;
            assert_int_equal(testing_write(store, wall, mono, true, &reading, 1, NULL), 0);
            if (i % 7 == 0)
                assert_int_equal(testing_tidy(store, NULL), 0);
        }
    }
    assert_int_equal(testing_tidy(store, NULL), 0);
    struct history_answer *answer = testing_ask_one(folder, 0, INT64_MAX / 2, 0);
    assert_int_equal(answer->series[0].count, sent);
    bool seen[STAYS * EACH] = {false};
    for (int i = 0; i < sent; i++) {
        const struct history_bucket *bucket = &answer->series[0].buckets[i];
        int number = (int)(bucket->last * 10 + 0.5);
        assert_true(i == 0 || bucket->time > bucket[-1].time);
        assert_in_range(number, 0, sent - 1);
        assert_false(seen[number]);
        assert_true(bucket->time == TESTING_T0 + jumps[number / EACH] + number * STEP);
        seen[number] = true;
    }
    history_answer_free(answer);
    history_store_close(store);
}

/* More series than any site has: each keeps its own readings through blocks and pieces. */
static void ten_thousand_series(void **state)
{
    (void)state;
    enum { SERIES = 10000, TICKS = 30 };
    static struct history_definition definitions[SERIES];
    static char paths[SERIES][24];
    static struct history_reading readings[SERIES];
    struct history_store *store = history_store_open(folder, "boot-1", NULL);
    for (int s = 0; s < SERIES; s++) {
        snprintf(paths[s], sizeof paths[s], "m-%d/total/energy", s);
        definitions[s] = (struct history_definition){(uint32_t)s + 1, QUANTITY_ENERGY, 3, paths[s]};
    }
    for (int t = 0; t < TICKS; t++) {
        for (int s = 0; s < SERIES; s++)
            readings[s] = (struct history_reading){(uint32_t)s + 1, QUALITY_GOOD, s * 100 + t};
        struct buf row = BUF_EMPTY;
        history_row_encode(&row, (t + 1) * 3600000LL, readings, SERIES);
        struct history_record record = {.mono = (t + 1) * TESTING_HOUR,
                                        .wall = TESTING_T0 + t * TESTING_HOUR,
                                        .wall_known = true,
                                        .row = (uint8_t *)row.data,
                                        .length = row.length,
                                        .definitions = definitions,
                                        .definition_count = t == 0 ? SERIES : 0};
        struct history_record *records[] = {&record};
        assert_int_equal(history_store_write(store, records, 1, NULL), 0);
        buf_deinit(&row);
    }
    assert_int_equal(testing_tidy(store, NULL), 0);
    history_store_close(store);
    store = history_store_open(folder, "boot-2", NULL);
    assert_int_equal(history_store_series(store)->count, SERIES);
    for (int s = 0; s < SERIES; s += 1111) {
        const char *path[] = {paths[s]};
        struct history_answer *answer = testing_ask(folder, path, 1, 0, INT64_MAX / 2, 0, NULL);
        assert_int_equal(answer->series[0].count, TICKS);
        for (int t = 0; t < TICKS; t++)
            assert_true(answer->series[0].buckets[t].last == (double)(s * 100 + t) / 1000);
        history_answer_free(answer);
    }
    history_store_close(store);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_clock_jumps_by_ten_years),
        TEST(ten_thousand_series),
    };
    return cmocka_run_group_tests_name("history_extremes", tests, NULL, NULL);
}
