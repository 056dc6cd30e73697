/* history_cell - reads one record of a damaged history, from the leaf on which it begins to the
 * last page of its chain.
 *
 * By the file format alone (sqlite.org/fileformat2, section 1.6), since SQLite may refuse the file.
 * Nothing of what the bytes say is believed before it is checked; whether a record is one of a
 * history is for history_salvage to tell, which is the only user. Reads only. One thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "engine/history_image.h"
#include "engine/history_record.h"

struct history_cell_reader {
    const struct history_image *image;
    struct buf record;
    struct buf chain; /* numbers (uint32_t) of the further pages of the record read last */
    uint8_t *page;    /* one of them; its user may read another page into it between two records */
    bool failed;      /* there was no memory for a record */
};

/* `bytes` are the reader's until the next record is read. */
struct history_cell {
    int64_t rowid;
    size_t size; /* on the leaf */
    const uint8_t *bytes;
    struct history_record_shape shape;
};

/* False without memory; close it all the same. `image` is borrowed. */
bool history_cell_open(struct history_cell_reader *reader, const struct history_image *image);
void history_cell_close(struct history_cell_reader *reader);

/* The record whose cell begins at `offset` of a leaf, of a table or else of an index. False when
 * there is none, or not all of it can be read. */
bool history_cell_read(struct history_cell_reader *reader, const uint8_t *page, size_t offset,
                       bool table, struct history_cell *cell);

/* Whether the columns are of these kinds: a letter for each, n (null), i (integer), t (text), b
 * (blob). */
bool history_cell_has(const struct history_cell *cell, const char *kinds);
