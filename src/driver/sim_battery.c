#include "driver/sim_battery.h"

#include <math.h>
#include <stddef.h>

/* Voltage without load at 0 %, 10 %, ... 100 % charge: the curve recorded at 0.53 A, plus the drop
 * of that current. */
static const double rest_v[] = {10.60, 11.38, 11.63, 11.81, 11.96, 12.10,
                                12.23, 12.37, 12.52, 12.69, 12.80};

#define REST_STEPS (sizeof rest_v / sizeof *rest_v - 1)

#define RESISTANCE                                                                                 \
    0.045 /* ohm: 12.50 V at 0.53 A and 12.38 V at 3.04 A, both after a fifth of the charge */
#define CHARGE_RESISTANCE                                                                          \
    0.35            /* ohm: 13.1 V at 2.66 A in the middle of charging, where rest is 12.1 V */
#define FADING 0.6  /* per hour: 1.3 A flow when 2 Ah are missing, at the charger's full voltage */
#define FLOAT_A 0.1 /* what a full battery takes and loses again as gas */
#define EFFICIENCY 0.95 /* Ah out for each Ah in: 19.7 for 20.2 to 21.3 */
#define SURFACE_S 150   /* 13.1 V fall to 12.7 V within minutes after charging */
#define HOUR_S 3600

static double rest_voltage(double charge)
{
    double place = charge * REST_STEPS;
    size_t step = place >= REST_STEPS ? REST_STEPS - 1 : (size_t)place;
    return rest_v[step] + (rest_v[step + 1] - rest_v[step]) * (place - (double)step);
}

static void count(struct sim_battery *battery, double ampere_seconds)
{
    double charge = battery->charge + ampere_seconds / (SIM_BATTERY_AH * HOUR_S);
    battery->charge = fmin(fmax(charge, 0), 1);
}

static void settle(struct sim_battery *battery, double surface, double dt)
{
    battery->surface = surface + (battery->surface - surface) * exp(-dt / SURFACE_S);
}

void sim_battery_init(struct sim_battery *battery, double charge)
{
    *battery = (struct sim_battery){.charge = charge, .voltage = rest_voltage(charge)};
}

void sim_battery_charge(struct sim_battery *battery, double limit_v, double limit_a, double dt)
{
    double rest = rest_voltage(battery->charge);
    double missing_ah = (1 - battery->charge) * SIM_BATTERY_AH;
    double current = fmin(limit_a, FADING * missing_ah + FLOAT_A);
    current = fmax(fmin(current, (limit_v - rest) / CHARGE_RESISTANCE), 0);
    /* Held at the charger's voltage as soon as the charger is not the one that limits the current.
     */
    double target = current < limit_a ? limit_v - rest : current * CHARGE_RESISTANCE;
    settle(battery, target, dt);
    count(battery, fmax(current - FLOAT_A, 0) * EFFICIENCY * dt);
    rest = rest_voltage(battery->charge);
    battery->surface = fmin(battery->surface, limit_v - rest);
    battery->current = current;
    battery->voltage = rest + battery->surface;
}

void sim_battery_discharge(struct sim_battery *battery, double watts, double drop_v, double dt)
{
    settle(battery, 0, dt);
    double source = rest_voltage(battery->charge) + battery->surface;
    /* (source - drop - I R) I = watts; beyond the most that can be drawn, the most is drawn. */
    double inner = source - drop_v;
    double square = fmax(inner * inner - 4 * RESISTANCE * watts, 0);
    double current = (inner - sqrt(square)) / (2 * RESISTANCE);
    count(battery, -current * dt);
    battery->current = -current;
    battery->voltage = source - current * RESISTANCE;
}
