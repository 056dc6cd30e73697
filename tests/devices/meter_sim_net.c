#include "meter_sim_net.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pty.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "meter_sim_link.h"

enum { EVENTS = 256 };

/* Time is read once a turn of the loop. */
static void update_time(struct meter_sim_net *net)
{
    struct timespec mono, wall;
    clock_gettime(CLOCK_MONOTONIC, &mono);
    clock_gettime(CLOCK_REALTIME, &wall);
    net->now_us = (uint64_t)mono.tv_sec * 1000000 + (uint64_t)mono.tv_nsec / 1000;
    net->wall = (double)wall.tv_sec + (double)wall.tv_nsec * 1e-9;
}

void meter_sim_net_init(struct meter_sim_net *net, size_t ports_max)
{
    *net = (struct meter_sim_net){
        .epoll = epoll_create1(EPOLL_CLOEXEC), .running = true, .random = 0x9E3779B97F4A7C15};
    net->ports = calloc(ports_max, sizeof(*net->ports));
    update_time(net);
}

int meter_sim_net_watch(struct meter_sim_net *net, int fd, enum meter_sim_source *source)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = source};
    return epoll_ctl(net->epoll, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

/* Links are used again and never freed: answers on their way point to them, and tell by the
 * generation whether it is still the same client. */
static struct meter_sim_link *new_link(struct meter_sim_net *net)
{
    for (size_t i = 0; i < net->link_count; i++) {
        if (!net->links[i]->open) {
            return net->links[i];
        }
    }
    struct meter_sim_link *link = calloc(1, sizeof(*link));
    void *links = realloc(net->links, (net->link_count + 1) * sizeof(struct meter_sim_link *));
    if (link == NULL || links == NULL) {
        free(link);
        return NULL;
    }
    net->links = links;
    net->links[net->link_count++] = link;
    return link;
}

static struct meter_sim_link *open_link(struct meter_sim_net *net, struct meter_sim_port *port,
                                        int fd)
{
    struct meter_sim_link *link = new_link(net);
    if (link == NULL) {
        return NULL;
    }
    link->source = METER_SIM_SOURCE_LINK;
    link->open = true;
    link->want_write = false;
    link->fd = fd;
    link->port = port;
    link->in_used = link->out_used = 0;
    link->free_us = 0;
    if (meter_sim_net_watch(net, fd, &link->source) < 0) {
        link->open = false;
        return NULL;
    }
    net->connections++;
    return link;
}

static void accept_links(struct meter_sim_net *net, struct meter_sim_port *port)
{
    for (;;) {
        int fd = accept4(port->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) {
            return;
        }
        int one = 1;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
        if (open_link(net, port, fd) == NULL) {
            close(fd);
        }
    }
}

/* Also used to listen again after a refusal, hence on the number that was bound, not asked for. */
static int listen_on(struct meter_sim_port *port)
{
    struct addrinfo hints = {.ai_flags = AI_PASSIVE | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found;
    char service[8];
    snprintf(service, sizeof(service), "%u", port->number);
    const char *host = port->where[0] != '\0' ? port->where : "127.0.0.1";
    if (getaddrinfo(host, service, &hints, &found) != 0) {
        return -EADDRNOTAVAIL;
    }
    int fd = socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int one = 1, result = 0;
    struct sockaddr_storage bound;
    socklen_t size = sizeof(bound);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    if (fd < 0 || bind(fd, found->ai_addr, found->ai_addrlen) < 0 || listen(fd, 128) < 0 ||
        getsockname(fd, (struct sockaddr *)&bound, &size) < 0) {
        result = -errno;
        close(fd);
    } else {
        port->fd = fd;
        port->number =
            ntohs(bound.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&bound)->sin6_port
                                              : ((struct sockaddr_in *)&bound)->sin_port);
    }
    freeaddrinfo(found);
    return result;
}

/* The slave is kept open here as well, so that the master never sees a hang-up when busbar closes
 * it. */
static int open_pty(struct meter_sim_net *net, struct meter_sim_port *port)
{
    int master, slave;
    char name[128];
    struct termios raw;
    if (openpty(&master, &slave, name, NULL, NULL) < 0) {
        return -errno;
    }
    tcgetattr(slave, &raw);
    cfmakeraw(&raw);
    tcsetattr(slave, TCSANOW, &raw);
    ioctl(master, FIONBIO, &(int){1});
    unlink(port->where);
    if (symlink(name, port->where) < 0) {
        int result = -errno;
        close(master);
        close(slave);
        return result;
    }
    port->fd = slave;
    return open_link(net, port, master) != NULL ? 0 : -ENOMEM;
}

int meter_sim_net_open(struct meter_sim_net *net, enum meter_sim_medium medium, const char *where,
                       uint16_t number, struct meter_sim_set *set)
{
    static const char *const media[] = {"tcp", "rtu-tcp", "pty"};
    struct meter_sim_port *port = &net->ports[net->port_count];
    *port = (struct meter_sim_port){.source = METER_SIM_SOURCE_PORT,
                                    .medium = medium,
                                    .fd = -1,
                                    .where = strdup(where),
                                    .number = number,
                                    .set = set};
    int result = medium == METER_SIM_PTY ? open_pty(net, port) : listen_on(port);
    if (result == 0 && medium != METER_SIM_PTY) {
        result = meter_sim_net_watch(net, port->fd, &port->source);
    }
    if (result < 0) {
        fprintf(stderr, "meter-sim: %s %s:%u: %s\n", media[medium], where, number,
                strerror(-result));
        free(port->where);
        return result;
    }
    net->port_count++;
    if (medium == METER_SIM_PTY) {
        printf("listening pty %s\n", where);
    } else {
        printf("listening %s %s:%u\n", media[medium], where, port->number);
    }
    return 0;
}

void meter_sim_net_drop(struct meter_sim_net *net, uint16_t number)
{
    for (size_t i = 0; i < net->link_count; i++) {
        struct meter_sim_link *link = net->links[i];
        if (link->open && link->port->medium != METER_SIM_PTY &&
            (number == 0 || link->port->number == number)) {
            meter_sim_link_close(link);
        }
    }
}

int meter_sim_net_refuse(struct meter_sim_net *net, uint16_t number, bool refuse)
{
    int result = 0;
    for (size_t i = 0; i < net->port_count; i++) {
        struct meter_sim_port *port = &net->ports[i];
        if (port->medium == METER_SIM_PTY || (number != 0 && port->number != number)) {
            continue;
        }
        if (refuse && port->fd >= 0) {
            close(port->fd);
            port->fd = -1;
        } else if (!refuse && port->fd < 0) {
            int opened = listen_on(port);
            result = opened < 0 ? opened : meter_sim_net_watch(net, port->fd, &port->source);
        }
    }
    return result;
}

/* Held answers go through the delayed ones, so that they leave in order and in one place. */
void meter_sim_net_release(struct meter_sim_net *net, const struct meter_sim_unit *unit)
{
    struct meter_sim_queue kept = {0};
    struct meter_sim_pending *pending;
    while ((pending = meter_sim_queue_pop(&net->held, UINT64_MAX)) != NULL) {
        bool released = pending->owner == unit;
        meter_sim_queue_push(released ? &net->delayed : &kept, pending->due_us, pending->target,
                             pending->generation, pending->owner, pending->bytes, pending->length);
        free(pending);
    }
    meter_sim_queue_deinit(&net->held);
    net->held = kept;
}

/* An answer whose client has gone is dropped, as a gateway does. */
static void send_due(struct meter_sim_net *net)
{
    struct meter_sim_pending *pending;
    while ((pending = meter_sim_queue_pop(&net->delayed, net->now_us)) != NULL) {
        struct meter_sim_link *link = pending->target;
        if (link->open && link->generation == pending->generation) {
            meter_sim_link_put(link, pending->bytes, pending->length);
            if (link->open) {
                meter_sim_link_flush(net, link);
            }
        }
        free(pending);
    }
}

/* Writing first: a client that waits for an answer may have closed its other half. */
static void link_event(struct meter_sim_net *net, struct meter_sim_link *link, uint32_t events)
{
    if (link->open && (events & EPOLLOUT) != 0) {
        meter_sim_link_flush(net, link);
    }
    if (link->open && (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) {
        meter_sim_link_read(net, link);
    }
}

void meter_sim_net_run(struct meter_sim_net *net,
                       void (*on_event)(enum meter_sim_source *source, void *context),
                       void *context)
{
    while (net->running) {
        struct epoll_event events[EVENTS];
        int64_t wait_us = meter_sim_queue_wait_us(&net->delayed, net->now_us);
        /* Rounded up: a wait that is too short would spin until the answer falls due. */
        int wait_ms = wait_us < 0 ? -1 : (int)((wait_us + 999) / 1000);
        int count = epoll_wait(net->epoll, events, EVENTS, wait_ms);
        update_time(net);
        for (int i = 0; i < count; i++) {
            enum meter_sim_source *source = events[i].data.ptr;
            switch (*source) {
            case METER_SIM_SOURCE_PORT:
                accept_links(net, (struct meter_sim_port *)source);
                break;
            case METER_SIM_SOURCE_LINK:
                link_event(net, (struct meter_sim_link *)source, events[i].events);
                break;
            default:
                on_event(source, context);
            }
        }
        send_due(net);
    }
}

void meter_sim_net_deinit(struct meter_sim_net *net)
{
    for (size_t i = 0; i < net->link_count; i++) {
        if (net->links[i]->open) {
            meter_sim_link_close(net->links[i]);
        }
        free(net->links[i]);
    }
    for (size_t i = 0; i < net->port_count; i++) {
        if (net->ports[i].medium == METER_SIM_PTY) {
            unlink(net->ports[i].where);
        }
        if (net->ports[i].fd >= 0) {
            close(net->ports[i].fd);
        }
        free(net->ports[i].where);
    }
    free(net->links);
    free(net->ports);
    meter_sim_queue_deinit(&net->delayed);
    meter_sim_queue_deinit(&net->held);
    close(net->epoll);
}
