/* How often and as what readings are recorded: value, average, highest, lowest, and intervals that
 * share ticks through whatever clocks do. */
#include "engine/history_fixture.h"

#include <math.h>

#include "base/time_text.h"
#include "engine/history_points.h"
#include "engine/history_rhythm.h"

/* ---- modes ----------------------------------------------------------------------------------- */

struct event {
    clock_us wall;
    double number;
};

enum { EVENTS = 6000 };

/* What a mode makes of the readings in begin < time < end; NaN without any. */
static double expected(const struct event *events, clock_us begin, clock_us end,
                       enum history_mode mode)
{
    long double sum = 0;
    double low = INFINITY, high = -INFINITY;
    size_t count = 0;
    for (size_t i = 0; i < EVENTS; i++) {
        if (events[i].wall <= begin || events[i].wall >= end)
            continue;
        sum += events[i].number;
        low = fmin(low, events[i].number);
        high = fmax(high, events[i].number);
        count++;
    }
    if (count == 0)
        return NAN;
    return mode == HISTORY_MODE_LOWEST    ? low
           : mode == HISTORY_MODE_HIGHEST ? high
                                          : (double)(sum / (long double)count);
}

static double last_before(const struct event *events, clock_us end)
{
    size_t i = EVENTS;
    while (i > 0 && events[i - 1].wall >= end)
        i--;
    return i > 0 ? events[i - 1].number : NAN;
}

/* Readings at random times, many repeated, some several in one turn of the loop. None falls on the
 * moment of a tick. */
static void feed_readings(struct fixture *fixture, struct event *events, uint64_t *seed)
{
    double number = 230;
    for (size_t i = 0; i < EVENTS; i++) {
        clock_us wall = clock_wall(&fixture->clock) + (clock_us)test_below(seed, 2500) * CLOCK_MS;
        if (test_below(seed, 200) == 0)
            wall += 3 * MINUTE; /* a span without any */
        if (wall % CLOCK_S == 0)
            wall += CLOCK_MS;
        loop_advance(fixture->loop, wall - clock_wall(&fixture->clock));
        if (test_below(seed, 3) == 0)
            number = 200 + (double)test_below(seed, 600) / 10;
        fixture_put(fixture, fixture->voltage, number);
        events[i] = (struct event){wall, number};
        if (i % 500 == 499)
            fixture_wait_written(fixture, history_status(fixture->history).ticks_written);
    }
}

static void check_mode(struct fixture *fixture, enum history_mode mode, const char *every)
{
    static struct event events[EVENTS];
    uint64_t seed = test_seed();
    const struct rule rules[] = {{"r", {"m/total/voltage", (int64_t)mode, every, false}},
                                 {"rest", {"*/*/*", 0, "off", false}}};
    fixture->voltage->good_for = EVER;
    fixture_open(fixture, MINUTE, rules, 2);
    loop_advance(fixture->loop, 500 * CLOCK_MS);
    feed_readings(fixture, events, &seed);
    struct history_answer *answer = fixture_recorded(fixture, "m/total/voltage");
    const struct history_series *series = &answer->series[0];
    size_t held = 0;
    assert_true(series->count > 60);
    for (size_t i = 0; i < series->count; i++) {
        clock_us begin = i ? series->buckets[i - 1].time : 0, end = series->buckets[i].time;
        double right = mode == HISTORY_MODE_VALUE ? last_before(events, end)
                                                  : expected(events, begin, end, mode);
        if (isnan(right)) {
            right = last_before(events, end); /* still good: it stands for the span */
            held++;
        }
        if (fabs(series->buckets[i].last - right) > 0.05 + 1e-9)
            fail_msg("bucket %zu: %.3f instead of %.3f", i, series->buckets[i].last, right);
    }
    assert_true(held > 0 || mode == HISTORY_MODE_VALUE);
    history_answer_free(answer);
}

static void value_is_the_last_reading(void **state)
{
    check_mode(*state, HISTORY_MODE_VALUE, "1 min");
}

static void average_counts_each_reading_once(void **state)
{
    check_mode(*state, HISTORY_MODE_AVERAGE, "1 min");
}

static void highest_within_the_interval(void **state)
{
    check_mode(*state, HISTORY_MODE_HIGHEST, "30 s");
}

static void lowest_within_the_interval(void **state)
{
    check_mode(*state, HISTORY_MODE_LOWEST, "90 s");
}

