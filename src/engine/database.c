#include "engine/database.h"

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

#define BUSY_MS 2000 /* somebody may look into the file with other tools */

/* No mmap: a disk error would arrive as a signal instead of a result. */
static const char connection_settings[] =
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
    "PRAGMA temp_store = MEMORY; PRAGMA mmap_size = 0;"
    "PRAGMA cell_size_check = ON; PRAGMA trusted_schema = OFF;"
    "PRAGMA journal_size_limit = %d";

/* ---- SQLite with our errors ------------------------------------------------------------------ */

int database_code(sqlite3 *db)
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

int database_err(const struct database_kind *kind, sqlite3 *db, struct err *err, const char *what)
{
    int code = database_code(db);
    if (code == -ENOSPC)
        return err_set(err, code, "the %s cannot be %s: the disk is full", kind->name, what);
    return err_set(err, code ? code : -EIO, "the %s cannot be %s: %s", kind->name, what,
                   sqlite3_errmsg(db));
}

int database_run(const struct database_kind *kind, sqlite3 *db, const char *sql, const char *what,
                 struct err *err)
{
    return sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0
                                                                : database_err(kind, db, err, what);
}

void database_roll_back(sqlite3 *db)
{
    if (!sqlite3_get_autocommit(db))
        sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
}

int database_number(const struct database_kind *kind, sqlite3 *db, const char *sql,
                    int64_t fallback, int64_t *number, struct err *err)
{
    sqlite3_stmt *statement = NULL;
    *number = fallback;
    sqlite3_prepare_v2(db, sql, -1, &statement, NULL);
    int result = statement ? sqlite3_step(statement) : SQLITE_ERROR;
    if (result == SQLITE_ROW && sqlite3_column_type(statement, 0) == SQLITE_INTEGER)
        *number = sqlite3_column_int64(statement, 0);
    int code =
        result == SQLITE_ROW || result == SQLITE_DONE ? 0 : database_err(kind, db, err, "read");
    sqlite3_finalize(statement);
    return code;
}

/* ---- whose it is ----------------------------------------------------------------------------- */

int database_lock(const struct database_kind *kind, const char *folder, struct err *err)
{
    char path[300];
    snprintf(path, sizeof path, "%s/%s", folder, kind->lock);
    int lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
    if (lock < 0)
        return err_set_errno(err, -errno, "the %s in %s cannot be used", kind->name, folder);
    if (flock(lock, LOCK_EX | LOCK_NB) == 0)
        return lock;
    int code = -errno;
    close(lock);
    if (code == -EWOULDBLOCK)
        return err_set(err, -EBUSY, "the %s in %s is in use by another busbar", kind->name, folder);
    return err_set_errno(err, code, "the %s in %s cannot be locked", kind->name, folder);
}

int database_format(const struct database_kind *kind, sqlite3 *db, const char *path,
                    struct err *err)
{
    int64_t application, format = 0;
    int code = database_number(kind, db, "PRAGMA application_id", 0, &application, err);
    if (code == 0)
        code = database_number(kind, db, "PRAGMA user_version", 0, &format, err);
    if (code < 0)
        return code;
    if (application != kind->application_id)
        return err_set(err, -EINVAL,
                       "%s is not %s of busbar; move it away or choose another folder", path,
                       kind->one);
    if (format > kind->format || format < 0)
        return err_set(
            err, -ENOTSUP,
            "%s was written by a newer busbar (format %d, this one knows up to %d); install that "
            "version again or move the file away",
            path, (int)format, kind->format);
    return (int)format;
}

/* What cannot be read is not new. */
static bool is_unmarked(const struct database *database)
{
    int64_t application, format;
    database_number(database->kind, database->db, "PRAGMA application_id", 1, &application, NULL);
    database_number(database->kind, database->db, "PRAGMA user_version", 1, &format, NULL);
    return application == 0 && format == 0;
}

/* Before anything is written to it: its format, 0 when it is new; or a code and `err`. */
static int look_whose(const struct database *database, bool *is_new, struct err *err)
{
    const struct database_kind *kind = database->kind;
    int64_t tables;
    int code =
        database_number(kind, database->db, "SELECT count(*) FROM sqlite_schema", 0, &tables, err);
    *is_new = code == 0 && tables == 0 && is_unmarked(database);
    return code < 0 || *is_new ? code : database_format(kind, database->db, database->path, err);
}

/* ---- opening --------------------------------------------------------------------------------- */

static void close_db(struct database *database)
{
    int result = sqlite3_close(database->db);
    assert(result == SQLITE_OK); /* a statement was forgotten */
    (void)result;
    database->db = NULL;
}

static int check(const struct database *database, int format, struct err *err)
{
    /* A flipped bit in the header can say "for newer programs only": SQLite reads and never writes
     * such a file. */
    if (sqlite3_db_readonly(database->db, "main") == 1 && access(database->path, W_OK) == 0)
        return err_set(err, -EBADMSG, "the %s cannot be written: its file is damaged",
                       database->kind->name);
    return database->kind->check(database->db, format, err);
}

