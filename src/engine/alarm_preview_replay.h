/* alarm_preview_replay - rows of the history of one point, told to a replay of its rule.
 *
 * Knows what the judge need not: how far apart readings usually are, where they are missing, what
 * is left of readings that have been thinned out, and which trips there were. Pure; runs on any
 * thread.
 */
#pragma once

#include "engine/alarm_preview.h"
#include "engine/history.h"

struct alarm_preview_replay {
    struct alarm_preview_point point; /* its path is borrowed */
    struct alarm_replay replay;
    clock_us from, to;
    clock_us step;         /* of buckets; 0: single readings */
    clock_us usual, other; /* time between two rows; another one that was seen just now */
    clock_us last;         /* row; CLOCK_NEVER: none yet */
    bool open;             /* the last span is */
    bool failed;           /* without memory */
};

/* `rows` are the first that come, to see how far apart they are. */
void alarm_preview_replay_begin(struct alarm_preview_replay *one, const char *path,
                                const struct alarm_test *test, clock_us step, clock_us from,
                                clock_us to, const struct history_bucket *rows, size_t count);
void alarm_preview_replay_rows(struct alarm_preview_replay *one, const struct history_bucket *rows,
                               size_t count);
void alarm_preview_replay_end(struct alarm_preview_replay *one);
void alarm_preview_replay_deinit(struct alarm_preview_replay *one);
