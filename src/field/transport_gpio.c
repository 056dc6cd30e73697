/* GPIO lines as a small Modbus server inside the program: outputs are coils, inputs are discrete
 * inputs, in the order of the settings, and each pulse has GPIO_BOARD_PULSE input registers. So
 * queue, priorities, reading back and statistics are those of every other line, and driver/gpio
 * asks like any driver. Function 65, of those left to makers, tells how many outputs, inputs and
 * pulses there are. Pulses are counted here, as their edges come. */

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "field/gpio_chip.h"
#include "field/pulse_counts.h"
#include "field/pulse_input.h"
#include "field/transport.h"
#include "model/pulse_rate.h"
#include "wire/gpio_board.h"
#include "wire/modbus_pdu.h"
#include "wire/modbus_value.h"

enum { HEAD = 7, EDGES_AT_ONCE = 64 };

struct pulse {
    struct gpio *gpio;
    size_t pin;
    struct pulse_input input;
    struct pulse_rate rate;
    struct pulse_count *count;
    struct loop_fd edges;
    struct loop_timer settle;
};

struct gpio {
    struct transport transport; /* first */
    struct loop *loop;
    const struct line_settings *settings;
    struct gpio_chip *chip;
    struct gpio_pin pins[GPIO_PINS_MAX];
    size_t outputs, inputs, count;
    struct pulse *pulses; /* of the pins behind outputs and inputs */
    struct pulse_counts *counts, *own_counts;
    bool open;
    struct loop_defer answer; /* events never come from inside a call */
    struct loop_defer broken;
    size_t length;
    uint8_t bytes[HEAD + MODBUS_PDU_MAX];
};

static struct gpio *gpio_of(struct transport *transport)
{
    return (struct gpio *)transport;
}

static size_t pulse_count_of(const struct gpio *gpio)
{
    return gpio->count - gpio->outputs - gpio->inputs;
}

/* ---- counting -------------------------------------------------------------------------------- */

static bool is_active(const struct gpio *gpio, size_t pin, uint64_t levels)
{
    return (levels >> pin & 1) ^ gpio->pins[pin].inverted;
}

static void count(struct pulse *pulse, unsigned pulses)
{
    if (pulses == 0)
        return;
    pulse_rate_count(&pulse->rate, pulses, loop_now(pulse->gpio->loop));
    pulse_count_add(pulse->count, pulses);
}

static void on_broken(struct loop_defer *defer, void *user)
{
    (void)defer;
    struct gpio *gpio = user;
    gpio->transport.kind->close(&gpio->transport);
    gpio->transport.events->closed(gpio->transport.user, "the chip is gone");
}

/* The edges that wait; false when the chip has gone. */
static bool take_edges(struct pulse *pulse)
{
    struct gpio *gpio = pulse->gpio;
    struct gpio_edge edges[EDGES_AT_ONCE];
    int got = gpio->chip->kind->edges(gpio->chip, pulse->pin, edges, EDGES_AT_ONCE);
    unsigned pulses = 0;
    for (int i = 0; i < got; i++) {
        bool active = edges[i].level ^ gpio->pins[pulse->pin].inverted;
        pulses += pulse_input_edge(&pulse->input, active, edges[i].lost, edges[i].at);
        if (edges[i].lost)
            log_warning("gpio", "%s: line %s was too fast: %u edges were counted unseen",
                        gpio->settings->port, gpio->pins[pulse->pin].name, edges[i].lost);
    }
    count(pulse, pulses);
    return got >= 0;
}

/* Quiet for long enough. What the line says now goes before an edge that found no room. */
static void on_settle(struct loop_timer *timer, void *user)
{
    (void)timer;
    struct pulse *pulse = user;
    struct gpio *gpio = pulse->gpio;
    uint64_t levels;
    take_edges(pulse);
    if (!pulse->input.moving || gpio->chip->kind->get(gpio->chip, &levels) < 0)
        return;
    if (is_active(gpio, pulse->pin, levels) == pulse->input.level)
        pulse->input.moving = false;
    count(pulse, pulse_input_settle(&pulse->input));
}

