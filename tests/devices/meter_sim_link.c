#include "meter_sim_link.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "wire/modbus_pdu.h"
#include "wire/modbus_tcp.h"

enum {
    CHUNK = 16,       /* bytes that a paced pty sends at once, about a UART's FIFO */
    STALE_US = 50000, /* half a request followed by this much silence is forgotten */
    HELD_MAX = 64,    /* answers kept back for all stopped units; older ones are lost */
};

void meter_sim_link_close(struct meter_sim_link *link)
{
    close(link->fd);
    link->open = false;
    link->generation++;
}

static void watch_writing(struct meter_sim_net *net, struct meter_sim_link *link, bool want)
{
    if (link->want_write == want) {
        return;
    }
    link->want_write = want;
    struct epoll_event event = {.events = want ? EPOLLIN | EPOLLOUT : EPOLLIN,
                                .data.ptr = &link->source};
    epoll_ctl(net->epoll, EPOLL_CTL_MOD, link->fd, &event);
}

void meter_sim_link_flush(struct meter_sim_net *net, struct meter_sim_link *link)
{
    while (link->open && link->out_used > 0) {
        /* write, not send: a pty is no socket; SIGPIPE is ignored. */
        ssize_t sent = write(link->fd, link->out, link->out_used);
        if (sent < 0 && errno == EINTR) {
            continue;
        }
        if (sent < 0 && errno != EAGAIN) {
            if (link->port->medium == METER_SIM_PTY) {
                link->out_used = 0;
            } else {
                meter_sim_link_close(link);
            }
            return;
        }
        if (sent < 0) {
            break;
        }
        link->out_used -= (size_t)sent;
        memmove(link->out, link->out + sent, link->out_used);
    }
    if (link->open) {
        watch_writing(net, link, link->out_used > 0);
    }
}

/* Sent with the next flush. */
void meter_sim_link_put(struct meter_sim_link *link, const uint8_t *bytes, size_t length)
{
    if (link->out_used + length <= sizeof(link->out)) {
        memcpy(link->out + link->out_used, bytes, length);
        link->out_used += length;
    } else if (link->port->medium != METER_SIM_PTY) {
        meter_sim_link_close(link);
    }
}

/* A slow line: the request has taken its time, then comes the silence before the answer, then the
 * answer, a few bytes at a time, so that busbar sees it grow as on a real adaptor. */
static void send_paced(struct meter_sim_net *net, struct meter_sim_link *link,
                       const struct meter_sim_frame *frame, uint64_t delay_us, size_t asked)
{
    uint64_t begin = net->now_us > link->free_us ? net->now_us : link->free_us;
    begin += modbus_rtu_transfer_us(&net->pace, asked) + modbus_rtu_gap_us(&net->pace) + delay_us;
    for (size_t sent = 0; sent < frame->length; sent += CHUNK) {
        size_t part = frame->length - sent < CHUNK ? frame->length - sent : CHUNK;
        link->free_us = begin + modbus_rtu_transfer_us(&net->pace, sent + part);
        meter_sim_queue_push(&net->delayed, link->free_us, link, link->generation, NULL,
                             frame->bytes + sent, part);
    }
}

static void send_frame(struct meter_sim_net *net, struct meter_sim_link *link,
                       const struct meter_sim_unit *unit, const struct meter_sim_frame *frame,
                       size_t asked)
{
    uint64_t delay_us = 1000 * (uint64_t)(frame->delay_ms + net->delay_ms);
    net->answers++;
    if (frame->hold) {
        if (net->held.count == HELD_MAX) {
            free(meter_sim_queue_pop(&net->held, UINT64_MAX));
        }
        meter_sim_queue_push(&net->held, net->now_us, link, link->generation, unit, frame->bytes,
                             frame->length);
    } else if (link->port->medium == METER_SIM_PTY && net->pace.baud > 0) {
        send_paced(net, link, frame, delay_us, asked);
    } else if (delay_us > 0) {
        meter_sim_queue_push(&net->delayed, net->now_us + delay_us, link, link->generation, NULL,
                             frame->bytes, frame->length);
    } else {
        meter_sim_link_put(link, frame->bytes, frame->length);
    }
}

