#include "engine/demand_window.h"

#include <math.h>

#include "engine/history_calendar.h"

#define MISSING_MOST 50 /* a part may lack a fiftieth of its readings: a restart */
#define W_US_PER_KWH 3.6e12

/* Parts are multiples of their length on the clock of the site, since its midnight. */
void demand_window_begin(struct demand_window *window, clock_us wall, double count)
{
    int minutes = (int)(window->part / (60 * CLOCK_S));
    struct history_calendar clock = history_calendar_new(HISTORY_MINUTE, minutes);
    struct history_stretch own = history_calendar_find(&clock, wall / CLOCK_MS);
    window->begin = own.begin * CLOCK_MS;
    window->end = own.end * CLOCK_MS;
    window->covered = 0;
    window->sum = 0;
    window->count = count;
}

void demand_window_hold(struct demand_window *window, clock_us from, clock_us to, double value)
{
    if (from < window->begin)
        from = window->begin;
    if (to > window->end)
        to = window->end;
    if (to <= from)
        return;
    window->covered += to - from;
    window->sum += value * (double)(to - from);
}

/* Of a counter that was reset nothing is known. */
static double average_of(const struct demand_window *window, clock_us length, double count)
{
    if (!window->counter)
        return window->sum / (double)window->covered;
    double used = count - window->count;
    return used >= 0 ? used * W_US_PER_KWH / (double)length : NAN;
}

static double average_of_ring(const struct demand_window *window)
{
    double sum = 0;
    for (size_t i = 0; i < window->parts; i++)
        sum += window->ring[i]; /* one that is not known makes all so */
    return window->filled < window->parts ? NAN : sum / (double)window->parts;
}

double demand_window_end(struct demand_window *window, double count)
{
    clock_us missing = window->part - window->covered;
    bool whole = window->counter || missing * MISSING_MOST <= window->part;
    window->ring[window->at] = whole ? average_of(window, window->part, count) : NAN;
    window->at = (window->at + 1) % window->parts;
    if (window->filled < window->parts)
        window->filled++;
    demand_window_begin(window, window->end, count);
    return average_of_ring(window);
}

double demand_window_running(const struct demand_window *window, clock_us now, double count)
{
    if (!window->end || now <= window->begin || (!window->counter && !window->covered))
        return NAN;
    return average_of(window, now - window->begin, count);
}
