/* meter_sim_net - the simulator's lines: TCP listeners, RTU over TCP, pseudo-terminals, one epoll
 * loop.
 *
 * A port is what busbar can connect to; behind it is a set of units. Ports of a range have a set
 * each, all other ports share one. A link is one open conversation: a TCP client, or the
 * pseudo-terminal.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "meter_sim_queue.h"
#include "meter_sim_unit.h"
#include "wire/modbus_rtu.h"

struct meter_sim_set {
    struct meter_sim_unit *units[256];
    unsigned count;
};

/* What an epoll event points to; the first member of everything that is watched. */
enum meter_sim_source {
    METER_SIM_SOURCE_PORT,
    METER_SIM_SOURCE_LINK,
    METER_SIM_SOURCE_CONTROL,
    METER_SIM_SOURCE_SIGNAL,
};

enum meter_sim_medium {
    METER_SIM_TCP,
    METER_SIM_RTU_TCP,
    METER_SIM_PTY,
};

struct meter_sim_port {
    enum meter_sim_source source;
    enum meter_sim_medium medium;
    int fd;      /* listening socket, -1 while connections are refused; the slave of a pty */
    char *where; /* host of a listener, path of a pty's link */
    uint16_t number;
    struct meter_sim_set *set;
};

struct meter_sim_link;

struct meter_sim_net {
    int epoll;
    bool running;
    struct meter_sim_port *ports;
    size_t port_count;
    struct meter_sim_link **links; /* used and spare ones */
    size_t link_count;
    struct meter_sim_queue delayed, held; /* held: answers of units that are stopped */
    unsigned delay_ms, timeout_ms;
    struct modbus_rtu_line pace; /* baud 0: a pty is as fast as it can be */
    uint64_t random;
    uint64_t now_us;
    double wall;
    uint64_t requests, answers, crc_errors, connections;
};

void meter_sim_net_init(struct meter_sim_net *net, size_t ports_max);
void meter_sim_net_deinit(struct meter_sim_net *net);

/* Opens a listener or a pty; number 0 takes a free port. 0, or a negative errno with a message
 * printed. */
int meter_sim_net_open(struct meter_sim_net *net, enum meter_sim_medium medium, const char *where,
                       uint16_t number, struct meter_sim_set *set);

/* Watches a descriptor for reading; source is the first member of a struct that outlives it. */
int meter_sim_net_watch(struct meter_sim_net *net, int fd, enum meter_sim_source *source);

/* Runs until net->running is false. on_event is called for control and signal sources. */
void meter_sim_net_run(struct meter_sim_net *net,
                       void (*on_event)(enum meter_sim_source *source, void *context),
                       void *context);

/* Closes the open connections of a port (0 = all ports). */
void meter_sim_net_drop(struct meter_sim_net *net, uint16_t number);

/* Stops or starts listening on a port (0 = all): while refused, a connect fails at once. */
int meter_sim_net_refuse(struct meter_sim_net *net, uint16_t number, bool refuse);

/* Sends what a stopped unit has held back. */
void meter_sim_net_release(struct meter_sim_net *net, const struct meter_sim_unit *unit);
