#include "engine/event_file.h"

#include <errno.h>

#define APPLICATION_ID 0x62626576 /* "bbev", tells file(1) and us whose file it is */

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

/* Both edges, where we work; the whole would make the start wait, and is what verifying is for. */
static int check(sqlite3 *db, int format, struct err *err)
{
    static const char *const looks[] = {
        ("SELECT id FROM event WHERE length(hash) != 32 AND id IN (SELECT id FROM event ORDER BY id"
         " DESC LIMIT 100)"),
        "SELECT min(id) FROM event", "SELECT max(number) FROM boot"};
    (void)format; /* there has been one */
    for (size_t i = 0; i < sizeof looks / sizeof *looks; i++) {
        int64_t number;
        int code = event_file_number(db, looks[i], 0, &number, err);
        if (code < 0)
            return code;
        if (i == 0 && number)
            return err_set(err, -EBADMSG, "the event log is damaged at record %lld",
                           (long long)number);
    }
    return 0;
}

const struct database_kind event_database = {
    .name = "event log",
    .one = "an event log",
    .topic = "event_log",
    .file = EVENT_FILE_NAME,
    .lock = "events.lock",
    .application_id = APPLICATION_ID,
    .format = EVENT_FILE_FORMAT,
    .schema = schema,
    .log_limit = 4 << 20,
    .check = check,
};
