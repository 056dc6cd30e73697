/* The groups that every agent has: system and snmp (RFC 3418), engine (RFC 3411), messages
 * (RFC 3412) and users (RFC 3414). */
#include "face/snmp_system.h"

#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/mem.h"
#include "face/snmp_busbar.h"
#include "face/snmp_state.h"
#include "model/config.h"
#include "model/site_settings.h"

struct snmp_system {
    const struct snmp_model *model;
    snmp_sub object_id[SNMP_ENTRY_MOST];
    size_t object_id_length;
    snmp_sub own_module[SNMP_ENTRY_MOST];
    size_t own_module_length;
    char description[SNMP_TEXT_MOST + 1];
    uint32_t set_serial;
    struct snmp_table *tables;
};

/* Served message sizes: what a UDP datagram over IPv4 holds (RFC 3411 snmpEngineMaxMessageSize). */
#define MESSAGE_MOST 65507
/* RFC 3418 sysServices: applications (7), end-to-end (4). */
#define SERVICES 72

#define GETTER(function)                                                                           \
    static bool function(void *user, const struct snmp_row *row, const struct snmp_ask *ask,       \
                         struct snmp_value *value)

#define SYSTEM(function, result)                                                                   \
    GETTER(function)                                                                               \
    {                                                                                              \
        const struct snmp_system *system = user;                                                   \
        (void)row;                                                                                 \
        (void)ask;                                                                                 \
        return result;                                                                             \
    }

/* What never changes. */
#define CONSTANT(function, result)                                                                 \
    GETTER(function)                                                                               \
    {                                                                                              \
        (void)user;                                                                                \
        (void)row;                                                                                 \
        (void)ask;                                                                                 \
        return result;                                                                             \
    }

static const struct site_settings *site_of(const struct snmp_system *system)
{
    return config_record(system->model->config, &site_settings_table);
}

/* ---- system ---------------------------------------------------------------------------------- */

SYSTEM(get_description, snmp_text(value, system->description))
SYSTEM(get_object_id, snmp_object(value, system->object_id, system->object_id_length))
SYSTEM(get_uptime, snmp_ticks(value, ask->now - system->model->started))
SYSTEM(get_contact, snmp_text(value, site_of(system)->contact))
SYSTEM(get_name, snmp_text(value, site_of(system)->name))
SYSTEM(get_location, snmp_text(value, site_of(system)->location))
CONSTANT(get_services, snmp_integer(value, SERVICES))
CONSTANT(get_modules_changed, snmp_ticks(value, 0))

static const struct snmp_column system_columns[] = {
    {.number = 1, .get = get_description}, {.number = 2, .get = get_object_id},
    {.number = 3, .get = get_uptime},      {.number = 4, .get = get_contact},
    {.number = 5, .get = get_name},        {.number = 6, .get = get_location},
    {.number = 7, .get = get_services},    {.number = 8, .get = get_modules_changed},
};

/* ---- the modules that are served: sysORTable ------------------------------------------------- */

static const struct module {
    snmp_sub oid[10];
    size_t length;
    const char *text;
} modules[] = {
    {{1, 3, 6, 1, 6, 3, 1}, 7, "SNMPv2-MIB: the agent itself"},
    {{1, 3, 6, 1, 6, 3, 10, 3, 1, 1}, 10, "SNMP-FRAMEWORK-MIB: the engine"},
    {{1, 3, 6, 1, 6, 3, 11, 3, 1, 1}, 10, "SNMP-MPD-MIB: messages"},
    {{1, 3, 6, 1, 6, 3, 15, 2, 1, 1}, 10, "SNMP-USER-BASED-SM-MIB: counters of users"},
    {{1, 3, 6, 1, 2, 1, 47}, 7, "ENTITY-MIB: devices, components and points as things"},
    {{1, 3, 6, 1, 2, 1, 99}, 7, "ENTITY-SENSOR-MIB: points as sensors"},
    {{1, 3, 6, 1, 2, 1, 229}, 7, "ENERGY-OBJECT-MIB: real power"},
    {{1, 3, 6, 1, 2, 1, 33}, 7, "UPS-MIB: one supply with a battery"},
};
#define MODULES (sizeof modules / sizeof *modules)

