#include "meter_sim_unit.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire/modbus_pdu.h"
#include "wire/modbus_value.h"

/* Real meters refresh their registers a few times a second. */
static const double refresh_s = 0.2;

void meter_sim_unit_init(struct meter_sim_unit *unit, const struct meter_sim_kind *kind,
                         uint8_t number, const struct sim_physics_config *config, double wall)
{
    *unit = (struct meter_sim_unit){.number = number, .kind = kind, .wall = wall};
    for (size_t i = 0; i < kind->setting_count; i++) {
        unit->settings[i] = kind->settings[i].value;
    }
    unit->board.kind = meter_sim_board_find(kind->name);
    if (!kind->flat) {
        sim_physics_init(&unit->physics, config, wall);
    }
}

static void refresh(struct meter_sim_unit *unit, double wall)
{
    if (unit->kind->flat) {
        return;
    }
    if (wall - unit->wall >= refresh_s || wall < unit->wall) {
        sim_physics_step(&unit->physics, wall, wall - unit->wall);
        unit->wall = wall;
    }
    /* A pinned counter is written into the state itself and counts on from there when let go: that
     * is how tests make counters roll over or start again. */
    for (size_t i = 0; i < unit->pin_count; i++) {
        const struct meter_sim_pin *pin = &unit->pins[i];
        if (!pin->is_register) {
            unit->physics.value[pin->component][pin->quantity] = pin->value;
        }
    }
}

static void put16(uint8_t *bytes, uint16_t word)
{
    bytes[0] = (uint8_t)(word >> 8);
    bytes[1] = (uint8_t)word;
}

static int setting_index(const struct meter_sim_kind *kind, unsigned address)
{
    for (size_t i = 0; i < kind->setting_count; i++) {
        if (kind->settings[i].address == address) {
            return (int)i;
        }
    }
    return -1;
}

static double ct_ratio(const struct meter_sim_unit *unit)
{
    int index = setting_index(unit->kind, METER_SIM_CT_RATIO);
    return index >= 0 ? unit->settings[index] : 1;
}

/* Wh in a count, by ratio: note 2 of the maker's register table, 10 Wh up to 1 MWh. */
static double ct_energy_step(double ratio)
{
    double step = 10;
    for (double limit = 10; ratio >= limit && step < 1e6; limit *= 10) {
        step *= 10;
    }
    return step;
}

/* One decimal while a 16-bit number can carry it. Changes at run time, as the standard allows. */
static double suns_exponent(const struct meter_sim_unit *unit)
{
    double largest = unit->physics.value[SIM_PHYSICS_TOTAL][SIM_PHYSICS_APPARENT_POWER];
    double exponent = -1;
    while (largest * pow(10, -exponent) > 32000) {
        exponent++;
    }
    return exponent;
}

/* The number that a row shows, before rounding; NaN if the wiring lacks it. */
static double row_number(const struct meter_sim_unit *unit, const struct meter_sim_row *row)
{
    const double *values = unit->physics.value[row->component];
    double value = values[row->quantity];
    switch (row->how) {
    case METER_SIM_MAGNITUDE:
        return fabs(value) / row->scale;
    case METER_SIM_SIGN:
        return isnan(value) ? 0 : value < 0;
    case METER_SIM_SUM:
        return (value + values[row->quantity + 1]) / row->scale;
    case METER_SIM_NET:
        return (value - values[row->quantity + 1]) / row->scale;
    case METER_SIM_CONSTANT:
        return row->scale;
    case METER_SIM_ABSENT:
        return (double)NAN;
    case METER_SIM_CT_POWER:
        return fabs(value) / (ct_ratio(unit) < 5000 ? 0.01 : 1);
    case METER_SIM_CT_ENERGY:
        return value * 1000 / ct_energy_step(ct_ratio(unit));
    case METER_SIM_SECTOR:
        return value > 0 ? 1 : value < 0 ? 2 : 0;
    case METER_SIM_SUNS_POWER:
        return value * pow(10, -suns_exponent(unit));
    case METER_SIM_SUNS_EXPONENT:
        return suns_exponent(unit);
    default:
        return value / row->scale;
    }
}

static bool is_signed(uint8_t type)
{
    return type == MODBUS_VALUE_INT16 || type == MODBUS_VALUE_INT32 || type == MODBUS_VALUE_INT64;
}

/* The pattern for "there is no such value". */
static uint64_t absent_raw(const struct meter_sim_kind *kind, uint8_t type)
{
    size_t bits = 16 * modbus_value_registers((enum modbus_value_type)type);
    uint64_t sign = (uint64_t)1 << (bits - 1);
    switch (kind->absent) {
    case METER_SIM_ABSENT_ABB:
        return is_signed(type) ? sign - 1 : UINT64_MAX;
    case METER_SIM_ABSENT_EEEE:
        return (uint64_t)0x7FFF << (bits - 16);
    case METER_SIM_ABSENT_SUNS:
        return is_signed(type) ? sign : bits == 16 ? UINT64_MAX : 0;
    default:
        return 0;
    }
}

