#include "face/time_form.h"

#include <errno.h>
#include <string.h>

#include "base/time_text.h"

int time_form_find(const char *name)
{
    if (!name || strcmp(name, "utc") == 0)
        return TIME_FORM_UTC;
    if (strcmp(name, "local") == 0)
        return TIME_FORM_LOCAL;
    return strcmp(name, "unix") == 0 ? TIME_FORM_UNIX : -1;
}

void time_form_plain(struct buf *out, clock_us wall, enum time_form form)
{
    if (form == TIME_FORM_UNIX) {
        buf_add_int(out, wall / CLOCK_MS);
        return;
    }
    char text[TIME_TEXT_SIZE];
    size_t length = form == TIME_FORM_LOCAL ? time_text_format_local(wall, text)
                                            : time_text_format_utc(wall, text);
    buf_add(out, text, length);
}

void time_form_json(struct buf *out, clock_us wall, enum time_form form)
{
    if (form != TIME_FORM_UNIX)
        buf_add_char(out, '"');
    time_form_plain(out, wall, form);
    if (form != TIME_FORM_UNIX)
        buf_add_char(out, '"');
}

void time_form_add(struct json *json, clock_us wall, enum time_form form)
{
    time_form_json(json->out, wall, form);
    json->comma = true;
}

void time_form_pair(struct json *json, const char *key, clock_us wall, enum time_form form)
{
    json_key(json, key);
    if (wall == 0 || wall == CLOCK_NEVER)
        json_none(json);
    else
        time_form_add(json, wall, form);
}

int time_form_parse(const char *text, clock_us now, clock_us *wall)
{
    char copy[64];
    size_t length = strlen(text);
    if (length >= sizeof copy)
        return -EINVAL;
    memcpy(copy, text, length + 1);
    if (copy[0] == ' ')
        copy[0] = '+';
    /* 2026-11-21T01:02:03+01:00: the sign stands six characters before the end. */
    if (length > 6 && copy[length - 6] == ' ')
        copy[length - 6] = '+';
    return time_text_parse(copy, now, wall);
}
