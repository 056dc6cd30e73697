#include "gateway.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "field/transport.h"

#define CONNECT_GIVEN_UP (3 * CLOCK_S)
#define MICROJOULES_PER_WH 3600000000u

enum { SAYINGS = 16, HEAD = 7, REGISTERS = 16 };

struct link;

struct saying {
    struct loop_timer timer;
    struct link *link;
    uint8_t bytes[HEAD + 2 + 2 * REGISTERS];
    size_t length;
};

struct link {
    struct transport transport; /* first */
    struct loop *loop;
    struct gateway *gateway;
    bool open;
    struct loop_timer connect;
    struct saying sayings[SAYINGS];
};

static struct gateway *gateways;

/* ---- meters ---------------------------------------------------------------------------------- */

static void count(struct gateway *gateway, struct gateway_meter *meter)
{
    clock_us now = loop_now(gateway->loop);
    for (int i = 0; i < GATEWAY_PHASES; i++)
        meter->microjoules[i] += (uint64_t)meter->watts[i] * (uint64_t)(now - meter->counted);
    meter->counted = now;
}

void gateway_fit(struct gateway *gateway, int unit, uint32_t wh)
{
    struct gateway_meter *meter = &gateway->meters[unit];
    *meter = (struct gateway_meter){.fitted = true, .counted = loop_now(gateway->loop)};
    for (int i = 0; i < GATEWAY_PHASES; i++)
        meter->begin_wh[i] = wh;
}

void gateway_load(struct gateway *gateway, int unit, int32_t a, int32_t b, int32_t c)
{
    struct gateway_meter *meter = &gateway->meters[unit];
    count(gateway, meter);
    meter->watts[0] = a;
    meter->watts[1] = b;
    meter->watts[2] = c;
}

static void put_long(uint16_t *registers, uint32_t number)
{
    registers[0] = (uint16_t)(number >> 16);
    registers[1] = (uint16_t)number;
}

/* The registers of profiles/modbus/scenario-meter.yaml. */
static void fill(const struct gateway_meter *meter, uint16_t *registers)
{
    for (int i = 0; i < GATEWAY_PHASES; i++) {
        registers[i] = (uint16_t)(2300 + i);
        put_long(&registers[4 + 2 * i], (uint32_t)meter->watts[i]);
        uint64_t wh = meter->begin_wh[i] + meter->microjoules[i] / MICROJOULES_PER_WH;
        put_long(&registers[10 + 2 * i], (uint32_t)(wh % GATEWAY_ROLLOVER_WH));
    }
    registers[3] = 0;
}

/* ---- the transport --------------------------------------------------------------------------- */

static struct link *link_of(struct transport *transport)
{
    return (struct link *)transport;
}

static void on_connect(struct loop_timer *timer, void *user)
{
    struct link *link = user;
    (void)timer;
    if (link->gateway->away) {
        link->transport.events->closed(link->transport.user, "no answer to connect");
        return;
    }
    link->open = true;
    link->transport.events->opened(link->transport.user);
}

static int link_open(struct transport *transport, struct err *err)
{
    struct link *link = link_of(transport);
    (void)err;
    link->gateway->opens++;
    clock_us wait = link->gateway->away ? CONNECT_GIVEN_UP : link->gateway->delay;
    loop_timer_at(link->loop, &link->connect, loop_now(link->loop) + wait, on_connect, link);
    return -EINPROGRESS;
}

static void link_close(struct transport *transport)
{
    struct link *link = link_of(transport);
    link->open = false;
    loop_timer_stop(&link->connect);
    for (int i = 0; i < SAYINGS; i++)
        loop_timer_stop(&link->sayings[i].timer);
}

static void on_say(struct loop_timer *timer, void *user)
{
    struct saying *saying = user;
    struct link *link = saying->link;
    (void)timer;
    if (link->open && !link->gateway->away)
        link->transport.events->received(link->transport.user, saying->bytes, saying->length);
}

static struct saying *free_saying(struct link *link)
{
    for (int i = 0; i < SAYINGS; i++) {
        if (!loop_timer_running(&link->sayings[i].timer))
            return &link->sayings[i];
    }
    abort(); /* more questions than a line may have under way */
}

static void answer(struct link *link, const uint8_t *question, const struct gateway_meter *meter)
{
    unsigned first = question[8] << 8 | question[9], number = question[10] << 8 | question[11];
    if (question[7] != 3 || first + number > REGISTERS)
        abort(); /* nothing of the profile is asked so */
    uint16_t registers[REGISTERS];
    fill(meter, registers);
    struct saying *saying = free_saying(link);
    memcpy(saying->bytes, question, 4);
    saying->bytes[4] = 0;
    saying->bytes[5] = (uint8_t)(3 + 2 * number);
    saying->bytes[6] = question[6];
    saying->bytes[7] = 3;
    saying->bytes[8] = (uint8_t)(2 * number);
    for (unsigned i = 0; i < number; i++) {
        saying->bytes[9 + 2 * i] = (uint8_t)(registers[first + i] >> 8);
        saying->bytes[10 + 2 * i] = (uint8_t)registers[first + i];
    }
    saying->length = 9 + 2 * (size_t)number;
    saying->link = link;
    loop_timer_at(link->loop, &saying->timer, loop_now(link->loop) + link->gateway->delay, on_say,
                  saying);
}

static void note_request(struct gateway *gateway)
{
    clock_us second = loop_now(gateway->loop) / CLOCK_S;
    gateway->in_second = second == gateway->second ? gateway->in_second + 1 : 1;
    gateway->second = second;
    if (gateway->in_second > gateway->most_in_second)
        gateway->most_in_second = gateway->in_second;
    gateway->requests++;
}

static int link_send(struct transport *transport, const uint8_t *bytes, size_t length)
{
    struct link *link = link_of(transport);
    struct gateway *gateway = link->gateway;
    assert(link->open && length == 12 && bytes[6] <= GATEWAY_UNITS);
    if (gateway->away)
        return 0;
    struct gateway_meter *meter = &gateway->meters[bytes[6]];
    note_request(gateway);
    meter->requests++;
    count(gateway, meter);
    if (meter->fitted && !meter->silent)
        answer(link, bytes, meter);
    return 0;
}

static size_t link_drain(struct transport *transport)
{
    (void)transport;
    return 0;
}

static void link_free(struct transport *transport)
{
    link_close(transport);
    free(link_of(transport));
}

struct transport *transport_tcp_new(struct loop *loop, const struct line_settings *settings)
{
    static const struct transport_kind kind = {
        .open = link_open,
        .close = link_close,
        .send = link_send,
        .drain = link_drain,
        .free = link_free,
    };
    struct gateway *gateway = gateways;
    while (gateway && strcmp(gateway->host, settings->host) != 0)
        gateway = gateway->next;
    assert(gateway);
    struct link *link = mem_new(sizeof *link);
    *link = (struct link){.transport.kind = &kind, .loop = loop, .gateway = gateway};
    return &link->transport;
}

/* ---- life ------------------------------------------------------------------------------------ */

void gateway_add(struct gateway *gateway, struct loop *loop, const char *host)
{
    *gateway = (struct gateway){
        .next = gateways, .host = host, .loop = loop, .delay = 5 * CLOCK_MS, .second = -1};
    gateways = gateway;
}

void gateway_remove(struct gateway *gateway)
{
    struct gateway **at = &gateways;
    while (*at != gateway)
        at = &(*at)->next;
    *at = gateway->next;
}
