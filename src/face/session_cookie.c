#include <stdio.h>

#include "face/web_private.h"

void web_set_cookie(struct request *request, const char *session)
{
    char text[192];
    snprintf(text, sizeof text, WEB_COOKIE "=%s; Path=/; HttpOnly; SameSite=Strict%s%s", session,
             request->peer->tls ? "; Secure" : "", *session ? "" : "; Max-Age=0");
    request_add_header(request, "Set-Cookie", text);
}
