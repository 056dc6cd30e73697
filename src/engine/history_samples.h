/* history_samples - a growing list of samples ordered by time, filled run by run.
 *
 * Blocks and rows are each ordered; where both hold readings of the same time, the one that was
 * recorded first comes first. Memory is checked: a list that could not grow says so. Embedded in
 * its user.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "engine/history_block.h"

struct history_samples {
    struct history_sample *list;
    size_t count, capacity;
    size_t run; /* where the run that is being added began */
};

#define HISTORY_SAMPLES_EMPTY ((struct history_samples){0})

void history_samples_deinit(struct history_samples *samples);
void history_samples_clear(struct history_samples *samples);

/* False when out of memory. */
bool history_samples_add(struct history_samples *samples, struct history_sample sample);

/* Append all samples of a block, as part of the run that is being added. 0, -ENOMEM, or what
 * reading the block said; then nothing was added. */
int history_samples_add_block(struct history_samples *samples, const uint8_t *bytes, size_t length,
                              int64_t key, int64_t base);

/* Likewise a span (history_span.h). */
int history_samples_add_span(struct history_samples *samples, const uint8_t *bytes, size_t length,
                             int64_t key, int64_t base);

/* Leave out of what was added since the last call of history_samples_end_run (in order of time)
 * what stands at a time that is there already; returns how many. */
size_t history_samples_leave_out_known(struct history_samples *samples);

/* What was added since the last call is a run: merge it into those before. False when out of
 * memory. */
bool history_samples_end_run(struct history_samples *samples);
