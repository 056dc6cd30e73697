#include "engine/history_record.h"

bool history_record_varint(const uint8_t **at, const uint8_t *end, uint64_t *value)
{
    *value = 0;
    for (int i = 0; i < 9 && *at < end; i++) {
        uint8_t byte = *(*at)++;
        if (i == 8) {
            *value = *value << 8 | byte;
            return true;
        }
        *value = *value << 7 | (byte & 0x7f);
        if (byte < 0x80)
            return true;
    }
    return false;
}

/* Serial types 1 to 6: this many bytes, signed and big-endian; 8 and 9: the numbers 0 and 1. */
static bool take_integer(uint64_t type, struct history_record_column *column)
{
    static const uint8_t lengths[] = {0, 1, 2, 3, 4, 6, 8};
    if (type == 0 || type > 9 || type == 7)
        return false;
    column->kind = HISTORY_COLUMN_INTEGER;
    column->length = type <= 6 ? lengths[type] : 0;
    column->number = type == 9;
    return true;
}

static bool take_type(uint64_t type, uint64_t most, struct history_record_column *column)
{
    *column = (struct history_record_column){0};
    if (type == 0)
        return true;
    if (type < 12)
        return take_integer(type, column) && column->length <= most;
    uint64_t length = (type - 12) / 2;
    column->kind = type & 1 ? HISTORY_COLUMN_TEXT : HISTORY_COLUMN_BLOB;
    column->length = (size_t)length;
    return length <= most;
}

static void read_integer(const uint8_t *bytes, size_t given, struct history_record_column *column)
{
    if (column->kind != HISTORY_COLUMN_INTEGER || column->length == 0 ||
        column->at + column->length > given)
        return;
    uint64_t number = bytes[column->at] & 0x80 ? UINT64_MAX : 0;
    for (size_t i = 0; i < column->length; i++)
        number = number << 8 | bytes[column->at + i];
    column->number = (int64_t)number;
}

bool history_record_read(const uint8_t *bytes, size_t given, uint64_t length,
                         struct history_record_shape *shape)
{
    const uint8_t *at = bytes, *end = bytes + given;
    uint64_t head, type;
    shape->count = 0;
    if (!history_record_varint(&at, end, &head) || head > given || head > length)
        return false;
    end = bytes + head;
    uint64_t next = head;
    while (at < end) {
        if (shape->count == HISTORY_RECORD_COLUMNS || !history_record_varint(&at, end, &type))
            return false;
        struct history_record_column *column = &shape->columns[shape->count++];
        if (!take_type(type, length - next, column))
            return false;
        column->at = (size_t)next;
        next += column->length;
        read_integer(bytes, given, column);
    }
    return next == length && shape->count > 0;
}
