/* A damaged history: four bytes with the length of its write-ahead log, the log, then the file. All
 * that is found must lie within what is handed out, and what is called whole must be whole. */
#include <assert.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../unit/test_folder.h"
#include "engine/history_salvage.h"
#include "engine/history_series.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MOST 3000  /* finds; a file may lead to the same record again and again */
#define STOP (-99) /* a code of our own */

struct tally {
    unsigned long found, touched;
};

static int on_found(void *user, const struct history_found *found)
{
    struct tally *tally = user;
    struct history_look look;
    assert((unsigned)found->table < HISTORY_TABLES);
    assert(!found->stray || found->whole);
    tally->touched += strlen(found->text);
    for (size_t i = 0; found->bytes && i < found->length; i++)
        tally->touched += found->bytes[i];
    if (found->whole && found->table == HISTORY_TABLE_SERIES)
        assert(found->sum ==
               history_series_sum(found->key, found->text, found->quantity, found->decimals));
    if (found->whole && found->bytes)
        assert(history_look(found->table, found->key, found->bytes, found->length, &look) == 0 &&
               look.readings == found->look.readings && look.rows == found->look.rows);
    return ++tally->found < MOST ? 0 : STOP;
}

static void write_file(const char *path, const uint8_t *bytes, size_t length)
{
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (file < 0 || write(file, bytes, length) != (ssize_t)length || close(file) != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char folder[200], path[240], log[240];
    if (!*folder) {
        test_folder_in_memory(folder, sizeof folder);
        snprintf(path, sizeof path, "%s/history.db", folder);
        snprintf(log, sizeof log, "%s/history.db-wal", folder);
    }
    if (size < 4)
        return 0;
    size_t log_length = history_image_u32(data);
    if (log_length > size - 4)
        log_length = size - 4;
    write_file(log, data + 4, log_length);
    write_file(path, data + 4 + log_length, size - 4 - log_length);
    struct history_image image = HISTORY_IMAGE_EMPTY;
    struct history_salvage_tally pages;
    struct tally tally = {0};
    if (history_image_open(&image, path, NULL) == 0) {
        int result = history_salvage(&image, on_found, &tally, &pages, NULL);
        assert(result == 0 || result == STOP);
        assert(pages.damaged <= pages.pages && pages.pages == image.pages);
    }
    history_image_close(&image);
    return 0;
}
