#include "board.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "field/line_settings.h"
#include "field/transport.h"

enum { FRAMES = 32, HEAD = 7, UNIT_AT = HEAD - 1 };

static struct board *the_board;

struct link;

struct saying {
    struct link *link;
    struct loop_timer timer;
    uint8_t bytes[300];
    size_t length;
    bool hang_up;
};

struct link {
    struct transport transport; /* first */
    struct loop_timer connect;
    struct saying sayings[FRAMES];
};

void board_set(struct board *board)
{
    the_board = board;
}

static void on_connect(struct loop_timer *timer, void *user)
{
    (void)timer;
    struct link *link = user;
    if (the_board->away)
        link->transport.events->closed(link->transport.user, "no answer to connect");
    else
        link->transport.events->opened(link->transport.user);
}

static int open_link(struct transport *transport, struct err *err)
{
    struct link *link = (struct link *)transport;
    (void)err;
    loop_timer_at(the_board->loop, &link->connect, loop_now(the_board->loop) + CLOCK_MS, on_connect,
                  link);
    return -EINPROGRESS;
}

static void close_link(struct transport *transport)
{
    struct link *link = (struct link *)transport;
    loop_timer_stop(&link->connect);
    for (size_t i = 0; i < FRAMES; i++)
        loop_timer_stop(&link->sayings[i].timer);
}

static void on_say(struct loop_timer *timer, void *user)
{
    (void)timer;
    struct saying *saying = user;
    struct transport *transport = &saying->link->transport;
    if (saying->hang_up) {
        close_link(transport);
        transport->events->closed(transport->user, "hung up");
        return;
    }
    transport->events->received(transport->user, saying->bytes, saying->length);
}

/* The PDU of an answer; 0 for none. */
static size_t read_answer(struct board *board, const uint8_t *pdu, uint8_t *answer)
{
    unsigned address = pdu[1] << 8 | pdu[2], count = pdu[3] << 8 | pdu[4];
    board->reads++;
    answer[0] = pdu[0];
    if (pdu[0] == 1) {
        uint16_t bits = (uint16_t)(board->coils >> address);
        answer[1] = (uint8_t)((count + 7) / 8);
        answer[2] = (uint8_t)bits;
        answer[3] = (uint8_t)(bits >> 8);
        return 2 + (size_t)answer[1];
    }
    answer[1] = (uint8_t)(2 * count);
    for (unsigned i = 0; i < count; i++) {
        answer[2 + 2 * i] = 0;
        answer[3 + 2 * i] = board->coils >> (address - 1 + i) & 1;
    }
    return 2 + 2 * (size_t)count;
}

static void switch_relay(struct board *board, const uint8_t *pdu)
{
    unsigned address = pdu[1] << 8 | pdu[2];
    bool on = pdu[0] == 5 ? pdu[3] == 0xFF : pdu[3] == 1;
    uint16_t bit = (uint16_t)(1u << (pdu[0] == 5 ? address : address - 1));
    board->coils = on ? board->coils | bit : board->coils & (uint16_t)~bit;
}

static size_t write_answer(struct board *board, const uint8_t *pdu, uint8_t *answer)
{
    board->writes++;
    if (board->fault == BOARD_REFUSES || board->fault == BOARD_FAILS) {
        answer[0] = pdu[0] | 0x80;
        answer[1] = board->fault == BOARD_REFUSES ? 2 : 4;
        return 2;
    }
    if (board->fault != BOARD_IGNORES)
        switch_relay(board, pdu);
    memcpy(answer, pdu, 5);
    if (board->fault == BOARD_LIES)
        answer[2] ^= 1;
    return board->fault == BOARD_MUTE ? 0 : 5;
}

static int send_frame(struct transport *transport, const uint8_t *bytes, size_t length)
{
    struct link *link = (struct link *)transport;
    struct board *board = the_board;
    const uint8_t *pdu = bytes + HEAD;
    bool write = pdu[0] == 5 || pdu[0] == 6;
    (void)length;
    board->log[board->logged++ % BOARD_LOG] = pdu[0];
    if (board->fault == BOARD_DEAF || (board->deaf_unit && bytes[UNIT_AT] == board->deaf_unit))
        return 0;
    if (write)
        board->wrote = loop_now(board->loop);
    struct saying *saying = link->sayings;
    while (loop_timer_running(&saying->timer))
        saying++;
    saying->link = link;
    size_t answer = write ? write_answer(board, pdu, saying->bytes + HEAD)
                          : read_answer(board, pdu, saying->bytes + HEAD);
    if (!answer)
        return 0;
    memcpy(saying->bytes, bytes, HEAD);
    saying->bytes[4] = 0;
    saying->bytes[5] = (uint8_t)(answer + 1);
    saying->length = HEAD + answer;
    saying->hang_up = write && board->fault == BOARD_HANGS_UP;
    loop_timer_at(board->loop, &saying->timer, loop_now(board->loop) + board->delay, on_say,
                  saying);
    return 0;
}

static size_t drain(struct transport *transport)
{
    (void)transport;
    return 0;
}

static void free_link(struct transport *transport)
{
    close_link(transport);
    free(transport);
}

/* In place of the one in src/field: this program's lines end here. */
struct transport *transport_tcp_new(struct loop *loop, const struct line_settings *settings)
{
    static const struct transport_kind kind = {
        .open = open_link,
        .close = close_link,
        .send = send_frame,
        .drain = drain,
        .free = free_link,
    };
    (void)loop;
    (void)settings;
    struct link *link = mem_new(sizeof *link);
    link->transport.kind = &kind;
    return &link->transport;
}
