#include "engine/event_file.h"

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

#define APPLICATION_ID 0x62626576 /* "bbev", tells file(1) and us whose file it is */
#define BUSY_MS 2000              /* somebody may look into the file with other tools */

static const char schema[] =
    "BEGIN IMMEDIATE;"
    "CREATE TABLE boot(number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE,"
    " floor INTEGER NOT NULL, shift INTEGER);"
    "CREATE TABLE event(id INTEGER PRIMARY KEY, wall INTEGER NOT NULL, known INTEGER NOT NULL,"
    " mono INTEGER NOT NULL, boot INTEGER NOT NULL, kind TEXT NOT NULL, severity INTEGER NOT NULL,"
    " actor TEXT NOT NULL, origin TEXT NOT NULL, object TEXT NOT NULL, text TEXT NOT NULL,"
    " detail TEXT NOT NULL, hash BLOB NOT NULL);"
    "CREATE INDEX event_kind ON event(kind);"
    "CREATE TRIGGER event_stays BEFORE UPDATE ON event"
    " BEGIN SELECT RAISE(ABORT, 'events are never changed'); END;"
    "PRAGMA application_id = 0x62626576;"
    "PRAGMA user_version = 1;"
    "COMMIT";
_Static_assert(APPLICATION_ID == 0x62626576 && EVENT_FILE_FORMAT == 1, "as in the schema");

/* No mmap: a disk error would arrive as a signal instead of a result. */
static const char connection_settings[] =
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
    "PRAGMA temp_store = MEMORY; PRAGMA mmap_size = 0;"
    "PRAGMA cell_size_check = ON; PRAGMA trusted_schema = OFF;"
    "PRAGMA journal_size_limit = 4194304";

/* ---- SQLite with our errors ------------------------------------------------------------------ */

static int code_of(sqlite3 *db)
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
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
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
    case SQLITE_INTERRUPT:
        return -ECANCELED;
    case SQLITE_IOERR:
        return sqlite3_system_errno(db) == ENOSPC ? -ENOSPC : -EIO;
    default:
        return -EIO;
    }
}

int event_file_err(sqlite3 *db, struct err *err, const char *what)
{
    int code = code_of(db);
    if (code == -ENOSPC)
        return err_set(err, code, "the event log cannot be %s: the disk is full", what);
    return err_set(err, code ? code : -EIO, "the event log cannot be %s: %s", what,
                   sqlite3_errmsg(db));
}

int event_file_run(sqlite3 *db, const char *sql, const char *what, struct err *err)
{
    return sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : event_file_err(db, err, what);
}

void event_file_roll_back(sqlite3 *db)
{
    if (!sqlite3_get_autocommit(db))
        sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
}

int event_file_number(sqlite3 *db, const char *sql, int64_t fallback, int64_t *number,
                      struct err *err)
{
    sqlite3_stmt *statement = NULL;
    *number = fallback;
    sqlite3_prepare_v2(db, sql, -1, &statement, NULL);
    int result = statement ? sqlite3_step(statement) : SQLITE_ERROR;
    if (result == SQLITE_ROW && sqlite3_column_type(statement, 0) == SQLITE_INTEGER)
        *number = sqlite3_column_int64(statement, 0);
    int code = result == SQLITE_ROW || result == SQLITE_DONE ? 0 : event_file_err(db, err, "read");
    sqlite3_finalize(statement);
    return code;
}

/* ---- opening --------------------------------------------------------------------------------- */

static int take_lock(struct event_file *file, struct err *err)
{
    char path[300];
    snprintf(path, sizeof path, "%s/events.lock", file->folder);
    file->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
    if (file->lock < 0)
        return err_set_errno(err, -errno, "the event log in %s cannot be used", file->folder);
    if (flock(file->lock, LOCK_EX | LOCK_NB) == 0)
        return 0;
    int code = -errno;
    close(file->lock);
    file->lock = -1;
    if (code == -EWOULDBLOCK)
        return err_set(err, -EBUSY, "the event log in %s is in use by another busbar",
                       file->folder);
    return err_set_errno(err, code, "the event log in %s cannot be locked", file->folder);
}

/* Both edges, where we work; the whole would make the start wait, and is what verifying is for. */
static int check_content(struct event_file *file, struct err *err)
{
    static const char *const looks[] = {
        ("SELECT id FROM event WHERE length(hash) != 32 AND id IN (SELECT id FROM event ORDER BY id"
         " DESC LIMIT 100)"),
        "SELECT min(id) FROM event", "SELECT max(number) FROM boot"};
    for (size_t i = 0; i < sizeof looks / sizeof *looks; i++) {
        int64_t number;
        int code = event_file_number(file->db, looks[i], 0, &number, err);
        if (code < 0)
            return code;
        if (i == 0 && number)
            return err_set(err, -EBADMSG, "the event log is damaged at record %lld",
                           (long long)number);
    }
    return 0;
}

