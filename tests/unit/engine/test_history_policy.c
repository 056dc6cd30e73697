/* What is recorded, how often and as what, on a fake clock: modes, intervals, alarms, clearing, and
 * that none of it allocates. */
#include "test.h"
#include "test_folder.h"

#include <errno.h>
#include <math.h>
#include <unistd.h>

#include "base/time_text.h"
#include "engine/history.h"
#include "engine/history_forecast.h"
#include "engine/history_points.h"
#include "engine/history_rhythm.h"
#include "engine/history_rules.h"
#include "engine/history_testing.h"

#include "test_allocations.h"

#define T0 (1795222800LL * CLOCK_S) /* 2026-11-21T01:00:00Z */
#define MINUTE (60 * CLOCK_S)
#define EVER CLOCK_NEVER

struct fixture {
    char folder[200];
    struct clock clock;
    struct loop *loop;
    struct site *site;
    struct device *device;
    struct point *voltage, *current, *energy, *state;
    struct history *history;
};

static void add_device(struct fixture *fixture, const char *name)
{
    struct device_spec spec = {.name = name, .role = "meter", .unit = 1, .every = CLOCK_S};
    fixture->device = site_device_add(fixture->site, &spec);
    struct component *total = device_component(fixture->device, COMPONENT_TOTAL, 0);
    fixture->voltage = component_point_add(total, QUANTITY_VOLTAGE);
    fixture->current = component_point_add(total, QUANTITY_CURRENT);
    fixture->energy = component_point_add(total, QUANTITY_ENERGY);
    fixture->state =
        component_point_add(device_component(fixture->device, COMPONENT_OUTLET, 1), QUANTITY_STATE);
}

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    test_folder(fixture->folder, sizeof fixture->folder);
    fixture->clock = clock_fake(T0);
    fixture->loop = loop_new(&fixture->clock);
    fixture->site = site_new(fixture->loop);
    add_device(fixture, "m");
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    history_close(fixture->history);
    site_free(fixture->site);
    loop_free(fixture->loop);
    test_folder_remove(fixture->folder);
    free(fixture);
    return 0;
}

struct rule {
    const char *name;
    struct history_rule_settings settings;
};

static void set_rules(struct fixture *fixture, const struct rule *list, size_t count)
{
    struct history_rules rules = HISTORY_RULES_EMPTY;
    for (size_t i = 0; i < count; i++) {
        const char *key;
        struct err err = ERR_EMPTY;
        if (history_rules_add(&rules, list[i].name, &list[i].settings, &key, &err) < 0)
            fail_msg("%s: %s", key, err.text);
    }
    history_set_rules(fixture->history, &rules);
    assert_int_equal(rules.count, 0);
}

static void open_history(struct fixture *fixture, clock_us every, const struct rule *list,
                         size_t count)
{
    struct history_settings settings = {.enabled = true, .every = every};
    struct err err = ERR_EMPTY;
    fixture->history = history_open(fixture->loop, fixture->site, fixture->folder, &settings, &err);
    if (!fixture->history)
        fail_msg("%s", err.text);
    set_rules(fixture, list, count);
}

static void put(struct fixture *fixture, struct point *point, double number)
{
    point_put(point, number, clock_mono(&fixture->clock), clock_wall(&fixture->clock));
}

/* The writer has a life of its own; a minute is far more than it needs. */
static void wait_written(struct fixture *fixture, uint64_t ticks)
{
    for (int i = 0; i < 60000 && history_status(fixture->history).ticks_written < ticks; i++) {
        loop_poll(fixture->loop);
        usleep(1000);
    }
    assert_int_equal(history_status(fixture->history).ticks_written, ticks);
}

