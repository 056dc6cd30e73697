/* history_store - the writing side of the history: ticks in, durable when write returns; tidying in
 * small steps.
 *
 * Everything here blocks on the disk: the writer thread is its only user once it runs. A row goes
 * into the tail under its wall time in ms (the next free one when the clock stepped back onto it),
 * or, while the wall clock is not known, beside the calendar with its boot and monotonic time until
 * a record of the same boot knows both. Tidying puts such rows on the calendar and turns full hours
 * of the tail into blocks.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"
#include "engine/history_series.h"

struct history_store;

/* One tick on its way into the store. */
struct history_record {
    clock_us mono, wall;
    bool wall_known;
    uint8_t *row; /* history_row_encode; sealed here, where its key is decided */
    size_t length;
    const struct history_definition *definitions; /* series that this row may be the first to use */
    size_t definition_count;
};

/* Open the store in `folder`; `boot` names this start of the machine (its monotonic time begins
 * with it). NULL and `err`. */
struct history_store *history_store_open(const char *folder, const char *boot, struct err *err);
struct history_store *history_store_close(struct history_store *store);

/* Every series ever seen, and the next number; the store's, valid until the next write. */
const struct history_series_list *history_store_series(const struct history_store *store);

/* Write `count` records in one transaction. 0: all are durable; else none is and `err` says why.
 * Writing the same record again after a failure is safe: it will be there once. A damaged file has
 * been set aside then; try again. */
int history_store_write(struct history_store *store, struct history_record *const *records,
                        size_t count, struct err *err);

/* The space that the history may use, bytes; 0: no bound. Tidying keeps to it. */
void history_store_set_space(struct history_store *store, uint64_t bytes);

/* Remove everything that was recorded of the series, at once. 0 or a code and `err`. */
int history_store_clear(struct history_store *store, const uint32_t *numbers, size_t count,
                        struct err *err);

struct history_sample;

/* Know these series (numbers ascending) before anything of them is recorded. One transaction: 0, or
 * a code and `err`. */
int history_store_define(struct history_store *store, const struct history_definition *definitions,
                         size_t count, struct err *err);

/* Take readings of one series from elsewhere (ordered by time; from the decimals of `definition`):
 * what is at a time that is there already is left out, and counted in `known`. `now` (wall) tells
 * which days are over while no tick has. One transaction: 0, or a code and `err` and nothing was
 * taken. */
int history_store_import(struct history_store *store, const struct history_definition *definition,
                         const struct history_sample *samples, size_t count, clock_us now,
                         uint64_t *known, struct err *err);

/* One small step of tidying: 1 when there is more to do, 0 when not, else negative and `err`. */
int history_store_tidy(struct history_store *store, struct err *err);

struct history_store_facts {
    uint64_t bytes;
    clock_us oldest, newest;  /* wall; 0 when empty */
    double bytes_per_reading; /* of recent pieces, else blocks; 0 when there was none */
    uint64_t generation;      /* counts up when another file takes the place of the open one */
    uint64_t unreadable;      /* rows and blocks that failed their check sum while tidying, and were
                                 dropped */
    const char *notice;       /* a sentence when a damaged file was set aside, else "" */
    uint64_t free_bytes;      /* that the disk has left for us */
    bool full;                /* more than the space is used, and nothing is left that may go */
};
struct history_store_facts history_store_facts(const struct history_store *store);
