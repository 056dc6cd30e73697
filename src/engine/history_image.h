/* history_image - the pages of a SQLite file as they lie on the disk, without SQLite.
 *
 * For salvaging what SQLite cannot read any more (https://sqlite.org/fileformat2.html). The newest
 * state of each page is taken from the write-ahead log beside the file as far as its check sums
 * hold; frames behind a break are given apart. Nothing is written, nothing is trusted. One thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct history_image {
    int file, wal; /* wal: -1 when there is none */
    uint32_t page_size;
    uint32_t pages;   /* numbered from 1 */
    uint32_t *newest; /* by page: the frame that holds it, counted from 1; 0: the file does */
    uint32_t intact;  /* frames that count: up to the last whole commit */
    uint32_t frames;  /* with those behind a break in the chain of check sums, "loose" */
};

#define HISTORY_IMAGE_EMPTY ((struct history_image){.file = -1, .wal = -1})

/* 0, or a code and `err`; -EINVAL when it cannot be such a file. */
int history_image_open(struct history_image *image, const char *path, struct err *err);
void history_image_close(struct history_image *image);

/* Read page `number` (1 to `pages`) into `page` (page_size bytes); what the file lacks is 0. False
 * when the disk cannot read it. */
bool history_image_page(const struct history_image *image, uint32_t number, uint8_t *page);

/* Read loose frame `index` (0 to frames - intact - 1). */
bool history_image_loose(const struct history_image *image, uint32_t index, uint8_t *page);

/* Big-endian number. */
static inline uint32_t history_image_u32(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}
