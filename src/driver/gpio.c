#include "driver/gpio.h"

#include <errno.h>
#include <stdlib.h>

#include "base/mem.h"
#include "wire/gpio_board.h"
#include "wire/modbus_pdu.h"
#include "wire/modbus_value.h"

enum { MOST = 64 };

static const struct words on_off = {
    .list = (const struct word[]){{0, "off"}, {1, "on"}},
    .count = 2,
};

struct driver_device {
    struct device *device;
    struct point *outputs[MOST], *inputs[MOST];
    struct point *pulses[MOST], *rates[MOST]; /* counts; pulses a minute */
    unsigned output_count, input_count, pulse_count;
    bool coils_due, inputs_due; /* in this round */
    unsigned pulses_asked;      /* likewise */
};

static struct driver_device *open_device(void *library, const struct driver_settings *settings,
                                         struct device *device, struct err *err)
{
    (void)library;
    (void)settings;
    (void)err;
    struct driver_device *state = mem_new(sizeof *state);
    state->device = device;
    device_set_identity(device, "Linux", "GPIO", NULL, NULL);
    device_set_role(device, "relay");
    return state;
}

static struct driver_device *close_device(struct driver_device *state)
{
    free(state);
    return NULL;
}

static struct driver_limits limits_of(const struct driver_device *state)
{
    (void)state;
    return (struct driver_limits){0};
}

/* ---- identify -------------------------------------------------------------------------------- */

static struct point *add_point(struct device *device, enum component_kind kind, unsigned number,
                               enum quantity quantity)
{
    struct component *component = device_component(device, kind, (int)number);
    struct point *point = component_point(component, quantity);
    if (!point)
        point = component_point_add(component, quantity);
    if (point && quantity == QUANTITY_STATE)
        point->words = &on_off;
    return point;
}

static int add_points(struct driver_device *state, unsigned outputs, unsigned inputs,
                      struct err *err)
{
    for (unsigned i = 0; i < outputs + inputs; i++) {
        bool output = i < outputs;
        struct point *point = add_point(state->device, output ? COMPONENT_OUTLET : COMPONENT_INPUT,
                                        output ? i + 1 : i - outputs + 1, QUANTITY_STATE);
        if (!point)
            return err_set(err, -ENODEV, "no room for all lines of the chip");
        (output ? state->outputs : state->inputs)[output ? i : i - outputs] = point;
    }
    state->output_count = outputs;
    state->input_count = inputs;
    return 0;
}

static int add_pulses(struct driver_device *state, unsigned pulses, struct err *err)
{
    for (unsigned i = 0; i < pulses; i++) {
        state->pulses[i] = add_point(state->device, COMPONENT_PULSE, i + 1, QUANTITY_COUNT);
        state->rates[i] = add_point(state->device, COMPONENT_PULSE, i + 1, QUANTITY_PULSE_RATE);
        if (!state->pulses[i] || !state->rates[i])
            return err_set(err, -ENODEV, "no room for all lines of the chip");
    }
    state->pulse_count = pulses;
    return 0;
}

static int identify(struct driver_device *state, const struct driver_answer *answer,
                    struct driver_request *request, struct err *err)
{
    if (!answer) {
        request->bytes[0] = GPIO_BOARD_DESCRIBE;
        request->length = 1;
        return 1;
    }
    const uint8_t *bytes = answer->bytes;
    if (answer->length != 4 || bytes[0] != GPIO_BOARD_DESCRIBE || bytes[1] > MOST ||
        bytes[2] > MOST || bytes[3] > MOST)
        return err_set(err, -ENODEV, "the profile gpio is for lines of kind gpio");
    int result = add_points(state, bytes[1], bytes[2], err);
    return result < 0 ? result : add_pulses(state, bytes[3], err);
}

/* ---- reading --------------------------------------------------------------------------------- */

static void ask(struct driver_request *request, uint8_t function, unsigned address, unsigned count)
{
    const struct modbus_pdu_request pdu = {
        .function = function, .address = (uint16_t)address, .count = (uint16_t)count};
    int length = modbus_pdu_request_build(&pdu, request->bytes, sizeof request->bytes);
    request->length = length > 0 ? (size_t)length : 0;
}

static void begin_round(struct driver_device *state, unsigned round)
{
    (void)round;
    state->coils_due = state->output_count > 0;
    state->inputs_due = state->input_count > 0;
    state->pulses_asked = 0;
}

static bool plan_pulses(struct driver_device *state, struct driver_request *request)
{
    unsigned left = state->pulse_count - state->pulses_asked;
    unsigned count = left < GPIO_BOARD_PULSES_AT_ONCE ? left : GPIO_BOARD_PULSES_AT_ONCE;
    if (count == 0)
        return false;
    ask(request, MODBUS_PDU_READ_INPUT, state->pulses_asked * GPIO_BOARD_PULSE,
        count * GPIO_BOARD_PULSE);
    state->pulses_asked += count;
    return true;
}

