#include "driver/sim_load.h"

#include <math.h>
#include <stddef.h>

#define DAY_S 86400.0
#define USED_S (90 * DAY_S) /* counters had run that long before the epoch */

/* Parts of the noise: from the flicker that two readings show to the swing of an hour. */
static const struct octave {
    double period, share;
} octaves[] = {{2.7, 0.25}, {61, 0.35}, {1823, 0.4}};

#define OCTAVES (sizeof octaves / sizeof *octaves)

uint64_t sim_load_seed(uint64_t seed, uint64_t number)
{
    /* splitmix64 (Steele, Lea, Flood 2014) */
    uint64_t z = seed + (number + 1) * 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

double sim_load_draw(uint64_t seed, int64_t index)
{
    return (double)(sim_load_seed(seed, (uint64_t)index) >> 11) * 0x1p-53;
}

/* ---- noise ----------------------------------------------------------------------------------- */

/* Where `t` lies between two knots of a curve, and how high these are (-1 to 1). */
struct knots {
    double before, after, place;
};

static struct knots knots_at(uint64_t seed, double t, double period)
{
    double knot = floor(t / period);
    return (struct knots){
        .before = 2 * sim_load_draw(seed, (int64_t)knot) - 1,
        .after = 2 * sim_load_draw(seed, (int64_t)knot + 1) - 1,
        .place = t / period - knot,
    };
}

double sim_load_wander(uint64_t seed, double t, double period)
{
    struct knots knots = knots_at(seed, t, period);
    double u = knots.place;
    return knots.before + (knots.after - knots.before) * u * u * (3 - 2 * u);
}

/* The slope of the curve above times period / 3: never beyond 1, and its integral is the curve
 * times period / 3. */
static double slope(uint64_t seed, double t, double period)
{
    struct knots knots = knots_at(seed, t, period);
    return 2 * (knots.after - knots.before) * knots.place * (1 - knots.place);
}

/* ---- jobs ------------------------------------------------------------------------------------ */

/* Seconds of the slot that `t` lies in for which the job has run. */
static double run_in_slot(uint64_t seed, double t, double slot_s, double share)
{
    double slot = floor(t / slot_s);
    double begin = sim_load_draw(seed, (int64_t)slot) * (1 - share);
    double run = t / slot_s - slot - begin;
    return slot_s * fmin(fmax(run, 0), share);
}

bool sim_load_is_on(uint64_t seed, double t, double slot_s, double share)
{
    double run = run_in_slot(seed, t, slot_s, share);
    return run > 0 && run < slot_s * share;
}

/* ---- loads ----------------------------------------------------------------------------------- */

double sim_load_power(const struct sim_load *load, uint64_t seed, double t)
{
    double day = cos(2 * M_PI * (t / DAY_S - load->peak_hour / 24));
    double noise = 0;
    for (size_t i = 0; i < OCTAVES; i++)
        noise += octaves[i].share * slope(sim_load_seed(seed, i), t, octaves[i].period);
    double watts = load->watts * (1 + load->daily * day + load->noise * noise);
    bool job = load->job_watts > 0 &&
               sim_load_is_on(sim_load_seed(seed, OCTAVES), t, load->job_slot_s, load->job_share);
    return watts + (job ? load->job_watts : 0);
}

double sim_load_energy(const struct sim_load *load, uint64_t seed, double t)
{
    double day = DAY_S / (2 * M_PI) * sin(2 * M_PI * (t / DAY_S - load->peak_hour / 24));
    double noise = 0;
    for (size_t i = 0; i < OCTAVES; i++) {
        double period = octaves[i].period;
        noise += octaves[i].share * period / 3 * sim_load_wander(sim_load_seed(seed, i), t, period);
    }
    double joules = load->watts * (USED_S + t + load->daily * day + load->noise * noise);
    if (load->job_watts > 0) {
        double slot_s = load->job_slot_s, share = load->job_share;
        uint64_t job_seed = sim_load_seed(seed, OCTAVES);
        double earlier = (USED_S + slot_s * floor(t / slot_s)) * share;
        joules += load->job_watts * (earlier + run_in_slot(job_seed, t, slot_s, share));
    }
    return joules;
}

void sim_load_add(struct sim_flow *sum, const struct sim_load *load, uint64_t seed, double t)
{
    double watts = sim_load_power(load, seed, t);
    double factor = load->power_factor;
    sum->watts += watts;
    sum->vars += watts * sqrt(1 / (factor * factor) - 1);
    sum->joules += sim_load_energy(load, seed, t);
}

/* ---- the grid -------------------------------------------------------------------------------- */

double sim_load_grid_voltage(int phase, double t)
{
    uint64_t seed = sim_load_seed(SIM_LOAD_GRID, (uint64_t)phase);
    /* strong at night, weak in the evening; well inside the 10 % of EN 50160 */
    double day = 0.006 * cos(2 * M_PI * (t / DAY_S - 3.0 / 24));
    double slow = 0.008 * sim_load_wander(seed, t, 1500);
    double fast = 0.0015 * sim_load_wander(sim_load_seed(seed, 1), t, 17);
    return 1.002 + day + slow + fast;
}

double sim_load_grid_frequency(double t)
{
    uint64_t seed = sim_load_seed(SIM_LOAD_GRID, 9);
    return 1 + 0.0006 * sim_load_wander(seed, t, 240) + 0.0002 * sim_load_wander(seed + 1, t, 13);
}
