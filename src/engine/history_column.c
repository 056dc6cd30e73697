#include "engine/history_column.h"

#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/history_rans.h"

#define SEGMENT HISTORY_COLUMN_SEGMENT

/* ---- opening --------------------------------------------------------------------------------- */

static bool take_signed(const uint8_t **at, const uint8_t *end, int64_t *value)
{
    uint64_t code;
    if (!history_code_take(at, end, &code))
        return false;
    *value = history_code_unzigzag(code);
    return true;
}

static int open_steady(struct history_column_reader *reader, const uint8_t **at, const uint8_t *end)
{
    int64_t slope = 0;
    if (reader->number > 1 || !take_signed(at, end, &reader->first) ||
        (reader->number == 1 && !take_signed(at, end, &slope)))
        return -EBADMSG;
    reader->slope = (uint64_t)slope;
    return 0;
}

static int open_rice(struct history_column_reader *reader, const uint8_t **at, const uint8_t *end)
{
    uint64_t length;
    if (reader->number >= HISTORY_PREDICTORS || *at == end || reader->count > SEGMENT)
        return -EBADMSG;
    reader->k = *(*at)++;
    if (reader->k > HISTORY_CODE_RICE_MOST || !take_signed(at, end, &reader->first) ||
        !history_code_take(at, end, &length) || length > (uint64_t)(end - *at))
        return -EBADMSG;
    reader->start =
        reader->k < HISTORY_PREDICT_START_MOST ? reader->k + 1 : HISTORY_PREDICT_START_MOST;
    reader->segments = *at;
    *at += length;
    reader->end = *at;
    return 0;
}

/* One segment's line in the directory. */
struct entry {
    uint64_t words, raw; /* bytes */
    int64_t first;       /* less the column's first */
};

static bool take_entry(const uint8_t **at, const uint8_t *end, bool first, struct entry *entry)
{
    entry->first = 0;
    if (!history_code_take(at, end, &entry->words) || entry->words >= SEGMENT ||
        !history_code_take(at, end, &entry->raw) || entry->raw > SEGMENT * 8)
        return false;
    entry->words *= 2;
    return first || take_signed(at, end, &entry->first);
}

/* The directory, and that what it promises is there. */
static int open_segments(struct history_column_reader *reader, const uint8_t **at,
                         const uint8_t *end)
{
    uint64_t length = 0;
    reader->directory = *at;
    for (size_t from = 0; from < reader->count; from += SEGMENT) {
        struct entry entry;
        if (!take_entry(at, end, from == 0, &entry))
            return -EBADMSG;
        length += entry.words + 4 + entry.raw;
    }
    if (length > (uint64_t)(end - *at))
        return -EBADMSG;
    reader->segments = *at;
    *at += length;
    reader->end = *at;
    return 0;
}

static int open_rans(struct history_column_reader *reader, const uint8_t **at, const uint8_t *end)
{
    if (reader->number >= HISTORY_PREDICTORS || *at == end)
        return -EBADMSG;
    reader->start = *(*at)++;
    if (reader->start > HISTORY_PREDICT_START_MOST || !take_signed(at, end, &reader->first))
        return -EBADMSG;
    struct history_bits_reader bits = {.at = *at, .end = end};
    int result =
        history_rans_take_tables(&bits, &history_predictors[reader->number], &reader->tables);
    if (result < 0)
        return result;
    *at = bits.at - bits.count / 8; /* the tables end with their byte */
    result = open_segments(reader, at, end);
    if (result < 0)
        history_column_close(reader);
    return result;
}

int history_column_open(struct history_column_reader *reader, const uint8_t **at,
                        const uint8_t *end, size_t count)
{
    *reader = (struct history_column_reader){.count = count};
    if (count == 0)
        return 0;
    if (count > HISTORY_COLUMN_MOST || *at == end)
        return -EBADMSG;
    uint8_t head = *(*at)++;
    reader->kind = head & 15;
    reader->number = head >> 4;
    switch (reader->kind) {
    case HISTORY_COLUMN_STEADY:
        return open_steady(reader, at, end);
    case HISTORY_COLUMN_RICE:
        return open_rice(reader, at, end);
    case HISTORY_COLUMN_RANS:
        return open_rans(reader, at, end);
    }
    return -EBADMSG;
}

