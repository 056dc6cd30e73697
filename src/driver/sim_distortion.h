/* sim_distortion - how far the current and voltage of a simulated phase are from a sine: THD and
 * the harmonics it is made of.
 *
 * As in real meters the spectrum is analysed every ten seconds; between two analyses it stands
 * still, so that sixty points do not change with every round. The root of the sum of the squares of
 * the harmonics is the THD (IEC 61000-4-7, 3.3.1). Part of a simulated device's state.
 */
#pragma once

#include "driver/sim_load.h"
#include "driver/sim_profile.h"

/* Odd orders from 3 to 21: even ones are as good as absent where both half-waves are alike. */
enum { SIM_DISTORTION_ORDERS = 10 };

struct sim_spectrum {
    struct point *thd, *harmonics[SIM_DISTORTION_ORDERS];
    double percent; /* the THD of the last analysis */
};

struct sim_distortion {
    struct sim_spectrum voltage, current;
    double analysed; /* when, in seconds of the simulation; 0: not yet */
};

void sim_distortion_open(struct sim_distortion *distortion, struct sim_builder *builder,
                         struct component *component);

/* `watts` is what the phase carries: little load is the most distorted one. */
void sim_distortion_put(struct sim_distortion *distortion, uint64_t seed, double t, double watts,
                        struct sim_stamp stamp);
