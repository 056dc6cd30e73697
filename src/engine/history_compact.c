#include "engine/history_compact.h"

#include <errno.h>
#include <stdlib.h>

#include "base/buf.h"
#include "engine/history_file.h"
#include "engine/history_row.h"
#include "engine/history_samples.h"

/* Readings in one step: 20 ms of a processor. An hour that has more becomes blocks of its minutes,
 * so that no step writes again what another has written. */
#define STEP_READINGS 65536

#define MINUTE_MS 60000

/* What SQLite adds to a block: cell pointer, lengths, key (file format, section 1.6). */
#define BLOCK_OVERHEAD 12

struct entry {
    uint32_t series;
    uint32_t order; /* of the row, keeps readings of a series in time order */
    struct history_sample sample;
};

struct work {
    sqlite3 *db;
    struct err *err;
    int64_t hour, slot;            /* what becomes blocks: the hour, or a minute of it */
    int64_t first_time, last_time; /* of the rows that were taken in */
    int rows;                      /* taken in */
    bool full;                     /* there may be more */
    struct entry *entries;
    size_t count, capacity;
    struct history_compact_result *result;
    struct history_samples samples;
    struct buf block;
    sqlite3_stmt *get, *put;
};

/* At once, before finalizing another statement resets what the connection remembers. */
static int failed(struct work *work)
{
    return history_file_err(work->db, work->err, "tidied");
}

static int compare_entries(const void *a, const void *b)
{
    const struct entry *left = a, *right = b;
    if (left->series != right->series)
        return left->series < right->series ? -1 : 1;
    return left->order < right->order ? -1 : left->order > right->order;
}

static bool make_room(struct work *work)
{
    if (work->count < work->capacity)
        return true;
    size_t capacity = work->capacity ? work->capacity * 2 : 4096;
    struct entry *entries = realloc(work->entries, capacity * sizeof *entries);
    if (!entries)
        return false;
    work->entries = entries;
    work->capacity = capacity;
    return true;
}

static int add_row(struct work *work, int64_t time, uint32_t order, const uint8_t *bytes,
                   size_t length)
{
    size_t before = work->count;
    struct history_row_reader reader;
    struct history_reading reading;
    int result = history_row_open(&reader, bytes, length, time);
    while (result >= 0 && (result = history_row_next(&reader, &reading)) > 0) {
        if (!make_room(work))
            return -ENOMEM;
        work->entries[work->count++] = (struct entry){
            .series = reading.series,
            .order = order,
            .sample = {.time = time, .value = reading.value, .quality = reading.quality},
        };
    }
    if (result == -EBADMSG) {
        work->count = before;
        work->result->unreadable++;
        return 0;
    }
    return result;
}

/* Rows of the hour before `until`, oldest first, until there is enough for one step. */
static int read_rows(struct work *work, int64_t until)
{
    sqlite3_stmt *rows = NULL;
    sqlite3_prepare_v2(work->db,
                       "SELECT time, row FROM tick WHERE time >= ?1 AND time < ?2 ORDER BY time",
                       -1, &rows, NULL);
    sqlite3_bind_int64(rows, 1, work->hour * HISTORY_HOUR_MS);
    sqlite3_bind_int64(rows, 2, until);
    work->last_time = work->hour * HISTORY_HOUR_MS - 1;
    work->rows = 0;
    work->count = 0;
    int result = 0, step = SQLITE_DONE;
    for (uint32_t order = 0; result == 0 && work->count < STEP_READINGS; order++) {
        step = rows ? sqlite3_step(rows) : SQLITE_ERROR;
        if (step != SQLITE_ROW)
            break;
        int64_t time = sqlite3_column_int64(rows, 0);
        if (time <= work->last_time)
            result = history_file_damaged(work->err, "tidied");
        if (result < 0)
            break;
        work->last_time = time;
        if (work->rows++ == 0)
            work->first_time = time;
        const void *bytes = sqlite3_column_blob(rows, 1);
        result =
            add_row(work, work->last_time, order, bytes, (size_t)sqlite3_column_bytes(rows, 1));
    }
    if (result == 0 && step != SQLITE_ROW && step != SQLITE_DONE)
        result = failed(work);
    work->full = step == SQLITE_ROW;
    sqlite3_finalize(rows);
    /* the hour was found because it has a row */
    return result == 0 && work->rows == 0 ? history_file_damaged(work->err, "tidied") : result;
}

