#include "field_testing.h"

#include "field/statistics.h"

static int compare(const void *a, const void *b)
{
    clock_us x = *(const clock_us *)a, y = *(const clock_us *)b;
    return (x > y) - (x < y);
}

/* Against the sorted list itself. */
static void latency_within_its_bucket(void **state)
{
    (void)state;
    enum { COUNT = 5000 };
    uint64_t seed = test_seed();
    struct statistics *statistics = mem_new(sizeof *statistics);
    clock_us all[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        all[i] = (clock_us)(200 + test_random(&seed) % 1000 * (1 + test_random(&seed) % 300));
        statistics_answer(statistics, all[i]);
    }
    qsort(all, COUNT, sizeof *all, compare);
    const double shares[] = {0.5, 0.9, 0.99};
    for (size_t i = 0; i < TEST_COUNT(shares); i++) {
        clock_us right = all[(size_t)(shares[i] * COUNT) - 1];
        clock_us found = statistics_latency_at(&statistics->latency, shares[i]);
        assert_true(llabs(found - right) <= right / 7);
    }
    assert_int_equal(statistics->latency.most, all[COUNT - 1]);
    assert_int_equal(statistics->counts[STATISTICS_ANSWERS], COUNT);
    free(statistics);
}

static void latency_extremes(void **state)
{
    (void)state;
    struct statistics *statistics = mem_new(sizeof *statistics);
    assert_int_equal(statistics_latency_at(&statistics->latency, 0.5), 0);
    statistics_answer(statistics, 0);
    assert_int_equal(statistics_latency_at(&statistics->latency, 0.5), 0);
    statistics_answer(statistics, 3600 * CLOCK_S);
    assert_int_equal(statistics->latency.most, 3600 * CLOCK_S);
    assert_true(statistics_latency_at(&statistics->latency, 1) > 60 * CLOCK_S);
    free(statistics);
}

static void old_latency_fades(void **state)
{
    (void)state;
    struct statistics *statistics = mem_new(sizeof *statistics);
    for (int i = 0; i < 60000; i++)
        statistics_answer(statistics, 100 * CLOCK_MS);
    for (int i = 0; i < 200000; i++)
        statistics_answer(statistics, CLOCK_MS);
    assert_true(statistics_latency_at(&statistics->latency, 0.9) < 2 * CLOCK_MS);
    assert_int_equal(statistics->counts[STATISTICS_ANSWERS], 260000);
    free(statistics);
}

static void exceptions_by_code(void **state)
{
    (void)state;
    struct statistics *statistics = mem_new(sizeof *statistics);
    statistics_exception(statistics, 2);
    statistics_exception(statistics, 2);
    statistics_exception(statistics, 250);
    assert_int_equal(statistics->exceptions[2], 2);
    assert_int_equal(statistics->exceptions[0], 1);
    assert_int_equal(statistics->counts[STATISTICS_EXCEPTIONS], 3);
    free(statistics);
}

static void busy_share(void **state)
{
    (void)state;
    struct statistics_busy busy;
    clock_us now = 5 * CLOCK_S;
    statistics_busy_start(&busy, now);
    assert_true(statistics_busy_percent(&busy, now) == 0);
    for (int i = 0; i < 100; i++) { /* a quarter of the time, for 40 s */
        statistics_busy_begin(&busy, now);
        statistics_busy_end(&busy, now + 100 * CLOCK_MS);
        now += 400 * CLOCK_MS;
    }
    double percent = statistics_busy_percent(&busy, now);
    assert_true(percent > 24 && percent < 26);
    /* still under way for long */
    statistics_busy_begin(&busy, now);
    percent = statistics_busy_percent(&busy, now + 60 * CLOCK_S);
    assert_true(percent > 99.9 && percent < 100.1);
    statistics_busy_end(&busy, now + 60 * CLOCK_S);
    assert_true(statistics_busy_percent(&busy, now + 1000000 * CLOCK_S) == 0);
}

static void add_up(void *user, clock_us to, uint32_t count)
{
    uint64_t *seen = user; /* answers so far, octaves, begin of this one */
    seen[0] += count;
    seen[1]++;
    assert_true((uint64_t)to == (seen[2] ? 2 * seen[2] : (uint64_t)to));
    seen[2] = (uint64_t)to;
    /* 1 ms, 3 ms and 5 ms: up to 1.024, 4.096 and 8.192 ms, 2.048 between them empty */
    assert_int_equal(count, to == 1024 ? 3 : to == 4096 ? 2 : to == 8192 ? 1 : 0);
}

static void latency_by_octave(void **state)
{
    (void)state;
    struct statistics *statistics = mem_new(sizeof *statistics);
    uint64_t seen[3] = {0};
    statistics_latency_each(&statistics->latency, add_up, seen);
    assert_int_equal(seen[1], 0);
    static const clock_us latencies[] = {1000, 1001, 1002, 3000, 3500, 5000};
    for (size_t i = 0; i < TEST_COUNT(latencies); i++)
        statistics_answer(statistics, latencies[i]);
    statistics_latency_each(&statistics->latency, add_up, seen);
    assert_int_equal(seen[0], 6);
    assert_int_equal(seen[1], 4);
    free(statistics);
}

static void lately_is_two_marks(void **state)
{
    (void)state;
    struct statistics *statistics = mem_new(sizeof *statistics);
    struct statistics_recent recent;
    statistics->counts[STATISTICS_POLLS] = 1000; /* adopted of a line before */
    statistics_recent_start(&recent, statistics, 0);
    for (clock_us now = CLOCK_S; now <= 1000 * CLOCK_S; now += CLOCK_S) {
        statistics->counts[STATISTICS_POLLS]++; /* one a second */
        statistics_recent_roll(&recent, statistics, now);
        uint64_t lately = statistics_recent_count(&recent, statistics, STATISTICS_POLLS);
        assert_true(lately <= 300 && lately <= (uint64_t)(now / CLOCK_S));
        assert_true(lately >= 150 || lately == (uint64_t)(now / CLOCK_S));
    }
    free(statistics);
}

static void names(void **state)
{
    (void)state;
    for (int i = 0; i < STATISTICS_COUNTS; i++)
        assert_true(*statistics_count_name((enum statistics_count)i));
    assert_string_equal(statistics_count_name(STATISTICS_CRC_ERRORS), "crc_errors");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(latency_within_its_bucket),
        cmocka_unit_test(latency_extremes),
        cmocka_unit_test(old_latency_fades),
        cmocka_unit_test(exceptions_by_code),
        cmocka_unit_test(latency_by_octave),
        cmocka_unit_test(lately_is_two_marks),
        cmocka_unit_test(busy_share),
        cmocka_unit_test(names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
