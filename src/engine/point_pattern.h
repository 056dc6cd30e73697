/* point_pattern - names many points at once: device/component/quantity, where a star stands for any
 * letters of a part.
 *
 * Rules of history and of alarms are written so. Constant functions, any thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

#define POINT_PATTERN_MOST 200 /* bytes */

/* 0, or -EINVAL with a sentence that says what a pattern looks like and names what is
   nearest. */
int point_pattern_check(const char *pattern, struct err *err);

/* Whether a path of as many parts fits a pattern of `length` bytes. */
bool point_pattern_fits(const char *pattern, size_t length, const char *path);

/* Whether the path of a point fits. */
bool point_pattern_matches(const char *pattern, const char *path);
