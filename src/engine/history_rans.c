#include "engine/history_rans.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- logarithms ------------------------------------------------------------------------------ */

/* log2(1 + i / 64) in 1/65536: integers, so that every machine chooses the same tables. */
static const uint32_t log_parts[65] = {
    0,     1466,  2909,  4331,  5732,  7112,  8473,  9814,  11136, 12440, 13727, 14996, 16248,
    17484, 18704, 19909, 21098, 22272, 23433, 24579, 25711, 26830, 27936, 29029, 30109, 31178,
    32234, 33279, 34312, 35334, 36346, 37346, 38336, 39316, 40286, 41246, 42196, 43137, 44068,
    44990, 45904, 46809, 47705, 48593, 49472, 50344, 51207, 52063, 52911, 53751, 54584, 55410,
    56229, 57040, 57845, 58643, 59434, 60219, 60997, 61769, 62534, 63294, 64047, 64794, 65536,
};

/* log2(value) in 1/65536, 0 for 0. */
static uint64_t log2_fixed(uint32_t value)
{
    if (value == 0)
        return 0;
    unsigned top = 31u - (unsigned)__builtin_clz(value);
    uint32_t part = (uint32_t)(((uint64_t)value << 32 >> top) & UINT32_MAX);
    uint32_t i = part >> 26, rest = (part >> 10) & 0xffff;
    return ((uint64_t)top << 16) + log_parts[i] +
           ((uint64_t)(log_parts[i + 1] - log_parts[i]) * rest >> 16);
}

uint64_t history_rans_bits(const uint32_t *counts, unsigned tokens)
{
    uint32_t sum = 0;
    uint64_t bits = 0;
    for (size_t i = 0; i < tokens; i++) {
        if (counts[i] == 0)
            continue;
        sum += counts[i];
        bits += counts[i] * log2_fixed(counts[i]);
    }
    uint64_t most = sum * log2_fixed(sum);
    return most > bits ? (most - bits) >> 16 : 0;
}

/* ---- deciding the tables --------------------------------------------------------------------- */

/* About what a table takes: measured on series of meters. */
#define TABLE_BITS 8u
#define TOKEN_BITS 8u

static uint64_t cost(const uint32_t *counts, unsigned tokens)
{
    unsigned present = 0;
    for (size_t i = 0; i < tokens; i++)
        present += counts[i] > 0;
    return present ? history_rans_bits(counts, tokens) + TABLE_BITS + TOKEN_BITS * present : 0;
}

static void add_counts(uint32_t *sum, const uint32_t *counts, unsigned tokens)
{
    for (size_t i = 0; i < tokens; i++)
        sum[i] += counts[i];
}

static uint64_t cost_together(const uint32_t *a, const uint32_t *b, unsigned tokens)
{
    uint32_t sum[HISTORY_RANS_TOKENS];
    memcpy(sum, a, tokens * sizeof *sum);
    add_counts(sum, b, tokens);
    return cost(sum, tokens);
}

/* Groups of neighbouring contexts, the counts of each in those of its first. */
struct groups {
    unsigned count;
    struct group {
        unsigned first;
        uint64_t cost, with_next;
    } list[HISTORY_PREDICT_CONTEXTS];
};

static void look_at(const struct history_rans_writer *writer, struct groups *groups, unsigned i)
{
    struct group *group = &groups->list[i];
    if (i + 1 < groups->count)
        group->with_next = cost_together(writer->counts[group->first],
                                         writer->counts[groups->list[i + 1].first], writer->tokens);
}

static void merge(struct history_rans_writer *writer, struct groups *groups, unsigned i)
{
    struct group *group = &groups->list[i];
    add_counts(writer->counts[group->first], writer->counts[group[1].first], writer->tokens);
    group->cost = group->with_next;
    groups->count--;
    memmove(group + 1, group + 2, (groups->count - i - 1) * sizeof *group);
    look_at(writer, groups, i);
    if (i > 0)
        look_at(writer, groups, i - 1);
}

