/* yaml - reading YAML as a read-only tree where every node knows its place.
 *
 * libfyaml parses, we keep a compact copy of its tree: duplicate keys, unknown anchors and syntax
 * mistakes are refused with file:line:column. Anchors and aliases are refused (no bombs), nesting
 * is limited. A document and its nodes live until yaml_free; nodes are borrowed pointers.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct yaml;      /* a parsed document */
struct yaml_node; /* a node in it; opaque */

#define YAML_FILE_MAX (4u << 20)
#define YAML_DEPTH_MAX 32

enum yaml_kind { YAML_SCALAR, YAML_MAP, YAML_LIST };

/* Parse a file, or text that messages call `name`. NULL and a filled `err` when it is not valid
 * YAML. */
struct yaml *yaml_read_file(const char *path, struct err *err);
struct yaml *yaml_read_text(const char *name, const char *text, size_t length, struct err *err);
struct yaml *yaml_free(struct yaml *yaml);

/* The top node; NULL for an empty document. */
const struct yaml_node *yaml_root(const struct yaml *yaml);

/* What messages call the document: its path, or the name given to yaml_read_text. */
const char *yaml_name(const struct yaml_node *node);

enum yaml_kind yaml_kind(const struct yaml_node *node);

/* Text of a scalar, zero-terminated, lives with the document; "" for maps and lists. */
const char *yaml_text(const struct yaml_node *node);

/* True for a plain (unquoted) scalar `null`, `~` or nothing. */
bool yaml_is_null(const struct yaml_node *node);

/* Children of a map or list, in the file's order. For maps `key` (may be NULL) receives the key's
 * node. */
size_t yaml_count(const struct yaml_node *node);
const struct yaml_node *yaml_at(const struct yaml_node *node, size_t index,
                                const struct yaml_node **key);

/* The value of `key` in a map, or NULL. */
const struct yaml_node *yaml_get(const struct yaml_node *map, const char *key);

/* Line and column, counted from 1. */
struct yaml_place {
    int line, column;
};
struct yaml_place yaml_place(const struct yaml_node *node);

/* Scalar conversions: 0, or -EINVAL / -ERANGE. Integers also in hex (0x...). */
int yaml_int(const struct yaml_node *node, int64_t *value);
int yaml_number(const struct yaml_node *node, double *value);
int yaml_bool(const struct yaml_node *node, bool *value);

/* Fill `err` with "name:line:column: sentence"; returns -EINVAL. */
int yaml_err(const struct yaml_node *node, struct err *err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
