/* snmp_trap - the route of kind "trap": notices as SNMP traps and informs, v1, v2c and v3.
 *
 * Independent of the agent and of Net-SNMP (face/snmp_trap_usm says why); shares with it the
 * engine's identity (face/snmp_state). Never waits: names and keys come from the worker pool,
 * packets go through non-blocking sockets. Owned by the daemon; loop thread only.
 */
#pragma once

#include <stdint.h>

#include "base/clock.h"

struct config;
struct loop;
struct notify;
struct snmp_state;
struct snmp_trap;

/* All borrowed. */
struct snmp_trap_context {
    struct loop *loop;
    struct notify *notify;
    struct snmp_state *state;
    clock_us started; /* monotonic: sysUpTime counts from here */
};

/* Joins notify's routes; receivers of the settings are looked up beforehand, so that the first
 * alarm need not wait for a name server. */
struct snmp_trap *snmp_trap_open(const struct snmp_trap_context *context,
                                 const struct config *config, uint32_t enterprise);
/* Ends what is under way; notify must still be there. Accepts NULL, returns NULL. */
struct snmp_trap *snmp_trap_close(struct snmp_trap *trap);

/* Other settings: what was known about receivers that have changed is forgotten. */
void snmp_trap_configure(struct snmp_trap *trap, const struct config *config, uint32_t enterprise);
