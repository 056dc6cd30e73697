/* field_testing - a scripted peer behind the transport interface, and a Modbus server to script it
 * with.
 *
 * The server builds its frames with arithmetic of its own (bitwise CRC), so that the code under
 * test is not its own judge. Register `address` of `unit` holds unit * 256 + address, both modulo
 * 256.
 */
#pragma once

#include "test.h"

#include "base/mem.h"
#include "field/line.h"
#include "field/transport.h"

#define TESTING_WALL (1790000000LL * CLOCK_S)
#define FAKE_SAYINGS 64

struct fake;

struct fake_saying {
    struct loop_timer timer;
    struct fake *fake;
    bool hang_up;
    uint8_t bytes[600];
    size_t length;
};

struct fake {
    struct transport transport; /* first */
    struct loop *loop;
    int open_result; /* 0, -EINPROGRESS (then fake_connect), or an error */
    bool open;
    unsigned opens, closes, sends, drains;
    uint8_t sent[300];
    size_t sent_length;
    clock_us sent_at;
    int send_result;
    size_t waiting; /* bytes that drain throws away */
    /* Called with each frame that was sent. */
    void (*peer)(struct fake *fake, const uint8_t *bytes, size_t length);
    void *user;
    clock_us delay; /* of the server's answers */
    bool dead[256]; /* units that do not answer */
    struct fake_saying sayings[FAKE_SAYINGS];
};

static inline uint16_t testing_crc(const uint8_t *bytes, size_t length)
{
    uint16_t crc = 0xFFFF;
    for (size_t i = 0; i < length; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++)
            crc = (uint16_t)(crc & 1 ? (crc >> 1) ^ 0xA001 : crc >> 1);
    }
    return crc;
}

static inline size_t testing_add_crc(uint8_t *frame, size_t length)
{
    uint16_t crc = testing_crc(frame, length);
    frame[length] = (uint8_t)(crc & 0xFF);
    frame[length + 1] = (uint8_t)(crc >> 8);
    return length + 2;
}

/* ---- the transport --------------------------------------------------------------------------- */

static inline void fake_spoken(struct loop_timer *timer, void *user)
{
    (void)timer;
    struct fake_saying *saying = user;
    struct fake *fake = saying->fake;
    size_t length = saying->length;
    saying->length = 0;
    if (!fake->open)
        return;
    if (saying->hang_up) {
        saying->hang_up = false;
        fake->open = false;
        fake->transport.events->closed(fake->transport.user, "hung up");
        return;
    }
    uint8_t bytes[sizeof saying->bytes];
    memcpy(bytes, saying->bytes, length);
    fake->transport.events->received(fake->transport.user, bytes, length);
}

static inline struct fake_saying *fake_place(struct fake *fake)
{
    for (size_t i = 0; i < FAKE_SAYINGS; i++) {
        struct fake_saying *saying = &fake->sayings[i];
        if (!loop_timer_running(&saying->timer))
            return saying;
    }
    fail_msg("too many sayings");
    return NULL;
}

static inline void fake_say(struct fake *fake, clock_us delay, const uint8_t *bytes, size_t length)
{
    struct fake_saying *saying = fake_place(fake);
    saying->fake = fake;
    saying->hang_up = false;
    memcpy(saying->bytes, bytes, length);
    saying->length = length;
    loop_timer_at(fake->loop, &saying->timer, loop_now(fake->loop) + delay, fake_spoken, saying);
}

static inline void fake_hang_up(struct fake *fake, clock_us delay)
{
    struct fake_saying *saying = fake_place(fake);
    saying->fake = fake;
    saying->hang_up = true;
    loop_timer_at(fake->loop, &saying->timer, loop_now(fake->loop) + delay, fake_spoken, saying);
}

static inline int fake_open(struct transport *transport, struct err *err)
{
    struct fake *fake = (struct fake *)transport;
    fake->opens++;
    if (fake->open_result)
        return err_set(err, fake->open_result, "the script says no");
    fake->open = true;
    return 0;
}

static inline void fake_close(struct transport *transport)
{
    struct fake *fake = (struct fake *)transport;
    fake->closes += fake->open;
    fake->open = false;
}

static inline int fake_send(struct transport *transport, const uint8_t *bytes, size_t length)
{
    struct fake *fake = (struct fake *)transport;
    assert_true(fake->open);
    if (fake->send_result)
        return fake->send_result;
    memcpy(fake->sent, bytes, length);
    fake->sent_length = length;
    fake->sent_at = loop_now(fake->loop);
    fake->sends++;
    if (fake->peer)
        fake->peer(fake, bytes, length);
    return 0;
}

static inline size_t fake_drain(struct transport *transport)
{
    struct fake *fake = (struct fake *)transport;
    size_t waiting = fake->waiting;
    fake->waiting = 0;
    fake->drains++;
    return waiting;
}

static inline void fake_free(struct transport *transport)
{
    struct fake *fake = (struct fake *)transport;
    for (size_t i = 0; i < FAKE_SAYINGS; i++)
        loop_timer_stop(&fake->sayings[i].timer);
    free(fake);
}

