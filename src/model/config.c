#include "model/config_private.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"

/* ---- tables and records ---------------------------------------------------------------------- */

struct config_table *config_table(const struct config *config, const struct setting_table *table)
{
    for (size_t i = 0; i < config->table_count; i++) {
        if (config->tables[i].table == table)
            return &config->tables[i];
    }
    return NULL;
}

struct config_record *config_record_find(const struct config_table *table, const char *name)
{
    if (!table->table->collection)
        return &table->records[0];
    uintptr_t index = (uintptr_t)map_get(&table->by_name, name);
    return index ? &table->records[index - 1] : NULL;
}

/* The caller names a table of the schema: anything else is our own mistake. */
static const struct config_table *known_table(const struct config *config,
                                              const struct setting_table *table)
{
    const struct config_table *found = config_table(config, table);
    assert(found);
    return found;
}

const void *config_record(const struct config *config, const struct setting_table *table)
{
    assert(!table->collection);
    return known_table(config, table)->records[0].fields;
}

size_t config_count(const struct config *config, const struct setting_table *table)
{
    return known_table(config, table)->count;
}

const void *config_at(const struct config *config, const struct setting_table *table, size_t index)
{
    const struct config_table *found = known_table(config, table);
    assert(index < found->count);
    return found->records[index].fields;
}

const char *config_name_at(const struct config *config, const struct setting_table *table,
                           size_t index)
{
    const struct config_table *found = known_table(config, table);
    assert(index < found->count);
    return found->records[index].name;
}

int config_find(const struct config *config, const struct setting_table *table, const char *name)
{
    assert(table->collection);
    uintptr_t index = (uintptr_t)map_get(&known_table(config, table)->by_name, name);
    return (int)index - 1;
}

const struct config_schema *config_schema(const struct config *config)
{
    return config->schema;
}

const struct setting_table *config_table_named(const struct config *config, const char *name)
{
    const struct setting_table *const *tables = config->schema->tables;
    while (*tables && strcmp((*tables)->name, name) != 0)
        tables++;
    return *tables;
}

/* ---- what a key means ------------------------------------------------------------------------ */

static const struct setting_row *find_row(const struct setting_table *table, const char *key)
{
    for (size_t i = 0; i < table->row_count; i++) {
        if (strcmp(table->rows[i].key, key) == 0)
            return &table->rows[i];
    }
    return NULL;
}

static const char *nearest_row(const struct setting_table *table, const char *key)
{
    return nearest_word(key, &table->rows[0].key, table->row_count, sizeof *table->rows);
}

static int unknown_table(const struct config *config, const char *key, const char *name,
                         struct err *err)
{
    const char *guess =
        nearest_word(name, &config->tables[0].name, config->table_count, sizeof *config->tables);
    if (guess)
        return err_set(err, -ENOENT,
                       "unknown key \"%.100s\": there is no \"%.60s\"; did you mean \"%s\"?", key,
                       name, guess);
    return err_set(err, -ENOENT, "unknown key \"%.100s\": there is no \"%.60s\"", key, name);
}

static int unknown_row(const struct config_table *table, const char *key, const char *record,
                       const char *row, struct err *err)
{
    const char *guess = nearest_row(table->table, row);
    if (guess)
        return err_set(err, -ENOENT, "unknown key \"%.100s\"; did you mean \"%s%s%s.%s\"?", key,
                       table->name, record ? "." : "", record ? record : "", guess);
    return err_set(err, -ENOENT, "unknown key \"%.100s\"", key);
}

/* `rest` is what follows "table." in a key of a collection, and no row: a record, or a mistake. */
static int resolve_record(const struct config_table *table, const char *key, const char *rest,
                          const char *dot, struct config_spot *spot, struct err *err)
{
    struct err name_err;
    bool valid = config_check_name(table->table, rest, &name_err) == 0;
    char owner[LIMIT_PATH + 1] = "";
    if (dot && (size_t)(dot - rest) < sizeof owner)
        memcpy(owner, rest, (size_t)(dot - rest));
    if (*owner && config_record_find(table, owner))
        unknown_row(table, key, owner, dot + 1, err);
    else if (!valid)
        return err_set(err, -ENOENT, "unknown key \"%.100s\": %s", key, name_err.text);
    else {
        const char *guess = table->count ? nearest_word(rest, &table->records[0].name, table->count,
                                                        sizeof *table->records)
                                         : NULL;
        err_set(err, -ENOENT, "there is no \"%s\" in %s%s%s%s", rest, table->name,
                guess ? "; did you mean \"" : "", guess ? guess : "", guess ? "\"?" : "");
    }
    if (!valid)
        return -ENOENT;
    memcpy(spot->name, rest, strlen(rest) + 1);
    return 1;
}

