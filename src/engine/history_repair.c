#include "engine/history_repair.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"
#include "engine/history_code.h"
#include "engine/history_file.h"
#include "engine/history_piece.h"
#include "engine/history_repair_names.h"
#include "engine/history_row.h"
#include "engine/history_samples.h"
#include "engine/history_store.h"

#define COMMIT_EVERY 4000             /* blobs */
#define GATHER_MOST ((size_t)1 << 19) /* readings astray that are sorted and merged at a time */

struct entry {
    uint32_t series; /* as in the damaged file */
    struct history_sample sample;
};

struct repair {
    const struct history_repair_order *order;
    struct history_repair_report *report;
    struct history_image image;
    struct history_repair_names names;
    struct database file; /* the new one, while blobs are copied */
    struct history_pieces pieces;
    sqlite3_stmt *insert[HISTORY_TABLES];
    uint64_t uncommitted;
    struct history_store *store; /* the new one, while readings are merged */
    struct entry *entries;
    size_t count, capacity;
    struct history_samples samples; /* of one blob, or of one series */
    uint32_t highest;               /* series number that anything whole belongs to */
    struct err *err;
};

/* ---- copying --------------------------------------------------------------------------------- */

static const char *const inserts[HISTORY_TABLES] = {
    [HISTORY_TABLE_TICK] = "INSERT OR IGNORE INTO tick VALUES(?1, ?2)",
    [HISTORY_TABLE_BLOCK] = "INSERT OR IGNORE INTO block VALUES(?1, ?2)",
    [HISTORY_TABLE_UNDATED] =
        ("INSERT INTO undated(boot, mono, row) SELECT ?3, ?1, ?2 WHERE NOT EXISTS"
         " (SELECT 1 FROM undated WHERE boot = ?3 AND mono = ?1 AND row = ?2)"),
    [HISTORY_TABLE_PIECE] = "INSERT OR IGNORE INTO piece VALUES(?1, ?2)",
    [HISTORY_TABLE_BOOT] = "INSERT OR IGNORE INTO boot VALUES(?3, ?1)",
    [HISTORY_TABLE_STATE] = "INSERT OR IGNORE INTO state VALUES(?3, ?1)",
};

static int commit(struct repair *repair)
{
    history_pieces_rest(&repair->pieces);
    repair->uncommitted = 0;
    return history_file_run(repair->file.db, "COMMIT; BEGIN IMMEDIATE", "repaired", repair->err);
}

static int put(struct repair *repair, enum history_table table, int64_t key, const char *text,
               const uint8_t *bytes, size_t length)
{
    sqlite3_stmt *insert = repair->insert[table];
    sqlite3_bind_int64(insert, 1, key);
    if (bytes)
        sqlite3_bind_blob64(insert, 2, bytes, length, SQLITE_STATIC);
    if (sqlite3_bind_parameter_count(insert) == 3)
        sqlite3_bind_text(insert, 3, text, -1, SQLITE_STATIC);
    int result = sqlite3_step(insert) == SQLITE_DONE
                     ? 0
                     : history_file_err(repair->file.db, repair->err, "repaired");
    sqlite3_reset(insert);
    if (result == 0 && ++repair->uncommitted == COMMIT_EVERY)
        result = commit(repair);
    return result;
}

static void note_span(struct repair *repair, const struct history_look *look)
{
    struct history_repair_report *report = repair->report;
    report->readings += look->readings;
    report->rows += look->rows;
    if (!report->from || look->first < report->from)
        report->from = look->first;
    if (look->last > report->until)
        report->until = look->last;
}

/* The highest series of a row is its last one. */
static void note_highest(struct repair *repair, const struct history_found *found)
{
    struct history_row_reader reader;
    struct history_reading reading = {.series = found->look.series};
    if (reading.series == 0 &&
        history_row_open(&reader, found->bytes, found->length, found->key) == 0)
        while (history_row_next(&reader, &reading) > 0)
            ;
    if (reading.series > repair->highest)
        repair->highest = reading.series;
}

