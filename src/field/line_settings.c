#include "field/line_settings.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/serial.h"
#include "field/gpio_chip.h"
#include "model/config.h"
#include "model/setting_record.h"
#include "wire/modbus_tcp.h"

static const char *const kinds[] = {"modbus-rtu", "modbus-tcp", "rtu-over-tcp",
                                    "sim",        "gpio",       NULL};

#define FIELD(name) .offset = offsetof(struct line_settings, name)
#define COMMON .right = ROLE_INSTALLER, .apply = SETTING_LIVE

static const struct setting_row rows[] = {
    {.key = "kind",
     .type = SETTING_CHOICE,
     FIELD(kind),
     .choices = kinds,
     .required = true,
     COMMON,
     .help = "How the equipment is reached: a serial port, a Modbus TCP gateway or meter, "
             "a serial port behind a network adaptor, invented values, or digital lines of this "
             "machine (gpio)."},
    {.key = "label",
     .type = SETTING_TEXT,
     FIELD(label),
     .max = 63,
     .initial = "",
     COMMON,
     .help = "What people call this line."},
    {.key = "enabled",
     .type = SETTING_BOOL,
     FIELD(enabled),
     .initial = "true",
     COMMON,
     .help = "Whether the line is used; off frees its port and silences its devices."},
    {.key = "port",
     .type = SETTING_TEXT,
     FIELD(port),
     .max = 255,
     .initial = "",
     COMMON,
     .help =
         "For a serial line the path of its port (/dev/ttyUSB0, or better a path under "
         "/dev/serial/by-id); for a network line the number of the TCP port, 502 when not given; "
         "for gpio the chip, /dev/gpiochip0; for sim a file in which simulated boards keep their "
         "contacts while busbar restarts, none when not given."},
    {.key = "host",
     .type = SETTING_TEXT,
     FIELD(host),
     .max = 253,
     .initial = "",
     COMMON,
     .help = "Name or address of the gateway or meter, for network lines."},
    {.key = "outputs",
     .type = SETTING_TEXT,
     FIELD(outputs),
     .max = 1000,
     .initial = "",
     COMMON,
     .help = "For gpio: the lines that switch outlets 1, 2, ... in this order, by number or name, "
             "with a comma between; ! before one that is on when its level is low: 17, !27, "
             "RELAY3."},
    {.key = "inputs",
     .type = SETTING_TEXT,
     FIELD(inputs),
     .max = 1000,
     .initial = "",
     COMMON,
     .help = "For gpio: the lines that are inputs 1, 2, ..., likewise; :up or :down behind one "
             "makes the chip pull it up or down: !5:up. An output may be wired :drain."},
    {.key = "pulses",
     .type = SETTING_TEXT,
     FIELD(pulses),
     .max = 1000,
     .initial = "",
     COMMON,
     .help = "For gpio: the lines whose pulses are counted as pulse inputs 1, 2, ..., likewise; a "
             "contact to ground is mostly !NUMBER:up. What a pulse is worth stands under pulses."},
    {.key = "debounce_ms",
     .type = SETTING_INT,
     FIELD(debounce_ms),
     .unit = "ms",
     .max = 1000,
     .initial = "10",
     COMMON,
     .help = "For gpio: how long a pulse input must stand still to count, so that a bouncing "
             "contact counts once; less than the shortest pulse and the shortest pause, which is "
             "30 ms for electricity meters (S0). 0 counts every edge."},
    {.key = "baud",
     .type = SETTING_CHOICE,
     FIELD(baud),
     .unit = "bit/s",
     .choices = serial_bauds,
     .initial = "19200",
     COMMON,
     .help = "Speed of the serial line, the same for all its devices."},
    {.key = "parity",
     .type = SETTING_CHOICE,
     FIELD(parity),
     .choices = serial_parities,
     .initial = "even",
     COMMON,
     .help = "Parity of the serial line."},
    {.key = "stop_bits",
     .type = SETTING_INT,
     FIELD(stop_bits),
     .min = 1,
     .max = 2,
     .initial = "1",
     COMMON,
     .help = "Stop bits of the serial line."},
    {.key = "rs485",
     .type = SETTING_CHOICE,
     FIELD(rs485),
     .choices = serial_rs485_words,
     .initial = "auto",
     COMMON,
     .help =
         "Whether the kernel switches the RS-485 driver: auto leaves the port as the system set "
         "it up, which is right for USB adaptors and boards that switch by themselves."},
    {.key = "timeout_ms",
     .type = SETTING_INT,
     FIELD(timeout_ms),
     .unit = "ms",
     .min = 10,
     .max = 60000,
     .initial = "300",
     COMMON,
     .help = "How long to wait for the begin of an answer, unless the device or its profile says "
             "otherwise."},
    {.key = "pause_ms",
     .type = SETTING_INT,
     FIELD(pause_ms),
     .unit = "ms",
     .max = 10000,
     .initial = "0",
     COMMON,
     .help = "Silence before each request on this line."},
    {.key = "gap_ms",
     .type = SETTING_INT,
     FIELD(gap_ms),
     .unit = "ms",
     .max = 1000,
     .initial = "0",
     COMMON,
     .help = "Silence that ends a message on a serial line; 0 is the standard's 3.5 characters."},
    {.key = "retries",
     .type = SETTING_INT,
     FIELD(retries),
     .max = 5,
     .initial = "1",
     COMMON,
     .help =
         "How often an unanswered read is repeated before it counts as failed; writes are never "
         "repeated blindly."},
    {.key = "in_flight",
     .type = SETTING_INT,
     FIELD(in_flight),
     .min = 1,
     .max = 16,
     .initial = "1",
     COMMON,
     .help = "Requests to different units that may be under way at once on a modbus-tcp line; only "
             "for gateways that allow several."},
};

