/* event_file - the SQLite file that holds the event log: opening, lock, format, damage.
 *
 * `events.db` in the state folder, in WAL mode with every commit synced, under a lock that keeps a
 * second daemon out. A damaged file is set aside under a new name, never overwritten; one of a
 * newer program or of something else is refused. Writer's thread only; readers open their own.
 *
 *   event  one row a record, never changed (a trigger refuses), removed from the oldest end only
 *   boot   starts of the machine: `shift` = wall - mono once the wall clock was known in it, and
 *          `floor`, the newest date before it, for what happened at an unknown time
 */
#pragma once

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

#define EVENT_FILE_FORMAT 1
#define EVENT_FILE_NAME "events.db"

struct event_file {
    sqlite3 *db;
    int lock;
    char folder[256], path[288];
    dev_t device; /* of the open file: it may be deleted or replaced under us */
    ino_t inode;
    char notice[200]; /* a sentence when a damaged file was set aside, else "" */
};

#define EVENT_FILE_EMPTY ((struct event_file){.lock = -1})

/* Open or make the file. 0 or negative errno and `err`. */
int event_file_open(struct event_file *file, const char *folder, struct err *err);
void event_file_close(struct event_file *file);

/* Begin a new file, keeping the lock: the open one is damaged and is set aside, or (`gone`) it has
 * been moved or deleted under us. All statements must be finalized. */
int event_file_renew(struct event_file *file, bool gone, struct err *err);

/* Whether the path still leads to the file that is open. */
bool event_file_in_place(const struct event_file *file);

/* A read-only connection; NULL and `err`. Close with sqlite3_close. */
sqlite3 *event_file_open_reader(const char *folder, struct err *err);

/* ---- SQLite with our errors ------------------------------------------------------------------ */

/* Fill `err` with "the event log cannot be WHAT: reason"; returns the errno-like code of the
 * connection's last failure: -ENOSPC, -EIO, -EROFS, -EBADMSG (damaged), -EBUSY, -ENOMEM. */
int event_file_err(sqlite3 *db, struct err *err, const char *what);

/* Run statements without results. 0, or a code and `err` ("... cannot be WHAT"). */
int event_file_run(sqlite3 *db, const char *sql, const char *what, struct err *err);

/* Roll back if a transaction is open. */
void event_file_roll_back(sqlite3 *db);

/* The integer that a query without parameters yields; `fallback` when it has no row or it is NULL.
 * 0, or a code and `err`. */
int event_file_number(sqlite3 *db, const char *sql, int64_t fallback, int64_t *number,
                      struct err *err);
