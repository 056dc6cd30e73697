/* web_private - what the parts of the web face share. Included by web*.c, api*.c and pages.c only.
 */
#pragma once

#include "engine/event_log.h"
#include "face/certificate.h"
#include "face/dav_login.h"
#include "face/http_server.h"
#include "face/live.h"
#include "face/live_alarms.h"
#include "face/live_commands.h"
#include "face/pages.h"
#include "face/point_json.h"
#include "face/point_list.h"
#include "face/request.h"
#include "face/web.h"

#define WEB_COOKIE "busbar_session"

struct web {
    struct web_context context;
    struct web_settings settings; /* texts are our own copies */
    struct certificate *certificate;
    struct certificate_job *certificate_job; /* a new one that is being made or written, or NULL */
    struct http_server https, http, local;
    int https_port, http_port;
    struct point_json *points;
    struct point_lists *lists;
    struct live *live;
    struct history_download *downloads; /* under way */
    struct event_news news;             /* to the live streams */
    struct live_commands *live_commands;
    struct live_alarms *live_alarms;
    unsigned previews, tests; /* of rules and recipients, under way */
    unsigned energies;        /* questions about energy under way */
    struct pages *pages;
    struct dav_logins *logins;
    struct block *openapi; /* written once */
    char host[256];        /* this machine's name */
};

/* api_certificate.c: the pages end while a new certificate is under way. */
void api_certificate_leave(struct web *web);

/* api_history.c: what is recorded; NULL: there is no store, and why is a sentence. */
struct history *web_history(const struct web *web);
const char *web_history_problem(const struct web *web);

/* api_history.c: the same for a request; NULL: it was answered with 503 and the sentence. */
struct history *request_history(struct request *request);

/* web_gate.c: everything that is decided before an operation runs. */
void web_begin(void *user, struct request *request);
void web_serve(void *user, struct request *request);

/* Fill in who asks; `csrf` is what a request that changes something must repeat, or NULL. */
void web_identify(struct request *request, const char **csrf);

/* The browser says that a page of somebody else's sent this. */
bool web_is_foreign(const struct request *request);

/* Equal, in a time that does not tell where they differ. */
bool web_same_text(const char *a, const char *b);

/* Answer 405; bit per enum http_method. */
void web_refuse_method(struct request *request, unsigned allowed);

/* session_cookie.c: hand out a session, or take the cookie back (`session` ""). */
void web_set_cookie(struct request *request, const char *session);
