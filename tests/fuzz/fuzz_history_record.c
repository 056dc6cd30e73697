/* A record of a SQLite file from a disk that lies: two bytes that say how much of it lies
 * elsewhere, then what is at hand. What is taken for a record must lie within its length, column
 * after column, and its integers must be those of the bytes. */
#include <assert.h>

#include "engine/history_record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Another way to the same number: digits of base 256, less what the first bit stands for. */
static int64_t integer_of(const uint8_t *bytes, size_t length)
{
    __int128 number = 0, weight = 1;
    for (size_t i = length; i-- > 0; weight *= 256)
        number += bytes[i] * weight;
    return (int64_t)(bytes[0] >= 128 ? number - weight : number);
}

static void check_column(const uint8_t *bytes, size_t given,
                         const struct history_record_column *column)
{
    switch (column->kind) {
    case HISTORY_COLUMN_NULL:
        assert(column->length == 0 && column->number == 0);
        return;
    case HISTORY_COLUMN_INTEGER:
        assert(column->length <= 8);
        if (column->length == 0)
            assert(column->number == 0 || column->number == 1);
        else if (column->at + column->length <= given)
            assert(column->number == integer_of(bytes + column->at, column->length));
        else
            assert(column->number == 0);
        return;
    default:
        assert(column->kind == HISTORY_COLUMN_TEXT || column->kind == HISTORY_COLUMN_BLOB);
    }
}

static void check_record(const uint8_t *bytes, size_t given, uint64_t length,
                         const struct history_record_shape *shape)
{
    assert(shape->count > 0 && shape->count <= HISTORY_RECORD_COLUMNS);
    uint64_t next = shape->columns[0].at;
    assert(next > (uint64_t)shape->count && next <= given); /* the head lies there as a whole */
    for (int i = 0; i < shape->count; i++) {
        assert(shape->columns[i].at == next);
        next += shape->columns[i].length;
        check_column(bytes, given, &shape->columns[i]);
    }
    assert(next == length);
}

static void check_varint(const uint8_t *data, size_t size)
{
    const uint8_t *at = data;
    uint64_t value;
    if (!history_record_varint(&at, data + size, &value)) {
        assert(size < 9);
        return;
    }
    size_t length = (size_t)(at - data);
    assert(length >= 1 && length <= 9 && length <= size);
    for (size_t i = 0; i + 1 < length; i++)
        assert(data[i] & 0x80);
    assert(length == 9 || !(data[length - 1] & 0x80));
    assert(length == 9 || value >> 7 * length == 0);
    assert((value & 0x7f) == (data[length - 1] & 0x7f));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct history_record_shape shape;
    if (size < 2)
        return 0;
    uint64_t length = (uint64_t)data[0] << 8 | data[1];
    data += 2;
    size -= 2;
    length += size;
    check_varint(data, size);
    if (history_record_read(data, size, length, &shape))
        check_record(data, size, length, &shape);
    return 0;
}