/* The neighbours that gain most by sharing a table; -1 when none does. */
static int best_pair(const struct groups *groups)
{
    int best = -1;
    int64_t most = groups->count > HISTORY_RANS_TABLES ? INT64_MIN : -1;
    for (unsigned i = 0; i + 1 < groups->count; i++) {
        const struct group *group = &groups->list[i];
        int64_t gain = (int64_t)(group->cost + group[1].cost) - (int64_t)group->with_next;
        if (gain > most) {
            most = gain;
            best = (int)i;
        }
    }
    return best;
}

/* Shares of HISTORY_RANS_SUM in proportion, at least 1 for each token present. */
static void share(struct history_rans_writer *writer, unsigned table, const uint32_t *counts)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < HISTORY_RANS_TOKENS; i++)
        sum += counts[i];
    unsigned given = 0;
    for (unsigned i = 0; i < HISTORY_RANS_TOKENS; i++) {
        unsigned often = 0;
        if (counts[i]) {
            often = (unsigned)((counts[i] * (uint64_t)HISTORY_RANS_SUM + sum / 2) / sum);
            often = often ? often : 1;
        }
        writer->frequencies[table][i].often = (uint16_t)often;
        given += often;
    }
    while (given != HISTORY_RANS_SUM) { /* the greatest feels it least */
        unsigned most = 0;
        for (unsigned i = 1; i < HISTORY_RANS_TOKENS; i++)
            if (writer->frequencies[table][i].often > writer->frequencies[table][most].often)
                most = i;
        int step = given > HISTORY_RANS_SUM ? -1 : 1;
        writer->frequencies[table][most].often =
            (uint16_t)(writer->frequencies[table][most].often + step);
        given += (unsigned)step;
    }
    unsigned before = 0;
    for (unsigned i = 0; i < HISTORY_RANS_TOKENS; i++) {
        writer->frequencies[table][i].before = (uint16_t)before;
        before += writer->frequencies[table][i].often;
    }
}

uint64_t history_rans_plan(struct history_rans_writer *writer)
{
    struct groups groups = {.count = writer->contexts};
    for (unsigned i = 0; i < groups.count; i++)
        groups.list[i] =
            (struct group){.first = i, .cost = cost(writer->counts[i], writer->tokens)};
    for (unsigned i = 0; i < groups.count; i++)
        look_at(writer, &groups, i);
    for (int i; (i = best_pair(&groups)) >= 0;)
        merge(writer, &groups, (unsigned)i);
    uint64_t bits = 0;
    writer->tables = groups.count;
    for (unsigned i = 0, context = 0; i < groups.count; i++) {
        unsigned end = i + 1 < groups.count ? groups.list[i + 1].first : writer->contexts;
        for (; context < end; context++)
            writer->table_of[context] = (uint8_t)i;
        share(writer, i, writer->counts[groups.list[i].first]);
        bits += groups.list[i].cost;
    }
    return bits;
}

/* ---- tables as bits -------------------------------------------------------------------------- */

/* Elias gamma: the width in unary, then the bits below the top one; from 0 on. */
static void put_gamma(struct history_bits_writer *bits, unsigned value)
{
    unsigned width = 31u - (unsigned)__builtin_clz(value + 1);
    history_bits_put(bits, (1u << width) - 1, width + 1);
    history_bits_put(bits, (value + 1) & ((1u << width) - 1), width);
}

static bool take_gamma(struct history_bits_reader *bits, unsigned *value)
{
    uint64_t bit = 1, rest;
    unsigned width = 0;
    for (; history_bits_take(bits, 1, &bit) && bit; width++) {
        if (width == 8)
            return false; /* nothing in a table is longer */
    }
    if (bit || !history_bits_take(bits, width, &rest))
        return false;
    *value = (1u << width) + (unsigned)rest - 1;
    return true;
}

/* Widths of frequencies follow each other closely; this is where they are taken to begin. */
#define WIDTH_FIRST 7

static unsigned width_of(unsigned often)
{
    return 31u - (unsigned)__builtin_clz(often);
}

