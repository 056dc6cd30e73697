#include "engine/history_column.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "engine/history_rans.h"

/* Fewer values do not pay for a table. */
#define RANS_LEAST 200u

/* What rANS takes beside tokens and tables: state and lengths, compared with a Rice column. */
#define RANS_HEAD_BITS 48u

/* ---- memory of one encoding ------------------------------------------------------------------ */

#define SEGMENT HISTORY_COLUMN_SEGMENT

struct work {
    struct history_rans_writer rans;
    uint64_t codes[SEGMENT]; /* of the segment or sample at hand */
    uint8_t contexts[SEGMENT];
    uint8_t context_of[HISTORY_PREDICT_PLACES];
    uint8_t words[2 * SEGMENT + 4];
    struct buf raw;     /* bits below the tokens, of all segments */
    uint16_t symbols[]; /* of all segments */
};

/* What was chosen for a column. */
struct plan {
    unsigned number; /* of the predictor */
    unsigned start;
    unsigned k;
    uint64_t bits; /* what it will take, about */
};

/* ---- from values to codes -------------------------------------------------------------------- */

/* Inlined once per kind of predictor, so that the inner loops hold no choice. */
__attribute__((always_inline)) static inline void
foretell_as(struct work *work, struct history_predict predict, const int64_t *values, size_t count,
            enum history_predict_kind kind, unsigned window)
{
    for (size_t i = 1; i < count; i++) {
        uint64_t value = (uint64_t)values[i];
        work->contexts[i] = work->context_of[history_predict_place(&predict, kind)];
        uint64_t missed = value - history_predict_guess(&predict, kind);
        uint64_t code = history_code_zigzag((int64_t)missed);
        work->codes[i] = code;
        history_predict_learn(&predict, value, code, kind, window);
    }
}

/* The codes and contexts of all values (at most SEGMENT) but the first. */
static void foretell(struct work *work, unsigned number, unsigned start, const int64_t *values,
                     size_t count)
{
    const struct history_predictor *with = &history_predictors[number];
    unsigned window = with->window;
    struct history_predict from;
    history_predict_begin(&from, with, values[0], start);
    switch (with->kind) {
    case HISTORY_PREDICT_VALUE:
        foretell_as(work, from, values, count, HISTORY_PREDICT_VALUE, window);
        break;
    case HISTORY_PREDICT_VALUE_MEAN:
        foretell_as(work, from, values, count, HISTORY_PREDICT_VALUE_MEAN, window);
        break;
    case HISTORY_PREDICT_VALUE_DRIFT:
        foretell_as(work, from, values, count, HISTORY_PREDICT_VALUE_DRIFT, window);
        break;
    case HISTORY_PREDICT_CHANGE:
        foretell_as(work, from, values, count, HISTORY_PREDICT_CHANGE, window);
        break;
    case HISTORY_PREDICT_CHANGE_MEAN:
        foretell_as(work, from, values, count, HISTORY_PREDICT_CHANGE_MEAN, window);
        break;
    }
}

static void prepare(struct work *work, unsigned number)
{
    const struct history_predictor *with = &history_predictors[number];
    for (unsigned i = 0; i < HISTORY_PREDICT_PLACES; i++)
        work->context_of[i] = (uint8_t)history_predict_context(with, i);
    work->rans.contexts = history_predict_contexts(with);
    for (unsigned i = 0; i < HISTORY_PREDICT_CONTEXTS; i++)
        memset(work->rans.counts[i], 0, work->rans.tokens * sizeof *work->rans.counts[i]);
    work->rans.tokens = 0;
}

/* ---- choosing -------------------------------------------------------------------------------- */

