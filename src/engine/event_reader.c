#include "engine/event_reader.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/event_file.h"

#define LOOK_EVERY 2000 /* steps of SQLite's machine between two looks at `cancel` */

struct event_reader {
    sqlite3 *db;
};

struct event_reader *event_reader_open(const char *folder, struct err *err)
{
    struct event_reader *reader = calloc(1, sizeof *reader);
    if (!reader) {
        err_set(err, -ENOMEM, "there is no memory to read the event log");
        return NULL;
    }
    reader->db = database_open_reader(&event_database, folder, err);
    int64_t format;
    if (!reader->db || event_file_number(reader->db, "PRAGMA user_version", 0, &format, err) < 0)
        return event_reader_close(reader);
    if (format == EVENT_FILE_FORMAT)
        return reader;
    err_set(err, -ENOTSUP, "the event log in %s has a format that this busbar does not know",
            folder);
    return event_reader_close(reader);
}

struct event_reader *event_reader_close(struct event_reader *reader)
{
    if (!reader)
        return NULL;
    sqlite3_close(reader->db);
    free(reader);
    return NULL;
}

/* ---- rows ------------------------------------------------------------------------------------ */

#define TIME                                                                                       \
    "CASE WHEN e.known THEN e.wall WHEN b.shift IS NOT NULL THEN e.mono + b.shift ELSE b.floor "   \
    "END"
#define COLUMNS                                                                                    \
    "e.id, e.wall, e.known, e.mono, b.name, e.kind, e.severity, e.actor, e.origin, e.object,"      \
    " e.text, e.detail, e.known OR b.shift IS NOT NULL, " TIME

static const char *text_at(sqlite3_stmt *statement, int column)
{
    const char *text = (const char *)sqlite3_column_text(statement, column);
    return text ? text : "";
}

static void read_row(sqlite3_stmt *statement, struct event_found *found)
{
    found->record = (struct event_record){
        .id = (uint64_t)sqlite3_column_int64(statement, 0),
        .wall = sqlite3_column_int64(statement, 1),
        .wall_known = sqlite3_column_int(statement, 2),
        .mono = sqlite3_column_int64(statement, 3),
        .boot = text_at(statement, 4),
        .kind = text_at(statement, 5),
        .severity = (enum event_severity)(sqlite3_column_int(statement, 6) & 0xff),
        .actor = text_at(statement, 7),
        .origin = text_at(statement, 8),
        .object = text_at(statement, 9),
        .text = text_at(statement, 10),
        .detail = text_at(statement, 11),
    };
    found->placed = sqlite3_column_int(statement, 12);
    found->time = sqlite3_column_int64(statement, 13);
}

static int is_withdrawn(void *user)
{
    return atomic_load_explicit((const atomic_bool *)user, memory_order_relaxed);
}

static void watch(struct event_reader *reader, const atomic_bool *cancel)
{
    /* SQLite's signature has no const; it is only read */
    sqlite3_progress_handler(reader->db, LOOK_EVERY, cancel ? is_withdrawn : NULL,
                             (void *)(uintptr_t)cancel);
}

/* ---- searching ------------------------------------------------------------------------------- */

/* Kinds that are asked for and may be read; all that may be read when none is named. */
static void add_kinds(struct buf *sql, const struct event_question *question)
{
    if (question->kind_count == 0 && question->role >= ROLE_ADMINISTRATOR)
        return; /* those of a newer program too */
    buf_add_text(sql, " AND e.kind IN (''");
    size_t count = question->kind_count ? question->kind_count : EVENT_KINDS;
    for (size_t i = 0; i < count; i++) {
        enum event_kind kind = question->kind_count ? question->kinds[i] : (enum event_kind)i;
        if (event_kind_row(kind)->right <= question->role)
            buf_add_format(sql, ",'%s'", event_kind_row(kind)->name); /* our own plain words */
    }
    buf_add_char(sql, ')');
}

static void add_conditions(struct buf *sql, const struct event_question *question)
{
    buf_add_text(sql, "SELECT " COLUMNS
                      " FROM event e LEFT JOIN boot b ON b.number = e.boot WHERE e.id > ?1");
    if (question->before)
        buf_add_text(sql, " AND e.id < ?2");
    if (question->from)
        buf_add_text(sql, " AND " TIME " >= ?3");
    if (question->to)
        buf_add_text(sql, " AND " TIME " < ?4");
    if (question->least)
        buf_add_text(sql, " AND e.severity >= ?5");
    add_kinds(sql, question);
    if (*question->actor)
        buf_add_text(sql, " AND e.actor = ?6");
    if (*question->object)
        buf_add_text(sql, " AND substr(e.object, 1, length(?7)) = ?7");
    if (*question->text)
        buf_add_text(sql, " AND instr(lower(e.text || char(10) || e.object || char(10) || e.actor"
                          " || char(10) || e.origin), lower(?8)) > 0");
    buf_add_text(sql, " ORDER BY e.id DESC LIMIT ?9");
}

