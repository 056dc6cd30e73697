#include "engine/history_store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

#include "base/log.h"
#include "base/mem.h"
#include "engine/history_code.h"
#include "engine/history_compact.h"
#include "engine/history_file.h"
#include "engine/history_row.h"

#define UNDATED_STEP 256 /* rows put on the calendar in one step */
#define REPLACEMENTS_MOST                                                                          \
    3 /* in one run: a disk that damages every file must not be filled with them */
#define WALL_MOST_MS 253402300799999LL /* 9999-12-31 */

enum statement {
    INSERT_TICK,
    GET_TICK,
    REPLACE_TICK,
    INSERT_UNDATED,
    INSERT_SERIES,
    HAS_SERIES,
    STATEMENTS
};

static const char *const statements[STATEMENTS] = {
    [INSERT_TICK] = "INSERT OR IGNORE INTO tick VALUES(?1, ?2)",
    [GET_TICK] = "SELECT row FROM tick WHERE time = ?1",
    [REPLACE_TICK] = "REPLACE INTO tick VALUES(?1, ?2)",
    [INSERT_UNDATED] = ("INSERT INTO undated(boot, mono, row) SELECT ?1, ?2, ?3 WHERE NOT EXISTS"
                        " (SELECT 1 FROM undated WHERE boot = ?1 AND mono = ?2 AND row = ?3)"),
    [INSERT_SERIES] = "INSERT OR IGNORE INTO series VALUES(?1, ?2, ?3, ?4, ?5, ?6)",
    [HAS_SERIES] = "SELECT 1 FROM series WHERE number = ?1 AND path = ?2 AND decimals = ?4",
};

struct history_store {
    struct history_file file;
    char boot[64];
    sqlite3_stmt *prepared[STATEMENTS];
    struct history_series_list series;
    struct history_store_facts facts;
    char notice[200];
    bool undated; /* rows of this boot wait for the calendar */
    bool offset_known;
    int64_t offset_ms; /* wall minus monotonic, by the latest dated record */
    int64_t current_hour;
    int replacements; /* of damaged files */
    uint64_t block_readings, block_bytes;
};

/* ---- life ------------------------------------------------------------------------------------ */

static void unprepare(struct history_store *store)
{
    for (size_t i = 0; i < STATEMENTS; i++) {
        sqlite3_finalize(store->prepared[i]);
        store->prepared[i] = NULL;
    }
}

static int prepare(struct history_store *store, struct err *err)
{
    for (size_t i = 0; i < STATEMENTS; i++) {
        if (sqlite3_prepare_v3(store->file.db, statements[i], -1, SQLITE_PREPARE_PERSISTENT,
                               &store->prepared[i], NULL) != SQLITE_OK)
            return history_file_err(store->file.db, err, "read");
    }
    return 0;
}

static clock_us hour_start(int64_t key)
{
    return history_file_block_hour(key) * HISTORY_HOUR_MS * CLOCK_MS;
}

/* Oldest and newest to the hour where there are only blocks: exact enough for "reaches back to". */
static int load_span(struct history_store *store, struct err *err)
{
    sqlite3 *db = store->file.db;
    int64_t first_tick, last_tick, first_block, last_block;
    int result = history_file_number(db, "SELECT min(time) FROM tick", -1, &first_tick, err);
    if (result == 0)
        result = history_file_number(db, "SELECT max(time) FROM tick", -1, &last_tick, err);
    if (result == 0)
        result = history_file_number(db, "SELECT min(key) FROM block", -1, &first_block, err);
    if (result == 0)
        result = history_file_number(db, "SELECT max(key) FROM block", -1, &last_block, err);
    if (result < 0)
        return result;
    clock_us oldest = 0, newest = 0;
    if (first_tick >= 0) {
        oldest = first_tick * CLOCK_MS;
        newest = last_tick * CLOCK_MS;
    }
    if (first_block >= 0) {
        if (!oldest || hour_start(first_block) < oldest)
            oldest = hour_start(first_block);
        if (hour_start(last_block) > newest)
            newest = hour_start(last_block);
    }
    store->facts.oldest = oldest;
    store->facts.newest = newest;
    return 0;
}

static int load(struct history_store *store, struct err *err)
{
    int result = prepare(store, err);
    if (result == 0)
        result = load_span(store, err);
    int64_t undated = 0;
    if (result == 0)
        result =
            history_file_number(store->file.db, "SELECT count(*) FROM undated", 0, &undated, err);
    store->undated = undated > 0;
    if (*store->file.notice)
        memcpy(store->notice, store->file.notice, sizeof store->notice);
    return result;
}

