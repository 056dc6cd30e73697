#include "engine/history_image.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAGE_LEAST 512
#define PAGE_MOST 65536
#define PAGE_USUAL 4096 /* where the head does not say: what SQLite takes unless told */
#define PAGES_MOST (1u << 26)

/* File format, section 4.1 */
#define WAL_HEAD 32
#define FRAME_HEAD 24
#define WAL_MAGIC 0x377f0682u /* its lowest bit: words of check sums are big-endian */

static bool read_at(int file, uint8_t *bytes, size_t length, uint64_t offset)
{
    memset(bytes, 0, length);
    for (size_t got = 0; got < length;) {
        ssize_t some = pread(file, bytes + got, length - got, (off_t)(offset + got));
        if (some < 0 && errno == EINTR)
            continue;
        if (some <= 0)
            return some == 0;
        got += (size_t)some;
    }
    return true;
}

static uint64_t size_of(int file)
{
    struct stat facts;
    return fstat(file, &facts) == 0 ? (uint64_t)facts.st_size : 0;
}

static bool is_page_size(uint32_t size)
{
    return size >= PAGE_LEAST && size <= PAGE_MOST && (size & (size - 1)) == 0;
}

/* ---- the log --------------------------------------------------------------------------------- */

struct wal {
    bool big_endian;
    uint32_t salt[2], sum[2];
    uint8_t *frame; /* head and page */
};

/* Section 4.2 of the file format. */
static void add_to_sum(struct wal *wal, const uint8_t *bytes, size_t length)
{
    for (size_t i = 0; i + 8 <= length; i += 8) {
        uint32_t words[2];
        for (int k = 0; k < 2; k++) {
            words[k] = history_image_u32(bytes + i + 4 * k);
            if (!wal->big_endian)
                words[k] = __builtin_bswap32(words[k]);
        }
        wal->sum[0] += words[0] + wal->sum[1];
        wal->sum[1] += words[1] + wal->sum[0];
    }
}

static bool sum_fits(const struct wal *wal, const uint8_t *stored)
{
    return history_image_u32(stored) == wal->sum[0] && history_image_u32(stored + 4) == wal->sum[1];
}

/* The head of the log; false when it is damaged: then no frame counts, all are loose. */
static bool read_wal_head(struct history_image *image, struct wal *wal)
{
    uint8_t head[WAL_HEAD];
    if (!read_at(image->wal, head, sizeof head, 0))
        return false;
    uint32_t magic = history_image_u32(head);
    wal->big_endian = magic & 1;
    add_to_sum(wal, head, 24);
    wal->salt[0] = history_image_u32(head + 16);
    wal->salt[1] = history_image_u32(head + 20);
    if ((magic & ~1u) != WAL_MAGIC || !sum_fits(wal, head + 24))
        return false;
    image->page_size = history_image_u32(head + 8);
    return is_page_size(image->page_size);
}

static uint64_t frame_offset(const struct history_image *image, uint32_t frame)
{
    return WAL_HEAD + (uint64_t)(frame - 1) * (FRAME_HEAD + image->page_size);
}

static bool read_frame_head(const struct history_image *image, uint32_t frame, uint8_t *head)
{
    return read_at(image->wal, head, FRAME_HEAD, frame_offset(image, frame));
}

static bool same_salt(const struct wal *wal, const uint8_t *frame)
{
    return history_image_u32(frame + 8) == wal->salt[0] &&
           history_image_u32(frame + 12) == wal->salt[1];
}

/* Frame `number` continues the chain. */
static bool frame_fits(const struct history_image *image, struct wal *wal, uint32_t number)
{
    size_t length = FRAME_HEAD + image->page_size;
    if (!read_at(image->wal, wal->frame, length, frame_offset(image, number)) ||
        !same_salt(wal, wal->frame))
        return false;
    add_to_sum(wal, wal->frame, 8);
    add_to_sum(wal, wal->frame + FRAME_HEAD, image->page_size);
    return sum_fits(wal, wal->frame + 16);
}

/* How many frames count; what each of them is of is noted later, when the number of pages is known.
 */
static void follow_chain(struct history_image *image, struct wal *wal)
{
    uint32_t committed_pages = 0;
    for (uint32_t frame = 1; frame <= image->frames && frame_fits(image, wal, frame); frame++) {
        uint32_t commit = history_image_u32(wal->frame + 4);
        if (commit > 0) {
            image->intact = frame;
            committed_pages = commit;
        }
    }
    if (committed_pages > image->pages && committed_pages <= PAGES_MOST)
        image->pages = committed_pages;
}

