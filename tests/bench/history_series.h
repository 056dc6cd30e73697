/* history_series - made-up readings on which the storage of history is measured, always the same.
 *
 * 100 series, one count a minute:
 *    0..39  voltage  0.1 V     230 V, a slow walk back to the mean (1 V, 6 h), a daily swing,
 * noise, sags 40..79  current  0.001 A   about 20 load steps a day, a daily profile, noise of 0.5 %
 *   80..99  energy   0.01 kWh  a counter fed by such a current at 230 V and power factor 0.95
 */
#pragma once

#include <stdint.h>

#define HISTORY_SERIES_COUNT 100
#define HISTORY_SERIES_VOLTAGES 40
#define HISTORY_SERIES_CURRENTS 80 /* voltages before, energies behind */

struct history_made {
    int series;
    int64_t minute;
    uint64_t random;
    double walk, level, base, phase, energy, sag_depth;
    int sag_left;
};

struct history_made history_made_begin(int series);

/* The reading of the next minute. */
int32_t history_made_next(struct history_made *made);