static size_t row_registers(const struct meter_sim_row *row)
{
    return row->type == MODBUS_VALUE_TEXT
               ? (size_t)row->scale
               : modbus_value_registers((enum modbus_value_type)row->type);
}

static void render_row(const struct meter_sim_unit *unit, const struct meter_sim_row *row,
                       uint8_t *bytes, size_t size)
{
    enum modbus_value_order order = (enum modbus_value_order)unit->kind->order;
    enum modbus_value_type type = (enum modbus_value_type)row->type;
    if (type == MODBUS_VALUE_TEXT) {
        char serial[16];
        snprintf(serial, sizeof(serial), "SIM-%03u", unit->number);
        const char *text = row->how == METER_SIM_SERIAL ? serial : row->text;
        modbus_value_text_encode(order, text, row_registers(row), bytes, size);
        return;
    }
    struct modbus_value value = modbus_value_from_float(row_number(unit, row));
    /* Also a number that has outgrown its register: meters show the same pattern for an overflow.
     */
    if (value.kind == MODBUS_VALUE_NAN ||
        modbus_value_encode(type, order, &value, bytes, size) < 0) {
        modbus_value_encode_raw(type, order, absent_raw(unit->kind, row->type), bytes, size);
    }
}

/* First row that can reach to address or beyond: rows are sorted, and none is longer than a text.
 */
static size_t first_row(const struct meter_sim_kind *kind, unsigned address)
{
    size_t low = 0, high = kind->row_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (kind->rows[middle].address + (unsigned)METER_SIM_TEXT_REGISTERS <= address) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static void render_rows(const struct meter_sim_unit *unit, unsigned address, unsigned count,
                        uint8_t *out)
{
    const struct meter_sim_kind *kind = unit->kind;
    for (size_t i = first_row(kind, address); i < kind->row_count; i++) {
        const struct meter_sim_row *row = &kind->rows[i];
        if (row->address >= address + count) {
            break;
        }
        size_t registers = row_registers(row);
        if (row->address >= address && row->address + registers <= address + count) {
            render_row(unit, row, out + 2 * (row->address - address), 2 * registers);
            continue;
        }
        /* The request cuts through the number: it gets the half that it asked for. */
        uint8_t whole[2 * METER_SIM_TEXT_REGISTERS];
        render_row(unit, row, whole, sizeof(whole));
        for (size_t r = 0; r < registers; r++) {
            size_t place = row->address + r;
            if (place >= address && place < address + count) {
                memcpy(out + 2 * (place - address), whole + 2 * r, 2);
            }
        }
    }
}

/* Slow ramps with a different start for each number: cheap, and never the same twice. */
static void render_flat(const struct meter_sim_unit *unit, unsigned address, unsigned count,
                        uint8_t *out)
{
    uint8_t image[2 * METER_SIM_FLAT_REGISTERS];
    for (unsigned i = 0; i < METER_SIM_FLAT_REGISTERS / 2; i++) {
        float number = (float)(100 + 10 * i) + (float)(unit->polls % 4096) / 1024;
        uint32_t bits;
        memcpy(&bits, &number, sizeof(bits));
        put16(image + 4 * (size_t)i, (uint16_t)(bits >> 16));
        put16(image + 4 * (size_t)i + 2, (uint16_t)bits);
    }
    memcpy(out, image + 2 * (size_t)address, 2 * (size_t)count);
}

static void render_settings(const struct meter_sim_unit *unit, unsigned address, unsigned count,
                            uint8_t *out)
{
    for (size_t i = 0; i < unit->kind->setting_count; i++) {
        unsigned place = unit->kind->settings[i].address;
        if (place >= address && place < address + count) {
            put16(out + 2 * (size_t)(place - address), unit->settings[i]);
        }
    }
}

static void render_pins(const struct meter_sim_unit *unit, unsigned address, unsigned count,
                        uint8_t *out)
{
    for (size_t i = 0; i < unit->pin_count; i++) {
        const struct meter_sim_pin *pin = &unit->pins[i];
        if (pin->is_register && pin->address >= address && pin->address < address + count) {
            put16(out + 2 * (size_t)(pin->address - address), pin->word);
        }
    }
}

/* Settings are scattered; a read may not run over a gap between them. */
static bool all_settings(const struct meter_sim_kind *kind, unsigned address, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        if (setting_index(kind, address + i) < 0) {
            return false;
        }
    }
    return true;
}

static enum modbus_pdu_exception read_registers(struct meter_sim_unit *unit, uint8_t function,
                                                unsigned address, unsigned count, uint8_t *out)
{
    const struct meter_sim_kind *kind = unit->kind;
    if (count > kind->read_max) {
        return MODBUS_PDU_ILLEGAL_VALUE;
    }
    bool holding = function == MODBUS_PDU_READ_HOLDING;
    const struct meter_sim_range *range = NULL;
    for (size_t i = 0; (kind->functions >> function & 1) != 0 && i < kind->range_count; i++) {
        const struct meter_sim_range *at = &kind->ranges[i];
        if (address >= at->address && address + count <= (unsigned)at->address + at->count) {
            range = at;
        }
    }
    if (range == NULL && !(holding && all_settings(kind, address, count))) {
        return MODBUS_PDU_ILLEGAL_ADDRESS;
    }
    unit->polls++;
    if (range != NULL && kind->flat) {
        render_flat(unit, address, count, out);
    } else if (range != NULL) {
        for (unsigned i = 0; i < count; i++) {
            put16(out + 2 * (size_t)i, range->fill);
        }
        render_rows(unit, address, count, out);
    }
    if (holding) {
        render_settings(unit, address, count, out);
    }
    render_pins(unit, address, count, out);
    return MODBUS_PDU_EXCEPTION_NONE;
}

