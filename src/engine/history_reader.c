#include "engine/history_reader.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "engine/history_answer.h"
#include "engine/history_bucket.h"
#include "engine/history_file.h"
#include "engine/history_row.h"
#include "engine/history_samples.h"
#include "engine/history_scan.h"
#include "engine/history_series.h"
#include "engine/history_slots.h"

enum statement { FIND_SERIES, GET_BLOCK, NEXT_BLOCK, GET_TICKS, STATEMENTS };

static const char *const statements[STATEMENTS] = {
    [FIND_SERIES] = ("SELECT number, path, quantity, decimals, sum FROM series WHERE path = ?1 "
                     "ORDER BY number"),
    [GET_BLOCK] = "SELECT row FROM block WHERE key = ?1",
    [NEXT_BLOCK] = HISTORY_SLOTS_NEXT,
    [GET_TICKS] = "SELECT time, row FROM tick WHERE time >= ?1 AND time < ?2 ORDER BY time",
};

struct history_reader {
    sqlite3 *db;
    sqlite3_stmt *prepared[STATEMENTS];
    struct history_pieces pieces;
    struct history_rows rows, found; /* memory that one question leaves to the next */
};

/* A path may have several series: a later program may keep more decimals of its quantity. */
#define SOURCES_PER_PATH 10

#define WALL_END_MS 253402300800000LL /* the year 10000 */

/* A counter's rise in the first bucket needs the reading before it. */
#define LOOK_BACK_MS 86400000LL

struct source {
    uint32_t series;
    int decimals;
    bool counter;
    size_t path;                 /* index in the question */
    struct history_samples tail; /* readings that are not in a block yet */
};

struct work {
    struct history_reader *reader;
    const struct history_question *question;
    const atomic_bool *cancel;
    struct history_answer *answer;
    int64_t from, to;       /* ms */
    struct source *sources; /* ordered by series while the tail is read, then by path */
    size_t source_count;
    struct history_slots slots;
    struct history_samples loose;
    struct history_zone zone;
    bool damaged; /* something could not be read */
    struct err err;
};

/* ---- life ------------------------------------------------------------------------------------ */

struct history_reader *history_reader_open(const char *folder, struct err *err)
{
    struct history_reader *reader = calloc(1, sizeof *reader);
    if (!reader) {
        err_set(err, -ENOMEM, "there is no memory to read the history");
        return NULL;
    }
    reader->db = database_open_reader(&history_database, folder, err);
    if (!reader->db)
        return history_reader_close(reader);
    for (size_t i = 0; i < STATEMENTS; i++) {
        if (sqlite3_prepare_v3(reader->db, statements[i], -1, SQLITE_PREPARE_PERSISTENT,
                               &reader->prepared[i], NULL) != SQLITE_OK) {
            history_file_err(reader->db, err, "read");
            return history_reader_close(reader);
        }
    }
    if (history_pieces_open(&reader->pieces, reader->db, false, err) < 0)
        return history_reader_close(reader);
    return reader;
}

struct history_reader *history_reader_close(struct history_reader *reader)
{
    if (!reader)
        return NULL;
    history_pieces_close(&reader->pieces);
    for (size_t i = 0; i < STATEMENTS; i++)
        sqlite3_finalize(reader->prepared[i]);
    sqlite3_close(reader->db);
    free(reader->rows.list);
    free(reader->found.list);
    free(reader);
    return NULL;
}

/* ---- what to read ---------------------------------------------------------------------------- */

static int failed(struct work *work)
{
    return history_file_err(work->reader->db, &work->err, "read");
}

static int no_memory(struct work *work)
{
    return err_set(&work->err, -ENOMEM, "there is no memory for this answer; ask for less at once");
}

static int withdrawn(struct work *work)
{
    if (!atomic_load_explicit(work->cancel, memory_order_relaxed))
        return 0;
    return err_set(&work->err, -ECANCELED, "the question was withdrawn");
}

