#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "face/plain_pages.h"
#include "face/request_event.h"

#define PASSWORD_MOST 1024

/* ---- the form -------------------------------------------------------------------------------- */

static void add_password(struct buf *page, const char *name, const char *label, const char *kind)
{
    buf_add_format(page,
                   "<p><label>%s<br><input type=\"password\" name=\"%s\" autocomplete=\"%s\" "
                   "required></label></p>\n",
                   label, name, kind);
}

/* `fresh` asks for the new password that must replace the one-time secret. Passwords are never
 * written into a page, so all is typed again. */
static void show_form(struct request *request, unsigned status, const char *user,
                      const char *sentence, bool fresh)
{
    struct buf page = plain_begin_page(request, "Sign in");
    if (sentence) {
        buf_add_text(&page, "<p><strong>");
        markup_add(&page, sentence);
        buf_add_text(&page, "</strong></p>\n");
    }
    buf_add_text(&page, "<form method=\"post\" action=\"/m/sign-in\">\n<p><label>User<br>"
                        "<input name=\"user\" autocomplete=\"username\" required");
    markup_attribute(&page, "value", user);
    buf_add_text(&page, "></label></p>\n");
    add_password(&page, "password", fresh ? "One-time secret" : "Password or PIN",
                 "current-password");
    if (fresh)
        add_password(&page, "new_password", "New password", "new-password");
    buf_add_text(&page, "<p><button>Sign in</button></p>\n</form>\n");
    plain_send_page(request, status, &page);
}

void plain_sign_in_form(struct request *request, const struct form *form)
{
    (void)form;
    show_form(request, 200, NULL, NULL, false);
}

/* ---- signing in ------------------------------------------------------------------------------ */

struct sign_in {
    struct request *request;
    struct access_job *job;
    bool pin;
    char user[LIMIT_NAME + 1];
};

static const char refused_pin[] =
    "User or PIN is wrong, or the PIN is blocked; then the PUK unblocks it, at /sign-in.";

static void welcome(struct request *request, const struct access_sign_in *result)
{
    /* The session before this one, if there was any, is not left open behind it. */
    const char *before = request_cookie(request, WEB_COOKIE);
    if (before)
        access_sign_out(request->web->context.access, before);
    web_set_cookie(request, result->session);
    plain_go(request, "/m");
}

static void slow_down(struct request *request, const char *user, int retry_s)
{
    char text[100];
    snprintf(text, sizeof text, "%d", retry_s);
    request_add_header(request, "Retry-After", text);
    snprintf(text, sizeof text, "Sign-in failed too often; try again in %d s.", retry_s);
    show_form(request, 429, user, text, false);
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
        show_form(request, 403, job->user, job->pin ? refused_pin : "User or password is wrong.",
                  false);
        break;
    case ACCESS_BLOCKED:
        show_form(request, 403, job->user, refused_pin, false);
        break;
    case ACCESS_SLOWED:
        slow_down(request, job->user, result->retry_s);
        break;
    case ACCESS_CHANGE_REQUIRED:
        show_form(request, 403, job->user,
                  "The one-time secret is right; type it again and choose a new password.", true);
        break;
    case ACCESS_WEAK:
        show_form(request, 422, job->user, result->err.text, true);
        break;
    case ACCESS_BUSY:
        slow_down(request, job->user, 2);
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

static bool fits(const char *text, size_t most)
{
    return text && text[0] && strlen(text) <= most;
}

void plain_sign_in(struct request *request, const struct form *form)
{
    const char *user = form_get(form, "user"), *password = form_get(form, "password");
    const char *fresh = form_get(form, "new_password");
    if (!fits(user, LIMIT_NAME) || !fits(password, PASSWORD_MOST) ||
        (fresh && !fits(fresh, PASSWORD_MOST))) {
        show_form(request, 400, NULL, "User and password are needed.", false);
        return;
    }
    struct sign_in *job = calloc(1, sizeof *job);
    if (!job) {
        request_answer_response(request, 503, NULL);
        return;
    }
    job->request = request;
    snprintf(job->user, sizeof job->user, "%s", user);
    /* Digits too few for a password are a PIN. */
    job->pin = access_code_is(password) && !fresh;
    struct access *access = request->web->context.access;
    const char *from = request->peer->address;
    job->job = job->pin ? access_sign_in_code(access, ACCESS_BY_PIN, from, user, password, NULL,
                                              on_signed_in, job)
                        : access_sign_in(access, from, user, password, fresh, on_signed_in, job);
    if (!job->job) {
        slow_down(request, user, 2);
        free(job);
        return;
    }
    request_wait(request, on_gone, job);
}

void plain_sign_out(struct request *request, const struct form *form)
{
    const char *session = request_cookie(request, WEB_COOKIE);
    (void)form;
    if (session) {
        access_sign_out(request->web->context.access, session);
        request_event(request, &(struct event){.kind = EVENT_SIGN_OUT}, "signed out");
    }
    web_set_cookie(request, "");
    plain_go(request, "/m/sign-in");
}
