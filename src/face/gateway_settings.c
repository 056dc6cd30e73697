#include "face/gateway_settings.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/ip_net.h"
#include "base/nearest.h"
#include "base/serial.h"
#include "face/gateway_rule.h"
#include "model/limits.h"
#include "wire/modbus_rtu.h"

#define ROUTES_TEXT_MOST 2000
#define NAMES_MOST 64 /* looked through for what was meant */

#define TCP_PORT_USUAL 1502

/* Beyond those of a serial line: 255 is what many clients of Modbus TCP say when they mean the
 * address itself. */
#define UNIT_MAX 255

static const char *const kinds[] = {"modbus-tcp", "rtu-over-tcp", "rtu", NULL};

/* In the order of enum gateway_sunspec. */
static const char *const sunspec_forms[] = {"integer", "float", NULL};

#define FIELD(name) .offset = offsetof(struct gateway_settings, name)

static const struct setting_row rows[] = {
    {.key = "label",
     .type = SETTING_TEXT,
     FIELD(label),
     .max = 63,
     .initial = "",
     .right = ROLE_ADMINISTRATOR,
     .help = "What people call this gateway."},
    {.key = "kind",
     .type = SETTING_CHOICE,
     FIELD(kind),
     .choices = kinds,
     .initial = "modbus-tcp",
     .right = ROLE_ADMINISTRATOR,
     .help =
         "How clients speak: Modbus TCP, serial frames over TCP, or as the one master of a serial "
         "line on which busbar is the slave (rtu)."},
    {.key = "listen",
     .type = SETTING_TEXT,
     FIELD(listen),
     .max = 63,
     .initial = "::",
     .right = ROLE_ADMINISTRATOR,
     .help = "Address of this machine at which it is reached; :: is all, 127.0.0.1 only programs "
             "on this machine."},
    {.key = "port",
     .type = SETTING_TEXT,
     FIELD(port),
     .max = 255,
     .initial = "",
     .right = ROLE_ADMINISTRATOR,
     .help =
         "Number of the TCP port, 1502 when not given (the standard's is 502); for rtu the path "
         "of the serial port, as /dev/ttyS1."},
    {.key = "routes",
     .type = SETTING_TEXT,
     FIELD(routes),
     .min = 1,
     .max = ROUTES_TEXT_MOST,
     .required = true,
     .right = ROLE_ADMINISTRATOR,
     .help = "Which units are where: a line alone for all its units, or units and a line with "
             "commas between, as in 1-31 bus-1, 101-131 bus-2/1 (unit 101 is unit 1 of bus-2). "
             "200 @pdu-a makes unit 200 what busbar itself knows of pdu-a, 201 sunspec@ups-a makes "
             "unit 201 a SunSpec device with the values of ups-a."},
    {.key = "sunspec",
     .type = SETTING_CHOICE,
     FIELD(sunspec),
     .choices = sunspec_forms,
     .initial = "integer",
     .right = ROLE_ADMINISTRATOR,
     .help = "Numbers in which sunspec@ routes show meters: integer is models 201 to 204, which "
             "every client knows; float is 211 to 214, which have all digits and no limits."},
    {.key = "clients",
     .type = SETTING_INT,
     FIELD(clients),
     .min = 1,
     .max = LIMIT_GATEWAY_CLIENTS,
     .initial = "256",
     .right = ROLE_ADMINISTRATOR,
     .help = "Connections at once; when there are more, the one that was silent longest goes."},
    {.key = "idle",
     .type = SETTING_DURATION,
     FIELD(idle),
     .min = 5,
     .max = 604800,
     .initial = "10 min",
     .right = ROLE_ADMINISTRATOR,
     .help = "A TCP connection on which nothing was asked for so long is closed."},
    {.key = "baud",
     .type = SETTING_CHOICE,
     FIELD(baud),
     .unit = "bit/s",
     .choices = serial_bauds,
     .initial = "19200",
     .right = ROLE_ADMINISTRATOR,
     .help = "Speed of the serial line of an rtu gateway."},
    {.key = "parity",
     .type = SETTING_CHOICE,
     FIELD(parity),
     .choices = serial_parities,
     .initial = "even",
     .right = ROLE_ADMINISTRATOR,
     .help = "Parity of the serial line of an rtu gateway."},
    {.key = "stop_bits",
     .type = SETTING_INT,
     FIELD(stop_bits),
     .min = 1,
     .max = 2,
     .initial = "1",
     .right = ROLE_ADMINISTRATOR,
     .help = "Stop bits of the serial line of an rtu gateway."},
    {.key = "rs485",
     .type = SETTING_CHOICE,
     FIELD(rs485),
     .choices = serial_rs485_words,
     .initial = "auto",
     .right = ROLE_ADMINISTRATOR,
     .help =
         "Whether the kernel switches the RS-485 driver of an rtu gateway; auto leaves the port "
         "as the system set it up."},
    {.key = "answer_within",
     .type = SETTING_DURATION,
     FIELD(answer_within),
     .min = 0.01,
     .max = 60,
     .initial = "1 s",
     .right = ROLE_ADMINISTRATOR,
     .help = "How long the master of an rtu gateway waits: a later answer is kept back, so that it "
             "cannot be taken for that to the next question."},
    {.key = "enabled",
     .type = SETTING_BOOL,
     FIELD(enabled),
     .initial = "true",
     .right = ROLE_ADMINISTRATOR,
     .help = "Whether the gateway listens."},
};

