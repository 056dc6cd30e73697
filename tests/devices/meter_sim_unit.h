/* meter_sim_unit - one simulated meter: its physics, its settings, what a test has pinned or
 * broken.
 *
 * Takes request PDUs and gives answer PDUs; knows nothing of lines and frames. Physics moves on
 * when somebody looks, so that thousands of idle units cost nothing. The caller owns the struct.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim_physics.h"
#include "meter_sim_board.h"
#include "meter_sim_fault.h"
#include "meter_sim_kind.h"
#include "meter_sim_strip.h"

enum { METER_SIM_PINS = 32 };

/* A quantity, or a single register, held at a value by a test. */
struct meter_sim_pin {
    bool is_register;
    uint16_t address, word;
    uint8_t component, quantity;
    double value;
};

struct meter_sim_unit {
    uint8_t number; /* on the line */
    const struct meter_sim_kind *kind;
    struct sim_physics physics;
    double wall;    /* of the last step, s */
    uint32_t polls; /* reads answered */
    uint16_t settings[METER_SIM_SETTINGS_MAX];
    struct meter_sim_pin pins[METER_SIM_PINS];
    size_t pin_count;
    struct meter_sim_fault fault;
    struct meter_sim_board board; /* of a relay board, which has nothing else of the above */
    struct meter_sim_strip strip; /* of one that meters */
};

void meter_sim_unit_init(struct meter_sim_unit *unit, const struct meter_sim_kind *kind,
                         uint8_t number, const struct sim_physics_config *config, double wall);

/* Answers a request as the meter would at that wall time: the length of the answer PDU, or 0 if the
 * request deserves none. answer has room for MODBUS_PDU_MAX. */
size_t meter_sim_unit_answer(struct meter_sim_unit *unit, double wall, const uint8_t *pdu,
                             size_t length, uint8_t *answer);

/* Sets a register as a write would, for options such as ct=40: 0, or -ENOENT. */
int meter_sim_unit_write(struct meter_sim_unit *unit, uint16_t address, uint16_t word);

/* Holds "phase-a/voltage" or "register:4096" at value: 0, -ENOENT, or -ENOSPC. */
int meter_sim_unit_pin(struct meter_sim_unit *unit, const char *what, double value);

/* Lets go of one, or of all if what is NULL: 0, or -ENOENT. */
int meter_sim_unit_unpin(struct meter_sim_unit *unit, const char *what);
