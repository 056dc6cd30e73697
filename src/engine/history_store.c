#include "engine/history_store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

#include "base/log.h"
#include "base/mem.h"
#include "engine/history_erase.h"
#include "engine/history_compact.h"
#include "engine/history_evict.h"
#include "engine/history_file.h"
#include "engine/history_fold.h"
#include "engine/history_reach.h"
#include "engine/history_tail.h"

#define REPLACEMENTS_MOST                                                                          \
    3 /* in one run: a disk that damages every file must not be filled with them */
#define WALL_MOST_MS 253402300799999LL /* 9999-12-31 */

enum statement { INSERT_SERIES, HAS_SERIES, STATEMENTS };

static const char *const statements[STATEMENTS] = {
    [INSERT_SERIES] = "INSERT OR IGNORE INTO series VALUES(?1, ?2, ?3, ?4, ?5, ?6)",
    [HAS_SERIES] = "SELECT 1 FROM series WHERE number = ?1 AND path = ?2 AND decimals = ?4",
};

struct history_store {
    struct database file;
    char boot[64];
    sqlite3_stmt *prepared[STATEMENTS];
    struct history_tail tail;
    struct history_fold fold;
    struct history_evict evict;
    bool ready;     /* the file is open and everything above belongs to it */
    uint64_t space; /* bytes the history may use; 0: no bound */
    struct history_series_list series;
    struct history_store_facts facts;
    char notice[200];
    bool offset_known;
    int64_t offset_ms; /* wall minus monotonic, by the latest dated record */
    int64_t current_hour;
    int replacements; /* of damaged files */
    uint64_t block_readings, block_bytes;
};

/* ---- life ------------------------------------------------------------------------------------ */

static void unprepare(struct history_store *store)
{
    store->ready = false;
    history_fold_close(&store->fold);
    history_tail_close(&store->tail);
    for (size_t i = 0; i < STATEMENTS; i++) {
        sqlite3_finalize(store->prepared[i]);
        store->prepared[i] = NULL;
    }
}

static int prepare(struct history_store *store, struct err *err)
{
    sqlite3 *db = store->file.db;
    for (size_t i = 0; i < STATEMENTS; i++) {
        if (sqlite3_prepare_v3(db, statements[i], -1, SQLITE_PREPARE_PERSISTENT,
                               &store->prepared[i], NULL) != SQLITE_OK)
            return history_file_err(db, err, "read");
    }
    int result = history_tail_open(&store->tail, db, store->boot, err);
    if (result == 0)
        result = history_fold_open(&store->fold, db, &store->series, err);
    store->evict = (struct history_evict){0};
    store->ready = result == 0;
    return result;
}

static clock_us hour_start(int64_t key)
{
    return history_file_block_hour(key) * HISTORY_HOUR_MS * CLOCK_MS;
}

/* Oldest and newest to the hour where there are only blocks. */
static int load_span(struct history_store *store, struct err *err)
{
    static const char *const questions[] = {
        "SELECT min(time) FROM tick", "SELECT max(time) FROM tick", "SELECT min(key) FROM block",
        "SELECT max(key) FROM block"};
    int64_t found[4];
    int64_t first = INT64_MAX;
    for (size_t i = 0; i < 4; i++) {
        int result = history_file_number(store->file.db, questions[i], -1, &found[i], err);
        if (result < 0)
            return result;
    }
    int result = history_reach_back(&store->fold.keeper.pieces, &store->series, &first, err);
    clock_us oldest = first == INT64_MAX ? 0 : first * CLOCK_MS, newest = 0;
    clock_us begins[] = {found[0] * CLOCK_MS, found[2] < 0 ? -1 : hour_start(found[2])};
    clock_us ends[] = {found[1] * CLOCK_MS, found[3] < 0 ? -1 : hour_start(found[3])};
    for (size_t i = 0; i < 2; i++) {
        if (begins[i] >= 0 && (!oldest || begins[i] < oldest))
            oldest = begins[i];
        if (ends[i] > newest)
            newest = ends[i];
    }
    store->facts.oldest = oldest;
    store->facts.newest = newest;
    if (result == 0)
        result =
            history_reach_density(&store->fold.keeper.pieces, &store->series,
                                  &store->fold.keeper.readings, &store->fold.keeper.bytes, err);
    return result;
}

