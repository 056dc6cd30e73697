#include "field/transport.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/stream.h"

/* With the longest back-off of the line this keeps "found again within 10 s" for a host that
 * swallows our first packet. */
#define CONNECT_WAIT (3 * CLOCK_S)

/* A name being looked up on the worker pool. It outlives its connection when that goes first. */
struct lookup {
    struct tcp *tcp; /* NULL: nobody waits any more; loop thread only */
    char host[254], port[8];
    struct addrinfo *found;
    int code;
};

struct tcp {
    struct transport transport; /* first */
    struct loop *loop;
    const struct line_settings *settings;
    struct stream stream;
    struct lookup *lookup;
    struct addrinfo *addresses, *next; /* next: the one to try when this one fails */
    int fd;                            /* connecting; -1 otherwise */
    struct loop_fd watch;
    struct loop_timer timer;
    int code; /* why the last address failed */
};

static struct tcp *tcp_of(struct transport *transport)
{
    return (struct tcp *)transport;
}

static void tcp_close(struct transport *transport)
{
    struct tcp *tcp = tcp_of(transport);
    loop_timer_stop(&tcp->timer);
    loop_fd_stop(&tcp->watch);
    if (tcp->fd >= 0)
        close(tcp->fd);
    tcp->fd = -1;
    stream_close(&tcp->stream);
    if (tcp->lookup)
        tcp->lookup->tcp = NULL;
    tcp->lookup = NULL;
    if (tcp->addresses)
        freeaddrinfo(tcp->addresses);
    tcp->addresses = tcp->next = NULL;
}

static void report(struct tcp *tcp, const char *what)
{
    char reason[200];
    snprintf(reason, sizeof reason, "%.100s port %u: %s", tcp->settings->host,
             line_settings_tcp_port(tcp->settings), what);
    tcp_close(&tcp->transport);
    tcp->transport.events->closed(tcp->transport.user, reason);
}

/* ---- connecting ------------------------------------------------------------------------------ */

/* Keep-alive finds a peer that lost its power while nothing was asked; the user time-out one
 * that does not acknowledge what was. */
static void set_options(int fd)
{
    const struct {
        int level, name, value;
    } options[] = {
        {IPPROTO_TCP, TCP_NODELAY, 1},   {SOL_SOCKET, SO_KEEPALIVE, 1},
        {IPPROTO_TCP, TCP_KEEPIDLE, 10}, {IPPROTO_TCP, TCP_KEEPINTVL, 3},
        {IPPROTO_TCP, TCP_KEEPCNT, 3},   {IPPROTO_TCP, TCP_USER_TIMEOUT, 8000},
    };
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        setsockopt(fd, options[i].level, options[i].name, &options[i].value, sizeof(int));
}

static void try_next(struct tcp *tcp);

static void address_failed(struct tcp *tcp, int code)
{
    loop_timer_stop(&tcp->timer);
    loop_fd_stop(&tcp->watch);
    close(tcp->fd);
    tcp->fd = -1;
    tcp->code = code;
    try_next(tcp);
}

static void on_connect_wait(struct loop_timer *timer, void *user)
{
    (void)timer;
    address_failed(user, -ETIMEDOUT);
}

static void connected(struct tcp *tcp)
{
    int fd = tcp->fd;
    loop_timer_stop(&tcp->timer);
    loop_fd_stop(&tcp->watch);
    tcp->fd = -1;
    freeaddrinfo(tcp->addresses);
    tcp->addresses = tcp->next = NULL;
    int result = stream_take(&tcp->stream, fd);
    if (result < 0)
        report(tcp, strerror(-result));
    else
        tcp->transport.events->opened(tcp->transport.user);
}

static void on_connect(struct loop_fd *handle, int events, void *user)
{
    (void)handle;
    (void)events;
    struct tcp *tcp = user;
    int code = 0;
    socklen_t size = sizeof code;
    if (getsockopt(tcp->fd, SOL_SOCKET, SO_ERROR, &code, &size) < 0)
        code = errno;
    if (code)
        address_failed(tcp, -code);
    else
        connected(tcp);
}

/* Begins with one address; false when it failed at once. */
static bool try_address(struct tcp *tcp, const struct addrinfo *address)
{
    tcp->fd = socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);
    if (tcp->fd < 0) {
        tcp->code = -errno;
        return false;
    }
    set_options(tcp->fd);
    int result = connect(tcp->fd, address->ai_addr, address->ai_addrlen) < 0 ? -errno : 0;
    if (result == 0 || result == -EINPROGRESS)
        result = loop_fd_start(tcp->loop, &tcp->watch, tcp->fd, LOOP_WRITE, on_connect, tcp);
    if (result < 0) {
        close(tcp->fd);
        tcp->fd = -1;
        tcp->code = result;
        return false;
    }
    loop_timer_at(tcp->loop, &tcp->timer, loop_now(tcp->loop) + CONNECT_WAIT, on_connect_wait, tcp);
    return true;
}

