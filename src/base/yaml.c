#include "base/yaml.h"

#include <ctype.h>
#include <errno.h>
#include <libfyaml.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/utf8.h"

struct yaml_node {
    enum yaml_kind kind;
    bool plain;
    struct yaml_place place;
    const char *text;
    const char *name;
    size_t count;
    struct yaml_node *children; /* of a map: key, value, key, value, ... */
};

struct yaml {
    struct arena *arena;
    const char *name;
    struct yaml_node *root;
};

/* ---- copying libfyaml's tree ----------------------------------------------------------------- */

/* Only scalars carry a token of their own; maps and lists take the place of their first child. */
static struct yaml_place place_of(struct fy_node *from)
{
    for (int depth = 0; from && !fy_node_is_scalar(from) && depth <= YAML_DEPTH_MAX; depth++) {
        struct fy_node_pair *pair =
            fy_node_is_mapping(from) ? fy_node_mapping_get_by_index(from, 0) : NULL;
        from = pair ? fy_node_pair_key(pair) : fy_node_sequence_get_by_index(from, 0);
    }
    struct fy_token *token =
        from && fy_node_is_scalar(from) ? fy_node_get_scalar_token(from) : NULL;
    const struct fy_mark *mark = token ? fy_token_start_mark(token) : NULL;
    return mark ? (struct yaml_place){mark->line + 1, mark->column + 1} : (struct yaml_place){0, 0};
}

static int copy_node(struct yaml *yaml, struct fy_node *from, struct yaml_node *to, int depth,
                     struct err *err);

static int copy_scalar(struct yaml *yaml, struct fy_node *from, struct yaml_node *to,
                       struct err *err)
{
    enum fy_node_style style = from ? fy_node_get_style(from) : FYNS_PLAIN;
    if (style == FYNS_ALIAS)
        return yaml_err(to, err, "aliases (*name) are not supported here; write the value out");
    size_t length = 0;
    const char *text = from ? fy_node_get_scalar(from, &length) : NULL;
    if (text && memchr(text, '\0', length))
        return yaml_err(to, err, "text with a zero byte");
    to->kind = YAML_SCALAR;
    to->plain = style == FYNS_PLAIN || style == FYNS_ANY;
    to->text = text ? arena_text_n(yaml->arena, text, length) : "";
    return 0;
}

static int copy_list(struct yaml *yaml, struct fy_node *from, struct yaml_node *to, int depth,
                     struct err *err)
{
    to->kind = YAML_LIST;
    to->count = (size_t)fy_node_sequence_item_count(from);
    to->children = arena_take(yaml->arena, to->count * sizeof *to->children);
    void *at = NULL;
    for (size_t i = 0; i < to->count; i++) {
        struct fy_node *item = fy_node_sequence_iterate(from, &at);
        int result = copy_node(yaml, item, &to->children[i], depth + 1, err);
        if (result < 0)
            return result;
    }
    if (to->count && !to->place.line)
        to->place = to->children[0].place;
    return 0;
}

static int copy_map(struct yaml *yaml, struct fy_node *from, struct yaml_node *to, int depth,
                    struct err *err)
{
    to->kind = YAML_MAP;
    to->count = (size_t)fy_node_mapping_item_count(from);
    to->children = arena_take(yaml->arena, 2 * to->count * sizeof *to->children);
    void *at = NULL;
    for (size_t i = 0; i < to->count; i++) {
        struct fy_node_pair *pair = fy_node_mapping_iterate(from, &at);
        struct yaml_node *key = &to->children[2 * i], *value = key + 1;
        int result = copy_node(yaml, fy_node_pair_key(pair), key, depth + 1, err);
        if (result == 0)
            result = copy_node(yaml, fy_node_pair_value(pair), value, depth + 1, err);
        if (result < 0)
            return result;
        if (key->kind != YAML_SCALAR)
            return yaml_err(key, err, "a key must be a plain word");
        if (!value->place.line)
            value->place = key->place;
    }
    if (to->count && !to->place.line)
        to->place = to->children[0].place;
    return 0;
}

