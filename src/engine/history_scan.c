#include "engine/history_scan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/history_file.h"

#define BATCH 512
#define DAY_MS 86400000LL

/* ---- memory ---------------------------------------------------------------------------------- */

static void close_span(struct history_scan *scan)
{
    if (scan->span_key)
        history_span_close(&scan->span);
    scan->span_key = 0;
}

void history_scan_end(struct history_scan *scan)
{
    close_span(scan);
    for (int level = 0; level < HISTORY_LEVELS; level++)
        free(scan->stored[level].list);
    free(scan->span_bytes);
    scan->span_bytes = NULL;
}

/* ---- look-ups -------------------------------------------------------------------------------- */

/* A damaged page is a gap, like a damaged piece: the rest is read all the same. */
static int found(struct history_scan *scan, int result)
{
    if (result != -EBADMSG)
        return result;
    scan->damaged = true;
    return 0;
}

static int piece_before(struct history_scan *scan, enum history_level level, int64_t time,
                        struct history_piece *piece, struct err *err)
{
    return found(scan, history_piece_before(scan->pieces, level, scan->series, time, piece, err));
}

static int piece_after(struct history_scan *scan, int64_t key, int64_t until,
                       struct history_piece *piece, struct err *err)
{
    return found(scan, history_piece_after(scan->pieces, key, until, piece, err));
}

#define NOT_ASKED (-1)

/* Where what is kept of a level begins; INT64_MAX when there is nothing. 0 or a code. */
static int oldest_of(struct history_scan *scan, int level, int64_t *oldest, struct err *err)
{
    if (scan->oldest[level] == NOT_ASKED) {
        int64_t base;
        int result = found(scan, history_piece_first(scan->pieces, (enum history_level)level,
                                                     scan->series, &base, err));
        if (result < 0)
            return result;
        scan->oldest[level] = result > 0 ? base : INT64_MAX;
    }
    *oldest = scan->oldest[level];
    return 0;
}

/* ---- readings -------------------------------------------------------------------------------- */

static bool withdrawn(const struct history_scan *scan)
{
    return scan->cancel && atomic_load_explicit(scan->cancel, memory_order_relaxed);
}

/* Open the span of a piece, with a copy of its bytes: borders of buckets come back to it. A damaged
 * piece is a gap, and nothing else is lost. 1, 0, or a code. */
static int open_span(struct history_scan *scan, const struct history_piece *piece, struct err *err)
{
    if (scan->span_key == piece->key)
        return 1;
    close_span(scan);
    if (piece->length > scan->span_capacity) {
        uint8_t *bytes = realloc(scan->span_bytes, piece->length);
        if (!bytes)
            return history_collect_no_memory(err);
        scan->span_bytes = bytes;
        scan->span_capacity = piece->length;
    }
    memcpy(scan->span_bytes, piece->bytes, piece->length);
    int result =
        history_span_open(&scan->span, scan->span_bytes, piece->length, piece->key, piece->base);
    if (result == -ENOMEM)
        return history_collect_no_memory(err);
    scan->damaged = scan->damaged || result < 0;
    if (result < 0)
        return 0;
    scan->span_key = piece->key;
    scan->span_at = INT64_MIN;
    return 1;
}

/* The readings of an open span in from <= time < until. */
static int put_span(struct history_scan *scan, int64_t from, int64_t until, struct err *err)
{
    struct history_sample samples[BATCH];
    int result = history_span_seek(&scan->span, from), count = 0;
    scan->damaged = scan->damaged || result < 0;
    if (result < 0)
        return 0;
    while (!scan->collect.cut && (count = history_span_read(&scan->span, samples, BATCH)) > 0) {
        if (withdrawn(scan))
            return err_set(err, -ECANCELED, "the question was withdrawn");
        result = history_collect_samples(&scan->collect, samples, count, until, err);
        if (result < 0 || samples[count - 1].time >= until)
            return result;
    }
    scan->damaged = scan->damaged || count < 0;
    return 0;
}

