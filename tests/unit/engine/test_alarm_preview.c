/* The replay of a rule over rows of the history: trips, how long, what is known, and how fine.
 * Expected figures are worked out by hand from the rows. */
#include "test.h"

#include <math.h>

#include "engine/alarm_preview_replay.h"

#define BEGIN (1790000000LL * CLOCK_S)
#define MINUTE (60 * CLOCK_S)

static struct alarm_test over(double limit, double recover, clock_us hold)
{
    return (struct alarm_test){.when = ALARM_OVER,
                               .limit = limit,
                               .recover = recover,
                               .hold = hold,
                               .per = CLOCK_S,
                               .window = CLOCK_S};
}

/* A single reading, `minute` minutes after the beginning. */
static struct history_bucket reading(int minute, double number)
{
    return (struct history_bucket){.time = BEGIN + minute * MINUTE,
                                   .min = number,
                                   .sum = number,
                                   .max = number,
                                   .last = number,
                                   .count = 1};
}

static struct history_bucket bucket(int minute, double min, double average, double max, double last)
{
    return (struct history_bucket){.time = BEGIN + minute * MINUTE,
                                   .min = min,
                                   .sum = 10 * average,
                                   .max = max,
                                   .last = last,
                                   .count = 10};
}

static struct alarm_preview_replay replay(struct alarm_test test, clock_us step,
                                          const struct history_bucket *rows, size_t count,
                                          int minutes)
{
    /* `one` keeps a pointer to itself: it must not move */
    static struct alarm_preview_replay one;
    alarm_preview_replay_begin(&one, "m/total/current", &test, step, BEGIN,
                               BEGIN + minutes * MINUTE, rows, count);
    for (size_t i = 0; i < count; i++) /* as pages that are short */
        alarm_preview_replay_rows(&one, &rows[i], 1);
    alarm_preview_replay_end(&one);
    return one;
}

static void test_readings_over_a_limit(void **state)
{
    (void)state;
    const struct history_bucket rows[] = {reading(0, 5),   reading(1, 12), reading(2, 15),
                                          reading(3, 9.5), /* in the band: still raised */
                                          reading(4, 8),   reading(5, 8),  reading(6, 11)};
    struct alarm_preview_replay one = replay(over(10, 9, 0), 0, rows, TEST_COUNT(rows), 7);
    assert_int_equal(one.point.count, 2);
    assert_true(one.point.held == 4 * MINUTE); /* 1 to 4, 6 to the end at 7 */
    assert_true(one.point.covered == 7 * MINUTE);
    assert_true(one.point.resolution == MINUTE);
    assert_false(one.point.buckets);
    assert_int_equal(one.point.span_count, 2);
    assert_true(one.point.spans[0].from == BEGIN + MINUTE);
    assert_true(one.point.spans[0].to == BEGIN + 4 * MINUTE);
    assert_true(one.point.spans[0].worst == 15);
    assert_true(one.point.spans[1].to == CLOCK_NEVER);
    assert_true(one.point.spans[1].worst == 11);
    alarm_preview_replay_deinit(&one);
}

static void test_a_duration_must_pass(void **state)
{
    (void)state;
    const struct history_bucket rows[] = {reading(0, 12), reading(1, 5),  reading(2, 12),
                                          reading(3, 12), reading(4, 12), reading(5, 5)};
    struct alarm_preview_replay one = replay(over(10, 10, 90 * CLOCK_S), 0, rows, 6, 6);
    assert_int_equal(one.point.count, 1); /* from 2:00 on for 90 s, until 5:00 */
    assert_true(one.point.spans[0].from == BEGIN + 2 * MINUTE + 90 * CLOCK_S);
    assert_true(one.point.held == 90 * CLOCK_S);
    assert_true(one.point.spans[0].worst == 12);
    alarm_preview_replay_deinit(&one);
}

/* Where nothing was recorded nothing is claimed: not covered, and no duration passes. */
static void test_a_gap(void **state)
{
    (void)state;
    const struct history_bucket rows[] = {reading(0, 5),   reading(1, 5),   reading(2, 12),
                                          reading(60, 12), reading(61, 12), reading(62, 5)};
    struct alarm_preview_replay one = replay(over(10, 10, 150 * CLOCK_S), 0, rows, 6, 63);
    /* beyond for the minute after 2 that is known, then 90 s from 60 on */
    assert_int_equal(one.point.count, 1);
    assert_true(one.point.spans[0].from == BEGIN + 60 * MINUTE + 90 * CLOCK_S);
    assert_true(one.point.covered == 6 * MINUTE);
    assert_true(one.point.resolution == MINUTE);
    alarm_preview_replay_deinit(&one);
}

