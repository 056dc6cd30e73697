/* gateway - busbar as a Modbus server in front of the lines that it reads.
 *
 * A client's request is judged (gateway_rule), routed (gateway_settings), asked at the door of raw
 * transactions (model/raw) and answered in its turn. A client gets the answer to its own question
 * or an exception, never another's data: 0x0A unit not reachable, 0x0B unit silent, 0x06 too many
 * wait, 0x01 and 0x02 not allowed. Of each client at most GATEWAY_PIPELINE requests are under way;
 * who hangs up takes what was not sent with it. A write waits for what the same client asked
 * before, and what it asks later waits for the write. Owned by the daemon; loop thread only.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/loop.h"
#include "model/config.h"
#include "model/raw.h"

struct commands;
struct device;
struct event_log;
struct gateway;
struct modbus_pdu_request;
struct site;

#define GATEWAY_PIPELINE 8

struct gateway_context {
    struct loop *loop;
    struct raw_door door;
    struct event_log *events; /* may be NULL */
    /* What `@DEVICE` in the routes shows and switches (register_map). */
    struct site *site;
    struct commands *commands;
    /* What `sunspec@DEVICE` shows, meters in floats or in integers: the answer to a request, its
     * length in `pdu`. NULL: nothing. */
    size_t (*sunspec)(void *user, const struct device *device, uint8_t unit, bool floats,
                      const struct modbus_pdu_request *request, uint8_t *pdu);
    void *sunspec_user;
};

/* Listens as `config` says; a port that cannot be had is logged and tried again. All borrowed, the
 * configuration only while the call lasts. */
struct gateway *gateway_open(const struct gateway_context *context, const struct config *config);

/* Before the door goes away. Accepts NULL, returns NULL. */
struct gateway *gateway_close(struct gateway *gateway);

/* Until gateway_configure(), no request goes to the door: the lines behind it are being changed,
 * and their paths are about to die. */
void gateway_hold(struct gateway *gateway);

/* New settings, or new lines. Clients of gateways that stay the same stay connected. */
void gateway_configure(struct gateway *gateway, const struct config *config);

/* ---- for faces ------------------------------------------------------------------------------- */

enum gateway_count {
    GATEWAY_REQUESTS,
    GATEWAY_ANSWERED,   /* by the unit, its refusals included */
    GATEWAY_MERGED,     /* of these: asked on the wire together with others */
    GATEWAY_REMEMBERED, /* of these: from what was read a moment ago */
    GATEWAY_REFUSED,    /* by a rule, or malformed */
    GATEWAY_UNREACHABLE,
    GATEWAY_SILENT,
    GATEWAY_BUSY,
    GATEWAY_WRITES, /* of the answered and silent ones */
    GATEWAY_COUNTS
};
const char *gateway_count_name(enum gateway_count count);

struct gateway_view {
    const char *name, *label, *kind, *listen;
    const char *routes;  /* as its setting says */
    int port;            /* that listens; 0: does not */
    const char *problem; /* why it does not listen, "" */
    size_t clients;
    uint64_t accepted, turned_away; /* connections since the start; full, or what they said was no
                                       Modbus */
    const uint64_t *counts;
};

size_t gateway_count(const struct gateway *gateway);
struct gateway_view gateway_view(const struct gateway *gateway, size_t index);

struct gateway_client_view {
    const char *address;
    int port;
    clock_us since, asked; /* monotonic: connected, and asked last (0: never) */
    size_t underway;
    const uint64_t *counts;
};

/* The clients of one gateway, newest first. */
void gateway_clients_each(const struct gateway *gateway, size_t index,
                          void (*fn)(void *user, const struct gateway_client_view *client),
                          void *user);
