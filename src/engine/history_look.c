#include "engine/history_look.h"

#include <errno.h>
#include <stdlib.h>

#include "engine/history_block.h"
#include "engine/history_file.h"
#include "engine/history_piece.h"
#include "engine/history_row.h"
#include "engine/history_span.h"
#include "engine/history_tier.h"

/* As a time in ms this is in the year 2109, as the key of an hour's block in 1999: where a blob
 * reads as both a row and a block, the side of this border decides. */
#define ROW_KEYS_END (INT64_C(1) << 42)

/* The hour of 9999-12-31: times stay far from overflowing. */
#define BLOCK_KEYS_END (INT64_C(70389528) << 24)

const char *history_table_name(enum history_table table)
{
    static const char *const names[HISTORY_TABLES] = {
        [HISTORY_TABLE_SERIES] = "series", [HISTORY_TABLE_TICK] = "tick",
        [HISTORY_TABLE_BLOCK] = "block",   [HISTORY_TABLE_UNDATED] = "undated",
        [HISTORY_TABLE_PIECE] = "piece",   [HISTORY_TABLE_BOOT] = "boot",
        [HISTORY_TABLE_STATE] = "state",
    };
    return names[table];
}

static int look_at_row(int64_t key, const uint8_t *bytes, size_t length, struct history_look *look)
{
    struct history_row_reader reader;
    struct history_reading reading;
    int result = history_row_open(&reader, bytes, length, key);
    while (result >= 0 && (result = history_row_next(&reader, &reading)) > 0)
        look->readings++;
    return result;
}

static int look_at_block(int64_t key, const uint8_t *bytes, size_t length,
                         struct history_look *look)
{
    struct history_block_reader reader;
    struct history_sample sample = {.time = look->from};
    int64_t end = look->from + HISTORY_HOUR_MS;
    int result = history_block_open(&reader, bytes, length, key, look->from);
    while (result >= 0 && (result = history_block_next(&reader, &sample)) > 0) {
        if (sample.time < look->from || sample.time >= end)
            return -EBADMSG;
        if (look->readings++ == 0)
            look->first = sample.time;
    }
    look->until = look->last = sample.time;
    return result;
}

static int look_at_span(int64_t key, const uint8_t *bytes, size_t length, struct history_look *look)
{
    struct history_span_reader reader;
    struct history_sample samples[512];
    int result = history_span_open(&reader, bytes, length, key, look->from);
    if (result < 0)
        return result;
    while ((result = history_span_read(&reader, samples, 512)) > 0) {
        if (look->readings == 0)
            look->first = samples[0].time;
        look->readings += (uint64_t)result;
        look->until = look->last = samples[result - 1].time;
    }
    history_span_close(&reader);
    return result == 0 && look->readings == 0 ? -EBADMSG : result;
}

static int look_at_rows(int64_t key, const uint8_t *bytes, size_t length, struct history_look *look)
{
    size_t count = history_tier_count(bytes, length);
    struct history_tier_row *rows = malloc((count ? count : 1) * sizeof *rows);
    if (!rows)
        return -ENOMEM;
    bool counter;
    int result =
        history_tier_decode(bytes, length, key, look->from, rows, count, &look->until, &counter);
    if (result > 0) {
        look->first = rows[0].time;
        look->last = rows[result - 1].time;
    }
    free(rows);
    look->rows = result > 0 ? (uint64_t)result : 0;
    return result < 0 ? result : 0;
}

/* What the key says. False when no piece has such a key. */
static bool read_piece_key(int64_t key, struct history_look *look)
{
    look->level = (enum history_level)((uint64_t)key >> 56);
    look->series = (uint32_t)(key >> 32) & 0xffffff;
    look->from = look->until = history_piece_base(key);
    return key >= 0 && key >> 56 < HISTORY_LEVELS && look->series > 0 &&
           look->series <= HISTORY_SERIES_MOST;
}

int history_look(enum history_table table, int64_t key, const uint8_t *bytes, size_t length,
                 struct history_look *look)
{
    *look = (struct history_look){.from = key, .until = key, .first = key, .last = key};
    switch (table) {
    case HISTORY_TABLE_TICK:
    case HISTORY_TABLE_UNDATED:
        return look_at_row(key, bytes, length, look);
    case HISTORY_TABLE_BLOCK:
        look->series = (uint32_t)(key & HISTORY_SERIES_BITS);
        if (key < 0 || key > BLOCK_KEYS_END || look->series == 0)
            return -EBADMSG;
        look->from = look->until = history_file_block_hour(key) * HISTORY_HOUR_MS;
        return look_at_block(key, bytes, length, look);
    case HISTORY_TABLE_PIECE:
        if (!read_piece_key(key, look))
            return -EBADMSG;
        return look->level == HISTORY_RAW ? look_at_span(key, bytes, length, look)
                                          : look_at_rows(key, bytes, length, look);
    default:
        return -EBADMSG;
    }
}

bool history_look_tell(int64_t key, const uint8_t *bytes, size_t length, enum history_table *table)
{
    struct history_look look;
    if (history_look(HISTORY_TABLE_PIECE, key, bytes, length, &look) == 0) {
        *table = HISTORY_TABLE_PIECE;
        return true;
    }
    bool row = history_look(HISTORY_TABLE_TICK, key, bytes, length, &look) == 0 && key >= 0;
    bool block = history_look(HISTORY_TABLE_BLOCK, key, bytes, length, &look) == 0;
    *table = row && (!block || key < ROW_KEYS_END) ? HISTORY_TABLE_TICK : HISTORY_TABLE_BLOCK;
    return row || block;
}