static int copy_node(struct yaml *yaml, struct fy_node *from, struct yaml_node *to, int depth,
                     struct err *err)
{
    to->name = yaml->name;
    to->text = "";
    if (from)
        to->place = place_of(from);
    if (depth > YAML_DEPTH_MAX)
        return yaml_err(to, err, "nested more than %d levels deep", YAML_DEPTH_MAX);
    if (from && fy_node_get_anchor(from))
        return yaml_err(to, err, "anchors (&name) are not supported here; write the value out");
    switch (from ? fy_node_get_type(from) : FYNT_SCALAR) {
    case FYNT_SEQUENCE:
        return copy_list(yaml, from, to, depth, err);
    case FYNT_MAPPING:
        return copy_map(yaml, from, to, depth, err);
    default:
        return copy_scalar(yaml, from, to, err);
    }
}

/* ---- parsing --------------------------------------------------------------------------------- */

static void describe_error(struct fy_diag *diag, const char *name, struct err *err)
{
    void *at = NULL;
    struct fy_diag_error *first = fy_diag_errors_iterate(diag, &at);
    if (first)
        err_set(err, -EINVAL, "%s:%d:%d: %s", name, first->line, first->column, first->msg);
    else
        err_set(err, -EINVAL, "%s: not valid YAML", name);
}

/* Where a byte stands, for messages about text that is no YAML yet. */
static int err_at(const char *name, const char *text, size_t at, const char *sentence,
                  struct err *err)
{
    int line = 1;
    size_t begin = 0;
    for (size_t i = 0; i < at; i++) {
        if (text[i] == '\n') {
            line++;
            begin = i + 1;
        }
    }
    return err_set(err, -EINVAL, "%s:%d:%zu: %s", name, line, at - begin + 1, sentence);
}

/* libfyaml 0.7.12 hangs on some broken bytes in a directive: it gets neither. */
static int check_text(const char *name, const char *text, size_t length, struct err *err)
{
    size_t valid = utf8_valid(text, length);
    if (valid < length)
        return err_at(name, text, valid, "not valid UTF-8 text", err);
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '%' && (i == 0 || text[i - 1] == '\n' || text[i - 1] == '\r'))
            return err_at(name, text, i, "directives (%...) are not supported here", err);
    }
    return 0;
}

/* One document a file: a second one would be read by nobody. */
static int refuse_second(const char *name, struct fy_parser *parser, struct err *err)
{
    struct fy_document *second = fy_parse_load_document(parser);
    if (!second)
        return 0;
    const struct fy_mark *mark =
        fy_document_state_start_mark(fy_document_get_document_state(second));
    err_set(err, -EINVAL, "%s:%d:%d: a second document begins here (---, ...); only one is allowed",
            name, mark ? mark->line + 1 : 1, mark ? mark->column + 1 : 1);
    fy_parse_document_destroy(parser, second);
    return -EINVAL;
}

static int load(struct yaml *yaml, struct fy_parser *parser, struct fy_diag *diag, struct err *err)
{
    void *at = NULL;
    struct fy_document *document = fy_parse_load_document(parser);
    int result = document ? refuse_second(yaml->name, parser, err) : 0;
    if (result == 0 && fy_diag_errors_iterate(diag, &at)) {
        describe_error(diag, yaml->name, err);
        result = -EINVAL;
    } else if (result == 0 && fy_parser_get_stream_error(parser)) {
        result = err_set(err, -EINVAL, "%s: not valid YAML", yaml->name);
    } else if (result == 0 && document && fy_document_root(document)) {
        yaml->root = arena_take(yaml->arena, sizeof *yaml->root);
        result = copy_node(yaml, fy_document_root(document), yaml->root, 0, err);
    }
    fy_parse_document_destroy(parser, document);
    return result;
}

static int parse(struct yaml *yaml, const char *text, size_t length, struct err *err)
{
    struct fy_diag_cfg diag_config;
    fy_diag_cfg_default(&diag_config);
    diag_config.fp = NULL;
    struct fy_diag *diag = fy_diag_create(&diag_config);
    if (!diag)
        return err_set(err, -ENOMEM, "%s: out of memory", yaml->name);
    fy_diag_set_collect_errors(diag, true);
    struct fy_parse_cfg config = {.flags = FYPCF_QUIET | FYPCF_COLLECT_DIAG, .diag = diag};
    struct fy_parser *parser = fy_parser_create(&config);
    int result = parser && fy_parser_set_string(parser, text, length) == 0
                     ? load(yaml, parser, diag, err)
                     : err_set(err, -ENOMEM, "%s: out of memory", yaml->name);
    fy_parser_destroy(parser);
    fy_diag_destroy(diag);
    return result;
}