/* The series of one path, in the order in which they were begun. */
static int find_sources(struct work *work, size_t path)
{
    sqlite3_stmt *statement = work->reader->prepared[FIND_SERIES];
    struct history_series *series = &work->answer->series[path];
    size_t found = 0;
    int step = SQLITE_ROW;
    sqlite3_bind_text(statement, 1, series->path, -1, SQLITE_STATIC);
    while (found < SOURCES_PER_PATH && (step = sqlite3_step(statement)) == SQLITE_ROW) {
        struct history_definition definition;
        /* a damaged index may lead to an intact row of another path */
        if (!history_series_take(statement, 0, &definition) ||
            strcmp(definition.path, series->path) != 0 || definition.quantity == QUANTITY_NONE)
            continue;
        series->quantity = definition.quantity;
        found++;
        work->sources[work->source_count++] = (struct source){
            .series = definition.number,
            .decimals = definition.decimals,
            .counter = quantity_row(definition.quantity)->kind == QUANTITY_KIND_COUNTER,
            .path = path,
        };
    }
    int result = step == SQLITE_ROW || step == SQLITE_DONE ? 0 : failed(work);
    sqlite3_reset(statement);
    return result;
}

static int compare_series(const void *a, const void *b)
{
    const struct source *left = a, *right = b;
    if (left->series != right->series)
        return left->series < right->series ? -1 : 1;
    return left->path < right->path ? -1 : left->path > right->path;
}

static int compare_paths(const void *a, const void *b)
{
    const struct source *left = a, *right = b;
    if (left->path != right->path)
        return left->path < right->path ? -1 : 1;
    return left->series < right->series ? -1 : left->series > right->series;
}

/* Microseconds to the ms that is not earlier, within the calendar. */
static int64_t to_ms(clock_us wall)
{
    if (wall <= 0)
        return 0;
    int64_t ms = (wall - 1) / CLOCK_MS + 1;
    return ms < WALL_END_MS ? ms : WALL_END_MS;
}

static int prepare(struct work *work)
{
    const struct history_question *question = work->question;
    work->from = to_ms(question->from);
    work->to = to_ms(question->to);
    work->answer = history_answer_new(question->paths, question->path_count);
    work->sources = calloc(question->path_count * SOURCES_PER_PATH + 1, sizeof *work->sources);
    if (!work->answer || !work->sources)
        return no_memory(work);
    int result = 0;
    for (size_t i = 0; i < question->path_count && result == 0; i++)
        result = find_sources(work, i);
    return result;
}

/* ---- what is not in pieces ------------------------------------------------------------------- */

/* One row of the tail: both it and the sources are ordered by series. A damaged row is a gap. */
static int read_row(struct work *work, int64_t time, const uint8_t *bytes, size_t length)
{
    struct history_row_reader reader;
    struct history_reading reading;
    int result = history_row_open(&reader, bytes, length, time);
    size_t at = 0;
    while (result >= 0 && at < work->source_count &&
           (result = history_row_next(&reader, &reading)) > 0) {
        while (at < work->source_count && work->sources[at].series < reading.series)
            at++;
        /* the same path may have been asked twice */
        for (size_t i = at; i < work->source_count && work->sources[i].series == reading.series;
             i++) {
            struct history_sample sample = {
                .time = time, .value = reading.value, .quality = reading.quality};
            if (!history_samples_add(&work->sources[i].tail, sample))
                return no_memory(work);
        }
    }
    return 0;
}

static int read_tail(struct work *work)
{
    sqlite3_stmt *rows = work->reader->prepared[GET_TICKS];
    int64_t before = work->from - LOOK_BACK_MS - 1;
    sqlite3_bind_int64(rows, 1, before + 1);
    sqlite3_bind_int64(rows, 2, work->to);
    qsort(work->sources, work->source_count, sizeof *work->sources, compare_series);
    int result = 0, step = SQLITE_DONE;
    while (result == 0 && (step = sqlite3_step(rows)) == SQLITE_ROW) {
        int64_t time = sqlite3_column_int64(rows, 0);
        const void *bytes = sqlite3_column_blob(rows, 1);
        if (time <= before)
            result = history_file_damaged(&work->err, "read");
        else
            result = read_row(work, time, bytes, (size_t)sqlite3_column_bytes(rows, 1));
        before = time;
        if (result == 0)
            result = withdrawn(work);
    }
    if (result == 0 && step != SQLITE_DONE)
        result = failed(work);
    sqlite3_reset(rows);
    qsort(work->sources, work->source_count, sizeof *work->sources, compare_paths);
    return result;
}

/* Where there are blocks; a day or two, or all of a history that is not folded yet. */
static int find_slots(struct work *work)
{
    int64_t from = work->from - LOOK_BACK_MS;
    return history_slots_find(&work->slots, work->reader->db, work->reader->prepared[NEXT_BLOCK],
                              from < 0 ? 0 : from / HISTORY_HOUR_MS,
                              (work->to + HISTORY_HOUR_MS - 1) / HISTORY_HOUR_MS, "read",
                              &work->err);
}

