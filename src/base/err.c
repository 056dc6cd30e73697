#include "base/err.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

int err_set(struct err *err, int code, const char *format, ...)
{
    assert(code < 0);
    if (!err)
        return code;
    va_list args;
    va_start(args, format);
    vsnprintf(err->text, sizeof err->text, format, args);
    va_end(args);
    err->code = code;
    return code;
}

int err_set_errno(struct err *err, int code, const char *format, ...)
{
    assert(code < 0);
    if (!err)
        return code;
    va_list args;
    va_start(args, format);
    int used = vsnprintf(err->text, sizeof err->text, format, args);
    va_end(args);
    if (used < 0)
        used = 0;
    size_t at = (size_t)used < sizeof err->text ? (size_t)used : sizeof err->text - 1;
    char reason[128] = "";
    snprintf(err->text + at, sizeof err->text - at, ": %s",
             strerror_r(-code, reason, sizeof reason));
    err->code = code;
    return code;
}