/* Rows of minutes to years that are astray, or come from another history: where no piece is yet. */
static int place_rows(struct repair *repair, const struct history_found *found)
{
    const struct history_repair_name *name =
        history_repair_names_find(&repair->names, found->look.series);
    if (!name)
        return 0;
    struct history_piece piece;
    struct history_look look;
    enum history_level level = found->look.level;
    int64_t key = history_piece_key(level, name->number, found->look.from);
    int before = history_piece_before(&repair->pieces, level, name->number, found->look.from,
                                      &piece, repair->err);
    if (before < 0)
        return before;
    if (before > 0 &&
        (history_look(HISTORY_TABLE_PIECE, piece.key, piece.bytes, piece.length, &look) < 0 ||
         look.until > found->look.from))
        return 0;
    int after = history_piece_after(&repair->pieces, key, found->look.until, &piece, repair->err);
    if (after != 0)
        return after < 0 ? after : 0;
    uint8_t *copy = malloc(found->length);
    if (!copy)
        return err_set(repair->err, -ENOMEM, "there is no memory to repair the history");
    memcpy(copy, found->bytes, found->length);
    history_code_seal(copy, found->length, key);
    history_pieces_rest(&repair->pieces);
    int result = put(repair, HISTORY_TABLE_PIECE, key, "", copy, found->length);
    free(copy);
    repair->report->rows += result == 0 ? found->look.rows : 0;
    return result;
}

static int copy_stray(struct repair *repair, const struct history_found *found)
{
    repair->report->strays++;
    if (found->table == HISTORY_TABLE_PIECE && found->look.level != HISTORY_RAW)
        return place_rows(repair, found);
    if (found->table != HISTORY_TABLE_UNDATED)
        return 0; /* readings are merged later */
    if (!repair->order->into)
        return put(repair, found->table, found->key, found->text, found->bytes, found->length);
    repair->report->undated++;
    return 0;
}

static int copy_found(void *user, const struct history_found *found)
{
    struct repair *repair = user;
    enum history_table table = found->table;
    if (table == HISTORY_TABLE_SERIES)
        return 0;
    if (!found->whole) {
        const struct history_repair_name *name =
            history_repair_names_find(&repair->names, found->look.series);
        repair->report->lost[table]++;
        if (repair->order->lost)
            repair->order->lost(repair->order->user, found, name ? name->path : NULL);
        return 0;
    }
    bool own = table == HISTORY_TABLE_BOOT || table == HISTORY_TABLE_STATE;
    if (repair->order->into && own)
        return 0; /* how far tidying had come there means nothing here */
    if (!own)
        note_highest(repair, found);
    if (found->stray || repair->order->into)
        return copy_stray(repair, found);
    repair->report->saved[table]++;
    if (table == HISTORY_TABLE_UNDATED)
        repair->report->readings += found->look.readings;
    else if (!own)
        note_span(repair, &found->look);
    return put(repair, table, found->key, found->text, found->bytes, found->length);
}

/* ---- merging --------------------------------------------------------------------------------- */

static int compare_entries(const void *a, const void *b)
{
    const struct entry *left = a, *right = b;
    if (left->series != right->series)
        return left->series < right->series ? -1 : 1;
    return (left->sample.time > right->sample.time) - (left->sample.time < right->sample.time);
}

/* The readings of one series, ordered, each time once. */
static int merge_series(struct repair *repair, const struct entry *entries, size_t count)
{
    const struct history_repair_name *name =
        history_repair_names_find(&repair->names, entries[0].series);
    if (!name || name->quantity == QUANTITY_NONE)
        return 0;
    history_samples_clear(&repair->samples);
    for (size_t i = 0; i < count; i++) {
        if (!history_samples_add(&repair->samples, entries[i].sample))
            return err_set(repair->err, -ENOMEM, "there is no memory to repair the history");
    }
    struct history_definition definition = {.number = name->number,
                                            .quantity = name->quantity,
                                            .decimals = name->decimals,
                                            .path = name->path};
    uint64_t known;
    int result = history_store_import(repair->store, &definition, repair->samples.list, count,
                                      repair->order->now, &known, repair->err);
    repair->report->known += known;
    repair->report->merged += count - known;
    return result;
}

