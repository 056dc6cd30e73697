/* board - a relay board behind Modbus TCP for the scenario tests of switching.
 *
 * Stands in for src/field/transport_tcp.c like gateway.h, and for nothing else: programs that link
 * it do not link gateway.c. Every line of the program reaches the same board, which answers as all
 * units. Sixteen coils; holding registers 1 to 16 hold them too and take 0x0100 and 0x0200, as the
 * R4D boards do. Owned by the test.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/loop.h"

enum board_fault {
    BOARD_SOUND,
    BOARD_IGNORES,  /* accepts and does nothing */
    BOARD_MUTE,     /* does it and does not answer; reads are answered */
    BOARD_DEAF,     /* neither hears nor answers, writes or reads */
    BOARD_REFUSES,  /* exception 2 to writes */
    BOARD_FAILS,    /* exception 4 to writes: nobody knows */
    BOARD_LIES,     /* confirms another value than the one written */
    BOARD_HANGS_UP, /* does it and closes the connection */
};

#define BOARD_LOG 64

struct board {
    struct loop *loop;
    clock_us delay; /* of each answer */
    enum board_fault fault;
    bool away; /* no connection comes about */
    uint16_t coils;
    uint8_t deaf_unit; /* hears nothing while the others are well; 0: none */
    clock_us wrote;    /* monotonic: when the newest write arrived */
    unsigned writes, reads;
    uint8_t log[BOARD_LOG]; /* functions of the last requests, in order */
    unsigned logged;
};

/* The one board that lines find; NULL for none. */
void board_set(struct board *board);