/* ---- routes ---------------------------------------------------------------------------------- */

struct entry {
    const char *text;
    size_t length;
};

/* What stands between commas, trimmed; false at the end. */
static bool next_entry(const char **at, struct entry *entry)
{
    static const char blank[] = " ,";
    entry->text = *at + strspn(*at, blank);
    entry->length = strcspn(entry->text, ",");
    *at = entry->text + entry->length;
    while (entry->length && entry->text[entry->length - 1] == ' ')
        entry->length--;
    return entry->length > 0;
}

const char *gateway_route_device(const char *line, bool *sunspec)
{
    static const char word[] = "sunspec@";
    *sunspec = strncmp(line, word, strlen(word)) == 0;
    return *sunspec ? line + strlen(word) : *line == '@' ? line + 1 : NULL;
}

static int set_routes(struct gateway_route routes[256], const struct gateway_span *units,
                      const char *line, unsigned first, struct err *err)
{
    bool sunspec, own = gateway_route_device(line, &sunspec) != NULL;
    if (!own && first + (unsigned)(units->last - units->first) > MODBUS_RTU_UNIT_MAX)
        return err_set(err, -EINVAL, "%s/%u: units %u to %u would go past unit %d of the line",
                       line, first, units->first, units->last, MODBUS_RTU_UNIT_MAX);
    for (unsigned unit = units->first; unit <= units->last; unit++) {
        if (routes[unit].line)
            return err_set(err, -EINVAL, "unit %u leads to two places: %s and %s", unit,
                           routes[unit].line, line);
        routes[unit] = (struct gateway_route){line, (uint8_t)(first + unit - units->first)};
    }
    return 0;
}

/* The number behind "LINE/"; the units' own first one when there is none, 0 when it is no number.
 */
static unsigned parse_first(const char *word, size_t length, unsigned usual)
{
    unsigned first = 0;
    if (!length)
        return usual;
    for (size_t i = 1; i < length; i++) {
        if (word[i] < '0' || word[i] > '9' || first > MODBUS_RTU_UNIT_MAX)
            return 0;
        first = first * 10 + (unsigned)(word[i] - '0');
    }
    return first;
}

static int parse_entry(struct gateway_route routes[256], struct arena *arena,
                       const struct entry *entry, struct err *err)
{
    static const struct gateway_span all = {1, MODBUS_RTU_UNIT_MAX};
    const char *blank = memchr(entry->text, ' ', entry->length);
    const char *word = entry->text, *end = entry->text + entry->length;
    struct gateway_span *units = NULL;
    size_t count = 0;
    if (blank) {
        const char *text = arena_text_n(arena, entry->text, (size_t)(blank - entry->text));
        if (gateway_spans_parse(&units, &count, arena, text, 1, UNIT_MAX, "unit", err) < 0)
            return err->code;
        word = blank + strspn(blank, " ");
    }
    const struct gateway_span *span = count ? units : &all;
    size_t name = strcspn(word, "/, ");
    unsigned first = parse_first(word + name, (size_t)(end - word) - name, span->first);
    if (!first || !name)
        return err_set(
            err, -EINVAL,
            "\"%.*s\" is no route: write a line, or units and a line, as in 1-31 bus-1 or "
            "101-131 bus-2/1",
            (int)(entry->length < 60 ? entry->length : 60), entry->text);
    return set_routes(routes, span, arena_text_n(arena, word, name), first, err);
}

int gateway_routes_parse(struct gateway_route routes[256], struct arena *arena, const char *text,
                         struct err *err)
{
    struct entry entry;
    memset(routes, 0, 256 * sizeof *routes);
    while (next_entry(&text, &entry)) {
        if (parse_entry(routes, arena, &entry, err) < 0)
            return err->code;
    }
    return 0;
}

/* ---- check ----------------------------------------------------------------------------------- */

/* A line, or a device. */
static int check_place(const struct config *config, const char *place, struct err *err)
{
    bool sunspec;
    const char *device = gateway_route_device(place, &sunspec), *name = device ? device : place;
    const struct setting_table *table = config_table_named(config, device ? "devices" : "lines");
    if (!table || config_find(config, table, name) >= 0)
        return 0;
    const char *names[NAMES_MOST] = {NULL};
    size_t count = config_count(config, table);
    if (count > NAMES_MOST)
        count = NAMES_MOST;
    for (size_t i = 0; i < count; i++)
        names[i] = config_name_at(config, table, i);
    const char *guess = nearest_word(name, names, count, sizeof *names);
    return err_set(err, -EINVAL, "there is no %s \"%.63s\"%s%s%s", device ? "device" : "line", name,
                   guess ? "; did you mean " : "", guess ? guess : "", guess ? "?" : "");
}