GETTER(get_module)
{
    const struct snmp_system *system = user;
    const struct module *module = row->thing;
    (void)ask;
    if (module)
        return snmp_object(value, module->oid, module->length);
    return snmp_object(value, system->own_module, system->own_module_length);
}

GETTER(get_module_text)
{
    const struct module *module = row->thing;
    (void)user;
    (void)ask;
    return snmp_text(value, module ? module->text : "BUSBAR-MIB: the site");
}

CONSTANT(get_module_uptime, snmp_ticks(value, 0))

static const struct snmp_column module_columns[] = {
    {.number = 2, .get = get_module},
    {.number = 3, .get = get_module_text},
    {.number = 4, .get = get_module_uptime},
};

static void add_modules(void *user, struct snmp_rows *rows)
{
    (void)user;
    for (uint32_t i = 0; i <= MODULES; i++)
        snmp_rows_add(rows, &(struct snmp_row){.index = {i + 1},
                                               .index_length = 1,
                                               .thing = i < MODULES ? &modules[i] : NULL});
}

/* ---- counters -------------------------------------------------------------------------------- */

#define COUNTER(function, which)                                                                   \
    SYSTEM(function, snmp_counter(value, system->model->counters[which]))

COUNTER(get_in_packets, SNMP_IN_PACKETS)
COUNTER(get_bad_versions, SNMP_IN_BAD_VERSIONS)
COUNTER(get_bad_names, SNMP_IN_BAD_COMMUNITY_NAMES)
COUNTER(get_bad_uses, SNMP_IN_BAD_COMMUNITY_USES)
COUNTER(get_parse_errors, SNMP_IN_PARSE_ERRORS)
COUNTER(get_silent_drops, SNMP_SILENT_DROPS)
COUNTER(get_unknown_models, SNMP_UNKNOWN_SECURITY_MODELS)
COUNTER(get_invalid_messages, SNMP_INVALID_MESSAGES)
COUNTER(get_unknown_handlers, SNMP_UNKNOWN_PDU_HANDLERS)
COUNTER(get_unsupported_levels, SNMP_UNSUPPORTED_LEVELS)
COUNTER(get_not_in_time, SNMP_NOT_IN_TIME_WINDOWS)
COUNTER(get_unknown_users, SNMP_UNKNOWN_USERS)
COUNTER(get_unknown_engines, SNMP_UNKNOWN_ENGINES)
COUNTER(get_wrong_digests, SNMP_WRONG_DIGESTS)
COUNTER(get_decryption_errors, SNMP_DECRYPTION_ERRORS)
CONSTANT(get_proxy_drops, snmp_counter(value, 0)) /* we are no proxy */
/* Traps about refused requests are sent as the recipients are set, not by this: disabled(2). */
CONSTANT(get_traps_enabled, snmp_integer(value, 2))

static const struct snmp_column snmp_columns[] = {
    {.number = 1, .get = get_in_packets},    {.number = 3, .get = get_bad_versions},
    {.number = 4, .get = get_bad_names},     {.number = 5, .get = get_bad_uses},
    {.number = 6, .get = get_parse_errors},  {.number = 30, .get = get_traps_enabled},
    {.number = 31, .get = get_silent_drops}, {.number = 32, .get = get_proxy_drops},
};

static const struct snmp_column message_columns[] = {
    {.number = 1, .get = get_unknown_models},
    {.number = 2, .get = get_invalid_messages},
    {.number = 3, .get = get_unknown_handlers},
};

static const struct snmp_column user_columns[] = {
    {.number = 1, .get = get_unsupported_levels}, {.number = 2, .get = get_not_in_time},
    {.number = 3, .get = get_unknown_users},      {.number = 4, .get = get_unknown_engines},
    {.number = 5, .get = get_wrong_digests},      {.number = 6, .get = get_decryption_errors},
};

/* ---- the engine ------------------------------------------------------------------------------ */

GETTER(get_engine)
{
    const struct snmp_system *system = user;
    size_t length;
    const uint8_t *id = snmp_state_engine(system->model->state, &length);
    (void)row;
    (void)ask;
    return snmp_octets(value, id, length);
}

