/* snmp_socket - the UDP socket of the SNMP agent: answers leave from the address that was asked.
 *
 * A machine with several addresses must answer from the one that the request was sent to, or
 * managers and firewalls throw the answer away. Never blocks. Loop thread only.
 */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "base/err.h"

struct snmp_peer {
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } remote;
    socklen_t remote_length;
    struct in6_addr local; /* that was asked; an IPv4 one as ::ffff:a.b.c.d */
    unsigned interface;
    bool local_known;
};

/* Bound to address and port (0: any), or negative and `err`. "::" also takes IPv4, and falls back
 * to "0.0.0.0" on machines without IPv6. */
int snmp_socket_open(const char *address, int port, struct err *err);
int snmp_socket_port(int fd);

/* One datagram; negative errno when there is none. */
ssize_t snmp_socket_receive(int fd, void *bytes, size_t size, struct snmp_peer *peer);
ssize_t snmp_socket_send(int fd, const void *bytes, size_t length, const struct snmp_peer *peer);

/* Who it is: an IPv4 address as ::ffff:a.b.c.d. */
void snmp_peer_address(const struct snmp_peer *peer, struct in6_addr *address);

/* "192.0.2.7", "2001:db8::1"; INET6_ADDRSTRLEN bytes. */
void snmp_address_text(const struct in6_addr *address, char *text);
