/* database - a SQLite file of ours in the state folder: lock, whose it is, format, damage.
 *
 * In WAL mode with every commit synced, under a lock that keeps a second daemon out. A damaged file
 * is set aside under a new name, never overwritten; one of a newer program or of something else is
 * refused and left byte for byte. What is in it and what it is called says its struct
 * database_kind: history_file and event_file have one each. One thread at a time; readers have
 * connections of their own.
 */
#pragma once

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

struct database_kind {
    const char *name;       /* in sentences: "event log" */
    const char *one;        /* "an event log" */
    const char *topic;      /* of the program's own log: "event_log" */
    const char *file;       /* "events.db" */
    const char *lock;       /* "events.lock" */
    int64_t application_id; /* of the file, as `schema` sets it */
    int format;             /* user_version, likewise: the newest that is known */
    const char *schema;     /* makes a new file, one transaction */
    int log_limit;          /* bytes that the write-ahead log is cut back to */
    /* Look into a file of format 1 to `format` at its opening, and bring an older one up: 0,
     * -EBADMSG when it is damaged, or another code; and `err`. */
    int (*check)(sqlite3 *db, int format, struct err *err);
};

struct database {
    const struct database_kind *kind;
    sqlite3 *db;
    int lock;
    char folder[256], path[288];
    dev_t device; /* of the open file: it may be deleted or replaced under us */
    ino_t inode;
    char notice[200]; /* a sentence when a damaged file was set aside, else "" */
};

#define DATABASE_EMPTY ((struct database){.lock = -1})

/* Open or make the file. 0 or negative errno and `err`; -EBADMSG only when what is damaged could
 * not be set aside or begun anew. */
int database_open(struct database *database, const struct database_kind *kind, const char *folder,
                  struct err *err);
void database_close(struct database *database);

/* Take the lock that a daemon holds: a descriptor to close, or -EBUSY or another code and `err`. */
int database_lock(const struct database_kind *kind, const char *folder, struct err *err);

/* The format of a file that was opened by other means, up to the kind's; -EINVAL when it is not of
 * this kind, -ENOTSUP when a newer busbar wrote it, another code; and `err`. */
int database_format(const struct database_kind *kind, sqlite3 *db, const char *path,
                    struct err *err);

/* Set the open file aside as damaged and begin a new one, keeping the lock. All statements must be
 * finalized. */
int database_replace(struct database *database, struct err *err);

/* Close and open again the file at the path, keeping the lock, after it was moved or deleted. */
int database_reopen(struct database *database, struct err *err);

/* Whether the path still leads to the file that is open. */
bool database_in_place(const struct database *database);

/* A read-only connection for questions; NULL and `err`. Close with sqlite3_close. */
sqlite3 *database_open_reader(const struct database_kind *kind, const char *folder,
                              struct err *err);

/* Bytes on disk, the log of the latest writes included. */
uint64_t database_bytes(const struct database *database);

/* ---- SQLite with our errors ------------------------------------------------------------------ */

/* The errno-like code of the connection's last failure: -ENOSPC, -EIO, -EROFS, -EBADMSG (damaged),
 * -EBUSY, -ENOMEM, -ECANCELED. */
int database_code(sqlite3 *db);

/* Fill `err` with "the NAME cannot be WHAT: reason"; returns the code, never 0. */
int database_err(const struct database_kind *kind, sqlite3 *db, struct err *err, const char *what);

/* Run one or more statements without results. 0, or a code and `err` ("... cannot be WHAT"). */
int database_run(const struct database_kind *kind, sqlite3 *db, const char *sql, const char *what,
                 struct err *err);

/* Roll back if a transaction is open. */
void database_roll_back(sqlite3 *db);

/* The integer that a query without parameters yields; `fallback` when it has no row or it is NULL.
 * 0, or a code and `err`. */
int database_number(const struct database_kind *kind, sqlite3 *db, const char *sql,
                    int64_t fallback, int64_t *number, struct err *err);
