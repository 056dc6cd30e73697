#include "engine/history_predict.h"

/* Octaves from here on share their places. */
#define OCTAVE_LAST 13u
/* The last octave at which the fraction of a mean is looked at. */
#define OCTAVE_FRACTION 4u

const struct history_predictor history_predictors[HISTORY_PREDICTORS] = {
    {HISTORY_PREDICT_VALUE, 1},        {HISTORY_PREDICT_VALUE_MEAN, 2},
    {HISTORY_PREDICT_VALUE_MEAN, 3},   {HISTORY_PREDICT_VALUE_MEAN, 4},
    {HISTORY_PREDICT_VALUE_MEAN, 6},   {HISTORY_PREDICT_VALUE_DRIFT, 8},
    {HISTORY_PREDICT_VALUE_DRIFT, 16}, {HISTORY_PREDICT_CHANGE, 1},
    {HISTORY_PREDICT_CHANGE_MEAN, 8},  {HISTORY_PREDICT_CHANGE_MEAN, 16},
    {HISTORY_PREDICT_CHANGE_MEAN, 64},
};

const uint16_t history_predict_gains[HISTORY_PREDICT_WINDOW_MOST + 1] = {
    0,  256, 128, 85, 64, 51, 43, 37, 32, 28, 26, 23, 21, 20, 18, 17, 16, 15, 14, 13, 13, 12,
    12, 11,  11,  10, 10, 9,  9,  9,  9,  8,  8,  8,  8,  7,  7,  7,  7,  7,  6,  6,  6,  6,
    6,  6,   6,   5,  5,  5,  5,  5,  5,  5,  5,  5,  5,  4,  4,  4,  4,  4,  4,  4,  4,
};

void history_predict_begin(struct history_predict *predict, const struct history_predictor *with,
                           int64_t first, unsigned start)
{
    *predict = (struct history_predict){.last = (uint64_t)first, .average = 8u << start};
    if (history_predict_changes(with->kind))
        return; /* the first change is guessed to be 0 */
    predict->estimate = (uint64_t)first << (history_predict_means(with->kind) ? 8 : 0);
    predict->seen = 1;
}

unsigned history_predict_contexts(const struct history_predictor *with)
{
    return history_predict_context(with, HISTORY_PREDICT_PLACES - 1) + 1;
}

unsigned history_predict_context(const struct history_predictor *with, unsigned place)
{
    unsigned octave = place / 4;
    if (with->kind != HISTORY_PREDICT_CHANGE_MEAN)
        return octave < OCTAVE_LAST ? place : OCTAVE_LAST * 4 + place % 4;
    if (octave > OCTAVE_LAST)
        octave = OCTAVE_LAST;
    return octave <= OCTAVE_FRACTION ? place : OCTAVE_FRACTION * 4 + octave - 1;
}
