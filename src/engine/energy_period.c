#include "engine/energy_period.h"

#include <string.h>

#include "engine/history_calendar.h"

static const struct {
    const char *name;
    enum history_level level, step;
    int times;
} spans[ENERGY_SPANS] = {
    [ENERGY_DAY] = {"day", HISTORY_DAY, HISTORY_HOUR, 1},
    [ENERGY_WEEK] = {"week", HISTORY_DAY, HISTORY_DAY, 7},
    [ENERGY_MONTH] = {"month", HISTORY_MONTH, HISTORY_DAY, 1},
    [ENERGY_YEAR] = {"year", HISTORY_YEAR, HISTORY_MONTH, 1},
};

const char *energy_span_name(enum energy_span span)
{
    return spans[span].name;
}

int energy_span_find(const char *name)
{
    for (int i = 0; i < ENERGY_SPANS; i++) {
        if (strcmp(name, spans[i].name) == 0)
            return i;
    }
    return -1;
}

/* An hour of the clock can reach over the end of a day that is cut within one. */
static void fill_steps(struct energy_steps *steps, enum history_level level,
                       struct history_zone *zone, clock_us from, clock_us to)
{
    struct history_calendar grid = history_calendar_new(level, 1);
    grid.zone = zone;
    clock_us at = from;
    for (steps->count = 0; at < to && steps->count < ENERGY_STEPS_MOST; steps->count++) {
        steps->at[steps->count] = at;
        clock_us end = history_calendar_find(&grid, at / CLOCK_MS).end * CLOCK_MS;
        at = end > at ? end : to;
    }
    steps->at[steps->count] = to;
}

/* As far into the period before as `until` is into this one. */
static clock_us same_elapsed(const struct energy_period *period)
{
    const struct energy_steps *steps = &period->steps, *before = &period->before;
    size_t i = 0;
    if (period->until >= period->to)
        return period->from;
    while (i + 1 < steps->count && steps->at[i + 1] <= period->until)
        i++;
    if (i >= before->count)
        return period->from;
    clock_us into = period->until - steps->at[i];
    /* of longer periods to the hour: of old ones nothing finer may be kept */
    if (period->span != ENERGY_DAY)
        into -= into % (3600 * CLOCK_S);
    clock_us same = before->at[i] + into;
    return same < before->at[i + 1] ? same : before->at[i + 1];
}

void energy_period_of(struct energy_period *period, enum energy_span span, bool by_days,
                      clock_us at, clock_us now)
{
    struct history_zone zone = {0};
    struct history_calendar grid = history_calendar_new(spans[span].level, spans[span].times);
    enum history_level step = by_days ? HISTORY_DAY : spans[span].step;
    grid.zone = &zone;
    struct history_stretch own = history_calendar_find(&grid, at / CLOCK_MS);
    struct history_stretch last = history_calendar_find(&grid, own.begin - 1);
    *period = (struct energy_period){
        .span = span,
        .from = own.begin * CLOCK_MS,
        .to = own.end * CLOCK_MS,
        .before_from = last.begin * CLOCK_MS,
    };
    period->until = now < period->from ? period->from : now < period->to ? now : period->to;
    fill_steps(&period->steps, step, &zone, period->from, period->to);
    fill_steps(&period->before, step, &zone, period->before_from, period->from);
    period->before_to = same_elapsed(period);
}
