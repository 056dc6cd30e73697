#include "engine/history_tier.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#define BATCH 256 /* numbers decoded at a time */

/* ---- sums of 96 bits, without a type for them ------------------------------------------------ */

/* The low half below 2^32, the rest in the high one. */
static void settle(struct history_tier_row *row)
{
    row->sum_high = (int64_t)((uint64_t)row->sum_high + (row->sum_low >> 32));
    row->sum_low &= UINT32_MAX;
}

/* Mean rounded down and the rest, 0 to count - 1: schoolbook division by a digit of 32 bits. */
static int64_t mean_of(const struct history_tier_row *row, uint32_t *rest)
{
    struct history_tier_row sum = *row;
    settle(&sum);
    int64_t high = sum.sum_high / row->count, left = sum.sum_high % row->count;
    if (left < 0) { /* C rounds towards 0 */
        high--;
        left += row->count;
    }
    uint64_t low = (uint64_t)left << 32 | sum.sum_low;
    *rest = (uint32_t)(low % row->count);
    return (int64_t)(((uint64_t)high << 32) + low / row->count);
}

static void sum_from(struct history_tier_row *row, int64_t mean, uint32_t rest)
{
    row->sum_high = (int64_t)((uint64_t)(mean >> 32) * row->count);
    row->sum_low = ((uint64_t)mean & UINT32_MAX) * row->count + rest;
    settle(row);
}

/* ---- combining ------------------------------------------------------------------------------- */

static void lose(struct history_tier_row *row, int64_t more)
{
    if (__builtin_add_overflow(row->lost, more, &row->lost))
        row->lost = more < 0 ? INT64_MIN : INT64_MAX;
}

void history_tier_combine(struct history_tier_row *row, const struct history_tier_row *later,
                          bool counter)
{
    if (counter && later->first < row->last)
        lose(row, row->last);
    lose(row, later->lost);
    row->min = later->min < row->min ? later->min : row->min;
    row->max = later->max > row->max ? later->max : row->max;
    row->last = later->last;
    settle(row);
    row->sum_low += later->sum_low & UINT32_MAX;
    row->sum_high =
        (int64_t)((uint64_t)row->sum_high + (uint64_t)later->sum_high + (later->sum_low >> 32));
    settle(row);
    /* rows from a disk may say anything; a count must not become 0 */
    uint32_t count = row->count + later->count;
    row->count = count < later->count ? UINT32_MAX : count;
}

/* ---- columns --------------------------------------------------------------------------------- */

static int64_t minus(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a - (uint64_t)b);
}

static int64_t plus(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a + (uint64_t)b);
}

/* What a steadily rising counter would have as its mean. */
static int64_t middle(const struct history_tier_row *row)
{
    return plus(row->first, minus(row->last, row->first) >> 1);
}

/* Columns in the order of the bytes; later ones may use what earlier ones restored. */
enum column { TIME, COUNT, MEAN, MIN, MAX, LAST, REST, FIRST, LOST };

static const enum column gauge_columns[] = {TIME, COUNT, MEAN, MIN, MAX, LAST, REST};
static const enum column counter_columns[] = {TIME, COUNT, FIRST, LAST, MIN, MAX, MEAN, REST, LOST};
#define GAUGE_COLUMNS (sizeof gauge_columns / sizeof *gauge_columns)
#define COUNTER_COLUMNS (sizeof counter_columns / sizeof *counter_columns)

/* ---- writing --------------------------------------------------------------------------------- */

/* The number of a row in a column; `before`: the last reading of the row before, or 0. */
static int64_t number_of(enum column column, const struct history_tier_row *row, int64_t base,
                         int64_t before, bool counter)
{
    uint32_t rest;
    switch (column) {
    case TIME:
        return minus(row->time, base);
    case COUNT:
        return row->count;
    case MEAN:
        return counter ? minus(mean_of(row, &rest), middle(row)) : mean_of(row, &rest);
    case MIN:
        return counter ? minus(row->min, row->first) : minus(mean_of(row, &rest), row->min);
    case MAX:
        return minus(row->max, counter ? row->last : mean_of(row, &rest));
    case LAST:
        return minus(row->last, counter ? row->first : mean_of(row, &rest));
    case REST:
        mean_of(row, &rest);
        return rest;
    case FIRST:
        return minus(row->first, before);
    case LOST:
        return row->lost;
    }
    return 0;
}

static void put_columns(struct buf *out, int64_t base, bool counter,
                        const struct history_tier_row *rows, size_t count, int64_t *numbers)
{
    const enum column *columns = counter ? counter_columns : gauge_columns;
    size_t column_count = counter ? COUNTER_COLUMNS : GAUGE_COLUMNS;
    for (size_t i = 0; i < column_count; i++) {
        int64_t before = 0;
        for (size_t j = 0; j < count; j++) {
            numbers[j] = number_of(columns[i], &rows[j], base, before, counter);
            before = rows[j].last;
        }
        history_column_encode(out, numbers, count);
    }
}

