/* history_collect - puts what history_scan finds into the buckets of an answer.
 *
 * Rows and readings come in order of time; readings that are not in pieces yet ("loose") are mixed
 * in between them. A reading or row that lies in the newest bucket is added to it, else it begins
 * the next. When there would be more than `most`, collecting ends: `cut` is set, `cut_at` says
 * where, and what comes after is not to be given any more. Embedded in its user.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "engine/history_calendar.h"
#include "engine/history_rows.h"
#include "engine/history_samples.h"

struct history_collect {
    /* set by the caller */
    bool counter;
    int64_t from;                        /* ms: nothing before counts */
    bool every;                          /* each reading is a bucket of its own */
    struct history_calendar grid;        /* else: the buckets */
    size_t most;                         /* buckets */
    const struct history_samples *loose; /* ordered */
    struct history_rows buckets;         /* empty; its memory is used and grown, and the caller's */
    /* results: `buckets`, and */
    bool cut;       /* there was more than `most`, */
    int64_t cut_at; /* ... from here on (ms) */
    /* at work */
    int64_t bucket_end;
    size_t loose_at;
};

/* All return 0, or a code and `err`. */

/* Loose readings before `until` (ms). */
int history_collect_loose(struct history_collect *collect, int64_t until, struct err *err);

/* A row, whole, after the loose readings before it. */
int history_collect_row(struct history_collect *collect, const struct history_tier_row *row,
                        struct err *err);

/* Readings before `until`, the good ones of them. */
int history_collect_samples(struct history_collect *collect, const struct history_sample *samples,
                            int count, int64_t until, struct err *err);

/* The sentence for all of history_scan: -ENOMEM. */
int history_collect_no_memory(struct err *err);