static int load_all(struct history_store *store, struct err *err)
{
    int result = load(store, err);
    if (result == 0) {
        history_series_deinit(&store->series);
        result = history_series_load(&store->series, store->file.db, err);
    }
    return result;
}

struct history_store *history_store_open(const char *folder, const char *boot, struct err *err)
{
    struct history_store *store = mem_new(sizeof *store);
    store->current_hour = -1;
    store->series = HISTORY_SERIES_LIST_EMPTY;
    strncpy(store->boot, boot, sizeof store->boot - 1);
    struct err why = ERR_EMPTY;
    int result = history_file_open(&store->file, folder, &why);
    if (result == 0)
        result = load_all(store, &why);
    if (result == -EBADMSG) {
        /* damage that the quick look of opening did not find */
        unprepare(store);
        result = history_file_replace(&store->file, &why);
        if (result == 0)
            result = load_all(store, &why);
    }
    if (result == 0)
        return store;
    if (err)
        *err = why;
    return history_store_close(store);
}

struct history_store *history_store_close(struct history_store *store)
{
    if (!store)
        return NULL;
    unprepare(store);
    history_file_close(&store->file);
    history_series_deinit(&store->series);
    free(store);
    return NULL;
}

const struct history_series_list *history_store_series(const struct history_store *store)
{
    return &store->series;
}

/* ---- writing --------------------------------------------------------------------------------- */

static int run(struct history_store *store, enum statement which, struct err *err)
{
    sqlite3_stmt *statement = store->prepared[which];
    int step = sqlite3_step(statement);
    int result = step == SQLITE_ROW    ? 1
                 : step == SQLITE_DONE ? 0
                                       : history_file_err(store->file.db, err, "written");
    sqlite3_reset(statement);
    return result;
}

static void bind_series(sqlite3_stmt *statement, const struct history_definition *definition)
{
    sqlite3_bind_int64(statement, 1, definition->number);
    sqlite3_bind_text(statement, 2, definition->path, -1, SQLITE_STATIC);
    sqlite3_bind_int64(statement, 4, definition->decimals);
}

static int write_definition(struct history_store *store,
                            const struct history_definition *definition, int64_t first_ms,
                            struct err *err)
{
    sqlite3_stmt *insert = store->prepared[INSERT_SERIES], *has = store->prepared[HAS_SERIES];
    bind_series(insert, definition);
    sqlite3_bind_int64(insert, 3, definition->quantity);
    sqlite3_bind_int64(insert, 5, first_ms);
    sqlite3_bind_int64(insert, 6,
                       history_series_sum(definition->number, definition->path,
                                          definition->quantity, definition->decimals));
    int result = run(store, INSERT_SERIES, err);
    if (result < 0 || sqlite3_changes(store->file.db) > 0)
        return result;
    bind_series(has, definition);
    result = run(store, HAS_SERIES, err);
    if (result == 0)
        return err_set(
            err, -EEXIST,
            "%s was exchanged for another history while the program ran; restart to use it",
            store->file.path);
    return result < 0 ? result : 0;
}

static int write_definitions(struct history_store *store, const struct history_definition *list,
                             size_t count, int64_t first_ms, struct err *err)
{
    int result = 0;
    for (size_t i = 0; i < count && result == 0; i++)
        result = write_definition(store, &list[i], first_ms, err);
    return result;
}

/* Insert under `*time`, or the next free ms. A row that is there byte for byte came from an attempt
 * whose end we did not see: it is written again, because a sync that failed may have lost it. */
static int insert_tick(struct history_store *store, int64_t *time, uint8_t *row, size_t length,
                       struct err *err)
{
    for (int64_t end = *time + HISTORY_HOUR_MS; *time < end; ++*time) {
        sqlite3_stmt *insert = store->prepared[INSERT_TICK], *get = store->prepared[GET_TICK];
        history_code_seal(row, length, *time);
        sqlite3_bind_int64(insert, 1, *time);
        sqlite3_bind_blob64(insert, 2, row, length, SQLITE_STATIC);
        int result = run(store, INSERT_TICK, err);
        if (result < 0 || sqlite3_changes(store->file.db) > 0)
            return result;
        sqlite3_bind_int64(get, 1, *time);
        bool same = sqlite3_step(get) == SQLITE_ROW &&
                    (size_t)sqlite3_column_bytes(get, 0) == length &&
                    memcmp(sqlite3_column_blob(get, 0), row, length) == 0;
        sqlite3_reset(get);
        if (same) {
            sqlite3_bind_int64(store->prepared[REPLACE_TICK], 1, *time);
            sqlite3_bind_blob64(store->prepared[REPLACE_TICK], 2, row, length, SQLITE_STATIC);
            return run(store, REPLACE_TICK, err);
        }
    }
    /* an hour without a free ms cannot be */
    return history_file_damaged(err, "written");
}