int meter_sim_unit_write(struct meter_sim_unit *unit, uint16_t address, uint16_t word)
{
    int index = setting_index(unit->kind, address);
    if (index < 0) {
        return -ENOENT;
    }
    unit->settings[index] = word;
    return 0;
}

/* All or nothing: a refused write must have changed nothing. */
static enum modbus_pdu_exception write_registers(struct meter_sim_unit *unit,
                                                 const struct modbus_pdu_request *request)
{
    for (unsigned i = 0; i < request->count; i++) {
        int index = setting_index(unit->kind, request->address + i);
        if (index < 0 || !unit->kind->settings[index].writable) {
            return MODBUS_PDU_ILLEGAL_ADDRESS;
        }
    }
    for (unsigned i = 0; i < request->count; i++) {
        uint16_t word = request->value;
        if (request->function == MODBUS_PDU_WRITE_REGISTERS) {
            word = (uint16_t)(request->data[2 * i] << 8 | request->data[2 * i + 1]);
        }
        meter_sim_unit_write(unit, (uint16_t)(request->address + i), word);
    }
    return MODBUS_PDU_EXCEPTION_NONE;
}

size_t meter_sim_unit_answer(struct meter_sim_unit *unit, double wall, const uint8_t *pdu,
                             size_t length, uint8_t *answer)
{
    if (unit->board.kind != NULL) {
        return meter_sim_board_answer(&unit->board, &unit->strip, wall, pdu, length, answer);
    }
    struct modbus_pdu_request request;
    uint8_t data[2 * MODBUS_PDU_READ_MAX];
    size_t data_length = 0;
    int exception = modbus_pdu_request_parse(pdu, length, &request);
    if (exception < 0) {
        return 0;
    }
    if (exception == 0) {
        switch (request.function) {
        case MODBUS_PDU_READ_HOLDING:
        case MODBUS_PDU_READ_INPUT:
            refresh(unit, wall);
            exception =
                (int)read_registers(unit, request.function, request.address, request.count, data);
            data_length = 2 * (size_t)request.count;
            break;
        case MODBUS_PDU_WRITE_REGISTER:
        case MODBUS_PDU_WRITE_REGISTERS:
            exception = (int)write_registers(unit, &request);
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

static int parse_pin(const char *what, struct meter_sim_pin *pin)
{
    *pin = (struct meter_sim_pin){0};
    if (strncmp(what, "register:", 9) == 0) {
        pin->is_register = true;
        pin->address = (uint16_t)strtoul(what + 9, NULL, 0);
        return 0;
    }
    enum sim_physics_component component;
    enum sim_physics_quantity quantity;
    int result = sim_physics_find(what, &component, &quantity);
    if (result == 0) {
        pin->component = (uint8_t)component;
        pin->quantity = (uint8_t)quantity;
    }
    return result;
}

/* A second pin on the same thing replaces the first. */
static struct meter_sim_pin *find_pin(struct meter_sim_unit *unit, const struct meter_sim_pin *like)
{
    for (size_t i = 0; i < unit->pin_count; i++) {
        struct meter_sim_pin *pin = &unit->pins[i];
        if (pin->is_register == like->is_register && pin->address == like->address &&
            pin->component == like->component && pin->quantity == like->quantity) {
            return pin;
        }
    }
    return NULL;
}

int meter_sim_unit_pin(struct meter_sim_unit *unit, const char *what, double value)
{
    struct meter_sim_pin wanted;
    int result = parse_pin(what, &wanted);
    if (result < 0) {
        return result;
    }
    wanted.value = value;
    wanted.word = fabs(value) < 65536 ? (uint16_t)(int32_t)value : 0; /* -1 is 0xFFFF */
    struct meter_sim_pin *pin = find_pin(unit, &wanted);
    if (pin == NULL) {
        if (unit->pin_count == METER_SIM_PINS) {
            return -ENOSPC;
        }
        pin = &unit->pins[unit->pin_count++];
    }
    *pin = wanted;
    return 0;
}

int meter_sim_unit_unpin(struct meter_sim_unit *unit, const char *what)
{
    if (what == NULL) {
        unit->pin_count = 0;
        return 0;
    }
    struct meter_sim_pin wanted;
    struct meter_sim_pin *pin = parse_pin(what, &wanted) == 0 ? find_pin(unit, &wanted) : NULL;
    if (pin == NULL) {
        return -ENOENT;
    }
    *pin = unit->pins[--unit->pin_count];
    return 0;
}
