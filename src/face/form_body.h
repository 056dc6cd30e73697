/* form_body - what a plain HTML form sends: application/x-www-form-urlencoded.
 *
 * Strict: broken escapes, zero bytes, bytes that are not UTF-8 and too many fields are refused as a
 * whole. Texts are copies inside the form, wiped when it goes (they may be passwords). Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define FORM_FIELDS                                                                                \
    600 /* a selection of all outlets of a large rack row, and the rest of a form                  \
         */

struct form_field {
    const char *name, *value;
};

struct form {
    struct form_field *fields; /* in the order sent */
    size_t count;
    char *text;
    size_t length;
};

#define FORM_EMPTY ((struct form){0})

/* 0, -EINVAL when it is malformed, -E2BIG for too many fields, -ENOMEM. */
int form_read(struct form *form, const char *bytes, size_t length);
void form_deinit(struct form *form);

/* The first value of that name, or NULL. */
const char *form_get(const struct form *form, const char *name);
