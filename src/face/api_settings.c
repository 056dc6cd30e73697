#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "face/api_operations.h"
#include "face/json_body.h"
#include "face/problem.h"
#include "face/setting_json.h"
#include "face/web_private.h"

#define KEY_MOST 256
#define CHANGES_MOST 1024
#define VALUE_MOST 4096

static const struct config *config_of(const struct request *request)
{
    const struct web_context *context = &request->web->context;
    return context->config(context->user);
}

static uint64_t revision_of(const struct request *request)
{
    const struct web_context *context = &request->web->context;
    return context->config_revision(context->user);
}

static void add_etag(struct request *request)
{
    char text[32];
    snprintf(text, sizeof text, "\"%" PRIu64 "\"", revision_of(request));
    request_add_header(request, "ETag", text);
}

/* ---- reading --------------------------------------------------------------------------------- */

static void on_key(void *user, const char *key, const struct config_key *found)
{
    setting_json_key(user, key, found);
}

void api_settings_list(struct request *request)
{
    struct buf body = BUF_EMPTY;
    struct json json = json_writer(&body);
    json_open_object(&json);
    json_pair_int(&json, "revision", (int64_t)revision_of(request));
    json_key(&json, "values");
    json_open_array(&json);
    config_each(config_of(request), on_key, &json);
    json_close_array(&json);
    json_close_object(&json);
    add_etag(request);
    request_answer_json(request, &body);
}

void api_settings_schema(struct request *request)
{
    struct buf body = BUF_EMPTY;
    struct json json = json_writer(&body);
    setting_json_schema(&json, config_schema(config_of(request)));
    request_answer_json(request, &body);
}

/* The key in the path; false when answered. */
static bool find_key(struct request *request, char *key, struct config_key *found)
{
    struct err err = ERR_EMPTY;
    if (!request_path_value(request, 0, key, KEY_MOST))
        err_set(&err, -ENOENT, "no key is that long");
    else if (config_key(config_of(request), key, found, &err) == 0)
        return true;
    request_problem(request, 404, "not-found", "No such setting", "%s.", err.text);
    return false;
}

void api_settings_show(struct request *request)
{
    char key[KEY_MOST];
    struct config_key found;
    if (!find_key(request, key, &found))
        return;
    struct buf body = BUF_EMPTY;
    struct json json = json_writer(&body);
    setting_json_key(&json, key, &found);
    add_etag(request);
    request_answer_json(request, &body);
}

/* ---- changing -------------------------------------------------------------------------------- */

static bool may_change(struct request *request, const char *key, const struct config_key *found)
{
    if (found->source == CONFIG_FILE) {
        request_problem(request, 409, "fixed-in-file", "This setting is fixed in the site file",
                        "%s is set at %s; change it there.", key, found->place);
        return false;
    }
    if (request->role < found->row->right) {
        request_problem(request, 403, "forbidden", "Not allowed", "Changing %s needs the role %s.",
                        key, access_role_name(found->row->right));
        return false;
    }
    return true;
}

/* If-Match names the revision that the change was thought out for. */
static bool is_current(struct request *request)
{
    const char *wanted = request_header(request, "If-Match");
    char current[32];
    snprintf(current, sizeof current, "%" PRIu64, revision_of(request));
    if (!wanted || strcmp(wanted, "*") == 0)
        return true;
    size_t quote = wanted[0] == '"', length = strlen(wanted + quote);
    length -= quote && length && wanted[quote + length - 1] == '"';
    if (length == strlen(current) && strncmp(wanted + quote, current, length) == 0)
        return true;
    request_problem(request, 412, "changed-meanwhile", "Somebody changed settings meanwhile",
                    "The settings are at revision %s now; look at them and try again.", current);
    return false;
}

struct outcome {
    struct json applied, restart;
};

static void on_applied(void *to, const char *key, bool restart)
{
    struct outcome *outcome = to;
    json_text(restart ? &outcome->restart : &outcome->applied, key);
}

static void refuse(struct request *request, int code, const struct err_list *errors)
{
    struct buf body = BUF_EMPTY;
    unsigned status = code == -EINVAL || code == -ENOENT ? 422 : 500;
    const char *first = errors->count ? errors->list[0].text : "it is not known why";
    problem_write(&body, status, status == 422 ? "bad-setting" : "not-saved",
                  status == 422 ? "The settings were not changed: a value is not possible"
                                : "The settings were not changed: they could not be saved",
                  first);
    struct json json = {.out = &body, .comma = true, .depth = 1};
    body.length -= body.failed ? 0 : 1; /* reopen the object: every mistake, not only the first */
    json_key(&json, "errors");
    json_open_array(&json);
    for (size_t i = 0; i < errors->count; i++)
        json_text(&json, errors->list[i].text);
    json_close_array(&json);
    json_close_object(&json);
    request_answer_take(request, status, PROBLEM_TYPE, &body);
}

