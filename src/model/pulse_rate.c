#include "model/pulse_rate.h"

#include <math.h>

/* Shorter intervals would show the jitter of the meter and of ours. */
#define SHORTEST CLOCK_S

void pulse_rate_count(struct pulse_rate *rate, unsigned pulses, clock_us now)
{
    if (rate->last == 0) {
        rate->last = rate->since = now;
        return;
    }
    rate->pulses += pulses;
    rate->last = now;
    clock_us shortest = rate->shortest > SHORTEST ? rate->shortest : SHORTEST;
    if (rate->interval && now - rate->since < shortest)
        return;
    clock_us interval = (now - rate->since) / rate->pulses;
    rate->interval = interval > 0 ? interval : 1;
    rate->since = now;
    rate->pulses = 0;
}

double pulse_rate_at(const struct pulse_rate *rate, clock_us now)
{
    if (rate->interval == 0)
        return NAN;
    clock_us age = now - rate->last;
    return 60.0 * CLOCK_S / (double)(age > rate->interval ? age : rate->interval);
}
