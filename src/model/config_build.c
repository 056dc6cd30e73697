#include "model/config_private.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/nearest.h"
#include "model/component.h"

#define MISTAKES_MAX (ERR_LIST_MAX - 1) /* the last place says how many more there are */

static void note(struct config_build *build, struct config_place place, const char *where,
                 const char *sentence)
{
    if (build->count == MISTAKES_MAX) {
        build->unsaid++;
        return;
    }
    build->mistakes =
        mem_grow(build->mistakes, build->count, &build->capacity, sizeof *build->mistakes);
    struct config_mistake *mistake = &build->mistakes[build->count];
    err_set(&mistake->err, -EINVAL, "%s%s%s", where, *where ? ": " : "", sentence);
    mistake->place = place;
    mistake->order = build->count++;
}

void config_mistake(struct config_build *build, struct config_place place, const char *format, ...)
{
    char sentence[ERR_TEXT_MAX], where[ERR_TEXT_MAX / 2];
    va_list args;
    va_start(args, format);
    vsnprintf(sentence, sizeof sentence, format, args);
    va_end(args);
    config_format_place(build->config, place, where, sizeof where);
    note(build, place, where, sentence);
}

void config_mistake_file(struct config_build *build, enum config_origin origin,
                         const char *sentence)
{
    build->broken = true;
    note(build, (struct config_place){origin, 0, 0}, "", sentence);
}

/* ---- records --------------------------------------------------------------------------------- */

static bool name_is_valid(const char *name, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        char c = name[i];
        bool word = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (i == LIMIT_NAME || (!word && (i == 0 || !strchr("._-", c))))
            return false;
    }
    return length > 0;
}

