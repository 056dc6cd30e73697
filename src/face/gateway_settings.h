/* gateway_settings - the `gateways:` collection: ports, TCP or serial, at which busbar answers as a
 * Modbus server or slave, and which unit there is which unit on which line. */
#pragma once

#include "base/mem.h"
#include "model/config.h"

#define GATEWAYS_MOST 32

enum gateway_kind { GATEWAY_MODBUS_TCP, GATEWAY_RTU_OVER_TCP, GATEWAY_RTU };
enum gateway_sunspec { GATEWAY_SUNSPEC_INTEGER, GATEWAY_SUNSPEC_FLOAT };

struct gateway_settings {
    const char *label, *listen, *routes;
    const char *port; /* number of a TCP port, or path of a serial one (rtu) */
    int64_t kind;     /* enum gateway_kind */
    int64_t sunspec;  /* enum gateway_sunspec */
    int64_t clients;
    int64_t idle, answer_within;            /* us */
    int64_t baud, parity, stop_bits, rs485; /* of a serial port, see base/serial.h */
    bool enabled;
};

extern const struct setting_table gateways_table;

/* The number of the TCP port, 1502 when not given; 0 for a serial one. */
int gateway_settings_port(const struct gateway_settings *settings);

/* "modbus-tcp", ... */
const char *gateway_kind_name(enum gateway_kind kind);

/* Where a unit of the gateway leads. */
struct gateway_route {
    /* NULL: nowhere; "@meter-1": busbar's own registers of that device, "sunspec@meter-1": the same
     * values as SunSpec models */
    const char *line;
    uint8_t unit;
};

/* The device whose values a route leads to, NULL for a line. `*sunspec`: as SunSpec models. */
const char *gateway_route_device(const char *line, bool *sunspec);

/* By the unit that the client addresses. Names go to `arena`. 0 or -EINVAL with a sentence. Whether
 * the lines exist is not looked at. */
int gateway_routes_parse(struct gateway_route routes[256], struct arena *arena, const char *text,
                         struct err *err);
