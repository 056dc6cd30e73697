/* gateway - Modbus TCP gateways of the scenario tests, with meters that count what they are told
 * to.
 *
 * Stands in for src/field/transport_tcp.c: this folder's programs link their own
 * transport_tcp_new(), which finds the gateway by the line's host. Everything above the socket is
 * the daemon's own. A meter counts exactly: microjoules in whole numbers, by the fake clock. Owned
 * by the test; outlives every daemon (house) that is wired to it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/loop.h"

enum { GATEWAY_UNITS = 40, GATEWAY_PHASES = 3 };

#define GATEWAY_ROLLOVER_WH 10000000 /* the profile's `rollover` */

struct gateway_meter {
    bool fitted, silent;
    int32_t watts[GATEWAY_PHASES];
    uint64_t microjoules[GATEWAY_PHASES]; /* until `counted` */
    uint32_t begin_wh[GATEWAY_PHASES];    /* of the register, when it was fitted */
    clock_us counted;                     /* monotonic */
    unsigned requests;
};

struct gateway {
    struct gateway *next;
    const char *host;
    struct loop *loop;
    bool away;      /* no connection comes about, nothing is answered */
    clock_us delay; /* of an answer */
    struct gateway_meter meters[GATEWAY_UNITS + 1]; /* by unit number, from 1 */
    unsigned opens, requests;
    clock_us second; /* of the last request */
    unsigned in_second, most_in_second;
};

/* A gateway that lines with this host (borrowed) find, answering after 5 ms. */
void gateway_add(struct gateway *gateway, struct loop *loop, const char *host);
void gateway_remove(struct gateway *gateway);

/* A meter of so many Wh in each register and no load; in the place of another one, an exchange. */
void gateway_fit(struct gateway *gateway, int unit, uint32_t wh);

/* Watts per phase from now on; not negative. */
void gateway_load(struct gateway *gateway, int unit, int32_t a, int32_t b, int32_t c);