int config_resolve(const struct config *config, const char *key, struct config_spot *spot,
                   struct err *err)
{
    *spot = (struct config_spot){0};
    char name[64];
    size_t length = strcspn(key, ".");
    snprintf(name, sizeof name, "%.*s", (int)(length < sizeof name ? length : sizeof name - 1),
             key);
    for (size_t i = 0; i < config->table_count && !spot->table; i++) {
        if (strlen(config->tables[i].name) == length && strcmp(config->tables[i].name, name) == 0)
            spot->table = &config->tables[i];
    }
    if (!spot->table)
        return unknown_table(config, key, name, err);
    if (!key[length])
        return err_set(err, -ENOENT, "unknown key \"%s\": this is the name of a table of keys",
                       key);
    const char *rest = key + length + 1;
    if (!spot->table->table->collection) {
        spot->row = find_row(spot->table->table, rest);
        return spot->row ? 0 : unknown_row(spot->table, key, NULL, rest, err);
    }
    /* Names may hold dots, keys of rows do not: the last dot separates. */
    const char *dot = strrchr(rest, '.');
    spot->row = dot ? find_row(spot->table->table, dot + 1) : NULL;
    if (!spot->row)
        return resolve_record(spot->table, key, rest, dot, spot, err);
    struct err name_err;
    snprintf(spot->name, sizeof spot->name, "%.*s", (int)(dot - rest), rest);
    if ((size_t)(dot - rest) != strlen(spot->name) ||
        config_check_name(spot->table->table, spot->name, &name_err) < 0)
        return err_set(err, -ENOENT, "unknown key \"%.100s\": no record can have this name", key);
    return 0;
}

void config_format_place(const struct config *config, struct config_place place, char *text,
                         size_t size)
{
    const char *path = place.origin == CONFIG_ORIGIN_SITE      ? config->site_path
                       : place.origin == CONFIG_ORIGIN_OVERLAY ? config->overlay_path
                                                               : NULL;
    if (path && place.line)
        snprintf(text, size, "%s:%d:%d", path, place.line, place.column);
    else
        snprintf(text, size, "%s", path ? path : "");
}

void config_format_key(const struct config_table *table, const struct config_record *record,
                       const char *row_key, char *key, size_t size)
{
    const char *name = record ? record->name : NULL;
    snprintf(key, size, "%s%s%s%s%s", table->name, name ? "." : "", name ? name : "",
             row_key ? "." : "", row_key ? row_key : "");
}

/* ---- asking by key --------------------------------------------------------------------------- */

#define PLACE_MAX 1100

void config_describe(const struct config *config, const struct config_table *table,
                     const struct config_record *record, const struct setting_row *row,
                     struct config_key *found)
{
    *found = (struct config_key){.table = table->table, .row = row, .place = ""};
    if (!record)
        return;
    found->name = record->name;
    found->record = record->fields;
    struct config_place place = record->place;
    found->source = record->source;
    if (row) {
        const struct config_value *value = &record->values[row - table->table->rows];
        found->source = value->source;
        place = value->place;
    }
    if (found->source == CONFIG_FILE) {
        config_format_place(config, place, config->asked_place, PLACE_MAX);
        found->place = config->asked_place;
    }
}

static int ask(const struct config *config, const char *key, bool whole, struct config_key *found,
               struct err *err)
{
    struct config_spot spot;
    int result = config_resolve(config, key, &spot, err);
    if (result < 0)
        return result;
    const struct config_record *record = config_record_find(spot.table, spot.name);
    if (whole && result == 0)
        return err_set(err, -ENOENT, "\"%s\" is one key, not a record", key);
    if (result == 1 && (!whole || !record))
        return whole || !record ? -ENOENT
                                : err_set(err, -ENOENT, "\"%s\" is a record, not one key", key);
    config_describe(config, spot.table, record, spot.row, found);
    if (!record) {
        snprintf(config->asked_name, LIMIT_PATH + 1, "%s", spot.name);
        found->name = config->asked_name;
    }
    return 0;
}

