#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/event_log.h"
#include "face/gateway_private.h"
#include "face/register_map.h"
#include "wire/modbus_rtu.h"

/* Who has sent half a request, or takes no answer, for so long is given up. */
#define HALF_MOST (5 * CLOCK_S)
#define STUCK_MOST (10 * CLOCK_S)

static void count(struct gateway_client *client, enum gateway_count what)
{
    client->counts[what]++;
    client->port->counts[what]++;
}

static struct gateway_slot *slot_at(struct gateway_client *client, size_t index)
{
    return &client->slots[(client->first + index) % GATEWAY_PIPELINE];
}

/* ---- answers --------------------------------------------------------------------------------- */

static int send_answer(struct gateway_client *client, const struct gateway_slot *slot)
{
    uint8_t frame[MODBUS_TCP_MAX];
    int length = client->port->kind == GATEWAY_MODBUS_TCP
                     ? modbus_tcp_build(slot->transaction, slot->unit, slot->pdu, slot->length,
                                        frame, sizeof frame)
                     : modbus_rtu_build(slot->unit, slot->pdu, slot->length, frame, sizeof frame);
    if (length < 0)
        return length;
    return client->serial ? gateway_serial_send(client, frame, (size_t)length)
                          : stream_send(&client->stream, frame, (size_t)length);
}

/* What is finished goes out in the order in which it was asked. False: the client is gone. */
static bool send_finished(struct gateway_client *client)
{
    while (client->used && slot_at(client, 0)->state == SLOT_DONE) {
        struct gateway_slot *slot = slot_at(client, 0);
        int result = slot->unheard ? 0 : send_answer(client, slot);
        slot->state = SLOT_FREE;
        client->first = (client->first + 1) % GATEWAY_PIPELINE;
        client->used--;
        if (result < 0) {
            gateway_client_end(client);
            return false;
        }
    }
    if (!client->stream.pending)
        client->stuck_since = CLOCK_NEVER;
    else if (client->stuck_since == CLOCK_NEVER)
        client->stuck_since = loop_now(client->port->gateway->context.loop);
    return true;
}

static void refuse(struct gateway_slot *slot, uint8_t exception)
{
    int length =
        modbus_pdu_exception_build(slot->asked.function, exception, slot->pdu, sizeof slot->pdu);
    slot->length = (size_t)length;
    slot->state = SLOT_DONE;
}

/* How a write ended, in words. */
static void word_end(const struct gateway_slot *slot, enum raw_outcome outcome, char *text,
                     size_t size)
{
    static const char *const ends[] = {
        [RAW_ANSWERED] = "done",
        [RAW_SILENT] = "no answer: it may have been written",
        [RAW_NO_PATH] = "not sent: the line is down",
        [RAW_BUSY] = "not sent: too many wait",
    };
    snprintf(text, size, "%s", ends[outcome]);
    if (slot->request.way == RAW_WITHHELD)
        snprintf(text, size, "not sent: the unit is silent");
    if (outcome == RAW_ANSWERED && slot->length >= MODBUS_PDU_EXCEPTION_LENGTH &&
        slot->pdu[0] & MODBUS_PDU_EXCEPTION_FLAG)
        snprintf(text, size, "refused: %s", modbus_pdu_exception_name(slot->pdu[1]));
}

/* Who changed what, as far as that is known. */
static void tell_write(const struct gateway_slot *slot, const char *end)
{
    const struct gateway_client *client = slot->client;
    const struct gateway_port *port = client->port;
    const struct modbus_pdu_request *asked = &slot->asked;
    char object[LIMIT_NAME + 16], what[80] = "";
    snprintf(object, sizeof object, "%.63s unit %u", slot->line, slot->request.unit);
    if (slot->request.unit == MODBUS_RTU_BROADCAST)
        snprintf(object, sizeof object, "%.63s all units", slot->line);
    if (modbus_pdu_known(asked->function))
        snprintf(what, sizeof what, ", %u from %u", asked->count, asked->address);
    char text[300];
    snprintf(text, sizeof text, "%s: function %u (%s)%s: %s", object, asked->function,
             modbus_pdu_function_name(asked->function), what, end);
    event_log_add(port->gateway->context.events, &(struct event){.kind = EVENT_GATEWAY_WRITE,
                                                                 .actor = port->name,
                                                                 .origin = client->address_text,
                                                                 .object = object,
                                                                 .text = text});
}