static int put_readings(struct history_scan *scan, int64_t from, int64_t until, struct err *err)
{
    struct history_piece piece;
    int64_t key = history_piece_key(HISTORY_RAW, scan->series, from);
    int result = piece_before(scan, HISTORY_RAW, from, &piece, err);
    bool first = result > 0;
    while (result >= 0 && !scan->collect.cut) {
        if (!first) {
            result = piece_after(scan, key, until, &piece, err);
            if (result <= 0)
                break;
        }
        first = false;
        if (piece.key > key)
            key = piece.key;
        result = open_span(scan, &piece, err);
        if (result > 0)
            result = put_span(scan, from, until, err);
    }
    return result < 0 ? result : 0;
}

/* ---- rows ------------------------------------------------------------------------------------ */

static int put_level(struct history_scan *scan, enum history_level level, int64_t from,
                     int64_t until, struct err *err);

static int put_below(struct history_scan *scan, enum history_level level, int64_t from,
                     int64_t until, struct err *err)
{
    if (scan->collect.cut || from >= until)
        return 0;
    return put_level(scan, (enum history_level)(level - 1), from, until, err);
}

/* Where something finer than `level` begins to be kept, or any such place before `enough`: asks no
 * more than it must, the coarser of the finer levels first. 0 or a code. */
static int finer_begins(struct history_scan *scan, int level, int64_t enough, int64_t *begin,
                        struct err *err)
{
    *begin = scan->collect.loose->count > 0 ? scan->collect.loose->list[0].time : INT64_MAX;
    for (int finer = level - 1; finer >= HISTORY_RAW && *begin >= enough; finer--) {
        int64_t oldest;
        int result = oldest_of(scan, finer, &oldest, err);
        if (result < 0)
            return result;
        *begin = oldest < *begin ? oldest : *begin;
    }
    return 0;
}

/* Decode a piece of rows; 1, 0 when it is damaged (a gap), or a code. */
static int read_rows(struct history_scan *scan, enum history_level level,
                     const struct history_piece *piece, int64_t *until, struct err *err)
{
    struct history_rows *rows = &scan->stored[level];
    bool counter;
    rows->count = 0;
    size_t count = history_tier_count(piece->bytes, piece->length);
    if (!history_rows_reserve(rows, count + 1))
        return history_collect_no_memory(err);
    int result = history_tier_decode(piece->bytes, piece->length, piece->key, piece->base,
                                     rows->list, rows->capacity, until, &counter);
    if (result == -ENOMEM)
        return history_collect_no_memory(err);
    scan->damaged = scan->damaged || result < 0;
    rows->count = result > 0 ? (size_t)result : 0;
    return result >= 0;
}

/* The rows of a piece inside from <= time < until: whole where they fit, by what is finer where
 * they do not. */
static int put_rows(struct history_scan *scan, enum history_level level, int64_t from,
                    int64_t until, struct err *err)
{
    int result = 0;
    for (size_t i = 0; i < scan->stored[level].count && result == 0 && !scan->collect.cut; i++) {
        struct history_tier_row row = scan->stored[level].list[i];
        struct history_stretch own = history_calendar_find(&scan->calendars[level], row.time);
        if (own.end <= from)
            continue;
        if (row.time >= until)
            break;
        bool whole = row.time >= from && own.end <= until && !scan->collect.every &&
                     history_calendar_find(&scan->collect.grid, row.time).end >= own.end;
        int64_t finer = INT64_MAX;
        if (!whole)
            result = finer_begins(scan, (int)level, own.end, &finer, err);
        if (result == 0 && finer >= own.end)
            result = history_collect_row(&scan->collect, &row, err);
        else if (result == 0)
            result = put_below(scan, level, row.time > from ? row.time : from,
                               own.end < until ? own.end : until, err);
    }
    return result;
}

