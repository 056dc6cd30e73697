/* meter_sim_counters - keeps the counters of the simulated meters over a restart of the simulator.
 *
 * A meter that is switched off does not forget what it has counted. Without this file every start
 * of the demo would look like meters that were reset. Text, one counter a line: UNIT PATH VALUE.
 */
#pragma once

#include "meter_sim_net.h"

/* Sets the counters of the set's units to what the file says; units and paths that are not there
 * are passed over. A file that is missing is fine: 0, or a negative errno. */
int meter_sim_counters_load(struct meter_sim_set *set, const char *path);

/* Replaces the file: 0, or a negative errno. */
int meter_sim_counters_save(const struct meter_sim_set *set, const char *path);