static void on_done(struct raw_request *request, enum raw_outcome outcome, const uint8_t *pdu,
                    size_t length)
{
    static const struct {
        uint8_t exception;
        enum gateway_count count;
    } ends[] = {
        [RAW_ANSWERED] = {0, GATEWAY_ANSWERED},
        [RAW_SILENT] = {MODBUS_PDU_TARGET_SILENT, GATEWAY_SILENT},
        [RAW_NO_PATH] = {MODBUS_PDU_PATH_UNAVAILABLE, GATEWAY_UNREACHABLE},
        [RAW_BUSY] = {MODBUS_PDU_BUSY, GATEWAY_BUSY},
    };
    struct gateway_slot *slot = request->user;
    struct gateway_client *client = slot->client;
    count(client, ends[outcome].count);
    if (outcome == RAW_ANSWERED && request->way == RAW_MERGED)
        count(client, GATEWAY_MERGED);
    if (outcome == RAW_ANSWERED && request->way == RAW_REMEMBERED)
        count(client, GATEWAY_REMEMBERED);
    if (outcome != RAW_ANSWERED || length > sizeof slot->pdu) {
        refuse(slot, ends[outcome].exception ? ends[outcome].exception : MODBUS_PDU_DEVICE_FAILURE);
    } else {
        if (length) /* none of a broadcast */
            memcpy(slot->pdu, pdu, length);
        slot->length = length;
        slot->state = SLOT_DONE;
    }
    if (slot->write) {
        char end[100];
        word_end(slot, outcome, end, sizeof end);
        count(client, GATEWAY_WRITES);
        tell_write(slot, end);
    }
    if (!client->inside)
        gateway_client_go_on(client);
}

/* ---- requests -------------------------------------------------------------------------------- */

/* The client's own order holds where it matters: around writes. */
static bool must_wait(struct gateway_client *client, size_t index)
{
    bool write = slot_at(client, index)->write;
    for (size_t i = 0; i < index; i++) {
        const struct gateway_slot *before = slot_at(client, i);
        if (before->state != SLOT_DONE && (write || before->write))
            return true;
    }
    return false;
}

static void ask(struct gateway_slot *slot, clock_us max_age)
{
    struct gateway_port *port = slot->client->port;
    slot->state = SLOT_ASKED;
    if (slot->write) /* to be told when it has ended, perhaps under other settings */
        snprintf(slot->line, sizeof slot->line, "%s", port->routes[slot->unit].line);
    slot->request = (struct raw_request){
        .path = port->routes[slot->unit].path,
        .unit = port->routes[slot->unit].unit,
        .write = slot->write,
        .client = slot->client->id,
        .pdu = slot->pdu,
        .length = slot->length,
        .max_age = max_age,
        .done = on_done,
        .user = slot,
    };
    port->gateway->context.door.submit(port->gateway->context.door.user, &slot->request);
}

static size_t answer_sunspec(struct gateway_slot *slot, const char *name, uint8_t *pdu)
{
    const struct gateway_port *port = slot->client->port;
    const struct gateway_context *context = &port->gateway->context;
    const struct device *device = site_device_find(context->site, name);
    if (!device || !context->sunspec)
        return (size_t)modbus_pdu_exception_build(slot->asked.function, MODBUS_PDU_PATH_UNAVAILABLE,
                                                  pdu, MODBUS_PDU_MAX);
    return context->sunspec(context->sunspec_user, device, slot->unit, port->sunspec_floats,
                            &slot->asked, pdu);
}

static size_t answer_registers(struct gateway_slot *slot, const char *name, uint8_t *pdu)
{
    const struct gateway_port *port = slot->client->port;
    const struct gateway_context *context = &port->gateway->context;
    char actor[LIMIT_NAME + 1];
    snprintf(actor, sizeof actor, "gateway %.50s", port->name);
    const struct register_map_client who = {.actor = actor, .origin = slot->client->address_text};
    return register_map_answer(context->site, context->commands, name, &slot->asked, &who, pdu);
}

/* What busbar itself knows: at once. Switching is journalled by the door of commands. */
static void answer_self(struct gateway_slot *slot)
{
    struct gateway_client *client = slot->client;
    const struct gateway_port *port = client->port;
    const char *name = port->routes[slot->unit].device;
    uint8_t pdu[MODBUS_PDU_MAX];
    slot->length = port->routes[slot->unit].sunspec ? answer_sunspec(slot, name, pdu)
                                                    : answer_registers(slot, name, pdu);
    memcpy(slot->pdu, pdu, slot->length);
    slot->state = SLOT_DONE;
    count(client, GATEWAY_ANSWERED);
    if (slot->write)
        count(client, GATEWAY_WRITES);
}