struct yaml *yaml_read_text(const char *name, const char *text, size_t length, struct err *err)
{
    struct yaml *yaml = mem_new(sizeof *yaml);
    yaml->arena = arena_new();
    yaml->name = arena_text(yaml->arena, name);
    if (length == 0 ||
        (check_text(name, text, length, err) == 0 && parse(yaml, text, length, err) == 0))
        return yaml;
    return yaml_free(yaml);
}

struct yaml *yaml_read_file(const char *path, struct err *err)
{
    struct buf text = BUF_EMPTY;
    struct yaml *yaml = NULL;
    if (file_read(path, YAML_FILE_MAX, &text, err) == 0)
        yaml = yaml_read_text(path, text.data, text.length, err);
    buf_deinit(&text);
    return yaml;
}

struct yaml *yaml_free(struct yaml *yaml)
{
    if (yaml) {
        arena_free(yaml->arena);
        free(yaml);
    }
    return NULL;
}

/* ---- reading the tree ------------------------------------------------------------------------ */

const struct yaml_node *yaml_root(const struct yaml *yaml)
{
    return yaml->root;
}

const char *yaml_name(const struct yaml_node *node)
{
    return node->name;
}

enum yaml_kind yaml_kind(const struct yaml_node *node)
{
    return node->kind;
}

const char *yaml_text(const struct yaml_node *node)
{
    return node->text;
}

bool yaml_is_null(const struct yaml_node *node)
{
    return node->kind == YAML_SCALAR && node->plain &&
           (!*node->text || strcmp(node->text, "null") == 0 || strcmp(node->text, "~") == 0);
}

size_t yaml_count(const struct yaml_node *node)
{
    return node->count;
}

const struct yaml_node *yaml_at(const struct yaml_node *node, size_t index,
                                const struct yaml_node **key)
{
    if (node->kind != YAML_MAP)
        return &node->children[index];
    if (key)
        *key = &node->children[2 * index];
    return &node->children[2 * index + 1];
}

const struct yaml_node *yaml_get(const struct yaml_node *map, const char *key)
{
    if (!map || map->kind != YAML_MAP)
        return NULL;
    for (size_t i = 0; i < map->count; i++) {
        if (strcmp(map->children[2 * i].text, key) == 0)
            return &map->children[2 * i + 1];
    }
    return NULL;
}

struct yaml_place yaml_place(const struct yaml_node *node)
{
    return node->place;
}

int yaml_int(const struct yaml_node *node, int64_t *value)
{
    const char *text = node->text;
    if (node->kind != YAML_SCALAR || !*text || isspace((unsigned char)*text))
        return -EINVAL;
    const char *digits = *text == '-' || *text == '+' ? text + 1 : text;
    int base = digits[0] == '0' && (digits[1] == 'x' || digits[1] == 'X') ? 16 : 10;
    char *end;
    errno = 0;
    long long number = strtoll(text, &end, base);
    if (*end || end == text)
        return -EINVAL;
    if (errno)
        return -ERANGE;
    *value = number;
    return 0;
}

int yaml_number(const struct yaml_node *node, double *value)
{
    int64_t integer;
    if (yaml_int(node, &integer) == 0) {
        *value = (double)integer;
        return 0;
    }
    const char *text = node->text;
    if (node->kind != YAML_SCALAR || !*text || isspace((unsigned char)*text))
        return -EINVAL;
    char *end;
    double number = strtod(text, &end);
    if (*end || end == text)
        return -EINVAL;
    if (!isfinite(number))
        return -ERANGE;
    *value = number;
    return 0;
}

int yaml_bool(const struct yaml_node *node, bool *value)
{
    static const char *const yes[] = {"true", "yes", "on"}, *const no[] = {"false", "no", "off"};
    for (size_t i = 0; node->kind == YAML_SCALAR && i < sizeof yes / sizeof *yes; i++) {
        if (strcmp(node->text, yes[i]) == 0 || strcmp(node->text, no[i]) == 0) {
            *value = strcmp(node->text, yes[i]) == 0;
            return 0;
        }
    }
    return -EINVAL;
}

int yaml_err(const struct yaml_node *node, struct err *err, const char *format, ...)
{
    char sentence[ERR_TEXT_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(sentence, sizeof sentence, format, args);
    va_end(args);
    if (!node->place.line)
        return err_set(err, -EINVAL, "%s: %s", node->name, sentence);
    return err_set(err, -EINVAL, "%s:%d:%d: %s", node->name, node->place.line, node->place.column,
                   sentence);
}
