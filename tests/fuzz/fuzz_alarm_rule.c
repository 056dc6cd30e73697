/* fuzz_alarm_rule - the texts of a rule, and readings judged by what they say: lines are points,
 * limit, recovery threshold, repeat and word lists; the first byte chooses what is asked. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "engine/alarm_rule.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Trips and recoveries take turns, whatever comes; what is due lies ahead. */
static void judge(struct alarm_test test, const uint8_t *bytes, size_t count)
{
    struct alarm_mind mind = alarm_judge_start(CLOCK_S);
    clock_us at = CLOCK_S;
    bool raised = false;
    for (size_t i = 0; i < count; i++) {
        enum alarm_turn turn;
        at += (clock_us)(bytes[i] & 7) * CLOCK_S;
        for (clock_us due; (due = alarm_judge_due(&mind)) <= at;) {
            turn = alarm_judge_time(&test, &mind, due);
            if (alarm_judge_due(&mind) < due || (turn == ALARM_TRIPS && raised))
                abort();
            raised = turn == ALARM_TRIPS || (raised && turn != ALARM_RECOVERS);
        }
        if (bytes[i] & 8)
            turn = alarm_judge_blind(&test, &mind, at);
        else
            turn = alarm_judge_reading(&test, &mind, test.limit + (bytes[i] >> 4) - 8, at);
        if (turn == ALARM_TRIPS && raised)
            abort();
        raised = turn == ALARM_TRIPS || (raised && turn != ALARM_RECOVERS);
        if (raised != alarm_judge_raised(&mind))
            abort();
    }
}

static void check(const struct alarm_rule *rule)
{
    const struct alarm_test *test = &rule->test;
    bool low = test->when == ALARM_UNDER || (test->when == ALARM_RATE_OVER && test->limit < 0);
    if (!isfinite(test->limit) || !isfinite(test->recover))
        abort();
    if (test->when != ALARM_OLDER && !*rule->word &&
        (low ? test->recover < test->limit : test->recover > test->limit))
        abort();
    alarm_rule_fits(rule, "pdu-a/outlet-3/current");
    alarm_rule_fits(rule, "meter-1");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { LINES = 4 };
    char *lines[LINES] = {0}, *text = malloc(size + 1);
    if (!text || size == 0) {
        free(text);
        return 0;
    }
    memcpy(text, data, size);
    text[size] = '\0';
    char *at = text + 1;
    for (int i = 0; i < LINES; i++)
        lines[i] = at ? strsep(&at, "\n") : text + size;
    struct alarm_settings settings = {
        .label = "",
        .points = lines[0],
        .when = text[0] & 7,
        .limit = lines[1],
        .recover = lines[2],
        .per = (text[0] >> 3 & 3) % 3,
        .hold = text[0] & 0x20 ? 5 * CLOCK_S : 0,
        .recover_for = text[0] & 0x40 ? 3 * CLOCK_S : 0,
        .latch = text[0] & 0x80,
        .repeat = lines[3],
        .recipients = "",
        .outputs = "",
        .outputs_off = "",
        .sounders = "",
    };
    struct arena *arena = arena_new();
    struct alarm_rule rule;
    const char *key = NULL;
    struct err err = ERR_EMPTY;
    int result = alarm_rule_parse(&rule, arena, "a", &settings, &key, &err);
    if (result < 0 && (!key || !err.code || !*err.text))
        abort();
    if (result == 0) {
        check(&rule);
        judge(rule.test, data, size);
    }
    arena_free(arena);
    free(text);
    return 0;
}