static void try_next(struct tcp *tcp)
{
    while (tcp->next) {
        const struct addrinfo *address = tcp->next;
        tcp->next = address->ai_next;
        if (try_address(tcp, address))
            return;
    }
    report(tcp, tcp->code == -ETIMEDOUT ? "no answer" : strerror(-tcp->code));
}

/* ---- names ----------------------------------------------------------------------------------- */

static int look_up(const char *host, const char *port, int flags, struct addrinfo **found)
{
    const struct addrinfo hints = {
        .ai_socktype = SOCK_STREAM,
        .ai_protocol = IPPROTO_TCP,
        .ai_flags = AI_NUMERICSERV | flags,
    };
    return getaddrinfo(host, port, &hints, found);
}

static void lookup_work(void *user)
{
    struct lookup *lookup = user;
    lookup->code = look_up(lookup->host, lookup->port, AI_ADDRCONFIG, &lookup->found);
}

static void lookup_done(void *user)
{
    struct lookup *lookup = user;
    struct tcp *tcp = lookup->tcp;
    struct addrinfo *found = lookup->found;
    int code = lookup->code;
    free(lookup);
    if (!tcp) {
        if (found)
            freeaddrinfo(found);
        return;
    }
    tcp->lookup = NULL;
    if (code) {
        report(tcp, gai_strerror(code));
        return;
    }
    tcp->addresses = tcp->next = found;
    try_next(tcp);
}

static int start_lookup(struct tcp *tcp, const char *port, struct err *err)
{
    struct lookup *lookup = calloc(1, sizeof *lookup);
    if (!lookup)
        return err_set(err, -ENOMEM, "cannot look up %s: out of memory", tcp->settings->host);
    lookup->tcp = tcp;
    snprintf(lookup->host, sizeof lookup->host, "%s", tcp->settings->host);
    snprintf(lookup->port, sizeof lookup->port, "%s", port);
    int result = loop_job_start(tcp->loop, lookup_work, lookup_done, lookup);
    if (result < 0) {
        free(lookup);
        return err_set_errno(err, result, "cannot look up %s", tcp->settings->host);
    }
    tcp->lookup = lookup;
    return -EINPROGRESS;
}

/* A numeric address needs no worker, but trying it may fail at once, which must not be said from
 * inside open. */
static void on_begin(struct loop_timer *timer, void *user)
{
    (void)timer;
    try_next(user);
}

static int tcp_open(struct transport *transport, struct err *err)
{
    struct tcp *tcp = tcp_of(transport);
    tcp_close(transport);
    tcp->code = -EHOSTUNREACH;
    char port[8];
    snprintf(port, sizeof port, "%u", line_settings_tcp_port(tcp->settings));
    if (look_up(tcp->settings->host, port, AI_NUMERICHOST, &tcp->addresses) != 0) {
        tcp->addresses = NULL;
        return start_lookup(tcp, port, err);
    }
    tcp->next = tcp->addresses;
    loop_timer_at(tcp->loop, &tcp->timer, loop_now(tcp->loop), on_begin, tcp);
    return -EINPROGRESS;
}

/* ---- the rest -------------------------------------------------------------------------------- */

static void on_received(void *user, const uint8_t *bytes, size_t length)
{
    struct tcp *tcp = user;
    tcp->transport.events->received(tcp->transport.user, bytes, length);
}

static void on_broken(void *user, int code)
{
    report(user, code == 0 ? "closed by the other side" : strerror(-code));
}

static int tcp_send(struct transport *transport, const uint8_t *bytes, size_t length)
{
    return stream_send(&tcp_of(transport)->stream, bytes, length);
}

static size_t tcp_drain(struct transport *transport)
{
    return stream_drain(&tcp_of(transport)->stream);
}

static void tcp_free(struct transport *transport)
{
    tcp_close(transport);
    free(transport);
}

struct transport *transport_tcp_new(struct loop *loop, const struct line_settings *settings)
{
    static const struct transport_kind kind = {
        .open = tcp_open,
        .close = tcp_close,
        .send = tcp_send,
        .drain = tcp_drain,
        .free = tcp_free,
    };
    struct tcp *tcp = mem_new(sizeof *tcp);
    tcp->transport.kind = &kind;
    tcp->loop = loop;
    tcp->settings = settings;
    tcp->fd = -1;
    tcp->watch = LOOP_FD_EMPTY;
    tcp->stream = STREAM_EMPTY;
    tcp->stream.loop = loop;
    tcp->stream.socket = true;
    tcp->stream.received = on_received;
    tcp->stream.broken = on_broken;
    tcp->stream.user = tcp;
    return &tcp->transport;
}
