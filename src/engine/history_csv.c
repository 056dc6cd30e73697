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
                "\"%s\" is no column%s%s%s; there are min, avg, max, last, count and delta", word,
                nearest ? " (did you mean \"" : "", nearest ? nearest : "", nearest ? "\"?)" : "");
        }
        found |= column;
        text += length;
        if (*text)
            text++;
    }
    *columns = found;
    return 0;
}

void history_csv_begin(struct history_csv *csv, const struct history_answer *answer,
                       const struct history_csv_options *options)
{
    *csv = (struct history_csv){.answer = answer, .options = *options};
    if (!csv->options.columns)
        csv->options.columns = COLUMNS_USUAL;
    if (!csv->options.separator)
        csv->options.separator = ',';
    if (!csv->options.decimal)
        csv->options.decimal = '.';
}

/* The chosen columns that this series has. */
static unsigned columns_of(const struct history_csv *csv, const struct history_series *series)
{
    bool counter = series->quantity != QUANTITY_NONE &&
                   quantity_row(series->quantity)->kind == QUANTITY_KIND_COUNTER;
    return counter ? csv->options.columns : csv->options.columns & ~(unsigned)HISTORY_CSV_DELTA;
}

static void write_header(const struct history_csv *csv, struct csv *row)
{
    csv_text(row, "time");
    for (size_t i = 0; i < csv->answer->path_count; i++) {
        const struct history_series *series = &csv->answer->series[i];
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
                         const struct history_bucket *bucket, const struct history_bucket *before,
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
        if (before)
            csv_decimal(row, bucket->last - before->last, decimals);
        else
            csv_empty(row);
        break;
    }
}

/* The cells of one series at `time`, empty when it has no bucket there. */
static void write_series(struct history_csv *csv, struct csv *row, size_t index, clock_us time)
{
    const struct history_series *series = &csv->answer->series[index];
    size_t next = csv->next[index];
    bool here = next < series->count && series->buckets[next].time == time;
    const struct history_bucket *bucket = here ? &series->buckets[next] : NULL;
    const struct history_bucket *before = here && next > 0 ? bucket - 1 : NULL;
    int decimals = series->quantity == QUANTITY_NONE ? 0 : quantity_row(series->quantity)->decimals;
    unsigned columns = columns_of(csv, series);
    for (size_t c = 0; c < COLUMNS; c++) {
        if (!(columns & columns_known[c].column))
            continue;
        if (bucket)
            write_figure(row, columns_known[c].column, bucket, before, decimals);
        else
            csv_empty(row);
    }
    csv->next[index] += here;
}

/* The earliest time that has not been written; CLOCK_NEVER when there is none. */
static clock_us next_time(const struct history_csv *csv)
{
    clock_us earliest = CLOCK_NEVER;
    for (size_t i = 0; i < csv->answer->path_count; i++) {
        const struct history_series *series = &csv->answer->series[i];
        if (csv->next[i] < series->count && series->buckets[csv->next[i]].time < earliest)
            earliest = series->buckets[csv->next[i]].time;
    }
    return earliest;
}

bool history_csv_write(struct history_csv *csv, struct buf *out, size_t most)
{
    struct csv row = csv_writer(out, csv->options.separator, csv->options.decimal);
    size_t begin = out->length;
    if (!csv->header_written) {
        write_header(csv, &row);
        csv->header_written = true;
    }
    clock_us time = next_time(csv);
    while (time != CLOCK_NEVER && out->length - begin < most && !out->failed) {
        char text[TIME_TEXT_SIZE];
        if (csv->options.local)
            time_text_format_local(time, text);
        else
            time_text_format_utc(time, text);
        csv_text(&row, text);
        for (size_t i = 0; i < csv->answer->path_count; i++)
            write_series(csv, &row, i, time);
        csv_end_row(&row);
        time = next_time(csv);
    }
    return time != CLOCK_NEVER && !out->failed;
}
