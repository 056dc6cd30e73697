#include "field_config.h"

#include "base/clock.h"

/* The lines and devices of the example in the documentation. */
static const char example[] =
    "lines:\n"
    "  bus-1: {kind: modbus-rtu, port: /dev/ttyUSB0, baud: 9600, parity: none, stop_bits: 1, "
    "timeout_ms: 300}\n"
    "  gw-1:  {kind: modbus-tcp, host: 192.0.2.10, port: 502}\n"
    "devices:\n"
    "  meter-1: {line: gw-1, unit: 1, profile: eastron-sdm630, every: 1 s}\n"
    "  meter-2: {line: bus-1, unit: 7, profile: legrand-emdx3-412045}\n";

static void example_is_accepted(void **state)
{
    (void)state;
    struct err_list errors = {0};
    struct config *config = field_config(example, &errors);
    for (size_t i = 0; i < errors.count; i++)
        print_message("%s\n", errors.list[i].text);
    assert_non_null(config);
    const struct line_settings *bus = config_at(config, &line_settings_table, 0);
    assert_int_equal(bus->kind, LINE_MODBUS_RTU);
    assert_int_equal(line_settings_baud(bus), 9600);
    assert_int_equal(bus->parity, SERIAL_PARITY_NONE);
    assert_string_equal(bus->port, "/dev/ttyUSB0");
    assert_int_equal(bus->retries, 1);
    const struct line_settings *gateway = config_at(config, &line_settings_table, 1);
    assert_int_equal(line_settings_tcp_port(gateway), 502);
    assert_int_equal(gateway->timeout_ms, 300);
    assert_int_equal(gateway->in_flight, 1);
    const struct device_settings *meter = config_at(config, &device_settings_table, 1);
    assert_int_equal(meter->unit, 7);
    assert_int_equal(meter->every, CLOCK_S);
    assert_true(meter->enabled);
    config_free(config);
    err_list_deinit(&errors);
}

static void defaults_of_a_serial_line(void **state)
{
    (void)state;
    struct err_list errors = {0};
    struct config *config =
        field_config("lines: {a: {kind: modbus-rtu, port: /dev/ttyS0}}\n", &errors);
    assert_non_null(config);
    /* requirement N2: 19200 8E1, 300 ms */
    const struct line_settings *line = config_at(config, &line_settings_table, 0);
    assert_int_equal(line_settings_baud(line), 19200);
    assert_int_equal(line->parity, SERIAL_PARITY_EVEN);
    assert_int_equal(line->stop_bits, 1);
    assert_int_equal(line->timeout_ms, 300);
    config_free(config);
    err_list_deinit(&errors);
}

/* Each is one mistake, and the message names what is wrong with it. */
static const struct {
    const char *text, *says;
} wrong[] = {
    {"lines: {a: {kind: modbus-rtu}}", "serial port"},
    {"lines: {a: {kind: modbus-rtu, port: 502}}", "serial port"},
    {"lines: {a: {kind: modbus-tcp}}", "host"},
    {"lines: {a: {kind: modbus-tcp, host: x, port: 70000}}", "1 to 65535"},
    {"lines: {a: {kind: modbus-tcp, host: x, port: /dev/ttyS0}}", "1 to 65535"},
    {"lines: {a: {kind: modbus-rtu, port: /dev/ttyS0, baud: 9601}}", "9600"},
    {"lines: {a: {kind: modbus-rtu, port: /dev/ttyS0, parity: evn}}", "even"},
    {"lines: {a: {kind: modbus-rtu, port: /dev/ttyS0, stop_bits: 3}}", "1 to 2"},
    {"lines: {a: {kind: modbus-rtu, port: /dev/ttyS0, in_flight: 4}}", "in_flight"},
    {"lines: {a: {kind: modbus-rtu, port: /dev/ttyS0, bauds: 9600}}", "baud"},
    {"lines: {a: {kind: sim}}\ndevices: {m: {line: b, profile: testing}}", "line"},
    {"lines: {a: {kind: sim}}\ndevices: {m: {line: a, profile: testin}}", "testing"},
    {"lines: {a: {kind: sim}}\ndevices: {m: {line: a, profile: testing, unit: 256}}", "0 to 255"},
    {"lines: {a: {kind: sim}}\ndevices: {m: {line: a, profile: testing, every: 50 ms}}",
     "100 ms to 1 h"},
    {"lines: {a: {kind: sim}}\ndevices: {m: {line: a, profile: testing, fed_by: x}}", "mains"},
    {"lines: {a: {kind: sim}}\n"
     "devices: {meter-1: {line: a, profile: testing},"
     " n: {line: a, profile: testing, fed_by: meter-2}}",
     "there is no \"meter-2\"; did you mean \"meter-1\"?"},
    {"lines: {a: {kind: sim}}\ndevices: {m: {line: a, profile: testing, fed_by: m}}",
     "devices.m.fed_by: the way upstream by \"m\" comes back"},
    {"lines: {a: {kind: sim}}\n"
     "devices: {k: {line: a, profile: testing, fed_by: o},"
     " m: {line: a, profile: testing, fed_by: o}, n: {line: a, profile: testing, fed_by: m},"
     " o: {line: a, profile: testing, fed_by: n}}",
     "devices.m.fed_by: the way upstream by \"o\" comes back"},
    {"lines: {a: {kind: modbus-tcp, host: x}}\n"
     "devices: {m: {line: a, profile: testing, unit: 3},"
     " n: {line: a, profile: testing, unit: 3}}",
     "devices.n.unit: unit 3 of a is \"m\" already"},
    {"lines: {a: {kind: modbus-rtu, port: /dev/ttyS0},"
     " b: {kind: modbus-rtu, port: /dev/ttyS0}}",
     "lines.b.port: \"a\" uses this port already"},
    {"lines: {a: {kind: sim}}\ndevices: {m: {line: a, profile: testing, role: x}}", "pdu"},
    {"lines: {a: {kind: modbus-rtu, port: /dev/ttyS0}}\n"
     "devices: {m: {line: a, profile: testing, unit: 0}}",
     "1 to 255"},
    {"lines: {a: {kind: sim}}\ndevices: {m: {line: a, profile: testing, part_of: x}}",
     "there is no \"x\""},
    {"lines: {a: {kind: sim}}\ndevices: {m: {line: a, profile: testing, part_of: m}}",
     "part of itself"},
    {"lines: {a: {kind: sim}}\ndevices: {m: {line: a, profile: testing},"
     " n: {line: a, profile: testing, part_of: m}, o: {line: a, profile: testing, part_of: n}}",
     "name that one"},
    {"lines: {a: {kind: gpio, port: /dev/gpiochip0}}", "needs outputs, inputs or pulses"},
    {"lines: {a: {kind: gpio, outputs: 17}}", "/dev/gpiochip0"},
    {"lines: {a: {kind: gpio, port: /dev/gpiochip0, outputs: '3', inputs: '3'}}", "twice"},
    {"lines: {a: {kind: sim, outputs: '3'}}", "only a gpio line"},
    {"lines: {a: {kind: sim, pulses: '3'}}", "lines.a.pulses: only a gpio line"},
    {"lines: {a: {kind: gpio, port: /dev/gpiochip0, inputs: '3', pulses: '4 !3'}}",
     "lines.a.pulses: the line 3 is named twice"},
    {"lines: {a: {kind: gpio, port: /dev/gpiochip0, pulses: '3:drain'}}", ":up or :down"},
    {"lines: {a: {kind: gpio, port: /dev/gpiochip0, outputs: '3:up'}}", ":drain"},
    {"lines: {a: {kind: gpio, port: /dev/gpiochip0, pulses: '3', debounce_ms: 1001}}",
     "lines.a.debounce_ms"},
};

