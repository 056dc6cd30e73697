/* pulse_counts - counts of pulses that busbar counts itself, kept through a loss of power.
 *
 * A pulse meter has no memory that could be asked again, so the count is ours to keep. What is told
 * is on the disk: a count is published only when it was written and synced, ten seconds after its
 * pulse at the latest (one that comes after ten quiet seconds at once). So a count never runs
 * backwards, and a loss of power costs the pulses of the last ten seconds and of the time without
 * power, never more. A count belongs to a line of a chip, whatever the settings call it: it
 * outlives reloads and settings that leave it out for a while.
 *
 * Owned by the daemon, used by the transports of gpio lines; loop thread only.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/saver.h"

#define PULSE_COUNTS_EVERY (10 * CLOCK_S)

struct pulse_counts;
struct pulse_count;

/* The counts of `pulses.json` in `folder` (NULL: nothing is kept, all is told at once). A broken
 * file gives NULL and a sentence: counts are never silently begun anew. Loop and saver are
 * borrowed. */
struct pulse_counts *pulse_counts_open(struct loop *loop, struct saver *saver, const char *folder,
                                       struct err *err);

/* What has been counted goes to the saver now; for the end of the program, which waits for it. */
void pulse_counts_stop(struct pulse_counts *counts);

/* Accepts NULL, returns NULL. */
struct pulse_counts *pulse_counts_free(struct pulse_counts *counts);

/* The count of a line, made at 0 when there is none; lives as long as `counts`. */
struct pulse_count *pulse_counts_find(struct pulse_counts *counts, const char *chip,
                                      const char *line);

void pulse_count_add(struct pulse_count *count, unsigned pulses);

/* What may be told. */
uint64_t pulse_count_told(const struct pulse_count *count);

/* Whether pulses wait for a disk that does not take them: then nobody knows the count. */
bool pulse_count_held_up(const struct pulse_count *count);
