#include "face/gateway.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "face/gateway_private.h"
#include "face/listen.h"

/* How often clients are looked at that have had their time, and ports that could not be had. */
#define LOOK_EVERY (1 * CLOCK_S)

/* Connections taken in one turn, so that a flood of them does not hold the loop. */
#define ACCEPT_MOST 16

static const char *const kind_names[] = {"modbus-tcp", "rtu-over-tcp"};

const char *gateway_count_name(enum gateway_count count)
{
    static const char *const names[] = {
        [GATEWAY_REQUESTS] = "requests", [GATEWAY_ANSWERED] = "answered",
        [GATEWAY_MERGED] = "merged",     [GATEWAY_REMEMBERED] = "remembered",
        [GATEWAY_REFUSED] = "refused",   [GATEWAY_UNREACHABLE] = "unreachable",
        [GATEWAY_SILENT] = "silent",     [GATEWAY_BUSY] = "busy",
        [GATEWAY_WRITES] = "writes",
    };
    return names[count];
}

/* ---- listening ------------------------------------------------------------------------------- */

/* Room for a new client: the one goes that has asked for nothing longest. */
static bool make_room(struct gateway_port *port)
{
    struct gateway_client *oldest = NULL;
    if (port->client_count < (size_t)port->clients_most)
        return true;
    for (struct gateway_client *client = port->clients; client; client = client->next) {
        if (!client->used && (!oldest || client->asked <= oldest->asked))
            oldest = client;
    }
    if (oldest)
        gateway_client_end(oldest);
    return oldest;
}

static void on_connection(struct loop_fd *handle, int events, void *user)
{
    struct gateway_port *port = user;
    (void)events;
    for (int i = 0; i < ACCEPT_MOST; i++) {
        struct sockaddr_storage any;
        socklen_t length = sizeof any;
        int fd =
            accept4(handle->fd, (struct sockaddr *)&any, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0)
            return;
        int on = 1; /* only improves things */
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        if (make_room(port)) {
            gateway_client_begin(port, fd, (const struct sockaddr *)&any);
        } else {
            port->turned_away++;
            close(fd);
        }
    }
}

static void stop_listening(struct gateway_port *port)
{
    int fd = port->watch.fd;
    loop_fd_stop(&port->watch);
    if (fd >= 0)
        close(fd);
    port->watch.fd = -1;
    port->bound = 0;
}

/* Tried again each second; told once. */
static void start_listening(struct gateway_port *port)
{
    struct err err = ERR_EMPTY;
    struct loop *loop = port->gateway->context.loop;
    int fd = listen_tcp(port->listen, (int)port->port, &err);
    if (fd >= 0 && loop_fd_start(loop, &port->watch, fd, LOOP_READ, on_connection, port) < 0) {
        close(fd);
        fd = -1;
        err_set(&err, -ENOMEM, "out of memory");
    }
    if (fd < 0) {
        if (!*port->problem)
            log_warning("gateway", "%s: %s", port->name, err.text);
        snprintf(port->problem, sizeof port->problem, "%.190s", err.text);
        return;
    }
    port->problem[0] = '\0';
    port->bound = listen_port(fd);
    log_info("gateway", "%s: listens on %s port %d", port->name, port->listen, port->bound);
}

static void on_look(struct loop_timer *timer, void *user)
{
    struct gateway *gateway = user;
    clock_us now = loop_now(gateway->context.loop);
    (void)timer;
    for (struct gateway_port *port = gateway->ports; port; port = port->next) {
        if (port->watch.fd < 0)
            start_listening(port);
        for (struct gateway_client *client = port->clients, *next; client; client = next) {
            next = client->next;
            if (gateway_client_overdue(client, now))
                gateway_client_end(client);
        }
    }
}

/* ---- settings -------------------------------------------------------------------------------- */

static void free_port(struct gateway_port *port)
{
    while (port->clients)
        gateway_client_end(port->clients);
    stop_listening(port);
    arena_free(port->names);
    free(port->name);
    free(port->label);
    free(port->listen);
    free(port);
}

static struct gateway_port *take_port(struct gateway_port **list, const char *name,
                                      const struct gateway_settings *settings)
{
    for (struct gateway_port **at = list; *at; at = &(*at)->next) {
        struct gateway_port *port = *at;
        if (strcmp(port->name, name) != 0 || strcmp(port->listen, settings->listen) != 0 ||
            port->port != settings->port || port->kind != (enum gateway_kind)settings->kind)
            continue;
        *at = port->next;
        return port;
    }
    return NULL;
}

