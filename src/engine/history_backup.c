#include "engine/history_backup.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "engine/history_file.h"

#define STEP_PAGES 128                /* half a megabyte, then the disk is free for ticks */
#define STEP_PAUSE_NS (10 * 1000000L) /* ... for this long */
#define PATH_SIZE HISTORY_BACKUP_PATH
#define FORMER_MOST 10000

/* ---- copying --------------------------------------------------------------------------------- */

static int copy_pages(sqlite3 *from, sqlite3 *to, struct err *err)
{
    sqlite3_backup *backup = sqlite3_backup_init(to, "main", from, "main");
    int step = SQLITE_OK;
    while (backup && (step = sqlite3_backup_step(backup, STEP_PAGES)) == SQLITE_OK)
        nanosleep(&(struct timespec){.tv_nsec = STEP_PAUSE_NS}, NULL);
    int end = sqlite3_backup_finish(backup);
    if (backup && step == SQLITE_DONE && end == SQLITE_OK)
        return 0;
    return history_file_err(to, err, "copied");
}

/* The snapshot is held by a transaction: without it every tick would make the copy begin anew. */
static int copy_snapshot(sqlite3 *from, const char *name, const char *to, struct err *err)
{
    sqlite3 *db = NULL;
    int result = sqlite3_exec(from, "BEGIN; SELECT count(*) FROM sqlite_schema", NULL, NULL, NULL)
                     ? history_file_err(from, err, "copied")
                     : database_format(&history_database, from, name, err);
    if (result < 0)
        return result;
    if (sqlite3_open_v2(to, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL) == SQLITE_OK)
        result = copy_pages(from, db, err);
    else
        result = err_set(err, -EIO, "cannot make %s: %s", to, sqlite3_errmsg(db));
    sqlite3_close(db);
    database_roll_back(from);
    return result < 0 ? result : 0;
}

static void remove_file(const char *path)
{
    static const char *const suffixes[] = {"", "-wal", "-shm", "-journal"};
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        char name[PATH_SIZE + 10];
        snprintf(name, sizeof name, "%s%s", path, suffixes[i]);
        unlink(name);
    }
}

/* A copy of the file `from` as the file `to`, durable and checked. */
static int copy_file(const char *from, const char *to, struct history_check_report *report,
                     struct err *err)
{
    remove_file(to);
    sqlite3 *db = history_check_connect(from, err);
    if (!db)
        return err->code;
    int result = copy_snapshot(db, from, to, err);
    sqlite3_close(db);
    if (result == 0)
        result = history_check(to, NULL, NULL, report, err);
    if (result < 0)
        remove_file(to);
    return result;
}

static int rename_copy(const char *from, const char *to, struct err *err)
{
    if (rename(from, to) == 0 && file_sync_folder_of(to) == 0)
        return 0;
    int code = err_set_errno(err, -errno, "cannot put the copy at %s", to);
    remove_file(from);
    return code;
}

int history_backup(const char *folder, const char *to, struct history_check_report *report,
                   struct err *err)
{
    struct err why = ERR_EMPTY;
    char from[PATH_SIZE], new[PATH_SIZE];
    int result = 0;
    if (snprintf(from, sizeof from, "%s/history.db", folder) >= (int)sizeof from ||
        snprintf(new, sizeof new, "%s.new", to) >= (int)sizeof new)
        result = err_set(&why, -ENAMETOOLONG, "the name is too long: %s", to);
    else if (access(to, F_OK) == 0)
        result = err_set(&why, -EEXIST, "%s exists; move it away or name another file", to);
    if (result == 0)
        result = copy_file(from, new, report, &why);
    if (result == 0)
        result = rename_copy(new, to, &why);
    if (result < 0 && err)
        *err = why;
    return result;
}

/* ---- back ------------------------------------------------------------------------------------ */

/* A second name for the file and its log; the first goes when the new file takes its place. */
static int keep_former(const char *path, char *former, size_t size, struct err *err)
{
    char from[PATH_SIZE + 10], to[PATH_SIZE + 10];
    *former = '\0';
    if (access(path, F_OK) != 0)
        return 0;
    for (int number = 1; number < FORMER_MOST; number++) {
        if (snprintf(former, size, "%s.before-%d", path, number) >= (int)size)
            return err_set(err, -ENAMETOOLONG, "the name is too long: %s", path);
        if (access(former, F_OK) != 0)
            break;
    }
    snprintf(from, sizeof from, "%s-wal", path);
    snprintf(to, sizeof to, "%s-wal", former);
    if ((link(from, to) == 0 || errno == ENOENT) && link(path, former) == 0 &&
        file_sync_folder_of(path) == 0)
        return 0;
    return err_set_errno(err, -errno, "the former history cannot be kept as %s", former);
}

static int exchange(const char *folder, const char *new, char *former, struct err *err)
{
    char path[PATH_SIZE], log[PATH_SIZE + 10];
    snprintf(path, sizeof path, "%s/history.db", folder);
    int result = keep_former(path, former, HISTORY_BACKUP_PATH, err);
    if (result < 0)
        return result;
    /* a log of the former file must never meet the new one */
    snprintf(log, sizeof log, "%s-shm", path);
    unlink(log);
    snprintf(log, sizeof log, "%s-wal", path);
    if (unlink(log) != 0 && errno != ENOENT)
        return err_set_errno(err, -errno, "cannot remove %s", log);
    file_sync_folder_of(path);
    return rename_copy(new, path, err);
}

/* Whoever restores may be another user (root) than the daemon that the folder belongs to. */
static void own_like(const char *folder, const char *path)
{
    struct stat facts;
    if (stat(folder, &facts) == 0 && facts.st_uid != geteuid() &&
        chown(path, facts.st_uid, facts.st_gid) != 0)
        log_warning("history", "%s cannot be given to the owner of %s", path, folder);
}

static int restore(const char *from, const char *folder, char *former,
                   struct history_check_report *report, struct err *err)
{
    char new[PATH_SIZE];
    snprintf(new, sizeof new, "%.4000s/history.db.restoring", folder);
    int result = copy_file(from, new, report, err);
    if (result == 0 && history_check_found_damage(report))
        result = err_set(err, -EBADMSG,
                         "%s is damaged; `busbar history repair %s` makes a whole one of it", from,
                         from);
    if (result == 0)
        own_like(folder, new);
    if (result == 0)
        result = exchange(folder, new, former, err);
    if (result < 0)
        remove_file(new);
    return result;
}

int history_restore(const char *from, const char *folder, char *former,
                    struct history_check_report *report, struct err *err)
{
    struct err why = ERR_EMPTY;
    *former = '\0';
    int result = file_make_folder(folder, 0750, &why);
    int lock = result == 0 ? database_lock(&history_database, folder, &why) : -1;
    if (lock >= 0) {
        char path[PATH_SIZE];
        snprintf(path, sizeof path, "%.4000s/history.lock", folder);
        own_like(folder, path);
    }
    result = lock < 0 ? why.code : restore(from, folder, former, report, &why);
    if (lock >= 0)
        close(lock);
    if (result < 0 && err)
        *err = why;
    return result;
}
