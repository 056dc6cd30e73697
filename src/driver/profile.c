#include "driver/profile.h"

#include <stdlib.h>
#include <string.h>

#include "driver/profile_reader.h"
#include "wire/modbus_pdu.h"

enum { NAME_MAX_BYTES = 63, TEXT_MAX_BYTES = 400, LIST_MAX = 64, GAP_DEFAULT = 8 };

static const char *const top_keys[] = {"profile", "aliases",   "vendor",   "model", "title",
                                       "role",    "confirmed", "sources",  "notes", "line",
                                       "limits",  "order",     "identify", "points"};

/* ---- texts ----------------------------------------------------------------------------------- */

/* Names go into paths, file names and addresses of the API. */
static bool is_name(const char *text)
{
    size_t good = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-");
    return text[0] && text[0] != '-' && text[good] == '\0' && good <= NAME_MAX_BYTES;
}

static const char *read_name(struct profile_reader *reader, const struct yaml_node *node)
{
    if (yaml_kind(node) == YAML_SCALAR && is_name(yaml_text(node)))
        return arena_text(reader->arena, yaml_text(node));
    profile_fault(reader, node, "a profile's name is made of a-z, 0-9 and -, at most %d of them",
                  NAME_MAX_BYTES);
    return NULL;
}

/* One line, or a list of them. */
static const char *const *read_list(struct profile_reader *reader, const struct yaml_node *node,
                                    const char *what, bool names, size_t *count)
{
    *count = 0;
    if (!node)
        return NULL;
    if (profile_listed(node) > LIST_MAX) {
        profile_fault(reader, node, "%s: more than %d lines", what, LIST_MAX);
        return NULL;
    }
    const char **list = arena_take(reader->arena, (profile_listed(node) + 1) * sizeof *list);
    for (size_t i = 0; i < profile_listed(node); i++) {
        const struct yaml_node *item = profile_listed_at(node, i);
        const char *text =
            names ? read_name(reader, item) : profile_read_line(reader, item, what, TEXT_MAX_BYTES);
        if (text)
            list[(*count)++] = text;
    }
    return list;
}

/* ---- line, limits ---------------------------------------------------------------------------- */

static void read_line_settings(struct profile_reader *reader, const struct yaml_node *map,
                               struct profile_line *line)
{
    static const char *const keys[] = {"baud", "parity", "stop_bits"};
    static const char *const parities[] = {"none", "even", "odd"};
    if (!profile_read_map(reader, map, "line", keys, COUNT_OF(keys)))
        return;
    int64_t number;
    const struct yaml_node *node;
    if ((node = yaml_get(map, "baud")) &&
        profile_read_int(reader, node, "baud", 300, 1000000, &number))
        line->baud = (int)number;
    if ((node = yaml_get(map, "stop_bits")) &&
        profile_read_int(reader, node, "stop_bits", 1, 2, &number))
        line->stop_bits = (int)number;
    if ((node = yaml_get(map, "parity"))) {
        int word = profile_read_word(reader, node, "parity", parities, COUNT_OF(parities));
        line->parity = word < 0 ? PROFILE_PARITY_NONE : (enum profile_parity)word;
    }
}

static void read_limit(struct profile_reader *reader, const struct yaml_node *map, const char *key,
                       int64_t low, int64_t high, unsigned *value)
{
    const struct yaml_node *node = yaml_get(map, key);
    int64_t number;
    if (node && profile_read_int(reader, node, key, low, high, &number))
        *value = (unsigned)number;
}

static void read_limits(struct profile_reader *reader, const struct yaml_node *map,
                        struct profile_limits *limits)
{
    static const char *const keys[] = {"registers",  "bits",     "gap",
                                       "timeout_ms", "pause_ms", "write_gap_ms"};
    if (!profile_read_map(reader, map, "limits", keys, COUNT_OF(keys)))
        return;
    read_limit(reader, map, "registers", 1, MODBUS_PDU_READ_MAX, &limits->registers);
    read_limit(reader, map, "bits", 1, MODBUS_PDU_READ_BITS_MAX, &limits->bits);
    read_limit(reader, map, "gap", 0, MODBUS_PDU_READ_MAX, &limits->gap);
    read_limit(reader, map, "timeout_ms", 10, 60000, &limits->timeout_ms);
    read_limit(reader, map, "pause_ms", 0, 10000, &limits->pause_ms);
    read_limit(reader, map, "write_gap_ms", 0, 10000, &limits->write_gap_ms);
}

