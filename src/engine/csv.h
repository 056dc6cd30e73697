/* csv - cells and rows after RFC 4180, the way spreadsheets open them without doing harm.
 *
 * A cell that holds the separator, a quote or a line end is quoted. Text that a spreadsheet would
 * take for a formula (it starts with = + - @, a tab or a carriage return) is preceded by an
 * apostrophe, so that a device's name cannot run anything. Rows end with CR LF.
 */
#pragma once

#include <stdbool.h>

#include "base/buf.h"

struct csv {
    struct buf *out;
    char separator; /* ',' or ';' or '\t' */
    char decimal;   /* '.' or ',' */
    bool begun;     /* this row has a cell already */
};

struct csv csv_writer(struct buf *out, char separator, char decimal);

/* Text from people, devices and ourselves alike: guarded and quoted. NULL is an empty cell. */
void csv_text(struct csv *csv, const char *text);

/* A number with at most `decimals` digits after the decimal mark; one that is not finite is an
 * empty cell. */
void csv_decimal(struct csv *csv, double value, int decimals);

/* Digits of our own, "-12.345", as they are but for the decimal mark; "" is an empty cell. */
void csv_digits(struct csv *csv, const char *digits);

void csv_empty(struct csv *csv);
void csv_end_row(struct csv *csv);
