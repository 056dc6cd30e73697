#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "face/access_wait.h"
#include "face/api_operations.h"
#include "face/json_body.h"
#include "face/web_private.h"

static struct access *access_of(const struct request *request)
{
    return request->web->context.access;
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
        time_form_pair(&json, "created", token.created, form);
        time_form_pair(&json, "expires", token.expires, form);
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

static void answer_added(struct request *request, const struct access_token_added *added)
{
    struct buf body = BUF_EMPTY;
    struct json json = json_writer(&body);
    json_open_object(&json);
    json_pair_text(&json, "id", added->id);
    json_pair_text(&json, "token", added->secret);
    json_close_object(&json);
    request_answer_take(request, 201, "application/json", &body);
}

static void on_added(void *user_data, const struct access_token_added *added)
{
    struct access_wait *wait = user_data;
    if (added->err.code)
        refuse(wait->request, &added->err);
    else
        answer_added(wait->request, added);
    free(wait);
}

static void make_token(struct request *request, const char *name, enum access_role role,
                       clock_us expires)
{
    struct access_wait *wait = access_wait_new(request, sizeof *wait);
    if (wait)
        access_wait_for_change(
            wait, access_token_add(access_of(request), name, role, expires, on_added, wait));
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
                        "role is one of view, control, installer, administrator.");
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

static void on_removed(void *user_data, const struct err *err)
{
    struct access_wait *wait = user_data;
    if (err->code) {
        refuse(wait->request, err);
    } else {
        request_answer_empty(wait->request, 204);
    }
    free(wait);
}

void api_tokens_remove(struct request *request)
{
    char id[80];
    if (!request_path_value(request, 0, id, sizeof id) || strlen(id) >= ACCESS_TOKEN_ID) {
        struct err err = ERR_EMPTY;
        err_set(&err, -ENOENT, "no token's id is that long");
        refuse(request, &err);
        return;
    }
    struct access_wait *wait = access_wait_new(request, sizeof *wait);
    if (wait)
        access_wait_for_change(wait, access_token_remove(access_of(request), id, on_removed, wait));
}
