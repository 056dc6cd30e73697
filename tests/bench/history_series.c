#include "history_series.h"

#include <math.h>

#define DAY 1440.0
#define PULL (1.0 / 360) /* of the walk, a minute */

/* splitmix64, as in tests/unit/test.h */
static uint64_t next_random(struct history_made *made)
{
    uint64_t z = (made->random += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

static double uniform(struct history_made *made)
{
    return (double)(next_random(made) >> 11) * (1.0 / 9007199254740992.0);
}

/* Box and Muller; one of the pair is enough. */
static double normal(struct history_made *made)
{
    double a = uniform(made), b = uniform(made);
    return sqrt(-2 * log(a < 1e-300 ? 1e-300 : a)) * cos(2 * M_PI * b);
}

struct history_made history_made_begin(int series)
{
    struct history_made made = {.series = series, .random = 1000003u * (uint64_t)(series + 1)};
    made.walk = normal(&made);
    made.base = made.level = 0.5 + uniform(&made) * 8;
    made.phase = uniform(&made) * DAY;
    made.energy = 1000 + uniform(&made) * 50000;
    return made;
}

static double next_voltage(struct history_made *made, double swing)
{
    /* the order of calls decides the numbers */
    double pulled = -PULL * made->walk;
    made->walk += pulled + sqrt(2 * PULL) * normal(made);
    if (!made->sag_left && uniform(made) < 1.0 / 14400) {
        made->sag_left = 1 + (int)(next_random(made) % 3);
        made->sag_depth = 10 + 30 * uniform(made);
    }
    double sag = made->sag_left ? made->sag_depth : 0;
    double volts = 230 + made->walk + 0.8 * swing + 0.15 * normal(made) - sag;
    if (made->sag_left)
        made->sag_left--;
    return volts;
}

static double next_current(struct history_made *made, double swing)
{
    if (uniform(made) < 20 / DAY)
        made->level = made->base * (0.3 + 1.4 * uniform(made));
    double amps = made->level * (1 + 0.15 * swing) * (1 + 0.005 * normal(made));
    return amps < 0 ? 0 : amps;
}

int32_t history_made_next(struct history_made *made)
{
    double swing = sin(2 * M_PI * ((double)made->minute++ + made->phase) / DAY);
    if (made->series < HISTORY_SERIES_VOLTAGES)
        return (int32_t)lrint(next_voltage(made, swing) * 10);
    double amps = next_current(made, swing);
    if (made->series < HISTORY_SERIES_CURRENTS)
        return (int32_t)lrint(amps * 1000);
    made->energy += amps * 230 * 0.95 / 1000 / 60;
    return (int32_t)lrint(made->energy * 100);
}
