#include "engine/history_csv.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/nearest.h"
#include "base/time_text.h"
#include "engine/csv.h"
#include "model/quantity.h"

static const struct {
    const char *name;
    enum history_csv_column column;
} columns_known[] = {
    {"min", HISTORY_CSV_MIN},   {"avg", HISTORY_CSV_AVG},     {"max", HISTORY_CSV_MAX},
    {"last", HISTORY_CSV_LAST}, {"count", HISTORY_CSV_COUNT}, {"delta", HISTORY_CSV_DELTA},
    {"rise", HISTORY_CSV_RISE},
};
#define COLUMNS (sizeof columns_known / sizeof *columns_known)

#define COLUMNS_USUAL                                                                              \
    (HISTORY_CSV_MIN | HISTORY_CSV_AVG | HISTORY_CSV_MAX | HISTORY_CSV_LAST | HISTORY_CSV_COUNT)

/* An average lies between the steps of what was measured. */
#define AVERAGE_MORE_DECIMALS 2

static unsigned column_find(const char *word)
{
    for (size_t i = 0; i < COLUMNS; i++) {
        if (strcmp(word, columns_known[i].name) == 0)
            return columns_known[i].column;
    }
    return 0;
}

int history_csv_parse_columns(const char *text, unsigned *columns, struct err *err)
{
    unsigned found = 0;
    while (*text) {
        size_t length = strcspn(text, ",");
        char word[32];
        snprintf(word, sizeof word, "%.*s", (int)(length < 31 ? length : 31), text);
        unsigned column = column_find(word);
        if (!column) {
            const char *nearest = nearest_word(word, columns_known, COLUMNS, sizeof *columns_known);
            return err_set(
                err, -EINVAL,
                "\"%s\" is no column%s%s%s; there are min, avg, max, last, count, delta and rise",
                word, nearest ? " (did you mean \"" : "", nearest ? nearest : "",
                nearest ? "\"?)" : "");
        }
        found |= column;
        text += length;
        if (*text)
            text++;
    }
    *columns = found;
    return 0;
}

void history_csv_begin(struct history_csv *csv, const struct history_series *series, size_t count,
                       struct history_csv_place *places, const struct history_csv_options *options)
{
    *csv = (struct history_csv){
        .series = series, .count = count, .places = places, .options = *options};
    if (count > 0)
        memset(places, 0, count * sizeof *places);
    if (!csv->options.columns)
        csv->options.columns = COLUMNS_USUAL;
    if (!csv->options.counter_columns)
        csv->options.counter_columns = csv->options.columns;
    if (!csv->options.separator)
        csv->options.separator = ',';
    if (!csv->options.decimal)
        csv->options.decimal = '.';
}

void history_csv_continue(struct history_csv *csv, const struct history_series *series)
{
    csv->series = series;
    for (size_t i = 0; i < csv->count; i++)
        csv->places[i].next = 0;
}

/* The chosen columns that this series has. */
static unsigned columns_of(const struct history_csv *csv, const struct history_series *series)
{
    bool counter = series->quantity != QUANTITY_NONE &&
                   quantity_row(series->quantity)->kind == QUANTITY_KIND_COUNTER;
    return counter ? csv->options.counter_columns
                   : csv->options.columns & ~(unsigned)(HISTORY_CSV_DELTA | HISTORY_CSV_RISE);
}

static void write_header(const struct history_csv *csv, struct csv *row)
{
    csv_text(row, "time");
    if (csv->options.time == HISTORY_CSV_SHEET)
        csv_text(row, "utc");
    for (size_t i = 0; i < csv->count; i++) {
        const struct history_series *series = &csv->series[i];
        const char *unit =
            series->quantity == QUANTITY_NONE ? "" : quantity_row(series->quantity)->unit;
        unsigned columns = columns_of(csv, series);
        for (size_t c = 0; c < COLUMNS; c++) {
            if (!(columns & columns_known[c].column))
                continue;
            /* a count has no unit */
            bool with_unit = *unit && columns_known[c].column != HISTORY_CSV_COUNT;
            char name[512];
            snprintf(name, sizeof name, "%s%s%s%s %s", series->path, with_unit ? " [" : "",
                     with_unit ? unit : "", with_unit ? "]" : "", columns_known[c].name);
            csv_text(row, name);
        }
    }
    csv_end_row(row);
}

