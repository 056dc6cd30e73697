/* sim_battery - a 12 V lead-acid battery of 20 Ah, as its owner's telemetry would show it.
 *
 * Voltages over depth of discharge, resistance, charging efficiency and the fading of the charging
 * current are those of a 12 V, 20 Ah battery in recorded telemetry (BBOXX, in the data set
 * "faster-lead-acid", BSD-3 licence): discharged at 0.5 to 3 A and charged at 2.7 A again and again
 * in March 2017. Pure; the caller says how long a step is.
 */
#pragma once

#define SIM_BATTERY_AH 20.0

struct sim_battery {
    double charge;  /* 0 to 1 */
    double voltage; /* V, at the terminals */
    double current; /* A, positive while it is charged */
    double surface; /* V above rest: what charging leaves behind for some minutes */
};

/* At rest, with that charge. */
void sim_battery_init(struct sim_battery *battery, double charge);

/* Charge for `dt` seconds from a charger that gives at most `limit_v` and `limit_a`. */
void sim_battery_charge(struct sim_battery *battery, double limit_v, double limit_a, double dt);

/* Feed a load of constant power behind a diode that drops `drop_v`; 0 W is rest. */
void sim_battery_discharge(struct sim_battery *battery, double watts, double drop_v, double dt);
