/* Columns from a disk that lies, and any numbers there and back. The first byte says which: even,
 * the rest is a column, its count in the next two bytes; odd, it is numbers. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "engine/history_column.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MOST 20000 /* a few bytes may stand for many: time is better spent on other bytes */

static int64_t values[MOST], back[MOST];

static void check_same(size_t count)
{
    if (count == 0)
        return;
    struct buf out = BUF_EMPTY;
    history_column_encode(&out, values, count);
    struct history_column_reader reader;
    const uint8_t *at = (const uint8_t *)out.data, *end = at + out.length;
    int result = history_column_open(&reader, &at, end, count);
    assert(result == 0 && at == end);
    result = history_column_read(&reader, back, count);
    assert(result == 0 && memcmp(values, back, count * sizeof *back) == 0);
    result = history_column_seek(&reader, count / 2);
    assert(result == 0);
    result = history_column_read(&reader, back, count - count / 2);
    assert(result == 0);
    assert(memcmp(values + count / 2, back, (count - count / 2) * sizeof *back) == 0);
    history_column_close(&reader);
    buf_deinit(&out);
}

static void read_column(const uint8_t *data, size_t size)
{
    if (size < 2)
        return;
    size_t count = (size_t)(data[0] | data[1] << 8) % MOST;
    const uint8_t *at = data + 2;
    struct history_column_reader reader;
    if (history_column_open(&reader, &at, data + size, count) < 0)
        return;
    assert(at <= data + size);
    bool whole = history_column_read(&reader, values, count) == 0;
    int result = history_column_seek(&reader, count / 3);
    assert(result == 0 || !whole);
    history_column_close(&reader);
    if (whole)
        check_same(count);
}

/* A byte of change, or after 0x80 eight bytes of value, or after 0x81 a byte of how many like it.
 */
static void write_numbers(const uint8_t *data, size_t size)
{
    size_t count = 0;
    uint64_t value = 0;
    while (size > 0 && count < MOST) {
        uint8_t head = *data++;
        size--;
        size_t again = 1;
        if (head == 0x80 && size >= 8) {
            memcpy(&value, data, 8);
            data += 8;
            size -= 8;
        } else if (head == 0x81 && size >= 1) {
            again = (size_t)*data++ * 16;
            size--;
        } else {
            value += (uint64_t)(int8_t)head;
        }
        for (; again > 0 && count < MOST; again--)
            values[count++] = (int64_t)value;
    }
    check_same(count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    if (data[0] % 2)
        write_numbers(data + 1, size - 1);
    else
        read_column(data + 1, size - 1);
    return 0;
}
