/* web_private - what the parts of the web face share. Included by web*.c, api*.c and pages.c only.
 */
#pragma once

#include "face/certificate.h"
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
    struct http_server https, http, local;
    int https_port, http_port;
    struct point_json *points;
    struct point_lists *lists;
    struct live *live;
    struct pages *pages;
    struct block *openapi; /* written once */
    char host[256];        /* this machine's name */
};

/* web_gate.c: everything that is decided before an operation runs. */
void web_begin(void *user, struct request *request);
void web_serve(void *user, struct request *request);
