#include "engine/history_reach.h"

#include <errno.h>
#include <stdlib.h>

#include "engine/history_span.h"
#include "engine/history_tier.h"

#define SAMPLED 64                    /* series */
#define END_MS (UINT32_MAX * 60000LL) /* the last minute that a key has */

/* The series whose first piece of a level is the oldest; 0 when there is none. */
static int oldest_series(struct history_pieces *pieces, enum history_level level,
                         const struct history_series_list *series, uint32_t *number,
                         struct err *err)
{
    int64_t oldest = INT64_MAX, base;
    *number = 0;
    for (size_t i = 0; i < series->count; i++) {
        int result = history_piece_first(pieces, level, series->list[i].number, &base, err);
        if (result < 0)
            return result;
        if (result > 0 && base < oldest) {
            oldest = base;
            *number = series->list[i].number;
        }
    }
    return 0;
}

static int64_t first_reading(const struct history_piece *piece)
{
    struct history_span_reader reader;
    if (history_span_open(&reader, piece->bytes, piece->length, piece->key, piece->base) < 0)
        return piece->base;
    history_span_close(&reader);
    return reader.first;
}

static int64_t first_row(const struct history_piece *piece)
{
    size_t count = history_tier_count(piece->bytes, piece->length);
    struct history_tier_row *rows = calloc(count + 1, sizeof *rows);
    int64_t until, first = piece->base;
    bool counter;
    if (rows && history_tier_decode(piece->bytes, piece->length, piece->key, piece->base, rows,
                                    count, &until, &counter) > 0)
        first = rows[0].time;
    free(rows);
    return first;
}

int history_reach_back(struct history_pieces *pieces, const struct history_series_list *series,
                       int64_t *oldest, struct err *err)
{
    /* rows of minutes stand beside hours, those of months and years beside days */
    static const enum history_level levels[] = {HISTORY_RAW, HISTORY_HOUR, HISTORY_DAY};
    int result = 0;
    *oldest = INT64_MAX;
    for (size_t i = 0; i < sizeof levels / sizeof *levels && result >= 0; i++) {
        struct history_piece piece;
        uint32_t number;
        result = oldest_series(pieces, levels[i], series, &number, err);
        if (result == 0 && number != 0)
            result = history_piece_after(pieces, history_piece_key(levels[i], number, 0), INT64_MAX,
                                         &piece, err);
        if (result <= 0)
            continue;
        int64_t first = levels[i] == HISTORY_RAW ? first_reading(&piece) : first_row(&piece);
        if (first < *oldest)
            *oldest = first;
    }
    history_pieces_rest(pieces);
    return result < 0 ? result : 0;
}

int history_reach_density(struct history_pieces *pieces, const struct history_series_list *series,
                          uint64_t *readings, uint64_t *bytes, struct err *err)
{
    size_t step = series->count / SAMPLED + 1;
    int result = 0;
    *readings = *bytes = 0;
    for (size_t i = 0; i < series->count && result >= 0; i += step) {
        struct history_piece piece;
        result =
            history_piece_before(pieces, HISTORY_RAW, series->list[i].number, END_MS, &piece, err);
        if (result > 0) {
            *readings += history_span_count(piece.bytes, piece.length);
            *bytes += piece.length;
        }
    }
    history_pieces_rest(pieces);
    return result < 0 ? result : 0;
}
