#include "face/gateway_settings.h"

#include <errno.h>
#include <string.h>

#include "base/ip_net.h"
#include "base/nearest.h"
#include "face/gateway_rule.h"
#include "model/limits.h"
#include "wire/modbus_rtu.h"

#define ROUTES_TEXT_MOST 2000
#define NAMES_MOST 64 /* looked through for what was meant */

static const char *const kinds[] = {"modbus-tcp", "rtu-over-tcp", NULL};

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
     .help = "How clients speak: Modbus TCP, or serial frames over TCP."},
    {.key = "listen",
     .type = SETTING_TEXT,
     FIELD(listen),
     .max = 63,
     .initial = "::",
     .right = ROLE_ADMINISTRATOR,
     .help = "Address of this machine at which it is reached; :: is all, 127.0.0.1 only programs "
             "on this machine."},
    {.key = "port",
     .type = SETTING_INT,
     FIELD(port),
     .min = 1,
     .max = 65535,
     .initial = "1502",
     .right = ROLE_ADMINISTRATOR,
     .help = "TCP port; the standard's is 502."},
    {.key = "routes",
     .type = SETTING_TEXT,
     FIELD(routes),
     .min = 1,
     .max = ROUTES_TEXT_MOST,
     .required = true,
     .right = ROLE_ADMINISTRATOR,
     .help = "Which units are where: a line alone for all its units, or units and a line with "
             "commas between, as in 1-31 bus-1, 101-131 bus-2/1 (unit 101 is unit 1 of bus-2). "
             "200 @pdu-a makes unit 200 what busbar itself knows of pdu-a."},
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
     .help = "A connection on which nothing was asked for so long is closed."},
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

static int set_routes(struct gateway_route routes[256], const struct gateway_span *units,
                      const char *line, unsigned first, struct err *err)
{
    if (first + (unsigned)(units->last - units->first) > MODBUS_RTU_UNIT_MAX)
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
        if (gateway_spans_parse(&units, &count, arena, text, 1, MODBUS_RTU_UNIT_MAX, "unit", err) <
            0)
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

static const struct setting_table *table_of(const struct config *config, const char *name)
{
    const struct setting_table *const *at = config_schema(config)->tables;
    while (*at && strcmp((*at)->name, name) != 0)
        at++;
    return *at;
}

/* A line, or with @ a device. */
static int check_place(const struct config *config, const char *place, struct err *err)
{
    bool device = *place == '@';
    const char *name = place + device;
    const struct setting_table *table = table_of(config, device ? "devices" : "lines");
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

static int check(const struct config *config, const void *record, const char **key, struct err *err)
{
    const struct gateway_settings *settings = record;
    struct gateway_route routes[256];
    struct ip_net address;
    *key = NULL;
    if (config_count(config, &gateways_table) > GATEWAYS_MOST)
        return err_set(err, -E2BIG, "there are more than %d gateways", GATEWAYS_MOST);
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

const struct setting_table gateways_table = {
    .name = "gateways",
    .label = "Gateways",
    .help = "Ports at which Modbus clients reach the units on busbar's lines.",
    .collection = true,
    .rows = rows,
    .row_count = sizeof rows / sizeof *rows,
    .record_size = sizeof(struct gateway_settings),
    .check = check,
};
