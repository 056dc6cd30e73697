/* The rows above the readings: minutes and hours of readings, days of hours, months of days, years
 * of months. */
#include <errno.h>
#include <stdlib.h>

#include "engine/history_file.h"
#include "engine/history_keeper.h"
#include "engine/history_span.h"

#define BATCH 512

/* What a level is made of, and how many rows its pieces have: they are written whole, so the newest
 * one is rewritten each time it grows. */
static const struct {
    enum history_level from;
    size_t rows_most;
} made[HISTORY_LEVELS] = {
    [HISTORY_MINUTE] = {HISTORY_RAW, 6000}, [HISTORY_HOUR] = {HISTORY_RAW, 3072},
    [HISTORY_DAY] = {HISTORY_HOUR, 1024},   [HISTORY_MONTH] = {HISTORY_DAY, 600},
    [HISTORY_YEAR] = {HISTORY_MONTH, 200},
};

struct making {
    struct history_keeper *keeper;
    struct history_kept kept;
    struct history_calendar *calendar;
    int64_t from, until;
    int64_t end; /* of the row that grows */
    struct err *err;
};

/* ---- making rows ----------------------------------------------------------------------------- */

static bool add_reading(struct making *making, int64_t time, int64_t value)
{
    struct history_rows *rows = &making->keeper->rows;
    if (rows->count > 0 && time < making->end) {
        history_tier_add(&rows->list[rows->count - 1], value, making->kept.counter);
        return true;
    }
    if (!history_rows_reserve(rows, 1))
        return false;
    struct history_stretch stretch = history_calendar_find(making->calendar, time);
    rows->list[rows->count++] = history_tier_begin(stretch.begin, value);
    making->end = stretch.end;
    return true;
}

static bool add_row(struct making *making, const struct history_tier_row *row)
{
    struct history_rows *rows = &making->keeper->rows;
    if (rows->count > 0 && row->time < making->end) {
        history_tier_combine(&rows->list[rows->count - 1], row, making->kept.counter);
        return true;
    }
    if (!history_rows_reserve(rows, 1))
        return false;
    struct history_stretch stretch = history_calendar_find(making->calendar, row->time);
    rows->list[rows->count] = *row;
    rows->list[rows->count++].time = stretch.begin;
    making->end = stretch.end;
    return true;
}

/* A damaged piece is left where it is: what it held is missing from the rows, and the ones that
 * knew it stay. */
static int make_of_readings(struct making *making, const struct history_piece *piece)
{
    struct history_span_reader reader;
    struct history_sample samples[BATCH];
    int count = history_span_open(&reader, piece->bytes, piece->length, piece->key, piece->base);
    if (count < 0)
        return count == -ENOMEM ? history_keeper_no_memory(making->err) : 0;
    count = history_span_seek(&reader, making->from);
    bool room = true, more = count == 0;
    while (room && more && (count = history_span_read(&reader, samples, BATCH)) > 0) {
        for (int i = 0; i < count && room && more; i++) {
            more = samples[i].time < making->until;
            if (more && samples[i].quality == QUALITY_GOOD)
                room = add_reading(making, samples[i].time, samples[i].value);
        }
    }
    history_span_close(&reader);
    return room ? 0 : history_keeper_no_memory(making->err);
}

/* Decode a piece of rows onto the end of `rows`. 0 with `*until`, -EBADMSG without an error text,
 * or a code. */
static int decode_rows(struct history_rows *rows, const struct history_piece *piece, int64_t *until,
                       struct err *err)
{
    size_t count = history_tier_count(piece->bytes, piece->length);
    if (!history_rows_reserve(rows, count))
        return history_keeper_no_memory(err);
    bool counter;
    int result = history_tier_decode(piece->bytes, piece->length, piece->key, piece->base,
                                     rows->list + rows->count, count, until, &counter);
    if (result == -ENOMEM)
        return history_keeper_no_memory(err);
    if (result == -ENOTSUP)
        return err_set(err, result, "the history holds pieces of a newer busbar");
    if (result < 0)
        return -EBADMSG;
    rows->count += (size_t)result;
    return 0;
}

static int make_of_rows(struct making *making, const struct history_piece *piece)
{
    struct history_rows *stored = &making->keeper->stored;
    int64_t until;
    stored->count = 0;
    int result = decode_rows(stored, piece, &until, making->err);
    if (result < 0)
        return result == -EBADMSG ? 0 : result;
    for (size_t i = 0; i < stored->count; i++) {
        const struct history_tier_row *row = &stored->list[i];
        if (row->time >= making->from && row->time < making->until && !add_row(making, row))
            return history_keeper_no_memory(making->err);
    }
    return 0;
}

static int make_of(struct making *making, enum history_level below,
                   const struct history_piece *piece)
{
    return below == HISTORY_RAW ? make_of_readings(making, piece) : make_of_rows(making, piece);
}

/* All pieces of the level below that may hold something of the span. */
static int make_rows(struct making *making, enum history_level below)
{
    struct history_pieces *pieces = &making->keeper->pieces;
    struct history_piece piece;
    int64_t key = history_piece_key(below, making->kept.series, making->from);
    int result =
        history_piece_before(pieces, below, making->kept.series, making->from, &piece, making->err);
    if (result > 0)
        result = make_of(making, below, &piece);
    while (result >= 0 &&
           (result = history_piece_after(pieces, key, INT64_MAX, &piece, making->err)) > 0 &&
           piece.base < making->until) {
        key = piece.key;
        result = make_of(making, below, &piece);
    }
    return result < 0 ? result : 0;
}