static int read_block(struct work *work, const struct source *source, int64_t slot)
{
    sqlite3_stmt *block = work->reader->prepared[GET_BLOCK];
    int64_t key = history_file_slot_key(slot, source->series);
    sqlite3_bind_int64(block, 1, key);
    int result = 0;
    int step = sqlite3_step(block);
    if (step == SQLITE_ROW) {
        result = history_samples_add_block(&work->loose, sqlite3_column_blob(block, 0),
                                           (size_t)sqlite3_column_bytes(block, 0), key,
                                           history_file_slot_hour(slot) * HISTORY_HOUR_MS);
        if (result == 0 && !history_samples_end_run(&work->loose)) /* parts may overlap */
            result = -ENOMEM;
        if (result == -ENOMEM)
            result = no_memory(work);
        else if (result < 0) {
            work->damaged = true; /* a damaged block is a gap, and nothing else is lost */
            result = 0;
        }
    } else if (step != SQLITE_DONE) {
        /* so is a damaged page: the rest is read all the same */
        result = failed(work) == -EBADMSG ? 0 : work->err.code;
        work->damaged = true;
    }
    sqlite3_reset(block);
    return result;
}

/* All readings of a source that are not in pieces, in order of time. */
static int gather_loose(struct work *work, struct source *source)
{
    int result = 0;
    history_samples_clear(&work->loose);
    for (size_t i = 0; i < work->slots.count && result == 0; i++)
        result = read_block(work, source, work->slots.list[i]);
    for (size_t i = 0; i < source->tail.count && result == 0; i++) {
        if (!history_samples_add(&work->loose, source->tail.list[i]))
            result = no_memory(work);
    }
    if (result == 0 && !history_samples_end_run(&work->loose))
        result = no_memory(work);
    history_samples_deinit(&source->tail);
    return result;
}

/* ---- one path -------------------------------------------------------------------------------- */

static const enum history_level levels_of_units[] = {
    [HISTORY_UNIT_HOUR] = HISTORY_HOUR,
    [HISTORY_UNIT_DAY] = HISTORY_DAY,
    [HISTORY_UNIT_MONTH] = HISTORY_MONTH,
    [HISTORY_UNIT_YEAR] = HISTORY_YEAR,
};

static struct history_calendar grid_of(const struct history_question *question,
                                       struct history_zone *zone)
{
    int64_t step = question->step / CLOCK_MS;
    struct history_calendar grid = history_calendar_steps(step > 0 ? step : 1);
    if (question->unit != HISTORY_UNIT_NONE)
        grid = history_calendar_new(levels_of_units[question->unit],
                                    question->units > 0 ? question->units : 1);
    grid.zone = zone;
    return grid;
}

static size_t most_buckets(const struct history_question *question)
{
    size_t share = LIMIT_HISTORY_ANSWER / (question->path_count ? question->path_count : 1);
    size_t most = question->most && question->most < LIMIT_HISTORY_BUCKETS ? question->most
                                                                           : LIMIT_HISTORY_BUCKETS;
    return most < share ? most : share;
}

static struct history_scan scan_of(struct work *work, const struct source *source)
{
    const struct history_question *question = work->question;
    return (struct history_scan){
        .collect = {.counter = source->counter,
                    .from = work->from,
                    .every = question->unit == HISTORY_UNIT_NONE && question->step == 0,
                    .grid = grid_of(question, &work->zone),
                    .most = most_buckets(question),
                    .loose = &work->loose,
                    .buckets = work->reader->found},
        .pieces = &work->reader->pieces,
        .series = source->series,
        .reach = question->reach,
        .to = work->to,
        .zone = &work->zone,
        .cancel = work->cancel,
    };
}

/* Where the answer ends because there are too many buckets. */
static void cut_at(struct work *work, struct history_series *series, int64_t time)
{
    series->cut = true;
    if (time * CLOCK_MS < work->answer->until)
        work->answer->until = time * CLOCK_MS;
}

struct path_state {
    struct history_series *series;
    int decimals; /* of the rows */
    bool counter, has_before;
    int64_t before;
};

static void tell_thinned(struct history_series *series, const struct history_scan *scan)
{
    for (int unit = HISTORY_UNIT_HOUR; unit <= HISTORY_UNIT_YEAR; unit++) {
        clock_us until = scan->thinned[levels_of_units[unit]] * CLOCK_MS;
        if (until > series->thinned[unit])
            series->thinned[unit] = until;
    }
}

