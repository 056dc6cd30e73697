#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "face/access_wait.h"
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

/* What is asked for: `fresh` replaces `now`. */
enum ask { ASK_SIGN_IN, ASK_FIRST, ASK_CHANGE };

static const struct {
    const char *title, *now, *fresh, *button;
} asks[] = {
    [ASK_SIGN_IN] = {"Sign in", "Password or PIN", NULL, "Sign in"},
    [ASK_FIRST] = {"Sign in", "One-time secret", "New password", "Sign in"},
    [ASK_CHANGE] = {"Change password or PIN", "Password or PIN until now", "New password or PIN",
                    "Change and sign in"},
};

/* Passwords are never written into a page, so all is typed again. */
static void show_form(struct request *request, unsigned status, const char *user,
                      const char *sentence, enum ask ask)
{
    struct buf page = plain_begin_page(request, asks[ask].title);
    if (sentence) {
        buf_add_text(&page, "<p><strong>");
        markup_add(&page, sentence);
        buf_add_text(&page, "</strong></p>\n");
    }
    buf_add_text(&page, "<form method=\"post\" action=\"/m/sign-in\">\n<p><label>User<br>"
                        "<input name=\"user\" autocomplete=\"username\" required");
    markup_attribute(&page, "value", user);
    buf_add_text(&page, "></label></p>\n");
    add_password(&page, "password", asks[ask].now, "current-password");
    if (asks[ask].fresh)
        add_password(&page, "new_password", asks[ask].fresh, "new-password");
    if (ask == ASK_CHANGE)
        add_password(&page, "repeat", "Once more", "new-password");
    buf_add_format(&page, "<p><button>%s</button></p>\n</form>\n", asks[ask].button);
    if (ask == ASK_SIGN_IN)
        buf_add_text(&page, "<p><a href=\"/m/password\">Change password or PIN</a></p>\n");
    plain_send_page(request, status, &page);
}

void plain_sign_in_form(struct request *request, const struct form *form)
{
    (void)form;
    show_form(request, 200, NULL, NULL, ASK_SIGN_IN);
}

void plain_change_form(struct request *request, const struct form *form)
{
    (void)form;
    show_form(request, 200, request->user, NULL, ASK_CHANGE);
}

/* ---- signing in ------------------------------------------------------------------------------ */

struct sign_in {
    struct access_wait wait;
    bool pin;
    enum ask ask;
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

static void slow_down(struct request *request, const char *user, int retry_s, enum ask ask)
{
    char text[100];
    snprintf(text, sizeof text, "%d", retry_s);
    request_add_header(request, "Retry-After", text);
    snprintf(text, sizeof text, "Sign-in failed too often; try again in %d s.", retry_s);
    show_form(request, 429, user, text, ask);
}

static void on_signed_in(void *user_data, const struct access_sign_in *result)
{
    struct sign_in *job = user_data;
    struct request *request = job->wait.request;
    enum ask again = job->ask == ASK_CHANGE ? ASK_CHANGE : ASK_SIGN_IN;
    switch (result->outcome) {
    case ACCESS_SIGNED_IN:
        welcome(request, result);
        break;
    case ACCESS_REFUSED:
        show_form(request, 403, job->user, job->pin ? refused_pin : "User or password is wrong.",
                  again);
        break;
    case ACCESS_BLOCKED:
        show_form(request, 403, job->user, refused_pin, again);
        break;
    case ACCESS_SLOWED:
        slow_down(request, job->user, result->retry_s, again);
        break;
    case ACCESS_CHANGE_REQUIRED:
        show_form(request, 403, job->user,
                  "The one-time secret is right; type it again and choose a new password.",
                  ASK_FIRST);
        break;
    case ACCESS_WEAK:
        show_form(request, 422, job->user, result->err.text,
                  job->ask == ASK_CHANGE ? ASK_CHANGE : ASK_FIRST);
        break;
    case ACCESS_BUSY:
        slow_down(request, job->user, 2, again);
        break;
    }
    free(job);
}

static bool fits(const char *text, size_t most)
{
    return text && text[0] && strlen(text) <= most;
}

/* What is wrong with the form itself, NULL: nothing. */
static const char *problem_of(const struct form *form)
{
    const char *user = form_get(form, "user"), *password = form_get(form, "password");
    const char *fresh = form_get(form, "new_password"), *repeat = form_get(form, "repeat");
    if (!fits(user, LIMIT_NAME) || !fits(password, PASSWORD_MOST) ||
        (fresh && !fits(fresh, PASSWORD_MOST)))
        return "User and password are needed.";
    if (repeat && (!fresh || strcmp(fresh, repeat) != 0))
        return "The new ones are not the same.";
    if (repeat && access_code_is(password) && !access_code_is(fresh))
        return "A PIN is replaced by a PIN: 4 to 8 digits.";
    return NULL;
}

void plain_sign_in(struct request *request, const struct form *form)
{
    const char *user = form_get(form, "user"), *password = form_get(form, "password");
    const char *fresh = form_get(form, "new_password"), *problem = problem_of(form);
    enum ask ask = form_get(form, "repeat") ? ASK_CHANGE : ASK_SIGN_IN;
    if (problem) {
        show_form(request, 400, NULL, problem, ask);
        return;
    }
    struct sign_in *job = access_wait_new(request, sizeof *job);
    if (!job)
        return;
    job->ask = ask;
    snprintf(job->user, sizeof job->user, "%s", user);
    /* Digits too few for a password are a PIN. */
    job->pin = access_code_is(password) && (!fresh || ask == ASK_CHANGE);
    struct access *access = request->web->context.access;
    const char *from = request->peer->address;
    struct access_job *under_way =
        job->pin ? access_sign_in_code(access, ACCESS_BY_PIN, from, user, password, fresh,
                                       on_signed_in, job)
                 : access_sign_in(access, from, user, password, fresh, on_signed_in, job);
    if (!under_way) {
        slow_down(request, user, 2, ask);
        free(job);
        return;
    }
    access_wait_for(&job->wait, under_way);
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
