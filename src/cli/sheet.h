/* sheet - what `busbar export` writes: CSV, JSON lines, or a SQLite file, row by row.
 *
 * One form for single readings (time, path, quantity, unit, value), which `busbar import` reads,
 * and one for buckets (min, avg, max, last, count), which is for people and programs. Blocking.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

enum sheet_form { SHEET_CSV, SHEET_JSON_LINES, SHEET_SQLITE };

struct sheet;

/* The point that rows are about. */
struct sheet_point {
    const char *path, *quantity, *unit;
    int decimals;
};

enum { SHEET_MIN, SHEET_AVG, SHEET_MAX, SHEET_LAST, SHEET_FIGURES };

/* `path` NULL writes to standard output, which SQLite cannot. A file appears under its name when it
 * is complete. NULL and `err`. */
struct sheet *sheet_open(enum sheet_form form, const char *path, bool buckets, struct err *err);

/* A row; `figures` are SHEET_FIGURES numbers, of which a single reading uses SHEET_LAST. */
int sheet_row(struct sheet *sheet, const struct sheet_point *point, int64_t time_ms,
              const double *figures, int64_t count, struct err *err);

/* Complete the file. Frees the sheet in any case. */
int sheet_finish(struct sheet *sheet, struct err *err);

/* Give up: nothing is left behind. Accepts NULL, returns NULL. */
struct sheet *sheet_abandon(struct sheet *sheet);
