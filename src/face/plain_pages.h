/* plain_pages - the pages of `plain`, one function each, and what they are written with.
 *
 * A page is begun, written into with markup_* and plain_*, and sent. Included by plain*.c only.
 */
#pragma once

#include "base/buf.h"
#include "face/form_body.h"
#include "face/markup.h"
#include "face/web_private.h"

#define PLAIN_HTML "text/html; charset=utf-8"

/* ---- pages: rows of the table in plain.c; `form` is empty for GET ----------------------------- */

void plain_xml(struct request *request, const struct form *form);
void plain_text(struct request *request, const struct form *form);
void plain_status(struct request *request, const struct form *form);
void plain_device(struct request *request, const struct form *form);
void plain_alarms(struct request *request, const struct form *form);
void plain_alarm_do(struct request *request, const struct form *form);
void plain_switch(struct request *request, const struct form *form);
void plain_ask(struct request *request, const struct form *form);
void plain_do(struct request *request, const struct form *form);
void plain_command(struct request *request, const struct form *form);
void plain_cancel(struct request *request, const struct form *form);
void plain_sign_in_form(struct request *request, const struct form *form);
void plain_change_form(struct request *request, const struct form *form);
void plain_sign_in(struct request *request, const struct form *form);
void plain_sign_out(struct request *request, const struct form *form);

/* ---- writing ---------------------------------------------------------------------------------- */

/* The head of an HTML page up to its heading. */
struct buf plain_begin_page(const struct request *request, const char *title);

/* The foot: where to go from here; then the page is sent. */
void plain_send_page(struct request *request, unsigned status, struct buf *page);

/* A page that says one sentence, and the way out. */
void plain_say(struct request *request, unsigned status, const char *title, const char *sentence);

/* 303: a form was done, look there. */
void plain_go(struct request *request, const char *place);

/* The hidden field that proves that a form is ours. */
void plain_add_csrf(struct buf *page, const struct request *request);

/* Of what is not normal: how many, "2 critical, 1 lost", a line each, an element each. */
size_t plain_alarms_active(const struct request *request);
void plain_add_alarm_counts(struct buf *out, const struct request *request);
void plain_add_alarm_lines(struct buf *out, const struct request *request);
void plain_add_alarm_elements(struct buf *out, const struct request *request, enum time_form form);

/* A point's number with its unit, or text, or word; "-" when nothing is known. Not escaped. */
void plain_add_value(struct buf *out, const struct point *point);

/* Whether there is a value to show, if an old one. */
bool plain_has_value(const struct point *point);

/* "stale, 95 s old" or "" for a good one. `text` at least 64 bytes. */
void plain_age(const struct point *point, clock_us now, char *text, size_t size);

/* "meter-2: Cellar": name and label. Not escaped. */
void plain_add_name(struct buf *out, const char *name, const char *label);