static int insert_undated(struct history_store *store, const struct history_record *record,
                          struct err *err)
{
    sqlite3_stmt *insert = store->prepared[INSERT_UNDATED];
    int64_t mono = record->mono / CLOCK_MS;
    history_code_seal(record->row, record->length, mono);
    sqlite3_bind_text(insert, 1, store->boot, -1, SQLITE_STATIC);
    sqlite3_bind_int64(insert, 2, mono);
    sqlite3_bind_blob64(insert, 3, record->row, record->length, SQLITE_STATIC);
    return run(store, INSERT_UNDATED, err);
}

static int64_t wall_ms(clock_us wall)
{
    int64_t ms = wall / CLOCK_MS;
    return ms < 0 ? 0 : ms > WALL_MOST_MS ? WALL_MOST_MS : ms;
}

static int write_records(struct history_store *store, struct history_record *const *records,
                         size_t count, struct err *err)
{
    int result = history_file_run(store->file.db, "BEGIN IMMEDIATE", "written", err);
    for (size_t i = 0; i < count && result == 0; i++) {
        struct history_record *record = records[i];
        int64_t time = wall_ms(record->wall);
        result = write_definitions(store, record->definitions, record->definition_count,
                                   record->wall_known ? time : 0, err);
        if (result < 0)
            break;
        result = record->wall_known ? insert_tick(store, &time, record->row, record->length, err)
                                    : insert_undated(store, record, err);
    }
    if (result == 0)
        result = history_file_run(store->file.db, "COMMIT", "written", err);
    history_file_roll_back(store->file.db);
    return result;
}

/* After the commit: what the records taught. */
static void note_records(struct history_store *store, struct history_record *const *records,
                         size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct history_record *record = records[i];
        for (size_t k = 0; k < record->definition_count; k++)
            history_series_add(&store->series, &record->definitions[k]);
        if (!record->wall_known) {
            store->undated = true;
            continue;
        }
        int64_t time = wall_ms(record->wall);
        store->offset_known = true;
        store->offset_ms = time - record->mono / CLOCK_MS;
        store->current_hour = time / HISTORY_HOUR_MS;
        if (!store->facts.oldest || time * CLOCK_MS < store->facts.oldest)
            store->facts.oldest = time * CLOCK_MS;
        if (time * CLOCK_MS > store->facts.newest)
            store->facts.newest = time * CLOCK_MS;
    }
}

/* Another file has come under our feet: teach it the series and begin counting anew. */
static int settle(struct history_store *store, int opened, struct err *err)
{
    store->facts.generation++;
    if (opened < 0)
        return opened;
    int result = load(store, err);
    if (result == 0)
        result = history_file_run(store->file.db, "BEGIN IMMEDIATE", "written", err);
    if (result == 0)
        result = write_definitions(store, store->series.list, store->series.count, 0, err);
    if (result == 0)
        result = history_file_run(store->file.db, "COMMIT", "written", err);
    if (store->file.db)
        history_file_roll_back(store->file.db);
    return result;
}

/* The file is open and at its place, or comes to be. */
static int ensure_file(struct history_store *store, struct err *err)
{
    if (store->file.db && store->prepared[0] && history_file_in_place(&store->file))
        return 0;
    if (store->file.db && store->prepared[0])
        log_warning("history", "%s was moved or deleted while the program ran; opening it anew",
                    store->file.path);
    unprepare(store);
    int opened = history_file_reopen(&store->file, err);
    int result = settle(store, opened, err);
    if (result < 0)
        unprepare(store);
    return result;
}

/* A file that turned out to be damaged is set aside at once; what was being done is tried again by
 * the caller. */
static void replace_if_damaged(struct history_store *store, int result)
{
    if (result != -EBADMSG || store->replacements == REPLACEMENTS_MOST)
        return;
    store->replacements++;
    struct err why = ERR_EMPTY;
    unprepare(store);
    int opened = history_file_replace(&store->file, &why);
    if (settle(store, opened, &why) < 0) {
        log_error("history", "%s", why.text);
        unprepare(store);
    }
}

