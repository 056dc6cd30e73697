/* history_predict - foretells the next number of a column from those before it.
 *
 * A predictor guesses that the last value, or the last change, comes again; or a running mean of
 * them over a `window`. When a value falls far outside of what was usual the mean starts anew
 * there: steps of a load do not smear. Means over long windows lag behind what drifts; by how much
 * is learned too. The average size of the misses says how good the guesses are; the coder chooses
 * its table by it. All arithmetic is on integers and wraps, so that writer and reader agree on
 * every machine and for every int64. Inline, because it is the inner loop of both sides: `kind`
 * should be a constant where it matters.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/history_code.h"

#define HISTORY_PREDICTORS 11
#define HISTORY_PREDICT_WINDOW_MOST 64

/* Means of values this large would lose their fraction: use window 1. */
#define HISTORY_PREDICT_MEAN_LIMIT (INT64_C(1) << 46)

/* Half a unit, doubled this often, is the largest average to start from. */
#define HISTORY_PREDICT_START_MOST 16

/* Places: how good the guesses are in octaves, and a quarter within. Means of changes use the
 * fraction of the mean instead: a counter that rises by 2.3 adds 2, 2, 3. Contexts: places told
 * apart. */
#define HISTORY_PREDICT_PLACES (18 * 4)
#define HISTORY_PREDICT_CONTEXTS 56

enum history_predict_kind {
    HISTORY_PREDICT_VALUE, /* the last one, exactly as it was: right for any int64 */
    HISTORY_PREDICT_VALUE_MEAN,
    HISTORY_PREDICT_VALUE_DRIFT, /* a mean, and what it lags behind */
    HISTORY_PREDICT_CHANGE,      /* the last value and the last change */
    HISTORY_PREDICT_CHANGE_MEAN,
};

struct history_predictor {
    enum history_predict_kind kind;
    unsigned window; /* 1 unless a mean */
};

/* Stored as their number: only ever appended to. */
extern const struct history_predictor history_predictors[HISTORY_PREDICTORS];

/* 256 / n, rounded. */
extern const uint16_t history_predict_gains[HISTORY_PREDICT_WINDOW_MOST + 1];

struct history_predict {
    uint64_t last;     /* the value before */
    uint64_t estimate; /* of the next value or change: in 1/256 for a mean, else whole */
    uint64_t drift;    /* by how much the mean lags, in 1/256 */
    uint32_t average;  /* of the codes, in 1/16 */
    uint32_t seen;     /* what the mean was made of: 0 to window */
};

static inline bool history_predict_changes(enum history_predict_kind kind)
{
    return kind == HISTORY_PREDICT_CHANGE || kind == HISTORY_PREDICT_CHANGE_MEAN;
}

static inline bool history_predict_means(enum history_predict_kind kind)
{
    return kind != HISTORY_PREDICT_VALUE && kind != HISTORY_PREDICT_CHANGE;
}

/* Begin after `first`, which is known, with an average of half a unit << start. */
void history_predict_begin(struct history_predict *predict, const struct history_predictor *with,
                           int64_t first, unsigned start);

/* How many contexts a predictor has, and the one that each place belongs to. */
unsigned history_predict_contexts(const struct history_predictor *with);
unsigned history_predict_context(const struct history_predictor *with, unsigned place);

/* Where the coder stands: below HISTORY_PREDICT_PLACES. */
static inline unsigned history_predict_place(const struct history_predict *predict,
                                             enum history_predict_kind kind)
{
    uint32_t average = predict->average | 4; /* an eighth of a unit is as good as none */
    unsigned octave = 31u - (unsigned)__builtin_clz(average);
    unsigned part = kind == HISTORY_PREDICT_CHANGE_MEAN ? (unsigned)(predict->estimate >> 6)
                                                        : average >> (octave - 2);
    return (octave - 2) * 4 + (part & 3);
}

static inline uint64_t history_predict_guess(const struct history_predict *predict,
                                             enum history_predict_kind kind)
{
    uint64_t guess = predict->estimate;
    if (history_predict_means(kind))
        guess = (uint64_t)((int64_t)(guess + predict->drift + 128) >> 8);
    return history_predict_changes(kind) ? predict->last + guess : guess;
}

/* Take note of the size of a miss; true when it is out of all proportion. */
static inline bool history_predict_miss(struct history_predict *predict, uint64_t code)
{
    uint32_t average = predict->average;
    uint32_t size = code > UINT16_MAX ? UINT16_MAX : (uint32_t)code;
    bool jump = size * 16 > 5 * average + 64;
    size = jump ? 3 * average >> 4 : size; /* a jump is not what to expect next */
    predict->average = average + (uint32_t)((int32_t)(size * 16 - average) >> 4);
    return jump;
}

/* Take note of `value`, which missed its guess by `code` (zigzag). */
static inline void history_predict_learn(struct history_predict *predict, uint64_t value,
                                         uint64_t code, enum history_predict_kind kind,
                                         unsigned window)
{
    bool jump = history_predict_miss(predict, code);
    uint64_t what = history_predict_changes(kind) ? value - predict->last : value;
    predict->last = value;
    if (!history_predict_means(kind)) {
        predict->estimate = what;
        return;
    }
    bool anew = jump | (predict->seen == 0);
    uint64_t off = (what << 8) - predict->estimate;
    if (kind == HISTORY_PREDICT_VALUE_DRIFT) {
        uint64_t drift = predict->drift + (uint64_t)((int64_t)(off - predict->drift + 16) >> 5);
        predict->drift = anew ? predict->drift : drift;
    }
    uint32_t seen = predict->seen < window ? predict->seen + 1 : window;
    uint64_t step = (uint64_t)((int64_t)(off * history_predict_gains[seen] + 128) >> 8);
    predict->estimate += anew ? off : step;
    predict->seen = anew ? 1 : seen;
}