/* Whether minutes of the hour are blocks already: 1, 0, or a code. */
static int has_parts(struct work *work)
{
    sqlite3_stmt *next = NULL;
    int64_t from = history_file_slot(work->hour, 1), end = history_file_slot(work->hour + 1, 0);
    sqlite3_prepare_v2(work->db, "SELECT 1 FROM block WHERE key >= ?1 AND key < ?2 LIMIT 1", -1,
                       &next, NULL);
    sqlite3_bind_int64(next, 1, history_file_slot_key(from, 0));
    sqlite3_bind_int64(next, 2, history_file_slot_key(end, 0));
    int step = next ? sqlite3_step(next) : SQLITE_ERROR;
    int result = step == SQLITE_ROW ? 1 : step == SQLITE_DONE ? 0 : failed(work);
    sqlite3_finalize(next);
    return result;
}

/* Take in what becomes blocks now: all of the hour, or its oldest minute when that is too much. */
static int choose_rows(struct work *work)
{
    int result = read_rows(work, (work->hour + 1) * HISTORY_HOUR_MS);
    work->slot = history_file_slot(work->hour, 0);
    int dense = result == 0 && work->full ? 1 : result == 0 ? has_parts(work) : result;
    if (dense <= 0)
        return dense;
    int64_t minute = (work->first_time - work->hour * HISTORY_HOUR_MS) / MINUTE_MS;
    work->slot = history_file_slot(work->hour, (int)minute + 1);
    return read_rows(work, work->hour * HISTORY_HOUR_MS + (minute + 1) * MINUTE_MS);
}

/* What the block of this series holds already; a damaged one holds nothing any more. */
static int read_block(struct work *work, int64_t key)
{
    sqlite3_bind_int64(work->get, 1, key);
    int result = 0;
    int step = sqlite3_step(work->get);
    if (step == SQLITE_ROW) {
        result = history_samples_add_block(&work->samples, sqlite3_column_blob(work->get, 0),
                                           (size_t)sqlite3_column_bytes(work->get, 0), key,
                                           work->hour * HISTORY_HOUR_MS);
        if (result == -EBADMSG) {
            work->result->unreadable++;
            result = 0;
        }
    } else if (step != SQLITE_DONE) {
        result = failed(work);
    }
    sqlite3_reset(work->get);
    return result;
}

static int write_block(struct work *work, int64_t key)
{
    buf_clear(&work->block);
    history_block_encode(&work->block, key, work->hour * HISTORY_HOUR_MS, work->samples.list,
                         work->samples.count);
    if (work->block.failed)
        return -ENOMEM;
    sqlite3_bind_int64(work->put, 1, key);
    sqlite3_bind_blob64(work->put, 2, work->block.data, work->block.length, SQLITE_STATIC);
    int result = sqlite3_step(work->put) == SQLITE_DONE ? 0 : failed(work);
    sqlite3_reset(work->put);
    work->result->bytes += work->block.length + BLOCK_OVERHEAD;
    return result;
}

/* The entries from `begin` on that belong to one series become its block; returns where the next
 * series begins, or an error. */
static int64_t compact_series(struct work *work, size_t begin)
{
    uint32_t series = work->entries[begin].series;
    int64_t key = history_file_slot_key(work->slot, series);
    history_samples_clear(&work->samples);
    int result = read_block(work, key);
    if (result < 0)
        return result;
    history_samples_end_run(&work->samples); /* the first run needs no merging */
    size_t at = begin;
    for (; at < work->count && work->entries[at].series == series; at++) {
        if (!history_samples_add(&work->samples, work->entries[at].sample))
            return -ENOMEM;
    }
    if (!history_samples_end_run(&work->samples) || work->samples.count > HISTORY_BLOCK_MOST)
        return -ENOMEM;
    work->result->readings += at - begin;
    result = write_block(work, key);
    return result < 0 ? result : (int64_t)at;
}

