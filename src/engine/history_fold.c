#include "engine/history_fold.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "engine/history_compact.h"
#include "engine/history_file.h"

#define HOURS_PER_DAY 24
#define DAY_MS (HOURS_PER_DAY * HISTORY_HOUR_MS)
#define HOURS_PER_PERIOD (HISTORY_PERIOD_MS / HISTORY_HOUR_MS)

/* In one transaction: 20 ms of a small processor. */
#define STEP_READINGS 50000
#define STEP_SERIES 128

/* ---- life ------------------------------------------------------------------------------------ */

static int read_state(struct history_fold *fold, struct err *err)
{
    int64_t at = 0;
    int result = history_file_number(fold->db, "SELECT value FROM state WHERE name = 'join-period'",
                                     -1, &fold->period, err);
    if (result == 0)
        result = history_file_number(fold->db, "SELECT value FROM state WHERE name = 'join-series'",
                                     0, &at, err);
    fold->at = (uint32_t)at;
    return result;
}

static int write_state(struct history_fold *fold, int64_t period, uint32_t at, struct err *err)
{
    char sql[160];
    sqlite3_snprintf(sizeof sql, sql,
                     "REPLACE INTO state VALUES('join-period', %lld), ('join-series', %lld)",
                     (long long)period, (long long)at);
    int result = history_file_run(fold->db, sql, "tidied", err);
    if (result == 0) {
        fold->period = period;
        fold->at = at;
    }
    return result;
}

int history_fold_open(struct history_fold *fold, sqlite3 *db,
                      const struct history_series_list *series, struct err *err)
{
    *fold = (struct history_fold){.db = db, .series = series, .period = -1};
    int result = history_keeper_open(&fold->keeper, db, err);
    if (result == 0)
        result = read_state(fold, err);
    if (result == 0 &&
        (sqlite3_prepare_v2(db, "SELECT row FROM block WHERE key = ?1", -1, &fold->get, NULL) !=
             SQLITE_OK ||
         sqlite3_prepare_v2(db, "DELETE FROM block WHERE key = ?1", -1, &fold->drop, NULL) !=
             SQLITE_OK ||
         sqlite3_prepare_v2(db, HISTORY_SLOTS_NEXT, -1, &fold->next, NULL) != SQLITE_OK))
        result = history_file_err(db, err, "tidied");
    return result;
}

void history_fold_close(struct history_fold *fold)
{
    sqlite3_finalize(fold->get);
    sqlite3_finalize(fold->drop);
    sqlite3_finalize(fold->next);
    history_samples_deinit(&fold->day);
    history_slots_deinit(&fold->slots);
    history_keeper_close(&fold->keeper);
    *fold = (struct history_fold){.period = -1};
}

struct history_kept history_fold_kept(const struct history_fold *fold, uint32_t series)
{
    size_t low = 0, high = fold->series->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (fold->series->list[middle].number < series)
            low = middle + 1;
        else
            high = middle;
    }
    struct history_kept kept = {.series = series};
    if (low < fold->series->count && fold->series->list[low].number == series) {
        enum quantity quantity = fold->series->list[low].quantity;
        kept.counter =
            quantity != QUANTITY_NONE && quantity_row(quantity)->kind == QUANTITY_KIND_COUNTER;
    }
    return kept;
}

/* ---- a day ----------------------------------------------------------------------------------- */

/* Add a block to the day, if there is one. A damaged one holds nothing any more. */
static int take_block(struct history_fold *fold, int64_t slot, uint32_t series, struct err *err)
{
    int64_t key = history_file_slot_key(slot, series);
    sqlite3_bind_int64(fold->get, 1, key);
    int step = sqlite3_step(fold->get), result = 0;
    bool found = step == SQLITE_ROW;
    if (found) {
        result = history_samples_add_block(&fold->day, sqlite3_column_blob(fold->get, 0),
                                           (size_t)sqlite3_column_bytes(fold->get, 0), key,
                                           history_file_slot_hour(slot) * HISTORY_HOUR_MS);
        if (result == 0 && !history_samples_end_run(&fold->day)) /* parts may overlap */
            result = -ENOMEM;
        if (result == -ENOMEM)
            history_keeper_no_memory(err);
        else if (result == -ENOTSUP)
            err_set(err, result, "the history holds blocks of a newer busbar");
        else if (result < 0) {
            fold->keeper.unreadable++;
            result = 0;
        }
    } else if (step != SQLITE_DONE) {
        result = history_file_err(fold->db, err, "tidied");
    }
    sqlite3_reset(fold->get);
    if (!found || result < 0)
        return result;
    sqlite3_bind_int64(fold->drop, 1, key);
    result =
        sqlite3_step(fold->drop) == SQLITE_DONE ? 0 : history_file_err(fold->db, err, "tidied");
    sqlite3_reset(fold->drop);
    /* else the same block would be folded again and again */
    return result == 0 && sqlite3_changes(fold->db) != 1 ? history_file_damaged(err, "tidied")
                                                         : result;
}

