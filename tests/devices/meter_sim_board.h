/* meter_sim_board - relay boards and what a test can make them do wrong.
 *
 * Written by hand from the makers' lists, like meter_sim_kind. Takes request PDUs, gives answer
 * PDUs; a relay told to switch does so at once, late or never. Pure but for its own struct.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct meter_sim_strip;

/* Where the states stand and what a command looks like. */
struct meter_sim_board_kind {
    const char *name;
    unsigned count;
    bool state_in_holding; /* one register each, 0 or 1; else coils */
    uint16_t state_at;
    bool command_in_holding; /* `on` and `off` to a register each; else coils */
    uint16_t command_at, on, off;
    unsigned read_max; /* states in one request */
    bool metered;      /* input registers tell what flows: meter_sim_strip */
};

enum { METER_SIM_RELAYS = 32 };

struct meter_sim_board {
    const struct meter_sim_board_kind *kind; /* NULL: the unit is no board */
    uint32_t relays;                         /* a bit each, from the lowest */
    uint32_t wishes, due;                    /* told and not done yet: what, and which */
    double due_at;                           /* wall time, s */
    bool ignores;                            /* accepts and does nothing */
    unsigned lag_ms;                         /* accepts and does it later */
    unsigned commands;                       /* accepted */
    double told_at[METER_SIM_RELAYS]; /* wall time of each relay's newest command, s; 0: none */
};

/* NULL when no board has this name. */
const struct meter_sim_board_kind *meter_sim_board_find(const char *name);

/* The answer to a request at that wall time: its length, 0 for none. `answer` has room for
 * MODBUS_PDU_MAX; `strip` is that of a metered one. */
size_t meter_sim_board_answer(struct meter_sim_board *board, struct meter_sim_strip *strip,
                              double wall, const uint8_t *pdu, size_t length, uint8_t *answer);

/* All relays fall open, and what was told is forgotten. */
void meter_sim_board_power_loss(struct meter_sim_board *board);
