#include "engine/event_store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "engine/event_file.h"

#define STEP 1000 /* records removed in one transaction */
#define DAY (86400 * CLOCK_S)
#define DAY_SLACK (3600 * CLOCK_S) /* wall and monotonic time may differ so much over a day */

struct event_store {
    struct database file;
    char boot[64];
    struct buf work;
    /* as of the last commit */
    uint64_t first, last;
    uint8_t hash[EVENT_HASH_SIZE]; /* of `last` */
    struct event_record stamp;     /* times of the last record written; no texts */
    bool stamped;
    int64_t boot_number;           /* 0: not in the file yet */
    bool boot_dated;               /* its shift is known */
    bool cut_due;                  /* a new file took the place of one that ended with `last` */
    clock_us aged_mono, aged_wall; /* when age was looked at, 0: not yet */
    uint64_t generation;
    bool ran_before, ended_well;
    char notice[200];
};

/* ---- opening --------------------------------------------------------------------------------- */

static int read_last(struct event_store *store, struct err *err)
{
    sqlite3_stmt *statement = NULL;
    sqlite3_prepare_v2(store->file.db, "SELECT id, hash FROM event ORDER BY id DESC LIMIT 1", -1,
                       &statement, NULL);
    int result = statement ? sqlite3_step(statement) : SQLITE_ERROR;
    int code = result == SQLITE_ROW || result == SQLITE_DONE
                   ? 0
                   : event_file_err(store->file.db, err, "read");
    if (result == SQLITE_ROW && sqlite3_column_bytes(statement, 1) == EVENT_HASH_SIZE) {
        store->last = (uint64_t)sqlite3_column_int64(statement, 0);
        memcpy(store->hash, sqlite3_column_blob(statement, 1), EVENT_HASH_SIZE);
    }
    sqlite3_finalize(statement);
    return code;
}

static int read_run(struct event_store *store, struct err *err)
{
    int64_t start, stop;
    int code = event_file_number(store->file.db, "SELECT max(id) FROM event WHERE kind = 'start'",
                                 0, &start, err);
    if (code == 0)
        code = event_file_number(store->file.db, "SELECT max(id) FROM event WHERE kind = 'stop'", 0,
                                 &stop, err);
    if (code == 0) {
        store->ran_before = start > 0;
        store->ended_well = stop > start;
    }
    return code;
}

static int read_edges(struct event_store *store, struct err *err)
{
    int64_t first;
    int code = event_file_number(store->file.db, "SELECT min(id) FROM event", 0, &first, err);
    store->first = (uint64_t)first;
    return code < 0 ? code : read_last(store, err);
}

static int open_content(struct event_store *store, struct err *err)
{
    int code = read_edges(store, err);
    return code < 0 ? code : read_run(store, err);
}

struct event_store *event_store_open(const char *folder, const char *boot, struct err *err)
{
    struct event_store *store = mem_new(sizeof *store);
    struct err why = ERR_EMPTY;
    snprintf(store->boot, sizeof store->boot, "%s", boot);
    if (database_open(&store->file, &event_database, folder, err) < 0) {
        free(store);
        return NULL;
    }
    int result = open_content(store, &why);
    if (result == -EBADMSG) {
        result = database_replace(&store->file, &why);
        if (result == 0)
            result = open_content(store, &why);
    }
    snprintf(store->notice, sizeof store->notice, "%s", store->file.notice);
    if (result == 0)
        return store;
    if (err)
        *err = why;
    return event_store_close(store);
}

struct event_store *event_store_close(struct event_store *store)
{
    if (!store)
        return NULL;
    database_close(&store->file);
    buf_deinit(&store->work);
    free(store);
    return NULL;
}

/* ---- boots ----------------------------------------------------------------------------------- */

/* The number of this start of the machine, made when the file does not know it. */
static int find_boot(struct event_store *store, struct err *err)
{
    static const char add[] =
        "INSERT OR IGNORE INTO boot(name, floor)"
        " VALUES(?1, coalesce((SELECT wall FROM event WHERE known ORDER BY id DESC LIMIT 1), 0))";
    static const char find[] = "SELECT number, shift IS NOT NULL FROM boot WHERE name = ?1";
    sqlite3 *db = store->file.db;
    const char *const texts[] = {add, find};
    int result = SQLITE_DONE;
    for (size_t i = 0; i < 2; i++) {
        sqlite3_stmt *statement = NULL;
        if (sqlite3_prepare_v2(db, texts[i], -1, &statement, NULL) != SQLITE_OK)
            return event_file_err(db, err, "written");
        sqlite3_bind_text(statement, 1, store->boot, -1, SQLITE_STATIC);
        result = sqlite3_step(statement);
        if (result == SQLITE_ROW) {
            store->boot_number = sqlite3_column_int64(statement, 0);
            store->boot_dated = sqlite3_column_int(statement, 1);
        }
        sqlite3_finalize(statement);
        if (result != SQLITE_DONE && result != SQLITE_ROW)
            return event_file_err(db, err, "written");
    }
    return 0;
}

