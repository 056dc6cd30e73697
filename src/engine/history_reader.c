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
#include "engine/history_series.h"

enum statement { FIND_SERIES, GET_BLOCK, NEXT_BLOCK, NEXT_TICK, GET_TICKS, STATEMENTS };

static const char *const statements[STATEMENTS] = {
    [FIND_SERIES] = ("SELECT number, path, quantity, decimals, sum FROM series WHERE path = ?1 "
                     "ORDER BY decimals"),
    [GET_BLOCK] = "SELECT row FROM block WHERE key = ?1",
    [NEXT_BLOCK] = "SELECT key FROM block WHERE key >= ?1 ORDER BY key LIMIT 1",
    [NEXT_TICK] = "SELECT time FROM tick WHERE time >= ?1 ORDER BY time LIMIT 1",
    [GET_TICKS] = "SELECT time, row FROM tick WHERE time >= ?1 AND time < ?2 ORDER BY time",
};

struct history_reader {
    sqlite3 *db;
    sqlite3_stmt *prepared[STATEMENTS];
};

/* A path may have several series: a later program may keep more decimals of its quantity. */
#define SOURCES_PER_PATH 10

struct source {
    uint32_t series;
    size_t path;                 /* index in the question */
    int64_t factor;              /* to the decimals of the path's bucketer */
    struct history_samples tail; /* readings of this hour that are not in a block yet */
};

struct work {
    struct history_reader *reader;
    const struct history_question *question;
    struct history_answer *answer;
    struct history_bucketer *bucketers; /* one per path */
    struct source *sources;             /* ordered by series */
    size_t source_count;
    struct history_samples hour; /* of one path */
    bool damaged;                /* a block could not be read */
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
    reader->db = history_file_open_reader(folder, err);
    if (!reader->db)
        return history_reader_close(reader);
    for (size_t i = 0; i < STATEMENTS; i++) {
        if (sqlite3_prepare_v3(reader->db, statements[i], -1, SQLITE_PREPARE_PERSISTENT,
                               &reader->prepared[i], NULL) != SQLITE_OK) {
            history_file_err(reader->db, err, "read");
            return history_reader_close(reader);
        }
    }
    return reader;
}

struct history_reader *history_reader_close(struct history_reader *reader)
{
    if (!reader)
        return NULL;
    for (size_t i = 0; i < STATEMENTS; i++)
        sqlite3_finalize(reader->prepared[i]);
    sqlite3_close(reader->db);
    free(reader);
    return NULL;
}

/* ---- steps of the statements ----------------------------------------------------------------- */

static int failed(struct work *work)
{
    return history_file_err(work->reader->db, &work->err, "read");
}

static int no_memory(struct work *work)
{
    return err_set(&work->err, -ENOMEM, "there is no memory for this answer; ask for less at once");
}

/* The first number that `which` finds from `from` on; INT64_MAX when there is none. */
static int find_next(struct work *work, enum statement which, int64_t from, int64_t *number)
{
    sqlite3_stmt *statement = work->reader->prepared[which];
    sqlite3_bind_int64(statement, 1, from);
    int step = sqlite3_step(statement);
    *number = step == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : INT64_MAX;
    int result = step == SQLITE_ROW || step == SQLITE_DONE ? 0 : failed(work);
    sqlite3_reset(statement);
    return result == 0 && *number < from ? history_file_damaged(&work->err, "read") : result;
}

/* ---- what to read ---------------------------------------------------------------------------- */

/* The series of one path; its bucketer keeps the most decimals of them. */
static int find_sources(struct work *work, size_t path)
{
    static const int64_t powers_of_ten[] = {1,      10,      100,      1000,      10000,
                                            100000, 1000000, 10000000, 100000000, 1000000000};
    sqlite3_stmt *statement = work->reader->prepared[FIND_SERIES];
    struct history_series *series = &work->answer->series[path];
    int decimals[SOURCES_PER_PATH];
    size_t first = work->source_count, found = 0;
    int step = SQLITE_ROW;
    sqlite3_bind_text(statement, 1, series->path, -1, SQLITE_STATIC);
    while (found < SOURCES_PER_PATH && (step = sqlite3_step(statement)) == SQLITE_ROW) {
        struct history_definition definition;
        /* a damaged index may lead to an intact row of another path */
        if (!history_series_take(statement, 0, &definition) ||
            strcmp(definition.path, series->path) != 0 || definition.quantity == QUANTITY_NONE)
            continue;
        series->quantity = definition.quantity;
        decimals[found] = definition.decimals;
        work->bucketers[path].decimals = decimals[found++];
        work->sources[work->source_count++] =
            (struct source){.series = definition.number, .path = path};
    }
    for (size_t i = 0; i < found; i++)
        work->sources[first + i].factor =
            powers_of_ten[work->bucketers[path].decimals - decimals[i]];
    int result = step == SQLITE_ROW || step == SQLITE_DONE ? 0 : failed(work);
    sqlite3_reset(statement);
    return result;
}