static int load(struct history_store *store, struct err *err)
{
    int result = prepare(store, err);
    if (result == 0)
        result = load_span(store, err);
    if (*store->file.notice)
        memcpy(store->notice, store->file.notice, sizeof store->notice);
    return result;
}

static int load_all(struct history_store *store, struct err *err)
{
    history_series_deinit(&store->series);
    int result = history_series_load(&store->series, store->file.db, err);
    return result < 0 ? result : load(store, err);
}

struct history_store *history_store_open(const char *folder, const char *boot, struct err *err)
{
    struct history_store *store = mem_new(sizeof *store);
    store->current_hour = -1;
    store->series = HISTORY_SERIES_LIST_EMPTY;
    strncpy(store->boot, boot, sizeof store->boot - 1);
    struct err why = ERR_EMPTY;
    int result = database_open(&store->file, &history_database, folder, &why);
    if (result == 0)
        result = load_all(store, &why);
    if (result == -EBADMSG) {
        /* damage that the quick look of opening did not find */
        unprepare(store);
        result = database_replace(&store->file, &why);
        if (result == 0)
            result = load_all(store, &why);
    }
    if (result == 0)
        return store;
    if (err)
        *err = why;
    return history_store_close(store);
}

struct history_store *history_store_close(struct history_store *store)
{
    if (!store)
        return NULL;
    unprepare(store);
    database_close(&store->file);
    history_series_deinit(&store->series);
    free(store);
    return NULL;
}

const struct history_series_list *history_store_series(const struct history_store *store)
{
    return &store->series;
}

/* ---- writing --------------------------------------------------------------------------------- */

static int run(struct history_store *store, enum statement which, struct err *err)
{
    sqlite3_stmt *statement = store->prepared[which];
    int step = sqlite3_step(statement);
    int result = step == SQLITE_ROW    ? 1
                 : step == SQLITE_DONE ? 0
                                       : history_file_err(store->file.db, err, "written");
    sqlite3_reset(statement);
    return result;
}

static void bind_series(sqlite3_stmt *statement, const struct history_definition *definition)
{
    sqlite3_bind_int64(statement, 1, definition->number);
    sqlite3_bind_text(statement, 2, definition->path, -1, SQLITE_STATIC);
    sqlite3_bind_int64(statement, 4, definition->decimals);
}

static int write_definition(struct history_store *store,
                            const struct history_definition *definition, int64_t first_ms,
                            struct err *err)
{
    sqlite3_stmt *insert = store->prepared[INSERT_SERIES], *has = store->prepared[HAS_SERIES];
    bind_series(insert, definition);
    sqlite3_bind_int64(insert, 3, definition->quantity);
    sqlite3_bind_int64(insert, 5, first_ms);
    sqlite3_bind_int64(insert, 6,
                       history_series_sum(definition->number, definition->path,
                                          definition->quantity, definition->decimals));
    int result = run(store, INSERT_SERIES, err);
    if (result < 0 || sqlite3_changes(store->file.db) > 0)
        return result;
    bind_series(has, definition);
    result = run(store, HAS_SERIES, err);
    if (result == 0)
        return err_set(
            err, -EEXIST,
            "%s was exchanged for another history while the program ran; restart to use it",
            store->file.path);
    return result < 0 ? result : 0;
}

static int write_definitions(struct history_store *store, const struct history_definition *list,
                             size_t count, int64_t first_ms, struct err *err)
{
    int result = 0;
    for (size_t i = 0; i < count && result == 0; i++)
        result = write_definition(store, &list[i], first_ms, err);
    return result;
}

static int64_t wall_ms(clock_us wall)
{
    int64_t ms = wall / CLOCK_MS;
    return ms < 0 ? 0 : ms > WALL_MOST_MS ? WALL_MOST_MS : ms;
}

static int write_records(struct history_store *store, struct history_record *const *records,
                         size_t count, struct err *err)
{
    int result = history_file_run(store->file.db, "BEGIN IMMEDIATE", "written", err);
    for (size_t i = 0; i < count && result == 0; i++) {
        struct history_record *record = records[i];
        int64_t time = wall_ms(record->wall);
        result = write_definitions(store, record->definitions, record->definition_count,
                                   record->wall_known ? time : 0, err);
        if (result < 0)
            break;
        result = record->wall_known
                     ? history_tail_insert(&store->tail, &time, record->row, record->length, err)
                     : history_tail_insert_undated(&store->tail, record->mono / CLOCK_MS,
                                                   record->row, record->length, err);
    }
    if (result == 0)
        result = history_file_run(store->file.db, "COMMIT", "written", err);
    database_roll_back(store->file.db);
    return result;
}

