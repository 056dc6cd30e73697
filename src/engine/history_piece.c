#include "engine/history_piece.h"

#include "engine/history_file.h"

/* Of one level and series: what an intact tree of pages would answer anyway. */
static const char *const statements[HISTORY_PIECE_STATEMENTS] = {
    [HISTORY_PIECE_FIRST] =
        "SELECT key FROM piece WHERE key >= ?1 AND key <= ?2 ORDER BY key LIMIT 1",
    [HISTORY_PIECE_BEFORE] = "SELECT key, row FROM piece WHERE key <= ?1 AND key >= ?2"
                             " ORDER BY key DESC LIMIT 1",
    [HISTORY_PIECE_AFTER] = "SELECT key, row FROM piece WHERE key > ?1 AND key <= ?2"
                            " ORDER BY key LIMIT 1",
    [HISTORY_PIECE_PUT] = "REPLACE INTO piece VALUES(?1, ?2)",
    [HISTORY_PIECE_DROP] = "DELETE FROM piece WHERE key = ?1",
};

int history_pieces_open(struct history_pieces *pieces, sqlite3 *db, bool write, struct err *err)
{
    *pieces = (struct history_pieces){.db = db};
    size_t count = write ? HISTORY_PIECE_STATEMENTS : HISTORY_PIECE_PUT;
    for (size_t i = 0; i < count; i++) {
        if (sqlite3_prepare_v3(db, statements[i], -1, SQLITE_PREPARE_PERSISTENT,
                               &pieces->prepared[i], NULL) != SQLITE_OK)
            return history_file_err(db, err, "read");
    }
    return 0;
}

void history_pieces_close(struct history_pieces *pieces)
{
    for (size_t i = 0; i < HISTORY_PIECE_STATEMENTS; i++)
        sqlite3_finalize(pieces->prepared[i]);
    *pieces = (struct history_pieces){0};
}

void history_pieces_rest(struct history_pieces *pieces)
{
    sqlite3_reset(pieces->prepared[HISTORY_PIECE_BEFORE]);
    sqlite3_reset(pieces->prepared[HISTORY_PIECE_AFTER]);
}

/* The blob belongs to the statement until it is reset, which the next look-up does. */
static int look_up(struct history_pieces *pieces, enum history_piece_statement which, int64_t from,
                   int64_t bound, struct history_piece *piece, struct err *err)
{
    sqlite3_stmt *statement = pieces->prepared[which];
    sqlite3_reset(statement);
    sqlite3_bind_int64(statement, 1, from);
    sqlite3_bind_int64(statement, 2, bound);
    int step = sqlite3_step(statement);
    if (step == SQLITE_ROW) {
        piece->key = sqlite3_column_int64(statement, 0);
        piece->base = history_piece_base(piece->key);
        piece->bytes = sqlite3_column_blob(statement, 1);
        piece->length = (size_t)sqlite3_column_bytes(statement, 1);
        bool fits = which == HISTORY_PIECE_BEFORE ? piece->key <= from && piece->key >= bound
                                                  : piece->key > from && piece->key <= bound;
        return fits && piece->bytes ? 1 : history_file_damaged(err, "read");
    }
    int result = step == SQLITE_DONE ? 0 : history_file_err(pieces->db, err, "read");
    sqlite3_reset(statement);
    return result;
}

int history_piece_before(struct history_pieces *pieces, enum history_level level, uint32_t series,
                         int64_t time, struct history_piece *piece, struct err *err)
{
    if (time < 0)
        return 0;
    int64_t key = history_piece_key(level, series, time);
    return look_up(pieces, HISTORY_PIECE_BEFORE, key, key & ~(int64_t)UINT32_MAX, piece, err);
}

int history_piece_after(struct history_pieces *pieces, int64_t key, int64_t until,
                        struct history_piece *piece, struct err *err)
{
    int64_t last = key | UINT32_MAX;
    if (until < INT64_MAX)
        last = (key & ~(int64_t)UINT32_MAX) | (until - 1) / HISTORY_PIECE_UNIT_MS;
    return look_up(pieces, HISTORY_PIECE_AFTER, key, last, piece, err);
}

int history_piece_first(struct history_pieces *pieces, enum history_level level, uint32_t series,
                        int64_t *base, struct err *err)
{
    sqlite3_stmt *statement = pieces->prepared[HISTORY_PIECE_FIRST];
    int64_t least = history_piece_key(level, series, 0);
    sqlite3_reset(statement);
    sqlite3_bind_int64(statement, 1, least);
    sqlite3_bind_int64(statement, 2, least | UINT32_MAX);
    int step = sqlite3_step(statement);
    int64_t key = step == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : least;
    int result = step == SQLITE_ROW;
    if (step != SQLITE_ROW && step != SQLITE_DONE)
        result = history_file_err(pieces->db, err, "read");
    else if (key < least || key > (least | UINT32_MAX))
        result = history_file_damaged(err, "read");
    sqlite3_reset(statement);
    *base = history_piece_base(key);
    return result;
}

static int change(struct history_pieces *pieces, enum history_piece_statement which,
                  struct err *err)
{
    sqlite3_stmt *statement = pieces->prepared[which];
    int result =
        sqlite3_step(statement) == SQLITE_DONE ? 0 : history_file_err(pieces->db, err, "written");
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    return result;
}

int history_piece_put(struct history_pieces *pieces, int64_t key, const void *bytes, size_t length,
                      struct err *err)
{
    sqlite3_stmt *put = pieces->prepared[HISTORY_PIECE_PUT];
    sqlite3_bind_int64(put, 1, key);
    sqlite3_bind_blob64(put, 2, bytes, length, SQLITE_STATIC);
    return change(pieces, HISTORY_PIECE_PUT, err);
}

int history_piece_drop(struct history_pieces *pieces, int64_t key, struct err *err)
{
    sqlite3_bind_int64(pieces->prepared[HISTORY_PIECE_DROP], 1, key);
    return change(pieces, HISTORY_PIECE_DROP, err);
}