/* The first record of this boot that knows the date gives all of it a place on the calendar. */
static int date_boot(struct event_store *store, const struct event_record *record, struct err *err)
{
    char sql[160];
    snprintf(sql, sizeof sql, "UPDATE boot SET shift = %lld WHERE number = %lld",
             (long long)(record->wall - record->mono), (long long)store->boot_number);
    int code = event_file_run(store->file.db, sql, "written", err);
    store->boot_dated = code == 0;
    return code;
}

/* ---- records --------------------------------------------------------------------------------- */

static int insert(struct event_store *store, sqlite3_stmt *statement,
                  const struct event_record *record, struct err *err)
{
    const char *const texts[] = {record->kind,   record->actor, record->origin,
                                 record->object, record->text,  record->detail};
    static const int columns[] = {6, 8, 9, 10, 11, 12};
    sqlite3_bind_int64(statement, 1, (sqlite3_int64)record->id);
    sqlite3_bind_int64(statement, 2, record->wall);
    sqlite3_bind_int(statement, 3, record->wall_known);
    sqlite3_bind_int64(statement, 4, record->mono);
    sqlite3_bind_int64(statement, 5, store->boot_number);
    sqlite3_bind_int(statement, 7, (int)record->severity);
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
        sqlite3_bind_text(statement, columns[i], texts[i], -1, SQLITE_STATIC);
    sqlite3_bind_blob(statement, 13, store->hash, EVENT_HASH_SIZE, SQLITE_STATIC);
    int result = sqlite3_step(statement);
    sqlite3_reset(statement);
    return result == SQLITE_DONE ? 0 : event_file_err(store->file.db, err, "written");
}

/* Inside a transaction: give the record its id and hash, and write it. */
static int append(struct event_store *store, sqlite3_stmt *statement, struct event_record *record,
                  struct err *err)
{
    record->id = store->last + 1;
    record->boot = store->boot;
    if (event_record_hash(record, store->hash, &store->work, store->hash) < 0)
        return err_set(err, -ENOMEM, "the event log cannot be written: no memory");
    int code = insert(store, statement, record, err);
    if (code == 0 && record->wall_known && !store->boot_dated)
        code = date_boot(store, record, err);
    store->last = record->id;
    if (!store->first)
        store->first = record->id;
    store->stamp.wall = record->wall;
    store->stamp.mono = record->mono;
    store->stamp.wall_known = record->wall_known;
    store->stamped = true;
    return code;
}

/* A record of our own about records that are gone, stamped like `like`. */
static int append_cut(struct event_store *store, sqlite3_stmt *statement,
                      const struct event_record *like, uint64_t through,
                      const uint8_t hash[EVENT_HASH_SIZE], uint64_t count, const char *text,
                      struct err *err)
{
    struct buf detail = BUF_EMPTY;
    event_cut_write(&detail, through, hash, count);
    struct event_record record = {
        .wall = like->wall,
        .mono = like->mono,
        .wall_known = like->wall_known,
        .kind = event_kind_row(EVENT_EVENTS_REMOVED)->name,
        .severity = event_kind_row(EVENT_EVENTS_REMOVED)->severity,
        .actor = "system",
        .origin = "",
        .object = "events",
        .text = text,
        .detail = buf_text(&detail),
    };
    int code = append(store, statement, &record, err);
    buf_deinit(&detail);
    return code;
}

/* ---- transactions ---------------------------------------------------------------------------- */

static sqlite3_stmt *prepare_insert(struct event_store *store)
{
    sqlite3_stmt *statement = NULL;
    sqlite3_prepare_v2(store->file.db,
                       "INSERT INTO event(id, wall, known, mono, boot, kind, severity, actor,"
                       " origin, object, text, detail, hash)"
                       " VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13)",
                       -1, &statement, NULL);
    return statement;
}

