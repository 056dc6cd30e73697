/* snmp_library - Net-SNMP in this process: started once, without its files, signals and MIBs.
 *
 * Only its coding of messages and its user-based security are used; what it would do beside that
 * (read /etc/snmp, write /var/lib/snmp, print to stderr, set alarms) is switched off. The agent
 * alone uses it. Loop thread only.
 */
#pragma once

#include <stdint.h>

#include "face/snmp_part.h"

struct snmp_state;

/* At the very start of the program, before there are threads: it sets the environment. */
void snmp_library_prepare(void);

/* Start with engine id and boots of `state`; once before it is stopped. */
void snmp_library_start(const struct snmp_state *state);
void snmp_library_stop(void);

/* What the library counts, into `counters` (SNMP_COUNTERS); those that we count are left alone. */
void snmp_library_count(uint32_t *counters);
