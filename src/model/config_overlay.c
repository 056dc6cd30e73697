#include "model/config_private.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/json.h"

/* The overlay: a JSON object of "table.key" or "table.record.key" to the value as text.
 * "table.record" with an empty text makes a record of nothing but defaults. */

#define OVERLAY_FILE_MAX (4u << 20)

static const struct config_place overlay_place = {CONFIG_ORIGIN_OVERLAY, 0, 0};
static const struct config_place change_place = {CONFIG_ORIGIN_CHANGE, 0, 0};

static struct config_place place_of(const struct config_entry *entry)
{
    return entry->changed ? change_place : overlay_place;
}

/* ---- reading --------------------------------------------------------------------------------- */

static void put_entry(struct config *config, const char *key, const char *text, bool changed)
{
    uintptr_t index = (uintptr_t)map_get(&config->entries_by_key, key);
    if (!index) {
        config->entries = mem_grow(config->entries, config->entry_count, &config->entry_capacity,
                                   sizeof *config->entries);
        index = ++config->entry_count;
        config->entries[index - 1] = (struct config_entry){.key = arena_text(config->arena, key)};
        map_set(&config->entries_by_key, config->entries[index - 1].key, (void *)index);
    }
    struct config_entry *entry = &config->entries[index - 1];
    entry->text = text ? arena_text(config->arena, text) : NULL;
    entry->changed = changed;
}

static void take_overlay(struct config_build *build, json_t *root)
{
    if (!json_is_object(root)) {
        config_mistake(build, overlay_place, "must be an object of keys and texts");
        return;
    }
    const char *key;
    json_t *value;
    json_object_foreach(root, key, value)
    {
        if (json_is_string(value))
            put_entry(build->config, key, json_string_value(value), false);
        else
            config_mistake(build, overlay_place, "%.100s: the value must be a text in quotes", key);
    }
}

void config_read_overlay(struct config_build *build)
{
    const char *path = build->config->overlay_path;
    if (!path)
        return;
    struct buf text = BUF_EMPTY;
    struct err err;
    json_error_t error;
    int result = file_read(path, OVERLAY_FILE_MAX, &text, &err);
    if (result == 0) {
        json_t *root =
            json_loadb(text.data ? text.data : "", text.length, JSON_REJECT_DUPLICATES, &error);
        if (root)
            take_overlay(build, root);
        else
            result =
                err_set(&err, -EINVAL, "%s:%d:%d: %s", path, error.line, error.column, error.text);
        json_decref(root);
    }
    if (result < 0 && result != -ENOENT)
        config_mistake_file(build, CONFIG_ORIGIN_OVERLAY, err.text);
    buf_deinit(&text);
}

/* ---- changes --------------------------------------------------------------------------------- */

/* Whether `key` is in the site file, where only its owner changes it; then this is noted as a
 * mistake. */
static bool is_fixed(struct config_build *build, const char *key, const struct config_spot *spot)
{
    const struct config_record *record = config_record_find(spot->table, spot->name);
    if (!record)
        return false;
    struct config_place place = record->place;
    enum config_source source = record->source;
    if (spot->row) {
        const struct config_value *value = &record->values[spot->row - spot->table->table->rows];
        place = value->place;
        source = value->source;
    }
    if (source != CONFIG_FILE)
        return false;
    char where[ERR_TEXT_MAX / 2];
    config_format_place(build->config, place, where, sizeof where);
    config_mistake(build, change_place, "%s: fixed in the site file (%s): change it there", key,
                   where);
    return true;
}

/* Forget every entry that belongs to the record; false when there was none. */
static bool remove_record(struct config *config, const struct config_spot *record)
{
    bool found = false;
    for (size_t i = 0; i < config->entry_count; i++) {
        struct config_spot spot;
        struct err err;
        if (!config->entries[i].text ||
            config_resolve(config, config->entries[i].key, &spot, &err) < 0 ||
            spot.table != record->table || strcmp(spot.name, record->name) != 0)
            continue;
        config->entries[i].text = NULL;
        found = true;
    }
    return found;
}