/* Ten times the same number and once another: a feed of changes alone would say 235. */
static void repeated_readings_weigh(void **state)
{
    struct fixture *fixture = *state;
    const struct rule rules[] = {{"r", {"*/total/*", HISTORY_MODE_AVERAGE, "1 min", false}}};
    fixture_open(fixture, MINUTE, rules, 1);
    loop_advance(fixture->loop, MINUTE + CLOCK_S / 2);
    for (int i = 0; i < 10; i++) {
        fixture_put(fixture, fixture->voltage, i < 9 ? 230 : 240);
        fixture_put(fixture, fixture->energy, 100 + i);
        loop_advance(fixture->loop, CLOCK_S);
    }
    loop_advance(fixture->loop, MINUTE);
    struct history_answer *answer = fixture_recorded(fixture, "m/total/voltage");
    assert_int_equal(answer->series[0].count, 1);
    assert_true(answer->series[0].buckets[0].last == 231);
    history_answer_free(answer);
    const char *const energy[] = {"m/total/energy"};
    answer = testing_ask(fixture->folder, energy, 1, 0, INT64_MAX / 2, 0, NULL);
    assert_true(answer->series[0].buckets[0].last == 109); /* counters as they stand */
    history_answer_free(answer);
}

/* No good reading in the interval: a gap, and the next interval begins anew. */
static void spans_without_readings_are_gaps(void **state)
{
    struct fixture *fixture = *state;
    const struct rule rules[] = {{"r", {"*/total/*", HISTORY_MODE_HIGHEST, "1 min", false}}};
    fixture_open(fixture, MINUTE, rules, 1);
    loop_advance(fixture->loop, MINUTE + CLOCK_S / 2);
    fixture_put(fixture, fixture->voltage, 250);
    point_mark(fixture->voltage, QUALITY_STALE, REASON_SILENT); /* had one reading all the same */
    loop_advance(fixture->loop, MINUTE);
    loop_advance(fixture->loop, MINUTE);         /* none */
    fixture_put(fixture, fixture->voltage, 1e9); /* not plausible: none */
    loop_advance(fixture->loop, MINUTE);
    fixture_put(fixture, fixture->voltage, 240);
    loop_advance(fixture->loop, MINUTE);
    struct history_answer *answer = fixture_recorded(fixture, "m/total/voltage");
    assert_int_equal(answer->series[0].count, 2);
    assert_true(answer->series[0].buckets[0].last == 250);
    assert_true(answer->series[0].buckets[1].last == 240);
    assert_true(answer->series[0].buckets[1].time - answer->series[0].buckets[0].time ==
                3 * MINUTE);
    history_answer_free(answer);
}

/* ---- intervals ------------------------------------------------------------------------------- */

/* Several intervals share ticks; each point has its multiples of the wall clock and no others. */
static void intervals_share_ticks(void **state)
{
    struct fixture *fixture = *state;
    const struct rule rules[] = {{"v", {"m/total/voltage", 0, "10 s", false}},
                                 {"c", {"m/total/current", 0, "15 s", false}},
                                 {"s", {"m/*/state", 0, "off", false}}};
    fixture_put(fixture, fixture->voltage, 1);
    fixture_put(fixture, fixture->current, 1);
    fixture_put(fixture, fixture->energy, 1);
    fixture->voltage->good_for = fixture->current->good_for = fixture->energy->good_for = EVER;
    fixture_open(fixture, MINUTE, rules, 3);
    loop_advance(fixture->loop, 10 * MINUTE);
    /* in a minute: 10 20 30 40 50 60 and 15 30 45 60 are eight moments */
    fixture_wait_written(fixture, 1 + 10 * 8);
    assert_int_equal(history_status(fixture->history).points, 3);
    struct history_answer *answer = fixture_recorded(fixture, "m/total/current");
    assert_int_equal(answer->series[0].count, 1 + 10 * 4);
    for (size_t i = 1; i < answer->series[0].count; i++)
        assert_true(answer->series[0].buckets[i].time == T0 + (clock_us)i * 15 * CLOCK_S);
    history_answer_free(answer);
    static const struct {
        const char *path;
        size_t count;
    } others[] = {{"m/total/voltage", 1 + 60}, {"m/total/energy", 1 + 10}, {"m/outlet-1/state", 0}};
    for (size_t i = 0; i < TEST_COUNT(others); i++) {
        answer = testing_ask(fixture->folder, &others[i].path, 1, 0, INT64_MAX / 2, 0, NULL);
        assert_int_equal(answer->series[0].count, others[i].count);
        history_answer_free(answer);
    }
}