static struct gateway_port *new_port(struct gateway *gateway, const char *name,
                                     const struct gateway_settings *settings)
{
    struct gateway_port *port = mem_new(sizeof *port);
    port->gateway = gateway;
    port->name = mem_text(name);
    port->listen = mem_text(settings->listen);
    port->kind = (enum gateway_kind)settings->kind;
    port->port = settings->port;
    port->watch = LOOP_FD_EMPTY;
    return port;
}

/* The lines may be others than before: all paths are asked for anew. */
static void set_port(struct gateway_port *port, const struct gateway_settings *settings)
{
    const struct raw_door *door = &port->gateway->context.door;
    struct gateway_route routes[256];
    free(port->label);
    port->label = mem_text(*settings->label ? settings->label : port->name);
    port->clients_most = settings->clients;
    port->idle = settings->idle;
    arena_free(port->names);
    port->names = arena_new();
    gateway_routes_parse(routes, port->names, settings->routes, NULL);
    for (size_t unit = 0; unit < 256; unit++) {
        port->routes[unit].line = routes[unit].line;
        port->routes[unit].unit = routes[unit].unit;
        port->routes[unit].path = routes[unit].line && *routes[unit].line != '@'
                                      ? door->find(door->user, routes[unit].line)
                                      : NULL;
    }
}

/* What is under way goes on; requests that wait for a slot in their client go to the new places. */
static void read_ports(struct gateway *gateway, const struct config *config)
{
    struct gateway_port *old = gateway->ports, **end = &gateway->ports;
    gateway->ports = NULL;
    for (size_t i = 0; i < config_count(config, &gateways_table); i++) {
        const struct gateway_settings *settings = config_at(config, &gateways_table, i);
        const char *name = config_name_at(config, &gateways_table, i);
        if (!settings->enabled)
            continue;
        struct gateway_port *port = take_port(&old, name, settings);
        if (!port)
            port = new_port(gateway, name, settings);
        set_port(port, settings);
        port->next = NULL;
        *end = port;
        end = &port->next;
    }
    while (old) {
        struct gateway_port *port = old;
        old = port->next;
        free_port(port);
    }
}

void gateway_hold(struct gateway *gateway)
{
    if (gateway)
        gateway->held = true;
}

void gateway_configure(struct gateway *gateway, const struct config *config)
{
    gateway_rules_deinit(&gateway->rules);
    gateway_rules_read(&gateway->rules, config);
    read_ports(gateway, config);
    for (struct gateway_port *port = gateway->ports; port; port = port->next) {
        if (port->watch.fd < 0)
            start_listening(port);
    }
    gateway->held = false;
    if (gateway->ports)
        loop_timer_every(gateway->context.loop, &gateway->timer, LOOK_EVERY, LOOK_EVERY, on_look,
                         gateway);
    else
        loop_timer_stop(&gateway->timer);
}

/* ---- life ------------------------------------------------------------------------------------ */

struct gateway *gateway_open(const struct gateway_context *context, const struct config *config)
{
    struct gateway *gateway = mem_new(sizeof *gateway);
    gateway->context = *context;
    gateway_configure(gateway, config);
    return gateway;
}

struct gateway *gateway_close(struct gateway *gateway)
{
    if (!gateway)
        return NULL;
    loop_timer_stop(&gateway->timer);
    while (gateway->ports) {
        struct gateway_port *port = gateway->ports;
        gateway->ports = port->next;
        free_port(port);
    }
    gateway_rules_deinit(&gateway->rules);
    free(gateway);
    return NULL;
}

/* ---- what is shown --------------------------------------------------------------------------- */

static const struct gateway_port *port_at(const struct gateway *gateway, size_t index)
{
    const struct gateway_port *port = gateway->ports;
    while (index--)
        port = port->next;
    return port;
}

size_t gateway_count(const struct gateway *gateway)
{
    size_t count = 0;
    for (const struct gateway_port *port = gateway ? gateway->ports : NULL; port; port = port->next)
        count++;
    return count;
}

struct gateway_view gateway_view(const struct gateway *gateway, size_t index)
{
    const struct gateway_port *port = port_at(gateway, index);
    return (struct gateway_view){
        .name = port->name,
        .label = port->label,
        .kind = kind_names[port->kind],
        .listen = port->listen,
        .port = port->bound,
        .problem = port->problem,
        .clients = port->client_count,
        .accepted = port->accepted,
        .turned_away = port->turned_away,
        .counts = port->counts,
    };
}

void gateway_clients_each(const struct gateway *gateway, size_t index,
                          void (*fn)(void *user, const struct gateway_client_view *client),
                          void *user)
{
    for (const struct gateway_client *client = port_at(gateway, index)->clients; client;
         client = client->next)
        fn(user, &(struct gateway_client_view){.address = client->address_text,
                                               .port = client->remote_port,
                                               .since = client->since,
                                               .asked = client->asked,
                                               .underway = client->used,
                                               .counts = client->counts});
}