static void on_edges(struct loop_fd *handle, int events, void *user)
{
    (void)handle;
    struct pulse *pulse = user;
    struct gpio *gpio = pulse->gpio;
    if ((events & LOOP_HANGUP) || !take_edges(pulse)) {
        loop_fd_stop(&pulse->edges);
        loop_defer(gpio->loop, &gpio->broken, on_broken, gpio);
        return;
    }
    if (pulse->input.moving)
        loop_timer_at(gpio->loop, &pulse->settle, loop_now(gpio->loop) + pulse->input.debounce,
                      on_settle, pulse);
}

/* A contact that is closed at the start is no pulse. */
static int start_counting(struct gpio *gpio, struct err *err)
{
    uint64_t levels;
    size_t first = gpio->outputs + gpio->inputs;
    if (gpio->chip->kind->get(gpio->chip, &levels) < 0)
        return err_set(err, -EIO, "the lines of %s cannot be read", gpio->settings->port);
    gpio->pulses = mem_new((pulse_count_of(gpio) + 1) * sizeof *gpio->pulses);
    for (size_t i = 0; i < pulse_count_of(gpio); i++) {
        struct pulse *pulse = &gpio->pulses[i];
        const struct gpio_pin *pin = &gpio->pins[first + i];
        *pulse = (struct pulse){.gpio = gpio, .pin = first + i, .edges = LOOP_FD_EMPTY};
        pulse->input.debounce = gpio->chip->kind->debounces ? 0 : pin->debounce;
        pulse->input.level = is_active(gpio, first + i, levels);
        pulse->count = pulse_counts_find(gpio->counts, gpio->settings->port, pin->name);
        int fd = gpio->chip->kind->edge_fd(gpio->chip, first + i);
        int result = loop_fd_start(gpio->loop, &pulse->edges, fd, LOOP_READ, on_edges, pulse);
        if (result < 0)
            return err_set_errno(err, result, "line %s of %s cannot be watched", pin->name,
                                 gpio->settings->port);
    }
    return 0;
}

static void stop_counting(struct gpio *gpio)
{
    for (size_t i = 0; gpio->pulses && i < pulse_count_of(gpio); i++) {
        loop_fd_stop(&gpio->pulses[i].edges);
        loop_timer_stop(&gpio->pulses[i].settle);
    }
    free(gpio->pulses);
    gpio->pulses = NULL;
}

/* ---- opening --------------------------------------------------------------------------------- */

static void count_pins(struct gpio *gpio, size_t count)
{
    gpio->outputs = gpio->inputs = 0;
    gpio->count = count;
    for (size_t i = 0; i < count; i++) {
        gpio->outputs += gpio->pins[i].use == GPIO_OUTPUT;
        gpio->inputs += gpio->pins[i].use == GPIO_INPUT;
    }
}

static void close_transport(struct transport *transport)
{
    struct gpio *gpio = gpio_of(transport);
    loop_defer_cancel(&gpio->answer);
    loop_defer_cancel(&gpio->broken);
    stop_counting(gpio);
    gpio->open = false;
    gpio->length = 0;
    gpio->chip->kind->close(gpio->chip);
}

static int open_transport(struct transport *transport, struct err *err)
{
    struct gpio *gpio = gpio_of(transport);
    const char *key;
    int count = line_settings_pins(gpio->settings, gpio->pins, &key, err);
    if (count < 0)
        return count;
    count_pins(gpio, (size_t)count);
    if (!gpio->counts) /* nobody keeps them */
        gpio->counts = gpio->own_counts = pulse_counts_open(gpio->loop, NULL, NULL, err);
    int result =
        gpio->chip->kind->open(gpio->chip, gpio->settings->port, gpio->pins, gpio->count, err);
    if (result == 0 && pulse_count_of(gpio))
        result = start_counting(gpio, err);
    gpio->open = result == 0;
    if (result < 0)
        close_transport(transport);
    return result;
}