void history_tier_encode(struct buf *out, int64_t key, int64_t base, int64_t until, bool counter,
                         const struct history_tier_row *rows, size_t count)
{
    assert(count > 0 && count <= HISTORY_TIER_ROWS_MOST && until >= base);
    for (size_t i = 0; i < count; i++)
        assert(rows[i].count > 0 && rows[i].time >= (i ? rows[i - 1].time : base));
    int64_t *numbers = malloc(count * sizeof *numbers);
    if (!numbers) {
        out->failed = true;
        return;
    }
    size_t begin = out->length;
    history_code_begin(out, HISTORY_TIER_VERSION);
    history_code_put(out, count << 1 | counter);
    history_code_put(out, (uint64_t)until - (uint64_t)base);
    put_columns(out, base, counter, rows, count, numbers);
    free(numbers);
    if (!out->failed)
        history_code_seal((uint8_t *)out->data + begin, out->length - begin, key);
}

/* ---- reading --------------------------------------------------------------------------------- */

/* Undo number_of. While columns are missing the mean stands in sum_high. False when damaged. */
static bool restore(enum column column, struct history_tier_row *row, int64_t number, int64_t base,
                    bool counter)
{
    int64_t mean = row->sum_high;
    switch (column) {
    case TIME:
        row->time = plus(base, number);
        return number >= 0 && row->time >= base;
    case COUNT:
        row->count = (uint32_t)number;
        return number > 0 && number <= UINT32_MAX;
    case MEAN:
        row->sum_high = counter ? plus(number, middle(row)) : number;
        return true;
    case MIN:
        row->min = counter ? plus(row->first, number) : minus(mean, number);
        return true;
    case MAX:
        row->max = plus(number, counter ? row->last : mean);
        return true;
    case LAST:
        row->last = plus(number, counter ? 0 : mean); /* counter: see link_firsts */
        row->first = counter ? row->first : row->last;
        return true;
    case REST:
        sum_from(row, mean, (uint32_t)number);
        return number >= 0 && number < row->count;
    case FIRST:
        row->first = number; /* see link_firsts */
        return true;
    case LOST:
        row->lost = number;
        return true;
    }
    return false;
}

/* First and last of counters are chained from row to row: known when both columns are. */
static void link_firsts(struct history_tier_row *rows, size_t count)
{
    int64_t before = 0;
    for (size_t i = 0; i < count; i++) {
        rows[i].first = plus(rows[i].first, before);
        rows[i].last = plus(rows[i].last, rows[i].first);
        before = rows[i].last;
    }
}

static int take_column(struct history_column_reader *reader, enum column column,
                       struct history_tier_row *rows, size_t count, int64_t base, bool counter)
{
    int64_t numbers[BATCH];
    for (size_t done = 0; done < count;) {
        size_t some = count - done < BATCH ? count - done : BATCH;
        int result = history_column_read(reader, numbers, some);
        if (result < 0)
            return result;
        for (size_t i = 0; i < some; i++, done++) {
            if (!restore(column, &rows[done], numbers[i], base, counter) ||
                (column == TIME && done && rows[done].time < rows[done - 1].time))
                return -EBADMSG;
        }
    }
    if (counter && column == LAST)
        link_firsts(rows, count);
    return 0;
}

static int take_columns(const uint8_t *at, const uint8_t *end, struct history_tier_row *rows,
                        size_t count, int64_t base, bool counter)
{
    const enum column *columns = counter ? counter_columns : gauge_columns;
    size_t column_count = counter ? COUNTER_COLUMNS : GAUGE_COLUMNS;
    for (size_t i = 0; i < count; i++)
        rows[i] = (struct history_tier_row){0};
    for (size_t i = 0; i < column_count; i++) {
        struct history_column_reader reader;
        int result = history_column_open(&reader, &at, end, count);
        if (result < 0)
            return result;
        result = take_column(&reader, columns[i], rows, count, base, counter);
        history_column_close(&reader);
        if (result < 0)
            return result;
    }
    return 0;
}

int history_tier_decode(const uint8_t *bytes, size_t length, int64_t key, int64_t base,
                        struct history_tier_row *rows, size_t room, int64_t *until, bool *counter)
{
    int version = history_code_check(bytes, length, key);
    if (version != HISTORY_TIER_VERSION)
        return version < 0 ? version : -ENOTSUP;
    const uint8_t *at = bytes + HISTORY_CODE_HEAD, *end = bytes + length;
    uint64_t head, reach;
    if (!history_code_take(&at, end, &head) || !history_code_take(&at, end, &reach) ||
        head >> 1 == 0 || head >> 1 > HISTORY_TIER_ROWS_MOST ||
        reach > (uint64_t)INT64_MAX - (uint64_t)base)
        return -EBADMSG;
    size_t count = (size_t)(head >> 1);
    if (count > room)
        return -ENOSPC;
    *counter = head & 1;
    *until = plus(base, (int64_t)reach);
    int result = take_columns(at, end, rows, count, base, *counter);
    return result < 0 ? result : (int)count;
}

size_t history_tier_count(const uint8_t *bytes, size_t length)
{
    if (length < HISTORY_CODE_HEAD || bytes[0] != HISTORY_TIER_VERSION)
        return 0;
    const uint8_t *at = bytes + HISTORY_CODE_HEAD;
    uint64_t head;
    if (!history_code_take(&at, bytes + length, &head) || head >> 1 > HISTORY_TIER_ROWS_MOST)
        return 0;
    return (size_t)(head >> 1);
}