/* All that was recorded of a point, read after the history was closed. */
static struct history_answer *recorded(struct fixture *fixture, const char *path)
{
    const char *const paths[] = {path};
    struct err err = ERR_EMPTY;
    fixture->history = history_close(fixture->history);
    struct history_answer *answer =
        testing_ask(fixture->folder, paths, 1, 0, INT64_MAX / 2, 0, &err);
    if (!answer)
        fail_msg("%s", err.text);
    return answer;
}

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
        put(fixture, fixture->voltage, number);
        events[i] = (struct event){wall, number};
        if (i % 500 == 499)
            wait_written(fixture, history_status(fixture->history).ticks_written);
    }
}

static void check_mode(struct fixture *fixture, enum history_mode mode, const char *every)
{
    static struct event events[EVENTS];
    uint64_t seed = test_seed();
    const struct rule rules[] = {{"r", {"m/total/voltage", (int64_t)mode, every, false}},
                                 {"rest", {"*/*/*", 0, "off", false}}};
    fixture->voltage->good_for = EVER;
    open_history(fixture, MINUTE, rules, 2);
    loop_advance(fixture->loop, 500 * CLOCK_MS);
    feed_readings(fixture, events, &seed);
    struct history_answer *answer = recorded(fixture, "m/total/voltage");
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
    open_history(fixture, MINUTE, rules, 1);
    loop_advance(fixture->loop, MINUTE + CLOCK_S / 2);
    for (int i = 0; i < 10; i++) {
        put(fixture, fixture->voltage, i < 9 ? 230 : 240);
        put(fixture, fixture->energy, 100 + i);
        loop_advance(fixture->loop, CLOCK_S);
    }
    loop_advance(fixture->loop, MINUTE);
    struct history_answer *answer = recorded(fixture, "m/total/voltage");
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
    open_history(fixture, MINUTE, rules, 1);
    loop_advance(fixture->loop, MINUTE + CLOCK_S / 2);
    put(fixture, fixture->voltage, 250);
    point_mark(fixture->voltage, QUALITY_STALE, REASON_SILENT); /* had one reading all the same */
    loop_advance(fixture->loop, MINUTE);
    loop_advance(fixture->loop, MINUTE); /* none */
    put(fixture, fixture->voltage, 1e9); /* not plausible: none */
    loop_advance(fixture->loop, MINUTE);
    put(fixture, fixture->voltage, 240);
    loop_advance(fixture->loop, MINUTE);
    struct history_answer *answer = recorded(fixture, "m/total/voltage");
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
    put(fixture, fixture->voltage, 1);
    put(fixture, fixture->current, 1);
    put(fixture, fixture->energy, 1);
    fixture->voltage->good_for = fixture->current->good_for = fixture->energy->good_for = EVER;
    open_history(fixture, MINUTE, rules, 3);
    loop_advance(fixture->loop, 10 * MINUTE);
    /* in a minute: 10 20 30 40 50 60 and 15 30 45 60 are eight moments */
    wait_written(fixture, 1 + 10 * 8);
    assert_int_equal(history_status(fixture->history).points, 3);
    struct history_answer *answer = recorded(fixture, "m/total/current");
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
    put(fixture, fixture->energy, 1);
    fixture->energy->good_for = EVER;
    clock_fake_step_wall(&fixture->clock, nights[0] - clock_wall(&fixture->clock));
    open_history(fixture, MINUTE, rules, 1);
    loop_advance(fixture->loop, 12 * 60 * MINUTE);
    wait_written(fixture, 1 + 24);
    clock_fake_step_wall(&fixture->clock, nights[1] - clock_wall(&fixture->clock));
    loop_advance(fixture->loop, 12 * 60 * MINUTE);
    struct history_answer *answer = recorded(fixture, "m/total/energy");
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

/* ---- changes while it runs ------------------------------------------------------------------- */

/* A device that was gone begins anew; the rule for another one changes nothing for it. */
static void a_device_that_was_gone_begins_anew(void **state)
{
    struct fixture *fixture = *state;
    const struct rule rules[] = {{"r", {"*/total/voltage", HISTORY_MODE_HIGHEST, "1 min", false}}};
    open_history(fixture, MINUTE, rules, 1);
    loop_advance(fixture->loop, MINUTE + CLOCK_S / 2);
    put(fixture, fixture->voltage, 255);
    loop_advance(fixture->loop, 10 * CLOCK_S);
    site_device_remove(fixture->site, fixture->device);
    loop_advance(fixture->loop, 0);
    add_device(fixture, "m");
    const struct rule more[] = {rules[0], {"x", {"x/total/energy", 0, "1 s", false}}};
    set_rules(fixture, more, 2);
    put(fixture, fixture->voltage, 231);
    loop_advance(fixture->loop, MINUTE);
    struct history_answer *answer = recorded(fixture, "m/total/voltage");
    assert_int_equal(answer->series[0].count, 2); /* soon after it came, and on the minute */
    for (size_t i = 0; i < 2; i++)
        assert_true(answer->series[0].buckets[i].last == 231);
    history_answer_free(answer);
}

/* A device is made anew by a reload in the middle of an interval: what was gathered stays. */
static void a_reload_in_one_turn_keeps_the_peak(void **state)
{
    struct fixture *fixture = *state;
    const struct rule rules[] = {{"r", {"*/total/voltage", HISTORY_MODE_HIGHEST, "1 min", false}}};
    open_history(fixture, MINUTE, rules, 1);
    loop_advance(fixture->loop, MINUTE + CLOCK_S / 2);
    put(fixture, fixture->voltage, 255);
    loop_advance(fixture->loop, 10 * CLOCK_S);
    site_device_remove(fixture->site, fixture->device);
    add_device(fixture, "m");
    set_rules(fixture, rules, 1);
    put(fixture, fixture->voltage, 231);
    loop_advance(fixture->loop, MINUTE);
    struct history_answer *answer = recorded(fixture, "m/total/voltage");
    assert_int_equal(answer->series[0].count, 1);
    assert_true(answer->series[0].buckets[0].last == 255);
    history_answer_free(answer);
}

/* ---- alarms and by hand ---------------------------------------------------------------------- */

static void loss_of_contact_is_recorded_at_once(void **state)
{
    struct fixture *fixture = *state;
    const struct rule rules[] = {{"v", {"m/total/voltage", HISTORY_MODE_AVERAGE, "off", true}},
                                 {"rest", {"*/*/*", 0, "off", false}}};
    open_history(fixture, MINUTE, rules, 2);
    device_set_state(fixture->device, DEVICE_ONLINE, "");
    put(fixture, fixture->voltage, 230);
    loop_advance(fixture->loop, 20 * CLOCK_S);
    wait_written(fixture, 0); /* neither by time nor for being there at first */
    device_set_state(fixture->device, DEVICE_SILENT, "no answer");
    loop_advance(fixture->loop, 7 * CLOCK_S);
    wait_written(fixture, 1);
    put(fixture, fixture->voltage, 231);
    device_set_state(fixture->device, DEVICE_ONLINE, "");
    loop_advance(fixture->loop, CLOCK_S);
    wait_written(fixture, 2);
    const char *const alarm[] = {"m/total"}, *const other[] = {"m/tot", "m/outlet-1"};
    assert_int_equal(history_append_alarm(fixture->history, alarm, 1), 1);
    assert_int_equal(history_append_alarm(fixture->history, other, 2), 0);
    history_configure(fixture->history,
                      &(struct history_settings){.enabled = false, .every = MINUTE});
    assert_int_equal(history_append_alarm(fixture->history, alarm, 1), 0);
    wait_written(fixture, 3);
    struct history_answer *answer = recorded(fixture, "m/total/voltage");
    assert_int_equal(answer->series[0].count, 3);
    assert_true(answer->series[0].buckets[0].time == T0 + 20 * CLOCK_S);
    assert_true(answer->series[0].buckets[1].time == T0 + 27 * CLOCK_S &&
                answer->series[0].buckets[1].last == 231);
    history_answer_free(answer);
}

static void append_now_takes_what_is_named(void **state)
{
    struct fixture *fixture = *state;
    const struct rule rules[] = {{"v", {"m/total/voltage", HISTORY_MODE_AVERAGE, "60 min", false}},
                                 {"c", {"m/total/current", 0, "off", false}}};
    open_history(fixture, 3600 * CLOCK_S, rules, 2);
    const char *const device[] = {"m"}, *const outlet[] = {"m/outlet-1"},
                      *const nothing[] = {"m/total/current"}, *const prefix[] = {"m/outlet"};
    put(fixture, fixture->voltage, 230);
    put(fixture, fixture->voltage, 240);
    assert_int_equal(history_append(fixture->history, NULL, 0), 3);
    loop_advance(fixture->loop, CLOCK_S);
    assert_int_equal(history_append(fixture->history, device, 1), 3);
    assert_int_equal(history_append(fixture->history, outlet, 1), 1);
    assert_int_equal(history_append(fixture->history, nothing, 1), 0);
    assert_int_equal(history_append(fixture->history, prefix, 1), 0);
    wait_written(fixture, 3);
    loop_advance(fixture->loop, 5 * CLOCK_S); /* the first tick: what was gathered is still there */
    struct history_answer *answer = recorded(fixture, "m/total/voltage");
    assert_int_equal(answer->series[0].count, 3);
    assert_true(answer->series[0].buckets[0].last == 240);
    assert_true(answer->series[0].buckets[2].last == 235);
    history_answer_free(answer);
}

/* ---- clearing ---- */

struct cleared {
    int calls, result;
};

static void on_cleared(void *user, int result, const struct err *err)
{
    struct cleared *cleared = user;
    (void)err;
    cleared->calls++;
    cleared->result = result;
}

static void wait_cleared(struct fixture *fixture, const struct cleared *cleared, int calls)
{
    for (int i = 0; i < 60000 && cleared->calls < calls; i++) {
        loop_poll(fixture->loop);
        usleep(1000);
    }
    assert_int_equal(cleared->calls, calls);
    assert_int_equal(cleared->result, 0);
}

static size_t count_of(struct fixture *fixture, const char *path)
{
    struct history_answer *answer =
        testing_ask(fixture->folder, &path, 1, 0, INT64_MAX / 2, 0, NULL);
    assert_non_null(answer);
    size_t count = answer->series[0].count;
    history_answer_free(answer);
    return count;
}

/* Three hours of minutes, in blocks and in the tail: what is named goes from both, the rest stays
 * whole, and recording goes on. */
static void clearing_takes_what_is_named(void **state)
{
    struct fixture *fixture = *state;
    struct cleared cleared = {0};
    struct err err = ERR_EMPTY;
    fixture->voltage->good_for = fixture->energy->good_for = fixture->state->good_for = EVER;
    put(fixture, fixture->voltage, 230);
    put(fixture, fixture->energy, 5);
    put(fixture, fixture->state, 1);
    open_history(fixture, MINUTE, NULL, 0);
    loop_advance(fixture->loop, 190 * MINUTE);
    wait_written(fixture, 191);
    const char *const total[] = {"m/total/voltage", "m/outlet-1"}, *const nobody[] = {"m/tot"};
    assert_int_equal(history_clear(fixture->history, nobody, 1, on_cleared, &cleared, &err),
                     -ENOENT);
    assert_int_equal(history_clear(fixture->history, total, 2, on_cleared, &cleared, &err), 0);
    wait_cleared(fixture, &cleared, 1);
    assert_int_equal(count_of(fixture, "m/total/voltage"), 0);
    assert_int_equal(count_of(fixture, "m/outlet-1/state"), 0);
    assert_int_equal(count_of(fixture, "m/total/energy"), 191);
    loop_advance(fixture->loop, 2 * MINUTE);
    wait_written(fixture, 193);
    assert_int_equal(count_of(fixture, "m/total/voltage"), 2);
    assert_int_equal(count_of(fixture, "m/total/energy"), 193);
    assert_int_equal(history_clear(fixture->history, NULL, 0, on_cleared, &cleared, &err), 0);
    wait_cleared(fixture, &cleared, 2);
    assert_int_equal(count_of(fixture, "m/total/energy"), 0);
    loop_advance(fixture->loop, MINUTE);
    wait_written(fixture, 194);
    assert_int_equal(count_of(fixture, "m/total/energy"), 1);
}

/* ---- the forecast ---------------------------------------------------------------------------- */

static void the_forecast_is_simple_arithmetic(void **state)
{
    struct fixture *fixture = *state;
    struct history_rules rules = HISTORY_RULES_EMPTY;
    const char *key;
    add_device(fixture, "n");
    history_rules_add(&rules, "fast",
                      &(struct history_rule_settings){.points = "*/total/voltage", .every = "1 s"},
                      &key, NULL);
    history_rules_add(&rules, "off",
                      &(struct history_rule_settings){.points = "n/*/*", .every = "off"}, &key,
                      NULL);
    history_rules_add(&rules, "none",
                      &(struct history_rule_settings){.points = "x/*/*", .every = ""}, &key, NULL);
    const struct history_choice choice = {
        .enabled = true, .every = MINUTE, .space = 100, .rules = &rules};
    const struct history_use use = {
        .bytes = 20000000, .free_bytes = 1000000000, .bytes_per_reading = 0.5};
    struct history_forecast forecast;
    struct history_rule_use uses[3];
    history_forecast_make(fixture->site, &choice, &use, &forecast, uses);
    /* m: voltage each second, current, energy, state each minute; n: voltage each second, since two
     * written out go before one, and nothing else. */
    assert_int_equal(forecast.points, 5);
    assert_int_equal(forecast.kept_points, 1);
    assert_true(forecast.readings_per_day == 2 * 86400 + 3 * 1440);
    assert_true(forecast.bytes_per_day == forecast.readings_per_day / 2 && forecast.measured);
    assert_int_equal(forecast.budget, 100000000);
    assert_true(fabs(forecast.lasts_days - 100e6 / 88560) < 1e-6);
    assert_true(fabs(forecast.full_days - 80e6 / 88560) < 1e-6);
    for (size_t i = 0; i < 3; i++) {
        bool fast = strcmp(rules.list[i].name, "fast") == 0,
             off = strcmp(rules.list[i].name, "off") == 0;
        assert_int_equal(uses[i].fits, fast ? 2 : off ? 4 : 0);
        assert_int_equal(uses[i].counts, fast ? 2 : off ? 3 : 0);
    }
    /* docs/history.md: 2 kB a year and counter */
    assert_true(forecast.kept_bytes_per_year > 2000 && forecast.kept_bytes_per_year < 3000);
    /* a tenth of what it has and what is free; and never more than the disk has */
    assert_int_equal(history_space(0, &use), 102000000);
    struct history_choice wide = choice;
    wide.space = 5000;
    history_forecast_make(fixture->site, &wide, &use, &forecast, NULL);
    assert_true(fabs(forecast.full_days - (969e6 - 20e6) / 88560) < 1e-6);
    wide.enabled = false;
    history_forecast_make(fixture->site, &wide, &use, &forecast, NULL);
    assert_true(forecast.points == 0 && forecast.lasts_days == 0);
    history_rules_deinit(&rules);
}

/* Once hours have been put away, what a reading took here counts and no longer what it took
 * elsewhere. */
static void the_forecast_reckons_with_what_was_measured(void **state)
{
    struct fixture *fixture = *state;
    struct history_forecast forecast;
    fixture->voltage->good_for = fixture->energy->good_for = fixture->state->good_for = EVER;
    put(fixture, fixture->voltage, 230);
    put(fixture, fixture->energy, 5);
    open_history(fixture, MINUTE, NULL, 0);
    history_foretell(fixture->history, NULL, &forecast, NULL);
    assert_false(forecast.measured);
    double elsewhere = forecast.bytes_per_reading;
    for (int hour = 0; hour < 200 && !forecast.measured; hour++) {
        uint64_t before = history_status(fixture->history).ticks_written;
        loop_advance(fixture->loop, 60 * MINUTE);
        wait_written(fixture, before + (hour ? 60 : 61)); /* the first comes soon after the start */
        history_foretell(fixture->history, NULL, &forecast, NULL);
    }
    assert_true(forecast.measured);
    /* Points that stay the same cost next to nothing. */
    assert_true(forecast.bytes_per_reading > 0 && forecast.bytes_per_reading < elsewhere);
    double days =
        (double)forecast.budget / (forecast.readings_per_day * forecast.bytes_per_reading);
    assert_true(fabs(forecast.lasts_days / days - 1) < 1e-9);
    assert_true(fabs(history_status(fixture->history).lasts_days / days - 1) < 0.01);
}

/* ---- memory ---------------------------------------------------------------------------------- */

/* A thousand ticks of three intervals and ten thousand readings: rows grow to their size, then
 * nothing is allocated on the loop's side. (The writer's thread has SQLite, which has its own.) */
static void steady_state_allocates_nothing(void **state)
{
    struct fixture *fixture = *state;
    struct history_series_list known = HISTORY_SERIES_LIST_EMPTY;
    struct history_points points;
    struct history_rules rules = HISTORY_RULES_EMPTY;
    struct history_rhythm rhythm = HISTORY_RHYTHM_EMPTY;
    struct buf row = BUF_EMPTY;
    const char *key;
    static const clock_us every[] = {CLOCK_S, 10 * CLOCK_S};
    history_rules_add(&rules, "a",
                      &(struct history_rule_settings){
                          .points = "*/*/voltage", .mode = HISTORY_MODE_AVERAGE, .every = "1 s"},
                      &key, NULL);
    history_points_init(&points, fixture->site, &known);
    history_points_set_every(&points, 10 * CLOCK_S);
    history_points_set_rules(&points, &rules);
    assert_true(history_points_refresh(&points));
    assert_int_equal(points.interval_count, 2);
    history_rhythm_set(&rhythm, every, 2, CLOCK_S, CLOCK_S, T0);
    size_t before = 0, readings = 0;
    for (int i = 0; i < 1100; i++) {
        for (int reading = 0; reading < 10; reading++)
            put(fixture, fixture->voltage, 230 + reading + i % 7);
        loop_advance(fixture->loop, CLOCK_S);
        bool due[2];
        history_rhythm_beat(&rhythm, clock_mono(&fixture->clock), clock_wall(&fixture->clock));
        for (size_t at = 0; at < 2; at++)
            due[at] = rhythm.list[at].now;
        buf_clear(&row);
        assert_false(history_points_refresh(&points));
        readings += history_points_read_due(&points, due, i, &row);
        if (i == 99)
            before = test_allocations;
    }
    assert_int_equal(test_allocations - before, 0);
    assert_true(before > 0 || !TEST_ALLOCATIONS_COUNTED);
    assert_true(readings >= 1100 + 3 * 110);
    buf_deinit(&row);
    history_rhythm_deinit(&rhythm);
    history_points_deinit(&points);
    assert_null(fixture->voltage->tap.saw);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(value_is_the_last_reading),
        TEST(average_counts_each_reading_once),
        TEST(highest_within_the_interval),
        TEST(lowest_within_the_interval),
        TEST(repeated_readings_weigh),
        TEST(spans_without_readings_are_gaps),
        TEST(intervals_share_ticks),
        TEST(daylight_saving_changes_nothing),
        TEST(steps_never_stretch_an_interval),
        TEST(a_device_that_was_gone_begins_anew),
        TEST(a_reload_in_one_turn_keeps_the_peak),
        TEST(loss_of_contact_is_recorded_at_once),
        TEST(append_now_takes_what_is_named),
        TEST(clearing_takes_what_is_named),
        TEST(the_forecast_is_simple_arithmetic),
        TEST(the_forecast_reckons_with_what_was_measured),
        TEST(steady_state_allocates_nothing),
    };
    return cmocka_run_group_tests_name("history_policy", tests, NULL, NULL);
}
