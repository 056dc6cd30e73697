#include <errno.h>
#include <string.h>

#include "face/api_operations.h"
#include "face/json_body.h"
#include "face/web_private.h"

static struct access *access_of(const struct request *request)
{
    return request->web->context.access;
}

static void pair_time(struct json *json, const char *key, clock_us wall, enum time_form form)
{
    json_key(json, key);
    if (wall)
        time_form_json(json->out, wall, form);
    else
        buf_add_text(json->out, "null");
    json->comma = true;
}

void api_tokens_list(struct request *request)
{
    const struct access *access = access_of(request);
    enum time_form form;
    if (!request_time_form(request, &form))
        return;
    struct buf body = BUF_EMPTY;
    struct json json = json_writer(&body);
    json_open_array(&json);
    for (size_t i = 0; i < access_token_count(access); i++) {
        const struct access_token token = access_token_at(access, i);
        json_open_object(&json);
        json_pair_text(&json, "id", token.id);
        json_pair_text(&json, "name", token.name);
        json_pair_text(&json, "role", access_role_name(token.role));
        pair_time(&json, "created", token.created, form);
        pair_time(&json, "expires", token.expires, form);
        json_close_object(&json);
    }
    json_close_array(&json);
    request_answer_json(request, &body);
}

static void refuse(struct request *request, const struct err *err)
{
    if (err->code == -EINVAL)
        request_problem(request, 422, "bad-token", "Not acceptable", "%s.", err->text);
    else if (err->code == -ENOENT)
        request_problem(request, 404, "not-found", "No such token", "%s.", err->text);
    else if (err->code == -ENOSPC || err->code == -EEXIST)
        request_problem(request, 409, "conflict", "Not possible", "%s.", err->text);
    else
        request_problem(request, 500, "not-saved", "The change could not be saved", "%s.",
                        err->text);
}

static void note(const struct request *request, const char *sentence)
{
    const struct web_context *context = &request->web->context;
    if (context->note)
        context->note(context->user, request->user, request->peer->address, sentence);
}

static void make_token(struct request *request, const char *name, enum access_role role,
                       clock_us expires)
{
    char secret[128] = "", id[64] = "";
    struct err err = ERR_EMPTY;
    if (access_token_add(access_of(request), name, role, expires, secret, id, sizeof id, &err) <
        0) {
        refuse(request, &err);
        return;
    }
    struct buf body = BUF_EMPTY;
    struct json json = json_writer(&body);
    json_open_object(&json);
    json_pair_text(&json, "id", id);
    json_pair_text(&json, "token", secret);
    json_close_object(&json);
    explicit_bzero(secret, sizeof secret);
    note(request, "made a token");
    request_answer_take(request, 201, "application/json", &body);
}

static void add_token(struct request *request, const json_t *body)
{
    const char *name, *role_name, *expires;
    clock_us until = 0;
    if (!json_body_text(request, body, "name", LIMIT_NAME, true, &name) ||
        !json_body_text(request, body, "role", 32, true, &role_name) ||
        !json_body_text(request, body, "expires", 40, false, &expires))
        return;
    enum access_role role = access_role_find(role_name);
    if (role == ROLE_NONE)
        request_problem(request, 422, "bad-token", "Unknown role",
                        "role is one of view, control, administrator.");
    else if (expires && time_form_parse(expires, loop_wall(request->web->context.loop), &until) < 0)
        request_problem(request, 422, "bad-token", "Bad date",
                        "expires is a date like 2030-01-01T00:00:00Z, or is left out.");
    else
        make_token(request, name, role, until);
}

void api_tokens_add(struct request *request)
{
    static const char *const keys[] = {"name", "role", "expires", NULL};
    json_t *body = json_body_take(request);
    if (body && json_body_known(request, body, keys))
        add_token(request, body);
    json_decref(body);
}

void api_tokens_remove(struct request *request)
{
    char id[80];
    struct err err = ERR_EMPTY;
    if (!request_path_value(request, 0, id, sizeof id))
        err_set(&err, -ENOENT, "no token's id is that long");
    else
        access_token_remove(access_of(request), id, &err);
    if (err.code) {
        refuse(request, &err);
        return;
    }
    note(request, "withdrew a token");
    request_answer_empty(request, 204);
}