/* Late readings change what a joined period has become. */
static int join_again(struct history_fold *fold, struct history_kept kept, int64_t time,
                      struct err *err)
{
    int64_t period = time / HISTORY_PERIOD_MS;
    bool joined = period < fold->period || (period == fold->period && kept.series <= fold->at);
    return joined ? history_keeper_join(&fold->keeper, kept, period * HISTORY_PERIOD_MS, err) : 0;
}

static int fold_series(struct history_fold *fold, int64_t day, uint32_t series, struct err *err)
{
    struct history_kept kept = history_fold_kept(fold, series);
    int result = 0;
    history_samples_clear(&fold->day);
    for (size_t i = 0; i < fold->slots.count && result == 0; i++)
        result = take_block(fold, fold->slots.list[i], series, err);
    if (result == 0 && fold->day.count > 0)
        result = history_keeper_put(&fold->keeper, kept, day * DAY_MS, (day + 1) * DAY_MS,
                                    fold->day.list, fold->day.count, false, NULL, err);
    if (result == 0 && fold->day.count > 0)
        result = join_again(fold, kept, day * DAY_MS, err);
    return result;
}

static int oldest_block(struct history_fold *fold, int64_t *key, struct err *err)
{
    return history_file_number(fold->db, "SELECT min(key) FROM block", INT64_MAX, key, err);
}

/* The first hour that is still at work: the tail's oldest, or the current one. */
static int first_open_hour(struct history_fold *fold, int64_t current_hour, int64_t *hour,
                           struct err *err)
{
    int64_t oldest;
    int result =
        history_file_number(fold->db, "SELECT min(time) FROM tick", INT64_MAX, &oldest, err);
    int64_t tail = oldest / HISTORY_HOUR_MS;
    *hour = tail < current_hour ? tail : current_hour;
    return result;
}

static int fold_some(struct history_fold *fold, int64_t day, struct err *err)
{
    size_t readings = 0;
    int result = 0;
    if (fold->period < 0)
        result = write_state(fold, day * DAY_MS / HISTORY_PERIOD_MS, 0, err);
    if (result == 0)
        result = history_slots_find(&fold->slots, fold->db, fold->next, day * HOURS_PER_DAY,
                                    (day + 1) * HOURS_PER_DAY, "tidied", err);
    for (int i = 0; i < STEP_SERIES && readings < STEP_READINGS && result == 0; i++) {
        int64_t key;
        result = oldest_block(fold, &key, err);
        if (result < 0 || history_file_block_hour(key) / HOURS_PER_DAY != day)
            break;
        result = fold_series(fold, day, (uint32_t)(key & HISTORY_SERIES_BITS), err);
        readings += fold->day.count;
    }
    return result;
}

static int commit(struct history_fold *fold, int result, struct err *err)
{
    history_pieces_rest(&fold->keeper.pieces);
    if (result == 0)
        result = history_file_run(fold->db, "COMMIT", "tidied", err);
    database_roll_back(fold->db);
    return result;
}

int history_fold_step(struct history_fold *fold, int64_t current_hour, struct err *err)
{
    int64_t key, open_hour = 0;
    int result = oldest_block(fold, &key, err);
    if (result == 0)
        result = first_open_hour(fold, current_hour, &open_hour, err);
    if (result < 0 || key == INT64_MAX)
        return result;
    int64_t day = history_file_block_hour(key) / HOURS_PER_DAY;
    if (open_hour < (day + 1) * HOURS_PER_DAY)
        return 0;
    int64_t period = fold->period;
    uint32_t at = fold->at;
    result = history_file_run(fold->db, "BEGIN IMMEDIATE", "tidied", err);
    if (result == 0)
        result = fold_some(fold, day, err);
    result = commit(fold, result, err);
    if (result < 0) {
        fold->period = period;
        fold->at = at;
    }
    return result < 0 ? result : 1;
}

/* ---- a period -------------------------------------------------------------------------------- */

static int join_some(struct history_fold *fold, struct err *err)
{
    const struct history_series_list *series = fold->series;
    int64_t from = fold->period * HISTORY_PERIOD_MS;
    size_t readings = 0, i = 0;
    uint32_t at = fold->at;
    int result = 0;
    while (i < series->count && series->list[i].number <= at)
        i++;
    for (; i < series->count && readings < STEP_READINGS && result == 0; i++) {
        at = series->list[i].number;
        result = history_keeper_join(&fold->keeper, history_fold_kept(fold, at), from, err);
        readings += fold->keeper.samples.count + 1;
    }
    if (result < 0)
        return result;
    bool done = i == series->count;
    return write_state(fold, fold->period + done, done ? 0 : at, err);
}

