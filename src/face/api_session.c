#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "face/api_operations.h"
#include "face/json_body.h"
#include "face/request_event.h"
#include "face/web_private.h"

#define PASSWORD_MOST 1024

static bool first_start(const struct access *access)
{
    return access_user_count(access) == 1 && access_user_at(access, 0).must_change;
}

static int64_t home_of(const struct web_settings *settings, enum access_role role)
{
    return role == ROLE_ADMINISTRATOR ? settings->home_administrator
           : role == ROLE_CONTROL     ? settings->home_control
                                      : settings->home_view;
}

static void answer_identity(struct request *request, const char *user, enum access_role role,
                            const char *csrf)
{
    struct access *access = request->web->context.access;
    const struct web_settings *settings = &request->web->settings;
    const char *role_name = access_role_name(role);
    struct buf body = BUF_EMPTY;
    struct json json = json_writer(&body);
    json_open_object(&json);
    json_pair_text(&json, "user", user[0] ? user : NULL);
    json_pair_text(&json, "role", role_name[0] ? role_name : NULL);
    json_pair_text(&json, "csrf", csrf);
    json_pair_bool(&json, "view_open", access_identify(access, NULL, NULL).role >= ROLE_VIEW);
    json_pair_bool(&json, "first_start", first_start(access));
    json_pair_text(&json, "menu", web_menus[settings->menu]);
    json_pair_text(&json, "home", web_homes[home_of(settings, role)]);
    json_close_object(&json);
    request_answer_json(request, &body);
}

void api_session_show(struct request *request)
{
    if (request->peer->local) {
        answer_identity(request, "local", ROLE_ADMINISTRATOR, NULL);
        return;
    }
    const struct access_identity identity = access_identify(
        request->web->context.access, request_cookie(request, WEB_COOKIE), request_token(request));
    answer_identity(request, identity.user ? identity.user : "", identity.role, identity.csrf);
}

/* ---- signing in ------------------------------------------------------------------------------ */

struct sign_in {
    struct request *request;
    struct access_job *job;
    char user[LIMIT_NAME + 1];
};

static void welcome(struct request *request, const struct access_sign_in *result)
{
    /* The session before this one, if there was any, is not left open behind it. */
    const char *before = request_cookie(request, WEB_COOKIE);
    if (before)
        access_sign_out(request->web->context.access, before);
    web_set_cookie(request, result->session);
    answer_identity(request, result->user, result->role, result->csrf);
}

static void slow_down(struct request *request, int retry_s)
{
    char text[16];
    snprintf(text, sizeof text, "%d", retry_s);
    request_add_header(request, "Retry-After", text);
    request_problem(request, 429, "too-many-attempts", "Too many attempts",
                    "Sign-in failed too often; try again in %d s.", retry_s);
}

static void on_signed_in(void *user_data, const struct access_sign_in *result)
{
    struct sign_in *job = user_data;
    struct request *request = job->request;
    switch (result->outcome) {
    case ACCESS_SIGNED_IN:
        welcome(request, result);
        break;
    case ACCESS_REFUSED:
        request_problem(request, 403, "sign-in-refused", "Sign-in refused",
                        "User or password is wrong.");
        break;
    case ACCESS_SLOWED:
        slow_down(request, result->retry_s);
        break;
    case ACCESS_CHANGE_REQUIRED:
        request_problem(request, 403, "password-change-required", "A new password is needed",
                        "The one-time secret is right; send it again together with new_password.");
        break;
    case ACCESS_WEAK:
        request_problem(request, 422, "weak-password", "This password is not acceptable", "%s.",
                        result->err.text);
        break;
    case ACCESS_BUSY:
        slow_down(request, 2);
        break;
    }
    free(job);
}

static void on_gone(void *user)
{
    struct sign_in *job = user;
    access_job_cancel(job->job);
    free(job);
}

static void start_sign_in(struct request *request, const json_t *body)
{
    const char *user, *password, *fresh;
    if (!json_body_text(request, body, "user", LIMIT_NAME, true, &user) ||
        !json_body_text(request, body, "password", PASSWORD_MOST, true, &password) ||
        !json_body_text(request, body, "new_password", PASSWORD_MOST, false, &fresh))
        return;
    struct sign_in *job = calloc(1, sizeof *job);
    if (!job) {
        request_answer_response(request, 503, NULL);
        return;
    }
    job->request = request;
    snprintf(job->user, sizeof job->user, "%s", user);
    struct access_job *under_way =
        access_sign_in(request->web->context.access, request->peer->address, user, password, fresh,
                       on_signed_in, job);
    if (!under_way) {
        free(job);
        slow_down(request, 2);
        return;
    }
    job->job = under_way;
    request_wait(request, on_gone, job);
}

void api_session_open(struct request *request)
{
    static const char *const keys[] = {"user", "password", "new_password", NULL};
    json_t *body = json_body_take(request);
    if (body && json_body_known(request, body, keys))
        start_sign_in(request, body);
    json_decref(body);
    if (request->body.data)
        explicit_bzero(request->body.data, request->body.capacity);
}

void api_session_close(struct request *request)
{
    const char *session = request_cookie(request, WEB_COOKIE);
    if (session) {
        access_sign_out(request->web->context.access, session);
        request_event(request, &(struct event){.kind = EVENT_SIGN_OUT}, "signed out");
    }
    web_set_cookie(request, "");
    request_answer_empty(request, 204);
}
