#include "engine/history_check.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/history_file.h"
#include "engine/history_series.h"

#define BUSY_MS 5000

struct check {
    sqlite3 *db;
    struct history_series_list series;
    history_damage_fn *damage;
    void *user;
    struct history_check_report *report;
    struct err *err;
};

/* ---- opening --------------------------------------------------------------------------------- */

static uint64_t bytes_of(const char *path, const char *suffix)
{
    char name[4200];
    snprintf(name, sizeof name, "%s%s", path, suffix);
    struct stat facts;
    return stat(name, &facts) == 0 ? (uint64_t)facts.st_size : 0;
}

/* A file that nobody writes: SQLite then makes no files of its own beside it. */
static int open_unchanging(const char *path, sqlite3 **db)
{
    char *absolute = realpath(path, NULL);
    char *name = absolute ? sqlite3_mprintf("file://%s?immutable=1", absolute) : NULL;
    int flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_URI;
    bool plain = name && !strpbrk(absolute, "?#%");
    int result = plain ? sqlite3_open_v2(name, db, flags, NULL) : SQLITE_CANTOPEN;
    sqlite3_free(name);
    free(absolute);
    return result;
}

/* Whether nobody writes the file: no log belongs to it, and it is a backup or has been set aside,
 * or its folder cannot be written. */
static bool is_unchanging(const char *path)
{
    char folder[4200];
    snprintf(folder, sizeof folder, "%s", path);
    char *slash = strrchr(folder, '/'), *name = slash ? slash + 1 : folder;
    bool in_use = strcmp(name, "history.db") == 0;
    strcpy(name, ".");
    return bytes_of(path, "-wal") == 0 && (!in_use || access(folder, W_OK) != 0);
}

sqlite3 *history_check_connect(const char *path, struct err *err)
{
    sqlite3 *db = NULL;
    int flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX;
    if (access(path, R_OK) != 0) {
        err_set_errno(err, -errno, "cannot read %s", path);
        return NULL;
    }
    int result = is_unchanging(path) ? open_unchanging(path, &db) : SQLITE_CANTOPEN;
    if (!db)
        result = sqlite3_open_v2(path, &db, flags, NULL);
    if (result != SQLITE_OK) {
        err_set(err, -EIO, "cannot read %s: %s", path, db ? sqlite3_errmsg(db) : "no memory");
        sqlite3_close(db);
        return NULL;
    }
    sqlite3_extended_result_codes(db, 1);
    sqlite3_busy_timeout(db, BUSY_MS);
    return db;
}

/* ---- blobs ----------------------------------------------------------------------------------- */

static const char *path_of(const struct check *check, uint32_t number)
{
    for (size_t i = 0; i < check->series.count; i++) {
        if (check->series.list[i].number == number)
            return check->series.list[i].path;
    }
    return NULL;
}

static void note_damage(struct check *check, struct history_damage *damage)
{
    check->report->damaged[damage->table]++;
    damage->path = path_of(check, damage->look.series);
    if (check->damage)
        check->damage(check->user, damage);
}

static void note_whole(struct check *check, enum history_table table,
                       const struct history_look *look)
{
    struct history_check_report *report = check->report;
    report->readings += look->readings;
    report->rows += look->rows;
    if (table == HISTORY_TABLE_UNDATED)
        return;
    if (!report->from || look->first < report->from)
        report->from = look->first;
    if (look->last > report->until)
        report->until = look->last;
}

/* What SQLite could not read is damage of its pages; the first words count. */
static void note_structure(struct check *check, const char *what)
{
    struct history_check_report *report = check->report;
    if (!*report->structure)
        snprintf(report->structure, sizeof report->structure, "%s", what);
}

/* Each blob of a table; `rows` gives place (ascending), key and blob. */
static int check_blobs(struct check *check, enum history_table table, const char *sql)
{
    sqlite3_stmt *rows = NULL;
    int step = SQLITE_ERROR, result = 0;
    int64_t before = INT64_MIN;
    sqlite3_prepare_v2(check->db, sql, -1, &rows, NULL);
    while (result == 0 && rows && (step = sqlite3_step(rows)) == SQLITE_ROW) {
        struct history_damage damage = {.table = table, .key = sqlite3_column_int64(rows, 1)};
        int64_t place = sqlite3_column_int64(rows, 0);
        if (place <= before && before != INT64_MIN) {
            /* whoever relies on order would walk in circles */
            note_structure(check, "rows are out of order");
            break;
        }
        before = place;
        check->report->blobs[table]++;
        const uint8_t *bytes = sqlite3_column_blob(rows, 2);
        size_t length = (size_t)sqlite3_column_bytes(rows, 2);
        int look = history_look(table, damage.key, bytes, length, &damage.look);
        if (look == 0)
            note_whole(check, table, &damage.look);
        else if (look == -EBADMSG)
            note_damage(check, &damage);
        else
            result = err_set(check->err, look, "%s",
                             look == -ENOMEM ? "there is no memory to check the history"
                                             : "the history holds blobs of a newer busbar");
    }
    if (step != SQLITE_ROW && step != SQLITE_DONE) {
        if (database_code(check->db) == -EBADMSG)
            note_structure(check, sqlite3_errmsg(check->db));
        else
            result = history_file_err(check->db, check->err, "checked");
    }
    sqlite3_finalize(rows);
    return result;
}

