/* alarm_preview - how often a rule would have fired over what was recorded.
 *
 * Asks the history page by page and replays each page on the worker pool (alarm_judge), so neither
 * a long span nor many points hold up the loop or fill the memory: beyond
 * ALARM_PREVIEW_PAGES pages of single readings it goes by buckets, and says how fine those are.
 * Where readings are missing nothing is claimed. One at a time is the caller's to see to. Loop
 * thread only.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/clock.h"
#include "base/err.h"
#include "engine/alarm_judge.h"

struct alarm_preview;
struct history;
struct loop;

#define ALARM_PREVIEW_POINTS 64 /* of one preview */
#define ALARM_PREVIEW_SPANS 100 /* listed of one point, the last ones; all are counted */
#define ALARM_PREVIEW_PAGES 8   /* of single readings */

struct alarm_preview_span {
    clock_us from, to; /* wall; to CLOCK_NEVER: it held at the end */
    double worst;      /* the reading that lay farthest beyond the limit */
};

struct alarm_preview_point {
    const char *path;
    unsigned count;      /* trips */
    clock_us held;       /* of the time asked about */
    clock_us covered;    /* there are readings for so much of it; 0: none at all */
    clock_us resolution; /* the longest usual time between two of them, or the bucket's */
    bool buckets;        /* judged by lowest, average and highest of buckets that long */
    struct alarm_preview_span *spans; /* ascending, at most ALARM_PREVIEW_SPANS */
    size_t span_count;
};

struct alarm_preview_wish {
    const char *const *paths; /* points, 1 to ALARM_PREVIEW_POINTS; copied, like all of this */
    const struct alarm_test *tests; /* of each */
    size_t count;
    clock_us from, to; /* wall */
};

/* `done` runs on the loop thread, once, with one record for each path (they live until it returns),
 * or with NULL and a filled err. NULL and `err` when it cannot begin. */
struct alarm_preview *alarm_preview_start(struct loop *loop, struct history *history,
                                          const struct alarm_preview_wish *wish,
                                          void (*done)(void *user,
                                                       const struct alarm_preview_point *points,
                                                       size_t count, const struct err *err),
                                          void *user, struct err *err);

/* Nobody waits for it any more: `done` will not be called. */
void alarm_preview_cancel(struct alarm_preview *preview);