void history_column_close(struct history_column_reader *reader)
{
    free(reader->tables);
    reader->tables = NULL;
}

/* ---- Rice ------------------------------------------------------------------------------------ */

static int read_rice(struct history_column_reader *reader, int64_t *values, size_t count)
{
    const struct history_predictor *with = &history_predictors[reader->number];
    for (size_t i = 0; i < count; i++) {
        uint64_t code;
        if (!history_bits_take_rice(&reader->bits, reader->k, &code))
            return -EBADMSG;
        uint64_t value = history_predict_guess(&reader->predict, with->kind) +
                         (uint64_t)history_code_unzigzag(code);
        history_predict_learn(&reader->predict, value, code, with->kind, with->window);
        values[i] = (int64_t)value;
    }
    return 0;
}

/* ---- rANS ------------------------------------------------------------------------------------ */

/* The bits below a token where eight bytes cannot be loaded or are not enough; zeros behind the
 * end. */
static uint64_t raw_carefully(const struct history_column_segment *segment, unsigned width)
{
    uint64_t bits = 0;
    for (unsigned i = 0; i < width; i++) {
        size_t bit = segment->bit + i;
        if (bit / 8 >= (size_t)(segment->raw_end - segment->raw))
            break;
        bits |= (uint64_t)(segment->raw[bit / 8] >> bit % 8 & 1) << i;
    }
    return bits;
}

static inline uint64_t take_raw(struct history_column_segment *segment, unsigned width)
{
    size_t byte = segment->bit / 8;
    uint64_t bits;
    /* 56: bits that eight bytes hold wherever the first one begins */
    if (__builtin_expect(width <= 56 && byte + 8 <= (size_t)(segment->raw_end - segment->raw), 1)) {
        memcpy(&bits, segment->raw + byte, sizeof bits);
        bits = le64toh(bits) >> segment->bit % 8 & ((UINT64_C(1) << width) - 1);
    } else {
        bits = raw_carefully(segment, width);
    }
    segment->bit += width;
    return bits;
}

/* Inlined once per kind of predictor, so that the inner loops hold no choice. Returns how many
 * values were read: fewer when words are missing. */
__attribute__((always_inline)) static inline size_t
read_rans_as(struct history_column_reader *reader, int64_t *values, size_t count,
             enum history_predict_kind kind, unsigned window)
{
    struct history_predict predict = reader->predict;
    struct history_column_segment segment = reader->segment;
    const struct history_rans_tables *tables = reader->tables;
    size_t i = 0;
    for (; i < count && segment.words <= segment.words_end; i++) {
        uint32_t start = tables->start[history_predict_place(&predict, kind)];
        uint32_t entry = tables->entries[start + (segment.state & (HISTORY_RANS_SUM - 1))];
        uint32_t state = ((entry >> 21) + 1) * (segment.state >> HISTORY_RANS_BITS) +
                         (entry >> 10 & (HISTORY_RANS_SUM - 1));
        uint32_t word = segment.words[0] | (uint32_t)segment.words[1] << 8;
        unsigned low = state < HISTORY_RANS_LOWEST;
        segment.state = state << low * 16 | (word & -low); /* as random as they come: no branch */
        segment.words += low * 2;
        unsigned width = entry >> 4 & 63;
        uint64_t code = (uint64_t)(entry & 15) << width | take_raw(&segment, width);
        uint64_t value =
            history_predict_guess(&predict, kind) + (uint64_t)history_code_unzigzag(code);
        history_predict_learn(&predict, value, code, kind, window);
        values[i] = (int64_t)value;
    }
    reader->predict = predict;
    reader->segment = segment;
    return i;
}

static size_t read_rans_some(struct history_column_reader *reader, int64_t *values, size_t count)
{
    const struct history_predictor *with = &history_predictors[reader->number];
    switch (with->kind) {
    case HISTORY_PREDICT_VALUE:
        return read_rans_as(reader, values, count, HISTORY_PREDICT_VALUE, 1);
    case HISTORY_PREDICT_VALUE_MEAN:
        return read_rans_as(reader, values, count, HISTORY_PREDICT_VALUE_MEAN, with->window);
    case HISTORY_PREDICT_VALUE_DRIFT:
        return read_rans_as(reader, values, count, HISTORY_PREDICT_VALUE_DRIFT, with->window);
    case HISTORY_PREDICT_CHANGE:
        return read_rans_as(reader, values, count, HISTORY_PREDICT_CHANGE, 1);
    case HISTORY_PREDICT_CHANGE_MEAN:
        return read_rans_as(reader, values, count, HISTORY_PREDICT_CHANGE_MEAN, with->window);
    }
    return 0;
}

