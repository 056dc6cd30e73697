/* Blocks and rows from a disk that lies, behind a check sum that happens to fit: the first byte
 * says which. What a reader takes for a block must survive being written again, and any samples
 * must survive both ways. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "engine/history_block.h"
#include "engine/history_row.h"
#include "engine/history_samples.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define BASE 1795222800000LL
#define SAMPLES_MOST                                                                               \
    20000 /* a few bytes may stand for millions: time is better spent on other bytes */

static void check_same(const struct history_samples *samples)
{
    struct buf out = BUF_EMPTY;
    history_block_encode(&out, 1, BASE, samples->list, samples->count);
    struct history_samples again = HISTORY_SAMPLES_EMPTY;
    int result = history_samples_add_block(&again, (uint8_t *)out.data, out.length, 1, BASE);
    assert(result == 0 && again.count == samples->count);
    for (size_t i = 0; i < again.count; i++) {
        const struct history_sample *a = &again.list[i], *b = &samples->list[i];
        assert(a->time == b->time && a->value == b->value && a->quality == b->quality);
    }
    history_samples_deinit(&again);
    buf_deinit(&out);
}

/* A head in front of the bytes, as if they had been stored. */
static uint8_t *seal(const uint8_t *data, size_t size, size_t *length, uint8_t version)
{
    uint8_t *bytes = malloc(size + HISTORY_CODE_HEAD);
    memset(bytes, 0, HISTORY_CODE_HEAD);
    bytes[0] = version;
    if (size)
        memcpy(bytes + HISTORY_CODE_HEAD, data, size);
    *length = size + HISTORY_CODE_HEAD;
    history_code_seal(bytes, *length, 1);
    return bytes;
}

static void read_block(const uint8_t *data, size_t size)
{
    size_t length;
    uint8_t *bytes = seal(data, size, &length, HISTORY_BLOCK_VERSION);
    struct history_block_reader reader;
    struct history_sample sample;
    struct history_samples samples = HISTORY_SAMPLES_EMPTY;
    int result = history_block_open(&reader, bytes, length, 1, BASE);
    while (result >= 0 && samples.count < SAMPLES_MOST &&
           (result = history_block_next(&reader, &sample)) > 0) {
        assert(sample.time >= BASE &&
               (samples.count == 0 || sample.time >= samples.list[samples.count - 1].time));
        history_samples_add(&samples, sample);
    }
    if (samples.count)
        check_same(&samples);
    history_samples_deinit(&samples);
    free(bytes);
}

static void read_row(const uint8_t *data, size_t size)
{
    size_t length;
    uint8_t *bytes = seal(data, size, &length, HISTORY_ROW_VERSION);
    struct history_row_reader reader;
    struct history_reading reading;
    uint32_t before = 0;
    int result = history_row_open(&reader, bytes, length, 1);
    while (result >= 0 && (result = history_row_next(&reader, &reading)) > 0) {
        assert(reading.series > before && reading.series <= HISTORY_SERIES_MOST);
        before = reading.series;
    }
    free(bytes);
}

/* Ten bytes a sample: step of time, quality, change of value. */
static void write_samples(const uint8_t *data, size_t size)
{
    struct history_samples samples = HISTORY_SAMPLES_EMPTY;
    int64_t time = BASE, value = 0;
    for (; size >= 10; data += 10, size -= 10) {
        uint64_t change;
        memcpy(&change, data + 2, sizeof change);
        time += (int64_t)data[0] << (data[1] >> 4);
        value = (int64_t)((uint64_t)value + change);
        enum quality quality = (enum quality)(data[1] & 3);
        history_samples_add(
            &samples, (struct history_sample){time, quality == QUALITY_GOOD ? value : 0, quality});
    }
    if (samples.count)
        check_same(&samples);
    history_samples_deinit(&samples);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    switch (data[0] % 3) {
    case 0:
        read_block(data + 1, size - 1);
        break;
    case 1:
        read_row(data + 1, size - 1);
        break;
    default:
        write_samples(data + 1, size - 1);
        break;
    }
    return 0;
}
