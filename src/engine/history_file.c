#include "engine/history_file.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"

#define APPLICATION_ID 0x62626879 /* "bbhy", tells file(1) and us whose file it is */
#define BUSY_MS 2000              /* somebody may look into the file with other tools */

#define FORMAT_2                                                                                   \
    "CREATE TABLE piece(key INTEGER PRIMARY KEY, row BLOB NOT NULL);"                              \
    "CREATE TABLE boot(boot TEXT PRIMARY KEY, offset INTEGER NOT NULL) WITHOUT ROWID;"             \
    "CREATE TABLE state(name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;"             \
    "PRAGMA user_version = 2;"

static const char schema[] =
    "BEGIN IMMEDIATE;"
    "CREATE TABLE series(number INTEGER PRIMARY KEY, path TEXT NOT NULL, quantity INTEGER NOT NULL,"
    " decimals INTEGER NOT NULL, first INTEGER NOT NULL, sum INTEGER NOT NULL);"
    "CREATE INDEX series_path ON series(path);"
    "CREATE TABLE tick(time INTEGER PRIMARY KEY, row BLOB NOT NULL);"
    "CREATE TABLE block(key INTEGER PRIMARY KEY, row BLOB NOT NULL);"
    "CREATE TABLE undated(number INTEGER PRIMARY KEY, boot TEXT NOT NULL, mono INTEGER NOT NULL,"
    " row BLOB NOT NULL);"
    "PRAGMA application_id = 0x62626879;" FORMAT_2 "COMMIT";
static const char from_format_1[] = "BEGIN IMMEDIATE;" FORMAT_2 "COMMIT";
_Static_assert(APPLICATION_ID == 0x62626879 && HISTORY_FILE_FORMAT == 2, "as in the schema");

/* No mmap: a disk error would arrive as a signal instead of a result. */
static const char connection_settings[] =
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
    "PRAGMA temp_store = MEMORY; PRAGMA mmap_size = 0;"
    "PRAGMA cell_size_check = ON; PRAGMA trusted_schema = OFF;"
    "PRAGMA journal_size_limit = 8388608";

/* ---- SQLite with our errors ------------------------------------------------------------------ */

int history_file_code(sqlite3 *db)
{
    switch (sqlite3_extended_errcode(db) & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE:
        return 0;
    case SQLITE_FULL:
        return -ENOSPC;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_ERROR: /* a missing table or column: the file is not what it claims to be */
        return -EBADMSG;
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
        return -EROFS;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL:
        return -EBUSY;
    case SQLITE_NOMEM:
        return -ENOMEM;
    case SQLITE_IOERR:
        return sqlite3_system_errno(db) == ENOSPC ? -ENOSPC : -EIO;
    default:
        return -EIO;
    }
}

int history_file_err(sqlite3 *db, struct err *err, const char *what)
{
    int code = history_file_code(db);
    if (code == -ENOSPC)
        return err_set(err, code, "the history cannot be %s: the disk is full", what);
    return err_set(err, code ? code : -EIO, "the history cannot be %s: %s", what,
                   sqlite3_errmsg(db));
}

int history_file_run(sqlite3 *db, const char *sql, const char *what, struct err *err)
{
    return sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0
                                                                : history_file_err(db, err, what);
}

int history_file_damaged(struct err *err, const char *what)
{
    return err_set(err, -EBADMSG, "the history cannot be %s: its file is damaged", what);
}

void history_file_roll_back(sqlite3 *db)
{
    if (!sqlite3_get_autocommit(db))
        sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
}

int history_file_number(sqlite3 *db, const char *sql, int64_t fallback, int64_t *number,
                        struct err *err)
{
    sqlite3_stmt *statement = NULL;
    *number = fallback;
    sqlite3_prepare_v2(db, sql, -1, &statement, NULL);
    int result = statement ? sqlite3_step(statement) : SQLITE_ERROR;
    if (result == SQLITE_ROW && sqlite3_column_type(statement, 0) == SQLITE_INTEGER)
        *number = sqlite3_column_int64(statement, 0);
    int code =
        result == SQLITE_ROW || result == SQLITE_DONE ? 0 : history_file_err(db, err, "read");
    sqlite3_finalize(statement);
    return code;
}

/* ---- opening --------------------------------------------------------------------------------- */

