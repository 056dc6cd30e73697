#include "engine/shutdown.h"

#include <math.h>

bool shutdown_forced(const struct shutdown_stage *stage)
{
    return stage->fsd_since != CLOCK_NEVER;
}

bool shutdown_force(struct shutdown_stage *stage, clock_us now)
{
    if (shutdown_forced(stage))
        return false;
    stage->fsd_since = now;
    stage->off = false; /* those that came back meanwhile go off again in their time */
    return true;
}

bool shutdown_end(struct shutdown_stage *stage, clock_us now)
{
    if (!shutdown_forced(stage))
        return false;
    stage->fsd_since = CLOCK_NEVER;
    if (stage->battery_since != CLOCK_NEVER)
        stage->battery_since = now;
    return true;
}

static bool reached(const struct shutdown_limits *limits, const struct shutdown_reading *reading,
                    clock_us on_battery)
{
    return (limits->after && on_battery >= limits->after) ||
           (limits->charge > 0 && !isnan(reading->charge) && reading->charge <= limits->charge) ||
           (limits->runtime && !isnan(reading->runtime) &&
            reading->runtime * (double)CLOCK_S <= (double)limits->runtime);
}

static unsigned look_on_battery(struct shutdown_stage *stage, const struct shutdown_rule *rule,
                                const struct shutdown_reading *reading, clock_us now)
{
    unsigned changes = 0;
    stage->online_since = CLOCK_NEVER;
    if (stage->battery_since == CLOCK_NEVER) {
        stage->battery_since = now;
        changes |= SHUTDOWN_ON_BATTERY;
    }
    clock_us lasted = now - stage->battery_since;
    if (!stage->low && reached(&rule->low, reading, lasted)) {
        stage->low = true;
        changes |= SHUTDOWN_LOW;
    }
    if (reached(&rule->fsd, reading, lasted) && shutdown_force(stage, now))
        changes |= SHUTDOWN_FORCED;
    return changes;
}

static unsigned look_on_line(struct shutdown_stage *stage, clock_us now)
{
    unsigned changes = stage->battery_since != CLOCK_NEVER ? SHUTDOWN_ON_LINE : 0;
    stage->battery_since = CLOCK_NEVER;
    stage->low = false;
    if (stage->online_since == CLOCK_NEVER)
        stage->online_since = now;
    return changes;
}

/* Of outlets that are still to be switched off it is not over: hosts that have begun to shut down
 * would stay off for ever. */
static bool is_over(const struct shutdown_stage *stage, const struct shutdown_rule *rule,
                    clock_us now)
{
    if (rule->operator_only || stage->online_since == CLOCK_NEVER)
        return false;
    clock_us from = stage->online_since > stage->fsd_since ? stage->online_since : stage->fsd_since;
    return now - from >= rule->hold && (!rule->off_after || stage->off);
}

unsigned shutdown_look(struct shutdown_stage *stage, const struct shutdown_rule *rule,
                       const struct shutdown_reading *reading, clock_us now)
{
    unsigned changes = 0;
    if (reading->on_battery > 0)
        changes = look_on_battery(stage, rule, reading, now);
    else if (reading->on_battery == 0)
        changes = look_on_line(stage, now);
    else
        stage->online_since = CLOCK_NEVER;
    if (!shutdown_forced(stage))
        return changes;
    if (rule->off_after && !stage->off && now - stage->fsd_since >= rule->off_after) {
        stage->off = true;
        changes |= SHUTDOWN_OFF;
    }
    if (is_over(stage, rule, now)) {
        stage->fsd_since = CLOCK_NEVER;
        changes |= SHUTDOWN_OVER;
    }
    return changes;
}
