#include "face/mail_code.h"

#include <stdint.h>
#include <string.h>

#include "base/utf8.h"

/* RFC 2045, 6.7 and 6.8; RFC 5322, 2.1.1. */
#define LINE_GOOD 76
/* A word that is longer is encoded, so that a header can be folded anywhere. */
#define WORD_MOST 60
/* 45 bytes are 60 characters; with "=?UTF-8?B?" and "?=" 72 of the 75 of RFC 2047, 2. */
#define WORD_BYTES 45
#define WORD_FRAME 12
/* Less than this is not worth a word: the line is folded. */
#define WORD_LEAST 15
#define NAME_MOST 100

static const char hex[] = "0123456789ABCDEF";

void mail_code_clean(struct buf *out, const char *text, bool lines)
{
    size_t left = strlen(text);
    while (left > 0) {
        size_t length = utf8_length(text, left);
        unsigned char c = (unsigned char)*text;
        if (c == '\r' || c == '\n') {
            length = c == '\r' && text[1] == '\n' ? 2 : 1;
            buf_add_char(out, lines ? '\n' : ' ');
        } else if (c < 0x20 || c == 0x7f) {
            buf_add_char(out, ' ');
        } else if (length == 0) {
            length = 1;
            buf_add_text(out, "\xEF\xBF\xBD");
        } else {
            buf_add(out, text, length);
        }
        text += length;
        left -= length;
    }
}

/* ---- base64 ---------------------------------------------------------------------------------- */

static void add_base64(struct buf *out, const unsigned char *bytes, size_t length)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char *to = length ? buf_reserve(out, (length + 2) / 3 * 4) : NULL;
    if (!to)
        return;
    for (size_t i = 0; i < length; i += 3) {
        size_t left = length - i;
        uint32_t group = (uint32_t)bytes[i] << 16;
        group |= left > 1 ? (uint32_t)bytes[i + 1] << 8 : 0;
        group |= left > 2 ? (uint32_t)bytes[i + 2] : 0;
        *to++ = letters[group >> 18];
        *to++ = letters[group >> 12 & 63];
        *to++ = left > 1 ? letters[group >> 6 & 63] : '=';
        *to++ = left > 2 ? letters[group & 63] : '=';
    }
    out->length += (length + 2) / 3 * 4;
}

void mail_code_base64_word(struct buf *out, const void *bytes, size_t length)
{
    add_base64(out, bytes, length);
}

void mail_code_base64(struct buf *out, const void *bytes, size_t length)
{
    const unsigned char *at = bytes;
    while (length > 0) {
        size_t line = length < LINE_GOOD / 4 * 3 ? length : LINE_GOOD / 4 * 3;
        add_base64(out, at, line);
        buf_add_text(out, "\r\n");
        at += line;
        length -= line;
    }
}

/* ---- headers --------------------------------------------------------------------------------- */

/* Whether a header can hold the cleaned text as it is. */
static bool is_plain(const char *text)
{
    size_t word = 0;
    if (*text == ' ' || strstr(text, "=?") || strstr(text, "  "))
        return false;
    for (const char *c = text; *c; c++) {
        word = *c == ' ' ? 0 : word + 1;
        if ((unsigned char)*c > 0x7e || word > WORD_MOST || (*c == ' ' && !c[1]))
            return false;
    }
    return true;
}

static void add_folded(struct buf *out, const char *text, size_t *column)
{
    while (*text) {
        size_t length = strcspn(text, " ");
        if (*column + 1 + length > LINE_GOOD) {
            buf_add_text(out, "\r\n");
            *column = 0;
        }
        buf_add_char(out, ' ');
        buf_add(out, text, length);
        *column += 1 + length;
        text += length + (text[length] == ' ');
    }
}

/* Bytes of text for an encoded word in what is left of the line. */
static size_t word_room(size_t column)
{
    size_t taken = column + 1 + WORD_FRAME;
    size_t room = taken < LINE_GOOD ? (LINE_GOOD - taken) / 4 * 3 : 0;
    return room < WORD_BYTES ? room : WORD_BYTES;
}

