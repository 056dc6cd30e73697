#include "engine/history_cell.h"

#include <stdlib.h>
#include <string.h>

#define RECORD_MOST (64u << 20)

bool history_cell_open(struct history_cell_reader *reader, const struct history_image *image)
{
    *reader = (struct history_cell_reader){.image = image, .page = malloc(image->page_size)};
    return reader->page;
}

void history_cell_close(struct history_cell_reader *reader)
{
    free(reader->page);
    buf_deinit(&reader->record);
    buf_deinit(&reader->chain);
}

/* How many bytes of a record of `length` lie on the leaf itself: section 1.6. */
static uint64_t local_length(uint64_t length, uint32_t page_size, bool table)
{
    uint64_t most = table ? page_size - 35 : (page_size - 12) * 64 / 255 - 23;
    if (length <= most)
        return length;
    uint64_t least = (page_size - 12) * 32 / 255 - 23;
    uint64_t even = least + (length - least) % (page_size - 4);
    return even <= most ? even : least;
}

/* Append the rest of a record from the chain that begins at page `next`. */
static bool read_chain(struct history_cell_reader *reader, uint32_t next, uint64_t left)
{
    const struct history_image *image = reader->image;
    while (left > 0) {
        if (next < 2 || next > image->pages || !history_image_page(image, next, reader->page))
            return false;
        buf_add(&reader->chain, &next, sizeof next);
        uint64_t some = left < image->page_size - 4 ? left : image->page_size - 4;
        buf_add(&reader->record, reader->page + 4, (size_t)some);
        left -= some;
        next = history_image_u32(reader->page);
    }
    return true;
}

bool history_cell_read(struct history_cell_reader *reader, const uint8_t *page, size_t offset,
                       bool table, struct history_cell *cell)
{
    uint32_t page_size = reader->image->page_size;
    const uint8_t *at = page + offset, *end = page + page_size;
    uint64_t length, rowid = 0;
    if (!history_record_varint(&at, end, &length) || length < 2 || length > RECORD_MOST ||
        length > (uint64_t)reader->image->pages * page_size ||
        (table && !history_record_varint(&at, end, &rowid)))
        return false;
    uint64_t local = local_length(length, page_size, table);
    uint64_t needed = local < length ? local + 4 : local;
    if (needed > (uint64_t)(end - at) ||
        !history_record_read(at, (size_t)local, length, &cell->shape))
        return false;
    cell->rowid = (int64_t)rowid;
    cell->size = (size_t)(at - page) - offset + (size_t)needed;
    buf_clear(&reader->record);
    buf_clear(&reader->chain);
    buf_add(&reader->record, at, (size_t)local);
    bool whole =
        local == length || read_chain(reader, history_image_u32(at + local), length - local);
    reader->failed |= reader->record.failed || reader->chain.failed;
    cell->bytes = (const uint8_t *)reader->record.data;
    return whole && !reader->record.failed;
}

bool history_cell_has(const struct history_cell *cell, const char *kinds)
{
    const struct history_record_shape *shape = &cell->shape;
    if ((size_t)shape->count != strlen(kinds))
        return false;
    for (int i = 0; i < shape->count; i++) {
        if ("nitb"[shape->columns[i].kind] != kinds[i])
            return false;
    }
    return true;
}
