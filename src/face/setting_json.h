/* setting_json - settings, their values and their rows, as JSON. */
#pragma once

#include "base/json.h"
#include "model/config.h"

/* The field's value in the type that JSON has for it: durations, choices and references as text;
 * null for secrets. */
void setting_json_value(struct json *json, const struct setting_row *row, const void *record);

/* The row's default likewise; null when there is none. */
void setting_json_default(struct json *json, const struct setting_table *table,
                          const struct setting_row *row);

/* {"key","value","default","source","place"} */
void setting_json_key(struct json *json, const char *key, const struct config_key *found);

/* {"tables":[…]} */
void setting_json_schema(struct json *json, const struct config_schema *schema);
