#include "face/mail_message.h"

#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/time_text.h"
#include "base/utf8.h"
#include "engine/schedule_time.h"
#include "face/mail_code.h"

/* RFC 5322, 2.1.1: lines should not be longer. */
#define LINE_GOOD 76

/* What begins with these two characters is never a line of base64 (no "_") nor of quoted-printable
 * (where "=" is followed by hexadecimal digits or the end): no part can hold a boundary. */
#define BOUNDARY "=_busbar_"

/* ---- addresses ------------------------------------------------------------------------------- */

/* RFC 5322 atext and the dot, without quoting: what people have. */
static bool is_local(char c)
{
    return isalnum((unsigned char)c) || (c && strchr("!#$%&'*+-/=?^_`{|}~.", c));
}

static bool is_domain(char c)
{
    return isalnum((unsigned char)c) || c == '.' || c == '-';
}

bool mail_address_valid(const char *text, size_t length)
{
    const char *at = memchr(text, '@', length);
    if (!at || at == text || length > MAIL_ADDRESS_MOST || at - text > 64)
        return false;
    const char *domain = at + 1, *end = text + length;
    if (domain == end || *domain == '.' || *domain == '-' || end[-1] == '.' || end[-1] == '-')
        return false;
    if (*text == '.' || *text == '-' || at[-1] == '.')
        return false;
    for (const char *c = text; c < at; c++) {
        if (!is_local(*c))
            return false;
    }
    for (const char *c = domain; c < end; c++) {
        if (!is_domain(*c))
            return false;
    }
    return true;
}

static bool is_between(char c)
{
    return c == ',' || c == ';' || c == ' ' || c == '\t';
}

size_t mail_address_next(const char **at, const char **address)
{
    const char *from = *at;
    while (is_between(*from))
        from++;
    const char *to = from;
    while (*to && !is_between(*to))
        to++;
    *address = from;
    *at = to;
    return (size_t)(to - from);
}

/* ---- headers --------------------------------------------------------------------------------- */

/* A token of ours, or one out of settings that may hold anything: only what cannot do harm. */
static void add_token(struct buf *out, const char *text)
{
    size_t length = 0;
    for (; text && *text && length < 128; text++) {
        if (is_domain(*text) || *text == '_') {
            buf_add_char(out, *text);
            length++;
        }
    }
    if (!length)
        buf_add_text(out, "busbar");
}

static void add_id(struct buf *out, const char *header, const char *id, const char *host)
{
    buf_add_format(out, "%s: <", header);
    add_token(out, id);
    buf_add_char(out, '@');
    add_token(out, host);
    buf_add_text(out, ">\r\n");
}

