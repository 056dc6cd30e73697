#include "face/snmp_ups.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "face/snmp_tables_settings.h"
#include "face/snmp_ups_look.h"
#include "model/config.h"

#define UPS_OID 1, 3, 6, 1, 2, 1, 33, 1
#define UPS_LENGTH 8

struct snmp_ups {
    const struct snmp_model *model;
    char *name;            /* of the setting, "" */
    struct feed feed;      /* times are kept as things happen, not as somebody asks */
    struct device *device; /* NULL: there is none now; valid for `revision` */
    uint64_t revision;
    struct snmp_ups_times *times; /* the agent's: they go on when the part is made anew */
    struct snmp_table *tables;
};

/* ---- following the device -------------------------------------------------------------------- */

static void look_again(struct snmp_ups *ups)
{
    uint64_t revision = site_revision(ups->model->site);
    if (ups->revision != revision)
        ups->device = snmp_ups_find(ups->model->site, ups->name);
    ups->revision = revision;
    snmp_ups_times_note(ups->times, ups->device, loop_now(ups->model->loop));
}

static void on_changed(void *user, const point_id *points, size_t count)
{
    struct snmp_ups *ups = user;
    bool ours = false;
    for (size_t i = 0; ups->device && i < count && !ours; i++) {
        const struct point *point = site_point(ups->model->site, points[i]);
        ours = point && point->component->device == ups->device;
    }
    if (ours)
        look_again(ups);
}

static void on_tree(void *user)
{
    look_again(user);
}

/* ---- columns --------------------------------------------------------------------------------- */

/* `ups`, its `device` (there is one), `row`, `ask` and `value` can be used in `result`. */
#define UPS(function, result)                                                                      \
    static bool function(void *user, const struct snmp_row *row, const struct snmp_ask *ask,       \
                         struct snmp_value *value)                                                 \
    {                                                                                              \
        struct snmp_ups *ups = user;                                                               \
        const struct device *device;                                                               \
        (void)row;                                                                                 \
        (void)ask;                                                                                 \
        if (ups->revision != site_revision(ups->model->site))                                      \
            look_again(ups);                                                                       \
        device = ups->device;                                                                      \
        return device && (result);                                                                 \
    }

/* A good reading in the MIB's unit: `factor` of them are one of the catalogue's. Held to what the
 * object may be. */
static bool put(struct snmp_value *value, const struct point *point, double factor, double least,
                double most)
{
    if (!point)
        return false;
    double number = round(point->value.number * factor);
    return snmp_integer(value, (int64_t)fmin(fmax(number, least), most));
}

#define NOT_NEGATIVE 0, INT32_MAX
#define ANY INT32_MIN, INT32_MAX
#define TENTHS 10

static const struct point *of_battery(const struct device *device, enum quantity quantity)
{
    return snmp_ups_good(snmp_ups_battery(device), quantity);
}

UPS(get_maker, snmp_text(value, device->vendor))
UPS(get_model, snmp_text(value, device->model))
UPS(get_firmware, snmp_text(value, device->firmware))
UPS(get_agent, snmp_text(value, "busbar " BUSBAR_VERSION))
UPS(get_name, snmp_text(value, *device->label ? device->label : device->name))
UPS(get_attached, snmp_text(value, ""))

static const struct snmp_column ident_columns[] = {
    {.number = 1, .get = get_maker},    {.number = 2, .get = get_model},
    {.number = 3, .get = get_firmware}, {.number = 4, .get = get_agent},
    {.number = 5, .get = get_name},     {.number = 6, .get = get_attached},
};

/* Whole minutes and no more than there are; upsEstimatedMinutesRemaining cannot be 0, which the
 * status says. */
static bool put_minutes(struct snmp_value *value, const struct point *runtime)
{
    return runtime && snmp_integer(value, (int64_t)fmax(floor(runtime->value.number / 60), 1));
}

static bool put_seconds_on_battery(struct snmp_value *value, const struct snmp_ups *ups,
                                   clock_us now)
{
    if (ups->times->look.source == SNMP_UPS_OTHER)
        return false;
    bool on = ups->times->look.source == SNMP_UPS_BATTERY;
    return snmp_integer(value, on ? (now - ups->times->battery_since) / CLOCK_S : 0);
}

