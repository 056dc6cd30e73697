/* time_form - the three ways in which the API writes a time: `?time=utc|local|unix`. */
#pragma once

#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"

enum time_form { TIME_FORM_UTC, TIME_FORM_LOCAL, TIME_FORM_UNIX };

/* The form named by `?time=`, NULL meaning utc; -1 for any other word. */
int time_form_find(const char *name);

/* Append a time as a JSON value (RFC 3339 in quotes, or milliseconds since 1970 as a number), or
 * the bare text. */
void time_form_json(struct buf *out, clock_us wall, enum time_form form);
void time_form_plain(struct buf *out, clock_us wall, enum time_form form);

/* The same as the value of a key that was just written, or the first of an array. */
void time_form_add(struct json *json, clock_us wall, enum time_form form);

/* Key and time; null for 0 and CLOCK_NEVER, which stand for "none". */
void time_form_pair(struct json *json, const char *key, clock_us wall, enum time_form form);

/* A time in a query, see base/time_text.h; there a plus sign may have become a blank. 0 or -EINVAL.
 */
int time_form_parse(const char *text, clock_us now, clock_us *wall);