int history_store_write(struct history_store *store, struct history_record *const *records,
                        size_t count, struct err *err)
{
    int result = ensure_file(store, err);
    if (result == 0)
        result = write_records(store, records, count, err);
    if (result == 0)
        note_records(store, records, count);
    else
        replace_if_damaged(store, result);
    return result;
}

/* ---- tidying --------------------------------------------------------------------------------- */

/* Move one row to the calendar. A damaged one is dropped and counted. */
static int place_row(struct history_store *store, sqlite3_stmt *rows, struct err *err)
{
    int64_t mono = sqlite3_column_int64(rows, 2);
    const void *stored = sqlite3_column_blob(rows, 3);
    size_t length = (size_t)sqlite3_column_bytes(rows, 3);
    if (!stored || history_code_check(stored, length, mono) < 0) {
        store->facts.unreadable++;
        return 0;
    }
    uint8_t *row = malloc(length);
    if (!row)
        return err_set(err, -ENOMEM, "there is no memory to tidy the history");
    memcpy(row, stored, length);
    int64_t time = wall_ms((mono + store->offset_ms) * CLOCK_MS);
    int result = insert_tick(store, &time, row, length, err);
    if (result == 0 && (!store->facts.oldest || time * CLOCK_MS < store->facts.oldest))
        store->facts.oldest = time * CLOCK_MS;
    free(row);
    return result;
}

static int place_rows(struct history_store *store, int64_t *last, int *placed, struct err *err)
{
    sqlite3_stmt *rows = NULL;
    sqlite3_prepare_v2(
        store->file.db,
        "SELECT number, boot, mono, row FROM undated WHERE boot = ?1 ORDER BY number LIMIT ?2", -1,
        &rows, NULL);
    sqlite3_bind_text(rows, 1, store->boot, -1, SQLITE_STATIC);
    sqlite3_bind_int(rows, 2, UNDATED_STEP);
    int result = 0, step = SQLITE_DONE;
    while (result == 0 && (step = rows ? sqlite3_step(rows) : SQLITE_ERROR) == SQLITE_ROW) {
        *last = sqlite3_column_int64(rows, 0);
        result = place_row(store, rows, err);
        ++*placed;
    }
    if (result == 0 && step != SQLITE_DONE)
        result = history_file_err(store->file.db, err, "tidied");
    sqlite3_finalize(rows);
    return result;
}

static int place_step(struct history_store *store, struct err *err)
{
    int64_t last = 0;
    int placed = 0;
    int result = history_file_run(store->file.db, "BEGIN IMMEDIATE", "tidied", err);
    if (result == 0)
        result = place_rows(store, &last, &placed, err);
    if (result == 0 && placed > 0) {
        char sql[200];
        sqlite3_snprintf(sizeof sql, sql, "DELETE FROM undated WHERE boot = %Q AND number <= %lld",
                         store->boot, (long long)last);
        result = history_file_run(store->file.db, sql, "tidied", err);
        if (result == 0 && sqlite3_changes(store->file.db) != placed)
            result = history_file_damaged(err, "tidied");
    }
    if (result == 0)
        result = history_file_run(store->file.db, "COMMIT", "tidied", err);
    history_file_roll_back(store->file.db);
    if (result == 0 && placed < UNDATED_STEP)
        store->undated = false;
    return result < 0 ? result : 1;
}

static int compact_step(struct history_store *store, struct err *err)
{
    struct history_compact_result done;
    int result = history_compact_step(store->file.db, store->current_hour, &done, err);
    if (result <= 0)
        return result;
    store->block_readings += done.readings;
    store->block_bytes += done.bytes;
    store->facts.unreadable += done.unreadable;
    if (done.unreadable)
        log_error("history", "%d damaged rows were dropped", (int)done.unreadable);
    return result;
}

int history_store_tidy(struct history_store *store, struct err *err)
{
    /* Which hour is full is only known once there was a tick with a date. */
    if (!store->file.db || !store->prepared[0] || store->current_hour < 0)
        return 0;
    int result =
        store->undated && store->offset_known ? place_step(store, err) : compact_step(store, err);
    replace_if_damaged(store, result);
    return result;
}

struct history_store_facts history_store_facts(const struct history_store *store)
{
    struct history_store_facts facts = store->facts;
    facts.notice = store->notice;
    facts.bytes = history_file_bytes(&store->file);
    if (store->block_readings > 0)
        facts.bytes_per_reading = (double)store->block_bytes / (double)store->block_readings;
    struct statvfs disk;
    if (statvfs(store->file.folder, &disk) == 0)
        facts.free_bytes = (uint64_t)disk.f_bavail * disk.f_frsize;
    return facts;
}