/* Width of twice the mean of the codes: 0 when they are all but nothing. */
static unsigned start_for(const uint64_t *codes, size_t count)
{
    uint64_t sum = 0;
    for (size_t i = 1; i < count; i++)
        sum += codes[i] > UINT16_MAX ? UINT16_MAX : codes[i];
    uint64_t mean = count > 1 ? 2 * sum / (count - 1) : 0;
    unsigned width = mean ? 64u - (unsigned)__builtin_clzll(mean) : 0;
    return width < HISTORY_PREDICT_START_MOST ? width : HISTORY_PREDICT_START_MOST;
}

static uint64_t rice_bits(const uint64_t *codes, size_t count, unsigned k)
{
    uint64_t bits = 0;
    for (size_t i = 1; i < count; i++)
        bits += history_bits_rice_cost(codes[i], k);
    return bits;
}

/* Width of the code in the middle, which no outlier moves. */
static unsigned middle_width(const uint64_t *codes, size_t count)
{
    size_t widths[65] = {0}, below = 0;
    for (size_t i = 1; i < count; i++)
        widths[codes[i] ? 64 - __builtin_clzll(codes[i]) : 0]++;
    unsigned width = 0;
    while (width < 64 && (below += widths[width]) < count / 2)
        width++;
    return width;
}

/* The k that takes the fewest bits: costs fall to one lowest and rise again, but for escapes. */
static unsigned rice_for(const uint64_t *codes, size_t count, uint64_t *bits)
{
    unsigned k = middle_width(codes, count);
    k = k < HISTORY_CODE_RICE_MOST ? k : HISTORY_CODE_RICE_MOST;
    *bits = rice_bits(codes, count, k);
    for (int step = -1; step <= 1; step += 2) {
        for (unsigned next = k + (unsigned)step; next <= HISTORY_CODE_RICE_MOST;
             next += (unsigned)step) {
            uint64_t here = rice_bits(codes, count, next);
            if (here >= *bits)
                break;
            *bits = here;
            k = next;
        }
    }
    return k;
}

static inline void count_token(struct work *work, unsigned context, unsigned token)
{
    work->rans.counts[context][token]++;
    work->rans.tokens = token < work->rans.tokens ? work->rans.tokens : token + 1;
}

static void count_tokens(struct work *work, size_t count, uint64_t *below)
{
    for (size_t i = 1; i < count; i++) {
        unsigned token = history_rans_token(work->codes[i]);
        *below += history_rans_below(token);
        count_token(work, work->contexts[i], token);
    }
}

/* ---- kinds ----------------------------------------------------------------------------------- */

static bool put_steady(struct buf *out, const int64_t *values, size_t count)
{
    uint64_t slope = count > 1 ? (uint64_t)values[1] - (uint64_t)values[0] : 0;
    for (size_t i = 2; i < count; i++) {
        if ((uint64_t)values[i] - (uint64_t)values[i - 1] != slope)
            return false;
    }
    buf_add_char(out, (char)(HISTORY_COLUMN_STEADY | (slope != 0) << 4));
    history_code_put(out, history_code_zigzag(values[0]));
    if (slope)
        history_code_put(out, history_code_zigzag((int64_t)slope));
    return true;
}

static void put_head(struct buf *out, enum history_column_kind kind, unsigned number,
                     unsigned parameter, int64_t first)
{
    const uint8_t head[2] = {(uint8_t)(kind | number << 4), (uint8_t)parameter};
    buf_add(out, head, sizeof head);
    history_code_put(out, history_code_zigzag(first));
}

/* ---- Rice: one segment, one k ---------------------------------------------------------------- */

/* Where the average of a Rice column starts: about what k stands for. */
static unsigned rice_start(unsigned k)
{
    return k < HISTORY_PREDICT_START_MOST ? k + 1 : HISTORY_PREDICT_START_MOST;
}

/* k, and by it the start of the average, by which the codes may change a little: hence twice. */
static void plan_rice(struct work *work, unsigned number, const int64_t *values, size_t count,
                      struct plan *plan)
{
    plan->number = number;
    plan->start = 0;
    prepare(work, number);
    for (int i = 0; i < 2; i++) {
        foretell(work, number, plan->start, values, count);
        plan->k = rice_for(work->codes, count, &plan->bits);
        plan->start = rice_start(plan->k);
    }
}

