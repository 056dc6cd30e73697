#include "face/plain.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "face/dav_login.h"
#include "face/plain_pages.h"

/* The token of the session must come in the form's field `csrf`, unless there is none yet. */
enum { PAGE_ANONYMOUS = 1, PAGE_MACHINE = 2 /* read by programs: refusals are problem details */ };

static const struct page {
    enum http_method method;
    const char *path;
    enum access_role right;
    unsigned flags;
    void (*fn)(struct request *request, const struct form *form);
} pages[] = {
    {HTTP_GET, "/data.xml", ROLE_VIEW, PAGE_MACHINE, plain_xml},
    {HTTP_GET, "/pda", ROLE_VIEW, PAGE_MACHINE, plain_text},
    {HTTP_GET, "/m", ROLE_VIEW, 0, plain_status},
    {HTTP_GET, "/m/device", ROLE_VIEW, 0, plain_device},
    {HTTP_GET, "/m/alarms", ROLE_VIEW, 0, plain_alarms},
    {HTTP_POST, "/m/alarm", ROLE_CONTROL, 0, plain_alarm_do},
    {HTTP_GET, "/m/switch", ROLE_CONTROL, 0, plain_switch},
    {HTTP_GET, "/m/ask", ROLE_CONTROL, 0, plain_ask},
    {HTTP_POST, "/m/command", ROLE_CONTROL, 0, plain_do},
    {HTTP_GET, "/m/command", ROLE_VIEW, 0, plain_command},
    {HTTP_POST, "/m/cancel", ROLE_CONTROL, 0, plain_cancel},
    {HTTP_GET, "/m/sign-in", ROLE_NONE, 0, plain_sign_in_form},
    {HTTP_GET, "/m/password", ROLE_NONE, 0, plain_change_form},
    {HTTP_POST, "/m/sign-in", ROLE_NONE, PAGE_ANONYMOUS, plain_sign_in},
    {HTTP_POST, "/m/sign-out", ROLE_NONE, 0, plain_sign_out},
};

#define PAGES (sizeof pages / sizeof pages[0])

static bool is_path(const char *url, const char *path)
{
    size_t length = strlen(path);
    return strncmp(url, path, length) == 0 && (!url[length] || strcmp(url + length, "/") == 0);
}

bool plain_is_ours(const char *url)
{
    for (size_t i = 0; i < PAGES; i++) {
        if (is_path(url, pages[i].path))
            return true;
    }
    return false;
}

static const struct page *find(const struct request *request, unsigned *allowed)
{
    enum http_method method = http_method_find(request->method);
    const struct page *found = NULL;
    *allowed = 0;
    for (size_t i = 0; i < PAGES; i++) {
        if (!is_path(request->url, pages[i].path))
            continue;
        *allowed |= 1u << pages[i].method;
        if (pages[i].method == method)
            found = &pages[i];
    }
    return found;
}

/* ---- who asks -------------------------------------------------------------------------------- */

/* Small devices know HTTP Basic at most: any name, and a token in place of the password (RFC 7617),
 * never in the clear. A password that was right on the network drive counts too. */
static void identify_basic(struct request *request)
{
    struct dav_credentials credentials;
    struct access_identity identity;
    if (!request->peer->tls ||
        !dav_credentials_parse(request_header(request, "Authorization"), &credentials))
        return;
    if (dav_logins_find(request->web->logins, &credentials, &identity)) {
        request->role = identity.role;
        snprintf(request->user, sizeof request->user, "%s", identity.user);
    }
    dav_credentials_wipe(&credentials);
}

static void refuse_right(struct request *request, const struct page *page)
{
    if (page->flags & PAGE_MACHINE) {
        request_add_header(request, "WWW-Authenticate",
                           "Basic realm=\"busbar\", charset=\"UTF-8\"");
        request_problem(request, 401, "sign-in-required", "Sign in first",
                        "This needs the role %s: sign in at /m, send a token as bearer, or over "
                        "HTTPS any name with a token in place of the password.",
                        access_role_name(page->right));
    } else if (!request->user[0]) {
        plain_go(request, "/m/sign-in");
    } else {
        char sentence[200];
        snprintf(sentence, sizeof sentence, "This needs the role %s; %s has %s.",
                 access_role_name(page->right), request->user, access_role_name(request->role));
        plain_say(request, 403, "Not allowed", sentence);
    }
}

bool plain_begin(struct request *request)
{
    unsigned allowed;
    const char *csrf;
    const struct page *page = find(request, &allowed);
    if (!page) {
        web_refuse_method(request, allowed);
        return false;
    }
    web_identify(request, &csrf);
    if (request->role < page->right && page->flags & PAGE_MACHINE)
        identify_basic(request);
    if (request->role >= page->right)
        return true;
    refuse_right(request, page);
    return false;
}

/* ---- what was sent --------------------------------------------------------------------------- */

static bool is_form(const struct request *request)
{
    static const char type[] = "application/x-www-form-urlencoded";
    const char *sent = request_header(request, "Content-Type");
    return sent && strncasecmp(sent, type, sizeof type - 1) == 0 &&
           (!sent[sizeof type - 1] || strchr("; ", sent[sizeof type - 1]));
}

/* The same rule as for the API, with a field in place of the header. */
static bool is_own(struct request *request, const struct page *page, const struct form *form)
{
    const char *csrf, *sent = form_get(form, "csrf");
    web_identify(request, &csrf);
    if (web_is_foreign(request))
        return false;
    if (page->flags & PAGE_ANONYMOUS || request->peer->local || !csrf)
        return true;
    return sent && web_same_text(sent, csrf);
}

static void serve_form(struct request *request, const struct page *page)
{
    struct form form;
    int result =
        is_form(request) ? form_read(&form, request->body.data, request->body.length) : -EPROTO;
    if (request->body.data)
        explicit_bzero(request->body.data, request->body.capacity);
    if (result == -ENOMEM) {
        request_answer_response(request, 503, NULL);
    } else if (result < 0) {
        plain_say(request, result == -EPROTO ? 415 : 400, "Not understood",
                  "What was sent is not a form of these pages; begin again at /m.");
    } else {
        if (is_own(request, page, &form))
            page->fn(request, &form);
        else
            plain_say(request, 403, "Not from our own page",
                      "The form was not one of this session; go back, load the page again and "
                      "repeat it.");
        form_deinit(&form);
    }
}

void plain_serve(struct request *request)
{
    unsigned allowed;
    const struct page *page = find(request, &allowed);
    if (page->method == HTTP_POST)
        serve_form(request, page);
    else
        page->fn(request, &FORM_EMPTY);
}
