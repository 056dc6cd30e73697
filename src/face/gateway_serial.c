/* The master on a serial line on which busbar is the slave: finding its questions among all that is
 * said there, and answering when the standard allows it. Sections are those of "MODBUS over Serial
 * Line Specification and Implementation Guide V1.02". */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "face/gateway_private.h"
#include "wire/modbus_bus.h"

/* Adaptors hand bytes over in lumps, USB up to 16 ms apart: after that long a frame is over. */
#define SILENCE (20 * CLOCK_MS)

/* Some adaptors hear what they send. A reading's answer that comes back is an echo beyond doubt; of
 * a write, whose answer is a copy of the question, only what was learned from readings can tell
 * whether the master has asked the same again. */
enum echo { ECHO_UNKNOWN, ECHO_NO, ECHO_YES };

struct gateway_serial {
    struct gateway_client *client;
    struct modbus_rtu_line line;
    clock_us gap, silence; /* before an answer; after which nothing more of a frame comes */
    clock_us heard;        /* last byte */
    bool lost;             /* no frame begins where we listen */
    struct modbus_bus_asked asked;
    struct loop_timer silent, free; /* the frame is over; the answer may go */
    size_t out_length;              /* of an answer that waits for silence */
    enum echo echo;
    bool unechoed;      /* a reading's answer was sent, and something else came */
    size_t sent_length; /* of what may come back, until then */
    clock_us echo_until;
    uint8_t out[MODBUS_RTU_MAX], sent[MODBUS_RTU_MAX];
};

void gateway_serial_describe(const struct serial_setup *setup, char *text, size_t size)
{
    snprintf(text, size, "%.255s %u 8%c%d", setup->port, setup->baud, "NEO"[setup->parity],
             setup -> stop_bits);
}

static struct loop *loop_of(const struct gateway_serial *serial)
{
    return serial->client->port->gateway->context.loop;
}

struct gateway_serial *gateway_serial_new(struct gateway_client *client)
{
    const struct serial_setup *setup = &client->port->setup;
    struct gateway_serial *serial = mem_new(sizeof *serial);
    serial->client = client;
    serial->line = (struct modbus_rtu_line){.baud = setup->baud,
                                            .parity = setup->parity != SERIAL_PARITY_NONE,
                                            .stop_bits = (uint8_t)setup->stop_bits};
    serial->gap = modbus_rtu_gap_us(&serial->line);
    serial->silence = 2 * serial->gap > SILENCE ? 2 * serial->gap : SILENCE;
    serial->heard = loop_now(loop_of(serial));
    serial->lost = true; /* what comes first may be the middle of something */
    return serial;
}

struct gateway_serial *gateway_serial_free(struct gateway_serial *serial)
{
    if (!serial)
        return NULL;
    loop_timer_stop(&serial->silent);
    loop_timer_stop(&serial->free);
    free(serial);
    return NULL;
}

/* ---- listening ------------------------------------------------------------------------------- */

static void on_silent(struct loop_timer *timer, void *user)
{
    struct gateway_serial *serial = user;
    (void)timer;
    gateway_client_go_on(serial->client);
}

/* While lost, what comes behind a gap is worth a try: on a busy bus there may be no longer
 * silence. When it was only a lump, its check sum will tell. */
void gateway_serial_heard(struct gateway_client *client)
{
    struct gateway_serial *serial = client->serial;
    clock_us now = loop_now(loop_of(serial));
    if (serial->lost && now - serial->heard >= serial->gap) {
        client->in_length = 0;
        serial->lost = false;
    }
    serial->heard = now;
}

/* What we have sent and hear ourselves: its bytes at the begin of `in`; 0 when there are none.
 * `*wait`: it may become that. */
static size_t echo_in(struct gateway_serial *serial, bool quiet, bool *wait)
{
    const struct gateway_client *client = serial->client;
    size_t length = serial->sent_length, have = client->in_length;
    bool late = serial->heard > serial->echo_until;
    if (!length)
        return 0;
    if (!late && memcmp(client->in, serial->sent, have < length ? have : length) == 0) {
        if (have < length && !quiet) {
            *wait = true;
            return 0;
        }
        if (have >= length) {
            serial->sent_length = 0;
            if (serial->sent[1] <= MODBUS_PDU_READ_INPUT)
                serial->echo = ECHO_YES;
            return length;
        }
    }
    serial->sent_length = 0;
    serial->unechoed = serial->sent[1] <= MODBUS_PDU_READ_INPUT;
    return 0;
}

