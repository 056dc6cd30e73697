#include "face/gateway_rule.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/outlet_groups.h"

#define LIST_MOST 1000 /* bytes */
#define SPANS_MOST 128

#define FIELD(name) .offset = offsetof(struct gateway_rule_settings, name)

static const struct setting_row rows[] = {
    {.key = "label",
     .type = SETTING_TEXT,
     FIELD(label),
     .max = 63,
     .initial = "",
     .right = ROLE_ADMINISTRATOR,
     .help = "What the rule is for."},
    {.key = "gateway",
     .type = SETTING_REFERENCE,
     FIELD(gateway),
     .refers_to = "gateways",
     .initial = "",
     .right = ROLE_ADMINISTRATOR,
     .help = "Which gateway it is about; empty: all."},
    {.key = "clients",
     .type = SETTING_TEXT,
     FIELD(clients),
     .max = LIST_MOST,
     .initial = "",
     .right = ROLE_ADMINISTRATOR,
     .help = "Addresses and networks of clients with a comma between, as in 192.0.2.7, "
             "198.51.100.0/24; empty: all."},
    {.key = "units",
     .type = SETTING_TEXT,
     FIELD(units),
     .max = LIST_MOST,
     .initial = "",
     .right = ROLE_ADMINISTRATOR,
     .help = "Units as the client addresses them, as in 1-31, 40; empty: all."},
    {.key = "functions",
     .type = SETTING_TEXT,
     FIELD(functions),
     .max = 200,
     .initial = "",
     .right = ROLE_ADMINISTRATOR,
     .help = "read (1 to 4), write (5, 6, 15, 16) or numbers of Modbus functions, with a comma "
             "between. Empty: a rule that allows is about read, one that refuses about all."},
    {.key = "registers",
     .type = SETTING_TEXT,
     FIELD(registers),
     .max = LIST_MOST,
     .initial = "",
     .right = ROLE_ADMINISTRATOR,
     .help = "Registers or coils counted from 0, as in 0-99, 4096; empty: all. An allowed request "
             "must lie in one of the spans, a refused one touches one."},
    {.key = "allow",
     .type = SETTING_BOOL,
     FIELD(allow),
     .initial = "true",
     .right = ROLE_ADMINISTRATOR,
     .help = "Whether what fits is allowed or refused."},
    {.key = "max_age",
     .type = SETTING_DURATION,
     FIELD(max_age),
     .max = 3600,
     .initial = "0 s",
     .right = ROLE_ADMINISTRATOR,
     .help = "A reading may be answered with what was read from the unit at most so long ago; 0 s: "
             "the unit is always asked."},
};

/* ---- lists ----------------------------------------------------------------------------------- */

/* "7" or "1-31". */
static bool parse_span(const char *word, size_t length, unsigned long *first, unsigned long *last)
{
    char *end;
    if (!isdigit((unsigned char)*word))
        return false;
    *first = *last = strtoul(word, &end, 10);
    if (*end == '-' && isdigit((unsigned char)end[1]))
        *last = strtoul(end + 1, &end, 10);
    return end == word + length && *first <= *last;
}

int gateway_spans_parse(struct gateway_span **spans, size_t *count, struct arena *arena,
                        const char *text, unsigned least, unsigned largest, const char *what,
                        struct err *err)
{
    size_t length;
    *count = 0;
    *spans = arena_take(arena, SPANS_MOST * sizeof **spans);
    for (const char *word; (word = outlet_list_next(&text, &length));) {
        unsigned long first, last;
        if (!parse_span(word, length, &first, &last) || first < least || last > largest)
            return err_set(err, -EINVAL,
                           "\"%.*s\" is no %s: write numbers from %u to %u, or spans as in %u-%u",
                           (int)(length < 40 ? length : 40), word, what, least, largest, least,
                           least + 9);
        if (*count == SPANS_MOST)
            return err_set(err, -E2BIG, "are more than %d spans", SPANS_MOST);
        (*spans)[(*count)++] = (struct gateway_span){(uint16_t)first, (uint16_t)last};
    }
    return 0;
}

