/* history_column - whole numbers in a row as few bytes: what spans and tiers of history are made
 * of.
 *
 * Each number is foretold from those before it; what is coded is the difference. Model and coding
 * are chosen per column from what fits it: a constant or a steady slope costs nothing per number,
 * short columns use Rice codes, long ones an entropy coder (rANS) whose tables travel with the
 * column. Exact for every int64. Pure functions but for the encoder's working memory; bytes from a
 * disk are never trusted. docs/history-format.md describes the bytes. A new form gets a new kind,
 * old ones stay readable.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "engine/history_code.h"
#include "engine/history_predict.h"

#define HISTORY_COLUMN_MOST (1u << 18) /* numbers in one column */

/* Numbers between two places from which reading can begin. */
#define HISTORY_COLUMN_SEGMENT 4096

/* Append the column of `count` values (0 to HISTORY_COLUMN_MOST, asserted). `out` turns failed when
 * there is no memory. */
void history_column_encode(struct buf *out, const int64_t *values, size_t count);

/* To be embedded; private to history_column.c. No memory of its own but `tables`. */
struct history_column_reader {
    enum history_column_kind {
        HISTORY_COLUMN_STEADY,
        HISTORY_COLUMN_RICE,
        HISTORY_COLUMN_RANS,
    } kind;
    size_t count, index; /* numbers in all, and the one that comes next */
    int64_t first;
    uint64_t slope;  /* steady: from number to number */
    unsigned number; /* the predictor */
    unsigned start;  /* its first average */
    struct history_predict predict;
    unsigned k; /* Rice */
    struct history_bits_reader bits;
    const uint8_t *directory, *segments, *end; /* rANS: lengths, what they belong to */
    struct history_rans_tables *tables;
    struct history_column_segment {
        uint32_t state;
        const uint8_t *words, *words_end; /* two bytes behind the words can be read */
        const uint8_t *raw, *raw_end;     /* the bits below tokens */
        size_t bit;
    } segment;
};

/* Start reading a column of `count` numbers at `*at`, and move `*at` past it. 0, -EBADMSG, or
 * -ENOMEM. The bytes must stay while the reader is used. */
int history_column_open(struct history_column_reader *reader, const uint8_t **at,
                        const uint8_t *end, size_t count);

/* Frees the tables; the reader may be opened again. Accepts one that was never opened if zeroed. */
void history_column_close(struct history_column_reader *reader);

/* The next `count` numbers (not more than are left, asserted) into `values`. 0 or -EBADMSG. */
int history_column_read(struct history_column_reader *reader, int64_t *values, size_t count);

/* Move to number `index`, forwards or back; costs at most a segment of decoding. 0 or -EBADMSG. */
int history_column_seek(struct history_column_reader *reader, size_t index);
