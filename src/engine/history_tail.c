#include "engine/history_tail.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "engine/history_code.h"
#include "engine/history_file.h"

#define PLACED_STEP 256                /* rows put on the calendar in one step */
#define WALL_MOST_MS 253402300799999LL /* 9999-12-31 */

static const char *const statements[HISTORY_TAIL_STATEMENTS] = {
    [HISTORY_TAIL_INSERT] = "INSERT OR IGNORE INTO tick VALUES(?1, ?2)",
    [HISTORY_TAIL_GET] = "SELECT row FROM tick WHERE time = ?1",
    [HISTORY_TAIL_REPLACE] = "REPLACE INTO tick VALUES(?1, ?2)",
    [HISTORY_TAIL_INSERT_UNDATED] =
        ("INSERT INTO undated(boot, mono, row) SELECT ?1, ?2, ?3 WHERE NOT EXISTS"
         " (SELECT 1 FROM undated WHERE boot = ?1 AND mono = ?2 AND row = ?3)"),
};

int history_tail_open(struct history_tail *tail, sqlite3 *db, const char *boot, struct err *err)
{
    *tail = (struct history_tail){.db = db, .boot = boot, .oldest = INT64_MAX};
    for (size_t i = 0; i < HISTORY_TAIL_STATEMENTS; i++) {
        if (sqlite3_prepare_v3(db, statements[i], -1, SQLITE_PREPARE_PERSISTENT, &tail->prepared[i],
                               NULL) != SQLITE_OK)
            return history_file_err(db, err, "read");
    }
    int64_t undated = 0;
    int result = history_file_number(db, "SELECT count(*) FROM undated", 0, &undated, err);
    tail->undated = undated > 0;
    return result;
}

void history_tail_close(struct history_tail *tail)
{
    for (size_t i = 0; i < HISTORY_TAIL_STATEMENTS; i++)
        sqlite3_finalize(tail->prepared[i]);
    *tail = (struct history_tail){0};
}

/* ---- inserting ------------------------------------------------------------------------------- */

static int run(struct history_tail *tail, enum history_tail_statement which, struct err *err)
{
    sqlite3_stmt *statement = tail->prepared[which];
    int result =
        sqlite3_step(statement) == SQLITE_DONE ? 0 : history_file_err(tail->db, err, "written");
    sqlite3_reset(statement);
    return result;
}

int history_tail_insert(struct history_tail *tail, int64_t *time, uint8_t *row, size_t length,
                        struct err *err)
{
    for (int64_t end = *time + HISTORY_HOUR_MS; *time < end; ++*time) {
        sqlite3_stmt *insert = tail->prepared[HISTORY_TAIL_INSERT];
        sqlite3_stmt *get = tail->prepared[HISTORY_TAIL_GET];
        sqlite3_stmt *replace = tail->prepared[HISTORY_TAIL_REPLACE];
        history_code_seal(row, length, *time);
        sqlite3_bind_int64(insert, 1, *time);
        sqlite3_bind_blob64(insert, 2, row, length, SQLITE_STATIC);
        int result = run(tail, HISTORY_TAIL_INSERT, err);
        if (result < 0 || sqlite3_changes(tail->db) > 0)
            return result;
        sqlite3_bind_int64(get, 1, *time);
        bool same = sqlite3_step(get) == SQLITE_ROW &&
                    (size_t)sqlite3_column_bytes(get, 0) == length &&
                    memcmp(sqlite3_column_blob(get, 0), row, length) == 0;
        sqlite3_reset(get);
        if (same) {
            sqlite3_bind_int64(replace, 1, *time);
            sqlite3_bind_blob64(replace, 2, row, length, SQLITE_STATIC);
            return run(tail, HISTORY_TAIL_REPLACE, err);
        }
    }
    /* an hour without a free ms cannot be */
    return history_file_damaged(err, "written");
}

int history_tail_insert_undated(struct history_tail *tail, int64_t mono, uint8_t *row,
                                size_t length, struct err *err)
{
    sqlite3_stmt *insert = tail->prepared[HISTORY_TAIL_INSERT_UNDATED];
    history_code_seal(row, length, mono);
    sqlite3_bind_text(insert, 1, tail->boot, -1, SQLITE_STATIC);
    sqlite3_bind_int64(insert, 2, mono);
    sqlite3_bind_blob64(insert, 3, row, length, SQLITE_STATIC);
    int result = run(tail, HISTORY_TAIL_INSERT_UNDATED, err);
    tail->undated = tail->undated || result == 0;
    return result;
}

/* ---- placing --------------------------------------------------------------------------------- */

/* Move one row to the calendar. A damaged one is dropped and counted. */
static int place_row(struct history_tail *tail, sqlite3_stmt *rows, int64_t offset, struct err *err)
{
    int64_t mono = sqlite3_column_int64(rows, 1);
    const void *stored = sqlite3_column_blob(rows, 2);
    size_t length = (size_t)sqlite3_column_bytes(rows, 2);
    if (!stored || history_code_check(stored, length, mono) < 0) {
        tail->unreadable++;
        return 0;
    }
    uint8_t *row = malloc(length);
    if (!row)
        return err_set(err, -ENOMEM, "there is no memory to tidy the history");
    memcpy(row, stored, length);
    int64_t time = mono + offset;
    time = time < 0 ? 0 : time > WALL_MOST_MS ? WALL_MOST_MS : time;
    int result = history_tail_insert(tail, &time, row, length, err);
    if (result == 0 && time < tail->oldest)
        tail->oldest = time;
    free(row);
    return result;
}