/* ---- answering ------------------------------------------------------------------------------- */

/* All levels. A chip that was pulled out never answers again on what was opened: it is opened anew,
 * when it is there again. */
static int read_levels(struct gpio *gpio, uint64_t *levels)
{
    int result = gpio->chip->kind->get(gpio->chip, levels);
    if (result == -ENODEV)
        loop_defer(gpio->loop, &gpio->broken, on_broken, gpio);
    return result < 0 ? MODBUS_PDU_DEVICE_FAILURE : 0;
}

static int read_bits(struct gpio *gpio, const struct modbus_pdu_request *request, uint8_t *data)
{
    bool inputs = request->function == MODBUS_PDU_READ_DISCRETE;
    size_t first = inputs ? gpio->outputs : 0,
           most = first + (inputs ? gpio->inputs : gpio->outputs);
    uint64_t levels;
    if (first + request->address + request->count > most)
        return MODBUS_PDU_ILLEGAL_ADDRESS;
    if (read_levels(gpio, &levels) != 0)
        return MODBUS_PDU_DEVICE_FAILURE;
    for (size_t i = 0; i < request->count; i++) {
        size_t pin = first + request->address + i;
        modbus_pdu_bit_set(data, i, is_active(gpio, pin, levels));
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

/* What is not known is all ones and NaN. */
static void put_pulse(const struct gpio *gpio, const struct pulse *pulse, uint8_t *data)
{
    bool unknown = pulse_count_held_up(pulse->count);
    struct modbus_value rate =
        modbus_value_from_float(pulse_rate_at(&pulse->rate, loop_now(gpio->loop)));
    modbus_value_encode_raw(MODBUS_VALUE_UINT64, MODBUS_VALUE_ABCD,
                            unknown ? GPIO_BOARD_UNKNOWN : pulse_count_told(pulse->count), data, 8);
    modbus_value_encode(MODBUS_VALUE_FLOAT64, MODBUS_VALUE_ABCD, &rate, data + 8, 8);
}

static int read_pulses(struct gpio *gpio, const struct modbus_pdu_request *request, uint8_t *data)
{
    size_t first = request->address / GPIO_BOARD_PULSE, count = request->count / GPIO_BOARD_PULSE;
    if (request->address % GPIO_BOARD_PULSE || request->count % GPIO_BOARD_PULSE ||
        first + count > pulse_count_of(gpio))
        return MODBUS_PDU_ILLEGAL_ADDRESS;
    uint64_t levels; /* a count without its contact is none of now */
    if (read_levels(gpio, &levels) != 0)
        return MODBUS_PDU_DEVICE_FAILURE;
    for (size_t i = 0; i < count; i++)
        put_pulse(gpio, &gpio->pulses[first + i], data + i * GPIO_BOARD_PULSE * 2);
    return 0;
}

/* The answer's length. */
static size_t answer(struct gpio *gpio, const uint8_t *pdu, size_t length, uint8_t *out)
{
    struct modbus_pdu_request request;
    uint8_t data[MODBUS_PDU_MAX] = {0};
    size_t data_length = 0;
    int exception = modbus_pdu_request_parse(pdu, length, &request);
    if (exception == 0) {
        switch (request.function) {
        case GPIO_BOARD_DESCRIBE:
            data[0] = (uint8_t)gpio->outputs;
            data[1] = (uint8_t)gpio->inputs;
            data[2] = (uint8_t)pulse_count_of(gpio);
            data_length = 3;
            break;
        case MODBUS_PDU_READ_INPUT:
            exception = read_pulses(gpio, &request, data);
            data_length = request.count * 2u;
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
    pulse_counts_free(gpio->own_counts);
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

void transport_gpio_keep(struct transport *transport, struct pulse_counts *counts)
{
    gpio_of(transport)->counts = counts;
}
