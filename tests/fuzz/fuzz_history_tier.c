/* Pieces of tiers from a disk that lies, behind a check sum that happens to fit. What is taken for
 * rows must survive being written again. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "engine/history_tier.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define BASE 1795222800000LL
#define MOST 5000 /* a few bytes may stand for many: time is better spent on other bytes */

static struct history_tier_row rows[MOST], back[MOST];

static void check_same(size_t count, int64_t until, bool counter)
{
    struct buf out = BUF_EMPTY;
    history_tier_encode(&out, 1, BASE, until, counter, rows, count);
    int64_t until_back;
    bool counter_back;
    int got = history_tier_decode((uint8_t *)out.data, out.length, 1, BASE, back, MOST, &until_back,
                                  &counter_back);
    assert(got == (int)count && until == until_back && counter == counter_back);
    assert(history_tier_count((uint8_t *)out.data, out.length) == count);
    for (size_t i = 0; i < count; i++) {
        const struct history_tier_row *a = &rows[i], *b = &back[i];
        assert(a->time == b->time && a->count == b->count && a->min == b->min && a->max == b->max);
        assert(a->first == b->first && a->last == b->last && a->lost == b->lost);
        assert(a->sum_high == b->sum_high && a->sum_low == b->sum_low);
        if (i)
            history_tier_combine(&back[0], b, counter);
    }
    assert(back[0].count > 0);
    buf_deinit(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *bytes = calloc(1, size + HISTORY_CODE_HEAD);
    bytes[0] = HISTORY_TIER_VERSION;
    if (size)
        memcpy(bytes + HISTORY_CODE_HEAD, data, size);
    history_code_seal(bytes, size + HISTORY_CODE_HEAD, 1);
    int64_t until;
    bool counter;
    int got =
        history_tier_decode(bytes, size + HISTORY_CODE_HEAD, 1, BASE, rows, MOST, &until, &counter);
    if (got > 0)
        check_same((size_t)got, until, counter);
    free(bytes);
    return 0;
}
