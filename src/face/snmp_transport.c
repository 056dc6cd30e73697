#include "face/snmp_transport.h"

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>
#include <stdlib.h>
#include <string.h>

/* SEQUENCE, its length in one to four octets, INTEGER 3. */
static bool looks_like_v3(const uint8_t *bytes, size_t length)
{
    size_t at = length > 1 && bytes[1] & 0x80 ? 2 + (bytes[1] & 0x7f) : 2;
    return length > at + 2 && bytes[at] == ASN_INTEGER && bytes[at + 1] == 1 && bytes[at + 2] == 3;
}

static struct snmp_link *link_of(const netsnmp_transport *transport)
{
    return *(struct snmp_link **)transport->data;
}

/* `opaque` would go with the request to its answer. */
static int receive(netsnmp_transport *transport, void *bytes, int size, void **opaque,
                   int *opaque_length)
{
    struct snmp_link *link = link_of(transport);
    struct in6_addr address;
    ssize_t length = snmp_socket_receive(link->fd, bytes, (size_t)size, &link->peer);
    link->received = length >= 0;
    *opaque = NULL;
    *opaque_length = 0;
    if (length < 0)
        return -1;
    link->is_v3 = looks_like_v3(bytes, (size_t)length);
    snmp_peer_address(&link->peer, &address);
    return link->accept(link->user, &address) ? (int)length : -1;
}

static int send_back(netsnmp_transport *transport, const void *bytes, int length, void **opaque,
                     int *opaque_length)
{
    const struct snmp_link *link = link_of(transport);
    (void)opaque;
    (void)opaque_length;
    return (int)snmp_socket_send(link->fd, bytes, (size_t)length, &link->peer);
}

/* The descriptor is ours. */
static int close_nothing(netsnmp_transport *transport)
{
    transport->sock = -1;
    return 0;
}

static char *name_of(netsnmp_transport *transport, const void *data, int length)
{
    (void)transport;
    (void)data;
    (void)length;
    return strdup("UDP");
}

netsnmp_transport *snmp_transport_new(struct snmp_link *link)
{
    netsnmp_transport *transport = SNMP_MALLOC_TYPEDEF(netsnmp_transport);
    struct snmp_link **back = malloc(sizeof *back);
    if (!transport || !back) {
        free(transport);
        free(back);
        return NULL;
    }
    *back = link;
    transport->domain = netsnmpUDPDomain;
    transport->domain_length = (int)netsnmpUDPDomain_len;
    transport->sock = link->fd;
    transport->data = back; /* freed with it */
    transport->data_length = sizeof *back;
    transport->msgMaxSize = SNMP_MESSAGE_MOST;
    transport->f_recv = receive;
    transport->f_send = send_back;
    transport->f_close = close_nothing;
    transport->f_fmtaddr = name_of;
    return transport;
}
