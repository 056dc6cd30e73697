/* Groups, interlocks, schedules, rules of alarms, recipients and reports: records of settings under
 * paths of their own, for those who do not read all settings. What is changed here goes the way of
 * PUT /settings. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "engine/outlet_groups.h"
#include "face/api_operations.h"
#include "face/api_records.h"
#include "face/json_body.h"
#include "face/setting_json.h"
#include "face/settings_change.h"
#include "face/web_private.h"
#include "model/limits.h"

static const struct config *config_of(const struct request *request)
{
    const struct web_context *context = &request->web->context;
    return context->config(context->user);
}

/* The table of that name, NULL when there is none. */
static const struct setting_table *find_table(const struct request *request, const char *name)
{
    return config_table_named(config_of(request), name);
}

/* ---- reading --------------------------------------------------------------------------------- */

void api_record_write_values(struct json *json, const struct setting_table *table,
                             const void *record)
{
    json_open_object(json);
    for (size_t i = 0; i < table->row_count; i++) {
        json_key(json, table->rows[i].key);
        setting_json_value(json, &table->rows[i], record);
    }
    json_close_object(json);
}

/* The paths that a list of members fits, in the order of the site. */
static void write_members(struct json *json, const struct site *site, const char *list)
{
    char path[LIMIT_PATH + 1];
    json_open_array(json);
    for (const struct device *device = site_devices(site); device; device = device->next) {
        for (const struct component *part = device->components; part; part = part->next) {
            if (part->kind != COMPONENT_OUTLET && part->kind != COMPONENT_OUTPUT)
                continue;
            snprintf(path, sizeof path, "%s/%s", device->name, part->name);
            if (outlet_list_matches(list, path))
                json_text(json, path);
        }
    }
    json_close_array(json);
}

static const char *text_of(const struct setting_table *table, const void *record, const char *key)
{
    for (size_t i = 0; i < table->row_count; i++) {
        if (strcmp(table->rows[i].key, key) == 0)
            return *(const char *const *)((const char *)record + table->rows[i].offset);
    }
    return NULL;
}

void api_record_pair_fixed(struct json *json, const struct request *request, const char *table,
                           const char *name)
{
    char key[SETTINGS_KEY_MOST];
    struct config_key found;
    snprintf(key, sizeof key, "%s.%s", table, name);
    bool fixed = config_key_record(config_of(request), key, &found, NULL) == 0 &&
                 found.source == CONFIG_FILE;
    json_pair_text(json, "fixed", fixed ? found.place : NULL);
}

static void write_record(struct json *json, const struct request *request,
                         const struct setting_table *table, const char *name, const void *record)
{
    bool meters = strcmp(table->name, "energy") == 0; /* whose members are no outlets */
    const char *members = meters ? NULL : text_of(table, record, "members");
    json_open_object(json);
    json_pair_text(json, "name", name);
    api_record_pair_fixed(json, request, table->name, name);
    json_key(json, "values");
    api_record_write_values(json, table, record);
    if (members) {
        json_key(json, "outlets");
        write_members(json, request->web->context.site, members);
    }
    json_close_object(json);
}

static void list(struct request *request, const char *name)
{
    const struct setting_table *table = find_table(request, name);
    const struct config *config = config_of(request);
    struct buf body = BUF_EMPTY;
    struct json json = json_writer(&body);
    json_open_array(&json);
    for (size_t i = 0; table && i < config_count(config, table); i++)
        write_record(&json, request, table, config_name_at(config, table, i),
                     config_at(config, table, i));
    json_close_array(&json);
    settings_add_etag(request);
    request_answer_json(request, &body);
}

/* ---- changing -------------------------------------------------------------------------------- */