static int compare_sources(const void *a, const void *b)
{
    const struct source *left = a, *right = b;
    if (left->series != right->series)
        return left->series < right->series ? -1 : 1;
    return left->path < right->path ? -1 : left->path > right->path;
}

static size_t most_buckets(const struct history_question *question)
{
    size_t share = LIMIT_HISTORY_ANSWER / (question->path_count ? question->path_count : 1);
    size_t most = question->most && question->most < LIMIT_HISTORY_BUCKETS ? question->most
                                                                           : LIMIT_HISTORY_BUCKETS;
    return most < share ? most : share;
}

static int prepare(struct work *work)
{
    const struct history_question *question = work->question;
    work->answer = history_answer_new(question->paths, question->path_count);
    work->bucketers = calloc(question->path_count + 1, sizeof *work->bucketers);
    work->sources = calloc(question->path_count * SOURCES_PER_PATH + 1, sizeof *work->sources);
    if (!work->answer || !work->bucketers || !work->sources)
        return no_memory(work);
    int result = 0;
    for (size_t i = 0; i < question->path_count && result == 0; i++) {
        work->bucketers[i] = (struct history_bucketer){.from = question->from,
                                                       .to = question->to,
                                                       .step = question->step,
                                                       .most = most_buckets(question)};
        result = find_sources(work, i);
    }
    qsort(work->sources, work->source_count, sizeof *work->sources, compare_sources);
    return result;
}

/* ---- one hour -------------------------------------------------------------------------------- */

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
        for (; at < work->source_count && work->sources[at].series == reading.series; at++) {
            struct history_sample sample = {
                .time = time, .value = reading.value, .quality = reading.quality};
            if (!history_samples_add(&work->sources[at].tail, sample))
                return no_memory(work);
        }
    }
    return 0;
}

static int read_tail(struct work *work, int64_t hour)
{
    sqlite3_stmt *rows = work->reader->prepared[GET_TICKS];
    sqlite3_bind_int64(rows, 1, hour * HISTORY_HOUR_MS);
    sqlite3_bind_int64(rows, 2, (hour + 1) * HISTORY_HOUR_MS);
    for (size_t i = 0; i < work->source_count; i++)
        history_samples_clear(&work->sources[i].tail);
    int64_t before = hour * HISTORY_HOUR_MS - 1;
    int result = 0, step = SQLITE_DONE;
    while (result == 0 && (step = sqlite3_step(rows)) == SQLITE_ROW) {
        int64_t time = sqlite3_column_int64(rows, 0);
        const void *bytes = sqlite3_column_blob(rows, 1);
        if (time <= before)
            result = history_file_damaged(&work->err, "read");
        else
            result = read_row(work, time, bytes, (size_t)sqlite3_column_bytes(rows, 1));
        before = time;
    }
    if (result == 0 && step != SQLITE_DONE)
        result = failed(work);
    sqlite3_reset(rows);
    return result;
}

/* Bring the run that is being added to the path's decimals and merge it. */
static bool end_run(struct work *work, int64_t factor)
{
    for (size_t i = work->hour.run; factor != 1 && i < work->hour.count; i++) {
        struct history_sample *sample = &work->hour.list[i];
        if (__builtin_mul_overflow(sample->value, factor, &sample->value))
            sample->quality = QUALITY_BAD;
    }
    return history_samples_end_run(&work->hour);
}