static void bind(sqlite3_stmt *statement, const struct event_question *question)
{
    sqlite3_bind_int64(statement, 1, (sqlite3_int64)question->after);
    sqlite3_bind_int64(statement, 2, (sqlite3_int64)question->before);
    sqlite3_bind_int64(statement, 3, question->from);
    sqlite3_bind_int64(statement, 4, question->to);
    sqlite3_bind_int(statement, 5, (int)question->least);
    sqlite3_bind_text(statement, 6, question->actor, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 7, question->object, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 8, question->text, -1, SQLITE_STATIC);
    sqlite3_bind_int64(statement, 9, (sqlite3_int64)question->limit + 1);
}

int event_reader_search(struct event_reader *reader, const struct event_question *question,
                        void (*fn)(void *user, const struct event_found *found), void *user,
                        bool *more, const atomic_bool *cancel, struct err *err)
{
    struct buf sql = BUF_EMPTY;
    sqlite3_stmt *statement = NULL;
    add_conditions(&sql, question);
    watch(reader, cancel);
    sqlite3_prepare_v2(reader->db, buf_text(&sql), -1, &statement, NULL);
    buf_deinit(&sql);
    if (statement)
        bind(statement, question);
    int result = statement ? SQLITE_ROW : SQLITE_ERROR;
    size_t count = 0;
    *more = false;
    while (statement && (result = sqlite3_step(statement)) == SQLITE_ROW) {
        if (count++ == question->limit) {
            *more = true;
            break;
        }
        struct event_found found;
        read_row(statement, &found);
        fn(user, &found);
    }
    int code =
        result == SQLITE_ROW || result == SQLITE_DONE ? 0 : event_file_err(reader->db, err, "read");
    sqlite3_finalize(statement);
    watch(reader, NULL);
    return code;
}

/* ---- the chain ------------------------------------------------------------------------------- */

/* A walk along the chain. */
struct walk {
    uint8_t hash[EVENT_HASH_SIZE]; /* of the record before */
    uint64_t known_id;
    const uint8_t *known_hash;
    struct event_verdict *verdict;
    struct buf work;
    /* where the boot under way began, to check its place on the calendar */
    int64_t boot;
    bool boot_whole, boot_dated;
    clock_us shift;
};