static bool is_network(const struct line_settings *settings)
{
    return settings->kind == LINE_MODBUS_TCP || settings->kind == LINE_RTU_OVER_TCP;
}

/* The number of a TCP port, 0 when the text is none. */
static unsigned parse_port(const char *text)
{
    char *end;
    unsigned long number = strtoul(text, &end, 10);
    bool fine = *text >= '0' && *text <= '9' && !*end && number >= 1 && number <= 65535;
    return fine ? (unsigned)number : 0;
}

int line_settings_pins(const struct line_settings *settings, struct gpio_pin *pins,
                       const char **key, struct err *err)
{
    static const char *const keys[GPIO_USES] = {"outputs", "inputs", "pulses"};
    const char *const texts[GPIO_USES] = {settings->outputs, settings->inputs, settings->pulses};
    int count = 0;
    for (int use = 0; use < GPIO_USES; use++) {
        *key = keys[use];
        const char *text = texts[use] ? texts[use] : ""; /* NULL: made by hand, in a test */
        int more = gpio_pins_parse(text, (enum gpio_use)use, pins, (size_t)count, err);
        if (more < 0)
            return more;
        for (int i = count; i < count + more; i++)
            pins[i].debounce = use == GPIO_PULSE ? settings->debounce_ms * CLOCK_MS : 0;
        count += more;
    }
    return count;
}

static int check_pins(const struct line_settings *line, const char **key, struct err *err)
{
    struct gpio_pin pins[GPIO_PINS_MAX];
    int count = line_settings_pins(line, pins, key, err);
    if (count < 0)
        return count;
    bool gpio = line->kind == LINE_GPIO;
    *key = count == 0 || *line->outputs ? "outputs" : *line->inputs ? "inputs" : "pulses";
    if ((count > 0) != gpio)
        return err_set(err, -EINVAL,
                       gpio ? "a gpio line needs outputs, inputs or pulses: numbers or names of "
                              "lines"
                            : "only a gpio line has outputs, inputs and pulses");
    *key = "port";
    if (gpio && line->port[0] != '/')
        return err_set(err, -EINVAL, "a gpio line needs the path of its chip, like /dev/gpiochip0");
    return 0;
}