static void put_table(struct history_bits_writer *bits, const struct history_rans_writer *writer,
                      unsigned table)
{
    unsigned next = 0, given = 0;
    int width = WIDTH_FIRST;
    for (unsigned i = 0; given < HISTORY_RANS_SUM; i++) {
        unsigned often = writer->frequencies[table][i].often;
        if (!often)
            continue;
        int here = (int)width_of(often);
        put_gamma(bits, i - next);
        put_gamma(bits, (unsigned)history_code_zigzag(here - width));
        history_bits_put(bits, often - (1u << here), (unsigned)here);
        next = i + 1;
        given += often;
        width = here;
    }
}

void history_rans_put_tables(struct history_bits_writer *bits,
                             const struct history_rans_writer *writer)
{
    for (unsigned i = 1; i < writer->contexts; i++)
        history_bits_put(bits, writer->table_of[i] != writer->table_of[i - 1], 1);
    for (unsigned i = 0; i < writer->tables; i++)
        put_table(bits, writer, i);
}

/* One token and its share; false when the bits are damaged. */
static bool take_share(struct history_bits_reader *bits, unsigned *token, int *width,
                       unsigned *often)
{
    unsigned gap, change;
    uint64_t rest;
    if (!take_gamma(bits, &gap) || !take_gamma(bits, &change))
        return false;
    *token += gap;
    *width += (int)history_code_unzigzag(change);
    if (*token >= HISTORY_RANS_TOKENS || *width < 0 || *width > HISTORY_RANS_BITS ||
        !history_bits_take(bits, (unsigned)*width, &rest))
        return false;
    *often = (1u << *width) + (unsigned)rest;
    return true;
}

static bool take_table(struct history_bits_reader *bits, uint32_t *entries)
{
    unsigned token = 0, given = 0;
    int width = WIDTH_FIRST;
    for (; given < HISTORY_RANS_SUM; token++) {
        unsigned often;
        if (!take_share(bits, &token, &width, &often) || often > HISTORY_RANS_SUM - given)
            return false;
        uint32_t what = history_rans_above(token) | history_rans_below(token) << 4;
        for (unsigned i = 0; i < often; i++)
            entries[given + i] = what | i << 10 | (often - 1) << 21;
        given += often;
    }
    return true;
}

int history_rans_take_tables(struct history_bits_reader *bits, const struct history_predictor *with,
                             struct history_rans_tables **tables)
{
    uint32_t starts[HISTORY_PREDICT_CONTEXTS] = {0};
    uint32_t count = 1;
    for (unsigned i = 1; i < history_predict_contexts(with); i++) {
        uint64_t another;
        if (!history_bits_take(bits, 1, &another))
            return -EBADMSG;
        count += (uint32_t)another;
        starts[i] = (count - 1) * HISTORY_RANS_SUM;
    }
    if (count > HISTORY_RANS_TABLES)
        return -EBADMSG;
    *tables = malloc(sizeof **tables + sizeof(uint32_t) * HISTORY_RANS_SUM * count);
    if (!*tables)
        return -ENOMEM;
    for (unsigned i = 0; i < HISTORY_PREDICT_PLACES; i++)
        (*tables)->start[i] = starts[history_predict_context(with, i)];
    for (uint32_t i = 0; i < count; i++) {
        if (!take_table(bits, (*tables)->entries + i * HISTORY_RANS_SUM)) {
            free(*tables);
            *tables = NULL;
            return -EBADMSG;
        }
    }
    return 0;
}

/* ---- coding ---------------------------------------------------------------------------------- */

uint8_t *history_rans_encode(const struct history_rans_writer *writer, const uint16_t *symbols,
                             size_t count, uint8_t *end)
{
    uint32_t state = HISTORY_RANS_LOWEST;
    uint8_t *at = end - 4;
    while (count > 0) {
        uint16_t symbol = symbols[--count];
        unsigned table = writer->table_of[symbol >> 8];
        uint32_t often = writer->frequencies[table][symbol & 0xff].often;
        uint32_t before = writer->frequencies[table][symbol & 0xff].before;
        if (state >= (uint64_t)often << (32 - HISTORY_RANS_BITS)) {
            *--at = (uint8_t)(state >> 8);
            *--at = (uint8_t)state;
            state >>= 16;
        }
        state = (state / often << HISTORY_RANS_BITS) + state % often + before;
    }
    for (int i = 0; i < 4; i++)
        end[i - 4] = (uint8_t)(state >> 8 * i);
    return at;
}
