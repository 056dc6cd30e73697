#include <stdio.h>
#include <string.h>

#include "face/plain_pages.h"
#include "face/value_text.h"
#include "model/site_settings.h"

/* ---- pages ----------------------------------------------------------------------------------- */

static const char *site_name(const struct request *request)
{
    const struct web_context *context = &request->web->context;
    const struct site_settings *site =
        config_record(context->config(context->user), &site_settings_table);
    return site->name[0] ? site->name : "busbar";
}

struct buf plain_begin_page(const struct request *request, const char *title)
{
    struct buf page = BUF_EMPTY;
    buf_add_text(&page, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                        "<meta name=\"viewport\" content=\"width=device-width\">\n"
                        "<meta name=\"color-scheme\" content=\"light dark\">\n<title>");
    markup_add(&page, title);
    buf_add_text(&page, " - ");
    markup_add(&page, site_name(request));
    buf_add_text(&page, "</title>\n</head>\n<body>\n<h1>");
    markup_add(&page, title);
    buf_add_text(&page, "</h1>\n");
    return page;
}

static void add_sign_out(struct buf *page, const struct request *request)
{
    buf_add_text(page, "<form method=\"post\" action=\"/m/sign-out\">\n<p>Signed in as ");
    markup_add(page, request->user);
    buf_add_text(page, " (");
    buf_add_text(page, access_role_name(request->role));
    buf_add_text(page, "). ");
    plain_add_csrf(page, request);
    buf_add_text(page, "<button>Sign out</button> <a href=\"/m/password\">Change password or "
                       "PIN</a></p>\n</form>\n");
}

void plain_send_page(struct request *request, unsigned status, struct buf *page)
{
    bool session = request_cookie(request, WEB_COOKIE) && request->user[0];
    buf_add_text(page, "<hr>\n");
    if (session)
        add_sign_out(page, request);
    buf_add_text(page, "<p><a href=\"/m\">Status</a> | <a href=\"/m/alarms\">Alarms</a>");
    if (request->role >= ROLE_CONTROL)
        buf_add_text(page, " | <a href=\"/m/switch\">Switch</a>");
    if (!request->user[0])
        buf_add_text(page, " | <a href=\"/m/sign-in\">Sign in</a>");
    buf_add_text(page, " | <a href=\"/pda\">As text</a> | <a href=\"/data.xml\">As XML</a> | "
                       "<a href=\"/\">Full pages</a></p>\n</body>\n</html>\n");
    request_answer_take(request, status, PLAIN_HTML, page);
}

void plain_say(struct request *request, unsigned status, const char *title, const char *sentence)
{
    struct buf page = plain_begin_page(request, title);
    buf_add_text(&page, "<p>");
    markup_add(&page, sentence);
    buf_add_text(&page, "</p>\n");
    plain_send_page(request, status, &page);
}

void plain_go(struct request *request, const char *place)
{
    request_add_header(request, "Location", place);
    request_answer_empty(request, 303);
}

void plain_add_csrf(struct buf *page, const struct request *request)
{
    const struct access_identity identity =
        access_identify(request->web->context.access, request_cookie(request, WEB_COOKIE), NULL);
    if (!identity.csrf)
        return;
    buf_add_text(page, "<input type=\"hidden\" name=\"csrf\"");
    markup_attribute(page, "value", identity.csrf);
    buf_add_text(page, ">");
}

/* ---- values ---------------------------------------------------------------------------------- */

bool plain_has_value(const struct point *point)
{
    return value_text_there(point);
}

void plain_add_value(struct buf *out, const struct point *point)
{
    value_text_add(out, point);
}

void plain_age(const struct point *point, clock_us now, char *text, size_t size)
{
    value_text_age(point, now, text, size);
}

void plain_add_name(struct buf *out, const char *name, const char *label)
{
    buf_add_text(out, name);
    if (label[0] && strcmp(label, name) != 0)
        buf_add_format(out, ": %s", label);
}
