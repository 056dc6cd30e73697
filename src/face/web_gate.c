#include <gnutls/crypto.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "face/api.h"
#include "face/dav.h"
#include "face/plain.h"
#include "face/request_event.h"
#include "face/web_private.h"

/* ---- the request itself ---------------------------------------------------------------------- */

static void refuse_form(struct request *request, const char *sentence)
{
    /* Where this request ends is in doubt, so nothing after it on this connection can be trusted.
     */
    request->early = true;
    request_problem(request, 400, "malformed", "The request is malformed", "%s", sentence);
}

static bool check_form(struct request *request)
{
    const char *sentence = http_check_end(&request->check, request->version);
    if (!sentence && request->bad_target)
        sentence = "The address holds an escape or a character that no address may hold.";
    if (sentence)
        refuse_form(request, sentence);
    return !sentence;
}

static bool check_host(struct request *request)
{
    const struct web *web = request->web;
    const char *host = request->check.host;
    if (request->peer->local || !host || http_host_allowed(host, web->host, web->settings.names))
        return true;
    request_problem(
        request, 421, "misdirected", "This machine is not known by that name",
        "Reach it by its address or as %.100s, or add \"%.*s\" to the setting web.names.",
        web->host, (int)(http_host_length(host) < 100 ? http_host_length(host) : 100), host);
    return false;
}

static bool check_length(struct request *request)
{
    if (request->check.length <= LIMIT_REQUEST_BODY)
        return true;
    /* A little too much is read and dropped so that the client hears why; much too much is not. */
    request->early = request->check.length > 2 * LIMIT_REQUEST_BODY;
    request_problem(request, 413, "body-too-large", "Too much was sent",
                    "A request may carry at most %u bytes.", LIMIT_REQUEST_BODY);
    return false;
}

/* Plain HTTP -> HTTPS, when that is wished. True when answered. */
static bool redirect(struct request *request)
{
    const struct web *web = request->web;
    const char *host = request->check.host;
    if (!web->settings.redirect || request->peer->tls || request->peer->local || !host ||
        !web->https_port)
        return false;
    size_t length = http_host_length(host);
    char place[2048];
    int written = snprintf(place, sizeof place, "https://%.*s:%d%s", (int)length, host,
                           web->https_port, request->target);
    if (written < 0 || (size_t)written >= sizeof place) {
        request_problem(request, 414, "too-long", "The address is too long",
                        "Use https from the start.");
        return true;
    }
    request_add_header(request, "Location", place);
    request_answer_empty(request, 308);
    return true;
}

/* ---- who asks, and may they ------------------------------------------------------------------ */

void web_identify(struct request *request, const char **csrf)
{
    *csrf = NULL;
    if (request->peer->local) {
        request->role = ROLE_ADMINISTRATOR;
        snprintf(request->user, sizeof request->user, "local");
        return;
    }
    const struct access_identity identity = access_identify(
        request->web->context.access, request_cookie(request, WEB_COOKIE), request_token(request));
    request->role = identity.role;
    snprintf(request->user, sizeof request->user, "%s", identity.user ? identity.user : "");
    *csrf = identity.csrf;
}

static void note(const struct request *request, const char *sentence)
{
    request_event(request, &(struct event){.kind = EVENT_REQUEST_REFUSED, .object = request->url},
                  "was refused: %s", sentence);
}

static bool check_right(struct request *request, const struct route *route)
{
    if (request->role >= route->right)
        return true;
    if (!request->user[0]) {
        request_add_header(request, "WWW-Authenticate", "Bearer");
        request_problem(request, 401, "sign-in-required", "Sign in first",
                        "This needs the role %s: sign in, or send a token.",
                        access_role_name(route->right));
        return false;
    }
    note(request, "their role does not allow it");
    request_problem(request, 403, "forbidden", "Not allowed", "This needs the role %s; %s has %s.",
                    access_role_name(route->right), request->user, access_role_name(request->role));
    return false;
}