/* ---- rows that are kept ---------------------------------------------------------------------- */

struct stored {
    int64_t base, until; /* of the pieces that are replaced */
};

/* Take a piece's rows to those that stay, if it reaches beyond `after`. */
static int take_stored(struct history_keeper *keeper, const struct history_piece *piece,
                       int64_t after, struct stored *stored, struct err *err)
{
    size_t before = keeper->stored.count;
    int64_t until = 0;
    int result = decode_rows(&keeper->stored, piece, &until, err);
    if (result == -EBADMSG) {
        keeper->unreadable++;
        return history_keeper_replace(keeper, piece->key, err);
    }
    if (result < 0)
        return result;
    if (until <= after) {
        keeper->stored.count = before;
        return 0;
    }
    if (piece->base < stored->base)
        stored->base = piece->base;
    if (until > stored->until)
        stored->until = until;
    return history_keeper_replace(keeper, piece->key, err);
}

static int read_stored(struct history_keeper *keeper, enum history_level level, uint32_t series,
                       int64_t from, int64_t until, bool extend, struct stored *stored,
                       struct err *err)
{
    struct history_piece piece;
    bool first = from == 0;                                        /* before 1970 is nothing */
    int64_t key = history_piece_key(level, series, from) - !first; /* one may begin right there */
    keeper->stored.count = 0;
    keeper->drop_count = 0;
    int result = history_piece_before(&keeper->pieces, level, series, from - !first, &piece, err);
    if (result > 0) {
        size_t rows = history_tier_count(piece.bytes, piece.length);
        bool grows = extend && rows < made[level].rows_most;
        result = take_stored(keeper, &piece, grows ? INT64_MIN : from, stored, err);
    }
    while (result >= 0 &&
           (result = history_piece_after(&keeper->pieces, key, until, &piece, err)) > 0) {
        key = piece.key;
        result = take_stored(keeper, &piece, INT64_MIN, stored, err);
    }
    return result < 0 ? result : 0;
}

/* Both lists in order of time; of two rows of the same time the one with more readings. */
static int merge_rows(struct history_keeper *keeper, struct err *err)
{
    const struct history_rows *made_now = &keeper->rows, *stored = &keeper->stored;
    struct history_rows *merged = &keeper->merged;
    merged->count = 0;
    if (!history_rows_reserve(merged, made_now->count + stored->count))
        return history_keeper_no_memory(err);
    size_t a = 0, b = 0;
    while (a < made_now->count || b < stored->count) {
        const struct history_tier_row *left = a < made_now->count ? &made_now->list[a] : NULL;
        const struct history_tier_row *right = b < stored->count ? &stored->list[b] : NULL;
        bool same = left && right && left->time == right->time;
        bool take_left =
            left && (!right || left->time < right->time || (same && left->count >= right->count));
        merged->list[merged->count++] = take_left ? *left : *right;
        a += take_left || same;
        b += !take_left || same;
    }
    return 0;
}

static int write_rows(struct history_keeper *keeper, enum history_level level,
                      struct history_kept kept, const struct stored *stored, struct err *err)
{
    const struct history_rows *rows = &keeper->merged;
    size_t most = made[level].rows_most;
    int result = 0;
    for (size_t at = 0; at < rows->count && result == 0;) {
        size_t count = rows->count - at < most ? rows->count - at : most;
        bool ends = at + count == rows->count;
        int64_t base = at == 0 ? stored->base : rows->list[at].time;
        int64_t until = ends ? stored->until : rows->list[at + count].time;
        int64_t key = history_piece_key(level, kept.series, base);
        buf_clear(&keeper->blob);
        history_tier_encode(&keeper->blob, key, base, until, kept.counter, rows->list + at, count);
        if (keeper->blob.failed)
            return history_keeper_no_memory(err);
        result =
            history_piece_put(&keeper->pieces, key, keeper->blob.data, keeper->blob.length, err);
        at += count;
    }
    return result;
}

int history_keeper_thin(struct history_keeper *keeper, enum history_level level,
                        struct history_kept kept, int64_t from, int64_t until, bool remake,
                        bool extend, struct err *err)
{
    struct history_calendar *calendar = &keeper->calendars[level];
    struct making making = {.keeper = keeper, .kept = kept, .calendar = calendar, .err = err};
    making.from = remake ? history_calendar_find(calendar, from).begin : from;
    /* the last row whole: its end may be kept already */
    making.until = remake ? history_calendar_find(calendar, until - 1).end : until;
    keeper->rows.count = 0;
    int result = remake ? make_rows(&making, made[level].from) : 0;
    struct stored stored = {.base = making.from, .until = remake ? until : INT64_MIN};
    if (result == 0)
        result = read_stored(keeper, level, kept.series, making.from, until, extend, &stored, err);
    if (result == 0)
        result = merge_rows(keeper, err);
    bool alone = !remake && keeper->drop_count < 2; /* nothing to join */
    if (result < 0 || keeper->merged.count == 0 || alone) {
        keeper->drop_count = 0;
        return result;
    }
    result = history_keeper_drop_replaced(keeper, err);
    return result < 0 ? result : write_rows(keeper, level, kept, &stored, err);
}
