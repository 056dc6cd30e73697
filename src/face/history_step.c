#include "face/history_step.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DAY_S ((int64_t)86400)
#define LONGEST_S (366 * DAY_S)

/* The shortest of each is where a clock goes forward: by an hour, in winter and summer by law. */
static const struct {
    const char *name;
    enum history_unit unit;
    int units;
    int64_t usual_s, shortest_s;
} calendar[] = {
    {"1h", HISTORY_UNIT_HOUR, 1, 3600, 3600},
    {"1d", HISTORY_UNIT_DAY, 1, DAY_S, DAY_S - 3600},
    {"1w", HISTORY_UNIT_DAY, 7, 7 * DAY_S, 7 * DAY_S - 3600},
    {"1mo", HISTORY_UNIT_MONTH, 1, 30 * DAY_S, 28 * DAY_S - 3600},
    {"3mo", HISTORY_UNIT_MONTH, 3, 91 * DAY_S, 90 * DAY_S - 3600},
    {"1y", HISTORY_UNIT_YEAR, 1, 365 * DAY_S, 365 * DAY_S - 3600},
};
#define CALENDAR_STEPS (sizeof calendar / sizeof calendar[0])

/* Steps below a day that people think in, seconds. */
static const int64_t fixed[] = {1,   2,   5,    10,   15,   30,    60,    120,  300,
                                600, 900, 1800, 3600, 7200, 10800, 21600, 43200};
#define FIXED_STEPS (sizeof fixed / sizeof fixed[0])

static void set_seconds(struct history_step *step, int64_t seconds)
{
    *step = (struct history_step){.step = seconds * CLOCK_S, .seconds = seconds};
    snprintf(step->name, sizeof step->name, "%" PRId64, seconds);
}

static void set_calendar(struct history_step *step, size_t index)
{
    *step = (struct history_step){
        .unit = calendar[index].unit,
        .units = calendar[index].units,
        .seconds = calendar[index].usual_s,
    };
    snprintf(step->name, sizeof step->name, "%s", calendar[index].name);
}

bool history_step_parse(const char *text, struct history_step *step)
{
    char *end;
    if (strcmp(text, "raw") == 0) {
        *step = (struct history_step){.name = "raw"};
        return true;
    }
    for (size_t i = 0; i < CALENDAR_STEPS; i++) {
        if (strcmp(text, calendar[i].name) == 0) {
            set_calendar(step, i);
            return true;
        }
    }
    int64_t seconds = strtoll(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end || seconds < 1 || seconds > LONGEST_S)
        return false;
    set_seconds(step, seconds);
    return true;
}

/* Buckets at multiples of `step`; `from` < `to`. */
static int64_t count_multiples(clock_us from, clock_us to, clock_us step)
{
    clock_us rest = from % step;
    clock_us begin = from - (rest < 0 ? rest + step : rest);
    return (to - begin + step - 1) / step;
}

/* Never fewer than there are: both ends lie somewhere inside one. */
static int64_t count_calendar(clock_us from, clock_us to, size_t index)
{
    return (to - from) / (calendar[index].shortest_s * CLOCK_S) + 2;
}

void history_step_choose(clock_us from, clock_us to, int64_t most, struct history_step *step)
{
    for (size_t i = 0; i < FIXED_STEPS; i++) {
        if (count_multiples(from, to, fixed[i] * CLOCK_S) <= most) {
            set_seconds(step, fixed[i]);
            return;
        }
    }
    for (size_t i = 1; i < CALENDAR_STEPS; i++) {
        if (count_calendar(from, to, i) <= most) {
            set_calendar(step, i);
            return;
        }
    }
    /* More than a lifetime in a handful of buckets: whatever is long enough. */
    int64_t seconds = LONGEST_S;
    while (count_multiples(from, to, seconds * CLOCK_S) > most && seconds < INT64_MAX / 2 / CLOCK_S)
        seconds *= 2;
    set_seconds(step, seconds);
}