static void write_figure(struct csv *row, enum history_csv_column column,
                         const struct history_bucket *bucket, const struct history_csv_place *place,
                         int decimals)
{
    switch (column) {
    case HISTORY_CSV_MIN:
        csv_decimal(row, bucket->min, decimals);
        break;
    case HISTORY_CSV_AVG:
        csv_decimal(row, bucket->sum / bucket->count, decimals + AVERAGE_MORE_DECIMALS);
        break;
    case HISTORY_CSV_MAX:
        csv_decimal(row, bucket->max, decimals);
        break;
    case HISTORY_CSV_LAST:
        csv_decimal(row, bucket->last, decimals);
        break;
    case HISTORY_CSV_COUNT:
        csv_decimal(row, bucket->count, 0);
        break;
    case HISTORY_CSV_DELTA:
        if (place->begun)
            csv_decimal(row, bucket->last - place->last, decimals);
        else
            csv_empty(row);
        break;
    case HISTORY_CSV_RISE:
        csv_decimal(row, bucket->rise, decimals);
        break;
    }
}

static void take_bucket(const struct history_csv *csv, size_t index)
{
    struct history_csv_place *place = &csv->places[index];
    place->last = csv->series[index].buckets[place->next++].last;
    place->begun = true;
}

/* The cells of one series at `time`, empty when it has no bucket there. */
static void write_series(const struct history_csv *csv, struct csv *row, size_t index,
                         clock_us time)
{
    const struct history_series *series = &csv->series[index];
    const struct history_csv_place *place = &csv->places[index];
    bool here = place->next < series->count && series->buckets[place->next].time == time;
    int decimals = series->quantity == QUANTITY_NONE ? 0 : quantity_row(series->quantity)->decimals;
    unsigned columns = columns_of(csv, series);
    for (size_t c = 0; c < COLUMNS; c++) {
        if (!(columns & columns_known[c].column))
            continue;
        if (here)
            write_figure(row, columns_known[c].column, &series->buckets[place->next], place,
                         decimals);
        else
            csv_empty(row);
    }
    if (here)
        take_bucket(csv, index);
}

static void write_time(const struct history_csv *csv, struct csv *row, clock_us time)
{
    char text[TIME_TEXT_SIZE];
    if (csv->options.time != HISTORY_CSV_UTC)
        time_text_format_local(time, text);
    else
        time_text_format_utc(time, text);
    if (csv->options.time == HISTORY_CSV_SHEET) {
        text[10] = ' ';
        text[19] = '\0'; /* fraction and offset go */
    }
    csv_text(row, text);
    if (csv->options.time == HISTORY_CSV_SHEET) {
        time_text_format_utc(time, text);
        csv_text(row, text);
    }
}

/* Buckets before the wished begin only serve differences. */
static void skip_early(const struct history_csv *csv)
{
    for (size_t i = 0; i < csv->count; i++) {
        const struct history_series *series = &csv->series[i];
        while (csv->places[i].next < series->count &&
               series->buckets[csv->places[i].next].time < csv->options.from)
            take_bucket(csv, i);
    }
}

/* The earliest time that has not been written; CLOCK_NEVER when there is none. */
static clock_us next_time(const struct history_csv *csv)
{
    clock_us earliest = CLOCK_NEVER;
    for (size_t i = 0; i < csv->count; i++) {
        const struct history_series *series = &csv->series[i];
        size_t next = csv->places[i].next;
        if (next < series->count && series->buckets[next].time < earliest)
            earliest = series->buckets[next].time;
    }
    return earliest;
}

clock_us history_csv_next(const struct history_csv *csv)
{
    skip_early(csv);
    return next_time(csv);
}

bool history_csv_write(struct history_csv *csv, struct buf *out, size_t most)
{
    struct csv row = csv_writer(out, csv->options.separator, csv->options.decimal);
    size_t begin = out->length;
    if (!csv->header_written) {
        write_header(csv, &row);
        csv->header_written = true;
    }
    clock_us time = history_csv_next(csv);
    while (time != CLOCK_NEVER && out->length - begin < most && !out->failed) {
        write_time(csv, &row, time);
        for (size_t i = 0; i < csv->count; i++)
            write_series(csv, &row, i, time);
        csv_end_row(&row);
        time = next_time(csv);
    }
    return time != CLOCK_NEVER && !out->failed;
}