SYSTEM(get_boots, snmp_integer(value, snmp_state_boots(system->model->state)))
SYSTEM(get_time, snmp_integer(value, snmp_state_time(system->model->state)))
CONSTANT(get_message_most, snmp_integer(value, MESSAGE_MOST))

static const struct snmp_column engine_columns[] = {
    {.number = 1, .get = get_engine},
    {.number = 2, .get = get_boots},
    {.number = 3, .get = get_time},
    {.number = 4, .get = get_message_most},
};

/* ---- snmpSetSerialNo: lets several managers take turns (SNMPv2-TC TestAndIncr) ----------------- */

SYSTEM(get_set_serial, snmp_integer(value, system->set_serial))

static int set_serial(void *user, const struct snmp_set *set, size_t at, bool commit)
{
    struct snmp_system *system = user;
    const struct snmp_value *value = &set->items[at].value;
    if (value->type != SNMP_INTEGER)
        return SNMP_WRONG_TYPE;
    if (value->integer < 0)
        return SNMP_WRONG_VALUE;
    if ((uint32_t)value->integer != system->set_serial)
        return SNMP_INCONSISTENT_VALUE;
    if (commit)
        system->set_serial = system->set_serial == INT32_MAX ? 0 : system->set_serial + 1;
    return SNMP_OK;
}

static const struct snmp_column set_columns[] = {
    {.number = 1, .get = get_set_serial, .writable = true},
};

/* ---- the part -------------------------------------------------------------------------------- */

#define COLUMNS(list) .columns = (list), .column_count = sizeof(list) / sizeof *(list)

static const struct snmp_table tables[] = {
    {.entry = {1, 3, 6, 1, 2, 1, 1}, .entry_length = 7, COLUMNS(system_columns)},
    {.entry = {1, 3, 6, 1, 2, 1, 1, 9, 1},
     .entry_length = 9,
     COLUMNS(module_columns),
     .rows = add_modules},
    {.entry = {1, 3, 6, 1, 2, 1, 11}, .entry_length = 7, COLUMNS(snmp_columns)},
    {.entry = {1, 3, 6, 1, 6, 3, 1, 1, 6},
     .entry_length = 9,
     COLUMNS(set_columns),
     .set = set_serial},
    {.entry = {1, 3, 6, 1, 6, 3, 10, 2, 1}, .entry_length = 9, COLUMNS(engine_columns)},
    {.entry = {1, 3, 6, 1, 6, 3, 11, 2, 1}, .entry_length = 9, COLUMNS(message_columns)},
    {.entry = {1, 3, 6, 1, 6, 3, 15, 1, 1}, .entry_length = 9, COLUMNS(user_columns)},
};
#define TABLES (sizeof tables / sizeof *tables)

static void describe(struct snmp_system *system)
{
    struct utsname name;
    struct snmp_value text;
    if (uname(&name) < 0)
        snmp_format(&text, "busbar " BUSBAR_VERSION);
    else
        snmp_format(&text, "busbar " BUSBAR_VERSION ", %s %s %s", name.sysname, name.release,
                    name.machine);
    memcpy(system->description, text.room, sizeof text.room);
}

static void *make(const struct snmp_model *model, struct snmp_tree *tree)
{
    struct snmp_system *system = mem_new(sizeof *system);
    system->model = model;
    system->object_id_length =
        snmp_busbar_oid(model->enterprise, SNMP_BUSBAR_AGENT, system->object_id);
    system->own_module_length =
        snmp_busbar_oid(model->enterprise, SNMP_BUSBAR_CONFORMANCE, system->own_module);
    describe(system);
    system->tables = mem_new(sizeof tables);
    memcpy(system->tables, tables, sizeof tables);
    for (size_t i = 0; i < TABLES; i++) {
        system->tables[i].user = system;
        snmp_tree_add(tree, &system->tables[i]);
    }
    return system;
}

static void end(void *part, struct snmp_tree *tree)
{
    struct snmp_system *system = part;
    for (size_t i = 0; i < TABLES; i++)
        snmp_tree_remove(tree, &system->tables[i]);
    free(system->tables);
    free(system);
}

const struct snmp_part snmp_system_part = {.name = "system", .make = make, .free = end};
