/* buf - growing bytes for whatever is written out: JSON, CSV, lines of a protocol.
 *
 * Keeps its memory when cleared, so a buffer that is used each turn stops allocating. A `limit`
 * caps what one client can make us hold; past it, or without memory, the buffer turns `failed` and
 * stays as it was: check once at the end. Owned by its user; not thread-safe.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf {
    char *data; /* not zero-terminated; see buf_text */
    size_t length, capacity;
    size_t limit; /* 0: none */
    bool failed;
};

#define BUF_EMPTY ((struct buf){0})

void buf_deinit(struct buf *buf);
void buf_clear(struct buf *buf);

/* Make room for `more` bytes and return where they go, or NULL (then `failed` is set). */
char *buf_reserve(struct buf *buf, size_t more);

void buf_add(struct buf *buf, const void *bytes, size_t length);
void buf_add_text(struct buf *buf, const char *text);
void buf_add_char(struct buf *buf, char c);
void buf_add_format(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Plain decimal number with at most `decimals` (0 to 9) digits after the point and no trailing
 * zeros;
 * "." as the point whatever the locale. NaN and infinities must not reach this. */
void buf_add_decimal(struct buf *buf, double value, int decimals);
void buf_add_int(struct buf *buf, int64_t value);

/* Remove `length` bytes from the front. */
void buf_consume(struct buf *buf, size_t length);

/* The content as a zero-terminated string, valid until the next change; "" after failure. */
const char *buf_text(struct buf *buf);
