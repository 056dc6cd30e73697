#include "engine/history_block.h"

#include <assert.h>
#include <errno.h>

enum mode { MODE_STEADY, MODE_CHANGES, MODE_CHANGES_OF_CHANGE, MODES };

/* ---- writing --------------------------------------------------------------------------------- */

static int64_t minus(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a - (uint64_t)b);
}

static int64_t plus(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a + (uint64_t)b);
}

/* Walks the good values and hands out what a mode encodes of them. */
struct walk {
    const struct history_sample *at, *end;
    uint64_t seen;
    int64_t value, change;
};

/* The next good value: its change and the change of the change; false at the end. */
static bool walk_next(struct walk *walk, int64_t *change, int64_t *bend)
{
    while (walk->at < walk->end && walk->at->quality != QUALITY_GOOD)
        walk->at++;
    if (walk->at == walk->end)
        return false;
    *change = walk->seen ? minus(walk->at->value, walk->value) : 0;
    *bend = walk->seen > 1 ? minus(*change, walk->change) : 0;
    walk->value = walk->at->value;
    walk->change = *change;
    walk->seen++;
    walk->at++;
    return true;
}

static struct walk walk_begin(const struct history_sample *samples, size_t count)
{
    return (struct walk){.at = samples, .end = samples + count};
}

/* What walk number `seen` (from 1) puts into the bits of `mode`; false for what stands before the
 * bits. */
static bool coded(enum mode mode, uint64_t seen, int64_t change, int64_t bend, uint64_t *code)
{
    *code = history_code_zigzag(mode == MODE_CHANGES ? change : bend);
    return seen > (mode == MODE_CHANGES ? 1u : 2u);
}

/* Bits of all codes for every k at once: the sums are what makes the choice exact. */
static void add_costs(uint64_t *costs, uint64_t code)
{
    for (unsigned k = 0; k <= HISTORY_CODE_RICE_MOST; k++)
        costs[k] += history_bits_rice_cost(code, k);
}

static unsigned cheapest(const uint64_t *costs)
{
    unsigned best = 0;
    for (unsigned k = 1; k <= HISTORY_CODE_RICE_MOST; k++) {
        if (costs[k] < costs[best])
            best = k;
    }
    return best;
}

static enum mode choose(const struct history_sample *samples, size_t count, unsigned *k)
{
    uint64_t changes[HISTORY_CODE_RICE_MOST + 1] = {0}, bends[HISTORY_CODE_RICE_MOST + 1] = {0};
    bool steady = true;
    int64_t change, bend;
    uint64_t code;
    for (struct walk walk = walk_begin(samples, count); walk_next(&walk, &change, &bend);) {
        steady = steady && bend == 0;
        if (coded(MODE_CHANGES, walk.seen, change, bend, &code))
            add_costs(changes, code);
        if (coded(MODE_CHANGES_OF_CHANGE, walk.seen, change, bend, &code))
            add_costs(bends, code);
    }
    *k = 0;
    if (steady)
        return MODE_STEADY;
    unsigned of_changes = cheapest(changes), of_bends = cheapest(bends);
    /* 16: the first change stands before the bits, two bytes mostly */
    bool second = bends[of_bends] + 16 < changes[of_changes];
    *k = second ? of_bends : of_changes;
    return second ? MODE_CHANGES_OF_CHANGE : MODE_CHANGES;
}

static void put_values(struct buf *out, const struct history_sample *samples, size_t count)
{
    struct walk walk = walk_begin(samples, count);
    int64_t change, bend;
    if (!walk_next(&walk, &change, &bend))
        return;
    unsigned k;
    enum mode mode = choose(samples, count, &k);
    history_code_put(out, mode | k << 2);
    history_code_put(out, history_code_zigzag(walk.value));
    struct history_bits_writer bits = {.out = out};
    while (walk_next(&walk, &change, &bend)) {
        uint64_t code;
        if (mode != MODE_CHANGES && walk.seen == 2)
            history_code_put(out, history_code_zigzag(change));
        else if (mode != MODE_STEADY && coded(mode, walk.seen, change, bend, &code))
            history_bits_put_rice(&bits, code, k);
    }
    history_bits_end(&bits);
}

