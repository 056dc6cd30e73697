/* history_json - an answer about the past as JSON, written in pieces.
 *
 * The object of GET /history: one array of rows per point. Begin once, then write until it says
 * that it is done, so that a long answer needs no long buffer and no long turn of the loop. The
 * answer is borrowed. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/json.h"
#include "engine/history.h"
#include "face/time_form.h"

/* What was asked, as the answer repeats it. */
struct history_json_head {
    clock_us from, to;
    const char *step; /* "raw", seconds, "1d", ...: asking again with it gives the same buckets */
    int64_t step_s;   /* its length, of months and years the usual one */
    enum time_form form;
};

struct history_json {
    struct history_json_head head;
    const struct history_answer *answer;
    struct json json;
    size_t series, bucket;     /* that come next */
    bool begun, ended, inside; /* inside: of the array of rows of `series` */
};

/* `answer` is borrowed until the last piece has been written. */
void history_json_begin(struct history_json *writer, const struct history_json_head *head,
                        const struct history_answer *answer);

/* Append to `out`, the same buffer each time or another, until about `most` bytes have been added;
 * false when everything has been written. */
bool history_json_write(struct history_json *writer, struct buf *out, size_t most);
