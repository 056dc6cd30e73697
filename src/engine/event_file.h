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

#include "engine/database.h"

#define EVENT_FILE_FORMAT 1
#define EVENT_FILE_NAME "events.db"

extern const struct database_kind event_database;

/* database.h, with our name in the sentences. */
static inline int event_file_err(sqlite3 *db, struct err *err, const char *what)
{
    return database_err(&event_database, db, err, what);
}

static inline int event_file_run(sqlite3 *db, const char *sql, const char *what, struct err *err)
{
    return database_run(&event_database, db, sql, what, err);
}

static inline int event_file_number(sqlite3 *db, const char *sql, int64_t fallback, int64_t *number,
                                    struct err *err)
{
    return database_number(&event_database, db, sql, fallback, number, err);
}
