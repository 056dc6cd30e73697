/* GPIO lines as a small Modbus server inside the program: outputs are coils, inputs are discrete
 * inputs, in the order of the settings. So queue, priorities, reading back and statistics are those
 * of every other line, and driver/gpio asks like any driver. Function 65, of those left to makers,
 * tells how many outputs and inputs there are. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "field/gpio_chip.h"
#include "field/transport.h"
#include "wire/modbus_pdu.h"

enum { DESCRIBE = 65, HEAD = 7 };

struct gpio {
    struct transport transport; /* first */
    struct loop *loop;
    const struct line_settings *settings;
    struct gpio_chip *chip;
    struct gpio_pin pins[GPIO_PINS_MAX];
    size_t outputs, count;
    bool open;
    struct loop_defer answer; /* events never come from inside a call */
    size_t length;
    uint8_t bytes[HEAD + MODBUS_PDU_MAX];
};

static struct gpio *gpio_of(struct transport *transport)
{
    return (struct gpio *)transport;
}

/* ---- opening --------------------------------------------------------------------------------- */

static int open_transport(struct transport *transport, struct err *err)
{
    struct gpio *gpio = gpio_of(transport);
    int outputs = gpio_pins_parse(gpio->settings->outputs, true, gpio->pins, 0, err);
    int inputs = outputs < 0 ? outputs
                             : gpio_pins_parse(gpio->settings->inputs, false, gpio->pins,
                                               (size_t)outputs, err);
    if (inputs < 0)
        return inputs;
    gpio->outputs = (size_t)outputs;
    gpio->count = (size_t)(outputs + inputs);
    int result =
        gpio->chip->kind->open(gpio->chip, gpio->settings->port, gpio->pins, gpio->count, err);
    gpio->open = result == 0;
    return result;
}

static void close_transport(struct transport *transport)
{
    struct gpio *gpio = gpio_of(transport);
    loop_defer_cancel(&gpio->answer);
    gpio->open = false;
    gpio->length = 0;
    gpio->chip->kind->close(gpio->chip);
}

/* ---- answering ------------------------------------------------------------------------------- */

static int read_bits(struct gpio *gpio, const struct modbus_pdu_request *request, uint8_t *data)
{
    bool inputs = request->function == MODBUS_PDU_READ_DISCRETE;
    size_t first = inputs ? gpio->outputs : 0, most = inputs ? gpio->count : gpio->outputs;
    uint64_t levels;
    if (first + request->address + request->count > most)
        return MODBUS_PDU_ILLEGAL_ADDRESS;
    if (gpio->chip->kind->get(gpio->chip, &levels) < 0)
        return MODBUS_PDU_DEVICE_FAILURE;
    for (size_t i = 0; i < request->count; i++) {
        size_t pin = first + request->address + i;
        modbus_pdu_bit_set(data, i, (levels >> pin & 1) ^ gpio->pins[pin].inverted);
    }
    return 0;
}

static int write_bit(struct gpio *gpio, const struct modbus_pdu_request *request)
{
    if (request->address >= gpio->outputs)
        return MODBUS_PDU_ILLEGAL_ADDRESS;
    bool level = (request->value != 0) ^ gpio->pins[request->address].inverted;
    return gpio->chip->kind->set(gpio->chip, request->address, level) < 0
               ? MODBUS_PDU_DEVICE_FAILURE
               : 0;
}

/* The answer's length. */
static size_t answer(struct gpio *gpio, const uint8_t *pdu, size_t length, uint8_t *out)
{
    struct modbus_pdu_request request;
    uint8_t data[GPIO_PINS_MAX / 8 + 2] = {0};
    size_t data_length = 0;
    int exception = modbus_pdu_request_parse(pdu, length, &request);
    if (exception == 0) {
        switch (request.function) {
        case DESCRIBE:
            data[0] = (uint8_t)gpio->outputs;
            data[1] = (uint8_t)(gpio->count - gpio->outputs);
            data_length = 2;
            break;
        case MODBUS_PDU_READ_COILS:
        case MODBUS_PDU_READ_DISCRETE:
            exception = read_bits(gpio, &request, data);
            data_length = (request.count + 7u) / 8;
            break;
        case MODBUS_PDU_WRITE_COIL:
            exception = write_bit(gpio, &request);
            break;
        default:
            exception = MODBUS_PDU_ILLEGAL_FUNCTION;
        }
    }
    if (exception < 0)
        return 0;
    int built = exception
                    ? modbus_pdu_exception_build(pdu[0], (uint8_t)exception, out, MODBUS_PDU_MAX)
                    : modbus_pdu_answer_build(&request, data, data_length, out, MODBUS_PDU_MAX);
    return built > 0 ? (size_t)built : 0;
}

static void on_answer(struct loop_defer *defer, void *user)
{
    (void)defer;
    struct gpio *gpio = user;
    size_t length = gpio->length;
    gpio->length = 0;
    gpio->transport.events->received(gpio->transport.user, gpio->bytes, length);
}

/* One request is out at a time. */
static int send_frame(struct transport *transport, const uint8_t *bytes, size_t length)
{
    struct gpio *gpio = gpio_of(transport);
    if (!gpio->open || length <= HEAD)
        return -EPIPE;
    size_t built = answer(gpio, bytes + HEAD, length - HEAD, gpio->bytes + HEAD);
    if (!built)
        return 0;
    memcpy(gpio->bytes, bytes, HEAD);
    gpio->bytes[4] = (uint8_t)((built + 1) >> 8);
    gpio->bytes[5] = (uint8_t)(built + 1);
    gpio->length = HEAD + built;
    loop_defer(gpio->loop, &gpio->answer, on_answer, gpio);
    return 0;
}

static size_t drain(struct transport *transport)
{
    (void)transport;
    return 0;
}

static void free_transport(struct transport *transport)
{
    struct gpio *gpio = gpio_of(transport);
    close_transport(transport);
    gpio->chip->kind->free(gpio->chip);
    free(gpio);
}

struct transport *transport_gpio_new(struct loop *loop, const struct line_settings *settings,
                                     struct gpio_chip *chip)
{
    static const struct transport_kind kind = {
        .open = open_transport,
        .close = close_transport,
        .send = send_frame,
        .drain = drain,
        .free = free_transport,
    };
    struct gpio *gpio = mem_new(sizeof *gpio);
    gpio->transport.kind = &kind;
    gpio->loop = loop;
    gpio->settings = settings;
    gpio->chip = chip ? chip : gpio_chip_new();
    return &gpio->transport;
}