static bool plan(struct driver_device *state, struct driver_request *request)
{
    if (!state->coils_due && !state->inputs_due)
        return plan_pulses(state, request);
    if (state->coils_due)
        ask(request, MODBUS_PDU_READ_COILS, 0, state->output_count);
    else
        ask(request, MODBUS_PDU_READ_DISCRETE, 0, state->input_count);
    *(state->coils_due ? &state->coils_due : &state->inputs_due) = false;
    return true;
}

/* What is not known stays as it was and says so. */
static void put(struct point *point, const struct modbus_value *value, bool known,
                const struct driver_answer *answer)
{
    if (known)
        point_put(point, modbus_value_number(value), answer->mono, answer->wall);
    else
        point_mark(point, point->value.wall ? QUALITY_STALE : QUALITY_ABSENT, REASON_NOT_MEASURED);
}

static void decode_pulses(struct driver_device *state, const struct modbus_pdu_request *asked,
                          const uint8_t *data, const struct driver_answer *answer)
{
    unsigned first = asked->address / GPIO_BOARD_PULSE;
    for (unsigned i = 0; i < asked->count / GPIO_BOARD_PULSE; i++, data += 2 * GPIO_BOARD_PULSE) {
        struct modbus_value count =
            modbus_value_decode(MODBUS_VALUE_UINT64, MODBUS_VALUE_ABCD, data, 8);
        struct modbus_value rate =
            modbus_value_decode(MODBUS_VALUE_FLOAT64, MODBUS_VALUE_ABCD, data + 8, 8);
        put(state->pulses[first + i], &count, count.raw != GPIO_BOARD_UNKNOWN, answer);
        put(state->rates[first + i], &rate, rate.kind == MODBUS_VALUE_FLOAT, answer);
    }
}

static int decode(struct driver_device *state, const struct driver_request *request,
                  const struct driver_answer *answer)
{
    struct modbus_pdu_request asked;
    struct modbus_pdu_answer got;
    if (answer->result != DRIVER_ANSWERED)
        return 0;
    if (modbus_pdu_request_parse(request->bytes, request->length, &asked) != 0 ||
        modbus_pdu_answer_check(&asked, answer->bytes, answer->length, &got) != MODBUS_PDU_FITS)
        return -EPROTO;
    if (asked.function == MODBUS_PDU_READ_INPUT) {
        decode_pulses(state, &asked, got.data, answer);
        return 0;
    }
    bool outputs = asked.function == MODBUS_PDU_READ_COILS;
    for (unsigned i = 0; i < asked.count; i++) {
        struct point *point = (outputs ? state->outputs : state->inputs)[asked.address + i];
        point_put(point, modbus_pdu_bit(got.data, i), answer->mono, answer->wall);
    }
    return 0;
}

/* ---- switching ------------------------------------------------------------------------------- */

/* output_count when it is none. */
static unsigned output_of(const struct driver_device *state, const struct point *point)
{
    unsigned i = 0;
    while (i < state->output_count && state->outputs[i] != point)
        i++;
    return i;
}

static int encode(struct driver_device *state, const struct point *point, double number,
                  struct driver_request *request, struct err *err)
{
    unsigned output = output_of(state, point);
    if (output == state->output_count)
        return err_set(err, -ENOTSUP, "%s can only be read", point->path);
    if (number != 0 && number != 1)
        return err_set(err, -ERANGE, "%s can be on or off, not %g", point->path, number);
    const struct modbus_pdu_request pdu = {.function = MODBUS_PDU_WRITE_COIL,
                                           .address = (uint16_t)output,
                                           .count = 1,
                                           .value = number == 1 ? 0xFF00 : 0};
    request->length = (size_t)modbus_pdu_request_build(&pdu, request->bytes, sizeof request->bytes);
    request->write = request->once = true;
    return 1;
}

static int written(struct driver_device *state, const struct point *point,
                   const struct driver_answer *answer, struct driver_request *request,
                   struct err *err)
{
    struct modbus_pdu_request asked;
    struct modbus_pdu_answer got;
    (void)state;
    if (modbus_pdu_request_parse(request->bytes, request->length, &asked) != 0)
        return -EPROTO;
    enum modbus_pdu_check check =
        modbus_pdu_answer_check(&asked, answer->bytes, answer->length, &got);
    if (check == MODBUS_PDU_FITS)
        return 0;
    return err_set(err, -EPROTO, "%s could not be set: the kernel refused", point->path);
}

static bool read_back(struct driver_device *state, const struct point *point,
                      struct driver_request *request)
{
    unsigned output = output_of(state, point);
    if (output == state->output_count)
        return false;
    ask(request, MODBUS_PDU_READ_COILS, output, 1);
    return true;
}

const struct driver gpio_driver = {
    .name = "gpio",
    .wired = true,
    .finds_points = true,
    .open = open_device,
    .close = close_device,
    .limits = limits_of,
    .identify = identify,
    .round = begin_round,
    .plan = plan,
    .decode = decode,
    .encode = encode,
    .written = written,
    .read_back = read_back,
};
