/* snmp_guard - remembers who was refused, and which SETs were just carried out.
 *
 * Refused sign-ins are told once per address and then, while they go on, as a number now and then:
 * UDP addresses are easily forged, so nobody is locked out by them. A manager that did not get the
 * answer to a SET sends it again, and somebody on the way may do so on purpose; what was done is
 * not done twice. Fixed memory, no I/O; loop
 * thread only.
 */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"

#define SNMP_GUARD_SOURCES 64
#define SNMP_GUARD_SETS 256
#define SNMP_GUARD_TELL_EVERY (10 * 60 * CLOCK_S)
#define SNMP_GUARD_RETRY_FOR (5 * CLOCK_S)
/* Version 3 takes a message for 150 s, early or late (RFC 3414 section 2.2.3). */
#define SNMP_GUARD_REPLAY_FOR (300 * CLOCK_S)

struct snmp_guard {
    struct snmp_guard_source {
        struct in6_addr address;
        clock_us told;  /* 0: unused */
        uint64_t since; /* refused since then */
    } sources[SNMP_GUARD_SOURCES];
    struct snmp_guard_set {
        uint64_t print;
        clock_us until; /* 0: unused */
        long status, index;
    } sets[SNMP_GUARD_SETS];
    unsigned next_set;
};

/* Someone at this address was refused: true when it is to be told, then `count` is how often since
 * the last time, this one included. */
bool snmp_guard_refused(struct snmp_guard *guard, const struct in6_addr *address, clock_us now,
                        uint64_t *count);

/* The SET with this fingerprint, if it was answered a while ago; NULL when it was not. */
const struct snmp_guard_set *snmp_guard_find(const struct snmp_guard *guard, uint64_t print,
                                             clock_us now);
/* Remember how it was answered; of too many the oldest goes. */
void snmp_guard_keep(struct snmp_guard *guard, const struct snmp_guard_set *set);