UPS(get_status, snmp_integer(value, ups->times->look.status))
UPS(get_seconds, put_seconds_on_battery(value, ups, ask->now))
UPS(get_minutes, put_minutes(value, of_battery(device, QUANTITY_RUNTIME)))
UPS(get_charge, put(value, of_battery(device, QUANTITY_CHARGE), 1, 0, 100))
UPS(get_battery_voltage, put(value, of_battery(device, QUANTITY_VOLTAGE), TENTHS, NOT_NEGATIVE))
UPS(get_battery_current, put(value, of_battery(device, QUANTITY_CURRENT), TENTHS, ANY))
UPS(get_temperature, put(value, of_battery(device, QUANTITY_TEMPERATURE), 1, ANY))

static const struct snmp_column battery_columns[] = {
    {.number = 1, .get = get_status},          {.number = 2, .get = get_seconds},
    {.number = 3, .get = get_minutes},         {.number = 4, .get = get_charge},
    {.number = 5, .get = get_battery_voltage}, {.number = 6, .get = get_battery_current},
    {.number = 7, .get = get_temperature},
};

/* ---- lines ----------------------------------------------------------------------------------- */

static unsigned count_lines(const struct device *device,
                            const struct component *(*line)(const struct device *, unsigned))
{
    unsigned count = 0;
    while (line(device, count + 1))
        count++;
    return count;
}

static const struct point *of_line(const struct snmp_row *row, enum quantity quantity)
{
    return snmp_ups_good(row->thing, quantity);
}

/* Alternating current has a frequency; upsOutputFrequency is of all lines. */
static const struct point *output_frequency(const struct device *device)
{
    return snmp_ups_good(snmp_ups_output(device, 1), QUANTITY_FREQUENCY);
}

UPS(get_line_bads, snmp_counter(value, ups->times->line_bads))
UPS(get_input_lines, snmp_integer(value, count_lines(device, snmp_ups_input)))
UPS(get_source, snmp_integer(value, ups->times->look.source))
UPS(get_output_frequency, put(value, output_frequency(device), TENTHS, NOT_NEGATIVE))
UPS(get_output_lines, snmp_integer(value, count_lines(device, snmp_ups_output)))
UPS(get_bypass_lines, snmp_integer(value, 0))
UPS(get_frequency, put(value, of_line(row, QUANTITY_FREQUENCY), TENTHS, NOT_NEGATIVE))
UPS(get_voltage, put(value, of_line(row, QUANTITY_VOLTAGE), 1, NOT_NEGATIVE))
UPS(get_current, put(value, of_line(row, QUANTITY_CURRENT), TENTHS, NOT_NEGATIVE))
UPS(get_power, put(value, of_line(row, QUANTITY_REAL_POWER), 1, NOT_NEGATIVE))
UPS(get_load, put(value, of_line(row, QUANTITY_LOAD), 1, 0, 200))

static const struct snmp_column input_columns[] = {
    {.number = 2, .get = get_frequency},
    {.number = 3, .get = get_voltage},
    {.number = 4, .get = get_current},
    {.number = 5, .get = get_power},
};

static const struct snmp_column output_columns[] = {
    {.number = 2, .get = get_voltage},
    {.number = 3, .get = get_current},
    {.number = 4, .get = get_power},
    {.number = 5, .get = get_load},
};

static void add_lines(struct snmp_rows *rows, const struct snmp_ups *ups,
                      const struct component *(*line)(const struct device *, unsigned))
{
    unsigned count = ups->device ? count_lines(ups->device, line) : 0;
    for (unsigned i = 1; i <= count; i++)
        snmp_rows_add(rows, &(struct snmp_row){
                                .index = {i}, .index_length = 1, .thing = line(ups->device, i)});
}

static void add_inputs(void *user, struct snmp_rows *rows)
{
    add_lines(rows, user, snmp_ups_input);
}

