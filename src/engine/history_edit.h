/* history_edit - what an administrator does to the past: clearing it.
 *
 * Finds the series, has the store forget them on the writer's thread, and says when it is done.
 * Loop thread only.
 */
#pragma once

#include <stddef.h>

#include "base/err.h"
#include "engine/history_series.h"

struct history_writer;

/* Forget every series whose path is at or below one of `paths` (none: all of them). See
 * history_clear(). */
int history_edit_clear(struct history_writer *writer, const struct history_series_list *series,
                       const char *const *paths, size_t count,
                       void (*done)(void *user, int result, const struct err *err), void *user,
                       struct err *err);