static int read_rans(struct history_column_reader *reader, int64_t *values, size_t count)
{
    const struct history_column_segment *segment = &reader->segment;
    size_t got = read_rans_some(reader, values, count);
    size_t after = reader->index + count;
    if (got < count || segment->words > segment->words_end)
        return -EBADMSG;
    size_t raw = (size_t)(segment->raw_end - segment->raw);
    bool ends = after % SEGMENT == 0 || after == reader->count;
    if (segment->bit > raw * 8 ||
        (ends && (segment->state != HISTORY_RANS_LOWEST || segment->words != segment->words_end ||
                  (segment->bit + 7) / 8 != raw)))
        return -EBADMSG;
    return 0;
}

/* ---- segments -------------------------------------------------------------------------------- */

/* Ready the segment that begins at reader->index, and hand out its first number. */
static int begin_segment(struct history_column_reader *reader, int64_t *value)
{
    const struct history_predictor *with = &history_predictors[reader->number];
    *value = reader->first;
    if (reader->kind == HISTORY_COLUMN_RICE) {
        reader->bits = (struct history_bits_reader){.at = reader->segments, .end = reader->end};
        history_predict_begin(&reader->predict, with, *value, reader->start);
        return 0;
    }
    const uint8_t *line = reader->directory, *at = reader->segments;
    struct entry entry = {0};
    for (size_t from = 0; from <= reader->index; from += SEGMENT) {
        at += from ? entry.words + 4 + entry.raw : 0;
        if (!take_entry(&line, reader->segments, from == 0, &entry))
            return -EBADMSG;
    }
    *value = (int64_t)((uint64_t)reader->first + (uint64_t)entry.first);
    history_predict_begin(&reader->predict, with, *value, reader->start);
    const uint8_t *words_end = at + entry.words, *raw = words_end + 4;
    uint32_t state;
    memcpy(&state, words_end, sizeof state);
    reader->segment = (struct history_column_segment){.state = le32toh(state),
                                                      .words = at,
                                                      .words_end = words_end,
                                                      .raw = raw,
                                                      .raw_end = raw + entry.raw};
    return 0;
}

static void read_steady(struct history_column_reader *reader, int64_t *values, size_t count)
{
    for (size_t i = 0; i < count; i++)
        values[i] = (int64_t)((uint64_t)reader->first + (reader->index + i) * reader->slope);
}

/* Up to `count` numbers, none beyond the segment's end; how many, or -EBADMSG. */
static int read_some(struct history_column_reader *reader, int64_t *values, size_t count)
{
    size_t within = reader->index % SEGMENT;
    if (count > SEGMENT - within)
        count = SEGMENT - within;
    if (reader->kind == HISTORY_COLUMN_STEADY) {
        read_steady(reader, values, count);
        return (int)count;
    }
    if (within == 0) {
        int result = begin_segment(reader, values);
        return result < 0 ? result : 1;
    }
    int result = reader->kind == HISTORY_COLUMN_RICE ? read_rice(reader, values, count)
                                                     : read_rans(reader, values, count);
    return result < 0 ? result : (int)count;
}

int history_column_read(struct history_column_reader *reader, int64_t *values, size_t count)
{
    assert(count <= reader->count - reader->index);
    while (count > 0) {
        int got = read_some(reader, values, count);
        if (got < 0)
            return got;
        reader->index += (size_t)got;
        values += got;
        count -= (size_t)got;
    }
    return 0;
}

int history_column_seek(struct history_column_reader *reader, size_t index)
{
    assert(index <= reader->count);
    bool steady = reader->kind == HISTORY_COLUMN_STEADY;
    size_t begin = index - index % SEGMENT;
    if (steady || index < reader->index || begin > reader->index)
        reader->index = steady ? index : begin;
    while (reader->index < index) {
        int64_t skipped[256];
        size_t left = index - reader->index;
        int result = history_column_read(reader, skipped, left < 256 ? left : 256);
        if (result < 0)
            return result;
    }
    return 0;
}
