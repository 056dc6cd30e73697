/* history_record - a record of a SQLite file read from its bytes (file format, section 2.1).
 *
 * For salvaging; nothing is trusted. Pure functions.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HISTORY_RECORD_COLUMNS 6

enum history_column_kind {
    HISTORY_COLUMN_NULL,
    HISTORY_COLUMN_INTEGER,
    HISTORY_COLUMN_TEXT,
    HISTORY_COLUMN_BLOB,
};

struct history_record_column {
    enum history_column_kind kind;
    int64_t number;
    size_t at, length; /* of text and blob, from the begin of the record */
};

struct history_record_shape {
    int count;
    struct history_record_column columns[HISTORY_RECORD_COLUMNS];
};

/* SQLite's varint: big-endian, at most nine bytes. False when it is cut. */
bool history_record_varint(const uint8_t **at, const uint8_t *end, uint64_t *value);

/* Read the head of a record of `length` bytes of which the first `given` are at hand, and the
 * integers among its columns as far as they lie there (else they are 0). False when head and length
 * do not fit each other, it has no column or more than there is room for, or one that no table of a
 * history has. */
bool history_record_read(const uint8_t *bytes, size_t given, uint64_t length,
                         struct history_record_shape *shape);