static int prepare(struct work *work)
{
    sqlite3_prepare_v2(work->db, "SELECT row FROM block WHERE key = ?1", -1, &work->get, NULL);
    sqlite3_prepare_v2(work->db, "INSERT OR REPLACE INTO block VALUES(?1, ?2)", -1, &work->put,
                       NULL);
    return work->get && work->put ? 0 : failed(work);
}

static int write_blocks(struct work *work)
{
    int result = prepare(work);
    if (result < 0)
        return result;
    /* In key order: the blocks of an hour end up side by side at the newest edge. */
    if (work->count > 0) /* else every row was damaged */
        qsort(work->entries, work->count, sizeof *work->entries, compare_entries);
    int64_t at = 0;
    while (at >= 0 && (size_t)at < work->count)
        at = compact_series(work, (size_t)at);
    return at < 0 ? (int)at : 0;
}

static int delete_rows(struct work *work)
{
    sqlite3_stmt *rows = NULL;
    sqlite3_prepare_v2(work->db, "DELETE FROM tick WHERE time >= ?1 AND time <= ?2", -1, &rows,
                       NULL);
    sqlite3_bind_int64(rows, 1, work->hour * HISTORY_HOUR_MS);
    sqlite3_bind_int64(rows, 2, work->last_time);
    int result = rows && sqlite3_step(rows) == SQLITE_DONE ? 0 : failed(work);
    sqlite3_finalize(rows);
    /* Else the same rows would become readings again and again. */
    return result == 0 && sqlite3_changes(work->db) != work->rows
               ? history_file_damaged(work->err, "tidied")
               : result;
}

static int find_hour(sqlite3 *db, int64_t current_hour, int64_t *hour, struct err *err)
{
    int64_t time;
    int result = history_file_number(db, "SELECT min(time) FROM tick", -1, &time, err);
    if (result == 0 && time >= 0 && time / HISTORY_HOUR_MS == current_hour) {
        char sql[80];
        sqlite3_snprintf(sizeof sql, sql, "SELECT min(time) FROM tick WHERE time >= %lld",
                         (long long)((current_hour + 1) * HISTORY_HOUR_MS));
        result = history_file_number(db, sql, -1, &time, err);
        if (result == 0 && time >= 0 && time < (current_hour + 1) * HISTORY_HOUR_MS)
            return history_file_damaged(err, "tidied");
    }
    if (result < 0 || time < 0)
        return result;
    *hour = time / HISTORY_HOUR_MS;
    return 1;
}

int history_compact_step(sqlite3 *db, int64_t current_hour, struct history_compact_result *result,
                         struct err *err)
{
    *result = (struct history_compact_result){0};
    struct work work = {.db = db, .result = result, .err = err};
    int code = find_hour(db, current_hour, &work.hour, err);
    if (code <= 0)
        return code;
    code = history_file_run(db, "BEGIN IMMEDIATE", "tidied", err);
    if (code == 0)
        code = choose_rows(&work);
    if (code == 0)
        code = write_blocks(&work);
    sqlite3_finalize(work.get);
    sqlite3_finalize(work.put);
    if (code == 0)
        code = delete_rows(&work);
    if (code == 0)
        code = history_file_run(db, "COMMIT", "tidied", err);
    database_roll_back(db);
    if (code == -ENOMEM)
        err_set(err, code, "there is no memory to tidy the history");
    else if (code == -ENOTSUP)
        err_set(err, code, "the history holds rows of a newer busbar");
    history_samples_deinit(&work.samples);
    buf_deinit(&work.block);
    free(work.entries);
    return code < 0 ? code : 1;
}

/* Whether the tail holds a reading of the series at this time: 1, 0, or a code. A damaged row holds
 * nothing any more. */