/* The part of a piece that lies in `*from` <= time < until; `*from` moves to its end. */
static int put_piece(struct history_scan *scan, enum history_level level,
                     const struct history_piece *piece, int64_t *from, int64_t until,
                     struct err *err)
{
    int64_t base = piece->base, end = 0;
    int result = read_rows(scan, level, piece, &end, err);
    if (result <= 0 || end <= *from)
        return result < 0 ? result : 0;
    if (end > until)
        end = until;
    if (base > *from) {
        /* nothing of this level: what is finer, which leaves the rows just read alone */
        result = put_below(scan, level, *from, base, err);
        *from = base;
        if (result < 0)
            return result;
    }
    result = put_rows(scan, level, *from, end, err);
    *from = end;
    return result;
}

static int put_level(struct history_scan *scan, enum history_level level, int64_t from,
                     int64_t until, struct err *err)
{
    if (level == HISTORY_RAW)
        return put_readings(scan, from, until, err);
    struct history_piece piece;
    int64_t key = history_piece_key(level, scan->series, from);
    int result = piece_before(scan, level, from, &piece, err);
    if (result > 0)
        result = put_piece(scan, level, &piece, &from, until, err);
    while (result >= 0 && from < until && !scan->collect.cut) {
        result = piece_after(scan, key, until, &piece, err);
        if (result <= 0)
            break;
        key = piece.key;
        result = put_piece(scan, level, &piece, &from, until, err);
    }
    return result < 0 ? result : put_below(scan, level, from, until, err);
}

/* ---- public ---------------------------------------------------------------------------------- */

static void begin(struct history_scan *scan)
{
    for (int level = HISTORY_RAW; level < HISTORY_LEVELS; level++) {
        scan->oldest[level] = NOT_ASKED;
        if (level > HISTORY_RAW)
            scan->calendars[level] = history_calendar_new((enum history_level)level, 1);
        scan->calendars[level].zone = scan->zone;
    }
}

/* The coarsest rows that can lie inside a bucket. */
static enum history_level level_of_buckets(const struct history_scan *scan)
{
    static const int64_t lengths[HISTORY_LEVELS] = {[HISTORY_MINUTE] = 60000,
                                                    [HISTORY_HOUR] = 3600000,
                                                    [HISTORY_DAY] = 23 * 3600000LL,
                                                    [HISTORY_MONTH] = 28 * DAY_MS,
                                                    [HISTORY_YEAR] = 365 * DAY_MS};
    if (scan->collect.every)
        return HISTORY_RAW;
    int64_t length = scan->collect.grid.step
                         ? scan->collect.grid.step
                         : lengths[scan->collect.grid.level] * scan->collect.grid.times;
    int level = HISTORY_YEAR;
    while (level > HISTORY_RAW && lengths[level] > length)
        level--;
    return (enum history_level)level;
}

/* What of `level` is older than anything finer, from `*from` on, which moves to where it ends. */
static int put_older(struct history_scan *scan, int level, int64_t *from, struct err *err)
{
    int64_t until, oldest;
    int result = finer_begins(scan, level, *from + 1, &until, err);
    if (result < 0 || until <= *from)
        return result;
    if (until > scan->to)
        until = scan->to;
    result = oldest_of(scan, level, &oldest, err);
    if (result == 0 && oldest < until) {
        result = put_level(scan, (enum history_level)level, *from, until, err);
        scan->thinned[level] = until;
    }
    *from = until;
    return result;
}

/* The old end of the span may be kept in coarser rows only: those first, then what fits. */
static int put_all(struct history_scan *scan, struct err *err)
{
    int64_t from = scan->collect.from, finest;
    int fits = (int)level_of_buckets(scan);
    int result = finer_begins(scan, fits + 1, from + 1, &finest, err);
    for (int level = HISTORY_YEAR;
         level > fits && finest > from && result == 0 && !scan->collect.cut; level--)
        result = put_older(scan, level, &from, err);
    if (result == 0 && from < scan->to && !scan->collect.cut)
        result = put_level(scan, (enum history_level)fits, from, scan->to, err);
    return result;
}

