/* markup - text inside XML and HTML.
 *
 * What comes from a device or a person may hold anything: characters with a meaning are escaped,
 * those that no document may hold (control characters, bytes that are not UTF-8) become U+FFFD.
 * Pure.
 */
#pragma once

#include "base/buf.h"

/* Append `text` (NULL: nothing) as content or as a value in double or single quotes. */
void markup_add(struct buf *out, const char *text);

/* Append ` name="text"`; `name` is our own. Nothing when `text` is NULL. */
void markup_attribute(struct buf *out, const char *name, const char *text);