static int merge_entries(struct repair *repair)
{
    int result = 0;
    if (repair->count > 0)
        qsort(repair->entries, repair->count, sizeof *repair->entries, compare_entries);
    for (size_t at = 0, end; at < repair->count && result == 0; at = end) {
        end = at + 1;
        while (end < repair->count && repair->entries[end].series == repair->entries[at].series)
            end++;
        result = merge_series(repair, repair->entries + at, end - at);
    }
    repair->count = 0;
    return result;
}

static void gather(struct repair *repair, uint32_t series, struct history_sample sample)
{
    repair->entries =
        mem_grow(repair->entries, repair->count, &repair->capacity, sizeof *repair->entries);
    repair->entries[repair->count++] = (struct entry){.series = series, .sample = sample};
}

static int gather_row(struct repair *repair, const struct history_found *found)
{
    struct history_row_reader reader;
    struct history_reading reading;
    int result = history_row_open(&reader, found->bytes, found->length, found->key);
    while (result >= 0 && (result = history_row_next(&reader, &reading)) > 0)
        gather(repair, reading.series,
               (struct history_sample){
                   .time = found->key, .value = reading.value, .quality = reading.quality});
    return result;
}

static int gather_samples(struct repair *repair, const struct history_found *found)
{
    int result = found->table == HISTORY_TABLE_BLOCK
                     ? history_samples_add_block(&repair->samples, found->bytes, found->length,
                                                 found->key, found->look.from)
                     : history_samples_add_span(&repair->samples, found->bytes, found->length,
                                                found->key, found->look.from);
    for (size_t i = 0; result >= 0 && i < repair->samples.count; i++)
        gather(repair, found->look.series, repair->samples.list[i]);
    return result;
}

static int merge_found(void *user, const struct history_found *found)
{
    struct repair *repair = user;
    if (!found->whole || (!found->stray && !repair->order->into))
        return 0;
    int result = 0;
    history_samples_clear(&repair->samples);
    if (found->table == HISTORY_TABLE_TICK)
        result = gather_row(repair, found);
    else if (found->table == HISTORY_TABLE_BLOCK ||
             (found->table == HISTORY_TABLE_PIECE && found->look.level == HISTORY_RAW))
        result = gather_samples(repair, found);
    if (result < 0)
        return err_set(repair->err, result, "there is no memory to repair the history");
    return repair->count < GATHER_MOST ? 0 : merge_entries(repair);
}

/* ---- in turn --------------------------------------------------------------------------------- */

static int take_name(void *user, const struct history_found *found)
{
    struct repair *repair = user;
    if (found->table == HISTORY_TABLE_SERIES)
        history_repair_names_add(&repair->names, found);
    return 0;
}

static int prepare(struct repair *repair)
{
    sqlite3 *db = repair->file.db;
    int result = history_pieces_open(&repair->pieces, db, true, repair->err);
    for (int i = 0; i < HISTORY_TABLES && result == 0; i++) {
        if (inserts[i] && sqlite3_prepare_v2(db, inserts[i], -1, &repair->insert[i], NULL))
            result = history_file_err(db, repair->err, "repaired");
    }
    return result;
}

static void finish_file(struct repair *repair)
{
    for (int i = 0; i < HISTORY_TABLES; i++) {
        sqlite3_finalize(repair->insert[i]);
        repair->insert[i] = NULL;
    }
    history_pieces_close(&repair->pieces);
    if (repair->file.db)
        database_roll_back(repair->file.db);
    database_close(&repair->file);
}

static int copy_all(struct repair *repair, const char *folder)
{
    struct history_salvage_tally tally;
    int result = database_open(&repair->file, &history_database, folder, repair->err);
    if (result == 0)
        result = prepare(repair);
    if (result == 0)
        result = history_file_run(repair->file.db, "BEGIN IMMEDIATE", "repaired", repair->err);
    if (result == 0)
        result = history_repair_names_settle(&repair->names, repair->file.db,
                                             repair->order->into != NULL, repair->err);
    if (result == 0)
        result = history_salvage(&repair->image, copy_found, repair, &tally, repair->err);
    if (result == 0 && !repair->order->into)
        result = history_repair_names_reserve(&repair->names, repair->file.db, repair->highest,
                                              &repair->report->unnamed, repair->err);
    if (result == 0)
        result = commit(repair);
    finish_file(repair);
    return result;
}

