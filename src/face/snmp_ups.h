/* snmp_ups - UPS-MIB (RFC 1628) for a supply with a battery.
 *
 * Shows one device (`snmp_tables.ups`, else the first that has a battery), with its groups ident,
 * battery, input, output, bypass (none), alarm, test (none) and config; nothing in it can be
 * written: switching is done through the outlets of our own MIB. What is not known now has no
 * value. Loop thread only.
 */
#pragma once

#include "face/snmp_part.h"

extern const struct snmp_part snmp_ups_part;
