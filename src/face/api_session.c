#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "face/access_wait.h"
#include "face/api_operations.h"
#include "face/json_body.h"
#include "face/request_event.h"
#include "face/web_private.h"

#define PASSWORD_MOST 1024

static bool first_start(const struct access *access)
{
    return access_user_count(access) == 1 && access_user_at(access, 0).must_change;
}

static const char *home_of_role(const struct web_settings *settings, enum access_role role)
{
    const int64_t homes[] = {[ROLE_NONE] = settings->home_view,
                             [ROLE_VIEW] = settings->home_view,
                             [ROLE_CONTROL] = settings->home_control,
                             [ROLE_INSTALLER] = settings->home_installer,
                             [ROLE_ADMINISTRATOR] = settings->home_administrator};
    return web_homes[homes[role]];
}

/* The user's own, when there is still such a page. */
static const char *home_of(const struct request *request, const char *user, enum access_role role)
{
    const struct access *access = request->web->context.access;
    for (size_t i = 0; i < access_user_count(access); i++) {
        const struct access_user one = access_user_at(access, i);
        if (strcmp(one.name, user) == 0 && web_home_find(one.home))
            return one.home;
    }
    return home_of_role(&request->web->settings, role);
}

/* What the sign-in page needs to know about PINs: whether there are any, and whose, if that may be
 * told. */
static void write_pins(struct json *json, const struct access *access)
{
    bool any = false;
    json_key(json, "names");
    json_open_array(json);
    for (size_t i = 0; i < access_user_count(access); i++) {
        const struct access_user user = access_user_at(access, i);
        any |= user.pin != ACCESS_PIN_NONE;
        if (user.pin != ACCESS_PIN_NONE && access_names_listed(access))
            json_text(json, user.name);
    }
    json_close_array(json);
    json_pair_bool(json, "pin_sign_in", any);
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
    json_pair_text(&json, "home", home_of(request, user, role));
    write_pins(&json, access);
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
    struct access_wait wait;
    enum access_proof proof;
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

static void refuse(struct request *request, enum access_proof proof)
{
    static const char *const sentences[] = {
        [ACCESS_BY_PASSWORD] = "User or password is wrong.",
        [ACCESS_BY_PIN] = "User or PIN is wrong, or the PIN is blocked: then the PUK unblocks it.",
        [ACCESS_BY_PUK] =
            ("User or PUK is wrong, or too many were: then an administrator sets a new "
             "PIN."),
    };
    request_problem(request, 403, "sign-in-refused", "Sign-in refused", "%s", sentences[proof]);
}

static void tell_blocked(struct request *request, enum access_pin state)
{
    if (state == ACCESS_PUK_BLOCKED)
        request_problem(request, 403, "puk-blocked", "The PUK is blocked",
                        "Too many PUKs were wrong; an administrator sets a new PIN.");
    else
        request_problem(request, 403, "pin-blocked", "The PIN is blocked",
                        "Too many PINs were wrong; the PUK unblocks it.");
}

static void on_signed_in(void *user_data, const struct access_sign_in *result)
{
    struct sign_in *job = user_data;
    struct request *request = job->wait.request;
    switch (result->outcome) {
    case ACCESS_SIGNED_IN:
        welcome(request, result);
        break;
    case ACCESS_REFUSED:
        refuse(request, job->proof);
        break;
    case ACCESS_BLOCKED:
        tell_blocked(request, result->pin);
        break;
    case ACCESS_SLOWED:
        slow_down(request, result->retry_s);
        break;
    case ACCESS_CHANGE_REQUIRED:
        request_problem(request, 403, "password-change-required", "A new password is needed",
                        "The one-time secret is right; send it again together with new_password.");
        break;
    case ACCESS_WEAK:
        request_problem(request, 422, "weak-password",
                        job->proof == ACCESS_BY_PASSWORD ? "This password is not acceptable"
                                                         : "This PIN is not acceptable",
                        "%s.", result->err.text);
        break;
    case ACCESS_BUSY:
        slow_down(request, 2);
        break;
    }
    free(job);
}

/* What a person showed, as one of the three. */
struct shown {
    enum access_proof proof;
    const char *user, *secret, *fresh;
};

static const struct {
    const char *key, *fresh;
} proofs[] = {
    [ACCESS_BY_PASSWORD] = {"password", "new_password"},
    [ACCESS_BY_PIN] = {"pin", "new_pin"},
    [ACCESS_BY_PUK] = {"puk", "new_pin"},
};

#define PROOFS (sizeof proofs / sizeof *proofs)

/* Exactly one of them; false when answered. */
static bool read_shown(struct request *request, const json_t *body, struct shown *shown)
{
    size_t given = 0;
    for (size_t i = 0; i < PROOFS; i++) {
        const char *secret;
        if (!json_body_text(request, body, proofs[i].key, PASSWORD_MOST, false, &secret))
            return false;
        if (!secret)
            continue;
        given++;
        shown->proof = (enum access_proof)i;
        shown->secret = secret;
    }
    if (given == 1)
        return json_body_text(request, body, "user", LIMIT_NAME, true, &shown->user) &&
               json_body_text(request, body, proofs[shown->proof].fresh, PASSWORD_MOST, false,
                              &shown->fresh);
    request_problem(request, 400, "malformed", "The request is malformed",
                    "One of password, pin and puk is needed.");
    return false;
}

static void start_sign_in(struct request *request, const struct shown *shown)
{
    struct access *access = request->web->context.access;
    const char *from = request->peer->address;
    struct sign_in *job = access_wait_new(request, sizeof *job);
    if (!job)
        return;
    job->proof = shown->proof;
    struct access_job *under_way =
        shown->proof == ACCESS_BY_PASSWORD
            ? access_sign_in(access, from, shown->user, shown->secret, shown->fresh, on_signed_in,
                             job)
            : access_sign_in_code(access, shown->proof, from, shown->user, shown->secret,
                                  shown->fresh, on_signed_in, job);
    if (!under_way) {
        free(job);
        slow_down(request, 2);
        return;
    }
    access_wait_for(&job->wait, under_way);
}

void api_session_open(struct request *request)
{
    static const char *const keys[] = {"user",    "password", "new_password", "pin", "puk",
                                       "new_pin", NULL};
    struct shown shown = {0};
    json_t *body = json_body_take(request);
    if (body && json_body_known(request, body, keys) && read_shown(request, body, &shown))
        start_sign_in(request, &shown);
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
