#include "engine/notify_fetch.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/notify_store.h"

struct notify_fetch {
    notify_fetch_fn *fn; /* NULL: nobody waits for it */
    void *user;
    char folder[256];
    size_t count;
    uint64_t ids[NOTIFY_FETCH_MOST];
    struct notify_entry *entries[NOTIFY_FETCH_MOST];
    struct err err;
};

/* ---- rows ------------------------------------------------------------------------------------ */

#define COLUMNS                                                                                    \
    "kind, severity, change, alarm, number, bound, decimals, wall, rule, path, label, unit, "      \
    "actor,"                                                                                       \
    " origin, subject, text, names"

static const char *text_of(sqlite3_stmt *row, int column)
{
    const char *text = (const char *)sqlite3_column_text(row, column);
    return text ? text : "";
}

static double number_of(sqlite3_stmt *row, int column)
{
    return sqlite3_column_type(row, column) == SQLITE_NULL ? NAN
                                                           : sqlite3_column_double(row, column);
}

/* NULL when out of memory. What a newer program wrote and this one does not know is told as what is
 * nearest. */
static struct notify_entry *read_entry(sqlite3_stmt *row, uint64_t id)
{
    int what = sqlite3_column_int(row, 0), severity = sqlite3_column_int(row, 1);
    int change = sqlite3_column_int(row, 2);
    const struct notice notice = {
        .kind = what >= 0 && what < NOTICE_KINDS ? (enum notice_kind)what : NOTICE_EVENT,
        .severity = severity >= 0 && severity < ALARM_SEVERITIES ? (enum alarm_severity)severity
                                                                 : ALARM_CRITICAL,
        .change = change >= 0 && change < ALARM_CHANGES ? (enum alarm_change)change : ALARM_TOUCHED,
        .alarm = (uint32_t)sqlite3_column_int64(row, 3),
        .number = number_of(row, 4),
        .limit = number_of(row, 5),
        .decimals = sqlite3_column_int(row, 6),
        .wall = sqlite3_column_int64(row, 7),
        .rule = text_of(row, 8),
        .path = text_of(row, 9),
        .label = text_of(row, 10),
        .unit = text_of(row, 11),
        .actor = text_of(row, 12),
        .origin = text_of(row, 13),
        .subject = text_of(row, 14),
        .text = text_of(row, 15),
        .recipients = text_of(row, 16),
    };
    return notify_entry_new(&notice, id);
}

/* One row; the damage of one is no reason to lose the others. */
static int read_one(struct notify_fetch *fetch, sqlite3 *db, sqlite3_stmt *row, size_t index)
{
    int code = 0;
    sqlite3_bind_int64(row, 1, (sqlite3_int64)fetch->ids[index]);
    int result = sqlite3_step(row);
    if (result == SQLITE_ROW) {
        fetch->entries[index] = read_entry(row, fetch->ids[index]);
        if (!fetch->entries[index])
            code = err_set(&fetch->err, -ENOMEM, "there is no memory to read the queue of notices");
    } else if (result != SQLITE_DONE) {
        struct err why = ERR_EMPTY;
        code = database_err(&notify_database, db, &why, "read");
        fetch->err = why;
        if (code == -EBADMSG)
            fetch->err.code = code = 0;
    }
    sqlite3_reset(row);
    return code;
}

static int read_all(struct notify_fetch *fetch, sqlite3 *db)
{
    sqlite3_stmt *row = NULL;
    int code = 0;
    sqlite3_prepare_v2(db, "SELECT " COLUMNS " FROM waiting WHERE id = ?1", -1, &row, NULL);
    if (!row)
        return database_err(&notify_database, db, &fetch->err, "read");
    /* All of one moment. It only reads, so that a failed end needs no answer. */
    sqlite3_exec(db, "BEGIN", NULL, NULL, NULL);
    for (size_t i = 0; i < fetch->count && code == 0; i++)
        code = read_one(fetch, db, row, i);
    sqlite3_finalize(row);
    sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
    return code;
}

/* ---- the job --------------------------------------------------------------------------------- */

static void drop_entries(struct notify_fetch *fetch)
{
    for (size_t i = 0; i < fetch->count; i++)
        fetch->entries[i] = notify_entry_drop(fetch->entries[i]);
}

/* On a pool thread. */
static void work(void *user)
{
    struct notify_fetch *fetch = user;
    sqlite3 *db = database_open_reader(&notify_database, fetch->folder, &fetch->err);
    if (!db)
        return;
    sqlite3_exec(db, "PRAGMA cache_size = -256; PRAGMA mmap_size = 0", NULL, NULL, NULL);
    if (read_all(fetch, db) < 0)
        drop_entries(fetch);
    sqlite3_close(db);
}

static void done(void *user)
{
    struct notify_fetch *fetch = user;
    if (fetch->fn)
        fetch->fn(fetch->user, fetch->entries, fetch->count, &fetch->err);
    else
        drop_entries(fetch);
    free(fetch);
}

struct notify_fetch *notify_fetch_start(struct loop *loop, const char *folder, const uint64_t *ids,
                                        size_t count, notify_fetch_fn *fn, void *user)
{
    assert(count > 0 && count <= NOTIFY_FETCH_MOST);
    struct notify_fetch *fetch = calloc(1, sizeof *fetch);
    if (!fetch)
        return NULL;
    fetch->fn = fn;
    fetch->user = user;
    fetch->count = count;
    snprintf(fetch->folder, sizeof fetch->folder, "%s", folder);
    memcpy(fetch->ids, ids, count * sizeof *ids);
    if (loop_job_start(loop, work, done, fetch) == 0)
        return fetch;
    free(fetch);
    return NULL;
}

struct notify_fetch *notify_fetch_forget(struct notify_fetch *fetch)
{
    if (fetch)
        fetch->fn = NULL;
    return NULL;
}
