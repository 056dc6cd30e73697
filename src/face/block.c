#include "face/block.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct block *block_from(const char *bytes, size_t length)
{
    struct block *block = malloc(sizeof *block + length);
    if (!block)
        return NULL;
    block->refs = 1;
    block->length = length;
    if (length)
        memcpy(block->data, bytes, length);
    return block;
}

struct block *block_ref(struct block *block)
{
    assert(block->refs > 0);
    block->refs++;
    return block;
}

struct block *block_unref(struct block *block)
{
    if (block && --block->refs == 0)
        free(block);
    return NULL;
}
