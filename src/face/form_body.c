#include "face/form_body.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

static int hex_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)tolower((unsigned char)c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Decode `length` bytes to `to`, ending with a zero; returns the place behind it, NULL when they
 * are malformed. */
static char *decode(const char *from, size_t length, char *to)
{
    char *start = to;
    for (size_t i = 0; i < length; i++) {
        char c = from[i] == '+' ? ' ' : from[i];
        if (c == '%') {
            int high = i + 2 < length ? hex_of(from[i + 1]) : -1;
            int low = i + 2 < length ? hex_of(from[i + 2]) : -1;
            if (high < 0 || low < 0)
                return NULL;
            c = (char)(high << 4 | low);
            i += 2;
        }
        if (c == '\0')
            return NULL;
        *to++ = c;
    }
    *to = '\0';
    return utf8_valid(start, (size_t)(to - start)) == (size_t)(to - start) ? to + 1 : NULL;
}

static int read_field(struct form *form, const char *from, size_t length, char **to)
{
    const char *equals = memchr(from, '=', length);
    size_t name_length = equals ? (size_t)(equals - from) : length;
    char *name = *to, *value = decode(from, name_length, name);
    if (form->count == FORM_FIELDS)
        return -E2BIG;
    if (value)
        *to = decode(equals ? equals + 1 : "", equals ? length - name_length - 1 : 0, value);
    if (!value || !*to)
        return -EINVAL;
    form->fields[form->count++] = (struct form_field){.name = name, .value = value};
    return 0;
}

int form_read(struct form *form, const char *bytes, size_t length)
{
    *form = FORM_EMPTY;
    /* Decoding never makes it longer, but each field ends with two zeros. */
    form->length = 2 * length + 2;
    form->text = malloc(form->length);
    form->fields = malloc(FORM_FIELDS * sizeof *form->fields);
    int result = form->text && form->fields ? 0 : -ENOMEM;
    char *to = form->text;
    for (size_t at = 0; result == 0 && at < length;) {
        const char *end = memchr(bytes + at, '&', length - at);
        size_t part = end ? (size_t)(end - (bytes + at)) : length - at;
        if (part)
            result = read_field(form, bytes + at, part, &to);
        at += part + 1;
    }
    if (result < 0)
        form_deinit(form);
    return result;
}

void form_deinit(struct form *form)
{
    if (form->text)
        explicit_bzero(form->text, form->length);
    free(form->text);
    free(form->fields);
    *form = FORM_EMPTY;
}

const char *form_get(const struct form *form, const char *name)
{
    for (size_t i = 0; i < form->count; i++) {
        if (strcmp(form->fields[i].name, name) == 0)
            return form->fields[i].value;
    }
    return NULL;
}