static int append_all(struct event_store *store, struct event_record *const *records, size_t count,
                      struct err *err)
{
    int code = store->boot_number ? 0 : find_boot(store, err);
    sqlite3_stmt *statement = code == 0 ? prepare_insert(store) : NULL;
    if (code == 0 && !statement)
        code = event_file_err(store->file.db, err, "written");
    if (code == 0 && store->cut_due) {
        uint8_t hash[EVENT_HASH_SIZE];
        memcpy(hash, store->hash, sizeof hash);
        code = append_cut(store, statement, records[0], store->last, hash, 0,
                          "The event log goes on in a new file: the one before was damaged, moved "
                          "or deleted while the program ran.",
                          err);
        store->cut_due = code != 0;
    }
    for (size_t i = 0; i < count && code == 0; i++)
        code = append(store, statement, records[i], err);
    sqlite3_finalize(statement);
    return code;
}

/* What a transaction changes in memory, to be put back when it fails. */
static void restore(struct event_store *store, const struct event_store *before)
{
    struct buf work = store->work;
    struct database file = store->file;
    *store = *before;
    store->work = work;
    store->file = file;
}

/* A file that was set aside or is gone: the chain goes on in the new one. */
static int renew(struct event_store *store, bool gone, struct err *err)
{
    uint64_t last = store->last;
    uint8_t hash[EVENT_HASH_SIZE];
    memcpy(hash, store->hash, sizeof hash);
    int code = gone ? database_reopen(&store->file, err) : database_replace(&store->file, err);
    if (code < 0)
        return code;
    snprintf(store->notice, sizeof store->notice, "%s", store->file.notice);
    store->generation++;
    store->boot_number = 0;
    store->boot_dated = false;
    store->first = store->last = 0;
    code = read_edges(store, err);
    if (code < 0 || store->last)
        return code; /* somebody put another log there: it is continued */
    store->last = last;
    memcpy(store->hash, hash, sizeof hash);
    store->cut_due = last > 0;
    return 0;
}

static int transact(struct event_store *store, struct event_record *const *records, size_t count,
                    struct err *err)
{
    struct event_store before = *store;
    int code = event_file_run(store->file.db, "BEGIN IMMEDIATE", "written", err);
    if (code == 0)
        code = append_all(store, records, count, err);
    if (code == 0)
        code = event_file_run(store->file.db, "COMMIT", "written", err);
    if (code < 0) {
        database_roll_back(store->file.db);
        restore(store, &before);
    }
    return code;
}

int event_store_write(struct event_store *store, struct event_record *const *records, size_t count,
                      struct err *err)
{
    int code = 0;
    if (!store->file.db || !database_in_place(&store->file)) {
        if (store->file.db)
            log_warning("event_log", "%s was moved or deleted while the program ran",
                        store->file.path);
        code = renew(store, true, err);
    }
    if (code == 0)
        code = transact(store, records, count, err);
    if (code == -EBADMSG && store->file.db) {
        struct err why = ERR_EMPTY;
        if (renew(store, false, &why) < 0)
            return err_set(err, -EIO, "%.400s", why.text);
    }
    return code;
}

/* ---- pruning --------------------------------------------------------------------------------- */

/* The newest of the oldest records, at most STEP of them, that are older than `limit`; 0: none. */
static int find_old(struct event_store *store, clock_us limit, uint64_t *through, struct err *err)
{
    static const char text[] =
        "SELECT e.id, CASE WHEN e.known THEN e.wall WHEN b.shift IS NOT NULL THEN e.mono + b.shift"
        " ELSE b.floor END FROM event e LEFT JOIN boot b ON b.number = e.boot ORDER BY e.id"
        " LIMIT 1000";
    sqlite3_stmt *statement = NULL;
    sqlite3_prepare_v2(store->file.db, text, -1, &statement, NULL);
    int result = statement ? SQLITE_ROW : SQLITE_ERROR;
    *through = 0;
    while (statement && (result = sqlite3_step(statement)) == SQLITE_ROW &&
           sqlite3_column_int64(statement, 1) < limit)
        *through = (uint64_t)sqlite3_column_int64(statement, 0);
    int code = result == SQLITE_ROW || result == SQLITE_DONE
                   ? 0
                   : event_file_err(store->file.db, err, "read");
    sqlite3_finalize(statement);
    return code;
}