/* Only the 32-bit word tells a whole habit: AB could be ABCD or CDAB. */
static void read_habit(struct profile_reader *reader, const struct yaml_node *node)
{
    const char *names[MODBUS_VALUE_ORDER_COUNT];
    for (unsigned i = 0; i < MODBUS_VALUE_ORDER_COUNT; i++)
        names[i] = modbus_value_order_name((enum modbus_value_order)i, 32);
    int word = profile_read_word(reader, node, "order of a device (ABCD CDAB BADC DCBA)", names,
                                 COUNT_OF(names));
    if (word >= 0)
        reader->order = (enum modbus_value_order)word;
}

/* ---- identify -------------------------------------------------------------------------------- */

/* Integers are compared bit by bit, whatever sign the type has. */
static bool read_equals(struct profile_reader *reader, const struct yaml_node *node,
                        struct profile_rule *rule)
{
    uint64_t raw;
    rule->equals = true;
    if (rule->at.type == MODBUS_VALUE_TEXT) {
        rule->text = profile_read_line(reader, node, "equals", 2u * rule->at.count);
        return rule->text != NULL;
    }
    if (profile_type_is_float(rule->at.type) || profile_type_is_bcd(rule->at.type)) {
        if (!profile_read_number(reader, node, "equals", &rule->low))
            return false;
        rule->high = rule->low;
        return true;
    }
    if (!profile_read_raw(reader, node, rule->at.type, &raw))
        return false;
    rule->key = profile_key(rule->at.type, raw);
    return true;
}

static bool read_rule(struct profile_reader *reader, const struct yaml_node *map,
                      struct profile_rule *rule)
{
    static const char *const keys[] = {"holding", "input",  "coil",   "discrete", "type",
                                       "order",   "length", "equals", "between"};
    if (!profile_read_map(reader, map, "identify", keys, COUNT_OF(keys)) ||
        !profile_read_register(reader, map, "identify", &rule->at))
        return false;
    const struct yaml_node *equals = yaml_get(map, "equals"), *between = yaml_get(map, "between");
    if (!equals == !between) {
        profile_fault(reader, map, "a rule of identify needs equals or between, one of them");
        return false;
    }
    if (equals)
        return read_equals(reader, equals, rule);
    if (rule->at.type == MODBUS_VALUE_TEXT) {
        profile_fault(reader, between, "text has no between; use equals");
        return false;
    }
    return profile_read_range(reader, between, "between", &rule->low, &rule->high);
}

static void read_rules(struct profile_reader *reader, const struct yaml_node *node,
                       struct profile *profile)
{
    if (yaml_kind(node) != YAML_LIST || yaml_count(node) > LIST_MAX) {
        profile_fault(reader, node, "identify must be a list of at most %d rules", LIST_MAX);
        return;
    }
    struct profile_rule *rules = arena_take(reader->arena, (yaml_count(node) + 1) * sizeof *rules);
    for (size_t i = 0; i < yaml_count(node); i++) {
        if (read_rule(reader, yaml_at(node, i, NULL), &rules[profile->rule_count]))
            profile->rule_count++;
    }
    profile->rules = rules;
}

/* ---- the whole ------------------------------------------------------------------------------- */

/* Missing keys have no line; the message stands at the top. */
static const char *read_required(struct profile_reader *reader, const struct yaml_node *root,
                                 const char *key)
{
    const struct yaml_node *node = yaml_get(root, key);
    if (node)
        return profile_read_line(reader, node, key, TEXT_MAX_BYTES);
    profile_fault(reader, root, "the key \"%s\" is missing", key);
    return NULL;
}

