#include "engine/history_evict.h"

#include <errno.h>

#include "base/log.h"
#include "engine/history_file.h"

#define STEP_SERIES 256
#define STEP_PIECES 512
#define RELIEF 20 /* once full, until a 20th of the space is free: not told again at each edge */

int history_evict_used(sqlite3 *db, uint64_t *bytes, struct err *err)
{
    int64_t pages = 0, unused = 0, size = 0;
    int result = history_file_number(db, "PRAGMA page_count", 0, &pages, err);
    if (result == 0)
        result = history_file_number(db, "PRAGMA freelist_count", 0, &unused, err);
    if (result == 0)
        result = history_file_number(db, "PRAGMA page_size", 0, &size, err);
    *bytes = (uint64_t)(pages - unused) * (uint64_t)size;
    return result;
}

static bool may_go(enum history_level level, struct history_kept kept)
{
    return level < HISTORY_DAY || !kept.counter;
}

/* The first piece of a level and series, if it may be removed: the last piece of rows stays, it is
 * still growing; readings and rows of hours must have become rows of days. 1, 0, or a code. */
static int first_piece(struct history_fold *fold, enum history_level level,
                       struct history_kept kept, int64_t *base, struct err *err)
{
    struct history_piece piece;
    struct history_pieces *pieces = &fold->keeper.pieces;
    if (!may_go(level, kept))
        return 0;
    int64_t joined = fold->period * HISTORY_PERIOD_MS;
    int64_t before_all = history_piece_key(level, kept.series, 0) - 1;
    /* base 0 itself would be 1970 */
    int result = history_piece_after(pieces, before_all + 1, INT64_MAX, &piece, err);
    if (result <= 0)
        return result;
    *base = piece.base;
    if (level == HISTORY_RAW)
        return piece.base < joined;
    result = history_piece_after(pieces, piece.key, INT64_MAX, &piece, err);
    return result <= 0 ? result : piece.base <= joined;
}

/* What goes next: the level, and the end of the period of its oldest piece. 1, 0, or a code. */
static int choose(struct history_evict *evict, struct history_fold *fold, struct err *err)
{
    const struct history_series_list *series = fold->series;
    for (int level = HISTORY_RAW; level < HISTORY_LEVELS; level++) {
        int64_t oldest = INT64_MAX;
        for (size_t i = 0; i < series->count; i++) {
            int64_t base;
            int result = first_piece(fold, (enum history_level)level,
                                     history_fold_kept(fold, series->list[i].number), &base, err);
            if (result < 0)
                return result;
            if (result > 0 && base < oldest)
                oldest = base;
        }
        if (oldest == INT64_MAX)
            continue;
        evict->level = (enum history_level)level;
        evict->until = (oldest / HISTORY_PERIOD_MS + 1) * HISTORY_PERIOD_MS;
        evict->at = 0;
        evict->active = true;
        return 1;
    }
    return 0;
}

static int remove_of_series(struct history_evict *evict, struct history_fold *fold,
                            struct history_kept kept, int *removed, struct err *err)
{
    int64_t base;
    int result;
    while ((result = first_piece(fold, evict->level, kept, &base, err)) > 0 &&
           base < evict->until) {
        history_pieces_rest(&fold->keeper.pieces);
        result = history_piece_drop(&fold->keeper.pieces,
                                    history_piece_key(evict->level, kept.series, base), err);
        if (result == 0 && sqlite3_changes(fold->db) != 1)
            result = history_file_damaged(err, "tidied");
        if (result < 0)
            return result;
        ++*removed;
    }
    return result < 0 ? result : 0;
}

static int remove_some(struct history_evict *evict, struct history_fold *fold, struct err *err)
{
    const struct history_series_list *series = fold->series;
    int removed = 0, result = 0;
    size_t at = evict->at;
    for (int i = 0; i < STEP_SERIES && removed < STEP_PIECES && at < series->count && result == 0;
         i++, at++)
        result = remove_of_series(evict, fold, history_fold_kept(fold, series->list[at].number),
                                  &removed, err);
    history_pieces_rest(&fold->keeper.pieces);
    if (result == 0)
        result = history_file_run(fold->db, "COMMIT", "tidied", err);
    database_roll_back(fold->db);
    if (result < 0)
        return result;
    evict->removed += (uint64_t)removed;
    evict->at = at;
    if (at == series->count) {
        evict->active = false;
        if (evict->level == HISTORY_RAW)
            evict->reaches = evict->until;
    }
    return 1;
}

static int begin(struct history_evict *evict, struct history_fold *fold, uint64_t space,
                 struct err *err)
{
    uint64_t used = 0;
    int result = history_evict_used(fold->db, &used, err);
    if (result < 0)
        return result;
    if (used <= (evict->full ? space - space / RELIEF : space)) {
        evict->full = false;
        return 0;
    }
    result = choose(evict, fold, err);
    history_pieces_rest(&fold->keeper.pieces);
    if (result == 0 && !evict->full)
        log_warning("history", "what is kept for ever and the newest readings need more than the "
                               "space that the history may use");
    evict->full |= result == 0;
    return result;
}

int history_evict_step(struct history_evict *evict, struct history_fold *fold, uint64_t space,
                       struct err *err)
{
    if (space == 0) {
        evict->full = false;
        return 0;
    }
    if (!evict->active) {
        int result = begin(evict, fold, space, err);
        if (result <= 0)
            return result;
    }
    int result = history_file_run(fold->db, "BEGIN IMMEDIATE", "tidied", err);
    return result < 0 ? result : remove_some(evict, fold, err);
}