/* Old readings are thinned out: hours between rows are then how they are, not a gap. */
static void test_another_rhythm_is_no_gap(void **state)
{
    (void)state;
    struct history_bucket rows[40];
    for (int i = 0; i < 10; i++)
        rows[i] = bucket(60 * i, 1, 2, i == 5 ? 20 : 3, 2);
    for (int i = 10; i < 40; i++)
        rows[i] = reading(600 + i - 10, 5);
    struct alarm_preview_replay one = replay(over(10, 10, 0), 0, rows, TEST_COUNT(rows), 630);
    assert_int_equal(one.point.count, 1);
    assert_true(one.point.spans[0].worst == 20);
    assert_true(one.point.buckets);
    assert_true(one.point.resolution == 60 * MINUTE);
    /* all but the first hour, in which the rhythm is not known yet, at most */
    assert_true(one.point.covered >= 569 * MINUTE && one.point.covered <= 630 * MINUTE);
    alarm_preview_replay_deinit(&one);
}

static void test_buckets(void **state)
{
    (void)state;
    /* without a duration the peak counts; with one the average does */
    const struct history_bucket rows[] = {bucket(0, 1, 2, 3, 2), bucket(10, 1, 2, 20, 2),
                                          bucket(20, 11, 12, 13, 12), bucket(30, 1, 2, 3, 2)};
    struct alarm_preview_replay one = replay(over(10, 10, 0), 10 * MINUTE, rows, 4, 40);
    assert_int_equal(one.point.count, 2);
    assert_true(one.point.buckets);
    assert_true(one.point.spans[0].worst == 20);
    alarm_preview_replay_deinit(&one);
    one = replay(over(10, 10, 5 * MINUTE), 10 * MINUTE, rows, 4, 40);
    assert_int_equal(one.point.count, 1);
    assert_true(one.point.spans[0].from == BEGIN + 25 * MINUTE);
    assert_true(one.point.held == 5 * MINUTE);
    alarm_preview_replay_deinit(&one);
}

/* A state has no average: what it was for a part of the bucket counts. */
static void test_a_state_in_buckets(void **state)
{
    (void)state;
    const struct history_bucket rows[] = {bucket(0, 0, 0, 0, 0), bucket(10, 0, 0.5, 1, 0),
                                          bucket(20, 0, 0, 0, 0)};
    const struct alarm_test test = {.when = ALARM_EQUALS, .limit = 1, .per = CLOCK_S};
    struct alarm_preview_replay one = replay(test, 10 * MINUTE, rows, 3, 30);
    assert_int_equal(one.point.count, 1);
    alarm_preview_replay_deinit(&one);
}

/* All are counted, the last ones are listed, in order. */
static void test_more_spans_than_are_listed(void **state)
{
    (void)state;
    enum { TRIPS = ALARM_PREVIEW_SPANS + 37 };
    static struct history_bucket rows[2 * TRIPS];
    for (int i = 0; i < TRIPS; i++) {
        rows[2 * i] = reading(2 * i, 20 + i);
        rows[2 * i + 1] = reading(2 * i + 1, 0);
    }
    struct alarm_preview_replay one = replay(over(10, 10, 0), 0, rows, TEST_COUNT(rows), 2 * TRIPS);
    assert_int_equal(one.point.count, TRIPS);
    assert_int_equal(one.point.span_count, ALARM_PREVIEW_SPANS);
    for (size_t i = 0; i < ALARM_PREVIEW_SPANS; i++)
        assert_true(one.point.spans[i].worst == 20.0 + 37 + (double)i);
    alarm_preview_replay_deinit(&one);
}

static void test_nothing_recorded(void **state)
{
    (void)state;
    struct alarm_preview_replay one = replay(over(10, 10, 0), 0, NULL, 0, 60);
    assert_int_equal(one.point.count, 0);
    assert_true(one.point.covered == 0 && one.point.held == 0);
    alarm_preview_replay_deinit(&one);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_readings_over_a_limit),
        cmocka_unit_test(test_a_duration_must_pass),
        cmocka_unit_test(test_a_gap),
        cmocka_unit_test(test_another_rhythm_is_no_gap),
        cmocka_unit_test(test_buckets),
        cmocka_unit_test(test_a_state_in_buckets),
        cmocka_unit_test(test_more_spans_than_are_listed),
        cmocka_unit_test(test_nothing_recorded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
