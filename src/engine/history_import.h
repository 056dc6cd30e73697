/* history_import - readings that were recorded elsewhere, put into the store.
 *
 * The store's side of `busbar import`: the text has been read already (engine/import_rows). Finds
 * or makes the series, has the store take the readings on the writer's thread, and says when they
 * are durable. Loop thread only; everybody else calls history_import().
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "engine/history_block.h"
#include "engine/history_points.h"
#include "model/quantity.h"

struct history_writer;

struct history_import_point {
    const char *path;
    enum quantity quantity;
    const struct history_sample
        *samples; /* ascending, each time once; in the catalogue's decimals */
    size_t count;
};

/* See history_import(). `now` (wall) tells the store which days are over while it has no tick. */
int history_import_begin(struct history_writer *writer, struct history_points *known, clock_us now,
                         const struct history_import_point *points, size_t count,
                         void (*done)(void *user, uint64_t taken, uint64_t there,
                                      const struct err *err),
                         void *user, struct err *err);
