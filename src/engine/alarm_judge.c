#include "engine/alarm_judge.h"

#include <math.h>

/* ---- readings against the test ----------------------------------------------------------------- */

/* Which side of the test a reading is on; in the band between the two nothing changes. */
enum side { WELL, BAND, BEYOND };

static enum side side_over(double number, double limit, double recover)
{
    if (number > limit)
        return BEYOND;
    return number <= recover ? WELL : BAND;
}

static bool is_equal(const struct alarm_test *test, double number)
{
    if (!test->flags)
        return number == test->limit;
    uint64_t wanted = (uint64_t)test->limit;
    return number >= 0 && ((uint64_t)number & wanted) == wanted;
}

/* A falling rate is a rising one of the number's negative. */
static enum side side_rate(const struct alarm_test *test, double rate)
{
    bool falls = test->limit < 0;
    return side_over(falls ? -rate : rate, falls ? -test->limit : test->limit,
                     falls ? -test->recover : test->recover);
}

static enum side side_of(const struct alarm_test *test, double number)
{
    switch (test->when) {
    case ALARM_OVER:
        return side_over(number, test->limit, test->recover);
    case ALARM_UNDER:
        return side_over(-number, -test->limit, -test->recover);
    case ALARM_EQUALS:
        return is_equal(test, number) ? BEYOND : WELL;
    case ALARM_DIFFERS:
        return is_equal(test, number) ? WELL : BEYOND;
    case ALARM_RATE_OVER:
        return side_rate(test, number);
    default:
        return WELL;
    }
}

/* ---- phases -------------------------------------------------------------------------------------- */

static enum alarm_turn go(struct alarm_mind *mind, enum alarm_phase phase, clock_us due,
                          enum alarm_turn turn)
{
    mind->phase = (uint8_t)phase;
    mind->due = due;
    return turn;
}

static enum alarm_turn end(const struct alarm_test *test, struct alarm_mind *mind)
{
    if (test->latch)
        return go(mind, ALARM_LATCHED, CLOCK_NEVER, ALARM_MOVES);
    return go(mind, ALARM_CALM, CLOCK_NEVER, ALARM_RECOVERS);
}

static enum alarm_turn judge_beyond(const struct alarm_test *test, struct alarm_mind *mind,
                                    clock_us at)
{
    switch (mind->phase) {
    case ALARM_CALM:
        if (test->hold == 0)
            return go(mind, ALARM_HOLDS, CLOCK_NEVER, ALARM_TRIPS);
        return go(mind, ALARM_RISING, at + test->hold, ALARM_MOVES);
    case ALARM_EASING:
    case ALARM_LATCHED:
        return go(mind, ALARM_HOLDS, CLOCK_NEVER, ALARM_MOVES);
    default:
        return ALARM_STAYS;
    }
}

static enum alarm_turn judge_well(const struct alarm_test *test, struct alarm_mind *mind,
                                  clock_us at)
{
    if (mind->phase == ALARM_RISING)
        return go(mind, ALARM_CALM, CLOCK_NEVER, ALARM_MOVES);
    if (mind->phase != ALARM_HOLDS)
        return ALARM_STAYS;
    if (test->recover_for == 0)
        return end(test, mind);
    return go(mind, ALARM_EASING, at + test->recover_for, ALARM_MOVES);
}

/* Beyond no more, and not well yet. */
static enum alarm_turn judge_band(struct alarm_mind *mind)
{
    if (mind->phase == ALARM_RISING)
        return go(mind, ALARM_CALM, CLOCK_NEVER, ALARM_MOVES);
    if (mind->phase == ALARM_EASING)
        return go(mind, ALARM_HOLDS, CLOCK_NEVER, ALARM_MOVES);
    return ALARM_STAYS;
}

static enum alarm_turn judge_side(const struct alarm_test *test, struct alarm_mind *mind,
                                  enum side side, clock_us at)
{
    if (side == BEYOND)
        return judge_beyond(test, mind, at);
    return side == WELL ? judge_well(test, mind, at) : judge_band(mind);
}

