#include "base/buf.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void buf_deinit(struct buf *buf)
{
    free(buf->data);
    *buf = BUF_EMPTY;
}

void buf_clear(struct buf *buf)
{
    buf->length = 0;
    buf->failed = false;
}

/* Room for `needed` bytes in all; the end of a string may lie one byte beyond the limit. */
static bool grow(struct buf *buf, size_t needed)
{
    if (needed <= buf->capacity)
        return true;
    size_t capacity = buf->capacity ? buf->capacity : 256;
    while (capacity < needed && capacity <= SIZE_MAX / 2)
        capacity *= 2;
    char *data = capacity < needed ? NULL : realloc(buf->data, capacity);
    if (!data)
        return false;
    buf->data = data;
    buf->capacity = capacity;
    return true;
}

char *buf_reserve(struct buf *buf, size_t more)
{
    size_t needed = buf->length + more;
    if (needed < more || (buf->limit && needed > buf->limit) || buf->failed || !grow(buf, needed)) {
        buf->failed = true;
        return NULL;
    }
    return buf->data + buf->length;
}

void buf_add(struct buf *buf, const void *bytes, size_t length)
{
    char *to = length ? buf_reserve(buf, length) : NULL; /* an empty one has no memory yet */
    if (to) {
        memcpy(to, bytes, length);
        buf->length += length;
    }
}

void buf_add_text(struct buf *buf, const char *text)
{
    buf_add(buf, text, strlen(text));
}

void buf_add_char(struct buf *buf, char c)
{
    buf_add(buf, &c, 1);
}

void buf_add_format(struct buf *buf, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char small[256];
    int length = vsnprintf(small, sizeof small, format, args);
    va_end(args);
    if (length < 0) {
        buf->failed = true;
    } else if ((size_t)length < sizeof small) {
        buf_add(buf, small, (size_t)length);
    } else {
        if (!buf_reserve(buf, (size_t)length))
            return;
        if (!grow(buf, buf->length + (size_t)length + 1)) {
            buf->failed = true;
            return;
        }
        va_start(args, format);
        vsnprintf(buf->data + buf->length, (size_t)length + 1, format, args);
        va_end(args);
        buf->length += (size_t)length;
    }
}

void buf_add_int(struct buf *buf, int64_t value)
{
    char digits[24];
    char *at = digits + sizeof digits;
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    do {
        *--at = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest);
    if (value < 0)
        *--at = '-';
    buf_add(buf, at, (size_t)(digits + sizeof digits - at));
}

static const double powers_of_ten[] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9};

void buf_add_decimal(struct buf *buf, double value, int decimals)
{
    /* Beyond 2^53 a double holds no more digits: those after the point go first. */
    while (decimals > 0 && !(fabs(value * powers_of_ten[decimals]) < 9e15))
        decimals--;
    if (!(fabs(value) < 9e15)) {
        buf_add_format(buf, "%.0f", value);
        return;
    }
    int64_t fixed = llround(value * powers_of_ten[decimals]);
    while (decimals > 0 && fixed % 10 == 0) {
        fixed /= 10;
        decimals--;
    }
    if (decimals == 0) {
        buf_add_int(buf, fixed);
        return;
    }
    char digits[32];
    char *at = digits + sizeof digits;
    uint64_t rest = fixed < 0 ? 0 - (uint64_t)fixed : (uint64_t)fixed;
    for (int i = 0; i < decimals || rest; i++) {
        if (i == decimals)
            *--at = '.';
        *--at = (char)('0' + rest % 10);
        rest /= 10;
    }
    if (at + decimals == digits + sizeof digits) {
        *--at = '.';
        *--at = '0';
    }
    if (fixed < 0)
        *--at = '-';
    buf_add(buf, at, (size_t)(digits + sizeof digits - at));
}

void buf_consume(struct buf *buf, size_t length)
{
    if (length >= buf->length) {
        buf->length = 0;
        return;
    }
    memmove(buf->data, buf->data + length, buf->length - length);
    buf->length -= length;
}

const char *buf_text(struct buf *buf)
{
    if (buf->failed || !grow(buf, buf->length + 1)) {
        buf->failed = true;
        return "";
    }
    buf->data[buf->length] = '\0';
    return buf->data;
}
