#include "engine/history_keeper.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/history_file.h"
#include "engine/history_span.h"

/* What SQLite adds to a piece: cell pointer, lengths, key (file format, section 1.6). */
#define PIECE_OVERHEAD 14

/* Readings a day from which on rows of minutes are kept: more than two a minute. */
#define DENSE_PER_DAY 2880

/* ---- life ------------------------------------------------------------------------------------ */

int history_keeper_open(struct history_keeper *keeper, sqlite3 *db, struct err *err)
{
    *keeper = (struct history_keeper){.samples = HISTORY_SAMPLES_EMPTY};
    for (int level = HISTORY_MINUTE; level < HISTORY_LEVELS; level++) {
        keeper->calendars[level] = history_calendar_new((enum history_level)level, 1);
        keeper->calendars[level].zone = &keeper->zone;
    }
    return history_pieces_open(&keeper->pieces, db, true, err);
}

void history_keeper_close(struct history_keeper *keeper)
{
    history_pieces_close(&keeper->pieces);
    history_samples_deinit(&keeper->samples);
    free(keeper->rows.list);
    free(keeper->merged.list);
    free(keeper->stored.list);
    free(keeper->drops);
    buf_deinit(&keeper->blob);
    *keeper = (struct history_keeper){.samples = HISTORY_SAMPLES_EMPTY};
}

int history_keeper_no_memory(struct err *err)
{
    return err_set(err, -ENOMEM, "there is no memory to tidy the history");
}

int history_keeper_replace(struct history_keeper *keeper, int64_t key, struct err *err)
{
    if (keeper->drop_count == keeper->drop_capacity) {
        size_t capacity = keeper->drop_capacity ? keeper->drop_capacity * 2 : 64;
        int64_t *drops = realloc(keeper->drops, capacity * sizeof *drops);
        if (!drops)
            return history_keeper_no_memory(err);
        keeper->drops = drops;
        keeper->drop_capacity = capacity;
    }
    keeper->drops[keeper->drop_count++] = key;
    return 0;
}

int history_keeper_drop_replaced(struct history_keeper *keeper, struct err *err)
{
    int result = 0;
    history_pieces_rest(&keeper->pieces);
    for (size_t i = 0; i < keeper->drop_count && result == 0; i++)
        result = history_piece_drop(&keeper->pieces, keeper->drops[i], err);
    keeper->drop_count = 0;
    return result;
}

/* ---- readings -------------------------------------------------------------------------------- */

/* Add the readings of a piece as a run. `after`: only if one of them is at or after this time. 1
 * when they were added. A damaged piece is dropped: nothing else is lost. */
static int add_piece(struct history_keeper *keeper, const struct history_piece *piece,
                     int64_t after, struct err *err)
{
    struct history_samples *samples = &keeper->samples;
    size_t before = samples->count;
    int result =
        history_samples_add_span(samples, piece->bytes, piece->length, piece->key, piece->base);
    if (result == -ENOMEM)
        return history_keeper_no_memory(err);
    if (result == -ENOTSUP)
        return err_set(err, result, "the history holds pieces of a newer busbar");
    if (result < 0) {
        keeper->unreadable++;
        return history_keeper_replace(keeper, piece->key, err);
    }
    if (samples->count == before || samples->list[samples->count - 1].time < after) {
        samples->count = before;
        return 0;
    }
    if (!history_samples_end_run(samples))
        return history_keeper_no_memory(err);
    result = history_keeper_replace(keeper, piece->key, err);
    return result < 0 ? result : 1;
}

/* The readings that are kept and overlap from <= time < until; the base for what takes their place.
 */
static int read_kept(struct history_keeper *keeper, uint32_t series, int64_t from, int64_t until,
                     int64_t *base, struct err *err)
{
    struct history_piece piece;
    *base = from - from % HISTORY_PIECE_UNIT_MS;
    int result = history_piece_before(&keeper->pieces, HISTORY_RAW, series, from, &piece, err);
    int64_t key = history_piece_key(HISTORY_RAW, series, from);
    if (result > 0) {
        int64_t piece_base = piece.base;
        result = add_piece(keeper, &piece, from, err);
        if (result > 0)
            *base = piece_base;
    }
    while (result >= 0 &&
           (result = history_piece_after(&keeper->pieces, key, INT64_MAX, &piece, err)) > 0 &&
           piece.base < until) {
        key = piece.key;
        result = add_piece(keeper, &piece, 0, err);
    }
    return result < 0 ? result : 0;
}

/* How many of `left` readings go into one piece: pieces begin at whole minutes, so a minute is not
 * divided. */
static size_t piece_length(const struct history_sample *samples, size_t left)
{
    if (left <= HISTORY_SPAN_MOST)
        return left;
    size_t count = HISTORY_SPAN_MOST;
    int64_t minute = samples[count].time / HISTORY_PIECE_UNIT_MS;
    while (count > 1 && samples[count - 1].time / HISTORY_PIECE_UNIT_MS == minute)
        count--;
    return count;
}

