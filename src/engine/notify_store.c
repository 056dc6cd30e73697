#include "engine/notify_store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "engine/database.h"

#define APPLICATION_ID 0x62626e6f /* "bbno", tells file(1) and us whose file it is */
#define FORMAT 1
#define RUN_MOST 0x7FFFFFFF /* ids are run and counter, and SQLite's numbers have a sign */

static const char schema[] =
    "BEGIN IMMEDIATE;"
    "CREATE TABLE run(number INTEGER NOT NULL);"
    "INSERT INTO run VALUES(0);"
    "CREATE TABLE lost(recipient TEXT PRIMARY KEY, count INTEGER NOT NULL, since INTEGER NOT NULL);"
    "CREATE TABLE waiting(id INTEGER PRIMARY KEY, recipient TEXT NOT NULL, job INTEGER NOT NULL,"
    " kind INTEGER NOT NULL, severity INTEGER NOT NULL, change INTEGER NOT NULL,"
    " alarm INTEGER NOT NULL, number REAL, bound REAL, decimals INTEGER NOT NULL,"
    " wall INTEGER NOT NULL, rule TEXT NOT NULL, path TEXT NOT NULL, label TEXT NOT NULL,"
    " unit TEXT NOT NULL, actor TEXT NOT NULL, origin TEXT NOT NULL, subject TEXT NOT NULL,"
    " text TEXT NOT NULL, names TEXT NOT NULL);"
    "PRAGMA application_id = 0x62626e6f;"
    "PRAGMA user_version = 1;"
    "COMMIT";
_Static_assert(APPLICATION_ID == 0x62626e6f && FORMAT == 1, "as in the schema");

/* The file is small: all of it is looked at. */
static int check(sqlite3 *db, int format, struct err *err);

const struct database_kind notify_database = {
    .name = "queue of notices",
    .one = "a queue of notices",
    .topic = "notify",
    .file = "notices.db",
    .lock = "notices.lock",
    .application_id = APPLICATION_ID,
    .format = FORMAT,
    .schema = schema,
    .log_limit = 1 << 20,
    .check = check,
};
static const struct database_kind *const kind = &notify_database;

/* Of the page cache: little is read twice. */
#define CACHE "PRAGMA cache_size = -256"

enum statement { ADD, JOB, DONE, LOST, FOUND, MARK, KEEP, SWEEP, STATEMENTS };

static const char *const statement_texts[STATEMENTS] = {
    [ADD] = "INSERT OR REPLACE INTO waiting(id, recipient, job, kind, severity, change, alarm,"
            " number, bound, decimals, wall, rule, path, label, unit, actor, origin, subject, text,"
            " names) VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17,?18,?19,"
            "?20)",
    [JOB] = "UPDATE waiting SET job = ?2 WHERE id = ?1",
    [DONE] = "DELETE FROM waiting WHERE id = ?1",
    [LOST] = "INSERT OR REPLACE INTO lost VALUES(?1, ?2, ?3)",
    [FOUND] = "DELETE FROM lost WHERE recipient = ?1",
    [MARK] = "UPDATE waiting SET job = -1", /* which no job is: they begin at 1 << 32 */
    [KEEP] = "UPDATE waiting SET job = 0 WHERE recipient = ?1 AND severity = ?2 AND id >= ?3",
    [SWEEP] = "DELETE FROM waiting WHERE job = -1",
};

struct notify_store {
    struct database file;
    sqlite3 *before; /* the file that another took the place of, until that has what it held */
    sqlite3_stmt *statements[STATEMENTS];
    uint32_t run;
    uint64_t generation;
};

static int check(sqlite3 *db, int format, struct err *err)
{
    sqlite3_stmt *statement = NULL;
    (void)format; /* there has been one */
    sqlite3_prepare_v2(db, "PRAGMA integrity_check(1)", -1, &statement, NULL);
    int result = statement ? sqlite3_step(statement) : SQLITE_ERROR;
    const char *words = result == SQLITE_ROW ? (const char *)sqlite3_column_text(statement, 0) : "";
    bool good = words && strcmp(words, "ok") == 0;
    int code = 0;
    if (result != SQLITE_ROW)
        code = database_err(kind, db, err, "read");
    else if (!good)
        code = err_set(err, -EBADMSG, "the queue of notices is damaged: %.200s", words);
    sqlite3_finalize(statement);
    return code;
}

/* ---- opening --------------------------------------------------------------------------------- */