/* Rows of one boot, oldest first. */
static int place_rows(struct history_tail *tail, const char *boot, int64_t offset, int64_t *last,
                      int *placed, struct err *err)
{
    sqlite3_stmt *rows = NULL;
    sqlite3_prepare_v2(
        tail->db, "SELECT number, mono, row FROM undated WHERE boot = ?1 ORDER BY number LIMIT ?2",
        -1, &rows, NULL);
    sqlite3_bind_text(rows, 1, boot, -1, SQLITE_STATIC);
    sqlite3_bind_int(rows, 2, PLACED_STEP);
    int result = 0, step = SQLITE_DONE;
    while (result == 0 && (step = rows ? sqlite3_step(rows) : SQLITE_ERROR) == SQLITE_ROW) {
        *last = sqlite3_column_int64(rows, 0);
        result = place_row(tail, rows, offset, err);
        ++*placed;
    }
    if (result == 0 && step != SQLITE_DONE)
        result = history_file_err(tail->db, err, "tidied");
    sqlite3_finalize(rows);
    return result;
}

static int place_some(struct history_tail *tail, const char *boot, int64_t offset, struct err *err)
{
    int64_t last = 0;
    int placed = 0;
    int result = place_rows(tail, boot, offset, &last, &placed, err);
    if (result < 0 || placed == 0)
        return result;
    char sql[200];
    sqlite3_snprintf(sizeof sql, sql, "DELETE FROM undated WHERE boot = %Q AND number <= %lld",
                     boot, (long long)last);
    result = history_file_run(tail->db, sql, "tidied", err);
    return result == 0 && sqlite3_changes(tail->db) != placed ? history_file_damaged(err, "tidied")
                                                              : result;
}

/* ---- boots that never knew the time ---------------------------------------------------------- */

/* The newest undated boot other than this one and how long it ran; 1, 0 when there is none, or a
 * code and `err`. */
static int newest_boot(struct history_tail *tail, char *boot, size_t size, int64_t *ran,
                       struct err *err)
{
    sqlite3_stmt *find = NULL;
    sqlite3_prepare_v2(tail->db,
                       "SELECT boot, max(mono) FROM undated WHERE boot != ?1"
                       " GROUP BY boot ORDER BY max(number) DESC LIMIT 1",
                       -1, &find, NULL);
    sqlite3_bind_text(find, 1, tail->boot, -1, SQLITE_STATIC);
    int step = find ? sqlite3_step(find) : SQLITE_ERROR, result = 0;
    if (step == SQLITE_ROW) {
        const char *text = (const char *)sqlite3_column_text(find, 0);
        snprintf(boot, size, "%s", text ? text : "");
        *ran = sqlite3_column_int64(find, 1);
        result = text && strlen(text) < size ? 1 : history_file_damaged(err, "tidied");
    } else if (step != SQLITE_DONE) {
        result = history_file_err(tail->db, err, "tidied");
    }
    sqlite3_finalize(find);
    return result;
}

/* Decide once where a boot lies, so that a kill between two steps does not move the rest of it: it
 * ended when the boot after it began, `next` (wall time of its monotonic zero). The earliest
 * decided begin is `next` for the boot before. */
static int decide_offset(struct history_tail *tail, const char *boot, int64_t ran, int64_t next,
                         int64_t *offset, struct err *err)
{
    char sql[200];
    sqlite3_snprintf(sizeof sql, sql, "SELECT offset FROM boot WHERE boot = %Q", boot);
    int result = history_file_number(tail->db, sql, INT64_MIN, offset, err);
    if (result < 0 || *offset != INT64_MIN)
        return result;
    int64_t earliest;
    result = history_file_number(tail->db, "SELECT min(offset) FROM boot", next, &earliest, err);
    if (result < 0)
        return result;
    *offset = (earliest < next ? earliest : next) - ran - 1;
    sqlite3_snprintf(sizeof sql, sql, "INSERT INTO boot VALUES(%Q, %lld)", boot,
                     (long long)*offset);
    result = history_file_run(tail->db, sql, "tidied", err);
    if (result == 0)
        log_notice("history",
                   "readings of an earlier start that never knew the time were put before "
                   "the start that followed it: their time is an estimate");
    return result;
}

/* Of this boot first: their place is exact. Then the others, newest first. */
static int place(struct history_tail *tail, int64_t offset, struct err *err)
{
    int64_t own, ran = 0;
    char sql[160], boot[64];
    sqlite3_snprintf(sizeof sql, sql, "SELECT number FROM undated WHERE boot = %Q LIMIT 1",
                     tail->boot);
    int result = history_file_number(tail->db, sql, -1, &own, err);
    if (result < 0)
        return result;
    if (own >= 0) {
        result = place_some(tail, tail->boot, offset, err);
        return result < 0 ? result : 1;
    }
    result = newest_boot(tail, boot, sizeof boot, &ran, err);
    if (result <= 0)
        return result;
    int64_t other;
    result = decide_offset(tail, boot, ran, offset, &other, err);
    if (result == 0)
        result = place_some(tail, boot, other, err);
    return result < 0 ? result : 1;
}

int history_tail_place_step(struct history_tail *tail, int64_t offset, struct err *err)
{
    int result = history_file_run(tail->db, "BEGIN IMMEDIATE", "tidied", err);
    if (result < 0)
        return result;
    int more = place(tail, offset, err);
    if (more == 0) /* decided offsets are of no use any more */
        result = history_file_run(tail->db, "DELETE FROM boot", "tidied", err);
    if (more >= 0 && result == 0)
        result = history_file_run(tail->db, "COMMIT", "tidied", err);
    database_roll_back(tail->db);
    if (more < 0 || result < 0)
        return more < 0 ? more : result;
    tail->undated = more > 0;
    return more;
}