bool web_same_text(const char *a, const char *b)
{
    size_t length = strlen(b);
    return strlen(a) == length && gnutls_memcmp(a, b, length) == 0;
}

/* A page of somebody else's, open in the same browser, must not act in our user's name: the browser
 * says where a request comes from, and ours repeat the session's token, which others cannot read.
 */
bool web_is_foreign(const struct request *request)
{
    const char *site = request_header(request, "Sec-Fetch-Site");
    const char *origin = request_header(request, "Origin");
    if (site && strcmp(site, "same-origin") != 0 && strcmp(site, "none") != 0)
        return true;
    if (!origin || !request->check.host)
        return false;
    const char *host = strstr(origin, "://");
    return !host || strcasecmp(host + 3, request->check.host) != 0;
}

static bool check_csrf(struct request *request, const struct route *route, const char *csrf)
{
    if (route->method == HTTP_GET || request->peer->local)
        return true;
    const char *sent = request_header(request, "X-CSRF-Token");
    bool foreign = web_is_foreign(request);
    bool missing =
        csrf && !(route->flags & ROUTE_ANONYMOUS) && (!sent || !web_same_text(sent, csrf));
    if (!foreign && !missing)
        return true;
    note(request,
         foreign ? "the request came from a foreign page" : "it had no valid X-CSRF-Token");
    request_problem(
        request, 403, "csrf", "Not from our own page", "%s",
        foreign ? "The request came from a foreign page."
                : "Repeat the csrf text of GET /api/v1/session in the header X-CSRF-Token.");
    return false;
}

/* ---- what is asked for ----------------------------------------------------------------------- */

void web_refuse_method(struct request *request, unsigned allowed)
{
    char text[64];
    route_allow(allowed, text, sizeof text);
    request_add_header(request, "Allow", text);
    request_problem(request, 405, "method-not-allowed", "Not done here",
                    "%.20s is not possible here; %s is.", request->method, text);
}

static void begin_api(struct request *request)
{
    const char *path = request->url + strlen(API_PREFIX);
    bool ours = strncmp(request->url, API_PREFIX "/", sizeof API_PREFIX) == 0;
    switch (ours ? route_find(api_routes, api_route_count, http_method_find(request->method), path,
                              &request->match)
                 : ROUTE_NO_PATH) {
    case ROUTE_NO_PATH:
        request_problem(request, 404, "not-found", "No such operation",
                        "GET " API_PREFIX "/openapi.json lists what there is.");
        return;
    case ROUTE_NO_METHOD:
        web_refuse_method(request, request->match.allowed);
        return;
    case ROUTE_FOUND:
        break;
    }
    const char *csrf;
    web_identify(request, &csrf);
    if (check_right(request, request->match.route) &&
        check_csrf(request, request->match.route, csrf))
        check_length(request);
}

static bool is_api(const char *url)
{
    return strncmp(url, "/api", 4) == 0 && (url[4] == '/' || url[4] == '\0');
}

void web_begin(void *user, struct request *request)
{
    request->web = user;
    if (!check_form(request) || !check_host(request) || redirect(request)) {
        /* answered */
    } else if (is_api(request->url)) {
        begin_api(request);
    } else if (dav_is_ours(request->url)) {
        dav_begin(request);
    } else if (plain_is_ours(request->url)) {
        if (plain_begin(request))
            check_length(request);
    } else if (http_method_find(request->method) != HTTP_GET) {
        web_refuse_method(request, 1u << HTTP_GET);
    } else {
        check_length(request);
    }
    /* Who waits for a nod before sending the body is told now. */
    if (request->response && request_header(request, "Expect"))
        request->early = true;
}

void web_serve(void *user, struct request *request)
{
    const struct web *web = user;
    if (request->match.route)
        request->match.route->fn(request);
    else if (dav_is_ours(request->url))
        dav_serve(request);
    else if (plain_is_ours(request->url))
        plain_serve(request);
    else
        pages_serve(web->pages, request);
}