/* ---- change, rate, age --------------------------------------------------------------------------- */

static enum alarm_turn judge_changed(const struct alarm_test *test, struct alarm_mind *mind,
                                     double number, clock_us at)
{
    bool first = isnan(mind->last), same = mind->last == number;
    bool raised = alarm_judge_raised(mind);
    mind->number = mind->last = number;
    if (first || same)
        return ALARM_STAYS;
    return go(mind, ALARM_EASING, at + test->recover_for, raised ? ALARM_MOVES : ALARM_TRIPS);
}

/* The rate over the last one to two windows; false while none has passed. Readings that repeat the
 * number are not heard of: what is long ago has held until a window ago. */
static bool measure_rate(const struct alarm_test *test, struct alarm_mind *mind, double number,
                         clock_us at, double *rate)
{
    struct alarm_mark now = {number, at};
    if (mind->fresh.at == CLOCK_NEVER) {
        mind->fresh = mind->old = now;
        return false;
    }
    if (at - mind->fresh.at >= 2 * test->window) {
        mind->old = (struct alarm_mark){mind->last, at - test->window};
        mind->fresh = now;
    } else if (at - mind->fresh.at >= test->window) {
        mind->old = mind->fresh;
        mind->fresh = now;
    }
    if (mind->fresh.at == at)
        mind->fresh.number = number; /* a reading of the same moment is the newer one */
    clock_us span = at - mind->old.at;
    if (span < test->window)
        return false;
    *rate = (number - mind->old.number) * (double)test->per / (double)span;
    return true;
}

static enum alarm_turn judge_rate(const struct alarm_test *test, struct alarm_mind *mind,
                                  double number, clock_us at)
{
    double rate = 0;
    bool known = measure_rate(test, mind, number, at, &rate);
    mind->last = number;
    if (!known) {
        mind->look = mind->fresh.at + test->window;
        return ALARM_STAYS;
    }
    mind->number = rate;
    /* While it moves, or has to do with an alarm, the same number a window later is another rate.
     */
    bool rests = rate == 0 && mind->phase == ALARM_CALM && number == mind->fresh.number;
    enum alarm_turn turn = judge_side(test, mind, side_of(test, rate), at);
    mind->look = rests ? CLOCK_NEVER : at + test->window;
    return turn;
}

/* While it is raised it is looked at more often: a reading that repeats the number is not told. */
static enum alarm_turn look_at_age(const struct alarm_test *test, struct alarm_mind *mind,
                                   clock_us at)
{
    clock_us limit = (clock_us)(test->limit * CLOCK_S);
    clock_us age = at - mind->fresh.at, again = limit / 4 > CLOCK_S ? limit / 4 : CLOCK_S;
    bool beyond = age >= limit;
    enum alarm_turn turn = judge_side(test, mind, beyond ? BEYOND : WELL, at);
    mind->number = (double)age / CLOCK_S;
    mind->look = beyond ? at + again : mind->fresh.at + limit;
    return turn;
}

/* ---- what goes in ---------------------------------------------------------------------------------- */

struct alarm_mind alarm_judge_start(clock_us at)
{
    return (struct alarm_mind){
        .number = NAN,
        .last = NAN,
        .due = CLOCK_NEVER,
        .look = CLOCK_NEVER,
        .fresh = {NAN, CLOCK_NEVER},
        .old = {NAN, at},
        .blind = true,
    };
}

clock_us alarm_judge_due(const struct alarm_mind *mind)
{
    clock_us due = mind->blind ? CLOCK_NEVER : mind->due;
    return due < mind->look ? due : mind->look;
}