int history_file_lock(const char *folder, struct err *err)
{
    char path[300];
    snprintf(path, sizeof path, "%s/history.lock", folder);
    int lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
    if (lock < 0)
        return err_set_errno(err, -errno, "the history in %s cannot be used", folder);
    if (flock(lock, LOCK_EX | LOCK_NB) == 0)
        return lock;
    int code = -errno;
    close(lock);
    if (code == -EWOULDBLOCK)
        return err_set(err, -EBUSY, "the history in %s is in use by another busbar", folder);
    return err_set_errno(err, code, "the history in %s cannot be locked", folder);
}

static int take_lock(struct history_file *file, struct err *err)
{
    int lock = history_file_lock(file->folder, err);
    file->lock = lock < 0 ? -1 : lock;
    return lock < 0 ? lock : 0;
}

/* The small tables whole (the tail is about an hour), the big one along its newest edge: an opening
 * must be quick. */
static int check_content(struct history_file *file, struct err *err)
{
    static const char *const checks[] = {"PRAGMA quick_check('series')",
                                         "PRAGMA quick_check('tick')",
                                         "PRAGMA quick_check('undated')"};
    for (size_t i = 0; i < sizeof checks / sizeof *checks; i++) {
        sqlite3_stmt *statement = NULL;
        sqlite3_prepare_v2(file->db, checks[i], -1, &statement, NULL);
        bool ran = statement && sqlite3_step(statement) == SQLITE_ROW;
        const char *verdict = ran ? (const char *)sqlite3_column_text(statement, 0) : NULL;
        int code = verdict && strcmp(verdict, "ok") == 0 ? 0
                   : ran                                 ? -EBADMSG
                                                         : history_file_code(file->db);
        if (code)
            err_set(err, code, "the history is damaged: %s",
                    verdict ? verdict : sqlite3_errmsg(file->db));
        sqlite3_finalize(statement);
        if (code)
            return code;
    }
    int64_t edge;
    return history_file_number(file->db, "SELECT max(key) FROM block", 0, &edge, err);
}

int history_file_format(sqlite3 *db, const char *path, struct err *err)
{
    int64_t application, format = 0;
    int code = history_file_number(db, "PRAGMA application_id", 0, &application, err);
    if (code == 0)
        code = history_file_number(db, "PRAGMA user_version", 0, &format, err);
    if (code < 0)
        return code;
    if (application != APPLICATION_ID)
        return err_set(err, -EINVAL,
                       "%s is not a history of busbar; move it away or choose another folder",
                       path);
    if (format > HISTORY_FILE_FORMAT || format < 0)
        return err_set(
            err, -ENOTSUP,
            "%s was written by a newer busbar (format %d, this one knows up to %d); install that "
            "version again or move the file away",
            path, (int)format, HISTORY_FILE_FORMAT);
    return (int)format;
}

/* What cannot be read is not new. */
static bool is_unmarked(struct history_file *file)
{
    int64_t application, format;
    history_file_number(file->db, "PRAGMA application_id", 1, &application, NULL);
    history_file_number(file->db, "PRAGMA user_version", 1, &format, NULL);
    return application == 0 && format == 0;
}

/* Whose file it is, before anything is written to it: its format, 0 when it is new; or a code and
 * `err`. */
static int look_whose(struct history_file *file, bool *is_new, struct err *err)
{
    int64_t tables;
    int code = history_file_number(file->db, "SELECT count(*) FROM sqlite_schema", 0, &tables, err);
    *is_new = code == 0 && tables == 0 && is_unmarked(file);
    return code < 0 || *is_new ? code : history_file_format(file->db, file->path, err);
}

static int check_format(struct history_file *file, int format, struct err *err)
{
    /* A flipped bit in the header can say "for newer programs only": SQLite reads and never writes
     * such a file. */
    if (sqlite3_db_readonly(file->db, "main") == 1 && access(file->path, W_OK) == 0)
        return history_file_damaged(err, "written");
    int code = check_content(file, err);
    if (code == 0 && format == 1)
        code = history_file_run(file->db, from_format_1, "brought to the new format", err);
    return code;
}

static int open_db(struct history_file *file, struct err *err)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    if (sqlite3_open_v2(file->path, &file->db, flags, NULL) != SQLITE_OK) {
        int code = file->db ? history_file_err(file->db, err, "opened") : -ENOMEM;
        sqlite3_close(file->db);
        file->db = NULL;
        return code;
    }
    sqlite3_extended_result_codes(file->db, 1);
    sqlite3_busy_timeout(file->db, BUSY_MS);
    bool is_new;
    int format = look_whose(file, &is_new, err), result = format < 0 ? format : 0;
    if (result == 0)
        result = history_file_run(file->db, connection_settings, "opened", err);
    if (result == 0)
        result = is_new ? history_file_run(file->db, schema, "begun", err)
                        : check_format(file, format, err);
    struct stat facts;
    if (result == 0 && stat(file->path, &facts) == 0) {
        file->device = facts.st_dev;
        file->inode = facts.st_ino;
    }
    if (result < 0) {
        sqlite3_close(file->db);
        file->db = NULL;
    }
    return result;
}

