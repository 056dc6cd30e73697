/* fuzz_mail_message - whatever labels and answers of devices hold, a mail's lines stay ours: the
 * input is the texts of a message, one after the other, each up to a zero byte. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "face/mail_message.h"
#include "face/mail_text.h"

#define TEXTS 8

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Every header that may be there, in the order in which they stand. */
static const char *const headers[] = {"Date",
                                      "From",
                                      "To",
                                      "Subject",
                                      "Message-ID",
                                      "References",
                                      "Auto-Submitted",
                                      "Importance",
                                      "MIME-Version",
                                      "Content-Type",
                                      "Content-Transfer-Encoding"};

static void check_lines(const struct buf *out)
{
    size_t line = 0;
    for (size_t i = 0; i < out->length; i++) {
        unsigned char c = (unsigned char)out->data[i];
        if (c == '\r' || c == '\n') {
            if (c == '\n' || i + 1 == out->length || out->data[i + 1] != '\n')
                abort();
            i++;
            line = 0;
            continue;
        }
        if (c < 0x20 || c > 0x7e || ++line > 998)
            abort();
    }
    if (line > 0)
        abort(); /* the last one has no end */
}

static void check_head(struct buf *out)
{
    const char *at = buf_text(out);
    size_t next = 0;
    while (strncmp(at, "\r\n", 2) != 0) {
        if (*at != ' ') {
            size_t length = strcspn(at, ":");
            while (next < sizeof headers / sizeof *headers &&
                   (strlen(headers[next]) != length || strncmp(at, headers[next], length) != 0))
                next++;
            if (next++ == sizeof headers / sizeof *headers)
                abort();
        }
        at = strstr(at, "\r\n");
        if (!at)
            abort();
        at += 2;
    }
}

static size_t count(struct buf *out, const char *word)
{
    size_t found = 0;
    for (const char *at = buf_text(out); (at = strstr(at, word)); at++)
        found++;
    return found;
}

/* A level of parts: named in a head (a subject may say the same), opened twice, closed once. */
static void check_level(struct buf *out, const char *line, const char *head, bool there)
{
    if (count(out, head) < there || count(out, line) != (there ? 3 : 0))
        abort();
}

/* No text may begin or end an element of the page. */
static void check_html(struct buf *html)
{
    size_t opened = count(html, "<h3>"), closed = count(html, "</h3>");
    if (opened != 2 || closed != 2 || count(html, "<body>") != 1 || count(html, "</html>") != 1 ||
        count(html, "<script") != 0)
        abort();
}

static void write_texts(char **texts, unsigned flags, struct buf *text, struct buf *html)
{
    const struct mail_site site = {.name = texts[3], .location = texts[1], .page = texts[2]};
    const struct notice one = {.kind = flags & 64 ? NOTICE_ALARM : NOTICE_CONTROL,
                               .change = flags & 1 ? ALARM_RAISED : ALARM_CLEARED,
                               .rule = texts[0],
                               .path = texts[1],
                               .label = texts[2],
                               .unit = texts[3],
                               .actor = texts[4],
                               .origin = texts[5],
                               .number = flags & 4 ? 1e300 : -0.0,
                               .limit = 16,
                               .decimals = flags & 7,
                               .subject = texts[5],
                               .text = texts[6]};
    const struct notice notices[] = {one, one};
    mail_text_plain(text, &site, notices, 2);
    mail_text_plain_end(text, &site);
    mail_text_html(html, &site, notices, 2, &notices[1], flags & 4 ? "cid:x@y" : NULL);
    mail_text_html_end(html, &site);
    check_html(html);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *texts[TEXTS] = {0};
    size_t at = 1;
    for (size_t i = 0; i < TEXTS; i++) {
        const uint8_t *end = at < size ? memchr(data + at, 0, size - at) : NULL;
        size_t length = at < size ? (end ? (size_t)(end - (data + at)) : size - at) : 0;
        texts[i] = calloc(1, length + 1);
        if (length)
            memcpy(texts[i], data + at, length);
        at += length + 1;
    }
    unsigned flags = size ? data[0] : 0;
    struct mail_message message = {
        .id = texts[0],
        .host = texts[1],
        .thread = flags & 1 ? texts[0] : NULL,
        .from = texts[2],
        .from_name = texts[3],
        .to = texts[4],
        .subject = texts[5],
        .text = texts[6],
        .html = flags & 2 ? texts[7] : NULL,
        .png = {.data = flags & 4 ? texts[7] : NULL, .length = strlen(texts[7])},
        .file = {.name = texts[3],
                 .type = "text/csv",
                 .data = flags & 8 ? texts[6] : NULL,
                 .length = strlen(texts[6])},
        .wall = (clock_us)flags * 1000003 * CLOCK_S * 4,
        .urgent = flags & 16,
    };
    struct buf out = BUF_EMPTY, text = BUF_EMPTY, html = BUF_EMPTY;
    if (flags & 32) { /* the same texts through the templates */
        write_texts(texts, flags, &text, &html);
        message.text = buf_text(&text);
        message.html = flags & 2 ? buf_text(&html) : NULL;
    }
    mail_message_write(&message, &out);
    check_lines(&out);
    check_head(&out);
    check_level(&out, "\r\n--=_busbar_mixed", "\"=_busbar_mixed\"", flags & 8);
    check_level(&out, "\r\n--=_busbar_related", "\"=_busbar_related\"", (flags & 6) == 6);
    check_level(&out, "\r\n--=_busbar_alternative", "\"=_busbar_alternative\"", flags & 2);
    buf_clear(&out);
    mail_message_write_short(&message, &out);
    check_lines(&out);
    check_head(&out);
    buf_deinit(&out);
    buf_deinit(&text);
    buf_deinit(&html);
    for (size_t i = 0; i < TEXTS; i++)
        free(texts[i]);
    return 0;
}