/* Years without readings: go to the period of the next piece at once. */
static int skip_empty(struct history_fold *fold, int64_t last, struct err *err)
{
    const struct history_series_list *series = fold->series;
    int64_t from = fold->period * HISTORY_PERIOD_MS, next = last;
    for (size_t i = 0; i < series->count && next > fold->period; i++) {
        struct history_piece piece;
        int64_t key = history_piece_key(HISTORY_RAW, series->list[i].number, from) - 1;
        int result = history_piece_after(&fold->keeper.pieces, key, INT64_MAX, &piece, err);
        if (result < 0)
            return result;
        if (result > 0 && piece.base / HISTORY_PERIOD_MS < next)
            next = piece.base / HISTORY_PERIOD_MS;
    }
    return next > fold->period ? write_state(fold, next, 0, err) : 0;
}

int history_fold_join_step(struct history_fold *fold, int64_t current_hour, struct err *err)
{
    int64_t key, open_hour = 0;
    if (fold->period < 0)
        return 0;
    int result = oldest_block(fold, &key, err);
    if (result == 0)
        result = first_open_hour(fold, current_hour, &open_hour, err);
    if (result < 0)
        return result;
    if (key != INT64_MAX && history_file_block_hour(key) < open_hour)
        open_hour = history_file_block_hour(key);
    int64_t last = open_hour / HOURS_PER_PERIOD;
    if (fold->period >= last)
        return 0;
    int64_t period = fold->period;
    uint32_t at = fold->at;
    result = history_file_run(fold->db, "BEGIN IMMEDIATE", "tidied", err);
    if (result == 0 && at == 0)
        result = skip_empty(fold, last, err);
    if (result == 0 && fold->period < last)
        result = join_some(fold, err);
    result = commit(fold, result, err);
    if (result < 0) {
        fold->period = period;
        fold->at = at;
    }
    return result < 0 ? result : 1;
}

/* ---- readings from elsewhere ----------------------------------------------------------------- */

static int import_pieces(struct history_fold *fold, uint32_t series, int64_t from, int64_t until,
                         const struct history_sample *samples, size_t count, size_t *known,
                         struct err *err)
{
    struct history_kept kept = history_fold_kept(fold, series);
    int result =
        history_keeper_put(&fold->keeper, kept, from, until, samples, count, true, known, err);
    return result < 0 ? result : join_again(fold, kept, from, err);
}

/* Where days that are not folded yet begin. */
static int first_open_day(struct history_fold *fold, int64_t current_hour, int64_t *day,
                          struct err *err)
{
    int64_t key, hour = 0;
    int result = oldest_block(fold, &key, err);
    if (result == 0)
        result = first_open_hour(fold, current_hour, &hour, err);
    if (result < 0)
        return result;
    if (key != INT64_MAX && history_file_block_hour(key) < hour)
        hour = history_file_block_hour(key);
    *day = hour / HOURS_PER_DAY;
    return 0;
}

static size_t count_until(const struct history_sample *samples, size_t count, int64_t until)
{
    size_t end = 0;
    while (end < count && samples[end].time < until)
        end++;
    return end;
}

/* What is taken at once: an hour while it may still become a block, else a day, or a whole period
 * when its days are not too long to be joined. */
static int64_t import_unit(const struct history_sample *samples, size_t count, int64_t open)
{
    int64_t time = samples[0].time;
    if (time >= open)
        return HISTORY_HOUR_MS;
    size_t in_day = count_until(samples, count, time - time % DAY_MS + DAY_MS);
    return in_day > HISTORY_JOIN_MOST * DAY_MS / HISTORY_PERIOD_MS ? DAY_MS : HISTORY_PERIOD_MS;
}

int history_fold_import(struct history_fold *fold, uint32_t series,
                        const struct history_sample *samples, size_t count, int64_t current_hour,
                        uint64_t *known, struct err *err)
{
    int64_t open_day;
    *known = 0;
    int result = first_open_day(fold, current_hour, &open_day, err);
    if (result == 0 && fold->period < 0)
        result = write_state(fold, open_day * DAY_MS / HISTORY_PERIOD_MS, 0, err);
    for (size_t at = 0; at < count && result == 0;) {
        int64_t open = open_day * DAY_MS, time = samples[at].time;
        bool folded = time < open;
        int64_t unit = import_unit(samples + at, count - at, open);
        int64_t from = time - time % unit, until = from + unit;
        if (folded && until > open)
            until = open;
        size_t end = at + count_until(samples + at, count - at, until), there = 0;
        result = folded
                     ? import_pieces(fold, series, from, until, samples + at, end - at, &there, err)
                     : history_compact_merge(fold->db, series, time / HISTORY_HOUR_MS, samples + at,
                                             end - at, &there, err);
        *known += there;
        at = end;
    }
    return result;
}
