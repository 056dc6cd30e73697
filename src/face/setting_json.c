#include "face/setting_json.h"

#include <stdlib.h>

static const void *field(const struct setting_row *row, const void *record)
{
    return (const char *)record + row->offset;
}

static void write_formatted(struct json *json, const struct setting_row *row, const void *record)
{
    char text[256];
    setting_format(row, record, text, sizeof text);
    json_text(json, text);
}

void setting_json_value(struct json *json, const struct setting_row *row, const void *record)
{
    const char *text;
    if (row->secret || !record) {
        json_none(json);
        return;
    }
    switch (row->type) {
    case SETTING_BOOL:
        json_bool(json, *(const bool *)field(row, record));
        break;
    case SETTING_INT:
        json_int(json, *(const int64_t *)field(row, record));
        break;
    case SETTING_NUMBER:
        json_decimal(json, *(const double *)field(row, record), 9);
        break;
    case SETTING_TEXT:
    case SETTING_REFERENCE:
        text = *(const char *const *)field(row, record);
        json_text(json, text ? text : "");
        break;
    case SETTING_CHOICE:
    case SETTING_DURATION:
        write_formatted(json, row, record);
        break;
    }
}

void setting_json_default(struct json *json, const struct setting_table *table,
                          const struct setting_row *row)
{
    void *record = row->initial ? calloc(1, table->record_size) : NULL;
    if (record && setting_parse(row, row->initial, record, NULL) == 0)
        setting_json_value(json, row, record);
    else
        json_none(json);
    free(record);
}

static const char *source_name(enum config_source source)
{
    static const char *const names[] = {
        [CONFIG_DEFAULT] = "default", [CONFIG_PAGE] = "page", [CONFIG_FILE] = "file"};
    return names[source];
}

void setting_json_key(struct json *json, const char *key, const struct config_key *found)
{
    json_open_object(json);
    json_key(json, "key");
    json_text(json, key);
    json_key(json, "value");
    setting_json_value(json, found->row, found->record);
    json_key(json, "default");
    setting_json_default(json, found->table, found->row);
    json_pair_text(json, "source", source_name(found->source));
    json_pair_text(json, "place", found->place && found->place[0] ? found->place : NULL);
    json_close_object(json);
}

/* ---- schema ---------------------------------------------------------------------------------- */

/* Limits are seconds for durations and bytes for texts, and mean nothing for the other types. */
static void write_limits(struct json *json, const struct setting_row *row)
{
    bool limited = row->type == SETTING_INT || row->type == SETTING_NUMBER ||
                   row->type == SETTING_TEXT || row->type == SETTING_DURATION;
    json_key(json, "min");
    if (limited)
        json_decimal(json, row->min, 9);
    else
        json_none(json);
    json_key(json, "max");
    if (limited && row->max > 0)
        json_decimal(json, row->max, 9);
    else
        json_none(json);
}

static void write_choices(struct json *json, const struct setting_row *row)
{
    json_key(json, "choices");
    if (!row->choices) {
        json_none(json);
        return;
    }
    json_open_array(json);
    for (const char *const *choice = row->choices; *choice; choice++)
        json_text(json, *choice);
    json_close_array(json);
}

static void write_row(struct json *json, const struct setting_table *table,
                      const struct setting_row *row)
{
    json_open_object(json);
    json_pair_text(json, "key", row->key);
    json_pair_text(json, "type", setting_type_name(row->type));
    json_pair_text(json, "unit", row->unit);
    write_limits(json, row);
    write_choices(json, row);
    json_pair_text(json, "refers_to", row->refers_to);
    json_key(json, "default");
    setting_json_default(json, table, row);
    json_pair_bool(json, "required", row->required);
    json_pair_text(json, "right", access_role_name(row->right));
    json_pair_text(json, "apply", row->apply == SETTING_LIVE ? "live" : "restart");
    json_pair_bool(json, "secret", row->secret);
    json_pair_text(json, "help", row->help);
    json_close_object(json);
}

void setting_json_schema(struct json *json, const struct config_schema *schema)
{
    json_open_object(json);
    json_key(json, "tables");
    json_open_array(json);
    for (const struct setting_table *const *at = schema->tables; *at; at++) {
        const struct setting_table *table = *at;
        json_open_object(json);
        json_pair_text(json, "name", table->name);
        json_pair_text(json, "label", table->label);
        json_pair_text(json, "help", table->help);
        json_pair_bool(json, "collection", table->collection);
        json_key(json, "rows");
        json_open_array(json);
        for (size_t i = 0; i < table->row_count; i++)
            write_row(json, table, &table->rows[i]);
        json_close_array(json);
        json_close_object(json);
    }
    json_close_array(json);
    json_close_object(json);
}
