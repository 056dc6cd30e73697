#include "wire/nut_line.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool is_control(char c)
{
    return ((unsigned char)c < 0x20 && c != '\t') || c == 0x7f;
}

static int refuse(struct nut_line *line, int code)
{
    line->count = 0;
    for (size_t i = 0; i < NUT_WORDS_MOST; i++)
        line->words[i] = "";
    return code;
}

/* One word from `at` into the line's own memory at `*to`; behind it, or `end + 1` when a quote or
 * an escape does not end. */
static const char *take_word(const char *at, const char *end, char **to)
{
    bool quoted = false;
    while (at < end && (quoted || !is_blank(*at))) {
        if (*at == '"') {
            quoted = !quoted;
            at++;
            continue;
        }
        if (*at == '\\' && ++at == end)
            return end + 1;
        *(*to)++ = *at++;
    }
    *(*to)++ = '\0';
    return quoted ? end + 1 : at;
}

int nut_line_split(struct nut_line *line, const char *bytes, size_t length)
{
    const char *at = bytes, *end = bytes + length;
    char *to = line->text;
    refuse(line, 0);
    if (length > NUT_LINE_MOST)
        return refuse(line, -E2BIG);
    for (size_t i = 0; i < length; i++) {
        if (is_control(bytes[i]))
            return refuse(line, -EINVAL);
    }
    for (;;) {
        while (at < end && is_blank(*at))
            at++;
        if (at == end)
            return 0;
        if (line->count == NUT_WORDS_MOST)
            return refuse(line, -EINVAL);
        line->words[line->count++] = to;
        at = take_word(at, end, &to);
        if (at > end)
            return refuse(line, -EINVAL);
    }
}

void nut_line_quote(struct buf *out, const char *text)
{
    buf_add_text(out, " \"");
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            buf_add_char(out, '\\');
        buf_add_char(out, is_control(*text) || *text == '\t' ? ' ' : *text);
    }
    buf_add_char(out, '"');
}
