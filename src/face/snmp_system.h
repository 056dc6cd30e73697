/* snmp_system - the groups that every SNMP agent has: system, snmp, engine, messages, users.
 *
 * Name, contact and location are those of `site:`; they are set there, not over SNMP.
 */
#pragma once

#include "face/snmp_part.h"

extern const struct snmp_part snmp_system_part;
