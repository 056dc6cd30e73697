/* mail_code - how texts and bytes become lines of a mail: encoded words (RFC 2047),
 * quoted-printable and base64 (RFC 2045), file names (RFC 2231).
 *
 * Every text goes through mail_code_clean() first, so nothing here can end a line that is not ours.
 * `column` is how much of the line is written already, and is kept up. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/* Append `text` without control characters, and with U+FFFD for what is not UTF-8; line ends (CR
 * LF, CR or LF) become "\n" when `lines`, else blanks. */
void mail_code_clean(struct buf *out, const char *text, bool lines);

/* Append " text" as the value of a header, folded, as encoded words where it must be. */
void mail_code_header(struct buf *out, const char *text, size_t *column);

/* The same for the name before an address: quoted, or encoded words. */
void mail_code_phrase(struct buf *out, const char *text, size_t *column);

/* Append `text` in lines of at most 76 characters. */
void mail_code_quoted(struct buf *out, const char *text);
void mail_code_base64(struct buf *out, const void *bytes, size_t length);

/* The same without lines. */
void mail_code_base64_word(struct buf *out, const void *bytes, size_t length);

/* Append ` filename="..."`, and the name with its letters where it has others than ASCII. */
void mail_code_file_name(struct buf *out, const char *name);
