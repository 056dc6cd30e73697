#include "face/mail_text.h"

#include <math.h>
#include <string.h>

#include "base/time_text.h"
#include "face/markup.h"

/* ---- facts ----------------------------------------------------------------------------------- */

static bool is_alarm(const struct notice *notice)
{
    return notice->kind == NOTICE_ALARM;
}

static const char *text_of(const char *text)
{
    return text ? text : "";
}

static void add_what(struct buf *out, const struct notice *notice)
{
    const char *label = text_of(notice->label);
    if (!is_alarm(notice))
        return;
    buf_add_format(out, "%s, %s, %s", *label ? label : text_of(notice->rule),
                   alarm_severity_name(notice->severity), alarm_change_name(notice->change));
}

static void add_where(struct buf *out, const struct notice *notice)
{
    if (notice->kind != NOTICE_REPORT)
        buf_add_text(out, text_of(notice->path));
}

void mail_text_time(struct buf *out, clock_us wall)
{
    char text[TIME_TEXT_SIZE]; /* 2026-11-21T02:02:03.456+01:00 */
    if (!wall) {
        buf_add_text(out, "not known, the clock was not set");
        return;
    }
    time_text_format_local(wall, text);
    buf_add_format(out, "%.10s %.8s %s", text, text + 11, text + 23);
}

static bool has_begun(const struct notice *notice)
{
    return is_alarm(notice) && notice->change != ALARM_CLEARED;
}

static void add_since(struct buf *out, const struct notice *notice)
{
    if (has_begun(notice))
        mail_text_time(out, notice->wall);
}

static void add_when(struct buf *out, const struct notice *notice)
{
    if (!has_begun(notice))
        mail_text_time(out, notice->wall);
}

static void add_number(struct buf *out, const struct notice *notice, double number)
{
    const char *unit = text_of(notice->unit);
    if (!isfinite(number))
        return;
    buf_add_format(out, "%.*f%s%s", notice->decimals, number, *unit ? " " : "", unit);
}

static void add_value(struct buf *out, const struct notice *notice)
{
    if (is_alarm(notice))
        add_number(out, notice, notice->number);
}

static void add_limit(struct buf *out, const struct notice *notice)
{
    if (is_alarm(notice))
        add_number(out, notice, notice->limit);
}

static void add_who(struct buf *out, const struct notice *notice)
{
    const char *actor = text_of(notice->actor), *origin = text_of(notice->origin);
    buf_add_text(out, actor);
    if (*origin)
        buf_add_format(out, "%sfrom %s", *actor ? " " : "", origin);
}

static const struct {
    const char *name;
    void (*add)(struct buf *out, const struct notice *notice);
} facts[] = {
    {"What", add_what},   {"Where", add_where}, {"Since", add_since}, {"When", add_when},
    {"Value", add_value}, {"Limit", add_limit}, {"By", add_who},
};
#define FACTS (sizeof facts / sizeof *facts)

/* ---- subject and text message ---------------------------------------------------------------- */

static const char *subject_of(const struct notice *notice)
{
    const char *subject = text_of(notice->subject);
    return *subject ? subject : notice_kind_name(notice->kind);
}

/* What a person must read first. */
static const struct notice *gravest(const struct notice *notices, size_t count)
{
    const struct notice *worst = notices;
    for (size_t i = 1; i < count; i++) {
        if (notices[i].severity > worst->severity)
            worst = &notices[i];
    }
    return worst;
}

void mail_text_subject(struct buf *out, const struct mail_site *site, const struct notice *notices,
                       size_t count)
{
    buf_add_format(out, "[%s] ", site->name);
    if (count > 1)
        buf_add_format(out, "%zu notices, among them: ", count);
    buf_add_text(out, subject_of(gravest(notices, count)));
}

void mail_text_short(struct buf *out, const struct notice *notices, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            buf_add_text(out, "; ");
        buf_add_text(out, subject_of(&notices[i]));
    }
}

/* ---- plain ----------------------------------------------------------------------------------- */

static void add_plain(struct buf *out, const struct notice *notice)
{
    buf_add_format(out, "%s\n\n", subject_of(notice));
    for (size_t i = 0; i < FACTS; i++) {
        size_t before = out->length;
        buf_add_format(out, "%-7s", facts[i].name);
        size_t head = out->length;
        facts[i].add(out, notice);
        if (out->length == head)
            out->length = before;
        else
            buf_add_char(out, '\n');
    }
    const char *text = text_of(notice->text);
    if (*text && strcmp(text, subject_of(notice)) != 0)
        buf_add_format(out, "\n%s\n", text);
}

void mail_text_plain(struct buf *out, const struct mail_site *site, const struct notice *notices,
                     size_t count)
{
    (void)site;
    for (size_t i = 0; i < count; i++) {
        if (count > 1)
            buf_add_format(out, "%s%zu of %zu: ", i ? "\n" : "", i + 1, count);
        add_plain(out, &notices[i]);
    }
}

void mail_text_plain_end(struct buf *out, const struct mail_site *site)
{
    if (*site->page)
        buf_add_format(out, "\nPage   %s\n", site->page);
    buf_add_format(out, "\nSent by busbar at %s%s%s.\n", site->name, *site->location ? ", " : "",
                   site->location);
}

/* ---- HTML ------------------------------------------------------------------------------------ */

static void add_fact_row(struct buf *out, size_t fact, const struct notice *notice)
{
    struct buf value = BUF_EMPTY;
    facts[fact].add(&value, notice);
    if (value.length) {
        buf_add_format(out, "<tr><th align=\"left\">%s</th><td>", facts[fact].name);
        markup_add(out, buf_text(&value));
        buf_add_text(out, "</td></tr>\n");
    }
    out->failed |= value.failed;
    buf_deinit(&value);
}

static void add_html(struct buf *out, const struct notice *notice)
{
    buf_add_text(out, "<h3>");
    markup_add(out, subject_of(notice));
    buf_add_text(out, "</h3>\n<table>\n");
    for (size_t i = 0; i < FACTS; i++)
        add_fact_row(out, i, notice);
    buf_add_text(out, "</table>\n");
    const char *text = text_of(notice->text);
    if (!*text || strcmp(text, subject_of(notice)) == 0)
        return;
    buf_add_text(out, "<p style=\"white-space: pre-line\">");
    markup_add(out, text);
    buf_add_text(out, "</p>\n");
}

void mail_text_html(struct buf *out, const struct mail_site *site, const struct notice *notices,
                    size_t count, const struct notice *shown, const char *picture)
{
    buf_add_text(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                      "<title>");
    markup_add(out, site->name);
    buf_add_text(out, "</title>\n</head>\n<body>\n");
    for (size_t i = 0; i < count; i++) {
        add_html(out, &notices[i]);
        if (!picture || &notices[i] != shown)
            continue;
        buf_add_text(out, "<p><img width=\"480\" height=\"160\"");
        markup_attribute(out, "src", picture);
        markup_attribute(out, "alt", shown->path);
        buf_add_text(out, "></p>\n");
    }
}

void mail_text_html_end(struct buf *out, const struct mail_site *site)
{
    if (*site->page) {
        buf_add_text(out, "<p><a");
        markup_attribute(out, "href", site->page);
        buf_add_text(out, ">");
        markup_add(out, site->page);
        buf_add_text(out, "</a></p>\n");
    }
    buf_add_text(out, "<p>Sent by busbar at ");
    markup_add(out, site->name);
    buf_add_text(out, *site->location ? ", " : "");
    markup_add(out, site->location);
    buf_add_text(out, ".</p>\n</body>\n</html>\n");
}