static void add_function(struct gateway_rule *rule, unsigned number)
{
    rule->functions[number / 32] |= UINT32_C(1) << number % 32;
}

static int parse_functions(struct gateway_rule *rule, const char *text, struct err *err)
{
    static const struct {
        const char *name;
        uint8_t numbers[4];
    } kinds[] = {
        {"read",
         {MODBUS_PDU_READ_COILS, MODBUS_PDU_READ_DISCRETE, MODBUS_PDU_READ_HOLDING,
          MODBUS_PDU_READ_INPUT}},
        {"write",
         {MODBUS_PDU_WRITE_COIL, MODBUS_PDU_WRITE_REGISTER, MODBUS_PDU_WRITE_COILS,
          MODBUS_PDU_WRITE_REGISTERS}},
    };
    size_t length;
    for (const char *word; (word = outlet_list_next(&text, &length));) {
        size_t kind = 0;
        unsigned long first = 0, last = 0;
        while (kind < 2 &&
               (strlen(kinds[kind].name) != length || memcmp(kinds[kind].name, word, length) != 0))
            kind++;
        for (size_t i = 0; kind < 2 && i < 4; i++)
            add_function(rule, kinds[kind].numbers[i]);
        if (kind < 2)
            continue;
        if (!parse_span(word, length, &first, &last) || first < 1 || last > 127)
            return err_set(err, -EINVAL,
                           "\"%.*s\" is no function: write read, write, or numbers from 1 to 127",
                           (int)(length < 40 ? length : 40), word);
        for (unsigned long i = first; i <= last; i++)
            add_function(rule, (unsigned)i);
    }
    return 0;
}

static bool names_functions(const struct gateway_rule *rule)
{
    return rule->functions[0] || rule->functions[1] || rule->functions[2] || rule->functions[3];
}

static int parse_clients(struct gateway_rule *rule, struct arena *arena, const char *text,
                         struct err *err)
{
    size_t length;
    rule->clients = arena_take(arena, SPANS_MOST * sizeof *rule->clients);
    for (const char *word; (word = outlet_list_next(&text, &length));) {
        if (rule->client_count == SPANS_MOST)
            return err_set(err, -E2BIG, "are more than %d", SPANS_MOST);
        if (ip_net_parse(&rule->clients[rule->client_count++], word, length, err) < 0)
            return err->code;
    }
    return 0;
}

static int parse(struct gateway_rule *rule, struct arena *arena,
                 const struct gateway_rule_settings *settings, const char **key, struct err *err)
{
    *rule = (struct gateway_rule){.gateway = arena_text(arena, settings->gateway),
                                  .allow = settings->allow,
                                  .max_age = settings->max_age};
    *key = "clients";
    if (parse_clients(rule, arena, settings->clients, err) < 0)
        return err->code;
    *key = "units";
    if (gateway_spans_parse(&rule->units, &rule->unit_count, arena, settings->units, 0, 255, "unit",
                            err) < 0)
        return err->code;
    *key = "functions";
    if (parse_functions(rule, settings->functions, err) < 0)
        return err->code;
    /* Nobody gets the right to write because a word was left out. */
    if (rule->allow && !names_functions(rule))
        parse_functions(rule, "read", err);
    *key = "registers";
    return gateway_spans_parse(&rule->spans, &rule->span_count, arena, settings->registers, 0,
                               65535, "register", err);
}

static int check(const struct config *config, const void *record, const char **key, struct err *err)
{
    *key = NULL;
    if (config_count(config, &gateway_rules_table) > GATEWAY_RULES_MOST)
        return err_set(err, -E2BIG, "there are more than %d rules", GATEWAY_RULES_MOST);
    struct gateway_rule rule;
    struct arena *arena = arena_new();
    int result = parse(&rule, arena, record, key, err);
    arena_free(arena);
    return result;
}

