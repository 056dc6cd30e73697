#include "engine/import_rows.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/time_text.h"
#include "model/component.h"
#include "model/limits.h"

#define PATH_MOST 200
#define CELL_MOST 255
#define COLUMNS_MOST 32
#define EARLIEST (946684800LL * CLOCK_S) /* 2000-01-01: before, it was a clock that was not set */
#define FUTURE_MOST (86400 * CLOCK_S)

struct import_series {
    char *path;
    enum quantity quantity;
    struct history_sample *samples;
    size_t count, capacity;
    bool unordered;
};

struct row {
    const char *time, *path, *quantity; /* quantity may be NULL */
    double value;
};

/* ---- life ------------------------------------------------------------------------------------ */

void import_rows_init(struct import_rows *rows, clock_us now)
{
    *rows = (struct import_rows){.now = now};
}

void import_rows_deinit(struct import_rows *rows)
{
    for (size_t i = 0; i < rows->series_count; i++) {
        free(rows->series[i].path);
        free(rows->series[i].samples);
    }
    free(rows->series);
    free(rows->points);
    map_deinit(&rows->by_path);
    *rows = (struct import_rows){0};
}

static void refuse(struct import_rows *rows, uint64_t line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void refuse(struct import_rows *rows, uint64_t line, const char *format, ...)
{
    rows->refused++;
    if (rows->refusal_count == IMPORT_REFUSALS_MOST)
        return;
    struct import_refusal *refusal = &rows->refusals[rows->refusal_count++];
    va_list args;
    refusal->line = line;
    va_start(args, format);
    vsnprintf(refusal->reason, sizeof refusal->reason, format, args);
    va_end(args);
}

/* ---- one row --------------------------------------------------------------------------------- */

/* "meter-1/phase-b/voltage" -> its quantity; QUANTITY_NONE when it is no point's path. */
static enum quantity quantity_of_path(const char *path)
{
    size_t device =
        strspn(path, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-");
    enum component_kind kind;
    int number;
    if (device == 0 || device > LIMIT_NAME || path[device] != '/' || strchr("._-", *path))
        return QUANTITY_NONE;
    const char *component = path + device + 1;
    size_t length = strcspn(component, "/");
    if (component[length] != '/' || !component_parse(component, length, &kind, &number))
        return QUANTITY_NONE;
    return quantity_find(component + length + 1);
}

static struct import_series *add_series(struct import_rows *rows, const char *path,
                                        enum quantity quantity)
{
    if (rows->series_count == rows->series_capacity) {
        size_t capacity = rows->series_capacity ? rows->series_capacity * 2 : 16;
        struct import_series *series = realloc(rows->series, capacity * sizeof *series);
        if (!series)
            return NULL;
        rows->series = series;
        rows->series_capacity = capacity;
    }
    struct import_series *fresh = &rows->series[rows->series_count];
    *fresh = (struct import_series){.path = strdup(path), .quantity = quantity};
    if (!fresh->path)
        return NULL;
    rows->series_count++;
    /* the array moves when it grows, so the map holds a number */
    map_set(&rows->by_path, fresh->path, (void *)(uintptr_t)rows->series_count);
    return fresh;
}

/* NULL when the row is refused, or without memory (then `*memory` is false). */
static struct import_series *series_of(struct import_rows *rows, uint64_t line,
                                       const struct row *row, bool *memory)
{
    uintptr_t known = (uintptr_t)map_get(&rows->by_path, row->path);
    enum quantity quantity = known ? rows->series[known - 1].quantity : quantity_of_path(row->path);
    if (quantity == QUANTITY_NONE) {
        refuse(rows, line, "\"%.60s\" is no point: a path is DEVICE/COMPONENT/QUANTITY", row->path);
        return NULL;
    }
    const struct quantity_row *about = quantity_row(quantity);
    if (row->quantity && *row->quantity && strcmp(row->quantity, about->name) != 0) {
        refuse(rows, line, "the quantity \"%.40s\" is not the one that \"%.60s\" ends with",
               row->quantity, row->path);
        return NULL;
    }
    if (about->kind == QUANTITY_KIND_TEXT) {
        refuse(rows, line, "%s is text, which has no history", about->name);
        return NULL;
    }
    if (known)
        return &rows->series[known - 1];
    struct import_series *fresh = add_series(rows, row->path, quantity);
    *memory = fresh;
    return fresh;
}

static bool check_time(struct import_rows *rows, uint64_t line, const char *text, clock_us *wall)
{
    /* "now" and "-1h" are for people, not for records */
    if (text[0] < '0' || text[0] > '9' || time_text_parse(text, 0, wall) < 0)
        refuse(rows, line, "\"%.40s\" is no time: RFC 3339 or seconds since 1970", text);
    else if (*wall < EARLIEST)
        refuse(rows, line, "%.40s is before the year 2000", text);
    else if (rows->now && *wall > rows->now + FUTURE_MOST)
        refuse(rows, line, "%.40s is in the future", text);
    else
        return true;
    return false;
}

static bool add_sample(struct import_series *series, struct history_sample sample)
{
    if (series->count == series->capacity) {
        size_t capacity = series->capacity ? series->capacity * 2 : 64;
        struct history_sample *samples = realloc(series->samples, capacity * sizeof *samples);
        if (!samples)
            return false;
        series->samples = samples;
        series->capacity = capacity;
    }
    if (series->count > 0 && sample.time <= series->samples[series->count - 1].time)
        series->unordered = true;
    series->samples[series->count++] = sample;
    return true;
}

/* False without memory only. */
static bool take(struct import_rows *rows, uint64_t line, const struct row *row)
{
    clock_us wall;
    bool memory = true;
    if (!check_time(rows, line, row->time, &wall))
        return true;
    struct import_series *series = series_of(rows, line, row, &memory);
    if (!series)
        return memory;
    const struct quantity_row *about = quantity_row(series->quantity);
    if (!isfinite(row->value) || row->value < about->low || row->value > about->high) {
        refuse(rows, line, "%.10g is outside of what %s can be, %.10g to %.10g", row->value,
               about->name, about->low, about->high);
        return true;
    }
    double scale = pow(10, about->decimals);
    rows->rows++;
    return add_sample(series, (struct history_sample){.time = wall / CLOCK_MS,
                                                      .value = llround(row->value * scale),
                                                      .quality = QUALITY_GOOD});
}

/* A whole text as a number; a comma is taken for the decimal mark. */
static bool read_number(const char *text, double *value)
{
    char copy[CELL_MOST + 1], *end;
    snprintf(copy, sizeof copy, "%s", text);
    char *comma = strchr(copy, ',');
    if (comma)
        *comma = '.';
    if (!*copy || strspn(copy, "+-.0123456789eE") != strlen(copy))
        return false;
    *value = strtod(copy, &end);
    return *end == '\0';
}

/* ---- CSV ------------------------------------------------------------------------------------- */

struct cells {
    char text[COLUMNS_MOST][CELL_MOST + 1];
    size_t count;
};

struct csv_reader {
    const char *at, *end;
    char separator;
    int time, path, quantity, value; /* columns, -1: there is none */
};

/* One cell; false when it is longer than any of ours. Moves past it, not past what follows. */
static bool read_cell(struct csv_reader *reader, char *cell)
{
    size_t length = 0;
    bool quoted = reader->at < reader->end && *reader->at == '"', fits = true;
    reader->at += quoted;
    while (reader->at < reader->end) {
        char c = *reader->at;
        if (quoted && c == '"') {
            bool twice = reader->at + 1 < reader->end && reader->at[1] == '"';
            reader->at += twice ? 1 : 0;
            if (!twice) {
                quoted = false;
                reader->at++;
                continue;
            }
        } else if (!quoted && (c == reader->separator || c == '\r' || c == '\n')) {
            break;
        }
        if (length < CELL_MOST)
            cell[length++] = c;
        else
            fits = false;
        reader->at++;
    }
    cell[length] = '\0';
    return fits && !quoted && strlen(cell) == length;
}

/* One line; false when it is malformed. Moves past its end in any case. */
static bool read_line(struct csv_reader *reader, struct cells *cells)
{
    bool good = true;
    cells->count = 0;
    for (;;) {
        char spare[CELL_MOST + 1];
        bool room = cells->count < COLUMNS_MOST;
        good &= read_cell(reader, room ? cells->text[cells->count] : spare);
        cells->count += room;
        if (reader->at >= reader->end || *reader->at != reader->separator)
            break;
        reader->at++;
    }
    if (reader->at < reader->end && *reader->at == '\r')
        reader->at++;
    if (reader->at < reader->end && *reader->at == '\n')
        reader->at++;
    return good;
}

static int column_find(const struct cells *head, const char *name)
{
    for (size_t i = 0; i < head->count; i++) {
        if (strcmp(head->text[i], name) == 0)
            return (int)i;
    }
    return -1;
}

static int read_head(struct csv_reader *reader, struct err *err)
{
    struct cells head;
    static const char mark[] = "\xEF\xBB\xBF"; /* spreadsheets put it before UTF-8 */
    if ((size_t)(reader->end - reader->at) >= strlen(mark) &&
        memcmp(reader->at, mark, strlen(mark)) == 0)
        reader->at += strlen(mark);
    const char *line_end = memchr(reader->at, '\n', (size_t)(reader->end - reader->at));
    size_t length = (size_t)((line_end ? line_end : reader->end) - reader->at);
    reader->separator = memchr(reader->at, ';', length)    ? ';'
                        : memchr(reader->at, '\t', length) ? '\t'
                                                           : ',';
    read_line(reader, &head);
    reader->time = column_find(&head, "time");
    reader->path = column_find(&head, "path");
    reader->quantity = column_find(&head, "quantity");
    reader->value = column_find(&head, "value");
    if (reader->time >= 0 && reader->path >= 0 && reader->value >= 0)
        return 0;
    if (column_find(&head, "avg") >= 0)
        return err_set(err, -EINVAL,
                       "the file holds averages; only single readings can be "
                       "imported: export them without --step");
    return err_set(err, -EINVAL, "the first line must name the columns time, path and value");
}

static bool take_line(struct import_rows *rows, const struct csv_reader *reader, uint64_t line,
                      const struct cells *cells, bool good)
{
    int last = reader->time > reader->path ? reader->time : reader->path;
    last = reader->value > last ? reader->value : last;
    last = reader->quantity > last ? reader->quantity : last;
    if (!good || (int)cells->count <= last) {
        refuse(rows, line,
               good ? "there are fewer cells than in the first line"
                    : "a cell is too long, or its quotes do not end");
        return true;
    }
    struct row row = {
        .time = cells->text[reader->time],
        .path = cells->text[reader->path],
        .quantity = reader->quantity >= 0 ? cells->text[reader->quantity] : NULL,
    };
    if (!read_number(cells->text[reader->value], &row.value)) {
        refuse(rows, line, "\"%.40s\" is no number", cells->text[reader->value]);
        return true;
    }
    return take(rows, line, &row);
}

static int read_csv(struct import_rows *rows, const char *text, size_t length, uint64_t line,
                    struct err *err)
{
    struct csv_reader reader = {.at = text, .end = text + length};
    struct cells cells;
    if (read_head(&reader, err) < 0)
        return err->code;
    for (; reader.at < reader.end; line++) {
        bool good = read_line(&reader, &cells);
        bool empty = good && cells.count == 1 && !cells.text[0][0];
        if (!empty && !take_line(rows, &reader, line, &cells, good))
            return err_set(err, -ENOMEM, "there is no memory for so many rows");
    }
    return 0;
}

/* ---- JSON lines ------------------------------------------------------------------------------ */

static bool take_object(struct import_rows *rows, uint64_t line, const char *text, size_t length)
{
    json_error_t where;
    json_t *object = json_loadb(text, length, JSON_REJECT_DUPLICATES, &where);
    const json_t *value = json_object_get(object, "value");
    const struct row row = {
        .time = json_string_value(json_object_get(object, "time")),
        .path = json_string_value(json_object_get(object, "path")),
        .quantity = json_string_value(json_object_get(object, "quantity")),
        .value = json_number_value(value),
    };
    bool memory = true;
    if (!json_is_object(object))
        refuse(rows, line, "no JSON object: %.100s", object ? "another value" : where.text);
    else if (!row.time || !row.path || !json_is_number(value))
        refuse(rows, line,
               "an object needs \"time\" and \"path\" as text and \"value\" as a number");
    else if (strlen(row.path) > PATH_MOST)
        refuse(rows, line, "the path is too long");
    else
        memory = take(rows, line, &row);
    json_decref(object);
    return memory;
}

/* The text does not end with a zero, so there is no strspn(). */
static bool is_blank(const char *text, size_t length)
{
    while (length > 0 && strchr(" \t\r", *text) && *text) {
        text++;
        length--;
    }
    return length == 0;
}

static int read_json_lines(struct import_rows *rows, const char *text, size_t length, uint64_t line,
                           struct err *err)
{
    const char *end = text + length;
    for (; text < end; line++) {
        const char *stop = memchr(text, '\n', (size_t)(end - text));
        size_t size = (size_t)((stop ? stop : end) - text);
        if (!is_blank(text, size) && !take_object(rows, line, text, size))
            return err_set(err, -ENOMEM, "there is no memory for so many rows");
        text += size + (stop ? 1 : 0);
    }
    return 0;
}

int import_rows_read(struct import_rows *rows, enum import_form form, const char *text,
                     size_t length, uint64_t first_line, struct err *err)
{
    return form == IMPORT_CSV ? read_csv(rows, text, length, first_line, err)
                              : read_json_lines(rows, text, length, first_line, err);
}

/* ---- points ---------------------------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
    const struct history_sample *one = a, *other = b;
    return (one->time > other->time) - (one->time < other->time);
}

static void put_in_order(struct import_rows *rows, struct import_series *series)
{
    if (!series->unordered)
        return;
    size_t kept = 0;
    qsort(series->samples, series->count, sizeof *series->samples, compare);
    for (size_t i = 0; i < series->count; i++) {
        if (kept > 0 && series->samples[kept - 1].time == series->samples[i].time)
            rows->repeated++;
        else
            series->samples[kept++] = series->samples[i];
    }
    series->count = kept;
    series->unordered = false;
}

struct history_import_point *import_rows_points(struct import_rows *rows, size_t *count)
{
    *count = 0;
    free(rows->points);
    rows->points = calloc(rows->series_count + 1, sizeof *rows->points);
    if (!rows->points)
        return NULL;
    for (size_t i = 0; i < rows->series_count; i++) {
        struct import_series *series = &rows->series[i];
        put_in_order(rows, series);
        /* a series whose only row was refused */
        if (series->count > 0)
            rows->points[(*count)++] = (struct history_import_point){
                series->path, series->quantity, series->samples, series->count};
    }
    return rows->points;
}
