#include "face/gateway.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/log.h"
#include "base/mem.h"
#include "face/gateway_private.h"
#include "face/listen.h"
#include "wire/modbus_rtu.h"

/* How often clients are looked at that have had their time, and ports that could not be had. */
#define LOOK_EVERY (1 * CLOCK_S)

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

static bool take_client(void *user, int fd, const struct sockaddr *from)
{
    struct gateway_port *port = user;
    if (!make_room(port))
        return false;
    gateway_client_begin(port, fd, from);
    return true;
}

static void on_connection(struct loop_fd *handle, int events, void *user)
{
    struct gateway_port *port = user;
    (void)events;
    port->turned_away += listen_accept(handle, take_client, port);
}

static void stop_listening(struct gateway_port *port)
{
    listen_unwatch(&port->watch);
    port->bound = 0;
}

/* A port that cannot be had is told once. */
static void port_failed(struct gateway_port *port, const struct err *err)
{
    if (!*port->problem)
        log_warning("gateway", "%s: %s", port->name, err->text);
    snprintf(port->problem, sizeof port->problem, "%.190s", err->text);
}

static void start_listening(struct gateway_port *port)
{
    struct err err = ERR_EMPTY;
    int bound = listen_watch(port->gateway->context.loop, &port->watch, port->listen, port->port,
                             on_connection, port, &err);
    if (bound < 0) {
        port_failed(port, &err);
        return;
    }
    port->problem[0] = '\0';
    port->bound = bound;
    log_info("gateway", "%s: listens on %s port %d", port->name, port->listen, port->bound);
}

/* Its master is a client that is there as long as the port is. */
static void open_serial(struct gateway_port *port)
{
    struct err err = ERR_EMPTY;
    int fd = serial_open(&port->setup, &err);
    if (fd < 0) {
        port_failed(port, &err);
        return;
    }
    port->problem[0] = '\0';
    gateway_client_begin_serial(port, fd);
    log_info("gateway", "%s: is asked on %s", port->name, port->listen);
}

/* Until it works; tried again each second. */
static void open_port(struct gateway_port *port)
{
    if (port->kind == GATEWAY_RTU && !port->clients)
        open_serial(port);
    else if (port->kind != GATEWAY_RTU && port->watch.fd < 0)
        start_listening(port);
}

static void on_look(struct loop_timer *timer, void *user)
{
    struct gateway *gateway = user;
    clock_us now = loop_now(gateway->context.loop);
    (void)timer;
    for (struct gateway_port *port = gateway->ports; port; port = port->next) {
        open_port(port);
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
    free(port->routes_text);
    free(port->listen);
    free((void *)(uintptr_t)port->setup.port);
    free(port);
}

/* What a serial port is opened with; the text is borrowed. */
static struct serial_setup setup_of(const struct gateway_settings *settings)
{
    return (struct serial_setup){.port = settings->port,
                                 .baud = serial_baud(settings->baud),
                                 .parity = (enum serial_parity)settings->parity,
                                 .stop_bits = (int)settings->stop_bits,
                                 .rs485 = (enum serial_rs485_mode)settings->rs485};
}

static bool same_place(const struct gateway_port *port, const struct gateway_settings *settings)
{
    const struct serial_setup *a = &port->setup, b = setup_of(settings);
    if (port->kind != (enum gateway_kind)settings->kind)
        return false;
    if (port->kind == GATEWAY_RTU)
        return strcmp(a->port, b.port) == 0 && a->baud == b.baud && a->parity == b.parity &&
               a->stop_bits == b.stop_bits && a->rs485 == b.rs485;
    return strcmp(port->listen, settings->listen) == 0 &&
           port->port == gateway_settings_port(settings);
}

static struct gateway_port *take_port(struct gateway_port **list, const char *name,
                                      const struct gateway_settings *settings)
{
    for (struct gateway_port **at = list; *at; at = &(*at)->next) {
        struct gateway_port *port = *at;
        if (strcmp(port->name, name) != 0 || !same_place(port, settings))
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
    char place[300];
    snprintf(place, sizeof place, "%s", settings->listen);
    port->gateway = gateway;
    port->name = mem_text(name);
    port->kind = (enum gateway_kind)settings->kind;
    port->port = gateway_settings_port(settings);
    port->setup = setup_of(settings);
    port->setup.port = mem_text(settings->port);
    if (port->kind == GATEWAY_RTU)
        gateway_serial_describe(&port->setup, place, sizeof place);
    port->listen = mem_text(place);
    port->watch = LOOP_FD_EMPTY;
    return port;
}

/* A broadcast goes where all units of a line are ours to reach, so that it reaches nobody else's;
 * Modbus TCP has none. */
static void set_broadcast(struct gateway_port *port)
{
    const char *line = port->routes[1].line;
    bool all = line && port->kind != GATEWAY_MODBUS_TCP;
    for (unsigned unit = 1; all && unit <= MODBUS_RTU_UNIT_MAX; unit++)
        all = port->routes[unit].unit == unit && port->routes[unit].line &&
              strcmp(port->routes[unit].line, line) == 0;
    if (all)
        port->routes[0] = port->routes[1];
    port->routes[0].unit = MODBUS_RTU_BROADCAST;
}

/* The lines may be others than before: all paths are asked for anew. */
static void set_port(struct gateway_port *port, const struct gateway_settings *settings)
{
    const struct raw_door *door = &port->gateway->context.door;
    struct gateway_route routes[256];
    free(port->label);
    port->label = mem_text(*settings->label ? settings->label : port->name);
    free(port->routes_text);
    port->routes_text = mem_text(settings->routes);
    port->clients_most = settings->clients;
    port->idle = settings->idle;
    port->answer_within = settings->answer_within;
    port->sunspec_floats = settings->sunspec == GATEWAY_SUNSPEC_FLOAT;
    arena_free(port->names);
    port->names = arena_new();
    gateway_routes_parse(routes, port->names, settings->routes, NULL);
    for (size_t unit = 0; unit < 256; unit++) {
        const char *line = routes[unit].line;
        bool sunspec = false;
        const char *device = line ? gateway_route_device(line, &sunspec) : NULL;
        port->routes[unit].line = line;
        port->routes[unit].unit = routes[unit].unit;
        port->routes[unit].device = device;
        port->routes[unit].sunspec = sunspec;
        port->routes[unit].path = line && !device ? door->find(door->user, line) : NULL;
    }
    set_broadcast(port);
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
    for (struct gateway_port *port = gateway->ports; port; port = port->next)
        open_port(port);
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
        .kind = gateway_kind_name(port->kind),
        .listen = port->listen,
        .routes = port->routes_text,
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