static void finalize(struct notify_store *store)
{
    for (int i = 0; i < STATEMENTS; i++) {
        sqlite3_finalize(store->statements[i]);
        store->statements[i] = NULL;
    }
}

static int prepare(struct notify_store *store, struct err *err)
{
    for (int i = 0; i < STATEMENTS; i++) {
        if (!store->statements[i] && sqlite3_prepare_v2(store->file.db, statement_texts[i], -1,
                                                        &store->statements[i], NULL) != SQLITE_OK)
            return database_err(kind, store->file.db, err, "used");
    }
    return 0;
}

/* Ids begin with the number of the run, so that none that went out and was never written comes a
 * second time. */
static int begin_run(struct notify_store *store, int64_t floor, struct err *err)
{
    int64_t before;
    char sql[80];
    int code = database_number(kind, store->file.db, "SELECT number FROM run", 0, &before, err);
    if (code < 0)
        return code;
    int64_t run = before + 1 > floor ? before + 1 : floor;
    store->run = run > 0 && run < RUN_MOST ? (uint32_t)run : 1;
    snprintf(sql, sizeof sql, "UPDATE run SET number = %lu", (unsigned long)store->run);
    return database_run(kind, store->file.db, sql, "written", err);
}

struct notify_store *notify_store_open(const char *folder, int64_t floor, struct err *err)
{
    struct notify_store *store = mem_new(sizeof *store);
    if (database_open(&store->file, kind, folder, err) < 0) {
        free(store);
        return NULL;
    }
    if (database_run(kind, store->file.db, CACHE, "opened", err) < 0 ||
        begin_run(store, floor, err) < 0)
        return notify_store_close(store);
    return store;
}

struct notify_store *notify_store_close(struct notify_store *store)
{
    if (!store)
        return NULL;
    finalize(store);
    sqlite3_close(store->before);
    database_close(&store->file);
    free(store);
    return NULL;
}

uint32_t notify_store_run(const struct notify_store *store)
{
    return store->run;
}

uint64_t notify_store_generation(const struct notify_store *store)
{
    return store->generation;
}

const char *notify_store_notice(const struct notify_store *store)
{
    return store->file.notice;
}

/* ---- reading --------------------------------------------------------------------------------- */

static const char *text_of(sqlite3_stmt *row, int column)
{
    const char *text = (const char *)sqlite3_column_text(row, column);
    return text ? text : "";
}

/* What a newer program wrote and this one does not know counts as what is nearest. */
static struct notify_record read_record(sqlite3_stmt *row)
{
    int severity = sqlite3_column_int(row, 3);
    bool known = severity >= 0 && severity < ALARM_SEVERITIES;
    int64_t wall = sqlite3_column_int64(row, 5) / CLOCK_S;
    int64_t bytes = sqlite3_column_int64(row, 6) + (int64_t)sizeof(struct notify_entry);
    return (struct notify_record){
        .id = (uint64_t)sqlite3_column_int64(row, 0),
        .wall = wall > 0 && wall < UINT32_MAX ? (uint32_t)wall : 0,
        .bytes = (uint32_t)(bytes & 0xFFFFFFF),
        .severity = known ? (uint32_t)severity & 3 : ALARM_CRITICAL,
        .loud = severity >= ALARM_CRITICAL || sqlite3_column_int(row, 4) == NOTICE_TEST,
    };
}

static int read_waiting(struct notify_store *store, notify_store_fn *fn, void *user,
                        struct err *err)
{
    static const char sql[] =
        "SELECT id, recipient, job, severity, kind, wall, length(CAST(rule || path || label || unit"
        " || actor || origin || subject || text || names AS BLOB)) + 9 FROM waiting ORDER BY id";
    sqlite3_stmt *row = NULL;
    sqlite3_prepare_v2(store->file.db, sql, -1, &row, NULL);
    int result = row ? SQLITE_ROW : SQLITE_ERROR;
    while (row && (result = sqlite3_step(row)) == SQLITE_ROW) {
        const struct notify_record record = read_record(row);
        fn(user, text_of(row, 1), &record, (uint64_t)sqlite3_column_int64(row, 2), 0, 0);
    }
    int code = result == SQLITE_DONE ? 0 : database_err(kind, store->file.db, err, "read");
    sqlite3_finalize(row);
    return code;
}