static bool breaks(struct walk *walk, uint64_t id, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static bool breaks(struct walk *walk, uint64_t id, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(walk->verdict->sentence, sizeof walk->verdict->sentence, format, arguments);
    va_end(arguments);
    walk->verdict->ok = false;
    walk->verdict->broken = id;
    return false;
}

/* The hash that the first record continues: none at 1, else that of a record which was removed. */
static int find_beginning(struct event_reader *reader, uint64_t first, struct walk *walk,
                          bool *known, struct err *err)
{
    sqlite3_stmt *statement = NULL;
    *known = first == 1;
    if (*known)
        return 0;
    sqlite3_prepare_v2(reader->db,
                       "SELECT detail FROM event WHERE kind = 'events-removed' ORDER BY id DESC",
                       -1, &statement, NULL);
    int result = statement ? SQLITE_ROW : SQLITE_ERROR;
    while (!*known && statement && (result = sqlite3_step(statement)) == SQLITE_ROW) {
        uint64_t through;
        *known =
            event_cut_read(text_at(statement, 0), &through, walk->hash) && through == first - 1;
    }
    int code =
        result == SQLITE_ROW || result == SQLITE_DONE ? 0 : event_file_err(reader->db, err, "read");
    sqlite3_finalize(statement);
    return code;
}

/* The calendar of a start of the machine is no part of a record, but follows from its first dated
 * one. The oldest start in the file may have lost that one to the policy. */
static bool check_date(struct walk *walk, sqlite3_stmt *statement,
                       const struct event_record *record)
{
    int64_t boot = sqlite3_column_int64(statement, 15);
    bool shifted = sqlite3_column_type(statement, 16) != SQLITE_NULL;
    if (boot != walk->boot) {
        walk->boot_whole = walk->boot != 0 || record->id == 1;
        walk->boot = boot;
        walk->boot_dated = false;
    }
    if (!record->wall_known || walk->boot_dated)
        return true;
    walk->boot_dated = true;
    walk->shift = record->wall - record->mono;
    if (!walk->boot_whole || (shifted && sqlite3_column_int64(statement, 16) == walk->shift))
        return true;
    return breaks(walk, record->id,
                  "The dates of the events before number %llu were moved by hand.",
                  (unsigned long long)record->id);
}

static bool check_row(struct walk *walk, sqlite3_stmt *statement)
{
    struct event_found found;
    uint8_t hash[EVENT_HASH_SIZE];
    read_row(statement, &found);
    uint64_t id = found.record.id, expected = walk->verdict->last + 1;
    if (walk->verdict->records > 0 && id != expected)
        return breaks(walk, expected, "Events %llu to %llu are missing.",
                      (unsigned long long)expected, (unsigned long long)(id - 1));
    if (event_record_hash(&found.record, walk->hash, &walk->work, hash) < 0)
        return breaks(walk, id, "There was no memory to check event %llu.", (unsigned long long)id);
    if (sqlite3_column_bytes(statement, 14) != EVENT_HASH_SIZE ||
        memcmp(sqlite3_column_blob(statement, 14), hash, EVENT_HASH_SIZE) != 0)
        return breaks(walk, id,
                      walk->verdict->records
                          ? "Event %llu was changed, or an event before it was put in or taken out."
                          : "Event %llu, the oldest one, was changed, or events before it were "
                            "removed by hand.",
                      (unsigned long long)id);
    if (id == walk->known_id && memcmp(hash, walk->known_hash, EVENT_HASH_SIZE) != 0)
        return breaks(
            walk, id,
            "Event %llu does not carry the hash that was noted: the log was written anew.",
            (unsigned long long)id);
    memcpy(walk->hash, hash, EVENT_HASH_SIZE);
    if (!walk->verdict->records++)
        walk->verdict->first = id;
    walk->verdict->last = id;
    return check_date(walk, statement, &found.record);
}

static void conclude(struct walk *walk)
{
    struct event_verdict *verdict = walk->verdict;
    if (!verdict->ok)
        return;
    if (walk->known_id > verdict->last)
        breaks(walk, verdict->last + 1,
               "The newest events are missing: number %llu was noted, the log ends with %llu.",
               (unsigned long long)walk->known_id, (unsigned long long)verdict->last);
    else if (verdict->records == 0)
        snprintf(verdict->sentence, sizeof verdict->sentence, "The event log is empty.");
    else
        snprintf(verdict->sentence, sizeof verdict->sentence,
                 "All %llu events, %llu to %llu, are as they were written%s.",
                 (unsigned long long)verdict->records, (unsigned long long)verdict->first,
                 (unsigned long long)verdict->last,
                 walk->known_id == 0                ? ""
                 : walk->known_id >= verdict->first ? ", the noted one among them"
                                                    : "; the noted one is older than the oldest");
}

static int walk_chain(struct event_reader *reader, struct walk *walk, struct err *err)
{
    int64_t first;
    bool known;
    int code = event_file_number(reader->db, "SELECT min(id) FROM event", 1, &first, err);
    if (code == 0)
        code = find_beginning(reader, (uint64_t)first, walk, &known, err);
    if (code < 0)
        return code;
    if (!known) {
        breaks(walk, (uint64_t)first, "The events before number %lld were removed by hand.",
               (long long)first);
        return 0;
    }
    sqlite3_stmt *statement = NULL;
    sqlite3_prepare_v2(reader->db,
                       "SELECT " COLUMNS ", e.hash, e.boot, b.shift"
                       " FROM event e LEFT JOIN boot b ON b.number = e.boot ORDER BY e.id",
                       -1, &statement, NULL);
    int result = statement ? SQLITE_ROW : SQLITE_ERROR;
    while (statement && (result = sqlite3_step(statement)) == SQLITE_ROW &&
           check_row(walk, statement)) {
    }
    code =
        result == SQLITE_ROW || result == SQLITE_DONE ? 0 : event_file_err(reader->db, err, "read");
    sqlite3_finalize(statement);
    return code;
}

int event_reader_verify(struct event_reader *reader, uint64_t known_id,
                        const uint8_t known_hash[EVENT_HASH_SIZE], struct event_verdict *verdict,
                        const atomic_bool *cancel, struct err *err)
{
    struct walk walk = {.known_id = known_id, .known_hash = known_hash, .verdict = verdict};
    *verdict = (struct event_verdict){.ok = true};
    watch(reader, cancel);
    /* one view of the file from its beginning to its end, while the daemon goes on writing */
    int code = event_file_run(reader->db, "BEGIN", "read", err);
    if (code == 0)
        code = walk_chain(reader, &walk, err);
    watch(reader, NULL);
    database_roll_back(reader->db);
    if (code == 0) {
        conclude(&walk);
        event_hash_format(walk.hash, verdict->head);
    }
    buf_deinit(&walk.work);
    return code;
}