static void read_texts(struct profile_reader *reader, const struct yaml_node *root,
                       struct profile *profile)
{
    const struct yaml_node *node = yaml_get(root, "profile");
    profile->name = node ? read_name(reader, node) : read_required(reader, root, "profile");
    profile->vendor = read_required(reader, root, "vendor");
    profile->model = read_required(reader, root, "model");
    node = yaml_get(root, "title");
    profile->title = node ? profile_read_line(reader, node, "title", TEXT_MAX_BYTES) : "";
    node = yaml_get(root, "role");
    if (node)
        profile->role = profile_read_role(reader, node);
    else
        profile_fault(reader, root, "the key \"role\" is missing");
    int64_t confirmed = 0;
    if ((node = yaml_get(root, "confirmed")))
        profile_read_int(reader, node, "confirmed", 0, 99, &confirmed);
    profile->confirmed = (int)confirmed;
    profile->aliases =
        read_list(reader, yaml_get(root, "aliases"), "aliases", true, &profile->alias_count);
    profile->sources =
        read_list(reader, yaml_get(root, "sources"), "sources", false, &profile->source_count);
    profile->notes =
        read_list(reader, yaml_get(root, "notes"), "notes", false, &profile->note_count);
}

static void read_root(struct profile_reader *reader, const struct yaml_node *root,
                      struct profile *profile)
{
    if (!profile_read_map(reader, root, "a profile", top_keys, COUNT_OF(top_keys)))
        return;
    read_texts(reader, root, profile);
    const struct yaml_node *node;
    if ((node = yaml_get(root, "line")))
        read_line_settings(reader, node, &profile->line);
    if ((node = yaml_get(root, "limits")))
        read_limits(reader, node, &profile->limits);
    reader->registers = profile->limits.registers;
    reader->bits = profile->limits.bits;
    if ((node = yaml_get(root, "order")))
        read_habit(reader, node);
    if ((node = yaml_get(root, "identify")))
        read_rules(reader, node, profile);
    if ((node = yaml_get(root, "points")))
        profile->points = profile_read_points(reader, node, &profile->point_count);
    else
        profile_fault(reader, root, "the key \"points\" is missing");
}

/* Takes the document. */
static struct profile *read_document_take(struct yaml *yaml, const char *path,
                                          struct err_list *errors)
{
    struct arena *arena = arena_new();
    struct profile *profile = arena_take(arena, sizeof *profile);
    profile->arena = arena;
    profile->path = arena_text(arena, path);
    profile->limits = (struct profile_limits){
        .registers = MODBUS_PDU_READ_MAX, .bits = MODBUS_PDU_READ_BITS_MAX, .gap = GAP_DEFAULT};
    struct profile_reader reader = {.arena = arena, .errors = errors, .order = MODBUS_VALUE_ABCD};
    size_t before = errors->found;
    if (yaml_root(yaml)) {
        read_root(&reader, yaml_root(yaml), profile);
    } else {
        struct err err = ERR_EMPTY;
        err_set(&err, -1, "%s: empty file", path);
        err_list_add(errors, &err);
    }
    yaml_free(yaml);
    return errors->found == before ? profile : profile_free(profile);
}

static struct profile *read_document(struct yaml *yaml, const struct err *err, const char *path,
                                     struct err_list *errors)
{
    if (yaml)
        return read_document_take(yaml, path, errors);
    err_list_add(errors, err);
    return NULL;
}

/* The name in the file must be the file's: the folder's listing is the list of profiles. */
static bool check_file_name(const struct profile *profile, struct err_list *errors)
{
    const char *slash = strrchr(profile->path, '/');
    const char *file = slash ? slash + 1 : profile->path;
    size_t length = strlen(profile->name);
    if (strncmp(file, profile->name, length) == 0 && strcmp(file + length, ".yaml") == 0)
        return true;
    struct err err = ERR_EMPTY;
    err_set(&err, -1, "%s: the file must be called %s.yaml, like the profile in it", profile->path,
            profile->name);
    err_list_add(errors, &err);
    return false;
}

struct profile *profile_read_file(const char *path, struct err_list *errors)
{
    struct err err = ERR_EMPTY;
    struct yaml *yaml = yaml_read_file(path, &err);
    struct profile *profile = read_document(yaml, &err, path, errors);
    if (profile && !check_file_name(profile, errors))
        return profile_free(profile);
    return profile;
}

struct profile *profile_read_text(const char *name, const char *text, size_t length,
                                  struct err_list *errors)
{
    struct err err = ERR_EMPTY;
    struct yaml *yaml = yaml_read_text(name, text, length, &err);
    return read_document(yaml, &err, name, errors);
}

struct profile *profile_free(struct profile *profile)
{
    if (profile)
        arena_free(profile->arena);
    return NULL;
}