/* After the commit: what the records taught. */
static void note_records(struct history_store *store, struct history_record *const *records,
                         size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct history_record *record = records[i];
        for (size_t k = 0; k < record->definition_count; k++)
            history_series_add(&store->series, &record->definitions[k]);
        if (!record->wall_known)
            continue;
        int64_t time = wall_ms(record->wall);
        store->offset_known = true;
        store->offset_ms = time - record->mono / CLOCK_MS;
        store->current_hour = time / HISTORY_HOUR_MS;
        if (!store->facts.oldest || time * CLOCK_MS < store->facts.oldest)
            store->facts.oldest = time * CLOCK_MS;
        if (time * CLOCK_MS > store->facts.newest)
            store->facts.newest = time * CLOCK_MS;
    }
}

/* Another file has come under our feet: teach it the series and begin counting anew. */
static int settle(struct history_store *store, int opened, struct err *err)
{
    store->facts.generation++;
    if (opened < 0)
        return opened;
    int result = load(store, err);
    if (result == 0)
        result = history_file_run(store->file.db, "BEGIN IMMEDIATE", "written", err);
    if (result == 0)
        result = write_definitions(store, store->series.list, store->series.count, 0, err);
    if (result == 0)
        result = history_file_run(store->file.db, "COMMIT", "written", err);
    if (store->file.db)
        database_roll_back(store->file.db);
    return result;
}

/* The file is open and at its place, or comes to be. */
static int ensure_file(struct history_store *store, struct err *err)
{
    if (store->ready && database_in_place(&store->file))
        return 0;
    if (store->ready)
        log_warning("history", "%s was moved or deleted while the program ran; opening it anew",
                    store->file.path);
    unprepare(store);
    int opened = database_reopen(&store->file, err);
    int result = settle(store, opened, err);
    if (result < 0)
        unprepare(store);
    return result;
}

/* A file that turned out to be damaged is set aside at once; what was being done is tried again by
 * the caller. */
static void replace_if_damaged(struct history_store *store, int result)
{
    if (result != -EBADMSG || store->replacements == REPLACEMENTS_MOST)
        return;
    store->replacements++;
    struct err why = ERR_EMPTY;
    unprepare(store);
    int opened = database_replace(&store->file, &why);
    if (settle(store, opened, &why) < 0) {
        log_error("history", "%s", why.text);
        unprepare(store);
    }
}

int history_store_write(struct history_store *store, struct history_record *const *records,
                        size_t count, struct err *err)
{
    int result = ensure_file(store, err);
    if (result == 0)
        result = write_records(store, records, count, err);
    if (result == 0)
        note_records(store, records, count);
    else
        replace_if_damaged(store, result);
    return result;
}

/* ---- other wishes ---------------------------------------------------------------------------- */

void history_store_set_space(struct history_store *store, uint64_t bytes)
{
    store->space = bytes;
}

int history_store_clear(struct history_store *store, const uint32_t *numbers, size_t count,
                        struct err *err)
{
    int result = ensure_file(store, err);
    if (result == 0)
        result = history_erase(store->file.db, &store->fold.keeper.pieces, numbers, count, err);
    if (result == 0)
        result = load_span(store, err);
    else
        replace_if_damaged(store, result);
    return result;
}

int history_store_define(struct history_store *store, const struct history_definition *definitions,
                         size_t count, struct err *err)
{
    if (count == 0)
        return 0;
    int result = ensure_file(store, err);
    if (result < 0)
        return result;
    result = history_file_run(store->file.db, "BEGIN IMMEDIATE", "written", err);
    if (result == 0)
        result = write_definitions(store, definitions, count, 0, err);
    if (result == 0)
        result = history_file_run(store->file.db, "COMMIT", "written", err);
    database_roll_back(store->file.db);
    for (size_t i = 0; i < count && result == 0; i++)
        history_series_add(&store->series, &definitions[i]);
    replace_if_damaged(store, result);
    return result;
}