/* Add one series to the rows of its path. */
static int read_source(struct work *work, struct source *source, struct path_state *path)
{
    int result = gather_loose(work, source);
    if (result < 0)
        return result;
    struct history_scan scan = scan_of(work, source);
    if (source->counter && !path->has_before) {
        result = history_scan_before(&scan, &path->before, &work->err);
        path->has_before = result > 0;
    }
    if (result >= 0)
        result = history_scan_run(&scan, &work->err);
    if (scan.collect.cut)
        cut_at(work, path->series, scan.collect.cut_at);
    work->damaged = work->damaged || scan.damaged;
    tell_thinned(path->series, &scan);
    /* decimals only grow from series to series, but for a catalogue that went back */
    int more = source->decimals - path->decimals;
    for (size_t i = 0; i < work->reader->rows.count && more > 0; i++)
        history_bucket_scale(&work->reader->rows.list[i], more);
    for (size_t i = 0; i < scan.collect.buckets.count && more < 0; i++)
        history_bucket_scale(&scan.collect.buckets.list[i], -more);
    if (more > 0)
        path->decimals = source->decimals;
    path->counter = source->counter;
    work->reader->found = scan.collect.buckets;
    if (result >= 0 && history_rows_mix(&work->reader->rows, &work->reader->found,
                                        !scan.collect.every, source->counter) < 0)
        result = no_memory(work);
    work->reader->found.count = 0;
    history_scan_end(&scan);
    return result;
}

static int read_path(struct work *work, size_t path, size_t *at)
{
    struct path_state state = {.series = &work->answer->series[path]};
    int result = withdrawn(work);
    work->reader->rows.count = 0;
    for (; *at < work->source_count && work->sources[*at].path == path && result == 0; ++*at)
        result = read_source(work, &work->sources[*at], &state);
    if (result < 0)
        return result;
    size_t most = most_buckets(work->question);
    if (work->reader->rows.count > most) {
        cut_at(work, state.series, work->reader->rows.list[most].time);
        work->reader->rows.count = most;
    }
    struct history_buckets_of of = {
        .rows = work->reader->rows.list,
        .count = work->reader->rows.count,
        .decimals = state.decimals,
        .counter = state.counter,
        .has_before = state.has_before,
        .before = state.before,
    };
    state.series->continued = state.has_before;
    state.series->buckets = history_bucket_make(&of);
    state.series->count = state.series->buckets ? of.count : 0;
    return state.series->buckets ? 0 : no_memory(work);
}

/* What one point has beyond the end of another's is left for the next question. */
static void drop_beyond_until(struct history_answer *answer)
{
    for (size_t i = 0; i < answer->path_count; i++) {
        struct history_series *series = &answer->series[i];
        while (series->count > 0 && series->buckets[series->count - 1].time >= answer->until) {
            series->count--;
            series->cut = true;
        }
    }
}

/* ---- the question ---------------------------------------------------------------------------- */

static int answer(struct work *work)
{
    int result = prepare(work);
    if (result < 0 || work->source_count == 0)
        return result;
    work->answer->until = work->question->to;
    result = read_tail(work);
    if (result == 0)
        result = find_slots(work);
    size_t at = 0;
    for (size_t path = 0; path < work->question->path_count && result == 0; path++)
        result = read_path(work, path, &at);
    if (result == 0)
        drop_beyond_until(work->answer);
    return result;
}

static void release(struct work *work)
{
    for (size_t i = 0; i < work->source_count; i++)
        history_samples_deinit(&work->sources[i].tail);
    history_samples_deinit(&work->loose);
    free(work->sources);
    history_slots_deinit(&work->slots);
}

struct history_answer *history_reader_ask(struct history_reader *reader,
                                          const struct history_question *question,
                                          const atomic_bool *cancel, struct err *err)
{
    struct work work = {.reader = reader, .question = question, .cancel = cancel};
    int result = history_file_run(reader->db, "BEGIN", "read", &work.err);
    if (result == 0)
        result = answer(&work);
    history_pieces_rest(&reader->pieces);
    database_roll_back(reader->db);
    release(&work);
    if (work.damaged)
        log_warning("history", "an answer has gaps: parts of the history are damaged");
    if (result == 0) {
        if (!work.answer->until)
            work.answer->until = question->to;
        return work.answer;
    }
    if (err)
        *err = work.err;
    return history_answer_free(work.answer);
}
