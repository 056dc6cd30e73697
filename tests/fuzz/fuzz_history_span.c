/* Spans from a disk that lies, behind a check sum that happens to fit. What a reader takes for a
 * span must survive being written again, and a search must find what reading on finds. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "engine/history_span.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define BASE 1795222800000LL
#define MOST 20000 /* a few bytes may stand for many: time is better spent on other bytes */

static struct history_sample samples[MOST], back[MOST];

static void check_same(size_t count)
{
    struct buf out = BUF_EMPTY;
    history_span_encode(&out, 1, BASE, samples, count);
    struct history_span_reader reader;
    int result = history_span_open(&reader, (uint8_t *)out.data, out.length, 1, BASE);
    assert(result == 0 && reader.count == count);
    size_t first = count / 2;
    while (first > 0 && samples[first - 1].time == samples[first].time)
        first--;
    result = history_span_seek(&reader, samples[first].time);
    assert(result == 0);
    result = history_span_read(&reader, back, MOST);
    assert(result == (int)(count - first));
    for (size_t i = first; i < count; i++) {
        const struct history_sample *a = &samples[i], *b = &back[i - first];
        assert(a->time == b->time && a->value == b->value && a->quality == b->quality);
    }
    history_span_close(&reader);
    buf_deinit(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *bytes = calloc(1, size + HISTORY_CODE_HEAD);
    bytes[0] = HISTORY_SPAN_VERSION;
    if (size)
        memcpy(bytes + HISTORY_CODE_HEAD, data, size);
    history_code_seal(bytes, size + HISTORY_CODE_HEAD, 1);
    struct history_span_reader reader;
    if (history_span_open(&reader, bytes, size + HISTORY_CODE_HEAD, 1, BASE) == 0) {
        size_t count = reader.count;
        int got = history_span_read(&reader, samples, MOST);
        for (int i = 0; i < got; i++)
            assert(samples[i].time >= (i ? samples[i - 1].time : BASE));
        history_span_close(&reader);
        if (got > 0 && count <= MOST)
            check_same((size_t)got);
    }
    free(bytes);
    return 0;
}
