/* nut_line - a line of the NUT protocol: words, quotes, escapes (RFC 9271, section 4).
 *
 * Words are parted by blanks; a word in quotes may hold blanks; a backslash takes what follows as
 * it is. Pure; any thread may call.
 */
#pragma once

#include <stddef.h>

#include "base/buf.h"

#define NUT_LINE_MOST 511 /* bytes without the end; a password of 128 bytes fits escaped */
#define NUT_WORDS_MOST 8

struct nut_line {
    size_t count;
    const char *words[NUT_WORDS_MOST]; /* into `text`; those behind `count` are "" */
    char text[NUT_LINE_MOST + 1];
};

/* Take a line without its end apart: 0, also for an empty one; -EINVAL when a quote does not end,
 * there are too many words, or a control character is in it; -E2BIG when it is too long. After a
 * failure there are no words. */
int nut_line_split(struct nut_line *line, const char *bytes, size_t length);

/* ` "text"` with what must be escaped; control characters become blanks. */
void nut_line_quote(struct buf *out, const char *text);