static int check_places(const struct config *config, const struct gateway_route routes[256],
                        struct err *err)
{
    for (unsigned unit = 0; unit < 256; unit++) {
        if (routes[unit].line && check_place(config, routes[unit].line, err) < 0)
            return err->code;
    }
    return 0;
}

/* The text of one key of a record of any table; "" when it has none. */
static void record_text(const struct setting_table *table, const void *record, const char *key,
                        char *text, size_t size)
{
    text[0] = '\0';
    for (size_t i = 0; i < table->row_count; i++) {
        if (strcmp(table->rows[i].key, key) == 0)
            setting_format(&table->rows[i], record, text, size);
    }
}

/* Whether a record of this table, other than ours, uses the serial port. */
static int check_owner(const struct config *config, const char *table_name,
                       const struct gateway_settings *settings, struct err *err)
{
    const struct setting_table *table = config_table_named(config, table_name);
    for (size_t i = 0; table && i < config_count(config, table); i++) {
        const void *other = config_at(config, table, i);
        char port[256], enabled[8];
        if (other == settings) /* of two gateways the later one is told */
            return 0;
        record_text(table, other, "port", port, sizeof port);
        record_text(table, other, "enabled", enabled, sizeof enabled);
        if (strcmp(port, settings->port) == 0 && strcmp(enabled, "true") == 0)
            return err_set(
                err, -EINVAL,
                "\"%.63s\" of %s uses this port already, and a serial port has one owner",
                config_name_at(config, table, i), table_name);
    }
    return 0;
}

static bool is_everywhere(const char *listen)
{
    return strcmp(listen, "::") == 0 || strcmp(listen, "0.0.0.0") == 0;
}

/* Whether a gateway before ours listens where it would. */
static int check_listeners(const struct config *config, const struct gateway_settings *settings,
                           struct err *err)
{
    for (size_t i = 0; settings->enabled && i < config_count(config, &gateways_table); i++) {
        const struct gateway_settings *other = config_at(config, &gateways_table, i);
        if (other == settings)
            break;
        bool meets = is_everywhere(other->listen) || is_everywhere(settings->listen) ||
                     strcmp(other->listen, settings->listen) == 0;
        if (other->enabled && meets &&
            gateway_settings_port(other) == gateway_settings_port(settings))
            return err_set(
                err, -EINVAL,
                "\"%.63s\" of gateways listens on port %d already; each needs one of its "
                "own",
                config_name_at(config, &gateways_table, i), gateway_settings_port(settings));
    }
    return 0;
}

static int check_port(const struct config *config, const struct gateway_settings *settings,
                      struct err *err)
{
    if (settings->kind != GATEWAY_RTU)
        return gateway_settings_port(settings)
                   ? check_listeners(config, settings, err)
                   : err_set(err, -EINVAL,
                             "must be the number of a TCP port, 1 to 65535, not \"%.100s\"; the "
                             "path of a serial port goes with kind rtu",
                             settings->port);
    if (settings->port[0] != '/')
        return err_set(err, -EINVAL,
                       "an rtu gateway needs the path of its serial port, like /dev/ttyS1");
    if (!settings->enabled)
        return 0;
    int result = check_owner(config, "lines", settings, err);
    return result == 0 ? check_owner(config, "gateways", settings, err) : result;
}

static int check(const struct config *config, const void *record, const char **key, struct err *err)
{
    const struct gateway_settings *settings = record;
    struct gateway_route routes[256];
    struct ip_net address;
    *key = NULL;
    if (config_count(config, &gateways_table) > GATEWAYS_MOST)
        return err_set(err, -E2BIG, "there are more than %d gateways", GATEWAYS_MOST);
    *key = "port";
    if (check_port(config, settings, err) < 0)
        return err->code;
    *key = "listen";
    if (strchr(settings->listen, '/') ||
        ip_net_parse(&address, settings->listen, strlen(settings->listen), NULL) < 0)
        return err_set(err, -EINVAL, "must be an address of this machine, or :: for all");
    *key = "routes";
    struct arena *arena = arena_new();
    int result = gateway_routes_parse(routes, arena, settings->routes, err);
    if (result == 0)
        result = check_places(config, routes, err);
    arena_free(arena);
    return result;
}

int gateway_settings_port(const struct gateway_settings *settings)
{
    char *end;
    if (settings->kind == GATEWAY_RTU)
        return 0;
    if (!*settings->port)
        return TCP_PORT_USUAL;
    unsigned long number = strtoul(settings->port, &end, 10);
    bool fine = *settings->port >= '0' && *settings->port <= '9' && !*end && number <= 65535;
    return fine ? (int)number : 0;
}

const char *gateway_kind_name(enum gateway_kind kind)
{
    return kinds[kind];
}

const struct setting_table gateways_table = {
    .name = "gateways",
    .label = "Gateways",
    .help = "Ports, TCP or serial, at which Modbus clients reach the units on busbar's lines.",
    .collection = true,
    .rows = rows,
    .row_count = sizeof rows / sizeof *rows,
    .record_size = sizeof(struct gateway_settings),
    .check = check,
};