static int check_path(const char *name, struct err *err)
{
    const char *slash = strchr(name, '/');
    enum component_kind kind;
    int number;
    if (slash && name_is_valid(name, (size_t)(slash - name)) &&
        component_parse(slash + 1, strlen(slash + 1), &kind, &number))
        return 0;
    const char *near = slash ? component_nearest(slash + 1) : NULL;
    return err_set(err, -EINVAL,
                   "the name \"%.100s\" is no path of a component: write DEVICE/COMPONENT, as in "
                   "pdu-a/outlet-3%s%s%s",
                   name, near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
}

int config_check_name(const struct setting_table *table, const char *name, struct err *err)
{
    if (table->paths)
        return check_path(name, err);
    if (!name_is_valid(name, strlen(name)))
        return err_set(err, -EINVAL,
                       "the name \"%.80s\" is not allowed: up to %d lower-case letters, digits and "
                       "\".\", \"_\", \"-\", beginning with a letter or digit",
                       name, LIMIT_NAME);
    const char *dot = strrchr(name, '.');
    for (size_t i = 0; dot && i < table->row_count; i++) {
        if (strcmp(dot + 1, table->rows[i].key) == 0)
            return err_set(err, -EINVAL,
                           "the name \"%s\" is not allowed: \"%s\" at its end is a key of %s", name,
                           dot, table->name);
    }
    return 0;
}

/* Defaults stand in the rows: one that does not parse is our own mistake. */
static void set_defaults(const struct setting_table *table, void *fields)
{
    for (size_t i = 0; i < table->row_count; i++) {
        const struct setting_row *row = &table->rows[i];
        bool text = row->type == SETTING_TEXT || row->type == SETTING_REFERENCE;
        int result = 0;
        if (text && (!row->initial || !*row->initial))
            *(const char **)((char *)fields + row->offset) = "";
        else if (row->initial)
            result = setting_parse(row, row->initial, fields, NULL);
        assert(result == 0);
        (void)result;
    }
}

struct config_record *config_add_record(struct config_build *build, struct config_table *table,
                                        const char *name, enum config_source source,
                                        struct config_place place)
{
    struct err err;
    if (name && config_check_name(table->table, name, &err) < 0) {
        config_mistake(build, place, "%s: %s", table->name, err.text);
        return NULL;
    }
    if (table->count == CONFIG_RECORDS_MAX) {
        config_mistake(build, place, "%s: more than %d of them", table->name, CONFIG_RECORDS_MAX);
        return NULL;
    }
    table->records =
        mem_grow(table->records, table->count, &table->capacity, sizeof *table->records);
    struct arena *arena = build->config->arena;
    struct config_record *record = &table->records[table->count++];
    *record = (struct config_record){
        .name = name ? arena_text(arena, name) : NULL,
        .fields = arena_take(arena, table->table->record_size),
        .values = arena_take(arena, table->table->row_count * sizeof *record->values),
        .source = source,
        .place = place,
    };
    set_defaults(table->table, record->fields);
    if (name)
        map_set(&table->by_name, record->name, (void *)(uintptr_t)table->count);
    return record;
}

void config_set(struct config_build *build, const struct config_table *table,
                struct config_record *record, const struct setting_row *row, const char *text,
                enum config_source source, struct config_place place)
{
    struct config_value *value = &record->values[row - table->table->rows];
    value->source = source;
    value->place = place;
    struct err err;
    if (setting_parse(row, arena_text(build->config->arena, text), record->fields, &err) == 0)
        return;
    value->mistaken = record->mistaken = true;
    char key[CONFIG_KEY_MAX];
    config_format_key(table, record, row->key, key, sizeof key);
    config_mistake(build, place, "%s: %s", key, err.text);
}

/* ---- when everything has been read ----------------------------------------------------------- */

/* The nearer of two guesses, either of which may be NULL. */
static const char *nearer(const char *word, const char *a, const char *b)
{
    if (!a || !b)
        return a ? a : b;
    return nearest_distance(word, a) <= nearest_distance(word, b) ? a : b;
}

/* A reference names a record of the collection or a word of a list called so, whichever has it. */
static bool reference_exists(const struct config *config, const char *list, const char *word,
                             const char **guess)
{
    *guess = NULL;
    for (size_t i = 0; i < config->table_count; i++) {
        const struct config_table *table = &config->tables[i];
        if (!table->table->collection || strcmp(table->name, list) != 0)
            continue;
        if (config_record_find(table, word))
            return true;
        if (table->count)
            *guess =
                nearest_word(word, &table->records[0].name, table->count, sizeof *table->records);
    }
    for (size_t i = 0; i < config->schema->word_lists; i++) {
        const struct config_words *words = &config->schema->words[i];
        if (strcmp(words->name, list) != 0)
            continue;
        size_t count = 0;
        for (; words->words[count]; count++) {
            if (strcmp(words->words[count], word) == 0)
                return true;
        }
        const char *near = nearest_word(word, words->words, count, sizeof *words->words);
        *guess = nearer(word, *guess, near);
    }
    return false;
}

static void check_reference(struct config_build *build, const struct config_table *table,
                            struct config_record *record, const struct setting_row *row)
{
    const char *word = *(const char *const *)((const char *)record->fields + row->offset);
    const struct config_value *value = &record->values[row - table->table->rows];
    const char *guess;
    if (!*word || value->mistaken || reference_exists(build->config, row->refers_to, word, &guess))
        return;
    record->mistaken = true;
    char key[CONFIG_KEY_MAX];
    config_format_key(table, record, row->key, key, sizeof key);
    config_mistake(build, value->source == CONFIG_DEFAULT ? record->place : value->place,
                   "%s: there is no \"%.80s\" in %s%s%s%s", key, word, row->refers_to,
                   guess ? "; did you mean \"" : "", guess ? guess : "", guess ? "\"?" : "");
}

/* A path begins with the name of a device. */
static void check_device(struct config_build *build, const struct config_table *table,
                         struct config_record *record)
{
    char device[LIMIT_NAME + 1];
    const char *guess;
    snprintf(device, sizeof device, "%.*s", (int)strcspn(record->name, "/"), record->name);
    if (reference_exists(build->config, "devices", device, &guess))
        return;
    record->mistaken = true;
    config_mistake(build, record->place, "%s.%s: there is no device \"%s\"%s%s%s", table->name,
                   record->name, device, guess ? "; did you mean \"" : "", guess ? guess : "",
                   guess ? "\"?" : "");
}

static void check_rows(struct config_build *build, const struct config_table *table,
                       struct config_record *record)
{
    if (table->table->paths)
        check_device(build, table, record);
    for (size_t i = 0; i < table->table->row_count; i++) {
        const struct setting_row *row = &table->table->rows[i];
        if (row->required && record->values[i].source == CONFIG_DEFAULT) {
            record->mistaken = true;
            char key[CONFIG_KEY_MAX];
            config_format_key(table, record, NULL, key, sizeof key);
            config_mistake(build, record->place, "%s: \"%s\" is missing: %s", key, row->key,
                           row->help);
        }
        if (row->type == SETTING_REFERENCE)
            check_reference(build, table, record, row);
    }
}

static void check_record(struct config_build *build, const struct config_table *table,
                         struct config_record *record)
{
    const char *key = NULL;
    struct err err;
    if (!table->table->check || table->table->check(build->config, record->fields, &key, &err) == 0)
        return;
    struct config_place place = record->place;
    for (size_t i = 0; key && i < table->table->row_count; i++) {
        if (strcmp(table->table->rows[i].key, key) == 0 &&
            record->values[i].source != CONFIG_DEFAULT)
            place = record->values[i].place;
    }
    char whole[CONFIG_KEY_MAX];
    config_format_key(table, record, key, whole, sizeof whole);
    config_mistake(build, place, "%s: %s", whole, err.text);
}

void config_finish(struct config_build *build)
{
    struct config *config = build->config;
    for (size_t i = 0; i < config->table_count; i++) {
        for (size_t j = 0; j < config->tables[i].count; j++)
            check_rows(build, &config->tables[i], &config->tables[i].records[j]);
    }
    /* The tables' own checks may look at any record: only now are all references known to be good.
     */
    for (size_t i = 0; i < config->table_count; i++) {
        for (size_t j = 0; j < config->tables[i].count; j++) {
            if (!config->tables[i].records[j].mistaken)
                check_record(build, &config->tables[i], &config->tables[i].records[j]);
        }
    }
}
