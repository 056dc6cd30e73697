/* import_rows - readings as text (CSV or JSON lines) into samples for the store.
 *
 * Reads what `busbar export` writes, and the like from elsewhere: a time, a path, a value; the
 * quantity may be left out, since the path ends with it. A row that is not possible is refused with
 * its line and the reason, the others are taken. Bytes are not trusted. May run on any thread.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/map.h"
#include "engine/history_import.h"

#define IMPORT_REFUSALS_MOST 100

enum import_form { IMPORT_CSV, IMPORT_JSON_LINES };

struct import_refusal {
    uint64_t line;
    char reason[160];
};

struct import_series; /* a path and its samples */

struct import_rows {
    clock_us now; /* wall, 0: not known; nothing later than a day from it is taken */
    struct import_series *series;
    size_t series_count, series_capacity;
    struct map by_path;
    struct history_import_point *points; /* filled by import_rows_points */
    uint64_t rows, repeated, refused;    /* rows that are no reading are refused */
    struct import_refusal refusals[IMPORT_REFUSALS_MOST];
    size_t refusal_count;
};

void import_rows_init(struct import_rows *rows, clock_us now);
void import_rows_deinit(struct import_rows *rows);

/* Read a whole text; `first_line` is the number of its first row, the head of a CSV not counted. 0,
 * -EINVAL when the text is none of the form at all (no head, no such columns), -ENOMEM. */
int import_rows_read(struct import_rows *rows, enum import_form form, const char *text,
                     size_t length, uint64_t first_line, struct err *err);

/* Put each path's samples in order, each time once (the first row of it counts), and return them as
 * points: `*count` of them, borrowed from `rows`. NULL without memory or rows. */
struct history_import_point *import_rows_points(struct import_rows *rows, size_t *count);