static size_t build_frame(const struct meter_sim_link *link, uint16_t transaction, uint8_t unit,
                          const uint8_t *pdu, size_t length, struct meter_sim_frame *frame)
{
    int built =
        link->port->medium == METER_SIM_TCP
            ? modbus_tcp_build(transaction, unit, pdu, length, frame->bytes, sizeof(frame->bytes))
            : modbus_rtu_build(unit, pdu, length, frame->bytes, sizeof(frame->bytes));
    return built > 0 ? (size_t)built : 0;
}

static struct meter_sim_unit *find_unit(const struct meter_sim_link *link, uint8_t number)
{
    struct meter_sim_set *set = link->port->set;
    struct meter_sim_unit *unit = set->units[number];
    /* Devices with their own network port do not care for the unit: the guide asks for 255 or 0. */
    if (unit == NULL && link->port->medium == METER_SIM_TCP && set->count == 1 &&
        (number == 0 || number == 255)) {
        for (size_t i = 0; unit == NULL && i < 256; i++) {
            unit = set->units[i];
        }
    }
    return unit;
}

/* On a serial line everybody obeys unit 0 and nobody answers. */
static void broadcast(struct meter_sim_net *net, struct meter_sim_link *link, const uint8_t *pdu,
                      size_t length)
{
    uint8_t answer[MODBUS_PDU_MAX];
    for (size_t i = 1; i < 256; i++) {
        if (link->port->set->units[i] != NULL) {
            meter_sim_unit_answer(link->port->set->units[i], net->wall, pdu, length, answer);
        }
    }
}

struct asked {
    uint16_t transaction;
    uint8_t unit;
    const uint8_t *pdu, *frame;
    size_t pdu_length, frame_length;
};

static void answer_request(struct meter_sim_net *net, struct meter_sim_link *link,
                           const struct asked *asked)
{
    bool serial = link->port->medium != METER_SIM_TCP;
    struct meter_sim_unit *unit = find_unit(link, asked->unit);
    struct meter_sim_frame frame;
    uint8_t pdu[MODBUS_PDU_MAX];
    frame.delay_ms = 0;
    frame.hold = false;
    net->requests++;
    if (unit == NULL) {
        if (serial && asked->unit == MODBUS_RTU_BROADCAST) {
            broadcast(net, link, asked->pdu, asked->pdu_length);
        } else if (!serial) {
            /* What a gateway says about a unit that is not on its line. */
            modbus_pdu_exception_build(asked->pdu[0], MODBUS_PDU_TARGET_SILENT, pdu, sizeof(pdu));
            frame.length = build_frame(link, asked->transaction, asked->unit, pdu, 2, &frame);
            send_frame(net, link, NULL, &frame, asked->frame_length);
        }
        return;
    }
    struct meter_sim_fault fault = unit->fault;
    enum meter_sim_fault_kind kind = METER_SIM_FAULT_NONE;
    if (meter_sim_fault_concerns(&fault, asked->pdu, asked->pdu_length)) {
        kind = meter_sim_fault_take(&unit->fault);
    }
    size_t length = meter_sim_unit_answer(unit, net->wall, asked->pdu, asked->pdu_length, pdu);
    uint8_t number = asked->unit;
    uint16_t transaction = asked->transaction;
    if (length == 0) {
        return;
    }
    if (kind == METER_SIM_FAULT_EXCEPTION) {
        bool given = fault.argument >= 0 && fault.argument < 256;
        uint8_t code = given ? (uint8_t)fault.argument : MODBUS_PDU_DEVICE_FAILURE;
        length = 2;
        modbus_pdu_exception_build(asked->pdu[0], code, pdu, sizeof(pdu));
    } else if (kind == METER_SIM_FAULT_WRONG_FUNCTION) {
        pdu[0] =
            pdu[0] == MODBUS_PDU_READ_HOLDING ? MODBUS_PDU_READ_INPUT : MODBUS_PDU_READ_HOLDING;
    } else if (kind == METER_SIM_FAULT_WRONG_UNIT) {
        number = number < MODBUS_RTU_UNIT_MAX ? number + 1 : 1;
    } else if (kind == METER_SIM_FAULT_WRONG_TID) {
        transaction++;
    }
    frame.length = build_frame(link, transaction, number, pdu, length, &frame);
    meter_sim_fault_apply(&fault, kind, net->timeout_ms, asked->frame, asked->frame_length,
                          &net->random, &frame);
    if (frame.length > 0) {
        send_frame(net, link, unit, &frame, asked->frame_length);
    }
}