static int merge_all(struct repair *repair, const char *folder)
{
    struct history_salvage_tally tally;
    if (repair->report->strays == 0)
        return 0;
    repair->store = history_store_open(folder, "repair", repair->err);
    if (!repair->store)
        return repair->err->code;
    int result = history_salvage(&repair->image, merge_found, repair, &tally, repair->err);
    if (result == 0)
        result = merge_entries(repair);
    repair->store = history_store_close(repair->store);
    return result;
}

static int repair_into(struct repair *repair, const char *folder)
{
    int result =
        history_salvage(&repair->image, take_name, repair, &repair->report->pages, repair->err);
    repair->report->saved[HISTORY_TABLE_SERIES] = repair->names.count;
    repair->report->lost[HISTORY_TABLE_SERIES] = repair->names.damaged;
    if (result == 0)
        result = copy_all(repair, folder);
    return result == 0 ? merge_all(repair, folder) : result;
}

/* ---- the new file ---------------------------------------------------------------------------- */

#define NAME_MOST 240 /* a store's folder has room for no more */

/* The folder in which the new history is made; what a run that was cut off left there goes. */
static void clear_folder(const char *folder, bool itself)
{
    static const char *const names[] = {"history.db", "history.db-wal", "history.db-shm",
                                        "history.lock"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char path[NAME_MOST + 40];
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        unlink(path);
    }
    if (itself)
        rmdir(folder);
}

static int repair_to(struct repair *repair, const char *to)
{
    char folder[NAME_MOST + 10], made[NAME_MOST + 40];
    if (strlen(to) > NAME_MOST)
        return err_set(repair->err, -ENAMETOOLONG, "the name is too long: %s", to);
    if (access(to, F_OK) == 0)
        return err_set(repair->err, -EEXIST, "%s exists; move it away or name another file", to);
    snprintf(folder, sizeof folder, "%s.making", to);
    snprintf(made, sizeof made, "%s/history.db", folder);
    clear_folder(folder, false);
    int result = repair_into(repair, folder);
    if (result == 0 && (rename(made, to) != 0 || file_sync_folder_of(to) < 0))
        result = err_set_errno(repair->err, -errno, "cannot put the new history at %s", to);
    clear_folder(folder, true);
    return result;
}

/* A history that a daemon may be writing is held while it is read: a descriptor, -1 when nobody can
 * be, or -EBUSY and `err`. */
static int hold(const char *from, struct err *err)
{
    char folder[NAME_MOST + 40], lock[NAME_MOST + 60];
    const char *slash = strrchr(from, '/'), *name = slash ? slash + 1 : from;
    if (strcmp(name, "history.db") != 0 || (size_t)(name - from) > NAME_MOST)
        return -1;
    snprintf(folder, sizeof folder, "%.*s.", (int)(name - from), from);
    snprintf(lock, sizeof lock, "%s/history.lock", folder);
    return access(lock, F_OK) == 0 ? database_lock(&history_database, folder, err) : -1;
}

int history_repair(const struct history_repair_order *order, struct history_repair_report *report,
                   struct err *err)
{
    *report = (struct history_repair_report){0};
    struct err why = ERR_EMPTY;
    struct repair repair = {.order = order,
                            .report = report,
                            .image = HISTORY_IMAGE_EMPTY,
                            .file = DATABASE_EMPTY,
                            .err = &why};
    int lock = hold(order->from, &why), result = why.code;
    if (result == 0)
        result = history_image_open(&repair.image, order->from, &why);
    if (result == 0)
        result = order->into ? repair_into(&repair, order->into) : repair_to(&repair, order->to);
    history_image_close(&repair.image);
    if (lock >= 0)
        close(lock);
    history_repair_names_deinit(&repair.names);
    history_samples_deinit(&repair.samples);
    free(repair.entries);
    if (result < 0 && err)
        *err = why;
    return result;
}
