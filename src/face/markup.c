#include "face/markup.h"

#include <string.h>

#include "base/utf8.h"

#define REPLACEMENT "\xef\xbf\xbd"

static const char *escape_of(char c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}

/* XML 1.0 section 2.2: of the control characters only tab and the line ends; and not the two
 * highest characters of the first plane, U+FFFE and U+FFFF. */
static bool is_allowed(const char *at, size_t length)
{
    if (length == 0)
        return false;
    if (length == 1)
        return (unsigned char)*at >= 0x20 ? *at != 0x7f : strchr("\t\n\r", *at) != NULL;
    return !(length == 3 && memcmp(at, "\xef\xbf", 2) == 0 && (unsigned char)at[2] >= 0xbe);
}

void markup_add(struct buf *out, const char *text)
{
    size_t left = text ? strlen(text) : 0;
    while (left) {
        size_t length = utf8_length(text, left);
        const char *escape = length == 1 ? escape_of(*text) : NULL;
        if (escape)
            buf_add_text(out, escape);
        else if (is_allowed(text, length))
            buf_add(out, text, length);
        else
            buf_add_text(out, REPLACEMENT);
        length += length == 0;
        text += length;
        left -= length;
    }
}

void markup_attribute(struct buf *out, const char *name, const char *text)
{
    if (!text)
        return;
    buf_add_char(out, ' ');
    buf_add_text(out, name);
    buf_add_text(out, "=\"");
    markup_add(out, text);
    buf_add_char(out, '"');
}