static void put_rice(struct work *work, struct buf *out, const int64_t *values, size_t count,
                     const struct plan *plan)
{
    prepare(work, plan->number);
    foretell(work, plan->number, plan->start, values, count);
    put_head(out, HISTORY_COLUMN_RICE, plan->number, plan->k, values[0]);
    uint64_t bits = rice_bits(work->codes, count, plan->k);
    history_code_put(out, (bits + 7) / 8);
    struct history_bits_writer writer = {.out = out};
    for (size_t i = 1; i < count; i++)
        history_bits_put_rice(&writer, work->codes[i], plan->k);
    history_bits_end(&writer);
}

/* ---- rANS: a table for each group of contexts, segments -------------------------------------- */

/* Append the bits below the tokens of the segment at hand, note the tokens in `symbols`. */
static void split(struct work *work, size_t count, uint16_t *symbols)
{
    uint8_t *to = (uint8_t *)buf_reserve(&work->raw, count * 8 + 8);
    if (!to)
        return;
    uint64_t pending = 0;
    unsigned held = 0;
    for (size_t i = 1; i < count; i++) {
        unsigned token = history_rans_token(work->codes[i]);
        symbols[i] = (uint16_t)(work->contexts[i] << 8 | token);
        count_token(work, work->contexts[i], token);
        unsigned width = history_rans_below(token);
        uint64_t below = work->codes[i] & ((UINT64_C(1) << width) - 1);
        pending |= below << held;
        held += width;
        if (held >= 64) { /* what did not fit; width is at least 1 here */
            for (int j = 0; j < 8; j++)
                *to++ = (uint8_t)(pending >> 8 * j);
            held -= 64;
            pending = held ? below >> (width - held) : 0;
        }
    }
    for (unsigned done = 0; done < held; done += 8)
        *to++ = (uint8_t)(pending >> done);
    work->raw.length = (size_t)((char *)to - work->raw.data);
}

#define SAMPLE_PIECES 4
#define SAMPLE_PIECE (SEGMENT / SAMPLE_PIECES)

/* About what the column would take with this predictor. */
static struct plan sample(struct work *work, unsigned number, unsigned start, const int64_t *values,
                          size_t count)
{
    uint64_t below = 0;
    size_t pieces = count > SEGMENT ? SAMPLE_PIECES : 1;
    size_t length = count > SEGMENT ? SAMPLE_PIECE : count;
    prepare(work, number);
    for (size_t i = 0; i < pieces; i++) {
        size_t from = pieces > 1 ? (count - length) / (pieces - 1) * i : 0;
        foretell(work, number, start, values + from, length);
        count_tokens(work, length, &below);
    }
    struct plan plan = {.number = number, .start = start_for(work->codes, length)};
    plan.bits = below;
    for (unsigned i = 0; i < work->rans.contexts; i++)
        plan.bits += history_rans_bits(work->rans.counts[i], work->rans.tokens);
    return plan;
}

/* The best of the predictors that fit, by a sample. */
static struct plan choose(struct work *work, const int64_t *values, size_t count, bool wide)
{
    struct plan best = {.bits = UINT64_MAX};
    unsigned start = 0;
    for (unsigned i = 0; i < HISTORY_PREDICTORS; i++) {
        if (wide && history_predictors[i].window > 1)
            continue;
        struct plan here;
        if (count < RANS_LEAST)
            plan_rice(work, i, values, count, &here);
        else
            here = sample(work, i, start, values, count);
        start = here.start;
        if (here.bits < best.bits)
            best = here;
    }
    return best;
}

