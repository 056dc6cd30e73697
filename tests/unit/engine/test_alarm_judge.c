/* When alarms trip and recover: stories whose ends are worked out by hand, and thousands of random
 * ones against a model that counts seconds one by one. */
#include "test.h"

#include <math.h>

#include "engine/alarm_judge.h"

enum { TRIPS_MOST = 400 };

/* What happened, as "12+ 30-": raised at 12 s, recovered at 30 s. */
struct story {
    const char *name;
    struct alarm_test test;
    const char *told; /* readings as "0=20 10=41 12=-": at 12 s there is none */
    const char *expected;
};

static void on_told(void *user, bool raised, clock_us at)
{
    char *log = user;
    size_t used = strlen(log);
    snprintf(log + used, 400 - used, "%s%g%s", used ? " " : "", (double)at / CLOCK_S,
             raised ? "+" : "-");
}

/* Times from 1 s on: 0 is a time like others, but not to be relied on. */
static void run(const struct story *story, char *log)
{
    struct alarm_replay replay = {.told = on_told, .user = log};
    alarm_replay_begin(&replay, &story->test, 0, CLOCK_S);
    replay.test.latch = story->test.latch;
    const char *at = story->told;
    clock_us when = 0;
    while (*at) {
        char *next;
        when = (clock_us)(strtod(at, &next) * CLOCK_S);
        if (strncmp(next, "=-", 2) == 0 && strchr(" ", next[2])) {
            alarm_replay_gap(&replay, when);
            at = next + 2;
        } else {
            alarm_replay_reading(&replay, when, strtod(next + 1, &next));
            at = next;
        }
        at += strspn(at, " ");
    }
    alarm_replay_end(&replay, when);
}

#define OVER(l, r, h, rf)                                                                          \
    {                                                                                              \
        .when = ALARM_OVER, .limit = l, .recover = r, .hold = (h)*CLOCK_S,                         \
        .recover_for = (rf)*CLOCK_S                                                                \
    }
#define UNDER(l, r, h, rf)                                                                         \
    {                                                                                              \
        .when = ALARM_UNDER, .limit = l, .recover = r, .hold = (h)*CLOCK_S,                        \
        .recover_for = (rf)*CLOCK_S                                                                \
    }
#define KIND(w, l, h, rf)                                                                          \
    {                                                                                              \
        .when = w, .limit = l, .recover = l, .hold = (h)*CLOCK_S, .recover_for = (rf)*CLOCK_S,     \
        .per = 60 * CLOCK_S, .window = 60 * CLOCK_S                                                \
    }