static void mistakes_are_named(void **state)
{
    (void)state;
    for (size_t i = 0; i < TEST_COUNT(wrong); i++) {
        struct err_list errors = {0};
        struct config *config = field_config(wrong[i].text, &errors);
        assert_null(config);
        assert_int_equal(errors.count, 1);
        if (!strstr(errors.list[0].text, wrong[i].says))
            fail_msg("%s: %s", wrong[i].text, errors.list[0].text);
        err_list_deinit(&errors);
    }
}

/* What looks alike and is no mistake: two profiles of one unit, a spare entry that is off, made-up
 * devices, gateways at one address. */
static void doubles_that_may_be_meant(void **state)
{
    (void)state;
    struct err_list errors = {0};
    struct config *config = field_config(
        "lines: {a: {kind: modbus-tcp, host: x}, b: {kind: modbus-tcp, host: x},\n"
        "  c: {kind: sim}, d: {kind: modbus-rtu, port: /dev/ttyS0},\n"
        "  e: {kind: modbus-rtu, port: /dev/ttyS0, enabled: false}}\n"
        "devices: {m: {line: a, profile: testing},\n"
        "  n: {line: a, profile: eastron-sdm630, fed_by: m},\n"
        "  o: {line: a, profile: testing, enabled: false, fed_by: n},\n"
        "  p: {line: b, profile: testing, fed_by: m}, q: {line: c, profile: testing},\n"
        "  r: {line: c, profile: testing}}\n",
        &errors);
    assert_int_equal(errors.count, 0);
    assert_non_null(config);
    config_free(config);
    err_list_deinit(&errors);
}

static void equality_sees_every_field(void **state)
{
    (void)state;
    const struct line_settings line = {
        .label = "", .port = "1", .host = "h", .outputs = "", .inputs = "", .pulses = ""};
    struct line_settings other = line;
    assert_true(line_settings_equal(&line, &other));
    other.gap_ms = 1;
    assert_false(line_settings_equal(&line, &other));
    other = line;
    other.host = "i";
    assert_false(line_settings_equal(&line, &other));
    struct line_settings copy;
    line_settings_copy(&copy, &line);
    assert_true(line_settings_equal(&line, &copy));
    assert_ptr_not_equal(copy.host, line.host);
    line_settings_deinit(&copy);

    const struct device_settings device = {
        .line = "l", .profile = "p", .label = "", .role = "", .fed_by = "", .part_of = ""};
    struct device_settings changed = device;
    assert_true(device_settings_equal(&device, &changed));
    changed.write_gap_ms = 5;
    assert_false(device_settings_equal(&device, &changed));
    changed = device;
    changed.enabled = true;
    assert_false(device_settings_equal(&device, &changed));
    changed = device;
    changed.part_of = "x";
    assert_false(device_settings_equal(&device, &changed));
    changed = device;
    changed.first_outlet = 9;
    assert_false(device_settings_equal(&device, &changed));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(example_is_accepted),       cmocka_unit_test(defaults_of_a_serial_line),
        cmocka_unit_test(mistakes_are_named),        cmocka_unit_test(doubles_that_may_be_meant),
        cmocka_unit_test(equality_sees_every_field),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