/* Lengths of the segments with the values they begin with, and what they hold. */
static void put_segments(struct work *work, struct buf *directory, struct buf *body,
                         const int64_t *values, size_t count, const size_t *raw_ends)
{
    const uint8_t *raw = (const uint8_t *)work->raw.data;
    for (size_t from = 0, i = 0; from < count; from += SEGMENT, i++) {
        size_t length = count - from < SEGMENT ? count - from : SEGMENT;
        uint8_t *end = work->words + sizeof work->words;
        uint8_t *words =
            history_rans_encode(&work->rans, work->symbols + from + 1, length - 1, end);
        size_t raw_from = i ? raw_ends[i - 1] : 0;
        history_code_put(directory, (uint64_t)(end - words - 4) / 2);
        history_code_put(directory, raw_ends[i] - raw_from);
        if (from)
            history_code_put(directory, history_code_zigzag((int64_t)((uint64_t)values[from] -
                                                                      (uint64_t)values[0])));
        buf_add(body, words, (size_t)(end - words));
        buf_add(body, raw + raw_from, raw_ends[i] - raw_from);
    }
}

#define SEGMENTS_MOST (HISTORY_COLUMN_MOST / SEGMENT)

/* Fills symbols, raw bits and tables. About how many bits the column takes. */
static uint64_t plan_rans(struct work *work, const int64_t *values, size_t count,
                          const struct plan *plan, size_t *raw_ends)
{
    prepare(work, plan->number);
    for (size_t from = 0, i = 0; from < count; from += SEGMENT, i++) {
        size_t length = count - from < SEGMENT ? count - from : SEGMENT;
        foretell(work, plan->number, plan->start, values + from, length);
        split(work, length, work->symbols + from);
        raw_ends[i] = work->raw.length;
    }
    return history_rans_plan(&work->rans) + work->raw.length * 8;
}

static void put_rans(struct work *work, struct buf *out, const int64_t *values, size_t count,
                     const struct plan *plan, const size_t *raw_ends)
{
    struct buf body = BUF_EMPTY;
    put_head(out, HISTORY_COLUMN_RANS, plan->number, plan->start, values[0]);
    struct history_bits_writer bits = {.out = out};
    history_rans_put_tables(&bits, &work->rans);
    history_bits_end(&bits);
    put_segments(work, out, &body, values, count, raw_ends);
    buf_add(out, body.data, body.length);
    out->failed = out->failed || body.failed;
    buf_deinit(&body);
}

/* ---- the column ------------------------------------------------------------------------------ */

static bool is_wide(const int64_t *values, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (values[i] >= HISTORY_PREDICT_MEAN_LIMIT || values[i] <= -HISTORY_PREDICT_MEAN_LIMIT)
            return true;
    }
    return false;
}

static void encode(struct work *work, struct buf *out, const int64_t *values, size_t count)
{
    struct plan plan = choose(work, values, count, is_wide(values, count));
    if (count < RANS_LEAST) {
        put_rice(work, out, values, count, &plan);
        return;
    }
    size_t raw_ends[SEGMENTS_MOST];
    uint64_t rans = plan_rans(work, values, count, &plan, raw_ends);
    if (work->raw.failed) { /* symbols are missing, which the coder must not see */
        out->failed = true;
        return;
    }
    struct plan rice = {.bits = UINT64_MAX};
    if (count <= SEGMENT)
        plan_rice(work, plan.number, values, count, &rice);
    if (rice.bits < rans + RANS_HEAD_BITS)
        put_rice(work, out, values, count, &rice);
    else
        put_rans(work, out, values, count, &plan, raw_ends);
}

void history_column_encode(struct buf *out, const int64_t *values, size_t count)
{
    assert(count <= HISTORY_COLUMN_MOST);
    if (count == 0 || put_steady(out, values, count))
        return;
    struct work *work = calloc(1, sizeof *work + count * sizeof *work->symbols);
    if (!work) {
        out->failed = true;
        return;
    }
    encode(work, out, values, count);
    buf_deinit(&work->raw);
    free(work);
}