void history_block_encode(struct buf *out, int64_t key, int64_t base,
                          const struct history_sample *samples, size_t count)
{
    assert(count > 0 && count <= HISTORY_BLOCK_MOST);
    size_t begin = out->length;
    history_code_begin(out, HISTORY_BLOCK_VERSION);
    history_code_put(out, count);
    history_runs_put_times(out, base, samples, count);
    history_runs_put_qualities(out, samples, count);
    put_values(out, samples, count);
    if (!out->failed)
        history_code_seal((uint8_t *)out->data + begin, out->length - begin, key);
}

/* ---- reading --------------------------------------------------------------------------------- */

/* The part between: mode and first value, if there is any good one. */
static bool open_values(struct history_block_reader *reader, const uint8_t *at, const uint8_t *end)
{
    reader->bits = (struct history_bits_reader){.at = end, .end = end};
    if (at == end)
        return true; /* no good value; else history_block_next will miss the mode */
    uint64_t mode, first, change = 0;
    if (!history_code_take(&at, end, &mode) || !history_code_take(&at, end, &first) ||
        (mode & 3) >= MODES || mode >> 2 > HISTORY_CODE_RICE_MOST)
        return false;
    reader->mode = (unsigned)(mode & 3);
    reader->k = (unsigned)(mode >> 2);
    reader->value = history_code_unzigzag(first);
    reader->has_values = true;
    /* a single good value has no change to read */
    if (reader->mode != MODE_CHANGES && at < end && !history_code_take(&at, end, &change))
        return false;
    reader->change = history_code_unzigzag(change);
    reader->bits.at = at;
    return true;
}

int history_block_open(struct history_block_reader *reader, const uint8_t *bytes, size_t length,
                       int64_t key, int64_t base)
{
    int version = history_code_check(bytes, length, key);
    if (version < 0)
        return version;
    if (version != HISTORY_BLOCK_VERSION)
        return -ENOTSUP;
    const uint8_t *at = bytes + HISTORY_CODE_HEAD, *end = bytes + length;
    uint64_t count;
    int64_t first;
    if (!history_code_take(&at, end, &count) || count == 0 || count > HISTORY_BLOCK_MOST ||
        !history_runs_take_first(&at, end, &first))
        return -EBADMSG;
    *reader = (struct history_block_reader){.left = count, .time = base + first};
    reader->times = (struct history_runs){.at = at, .end = end};
    if (!history_runs_skip_times(&at, end, count - 1))
        return -EBADMSG;
    reader->qualities = (struct history_runs){.at = at, .end = end};
    if (!history_runs_skip_qualities(&at, end, count, NULL) || !open_values(reader, at, end))
        return -EBADMSG;
    return 0;
}

static bool next_value(struct history_block_reader *reader)
{
    uint64_t seen = reader->good_seen++;
    if (seen == 0)
        return reader->has_values;
    uint64_t code = 0;
    bool first_change = seen == 1 && reader->mode != MODE_CHANGES;
    if (reader->mode != MODE_STEADY && !first_change &&
        !history_bits_take_rice(&reader->bits, reader->k, &code))
        return false;
    int64_t coded_change = history_code_unzigzag(code);
    if (reader->mode == MODE_CHANGES)
        reader->change = coded_change;
    else
        reader->change = plus(reader->change, coded_change);
    reader->value = plus(reader->value, reader->change);
    return true;
}

int history_block_next(struct history_block_reader *reader, struct history_sample *sample)
{
    if (reader->left == 0)
        return 0;
    if (reader->begun) {
        if (reader->times.left == 0 && !history_runs_next_time(&reader->times))
            return -EBADMSG;
        reader->times.left--;
        reader->time += (int64_t)reader->times.what;
    }
    reader->begun = true;
    if (reader->qualities.left == 0 && !history_runs_next_quality(&reader->qualities))
        return -EBADMSG;
    reader->qualities.left--;
    reader->left--;
    bool good = reader->qualities.what == QUALITY_GOOD;
    if (good && !next_value(reader))
        return -EBADMSG;
    sample->time = reader->time;
    sample->quality = (enum quality)reader->qualities.what;
    sample->value = good ? reader->value : 0;
    return 1;
}
