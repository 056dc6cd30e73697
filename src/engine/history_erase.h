/* history_erase - removes what was recorded of some series, wherever it lies. Writer's thread. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "engine/history_piece.h"

/* Remove the readings and rows of the series in `numbers` in one transaction. 0 or a code and
 * `err`; then nothing was removed. */
int history_erase(sqlite3 *db, struct history_pieces *pieces, const uint32_t *numbers, size_t count,
                  struct err *err);
