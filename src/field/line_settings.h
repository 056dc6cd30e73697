/* line_settings - the `lines:` collection: where equipment is wired to. */
#pragma once

#include "base/clock.h"
#include "base/serial.h"
#include "model/setting.h"

enum line_kind { LINE_MODBUS_RTU, LINE_MODBUS_TCP, LINE_RTU_OVER_TCP, LINE_SIM, LINE_GPIO };

struct line_settings {
    int64_t kind; /* enum line_kind */
    const char *label;
    const char *port; /* path of a serial port or of contacts (sim), or number of a TCP port */
    const char *host;
    const char *outputs, *inputs, *pulses; /* of a GPIO chip, see gpio_chip.h */
    int64_t debounce_ms;                   /* of pulses */
    int64_t baud;                          /* index; see line_settings_baud */
    int64_t parity;                        /* enum serial_parity */
    int64_t stop_bits;                     /* 1 or 2 */
    int64_t rs485;                         /* enum serial_rs485_mode */
    int64_t timeout_ms, pause_ms, gap_ms;
    int64_t retries, in_flight;
    bool enabled;
};

extern const struct setting_table line_settings_table;

/* Bits per second; the number of the TCP port (502 when not given); the kind's word. */
unsigned line_settings_baud(const struct line_settings *settings);
unsigned line_settings_tcp_port(const struct line_settings *settings);
const char *line_settings_kind_name(const struct line_settings *settings);

/* The lines of a GPIO chip in the order of gpio_chip.h, into room for GPIO_PINS_MAX: how many, or
 * -EINVAL with `err` and the key that it is about in `*key`. */
struct gpio_pin;
int line_settings_pins(const struct line_settings *settings, struct gpio_pin *pins,
                       const char **key, struct err *err);

/* Whether two records mean the same line, so that a reload may keep it open. */
bool line_settings_equal(const struct line_settings *a, const struct line_settings *b);

/* A copy that outlives the configuration: texts are owned and freed by line_settings_deinit. */
void line_settings_copy(struct line_settings *copy, const struct line_settings *settings);
void line_settings_deinit(struct line_settings *settings);
