/* history_import - readings that were recorded elsewhere, put into the store.
 *
 * The store's side of `busbar import`: the text has been read already (engine/import_rows). Loop
 * thread only.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "engine/history.h"
#include "engine/history_block.h"
#include "model/quantity.h"

struct history_import_point {
    const char *path;
    enum quantity quantity;
    const struct history_sample
        *samples; /* ascending, each time once; in the catalogue's decimals */
    size_t count;
};

/* Add what is not there yet; a path that is unknown becomes a series. A reading at a time that has
 * one already is left as it is, so importing twice changes nothing. All or nothing; `done` runs on
 * the loop thread, once, when it is durable or has failed (`err` filled): `taken` readings were
 * new, `known` were there. `points` and what they point to are borrowed until then. 0, or negative
 * and `err` when it cannot be begun: then `done` is not called. */
int history_import(struct history *history, struct history_import_point *points, size_t count,
                   void (*done)(void *user, uint64_t taken, uint64_t known, const struct err *err),
                   void *user, struct err *err);
