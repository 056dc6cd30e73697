#include "engine/history_file.h"

#include <errno.h>
#include <string.h>

#define APPLICATION_ID 0x62626879 /* "bbhy", tells file(1) and us whose file it is */

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

/* The small tables whole (the tail is about an hour), the big one along its newest edge: an opening
 * must be quick. */
static int check_content(sqlite3 *db, struct err *err)
{
    static const char *const checks[] = {"PRAGMA quick_check('series')",
                                         "PRAGMA quick_check('tick')",
                                         "PRAGMA quick_check('undated')"};
    for (size_t i = 0; i < sizeof checks / sizeof *checks; i++) {
        sqlite3_stmt *statement = NULL;
        sqlite3_prepare_v2(db, checks[i], -1, &statement, NULL);
        bool ran = statement && sqlite3_step(statement) == SQLITE_ROW;
        const char *verdict = ran ? (const char *)sqlite3_column_text(statement, 0) : NULL;
        int code = verdict && strcmp(verdict, "ok") == 0 ? 0 : ran ? -EBADMSG : database_code(db);
        if (code)
            err_set(err, code, "the history is damaged: %s",
                    verdict ? verdict : sqlite3_errmsg(db));
        sqlite3_finalize(statement);
        if (code)
            return code;
    }
    int64_t edge;
    return history_file_number(db, "SELECT max(key) FROM block", 0, &edge, err);
}

static int check(sqlite3 *db, int format, struct err *err)
{
    int code = check_content(db, err);
    if (code == 0 && format == 1)
        code = history_file_run(db, from_format_1, "brought to the new format", err);
    return code;
}

const struct database_kind history_database = {
    .name = "history",
    .one = "a history",
    .topic = "history",
    .file = "history.db",
    .lock = "history.lock",
    .application_id = APPLICATION_ID,
    .format = HISTORY_FILE_FORMAT,
    .schema = schema,
    .log_limit = 8 << 20,
    .check = check,
};

int history_file_damaged(struct err *err, const char *what)
{
    return err_set(err, -EBADMSG, "the history cannot be %s: its file is damaged", what);
}
