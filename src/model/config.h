/* config - one generation of settings: the site file of a person, over it nothing, under it the
 * overlay of the pages.
 *
 * Reading is all or nothing: every mistake is collected with its place, and a configuration with a
 * mistake is never used. Records live in the configuration's arena; a reload makes a new
 * configuration beside the old one, compares, applies, and frees the old one. The daemon never
 * writes the site file; the overlay (JSON, in the state folder) holds what pages and API changed. A
 * key in the site file wins and is shown read-only.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "model/setting.h"

/* Words that references may name besides records of collections (profiles). */
struct config_words {
    const char *name;
    const char *const *words; /* NULL-terminated */
};

struct config_schema {
    const struct setting_table *const *tables; /* NULL-terminated */
    const struct config_words *words;
    size_t word_lists;
};

/* Changes to the overlay: key -> value as text, NULL text = back to the default. The key
 * "devices.NAME" with NULL removes a record that the overlay made, with "" it makes one of nothing
 * but defaults; setting a key of a record that does not exist makes the record too. A key that
 * stands in the site file cannot be changed here. */
struct config_change {
    const char *key;
    const char *text;
};

/* Read `site_path` (NULL: none) and `overlay_path` (NULL, or missing: empty) and lay `changes` over
 * the overlay. NULL when there is any mistake; then `errors` names each. `schema` is borrowed. */
struct config *config_load(const struct config_schema *schema, const char *site_path,
                           const char *overlay_path, const struct config_change *changes,
                           size_t change_count, struct err_list *errors);
struct config *config_free(struct config *config);

/* The content of the overlay that holds what this configuration took from the old one and the
 * changes. */
void config_write_overlay(const struct config *config, struct buf *out);

/* The same to a file, atomically and at once: for programs that may wait for a disk. */
int config_save_overlay(const struct config *config, const char *overlay_path, struct err *err);

/* ---- reading --------------------------------------------------------------------------------- */

/* The record of a plain table. */
const void *config_record(const struct config *config, const struct setting_table *table);

/* Records of a collection, in the order of the file. */
size_t config_count(const struct config *config, const struct setting_table *table);
const void *config_at(const struct config *config, const struct setting_table *table, size_t index);
const char *config_name_at(const struct config *config, const struct setting_table *table,
                           size_t index);

/* Index of a named record, or -1. */
int config_find(const struct config *config, const struct setting_table *table, const char *name);

const struct config_schema *config_schema(const struct config *config);

/* A table of the schema by its name, for rules that look at records of other modules; NULL when
 * there is none. */
const struct setting_table *config_table_named(const struct config *config, const char *name);

/* ---- keys: "web.https", "devices.meter-1.unit" ----------------------------------------------- */

enum config_source { CONFIG_DEFAULT, CONFIG_PAGE, CONFIG_FILE };

struct config_key {
    const struct setting_table *table;
    const struct setting_row *row;
    const char *name; /* of the record, NULL for plain tables */
    const void *record;
    enum config_source source;
    const char *place; /* "busbar.yaml:3:12" for CONFIG_FILE, else "" */
};

/* Look a key up; 0 or -ENOENT with the nearest key in `err`. For a collection's record that does
 * not exist, `record` is NULL (it may be made by a change). `name` and `place` are valid until the
 * next call. */
int config_key(const struct config *config, const char *key, struct config_key *found,
               struct err *err);

/* The same for a whole record, "devices.meter-1"; `row` is NULL then. -ENOENT when there is no such
 * record. */
int config_key_record(const struct config *config, const char *key, struct config_key *found,
                      struct err *err);

/* Call `fn` for each key of the configuration, tables in order; `key` is the full key. */
void config_each(const struct config *config,
                 void (*fn)(void *user, const char *key, const struct config_key *found),
                 void *user);

/* Call `fn` for each key whose value differs between two configurations, records that came or went
 * included (then one side's record is NULL). */
void config_diff(const struct config *before, const struct config *after,
                 void (*fn)(void *user, const char *key, const struct config_key *before,
                            const struct config_key *after),
                 void *user);
