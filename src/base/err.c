#include "base/err.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

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

void err_list_add(struct err_list *errors, const struct err *err)
{
    errors->found++;
    if (errors->count == ERR_LIST_MAX)
        return;
    errors->list = mem_grow(errors->list, errors->count, &errors->capacity, sizeof *errors->list);
    errors->list[errors->count++] = *err;
}

void err_list_deinit(struct err_list *errors)
{
    free(errors->list);
    *errors = ERR_LIST_EMPTY;
}