static void add_outputs(void *user, struct snmp_rows *rows)
{
    add_lines(rows, user, snmp_ups_output);
}

static uint64_t line_revision(void *user)
{
    struct snmp_ups *ups = user;
    if (ups->revision != site_revision(ups->model->site))
        look_again(ups);
    return ups->revision;
}

/* ---- alarms ---------------------------------------------------------------------------------- */

static const snmp_sub well_known[SNMP_UPS_ALARMS][UPS_LENGTH + 3] = {
#define ALARM(number) [number] = {UPS_OID, 6, 3, number}
    ALARM(SNMP_UPS_ALARM_ON_BATTERY), ALARM(SNMP_UPS_ALARM_LOW_BATTERY),
    ALARM(SNMP_UPS_ALARM_DEPLETED),   ALARM(SNMP_UPS_ALARM_INPUT_BAD),
    ALARM(SNMP_UPS_ALARM_OVERLOAD),   ALARM(SNMP_UPS_ALARM_OUTPUT_OFF),
    ALARM(SNMP_UPS_ALARM_GENERAL),    ALARM(SNMP_UPS_ALARM_COMMUNICATION),
#undef ALARM
};

UPS(get_alarms, snmp_unsigned(value, (uint64_t)__builtin_popcount(ups->times->look.alarms)))
UPS(get_alarm_kind, snmp_object(value, well_known[row->number], UPS_LENGTH + 3))
UPS(get_alarm_time, snmp_ticks(value, ups->times->since[row->number] - ups->model->started))

static const struct snmp_column alarm_columns[] = {
    {.number = 2, .get = get_alarm_kind},
    {.number = 3, .get = get_alarm_time},
};

static void add_alarms(void *user, struct snmp_rows *rows)
{
    const struct snmp_ups *ups = user;
    for (uint32_t i = 0; i < SNMP_UPS_ALARMS; i++) {
        if (ups->times->look.alarms & 1u << i)
            snmp_rows_add(rows, &(struct snmp_row){.index = {i}, .index_length = 1, .number = i});
    }
}

static uint64_t alarm_revision(void *user)
{
    const struct snmp_ups *ups = user;
    return line_revision(user) << 32 | ups->times->look.alarms;
}

/* ---- tests and configuration ----------------------------------------------------------------- */

static const snmp_sub no_test[] = {UPS_OID, 7, 7, 1}; /* upsTestNoTestsInitiated */
#define NO_TESTS_INITIATED 6

UPS(get_test, snmp_object(value, no_test, sizeof no_test / sizeof *no_test))
UPS(get_zero, snmp_integer(value, 0))
UPS(get_test_result, snmp_integer(value, NO_TESTS_INITIATED))
UPS(get_test_detail, snmp_text(value, ""))
UPS(get_test_start, snmp_ticks(value, 0))
UPS(get_low_minutes, snmp_integer(value, SNMP_UPS_LOW_MINUTES))

static const struct snmp_column test_columns[] = {
    {.number = 1, .get = get_test},        {.number = 2, .get = get_zero},
    {.number = 3, .get = get_test_result}, {.number = 4, .get = get_test_detail},
    {.number = 5, .get = get_test_start},  {.number = 6, .get = get_zero},
};

/* The group of control, read-only: none of our supplies can be told to shut down, to start or to
 * wait with that (their outputs are switched one by one, through BUSBAR-MIB, with its rules and
 * records). -1 says that nothing is counted down; what the mains' return brings back is on by
 * itself. */
#define SHUTDOWN_OF_OUTPUT 1
#define NO_COUNTDOWN (-1)
#define AUTO_RESTART_ON 1

UPS(get_shutdown_type, snmp_integer(value, SHUTDOWN_OF_OUTPUT))
UPS(get_countdown, snmp_integer(value, NO_COUNTDOWN))
UPS(get_auto_restart, snmp_integer(value, AUTO_RESTART_ON))

static const struct snmp_column control_columns[] = {
    {.number = 1, .get = get_shutdown_type}, {.number = 2, .get = get_countdown},
    {.number = 3, .get = get_countdown},     {.number = 4, .get = get_countdown},
    {.number = 5, .get = get_auto_restart},
};

