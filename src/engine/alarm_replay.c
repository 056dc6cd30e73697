/* What a rule would have done with what history knows; declared in alarm_judge.h. */
#include "engine/alarm_judge.h"

static void tell(struct alarm_replay *replay, bool raised, clock_us at)
{
    if (raised) {
        replay->raised++;
        replay->since = at;
    } else {
        replay->held += at - replay->since;
    }
    if (replay->told)
        replay->told(replay->user, raised, at);
}

static void take(struct alarm_replay *replay, enum alarm_turn turn, clock_us at)
{
    if (turn == ALARM_TRIPS)
        tell(replay, true, at);
    else if (turn == ALARM_RECOVERS)
        tell(replay, false, at);
}

/* All that falls due until `at`. */
static void pass(struct alarm_replay *replay, clock_us at)
{
    for (clock_us due; (due = alarm_judge_due(&replay->mind)) <= at;)
        take(replay, alarm_judge_time(&replay->test, &replay->mind, due), due);
}

void alarm_replay_begin(struct alarm_replay *replay, const struct alarm_test *test, clock_us step,
                        clock_us at)
{
    void (*told)(void *, bool, clock_us) = replay->told;
    void *user = replay->user;
    *replay = (struct alarm_replay){.test = *test, .told = told, .user = user};
    replay->test.latch = false;
    if (replay->test.window < step)
        replay->test.window = step;
    replay->mind = alarm_judge_start(at);
}

void alarm_replay_reading(struct alarm_replay *replay, clock_us at, double number)
{
    pass(replay, at);
    take(replay, alarm_judge_reading(&replay->test, &replay->mind, number, at), at);
}

void alarm_replay_bucket(struct alarm_replay *replay, clock_us at, clock_us step, double min,
                         double average, double max)
{
    const struct alarm_test *test = &replay->test;
    bool threshold = test->when == ALARM_OVER || test->when == ALARM_UNDER;
    if (!threshold || test->hold > 0 || min == max) {
        alarm_replay_reading(replay, at, average);
        return;
    }
    bool low = test->when == ALARM_UNDER;
    alarm_replay_reading(replay, at, low ? min : max);
    alarm_replay_reading(replay, at + step / 2, low ? max : min);
}

void alarm_replay_gap(struct alarm_replay *replay, clock_us at)
{
    pass(replay, at);
    take(replay, alarm_judge_blind(&replay->test, &replay->mind, at), at);
}

void alarm_replay_end(struct alarm_replay *replay, clock_us at)
{
    pass(replay, at);
    if (alarm_judge_raised(&replay->mind))
        replay->held += at - replay->since;
}
