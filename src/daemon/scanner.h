/* scanner - the search for units on a line that somebody started on the page: one at a time, its
 * progress and what it found, to be looked at until the next one begins.
 *
 * Joins field's scan with the driver's guess, as `busbar scan` does, but on the daemon's own lines
 * while polling goes on. A line that is changed or closed under it ends it. Owned by the daemon;
 * loop thread only.
 */
#pragma once

#include "base/err.h"
#include "base/json.h"
#include "driver/library.h"
#include "field/field.h"

struct scanner;

/* `field` and `library` are borrowed. */
struct scanner *scanner_new(struct field *field, const struct driver_library *library);
struct scanner *scanner_free(struct scanner *scanner); /* accepts NULL, returns NULL */

/* Ask addresses `first` to `last` (1 to 247) of a line. 0, or -ENOENT (no such line), -EBUSY (one
 * is running), -EINVAL and a sentence. */
int scanner_start(struct scanner *scanner, const char *line, int first, int last, struct err *err);

/* Ends the one that is running; what was found stays. */
void scanner_stop(struct scanner *scanner);

/* Write the answer of GET /scan, one value. */
void scanner_write(const struct scanner *scanner, struct json *json);