static int read_lost(struct notify_store *store, notify_store_fn *fn, void *user, struct err *err)
{
    sqlite3_stmt *row = NULL;
    sqlite3_prepare_v2(store->file.db, "SELECT recipient, count, since FROM lost", -1, &row, NULL);
    int result = row ? SQLITE_ROW : SQLITE_ERROR;
    while (row && (result = sqlite3_step(row)) == SQLITE_ROW)
        fn(user, text_of(row, 0), NULL, 0, (uint64_t)sqlite3_column_int64(row, 1),
           sqlite3_column_int64(row, 2));
    int code = result == SQLITE_DONE ? 0 : database_err(kind, store->file.db, err, "read");
    sqlite3_finalize(row);
    return code;
}

int notify_store_read(struct notify_store *store, notify_store_fn *fn, void *user, struct err *err)
{
    int code = read_waiting(store, fn, user, err);
    return code < 0 ? code : read_lost(store, fn, user, err);
}

/* ---- writing --------------------------------------------------------------------------------- */

static int step(struct notify_store *store, sqlite3_stmt *statement, struct err *err)
{
    int result = sqlite3_step(statement);
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    return result == SQLITE_DONE ? 0 : database_err(kind, store->file.db, err, "written");
}

static int add(struct notify_store *store, const struct notify_op *op, struct err *err)
{
    sqlite3_stmt *row = store->statements[ADD];
    const struct notice *notice = &op->entry->notice;
    const int64_t numbers[] = {(int64_t)op->job, notice->kind, notice->severity,
                               (int64_t)notice->change, notice->alarm};
    const char *const texts[] = {notice->rule,    notice->path,  notice->label,
                                 notice->unit,    notice->actor, notice->origin,
                                 notice->subject, notice->text,  notice->recipients};
    sqlite3_bind_int64(row, 1, (sqlite3_int64)op->id);
    sqlite3_bind_text(row, 2, op->recipient, -1, SQLITE_STATIC);
    for (int i = 0; i < 5; i++)
        sqlite3_bind_int64(row, 3 + i, numbers[i]);
    sqlite3_bind_double(row, 8, notice->number); /* NaN becomes NULL */
    sqlite3_bind_double(row, 9, notice->limit);
    sqlite3_bind_int(row, 10, notice->decimals);
    sqlite3_bind_int64(row, 11, notice->wall);
    for (int i = 0; i < 9; i++)
        sqlite3_bind_text(row, 12 + i, texts[i], -1, SQLITE_STATIC);
    return step(store, row, err);
}

/* Each step says the same when it is carried out twice (notify_keep counts on it). */
static int carry_out(struct notify_store *store, const struct notify_op *op, struct err *err)
{
    sqlite3_stmt *row;
    switch (op->kind) {
    case NOTIFY_OP_ADD:
        return add(store, op, err);
    case NOTIFY_OP_JOB:
        row = store->statements[JOB];
        sqlite3_bind_int64(row, 1, (sqlite3_int64)op->id);
        sqlite3_bind_int64(row, 2, (sqlite3_int64)op->job);
        return step(store, row, err);
    case NOTIFY_OP_DONE:
        row = store->statements[DONE];
        sqlite3_bind_int64(row, 1, (sqlite3_int64)op->id);
        return step(store, row, err);
    case NOTIFY_OP_LOST:
        row = store->statements[op->count ? LOST : FOUND];
        sqlite3_bind_text(row, 1, op->recipient, -1, SQLITE_STATIC);
        if (op->count) {
            sqlite3_bind_int64(row, 2, (sqlite3_int64)op->count);
            sqlite3_bind_int64(row, 3, op->since);
        }
        return step(store, row, err);
    case NOTIFY_OP_KEEP:
        row = store->statements[KEEP];
        sqlite3_bind_text(row, 1, op->recipient, -1, SQLITE_STATIC);
        sqlite3_bind_int(row, 2, op->severity);
        sqlite3_bind_int64(row, 3, (sqlite3_int64)op->id);
        return step(store, row, err);
    case NOTIFY_OP_MARK:
        break;
    case NOTIFY_OP_SWEEP:
        return step(store, store->statements[SWEEP], err);
    }
    int code = database_run(kind, store->file.db, "DELETE FROM lost", "written", err);
    return code < 0 ? code : step(store, store->statements[MARK], err);
}

static int transact(struct notify_store *store, struct notify_op *const *lists, size_t count,
                    struct err *err)
{
    int code = prepare(store, err);
    if (code == 0)
        code = database_run(kind, store->file.db, "BEGIN IMMEDIATE", "written", err);
    for (size_t i = 0; i < count && code == 0; i++) {
        for (const struct notify_op *op = lists[i]; op && code == 0; op = op->next)
            code = carry_out(store, op, err);
    }
    if (code == 0)
        code = database_run(kind, store->file.db, "COMMIT", "written", err);
    if (code < 0)
        database_roll_back(store->file.db);
    return code;
}

