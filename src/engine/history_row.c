#include "engine/history_row.h"

#include <assert.h>
#include <errno.h>

#include "engine/history_code.h"

void history_row_encode(struct buf *out, int64_t mono_ms, const struct history_reading *readings,
                        size_t count)
{
    history_code_begin(out, HISTORY_ROW_VERSION);
    history_code_put(out, (uint64_t)mono_ms);
    history_code_put(out, count);
    uint32_t before = 0;
    for (size_t i = 0; i < count; i++) {
        const struct history_reading *reading = &readings[i];
        assert(reading->series > before && reading->series <= HISTORY_SERIES_MOST);
        history_code_put(out, (uint64_t)(reading->series - before - 1) << 2 | reading->quality);
        if (reading->quality == QUALITY_GOOD)
            history_code_put(out, history_code_zigzag(reading->value));
        before = reading->series;
    }
}

int history_row_open(struct history_row_reader *reader, const uint8_t *bytes, size_t length,
                     int64_t key)
{
    int version = history_code_check(bytes, length, key);
    if (version < 0)
        return version;
    if (version != HISTORY_ROW_VERSION)
        return -ENOTSUP;
    *reader = (struct history_row_reader){.at = bytes + HISTORY_CODE_HEAD, .end = bytes + length};
    uint64_t mono;
    if (!history_code_take(&reader->at, reader->end, &mono) || mono > INT64_MAX ||
        !history_code_take(&reader->at, reader->end, &reader->left))
        return -EBADMSG;
    reader->mono_ms = (int64_t)mono;
    return 0;
}

int history_row_next(struct history_row_reader *reader, struct history_reading *reading)
{
    if (reader->left == 0)
        return reader->at == reader->end ? 0 : -EBADMSG;
    uint64_t head, code = 0;
    if (!history_code_take(&reader->at, reader->end, &head) ||
        head >> 2 >= HISTORY_SERIES_MOST - reader->series)
        return -EBADMSG;
    reader->left--;
    reader->series += (uint32_t)(head >> 2) + 1;
    reading->series = reader->series;
    reading->quality = (enum quality)(head & 3);
    if (reading->quality == QUALITY_GOOD && !history_code_take(&reader->at, reader->end, &code))
        return -EBADMSG;
    reading->value = history_code_unzigzag(code);
    return 1;
}
