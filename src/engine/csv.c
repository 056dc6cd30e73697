#include "engine/csv.h"

#include <math.h>
#include <string.h>

struct csv csv_writer(struct buf *out, char separator, char decimal)
{
    return (struct csv){.out = out, .separator = separator, .decimal = decimal};
}

static void begin_cell(struct csv *csv)
{
    if (csv->begun)
        buf_add_char(csv->out, csv->separator);
    csv->begun = true;
}

static void add_quoted(struct csv *csv, const char *text)
{
    buf_add_char(csv->out, '"');
    for (; *text; text++) {
        if (*text == '"')
            buf_add_char(csv->out, '"');
        buf_add_char(csv->out, *text);
    }
    buf_add_char(csv->out, '"');
}

void csv_text(struct csv *csv, const char *text)
{
    begin_cell(csv);
    if (!text || !*text)
        return;
    bool formula = strchr("=+-@\t\r", *text) != NULL;
    bool quoted = formula || strchr(text, csv->separator) || strpbrk(text, "\"\r\n") != NULL;
    if (!quoted) {
        buf_add_text(csv->out, text);
        return;
    }
    if (!formula) {
        add_quoted(csv, text);
        return;
    }
    /* the apostrophe belongs inside the quotes */
    size_t at = csv->out->length;
    add_quoted(csv, text);
    if (buf_reserve(csv->out, 1)) {
        char *cell = csv->out->data + at;
        memmove(cell + 2, cell + 1, csv->out->length - at - 1);
        cell[1] = '\'';
        csv->out->length++;
    }
}

void csv_decimal(struct csv *csv, double value, int decimals)
{
    begin_cell(csv);
    if (!isfinite(value))
        return;
    bool quoted = csv->decimal == csv->separator;
    if (quoted)
        buf_add_char(csv->out, '"');
    size_t at = csv->out->length;
    buf_add_decimal(csv->out, value, decimals);
    if (csv->decimal != '.' && !csv->out->failed) {
        char *point = memchr(csv->out->data + at, '.', csv->out->length - at);
        if (point)
            *point = csv->decimal;
    }
    if (quoted)
        buf_add_char(csv->out, '"');
}

void csv_digits(struct csv *csv, const char *digits)
{
    begin_cell(csv);
    bool quoted = *digits && csv->decimal == csv->separator;
    if (quoted)
        buf_add_char(csv->out, '"');
    for (; *digits; digits++)
        buf_add_char(csv->out, *digits == '.' ? csv->decimal : *digits);
    if (quoted)
        buf_add_char(csv->out, '"');
}

void csv_empty(struct csv *csv)
{
    begin_cell(csv);
}

void csv_end_row(struct csv *csv)
{
    buf_add(csv->out, "\r\n", 2);
    csv->begun = false;
}
