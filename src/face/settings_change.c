#include "face/settings_change.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "face/json_body.h"
#include "face/problem.h"
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

void settings_add_etag(struct request *request)
{
    char text[32];
    snprintf(text, sizeof text, "\"%" PRIu64 "\"", revision_of(request));
    request_add_header(request, "ETag", text);
}

/* ---- may it be changed ----------------------------------------------------------------------- */

/* A whole record comes and goes with all its keys. */
static enum access_role right_of_record(const struct setting_table *table)
{
    enum access_role right = ROLE_NONE;
    for (size_t i = 0; i < table->row_count; i++)
        right = table->rows[i].right > right ? table->rows[i].right : right;
    return right;
}

bool settings_may_change(struct request *request, const char *key, const struct config_key *found)
{
    if (found->source == CONFIG_FILE) {
        request_problem(request, 409, "fixed-in-file", "This setting is fixed in the site file",
                        "%s is set at %s; change it there.", key, found->place);
        return false;
    }
    enum access_role right = found->row ? found->row->right : right_of_record(found->table);
    if (request->role < right) {
        request_problem(request, 403, "forbidden", "Not allowed", "Changing %s needs the role %s.",
                        key, access_role_name(right));
        return false;
    }
    return true;
}

static void refuse_old(struct request *request)
{
    request_problem(request, 412, "changed-meanwhile", "Somebody changed settings meanwhile",
                    "The settings are at revision %" PRIu64 " now; look at them and try again.",
                    revision_of(request));
}

static bool has_condition(const struct request *request)
{
    const char *wanted = request_header(request, "If-Match");
    return wanted && strcmp(wanted, "*") != 0;
}

/* If-Match names the revision that the change was thought out for. */
bool settings_is_current(struct request *request)
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
    refuse_old(request);
    return false;
}

/* ---- the change ------------------------------------------------------------------------------ */

/* A change on its way to the disk. */
struct pending {
    struct request *request;
    void *change; /* what to cancel with */
    struct buf applied_text, restart_text;
    struct json applied, restart; /* arrays of keys */
};

static void free_pending(struct pending *pending)
{
    buf_deinit(&pending->applied_text);
    buf_deinit(&pending->restart_text);
    free(pending);
}

static void on_applied(void *to, const char *key, bool restart)
{
    struct pending *pending = to;
    json_text(restart ? &pending->restart : &pending->applied, key);
}

static void refuse(struct request *request, int code, const struct err_list *errors)
{
    struct buf body = BUF_EMPTY;
    unsigned status = code == -EINVAL ? 422 : 500;
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
    settings_add_etag(request);
    request_answer_json(request, &body);
}

static void on_changed(void *to, int result, const struct err_list *errors)
{
    struct pending *pending = to;
    json_close_array(&pending->applied);
    json_close_array(&pending->restart);
    if (result == -ESTALE)
        refuse_old(pending->request);
    else if (result < 0)
        refuse(pending->request, result, errors);
    else
        answer_changed(pending->request, &pending->applied_text, &pending->restart_text);
    free_pending(pending);
}

static void on_gone(void *job)
{
    struct pending *pending = job;
    const struct web_context *context = &pending->request->web->context;
    context->cancel_change(context->user, pending->change);
    free_pending(pending);
}

void settings_change(struct request *request, const struct config_change *list, size_t count)
{
    const struct web_context *context = &request->web->context;
    const struct web_change wish = {.list = list,
                                    .count = count,
                                    .revision =
                                        has_condition(request) ? (int64_t)revision_of(request) : -1,
                                    .who = request->user,
                                    .from = request->peer->address};
    struct pending *pending = calloc(1, sizeof *pending);
    if (!pending) {
        request_answer_response(request, 503, NULL);
        return;
    }
    pending->request = request;
    pending->applied = json_writer(&pending->applied_text);
    pending->restart = json_writer(&pending->restart_text);
    json_open_array(&pending->applied);
    json_open_array(&pending->restart);
    void *under_way = context->change(context->user, &wish, on_applied, on_changed, pending);
    if (request->response)
        return; /* answered already, `pending` is gone */
    if (!under_way) {
        free_pending(pending);
        request_problem(request, 503, "busy", "Not now",
                        "Too many changes wait for the disk, or memory is short; try again.");
        return;
    }
    pending->change = under_way;
    request_wait(request, on_gone, pending);
}

void settings_bad_value(struct request *request, const char *key)
{
    request_problem(
        request, 422, "bad-setting", "The settings were not changed",
        "%s: the value must be a text, a number, true or false of at most %d bytes; null "
        "returns to the default.",
        key, SETTINGS_VALUE_MOST - 1);
}

/* ---- many at once ---------------------------------------------------------------------------- */

static bool put_text(struct request *request, struct settings_changes *changes, const char *key,
                     const char *text)
{
    struct config_change *change = &changes->list[changes->count];
    if (changes->count == SETTINGS_CHANGES_MOST) {
        request_problem(request, 400, "malformed", "Too much at once",
                        "At most %d keys can be changed at once.", SETTINGS_CHANGES_MOST);
        return false;
    }
    *change = (struct config_change){.key = strdup(key), .text = text ? strdup(text) : NULL};
    changes->count++;
    if (change->key && (change->text || !text))
        return true;
    request_answer_response(request, 503, NULL);
    return false;
}

bool settings_changes_add(struct request *request, struct settings_changes *changes,
                          const char *key, const json_t *value)
{
    char text[SETTINGS_VALUE_MOST];
    struct config_key found;
    struct err err = ERR_EMPTY;
    bool reset = json_is_null(value);
    if (config_key(config_of(request), key, &found, &err) < 0 &&
        (!reset || config_key_record(config_of(request), key, &found, &err) < 0)) {
        request_problem(request, 422, "bad-setting", "The settings were not changed", "%s.",
                        err.text);
        return false;
    }
    if (!settings_may_change(request, key, &found))
        return false;
    if (!reset && json_body_scalar(value, text, sizeof text) < 0) {
        settings_bad_value(request, key);
        return false;
    }
    return put_text(request, changes, key, reset ? NULL : text);
}

void settings_changes_apply(struct request *request, const struct settings_changes *changes)
{
    settings_change(request, changes->list, changes->count);
}

struct settings_changes *settings_changes_new(struct request *request)
{
    struct settings_changes *changes = calloc(1, sizeof *changes);
    if (!changes)
        request_answer_response(request, 503, NULL);
    return changes;
}

void settings_changes_free(struct settings_changes *changes)
{
    for (size_t i = 0; changes && i < changes->count; i++) {
        free((void *)(uintptr_t)changes->list[i].key);
        free((void *)(uintptr_t)changes->list[i].text);
    }
    free(changes);
}
