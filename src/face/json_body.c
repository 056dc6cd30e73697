#include "face/json_body.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/nearest.h"
#include "face/request.h"

static bool too_deep(const char *bytes, size_t length)
{
    int depth = 0;
    bool text = false;
    for (size_t i = 0; i < length; i++) {
        if (text) {
            if (bytes[i] == '\\')
                i++;
            else if (bytes[i] == '"')
                text = false;
        } else if (bytes[i] == '"') {
            text = true;
        } else if (bytes[i] == '{' || bytes[i] == '[') {
            if (++depth > JSON_BODY_DEPTH)
                return true;
        } else if (bytes[i] == '}' || bytes[i] == ']') {
            depth--;
        }
    }
    return false;
}

json_t *json_body_read(const char *bytes, size_t length, struct err *err)
{
    if (length == 0) {
        err_set(err, -EINVAL, "the body is empty; a JSON object is expected");
        return NULL;
    }
    if (too_deep(bytes, length)) {
        err_set(err, -EINVAL, "brackets are nested deeper than %d levels", JSON_BODY_DEPTH);
        return NULL;
    }
    json_error_t error;
    json_t *object = json_loadb(bytes, length, JSON_REJECT_DUPLICATES, &error);
    if (!object) {
        err_set(err, -EINVAL, "line %d, column %d: %s", error.line, error.column, error.text);
        return NULL;
    }
    if (!json_is_object(object)) {
        json_decref(object);
        err_set(err, -EINVAL, "a JSON object is expected");
        return NULL;
    }
    return object;
}

/* A foreign page can send a form or plain text without asking, JSON it cannot: so nothing but JSON
 * is taken. */
static bool is_json(const char *type)
{
    static const char wanted[] = "application/json";
    if (!type || strncasecmp(type, wanted, sizeof wanted - 1) != 0)
        return false;
    char after = type[sizeof wanted - 1];
    return after == '\0' || after == ';' || after == ' ';
}

json_t *json_body_take(struct request *request)
{
    if (!is_json(request_header(request, "Content-Type"))) {
        request_problem(request, 415, "unsupported-media-type", "JSON is expected",
                        "Send the body with the header Content-Type: application/json.");
        return NULL;
    }
    struct err err = ERR_EMPTY;
    json_t *object = json_body_read(request->body.data, request->body.length, &err);
    if (!object)
        request_problem(request, 400, "malformed", "The body cannot be read", "%s.", err.text);
    return object;
}

bool json_body_known(struct request *request, const json_t *object, const char *const *keys)
{
    size_t count = 0;
    while (keys[count])
        count++;
    for (void *at = json_object_iter((json_t *)(uintptr_t)object); at;
         at = json_object_iter_next((json_t *)(uintptr_t)object, at)) {
        const char *key = json_object_iter_key(at);
        size_t i = 0;
        while (i < count && strcmp(keys[i], key) != 0)
            i++;
        if (i < count)
            continue;
        const char *nearest = nearest_word(key, keys, count, sizeof keys[0]);
        request_problem(request, 400, "unknown-member", "The body has a member that nobody reads",
                        "\"%.60s\" is not known here%s%s%s.", key,
                        nearest ? "; did you mean \"" : "", nearest ? nearest : "",
                        nearest ? "\"?" : "");
        return false;
    }
    return true;
}

bool json_body_text(struct request *request, const json_t *object, const char *key, size_t most,
                    bool required, const char **text)
{
    const json_t *value = json_object_get(object, key);
    *text = NULL;
    if (!value || json_is_null(value)) {
        if (required)
            request_problem(request, 400, "missing-member", "Something is missing",
                            "The body needs the text \"%s\".", key);
        return !required;
    }
    if (!json_is_string(value) || json_string_length(value) > most) {
        request_problem(request, 400, "bad-member", "A member has the wrong form",
                        "\"%s\" must be a text of at most %zu bytes.", key, most);
        return false;
    }
    *text = json_string_value(value);
    return true;
}

int json_body_scalar(const json_t *value, char *text, size_t size)
{
    int length;
    if (json_is_string(value))
        length = snprintf(text, size, "%s", json_string_value(value));
    else if (json_is_integer(value))
        length = snprintf(text, size, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    else if (json_is_real(value))
        length = snprintf(text, size, "%.15g", json_real_value(value));
    else if (json_is_boolean(value))
        length = snprintf(text, size, "%s", json_is_true(value) ? "true" : "false");
    else
        return -EINVAL;
    return length < 0 || (size_t)length >= size ? -ENOSPC : 0;
}