static enum alarm_turn read_one(const struct alarm_test *test, struct alarm_mind *mind,
                                double number, clock_us at)
{
    switch (test->when) {
    case ALARM_CHANGED:
        return judge_changed(test, mind, number, at);
    case ALARM_RATE_OVER:
        return judge_rate(test, mind, number, at);
    case ALARM_OLDER:
        mind->fresh.at = at;
        return look_at_age(test, mind, at);
    case ALARM_LOST_CONTACT:
        mind->number = 0;
        return judge_side(test, mind, WELL, at);
    default:
        mind->number = mind->last = number;
        return judge_side(test, mind, side_of(test, number), at);
    }
}

enum alarm_turn alarm_judge_reading(const struct alarm_test *test, struct alarm_mind *mind,
                                    double number, clock_us at)
{
    bool sees_again = mind->blind;
    if (sees_again) {
        mind->blind = false;
        mind->due = mind->due == CLOCK_NEVER ? CLOCK_NEVER : at + mind->due;
    }
    enum alarm_turn turn = read_one(test, mind, number, at);
    return turn == ALARM_STAYS && sees_again ? ALARM_MOVES : turn;
}

enum alarm_turn alarm_judge_age(const struct alarm_test *test, struct alarm_mind *mind,
                                clock_us acquired, clock_us at)
{
    enum alarm_turn seen = mind->blind ? ALARM_MOVES : ALARM_STAYS;
    mind->blind = false;
    mind->fresh.at = acquired;
    enum alarm_turn turn = look_at_age(test, mind, at);
    return turn == ALARM_STAYS ? seen : turn;
}

enum alarm_turn alarm_judge_blind(const struct alarm_test *test, struct alarm_mind *mind,
                                  clock_us at)
{
    if (test->when == ALARM_LOST_CONTACT) {
        mind->blind = false; /* this is what it looks for */
        mind->number = 1;
        return judge_side(test, mind, BEYOND, at);
    }
    if (test->when == ALARM_OLDER) {
        mind->blind = false;
        if (mind->fresh.at == CLOCK_NEVER)
            mind->fresh.at = mind->old.at;
        return look_at_age(test, mind, at);
    }
    if (mind->blind)
        return ALARM_STAYS;
    mind->blind = true;
    mind->due = mind->due == CLOCK_NEVER ? CLOCK_NEVER : mind->due - at;
    mind->look = CLOCK_NEVER;
    mind->fresh.at = CLOCK_NEVER;
    return ALARM_MOVES;
}

enum alarm_turn alarm_judge_time(const struct alarm_test *test, struct alarm_mind *mind,
                                 clock_us at)
{
    if (!mind->blind && mind->due <= at) {
        if (mind->phase == ALARM_RISING)
            return go(mind, ALARM_HOLDS, CLOCK_NEVER, ALARM_TRIPS);
        return end(test, mind);
    }
    if (mind->look > at)
        return ALARM_STAYS;
    if (test->when == ALARM_OLDER)
        return look_at_age(test, mind, at);
    return judge_rate(test, mind, mind->last, at);
}

enum alarm_turn alarm_judge_clear(struct alarm_mind *mind)
{
    if (mind->phase != ALARM_LATCHED)
        return ALARM_STAYS;
    return go(mind, ALARM_CALM, CLOCK_NEVER, ALARM_RECOVERS);
}

bool alarm_judge_same(const struct alarm_test *a, const struct alarm_test *b)
{
    return a->when == b->when && a->latch == b->latch && a->flags == b->flags &&
           a->limit == b->limit && a->recover == b->recover && a->hold == b->hold &&
           a->recover_for == b->recover_for && a->per == b->per && a->window == b->window;
}

bool alarm_judge_may_hold(const struct alarm_test *test, double number)
{
    bool by_reading = test->when == ALARM_OVER || test->when == ALARM_UNDER ||
                      test->when == ALARM_EQUALS || test->when == ALARM_DIFFERS;
    return !by_reading || isnan(number) || side_of(test, number) == BEYOND;
}

bool alarm_judge_raised(const struct alarm_mind *mind)
{
    return mind->phase >= ALARM_HOLDS;
}