/* Rename file and write-ahead log alike, so that a person can still recover what is readable. */
static int set_aside(struct history_file *file, const char *why, struct err *err)
{
    char name[320], from[320], to[340];
    int number = 1;
    do
        snprintf(name, sizeof name, "%s.damaged-%d", file->path, number++);
    while (access(name, F_OK) == 0 && number < 10000);
    snprintf(from, sizeof from, "%s-wal", file->path);
    snprintf(to, sizeof to, "%s-wal", name);
    if (rename(from, to) != 0 && errno != ENOENT)
        return err_set_errno(err, -errno, "the damaged history %s cannot be set aside", file->path);
    if (rename(file->path, name) != 0)
        return err_set_errno(err, -errno, "the damaged history %s cannot be set aside", file->path);
    snprintf(from, sizeof from, "%s-shm", file->path);
    unlink(from);
    snprintf(file->notice, sizeof file->notice,
             "The history was damaged and has been set aside as %.100s; a new one was begun.",
             strrchr(name, '/') + 1);
    log_error("history", "%s (%s)", file->notice, why);
    return 0;
}

static int open_or_set_aside(struct history_file *file, struct err *err)
{
    struct err why = ERR_EMPTY;
    int result = open_db(file, &why);
    if (result == -EBADMSG) {
        result = set_aside(file, why.text, err);
        if (result < 0)
            return result;
        result = open_db(file, &why);
    }
    if (result < 0 && err)
        *err = why;
    return result;
}

int history_file_open(struct history_file *file, const char *folder, struct err *err)
{
    *file = HISTORY_FILE_EMPTY;
    if (strlen(folder) >= sizeof file->folder)
        return err_set(err, -ENAMETOOLONG, "the history's folder has a name that is too long: %s",
                       folder);
    snprintf(file->folder, sizeof file->folder, "%s", folder);
    snprintf(file->path, sizeof file->path, "%s/history.db", folder);
    int result = file_make_folder(folder, 0750, err);
    if (result == 0)
        result = take_lock(file, err);
    if (result == 0)
        result = open_or_set_aside(file, err);
    if (result < 0)
        history_file_close(file);
    return result;
}

void history_file_close(struct history_file *file)
{
    int result = sqlite3_close(file->db);
    assert(result == SQLITE_OK); /* a statement was forgotten */
    (void)result;
    if (file->lock >= 0)
        close(file->lock);
    *file = HISTORY_FILE_EMPTY;
}

static void close_db(struct history_file *file)
{
    int result = sqlite3_close(file->db);
    assert(result == SQLITE_OK);
    (void)result;
    file->db = NULL;
}

int history_file_replace(struct history_file *file, struct err *err)
{
    char why[200];
    snprintf(why, sizeof why, "%s", file->db ? sqlite3_errmsg(file->db) : "found before");
    close_db(file);
    int result = access(file->path, F_OK) == 0 ? set_aside(file, why, err) : 0;
    return result < 0 ? result : open_or_set_aside(file, err);
}

int history_file_reopen(struct history_file *file, struct err *err)
{
    close_db(file);
    return open_or_set_aside(file, err);
}

bool history_file_in_place(const struct history_file *file)
{
    struct stat facts;
    return stat(file->path, &facts) == 0 && facts.st_dev == file->device &&
           facts.st_ino == file->inode;
}

sqlite3 *history_file_open_reader(const char *folder, struct err *err)
{
    char path[288];
    snprintf(path, sizeof path, "%s/history.db", folder);
    sqlite3 *db = NULL;
    if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK) {
        if (db)
            history_file_err(db, err, "read");
        else
            err_set(err, -ENOMEM, "there is no memory to read the history");
        sqlite3_close(db);
        return NULL;
    }
    sqlite3_extended_result_codes(db, 1);
    sqlite3_busy_timeout(db, BUSY_MS);
    return db;
}

static uint64_t bytes_of(const char *path, const char *suffix)
{
    char name[320];
    snprintf(name, sizeof name, "%s%s", path, suffix);
    struct stat facts;
    return stat(name, &facts) == 0 ? (uint64_t)facts.st_size : 0;
}

uint64_t history_file_bytes(const struct history_file *file)
{
    return bytes_of(file->path, "") + bytes_of(file->path, "-wal");
}