/* ---- the rest -------------------------------------------------------------------------------- */

static int check_series(struct check *check)
{
    sqlite3_stmt *rows = NULL;
    int step = SQLITE_ERROR;
    sqlite3_prepare_v2(check->db,
                       "SELECT number, path, quantity, decimals, sum FROM series ORDER BY number",
                       -1, &rows, NULL);
    while (rows && (step = sqlite3_step(rows)) == SQLITE_ROW) {
        struct history_definition definition;
        struct history_damage damage = {.table = HISTORY_TABLE_SERIES,
                                        .key = sqlite3_column_int64(rows, 0)};
        check->report->blobs[HISTORY_TABLE_SERIES]++;
        damage.look.series = (uint32_t)damage.key;
        if (history_series_take(rows, 0, &definition))
            history_series_add(&check->series, &definition);
        else
            note_damage(check, &damage);
    }
    if (step != SQLITE_DONE)
        note_structure(check, sqlite3_errmsg(check->db));
    sqlite3_finalize(rows);
    check->report->series = check->series.count;
    return 0;
}

/* Pages, order of keys, the index: what SQLite knows to look for. */
static void check_pages(struct check *check)
{
    sqlite3_stmt *verdict = NULL;
    sqlite3_prepare_v2(check->db, "PRAGMA integrity_check(1)", -1, &verdict, NULL);
    int step = verdict ? sqlite3_step(verdict) : SQLITE_ERROR;
    const char *text = step == SQLITE_ROW ? (const char *)sqlite3_column_text(verdict, 0) : NULL;
    if (!text || strcmp(text, "ok") != 0)
        note_structure(check, text ? text : sqlite3_errmsg(check->db));
    sqlite3_finalize(verdict);
}

static int check_all(struct check *check, const char *path)
{
    static const struct {
        enum history_table table;
        const char *sql;
    } tables[] = {
        {HISTORY_TABLE_TICK, "SELECT time, time, row FROM tick ORDER BY time"},
        {HISTORY_TABLE_BLOCK, "SELECT key, key, row FROM block ORDER BY key"},
        {HISTORY_TABLE_UNDATED, "SELECT number, mono, row FROM undated ORDER BY number"},
        {HISTORY_TABLE_PIECE, "SELECT key, key, row FROM piece ORDER BY key"},
    };
    int format = database_format(&history_database, check->db, path, check->err);
    if (format == -EBADMSG) {
        note_structure(check, sqlite3_errmsg(check->db));
        return 0;
    }
    if (format < 0)
        return format;
    int result = check_series(check);
    for (size_t i = 0; i < sizeof tables / sizeof *tables && result == 0; i++) {
        if (format > 1 || tables[i].table != HISTORY_TABLE_PIECE)
            result = check_blobs(check, tables[i].table, tables[i].sql);
    }
    check_pages(check);
    return result;
}

int history_check(const char *path, history_damage_fn *damage, void *user,
                  struct history_check_report *report, struct err *err)
{
    *report = (struct history_check_report){0};
    struct check check = {.series = HISTORY_SERIES_LIST_EMPTY,
                          .damage = damage,
                          .user = user,
                          .report = report,
                          .err = err};
    check.db = history_check_connect(path, err);
    if (!check.db)
        return err ? err->code : -EIO;
    report->bytes = bytes_of(path, "") + bytes_of(path, "-wal");
    /* one snapshot: what is tidied meanwhile is seen where it was */
    int result = 0;
    if (sqlite3_exec(check.db, "BEGIN; SELECT count(*) FROM sqlite_schema", NULL, NULL, NULL) !=
        SQLITE_OK) {
        if (database_code(check.db) == -EBADMSG)
            note_structure(&check, sqlite3_errmsg(check.db));
        else
            result = history_file_err(check.db, err, "checked");
    } else {
        result = check_all(&check, path);
    }
    database_roll_back(check.db);
    sqlite3_close(check.db);
    history_series_deinit(&check.series);
    return result;
}

bool history_check_found_damage(const struct history_check_report *report)
{
    uint64_t damaged = 0;
    for (int i = 0; i < HISTORY_TABLES; i++)
        damaged += report->damaged[i];
    return damaged > 0 || *report->structure;
}