/* "Sat, 21 Nov 2026 10:36:54 +0100", after RFC 5322, 3.3. */
static void add_date(struct buf *out, clock_us wall)
{
    static const char days[][4] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    static const char months[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    char local[TIME_TEXT_SIZE];
    if (!wall)
        return;
    time_text_format_local(wall, local); /* 2026-11-21T02:02:03.456+01:00 */
    int month = (local[5] - '0') * 10 + local[6] - '0';
    buf_add_format(out, "Date: %s, %.2s %s %.4s %.8s %.3s%.2s\r\n",
                   days[schedule_time_weekday(schedule_time_day(wall))], local + 8,
                   months[month - 1], local, local + 11, local + 23, local + 27);
}

static void add_from(struct buf *out, const struct mail_message *message)
{
    const char *from = message->from ? message->from : "";
    buf_add_text(out, "From:");
    size_t column = 5;
    if (message->from_name && *message->from_name)
        mail_code_phrase(out, message->from_name, &column);
    if (column + strlen(from) + 3 > LINE_GOOD)
        buf_add_text(out, "\r\n");
    buf_add_text(out, " <");
    if (mail_address_valid(from, strlen(from)))
        buf_add_text(out, from);
    buf_add_text(out, ">\r\n");
}

static void add_to(struct buf *out, const struct mail_message *message)
{
    const char *at = message->to ? message->to : "", *address;
    size_t count = 0, length;
    buf_add_text(out, "To:");
    while ((length = mail_address_next(&at, &address)) > 0) {
        if (!mail_address_valid(address, length) || count == MAIL_ADDRESSES_MOST)
            continue;
        buf_add_text(out, count++ ? ",\r\n " : " ");
        buf_add(out, address, length);
    }
    if (!count)
        buf_add_text(out, " undisclosed-recipients:;");
    buf_add_text(out, "\r\n");
}

static void add_subject(struct buf *out, const char *subject)
{
    size_t column = sizeof "Subject:" - 1;
    buf_add_text(out, "Subject:");
    mail_code_header(out, subject ? subject : "", &column);
    buf_add_text(out, "\r\n");
}

static void add_head(struct buf *out, const struct mail_message *message)
{
    add_date(out, message->wall);
    add_from(out, message);
    add_to(out, message);
    add_subject(out, message->subject);
    add_id(out, "Message-ID", message->id, message->host);
    if (message->thread)
        add_id(out, "References", message->thread, message->host);
    /* RFC 3834: nobody's holiday answer is wanted. */
    buf_add_text(out, "Auto-Submitted: auto-generated\r\n");
    if (message->urgent)
        buf_add_text(out, "Importance: high\r\n"); /* RFC 2156 */
    buf_add_text(out, "MIME-Version: 1.0\r\n");
}

/* ---- parts ----------------------------------------------------------------------------------- */

static void add_text_part(struct buf *out, const char *type, const char *text)
{
    buf_add_format(out,
                   "Content-Type: text/%s; charset=utf-8\r\n"
                   "Content-Transfer-Encoding: quoted-printable\r\n\r\n",
                   type);
    mail_code_quoted(out, text ? text : "");
}

static void open_multipart(struct buf *out, const char *kind, const char *more)
{
    buf_add_format(out, "Content-Type: multipart/%s;%s boundary=\"" BOUNDARY "%s\"\r\n\r\n", kind,
                   more, kind);
}

static void add_boundary(struct buf *out, const char *kind)
{
    buf_add_format(out, "\r\n--" BOUNDARY "%s\r\n", kind);
}

static void close_multipart(struct buf *out, const char *kind)
{
    buf_add_format(out, "\r\n--" BOUNDARY "%s--\r\n", kind);
}

static void add_alternative(struct buf *out, const struct mail_message *message)
{
    if (!message->html) {
        add_text_part(out, "plain", message->text);
        return;
    }
    open_multipart(out, "alternative", "");
    add_boundary(out, "alternative");
    add_text_part(out, "plain", message->text);
    add_boundary(out, "alternative");
    add_text_part(out, "html", message->html);
    close_multipart(out, "alternative");
}

static void add_picture_id(struct buf *out, const char *id, const char *host)
{
    buf_add_text(out, "picture.");
    add_token(out, id);
    buf_add_char(out, '@');
    add_token(out, host);
}

void mail_message_picture(const char *id, const char *host, struct buf *out)
{
    buf_add_text(out, "cid:");
    add_picture_id(out, id, host);
}

static void add_related(struct buf *out, const struct mail_message *message)
{
    if (!message->html || !message->png.data) {
        add_alternative(out, message);
        return;
    }
    /* RFC 2387 wants the type of what is shown. */
    open_multipart(out, "related", " type=\"multipart/alternative\";\r\n");
    add_boundary(out, "related");
    add_alternative(out, message);
    add_boundary(out, "related");
    buf_add_text(out, "Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n"
                      "Content-ID: <");
    add_picture_id(out, message->id, message->host);
    buf_add_text(out, ">\r\nContent-Disposition: inline; filename=\"picture.png\"\r\n\r\n");
    mail_code_base64(out, message->png.data, message->png.length);
    close_multipart(out, "related");
}

static void add_file(struct buf *out, const struct mail_bytes *file)
{
    buf_add_format(out, "Content-Type: %s\r\nContent-Transfer-Encoding: base64\r\n", file->type);
    buf_add_text(out, "Content-Disposition: attachment;");
    mail_code_file_name(out, file->name ? file->name : "");
    buf_add_text(out, "\r\n\r\n");
    if (file->encoded)
        buf_add(out, file->data, file->length);
    else
        mail_code_base64(out, file->data, file->length);
}

void mail_message_write(const struct mail_message *message, struct buf *out)
{
    add_head(out, message);
    if (!message->file.data) {
        add_related(out, message);
        return;
    }
    open_multipart(out, "mixed", "");
    add_boundary(out, "mixed");
    add_related(out, message);
    add_boundary(out, "mixed");
    add_file(out, &message->file);
    close_multipart(out, "mixed");
}

/* ---- text messages --------------------------------------------------------------------------- */

/* Blanks for line ends, and an end that shows when something is missing. */
static void shorten(struct buf *out, const char *text)
{
    struct buf clean = BUF_EMPTY;
    mail_code_clean(&clean, text ? text : "", false);
    const char *all = buf_text(&clean);
    size_t at = 0, count = 0, cut = 0;
    while (all[at] && count < MAIL_SHORT_MOST) {
        if (count == MAIL_SHORT_MOST - 3)
            cut = at;
        at += utf8_length(all + at, clean.length - at);
        count++;
    }
    buf_add(out, all, all[at] ? cut : at);
    if (all[at])
        buf_add_text(out, "...");
    out->failed |= clean.failed;
    buf_deinit(&clean);
}

static bool is_ascii(const struct buf *text)
{
    for (size_t i = 0; i < text->length; i++) {
        if ((unsigned char)text->data[i] > 0x7e)
            return false;
    }
    return true;
}

void mail_message_write_short(const struct mail_message *message, struct buf *out)
{
    struct buf text = BUF_EMPTY;
    add_head(out, message);
    shorten(&text, message->text);
    if (is_ascii(&text)) /* some carriers pass the code on as it is */
        buf_add_format(out,
                       "Content-Type: text/plain; charset=us-ascii\r\n"
                       "Content-Transfer-Encoding: 7bit\r\n\r\n%s\r\n",
                       buf_text(&text));
    else
        add_text_part(out, "plain", buf_text(&text));
    out->failed |= text.failed;
    buf_deinit(&text);
}