/* How many bytes were used up; SIZE_MAX if the stream is garbage. */
static size_t take_tcp(struct meter_sim_net *net, struct meter_sim_link *link)
{
    size_t taken = 0;
    struct modbus_tcp_frame frame;
    enum modbus_tcp_state state;
    while (link->open && (state = modbus_tcp_parse(link->in + taken, link->in_used - taken,
                                                   &frame)) != MODBUS_TCP_MORE) {
        if (state == MODBUS_TCP_GARBAGE) {
            return SIZE_MAX;
        }
        const struct asked asked = {.transaction = frame.transaction,
                                    .unit = frame.unit,
                                    .pdu = frame.pdu,
                                    .pdu_length = frame.pdu_length,
                                    .frame = link->in + taken,
                                    .frame_length = frame.length};
        answer_request(net, link, &asked);
        taken += frame.length;
    }
    return taken;
}

/* Serial slaves throw away everything up to the next silence when a frame is wrong. */
static size_t take_rtu(struct meter_sim_net *net, struct meter_sim_link *link)
{
    size_t taken = 0;
    while (link->open && taken < link->in_used) {
        const uint8_t *bytes = link->in + taken;
        size_t have = link->in_used - taken;
        int length = modbus_rtu_request_length(bytes, have);
        /* Length unknown: the whole of what has come is the frame, or will be once its CRC fits. */
        size_t whole = length == -ENOTSUP ? have : (size_t)length;
        struct modbus_rtu_frame frame;
        if (length == 0 || (length > 0 && have < whole)) {
            break;
        }
        if (length == -EBADMSG || modbus_rtu_parse(bytes, whole, &frame) != MODBUS_RTU_FINE) {
            if (length == -ENOTSUP && have < MODBUS_RTU_MAX) {
                break;
            }
            net->crc_errors++;
            return link->in_used;
        }
        const struct asked asked = {.unit = frame.unit,
                                    .pdu = frame.pdu,
                                    .pdu_length = frame.pdu_length,
                                    .frame = bytes,
                                    .frame_length = whole};
        answer_request(net, link, &asked);
        taken += whole;
    }
    return taken;
}

void meter_sim_link_read(struct meter_sim_net *net, struct meter_sim_link *link)
{
    bool serial = link->port->medium != METER_SIM_TCP;
    if (serial && net->now_us - link->heard_us > STALE_US) {
        link->in_used = 0;
    }
    ssize_t got = read(link->fd, link->in + link->in_used, sizeof(link->in) - link->in_used);
    if (got <= 0) {
        if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
            return;
        }
        if (link->port->medium != METER_SIM_PTY) {
            meter_sim_link_close(link);
        }
        return;
    }
    link->heard_us = net->now_us;
    link->in_used += (size_t)got;
    size_t taken = serial ? take_rtu(net, link) : take_tcp(net, link);
    if (!link->open) {
        return;
    }
    if (taken == SIZE_MAX) {
        meter_sim_link_close(link);
        return;
    }
    link->in_used -= taken;
    memmove(link->in, link->in + taken, link->in_used);
    meter_sim_link_flush(net, link);
}