static void start(struct gateway_slot *slot)
{
    struct gateway_client *client = slot->client;
    struct gateway_port *port = client->port;
    struct gateway_verdict verdict = gateway_rules_judge(
        &port->gateway->rules, &(struct gateway_question){.gateway = port->name,
                                                          .client = &client->address,
                                                          .unit = slot->unit,
                                                          .request = &slot->asked});
    if (slot->unit == MODBUS_RTU_BROADCAST && !slot->write) /* who should answer? */
        verdict.exception = MODBUS_PDU_PATH_UNAVAILABLE;
    if (verdict.exception) {
        count(client, GATEWAY_REFUSED);
        refuse(slot, verdict.exception);
    } else if (!port->routes[slot->unit].line) {
        count(client, GATEWAY_UNREACHABLE);
        refuse(slot, MODBUS_PDU_PATH_UNAVAILABLE);
    } else if (port->gateway->held) {
        count(client, GATEWAY_BUSY);
        refuse(slot, MODBUS_PDU_BUSY);
    } else if (port->routes[slot->unit].device) {
        answer_self(slot);
    } else {
        ask(slot, verdict.max_age);
    }
}

static void start_waiting(struct gateway_client *client)
{
    for (size_t i = 0; i < client->used; i++) {
        struct gateway_slot *slot = slot_at(client, i);
        if (slot->state == SLOT_WAITING && !must_wait(client, i))
            start(slot);
    }
}

void gateway_client_request(struct gateway_client *client, uint16_t transaction, uint8_t unit,
                            const uint8_t *pdu, size_t length)
{
    struct gateway_slot *slot = slot_at(client, client->used++);
    client->asked = loop_now(client->port->gateway->context.loop);
    count(client, GATEWAY_REQUESTS);
    slot->client = client;
    slot->transaction = transaction;
    slot->unit = unit;
    /* 2.2 of the serial guide: nobody answers a broadcast. */
    slot->unheard = unit == MODBUS_RTU_BROADCAST && client->port->kind != GATEWAY_MODBUS_TCP;
    slot->length = length;
    memcpy(slot->pdu, pdu, length);
    int problem = modbus_pdu_request_parse(slot->pdu, length, &slot->asked);
    slot->write = problem == 0 && gateway_is_write(&slot->asked);
    slot->state = SLOT_WAITING;
    if (problem != 0) {
        slot->asked.function = pdu[0] & (uint8_t)~MODBUS_PDU_EXCEPTION_FLAG;
        count(client, GATEWAY_REFUSED);
        refuse(slot, problem > 0 ? (uint8_t)problem : MODBUS_PDU_ILLEGAL_FUNCTION);
    }
}

/* One request from the begin of `in`: bytes it took, 0 when it is not whole, negative when this is
 * no Modbus. */
static int take_tcp(struct gateway_client *client)
{
    struct modbus_tcp_frame frame;
    enum modbus_tcp_state state = modbus_tcp_parse(client->in, client->in_length, &frame);
    if (state != MODBUS_TCP_FRAME)
        return state == MODBUS_TCP_MORE ? 0 : -EBADMSG;
    gateway_client_request(client, frame.transaction, frame.unit, frame.pdu, frame.pdu_length);
    return (int)frame.length;
}

static int take_rtu(struct gateway_client *client)
{
    struct modbus_rtu_frame frame;
    int length = modbus_rtu_request_length(client->in, client->in_length);
    /* TCP has no silences to end it by: it is all there is as soon as its check sum fits. */
    if (length == -ENOTSUP && client->in_length <= MODBUS_RTU_MAX)
        length = modbus_rtu_parse(client->in, client->in_length, &frame) == MODBUS_RTU_FINE
                     ? (int)client->in_length
                     : 0;
    if (length <= 0)
        return length;
    if ((size_t)length > client->in_length)
        return length > MODBUS_RTU_MAX ? -EBADMSG : 0;
    if (modbus_rtu_parse(client->in, (size_t)length, &frame) != MODBUS_RTU_FINE)
        return -EBADMSG;
    gateway_client_request(client, 0, frame.unit, frame.pdu, frame.pdu_length);
    return length;
}

/* 0, or negative when the client talks nonsense. */
static int take_requests(struct gateway_client *client)
{
    static int (*const takers[])(struct gateway_client * client) = {
        [GATEWAY_MODBUS_TCP] = take_tcp,
        [GATEWAY_RTU_OVER_TCP] = take_rtu,
        [GATEWAY_RTU] = gateway_serial_take,
    };
    while (client->used < GATEWAY_PIPELINE && client->in_length) {
        int taken = takers[client->port->kind](client);
        if (taken <= 0)
            return taken;
        client->in_length -= (size_t)taken;
        memmove(client->in, client->in + taken, client->in_length);
        client->half_since = CLOCK_NEVER;
    }
    return 0;
}

