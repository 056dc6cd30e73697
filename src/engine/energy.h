/* energy - what was used in a day, week, month or year, against the one before: by meter, group and
 * medium, with cost and CO2 (docs/energy.md).
 *
 * Asks the history for hours, a few meters at a time, and folds what comes (engine/energy_fold);
 * keeps nothing, so late readings, imports and other settings count at once. The loop thread calls
 * and is called back; it folds some ten thousand hours a turn at most.
 */
#pragma once

#include "engine/energy_fold.h"
#include "engine/energy_meter.h"
#include "engine/history.h"

enum energy_by { ENERGY_BY_METER, ENERGY_BY_GROUP, ENERGY_BY_MEDIUM, ENERGY_BYS };

struct energy_question {
    enum energy_span span;
    enum energy_by by;
    clock_us at, now;  /* wall: a moment in the period; what is later than `now` is not asked */
    const char *group; /* only this one, or by meter its members; NULL: all */
    const char *meter; /* only this one; NULL: all */
    int medium;        /* enum energy_medium, -1: all */
    bool by_days;      /* a year's steps are days */
    bool alone;        /* without the period before */
};

struct energy_row {
    const char *id, *label, *point; /* point: NULL when it is of several meters */
    enum energy_medium medium;
    const char *unit;
    int decimals;
    const char *within; /* id of the meter that counts it already; NULL */
    const char *problem;
    const char **members; /* "meter-1", "-meter-2"; ends with NULL */
    size_t meters;        /* that are counted: `covered` is their sum */
    struct energy_figure used, before, before_full;
    struct energy_figure *steps, *steps_before; /* as the period's */
    bool exports;                               /* a member counts what flows back, */
    int64_t exported;                           /* ... in the same decimals */
};

struct energy_answer {
    struct energy_period period;
    enum energy_by by;
    clock_us now;
    const char *currency; /* "" without tariffs */
    struct energy_meters meters;
    struct tariff_book tariffs;
    struct energy_row *rows;
    size_t row_count;
    struct energy_row totals[MEDIUMS]; /* each meter once */
    bool has_total[MEDIUMS];
};

/* The standing charge of the days from <= time < to, in millionths; false: none. */
bool energy_standing(const struct energy_answer *answer, enum energy_medium medium, clock_us from,
                     clock_us to, int64_t *micro);

struct energy_ask;

typedef void energy_done_fn(void *user, const struct energy_answer *answer, const struct err *err);

/* All borrowed until this returns, `loop` and `history` until the end. `done` is called once, never
 * from inside this call: with the answer, freed after it returns, or NULL and `err`. NULL and
 * `err`: -ENOENT no such group or meter, -ENOMEM, -EBUSY. */
struct energy_ask *energy_ask(struct loop *loop, struct history *history, const struct site *site,
                              const struct config *config, const struct energy_question *question,
                              energy_done_fn *done, void *user, struct err *err);

/* `done` will not be called. Accepts NULL, returns NULL. */
struct energy_ask *energy_ask_cancel(struct energy_ask *ask);