/* ---- another file ---------------------------------------------------------------------------- */

static int copy_row(sqlite3_stmt *from, sqlite3_stmt *to)
{
    for (int i = 0; i < sqlite3_column_count(from); i++)
        sqlite3_bind_value(to, i + 1, sqlite3_column_value(from, i));
    int result = sqlite3_step(to);
    sqlite3_reset(to);
    return result;
}

/* What can be read of it: a damaged file ends where its damage begins. */
static int copy_waiting(struct notify_store *store, sqlite3_stmt *from, sqlite3_stmt *to,
                        struct err *err)
{
    while (from && sqlite3_step(from) == SQLITE_ROW) {
        if (copy_row(from, to) != SQLITE_DONE)
            return database_err(kind, store->file.db, err, "written");
    }
    return 0;
}

/* The new file takes over what waited in the one before, which is open still though it was moved
 * or deleted. */
static int take_over(struct notify_store *store, struct err *err)
{
    sqlite3_stmt *from = NULL, *to = NULL;
    int code = database_run(kind, store->file.db, "BEGIN IMMEDIATE", "written", err);
    if (code < 0)
        return code;
    sqlite3_prepare_v2(store->before, "SELECT * FROM waiting ORDER BY id", -1, &from, NULL);
    if (sqlite3_prepare_v2(store->file.db,
                           "INSERT OR IGNORE INTO waiting VALUES"
                           "(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
                           -1, &to, NULL) == SQLITE_OK)
        code = copy_waiting(store, from, to, err);
    else
        code = database_err(kind, store->file.db, err, "written");
    sqlite3_finalize(from);
    sqlite3_finalize(to);
    if (code == 0)
        code = database_run(kind, store->file.db, "COMMIT", "written", err);
    if (code < 0) {
        database_roll_back(store->file.db);
        return code;
    }
    sqlite3_close(store->before);
    store->before = NULL;
    return 0;
}

/* Keep the connection to the file of before for take_over(). Log and index lie beside the path, and
 * are the next file's from now on: the old ones lose their names at once, and the old connection
 * must not delete the new ones when it closes. */
static void put_by(struct notify_store *store, bool gone)
{
    static const char *const suffixes[] = {"-wal", "-shm"};
    if (!store->file.db || store->before)
        return;
    store->before = store->file.db;
    store->file.db = NULL;
    sqlite3_db_config(store->before, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    for (size_t i = 0; gone && i < sizeof suffixes / sizeof *suffixes; i++) {
        char path[320];
        snprintf(path, sizeof path, "%s%s", store->file.path, suffixes[i]);
        unlink(path); /* mostly it went with the file */
    }
}

/* Another file, which is to go on with the number of this run. */
static int renew(struct notify_store *store, bool gone, struct err *err)
{
    finalize(store);
    put_by(store, gone);
    int code = gone ? database_reopen(&store->file, err) : database_replace(&store->file, err);
    if (code < 0)
        return code;
    store->generation++;
    char sql[120];
    snprintf(sql, sizeof sql, CACHE "; UPDATE run SET number = max(number, %lu)",
             (unsigned long)store->run);
    return database_run(kind, store->file.db, sql, "written", err);
}

int notify_store_write(struct notify_store *store, struct notify_op *const *lists, size_t count,
                       struct err *err)
{
    int code = 0;
    if (!store->file.db || !database_in_place(&store->file)) {
        if (store->file.db)
            log_warning("notify", "%s was moved or deleted while the program ran",
                        store->file.path);
        code = renew(store, true, err);
    }
    if (code == 0 && store->before)
        code = take_over(store, err);
    if (code == 0)
        code = transact(store, lists, count, err);
    if (code == -EBADMSG && store->file.db) {
        struct err why = ERR_EMPTY;
        if (err)
            log_error("notify", "%s", err->text);
        if (renew(store, false, &why) < 0)
            return err_set(err, -EIO, "%.400s", why.text);
    }
    return code;
}

struct notify_op *notify_op_free(struct notify_op *op)
{
    while (op) {
        struct notify_op *next = op->next;
        notify_entry_drop(op->entry);
        free(op);
        op = next;
    }
    return NULL;
}