/* Each word is whole characters: RFC 2047, 5. */
static void add_words(struct buf *out, const char *text, size_t *column)
{
    size_t left = strlen(text);
    while (left > 0) {
        if (word_room(*column) < WORD_LEAST) {
            buf_add_text(out, "\r\n");
            *column = 0;
        }
        size_t length = 0, next, most = word_room(*column);
        while (length < left && (next = utf8_length(text + length, left - length)) > 0 &&
               length + next <= most)
            length += next;
        if (length == 0)
            return; /* not cleaned: cannot be */
        buf_add_text(out, " =?UTF-8?B?");
        add_base64(out, (const unsigned char *)text, length);
        buf_add_text(out, "?=");
        *column += 1 + WORD_FRAME + (length + 2) / 3 * 4;
        text += length;
        left -= length;
    }
}

void mail_code_header(struct buf *out, const char *text, size_t *column)
{
    struct buf clean = BUF_EMPTY;
    mail_code_clean(&clean, text, false);
    const char *value = buf_text(&clean);
    if (is_plain(value))
        add_folded(out, value, column);
    else
        add_words(out, value, column);
    out->failed |= clean.failed;
    buf_deinit(&clean);
}

void mail_code_phrase(struct buf *out, const char *text, size_t *column)
{
    struct buf clean = BUF_EMPTY, quoted = BUF_EMPTY;
    mail_code_clean(&clean, text, false);
    const char *value = buf_text(&clean);
    if (is_plain(value) && clean.length < WORD_MOST) {
        buf_add_char(&quoted, '"');
        for (const char *c = value; *c; c++) {
            if (*c == '"' || *c == '\\')
                buf_add_char(&quoted, '\\');
            buf_add_char(&quoted, *c);
        }
        buf_add_char(&quoted, '"');
        add_folded(out, buf_text(&quoted), column);
    } else {
        add_words(out, value, column);
    }
    out->failed |= clean.failed | quoted.failed;
    buf_deinit(&quoted);
    buf_deinit(&clean);
}

/* RFC 2231, 4: what stays as it is in an extended value. */
static bool is_attribute(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_';
}

void mail_code_file_name(struct buf *out, const char *name)
{
    struct buf clean = BUF_EMPTY;
    mail_code_clean(&clean, name, false);
    const char *text = buf_text(&clean);
    size_t length = 0, next;
    bool ascii = true;
    while (text[length] && (next = utf8_length(text + length, clean.length - length)) > 0 &&
           length + next <= NAME_MOST)
        length += next;
    buf_add_text(out, "\r\n filename=\"");
    for (size_t i = 0; i < length; i++) {
        bool safe = is_attribute(text[i]);
        ascii &= safe;
        if (((unsigned char)text[i] & 0xC0) != 0x80) /* one sign for a character */
            buf_add_char(out, safe ? text[i] : '_');
    }
    buf_add_text(out, "\"");
    if (!ascii) {
        buf_add_text(out, ";\r\n filename*=UTF-8''");
        for (size_t i = 0; i < length; i++) {
            unsigned char c = (unsigned char)text[i];
            if (is_attribute(text[i]))
                buf_add_char(out, text[i]);
            else
                buf_add_format(out, "%%%c%c", hex[c >> 4], hex[c & 15]);
        }
    }
    out->failed |= clean.failed;
    buf_deinit(&clean);
}

/* ---- quoted-printable ------------------------------------------------------------------------ */

void mail_code_quoted(struct buf *out, const char *text)
{
    struct buf clean = BUF_EMPTY;
    mail_code_clean(&clean, text, true);
    size_t column = 0;
    for (size_t i = 0; i < clean.length; i++) {
        unsigned char c = (unsigned char)clean.data[i];
        bool last = i + 1 == clean.length || clean.data[i + 1] == '\n';
        if (c == '\n') {
            buf_add_text(out, "\r\n");
            column = 0;
            continue;
        }
        /* a blank at the end of a line would be lost on the way */
        bool plain = c != '=' && c >= 0x20 && c < 0x7f && !(c == ' ' && last);
        /* one place is kept for the "=" of a line that goes on */
        if (column + (plain ? 1 : 3) > LINE_GOOD - 1) {
            buf_add_text(out, "=\r\n");
            column = 0;
        }
        if (plain)
            buf_add_char(out, (char)c);
        else
            buf_add_format(out, "=%c%c", hex[c >> 4], hex[c & 15]);
        column += plain ? 1 : 3;
    }
    if (column > 0)
        buf_add_text(out, "\r\n");
    out->failed |= clean.failed;
    buf_deinit(&clean);
}
