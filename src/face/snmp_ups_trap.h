/* snmp_ups_trap - watches the supply with a battery for the traps of UPS-MIB (RFC 1628): on
 * battery, at once and every minute while it lasts; an entry of the table of alarms that comes or
 * goes.
 *
 * They are notices like others, for recipients of kind trap that want them; independent of the
 * agent. There are no tests that could complete. Owned by the daemon; loop thread only.
 */
#pragma once

struct config;
struct loop;
struct notify;
struct site;
struct snmp_ups_trap;

/* All borrowed; `config` during the call. */
struct snmp_ups_trap *snmp_ups_trap_open(struct loop *loop, struct site *site,
                                         struct notify *notify, const struct config *config);
struct snmp_ups_trap *snmp_ups_trap_close(struct snmp_ups_trap *trap); /* accepts NULL */
void snmp_ups_trap_configure(struct snmp_ups_trap *trap, const struct config *config);
