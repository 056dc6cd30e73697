/* history_code - what all stored forms of history share: a checked head, varints and a stream of
 * bits.
 *
 * Every stored blob begins with its format version and a CRC-32C over its key and content, so that
 * a flipped bit on the disk is found wherever it falls, the key included. Readers never look past
 * the end and never trust a length. Pure functions.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

#define HISTORY_CODE_HEAD 5 /* version, CRC-32C little-endian */

/* Append an empty head; history_code_seal fills it when key and content are known. */
void history_code_begin(struct buf *out, uint8_t version);
void history_code_seal(uint8_t *bytes, size_t length, int64_t key);

/* The version of an intact blob, or -EBADMSG. */
int history_code_check(const uint8_t *bytes, size_t length, int64_t key);

/* Small magnitudes of either sign become small numbers; wraps, so that every int64 has one. */
static inline uint64_t history_code_zigzag(int64_t value)
{
    return (uint64_t)value << 1 ^ (value < 0 ? UINT64_MAX : 0);
}

static inline int64_t history_code_unzigzag(uint64_t code)
{
    return (int64_t)(code >> 1 ^ (code & 1 ? UINT64_MAX : 0));
}

/* Seven bits a byte, lowest first, at most ten bytes. */
void history_code_put(struct buf *out, uint64_t value);

/* Takes a varint from between `*at` and `end`; false when it is cut or longer than 64 bits. */
bool history_code_take(const uint8_t **at, const uint8_t *end, uint64_t *value);

/* ---- Rice codes: quotient in ones, a zero, `k` bits of remainder; what is far out is written
 * whole ------------- */

#define HISTORY_CODE_RICE_MOST 40 /* largest k */

struct history_bits_writer {
    struct buf *out;
    uint64_t pending;
    unsigned count;
};

/* The low `count` bits (0 to 64) of `bits`, which has no others. */
void history_bits_put(struct history_bits_writer *writer, uint64_t bits, unsigned count);

void history_bits_put_rice(struct history_bits_writer *writer, uint64_t value, unsigned k);
void history_bits_end(struct history_bits_writer *writer);

/* How many bits history_bits_put_rice takes. */
unsigned history_bits_rice_cost(uint64_t value, unsigned k);

struct history_bits_reader {
    const uint8_t *at, *end;
    uint64_t pending;
    unsigned count;
};

/* At most 56 bits. False when the bits are used up. */
bool history_bits_take(struct history_bits_reader *reader, unsigned count, uint64_t *bits);
bool history_bits_take_rice(struct history_bits_reader *reader, unsigned k, uint64_t *value);
