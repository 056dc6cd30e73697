#include "driver/sim_distortion.h"

#include <math.h>

#define ANALYSIS_S 10

/* Shapes, to any scale. The voltage of a low-voltage network: the 5th leads, by old habit of
 * rectifiers; triple orders stay behind delta windings. The current of power supplies that charge a
 * capacitor at the top of the wave: falling from the 3rd on. */
static const double voltage_shape[SIM_DISTORTION_ORDERS] = {0.7,  1.5,  1.0,  0.25, 0.5,
                                                            0.35, 0.12, 0.15, 0.12, 0.05};
static const double current_shape[SIM_DISTORTION_ORDERS] = {9,   5.5, 3.4, 2.1,  1.4,
                                                            0.9, 0.6, 0.4, 0.27, 0.18};

static void open_spectrum(struct sim_spectrum *spectrum, struct sim_builder *builder,
                          struct component *component, enum quantity thd, enum quantity second)
{
    spectrum->thd = sim_builder_point(builder, component, thd);
    for (int i = 0; i < SIM_DISTORTION_ORDERS; i++) {
        /* their numbers follow the orders: 3rd, 5th, ... */
        enum quantity quantity = (enum quantity)((int)second + 2 * i + 1);
        spectrum->harmonics[i] = sim_builder_point(builder, component, quantity);
    }
}

void sim_distortion_open(struct sim_distortion *distortion, struct sim_builder *builder,
                         struct component *component)
{
    open_spectrum(&distortion->voltage, builder, component, QUANTITY_THD_VOLTAGE,
                  QUANTITY_HARMONIC_VOLTAGE_2);
    open_spectrum(&distortion->current, builder, component, QUANTITY_THD_CURRENT,
                  QUANTITY_HARMONIC_CURRENT_2);
}

/* Every order wanders by itself, within a share that keeps their rank; scaled so that their squares
 * add up to the square of the THD. */
static void put_spectrum(const struct sim_spectrum *spectrum, const double *shape, uint64_t seed,
                         double t, struct sim_stamp stamp)
{
    double parts[SIM_DISTORTION_ORDERS], squares = 0;
    for (int i = 0; i < SIM_DISTORTION_ORDERS; i++) {
        parts[i] = shape[i] * (1 + 0.08 * sim_load_wander(seed + (uint64_t)i, t, 300));
        squares += parts[i] * parts[i];
    }
    sim_point_put(spectrum->thd, spectrum->percent, stamp);
    for (int i = 0; i < SIM_DISTORTION_ORDERS; i++)
        sim_point_put(spectrum->harmonics[i], spectrum->percent * parts[i] / sqrt(squares), stamp);
}

void sim_distortion_put(struct sim_distortion *distortion, uint64_t seed, double t, double watts,
                        struct sim_stamp stamp)
{
    if (!distortion->voltage.thd) /* never opened: the conductors of a delta unit */
        return;
    if (distortion->analysed == 0 || t >= distortion->analysed + ANALYSIS_S) {
        distortion->analysed = ANALYSIS_S * floor(t / ANALYSIS_S);
        /* Worse in the evening, when many screens are on. */
        double evening = cos(2 * M_PI * (t / 86400 - 20.0 / 24));
        distortion->voltage.percent =
            1.9 + 0.5 * evening + 0.2 * sim_load_wander(seed, distortion->analysed, 300);
        /* Power supplies at idle distort most, but what they distort is little. */
        distortion->current.percent = 3 + 30 * 200 / (200 + fmax(watts, 0)) +
                                      sim_load_wander(seed + 1, distortion->analysed, 45);
    }
    /* The old analysis is put again: its values are as fresh as the meter's others. */
    put_spectrum(&distortion->voltage, voltage_shape, seed + 10, distortion->analysed, stamp);
    put_spectrum(&distortion->current, current_shape, seed + 30, distortion->analysed, stamp);
}