static const struct story stories[] = {
    {"at the limit is not over it", OVER(40, 40, 0, 0), "1=40 2=40.1 3=40", "2+ 3-"},
    {"at the limit is not under it", UNDER(100, 107, 0, 0), "1=100 2=99.9 3=106.9 4=107", "2+ 4-"},
    {"in the band nothing changes", OVER(140, 135, 0, 0), "1=138 2=141 3=138 4=136 5=135 6=138",
     "2+ 5-"},
    {"it must last", OVER(40, 40, 10, 0), "1=41 5=39 6=41 15=39 20=41 40=39", "30+ 40-"},
    {"the duration ends between readings", OVER(40, 40, 10, 0), "1=41 100=42", "11+"},
    {"the band ends what was not long enough", OVER(40, 35, 10, 0), "1=41 5=38 9=41 30=41", "19+"},
    {"it must be well for long enough", OVER(40, 35, 0, 10), "1=41 2=30 5=41 6=30 20=30", "1+ 16-"},
    {"the band ends the recovery", OVER(40, 35, 0, 10), "1=41 2=30 11=38 12=30 30=30", "1+ 22-"},
    {"no reading neither raises nor clears", OVER(40, 40, 0, 0), "1=41 2=- 100=41 200=- 300=39",
     "1+ 300-"},
    {"nothing is raised while there is no reading", OVER(40, 40, 10, 0), "1=41 5=- 100=41 110=41",
     "106+"},
    {"what is well meanwhile was not beyond", OVER(40, 40, 10, 0), "1=41 5=- 100=39 120=41 125=41",
     ""},
    {"time without readings is no recovery", OVER(40, 40, 0, 10), "1=41 2=39 4=- 100=39 120=39",
     "1+ 108-"},
    {"a state equals", KIND(ALARM_EQUALS, 2, 0, 0), "1=1 2=2 3=2 4=3", "2+ 4-"},
    {"a state differs", KIND(ALARM_DIFFERS, 1, 5, 0), "1=1 2=2 3=3 20=1", "7+ 20-"},
    {"a flag among others",
     {.when = ALARM_EQUALS, .flags = true, .limit = 4},
     "1=3 2=7 3=6 4=8",
     "2+ 4-"},
    {"not both flags", {.when = ALARM_DIFFERS, .flags = true, .limit = 6}, "1=7 2=2 3=6", "2+ 3-"},
    {"the first reading is no change", KIND(ALARM_CHANGED, 0, 0, 60), "1=5 100=5 200=6 300=6",
     "200+ 260-"},
    {"further changes hold it", KIND(ALARM_CHANGED, 0, 0, 60), "1=5 200=6 230=5 320=5",
     "200+ 290-"},
    {"a change while nobody saw it", KIND(ALARM_CHANGED, 0, 0, 60), "1=5 10=- 300=6 400=6",
     "300+ 360-"},
    {"contact is lost", KIND(ALARM_LOST_CONTACT, 0, 10, 0), "1=1 5=- 9=1 20=- 40=1", "30+ 40-"},
    {"lost from the start", KIND(ALARM_LOST_CONTACT, 0, 10, 0), "3=- 40=1", "13+ 40-"},
    {"a rate", KIND(ALARM_RATE_OVER, 5, 0, 0), "1=20 61=24 121=30 181=30", "121+ 181-"},
    {"a falling rate", KIND(ALARM_RATE_OVER, -5, 0, 0), "1=30 61=40 121=34.9 181=35", "121+ 181-"},
    {"a step after a long rest", KIND(ALARM_RATE_OVER, 5, 0, 0), "1=20 3601=26 3700=26",
     "3601+ 3661-"},
    {"a slow drift is no step", KIND(ALARM_RATE_OVER, 5, 0, 0), "1=20 61=24.9 121=29.8 181=34.7",
     ""},
    {"a gap is no step", KIND(ALARM_RATE_OVER, 5, 0, 0), "1=20 2=- 3601=90 3661=91", ""},
    {"age", KIND(ALARM_OLDER, 30, 0, 0), "1=1 20=1 45=1 80=1", "75+ 80-"},
    {"age without a first reading", KIND(ALARM_OLDER, 30, 0, 0), "2=- 100=1", "31+ 100-"},
    {"latched stays",
     {.when = ALARM_OVER, .limit = 40, .recover = 40, .latch = true},
     "1=41 2=39 3=41 4=39",
     "1+"},
};

static void each_story_ends_as_worked_out(void **state)
{
    (void)state;
    for (size_t i = 0; i < TEST_COUNT(stories); i++) {
        char log[400] = "";
        run(&stories[i], log);
        if (strcmp(log, stories[i].expected) != 0)
            fail_msg("%s: %s: expected \"%s\", got \"%s\"", stories[i].name, stories[i].told,
                     stories[i].expected, log);
    }
}

static void a_latched_alarm_is_cleared_by_hand_when_it_is_well(void **state)
{
    (void)state;
    struct alarm_test test = {.when = ALARM_OVER, .limit = 40, .recover = 40, .latch = true};
    struct alarm_mind mind = alarm_judge_start(CLOCK_S);
    assert_int_equal(alarm_judge_reading(&test, &mind, 41, 2 * CLOCK_S), ALARM_TRIPS);
    assert_int_equal(alarm_judge_clear(&mind), ALARM_STAYS);
    assert_int_equal(alarm_judge_reading(&test, &mind, 39, 3 * CLOCK_S), ALARM_MOVES);
    assert_true(alarm_judge_raised(&mind));
    assert_int_equal(alarm_judge_clear(&mind), ALARM_RECOVERS);
    assert_false(alarm_judge_raised(&mind));
    assert_int_equal(alarm_judge_reading(&test, &mind, 41, 4 * CLOCK_S), ALARM_TRIPS);
}

/* ---- the model: it counts seconds -------------------------------------------------------------- */

struct model {
    bool known, raised;
    double number;
    int beyond, well; /* seconds in a row */
};

static int side(const struct alarm_test *test, double number)
{
    bool over = test->when == ALARM_OVER;
    if (test->when == ALARM_EQUALS)
        return number == test->limit ? 1 : -1;
    if (over ? number > test->limit : number < test->limit)
        return 1;
    return (over ? number <= test->recover : number >= test->recover) ? -1 : 0;
}