void gateway_client_go_on(struct gateway_client *client)
{
    struct gateway *gateway = client->port->gateway;
    size_t left;
    /* Until nothing moves. */
    client->inside = true;
    do {
        if (!send_finished(client))
            return;
        left = client->in_length;
        if (take_requests(client) < 0) {
            client->port->turned_away++;
            gateway_client_end(client);
            return;
        }
        start_waiting(client);
    } while (client->in_length != left || (client->used && slot_at(client, 0)->state == SLOT_DONE));
    client->inside = false;
    bool full = client->used == GATEWAY_PIPELINE;
    if (!full && client->in_length && client->half_since == CLOCK_NEVER)
        client->half_since = loop_now(gateway->context.loop);
    if (stream_hold(&client->stream, full) < 0)
        gateway_client_end(client);
}

static void on_received(void *user, const uint8_t *bytes, size_t length)
{
    struct gateway_client *client = user;
    if (client->serial)
        gateway_serial_heard(client);
    memcpy(client->in + client->in_length, bytes, length); /* less than a frame was left over */
    client->in_length += length;
    gateway_client_go_on(client);
}

void gateway_client_give_up(struct gateway_client *client)
{
    const struct raw_door *door = &client->port->gateway->context.door;
    for (size_t i = 0; i < client->used; i++) {
        struct gateway_slot *slot = slot_at(client, i);
        slot->unheard = true;
        if (slot->state != SLOT_ASKED || slot->write)
            continue;
        door->cancel(door->user, &slot->request);
        slot->state = SLOT_DONE;
    }
}

/* ---- life ------------------------------------------------------------------------------------ */

static void on_broken(void *user, int code)
{
    (void)code;
    gateway_client_end(user);
}

/* NULL, and the descriptor closed, when there is no memory. */
static struct gateway_client *new_client(struct gateway_port *port, int fd)
{
    struct gateway *gateway = port->gateway;
    struct gateway_client *client = calloc(1, sizeof *client);
    if (!client) {
        close(fd);
        return NULL;
    }
    client->port = port;
    client->id = ++gateway->next_id;
    client->since = loop_now(gateway->context.loop);
    client->half_since = client->stuck_since = CLOCK_NEVER;
    client->stream = STREAM_EMPTY;
    client->stream.loop = gateway->context.loop;
    client->stream.received = on_received;
    client->stream.broken = on_broken;
    client->stream.user = client;
    return client;
}

static void take_in(struct gateway_client *client, int fd)
{
    struct gateway_port *port = client->port;
    if (stream_take(&client->stream, fd) < 0) {
        gateway_serial_free(client->serial);
        free(client);
        return;
    }
    client->next = port->clients;
    if (client->next)
        client->next->previous = client;
    port->clients = client;
    port->client_count++;
    port->accepted++;
}

void gateway_client_begin(struct gateway_port *port, int fd, const struct sockaddr *any)
{
    struct gateway_client *client = new_client(port, fd);
    if (!client)
        return;
    client->stream.socket = true;
    client->address = ip_address_of(any);
    ip_address_format(&client->address, client->address_text, sizeof client->address_text);
    client->remote_port = ntohs(any->sa_family == AF_INET6
                                    ? ((const struct sockaddr_in6 *)(const void *)any)->sin6_port
                                    : ((const struct sockaddr_in *)(const void *)any)->sin_port);
    take_in(client, fd);
}

void gateway_client_begin_serial(struct gateway_port *port, int fd)
{
    struct gateway_client *client = new_client(port, fd);
    if (!client)
        return;
    snprintf(client->address_text, sizeof client->address_text, "%.47s", port->setup.port);
    client->serial = gateway_serial_new(client);
    take_in(client, fd);
}

void gateway_client_end(struct gateway_client *client)
{
    struct gateway_port *port = client->port;
    const struct raw_door *door = &port->gateway->context.door;
    for (size_t i = 0; i < client->used; i++) {
        struct gateway_slot *slot = slot_at(client, i);
        if (slot->state != SLOT_ASKED)
            continue;
        bool sent = door->cancel(door->user, &slot->request);
        if (sent && slot->write) {
            count(client, GATEWAY_WRITES);
            tell_write(slot, "the client left before the answer: it may have been written");
        }
    }
    stream_close(&client->stream);
    gateway_serial_free(client->serial);
    if (client->previous)
        client->previous->next = client->next;
    else
        port->clients = client->next;
    if (client->next)
        client->next->previous = client->previous;
    port->client_count--;
    free(client);
}

bool gateway_client_overdue(struct gateway_client *client, clock_us now)
{
    if (client->serial) /* silence is its good right */
        return false;
    if (!client->stream.pending)
        client->stuck_since = CLOCK_NEVER;
    clock_us quiet = client->asked ? client->asked : client->since;
    return (client->half_since != CLOCK_NEVER && now - client->half_since > HALF_MOST) ||
           (client->stuck_since != CLOCK_NEVER && now - client->stuck_since > STUCK_MOST) ||
           (!client->used && now - quiet > client->port->idle);
}
