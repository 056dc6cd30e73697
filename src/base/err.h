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

/* ---- several at once: what a check of a file finds -------------------------------------------- */

#define ERR_LIST_MAX 100

/* The first ERR_LIST_MAX mistakes, in the order they were found; `found` counts on. */
struct err_list {
    struct err *list;
    size_t count, capacity, found;
};

#define ERR_LIST_EMPTY ((struct err_list){0})

/* Add a copy of a sentence that has its place already. */
void err_list_add(struct err_list *errors, const struct err *err);
void err_list_deinit(struct err_list *errors);
