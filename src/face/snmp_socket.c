#include "face/snmp_socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

static const uint8_t v4_head[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

/* ---- opening --------------------------------------------------------------------------------- */

static bool fill(struct snmp_peer *peer, const char *text, int port)
{
    memset(peer, 0, sizeof *peer);
    if (inet_pton(AF_INET6, text, &peer->remote.v6.sin6_addr) == 1) {
        peer->remote.v6.sin6_family = AF_INET6;
        peer->remote.v6.sin6_port = htons((uint16_t)port);
        peer->remote_length = sizeof peer->remote.v6;
        return true;
    }
    peer->remote.v4.sin_family = AF_INET;
    peer->remote.v4.sin_port = htons((uint16_t)port);
    peer->remote_length = sizeof peer->remote.v4;
    return inet_pton(AF_INET, text, &peer->remote.v4.sin_addr) == 1;
}

static void set_option(int fd, int level, int option, int value)
{
    (void)setsockopt(fd, level, option, &value, sizeof value);
}

static int open_at(const struct snmp_peer *at)
{
    bool v6 = at->remote.any.sa_family == AF_INET6;
    int fd = socket(at->remote.any.sa_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    if (v6) {
        set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0);
        set_option(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
    } else {
        set_option(fd, IPPROTO_IP, IP_PKTINFO, 1);
    }
    if (bind(fd, &at->remote.any, at->remote_length) == 0)
        return fd;
    int code = -errno;
    close(fd);
    return code;
}

int snmp_socket_open(const char *address, int port, struct err *err)
{
    struct snmp_peer at;
    if (!fill(&at, address, port))
        return err_set(err, -EINVAL, "\"%s\" is no address", address);
    int fd = open_at(&at);
    if (fd == -EAFNOSUPPORT && strcmp(address, "::") == 0 && fill(&at, "0.0.0.0", port))
        fd = open_at(&at);
    if (fd == -EACCES && port < 1024)
        return err_set(err, fd,
                       "SNMP cannot listen on UDP port %d: ports below 1024 need a right that the "
                       "service has and this user has not; 1161 needs none",
                       port);
    if (fd < 0)
        return err_set_errno(err, fd, "SNMP cannot listen on %s, UDP port %d", address, port);
    return fd;
}

int snmp_socket_port(int fd)
{
    struct snmp_peer at;
    at.remote_length = sizeof at.remote;
    if (getsockname(fd, &at.remote.any, &at.remote_length) < 0)
        return -errno;
    /* the port is at the same place in both */
    return ntohs(at.remote.v4.sin_port);
}

/* ---- datagrams ------------------------------------------------------------------------------- */

union control {
    struct cmsghdr align;
    char bytes[CMSG_SPACE(sizeof(struct in6_pktinfo))];
};

static void from_v4(struct in6_addr *address, const struct in_addr *v4)
{
    memcpy(address->s6_addr, v4_head, sizeof v4_head);
    memcpy(address->s6_addr + sizeof v4_head, v4, sizeof *v4);
}

static void read_local(struct msghdr *message, struct snmp_peer *peer)
{
    for (struct cmsghdr *at = CMSG_FIRSTHDR(message); at; at = CMSG_NXTHDR(message, at)) {
        if (at->cmsg_level == IPPROTO_IPV6 && at->cmsg_type == IPV6_PKTINFO) {
            struct in6_pktinfo info;
            memcpy(&info, CMSG_DATA(at), sizeof info);
            peer->local = info.ipi6_addr;
            peer->interface = info.ipi6_ifindex;
            peer->local_known = true;
        } else if (at->cmsg_level == IPPROTO_IP && at->cmsg_type == IP_PKTINFO) {
            struct in_pktinfo info;
            memcpy(&info, CMSG_DATA(at), sizeof info);
            from_v4(&peer->local, &info.ipi_spec_dst);
            peer->local_known = true;
        }
    }
}

ssize_t snmp_socket_receive(int fd, void *bytes, size_t size, struct snmp_peer *peer)
{
    union control control;
    struct iovec part = {.iov_base = bytes, .iov_len = size};
    struct msghdr message = {.msg_name = &peer->remote,
                             .msg_namelen = sizeof peer->remote,
                             .msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = sizeof control};
    ssize_t length = recvmsg(fd, &message, 0);
    if (length < 0)
        return -errno;
    peer->remote_length = message.msg_namelen;
    peer->local_known = false;
    read_local(&message, peer);
    return length;
}

/* Where the answer leaves from; the interface only where an address means nothing without. */
static void write_local(struct msghdr *message, const struct snmp_peer *peer)
{
    struct cmsghdr *at = CMSG_FIRSTHDR(message);
    if (peer->remote.any.sa_family == AF_INET6) {
        bool link = IN6_IS_ADDR_LINKLOCAL(&peer->local);
        struct in6_pktinfo info = {.ipi6_addr = peer->local,
                                   .ipi6_ifindex = link ? peer->interface : 0};
        at->cmsg_level = IPPROTO_IPV6;
        at->cmsg_type = IPV6_PKTINFO;
        at->cmsg_len = CMSG_LEN(sizeof info);
        memcpy(CMSG_DATA(at), &info, sizeof info);
    } else {
        struct in_pktinfo info = {0};
        memcpy(&info.ipi_spec_dst, peer->local.s6_addr + sizeof v4_head, sizeof info.ipi_spec_dst);
        at->cmsg_level = IPPROTO_IP;
        at->cmsg_type = IP_PKTINFO;
        at->cmsg_len = CMSG_LEN(sizeof info);
        memcpy(CMSG_DATA(at), &info, sizeof info);
    }
    message->msg_controllen = CMSG_ALIGN(at->cmsg_len);
}

ssize_t snmp_socket_send(int fd, const void *bytes, size_t length, const struct snmp_peer *peer)
{
    union control control = {.bytes = {0}};
    struct iovec part = {.iov_base = (void *)(uintptr_t)bytes, .iov_len = length};
    struct msghdr message = {.msg_name = (void *)(uintptr_t)&peer->remote,
                             .msg_namelen = peer->remote_length,
                             .msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = sizeof control};
    if (peer->local_known) {
        write_local(&message, peer);
    } else {
        message.msg_control = NULL;
        message.msg_controllen = 0;
    }
    ssize_t sent = sendmsg(fd, &message, 0);
    return sent < 0 ? -errno : sent;
}

/* ---- addresses ------------------------------------------------------------------------------- */

void snmp_peer_address(const struct snmp_peer *peer, struct in6_addr *address)
{
    if (peer->remote.any.sa_family == AF_INET6)
        *address = peer->remote.v6.sin6_addr;
    else
        from_v4(address, &peer->remote.v4.sin_addr);
}

void snmp_address_text(const struct in6_addr *address, char *text)
{
    bool v4 = IN6_IS_ADDR_V4MAPPED(address);
    const void *bytes = v4 ? address->s6_addr + sizeof v4_head : address->s6_addr;
    if (!inet_ntop(v4 ? AF_INET : AF_INET6, bytes, text, INET6_ADDRSTRLEN))
        strcpy(text, "?");
}
