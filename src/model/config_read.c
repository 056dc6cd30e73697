#include "model/config_private.h"

#include <stdio.h>
#include <string.h>

#include "base/nearest.h"
#include "base/yaml.h"

/* The site file: `table: {key: value}` and `collection: {name: {key: value}}`. */

static struct config_place place_of(const struct yaml_node *node)
{
    struct yaml_place place = yaml_place(node);
    return (struct config_place){CONFIG_ORIGIN_SITE, place.line, place.column};
}

static const char *kind_name(const struct yaml_node *node)
{
    switch (yaml_kind(node)) {
    case YAML_MAP:
        return "a map";
    case YAML_LIST:
        return "a list";
    case YAML_SCALAR:
        break;
    }
    return "a single value";
}

/* "did you mean ..." or, when nothing is near, all the words there are. */
static void hint(char *text, size_t size, const char *word, const void *words, size_t count,
                 size_t stride)
{
    const char *guess = nearest_word(word, words, count, stride);
    if (guess) {
        snprintf(text, size, "did you mean \"%s\"?", guess);
        return;
    }
    size_t used = (size_t)snprintf(text, size, "known are");
    for (size_t i = 0; i < count && used < size; i++) {
        const char *known;
        memcpy(&known, (const char *)words + i * stride, sizeof known);
        used += (size_t)snprintf(text + used, size - used, "%s %s", i ? "," : "", known);
    }
}

/* A row with a mistake counts as given, so that it is not called missing as well. */
static void take_mistaken(struct config_record *record, size_t row, struct config_place place)
{
    record->values[row] = (struct config_value){CONFIG_FILE, place, true};
    record->mistaken = true;
}

static void read_row(struct config_build *build, const struct config_table *table,
                     struct config_record *record, const struct yaml_node *key,
                     const struct yaml_node *value)
{
    const struct setting_table *rows = table->table;
    const struct setting_row *row = NULL;
    for (size_t i = 0; i < rows->row_count && !row; i++) {
        if (strcmp(rows->rows[i].key, yaml_text(key)) == 0)
            row = &rows->rows[i];
    }
    char whole[CONFIG_KEY_MAX], help[200];
    if (!row) {
        config_format_key(table, record, NULL, whole, sizeof whole);
        hint(help, sizeof help, yaml_text(key), &rows->rows[0].key, rows->row_count,
             sizeof *rows->rows);
        record->mistaken = true;
        config_mistake(build, place_of(key), "%s: unknown key \"%.60s\"; %s", whole, yaml_text(key),
                       help);
        return;
    }
    config_format_key(table, record, row->key, whole, sizeof whole);
    if (yaml_kind(value) == YAML_SCALAR && !yaml_is_null(value)) {
        config_set(build, table, record, row, yaml_text(value), CONFIG_FILE, place_of(value));
        return;
    }
    take_mistaken(record, (size_t)(row - rows->rows), place_of(value));
    if (yaml_kind(value) == YAML_SCALAR)
        config_mistake(build, place_of(value), "%s: a value is missing", whole);
    else
        config_mistake(build, place_of(value), "%s: must be a single value, not %s", whole,
                       kind_name(value));
}

/* The keys of one record; nothing at all means all defaults. */
static void read_record(struct config_build *build, const struct config_table *table,
                        struct config_record *record, const struct yaml_node *node)
{
    if (yaml_is_null(node))
        return;
    if (yaml_kind(node) != YAML_MAP) {
        char whole[CONFIG_KEY_MAX];
        config_format_key(table, record, NULL, whole, sizeof whole);
        config_mistake(build, place_of(node), "%s: must be a map (key: value), not %s", whole,
                       kind_name(node));
        for (size_t i = 0; i < table->table->row_count; i++)
            take_mistaken(record, i, place_of(node));
        return;
    }
    for (size_t i = 0; i < yaml_count(node); i++) {
        const struct yaml_node *key, *value = yaml_at(node, i, &key);
        read_row(build, table, record, key, value);
    }
}

static void read_collection(struct config_build *build, struct config_table *table,
                            const struct yaml_node *node)
{
    if (yaml_is_null(node))
        return;
    if (yaml_kind(node) != YAML_MAP) {
        config_mistake(build, place_of(node),
                       "%s: must be a map of names (name: {key: value}), not %s", table->name,
                       kind_name(node));
        return;
    }
    for (size_t i = 0; i < yaml_count(node); i++) {
        const struct yaml_node *key, *value = yaml_at(node, i, &key);
        struct config_record *record =
            config_add_record(build, table, yaml_text(key), CONFIG_FILE, place_of(key));
        if (record)
            read_record(build, table, record, value);
    }
}

static void read_table(struct config_build *build, const struct yaml_node *key,
                       const struct yaml_node *value)
{
    struct config *config = build->config;
    for (size_t i = 0; i < config->table_count; i++) {
        struct config_table *table = &config->tables[i];
        if (strcmp(table->name, yaml_text(key)) != 0)
            continue;
        if (table->table->collection) {
            read_collection(build, table, value);
        } else {
            table->records[0].place = place_of(key);
            read_record(build, table, &table->records[0], value);
        }
        return;
    }
    char help[200];
    hint(help, sizeof help, yaml_text(key), &config->tables[0].name, config->table_count,
         sizeof *config->tables);
    config_mistake(build, place_of(key), "unknown key \"%.60s\"; %s", yaml_text(key), help);
}

void config_read_site(struct config_build *build)
{
    const char *path = build->config->site_path;
    if (!path)
        return;
    struct err err;
    struct yaml *yaml = yaml_read_file(path, &err);
    if (!yaml) {
        config_mistake_file(build, CONFIG_ORIGIN_SITE, err.text);
        return;
    }
    const struct yaml_node *root = yaml_root(yaml);
    if (root && yaml_kind(root) == YAML_MAP) {
        for (size_t i = 0; i < yaml_count(root); i++) {
            const struct yaml_node *key, *value = yaml_at(root, i, &key);
            read_table(build, key, value);
        }
    } else if (root && !yaml_is_null(root)) {
        config_mistake(build, place_of(root), "must be a map (key: value), not %s",
                       kind_name(root));
    }
    yaml_free(yaml);
}