int config_key(const struct config *config, const char *key, struct config_key *found,
               struct err *err)
{
    return ask(config, key, false, found, err);
}

int config_key_record(const struct config *config, const char *key, struct config_key *found,
                      struct err *err)
{
    return ask(config, key, true, found, err);
}

void config_each(const struct config *config,
                 void (*fn)(void *user, const char *key, const struct config_key *found),
                 void *user)
{
    char key[CONFIG_KEY_MAX];
    struct config_key found;
    for (size_t i = 0; i < config->table_count; i++) {
        const struct config_table *table = &config->tables[i];
        for (size_t j = 0; j < table->count; j++) {
            for (size_t k = 0; k < table->table->row_count; k++) {
                const struct setting_row *row = &table->table->rows[k];
                config_format_key(table, &table->records[j], row->key, key, sizeof key);
                config_describe(config, table, &table->records[j], row, &found);
                fn(user, key, &found);
            }
        }
    }
}

/* ---- life ------------------------------------------------------------------------------------ */

static struct config *new_config(const struct config_schema *schema, const char *site_path,
                                 const char *overlay_path)
{
    struct config *config = mem_new(sizeof *config);
    config->schema = schema;
    config->arena = arena_new();
    config->site_path = site_path ? arena_text(config->arena, site_path) : NULL;
    config->overlay_path = overlay_path ? arena_text(config->arena, overlay_path) : NULL;
    config->asked_name = arena_take(config->arena, LIMIT_PATH + 1);
    config->asked_place = arena_take(config->arena, PLACE_MAX);
    while (schema->tables[config->table_count])
        config->table_count++;
    config->tables = arena_take(config->arena, config->table_count * sizeof *config->tables);
    return config;
}

struct config *config_free(struct config *config)
{
    if (!config)
        return NULL;
    for (size_t i = 0; i < config->table_count; i++) {
        free(config->tables[i].records);
        map_deinit(&config->tables[i].by_name);
    }
    free(config->entries);
    map_deinit(&config->entries_by_key);
    arena_free(config->arena);
    free(config);
    return NULL;
}

/* In the order of the places; mistakes of one place stay as they were found. */
static int compare_mistakes(const void *a, const void *b)
{
    const struct config_mistake *x = a, *y = b;
    if (x->place.origin != y->place.origin)
        return x->place.origin < y->place.origin ? -1 : 1;
    if (x->place.line != y->place.line)
        return x->place.line < y->place.line ? -1 : 1;
    if (x->place.column != y->place.column)
        return x->place.column < y->place.column ? -1 : 1;
    return x->order < y->order ? -1 : 1;
}

static void hand_out_mistakes(struct config_build *build, struct err_list *errors)
{
    if (build->count)
        qsort(build->mistakes, build->count, sizeof *build->mistakes, compare_mistakes);
    for (size_t i = 0; i < build->count; i++)
        err_list_add(errors, &build->mistakes[i].err);
    if (build->unsaid) {
        struct err rest;
        err_set(&rest, -EINVAL, "and %zu more mistakes", build->unsaid);
        err_list_add(errors, &rest);
    }
    free(build->mistakes);
}

struct config *config_load(const struct config_schema *schema, const char *site_path,
                           const char *overlay_path, const struct config_change *changes,
                           size_t change_count, struct err_list *errors)
{
    struct config *config = new_config(schema, site_path, overlay_path);
    struct config_build build = {.config = config};
    for (size_t i = 0; i < config->table_count; i++) {
        struct config_table *table = &config->tables[i];
        table->table = schema->tables[i];
        table->name = table->table->name;
        if (!table->table->collection)
            config_add_record(&build, table, NULL, CONFIG_DEFAULT, (struct config_place){0});
    }
    config_read_site(&build);
    config_read_overlay(&build);
    config_lay_changes(&build, changes, change_count);
    config_lay_overlay(&build);
    if (!build.broken)
        config_finish(&build);
    bool good = build.count == 0;
    hand_out_mistakes(&build, errors);
    return good ? config : config_free(config);
}
