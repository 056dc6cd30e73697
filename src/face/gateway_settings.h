/* gateway_settings - the `gateways:` collection: ports at which busbar answers as a Modbus server,
 * and which unit there is which unit on which line. */
#pragma once

#include "base/mem.h"
#include "model/config.h"

#define GATEWAYS_MOST 32

enum gateway_kind { GATEWAY_MODBUS_TCP, GATEWAY_RTU_OVER_TCP };

struct gateway_settings {
    const char *label, *listen, *routes;
    int64_t kind; /* enum gateway_kind */
    int64_t port, clients;
    int64_t idle; /* us */
    bool enabled;
};

extern const struct setting_table gateways_table;

/* Where a unit of the gateway leads. */
struct gateway_route {
    const char *line; /* NULL: nowhere; "@meter-1": busbar's own registers of that device */
    uint8_t unit;
};

/* By the unit that the client addresses. Names go to `arena`. 0 or -EINVAL with a sentence. Whether
 * the lines exist is not looked at. */
int gateway_routes_parse(struct gateway_route routes[256], struct arena *arena, const char *text,
                         struct err *err);
