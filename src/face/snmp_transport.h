/* snmp_transport - our UDP socket in the form in which Net-SNMP reads and answers packets.
 *
 * Answers are sent while their request is handled, so one peer at a time is enough. The descriptor
 * stays the agent's. Loop thread only.
 */
#pragma once

#include <stdbool.h>

#include "face/snmp_socket.h"

struct netsnmp_transport_s;

#define SNMP_MESSAGE_MOST 65507 /* what a UDP datagram over IPv4 holds */

struct snmp_link {
    int fd;
    struct snmp_peer peer; /* whose packet is being handled */
    bool received, is_v3;  /* whether the last look at the socket brought one; its version */
    /* A packet came: false drops it unread. */
    bool (*accept)(void *user, const struct in6_addr *address);
    void *user;
};

/* NULL without memory; becomes the session's, which frees it. `link` must outlive that. */
struct netsnmp_transport_s *snmp_transport_new(struct snmp_link *link);
