/* The Modbus gateway and its way to the lines. */

#include "daemon/daemon_private.h"
#include "driver/library.h"
#include "driver/sunspec_server.h"
#include "face/gateway.h"
#include "field/raw_lines.h"

static size_t answer_sunspec(void *user, const struct device *device, uint8_t unit, bool floats,
                             const struct modbus_pdu_request *request, uint8_t *pdu)
{
    const struct daemon *daemon = user;
    const struct sunspec_view view = {.device = device, .unit = unit, .floats = floats};
    return sunspec_server_answer(library_sunspec(daemon->library), &view, request, pdu);
}

void daemon_gateway_start(struct daemon *daemon)
{
    daemon->raw_lines = raw_lines_new(daemon->loop, daemon->field);
    daemon->gateway =
        gateway_open(&(struct gateway_context){.loop = daemon->loop,
                                               .door = raw_lines_door(daemon->raw_lines),
                                               .events = daemon->events,
                                               .site = daemon->site,
                                               .commands = daemon->commands,
                                               .sunspec = answer_sunspec,
                                               .sunspec_user = daemon},
                     daemon->config);
}

void daemon_gateway_hold(struct daemon *daemon)
{
    gateway_hold(daemon->gateway);
}

void daemon_gateway_configure(struct daemon *daemon, const struct config *fresh)
{
    raw_lines_refresh(daemon->raw_lines);
    gateway_configure(daemon->gateway, fresh);
}

void daemon_gateway_end(struct daemon *daemon)
{
    daemon->gateway = gateway_close(daemon->gateway);
    daemon->raw_lines = raw_lines_free(daemon->raw_lines);
}
