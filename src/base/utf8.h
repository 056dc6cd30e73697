/* utf8 - what is valid UTF-8 (RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF).
 */
#pragma once

#include <stddef.h>

/* Length in bytes of the character at `at`, 0 when it is not valid within the `left` bytes there
 * are. */
size_t utf8_length(const char *at, size_t left);

/* How many bytes at the front are valid: `length` when all are. */
size_t utf8_valid(const char *text, size_t length);

/* How many bytes of a text of `length` may be kept when at most `most` are wanted: the cut falls
 * between two characters. */
size_t utf8_fit(const char *text, size_t length, size_t most);

/* Copies a text of `length` bytes so that it stays one line and moves no terminal: a blank for each
 * control character, "?" for each byte that is not valid. How many bytes were written, at most
 * `length`; no end is. */
size_t utf8_clean(char *to, const char *text, size_t length);