/* Whether a day of running has passed since the last look, on both clocks alike. */
static bool day_has_passed(struct event_store *store)
{
    if (!store->stamp.wall_known)
        return false;
    clock_us mono = store->stamp.mono - store->aged_mono;
    clock_us wall = store->stamp.wall - store->aged_wall;
    bool begun = store->aged_mono != 0 && mono >= 0;
    if (begun && mono < DAY)
        return false;
    store->aged_mono = store->stamp.mono;
    store->aged_wall = store->stamp.wall;
    return begun && wall - mono < DAY_SLACK && mono - wall < DAY_SLACK;
}

/* Through which record to remove; 0: none. */
static int find_cut(struct event_store *store, const struct event_policy *policy, uint64_t *through,
                    struct err *err)
{
    uint64_t count = store->last - store->first + 1;
    *through = 0;
    if (count > policy->most)
        *through = store->last - (policy->most - policy->most / 100);
    else if (day_has_passed(store)) {
        int code = find_old(store, store->stamp.wall - policy->keep, through, err);
        if (code < 0)
            return code;
        if (*through == store->first + STEP - 1) {
            /* there is more: the next step need not wait */
            store->aged_mono -= DAY;
            store->aged_wall -= DAY;
        }
    }
    if (*through >= store->first + STEP)
        *through = store->first + STEP - 1;
    if (*through >= store->last)
        *through = store->last - 1;
    return 0;
}

static int read_hash(struct event_store *store, uint64_t id, uint8_t hash[EVENT_HASH_SIZE],
                     struct err *err)
{
    sqlite3_stmt *statement = NULL;
    sqlite3_prepare_v2(store->file.db, "SELECT hash FROM event WHERE id = ?1", -1, &statement,
                       NULL);
    sqlite3_bind_int64(statement, 1, (sqlite3_int64)id);
    int result = statement ? sqlite3_step(statement) : SQLITE_ERROR;
    int code = -EBADMSG;
    if (result == SQLITE_ROW && sqlite3_column_bytes(statement, 0) == EVENT_HASH_SIZE) {
        memcpy(hash, sqlite3_column_blob(statement, 0), EVENT_HASH_SIZE);
        code = 0;
    } else if (result == SQLITE_ROW || result == SQLITE_DONE) {
        err_set(err, code, "the event log cannot be shortened: record %llu is not there",
                (unsigned long long)id);
    } else {
        code = event_file_err(store->file.db, err, "shortened");
    }
    sqlite3_finalize(statement);
    return code;
}

static int remove_through(struct event_store *store, uint64_t through, struct err *err)
{
    uint8_t hash[EVENT_HASH_SIZE];
    int code = read_hash(store, through, hash, err);
    if (code < 0)
        return code;
    uint64_t count = through - store->first + 1;
    char sql[200], text[120];
    snprintf(
        sql, sizeof sql,
        "DELETE FROM event WHERE id <= %llu; DELETE FROM boot WHERE number < (SELECT boot FROM "
        "event ORDER BY id LIMIT 1)",
        (unsigned long long)through);
    snprintf(text, sizeof text, "%llu event%s up to number %llu were removed, as the settings say.",
             (unsigned long long)count, count == 1 ? "" : "s", (unsigned long long)through);
    code = event_file_run(store->file.db, sql, "shortened", err);
    sqlite3_stmt *statement = code == 0 ? prepare_insert(store) : NULL;
    if (code == 0)
        code = statement
                   ? append_cut(store, statement, &store->stamp, through, hash, count, text, err)
                   : event_file_err(store->file.db, err, "shortened");
    sqlite3_finalize(statement);
    store->first = through + 1;
    return code;
}

int event_store_prune(struct event_store *store, const struct event_policy *policy, struct err *err)
{
    uint64_t through;
    if (!store->file.db || !store->stamped || store->cut_due)
        return 0;
    int code = find_cut(store, policy, &through, err);
    if (code < 0 || through < store->first)
        return code;
    struct event_store before = *store;
    code = event_file_run(store->file.db, "BEGIN IMMEDIATE", "shortened", err);
    if (code == 0)
        code = remove_through(store, through, err);
    if (code == 0)
        code = event_file_run(store->file.db, "COMMIT", "shortened", err);
    if (code == 0)
        return 1;
    database_roll_back(store->file.db);
    restore(store, &before);
    return code;
}

/* ---- facts ----------------------------------------------------------------------------------- */

struct event_store_facts event_store_facts(const struct event_store *store)
{
    return (struct event_store_facts){
        .first = store->first,
        .last = store->last,
        .bytes = database_bytes(&store->file),
        .generation = store->generation,
        .notice = store->notice,
        .ran_before = store->ran_before,
        .ended_well = store->ended_well,
    };
}
