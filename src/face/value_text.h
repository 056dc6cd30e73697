/* value_text - a point's value as people read it, in plain pages and in mails.
 *
 * Old never looks new: who writes a value writes its age beside it. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "model/site.h"

/* Whether there is a value to show, if an old one. */
bool value_text_there(const struct point *point);

/* The number with its unit, or text, or word; "-" when nothing is known. Not escaped. */
void value_text_add(struct buf *out, const struct point *point);

/* "stale, 95 s old", "bad", "absent", or "" for a good one. `text` at least 64 bytes. */
void value_text_age(const struct point *point, clock_us now, char *text, size_t size);