/* A question to one of our units, or to all, takes the place of what the master asked before. */
static void take_question(struct gateway_serial *serial, const struct modbus_rtu_frame *frame)
{
    struct gateway_client *client = serial->client;
    bool ours = client->port->routes[frame->unit].line != NULL;
    gateway_client_give_up(client);
    serial->out_length = 0;
    loop_timer_stop(&serial->free);
    serial->asked = (struct modbus_bus_asked){0};
    if (serial->unechoed)
        serial->echo = ECHO_NO;
    serial->unechoed = false;
    if (ours)
        gateway_client_request(client, 0, frame->unit, frame->pdu, frame->pdu_length);
    else if (frame->unit != MODBUS_RTU_BROADCAST)
        serial->asked = (struct modbus_bus_asked){frame->unit, frame->pdu[0]};
}

/* All that came before the next silence is in vain; of an endless noise the end is enough. */
static int stay_lost(struct gateway_serial *serial)
{
    struct gateway_client *client = serial->client;
    serial->lost = true;
    serial->unechoed = false;
    serial->asked = (struct modbus_bus_asked){0};
    return client->in_length > MODBUS_RTU_MAX + MODBUS_BUS_STRAY ? (int)client->in_length : 0;
}

int gateway_serial_take(struct gateway_client *client)
{
    struct gateway_serial *serial = client->serial;
    struct modbus_bus_heard heard = {.event = MODBUS_BUS_LOST};
    clock_us over = serial->heard + serial->silence;
    bool quiet = loop_now(loop_of(serial)) >= over, wait = false;
    size_t echo = serial->lost ? 0 : echo_in(serial, quiet, &wait);
    if (echo)
        return (int)echo;
    if (!quiet)
        loop_timer_at(loop_of(serial), &serial->silent, over, on_silent, serial);
    if (wait)
        return 0;
    if (!serial->lost || quiet)
        heard = modbus_bus_next(&serial->asked, quiet, client->in, client->in_length);
    switch (heard.event) {
    case MODBUS_BUS_MORE:
        return 0;
    case MODBUS_BUS_REQUEST:
        take_question(serial, &heard.frame);
        break;
    case MODBUS_BUS_OTHER:
        serial->asked = (struct modbus_bus_asked){0};
        break;
    case MODBUS_BUS_LOST:
        if (!quiet)
            return stay_lost(serial);
        break;
    }
    if (quiet) /* the next byte begins a frame */
        serial->lost = false;
    return (int)heard.drop;
}

/* ---- answering ------------------------------------------------------------------------------- */

static int put_out(struct gateway_serial *serial)
{
    struct gateway_client *client = serial->client;
    size_t length = serial->out_length;
    bool copied = serial->out[1] > MODBUS_PDU_READ_INPUT; /* perhaps the question's own bytes */
    memcpy(serial->sent, serial->out, length);
    serial->out_length = 0;
    serial->unechoed = false;
    serial->sent_length = serial->echo == ECHO_NO && copied ? 0 : length;
    serial->echo_until =
        loop_now(loop_of(serial)) + modbus_rtu_transfer_us(&serial->line, length) + serial->silence;
    return stream_send(&client->stream, serial->sent, length);
}

static void on_free(struct loop_timer *timer, void *user)
{
    struct gateway_serial *serial = user;
    (void)timer;
    if (put_out(serial) < 0)
        gateway_client_end(serial->client);
}

int gateway_serial_send(struct gateway_client *client, const uint8_t *frame, size_t length)
{
    struct gateway_serial *serial = client->serial;
    clock_us now = loop_now(loop_of(serial)), free_at = serial->heard + serial->gap;
    if (now > client->asked + client->port->answer_within)
        return 0;
    memcpy(serial->out, frame, length);
    serial->out_length = length;
    if (now >= free_at)
        return put_out(serial);
    loop_timer_at(loop_of(serial), &serial->free, free_at, on_free, serial);
    return 0;
}