const struct setting_table gateway_rules_table = {
    .name = "gateway_rules",
    .label = "Gateway rules",
    .help = "Who may ask which unit for what through a gateway. The first that fits decides; where "
            "none fits, readings are allowed and all else is refused.",
    .collection = true,
    .rows = rows,
    .row_count = sizeof rows / sizeof *rows,
    .record_size = sizeof(struct gateway_rule_settings),
    .check = check,
};

void gateway_rules_read(struct gateway_rules *rules, const struct config *config)
{
    const char *key;
    rules->arena = arena_new();
    rules->count = config_count(config, &gateway_rules_table);
    rules->list = arena_take(rules->arena, (rules->count + 1) * sizeof *rules->list);
    for (size_t i = 0; i < rules->count; i++)
        parse(&rules->list[i], rules->arena, config_at(config, &gateway_rules_table, i), &key,
              NULL);
}

void gateway_rules_deinit(struct gateway_rules *rules)
{
    rules->arena = arena_free(rules->arena);
    rules->count = 0;
}

/* ---- judging --------------------------------------------------------------------------------- */

bool gateway_is_write(const struct modbus_pdu_request *request)
{
    return request->function < MODBUS_PDU_READ_COILS || request->function > MODBUS_PDU_READ_INPUT;
}

static bool fits_client(const struct gateway_rule *rule, const struct gateway_question *question)
{
    if (*rule->gateway && strcmp(rule->gateway, question->gateway) != 0)
        return false;
    for (size_t i = 0; i < rule->client_count; i++) {
        if (ip_net_holds(&rule->clients[i], question->client))
            return true;
    }
    return rule->client_count == 0;
}

static bool fits_unit(const struct gateway_rule *rule, uint8_t unit)
{
    for (size_t i = 0; i < rule->unit_count; i++) {
        if (unit >= rule->units[i].first && unit <= rule->units[i].last)
            return true;
    }
    return rule->unit_count == 0;
}

static bool fits_function(const struct gateway_rule *rule, uint8_t function)
{
    return !names_functions(rule) || (rule->functions[function / 32 % 4] >> function % 32 & 1);
}

/* A function of unknown layout has no registers that could be told. */
static bool fits_registers(const struct gateway_rule *rule,
                           const struct modbus_pdu_request *request)
{
    if (rule->span_count == 0)
        return true;
    if (!modbus_pdu_known(request->function))
        return !rule->allow;
    uint32_t first = request->address, last = first + request->count - 1;
    for (size_t i = 0; i < rule->span_count; i++) {
        const struct gateway_span *span = &rule->spans[i];
        if (rule->allow ? first >= span->first && last <= span->last
                        : first <= span->last && last >= span->first)
            return true;
    }
    return false;
}

/* The refusal that tells most: what it was that did not suit. */
static uint8_t refusal_of(const struct gateway_rule *rule)
{
    if (rule->span_count)
        return MODBUS_PDU_ILLEGAL_ADDRESS;
    return names_functions(rule) ? MODBUS_PDU_ILLEGAL_FUNCTION : MODBUS_PDU_PATH_UNAVAILABLE;
}

struct gateway_verdict gateway_rules_judge(const struct gateway_rules *rules,
                                           const struct gateway_question *question)
{
    const struct modbus_pdu_request *request = question->request;
    uint8_t refusal = MODBUS_PDU_ILLEGAL_FUNCTION;
    for (size_t i = 0; i < rules->count; i++) {
        const struct gateway_rule *rule = &rules->list[i];
        if (!fits_client(rule, question) || !fits_unit(rule, question->unit) ||
            !fits_function(rule, request->function))
            continue;
        if (fits_registers(rule, request))
            return rule->allow ? (struct gateway_verdict){.max_age = rule->max_age}
                               : (struct gateway_verdict){.exception = refusal_of(rule)};
        if (rule->allow)
            refusal = MODBUS_PDU_ILLEGAL_ADDRESS;
    }
    if (gateway_is_write(request))
        return (struct gateway_verdict){.exception = refusal};
    return (struct gateway_verdict){.exception = 0};
}
