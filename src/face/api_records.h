/* api_records - what the operations on records of settings share. Included by api_*.c only. */
#pragma once

#include "base/json.h"
#include "model/setting.h"

struct request;

/* {key: value} of a record. */
void api_record_write_values(struct json *json, const struct setting_table *table,
                             const void *record);

/* "fixed": where the record stands in the site file, or null. */
void api_record_pair_fixed(struct json *json, const struct request *request, const char *table,
                           const char *name);

/* Change the keys of a record that the body names; answers. */
void api_record_put(struct request *request, const char *table, const char *name);