static int import(struct history_store *store, const struct history_definition *definition,
                  const struct history_sample *samples, size_t count, int64_t hour, uint64_t *known,
                  struct err *err)
{
    int result = history_file_run(store->file.db, "BEGIN IMMEDIATE", "written", err);
    if (result == 0)
        result = write_definition(store, definition, samples[0].time, err);
    if (result == 0)
        result =
            history_fold_import(&store->fold, definition->number, samples, count, hour, known, err);
    history_pieces_rest(&store->fold.keeper.pieces);
    if (result == 0)
        result = history_file_run(store->file.db, "COMMIT", "written", err);
    database_roll_back(store->file.db);
    return result;
}

int history_store_import(struct history_store *store, const struct history_definition *definition,
                         const struct history_sample *samples, size_t count, clock_us now,
                         uint64_t *known, struct err *err)
{
    *known = 0;
    if (count == 0)
        return 0;
    int result = ensure_file(store, err);
    if (result < 0)
        return result;
    size_t series = store->series.count;
    int64_t hour = store->current_hour >= 0 ? store->current_hour : wall_ms(now) / HISTORY_HOUR_MS;
    history_series_add(&store->series, definition); /* the keeper asks what it is */
    result = import(store, definition, samples, count, hour, known, err);
    if (result == 0)
        return load_span(store, err);
    /* what was decided while it failed is read again from the file */
    unprepare(store);
    if (store->series.count > series) {
        free((void *)(uintptr_t)store->series.list[--store->series.count].path);
        store->series.next = definition->number; /* it may come again */
    }
    if (prepare(store, NULL) < 0)
        unprepare(store);
    replace_if_damaged(store, result);
    return result;
}

/* ---- tidying --------------------------------------------------------------------------------- */

static int compact_step(struct history_store *store, struct err *err)
{
    struct history_compact_result done;
    int result = history_compact_step(store->file.db, store->current_hour, &done, err);
    if (result <= 0)
        return result;
    store->block_readings += done.readings;
    store->block_bytes += done.bytes;
    store->facts.unreadable += done.unreadable;
    if (done.unreadable)
        log_error("history", "%d damaged rows were dropped", (int)done.unreadable);
    return result;
}

static int place_step(struct history_store *store, struct err *err)
{
    if (!store->tail.undated || !store->offset_known)
        return 0;
    int result = history_tail_place_step(&store->tail, store->offset_ms, err);
    clock_us oldest = store->tail.oldest == INT64_MAX ? 0 : store->tail.oldest * CLOCK_MS;
    if (oldest && (!store->facts.oldest || oldest < store->facts.oldest))
        store->facts.oldest = oldest;
    return result;
}

static int fold_step(struct history_store *store, struct err *err)
{
    struct history_keeper *keeper = &store->fold.keeper;
    uint64_t readings = keeper->readings, bytes = keeper->bytes;
    int result = history_fold_step(&store->fold, store->current_hour, err);
    if (result == 0)
        result = history_fold_join_step(&store->fold, store->current_hour, err);
    store->block_readings += keeper->readings - readings;
    store->block_bytes += keeper->bytes - bytes;
    return result;
}

int history_store_tidy(struct history_store *store, struct err *err)
{
    /* Which hour is full is only known once there was a tick with a date. */
    if (!store->ready || store->current_hour < 0)
        return 0;
    int result = place_step(store, err);
    if (result == 0)
        result = compact_step(store, err);
    if (result == 0)
        result = fold_step(store, err);
    if (result == 0)
        result = history_evict_step(&store->evict, &store->fold, store->space, err);
    replace_if_damaged(store, result);
    return result;
}

struct history_store_facts history_store_facts(const struct history_store *store)
{
    struct history_store_facts facts = store->facts;
    facts.notice = store->notice;
    facts.bytes = database_bytes(&store->file);
    facts.full = store->evict.full;
    facts.unreadable += store->tail.unreadable + store->fold.keeper.unreadable;
    const struct history_keeper *keeper = &store->fold.keeper;
    if (keeper->readings > 0)
        facts.bytes_per_reading = (double)keeper->bytes / (double)keeper->readings;
    else if (store->block_readings > 0)
        facts.bytes_per_reading = (double)store->block_bytes / (double)store->block_readings;
    struct statvfs disk;
    if (statvfs(store->file.folder, &disk) == 0)
        facts.free_bytes = (uint64_t)disk.f_bavail * disk.f_frsize;
    return facts;
}