/* Each member of the body is a key of the record. */
static void change_record(struct request *request, const char *table, const char *name,
                          const json_t *body)
{
    char key[SETTINGS_KEY_MOST];
    struct settings_changes *changes = settings_changes_new(request);
    bool good = changes != NULL;
    for (void *at = json_object_iter((json_t *)(uintptr_t)body); at && good;
         at = json_object_iter_next((json_t *)(uintptr_t)body, at)) {
        snprintf(key, sizeof key, "%s.%s.%s", table, name, json_object_iter_key(at));
        good = settings_changes_add(request, changes, key, json_object_iter_value(at));
    }
    if (good && changes->count)
        settings_changes_apply(request, changes);
    else if (good)
        request_problem(request, 400, "malformed", "Nothing to change",
                        "The body is an object of keys with their values.");
    settings_changes_free(changes);
}

void api_record_put(struct request *request, const char *table, const char *name)
{
    if (!settings_is_current(request))
        return;
    json_t *body = json_body_take(request);
    if (body)
        change_record(request, table, name, body);
    json_decref(body);
}

static bool read_name(struct request *request, char *name, size_t size)
{
    if (request_path_value(request, 0, name, size))
        return true;
    request_problem(request, 404, "not-found", "No such name", "No name is that long.");
    return false;
}

static void put(struct request *request, const char *table)
{
    char name[LIMIT_NAME + 1];
    if (read_name(request, name, sizeof name))
        api_record_put(request, table, name);
}

static void remove_record(struct request *request, const char *table)
{
    char name[LIMIT_NAME + 1], key[SETTINGS_KEY_MOST];
    struct config_key found;
    struct err err = ERR_EMPTY;
    if (!read_name(request, name, sizeof name))
        return;
    snprintf(key, sizeof key, "%s.%s", table, name);
    if (config_key_record(config_of(request), key, &found, &err) < 0)
        request_problem(request, 404, "not-found", "No such record", "%s.", err.text);
    else if (settings_may_change(request, key, &found) && settings_is_current(request))
        settings_change(request, &(struct config_change){.key = key, .text = NULL}, 1);
}

/* ---- operations ------------------------------------------------------------------------------ */

void api_groups_list(struct request *request)
{
    list(request, "groups");
}

void api_groups_put(struct request *request)
{
    put(request, "groups");
}

void api_groups_remove(struct request *request)
{
    remove_record(request, "groups");
}

void api_tariffs_list(struct request *request)
{
    list(request, "tariffs");
}

void api_tariffs_put(struct request *request)
{
    put(request, "tariffs");
}

void api_tariffs_remove(struct request *request)
{
    remove_record(request, "tariffs");
}

void api_energy_groups_list(struct request *request)
{
    list(request, "energy");
}

void api_energy_groups_put(struct request *request)
{
    put(request, "energy");
}

void api_energy_groups_remove(struct request *request)
{
    remove_record(request, "energy");
}

void api_interlocks_list(struct request *request)
{
    list(request, "interlocks");
}

void api_interlocks_put(struct request *request)
{
    put(request, "interlocks");
}

void api_interlocks_remove(struct request *request)
{
    remove_record(request, "interlocks");
}

void api_schedules_put(struct request *request)
{
    put(request, "schedules");
}

void api_schedules_remove(struct request *request)
{
    remove_record(request, "schedules");
}

void api_alarm_rules_list(struct request *request)
{
    list(request, "alarms");
}

void api_alarm_rules_put(struct request *request)
{
    put(request, "alarms");
}

void api_alarm_rules_remove(struct request *request)
{
    remove_record(request, "alarms");
}

void api_recipients_list(struct request *request)
{
    list(request, "recipients");
}

void api_recipients_put(struct request *request)
{
    put(request, "recipients");
}

void api_recipients_remove(struct request *request)
{
    remove_record(request, "recipients");
}

void api_reports_list(struct request *request)
{
    list(request, "reports");
}

void api_reports_put(struct request *request)
{
    put(request, "reports");
}

void api_reports_remove(struct request *request)
{
    remove_record(request, "reports");
}