static void answer_changed(struct request *request, const struct buf *applied,
                           const struct buf *restart)
{
    struct buf body = BUF_EMPTY;
    struct json json = json_writer(&body);
    json_open_object(&json);
    json_pair_int(&json, "revision", (int64_t)revision_of(request));
    json_key(&json, "applied");
    json_raw(&json, applied->data, applied->length);
    json_key(&json, "restart");
    json_raw(&json, restart->data, restart->length);
    json_close_object(&json);
    body.failed |= applied->failed || restart->failed;
    add_etag(request);
    request_answer_json(request, &body);
}

static void change(struct request *request, const struct config_change *list, size_t count)
{
    const struct web_context *context = &request->web->context;
    struct buf applied = BUF_EMPTY, restart = BUF_EMPTY;
    struct outcome outcome = {json_writer(&applied), json_writer(&restart)};
    struct err_list errors = {0};
    const struct web_change wish = {
        .list = list, .count = count, .who = request->user, .from = request->peer->address};
    json_open_array(&outcome.applied);
    json_open_array(&outcome.restart);
    int result = context->change(context->user, &wish, &errors, on_applied, &outcome);
    json_close_array(&outcome.applied);
    json_close_array(&outcome.restart);
    if (result < 0)
        refuse(request, result, &errors);
    else
        answer_changed(request, &applied, &restart);
    err_list_deinit(&errors);
    buf_deinit(&applied);
    buf_deinit(&restart);
}

static void bad_value(struct request *request, const char *key)
{
    request_problem(
        request, 422, "bad-setting", "The settings were not changed",
        "%s: the value must be a text, a number, true or false of at most %d bytes; null "
        "returns to the default.",
        key, VALUE_MOST - 1);
}

void api_settings_put(struct request *request)
{
    static const char *const keys[] = {"value", NULL};
    char key[KEY_MOST], text[VALUE_MOST];
    struct config_key found;
    if (!find_key(request, key, &found) || !may_change(request, key, &found) ||
        !is_current(request))
        return;
    json_t *body = json_body_take(request);
    const json_t *value = body ? json_object_get(body, "value") : NULL;
    if (body && json_body_known(request, body, keys)) {
        if (!value || (!json_is_null(value) && json_body_scalar(value, text, sizeof text) < 0))
            bad_value(request, key);
        else
            change(request,
                   &(struct config_change){.key = key, .text = json_is_null(value) ? NULL : text},
                   1);
    }
    json_decref(body);
}

void api_settings_reset(struct request *request)
{
    char key[KEY_MOST];
    struct config_key found;
    if (find_key(request, key, &found) && may_change(request, key, &found) && is_current(request))
        change(request, &(struct config_change){.key = key, .text = NULL}, 1);
}

/* ---- many at once ---------------------------------------------------------------------------- */

struct changes {
    struct config_change *list;
    char **texts;
    size_t count;
};

static bool add_change(struct request *request, struct changes *changes, const char *key,
                       const json_t *value)
{
    char text[VALUE_MOST];
    struct config_key found;
    struct err err = ERR_EMPTY;
    if (config_key(config_of(request), key, &found, &err) < 0) {
        request_problem(request, 422, "bad-setting", "The settings were not changed", "%s.",
                        err.text);
        return false;
    }
    if (!may_change(request, key, &found))
        return false;
    bool reset = json_is_null(value);
    if (!reset && json_body_scalar(value, text, sizeof text) < 0) {
        bad_value(request, key);
        return false;
    }
    char *copy = reset ? NULL : strdup(text);
    if (!reset && !copy) {
        request_answer_response(request, 503, NULL);
        return false;
    }
    changes->texts[changes->count] = copy;
    changes->list[changes->count++] = (struct config_change){.key = key, .text = copy};
    return true;
}

static void change_all(struct request *request, json_t *body)
{
    const char *key;
    json_t *value;
    size_t count = json_object_size(body);
    if (count == 0 || count > CHANGES_MOST) {
        request_problem(request, 400, "malformed", "Nothing to change, or too much",
                        "The body is an object of 1 to %d keys with their values.", CHANGES_MOST);
        return;
    }
    struct changes changes = {.list = calloc(count, sizeof *changes.list),
                              .texts = calloc(count, sizeof *changes.texts)};
    bool good = changes.list && changes.texts;
    if (!good)
        request_answer_response(request, 503, NULL);
    json_object_foreach(body, key, value)
    {
        good = good && add_change(request, &changes, key, value);
    }
    if (good)
        change(request, changes.list, changes.count);
    for (size_t i = 0; i < changes.count; i++)
        free(changes.texts[i]);
    free(changes.texts);
    free(changes.list);
}

void api_settings_put_all(struct request *request)
{
    if (!is_current(request))
        return;
    json_t *body = json_body_take(request);
    if (body)
        change_all(request, body);
    json_decref(body);
}
