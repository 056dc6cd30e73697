/* switcher_story - what tests of the switcher do again and again with a rig: begin and end it,
 * switch an outlet, take the power away, and say what must have become of it. */
#pragma once

#include "engine/switcher_testing.h"

/* A rig for free() in rig_tear_down, not started. */
static inline struct rig *rig_new(size_t boards, size_t outlets, const char *yaml)
{
    struct rig *rig = malloc(sizeof *rig);
    rig_make(rig, boards, outlets, yaml);
    return rig;
}

/* The same, running, all of it read once. */
static inline struct rig *rig_running(size_t boards, size_t outlets, const char *yaml)
{
    struct rig *rig = rig_new(boards, outlets, yaml);
    rig_start(rig);
    rig_run(rig, 2 * CLOCK_S);
    return rig;
}

static inline int rig_tear_down(void **state)
{
    rig_free(*state);
    free(*state);
    return 0;
}

/* Of an outlet of the first board. */
static inline bool rig_closed(const struct rig *rig, int number)
{
    return rig->outlets[0][number - 1].closed;
}

/* Switch an outlet of the first board; a second later it is done. */
static inline void rig_switch(struct rig *rig, enum command_action action, int number)
{
    char path[40];
    snprintf(path, sizeof path, "pdu-0/outlet-%d", number);
    rig_do(rig, action, path, NULL);
    rig_run(rig, CLOCK_S);
}

/* The first board is without power for so long. */
static inline void rig_lose_power(struct rig *rig, clock_us time)
{
    rig_cut(rig, 0);
    rig_run(rig, time);
    rig_power(rig, 0);
}

static inline void rig_expect(const struct rig *rig, const char *id, enum command_state state,
                              const char *reason)
{
    const struct command_step *step = rig_step(rig, id);
    if (step->state != state || !strstr(step->reason, reason))
        fail_msg("%s, \"%s\" instead of %s, \"%s\"", command_state_name(step->state), step->reason,
                 command_state_name(state), reason);
}

static inline void rig_expect_refusal(struct rig *rig, enum command_action action,
                                      const char *target, enum command_verdict verdict,
                                      const char *sentence)
{
    struct command_answer answer = rig_ask(rig, action, target);
    if (answer.verdict != verdict || !strstr(answer.err.text, sentence))
        fail_msg("%s, \"%s\" instead of %s, \"%s\"", command_verdict_name(answer.verdict),
                 answer.err.text, command_verdict_name(verdict), sentence);
}
