/* history_look - what a stored blob holds, and whether it is whole: for checking and repairing.
 *
 * Reads a blob of any table to its end with the reader of its version: the check sum over key and
 * content must fit and every reading or row must come out. Pure functions but for the memory that
 * the rows of one piece need; any thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/history_calendar.h"

/* The tables of a history (engine/history_file.h), in the order in which they are made. */
enum history_table {
    HISTORY_TABLE_SERIES,
    HISTORY_TABLE_TICK,
    HISTORY_TABLE_BLOCK,
    HISTORY_TABLE_UNDATED,
    HISTORY_TABLE_PIECE,
    HISTORY_TABLE_BOOT,
    HISTORY_TABLE_STATE,
    HISTORY_TABLES
};

const char *history_table_name(enum history_table table);

struct history_look {
    uint32_t series; /* 0: rows of many */
    enum history_level level;
    int64_t from, until; /* ms; that the blob stands for; of an undated row its monotonic time */
    int64_t first, last; /* times of its first and last reading or row */
    uint64_t readings;   /* with those that say "no value" */
    uint64_t rows;       /* of minutes to years */
};

/* Look into the blob stored under `key` (of an undated row: its monotonic time). Series, level and
 * `from` are filled from the key whatever comes of it. 0; -EBADMSG when it is damaged, -ENOTSUP
 * when a newer program wrote it, -ENOMEM. */
int history_look(enum history_table table, int64_t key, const uint8_t *bytes, size_t length,
                 struct history_look *look);

/* Which of TICK, BLOCK and PIECE a blob belongs to, told by its content and key alone. False when
 * it is none of them, or damaged. */
bool history_look_tell(int64_t key, const uint8_t *bytes, size_t length, enum history_table *table);
