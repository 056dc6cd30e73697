/* history_reach - how far back pieces reach, and how many bytes a reading takes in them: what the
 * store wants to know when it opens. Looks at few pieces, whatever their number. Writer's thread.
 */
#pragma once

#include <stdint.h>

#include "base/err.h"
#include "engine/history_piece.h"
#include "engine/history_series.h"

/* When the oldest reading or row that is kept was taken, ms, exact to the row; INT64_MAX when there
 * is no piece. 0, or a code and `err`. */
int history_reach_back(struct history_pieces *pieces, const struct history_series_list *series,
                       int64_t *oldest, struct err *err);

/* Readings in the newest pieces of up to 64 series, and the bytes these take. 0, or a code and
 * `err`. */
int history_reach_density(struct history_pieces *pieces, const struct history_series_list *series,
                          uint64_t *readings, uint64_t *bytes, struct err *err);
