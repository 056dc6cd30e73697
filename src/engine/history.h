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
#include "engine/history_settings.h"
#include "model/site.h"

struct history;
struct history_rules;
struct history_forecast;
struct history_choice;
struct history_rule_use;
struct history_import_point;

/* Open (or make) the store in `folder`. NULL and `err` when it cannot be used: then the daemon goes
 * on without history and says so. `site`, `loop` are borrowed. */
struct history *history_open(struct loop *loop, struct site *site, const char *folder,
                             const struct history_settings *settings, struct err *err);

/* Writes what is pending, stops the writer, closes. Accepts NULL, returns NULL. Cancels questions.
 */
struct history *history_close(struct history *history);

/* New settings of a reload. What is being gathered for an average, and the intervals that stay, go
 * on. */
void history_configure(struct history *history, const struct history_settings *settings);

/* Other rules (engine/history_rules.h), from the next tick on; taken, `rules_take` is left empty.
 */
void history_set_rules(struct history *history, struct history_rules *rules_take);

/* Record now, beside the rhythm: what the points at or below one of `names` (points, components,
 * devices; none: all) say at this moment, whatever their mode. Returns how many that are; points
 * that are switched off are not among them. */
size_t history_append(struct history *history, const char *const *names, size_t count);

/* The same for points whose rule says so, when an alarm on one of `names` begins or ends. Loss of
 * contact and its end are seen by the history itself. Does nothing while recording is switched off.
 */
size_t history_append_alarm(struct history *history, const char *const *names, size_t count);

/* history_append() of all points. */
void history_tick(struct history *history);

/* Forget what has been recorded at or below `paths` (none: everything), for ever. `done` runs on
 * the loop thread, once, when it is gone or could not be removed; history_close() at the latest. 0
 * when it is under way, else negative and `err`: -ENOENT when nothing is recorded there, -EBUSY. */
int history_clear(struct history *history, const char *const *paths, size_t count,
                  void (*done)(void *user, int result, const struct err *err), void *user,
                  struct err *err);

/* Add readings that were recorded elsewhere (engine/history_import.h), as far as they are not there
 * yet; a path that is unknown becomes a series. A reading at a time that has one already is left as
 * it is, so importing twice changes nothing. Each point is taken whole or not at all; after a
 * failure the points before it are in, and importing again adds the rest. `done` runs on the loop
 * thread, once: `taken` readings were new and are durable, `there` were known; `err` is filled when
 * something failed. `points` and what they point to are borrowed until then. 0, or negative and
 * `err` when it cannot be begun: -EAGAIN while the time of day is not known, -EBUSY, -ENOSPC. */
int history_import(struct history *history, const struct history_import_point *points, size_t count,
                   void (*done)(void *user, uint64_t taken, uint64_t there, const struct err *err),
                   void *user, struct err *err);

/* What a choice of settings would take and how long it would last (engine/history_forecast.h). With
 * `choice` NULL, what holds now; `uses` has room for a record of each rule, or is NULL. */
void history_foretell(const struct history *history, const struct history_choice *choice,
                      struct history_forecast *forecast, struct history_rule_use *uses);

/* Those in force. */
const struct history_settings *history_settings_now(const struct history *history);

struct history_status {
    bool ok;
    char problem[200];       /* a sentence while not ok (disk full, ...) */
    int64_t every;           /* us */
    size_t points;           /* recorded from time to time */
    uint64_t bytes;          /* on disk */
    clock_us oldest, newest; /* wall; 0 when empty */
    double lasts_days;       /* that the budget holds with this choice; 0: nothing is recorded */
    uint64_t budget;         /* bytes that it may take */
    uint64_t ticks_written, ticks_lost;
};
struct history_status history_status(const struct history *history);

/* ---- questions ------------------------------------------------------------------------------- */

struct history_bucket {
    clock_us time; /* begin of the bucket (wall), or of the reading itself when step is 0 */
    double min, sum, max, last;
    /* Of a counter: by how much it went up since the bucket before, resets seen to. In the first
     * bucket: since the last reading in the day before, else since its own first. */
    double rise;
    uint32_t count;
};

struct history_answer;
struct history_question {
    const char *const *paths; /* borrowed until history_ask returns */
    size_t path_count;        /* at most LIMIT_HISTORY_PATHS */
    clock_us from, to;        /* wall, from <= t < to */
    clock_us step;            /* buckets begin at multiples of it since 1970; 0: every reading */
    enum history_unit {       /* instead of `step`, in the site's time zone: */
                        HISTORY_UNIT_NONE,
                        HISTORY_UNIT_HOUR,
                        HISTORY_UNIT_DAY,
                        HISTORY_UNIT_MONTH,
                        HISTORY_UNIT_YEAR,
    } unit;
    int units;   /* ... so many of them; 7 days are a week from Monday on */
    bool reach;  /* the first rise of a counter: since the last reading, however old that is */
    size_t most; /* buckets per point at most; 0: LIMIT_HISTORY_BUCKETS */
    /* What is to be made of the answer beside the loop, on the thread that has read it, before
     * `done`; NULL: nothing. It touches only `own`, which belongs to the question once it has been
     * asked: `drop` frees it after `done`, or when the question has been withdrawn. */
    void (*digest)(void *own, const struct history_answer *answer);
    void (*drop)(void *own);
    void *own;
};

struct history_answer {
    /* Complete for times before this: the question's `to`, or where a point had more buckets than
     * `most`. To read on, ask again from here: so a long answer needs little memory. */
    clock_us until;
    size_t path_count;
    struct history_series {
        const char *path;
        enum quantity quantity; /* QUANTITY_NONE: nothing recorded under this path */
        struct history_bucket *buckets;
        size_t count;
        bool cut;       /* there is more from the answer's `until` on */
        bool continued; /* a counter: the first bucket's rise begins at a reading before it */
        /* Buckets before this moment are longer than asked for, one of this unit each: what was
         * finer has been thinned out. 0: there are none. */
        clock_us thinned[HISTORY_UNIT_YEAR + 1];
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