/* A serial port has one owner: the later line would find it in use for ever. */
static int check_owner(const struct config *config, const struct line_settings *line,
                       struct err *err)
{
    for (size_t i = 0; line->kind == LINE_MODBUS_RTU && line->enabled; i++) {
        const struct line_settings *other = config_at(config, &line_settings_table, i);
        if (other == line)
            return 0;
        if (other->kind == line->kind && other->enabled && strcmp(other->port, line->port) == 0)
            return err_set(err, -EINVAL,
                           "\"%.63s\" uses this port already: give its devices that line",
                           config_name_at(config, &line_settings_table, i));
    }
    return 0;
}

/* Whether the row has its default. */
static bool is_usual(const struct setting_row *row, const struct line_settings *line)
{
    struct line_settings usual = {0};
    char text[40], other[40];
    setting_parse(row, row->initial, &usual, NULL);
    setting_format(row, line, text, sizeof text);
    setting_format(row, &usual, other, sizeof other);
    return strcmp(text, other) == 0;
}

/* Speed and parity written at a line that has none are a misunderstanding: somebody believes that
 * a gateway is set by them. */
static int check_serial(const struct line_settings *line, const char **key, struct err *err)
{
    static const char *const serial[] = {"baud", "parity", "stop_bits", "rs485", "gap_ms"};
    if (line->kind == LINE_MODBUS_RTU || line->kind == LINE_RTU_OVER_TCP)
        return 0;
    for (size_t i = 0; i < sizeof serial / sizeof *serial; i++) {
        const struct setting_row *row = rows;
        while (strcmp(row->key, serial[i]) != 0)
            row++;
        *key = row->key;
        if (!is_usual(row, line))
            return err_set(err, -EINVAL,
                           "belongs to a serial line, and a %s line is none: leave it out; what is "
                           "behind a gateway is set at the gateway",
                           kinds[line->kind]);
    }
    return 0;
}

static int check(const struct config *config, const void *record, const char **key, struct err *err)
{
    const struct line_settings *line = record;
    *key = "port";
    if (check_owner(config, line, err) < 0)
        return err->code;
    if (line->kind == LINE_MODBUS_RTU && line->port[0] != '/')
        return err_set(
            err, -EINVAL,
            "a modbus-rtu line needs the path of its serial port, like /dev/ttyUSB0%s%s%s",
            *line->port ? ", not \"" : "", line->port, *line->port ? "\"" : "");
    if (is_network(line) && *line->port && !parse_port(line->port))
        return err_set(err, -EINVAL, "must be the number of a TCP port, 1 to 65535, not \"%s\"",
                       line->port);
    if (line->kind == LINE_SIM && *line->port && line->port[0] != '/')
        return err_set(err, -EINVAL,
                       "of a sim line must be the path of a file, beginning with /, not \"%s\"",
                       line->port);
    *key = "host";
    if (is_network(line) && !*line->host)
        return err_set(err, -EINVAL, "a %s line needs a host: the name or address of the gateway",
                       kinds[line->kind]);
    *key = "in_flight";
    if (line->in_flight > 1 && line->kind != LINE_MODBUS_TCP)
        return err_set(err, -EINVAL, "only a modbus-tcp line can have several requests under way");
    if (check_serial(line, key, err) < 0)
        return err->code;
    return check_pins(line, key, err);
}

const struct setting_table line_settings_table = {
    .name = "lines",
    .label = "Lines",
    .help = "Serial ports and gateways that equipment is wired to.",
    .collection = true,
    .rows = rows,
    .row_count = sizeof rows / sizeof *rows,
    .record_size = sizeof(struct line_settings),
    .check = check,
};

unsigned line_settings_baud(const struct line_settings *settings)
{
    return serial_baud(settings->baud);
}

unsigned line_settings_tcp_port(const struct line_settings *settings)
{
    unsigned port = parse_port(settings->port);
    return port ? port : MODBUS_TCP_PORT;
}

const char *line_settings_kind_name(const struct line_settings *settings)
{
    return kinds[settings->kind];
}

bool line_settings_equal(const struct line_settings *a, const struct line_settings *b)
{
    return setting_record_equal(&line_settings_table, a, b);
}

void line_settings_copy(struct line_settings *copy, const struct line_settings *settings)
{
    setting_record_copy(&line_settings_table, copy, settings);
}

void line_settings_deinit(struct line_settings *settings)
{
    setting_record_free(&line_settings_table, settings);
}
