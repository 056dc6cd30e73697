/* err - one sentence for a person about why something did not happen.
 *
 * A function that can fail returns a negative errno-like code; where a person will read the cause,
 * its last parameter is a struct err that is filled once, at the deepest place that knows, and
 * passed up unchanged. The caller owns the struct (usually on its stack); nothing needs to be
 * freed.
 */
#pragma once

#include <stdarg.h>
#include <stddef.h>

#define ERR_TEXT_MAX 480

struct err {
    int code; /* negative errno, 0 while empty */
    char text[ERR_TEXT_MAX];
};

#define ERR_EMPTY ((struct err){0})

/* Fill `err` (may be NULL) with a formatted sentence; returns `code`, which must be negative. */
int err_set(struct err *err, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Like err_set, with ": strerror(-code)" appended. */
int err_set_errno(struct err *err, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