static int set_up(struct database *database, struct err *err)
{
    const struct database_kind *kind = database->kind;
    char settings[sizeof connection_settings + 12];
    bool is_new;
    sqlite3_extended_result_codes(database->db, 1);
    sqlite3_busy_timeout(database->db, BUSY_MS);
    int format = look_whose(database, &is_new, err);
    if (format < 0)
        return format;
    snprintf(settings, sizeof settings, connection_settings, kind->log_limit);
    int result = database_run(kind, database->db, settings, "opened", err);
    if (result < 0)
        return result;
    return is_new ? database_run(kind, database->db, kind->schema, "begun", err)
                  : check(database, format, err);
}

static int open_db(struct database *database, struct err *err)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    int result = 0;
    if (sqlite3_open_v2(database->path, &database->db, flags, NULL) != SQLITE_OK)
        result = database->db
                     ? database_err(database->kind, database->db, err, "opened")
                     : err_set(err, -ENOMEM, "there is no memory for the %s", database->kind->name);
    if (result == 0)
        result = set_up(database, err);
    struct stat facts;
    if (result == 0 && stat(database->path, &facts) == 0) {
        database->device = facts.st_dev;
        database->inode = facts.st_ino;
    }
    if (result < 0)
        close_db(database);
    return result;
}

/* Rename file and write-ahead log alike, so that a person can still recover what is readable. */
static int set_aside(struct database *database, const char *why, struct err *err)
{
    const char *what = database->kind->name;
    char name[320], from[320], to[340];
    int number = 1;
    do
        snprintf(name, sizeof name, "%s.damaged-%d", database->path, number++);
    while (access(name, F_OK) == 0 && number < 10000);
    snprintf(from, sizeof from, "%s-wal", database->path);
    snprintf(to, sizeof to, "%s-wal", name);
    if ((rename(from, to) != 0 && errno != ENOENT) || rename(database->path, name) != 0)
        return err_set_errno(err, -errno, "the damaged %s %s cannot be set aside", what,
                             database->path);
    snprintf(from, sizeof from, "%s-shm", database->path);
    unlink(from);
    snprintf(database->notice, sizeof database->notice,
             "The %s was damaged and has been set aside as %.90s; a new one was begun.", what,
             strrchr(name, '/') + 1);
    log_error(database->kind->topic, "%s (%s)", database->notice, why);
    return 0;
}

static int open_or_set_aside(struct database *database, struct err *err)
{
    struct err why = ERR_EMPTY;
    int result = open_db(database, &why);
    if (result == -EBADMSG) {
        result = set_aside(database, why.text, err);
        if (result < 0)
            return result;
        result = open_db(database, &why);
    }
    if (result < 0 && err)
        *err = why;
    return result;
}

/* ---- public ---------------------------------------------------------------------------------- */

int database_open(struct database *database, const struct database_kind *kind, const char *folder,
                  struct err *err)
{
    *database = DATABASE_EMPTY;
    database->kind = kind;
    if (strlen(folder) >= sizeof database->folder)
        return err_set(err, -ENAMETOOLONG, "the %s's folder has a name that is too long: %s",
                       kind->name, folder);
    snprintf(database->folder, sizeof database->folder, "%s", folder);
    snprintf(database->path, sizeof database->path, "%s/%s", folder, kind->file);
    int result = file_make_folder(folder, 0750, err);
    if (result == 0) {
        int lock = database_lock(kind, folder, err);
        database->lock = lock < 0 ? -1 : lock;
        result = lock < 0 ? lock : open_or_set_aside(database, err);
    }
    if (result < 0)
        database_close(database);
    return result;
}

void database_close(struct database *database)
{
    close_db(database);
    if (database->lock >= 0)
        close(database->lock);
    *database = DATABASE_EMPTY;
}

int database_replace(struct database *database, struct err *err)
{
    char why[200];
    snprintf(why, sizeof why, "%s", database->db ? sqlite3_errmsg(database->db) : "found before");
    close_db(database);
    int result = access(database->path, F_OK) == 0 ? set_aside(database, why, err) : 0;
    return result < 0 ? result : open_or_set_aside(database, err);
}

int database_reopen(struct database *database, struct err *err)
{
    close_db(database);
    return open_or_set_aside(database, err);
}

bool database_in_place(const struct database *database)
{
    struct stat facts;
    return stat(database->path, &facts) == 0 && facts.st_dev == database->device &&
           facts.st_ino == database->inode;
}

sqlite3 *database_open_reader(const struct database_kind *kind, const char *folder, struct err *err)
{
    char path[4200];
    snprintf(path, sizeof path, "%.4096s/%s", folder, kind->file);
    sqlite3 *db = NULL;
    if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK) {
        int code = db ? database_code(db) : -ENOMEM;
        err_set(err, code ? code : -EIO, "the %s %s cannot be read: %s", kind->name, path,
                db ? sqlite3_errmsg(db) : "no memory");
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

uint64_t database_bytes(const struct database *database)
{
    return bytes_of(database->path, "") + bytes_of(database->path, "-wal");
}
