/* ip_net - networks written by people, and whether an address lies in one.
 *
 * IPv4 and IPv6 alike: an IPv4 address counts as its mapped form (RFC 4291, 2.5.5.2), so a client
 * that comes in on either kind of socket is the same. Pure; any thread may call.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/err.h"

struct ip_address {
    uint8_t bytes[16];
};

struct ip_net {
    struct ip_address address;
    uint8_t bits; /* of the mapped form, 0 to 128 */
};

/* "192.0.2.0/24", "192.0.2.7", "2001:db8::/32", "::1": 0, or -EINVAL with a sentence. `length`
 * bytes of `text` are read. */
int ip_net_parse(struct ip_net *net, const char *text, size_t length, struct err *err);

bool ip_net_holds(const struct ip_net *net, const struct ip_address *address);

/* The address of a socket's other end; all zero for what is not IP. */
struct ip_address ip_address_of(const struct sockaddr *any);

/* "192.0.2.7", "2001:db8::1"; `size` at least 46. */
void ip_address_format(const struct ip_address *address, char *text, size_t size);