static int check_format(struct event_file *file, struct err *err)
{
    int64_t application, format, tables;
    int code = event_file_number(file->db, "PRAGMA application_id", 0, &application, err);
    if (code == 0)
        code = event_file_number(file->db, "PRAGMA user_version", 0, &format, err);
    if (code == 0)
        code = event_file_number(file->db, "SELECT count(*) FROM sqlite_schema", 0, &tables, err);
    if (code < 0)
        return code;
    if (application == 0 && format == 0 && tables == 0)
        return event_file_run(file->db, schema, "begun", err);
    if (application != APPLICATION_ID)
        return err_set(err, -EINVAL,
                       "%s is not an event log of busbar; move it away or choose another folder",
                       file->path);
    if (format > EVENT_FILE_FORMAT)
        return err_set(
            err, -ENOTSUP,
            "%s was written by a newer busbar (format %d, this one knows up to %d); install that "
            "version again or move the file away",
            file->path, (int)format, EVENT_FILE_FORMAT);
    return check_content(file, err);
}

static void close_db(struct event_file *file)
{
    int result = sqlite3_close(file->db);
    assert(result == SQLITE_OK); /* a statement was forgotten */
    (void)result;
    file->db = NULL;
}

static int open_db(struct event_file *file, struct err *err)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    if (sqlite3_open_v2(file->path, &file->db, flags, NULL) != SQLITE_OK) {
        int code = file->db ? event_file_err(file->db, err, "opened")
                            : err_set(err, -ENOMEM, "no memory for the event log");
        close_db(file);
        return code;
    }
    sqlite3_extended_result_codes(file->db, 1);
    sqlite3_busy_timeout(file->db, BUSY_MS);
    int result = event_file_run(file->db, connection_settings, "opened", err);
    if (result == 0)
        result = check_format(file, err);
    struct stat facts;
    if (result == 0 && stat(file->path, &facts) == 0) {
        file->device = facts.st_dev;
        file->inode = facts.st_ino;
    }
    if (result < 0)
        close_db(file);
    return result;
}

/* Rename file and write-ahead log alike, so that a person can still recover what is readable. */
static int set_aside(struct event_file *file, const char *why, struct err *err)
{
    char name[320], from[320], to[340];
    int number = 1;
    do
        snprintf(name, sizeof name, "%s.damaged-%d", file->path, number++);
    while (access(name, F_OK) == 0 && number < 10000);
    snprintf(from, sizeof from, "%s-wal", file->path);
    snprintf(to, sizeof to, "%s-wal", name);
    if ((rename(from, to) != 0 && errno != ENOENT) || rename(file->path, name) != 0)
        return err_set_errno(err, -errno, "the damaged event log %s cannot be set aside",
                             file->path);
    snprintf(from, sizeof from, "%s-shm", file->path);
    unlink(from);
    snprintf(file->notice, sizeof file->notice,
             "The event log was damaged and has been set aside as %.90s; a new one was begun.",
             strrchr(name, '/') + 1);
    log_error("event_log", "%s (%s)", file->notice, why);
    return 0;
}

static int open_or_set_aside(struct event_file *file, struct err *err)
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

int event_file_open(struct event_file *file, const char *folder, struct err *err)
{
    *file = EVENT_FILE_EMPTY;
    if (strlen(folder) >= sizeof file->folder)
        return err_set(err, -ENAMETOOLONG, "the event log's folder has a name that is too long: %s",
                       folder);
    snprintf(file->folder, sizeof file->folder, "%s", folder);
    snprintf(file->path, sizeof file->path, "%s/" EVENT_FILE_NAME, folder);
    int result = file_make_folder(folder, 0750, err);
    if (result == 0)
        result = take_lock(file, err);
    if (result == 0)
        result = open_or_set_aside(file, err);
    if (result < 0)
        event_file_close(file);
    return result;
}

void event_file_close(struct event_file *file)
{
    close_db(file);
    if (file->lock >= 0)
        close(file->lock);
    *file = EVENT_FILE_EMPTY;
}

int event_file_renew(struct event_file *file, bool gone, struct err *err)
{
    char why[200];
    snprintf(why, sizeof why, "%s", file->db ? sqlite3_errmsg(file->db) : "found before");
    close_db(file);
    int result = 0;
    if (!gone && access(file->path, F_OK) == 0)
        result = set_aside(file, why, err);
    return result < 0 ? result : open_or_set_aside(file, err);
}

bool event_file_in_place(const struct event_file *file)
{
    struct stat facts;
    return stat(file->path, &facts) == 0 && facts.st_dev == file->device &&
           facts.st_ino == file->inode;
}

sqlite3 *event_file_open_reader(const char *folder, struct err *err)
{
    char path[4200];
    snprintf(path, sizeof path, "%.4096s/" EVENT_FILE_NAME, folder);
    sqlite3 *db = NULL;
    if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK) {
        int code = db ? event_file_err(db, NULL, "read") : -ENOMEM;
        err_set(err, code, "the event log %s cannot be read: %s", path,
                db ? sqlite3_errmsg(db) : "no memory");
        sqlite3_close(db);
        return NULL;
    }
    sqlite3_extended_result_codes(db, 1);
    sqlite3_busy_timeout(db, BUSY_MS);
    return db;
}