static const struct snmp_column config_columns[] = {{.number = 7, .get = get_low_minutes}};

/* ---- the MIB --------------------------------------------------------------------------------- */

/* A scalar beside a table has the table within its group: it is one of its own, whose column is the
 * .0 of its instance and whose only row has no index. */
static void add_scalar(void *user, struct snmp_rows *rows)
{
    (void)user;
    snmp_rows_add(rows, &(struct snmp_row){.index_length = 0});
}

#define SCALAR(name, function)                                                                     \
    static const struct snmp_column name[] = {{.number = 0, .get = function}};
SCALAR(line_bads_scalar, get_line_bads)
SCALAR(input_lines_scalar, get_input_lines)
SCALAR(source_scalar, get_source)
SCALAR(output_frequency_scalar, get_output_frequency)
SCALAR(output_lines_scalar, get_output_lines)
SCALAR(bypass_lines_scalar, get_bypass_lines)
SCALAR(alarms_scalar, get_alarms)

#define TABLE(columns_of, rows_of, revision_of, ...)                                               \
    {                                                                                              \
        .entry = {UPS_OID, __VA_ARGS__},                                                           \
        .entry_length = UPS_LENGTH + sizeof((snmp_sub[]){__VA_ARGS__}) / sizeof(snmp_sub),         \
        .columns = columns_of, .column_count = sizeof columns_of / sizeof *columns_of,             \
        .rows = rows_of, .revision = revision_of                                                   \
    }

static const struct snmp_table templates[] = {
    TABLE(ident_columns, NULL, NULL, 1),
    TABLE(battery_columns, NULL, NULL, 2),
    TABLE(line_bads_scalar, add_scalar, NULL, 3, 1),
    TABLE(input_lines_scalar, add_scalar, NULL, 3, 2),
    TABLE(input_columns, add_inputs, line_revision, 3, 3, 1),
    TABLE(source_scalar, add_scalar, NULL, 4, 1),
    TABLE(output_frequency_scalar, add_scalar, NULL, 4, 2),
    TABLE(output_lines_scalar, add_scalar, NULL, 4, 3),
    TABLE(output_columns, add_outputs, line_revision, 4, 4, 1),
    TABLE(bypass_lines_scalar, add_scalar, NULL, 5, 2),
    TABLE(alarms_scalar, add_scalar, NULL, 6, 1),
    TABLE(alarm_columns, add_alarms, alarm_revision, 6, 2, 1),
    TABLE(test_columns, NULL, NULL, 7),
    TABLE(control_columns, NULL, NULL, 8),
    TABLE(config_columns, NULL, NULL, 9),
};
#define TABLES (sizeof templates / sizeof *templates)

static void *make(const struct snmp_model *model, struct snmp_tree *tree)
{
    const struct snmp_tables_settings *settings =
        config_record(model->config, &snmp_tables_settings_table);
    struct snmp_ups *ups = mem_new(sizeof *ups);
    ups->model = model;
    ups->name = mem_text(settings->ups);
    ups->times = model->ups;
    ups->revision = site_revision(model->site) - 1; /* look for the device now */
    look_again(ups);
    ups->feed = (struct feed){.changed = on_changed, .tree = on_tree, .user = ups};
    site_subscribe(model->site, &ups->feed);
    ups->tables = mem_new(sizeof templates);
    memcpy(ups->tables, templates, sizeof templates);
    for (size_t i = 0; i < TABLES; i++) {
        ups->tables[i].user = ups;
        snmp_tree_add(tree, &ups->tables[i]);
    }
    return ups;
}

static void end(void *part, struct snmp_tree *tree)
{
    struct snmp_ups *ups = part;
    site_unsubscribe(ups->model->site, &ups->feed);
    for (size_t i = 0; i < TABLES; i++)
        snmp_tree_remove(tree, &ups->tables[i]);
    free(ups->tables);
    free(ups->name);
    free(ups);
}

const struct snmp_part snmp_ups_part = {.name = "UPS-MIB", .make = make, .free = end};
