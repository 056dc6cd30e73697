#include "engine/history_erase.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/buf.h"
#include "engine/history_code.h"
#include "engine/history_file.h"
#include "engine/history_row.h"

struct erasing {
    sqlite3 *db;
    const uint32_t *numbers;
    size_t count;
    struct history_reading *readings;
    size_t capacity;
    struct buf row;
    struct err *err;
};

static bool is_erased(const struct erasing *erasing, uint32_t series)
{
    for (size_t i = 0; i < erasing->count; i++) {
        if (erasing->numbers[i] == series)
            return true;
    }
    return false;
}

static int failed(struct erasing *erasing)
{
    return history_file_err(erasing->db, erasing->err, "cleared");
}

/* ---- rows of many series --------------------------------------------------------------------- */

static bool make_room(struct erasing *erasing, size_t count)
{
    if (count <= erasing->capacity)
        return true;
    struct history_reading *list = realloc(erasing->readings, count * 2 * sizeof *list);
    if (!list)
        return false;
    erasing->readings = list;
    erasing->capacity = count * 2;
    return true;
}

/* The row without what is cleared, into `erasing->row`; 1 when something was, 0 when the row stays
 * as it is (a damaged one, too), -ENOMEM. `*left` tells how many readings stay. */
static int filter_row(struct erasing *erasing, const void *bytes, size_t length, int64_t key,
                      size_t *left)
{
    struct history_row_reader reader;
    struct history_reading reading;
    int result = bytes ? history_row_open(&reader, bytes, length, key) : -EBADMSG;
    bool changed = false;
    *left = 0;
    while (result >= 0 && (result = history_row_next(&reader, &reading)) > 0) {
        if (is_erased(erasing, reading.series)) {
            changed = true;
            continue;
        }
        if (!make_room(erasing, *left + 1))
            return -ENOMEM;
        erasing->readings[(*left)++] = reading;
    }
    if (result < 0 || !changed)
        return 0;
    buf_clear(&erasing->row);
    history_row_encode(&erasing->row, reader.mono_ms, erasing->readings, *left);
    if (erasing->row.failed)
        return -ENOMEM;
    history_code_seal((uint8_t *)erasing->row.data, erasing->row.length, key);
    return 1;
}

static int change_row(struct erasing *erasing, sqlite3_stmt *change, int64_t rowid)
{
    sqlite3_bind_int64(change, 1, rowid);
    sqlite3_bind_blob64(change, 2, erasing->row.data, erasing->row.length, SQLITE_STATIC);
    int result = sqlite3_step(change) == SQLITE_DONE ? 0 : failed(erasing);
    sqlite3_reset(change);
    return result;
}

/* Every row of a table: `select` yields rowid, the key of its check sum, row. */
static int erase_rows(struct erasing *erasing, const char *select, const char *update)
{
    sqlite3_stmt *rows = NULL, *change = NULL;
    sqlite3_prepare_v2(erasing->db, select, -1, &rows, NULL);
    sqlite3_prepare_v2(erasing->db, update, -1, &change, NULL);
    int64_t before = INT64_MIN;
    int result = rows && change ? 0 : failed(erasing);
    while (result == 0) {
        /* one at a time: a walk must not meet its own changes */
        sqlite3_bind_int64(rows, 1, before);
        int step = sqlite3_step(rows);
        if (step != SQLITE_ROW) {
            result = step == SQLITE_DONE ? 1 : failed(erasing);
            break;
        }
        int64_t rowid = sqlite3_column_int64(rows, 0), key = sqlite3_column_int64(rows, 1);
        size_t left;
        int filtered = filter_row(erasing, sqlite3_column_blob(rows, 2),
                                  (size_t)sqlite3_column_bytes(rows, 2), key, &left);
        sqlite3_reset(rows);
        if (rowid <= before)
            result = history_file_damaged(erasing->err, "cleared");
        else if (filtered < 0)
            result = err_set(erasing->err, filtered, "there is no memory to clear the history");
        else if (filtered > 0)
            result = change_row(erasing, change, rowid);
        before = rowid;
    }
    sqlite3_finalize(rows);
    sqlite3_finalize(change);
    return result < 0 ? result : 0;
}

/* ---- blocks and pieces ----------------------------------------------------------------------- */

static int erase_blocks(struct erasing *erasing)
{
    sqlite3_stmt *drop = NULL;
    sqlite3_prepare_v2(erasing->db, "DELETE FROM block WHERE key & 262143 = ?1", -1, &drop, NULL);
    int result = drop ? 0 : failed(erasing);
    for (size_t i = 0; i < erasing->count && result == 0; i++) {
        sqlite3_bind_int64(drop, 1, erasing->numbers[i]);
        result = sqlite3_step(drop) == SQLITE_DONE ? 0 : failed(erasing);
        sqlite3_reset(drop);
    }
    sqlite3_finalize(drop);
    return result;
}

static int erase_pieces(struct erasing *erasing)
{
    sqlite3_stmt *drop = NULL;
    sqlite3_prepare_v2(erasing->db, "DELETE FROM piece WHERE key >= ?1 AND key <= ?2", -1, &drop,
                       NULL);
    int result = drop ? 0 : failed(erasing);
    for (size_t i = 0; i < erasing->count && result == 0; i++) {
        for (int level = HISTORY_RAW; level < HISTORY_LEVELS && result == 0; level++) {
            int64_t key = history_piece_key((enum history_level)level, erasing->numbers[i], 0);
            sqlite3_bind_int64(drop, 1, key);
            sqlite3_bind_int64(drop, 2, key | UINT32_MAX);
            result = sqlite3_step(drop) == SQLITE_DONE ? 0 : failed(erasing);
            sqlite3_reset(drop);
        }
    }
    sqlite3_finalize(drop);
    return result;
}

int history_erase(sqlite3 *db, struct history_pieces *pieces, const uint32_t *numbers, size_t count,
                  struct err *err)
{
    _Static_assert(HISTORY_SERIES_BITS == 262143, "as in the statement above");
    struct erasing erasing = {.db = db, .numbers = numbers, .count = count, .err = err};
    history_pieces_rest(pieces);
    int result = history_file_run(db, "BEGIN IMMEDIATE", "cleared", err);
    if (result == 0)
        result = erase_rows(
            &erasing, "SELECT time, time, row FROM tick WHERE time > ?1 ORDER BY time LIMIT 1",
            "UPDATE tick SET row = ?2 WHERE time = ?1");
    if (result == 0)
        result = erase_rows(
            &erasing,
            "SELECT number, mono, row FROM undated WHERE number > ?1 ORDER BY number LIMIT 1",
            "UPDATE undated SET row = ?2 WHERE number = ?1");
    if (result == 0)
        result = erase_blocks(&erasing);
    if (result == 0)
        result = erase_pieces(&erasing);
    if (result == 0)
        result = history_file_run(db, "COMMIT", "cleared", err);
    database_roll_back(db);
    buf_deinit(&erasing.row);
    free(erasing.readings);
    return result;
}
