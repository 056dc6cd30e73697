/* alarm_judge - when an alarm trips and when it recovers: the rules alone, without site or clock.
 *
 * A test says what is asked of a point; a mind is what one alarm remembers of it. Readings, their
 * absence and the passing of time go in, turns come out. The engine (alarm.c) feeds it what
 * happens now; alarm_replay feeds it history, so that a page can say how often a rule would have
 * fired. Times are microseconds of any one clock that does not step. No memory, any thread.
 *
 *   - Between limit and recovery threshold nothing changes: what is calm stays so, what holds stays
 * so.
 *   - A duration counts time that is known to be beyond (or well again): while there is no reading
 *     it stands still. So a short loss of contact neither raises nor clears anything.
 *   - `changed` holds for `recover_for` after the last change.
 *   - Lost contact is the one thing that the absence of readings raises.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"

/* Stored and shown by the words of alarm_rule's table. */
enum alarm_when {
    ALARM_OVER,
    ALARM_UNDER,
    ALARM_EQUALS,  /* of flags: all bits of `limit` are set */
    ALARM_DIFFERS, /* of flags: not all of them are */
    ALARM_CHANGED,
    ALARM_LOST_CONTACT, /* no good reading; of a device: it is silent */
    ALARM_RATE_OVER,    /* rises by more than `limit` per `per`; a negative limit: falls */
    ALARM_OLDER,        /* the last good reading is older than `limit` seconds */
    ALARM_WHENS
};

/* Read-only; one serves all alarms that ask the same. */
struct alarm_test {
    enum alarm_when when;
    bool latch;           /* what has recovered waits for alarm_judge_clear() */
    bool flags;           /* the point's number is a set of bits */
    double limit;         /* in the unit of the point */
    double recover;       /* over, under, rate: recovered at or on the well side of it */
    clock_us hold;        /* beyond for so long before it trips, 0 to 4 h */
    clock_us recover_for; /* well for so long before it recovers */
    clock_us per;         /* rate: unit of time of the limit */
    clock_us window;      /* rate: measured over at least so long (twice that at most); >= per */
};

enum alarm_phase {
    ALARM_CALM,
    ALARM_RISING, /* beyond, not for long enough */
    ALARM_HOLDS,
    ALARM_EASING,  /* holds; well, not for long enough */
    ALARM_LATCHED, /* has recovered and waits for a person */
};

struct alarm_mark {
    double number;
    clock_us at;
};

/* What one alarm remembers; make it with alarm_judge_start(). */
struct alarm_mind {
    double number; /* what was judged last, NaN before: the reading; its rate; its age in s */
    double last;   /* the reading itself */
    clock_us due;  /* a duration ends then, CLOCK_NEVER; while blind: what is left of it */
    clock_us look; /* to be judged again then without a reading (rate, age), CLOCK_NEVER */
    struct alarm_mark fresh, old; /* rate: two readings back; age: the last; `at` CLOCK_NEVER */
    uint8_t phase;                /* enum alarm_phase */
    bool blind;                   /* there is no reading to judge by */
};

/* What came of it. */
enum alarm_turn {
    ALARM_STAYS,
    ALARM_MOVES, /* another phase or blindness, to be shown */
    ALARM_TRIPS,
    ALARM_RECOVERS, /* to calm; what is latched moves only */
};

/* A mind that has not seen a reading; its age counts from `at`. */
struct alarm_mind alarm_judge_start(clock_us at);

/* When alarm_judge_time() is to be called next, CLOCK_NEVER. */
clock_us alarm_judge_due(const struct alarm_mind *mind);

/* A good reading at `at`; what is due before must have been judged. Readings that repeat the number
 * may be left out. `number` must not be NaN. */
enum alarm_turn alarm_judge_reading(const struct alarm_test *test, struct alarm_mind *mind,
                                    double number, clock_us at);

/* ALARM_OLDER: the newest good reading is of `acquired`; `at` is now. */
enum alarm_turn alarm_judge_age(const struct alarm_test *test, struct alarm_mind *mind,
                                clock_us acquired, clock_us at);

/* From `at` on there is no good reading. */
enum alarm_turn alarm_judge_blind(const struct alarm_test *test, struct alarm_mind *mind,
                                  clock_us at);

/* Time has passed until `at`, which is at or after alarm_judge_due(); the last reading still
 * holds. */
enum alarm_turn alarm_judge_time(const struct alarm_test *test, struct alarm_mind *mind,
                                 clock_us at);

/* A person clears what is latched: ALARM_RECOVERS, or ALARM_STAYS when it is not. */
enum alarm_turn alarm_judge_clear(struct alarm_mind *mind);

/* Whether two tests ask the same. */
bool alarm_judge_same(const struct alarm_test *a, const struct alarm_test *b);

/* Whether a reading is beyond, or the test asks for more than one reading to tell. NaN: it may. */
bool alarm_judge_may_hold(const struct alarm_test *test, double number);

/* Whether it is raised: holds, eases or is latched. */
bool alarm_judge_raised(const struct alarm_mind *mind);

/* ---- what would have been ---------------------------------------------------------------------
 *
 * Set `told` and `user`, begin, then give readings, buckets and gaps in the order of time, then
 * end; `raised` and `held` are the answer. A latched alarm is cleared as soon as it has recovered:
 * nobody was there. */

struct alarm_replay {
    struct alarm_test test;
    struct alarm_mind mind;
    unsigned raised; /* how often it would have tripped */
    clock_us held;   /* how long it would have held, in all */
    clock_us since;  /* of the trip that holds */
    /* Called with each trip (raised) and recovery; may be NULL. */
    void (*told)(void *user, bool raised, clock_us at);
    void *user;
};

/* `step` is the usual time between what will be given: rates are measured over no less. */
void alarm_replay_begin(struct alarm_replay *replay, const struct alarm_test *test, clock_us step,
                        clock_us at);
void alarm_replay_reading(struct alarm_replay *replay, clock_us at, double number);

/* Many readings of which only these are known. Without a duration the worse extreme counts, and
 * then the better one in the middle; with one the average counts for all of it. */
void alarm_replay_bucket(struct alarm_replay *replay, clock_us at, clock_us step, double min,
                         double average, double max);

/* Nothing is known from `at` on. */
void alarm_replay_gap(struct alarm_replay *replay, clock_us at);
void alarm_replay_end(struct alarm_replay *replay, clock_us at);