/* Whether it is raised after this second's news; `fresh` when there is news. */
static void count_second(struct model *model, const struct alarm_test *test, bool fresh, bool known,
                         double number)
{
    int hold = (int)(test->hold / CLOCK_S), ease = (int)(test->recover_for / CLOCK_S);
    /* The second that has gone by belongs to what was known in it. */
    if (model->known && !isnan(model->number)) {
        int was = side(test, model->number);
        model->beyond += was > 0;
        model->well += was < 0;
        if (!model->raised && was > 0 && model->beyond >= hold)
            model->raised = true;
        else if (model->raised && was < 0 && model->well >= ease)
            model->raised = false;
    }
    if (!fresh)
        return;
    model->known = known;
    if (!known)
        return;
    model->number = number;
    int is = side(test, number);
    if (is <= 0)
        model->beyond = 0;
    if (is >= 0)
        model->well = 0;
    if (!model->raised && is > 0 && hold == 0)
        model->raised = true;
    else if (model->raised && is < 0 && ease == 0)
        model->raised = false;
}

static struct alarm_test random_test(uint64_t *random)
{
    static const enum alarm_when whens[] = {ALARM_OVER, ALARM_UNDER, ALARM_EQUALS};
    struct alarm_test test = {.when = whens[test_below(random, 3)],
                              .limit = (double)test_below(random, 7),
                              .hold = (clock_us)test_below(random, 6) * CLOCK_S,
                              .recover_for = (clock_us)test_below(random, 6) * CLOCK_S};
    double band = (double)test_below(random, 3);
    test.recover = test.limit + (test.when == ALARM_UNDER ? band : -band);
    return test;
}

static void random_stories_agree_with_the_model(void **state)
{
    (void)state;
    uint64_t seed = test_seed(), random = seed;
    unsigned raised = 0;
    for (int round = 0; round < 3000; round++) {
        struct alarm_test test = random_test(&random);
        struct alarm_replay replay = {0};
        struct model model = {.number = NAN};
        alarm_replay_begin(&replay, &test, 0, CLOCK_S);
        for (int second = 1; second < 200; second++) {
            bool fresh = test_below(&random, 3) == 0, known = test_below(&random, 6) != 0;
            double number = (double)test_below(&random, 9) - 1;
            count_second(&model, &test, fresh, known, number);
            clock_us at = second * CLOCK_S;
            while (alarm_judge_due(&replay.mind) <= at)
                alarm_judge_time(&test, &replay.mind, alarm_judge_due(&replay.mind));
            if (fresh && known)
                alarm_judge_reading(&test, &replay.mind, number, at);
            else if (fresh)
                alarm_judge_blind(&test, &replay.mind, at);
            raised += model.raised;
            if (model.raised != alarm_judge_raised(&replay.mind))
                fail_msg("seed %llu, round %d: after %d s it is %s, by the model not",
                         (unsigned long long)seed, round, second, model.raised ? "calm" : "raised");
        }
    }
    assert_true(raised > 1000);
}

/* ---- buckets of history ------------------------------------------------------------------------ */

static void buckets_count_their_extremes(void **state)
{
    (void)state;
    struct alarm_test test = OVER(40, 35, 0, 0);
    struct alarm_replay replay = {0};
    alarm_replay_begin(&replay, &test, 60 * CLOCK_S, 60 * CLOCK_S);
    alarm_replay_bucket(&replay, 60 * CLOCK_S, 60 * CLOCK_S, 20, 25, 30);
    alarm_replay_bucket(&replay, 120 * CLOCK_S, 60 * CLOCK_S, 20, 25, 45); /* and well again */
    alarm_replay_bucket(&replay, 180 * CLOCK_S, 60 * CLOCK_S, 38, 41, 45); /* stays */
    alarm_replay_bucket(&replay, 240 * CLOCK_S, 60 * CLOCK_S, 20, 20, 20);
    alarm_replay_end(&replay, 300 * CLOCK_S);
    assert_int_equal(replay.raised, 2);
    assert_int_equal(replay.held, (30 + 60) * CLOCK_S);
}

static void with_a_duration_the_average_counts(void **state)
{
    (void)state;
    struct alarm_test test = OVER(40, 40, 120, 0);
    struct alarm_replay replay = {0};
    alarm_replay_begin(&replay, &test, 60 * CLOCK_S, 60 * CLOCK_S);
    for (int minute = 1; minute < 10; minute++)
        alarm_replay_bucket(&replay, minute * 60 * CLOCK_S, 60 * CLOCK_S, 30, minute < 6 ? 39 : 41,
                            50);
    alarm_replay_end(&replay, 600 * CLOCK_S);
    assert_int_equal(replay.raised, 1); /* from minute 6 on: at minute 8 */
    assert_int_equal(replay.held, 120 * CLOCK_S);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_story_ends_as_worked_out),
        cmocka_unit_test(a_latched_alarm_is_cleared_by_hand_when_it_is_well),
        cmocka_unit_test(random_stories_agree_with_the_model),
        cmocka_unit_test(buckets_count_their_extremes),
        cmocka_unit_test(with_a_duration_the_average_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
