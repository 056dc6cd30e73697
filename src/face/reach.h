/* reach - can this machine reach that one? Looks its name up, asks it for an echo (ICMP), and opens
 * a TCP connection when a port is given; each with how long it took or why not.
 *
 * Nothing waits in it: names are looked up on the pool, sockets are watched by the loop. A test
 * takes at most REACH_WAIT a step. Loop thread only.
 */
#pragma once

#include <stdbool.h>

#include "base/loop.h"

#define REACH_WAIT (3 * CLOCK_S)

struct reach_step {
    bool tried, ok;
    clock_us took;
    char problem[160]; /* a sentence without its end; "" when ok or not tried */
};

struct reach_result {
    char address[48]; /* the first one of the name; "" without */
    struct reach_step name, ping, connect;
};

struct reach;

/* `port` 0: no connection is tried. `done` is called once, from the loop; the test is freed after
 * it returns. NULL without memory, or when the name is too long to be one. */
struct reach *reach_start(struct loop *loop, const char *host, int port,
                          void (*done)(void *user, const struct reach_result *result), void *user);

/* `done` is not called any more. Accepts NULL, returns NULL. */
struct reach *reach_stop(struct reach *reach);

/* What the kernel knows about the machine's clock. */
struct reach_clock {
    bool synchronised;
    double error_s; /* estimated; as far as whoever sets the clock tells */
};

struct reach_clock reach_clock(void);
