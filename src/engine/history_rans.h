/* history_rans - the entropy coder of long columns: tokens, frequency tables, and the coding of one
 * segment.
 *
 * A number is a token (its size in quarters of an octave) and the bits below that. Tokens are coded
 * by rANS (Duda, arXiv:1311.2540): the state is 32 bits wide and moves 16-bit words, frequencies
 * sum to 2^11, so that reading a token is one look-up and one multiplication. The writer gives a
 * table to each group of neighbouring contexts that is worth one.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "engine/history_code.h"
#include "engine/history_predict.h"

#define HISTORY_RANS_BITS 11
#define HISTORY_RANS_SUM (1u << HISTORY_RANS_BITS)
#define HISTORY_RANS_TOKENS 256
#define HISTORY_RANS_TABLES 28         /* at most */
#define HISTORY_RANS_LOWEST (1u << 16) /* of a state between two tokens; where a segment ends */

/* Up to 15 the token is the code; from 16 on 4 tokens an octave. */
static inline unsigned history_rans_token(uint64_t code)
{
    if (code < 16)
        return (unsigned)code;
    unsigned top = 63u - (unsigned)__builtin_clzll(code);
    return top * 4 + ((unsigned)(code >> (top - 2)) & 3);
}

/* How many bits of the code are below the token, 0 to 61, and what is above them, 0 to 15. */
static inline unsigned history_rans_below(unsigned token)
{
    return token < 16 ? 0 : token / 4 - 2;
}

static inline unsigned history_rans_above(unsigned token)
{
    return token < 16 ? token : 4 | (token & 3);
}

/* ---- writing --------------------------------------------------------------------------------- */

struct history_rans_writer {
    unsigned contexts, tables;
    unsigned tokens; /* no token counted is as large; filled by the user */
    uint8_t table_of[HISTORY_PREDICT_CONTEXTS];
    uint32_t counts[HISTORY_PREDICT_CONTEXTS][HISTORY_RANS_TOKENS]; /* filled by the user */
    struct {
        uint16_t often, before; /* frequency, and the sum of those below */
    } frequencies[HISTORY_RANS_TABLES][HISTORY_RANS_TOKENS];
};

/* About how many bits the tokens counted will take, tables included. Merges the counts of contexts
 * that share a table and decides the tables. */
uint64_t history_rans_plan(struct history_rans_writer *writer);

/* The same for the tokens of one context alone, without a table. */
uint64_t history_rans_bits(const uint32_t *counts, unsigned tokens);

void history_rans_put_tables(struct history_bits_writer *bits,
                             const struct history_rans_writer *writer);

/* Code `count` symbols (context << 8 | token) into what ends at `end`: words, then the state to
 * begin from, so that a reader may always look at one word more. At most 2 * count + 4 bytes;
 * returns where they begin. */
uint8_t *history_rans_encode(const struct history_rans_writer *writer, const uint16_t *symbols,
                             size_t count, uint8_t *end);

/* ---- reading --------------------------------------------------------------------------------- */

/* An entry, from the lowest bit: 4 what is above, 6 how many bits are below, 11 the place within
 * the token's share, 11 the share less 1. */
struct history_rans_tables {
    uint32_t start[HISTORY_PREDICT_PLACES]; /* of the table that serves this place */
    uint32_t entries[];
};

/* Reads tables for the contexts of `with`; `*tables` is for free(). 0, -EBADMSG or -ENOMEM. */
int history_rans_take_tables(struct history_bits_reader *bits, const struct history_predictor *with,
                             struct history_rans_tables **tables);