/* Frames of the present round of the log lie before those that the round before left behind. */
static void end_at_other_salt(struct history_image *image, const struct wal *wal, bool known)
{
    uint8_t head[FRAME_HEAD];
    struct wal first = *wal;
    if (!known && image->frames > 0 && read_frame_head(image, 1, head)) {
        first.salt[0] = history_image_u32(head + 8);
        first.salt[1] = history_image_u32(head + 12);
    }
    /* one frame whose head was hit must not hide those behind it */
    uint32_t end = image->intact;
    for (uint32_t frame = end + 1; frame <= image->frames; frame++) {
        if (read_frame_head(image, frame, head) && same_salt(&first, head))
            end = frame;
    }
    image->frames = end;
}

static void read_wal(struct history_image *image)
{
    struct wal wal = {.frame = malloc(FRAME_HEAD + PAGE_MOST)};
    uint32_t page_size = image->page_size;
    uint64_t bytes = size_of(image->wal);
    if (!wal.frame || bytes < WAL_HEAD) {
        free(wal.frame);
        return;
    }
    bool whole = read_wal_head(image, &wal);
    if (!whole)
        image->page_size = page_size;
    uint64_t frames = (bytes - WAL_HEAD) / (FRAME_HEAD + image->page_size);
    image->frames = frames > PAGES_MOST ? PAGES_MOST : (uint32_t)frames;
    if (whole)
        follow_chain(image, &wal);
    end_at_other_salt(image, &wal, whole);
    free(wal.frame);
}

static int note_newest(struct history_image *image)
{
    image->newest = calloc((size_t)image->pages + 1, sizeof *image->newest);
    if (!image->newest)
        return -ENOMEM;
    for (uint32_t frame = 1; frame <= image->intact; frame++) {
        uint8_t head[FRAME_HEAD];
        if (!read_frame_head(image, frame, head))
            continue;
        uint32_t page = history_image_u32(head);
        if (page >= 1 && page <= image->pages)
            image->newest[page] = frame;
    }
    return 0;
}

/* ---- life ------------------------------------------------------------------------------------ */

static uint32_t page_size_of(int file)
{
    uint8_t head[100];
    uint32_t size = 0;
    if (read_at(file, head, sizeof head, 0))
        size = (uint32_t)head[16] << 8 | head[17];
    if (size == 1)
        size = PAGE_MOST;
    return is_page_size(size) ? size : PAGE_USUAL;
}

/* Each page lies in the file or in the log, whatever a frame says of how many there are. Of a file
 * that is cut to nothing page 1 counts, as zeros: loose frames may hold the rest. */
static void count_pages(struct history_image *image)
{
    uint64_t in_file = (size_of(image->file) + image->page_size - 1) / image->page_size;
    uint64_t most = in_file + image->intact;
    uint64_t pages = image->pages > most ? most : image->pages;
    if (pages < in_file)
        pages = in_file;
    if (pages == 0)
        pages = 1;
    image->pages = pages > PAGES_MOST ? PAGES_MOST : (uint32_t)pages;
}

int history_image_open(struct history_image *image, const char *path, struct err *err)
{
    *image = HISTORY_IMAGE_EMPTY;
    char wal[4200];
    if ((size_t)snprintf(wal, sizeof wal, "%s-wal", path) >= sizeof wal)
        return err_set(err, -ENAMETOOLONG, "the name is too long: %s", path);
    image->file = open(path, O_RDONLY | O_CLOEXEC);
    if (image->file < 0)
        return err_set_errno(err, -errno, "cannot read %s", path);
    image->wal = open(wal, O_RDONLY | O_CLOEXEC);
    image->page_size = page_size_of(image->file);
    if (image->wal >= 0)
        read_wal(image);
    count_pages(image);
    int result = 0;
    if (size_of(image->file) == 0 && image->frames == 0)
        result = err_set(err, -EINVAL, "%s is empty: there is nothing in it", path);
    else if (note_newest(image) < 0)
        result = err_set(err, -ENOMEM, "there is no memory to read %s", path);
    if (result < 0)
        history_image_close(image);
    return result;
}

void history_image_close(struct history_image *image)
{
    if (image->file >= 0)
        close(image->file);
    if (image->wal >= 0)
        close(image->wal);
    free(image->newest);
    *image = HISTORY_IMAGE_EMPTY;
}

static bool read_frame(const struct history_image *image, uint32_t frame, uint8_t *page)
{
    return read_at(image->wal, page, image->page_size, frame_offset(image, frame) + FRAME_HEAD);
}

bool history_image_page(const struct history_image *image, uint32_t number, uint8_t *page)
{
    if (image->newest[number])
        return read_frame(image, image->newest[number], page);
    return read_at(image->file, page, image->page_size, (uint64_t)(number - 1) * image->page_size);
}

bool history_image_loose(const struct history_image *image, uint32_t index, uint8_t *page)
{
    return read_frame(image, image->intact + 1 + index, page);
}
