/* web_private - what the parts of the web face share. Included by web*.c, api*.c and pages.c only.
 */
#pragma once

#include "engine/event_log.h"
#include "face/certificate.h"
#include "face/dav_login.h"
#include "face/http_server.h"
#include "face/live.h"
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
    struct event_news news; /* to the live streams */
    struct pages *pages;
    struct dav_logins *logins;
    struct block *openapi; /* written once */
    char host[256];        /* this machine's name */
};

/* api_certificate.c: the pages end while a new certificate is under way. */
void api_certificate_leave(struct web *web);

/* web_gate.c: everything that is decided before an operation runs. */
void web_begin(void *user, struct request *request);
void web_serve(void *user, struct request *request);