static int write_pieces(struct history_keeper *keeper, uint32_t series, int64_t base,
                        struct err *err)
{
    const struct history_samples *samples = &keeper->samples;
    int result = 0;
    for (size_t at = 0; at < samples->count && result == 0;) {
        size_t count = piece_length(samples->list + at, samples->count - at);
        if (at > 0)
            base = samples->list[at].time - samples->list[at].time % HISTORY_PIECE_UNIT_MS;
        int64_t key = history_piece_key(HISTORY_RAW, series, base);
        buf_clear(&keeper->blob);
        history_span_encode(&keeper->blob, key, base, samples->list + at, count);
        if (keeper->blob.failed)
            return history_keeper_no_memory(err);
        result =
            history_piece_put(&keeper->pieces, key, keeper->blob.data, keeper->blob.length, err);
        keeper->readings += count;
        keeper->bytes += keeper->blob.length + PIECE_OVERHEAD;
        at += count;
    }
    return result;
}

static bool is_dense(const struct history_samples *samples, int64_t from, int64_t until)
{
    int64_t days = (until - from + 86400000 - 1) / 86400000;
    return samples->count > (size_t)days * DENSE_PER_DAY;
}

int history_keeper_put(struct history_keeper *keeper, struct history_kept kept, int64_t from,
                       int64_t until, const struct history_sample *samples, size_t count,
                       bool unique, size_t *known, struct err *err)
{
    assert(from / HISTORY_PERIOD_MS == (until - 1) / HISTORY_PERIOD_MS);
    int64_t base;
    history_samples_clear(&keeper->samples);
    keeper->drop_count = 0;
    int result = read_kept(keeper, kept.series, from, until, &base, err);
    for (size_t i = 0; i < count && result == 0; i++) {
        if (!history_samples_add(&keeper->samples, samples[i]))
            result = history_keeper_no_memory(err);
    }
    if (result < 0)
        return result;
    size_t left_out = unique ? history_samples_leave_out_known(&keeper->samples) : 0;
    if (known)
        *known = left_out;
    if (left_out == count && keeper->drop_count > 0 && count > 0) {
        keeper->drop_count = 0; /* nothing new: everything stays as it is */
        return 0;
    }
    if (!history_samples_end_run(&keeper->samples))
        return history_keeper_no_memory(err);
    bool dense = is_dense(&keeper->samples, from, until);
    result = history_keeper_drop_replaced(keeper, err);
    if (result == 0)
        result = write_pieces(keeper, kept.series, base, err);
    if (result == 0 && dense)
        result = history_keeper_thin(keeper, HISTORY_MINUTE, kept, from, until, true, false, err);
    if (result == 0)
        result = history_keeper_thin(keeper, HISTORY_HOUR, kept, from, until, true, false, err);
    return result;
}

/* ---- a period that is over ------------------------------------------------------------------- */

/* 1 when the readings of the period are to be joined, 0, or a code. */
static int worth_joining(struct history_keeper *keeper, uint32_t series, int64_t from,
                         struct err *err)
{
    struct history_piece piece;
    int64_t key = history_piece_key(HISTORY_RAW, series, from);
    size_t readings = 0, pieces = 0;
    int result = history_piece_before(&keeper->pieces, HISTORY_RAW, series, from, &piece, err);
    bool begins = result > 0 && piece.base >= from;
    while (result >= 0) {
        if (begins) {
            readings += history_span_count(piece.bytes, piece.length);
            pieces++;
        }
        begins = true;
        result = history_piece_after(&keeper->pieces, key, from + HISTORY_PERIOD_MS, &piece, err);
        if (result <= 0)
            break;
        key = piece.key;
    }
    return result < 0 ? result : pieces > 1 && readings <= HISTORY_JOIN_MOST;
}

static int join_readings(struct history_keeper *keeper, uint32_t series, int64_t from,
                         struct err *err)
{
    int64_t base;
    history_samples_clear(&keeper->samples);
    keeper->drop_count = 0;
    int result = worth_joining(keeper, series, from, err);
    if (result > 0)
        result = read_kept(keeper, series, from, from + HISTORY_PERIOD_MS, &base, err);
    if (result < 0 || keeper->drop_count < 2) {
        keeper->drop_count = 0;
        return result < 0 ? result : 0;
    }
    result = history_keeper_drop_replaced(keeper, err);
    return result < 0 ? result : write_pieces(keeper, series, base, err);
}

/* Rows of hours of so many periods end in one piece: few reads for a year of them. */
#define PERIODS_TOGETHER 4

static int join_hours(struct history_keeper *keeper, struct history_kept kept, int64_t from,
                      struct err *err)
{
    int64_t begin = from, until = from + HISTORY_PERIOD_MS;
    if (from / HISTORY_PERIOD_MS % PERIODS_TOGETHER == PERIODS_TOGETHER - 1)
        begin = until - PERIODS_TOGETHER * HISTORY_PERIOD_MS;
    return history_keeper_thin(keeper, HISTORY_HOUR, kept, begin, until, false, false, err);
}

int history_keeper_join(struct history_keeper *keeper, struct history_kept kept, int64_t from,
                        struct err *err)
{
    int64_t until = from + HISTORY_PERIOD_MS;
    int result = join_readings(keeper, kept.series, from, err);
    if (result == 0)
        result = join_hours(keeper, kept, from, err);
    for (int level = HISTORY_DAY; level < HISTORY_LEVELS && result == 0; level++)
        result = history_keeper_thin(keeper, (enum history_level)level, kept, from, until, true,
                                     true, err);
    return result;
}