int history_scan_run(struct history_scan *scan, struct err *err)
{
    begin(scan);
    int result = put_all(scan, err);
    if (result == 0)
        result = history_collect_loose(&scan->collect, scan->to, err);
    history_pieces_rest(scan->pieces);
    return result;
}

/* The last row of a level that ends at or before `from`: 1 and its time and last reading, 0, or a
 * code. */
static int row_before(struct history_scan *scan, enum history_level level, int64_t *time,
                      int64_t *value, struct err *err)
{
    struct history_piece piece;
    int64_t until;
    struct history_calendar grid = scan->calendars[level];
    int result = piece_before(scan, level, scan->collect.from - 1, &piece, err);
    if (result > 0)
        result = read_rows(scan, level, &piece, &until, err);
    for (size_t i = scan->stored[level].count; result > 0 && i-- > 0;) {
        const struct history_tier_row *row = &scan->stored[level].list[i];
        if (history_calendar_find(&grid, row->time).end <= scan->collect.from) {
            *time = row->time;
            *value = row->last;
            return 1;
        }
    }
    return result < 0 ? result : 0;
}

/* By the rows of hours in the day before `from`, which are there when its readings are not. */
static int hour_before(struct history_scan *scan, int64_t *value, struct err *err)
{
    int64_t time;
    int result = row_before(scan, HISTORY_HOUR, &time, value, err);
    return result > 0 ? time >= scan->collect.from - DAY_MS : result;
}

/* By rows of any kind: each reading that is older than a day is in one of hours, days, months or
 * years. */
static int any_before(struct history_scan *scan, int64_t *value, struct err *err)
{
    int64_t newest = INT64_MIN;
    for (int level = HISTORY_HOUR; level < HISTORY_LEVELS; level++) {
        int64_t time, last;
        int result = row_before(scan, (enum history_level)level, &time, &last, err);
        if (result < 0)
            return result;
        if (result > 0 && time > newest) {
            newest = time;
            *value = last;
        }
    }
    return newest > INT64_MIN;
}

/* Where looking begins, and the coarsest rows that can tell: a question from midnight on is
 * answered by the row of the day before. */
static enum history_level look_back(struct history_scan *near)
{
    struct history_calendar *days = &near->calendars[HISTORY_DAY];
    if (history_calendar_find(days, near->to).begin != near->to) {
        near->collect.from = near->to - DAY_MS;
        return HISTORY_RAW;
    }
    near->collect.from = history_calendar_find(days, near->to - 1).begin;
    return HISTORY_DAY;
}

int history_scan_before(struct history_scan *scan, int64_t *value, struct err *err)
{
    struct history_scan near = *scan;
    begin(&near);
    near.to = scan->collect.from;
    near.collect.every = false;
    near.collect.grid = near.calendars[HISTORY_DAY];
    near.collect.most = 4;
    near.collect.buckets = (struct history_rows){0};
    enum history_level level = look_back(&near);
    int result = put_level(&near, level, near.collect.from, near.to, err);
    if (result == 0)
        result = history_collect_loose(&near.collect, near.to, err);
    if (result == 0 && near.collect.buckets.count > 0) {
        *value = near.collect.buckets.list[near.collect.buckets.count - 1].last;
        result = 1;
    } else if (result == 0 && level == HISTORY_RAW) {
        near.collect.from = scan->collect.from;
        result = hour_before(&near, value, err);
    }
    if (result == 0 && scan->reach) {
        near.collect.from = scan->collect.from;
        result = any_before(&near, value, err);
    }
    free(near.collect.buckets.list);
    history_scan_end(&near);
    history_pieces_rest(scan->pieces);
    return result;
}