static void lay_change(struct config_build *build, const struct config_change *change)
{
    struct config *config = build->config;
    struct config_spot spot;
    struct err err;
    int result = config_resolve(config, change->key, &spot, &err);
    if (result < 0) {
        config_mistake(build, change_place, "%s", err.text);
        return;
    }
    /* "table.record" with a text other than "" is a mistyped key: config_lay_overlay says so. */
    if ((result == 0 || !change->text) && is_fixed(build, change->key, &spot))
        return;
    if (change->text || result == 0)
        put_entry(config, change->key, change->text, true);
    else if (!remove_record(config, &spot))
        config_mistake(build, change_place, "%s", err.text);
}

void config_lay_changes(struct config_build *build, const struct config_change *changes,
                        size_t count)
{
    for (size_t i = 0; i < count; i++)
        lay_change(build, &changes[i]);
}

/* ---- taking effect --------------------------------------------------------------------------- */

/* Whether the entry makes sense; else `err` says why not. */
static bool resolve_entry(const struct config *config, const struct config_entry *entry,
                          struct config_spot *spot, struct err *err)
{
    int result = config_resolve(config, entry->key, spot, err);
    return result == 0 || (result == 1 && !*entry->text);
}

static void lay_entry(struct config_build *build, struct config_entry *entry)
{
    struct config_spot spot;
    struct err err;
    if (!resolve_entry(build->config, entry, &spot, &err))
        return;
    struct config_record *record = config_record_find(spot.table, spot.name);
    if (!record) {
        record = config_add_record(build, spot.table, spot.name, CONFIG_PAGE, place_of(entry));
        if (!record)
            return;
    }
    if (!spot.row) {
        entry->taken = record->source == CONFIG_PAGE;
        return;
    }
    /* The site file wins; what it hides is dropped when the overlay is saved next. */
    if (record->values[spot.row - spot.table->table->rows].source == CONFIG_FILE)
        return;
    entry->taken = true;
    config_set(build, spot.table, record, spot.row, entry->text, CONFIG_PAGE, place_of(entry));
}

void config_lay_overlay(struct config_build *build)
{
    for (size_t i = 0; i < build->config->entry_count; i++) {
        if (build->config->entries[i].text)
            lay_entry(build, &build->config->entries[i]);
    }
    /* Now that all records are there, the nearest key is one that exists. */
    for (size_t i = 0; i < build->config->entry_count; i++) {
        const struct config_entry *entry = &build->config->entries[i];
        struct config_spot spot;
        struct err err;
        if (entry->text && !resolve_entry(build->config, entry, &spot, &err))
            config_mistake(build, place_of(entry), "%s", err.text);
    }
}

/* ---- saving ---------------------------------------------------------------------------------- */

static void add_quoted(struct buf *out, const char *text)
{
    struct json json = json_writer(out);
    json_text(&json, text);
}

void config_write_overlay(const struct config *config, struct buf *out)
{
    const char *before = "{\n";
    for (size_t i = 0; i < config->entry_count; i++) {
        const struct config_entry *entry = &config->entries[i];
        if (!entry->text || !entry->taken)
            continue;
        buf_add_text(out, before);
        add_quoted(out, entry->key);
        buf_add_text(out, ": ");
        add_quoted(out, entry->text);
        before = ",\n";
    }
    buf_add_text(out, out->length ? "\n}\n" : "{}\n");
}

int config_save_overlay(const struct config *config, const char *overlay_path, struct err *err)
{
    struct buf out = BUF_EMPTY;
    config_write_overlay(config, &out);
    int result = out.failed ? err_set(err, -ENOMEM, "cannot write %s: out of memory", overlay_path)
                            : file_replace(overlay_path, out.data, out.length, 0600, err);
    buf_deinit(&out);
    return result;
}