static int is_in_tail(struct work *work, sqlite3_stmt *row, uint32_t series, int64_t time)
{
    sqlite3_bind_int64(row, 1, time);
    int step = sqlite3_step(row), result = 0;
    struct history_row_reader reader;
    struct history_reading reading = {0};
    if (step == SQLITE_ROW && history_row_open(&reader, sqlite3_column_blob(row, 0),
                                               (size_t)sqlite3_column_bytes(row, 0), time) == 0) {
        while (reading.series < series && history_row_next(&reader, &reading) > 0)
            ;
        result = reading.series == series;
    } else if (step != SQLITE_ROW && step != SQLITE_DONE) {
        result = failed(work);
    }
    sqlite3_reset(row);
    return result;
}

/* Add what the tail does not hold; how many it does is added to `known`. */
static int add_unless_in_tail(struct work *work, uint32_t series,
                              const struct history_sample *samples, size_t count, size_t *known)
{
    sqlite3_stmt *row = NULL;
    sqlite3_prepare_v2(work->db, "SELECT row FROM tick WHERE time = ?1", -1, &row, NULL);
    int result = row ? 0 : failed(work);
    for (size_t i = 0; i < count && result >= 0; i++) {
        result = is_in_tail(work, row, series, samples[i].time);
        if (result > 0)
            ++*known;
        else if (result == 0 && !history_samples_add(&work->samples, samples[i]))
            result = -ENOMEM;
    }
    sqlite3_finalize(row);
    return result < 0 ? result : 0;
}

/* All blocks of the series in the hour, one run each. */
static int read_hour(struct work *work, uint32_t series, bool *parts)
{
    int result = 0;
    for (int part = 0; part < HISTORY_PARTS && result == 0; part++) {
        size_t before = work->samples.count;
        result =
            read_block(work, history_file_slot_key(history_file_slot(work->hour, part), series));
        *parts = *parts || (part > 0 && work->samples.count > before);
        if (result == 0 && !history_samples_end_run(&work->samples))
            result = -ENOMEM;
    }
    return result;
}

/* One block of the hour takes their place. */
static int drop_parts(struct work *work, uint32_t series)
{
    sqlite3_stmt *drop = NULL;
    sqlite3_prepare_v2(work->db, "DELETE FROM block WHERE key = ?1", -1, &drop, NULL);
    int result = drop ? 0 : failed(work);
    for (int part = 1; part < HISTORY_PARTS && result == 0; part++) {
        sqlite3_bind_int64(drop, 1,
                           history_file_slot_key(history_file_slot(work->hour, part), series));
        result = sqlite3_step(drop) == SQLITE_DONE ? 0 : failed(work);
        sqlite3_reset(drop);
    }
    sqlite3_finalize(drop);
    return result;
}

static int merge(struct work *work, uint32_t series, const struct history_sample *samples,
                 size_t count, size_t *known)
{
    int64_t key = history_file_block_key(work->hour, series);
    bool parts = false;
    *known = 0;
    int result = read_hour(work, series, &parts);
    if (result < 0)
        return result;
    result = add_unless_in_tail(work, series, samples, count, known);
    if (result < 0)
        return result;
    *known += history_samples_leave_out_known(&work->samples);
    if (*known == count)
        return 0;
    if (!history_samples_end_run(&work->samples) || work->samples.count > HISTORY_BLOCK_MOST)
        return -ENOMEM;
    result = parts ? drop_parts(work, series) : 0;
    return result < 0 ? result : write_block(work, key);
}

int history_compact_merge(sqlite3 *db, uint32_t series, int64_t hour,
                          const struct history_sample *samples, size_t count, size_t *known,
                          struct err *err)
{
    struct history_compact_result done = {0};
    struct work work = {.db = db, .result = &done, .err = err, .hour = hour};
    int code = prepare(&work);
    if (code == 0)
        code = merge(&work, series, samples, count, known);
    sqlite3_finalize(work.get);
    sqlite3_finalize(work.put);
    history_samples_deinit(&work.samples);
    buf_deinit(&work.block);
    return code == -ENOMEM ? err_set(err, code, "there is no memory to tidy the history") : code;
}