/* The night of 2026-10-25 in Vienna has 25 hours, the one of 2026-03-29 has 23: one reading an
 * interval all the same, none twice. */
static void daylight_saving_changes_nothing(void **state)
{
    struct fixture *fixture = *state;
    const struct rule rules[] = {{"v", {"*/*/*", 0, "30 min", false}}};
    static const clock_us nights[] = {1774738800LL * CLOCK_S, 1792882800LL * CLOCK_S};
    assert_int_equal(time_text_use_zone("Europe/Vienna", NULL), 0);
    fixture_put(fixture, fixture->energy, 1);
    fixture->energy->good_for = EVER;
    clock_fake_step_wall(&fixture->clock, nights[0] - clock_wall(&fixture->clock));
    fixture_open(fixture, MINUTE, rules, 1);
    loop_advance(fixture->loop, 12 * 60 * MINUTE);
    fixture_wait_written(fixture, 1 + 24);
    clock_fake_step_wall(&fixture->clock, nights[1] - clock_wall(&fixture->clock));
    loop_advance(fixture->loop, 12 * 60 * MINUTE);
    struct history_answer *answer = fixture_recorded(fixture, "m/total/energy");
    assert_int_equal(answer->series[0].count, 1 + 24 + 24);
    for (size_t i = 1; i < 49; i++)
        assert_true(answer->series[0].buckets[i].time % (30 * MINUTE) == 0);
    history_answer_free(answer);
    time_text_use_zone("UTC", NULL);
}

/* Steps of the wall clock: never two beats of an interval without its time between, never a pause
 * longer than it, and on its multiples again with the next. */
static void steps_never_stretch_an_interval(void **state)
{
    (void)state;
    uint64_t seed = test_seed();
    static const clock_us every[] = {CLOCK_S, 7 * CLOCK_S, MINUTE, 60 * MINUTE};
    struct history_rhythm rhythm = HISTORY_RHYTHM_EMPTY;
    clock_us mono = CLOCK_S, wall = T0 + 123456, last[4], beats[4] = {0};
    history_rhythm_set(&rhythm, every, 4, CLOCK_S / 2, mono, wall);
    for (int i = 0; i < 4; i++)
        last[i] = mono;
    for (int round = 0; round < 200000; round++) {
        clock_us next = history_rhythm_next(&rhythm), moment;
        assert_true(next > mono);
        wall += next - mono;
        mono = next;
        if (test_below(&seed, 500) == 0)
            wall += (clock_us)test_below(&seed, 7200) * CLOCK_S - 3600 * CLOCK_S;
        moment = wall - history_rhythm_beat(&rhythm, mono, wall);
        for (int i = 0; i < 4; i++) {
            if (!rhythm.list[i].now)
                continue;
            if (mono - last[i] > every[i])
                fail_msg("round %d: %lld us without a beat of %lld", round,
                         (long long)(mono - last[i]), (long long)every[i]);
            if (rhythm.list[i].moment >= 0)
                assert_true(rhythm.list[i].moment == moment && moment % every[i] == 0);
            last[i] = mono;
            beats[i]++;
        }
    }
    for (int i = 0; i < 4; i++) {
        /* at most one more for each step than there were intervals */
        double steps = 200000 / 500.0 * 1.3, whole = (double)(mono - CLOCK_S) / (double)every[i];
        assert_true((double)beats[i] >= floor(whole) && (double)beats[i] <= whole + steps + 2);
    }
    history_rhythm_deinit(&rhythm);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, fixture_set_up, fixture_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(value_is_the_last_reading),       TEST(average_counts_each_reading_once),
        TEST(highest_within_the_interval),     TEST(lowest_within_the_interval),
        TEST(repeated_readings_weigh),         TEST(spans_without_readings_are_gaps),
        TEST(intervals_share_ticks),           TEST(daylight_saving_changes_nothing),
        TEST(steps_never_stretch_an_interval),
    };
    return cmocka_run_group_tests_name("history_modes", tests, NULL, NULL);
}
