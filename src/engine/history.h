/* history - what is recorded and what is answered about the past.
 *
 * Takes a tick of readings from the site at the chosen interval and hands it to the store's writer
 * thread; a tick is acknowledged only when it is durable. Answers questions as buckets of min,
 * average, max, last and count. The loop thread calls; questions run on the worker pool with a
 * read-only connection of their own, so a slow card delays neither an alarm nor a page.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/loop.h"
#include "model/setting.h"
#include "model/site.h"

struct history;

struct history_settings {
    bool enabled;
    int64_t every; /* us between ticks, 1 s to 60 min */
};

extern const struct setting_table history_settings_table;

/* Open (or make) the store in `folder`. NULL and `err` when it cannot be used: then the daemon goes
 * on without history and says so. `site`, `loop` are borrowed. */
struct history *history_open(struct loop *loop, struct site *site, const char *folder,
                             const struct history_settings *settings, struct err *err);

/* Writes what is pending, stops the writer, closes. Accepts NULL, returns NULL. Cancels questions.
 */
struct history *history_close(struct history *history);

/* New settings of a reload. */
void history_configure(struct history *history, const struct history_settings *settings);

/* Append a tick now (also used by the timer). */
void history_tick(struct history *history);

struct history_status {
    bool ok;
    char problem[200];       /* a sentence while not ok (disk full, ...) */
    int64_t every;           /* us */
    size_t points;           /* in the last tick */
    uint64_t bytes;          /* on disk */
    clock_us oldest, newest; /* wall; 0 when empty */
    double lasts_days;       /* with this choice and the disk's free space; 0 when not known */
    uint64_t ticks_written, ticks_lost;
};
struct history_status history_status(const struct history *history);

/* ---- questions ------------------------------------------------------------------------------- */

struct history_bucket {
    clock_us time; /* begin of the bucket (wall), or of the reading itself when step is 0 */
    double min, sum, max, last;
    uint32_t count;
};

struct history_question {
    const char *const *paths; /* borrowed until history_ask returns */
    size_t path_count;        /* at most LIMIT_HISTORY_PATHS */
    clock_us from, to;        /* wall, from <= t < to */
    clock_us step;            /* 0: every reading */
    size_t most;              /* buckets per point at most; 0: LIMIT_HISTORY_BUCKETS */
};

struct history_answer {
    size_t path_count;
    struct history_series {
        const char *path;
        enum quantity quantity; /* QUANTITY_NONE: nothing recorded under this path */
        struct history_bucket *buckets;
        size_t count;
        bool cut; /* more than `most` buckets existed */
    } * series;
};

struct history_ask; /* a question under way */

/* Inside `done` only: keep the answer beyond it (to write it out in pieces); the caller frees it.
 */
struct history_answer *history_answer_take(const struct history_answer *answer);

/* Accepts NULL, returns NULL. */
struct history_answer *history_answer_free(struct history_answer *answer);

/* Ask; `done` runs on the loop thread, once, with the answer (freed after it returns) or NULL and a
 * filled err. Returns NULL and `err` when it cannot be asked (too many paths, too many questions
 * under way). */
struct history_ask *history_ask(struct history *history, const struct history_question *question,
                                void (*done)(void *user, const struct history_answer *answer,
                                             const struct err *err),
                                void *user, struct err *err);

/* The asker went away: `done` will not be called. */
void history_ask_cancel(struct history_ask *ask);
