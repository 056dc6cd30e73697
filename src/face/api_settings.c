#include <errno.h>

#include "face/api_operations.h"
#include "face/json_body.h"
#include "face/setting_json.h"
#include "face/settings_change.h"
#include "face/web_private.h"

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

/* ---- reading --------------------------------------------------------------------------------- */

/* Whoever may not change a setting has no business with its value either: an installer sees lines
 * and devices, not the mail server. */
struct listing {
    struct json json;
    enum access_role role;
};

static void on_key(void *user, const char *key, const struct config_key *found)
{
    struct listing *listing = user;
    if (listing->role >= found->row->right)
        setting_json_key(&listing->json, key, found);
}

void api_settings_list(struct request *request)
{
    struct buf body = BUF_EMPTY;
    struct listing listing = {json_writer(&body), request->role};
    struct json *json = &listing.json;
    json_open_object(json);
    json_pair_int(json, "revision", (int64_t)revision_of(request));
    json_key(json, "values");
    json_open_array(json);
    config_each(config_of(request), on_key, &listing);
    json_close_array(json);
    json_close_object(json);
    settings_add_etag(request);
    request_answer_json(request, &body);
}

void api_settings_schema(struct request *request)
{
    struct buf body = BUF_EMPTY;
    struct json json = json_writer(&body);
    setting_json_schema(&json, config_schema(config_of(request)));
    request_answer_json(request, &body);
}

/* The key in the path, with `record` also a whole record; false when answered. */
static bool find_key(struct request *request, char *key, bool record, struct config_key *found)
{
    struct err err = ERR_EMPTY;
    if (!request_path_value(request, 0, key, SETTINGS_KEY_MOST))
        err_set(&err, -ENOENT, "no key is that long");
    else if (config_key(config_of(request), key, found, &err) == 0 ||
             (record && config_key_record(config_of(request), key, found, &err) == 0))
        return true;
    request_problem(request, 404, "not-found", "No such setting", "%s.", err.text);
    return false;
}

void api_settings_show(struct request *request)
{
    char key[SETTINGS_KEY_MOST];
    struct config_key found;
    if (!find_key(request, key, false, &found))
        return;
    if (request->role < found.row->right) {
        request_problem(request, 403, "forbidden", "Not allowed", "Reading %s needs the role %s.",
                        key, access_role_name(found.row->right));
        return;
    }
    struct buf body = BUF_EMPTY;
    struct json json = json_writer(&body);
    setting_json_key(&json, key, &found);
    settings_add_etag(request);
    request_answer_json(request, &body);
}

/* ---- changing -------------------------------------------------------------------------------- */

void api_settings_put(struct request *request)
{
    static const char *const keys[] = {"value", NULL};
    char key[SETTINGS_KEY_MOST], text[SETTINGS_VALUE_MOST];
    struct config_key found;
    if (!find_key(request, key, false, &found) || !settings_may_change(request, key, &found) ||
        !settings_is_current(request))
        return;
    json_t *body = json_body_take(request);
    const json_t *value = body ? json_object_get(body, "value") : NULL;
    if (body && json_body_known(request, body, keys)) {
        if (!value || (!json_is_null(value) && json_body_scalar(value, text, sizeof text) < 0))
            settings_bad_value(request, key);
        else
            settings_change(
                request,
                &(struct config_change){.key = key, .text = json_is_null(value) ? NULL : text}, 1);
    }
    json_decref(body);
}

void api_settings_reset(struct request *request)
{
    char key[SETTINGS_KEY_MOST];
    struct config_key found;
    if (find_key(request, key, true, &found) && settings_may_change(request, key, &found) &&
        settings_is_current(request))
        settings_change(request, &(struct config_change){.key = key, .text = NULL}, 1);
}

/* ---- many at once ---------------------------------------------------------------------------- */

static void change_all(struct request *request, json_t *body)
{
    const char *key;
    json_t *value;
    size_t count = json_object_size(body);
    if (count == 0 || count > SETTINGS_CHANGES_MOST) {
        request_problem(request, 400, "malformed", "Nothing to change, or too much",
                        "The body is an object of 1 to %d keys with their values.",
                        SETTINGS_CHANGES_MOST);
        return;
    }
    struct settings_changes *changes = settings_changes_new(request);
    bool good = changes != NULL;
    json_object_foreach(body, key, value)
    {
        good = good && settings_changes_add(request, changes, key, value);
    }
    if (good)
        settings_changes_apply(request, changes);
    settings_changes_free(changes);
}

void api_settings_put_all(struct request *request)
{
    if (!settings_is_current(request))
        return;
    json_t *body = json_body_take(request);
    if (body)
        change_all(request, body);
    json_decref(body);
}