static inline struct fake *fake_new(struct loop *loop)
{
    static const struct transport_kind kind = {
        .open = fake_open,
        .close = fake_close,
        .send = fake_send,
        .drain = fake_drain,
        .free = fake_free,
    };
    struct fake *fake = mem_new(sizeof *fake);
    fake->transport.kind = &kind;
    fake->loop = loop;
    fake->delay = 5 * CLOCK_MS;
    return fake;
}

/* ---- the server ------------------------------------------------------------------------------ */

/* Answers a read of registers (functions 3 and 4) by the rule above; a write of one by its copy;
 * else exception 1. */
static inline size_t testing_answer_pdu(uint8_t unit, const uint8_t *pdu, size_t length,
                                        uint8_t *answer)
{
    if (length == 5 && (pdu[0] == 3 || pdu[0] == 4) && pdu[4] >= 1 && pdu[4] <= 125) {
        answer[0] = pdu[0];
        answer[1] = (uint8_t)(pdu[4] * 2);
        for (int i = 0; i < pdu[4]; i++) {
            answer[2 + 2 * i] = unit;
            answer[3 + 2 * i] = (uint8_t)(pdu[2] + i);
        }
        return 2 + 2 * (size_t)pdu[4];
    }
    if (length == 5 && pdu[0] == 6) {
        memcpy(answer, pdu, 5);
        return 5;
    }
    answer[0] = pdu[0] | 0x80;
    answer[1] = 1;
    return 2;
}

static inline size_t testing_answer_rtu(const uint8_t *bytes, size_t length, uint8_t *answer)
{
    answer[0] = bytes[0];
    size_t pdu = testing_answer_pdu(bytes[0], bytes + 1, length - 3, answer + 1);
    return testing_add_crc(answer, pdu + 1);
}

static inline size_t testing_answer_tcp(const uint8_t *bytes, size_t length, uint8_t *answer)
{
    size_t pdu = testing_answer_pdu(bytes[6], bytes + 7, length - 7, answer + 7);
    memcpy(answer, bytes, 4);
    answer[4] = 0;
    answer[5] = (uint8_t)(pdu + 1);
    answer[6] = bytes[6];
    return pdu + 7;
}

static inline void testing_peer_rtu(struct fake *fake, const uint8_t *bytes, size_t length)
{
    uint8_t answer[300];
    assert_int_equal(testing_crc(bytes, length), 0); /* a frame with its CRC has the remainder 0 */
    if (!fake->dead[bytes[0]])
        fake_say(fake, fake->delay, answer, testing_answer_rtu(bytes, length, answer));
}

static inline void testing_peer_tcp(struct fake *fake, const uint8_t *bytes, size_t length)
{
    uint8_t answer[300];
    if (!fake->dead[bytes[6]])
        fake_say(fake, fake->delay, answer, testing_answer_tcp(bytes, length, answer));
}

/* ---- settings and requests ------------------------------------------------------------------- */

static inline struct line_settings testing_settings(enum line_kind kind)
{
    return (struct line_settings){
        .kind = kind,
        .label = "",
        .port = kind == LINE_MODBUS_RTU ? "/dev/none" : "502",
        .host = "192.0.2.10",
        .outputs = "",
        .inputs = "",
        .baud = 3, /* 9600 */
        .stop_bits = 1,
        .timeout_ms = 300,
        .retries = 1,
        .in_flight = 1,
        .enabled = true,
    };
}

/* A request with room for its result. */
struct asked {
    struct line_request request;
    uint8_t pdu[300];
    int done;
    enum driver_result result;
    uint8_t answer[300];
    size_t length;
    clock_us mono, wall, done_at;
    struct loop *loop;
    unsigned *order, place; /* order: a shared counter */
};

static inline void asked_done(struct line_request *request, const struct driver_answer *answer)
{
    struct asked *asked = request->user;
    asked->done++;
    asked->result = answer->result;
    asked->length = answer->length;
    if (answer->length)
        memcpy(asked->answer, answer->bytes, answer->length);
    asked->mono = answer->mono;
    asked->wall = answer->wall;
    asked->done_at = asked->loop ? loop_now(asked->loop) : 0;
    if (asked->order)
        asked->place = ++*asked->order;
}

static inline void asked_read(struct asked *asked, uint8_t unit, uint8_t address, uint8_t count)
{
    *asked = (struct asked){
        .request =
            {.unit = unit, .urgency = LINE_POLL, .length = 5, .retries = -1, .done = asked_done},
        .pdu = {3, 0, address, 0, count},
    };
    asked->request.pdu = asked->pdu;
    asked->request.user = asked;
}

/* The answer holds what the server's rule says. */
static inline void asked_check(const struct asked *asked)
{
    assert_int_equal(asked->done, 1);
    assert_int_equal(asked->result, DRIVER_ANSWERED);
    assert_int_equal(asked->length, 2 + 2 * asked->pdu[4]);
    for (int i = 0; i < asked->pdu[4]; i++) {
        assert_int_equal(asked->answer[2 + 2 * i], asked->request.unit);
        assert_int_equal(asked->answer[3 + 2 * i], (uint8_t)(asked->pdu[2] + i));
    }
}