static int read_block(struct work *work, const struct source *source, int64_t hour)
{
    sqlite3_stmt *block = work->reader->prepared[GET_BLOCK];
    int64_t key = history_file_block_key(hour, source->series);
    sqlite3_bind_int64(block, 1, key);
    int result = 0;
    int step = sqlite3_step(block);
    if (step == SQLITE_ROW) {
        result = history_samples_add_block(&work->hour, sqlite3_column_blob(block, 0),
                                           (size_t)sqlite3_column_bytes(block, 0), key,
                                           hour * HISTORY_HOUR_MS);
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

/* Add what a source has in this hour to the samples of its path: the block, then the tail. */
static int read_source(struct work *work, const struct source *source, int64_t hour, bool with_tail)
{
    int result = read_block(work, source, hour);
    if (result == 0 && !end_run(work, source->factor))
        result = no_memory(work);
    for (size_t i = 0; with_tail && result == 0 && i < source->tail.count; i++) {
        if (!history_samples_add(&work->hour, source->tail.list[i]))
            result = no_memory(work);
    }
    if (result == 0 && !end_run(work, source->factor))
        result = no_memory(work);
    return result;
}

static int read_hour_of_path(struct work *work, size_t path, int64_t hour, bool with_tail)
{
    struct history_bucketer *bucketer = &work->bucketers[path];
    int result = 0;
    history_samples_clear(&work->hour);
    for (size_t i = 0; i < work->source_count && result == 0; i++) {
        if (work->sources[i].path == path)
            result = read_source(work, &work->sources[i], hour, with_tail);
    }
    for (size_t i = 0; i < work->hour.count && result == 0; i++) {
        const struct history_sample *sample = &work->hour.list[i];
        if (sample->quality == QUALITY_GOOD &&
            !history_bucketer_put(bucketer, sample->time * CLOCK_MS, sample->value))
            result = no_memory(work);
    }
    return result;
}

static int read_hour(struct work *work, int64_t hour, bool with_tail)
{
    int result = with_tail ? read_tail(work, hour) : 0;
    for (size_t path = 0; path < work->question->path_count && result == 0; path++) {
        if (!work->bucketers[path].cut)
            result = read_hour_of_path(work, path, hour, with_tail);
    }
    return result;
}

/* ---- all hours ------------------------------------------------------------------------------- */

static bool all_cut(const struct work *work)
{
    for (size_t i = 0; i < work->question->path_count; i++) {
        if (!work->bucketers[i].cut)
            return false;
    }
    return true;
}

static int64_t hour_of(clock_us wall)
{
    return wall <= 0 ? 0 : wall / CLOCK_MS / HISTORY_HOUR_MS;
}

/* Hours that hold something, oldest first; gaps of years cost two look-ups. */
static int read_hours(struct work *work, const atomic_bool *cancel)
{
    int64_t hour = hour_of(work->question->from), last = hour_of(work->question->to);
    int64_t block_hour = -1, tick_hour = -1;
    int result = 0;
    while (result == 0 && !all_cut(work)) {
        if (atomic_load_explicit(cancel, memory_order_relaxed))
            return err_set(&work->err, -ECANCELED, "the question was withdrawn");
        int64_t found;
        if (block_hour < hour) {
            result = find_next(work, NEXT_BLOCK, hour << 24, &found);
            block_hour = found == INT64_MAX ? INT64_MAX : history_file_block_hour(found);
        }
        if (result == 0 && tick_hour < hour) {
            result = find_next(work, NEXT_TICK, hour * HISTORY_HOUR_MS, &found);
            tick_hour = found == INT64_MAX ? INT64_MAX : found / HISTORY_HOUR_MS;
        }
        hour = block_hour < tick_hour ? block_hour : tick_hour;
        if (result < 0 || hour > last)
            return result;
        result = read_hour(work, hour, tick_hour == hour);
        hour++;
    }
    return result;
}

static int finish(struct work *work)
{
    for (size_t i = 0; i < work->question->path_count; i++) {
        struct history_bucketer *bucketer = &work->bucketers[i];
        if (!history_bucketer_end(bucketer))
            return no_memory(work);
        struct history_series *series = &work->answer->series[i];
        series->buckets = bucketer->buckets;
        series->count = bucketer->count;
        series->cut = bucketer->cut;
        bucketer->buckets = NULL;
    }
    return 0;
}

static void release(struct work *work)
{
    for (size_t i = 0; work->bucketers && i < work->question->path_count; i++)
        free(work->bucketers[i].buckets);
    for (size_t i = 0; i < work->source_count; i++)
        history_samples_deinit(&work->sources[i].tail);
    history_samples_deinit(&work->hour);
    free(work->bucketers);
    free(work->sources);
}

struct history_answer *history_reader_ask(struct history_reader *reader,
                                          const struct history_question *question,
                                          const atomic_bool *cancel, struct err *err)
{
    struct work work = {.reader = reader, .question = question};
    int result = history_file_run(reader->db, "BEGIN", "read", &work.err);
    if (result == 0)
        result = prepare(&work);
    if (result == 0 && work.source_count > 0)
        result = read_hours(&work, cancel);
    if (result == 0)
        result = finish(&work);
    history_file_roll_back(reader->db);
    release(&work);
    if (work.damaged)
        log_warning("history", "an answer has gaps: parts of the history are damaged");
    if (result == 0)
        return work.answer;
    if (err)
        *err = work.err;
    return history_answer_free(work.answer);
}
