#include "meter_sim_board.h"

#include <string.h>

#include "meter_sim_strip.h"
#include "wire/modbus_pdu.h"

static const struct meter_sim_board_kind kinds[] = {
    /* Waveshare wiki, Modbus RTU Relay */
    {"waveshare-8", 8, false, 0, false, 0, 1, 0, 8, false},
    {"waveshare-30", 30, false, 0, false, 0, 1, 0, 30, false},
    /* R4D3B16: 1 in the high byte is on, 2 is off; a register a read */
    {"r4d-16", 16, true, 1, true, 1, 0x0100, 0x0200, 1, false},
    /* RLH Smart-8: commands 1 off, 2 on */
    {"rlh-8", 8, false, 0, true, 0, 2, 1, 8, false},
    /* NETIO Modbus/TCP, wire addresses */
    {"netio-4c", 4, false, 101, false, 101, 1, 0, 4, true},
};

const struct meter_sim_board_kind *meter_sim_board_find(const char *name)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (strcmp(kinds[i].name, name) == 0) {
            return &kinds[i];
        }
    }
    return NULL;
}

static void settle(struct meter_sim_board *board, double wall)
{
    if (board->due != 0 && wall >= board->due_at) {
        board->relays = (board->relays & ~board->due) | (board->wishes & board->due);
        board->due = 0;
    }
}

static enum modbus_pdu_exception read_states(const struct meter_sim_board *board,
                                             const struct modbus_pdu_request *request,
                                             uint8_t *data, size_t *length)
{
    const struct meter_sim_board_kind *kind = board->kind;
    bool holding = request->function == MODBUS_PDU_READ_HOLDING;
    if (holding != kind->state_in_holding) {
        return MODBUS_PDU_ILLEGAL_FUNCTION;
    }
    if (request->count > kind->read_max) {
        return MODBUS_PDU_ILLEGAL_VALUE;
    }
    if (request->address < kind->state_at ||
        request->address + request->count > kind->state_at + kind->count) {
        return MODBUS_PDU_ILLEGAL_ADDRESS;
    }
    *length = holding ? 2 * (size_t)request->count : (request->count + 7u) / 8;
    memset(data, 0, *length);
    for (unsigned i = 0; i < request->count; i++) {
        bool on = board->relays >> (request->address - kind->state_at + i) & 1;
        if (holding) {
            data[2 * i + 1] = on;
        } else {
            modbus_pdu_bit_set(data, i, on);
        }
    }
    return MODBUS_PDU_EXCEPTION_NONE;
}

static void tell(struct meter_sim_board *board, double wall, unsigned relay, bool on)
{
    uint32_t bit = UINT32_C(1) << relay;
    board->commands++;
    board->told_at[relay] = wall;
    if (board->ignores) {
        return;
    }
    board->wishes = on ? board->wishes | bit : board->wishes & ~bit;
    board->due |= bit;
    board->due_at = wall + board->lag_ms / 1000.0;
    settle(board, wall);
}

static enum modbus_pdu_exception command(struct meter_sim_board *board, double wall,
                                         const struct modbus_pdu_request *request)
{
    const struct meter_sim_board_kind *kind = board->kind;
    bool holding = request->function == MODBUS_PDU_WRITE_REGISTER;
    uint16_t on = holding ? kind->on : 0xFF00, off = holding ? kind->off : 0;
    if (holding != kind->command_in_holding) {
        return MODBUS_PDU_ILLEGAL_FUNCTION;
    }
    if (request->address < kind->command_at || request->address >= kind->command_at + kind->count) {
        return MODBUS_PDU_ILLEGAL_ADDRESS;
    }
    if (request->value != on && request->value != off) {
        return MODBUS_PDU_ILLEGAL_VALUE;
    }
    tell(board, wall, request->address - kind->command_at, request->value == on);
    return MODBUS_PDU_EXCEPTION_NONE;
}

size_t meter_sim_board_answer(struct meter_sim_board *board, struct meter_sim_strip *strip,
                              double wall, const uint8_t *pdu, size_t length, uint8_t *answer)
{
    struct modbus_pdu_request request;
    uint8_t data[2 * MODBUS_PDU_READ_MAX];
    size_t data_length = 0;
    int exception = modbus_pdu_request_parse(pdu, length, &request);
    if (exception < 0) {
        return 0;
    }
    settle(board, wall);
    if (board->kind->metered) {
        meter_sim_strip_step(strip, board, wall);
    }
    if (exception == 0) {
        switch (request.function) {
        case MODBUS_PDU_READ_COILS:
        case MODBUS_PDU_READ_HOLDING:
            exception = (int)read_states(board, &request, data, &data_length);
            break;
        case MODBUS_PDU_WRITE_COIL:
        case MODBUS_PDU_WRITE_REGISTER:
            exception = (int)command(board, wall, &request);
            break;
        case MODBUS_PDU_READ_INPUT:
            exception = board->kind->metered
                            ? (int)meter_sim_strip_read(strip, &request, data, &data_length)
                            : MODBUS_PDU_ILLEGAL_FUNCTION;
            break;
        default:
            exception = MODBUS_PDU_ILLEGAL_FUNCTION;
        }
    }
    int built = exception != 0
                    ? modbus_pdu_exception_build(request.function, (uint8_t)exception, answer,
                                                 MODBUS_PDU_MAX)
                    : modbus_pdu_answer_build(&request, data, data_length, answer, MODBUS_PDU_MAX);
    return built > 0 ? (size_t)built : 0;
}

void meter_sim_board_power_loss(struct meter_sim_board *board)
{
    board->relays = 0;
    board->due = 0;
}
